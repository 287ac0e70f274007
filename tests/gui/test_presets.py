"""Presets, through the line above the form and through their files."""

import tomllib

import pytest

from labctl.errors import ConfigError
from labctl.gui.presets.compare import CompareDialog
from labctl.gui.presets.store import PresetStore, to_toml


@pytest.fixture
def bar(window, qtbot):
    qtbot.waitUntil(lambda: window.presets.box.count() > 0)
    return window.presets


def names(bar):
    return [bar.box.itemText(i) for i in range(1, bar.box.count())]


def save(window, bar, qtbot, name, **entries):
    for field, text in entries.items():
        window.form.rows[(field,)].editor.widget.setText(text)
    bar.ask_name = lambda proposed: name
    bar.actions_by_name["save"].trigger()
    qtbot.waitUntil(lambda: name in names(bar) and bar.chosen == name)


def pick(bar, name):
    index = bar.box.findText(name)
    bar.box.setCurrentIndex(index)
    bar.box.activated.emit(index)


def test_a_preset_is_saved_and_loaded_into_the_form(window, bar, qtbot):
    save(window, bar, qtbot, "fast", steps="7", top="3.3 uA")
    save(window, bar, qtbot, "slow", steps="70")
    assert names(bar) == ["fast", "slow"]
    pick(bar, "fast")
    qtbot.waitUntil(lambda: window.form.protocol.steps == 7)
    assert window.form.protocol.top == 3.3e-6
    bar.actions_by_name["fill"].trigger()
    assert window.form.protocol.steps == 3


def test_a_preset_is_compared_with_the_form(window, bar, qtbot):
    save(window, bar, qtbot, "fast", steps="7")
    window.form.rows[("steps",)].editor.widget.setText("9")
    bar.actions_by_name["compare"].trigger()
    qtbot.waitUntil(lambda: bar.dialog is not None)
    table = bar.dialog.table
    assert [table.horizontalHeaderItem(i).text() for i in range(3)] == ["parameter", "form", "fast"]
    assert table.rowCount() == 1
    assert [table.item(0, i).text() for i in range(3)] == ["\N{NOT EQUAL TO} steps", "9", "7"]
    bar.dialog.only_different.setChecked(False)
    assert table.rowCount() > 5
    assert bar.dialog.words.text().startswith("1 of ")
    bar.dialog.close()


def test_the_form_is_compared_with_the_defaults(window, bar):
    window.form.rows[("steps",)].editor.widget.setText("9")
    bar.actions_by_name["defaults"].trigger()
    table = bar.dialog.table
    assert [table.item(0, i).text() for i in range(3)] == ["\N{NOT EQUAL TO} steps", "9", "3"]
    bar.dialog.close()


def test_a_preset_is_replaced_only_after_a_question(window, bar, qtbot):
    save(window, bar, qtbot, "fast", steps="7")
    save(window, bar, qtbot, "slow", steps="70")
    asked = []
    window.confirm = lambda title, question: bool(asked.append(question))
    bar.ask_name = lambda proposed: "fast"
    bar.actions_by_name["save"].trigger()
    assert asked == ["There is a preset 'fast'. Replace it?"]
    assert bar.chosen == "slow"
    window.confirm = lambda title, question: not asked.append(question)
    bar.actions_by_name["save"].trigger()
    qtbot.waitUntil(lambda: bar.chosen == "fast")
    window.form.rows[("steps",)].editor.widget.setText("1")
    pick(bar, "fast")
    qtbot.waitUntil(lambda: window.form.protocol.steps == 70)
    bar.actions_by_name["save"].trigger()  # under its own name: no question
    qtbot.waitUntil(lambda: not window.conductor.files.is_busy)
    assert len(asked) == 2


def test_a_preset_is_deleted_after_a_question(window, bar, qtbot):
    save(window, bar, qtbot, "fast", steps="7")
    window.confirm = lambda title, question: False
    bar.actions_by_name["delete"].trigger()
    assert names(bar) == ["fast"]
    window.confirm = lambda title, question: True
    bar.actions_by_name["delete"].trigger()
    qtbot.waitUntil(lambda: names(bar) == [])


def test_a_wrong_form_is_not_saved(window, bar):
    window.form.rows[("steps",)].editor.widget.setText("0")
    bar.actions_by_name["save"].trigger()
    assert "Nothing was saved" in window.messages.words.text()


def test_a_name_that_no_file_can_have_is_refused_in_words(window, bar, qtbot):
    bar.ask_name = lambda proposed: "../escape"
    bar.actions_by_name["save"].trigger()
    qtbot.waitUntil(lambda: "cannot name a preset" in window.messages.words.text())


def test_a_damaged_preset_is_said_in_words(window, bar, qtbot, tmp_path):
    save(window, bar, qtbot, "fast", steps="7")
    (tmp_path / "presets" / "ramp" / "fast.toml").write_text("steps = 7\nstepz = 8\n")
    pick(bar, "fast")
    qtbot.waitUntil(lambda: "stepz" in window.messages.words.text())
    assert window.form.protocol.steps == 7


def test_a_preset_is_a_parameter_file_of_the_command_line(lab, tmp_path):
    from labctl.cli.parameters import gather

    protocol = lab.protocol(steps=4, points=[0.5, 1e-9], bias={"height": 2.0, "width": 2e-8}, order="down", gain=None)
    PresetStore(tmp_path).save(protocol, "mine")
    assert gather("ramp", tmp_path / "ramp" / "mine.toml", []) == protocol
    assert PresetStore(tmp_path).load(lab.protocol, "mine") == protocol


def test_what_is_written_is_toml_whatever_the_text():
    values = {"a": 'quote " back \\ line\nend é', "b": [1, 2.5, True], "c": {"d": None, "e f": 1e-300}}
    assert tomllib.loads(to_toml(values)) == {"a": values["a"], "b": [1, 2.5, True], "c": {"e f": 1e-300}}


@pytest.mark.parametrize("name", ["", "a/b", "..", "x" * 61, ".hidden"])
def test_names_are_checked(tmp_path, lab, name):
    with pytest.raises(ConfigError):
        PresetStore(tmp_path).save(lab.protocol(), name)


def test_sets_of_several_runs_stand_side_by_side(qtbot, light):
    dialog = CompareDialog([("a", {"x": "1", "y": "2"}), ("b", {"x": "1"}), ("c", {"x": "1", "y": "2"})])
    qtbot.addWidget(dialog)
    assert dialog.table.rowCount() == 1
    assert [dialog.table.item(0, i).text() for i in range(4)] == ["\N{NOT EQUAL TO} y", "2", "\N{EN DASH}", "2"]
