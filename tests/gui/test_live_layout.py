"""Live plots in little room: titles whole, numbers apart, names of axes within them, buttons in one menu."""

import dataclasses
import itertools

import numpy as np
import pytest
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QPainter, QPixmap
from PyQt6.QtWidgets import QApplication

from labctl import plugins
from labctl.gui.live.axes import power_text
from labctl.gui.live.trace import TracePanel
from labctl.gui.live.view import LiveView

SMALLEST = 295
"""Width, in pixels, of one of two plots side by side in a window of 1280 pixels."""


@pytest.fixture
def shown(qtbot, light):
    def show(panel, width=SMALLEST, height=190):
        qtbot.addWidget(panel)
        panel.resize(width, height)
        panel.show()
        QApplication.processEvents()
        return panel

    return show


@pytest.fixture
def log_trace(lab, shown):
    def make(low, high, **size):
        panel = shown(TracePanel(dataclasses.replace(lab.protocol.plots[2], log_y=True, latest=False)), **size)
        currents = np.geomspace(low, high, 50)
        panel.add(lab.row.block(time=np.arange(50.0), cell=0, level=0, goal=np.nan, current=currents).rows)
        panel.redraw()
        panel.grab()
        return panel

    return make


def numbers(axis):
    """Return where the numbers of an axis are, and their texts."""
    pixmap = QPixmap(10, 10)
    painter = QPainter(pixmap)
    specs = axis.generateDrawSpecs(painter)
    painter.end()
    return [(QRectF(rect), text) for rect, _, text in specs[2]]


@pytest.mark.parametrize(("low", "high"), [(1e-8, 1e-5), (1e-12, 1e-3), (2e-6, 3e-6), (1e-6, 9e-6), (1e-6, 4e-5)])
@pytest.mark.parametrize("height", [130, 190, 500])
def test_numbers_of_a_logarithmic_axis_stand_apart(log_trace, low, high, height):
    panel = log_trace(low, high, height=height)
    found = numbers(panel.item.getAxis("left"))
    assert found
    assert not any(a.intersects(b) for (a, _), (b, _) in itertools.combinations(found, 2))


@pytest.mark.parametrize(
    ("exponent", "text"),
    [(0.0, "1"), (2.0, "100"), (-2.0, "0.01"), (7.0, "10⁷"), (-6.0, "10⁻⁶"), (7.30103, "2·10⁷"), (-0.69897, "0.2"),
     (3.9999999, "10⁴"), (-3.5228787, "3·10⁻⁴"), (1.0, "10"), (12.0, "10¹²")],
)  # fmt: skip
def test_a_number_of_a_logarithmic_axis_is_plain_near_one_and_a_power_elsewhere(exponent, text):
    assert power_text(exponent) == text


def test_the_name_of_an_axis_is_shortened_to_its_length_and_keeps_its_unit(lab, shown):
    panel = shown(TracePanel(dataclasses.replace(lab.protocol.plots[2], y="current")), height=600)
    axis = panel.item.getAxis("left")
    axis.setLabel("a name that is much longer than a low plot is high", units="A")
    for height, whole in ((600, True), (160, False)):
        panel.resize(SMALLEST, height)
        panel.grab()
        text = axis.label.toPlainText()
        assert text.endswith("A)")
        assert ("…" not in text) is whole
        assert axis.label.boundingRect().width() <= axis.size().height() + 8


def test_where_a_title_needs_the_room_the_buttons_are_in_one_menu(lab, shown):
    panel = shown(TracePanel(dataclasses.replace(lab.protocol.plots[2], title="Cumulative distribution of each level")))
    tools = panel.tools
    assert tools.more.isVisible()
    assert not tools.freeze.isVisible()
    freeze, fit, *_ = tools.more.menu().actions()
    freeze.trigger()
    assert panel.is_frozen
    assert "frozen" in panel.caption.text()
    freeze.trigger()
    assert not panel.is_frozen
    assert "frozen" not in panel.caption.text()
    panel.item.setYRange(0.0, 1e-9)
    fit.trigger()
    assert panel.item.getViewBox().autoRangeEnabled()[1]
    panel.resize(700, 190)
    assert not tools.more.isVisible()
    assert tools.freeze.isVisible()


def test_every_title_of_every_protocol_is_whole_in_the_smallest_window(qtbot, light):
    view = LiveView()
    qtbot.addWidget(view)
    view.resize(620, 430)
    view.show()
    for name in plugins.table("protocols"):
        view.show_protocol(plugins.load("protocols", name))
        panels = view.panels
        QApplication.processEvents()
        for panel in panels:
            wanted = panel.title.fontMetrics().horizontalAdvance(panel.title.text())
            assert panel.title.width() >= wanted, f"{name}: {panel.title.text()}"


def test_plots_that_find_no_room_are_scrolled_to_and_do_not_make_the_window_grow(lab, qtbot, light):
    view = LiveView()
    qtbot.addWidget(view)
    view.show_protocol(lab.protocol)
    assert len(view.panels) == 3
    assert view.minimumSizeHint().height() < 150


def test_plots_are_made_one_in_a_turn_and_all_of_them_when_rows_come(lab, qtbot, light):
    view = LiveView()
    qtbot.addWidget(view)
    view.show()
    view.show_protocol(lab.protocol)
    assert len(view._panels) < 3
    view.add("cell_read", lab.row.block(time=0.0, cell=0, level=0, goal=1e-6, current=1e-6).rows)
    assert len(view._panels) == 3
    assert all(panel.is_stale for panel in view.panels)
