"""The main job in the window: write-verify on the simulated PE board, run to its end and aborted."""

import numpy as np
import pytest

import labctl
from labctl.events import RunState
from labctl.gui.window import MainWindow

AT_GROUND = 0.05
"""V; the board's read-back of a grounded line is within its own accuracy of 0."""


@pytest.fixture
def board(qtbot, store, tmp_path, light):
    window = MainWindow(output=tmp_path, store=store)
    window.confirm = lambda title, question: True
    window.resize(1280, 800)
    window.show()
    window.open_station("pe-board", simulate=True, seed=1)
    qtbot.waitUntil(lambda: window.laboratory.station is not None and window.form is not None)
    window.station_panel.connect_all.click()
    window.chooser.choose("write-verify")
    window.run_bar.seed.setText("1")
    qtbot.waitUntil(lambda: window.conductor.can_run)
    yield window
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    window.deleteLater()


def lines(state):
    return [abs(value) for name, value in state["pe-board"].items() if name.endswith("_line_V")]


def test_a_whole_run_is_in_plots_file_summary_and_figure(board, qtbot):
    for name, text in (("cells", "64"), ("levels", "4"), ("batch", "32"), ("traced", "2")):
        board.form.rows[(name,)].editor.widget.setText(text)
    qtbot.waitUntil(lambda: board.conductor.can_run)
    board.run_bar.buttons["run"].click()
    qtbot.waitUntil(lambda: board.session.run is not None and not board.session.is_active)
    assert board.session.state is RunState.DONE
    data = labctl.load(board.result.path.text())
    assert data.summary["cells"] == 64
    assert data.summary["levels"] == 4
    write = data.arrays("write")
    board.tabs.setCurrentWidget(board.live)
    qtbot.waitUntil(lambda: not any(panel.is_stale for panel in board.live.panels))
    distribution, array_map, trace = board.live.panels
    assert sorted(distribution.curves) == [0, 1, 2, 3]
    for level, curve in distribution.curves.items():
        np.testing.assert_array_equal(curve.xData, np.sort(write["current"][write["level"] == level]))
    assert np.isfinite(array_map.images[0]).sum() == 64
    pulse = data.arrays("pulse")
    np.testing.assert_array_equal(trace.curves[0].yData, pulse["current"][pulse["write"] == pulse["write"][-1]])
    qtbot.waitUntil(lambda: board.result.figure.pixels is not None)


def test_an_abort_leaves_every_line_at_ground_read_back_and_in_the_file(board, qtbot):
    board.run_bar.buttons["run"].click()
    qtbot.waitUntil(lambda: board.run_bar.progress.value() > 0)
    board.run_bar.buttons["abort"].click()
    qtbot.waitUntil(lambda: not board.session.is_active)
    assert board.session.state is RunState.ABORTED
    stored = lines(labctl.load(board.result.path.text()).safe_state)
    assert len(stored) == 3
    assert max(stored) < AT_GROUND
    qtbot.waitUntil(lambda: not board.laboratory.is_busy)
    assert "safe" in board.station_panel.cards["pe-board"].details["outputs"].text()
    assert max(lines({"pe-board": board.laboratory.station["pe-board"].make_safe()})) < AT_GROUND
