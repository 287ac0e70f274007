"""The run as the window sees it: events come in from the run's thread, and go out on a timer of the GUI thread."""

import collections
import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from labctl.errors import StateError
from labctl.events import Ended, Event, LogLine, Progress, RowsAdded, RunState, StateChanged

if TYPE_CHECKING:
    from labctl.runner import Run

TICK_MS = 50
TICK_BUDGET = 0.010
"""Longest time, in s, that one tick spends on taking events out of the queue."""
PENDING_ROWS = 1_000_000
"""More rows than this are not kept for a window that does not come round to showing them; the file has them all."""


class RunSession(QObject):
    """Drives at most one run at a time and tells the window of it.

    The run's listener does nothing but append to a deque, so a run never waits for the window.
    """

    began = pyqtSignal(object)
    """The run, before its first event."""
    state_changed = pyqtSignal(object)
    rows_added = pyqtSignal(str, object)
    progressed = pyqtSignal(object)
    logged = pyqtSignal(object)
    ended = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.run: Run | None = None
        self.rows_left_out = 0
        self._events: collections.deque[Event] = collections.deque()
        self._newest: collections.deque[Progress] = collections.deque(maxlen=1)
        """The newest progress: a run in virtual time makes it faster than it can be shown."""
        self._rows_in = self._rows_out = 0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def state(self) -> RunState | None:
        """The run's state, ``None`` before the first one."""
        return self.run.state if self.run is not None else None

    @property
    def is_active(self) -> bool:
        """Whether a run is under way, or its end was not told yet."""
        return self._timer.isActive()

    def begin(self, run: "Run") -> None:
        """Start a prepared run."""
        self.run = run
        self._events.clear()
        self._newest.clear()
        self._rows_in = self._rows_out = self.rows_left_out = 0
        run.listen(self._listen)
        self.began.emit(run)
        self._timer.start()
        run.start()

    def pause(self) -> None:
        """Pause the run."""
        self._verb(lambda run: run.pause())

    def resume(self) -> None:
        """Go on after a pause."""
        self._verb(lambda run: run.resume())

    def stop(self) -> None:
        """Finish the step, then end."""
        self._verb(lambda run: run.stop())

    def abort(self) -> None:
        """End now and make safe."""
        self._verb(lambda run: run.abort())

    def _verb(self, verb: Callable[["Run"], None]) -> None:
        """Give the run a verb; one that no longer fits its state was overtaken by its end, and does nothing."""
        if self.run is not None:
            with contextlib.suppress(StateError):
                verb(self.run)

    def _listen(self, event: Event) -> None:
        """Take an event; called in the run's thread, or in whichever calls one of its verbs."""
        if isinstance(event, Progress):
            self._newest.append(event)
            return
        if isinstance(event, RowsAdded):
            if self._rows_in - self._rows_out > PENDING_ROWS:
                self.rows_left_out += len(event.rows)
                return
            self._rows_in += len(event.rows)
        self._events.append(event)

    def _tick(self) -> None:
        thread_has_ended = self.run is not None and self.run.join(0.0)
        rows: dict[str, list[np.ndarray[Any, Any]]] = {}
        ended: Ended | None = None
        until = time.monotonic() + TICK_BUDGET
        while self._events and time.monotonic() < until:
            match self._events.popleft():
                case RowsAdded(stream, more):
                    rows.setdefault(stream, []).append(more)
                    self._rows_out += len(more)
                case LogLine() as line:
                    self.logged.emit(line)
                case StateChanged(state):
                    self.state_changed.emit(state)
                case Ended() as ended:
                    pass
        for stream, parts in rows.items():
            self.rows_added.emit(stream, parts[0] if len(parts) == 1 else np.concatenate(parts))
        if self._newest:
            self.progressed.emit(self._newest.pop())
        if ended is None and thread_has_ended and not self._events:
            file = self.run.file if self.run is not None else None
            ended = Ended(RunState.FAILED, file, "the run ended without a word: check the outputs by hand", {})
        if ended is not None:
            self._end(ended)

    def _end(self, ended: Ended) -> None:
        self._timer.stop()
        if self.run is not None:
            self.run.join()
        self.ended.emit(ended)
