"""Working by hand: settings, cells and wire of one instrument, through the panel."""

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPushButton

from labctl.gui.elided import ElidedLabel
from labctl.gui.facts import Outputs
from labctl.gui.manual.work import wire_text
from labctl.links.link import TranscriptEntry


@pytest.fixture
def manual(window, qtbot):
    window.station_panel.cards["array"].manual.click()
    qtbot.waitUntil(lambda: len(window.manual.settings.editors) == 5 and not window.laboratory.is_busy)
    return window.manual


def idle(window, qtbot):
    qtbot.waitUntil(lambda: not window.laboratory.is_busy)


def outputs(window):
    return window.laboratory.facts["array"].outputs


def test_settings_are_shown_as_what_they_are(manual):
    editors = manual.settings.editors
    kinds = {name: type(editor) for name, editor in editors.items()}
    assert kinds == {
        "gain": QLineEdit, "mode": QComboBox, "lamp": QCheckBox, "current": ElidedLabel, "temperature": ElidedLabel,
    }  # fmt: skip
    assert editors["gain"].text() == "500 mV"
    assert editors["mode"].currentText() == "fast"
    assert editors["lamp"].text() == "off"
    assert editors["temperature"].text() == "300.5 K"
    assert editors["current"].text().strip() == ""
    assert "range: 0 V to 2 V" in editors["gain"].toolTip()
    hints = [
        hint.text().strip() for hint in manual.settings.findChildren(ElidedLabel) if hint.property("role") == "hint"
    ]
    assert sorted(hints) == ["", "", "0 V to 2 V", "read only", "read only"]
    assert manual.roles.currentText() == "array"
    assert manual.kind.text() == "SIMULATED"


def test_a_setting_is_set_from_its_editor_and_read_back(manual, window, lab, qtbot):
    editors = manual.settings.editors
    editors["gain"].setText("1500 mV")
    qtbot.keyClick(editors["gain"], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: lab.twin.settings["GAIN"] == "1.5" and editors["gain"].text() == "1.5 V")
    idle(window, qtbot)
    editors["lamp"].click()
    qtbot.waitUntil(lambda: lab.twin.settings["LAMP"] == "1" and editors["lamp"].text() == "on")
    idle(window, qtbot)
    editors["mode"].setCurrentText("slow")
    editors["mode"].textActivated.emit("slow")
    qtbot.waitUntil(lambda: lab.twin.settings["MODE"] == "slow")


def test_what_the_instrument_says_is_followed(manual, window, lab, qtbot):
    lab.twin.settings["GAIN"] = "0.25"
    manual.settings.refresh.click()
    qtbot.waitUntil(lambda: manual.settings.editors["gain"].text() == "250 mV")
    lab.twin.settings.update(MODE="slow", LAMP="1")
    idle(window, qtbot)
    manual.settings.refresh.click()
    qtbot.waitUntil(lambda: manual.settings.editors["mode"].currentText() == "slow")
    assert manual.settings.editors["lamp"].isChecked()
    assert manual.settings.editors["lamp"].text() == "on"
    assert outputs(window) is Outputs.SAFE


def test_a_value_out_of_range_is_refused_in_words_and_the_old_one_shown(manual, window, lab, qtbot):
    editor = manual.settings.editors["gain"]
    editor.setText("3 V")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "goes from 0 V to 2 V" in window.messages.words.text())
    assert lab.twin.settings["GAIN"] == "0.5"
    qtbot.waitUntil(lambda: editor.text() == "500 mV")


def test_a_measurement_is_taken_only_on_request(manual, window, lab, qtbot):
    assert "I?" not in lab.twin.asked
    (measure,) = [b for b in manual.settings.findChildren(QPushButton) if b.text() == "Measure"]
    measure.click()
    qtbot.waitUntil(lambda: manual.settings.editors["current"].text() == "1.5 uA")
    assert lab.twin.asked.count("I?") == 1


def test_after_work_by_hand_no_run_starts_before_the_station_was_made_safe(manual, window, lab, qtbot):
    editor = manual.settings.editors["gain"]
    editor.setText("1 V")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    idle(window, qtbot)
    assert outputs(window) is Outputs.BY_HAND
    assert not window.conductor.can_run
    assert "Read the station again" in window.run_bar.plan.text()
    window.station_panel.refresh.click()
    qtbot.waitUntil(lambda: window.conductor.can_run)
    assert outputs(window) is Outputs.SAFE


def test_one_cell_is_read_and_pulsed_and_the_instrument_made_safe(manual, window, lab, qtbot):
    read = manual.action_forms["Read cell"]
    read.form.rows[("cell",)].editor.widget.setText("17")
    read.button.click()
    qtbot.waitUntil(lambda: read.result.text() == "cell 17: 200 nA at 200 mV, 1 uS")
    pulse = manual.action_forms["Pulse cell"]
    idle(window, qtbot)
    pulse.button.click()
    qtbot.waitUntil(lambda: pulse.result.text() == "after the pulse cell 0: 400 nA at 200 mV, 2 uS")
    idle(window, qtbot)
    assert lab.twin.output == "0"
    assert outputs(window) is Outputs.SAFE
    assert window.conductor.can_run


def test_a_pulse_that_is_refused_leaves_the_instrument_safe(manual, window, lab, qtbot):
    pulse = manual.action_forms["Pulse cell"]
    pulse.form.rows["pulse", "bit_line"].editor.widget.setText("4.5 V")
    pulse.button.click()
    qtbot.waitUntil(lambda: "it failed" in pulse.result.text())
    assert "4 V is the most" in window.messages.words.text()
    assert lab.twin.output == "0"
    pulse.form.rows["pulse", "bit_line"].editor.widget.setText("9 V")
    assert not pulse.button.isEnabled()


def test_the_console_sends_a_line_and_shows_the_transcript(manual, window, qtbot):
    manual.tabs.setCurrentWidget(manual.wire)
    qtbot.waitUntil(lambda: "< Acme,Tiny,7,1.0" in manual.wire.transcript.toPlainText())
    qtbot.keyClicks(manual.wire.line, "T?")
    qtbot.keyClick(manual.wire.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: manual.wire.transcript.toPlainText().rstrip().endswith("< 300.5"))
    idle(window, qtbot)
    qtbot.keyClicks(manual.wire.line, "LAMP 1")
    manual.wire.send.click()
    qtbot.waitUntil(lambda: "> LAMP 1" in manual.wire.transcript.toPlainText())
    qtbot.keyClick(manual.wire.line, Qt.Key.Key_Up)
    assert manual.wire.line.text() == "LAMP 1"
    qtbot.keyClick(manual.wire.line, Qt.Key.Key_Up)
    assert manual.wire.line.text() == "T?"
    qtbot.keyClick(manual.wire.line, Qt.Key.Key_Down)
    assert manual.wire.line.text() == "LAMP 1"


def test_a_line_without_an_answer_is_an_error_in_words(manual, window, qtbot):
    manual.wire.line.setText("NOTHING?")
    manual.wire.ask.click()
    qtbot.waitUntil(lambda: "no answer within the time-out" in window.messages.words.text())


def test_bytes_are_shown_and_sent_in_hexadecimal(manual, window, lab, qtbot):
    assert wire_text(TranscriptEntry(0.0, ">", b"\x00\xff\x02")) == "hex: 00 ff 02"
    assert wire_text(TranscriptEntry(0.0, ">", b"*IDN?\n")) == "*IDN?"
    manual.wire.line.setText("hex: 4f 55 54 20 31 0a")
    manual.wire.send.click()
    qtbot.waitUntil(lambda: lab.twin.output == "1")
    idle(window, qtbot)
    manual.wire.line.setText("hex: zz")
    manual.wire.send.click()
    qtbot.waitUntil(lambda: "write bytes such as" in window.messages.words.text())


def test_everything_is_locked_while_a_run_has_the_instrument(manual, window, lab, qtbot):
    window.run_bar.buttons["run"].click()
    qtbot.waitUntil(lambda: window.session.is_active)
    qtbot.waitUntil(lambda: not manual.settings.isEnabled())
    assert not manual.action_forms["Read cell"].isEnabled()
    assert "a run has the instruments" in manual.words.text()
    lab.gate.release(3)
    qtbot.waitUntil(lambda: manual.settings.isEnabled())
