"""Live plots by the mouse: zoom by the wheel, drag, and the read-out under the cursor with its units."""

import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from labctl.gui.live.view import panel_for
from labctl.plots import Histogram

KINDS = ("distribution", "map", "trace", "histogram")
NO_BUTTON, NO_KEY = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def shown(lab, qtbot, light):
    """Shows a plot of a kind, with rows."""

    def show(kind):
        plots = dict(zip(KINDS, (*lab.protocol.plots, Histogram(lab.row, "current", "Currents", bins=4)), strict=True))
        panel = panel_for(plots[kind])
        qtbot.addWidget(panel)
        panel.resize(640, 300)
        panel.show()
        more(panel)
        panel.redraw()
        panel.grab()  # lays it out
        return panel

    def more(panel, at=0.0):
        current = [1e-6, 2e-6, 3e-6, 4e-6]
        panel.add(
            lab.row.block(
                time=[at, at + 1, at + 2, at + 3], cell=[0, 1, 2, 3], level=0, goal=2e-6, current=current
            ).rows
        )

    show.more = more
    return show


def place(panel, point):
    view = panel.item.getViewBox()
    at = panel.plot.mapFromScene(view.mapViewToScene(point))
    return QPoint(at.x(), at.y())


def wheel(panel, at, steps):
    target = panel.plot.viewport()
    event = QWheelEvent(
        QPointF(at), QPointF(target.mapToGlobal(at)), QPoint(), QPoint(0, 120 * steps),
        NO_BUTTON, NO_KEY, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(target, event)


def width(panel):
    (low, high), _ = panel.item.getViewBox().viewRange()
    return high - low


@pytest.mark.parametrize("kind", KINDS)
def test_the_wheel_zooms_and_fit_shows_everything_again(shown, qtbot, kind):
    panel = shown(kind)
    whole = width(panel)
    middle = panel.item.getViewBox().viewRect().center()
    wheel(panel, place(panel, middle), 10)
    assert width(panel) < 0.8 * whole
    panel.fit.click()
    qtbot.waitUntil(lambda: width(panel) == pytest.approx(whole, rel=0.05))


def test_a_drag_moves_what_is_shown(shown):
    panel = shown("trace")
    view, target = panel.item.getViewBox(), panel.plot.viewport()
    before = view.viewRect().center().x()
    start = place(panel, view.viewRect().center())
    QTest.mousePress(target, Qt.MouseButton.LeftButton, NO_KEY, start)
    for step in range(1, 9):
        QTest.mouseMove(target, start + QPoint(-10 * step, 0), 5)
    QTest.mouseRelease(target, Qt.MouseButton.LeftButton, NO_KEY, start + QPoint(-80, 0))
    assert view.viewRect().center().x() > before


@pytest.mark.parametrize(
    ("kind", "point", "words"),
    [
        ("trace", QPointF(1.5, 2.5e-6), ("time 1.5", " s, current 2.", "uA")),
        ("map", QPointF(0.0, 2.0), ("row 0, column 2, cell 2: 3 uA",)),
        ("distribution", QPointF(2e-6, 0.5), ("level 0", "uA")),
        ("histogram", QPointF(1.2e-6, 0.5), ("uA", ": 1")),
    ],
)
def test_the_cursor_reads_out_what_it_is_at_with_units(shown, qtbot, kind, point, words):
    panel = shown(kind)
    status = panel.caption.text()
    QTest.mouseMove(panel.plot.viewport(), place(panel, point))
    qtbot.waitUntil(lambda: panel.caption.text() != status)
    assert all(part in panel.caption.text() for part in words), panel.caption.text()
    QApplication.sendEvent(panel, QEvent(QEvent.Type.Leave))
    assert panel.caption.text() == status


@pytest.mark.parametrize("kind", KINDS)
def test_every_plot_is_frozen_says_so_and_takes_the_rest_afterwards(shown, kind):
    panel = shown(kind)
    before = panel.caption.text()
    panel.freeze.click()
    assert panel.caption.text().startswith("\N{HEAVY VERTICAL BAR}\N{HEAVY VERTICAL BAR} frozen")
    assert "Frozen" in panel.freeze.text()
    shown.more(panel, at=10.0)
    assert not panel.redraw()
    panel.freeze.click()
    assert not panel.is_stale
    assert "frozen" not in panel.caption.text()
    assert (panel.caption.text() == before) is (kind in {"map", "trace"}), (
        "the map has as many cells, the trace no more levels"
    )
