"""What an operator is told: progress with the time that is left, states in words, notes on the desktop, the result."""

from pathlib import Path

import pytest
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QLabel

from labctl.events import Progress, RunState
from labctl.gui import notify, result_view


@pytest.fixture
def tray(monkeypatch):
    """The system's tray: what is shown in it."""
    shown = []

    class Tray:
        MessageIcon = notify.QSystemTrayIcon.MessageIcon

        def __init__(self, icon, parent):
            assert not icon.isNull()

        @staticmethod
        def isSystemTrayAvailable():  # noqa: N802
            return True

        def show(self):
            shown.append("tray")

        def showMessage(self, *told):  # noqa: N802
            shown.append(told)

    monkeypatch.setattr(notify, "QSystemTrayIcon", Tray)
    return shown


def test_progress_shows_the_step_and_the_time_that_is_left(window, lab, qtbot):
    bar = window.run_bar
    window.run_bar.buttons["run"].click()
    qtbot.waitUntil(lambda: window.session.is_active)
    assert not bar.progress.text()
    lab.gate.release(1)
    qtbot.waitUntil(lambda: bar.progress.text().startswith("step 1 of 3, 33 %, "))
    assert bar.progress.text().endswith(" left")
    assert bar.progress.value() == 333
    lab.gate.release(2)
    qtbot.waitUntil(lambda: not window.session.is_active and not window.laboratory.is_busy)
    assert bar.progress.text() == "step 3 of 3, 100 %"
    bar.show_progress(Progress(50, 200, 3.0, 65.0))
    assert bar.progress.text() == "step 50 of 200, 25 %, 1 min 5 s left"


def test_every_state_of_a_run_has_words_and_a_sign_of_its_own(window):
    texts = []
    for state in RunState:
        window.run_bar.show_state(state, can_run=True)
        texts.append(window.run_bar.state.text())
    assert len(set(texts)) == len(RunState)
    assert all(any(letter.isalpha() for letter in text) for text in texts)
    signed = [text for state, text in zip(RunState, texts, strict=True) if state is not RunState.READY]
    assert not any(text[0].isalnum() for text in signed)


def test_a_note_is_shown_in_the_tray_at_the_end_and_at_a_failure(window, qtbot, monkeypatch, tray, run_through):
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    run_through(window)
    assert tray[0] == "tray"
    title, text, icon, duration = tray[1]
    assert (title, icon, duration) == (
        "labctl: Run done",
        notify.QSystemTrayIcon.MessageIcon.Information,
        notify.SHOWN_MS,
    )
    assert text.endswith(Path(window.result.path.text()).name)
    window.form.rows[("fail",)].editor.show_value(True)
    qtbot.waitUntil(lambda: window.conductor.can_run)
    run_through(window)
    title, text, icon, _ = tray[-1]
    assert (title, icon) == ("labctl: Run FAILED", notify.QSystemTrayIcon.MessageIcon.Critical)
    assert "no answer" in text


def test_who_looks_at_the_window_is_shown_no_note(window, qtbot, monkeypatch, tray, run_through):
    monkeypatch.setattr(window, "isActiveWindow", lambda: True)
    run_through(window)
    assert tray == []


def test_errors_come_in_words_one_below_the_other_and_details_only_where_there_are_some(window):
    area = window.messages
    area.tell("the first")
    assert not area.unfold.isVisible()
    area.tell("the second", "Traceback of it")
    assert area.words.text() == "\N{WARNING SIGN} the first\n\N{WARNING SIGN} the second"
    assert not area.details.isVisible()
    area.unfold.click()
    assert area.details.isVisible()
    assert area.details.toPlainText() == "Traceback of it"
    area.unfold.click()
    assert not area.details.isVisible()
    area.dismiss.click()
    assert not area.isVisible()


def test_the_path_of_a_run_is_copied_its_folder_opened_and_its_figure_enlarged(window, qtbot, monkeypatch, run_through):
    opened = []
    monkeypatch.setattr(result_view.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    result = window.result
    assert not result.copy.isEnabled()
    run_through(window)
    qtbot.waitUntil(lambda: result.figure.pixels is not None)
    result.copy.click()
    assert QGuiApplication.clipboard().text() == result.path.text()
    assert Path(result.path.text()).is_file()
    result.folder.click()
    assert opened == [str(window.output)]
    assert result.outcome.text() == "The run is done."


def test_every_entry_of_a_run_has_a_caption_with_a_key(window):
    captions = {
        label.buddy(): label.text() for label in window.run_bar.findChildren(QLabel) if label.buddy() is not None
    }
    entries = (*window.run_bar.labels.values(), window.run_bar.seed)
    keys = [captions[entry].partition("&")[2][0] for entry in entries]
    assert len(set(keys)) == len(entries)
