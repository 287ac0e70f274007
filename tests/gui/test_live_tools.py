"""What is done with live plots: freeze, zoom, keep, look into a cell; the theme; notes at the end of a run."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest

import labctl
from labctl.events import Ended, RunState
from labctl.gui import theme
from labctl.gui.live.array_map import MapPanel
from labctl.gui.live.histogram import HistogramPanel, counted
from labctl.gui.live.trace import TracePanel
from labctl.gui.live.view import panel_for
from labctl.gui.notify import words_of
from labctl.plots import Histogram


@pytest.fixture
def shown(qtbot, light):
    def show(panel):
        qtbot.addWidget(panel)
        panel.resize(640, 300)
        panel.show()
        return panel

    return show


@pytest.fixture
def rows(lab):
    def make(**columns):
        return lab.row.block(**{"time": 0.0, "cell": 0, "level": 0, "goal": 1e-6, "current": 1e-6, **columns}).rows

    return make


def histogram(lab, shown, **options):
    panel = panel_for(Histogram(lab.row, "current", "Currents", **options))
    assert isinstance(panel, HistogramPanel)
    return shown(panel)


def test_a_histogram_counts_every_value_once(lab, shown, rows):
    panel = histogram(lab, shown, bins=20)
    values = np.random.default_rng(1).normal(1e-6, 1e-7, 5000)
    panel.add(rows(current=values[:2000]))
    panel.add(rows(current=values[2000:]))
    assert panel.redraw()
    expected, edges = np.histogram(values, 20)
    np.testing.assert_array_equal(panel.counts, expected)
    np.testing.assert_allclose(panel.edges, edges)
    np.testing.assert_array_equal(panel.curve.getData()[1], expected)
    assert panel.caption.text() == "5,000 values"
    middle = QPointF(float(edges[10] + edges[11]) / 2, 1.0)
    assert panel.read_at(middle).endswith(f": {expected[10]:,}")
    panel.clear()
    assert len(panel.counts) == 0


def test_a_logarithmic_histogram_has_equal_intervals_of_the_logarithm(lab, shown, rows):
    panel = histogram(lab, shown, bins=4, log_x=True)
    panel.add(rows(current=[1e-9, 1e-8, 1e-7, 1e-6, 1e-5, -1.0, 0.0, math.nan]))
    panel.redraw()
    np.testing.assert_allclose(panel.edges, [-9, -8, -7, -6, -5])
    assert panel.counts.sum() == 5
    np.testing.assert_allclose(panel.shown()["from"][0], [1e-9, 1e-8, 1e-7, 1e-6])


def test_equal_values_are_counted_too():
    counts, edges = counted(np.full(7, 3.0), 10)
    assert counts.sum() == 7
    assert edges[0] < 3.0 < edges[-1]


def test_a_frozen_plot_keeps_what_it_shows_and_takes_the_rest_afterwards(lab, shown, rows):
    panel = shown(TracePanel(lab.protocol.plots[2]))
    panel.add(rows(time=[0, 1]))
    panel.redraw()
    panel.freeze.click()
    panel.add(rows(time=[2, 3]))
    assert not panel.redraw()
    assert panel.curves[0].xData.tolist() == [0, 1]
    panel.freeze.click()
    assert panel.curves[0].xData.tolist() == [0, 1, 2, 3]


def test_fit_undoes_a_zoom(lab, shown, rows, qtbot):
    panel = shown(TracePanel(lab.protocol.plots[2]))
    panel.add(rows(time=[0, 100]))
    panel.redraw()
    view = panel.item.getViewBox()
    view.setXRange(40, 41)
    assert view.viewRange()[0][1] < 50
    panel.fit.click()
    qtbot.waitUntil(lambda: view.viewRange()[0][0] <= 0 and view.viewRange()[0][1] >= 100)


def run(window, qtbot, run_through):
    run_through(window)
    window.tabs.setCurrentWidget(window.live)
    qtbot.waitUntil(lambda: not any(panel.is_stale for panel in window.live.panels))
    return Path(window.result.path.text())


def test_a_plot_is_kept_as_data_and_as_picture(window, qtbot, tmp_path, run_through):
    run(window, qtbot, run_through)
    for number, panel in enumerate(window.live.panels):
        target = tmp_path / f"plot{number}"
        window.live_desk.ask_path = lambda what, target=target: str(target)
        for action in panel.export.menu().actions():
            action.trigger()
        qtbot.waitUntil(
            lambda target=target: target.with_suffix(".csv").is_file() and target.with_suffix(".png").is_file()
        )
        qtbot.waitUntil(lambda: not window.conductor.files.is_busy)
        table = pd.read_csv(target.with_suffix(".csv"))
        assert "current (A)" in table
        columns = panel.shown()
        assert len(table) == len(columns["current"][0])
        np.testing.assert_allclose(table["current (A)"], columns["current"][0])
        assert target.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_a_click_on_a_cell_shows_its_history_from_the_file(window, qtbot, run_through):
    path = run(window, qtbot, run_through)
    panel = next(panel for panel in window.live.panels if isinstance(panel, MapPanel))
    view = panel.item.getViewBox()
    place = panel.plot.mapFromScene(view.mapViewToScene(QPointF(0.0, 7.0)))
    QTest.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place.x(), place.y()))
    qtbot.waitUntil(lambda: window.live_desk.history is not None)
    stored = labctl.load(path).arrays("cell_read")
    mine = stored["cell"] == 7
    assert mine.sum() == 2
    curve = window.live_desk.history.curve
    np.testing.assert_array_equal(curve.xData, stored["time"][mine])
    np.testing.assert_array_equal(curve.yData, stored["current"][mine])
    assert "row 0, column 7: 2 values" in window.live_desk.history.words.text()
    window.live_desk.history.close()


def test_the_theme_switches_at_once_and_is_remembered(window, lab, qtbot, qapp, store):
    window.log.add(40, "something failed")
    panel = window.live.panels[2]
    assert panel.plot.backgroundBrush().color() == QColor(theme.LIGHT.base)
    window.dark.trigger()
    assert theme.current() is theme.DARK
    assert panel.plot.backgroundBrush().color() == QColor(theme.DARK.base)
    assert panel.curves[0].opts["pen"].color() == QColor(theme.DARK.accent)
    assert qapp.palette().window().color() == QColor(theme.DARK.window)
    assert theme.DARK.alarm in window.log.document().toHtml()
    assert "something failed" in window.log.toPlainText()
    assert store.value("dark") == "yes"
    window.dark.trigger()
    assert panel.plot.backgroundBrush().color() == QColor(theme.LIGHT.base)


def test_the_end_of_a_run_is_told_to_an_operator_who_looks_elsewhere(window, lab, qtbot, monkeypatch):
    told = []
    monkeypatch.setattr(window.display.notifier, "show_note", lambda *words, failed: told.append((*words, failed)))
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    window.run_bar.buttons["run"].click()
    lab.gate.release(3)
    qtbot.waitUntil(lambda: bool(told))
    title, text, failed = told[0]
    assert (title, failed) == ("labctl: Run done", False)
    assert text.startswith("Ramp of levels\n")


def test_a_note_of_a_failure_says_why():
    title, text = words_of(Ended(RunState.FAILED, None, "the board is gone\nand more", {}), "Ramp")
    assert title == "labctl: Run FAILED"
    assert text == "Ramp\nthe board is gone"


def test_docks_come_back_where_they_were_at_first(window):
    window.docks["Station"].setVisible(False)
    window.removeDockWidget(window.docks["Log"])
    window.arrange_docks()
    assert all(dock.isVisible() or window.tabifiedDockWidgets(dock) for dock in window.docks.values())
    assert window.dockWidgetArea(window.docks["Log"]) == Qt.DockWidgetArea.BottomDockWidgetArea


def test_keys_find_a_protocol_and_go_to_a_dock(window, qtbot):
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.chooser.search.hasFocus()
    numbers = list(window.docks)
    qtbot.keyClick(window, Qt.Key(ord(str(1 + numbers.index("History")))), Qt.KeyboardModifier.ControlModifier)
    assert window.history.isVisible()
