"""An open station: its drivers by role, its clock, and the simulated lab behind them where there is one."""

import contextlib
import dataclasses
import datetime as dt
import functools
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from labctl import plugins
from labctl.clock import Clock, RealClock
from labctl.errors import ConfigError, LabctlError, LinkError
from labctl.instrument import Instrument
from labctl.links import LibraryLink, Link, LinkOptions
from labctl.links.library_replay import ReplayLibraryLink
from labctl.links.recording import Recorder, Recording
from labctl.links.replay import ReplayClock, ReplayLink, ReplayMode
from labctl.stations.model import InstrumentTable, StationFile, Transport, parse_station, read_station

if TYPE_CHECKING:
    from labctl.simulation.lab import SimulatedLab


@dataclasses.dataclass(frozen=True)
class OpenOptions:
    """How a station is opened; goes into the run file, so that a resume opens it alike.

    Attributes:
        simulate: Use the simulated twins.
        seed: Of the simulated lab; ``None`` takes the station file's.
        transport: How the twins are reached; ``None`` takes the station file's.
        replay: A recording that answers in place of the instruments; empty for none.
        replay_mode: Whether the session must be the recorded one, message by message.
    """

    simulate: bool = False
    seed: int | None = None
    transport: Transport | None = None
    replay: str = ""
    replay_mode: ReplayMode = "strict"


class Station:
    """The instruments of a lab; a context manager that connects them and leaves them safe.

    Args:
        file: The checked station file.
        text: Its text, for the run file.
        options: Simulated, replayed or real, and how.
        record: A new file that keeps what goes over every line; a station with one is opened once.

    Attributes:
        instruments: The drivers by role; made at once, connected by `open`.
        clock: Real for real instruments, virtual for simulated ones.
        lab: The simulated lab, or ``None``.
    """

    def __init__(self, file: StationFile, text: str, options: OpenOptions, record: Path | None = None) -> None:
        if options.replay and (options.simulate or record):
            raise ConfigError("a replayed session can be neither simulated nor recorded")
        if options.replay_mode not in {"strict", "lenient"}:
            raise ConfigError(f"the replay is to be {options.replay_mode!r}, but there are strict and lenient")
        self.file = file
        self.text = text
        self.options = options
        self.lab: SimulatedLab | None = None
        self.clock: Clock = RealClock()
        self._drivers = {role: _driver_class(role, table) for role, table in file.instruments.items()}
        if options.simulate:
            from labctl.simulation import lab

            self.lab = lab.SimulatedLab(file, options.seed, options.transport)
            self.clock = self.lab.clock
        whole = options.replay_mode == "strict"
        self._recording = Recording(Path(options.replay), whole=whole) if options.replay else None
        if self._recording is not None:
            self.clock = self._replay_clock = ReplayClock()
        self.instruments = {role: self._driver(role, table) for role, table in file.instruments.items()}
        self._recorder: Recorder | None = None
        if record is not None:
            self._recorder = Recorder(record, file.name, simulated=options.simulate, clock=self.clock)
            self._tap(self._recorder)

    @property
    def name(self) -> str:
        """The station's name."""
        return self.file.name

    def __getitem__(self, role: str) -> Instrument:
        return self.instruments[role]

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        for instrument in self.instruments.values():
            if kind is None and isinstance(instrument.link, ReplayLink | ReplayLibraryLink):
                instrument.link.check_played()

    def open(self) -> None:
        """Connect every instrument.

        Raises:
            LinkError: Names each instrument that could not be opened, and why; none is left open.
            ConfigError: The file that is to be recorded is there already, or cannot be written.
        """
        if self._recorder is not None:
            self._recorder.open(dt.datetime.now(dt.UTC).isoformat())
        if self.lab is not None:
            self.lab.start()
        failures = []
        for role, instrument in self.instruments.items():
            if self.lab is not None:  # a pseudo-terminal has another name each time
                instrument.link.name = self.lab.resource_name(role)
            try:
                instrument.open()
            except LabctlError as error:
                failures.append(str(error) if str(error).startswith(f"{role}:") else f"{role}: {error}")
        if failures:
            with contextlib.suppress(LabctlError):
                self.close()
            raise LinkError("\n".join(failures))

    def close(self) -> None:
        """Make every instrument safe and disconnect it, each even if another fails.

        Raises:
            LinkError: Names each instrument that could not be made safe.
        """
        failures = []
        for role, instrument in self.instruments.items():
            try:
                instrument.close()
            except LabctlError as error:
                replayed = isinstance(instrument.link, ReplayLink | ReplayLibraryLink)
                why = (
                    "is not made safe as in the recording"
                    if replayed
                    else "could not be made safe, check its outputs by hand"
                )
                failures.append(f"{role} {why}: {error}")
        if self.lab is not None:
            self.lab.close()
        if self._recorder is not None:
            self._recorder.close()
        if failures:
            raise LinkError("\n".join(failures))

    def _driver(self, role: str, table: InstrumentTable) -> Instrument:
        link, limits = self._link(role, table), self.file.sample.limits()
        driver = self._drivers[role](link, role=role, idle=table.idle, limits=limits, options=table.options)
        driver.numbers = self._recording.numbers() if self._recording else None
        return driver

    def _tap(self, recorder: Recorder) -> None:
        for role, instrument in self.instruments.items():
            instrument.link.on_wire = functools.partial(recorder.note, role)
            instrument.numbers = recorder.numbers()

    def _link(self, role: str, table: InstrumentTable) -> Link:
        name = self._resource_name(role, table)
        options = LinkOptions(timeout=table.timeout, baud_rate=table.baud_rate)
        if self._recording is not None:
            make = ReplayLibraryLink if issubclass(self._drivers[role].link_type, LibraryLink) else ReplayLink
            return make(role, self._recording, self.options.replay_mode, self._replay_clock, name, options)
        if issubclass(self._drivers[role].link_type, LibraryLink):
            return LibraryLink(name, functools.partial(self.lab.front_end, role) if self.lab else None, options)
        return Link(name, self._manager(role), options)

    def _resource_name(self, role: str, table: InstrumentTable) -> str:
        return self.lab.resource_name(role) if self.lab else table.link

    def _manager(self, role: str) -> Callable[[], Any]:
        if self.lab is not None:
            return functools.partial(self.lab.manager, role)
        return functools.partial(_visa_manager, self.file.visa_library)


def _driver_class(role: str, table: InstrumentTable) -> type[Instrument]:
    try:
        driver: type[Instrument] = plugins.load("drivers", table.driver)
    except ConfigError as error:
        raise ConfigError(f"instruments.{role}.driver: {error}") from None
    return driver


@functools.cache
def _visa_manager(library: str) -> Any:
    import pyvisa

    return pyvisa.ResourceManager(library)


def open_station(
    name: str | Path = "pe-board",
    *,
    simulate: bool = False,
    seed: int | None = None,
    transport: Transport | None = None,
    record: str | Path | None = None,
    replay: str | Path | None = None,
    replay_mode: ReplayMode = "strict",
) -> Station:
    """Return a station, by name of a shipped one or by file; ``with`` it to connect.

    Args:
        name: A shipped station's name, or a path.
        simulate: Use the simulated twins instead of the real instruments.
        seed: Of the simulated lab's random numbers.
        transport: ``"in-process"``, or ``"serial"`` for real pseudo-terminals.
        record: A new file that keeps what goes over every line.
        replay: A recording that answers in place of the instruments.
        replay_mode: ``"strict"``: the session must be the recorded one. ``"lenient"``: answers by message.

    Raises:
        ConfigError: The station file is wrong.
        DataFileError: The recording is damaged or cut short.
    """
    file, text = read_station(name)
    options = OpenOptions(simulate, seed, transport, str(replay or ""), replay_mode)
    return Station(file, text, options, Path(record) if record else None)


def station_from_text(text: str, where: str, options: OpenOptions) -> Station:
    """Return the station that a run file has kept."""
    return Station(parse_station(text, where), text, options)
