"""Eight hours of streaming, in virtual time: what the window keeps of it does not grow without bound."""

import tracemalloc

import numpy as np
import pytest

from labctl.events import Progress
from labctl.gui.live.view import LiveView
from labctl.gui.session import RunSession
from labctl.plots import ArrayMap, CumulativeDistribution, Histogram, Trace
from labctl.protocol import Protocol

HOUR = 3600
RATE = 200
"""Rows a second."""
GROUPS = 8


@pytest.fixture
def view(lab, qtbot, light):
    class Streaming(Protocol):
        rows = (lab.row,)
        plots = (
            Trace(lab.row, "time", "current", "Trace", group="level"),
            Trace(lab.row, "time", "current", "Newest", group="level", latest=True, goal="goal"),
            CumulativeDistribution(lab.row, "current", "level", "Levels"),
            ArrayMap(lab.row, "cell", "current", "Map"),
            Histogram(lab.row, "current", "Histogram"),
        )

    view = LiveView()
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show_protocol(Streaming)
    view.show()
    view.seconds = 0
    return view


def stream(view, lab, hours):
    """Stream rows five minutes at a time, drawn each time, and return the memory that is taken then, in bytes."""
    rng = np.random.default_rng(1)
    for _ in range(hours * 12):
        time = view.seconds + np.arange(300 * RATE) / RATE
        number = (time * RATE).astype(np.int64)
        level = view.seconds // 300 % GROUPS
        current = rng.normal(1e-6, 1e-8, len(time))
        view.add(
            "cell_read", lab.row.block(time=time, cell=number % 2048, level=level, goal=1e-6, current=current).rows
        )
        view.seconds += 300
    view.redraw()
    return tracemalloc.get_traced_memory()[0]


def test_eight_hours_of_streaming_take_no_more_memory_than_four(view, lab):
    tracemalloc.start()
    try:
        after_four, after_eight = stream(view, lab, 4), stream(view, lab, 4)
    finally:
        tracemalloc.stop()
    rows = 8 * HOUR * RATE
    assert after_eight - after_four < 1e6
    assert after_eight < rows * lab.row.dtype.itemsize * len(view.panels) / 2


def test_progress_that_comes_faster_than_it_is_shown_is_kept_once(qtbot):
    session, told = RunSession(), []
    session.progressed.connect(told.append)
    for done in range(100_000):
        session._listen(Progress(done, 100_000, 1.0, 1.0))
    assert not session._events
    session._tick()
    assert [progress.done for progress in told] == [99_999]
    session.deleteLater()
