"""Bringing a run to its start: prepared in a thread, begun on the GUI thread, called off in between if need be."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from labctl.gui import jobs
from labctl.gui.background import Background
from labctl.gui.facts import Outputs, describe, trace_of
from labctl.gui.laboratory import Laboratory
from labctl.gui.run_bar import RunEntries
from labctl.gui.session import RunSession
from labctl.protocol import Protocol
from labctl.stations.station import Station

if TYPE_CHECKING:
    from labctl.runner import Run

Prepared = tuple["Run", tuple[str, ...]]
Refused = Callable[[Exception | None], None]
"""Called when nothing was started: with why, or ``None`` where it was called off."""


class Launcher(QObject):
    """Starts one run at a time."""

    told = pyqtSignal(int, str)
    failed = pyqtSignal(str, str)
    changed = pyqtSignal()
    """A run began, or did not."""

    def __init__(self, laboratory: Laboratory, session: RunSession, thread: Background) -> None:
        super().__init__()
        self._laboratory, self._session, self._thread = laboratory, session, thread
        self.is_starting = False

    @property
    def is_occupied(self) -> bool:
        """Whether no run can be started now: one is under way or begins, or instruments are being spoken to."""
        return self.is_starting or self._session.is_active or self._laboratory.is_busy

    def start(
        self, make: Callable[[], Protocol], entries: RunEntries, output: Path, refused: Refused | None = None
    ) -> None:
        """Start a run of the protocol that ``make`` gives; it is called in a thread."""
        self._launch(lambda station, ready: jobs.prepare(make(), station, entries, output, ready), refused)

    def resume(self, file: Path, refused: Refused | None = None) -> None:
        """Go on with a run that was cut short."""
        self._launch(lambda station, ready: jobs.prepare_resume(file, station, ready), refused)

    def call_off(self) -> None:
        """Start nothing that is only being prepared."""
        self.is_starting = False

    def _launch(self, prepare: Callable[[Station, frozenset[str]], Prepared], refused: Refused | None) -> None:
        station = self._laboratory.station
        if station is None or self.is_occupied:
            self.failed.emit("Nothing can be started now: a run is under way, or instruments are being spoken to.", "")
            return
        self.is_starting = True
        facts = self._laboratory.facts.values()
        ready = frozenset(f.role for f in facts if f.connected and f.outputs is Outputs.SAFE)

        def begin(prepared: Prepared) -> None:
            if self.is_starting:
                self._begin(*prepared)
                return
            self.told.emit(logging.WARNING, "the run was called off before it began")
            if refused is not None:
                refused(None)
            self.changed.emit()

        def fail(error: Exception) -> None:
            self.is_starting = False
            self.failed.emit(describe(error), trace_of(error))
            if refused is not None:
                refused(error)
            self.changed.emit()

        self._thread.submit(lambda: prepare(station, ready), begin, fail)
        self.changed.emit()

    def _begin(self, run: "Run", roles: tuple[str, ...]) -> None:
        self.is_starting = False
        self.told.emit(logging.INFO, f"{run.protocol.title} begins, seed {run.seed}")
        self._laboratory.set_in_use(roles)
        self._session.begin(run)
        self.changed.emit()
