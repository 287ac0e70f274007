"""The station's panel: which station, simulated or real, and what a card shows of an instrument."""

import dataclasses

import pytest
from PyQt6.QtCore import Qt

from labctl.gui import station_panel
from labctl.gui.facts import Outputs


def has_room(label):
    """Return whether a badge's text stands inside its frame."""
    inside, metrics = label.contentsRect(), label.fontMetrics()
    return label.frameWidth() > 0 and inside.width() >= metrics.horizontalAdvance(label.text())


def settled(window, qtbot, name):
    qtbot.waitUntil(lambda: window.laboratory.station.name == name and not window.laboratory.is_busy)


@pytest.fixture
def another(lab, tmp_path):
    """The file of a station that is like the tiny one but for its name."""
    path = tmp_path / "another.toml"
    path.write_text(lab.station.read_text().replace('name = "tiny"', 'name = "another"', 1))
    return path


def test_a_card_names_line_and_idle_policy_and_shows_settings_as_they_were_read(window, lab, qtbot):
    card = window.station_panel.cards["array"]
    assert card.details["link"].text() == "TCPIP::192.0.2.1::5025::SOCKET"
    assert card.details["idle policy"].text() == window.laboratory.facts["array"].idle
    assert not card.error.isVisible()

    def shown():
        role = card.settings.ItemRole
        rows = range(card.settings.rowCount())
        texts = [
            [card.settings.itemAt(row, at).widget().text() for row in rows] for at in (role.LabelRole, role.FieldRole)
        ]
        return dict(zip(*texts, strict=True))

    assert shown()["gain"] == "500 mV"
    lab.twin.settings["GAIN"] = "0.25"
    window.station_panel.refresh.click()
    qtbot.waitUntil(lambda: shown().get("gain") == "250 mV")


def test_the_lab_is_made_real_and_simulated_by_its_switch_and_nobody_mistakes_one_for_the_other(window, qtbot):
    panel = window.station_panel
    assert panel.simulated.isChecked()
    for simulated, title, words in (
        (False, "REAL INSTRUMENTS", "REAL INSTRUMENT"),
        (True, "SIMULATED LAB", "SIMULATED"),
    ):
        panel.simulated.click()
        qtbot.waitUntil(lambda title=title: title in window.windowTitle() and not window.laboratory.is_busy)
        assert window.laboratory.station.options.simulate is simulated
        assert window.kind.text() == title
        window.station_panel.cards["array"].manual.click()
        for label in (panel.cards["array"].kind, window.manual.kind):
            assert label.text() == words
            assert label.property("role") == ("simulated" if simulated else "real")
        for label in (panel.cards["array"].kind, window.manual.kind, window.kind):
            qtbot.waitUntil(lambda label=label: has_room(label))


def test_a_station_is_taken_from_a_file_and_from_the_list(window, qtbot, monkeypatch, another, lab, store):
    panel = window.station_panel
    chosen = [""]
    monkeypatch.setattr(station_panel.QFileDialog, "getOpenFileName", lambda *_: (chosen[0], ""))

    def pick_other_file():
        last = panel.chooser.count() - 1
        panel.chooser.setCurrentIndex(last)
        panel.chooser.activated.emit(last)

    pick_other_file()
    assert panel.chooser.currentText() == str(lab.station), "nothing was chosen: the station stays"
    chosen[0] = str(another)
    pick_other_file()
    settled(window, qtbot, "another")
    assert panel.chooser.currentText() == str(another)
    assert store.value("station") == str(another)
    qtbot.waitUntil(panel.chooser.isEnabled)
    qtbot.keyClick(panel.chooser, Qt.Key.Key_Up)
    settled(window, qtbot, "tiny")
    window.open_station(str(another), simulate=True)
    assert panel.chooser.currentText() == str(another)
    settled(window, qtbot, "another")


def test_every_state_of_the_outputs_is_told_by_a_sign_and_words(window):
    card, facts = window.station_panel.cards["array"], window.laboratory.facts["array"]
    texts = set()
    for outputs in Outputs:
        card.show_facts(dataclasses.replace(facts, outputs=outputs), locked=False)
        text = card.details["outputs"].text()
        assert text.endswith(f" {outputs.value}")
        assert not text[0].isalnum()
        texts.add(text)
    assert len(texts) == len(Outputs)
    card.show_facts(dataclasses.replace(facts, error="it smokes"), locked=True)
    assert card.error.text() == "\N{WARNING SIGN} it smokes"
    assert card.error.isVisible()
    assert not card.button.isEnabled()


def test_a_station_is_locked_while_a_run_has_it(window, lab, qtbot):
    panel = window.station_panel
    window.run_bar.buttons["run"].click()
    qtbot.waitUntil(lambda: window.session.is_active)
    parts = (panel.chooser, panel.simulated, panel.disconnect_all, panel.refresh, panel.cards["array"].button)
    qtbot.waitUntil(lambda: not any(part.isEnabled() for part in parts))
    assert "in use by the run" in panel.cards["array"].details["outputs"].text()
    lab.gate.release(3)
    qtbot.waitUntil(lambda: all(part.isEnabled() for part in parts))
