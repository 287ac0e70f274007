"""The history, driven through its panel, over run files that were really run."""

import datetime as dt
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from PyQt6.QtCore import QDate, QPoint, Qt
from PyQt6.QtTest import QTest

import labctl
from labctl.events import RunState
from labctl.gui.history.facts import read_facts
from labctl.gui.history.model import COLUMNS, SIGNS, STATUSES, Filter
from labctl.gui.history.overlay import restarts
from labctl.runfile.journal import journal_path, lock
from labctl.runfile.stored import StoredRun


def do_run(window, lab, qtbot, *, end="done", **entries):
    before = len(list(window.output.glob("*.h5")))
    for name, text in entries.items():
        window.form.rows[(name,)].editor.widget.setText(text)
    qtbot.waitUntil(lambda: window.conductor.can_run)
    window.run_bar.buttons["run"].click()
    qtbot.waitUntil(lambda: window.session.state is RunState.RUNNING and window.session.is_active)
    steps = int(window.form.protocol.steps)
    if end == "done":
        lab.gate.release(steps)
    elif end == "stop":
        window.run_bar.buttons["stop"].click()
        lab.gate.release(1)
    else:
        window.run_bar.buttons[end].click()
    qtbot.waitUntil(lambda: not window.session.is_active and not window.laboratory.is_busy)
    qtbot.waitUntil(lambda: len(window.runs.runs) == before + 1)
    qtbot.waitUntil(lambda: all(run.status != "running" for run in window.runs.runs.values()))
    return Path(window.result.path.text())


@pytest.fixture
def history(window):
    window.raise_dock("History")
    return window.history


@pytest.fixture
def two_runs(window, lab, history, qtbot):
    window.run_bar.operator.setText("Ada")
    window.run_bar.sample.setText("die 1")
    first = do_run(window, lab, qtbot, steps="2")
    window.run_bar.operator.setText("Grace")
    window.run_bar.sample.setText("die 2")
    second = do_run(window, lab, qtbot, end="abort", steps="3")
    return first, second


def shown(history):
    return [history.view.run_at(row).path for row in range(history.view.rowCount())]


def test_new_files_appear_by_themselves_with_what_they_are(two_runs, history):
    first, second = two_runs
    assert set(shown(history)) == {first, second}
    history.choose(first)
    (run,) = history.chosen
    assert (run.protocol, run.status, run.sample, run.operator, run.simulated) == ("ramp", "done", "die 1", "Ada", True)
    assert history.count.text() == "2 of 2 runs"


def test_a_file_that_another_program_writes_or_removes_is_followed(two_runs, window, history, qtbot):
    first, _ = two_runs
    copy = first.with_name("elsewhere.h5")
    copy.write_bytes(first.read_bytes())
    qtbot.waitUntil(lambda: copy in window.runs.runs)
    copy.unlink()
    qtbot.waitUntil(lambda: copy not in window.runs.runs)


def test_filters_choose_what_is_shown(two_runs, history):
    first, second = two_runs
    history.operator.setText("ada")
    assert shown(history) == [first]
    history.operator.clear()
    history.status.setCurrentText("aborted")
    assert shown(history) == [second]
    history.status.setCurrentIndex(0)
    history.words.setText("ada RAMP")
    assert shown(history) == [first]
    history.words.clear()
    history.sample.setText("2")
    assert shown(history) == [second]
    history.sample.clear()
    history.protocol.setCurrentText("ramp")
    assert len(shown(history)) == 2
    history.since.setDate(QDate.currentDate().addDays(1))
    assert shown(history) == []
    assert history.count.text() == "0 of 2 runs"
    history.since.setDate(history.since.minimumDate())
    assert len(shown(history)) == 2
    history.until.setDate(QDate.currentDate().addDays(-1))
    assert shown(history) == []
    history.until.setDate(QDate.currentDate())
    assert len(shown(history)) == 2


def test_the_list_is_sorted_by_what_is_clicked_on_and_tells_how_a_run_ended_by_a_sign_and_a_word(two_runs, history):
    first, second = two_runs
    assert shown(history) == [second, first], "the newest is on top"
    header = history.table.horizontalHeader()
    for turn in (1, 2):
        middle = header.sectionViewportPosition(COLUMNS.index("operator")) + 20
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(middle, header.height() // 2))
        assert shown(history) == ([first, second] if turn == 1 else [second, first])
    at = COLUMNS.index("status")
    assert [history.view.index(row, at).data() for row in range(2)] == [
        "\N{MULTIPLICATION X} aborted",
        "\N{CHECK MARK} done",
    ]
    assert len({SIGNS[status] + status for status in STATUSES}) == len(STATUSES)


def test_a_choice_stays_where_the_list_changes_and_a_filter_follows_the_protocols_there_are(
    two_runs, window, history, qtbot
):
    first, _ = two_runs
    history.choose(first)
    assert [history.protocol.itemText(i) for i in range(history.protocol.count())] == ["any protocol", "ramp"]
    copy = first.with_name("copy.h5")
    copy.write_bytes(first.read_bytes())
    qtbot.waitUntil(lambda: history.view.rowCount() == 3)
    assert [run.path for run in history.chosen] == [first]
    for path in (first, two_runs[1], copy):
        path.unlink()
    qtbot.waitUntil(lambda: history.protocol.count() == 1)
    assert history.chosen == []
    assert not any(button.isEnabled() for button in history.actions_by_name.values())


def test_a_day_is_inside_its_own_span(two_runs, history):
    run = history.model.runs[0]
    day = run.started.date()
    assert Filter(since=day, until=day).passes(run)
    assert not Filter(until=day - dt.timedelta(days=1)).passes(run)


def test_the_preview_shows_summary_parameters_and_figure(two_runs, history, qtbot):
    first, _ = two_runs
    history.choose(first)
    preview = history.preview
    qtbot.waitUntil(lambda: preview.summary.rowCount() == 2)
    cells = {preview.summary.item(row, 0).text(): preview.summary.item(row, 1).text() for row in range(2)}
    assert cells == {"cells": "40", "mean": "1.25 uA"}
    parameters = {
        preview.parameters.item(row, 0).text(): preview.parameters.item(row, 1).text()
        for row in range(preview.parameters.rowCount())
    }
    assert parameters["steps"] == "2"
    assert parameters["bias.width"] == "50 ns"
    qtbot.waitUntil(lambda: preview.figure.pixels is not None)


def test_a_damaged_file_is_listed_as_such_and_offers_nothing(window, history, qtbot):
    window.output.mkdir(exist_ok=True)
    broken = window.output / "broken.h5"
    broken.write_bytes(b"not HDF5 at all")
    window.runs.look()
    qtbot.waitUntil(lambda: broken in window.runs.runs)
    history.choose(broken)
    assert history.chosen[0].status == "damaged"
    assert not any(button.isEnabled() for button in history.actions_by_name.values())


def test_a_run_is_opened_in_the_result_tab_by_its_button_and_by_a_double_click(two_runs, window, history, qtbot):
    first, second = two_runs
    history.choose(first)
    history.actions_by_name["open"].click()
    qtbot.waitUntil(lambda: window.result.path.text() == str(first))
    assert window.tabs.currentWidget() is window.result
    assert window.result.summary.item(0, 1).text() == "40"
    qtbot.waitUntil(lambda: window.result.figure.pixels is not None)
    history.choose(second)
    (index,) = history.table.selectionModel().selectedRows()
    place = history.table.visualRect(index).center()
    for press in (QTest.mouseClick, QTest.mouseDClick):
        press(history.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: window.result.path.text() == str(second))
    assert window.result.outcome.text().startswith("The run is aborted.")
    qtbot.waitUntil(lambda: not window.conductor.painter.is_busy)


def test_parameters_of_a_run_go_into_the_form(two_runs, window, history, qtbot):
    first, _ = two_runs
    assert window.form.protocol.steps == 3
    history.choose(first)
    history.actions_by_name["take"].click()
    qtbot.waitUntil(lambda: window.form.protocol.steps == 2)


def test_a_run_is_run_again_with_the_same_parameters(two_runs, window, lab, history, qtbot):
    first, _ = two_runs
    history.choose(first)
    history.actions_by_name["again"].click()
    lab.gate.release(2)
    qtbot.waitUntil(lambda: len(window.runs.runs) == 3 and not window.session.is_active)
    again = labctl.load(window.result.path.text())
    assert again.parameters == labctl.load(first).parameters
    assert (again.header.sample, again.header.operator) == ("die 1", "Ada")


def test_two_runs_are_drawn_over_one_another(two_runs, window, history, qtbot):
    history.table.selectAll()
    assert not history.actions_by_name["open"].isEnabled()
    history.actions_by_name["overlay"].click()
    overlay = window.history_desk.overlay
    qtbot.waitUntil(lambda: len(overlay.curves) == 2)
    assert overlay.stream.currentText() == "cell_read"
    assert overlay.y_box.currentText() == "current"
    for path, curve in zip(overlay.paths, overlay.curves, strict=True):
        np.testing.assert_array_equal(curve.yData, labctl.load(path).arrays("cell_read")["current"])
    assert overlay.curves[0].opts["pen"].style() != overlay.curves[1].opts["pen"].style()
    overlay.y_box.setCurrentText("level")
    levels = labctl.load(two_runs[0]).arrays("cell_read")["level"]
    mine = overlay.paths.index(two_runs[0])
    qtbot.waitUntil(lambda: np.array_equal(overlay.curves[mine].yData, levels))
    overlay.close()


def test_lines_are_broken_where_x_starts_over(window, lab, history, qtbot, monkeypatch):
    path = do_run(window, lab, qtbot, steps="3")  # cells 0 to 19, then 2048 to 2067, then 0 to 19
    history.choose(path)
    history.actions_by_name["overlay"].click()
    overlay = window.history_desk.overlay
    qtbot.waitUntil(lambda: len(overlay.curves) == 1)
    assert overlay.curves[0].opts["symbol"] is None
    assert "starts over" not in overlay.words.text()
    stored = labctl.load(path).arrays("cell_read")
    overlay.x_box.setCurrentText("cell")
    qtbot.waitUntil(lambda: "broken where cell starts over" in overlay.words.text())
    x, y = overlay.curves[0].xData, overlay.curves[0].yData
    assert np.flatnonzero(np.isnan(x)).tolist() == np.flatnonzero(np.isnan(y)).tolist() == [40]
    np.testing.assert_array_equal(np.delete(x, 40), stored["cell"])
    np.testing.assert_array_equal(np.delete(y, 40), stored["current"])
    assert overlay.curves[0].opts["symbol"] == "o"
    monkeypatch.setattr("labctl.gui.history.overlay._MOST", 30)
    overlay.log_y.click()
    qtbot.waitUntil(lambda: "one point in 2 is drawn" in overlay.words.text())
    np.testing.assert_array_equal(np.delete(overlay.curves[0].yData, 20), stored["current"][::2])
    assert overlay.plot.getPlotItem().getAxis("left").logMode
    overlay.close()


def test_x_that_starts_over_is_told_from_a_sweep_there_and_back():
    pulses = np.tile(np.linspace(0.0, 1e-6, 50), 4)
    assert restarts(pulses).tolist() == [50, 100, 150]
    assert restarts(-pulses).tolist() == [50, 100, 150]
    assert restarts(np.repeat(pulses, 3)).tolist() == [150, 300, 450]
    loop = np.concatenate((np.linspace(0.0, 1.0, 50), np.linspace(1.0, -1.0, 100), np.linspace(-1.0, 0.0, 50)))
    assert restarts(loop).tolist() == []
    assert restarts(np.linspace(3.0, 1.0, 9)).tolist() == []
    assert restarts(np.array([0.0, 1.0, 0.0, 1.0, 0.0])).tolist() == [2, 4]


def test_parameters_of_runs_are_compared_with_each_other_and_with_the_form(two_runs, window, history, qtbot):
    first, _ = two_runs
    history.table.selectAll()
    history.actions_by_name["compare"].click()
    qtbot.waitUntil(lambda: window.history_desk.comparison is not None)
    table = window.history_desk.comparison.table
    assert {table.item(0, 1).text(), table.item(0, 2).text()} == {"2", "3"}
    history.choose(first)
    window.history_desk.comparison.close()
    history.actions_by_name["compare"].click()
    qtbot.waitUntil(lambda: window.history_desk.comparison.table.horizontalHeaderItem(1).text() == "form")
    window.history_desk.comparison.close()


@pytest.mark.parametrize(("what", "suffix"), [("csv", ".csv"), ("parquet", ".parquet"), ("picture", ".png")])
def test_a_run_is_exported(two_runs, window, history, qtbot, tmp_path, what, suffix):
    first, _ = two_runs
    history.choose(first)
    window.history_desk.ask_folder = lambda: str(tmp_path / "out")
    (tmp_path / "out").mkdir()
    (action,) = [
        action for action in history.actions_by_name["export"].menu().actions() if what in action.text().lower()
    ]
    action.trigger()
    qtbot.waitUntil(lambda: [p.suffix for p in (tmp_path / "out").iterdir()] == [suffix])
    if what == "csv":
        qtbot.waitUntil(lambda: "written" in window.statusBar().currentMessage())
        (written,) = (tmp_path / "out").iterdir()
        assert written.read_text().startswith("time (s),cell,level,goal (A),current (A)\n")


def test_a_stopped_run_is_gone_on_with_in_its_own_file(window, lab, history, qtbot):
    path = do_run(window, lab, qtbot, end="stop", steps="4")
    assert labctl.load(path).lengths["cell_read"] == 20
    history.choose(path)
    assert history.actions_by_name["resume"].isEnabled()
    history.actions_by_name["resume"].click()
    lab.gate.release(4)
    qtbot.waitUntil(lambda: window.session.state is RunState.DONE and not window.session.is_active)
    assert len(labctl.load(path).gaps) == 1
    with StoredRun(path) as stored:
        assert stored.status == "done"


def test_a_run_of_another_station_is_gone_on_with_after_that_station_was_taken(window, lab, history, qtbot, tmp_path):
    path = do_run(window, lab, qtbot, end="stop", steps="2")
    other = tmp_path / "other.toml"
    other.write_text(lab.station.read_text().replace('"tiny"\n[sample]', '"other"\n[sample]'))
    window.open_station(str(other), simulate=True)
    qtbot.waitUntil(lambda: window.laboratory.station.name == "other" and not window.laboratory.is_busy)
    asked = []
    window.confirm = lambda title, question: bool(asked.append(question)) or True
    history.choose(path)
    history.actions_by_name["resume"].click()
    lab.gate.release(2)
    qtbot.waitUntil(lambda: window.session.state is RunState.DONE and not window.session.is_active)
    assert "begun on another station" in asked[0]
    assert window.laboratory.station.name == "tiny"
    assert labctl.load(path).status == "done"


def test_a_run_that_was_killed_is_interrupted_once_nobody_writes_it(two_runs, tmp_path):
    first, _ = two_runs
    left = tmp_path / "left.h5"
    left.write_bytes(first.read_bytes())
    with h5py.File(left, "r+") as file:
        file["entry"].attrs["labctl_status"] = "running"
    journal = os.open(journal_path(left), os.O_CREAT | os.O_RDWR)
    lock(journal)
    assert read_facts(left, (0, 0)).status == "running"
    os.close(journal)
    assert read_facts(left, (0, 0)).status == "interrupted"
    assert read_facts(left, (0, 0)).can_resume


def test_a_done_run_cannot_be_resumed(two_runs, history):
    first, second = two_runs
    history.choose(first)
    assert not history.actions_by_name["resume"].isEnabled()
    history.choose(second)
    assert not history.actions_by_name["resume"].isEnabled()


def test_another_data_folder_shows_its_runs(two_runs, window, history, qtbot, tmp_path):
    first, _ = two_runs
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.h5").write_bytes(first.read_bytes())
    window.runs.show_folder(elsewhere)
    qtbot.waitUntil(lambda: [run.path for run in window.runs.runs.values()] == [elsewhere / "a.h5"])
