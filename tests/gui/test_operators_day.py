"""A day in one session: cycling, drift, chosen cells, a queue, an abort, a crash, a comparison, an export."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt, QTimer

import labctl
from labctl.events import RunState
from labctl.gui.queue.entries import EntryState
from labctl.gui.window import MainWindow
from labctl.runfile.reader import load


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
        qtbot.waitUntil(lambda: window.laboratory.station is not None and window.form is not None)
        window.station_panel.connect_all.click()
        window.chooser.choose("write-verify")
        qtbot.waitUntil(lambda: window.conductor.can_run)
        return window

    yield make
    for window in windows:
        if window.isVisible():
            window.close()
            qtbot.waitUntil(lambda window=window: not window.isVisible())
        window.deleteLater()


def enter(window, **texts):
    for name, text in texts.items():
        window.form.rows[(name,)].editor.widget.setText(text)


def finished(window, qtbot, state):
    qtbot.waitUntil(lambda: not window.session.is_active and not window.laboratory.is_busy)
    assert window.session.state is state
    return Path(window.result.path.text())


def started(window, qtbot):
    qtbot.waitUntil(lambda: window.conductor.can_run)
    before = window.session.run
    window.run_bar.buttons["run"].click()
    qtbot.waitUntil(lambda: window.session.run is not before and window.session.is_active)


def paused(window, qtbot):
    """Pause, see that nothing more is written, and go on."""
    window.run_bar.buttons["pause"].click()
    qtbot.waitUntil(lambda: window.run_bar.buttons["resume"].isEnabled())
    qtbot.wait(200)
    shown = window.run_bar.progress.text()
    qtbot.wait(200)
    assert window.run_bar.progress.text() == shown
    assert window.session.state is RunState.PAUSED
    window.run_bar.buttons["resume"].click()


def take_station(window, qtbot, name, protocol):
    window.chooser.choose(protocol)
    if window.laboratory.station.name != name:
        window.open_station(name, simulate=True, seed=1)
        qtbot.waitUntil(lambda: window.laboratory.station.name == name and not window.laboratory.is_busy)
        window.station_panel.connect_all.click()
    qtbot.waitUntil(lambda: window.conductor.can_run)


def pick(window, qtbot, first, *others):
    """Click on a run in the history, and with Ctrl on others."""
    table, view = window.history.table, window.history.view
    rows = {view.run_at(row).path: row for row in range(view.rowCount())}
    for path in (first, *others):
        index = view.index(rows[path], 0)
        table.scrollTo(index)
        held = Qt.KeyboardModifier.NoModifier if path == first else Qt.KeyboardModifier.ControlModifier
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, held, table.visualRect(index).center())
    assert {run.path for run in window.history.chosen} == {first, *others}


def export(window, qtbot, kind):
    """Press Export and click on a kind of file in its menu."""
    button = window.history.actions_by_name["export"]
    menu = button.menu()
    action = next(action for action in menu.actions() if kind in action.text())

    def click():
        if menu.isVisible():
            qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
        else:
            QTimer.singleShot(10, click)

    QTimer.singleShot(0, click)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not menu.isVisible())


def killed_in_the_middle(folder):
    """Run write-verify in a program of its own and kill it without warning; return what it leaves."""
    settings = ("levels=32", "batch=8", "chosen=0-127", "wait=1 s")
    command = [sys.executable, "-c", "from labctl.cli import main; main()", "run", "write-verify", "--simulate"]
    command += ["--seed", "1", "--sample", "die 7", "--output", str(folder)]
    before = set(folder.glob("*.h5"))
    child = subprocess.Popen([*command, *(part for text in settings for part in ("--set", text))])
    try:
        path, deadline = None, time.monotonic() + 60.0
        while path is None or len(load(path).arrays("steps")["done"]) < 3:
            assert child.poll() is None, "the run was over before it could be killed"
            assert time.monotonic() < deadline
            path = next(iter(set(folder.glob("*.h5")) - before), None)
    finally:
        child.kill()
        child.wait()
    return path


def test_an_operators_day(open_window, qtbot, tmp_path):
    window = open_window()
    window.run_bar.operator.setText("Ada")
    window.run_bar.seed.setText("1")
    for name, text in (("die", "C4"), ("device", "D17"), ("note", "first day")):
        window.run_bar.labels[name].setText(text)

    # cycling on a PCM cell, then its drift, paused and gone on with
    take_station(window, qtbot, "pcm-cell", "cycling")
    enter(window, switches="10")
    started(window, qtbot)
    cycled = labctl.load(finished(window, qtbot, RunState.DONE))
    assert cycled.header.station == "pcm-cell"
    assert (cycled.header.die, cycled.header.device, cycled.header.note) == ("C4", "D17", "first day")
    window.chooser.choose("drift")
    enter(window, reads="2000", block="4")  # long enough to be paused, however late the click comes
    started(window, qtbot)
    qtbot.waitUntil(lambda: window.run_bar.progress.value() > 0)
    paused(window, qtbot)
    assert labctl.load(finished(window, qtbot, RunState.DONE)).summary

    # 32 levels on 1,024 cells that are chosen on the map
    take_station(window, qtbot, "pe-board", "write-verify")
    editor = window.form.rows[("chosen",)].editor
    editor.map.click()
    dialog = window.cell_desk.dialog
    dialog.rule.setCurrentText("checkerboard")
    dialog.apply.click()
    dialog.accept()
    assert len(window.form.protocol.chosen) == 1024
    assert window.form.protocol.levels == 32
    started(window, qtbot)
    qtbot.waitUntil(lambda: window.run_bar.progress.value() > 100)
    paused(window, qtbot)
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
    qtbot.waitUntil(lambda: window.queue.model.entries[0].state is EntryState.DONE)
    qtbot.waitUntil(lambda: not window.queue.is_going or window.session.state is RunState.RUNNING)
    window.run_bar.buttons["abort"].click()
    qtbot.waitUntil(lambda: not window.queue.is_going and not window.session.is_active)
    window.queue_panel.start.click()
    qtbot.waitUntil(lambda: not window.queue.is_going and not window.session.is_active)
    states = [entry.state for entry in window.queue.model.entries]
    assert states.count(EntryState.WAITING) == 0
    assert states[0] is EntryState.DONE

    # the program is closed and opened again; a run of another one was killed meanwhile, and is gone on with
    qtbot.waitUntil(lambda: not window.laboratory.is_busy)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    left = killed_in_the_middle(tmp_path / "runs")
    written = labctl.load(left).lengths["write"]
    assert 0 < written < 32 * 128

    window = open_window()
    assert [entry["state"] for entry in json.loads((tmp_path / "queue.json").read_text())["entries"]] == states
    qtbot.waitUntil(lambda: left in window.runs.runs and window.runs.runs[left].can_resume)
    assert window.runs.runs[left].status == "interrupted"
    window.history.choose(left)
    window.history.actions_by_name["resume"].click()
    qtbot.waitUntil(lambda: window.session.run is not None)
    assert finished(window, qtbot, RunState.DONE) == left
    resumed = labctl.load(left)
    assert len(resumed.gaps) == 1
    assert resumed.lengths["write"] == 32 * 128

    # two runs are compared and exported
    window.history.words.setText(".h5 write-verify")
    window.history.table.selectAll()
    window.history.actions_by_name["overlay"].click()
    overlay = window.history_desk.overlay
    count = window.history.view.rowCount()
    assert count >= 4
    qtbot.waitUntil(lambda: len(overlay.curves) == count)
    overlay.close()
    (tmp_path / "out").mkdir()
    window.history_desk.ask_folder = lambda: str(tmp_path / "out")
    pick(window, qtbot, whole, left)
    export(window, qtbot, "Parquet")
    qtbot.waitUntil(lambda: len(list((tmp_path / "out").glob("*.parquet"))) == 6)
    qtbot.waitUntil(lambda: "written" in window.statusBar().currentMessage())
