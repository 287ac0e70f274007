"""What must hold in every state: "outputs off" by its key, closing, and where the keyboard is."""

import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QApplication, QMessageBox

from labctl.events import RunState
from labctl.gui.frame import Frame
from labctl.gui.queue.entries import EntryState

SAFE = "every connected instrument is safe"


def run(window, qtbot):
    window.run_bar.buttons["run"].click()
    qtbot.waitUntil(lambda: window.session.state is RunState.RUNNING)


def over(window, qtbot):
    qtbot.waitUntil(lambda: not window.session.is_active and not window.laboratory.is_busy)


@pytest.mark.parametrize("state", ["running", "paused", "stopping"])
def test_the_key_of_outputs_off_ends_a_run_in_every_state(window, lab, qtbot, state):
    run(window, qtbot)
    qtbot.waitUntil(lambda: lab.twin.output == "1")
    if state != "running":
        window.run_bar.buttons["pause" if state == "paused" else "stop"].click()
        qtbot.waitUntil(lambda: window.session.state is RunState(state))
    qtbot.keyClick(window, Qt.Key.Key_F12)
    over(window, qtbot)
    assert window.session.state is RunState.ABORTED
    qtbot.waitUntil(lambda: SAFE in window.log.toPlainText())
    assert lab.twin.output == "0"


def test_the_key_of_outputs_off_works_while_an_instrument_is_being_connected(make_window, lab, qtbot):
    window = make_window(connect=False)
    lab.twin.broken = True
    window.station_panel.connect_all.click()
    assert window.laboratory.is_busy
    qtbot.keyClick(window, Qt.Key.Key_F12)
    assert "outputs off was asked for" in window.log.toPlainText()
    lab.twin.broken = False
    qtbot.waitUntil(lambda: not window.laboratory.is_busy)
    window.station_panel.connect_all.click()
    qtbot.waitUntil(lambda: window.conductor.can_run)


def test_the_key_of_outputs_off_works_in_a_dialog_that_shuts_the_window_out(window, lab, qtbot):
    window.queue_panel.series.click()
    dialog = window.queue_desk.dialog
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is dialog and dialog.isActiveWindow())
    lab.twin.output = "1"
    qtbot.keyClick(dialog, Qt.Key.Key_F12)
    qtbot.waitUntil(lambda: SAFE in window.log.toPlainText())
    assert lab.twin.output == "0"
    assert dialog.isVisible()
    dialog.reject()


def test_the_key_of_outputs_off_works_while_a_question_waits_for_its_answer(window, lab, qtbot):
    lab.twin.output = "1"
    answers = []

    def press():
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox) or not box.isActiveWindow():
            QTimer.singleShot(10, press)
            return
        try:
            qtbot.keyClick(box, Qt.Key.Key_F12)
            qtbot.waitUntil(lambda: lab.twin.output == "0")
        finally:
            box.button(QMessageBox.StandardButton.No).click()

    QTimer.singleShot(0, press)
    answers.append(Frame.ask(window, "Delete", "Delete the preset?"))
    assert answers == [False]
    assert lab.twin.output == "0"


def test_closing_while_an_instrument_is_being_connected_ends_the_program(make_window, lab, qtbot):
    window = make_window(connect=False)
    lab.twin.broken = True
    window.station_panel.connect_all.click()
    assert window.laboratory.is_busy
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert not window.laboratory.station["array"].is_open


def test_closing_while_the_queue_goes_on_asks_aborts_and_keeps_what_waits(make_window, lab, qtbot):
    window = make_window()
    asked = []
    window.confirm = lambda title, question: not asked.append(question)
    window.queue_panel.add.click()
    window.queue_panel.add.click()
    window.queue_panel.start.click()
    qtbot.waitUntil(lambda: lab.twin.output == "1")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert len(asked) == 1
    assert lab.twin.output == "0"
    again = make_window(connect=False)
    assert [entry.state for entry in again.queue.model.entries] == [EntryState.ABORTED, EntryState.WAITING]
    assert not again.queue.is_going


def test_the_keyboard_goes_from_run_to_pause_and_never_on_to_outputs_off_or_abort(window, lab, qtbot):
    window.activateWindow()
    buttons = window.run_bar.buttons
    buttons["run"].setFocus()
    qtbot.keyClick(buttons["run"], Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.state is RunState.RUNNING)
    qtbot.waitUntil(buttons["pause"].hasFocus)
    qtbot.keyClick(buttons["pause"], Qt.Key.Key_Space)
    qtbot.waitUntil(buttons["resume"].hasFocus)
    qtbot.keyClick(buttons["resume"], Qt.Key.Key_Space)
    qtbot.waitUntil(buttons["pause"].hasFocus)
    buttons["stop"].setFocus()
    qtbot.keyClick(buttons["stop"], Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not buttons["stop"].hasFocus())
    lab.gate.release(3)
    over(window, qtbot)
    qtbot.waitUntil(buttons["run"].isEnabled)
    assert not any(button.hasFocus() for button in buttons.values())


def test_a_window_that_opens_has_the_keyboard_in_the_search_for_a_protocol(window, qtbot):
    window.activateWindow()
    qtbot.waitUntil(window.chooser.search.hasFocus)


def test_tab_goes_through_the_verbs_and_the_labels_from_left_to_right(window, qtbot):
    window.activateWindow()
    bar = window.run_bar
    expected = [bar.buttons["run"], bar.buttons["off"], *bar.labels.values(), bar.seed]
    expected[0].setFocus()
    for widget in expected[1:]:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is widget
