"""What the window remembers, and what it makes of the screen that it is on."""

import pytest
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QPixmap

import labctl
from labctl import plugins
from labctl.events import RunState
from labctl.gui import theme
from labctl.gui import window as window_module
from labctl.gui.result_view import FigureLabel
from labctl.gui.window import MainWindow


def closed(window, qtbot):
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())


@pytest.fixture
def second_protocol(lab, monkeypatch):
    """Another protocol beside the tiny lab's own."""
    protocol = type("Again", (lab.protocol,), {"__doc__": "Once more.", "name": "again", "title": "Yet again"})
    table, load = plugins.table, plugins.load
    more = {"again": ""}
    monkeypatch.setattr(plugins, "table", lambda kind: {**table(kind), **(more if kind == "protocols" else {})})
    monkeypatch.setattr(plugins, "load", lambda kind, name: protocol if name == "again" else load(kind, name))
    return protocol


def test_size_theme_and_protocol_of_the_day_before_come_back(make_window, second_protocol, qtbot):
    first = make_window(connect=False)
    assert not first.dark.isChecked()
    first.resize(1280, 650)
    first.dark.trigger()
    first.chooser.choose("again")
    qtbot.waitUntil(lambda: first.form.protocol_class is second_protocol)
    closed(first, qtbot)
    second = make_window(connect=False)
    qtbot.waitUntil(lambda: second.form.protocol_class is second_protocol)
    assert second.height() == 650, "the width is that of the screen"
    assert second.dark.isChecked()
    second.dark.trigger()
    assert theme.current() is theme.LIGHT


def test_the_program_begins_in_the_theme_that_is_remembered(program, qapp, store, lab, light):
    store.setValue("dark", "yes")
    found = program(str(lab.station), lambda window: (theme.current(), window.dark.isChecked()), simulate=True)
    assert found == ((theme.DARK, True), 0)
    theme.apply(qapp)


def test_the_data_folder_is_chosen_in_the_menu_used_and_remembered(
    window, qtbot, monkeypatch, tmp_path, store, run_through
):
    chosen = tmp_path / "measured here"
    chosen.mkdir()
    answers = ["", str(chosen)]
    monkeypatch.setattr(window_module.QFileDialog, "getExistingDirectory", lambda *_: answers.pop(0))
    before = window.output
    (action,) = [action for action in window.file_menu.actions() if "folder" in action.text()]
    action.trigger()
    assert window.output == before, "nothing was chosen"
    action.trigger()
    run_through(window)
    assert window.session.state is RunState.DONE
    (file,) = chosen.glob("*.h5")
    assert labctl.load(file).status == "done"
    qtbot.waitUntil(lambda: file in window.runs.runs)
    closed(window, qtbot)
    again = MainWindow(store=store)
    again.show()
    qtbot.waitUntil(lambda: file in again.runs.runs)
    assert again.output == chosen
    closed(again, qtbot)
    again.deleteLater()


def test_the_window_finds_room_on_a_small_screen(window):
    window.resize(1280, 800)
    assert window.size() == QSize(1280, 800)
    hint = window.minimumSizeHint()
    assert hint.width() <= 1280
    assert hint.height() <= 800


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_a_figure_has_every_pixel_of_a_high_density_screen(qtbot, light, monkeypatch, tmp_path, ratio):
    label = FigureLabel("")
    qtbot.addWidget(label)
    monkeypatch.setattr(label, "devicePixelRatioF", lambda: ratio)
    picture = QPixmap(1200, 900)
    picture.fill()
    picture.save(str(tmp_path / "figure.png"))
    label.resize(400, 300)
    shown = []
    monkeypatch.setattr(label, "setPixmap", shown.append)
    label.show_png((tmp_path / "figure.png").read_bytes())
    assert shown[0].size() == QSize(400, 300) * ratio
    assert shown[0].deviceIndependentSize().toSize() == QSize(400, 300)
