"""The station as the window sees it: connects, reads and makes safe in threads of its own."""

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

from labctl.errors import LabctlError
from labctl.gui.background import Background
from labctl.gui.facts import (
    InstrumentFacts,
    Outputs,
    closed_facts,
    connected_facts,
    describe,
    facts_of,
    reached_facts,
    safe_facts,
    trace_of,
)
from labctl.instrument import Instrument
from labctl.stations.station import Station, open_station

T = TypeVar("T")
Facts = dict[str, InstrumentFacts]


class Laboratory(QObject):
    """Owns the station. Instruments are spoken to in the station's thread; outputs are made safe in another.

    Two threads, so that "outputs off" never waits behind a connection that hangs: a link's own lock keeps them apart.
    """

    chosen = pyqtSignal(object)
    """Another station (`Station`), not connected yet."""
    changed = pyqtSignal()
    """``facts`` or ``is_busy`` changed."""
    failed = pyqtSignal(str, str)
    """What went wrong in words, and the details."""
    made_safe = pyqtSignal(bool)
    """Every connected instrument was asked to be safe; whether each one is."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.station: Station | None = None
        self.facts: Facts = {}
        self._work = Background("station", self)
        self._safety = Background("safety", self)
        self._in_use: frozenset[str] = frozenset()

    @property
    def is_busy(self) -> bool:
        """Whether instruments are being spoken to."""
        return self._work.is_busy or self._safety.is_busy

    @property
    def is_connected(self) -> bool:
        """Whether any instrument is connected."""
        return any(facts.connected for facts in self.facts.values())

    def choose(self, name: str, *, simulate: bool, seed: int | None = None) -> None:
        """Take another station; the one before is made safe and disconnected, or it is said that it could not be."""
        self._choose(lambda: open_station(name, simulate=simulate, seed=seed), None)

    def choose_of(self, file: Path, then: Callable[[], None]) -> None:
        """Take the station that a run was begun on, then call ``then``."""

        def make() -> Station:
            from labctl.api import station_of

            return station_of(file)

        self._choose(make, then)

    def _choose(self, make: Callable[[], Station], then: Callable[[], None] | None) -> None:
        before = self.station

        def work() -> tuple[Station, Exception | None]:
            fresh = make()
            try:
                if before is not None:
                    before.close()
            except LabctlError as error:  # its lines are closed all the same: there is nothing to go back to
                return fresh, error
            except BaseException:
                fresh.close()
                raise
            return fresh, None

        def take(found: tuple[Station, Exception | None]) -> None:
            self._take_station(found[0])
            if found[1] is not None:
                self.failed.emit(f"The station before: {describe(found[1])}", trace_of(found[1]))
            if then is not None:
                then()

        self._submit(self._work, work, take)

    def connect_instruments(self, roles: Iterable[str] | None = None, then: Callable[[], None] | None = None) -> None:
        """Connect the instruments of these roles (all if not given), make them safe and read their settings."""
        self._each(self._work, roles, connected_facts, then)

    def disconnect_instruments(self, roles: Iterable[str] | None = None) -> None:
        """Make safe and disconnect."""
        self._each(self._work, roles, closed_facts)

    def refresh(self) -> None:
        """Make the connected instruments safe, read back, and read their settings again."""
        self._each(self._work, self._open_roles(), safe_facts)

    def reach(self) -> None:
        """As `refresh`, over a new line where the old one is dead."""
        unknown = [role for role, facts in self.facts.items() if facts.outputs is Outputs.UNKNOWN]
        self._each(self._work, dict.fromkeys([*self._open_roles(), *unknown]), reached_facts)

    def outputs_off(self) -> None:
        """Make every connected instrument safe now, whatever else is being done with it."""
        if self.station is None:
            return
        if self._work.is_busy:
            for instrument in self.station.instruments.values():
                instrument.link.cancel()
        self._each(self._safety, self._open_roles(), safe_facts, lambda: self.made_safe.emit(self.all_safe()))

    def all_safe(self) -> bool:
        """Whether no connected instrument is known to be anything but safe."""
        return all(f.outputs is Outputs.SAFE for f in self.facts.values() if f.connected)

    def set_in_use(self, roles: Iterable[str]) -> None:
        """Tell which instruments a run has; empty when it has ended."""
        self._in_use = frozenset(roles)
        for role in self._in_use & self.facts.keys():
            self.facts[role] = dataclasses.replace(self.facts[role], outputs=Outputs.IN_USE, readback="")
        self.changed.emit()

    def read(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Read something in the station's thread; outputs stay as they are."""
        self._submit(self._work, work, then)

    def by_hand(
        self,
        role: str,
        work: Callable[[Instrument], T],
        then: Callable[[T], None],
        *,
        make_safe: bool = False,
        failed: Callable[[], None] | None = None,
    ) -> None:
        """Do something with one instrument in the station's thread.

        Args:
            role: Which.
            work: What; called in the thread.
            then: Takes the result.
            make_safe: Make it safe right after; otherwise its outputs count as worked by hand.
            failed: Called after the error was told.
        """
        station = self.station
        if station is None or role not in self.facts or role in self._in_use:
            return
        if not make_safe:
            self.facts[role] = dataclasses.replace(self.facts[role], outputs=Outputs.BY_HAND, readback="")

        def do() -> tuple[T, InstrumentFacts | None]:
            instrument = station.instruments[role]
            try:
                result = work(instrument)
            finally:
                facts = safe_facts(station, role) if make_safe else None
            return result, facts

        def take(found: tuple[T, InstrumentFacts | None]) -> None:
            if found[1] is not None and station is self.station:
                self.facts[role] = found[1]
            then(found[0])

        self._submit(self._work, do, take, failed)

    def close(self, then: Callable[[list[str]], None]) -> None:
        """Make everything safe and disconnect, then call ``then`` with what could not be made safe."""
        station = self.station
        if station is None:
            then([])
            return

        def work() -> list[str]:
            try:
                station.close()
            except Exception as error:
                return [describe(error)]
            return []

        self._work.submit(work, then, lambda error: then([describe(error)]))

    def stop_threads(self) -> None:
        """End the threads, after what they are at."""
        self._work.close()
        self._safety.close()

    def _open_roles(self) -> list[str]:
        instruments = self.station.instruments if self.station is not None else {}
        return [role for role, instrument in instruments.items() if instrument.is_open]

    def _take_station(self, station: Station) -> None:
        self.station = station
        self.facts = {role: facts_of(station, role) for role in station.instruments}
        self.chosen.emit(station)

    def _each(
        self,
        background: Background,
        roles: Iterable[str] | None,
        job: Callable[[Station, str], InstrumentFacts],
        then: Callable[[], None] | None = None,
    ) -> None:
        station = self.station
        if station is None:
            return
        wanted = list(station.instruments if roles is None else roles)

        def take(found: Facts) -> None:
            if station is self.station:
                self.facts.update(found)
                for facts in found.values():
                    if facts.error:
                        self.failed.emit(f"{facts.role}: {facts.error}", "")
            if then is not None:
                then()

        self._submit(background, lambda: {role: job(station, role) for role in wanted}, take)

    def _submit(
        self,
        background: Background,
        work: Callable[[], T],
        then: Callable[[T], None],
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        def done(result: T) -> None:
            then(result)
            self.changed.emit()

        def failed(error: Exception) -> None:
            self.failed.emit(describe(error), trace_of(error))
            if otherwise is not None:
                otherwise()
            self.changed.emit()

        background.submit(work, done, failed)
        self.changed.emit()
