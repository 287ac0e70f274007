"""What goes wrong in a lab, through the window: said in words, outputs safe, and the program goes on."""

import errno
import os
import shutil
from pathlib import Path

import pytest

import labctl
from labctl.events import RunState
from labctl.gui.facts import Outputs
from labctl.gui.window import MainWindow
from labctl.runfile.finish import recover


def start(window, qtbot):
    before = window.session.run
    qtbot.waitUntil(lambda: window.conductor.can_run)
    window.run_bar.buttons["run"].click()
    qtbot.waitUntil(lambda: window.session.run is not before)


def failed(window, qtbot):
    qtbot.waitUntil(lambda: not window.session.is_active and not window.laboratory.is_busy)
    assert window.session.state is RunState.FAILED
    assert window.messages.isVisible()
    return window.messages.words.text()


def goes_on(window, lab, qtbot):
    """Show that the next run is done."""
    lab.gate.release(10)
    start(window, qtbot)
    qtbot.waitUntil(lambda: not window.session.is_active and not window.laboratory.is_busy)
    assert window.session.state is RunState.DONE
    assert not window.messages.isVisible()


@pytest.fixture
def full_disk(monkeypatch):
    """Have the system refuse what is written into journals, after half a record, as a full disk does."""
    true_write = os.write
    refusing = []

    def write(descriptor, data):
        if refusing and os.readlink(f"/proc/self/fd/{descriptor}").endswith(".journal"):
            if len(data) > 8 and refusing[0]:
                refusing[0] = False
                return true_write(descriptor, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return true_write(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    yield refusing
    refusing.clear()


def test_a_disk_that_is_full_ends_the_run_in_words_and_keeps_every_whole_row(window, lab, qtbot, full_disk):
    start(window, qtbot)
    lab.gate.release(1)
    qtbot.waitUntil(lambda: window.run_bar.progress.value() > 0)
    full_disk.append(True)
    lab.gate.release(1)
    words = failed(window, qtbot)
    assert "No space left on device" in words
    assert "make room" in words
    assert lab.twin.output == "0"
    assert window.laboratory.facts["array"].outputs is Outputs.SAFE
    path = window.session.run.file
    full_disk.clear()
    recover(path)
    assert labctl.load(path).lengths["cell_read"] == 20
    goes_on(window, lab, qtbot)


def test_a_disk_that_is_nearly_full_ends_the_run_before_anything_is_damaged(window, lab, qtbot, monkeypatch):
    usage = shutil.disk_usage("/")
    start(window, qtbot)
    lab.gate.release(1)
    qtbot.waitUntil(lambda: window.run_bar.progress.value() > 0)
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
        lab.gate.release(1)
        words = failed(window, qtbot)
    assert "is full (1,024 KiB left)" in words
    assert lab.twin.output == "0"
    path = window.session.run.file
    qtbot.waitUntil(lambda: path in window.runs.runs and window.runs.runs[path].can_resume)
    window.history.choose(path)
    qtbot.waitUntil(lambda: window.conductor.can_run)
    lab.gate.release(10)
    resume, before = window.history.actions_by_name["resume"], window.session.run
    qtbot.waitUntil(resume.isEnabled)
    resume.click()
    qtbot.waitUntil(lambda: window.session.run is not before)
    qtbot.waitUntil(lambda: not window.session.is_active and not window.laboratory.is_busy)
    assert labctl.load(path).status == "done"
    goes_on(window, lab, qtbot)


def test_a_folder_that_the_system_lets_nobody_write_into_is_said(window, lab, qtbot):
    before = window.output
    window.output = Path("/proc/labctl-runs")
    start(window, qtbot)
    assert "/proc/labctl-runs" in failed(window, qtbot)
    assert lab.twin.output == "0"
    assert window.laboratory.facts["array"].outputs is Outputs.SAFE
    window.output = before
    goes_on(window, lab, qtbot)


def test_a_line_that_is_unplugged_in_the_middle_is_said_and_comes_back(window, lab, qtbot):
    start(window, qtbot)
    lab.gate.release(1)
    qtbot.waitUntil(lambda: window.run_bar.progress.value() > 0)
    line = window.laboratory.station.lab.hosted["array"].line
    line.connected = False
    lab.gate.release(1)
    words = failed(window, qtbot)
    assert "array" in words
    card = window.station_panel.cards["array"]
    assert "could not be made safe" in card.error.text()
    assert card.details["connection"].text() == "open, but the last try failed"
    assert window.laboratory.facts["array"].outputs is Outputs.UNKNOWN
    assert not window.conductor.can_run
    line.connected = True
    window.station_panel.refresh.click()
    qtbot.waitUntil(lambda: window.laboratory.facts["array"].outputs is Outputs.SAFE)
    assert card.details["connection"].text() == "connected"
    assert lab.twin.output == "0"
    goes_on(window, lab, qtbot)


@pytest.fixture
def board(qtbot, store, tmp_path, light):
    """The simulated PE board behind a real pseudo-terminal."""
    station = tmp_path / "bench.toml"
    shipped = Path(labctl.__file__).parent / "stations" / "shipped" / "pe-board.toml"
    station.write_text(shipped.read_text().replace('transport = "in-process"', 'transport = "serial"'))
    window = MainWindow(output=tmp_path / "runs", store=store)
    window.confirm = lambda title, question: True
    window.show()
    window.open_station(str(station), simulate=True, seed=1)
    qtbot.waitUntil(lambda: window.laboratory.station is not None and window.form is not None)
    window.chooser.choose("write-verify")
    window.station_panel.connect_all.click()
    qtbot.waitUntil(lambda: window.conductor.can_run)
    yield window
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    window.deleteLater()


def test_a_board_whose_serial_line_is_pulled_out_of_a_run(board, qtbot):
    start(board, qtbot)
    qtbot.waitUntil(lambda: board.run_bar.progress.value() > 0)
    board.laboratory.station.lab.close()  # closes the pseudo-terminal, as pulling a USB plug does
    words = failed(board, qtbot)
    assert "pe-board" in words
    assert board.laboratory.facts["pe-board"].outputs is Outputs.UNKNOWN
    assert "check its outputs by hand" in board.station_panel.cards["pe-board"].error.text()
    path = board.session.run.file
    assert labctl.load(path).status == "failed"
    # the plug is put in again
    board.station_panel.refresh.click()
    qtbot.waitUntil(lambda: board.conductor.can_run)
    assert board.laboratory.facts["pe-board"].outputs is Outputs.SAFE


def test_a_station_whose_line_is_dead_can_be_left_and_it_is_said_that_it_is_not_known_to_be_safe(window, lab, qtbot):
    window.laboratory.station.lab.hosted["array"].line.connected = False
    window.open_station(str(lab.station), simulate=True)
    qtbot.waitUntil(lambda: window.messages.isVisible() and not window.laboratory.is_busy)
    assert "The station before: array could not be made safe" in window.messages.words.text()
    window.station_panel.connect_all.click()
    goes_on(window, lab, qtbot)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("this is no TOML", "TOML"),
        ('name = "x"\n', "instruments"),
        ('name = "x"\n[instruments.a]\ndriver = "tiny"\nlink = "ASRL1::INSTR"\ntimeout = "2 V"\n', "'2 V' is not"),
    ],
)
def test_a_broken_station_file_leaves_the_one_before(window, lab, qtbot, tmp_path, text, says):
    broken = tmp_path / "broken.toml"
    broken.write_text(text)
    window.open_station(str(broken), simulate=True)
    qtbot.waitUntil(lambda: window.messages.isVisible() and not window.laboratory.is_busy)
    assert says in window.messages.words.text()
    assert window.laboratory.station.name == "tiny"
    window.messages.dismiss.click()
    goes_on(window, lab, qtbot)


def test_a_station_file_that_is_not_there_leaves_the_window_working(qtbot, store, tmp_path, lab, light):
    window = MainWindow(output=tmp_path, store=store)
    qtbot.addWidget(window)
    window.show()
    window.open_station(str(tmp_path / "gone.toml"), simulate=True)
    qtbot.waitUntil(lambda: window.messages.isVisible())
    assert "gone.toml" in window.messages.words.text()
    window.open_station(str(lab.station), simulate=True)
    qtbot.waitUntil(lambda: window.laboratory.station is not None and not window.laboratory.is_busy)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
