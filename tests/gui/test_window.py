"""The window driven as an operator does: by buttons, keys and the close box."""

import logging
import sys
import threading

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog

import labctl
from labctl.events import RunState
from labctl.gui.app import catch_crashes
from labctl.gui.facts import Outputs
from labctl.gui.result_view import FigureLabel, name_and_unit
from labctl.gui.window import MainWindow


def press(window, name):
    window.run_bar.buttons[name].click()


def start(window, qtbot):
    press(window, "run")
    qtbot.waitUntil(lambda: window.session.state is RunState.RUNNING and window.session.is_active)


def ended(window, qtbot, state):
    qtbot.waitUntil(lambda: not window.session.is_active)
    assert window.session.state is state
    qtbot.waitUntil(lambda: not window.laboratory.is_busy)


def enabled(window):
    return {name for name, action in window.run_bar.actions_by_name.items() if action.isEnabled()}


def test_a_run_goes_from_the_button_to_its_file_summary_and_figure(window, lab, qtbot):
    assert enabled(window) == {"run", "off"}
    window.run_bar.operator.setText("Ada")
    window.run_bar.sample.setText("die 9")
    window.run_bar.seed.setText("42")
    start(window, qtbot)
    lab.gate.release(3)
    ended(window, qtbot, RunState.DONE)
    data = labctl.load(window.result.path.text())
    assert (data.header.seed, data.header.operator, data.header.sample) == (42, "Ada", "die 9")
    assert data.header.simulated
    assert data.lengths["cell_read"] == 60
    assert window.result.summary.item(0, 1).text() == "60"
    assert window.run_bar.progress.text() == "step 3 of 3, 100 %"
    assert "level 2 is read" in window.log.toPlainText()
    qtbot.waitUntil(lambda: window.result.figure.pixels is not None)
    assert window.result.figure.pixels.width() > 100
    window.result.larger.click()
    (larger,) = window.result.figure.findChildren(QDialog)
    assert larger.isVisible()
    assert larger.findChild(FigureLabel).pixels is window.result.figure.pixels
    larger.close()


def test_pause_and_resume_take_turns(window, lab, qtbot):
    start(window, qtbot)
    qtbot.waitUntil(lambda: enabled(window) == {"pause", "stop", "abort", "off"})
    press(window, "pause")
    qtbot.waitUntil(lambda: enabled(window) == {"resume", "stop", "abort", "off"})
    assert "paused" in window.run_bar.state.text()
    press(window, "resume")
    lab.gate.release(3)
    ended(window, qtbot, RunState.DONE)
    assert enabled(window) == {"run", "off"}


def test_stop_finishes_the_step(window, lab, qtbot):
    start(window, qtbot)
    press(window, "stop")
    qtbot.waitUntil(lambda: enabled(window) == {"abort", "off"})
    lab.gate.release(1)
    ended(window, qtbot, RunState.STOPPED)
    assert labctl.load(window.result.path.text()).lengths["cell_read"] == 20


def test_abort_leaves_the_output_off_read_back_and_in_the_file(window, lab, qtbot):
    start(window, qtbot)
    lab.gate.release(1)
    qtbot.waitUntil(lambda: lab.twin.output == "1")
    assert window.laboratory.facts["array"].outputs is Outputs.IN_USE
    press(window, "abort")
    ended(window, qtbot, RunState.ABORTED)
    assert lab.twin.output == "0"
    assert labctl.load(window.result.path.text()).safe_state == {"array": {"output": "0"}}
    assert window.laboratory.facts["array"].outputs is Outputs.SAFE


def test_outputs_off_aborts_the_run_and_makes_safe_by_its_key(window, lab, qtbot):
    start(window, qtbot)
    qtbot.waitUntil(lambda: lab.twin.output == "1")
    qtbot.keyClick(window, Qt.Key.Key_F12)
    ended(window, qtbot, RunState.ABORTED)
    qtbot.waitUntil(lambda: "every connected instrument is safe" in window.log.toPlainText())
    assert lab.twin.output == "0"


def test_outputs_off_works_when_nothing_runs(window, lab, qtbot):
    lab.twin.output = "1"
    press(window, "off")
    qtbot.waitUntil(lambda: "every connected instrument is safe" in window.log.toPlainText())
    assert lab.twin.output == "0"


def test_outputs_off_reaches_an_instrument_that_was_told_to_give_up_its_wait(window, lab, qtbot):
    lab.twin.output = "1"
    window.laboratory.station["array"].link.cancel()
    press(window, "off")
    qtbot.waitUntil(lambda: "every connected instrument is safe" in window.log.toPlainText())
    assert lab.twin.output == "0"


def test_outputs_off_calls_off_a_run_that_is_about_to_start(window, qtbot):
    press(window, "run")
    press(window, "off")
    qtbot.waitUntil(lambda: "called off" in window.log.toPlainText())
    assert window.session.run is None
    qtbot.waitUntil(lambda: window.conductor.can_run)


def test_an_instrument_that_fails_in_the_middle_is_shown_in_words(window, lab, qtbot):
    window.form.rows[("fail",)].editor.show_value(True)
    qtbot.waitUntil(lambda: window.conductor.can_run)
    start(window, qtbot)
    lab.gate.release(2)
    ended(window, qtbot, RunState.FAILED)
    assert window.messages.isVisible()
    assert "The run failed" in window.messages.words.text()
    assert "no answer within the time-out" in window.messages.words.text()
    card = window.station_panel.cards["array"]
    assert "could not be made safe" in card.error.text()
    assert window.laboratory.facts["array"].outputs is Outputs.UNKNOWN
    assert enabled(window) == {"off"}
    assert "not known whether the outputs are safe" in window.run_bar.plan.text()
    window.messages.dismiss.click()
    assert not window.messages.isVisible()
    lab.twin.broken = False
    window.station_panel.refresh.click()
    qtbot.waitUntil(lambda: window.laboratory.facts["array"].outputs is Outputs.SAFE)
    assert not card.error.isVisible()
    qtbot.waitUntil(lambda: enabled(window) == {"run", "off"})


def test_an_instrument_that_does_not_answer_cannot_be_connected(make_window, lab, qtbot):
    lab.twin.broken = True
    window = make_window(connect=False)
    window.station_panel.connect_all.click()
    qtbot.waitUntil(lambda: window.messages.isVisible())
    assert "no answer within the time-out" in window.station_panel.cards["array"].error.text()
    qtbot.waitUntil(lambda: "Connect array to run" in window.run_bar.plan.text())
    assert enabled(window) == {"off"}


def test_closing_during_a_run_asks_first(window, lab, qtbot):
    asked = []
    window.confirm = lambda title, question: bool(asked.append(question))
    start(window, qtbot)
    window.close()
    assert window.isVisible()
    assert "aborts the run" in asked[0]
    assert window.session.state is RunState.RUNNING
    window.confirm = lambda title, question: True
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert window.session.state is RunState.ABORTED
    assert lab.twin.output == "0"
    assert not window.laboratory.station["array"].is_open


def test_closing_says_what_could_not_be_made_safe(window, lab, qtbot):
    asked = []
    window.confirm = lambda title, question: bool(asked.append(question))
    lab.twin.broken = True
    window.close()
    qtbot.waitUntil(lambda: bool(asked))
    assert "array could not be made safe" in asked[0]
    assert window.isVisible()
    window.confirm = lambda title, question: True


def test_a_crash_of_a_slot_aborts_the_run_and_is_shown(window, lab, qtbot, monkeypatch):
    monkeypatch.setattr("sys.__excepthook__", lambda *_: None)
    start(window, qtbot)
    error = ZeroDivisionError("a slot broke")
    with catch_crashes(window):
        sys.excepthook(type(error), error, None)
    ended(window, qtbot, RunState.ABORTED)
    assert "a slot broke" in window.messages.words.text()
    assert "ZeroDivisionError" in window.messages.details.toPlainText()
    assert not window.messages.details.isVisible()
    window.messages.unfold.click()
    assert window.messages.details.isVisible()
    qtbot.waitUntil(lambda: lab.twin.output == "0")


def test_a_crash_of_another_thread_switches_the_outputs_off(window, lab, qtbot):
    lab.twin.output = "1"
    with catch_crashes(window):
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    qtbot.waitUntil(lambda: "division by zero" in window.messages.words.text())
    qtbot.waitUntil(lambda: lab.twin.output == "0")


def test_outputs_off_does_not_wait_for_a_run_that_hangs(window, lab, qtbot):
    window.conductor._off_timer.setInterval(50)
    lab.protocol.hangs.set()
    start(window, qtbot)
    qtbot.waitUntil(lambda: lab.twin.output == "1")
    press(window, "off")
    qtbot.waitUntil(lambda: lab.twin.output == "0")
    assert window.session.state is RunState.ABORTING
    lab.protocol.hangs.clear()
    ended(window, qtbot, RunState.ABORTED)


def test_a_window_without_a_station_closes(qtbot, store, tmp_path, lab, light):
    window = MainWindow(output=tmp_path, store=store)
    qtbot.addWidget(window)
    window.show()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())


def test_the_program_opens_the_last_station_and_returns_when_it_is_closed(program, store, tmp_path, lab):
    store.setValue("station", str(lab.station))
    store.setValue("simulate", "yes")

    def look(window):
        return window.laboratory.station.name, window.laboratory.station.options.simulate, window.output

    assert program("", look, simulate=False) == (("tiny", True, tmp_path / "data"), 0)


def test_the_last_error_of_an_instrument_stays_on_its_card(make_window, lab, qtbot):
    lab.twin.broken = True
    window = make_window(connect=False)
    window.station_panel.connect_all.click()
    qtbot.waitUntil(lambda: window.messages.isVisible())
    press(window, "off")
    qtbot.waitUntil(lambda: "no instrument is connected" in window.log.toPlainText())
    assert "no answer" in window.station_panel.cards["array"].error.text()


def test_a_window_says_whether_its_lab_is_simulated(window):
    assert "SIMULATED LAB" in window.windowTitle()
    assert window.station_panel.cards["array"].kind.text() == "SIMULATED"


def test_the_card_shows_who_answered_and_what_was_read(window):
    card = window.station_panel.cards["array"]
    assert "Acme Tiny, serial 7, firmware 1.0" in card.details["identity"].text()
    assert card.details["connection"].text() == "connected"
    assert "safe" in card.details["outputs"].text()
    assert "output 0" in card.details["read back"].text()
    assert card.settings.rowCount() == 4
    assert card.settings.itemAt(3, card.settings.ItemRole.FieldRole).widget().text() == "300.5 K"


def test_disconnecting_makes_safe_and_takes_run_away(window, lab, qtbot):
    lab.twin.output = "1"
    window.station_panel.cards["array"].button.click()
    qtbot.waitUntil(lambda: not window.laboratory.is_connected)
    assert lab.twin.output == "0"
    qtbot.waitUntil(lambda: enabled(window) == {"off"})


def test_another_station_brings_its_sample_but_leaves_a_name_that_was_typed(window, lab, qtbot, tmp_path):
    def take(name):
        other = tmp_path / f"{name}.toml"
        other.write_text(
            lab.station.read_text().replace('"tiny"\n[sample]', f'"{name}"\n[sample]').replace("die 7", name)
        )
        window.open_station(str(other), simulate=True)
        qtbot.waitUntil(lambda: window.laboratory.station.name == name and not window.laboratory.is_busy)

    assert window.run_bar.sample.text() == "die 7"
    take("die 8")
    assert window.run_bar.sample.text() == "die 8"
    window.run_bar.sample.setText("mine")
    take("die 9")
    assert window.run_bar.sample.text() == "mine"


def test_a_broken_station_file_is_an_error_in_words_and_the_program_goes_on(window, lab, qtbot, tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text('name = "x"\n[instruments.a]\ndriver = "tiny"\nlinc = "y"\n')
    window.open_station(str(broken), simulate=True)
    qtbot.waitUntil(lambda: window.messages.isVisible())
    assert "linc" in window.messages.words.text()
    assert window.laboratory.station.name == "tiny"


def test_a_read_only_data_folder_fails_the_run_in_words(window, lab, qtbot, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    window.output = blocked / "runs"
    press(window, "run")
    qtbot.waitUntil(lambda: window.session.run is not None)
    ended(window, qtbot, RunState.FAILED)
    assert "cannot be written" in window.messages.words.text()
    assert window.result.path.text() == ""


def test_layout_station_folder_and_names_are_remembered(make_window, store, lab, qtbot, tmp_path):
    first = make_window()
    first.run_bar.operator.setText("Grace")
    start(first, qtbot)
    lab.gate.release(3)
    ended(first, qtbot, RunState.DONE)
    first.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, first.docks["Log"])
    first.close()
    qtbot.waitUntil(lambda: not first.isVisible())
    assert store.value("station") == str(lab.station)
    second = make_window(connect=False)
    assert second.dockWidgetArea(second.docks["Log"]) == Qt.DockWidgetArea.TopDockWidgetArea
    assert second.run_bar.operator.text() == "Grace"
    assert second.remembered.folder() == tmp_path / "runs"


def test_what_labctl_logs_in_any_thread_is_in_the_log(window, qtbot):
    logging.getLogger("labctl.anything").warning("a warning from afar")
    qtbot.waitUntil(lambda: "a warning from afar" in window.log.toPlainText())


@pytest.mark.parametrize(("text", "wrong"), [("7", False), ("", False), ("minus one", True), ("-1", True)])
def test_the_seed_is_checked_as_typed(window, text, wrong):
    window.run_bar.seed.setText(text)
    assert ("run" not in enabled(window)) is wrong
    assert ("seed" in window.run_bar.plan.text()) is wrong


def test_a_headline_figure_is_shown_with_the_unit_that_its_name_carries():
    assert name_and_unit("relaxed_error_std_nA") == ("relaxed error std", " nA")
    assert name_and_unit("overlapping_levels") == ("overlapping levels", "")
