"""The session: takes events in any thread, hands them out on the GUI thread, and never holds up a run."""

import threading

import numpy as np
import pytest

from labctl.errors import LabctlError, StateError
from labctl.events import Ended, Progress, RowsAdded, RunState, StateChanged
from labctl.gui.background import Background
from labctl.gui.run_bar import duration_text
from labctl.gui.session import PENDING_ROWS, RunSession

ROWS = np.zeros(100, [("n", "<i8")])


class FakeRun:
    """A run that is made of the events given."""

    def __init__(self, *, ends=True):
        self.state, self.file, self.reason, self.summary = RunState.RUNNING, None, "", {}
        self.listener = None
        self.over = not ends

    def listen(self, listener):
        self.listener = listener

    def start(self):
        self.listener(StateChanged(RunState.RUNNING))

    def join(self, timeout=None):
        return self.over

    def pause(self):
        raise StateError("cannot pause a run that is done")


@pytest.fixture
def session(qtbot):
    session = RunSession()
    session.told = {name: [] for name in ("state_changed", "rows_added", "progressed", "ended")}
    for name, told in session.told.items():
        getattr(session, name).connect(lambda *what, told=told: told.append(what))
    yield session
    session._timer.stop()
    session.deleteLater()


def test_rows_of_many_events_come_out_together_and_whole(session, qtbot):
    run = FakeRun()
    session.begin(run)
    for i in range(50):
        run.listener(RowsAdded("a" if i % 2 else "b", ROWS))
        run.listener(Progress(i, 50, 0.0, 0.0))
    run.over = True
    run.listener(Ended(RunState.DONE, None, "", {}))
    qtbot.waitUntil(lambda: bool(session.told["ended"]))
    streams = dict(session.told["rows_added"])
    assert {stream: len(rows) for stream, rows in streams.items()} == {"a": 2500, "b": 2500}
    assert session.told["progressed"][-1][0].done == 49
    assert len(session.told["progressed"]) < 10
    assert not session.is_active


def test_a_window_that_does_not_come_round_keeps_a_bounded_number_of_rows(session):
    run = FakeRun()
    session.begin(run)
    for _ in range(PENDING_ROWS // 100 + 500):
        run.listener(RowsAdded("a", ROWS))
    assert sum(len(event.rows) for event in session._events if isinstance(event, RowsAdded)) <= PENDING_ROWS + 200
    assert session.rows_left_out > 0


def test_a_run_whose_thread_dies_without_a_word_ends_as_failed(session, qtbot):
    session.begin(FakeRun(ends=False))
    qtbot.waitUntil(lambda: bool(session.told["ended"]))
    (ended,) = session.told["ended"][0]
    assert ended.state is RunState.FAILED
    assert "check the outputs" in ended.reason


def test_a_verb_that_the_end_of_the_run_has_overtaken_does_nothing(session):
    session.begin(FakeRun())
    session.pause()
    assert session.is_active


def test_background_work_is_done_elsewhere_and_told_here(qtbot):
    background = Background("test")
    told = []
    background.submit(
        threading.current_thread, lambda thread: told.append((thread, threading.current_thread())), told.append
    )

    def fail():
        raise LabctlError("on purpose")

    background.submit(fail, told.append, lambda error: told.append(str(error)))
    assert background.is_busy
    qtbot.waitUntil(lambda: len(told) == 2)
    (worker, here), error = told
    assert worker is not here
    assert here is threading.main_thread()
    assert error == "on purpose"
    assert not background.is_busy
    background.close()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0213, "0.021 s"), (3.14159, "3.1 s"), (59.4, "59 s"), (59.6, "1 min"), (65.0, "1 min 5 s"),
        (3599.9, "1 h"), (7500.0, "2 h 5 min"), (86400.0, "1 d"), (2.6e6, "30 d 2 h"),
    ],
)  # fmt: skip
def test_durations_read_as_people_say_them(seconds, words):
    assert duration_text(seconds) == words
