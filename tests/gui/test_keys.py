"""The keyboard: every verb has its key, and the Tab key goes where the operator looks."""

import itertools

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication

from labctl.events import RunState
from labctl.gui.queue.entries import EntryState

Key, Held = Qt.Key, Qt.KeyboardModifier


@pytest.fixture
def front(window, qtbot):
    """The window, with the keyboard in the search for a protocol."""
    window.activateWindow()
    qtbot.waitUntil(window.chooser.search.hasFocus)
    return window


def tab(qtbot, *, back=False):
    """Press Tab, and return where the keyboard is then."""
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_Backtab if back else Key.Key_Tab)
    return QApplication.focusWidget()


def test_every_verb_of_a_run_has_its_key(front, lab, qtbot):
    actions = front.run_bar.actions_by_name
    for key, verb, state in (
        (Key.Key_F5, "run", RunState.RUNNING),
        (Key.Key_F6, "pause", RunState.PAUSED),
        (Key.Key_F7, "resume", RunState.RUNNING),
        (Key.Key_F8, "stop", RunState.STOPPING),
    ):
        qtbot.waitUntil(actions[verb].isEnabled)
        qtbot.keyClick(front, key)
        qtbot.waitUntil(lambda state=state: front.session.state is state)
    qtbot.keyClick(front, Key.Key_F9)
    qtbot.waitUntil(lambda: not front.session.is_active and not front.laboratory.is_busy)
    assert front.session.state is RunState.ABORTED
    assert lab.twin.output == "0"


def test_the_queue_is_worked_by_keys_again_and_again(front, lab, qtbot):
    panel, model = front.queue_panel, front.queue.model
    steps = front.form.rows[("steps",)].editor.widget

    def kept():
        return [entry.parameters["steps"] for entry in model.entries]

    for number in (1, 2):
        steps.setText(str(number))
        qtbot.keyClick(steps, Key.Key_Return, Held.ControlModifier)
        qtbot.waitUntil(lambda number=number: len(model.entries) == number)
    front.raise_dock("Queue")
    panel.choose(1)
    qtbot.keyClick(panel.table, Key.Key_Up, Held.AltModifier)
    qtbot.waitUntil(lambda: kept() == [2, 1])
    qtbot.keyClick(panel.table, Key.Key_Down, Held.AltModifier)
    qtbot.waitUntil(lambda: kept() == [1, 2])
    for number in (7, 8):  # once is not enough: Qt forgets the key of a button that is given another text
        qtbot.keyClick(panel.table, Key.Key_F2)
        qtbot.waitUntil(lambda: panel.edited == 1)
        steps.setText(str(number))
        qtbot.keyClick(steps, Key.Key_Return, Held.ControlModifier)
        qtbot.waitUntil(lambda number=number: kept() == [1, number])
    qtbot.keyClick(panel.table, Key.Key_F2)
    qtbot.waitUntil(lambda: panel.edited == 1)
    qtbot.keyClick(panel.table, Key.Key_F2)  # and it is not changed after all
    qtbot.waitUntil(lambda: panel.edited is None)
    assert panel.add.text() == "Add"
    qtbot.keyClick(panel.table, Key.Key_Delete, Held.ControlModifier)
    qtbot.waitUntil(lambda: kept() == [1])
    qtbot.keyClick(steps, Key.Key_Return, Held.ControlModifier | Held.ShiftModifier)
    qtbot.waitUntil(lambda: front.queue_desk.dialog is not None)
    front.queue_desk.dialog.reject()


def test_the_queue_is_started_held_and_started_by_its_key(front, lab, qtbot):
    front.queue_panel.add.click()
    front.queue_panel.add.click()
    qtbot.keyClick(front, Key.Key_F5, Held.ControlModifier)
    qtbot.waitUntil(lambda: front.queue.is_going and front.session.state is RunState.RUNNING)
    assert "Hold queue" in front.queue_panel.start.text()
    qtbot.keyClick(front, Key.Key_F5, Held.ControlModifier)
    qtbot.waitUntil(lambda: not front.queue.is_going)
    assert "Start queue" in front.queue_panel.start.text()
    assert front.session.state is RunState.RUNNING, "the one that runs goes on"
    lab.gate.release(3)
    qtbot.waitUntil(lambda: not front.session.is_active and not front.laboratory.is_busy)
    assert [entry.state for entry in front.queue.model.entries] == [EntryState.DONE, EntryState.WAITING]
    lab.gate.release(3)
    qtbot.keyClick(front, Key.Key_F5, Held.ControlModifier)
    qtbot.waitUntil(lambda: front.queue.model.entries[1].state is EntryState.DONE)
    qtbot.waitUntil(lambda: not front.laboratory.is_busy)


def test_each_dock_comes_to_the_front_by_its_number_and_has_the_keyboard(front, qtbot):
    for number, dock in enumerate(front.docks.values(), 1):
        qtbot.keyClick(front, Key(ord(str(number))), Held.ControlModifier)
        qtbot.waitUntil(lambda dock=dock: not dock.visibleRegion().isEmpty())
        assert dock.isAncestorOf(QApplication.focusWidget())


def test_tab_goes_down_the_form_and_on_to_the_station_and_its_cards(front, qtbot):
    front.presets.more.setFocus()
    stops = [row.editor.widget for row in front.form.rows.values()]
    stops.insert(1 + stops.index(front.form.rows[("chosen",)].editor.widget), front.form.rows[("chosen",)].editor.map)
    panel, card = front.station_panel, front.station_panel.cards["array"]
    stops += [panel.chooser, panel.simulated, panel.disconnect_all, card.button, card.manual]
    assert [tab(qtbot) for _ in stops] == stops
    assert [tab(qtbot, back=True) for _ in stops] == [*stops[-2::-1], front.presets.more]


def test_tab_goes_round_the_whole_window_and_past_docks_that_are_behind(front, qtbot):
    search = front.chooser.search
    stops = list(itertools.takewhile(lambda widget: widget is not search, (tab(qtbot) for _ in range(200))))
    assert len(stops) < 199
    assert front.run_bar.buttons["run"] in stops
    assert front.log in stops
    for name in ("By hand", "Queue", "History"):
        assert not any(front.docks[name].isAncestorOf(stop) for stop in stops), name
    front.raise_dock("History")
    qtbot.waitUntil(lambda: not front.docks["History"].visibleRegion().isEmpty())
    front.history.words.setFocus()
    expected = [front.history.protocol, front.history.status, front.history.sample, front.history.operator]
    assert [tab(qtbot) for _ in expected] == expected
