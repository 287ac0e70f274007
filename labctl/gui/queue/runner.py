"""Who starts the next one: takes the queue's runs to the conductor, one after the other, and keeps the queue's file."""

import dataclasses
import logging
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from labctl.events import Ended, RunState
from labctl.gui import jobs
from labctl.gui.conductor import Conductor
from labctl.gui.facts import describe
from labctl.gui.queue.entries import EntryState, QueueEntry, read_entries, write_entries
from labctl.gui.queue.model import QueueModel
from labctl.gui.run_bar import RunEntries

_ENDS = {
    RunState.DONE: EntryState.DONE,
    RunState.STOPPED: EntryState.STOPPED,
    RunState.ABORTED: EntryState.ABORTED,
    RunState.FAILED: EntryState.FAILED,
}


class QueueRunner(QObject):
    """Goes on after a run that is done; holds after one that was stopped, aborted or failed.

    Args:
        conductor: Starts the runs.
        file: Where the queue is kept.
    """

    changed = pyqtSignal()
    """``is_going`` or ``stops_after_this`` changed."""

    def __init__(self, conductor: Conductor, file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.conductor = conductor
        self.model = QueueModel(self)
        self.file = file
        self.output = Path()
        self.is_going = False
        self.stops_after_this = False
        self._run_is_mine = False
        self._may_store = False
        self._store_timer = QTimer(self)
        self._store_timer.setSingleShot(True)
        self._store_timer.timeout.connect(self._store)
        self.model.entries_changed.connect(lambda: self._store_timer.start(0))
        conductor.session.ended.connect(self._ended)
        conductor.held.connect(self.hold)
        conductor.planned.connect(self._go_on)
        conductor.laboratory.changed.connect(self._go_on)
        conductor.laboratory.chosen.connect(lambda _: self.estimate(self.model.entries))
        self._read()

    def start(self) -> None:
        """Run what waits, from the top."""
        self.is_going, self.stops_after_this = True, False
        self.changed.emit()
        self._go_on()

    def hold(self) -> None:
        """Start nothing further; a run that is under way goes on."""
        self.is_going = False
        self.changed.emit()

    def stop_after_this(self, on: bool) -> None:
        """Hold when the run that is under way has ended."""
        self.stops_after_this = on
        self.changed.emit()

    def add(self, entries: list[QueueEntry]) -> None:
        """Add at the end, and estimate how long each takes."""
        self.model.add(entries)
        self.estimate(entries)

    def estimate(self, entries: list[QueueEntry]) -> None:
        """Make the dry run of entries that wait, in a thread."""
        station = self.conductor.laboratory.station
        if station is None:
            return
        waiting = [entry for entry in entries if entry.state is EntryState.WAITING and entry.fits(station)]

        def work() -> list[tuple[QueueEntry, float | None]]:
            return [(entry, jobs.duration_of(entry.made, station)) for entry in waiting]

        def take(found: list[tuple[QueueEntry, float | None]]) -> None:
            for entry, seconds in found:
                self.model.set_duration(entry, seconds)

        self.conductor.files.submit(work, take, self._complain)

    def store_now(self) -> None:
        """Store what is not stored yet; before the program ends."""
        if self._store_timer.isActive():
            self._store_timer.stop()
            self._store()

    def _go_on(self) -> None:
        row = self.model.next_waiting()
        conductor = self.conductor
        if not self.is_going or self._run_is_mine or conductor.is_occupied:
            return
        if row is None:
            self.hold()
            conductor.told.emit(logging.INFO, "the queue is at its end")
            return
        entry = self.model.entries[row]
        station = conductor.laboratory.station
        if station is not None and not entry.fits(station):
            self.hold()
            conductor.failed.emit(
                f"Number {row + 1} of the queue is for another station: {entry.place}. Take that station and start the "
                "queue again; or edit the entry here, and it is for this one.",
                "",
            )
            return
        self._run_is_mine = True
        self.model.replace(row, entry.changed(state=EntryState.RUNNING))
        entries = RunEntries(seed=entry.next_seed, **entry.labels())
        conductor.launcher.start(entry.made, entries, self.output, self._refused)

    def _refused(self, error: Exception | None) -> None:
        state = EntryState.FAILED if error is not None else EntryState.WAITING
        self._finish(state, "" if error is None else describe(error), "")

    def _ended(self, ended: Ended) -> None:
        if self._run_is_mine:
            self._finish(_ENDS[ended.state], ended.reason, str(ended.file or ""))

    def _finish(self, state: EntryState, reason: str, file: str) -> None:
        self._run_is_mine = False
        row = self.model.running()
        if row is None:
            return
        entry = self.model.entries[row]
        done = entry.done + (state is EntryState.DONE)
        is_over = state is not EntryState.DONE or done >= entry.repeat
        self.model.replace(
            row,
            dataclasses.replace(
                entry, done=done, file=file or entry.file, reason=reason, state=state if is_over else EntryState.WAITING
            ),
        )
        if state is not EntryState.DONE or self.stops_after_this:
            self.stops_after_this = False
            if self.is_going:
                self.conductor.told.emit(logging.WARNING, "the queue holds; start it again when you are ready")
            self.hold()

    # -- the file -------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        def take(entries: list[QueueEntry]) -> None:
            added = self.model.entries
            self.model.reset([*entries, *added])
            self._may_store = True
            self.estimate(self.model.entries)

        def failed(error: Exception) -> None:
            self._complain(error)
            self.conductor.told.emit(logging.WARNING, "the queue of this session is not kept")

        self.conductor.files.submit(lambda: read_entries(self.file), take, failed)

    def _store(self) -> None:
        if not self._may_store:
            return
        entries = list(self.model.entries)
        self.conductor.files.submit(lambda: write_entries(self.file, entries), lambda _: None, self._complain)

    def _complain(self, error: Exception) -> None:
        self.conductor.failed.emit(describe(error), "")
