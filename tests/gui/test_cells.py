"""Choosing cells: on the map by mouse and keys, by list, by rule; and back into the form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest

from labctl.errors import ConfigError
from labctl.gui import theme
from labctl.gui.cells.dialog import CellDialog
from labctl.gui.cells.selection import CellSelection
from labctl.units import format_cells, parse_cells

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def dialog(qtbot, light):
    dialog = CellDialog(CellSelection(128, 16), "Cells of array 0")
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def click(dialog, cell, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.mouseClick(dialog.map, LEFT, modifier, dialog.map.place_of(cell))


def drag(dialog, first, last, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.mousePress(dialog.map, LEFT, modifier, dialog.map.place_of(first))
    QTest.mouseMove(dialog.map, dialog.map.place_of(last))
    QTest.mouseRelease(dialog.map, LEFT, modifier, dialog.map.place_of(last))


def test_a_click_chooses_a_cell_and_another_drops_it(dialog):
    click(dialog, (3, 4))
    assert dialog.selection.cells() == [52]
    assert dialog.list.text() == "52"
    assert dialog.count.text().startswith("1 of 2,048 cells chosen")
    click(dialog, (3, 4))
    assert dialog.selection.cells() == []


def test_a_drag_chooses_a_box_and_with_control_drops_one(dialog):
    drag(dialog, (2, 5), (4, 3))
    assert dialog.selection.cells() == [r * 16 + c for r in (2, 3, 4) for c in (3, 4, 5)]
    drag(dialog, (2, 3), (3, 5), Qt.KeyboardModifier.ControlModifier)
    assert dialog.list.text() == "67-69"


def test_a_row_and_a_column_are_chosen_by_their_numbers(dialog):
    under_row = dialog.map.place_of((7, 0))
    under_row.setY(dialog.map.height() - 5)
    QTest.mouseClick(dialog.map, LEFT, Qt.KeyboardModifier.NoModifier, under_row)
    assert dialog.list.text() == "112-127"
    beside_column = dialog.map.place_of((0, 2))
    beside_column.setX(4)
    QTest.mouseClick(dialog.map, LEFT, Qt.KeyboardModifier.NoModifier, beside_column)
    assert len(dialog.selection.cells()) == 16 + 128 - 1
    QTest.mouseClick(dialog.map, LEFT, Qt.KeyboardModifier.NoModifier, under_row)
    assert len(dialog.selection.cells()) == 127


def test_a_list_is_typed_and_shown_on_the_map(dialog, qtbot):
    qtbot.keyClicks(dialog.list, "0-3, 32, 64-70/2")
    assert dialog.selection.cells() == [0, 1, 2, 3, 32, 64, 66, 68, 70]
    qtbot.keyClicks(dialog.list, ", nonsense")
    assert "no cell" in dialog.count.text()
    assert dialog.list.property("wrong") is True


def test_stuck_and_excluded_cells_cannot_be_chosen(dialog):
    stuck = np.zeros((128, 16), np.bool_)
    stuck[0, 0] = True
    dialog.show_stuck(stuck)
    click(dialog, (0, 1), Qt.KeyboardModifier.ShiftModifier)
    drag(dialog, (0, 0), (0, 3))
    assert dialog.selection.cells() == [2, 3]
    assert "1 stuck" in dialog.count.text()
    assert "1 excluded" in dialog.count.text()
    assert "2 that were named cannot be chosen" in dialog.count.text()
    dialog.take_in.click()
    assert dialog.selection.cells() == [1, 2, 3]


@pytest.mark.parametrize(
    ("rule", "number", "count"),
    [("every n-th", 4, 512), ("checkerboard", 1, 1024), ("n at random", 100, 100), ("all", 1, 2048)],
)
def test_a_rule_chooses(dialog, rule, number, count):
    dialog.rule.setCurrentText(rule)
    dialog.number.setValue(number)
    dialog.apply.click()
    assert len(dialog.selection.cells()) == count
    assert parse_cells(dialog.list.text()) == dialog.selection.cells()


def test_a_rule_that_asks_for_too_many_says_so(dialog):
    dialog.selection.excluded[:100] = True
    dialog.rule.setCurrentText("n at random")
    dialog.number.setValue(2000)
    dialog.apply.click()
    assert "only 448 can be chosen" in dialog.count.text()


def test_the_map_is_worked_by_keys(dialog, qtbot):
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Space):
        qtbot.keyClick(dialog.map, key)
    assert dialog.selection.cells() == [18]
    assert "cell 18" in dialog.at.text()
    qtbot.keyClick(dialog.map, Qt.Key.Key_X)
    assert dialog.excluded() == [18]


def test_nothing_is_chosen_by_a_button_and_the_cursor_says_what_it_is_at(dialog):
    drag(dialog, (0, 0), (1, 1))
    click(dialog, (5, 5), Qt.KeyboardModifier.ShiftModifier)
    for cell, state in (((1, 1), "chosen"), ((5, 5), "excluded"), ((6, 5), "not chosen")):
        QTest.mouseMove(dialog.map, dialog.map.place_of(cell))
        assert dialog.at.text() == f"row {cell[0]}, column {cell[1]}, cell {cell[0] * 16 + cell[1]}: {state}"
    QTest.mouseMove(dialog.map, QPoint(2, dialog.map.height() - 2))
    assert dialog.at.text().startswith("Click or drag to choose")
    dialog.none.click()
    assert dialog.selection.cells() == []
    assert dialog.list.text() == ""


def test_stuck_excluded_and_chosen_cells_are_drawn_by_signs_of_their_own(qtbot, light):
    dialog = CellDialog(CellSelection(8, 8), "Cells of array 0")
    qtbot.addWidget(dialog)
    dialog.show()
    stuck = np.zeros((8, 8), np.bool_)
    stuck[1, 1] = True
    dialog.show_stuck(stuck)
    dialog.exclude([3 * 8 + 1])
    click(dialog, (5, 1))
    click(dialog, (7, 7))  # the cursor stays there
    picture = dialog.map.grab().toImage()

    def marked(cell):
        """Return whether the middle, and the middle of the lower left and the upper left quarter are drawn upon."""
        box, ground = dialog.map._box(cell, cell), QColor(theme.LIGHT.base).lightness()
        left, step = box.left() + box.width() // 4, box.height() // 4
        places = (box.center(), QPoint(left, box.bottom() - step), QPoint(left, box.top() + step))
        return [
            any(
                picture.pixelColor(place.x() + dx, place.y() + dy).lightness() < ground - 40
                for dx in range(-2, 3)
                for dy in range(-2, 3)
            )
            for place in places
        ]

    assert marked((0, 4)) == [False, False, False]
    assert marked((1, 1)) == [True, True, True]
    assert marked((3, 1)) == [True, True, False]
    assert marked((5, 1)) == [True, True, True]


def test_every_cell_is_found_where_it_is_drawn(dialog):
    for cell in [(0, 0), (127, 15), (0, 15), (127, 0), (64, 7)]:
        assert dialog.map.cell_at(dialog.map.place_of(cell).toPointF()) == cell


def test_the_map_is_drawn_within_the_time_that_the_window_answers_in(dialog, qtbot):
    import time

    dialog.map.grab()
    begun = time.perf_counter()
    dialog.map.grab()
    assert time.perf_counter() - begun < 0.25


@given(st.lists(st.integers(0, 5000), unique=True, max_size=60))
def test_cells_written_read_back_in_order(cells):
    assert parse_cells(format_cells(cells)) == cells


@pytest.mark.parametrize("text", ["a", "5-2", "3/2", "1-2-3", "1-9/0", "999999999999"])
def test_what_is_no_list_of_cells_is_refused(text):
    with pytest.raises(ConfigError):
        parse_cells(text)


def test_the_form_opens_the_map_and_takes_what_was_chosen(window, lab, qtbot, store):
    row = window.form.rows[("chosen",)]
    row.editor.widget.setText("3-5")
    assert window.form.protocol.chosen == (3, 4, 5)
    window.form.rows[("array",)].editor.widget.setText("2")
    row.editor.map.click()
    dialog = window.cell_desk.dialog
    assert dialog.windowTitle() == "Cells of array 2"
    assert dialog.selection.cells() == [3, 4, 5]
    qtbot.waitUntil(lambda: bool(dialog.selection.stuck[2, 0]))
    assert dialog.selection.stuck.sum() == 1
    drag(dialog, (2, 0), (2, 1))
    click(dialog, (9, 9), Qt.KeyboardModifier.ShiftModifier)
    dialog.accept()
    assert row.editor.widget.text() == "3-5, 33"
    assert window.form.protocol.chosen == (3, 4, 5, 33)
    row.editor.map.click()
    assert window.cell_desk.dialog.excluded() == [9 * 16 + 9]
    window.cell_desk.dialog.reject()
    assert window.cell_desk.dialog is None


def test_a_cell_that_is_named_twice_is_refused_in_the_form(window):
    row = window.form.rows[("chosen",)]
    row.editor.widget.setText("3-5, 4")
    assert window.form.protocol is None
    assert "once" in row.error.text()


def test_excluded_cells_are_struck_out_on_the_live_map_and_follow_the_choice(window, lab, qtbot):
    (panel,) = [panel for panel in window.live.panels if type(panel).__name__ == "MapPanel"]
    editor = window.form.rows[("chosen",)].editor

    def exclude(cell):
        editor.map.click()
        click(window.cell_desk.dialog, cell, Qt.KeyboardModifier.ShiftModifier)
        window.cell_desk.dialog.accept()

    def struck():
        return sorted((int(x), int(y)) for x, y in zip(*panel.strokes.getData(), strict=True))

    exclude((0, 5))
    qtbot.waitUntil(lambda: window.conductor.can_run)
    window.run_bar.buttons["run"].click()
    lab.gate.release(3)
    qtbot.waitUntil(lambda: window.session.run is not None and not window.session.is_active)
    window.tabs.setCurrentWidget(window.live)
    qtbot.waitUntil(lambda: struck() == [(0, 5)])
    assert "1 excluded (/)" in panel.caption.text()
    assert panel.read_at(QPointF(0.0, 5.0)).endswith(", excluded")
    assert not panel.read_at(QPointF(0.0, 4.0)).endswith(", excluded")
    exclude((3, 3))
    qtbot.waitUntil(lambda: struck() == [(0, 5), (3, 3)])
    exclude((0, 5))
    qtbot.waitUntil(lambda: struck() == [(3, 3)])
    qtbot.waitUntil(lambda: not window.laboratory.is_busy)
