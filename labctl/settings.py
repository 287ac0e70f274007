"""Settings: what can be set and read on an instrument, as objects that panels, snapshots and tests loop over."""

import dataclasses
import enum
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NoReturn, overload

from labctl.errors import ConfigError, LimitError, StateError
from labctl.units import Unit, format_quantity, parse_quantity

if TYPE_CHECKING:
    from labctl.instrument import Instrument

Value = float | int | bool | str
Limits = tuple[float, float]


@dataclasses.dataclass(frozen=True, eq=False)
class Setting:
    """One setting, declared on a driver's class.

    Attributes:
        unit: From the closed list.
        doc: One line for the panel and the file.
        read: Gets the value from the instrument; ``None`` where it can only be set.
        write: Sends the value; ``None`` where it can only be read.
        limits: Lowest and highest value, or a function of the instrument that returns them.
        choices: The values that there are, for an enumeration.
        kind: Type of the value.
        disturbs: Reading it acts on the device (a measurement): left out of snapshots.
    """

    unit: Unit
    doc: str
    read: Callable[[Any], Value] | None = None
    write: Callable[[Any, Any], None] | None = None
    limits: Limits | Callable[[Any], Limits] | None = None
    choices: type[enum.Enum] | tuple[Value, ...] | None = None
    kind: Literal["float", "int", "bool", "str"] = "float"
    disturbs: bool = False
    name: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        object.__setattr__(self, "name", name)

    @overload
    def __get__(self, instrument: None, owner: type) -> "Setting": ...
    @overload
    def __get__(self, instrument: "Instrument", owner: type) -> "BoundSetting": ...
    def __get__(self, instrument: "Instrument | None", owner: type) -> "Setting | BoundSetting":
        return self if instrument is None else BoundSetting(self, instrument)

    def __set__(self, instrument: "Instrument", value: object) -> NoReturn:
        """Refuse an assignment, which would send nothing.

        Raises:
            StateError: Always; it names the way.
        """
        raise StateError(f"{instrument.role}: use {self.name}.set({value!r}); an assignment would send nothing")


@dataclasses.dataclass(frozen=True)
class BoundSetting:
    """A setting of one instrument: ``smu.voltage.set("0.2 V")``, ``smu.voltage.get()``."""

    setting: Setting
    instrument: "Instrument"

    @property
    def name(self) -> str:
        """The setting's name on the driver."""
        return self.setting.name

    @property
    def limits(self) -> Limits | None:
        """Lowest and highest value now; they may hang on other settings."""
        limits = self.setting.limits
        return limits(self.instrument) if callable(limits) else limits

    def get(self) -> Value:
        """Read it from the instrument.

        Raises:
            StateError: It cannot be read.
        """
        if self.setting.read is None:
            raise StateError(f"{self._where} can be set, but not read")
        return self.setting.read(self.instrument)

    def set(self, value: Value) -> None:
        """Check ``value`` (a number, or text with a unit), then send it.

        Raises:
            LimitError: Beyond the limits; nothing was sent.
            ConfigError: Of the wrong kind or unit; nothing was sent.
            StateError: It cannot be set.
        """
        if self.setting.write is None:
            raise StateError(f"{self._where} can be read, but not set")
        self.setting.write(self.instrument, self.check(value))

    def check(self, value: Value) -> Value:
        """Return ``value`` as it would be sent, or raise as `set` does."""
        setting = self.setting
        if setting.choices is not None:
            return self._chosen(value)
        if setting.kind == "bool":
            if value not in {True, False}:
                raise ConfigError(f"{self._where} is on or off (true or false), not {value!r}")
            return bool(value)
        if setting.kind == "str":
            return str(value)
        number = parse_quantity(value, setting.unit)
        if setting.kind == "int" and number != int(number):
            raise ConfigError(f"{self._where} takes whole numbers, not {value!r}")
        limits = self.limits
        if limits is not None and not limits[0] <= number <= limits[1]:
            low, high = (format_quantity(bound, setting.unit) for bound in limits)
            raise LimitError(
                f"{self._where} is to be {format_quantity(number, setting.unit)}, but goes from {low} to {high}"
            )
        return int(number) if setting.kind == "int" else number

    def _chosen(self, value: Value) -> Value:
        choices = self.setting.choices
        options: list[Value] = [c.value for c in choices] if isinstance(choices, type) else list(choices or ())
        if value not in options:
            raise ConfigError(f"{self._where} is one of {', '.join(map(str, options))}, not {value!r}")
        return value

    @property
    def _where(self) -> str:
        return f"{self.instrument.role}: {self.setting.name}"


def settings_of(owner: type) -> dict[str, Setting]:
    """Return the settings declared on ``owner`` and its bases, by name, in the order of declaration."""
    found: dict[str, Setting] = {}
    for base in reversed(owner.__mro__):
        found.update({name: value for name, value in vars(base).items() if isinstance(value, Setting)})
    return found
