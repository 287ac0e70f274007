"""The base of every driver: opened as a context manager, identified, made of settings, and safe at the end."""

import dataclasses
import enum
import random
from collections.abc import Mapping
from types import TracebackType
from typing import Any, ClassVar, Self

from labctl.errors import ConfigError, LabctlError, LimitError
from labctl.links import Link
from labctl.settings import BoundSetting, Value, settings_of


class IdlePolicy(enum.StrEnum):
    """What a channel does when nothing runs."""

    GROUND = "ground"
    FLOAT = "float"
    HOLD = "hold"


@dataclasses.dataclass(frozen=True)
class Identity:
    """Who answered at the address."""

    vendor: str
    model: str
    serial: str
    firmware: str


@dataclasses.dataclass(frozen=True)
class SampleLimits:
    """What the station's sample stands, in V, A and S; ``None`` where nothing is said.

    Attributes:
        voltage: Highest voltage on any terminal.
        device_voltage: Highest voltage across a device.
        current: Highest current through a device.
        conductance: Lowest and highest conductance that a cell may be written to.
    """

    voltage: float | None = None
    device_voltage: float | None = None
    current: float | None = None
    conductance: tuple[float, float] | None = None


class Instrument:
    """A driver's base. The constructor does no I/O; ``with driver:`` or `open` connects and identifies.

    Args:
        link: The line to it.
        role: Its name in the station.
        idle: What its outputs do when nothing runs.
        limits: What the sample stands.
        options: The driver's own keys of the station file, checked by `check_options`.
    """

    vendor: ClassVar[str]
    models: ClassVar[tuple[str, ...]]
    idle_policies: ClassVar[frozenset[IdlePolicy]] = frozenset({IdlePolicy.GROUND})
    options: ClassVar[Mapping[str, type]] = {}
    link_type: ClassVar[type[Link]] = Link
    """`LibraryLink` where the maker's library is the only way to it."""
    numbers: random.Random | None = None
    """Draws what the driver sends at random; the operating system's where it is ``None``."""

    def __init__(
        self,
        link: Link,
        *,
        role: str = "",
        idle: IdlePolicy = IdlePolicy.GROUND,
        limits: SampleLimits | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if idle not in self.idle_policies:
            possible = ", ".join(sorted(self.idle_policies))
            raise ConfigError(
                f"{role or type(self).__name__}: idle = {idle.value!r} is not possible; there is {possible}"
            )
        self.link = link
        self.role = role or type(self).__name__
        self.idle = idle
        self.limits = limits or SampleLimits()
        self.identity: Identity | None = None
        self.check_options(options or {})

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether it is connected and identified."""
        return self.identity is not None

    def open(self) -> None:
        """Connect, and make sure that it is the model this driver is for.

        Raises:
            LinkError: Not there, busy, or no answer; nothing is left open.
            InstrumentError: Another model answered.
        """
        self.link.open()
        try:
            self.identity = self.identify()
        except BaseException:
            self.link.close()
            raise

    def close(self) -> None:
        """Make safe and disconnect; a second call does nothing."""
        if not self.is_open:
            return
        try:
            self.make_safe()
        finally:
            self.identity = None
            self.link.close()

    def identify(self) -> Identity:
        """Ask who is there and check it."""
        raise TypeError(f"{type(self).__name__} cannot identify its instrument")

    def make_safe(self) -> dict[str, Value]:
        """Bring every output to its idle policy, whatever runs, and read it back.

        Returns:
            What was read back, by name with unit, as it goes into the run file.

        Raises:
            InstrumentError: The read-back is not what the idle policy asks for.
            LinkError: It could not be reached.
        """
        raise TypeError(f"{type(self).__name__} has no safe state")

    def link_counters(self) -> dict[str, int]:
        """Return what the line has counted since it was opened (retries, bad frames), by name."""
        return {}

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Take the driver's own keys of the station file.

        Raises:
            ConfigError: A key is unknown or its value of the wrong type.
        """
        for key, value in options.items():
            if key not in self.options:
                known = ", ".join(self.options) or "none"
                raise ConfigError(f"{self.role}: {key!r} is no option of this driver; there are: {known}")
            if not isinstance(value, self.options[key]):
                raise ConfigError(f"{self.role}: {key} = {value!r} is no {self.options[key].__name__}")
            setattr(self, key, value)

    def settings(self) -> dict[str, BoundSetting]:
        """Return every setting by name."""
        return {name: BoundSetting(setting, self) for name, setting in settings_of(type(self)).items()}

    def snapshot(self) -> dict[str, Value]:
        """Return the value of each setting that can be read without acting on a device."""
        return {
            name: bound.get()
            for name, bound in self.settings().items()
            if bound.setting.read is not None and not bound.setting.disturbs
        }

    def restore(self, snapshot: Mapping[str, Value]) -> list[str]:
        """Set again what differs from ``snapshot``; return the names of what was set.

        Raises:
            ConfigError: The snapshot has what is no setting of this driver.
            LimitError: Names each value that is beyond what instrument or sample stand now, such as the compliance that
                an instrument has when it is switched on; these were left alone, all others are set.
        """
        changed, refused = [], []
        for name, value in snapshot.items():
            bound = self.settings().get(name)
            if bound is None:
                raise ConfigError(f"{self.role}: the snapshot has {name!r}, which is no setting of this driver")
            if bound.setting.write is not None and bound.setting.read is not None and bound.get() != value:
                try:
                    bound.set(value)
                except LimitError as error:
                    refused.append(str(error))
                else:
                    changed.append(name)
        if refused:
            raise LimitError("; ".join([*refused, "all else is as in the snapshot"]))
        return changed


def make_all_safe(instruments: Mapping[str, Instrument]) -> tuple[dict[str, dict[str, Value]], list[str]]:
    """Make every open instrument safe, each even if another fails.

    Returns:
        What was read back, by role, and a sentence for each instrument that could not be made safe.
    """
    states: dict[str, dict[str, Value]] = {}
    failures = []
    for role, instrument in instruments.items():
        if not instrument.is_open:
            continue
        try:
            states[role] = instrument.make_safe()
        except LabctlError as error:
            failures.append(f"{role} could not be made safe, check its outputs by hand: {error}")
    return states, failures
