"""A day in one session: chosen cells, a pause, a queue, an abort, a resume after a restart, a comparison."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

import labctl
from labctl.events import RunState
from labctl.gui.queue.entries import EntryState
from labctl.gui.window import MainWindow

LONG = 60_000


@pytest.fixture
def open_window(qtbot, store, tmp_path, light):
    windows = []

    def make():
        window = MainWindow(output=tmp_path / "runs", store=store)
        windows.append(window)
        window.confirm = lambda title, question: True
        window.resize(1280, 800)
        window.show()
        window.open_station("pe-board", simulate=True, seed=1)
        qtbot.waitUntil(lambda: window.laboratory.station is not None and window.form is not None, timeout=LONG)
        window.station_panel.connect_all.click()
        window.chooser.choose("write-verify")
        qtbot.waitUntil(lambda: window.conductor.can_run, timeout=LONG)
        return window

    yield make
    for window in windows:
        if window.isVisible():
            window.close()
            qtbot.waitUntil(lambda window=window: not window.isVisible(), timeout=LONG)
        window.deleteLater()


def enter(window, **texts):
    for name, text in texts.items():
        window.form.rows[(name,)].editor.widget.setText(text)


def finished(window, qtbot, state):
    qtbot.waitUntil(lambda: not window.session.is_active and not window.laboratory.is_busy, timeout=LONG)
    assert window.session.state is state
    return Path(window.result.path.text())


def started(window, qtbot):
    qtbot.waitUntil(lambda: window.conductor.can_run, timeout=LONG)
    before = window.session.run
    window.run_bar.buttons["run"].click()
    qtbot.waitUntil(lambda: window.session.run is not before and window.session.is_active, timeout=LONG)


def left_by_a_crash(path, folder):
    """Return a copy of a run file as a program leaves it that was killed an hour ago."""
    left = folder / path.name.replace("write-verify", "write-verify-left")
    left.write_bytes(path.read_bytes())
    with h5py.File(left, "r+") as file:
        file["entry"].attrs["labctl_status"] = "interrupted"
    return left


def test_an_operators_day(open_window, qtbot, tmp_path):
    window = open_window()
    # 32 levels on 1,024 cells that are chosen on the map
    window.run_bar.operator.setText("Ada")
    window.run_bar.seed.setText("1")
    editor = window.form.rows[("chosen",)].editor
    editor.map.click()
    dialog = window.cell_desk.dialog
    dialog.rule.setCurrentText("checkerboard")
    dialog.apply.click()
    dialog.accept()
    assert len(window.form.protocol.chosen) == 1024
    assert window.form.protocol.levels == 32
    started(window, qtbot)
    qtbot.waitUntil(lambda: window.run_bar.progress.value() > 100, timeout=LONG)
    window.run_bar.buttons["pause"].click()
    qtbot.waitUntil(lambda: window.run_bar.buttons["resume"].isEnabled(), timeout=LONG)
    assert window.session.state is RunState.PAUSED
    window.run_bar.buttons["resume"].click()
    whole = finished(window, qtbot, RunState.DONE)
    write = labctl.load(whole).arrays("write")
    assert len(write["cell"]) == 32 * 1024
    cells = np.unique(write["cell"])
    assert ((cells // 16 + cells % 16) % 2 == 0).all()

    # a queue of three, the second of which is aborted; the queue holds, and goes on when told
    enter(window, levels="2", wait="1 s", chosen="0-63")
    for traced in ("1", "2", "3"):
        enter(window, traced=traced)
        window.queue_panel.add.click()
    window.queue_panel.start.click()
    qtbot.waitUntil(lambda: window.queue.model.entries[0].state is EntryState.DONE, timeout=LONG)
    qtbot.waitUntil(lambda: not window.queue.is_going or window.session.state is RunState.RUNNING, timeout=LONG)
    window.run_bar.buttons["abort"].click()
    qtbot.waitUntil(lambda: not window.queue.is_going and not window.session.is_active, timeout=LONG)
    window.queue_panel.start.click()
    qtbot.waitUntil(lambda: not window.queue.is_going and not window.session.is_active, timeout=LONG)
    states = [entry.state for entry in window.queue.model.entries]
    assert states.count(EntryState.WAITING) == 0
    assert states[0] is EntryState.DONE

    # a run is stopped in the middle; the program is closed and opened again, and the run gone on with
    qtbot.waitUntil(lambda: not window.laboratory.is_busy, timeout=LONG)
    enter(window, levels="8", batch="16")
    started(window, qtbot)
    qtbot.waitUntil(lambda: window.run_bar.progress.value() > 0, timeout=LONG)
    window.run_bar.buttons["stop"].click()
    stopped = finished(window, qtbot, RunState.STOPPED)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=LONG)
    left = left_by_a_crash(stopped, tmp_path / "runs")

    window = open_window()
    assert [entry["state"] for entry in json.loads((tmp_path / "queue.json").read_text())["entries"]] == states
    qtbot.waitUntil(lambda: left in window.runs.runs and window.runs.runs[left].can_resume, timeout=LONG)
    window.history.choose(left)
    window.history.actions_by_name["resume"].click()
    qtbot.waitUntil(lambda: window.session.run is not None, timeout=LONG)
    assert finished(window, qtbot, RunState.DONE) == left
    resumed = labctl.load(left)
    assert len(resumed.gaps) == 1
    assert resumed.lengths["write"] == 8 * 64

    # two runs are compared and exported
    window.history.words.setText(".h5 write-verify")
    window.history.table.selectAll()
    window.history.actions_by_name["overlay"].click()
    overlay = window.history_desk.overlay
    count = window.history.view.rowCount()
    assert count >= 4
    qtbot.waitUntil(lambda: len(overlay.curves) == count, timeout=LONG)
    overlay.close()
    (tmp_path / "out").mkdir()
    window.history_desk.ask_folder = lambda: str(tmp_path / "out")
    window.history.wanted.emit("parquet", [whole, left])
    qtbot.waitUntil(lambda: len(list((tmp_path / "out").glob("*.parquet"))) == 6, timeout=LONG)
    qtbot.waitUntil(lambda: "written" in window.statusBar().currentMessage(), timeout=LONG)
