"""The queue, driven through its panel: what is shown is what is kept, and what is kept is what runs."""

import json

import pytest
from PyQt6.QtCore import Qt

import labctl
from labctl.errors import ConfigError
from labctl.events import RunState
from labctl.gui.queue.entries import EntryState, entry_of, read_entries
from labctl.gui.queue.series import parameters_of, parse_values, protocols_of


@pytest.fixture
def panel(window):
    window.raise_dock("Queue")
    return window.queue_panel


def states(window):
    return [entry.state for entry in window.queue.model.entries]


def column(window, name):
    model = window.queue.model
    names = [model.headerData(i, Qt.Orientation.Horizontal) for i in range(model.columnCount())]
    at = names.index(name)
    return [model.data(model.index(row, at)) for row in range(model.rowCount())]


def add(window, **entries):
    for name, text in entries.items():
        window.form.rows[(name,)].editor.widget.setText(text)
    window.queue_panel.add.click()


def finished(window, qtbot):
    qtbot.waitUntil(lambda: not window.queue.is_going and not window.session.is_active)
    qtbot.waitUntil(lambda: not window.laboratory.is_busy)


def test_what_the_form_says_is_added_and_shown_with_its_duration(window, panel, qtbot):
    assert not panel.start.isEnabled()
    add(window, steps="2", top="3 uA")
    assert window.queue.model.entries[0].parameters["steps"] == 2
    assert column(window, "parameters") == ["steps 2, top 3 uA"]
    qtbot.waitUntil(lambda: column(window, "duration") == ["1 min 5 s"])
    assert panel.summary.text() == "1 waiting, about 1 min 5 s to come"
    assert panel.start.isEnabled()


def test_a_form_with_a_wrong_entry_is_not_added(window, panel):
    add(window, steps="0")
    assert window.queue.model.entries == []
    assert "cannot be run" in window.messages.words.text()


def test_the_queue_runs_one_after_the_other_into_run_files(window, lab, panel, qtbot):
    window.run_bar.seed.setText("5")
    add(window, steps="1")
    add(window, steps="2")
    lab.gate.release(3)
    panel.start.click()
    finished(window, qtbot)
    assert states(window) == [EntryState.DONE, EntryState.DONE]
    data = [labctl.load(entry.file) for entry in window.queue.model.entries]
    assert [(run.lengths["cell_read"], run.header.seed, run.status) for run in data] == [
        (20, 5, "done"),
        (40, 5, "done"),
    ]
    assert "the queue is at its end" in window.log.toPlainText()


def test_an_entry_is_repeated_each_time_with_the_next_seed(window, lab, panel, qtbot, tmp_path):
    window.run_bar.seed.setText("5")
    add(window, steps="1")
    panel.choose(0)
    panel.repeat.setValue(3)
    assert column(window, "runs") == ["0 of 3"]
    lab.gate.release(3)
    panel.start.click()
    finished(window, qtbot)
    assert column(window, "runs") == ["3 of 3"]
    seeds = [labctl.load(file).header.seed for file in sorted((tmp_path / "runs").glob("*.h5"))]
    assert sorted(seeds) == [5, 6, 7]


def test_entries_are_moved_changed_and_removed_while_they_wait(window, panel, qtbot):
    for steps in "123":
        add(window, steps=steps)
    panel.choose(2)
    panel.up.click()
    assert panel.rows == [1]
    assert column(window, "parameters") == ["steps 1", "defaults", "steps 2"]
    panel.down.click()
    assert panel.rows == [2]
    assert column(window, "parameters") == ["steps 1", "steps 2", "defaults"]
    assert not panel.down.isEnabled()
    panel.up.click()
    panel.choose(0)
    assert not panel.up.isEnabled()
    panel.edit.click()
    assert window.form.rows[("steps",)].editor.widget.text() == "1"
    assert panel.add.text() == "Change no. 1"
    add(window, steps="9")
    assert column(window, "parameters") == ["steps 9", "defaults", "steps 2"]
    assert panel.add.text() == "Add"
    panel.choose(1)
    panel.remove.click()
    assert column(window, "parameters") == ["steps 9", "steps 2"]


def test_stop_after_this_one_holds_the_queue(window, lab, panel, qtbot):
    add(window, steps="1")
    add(window, steps="1")
    panel.start.click()
    qtbot.waitUntil(lambda: window.session.is_active)
    panel.stop_after.click()
    assert window.queue.stops_after_this
    lab.gate.release(1)
    finished(window, qtbot)
    assert states(window) == [EntryState.DONE, EntryState.WAITING]
    lab.gate.release(1)
    panel.start.click()
    finished(window, qtbot)
    assert states(window) == [EntryState.DONE, EntryState.DONE]


@pytest.mark.parametrize(("verb", "state"), [("abort", EntryState.ABORTED), ("off", EntryState.ABORTED)])
def test_a_run_that_is_aborted_holds_the_queue(window, lab, panel, qtbot, verb, state):
    add(window, steps="2")
    add(window, steps="1")
    panel.start.click()
    qtbot.waitUntil(lambda: window.session.state is RunState.RUNNING and window.session.is_active)
    assert states(window) == [EntryState.RUNNING, EntryState.WAITING]
    window.run_bar.buttons[verb].click()
    finished(window, qtbot)
    assert states(window) == [state, EntryState.WAITING]
    panel.choose(0)
    panel.again.click()
    assert states(window) == [EntryState.WAITING, EntryState.WAITING]


def test_an_entry_that_cannot_be_started_says_why_and_holds_the_queue(window, lab, panel, qtbot):
    window.station_panel.disconnect_all.click()
    qtbot.waitUntil(lambda: not window.laboratory.is_connected and not window.laboratory.is_busy)
    add(window, steps="1")
    panel.start.click()
    finished(window, qtbot)
    assert states(window) == [EntryState.FAILED]
    assert "needs array" in column(window, "state")[0]


def test_the_queue_survives_a_restart(make_window, lab, qtbot, store, tmp_path):
    first = make_window()
    add(first, steps="2")
    add(first, steps="1")
    first.queue_panel.start.click()
    qtbot.waitUntil(lambda: first.session.state is RunState.RUNNING and first.session.is_active)
    first.close()
    qtbot.waitUntil(lambda: not first.isVisible())
    stored = read_entries(tmp_path / "queue.json")
    assert [entry.state for entry in stored] == [EntryState.ABORTED, EntryState.WAITING]
    second = make_window()
    qtbot.waitUntil(lambda: states(second) == [EntryState.ABORTED, EntryState.WAITING])
    assert not second.queue.is_going
    lab.gate.release(1)
    second.queue_panel.start.click()
    finished(second, qtbot)
    assert states(second) == [EntryState.ABORTED, EntryState.DONE]


def test_what_was_running_when_the_program_was_killed_is_interrupted(tmp_path, lab):
    kept = entry_of(lab.protocol(steps=4), sample="s").changed(state=EntryState.RUNNING)
    path = tmp_path / "queue.json"
    from labctl.gui.queue.entries import write_entries

    write_entries(path, [kept])
    (entry,) = read_entries(path)
    assert entry.state is EntryState.INTERRUPTED
    assert entry.made() == lab.protocol(steps=4)


def test_a_damaged_queue_file_is_said_and_left_as_it_is(make_window, tmp_path, qtbot):
    (tmp_path / "queue.json").write_text('{"entries": [')
    window = make_window()
    assert "cannot be read and is left as it is" in window.messages.words.text()
    add(window, steps="1")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert (tmp_path / "queue.json").read_text() == '{"entries": ['


def test_a_series_makes_every_combination(window, panel, qtbot):
    panel.series.click()
    dialog = window.queue_desk.dialog
    dialog.names[0].setCurrentText("steps")
    dialog.values[0].setText("1-3")
    dialog.names[1].setCurrentText("bias.height")
    dialog.values[1].setText("1 V to 2 V in 3")
    assert dialog.count.text().startswith("9 runs")
    dialog.values[1].setText("1 V, 9 V")
    assert "at most 5 V" in dialog.count.text()
    dialog.values[1].setText("1 V, 1.5")
    dialog.accept()
    assert [(e.parameters["steps"], e.parameters["bias"]["height"]) for e in window.queue.model.entries] == [
        (1, 1.0), (1, 1.5), (2, 1.0), (2, 1.5), (3, 1.0), (3, 1.5),
    ]  # fmt: skip


def test_a_series_runs_on_a_list_of_cells_one_after_the_other(window, panel, qtbot):
    panel.series.click()
    dialog = window.queue_desk.dialog
    ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
    assert not ok.isEnabled()
    dialog.names[0].setCurrentText("chosen")
    dialog.values[0].setText("3-5, 40")
    assert dialog.count.text().startswith("4 runs")
    ok.click()
    assert [entry.parameters["chosen"] for entry in window.queue.model.entries] == [[3], [4], [5], [40]]
    assert panel.table.model().rowCount() == 4
    assert column(window, "parameters")[3] == "chosen 40"
    qtbot.waitUntil(lambda: panel.summary.text() == "4 waiting, about 4 min 20 s to come")


def test_the_panel_follows_the_queue(window, lab, panel, qtbot):
    add(window, steps="1")
    add(window, steps="2")
    panel.choose(0)
    window.queue.model.replace(0, window.queue.model.entries[0].changed(repeat=7))
    assert panel.repeat.value() == 7
    assert not panel.stop_after.isEnabled()
    window.queue.start()
    qtbot.waitUntil(lambda: window.session.state is RunState.RUNNING and window.session.is_active)
    assert "Hold" in panel.start.text()
    assert column(window, "state")[0] == "\N{BLACK RIGHT-POINTING TRIANGLE} running"
    panel.choose(0)
    assert not any(button.isEnabled() for button in (panel.edit, panel.remove, panel.again, panel.repeat))
    window.queue.stop_after_this(True)
    assert panel.stop_after.isChecked()
    window.queue.stop_after_this(False)
    assert not panel.stop_after.isChecked()
    window.session.abort()
    finished(window, qtbot)
    assert "Start" in panel.start.text()
    assert column(window, "state")[0].startswith("\N{MULTIPLICATION X} aborted")


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("top", "1u, 2 uA", ["1u", "2 uA"]),
        ("top", "1 uA to 3 uA in 3", [1e-6, 2e-6, 3e-6]),
        ("bias.width", "1n to 1u in 4 log", [1e-9, 1e-8, 1e-7, 1e-6]),
        ("steps", "2-8/3, 20", [2, 5, 8, "20"]),
        ("steps", "1 to 1000 in 4 log", [1, 10, 100, 1000]),
    ],
)
def test_values_of_a_series_read_as_people_write_them(lab, name, text, values):
    assert parse_values(text, parameters_of(lab.protocol)[name]) == values


@pytest.mark.parametrize("text", ["", "-1 to 1 in 3 log", "1 to 2 in 1"])
def test_a_series_that_makes_no_sense_is_refused(lab, text):
    with pytest.raises(ConfigError):
        parse_values(text, parameters_of(lab.protocol)["bias.height"])


def test_cells_of_a_series_are_numbers_and_what_is_none_is_named(lab):
    field = parameters_of(lab.protocol)["chosen"]
    assert parse_values("0-2, 7", field) == [[0], [1], [2], [7]]
    with pytest.raises(ConfigError, match="'nonsense' is no number of a cell"):
        parse_values("3, nonsense", field)


def test_a_series_that_is_too_long_is_refused(lab):
    with pytest.raises(ConfigError, match="at most"):
        list(protocols_of(lab.protocol(), {"steps": list(range(1, 50)), "top": [1e-6] * 50}))


def test_the_file_of_the_queue_says_what_is_in_it(window, panel, qtbot, tmp_path):
    add(window, steps="7")
    qtbot.waitUntil(lambda: (tmp_path / "queue.json").is_file())
    (entry,) = json.loads((tmp_path / "queue.json").read_text())["entries"]
    assert (entry["protocol"], entry["parameters"]["steps"], entry["state"]) == ("ramp", 7, "waiting")


def test_an_entry_is_for_the_station_where_it_was_added(window, lab, panel, qtbot, tmp_path):
    add(window, steps="1")
    assert column(window, "station") == ["tiny, simulated"]
    other = tmp_path / "other.toml"
    other.write_text(lab.station.read_text().replace('name = "tiny"', 'name = "other"', 1))
    window.open_station(str(other), simulate=True)
    qtbot.waitUntil(lambda: window.laboratory.station.name == "other" and not window.laboratory.is_busy)
    window.station_panel.connect_all.click()
    qtbot.waitUntil(lambda: window.conductor.can_run)
    panel.start.click()
    assert not window.queue.is_going
    assert "Number 1 of the queue is for another station: tiny, simulated" in window.messages.words.text()
    assert states(window) == [EntryState.WAITING]
    panel.choose(0)
    panel.edit.click()
    panel.add.click()
    assert column(window, "station") == ["other, simulated"]
    lab.gate.release(1)
    panel.start.click()
    qtbot.waitUntil(lambda: states(window) == [EntryState.DONE])
    assert labctl.load(window.queue.model.entries[0].file).header.station == "other"
    finished(window, qtbot)


def test_a_queue_of_before_entries_had_a_station_is_read(tmp_path, lab):
    path = tmp_path / "queue.json"
    path.write_text('{"entries": [{"protocol": "ramp", "parameters": {}, "state": "waiting", "sample": "die 7"}]}')
    (entry,) = read_entries(path)
    assert (entry.place, entry.die, entry.sample) == ("", "", "die 7")
