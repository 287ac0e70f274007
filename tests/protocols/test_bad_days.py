"""What a lab has to live with: noise, lost, doubled and late messages, a board that is gone, a killed program."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import labctl
from labctl.api import station_of
from labctl.errors import InstrumentError, LinkError, RunStoppedError
from labctl.events import Progress, RunState
from labctl.runfile.finish import recover
from labctl.stations.station import Station

StationWith = Callable[..., Path]


def pulses_on_the_board(lab: Station) -> int:
    """Return how many programming pulses the simulated board has given since it was made."""
    assert lab.lab is not None
    counters = lab.lab.front_end("pe-board").counters
    return int(counters.set_pulses + counters.reset_pulses)


def pulses_in_the_file(data: Any) -> int:
    return int(data.arrays("write")["pulses"].sum())


@pytest.mark.parametrize("loop", ["board", "host"])
@pytest.mark.parametrize(
    "faults",
    [
        {"flip_bit": 1e-3},
        {"drop_byte": 1e-3},
        {"lose_reply": 0.2},
        {"lose_request": 0.2},
        {"repeat_request": 0.3},
        {"delay_request": 0.3},
        {"truncate_reply": 0.2},
        {"flip_bit": 5e-4, "drop_byte": 5e-4, "lose_reply": 0.05, "repeat_request": 0.05, "delay_request": 0.05},
    ],
    ids=lambda faults: "+".join(faults),
)
def test_a_bad_line_costs_retries_and_no_cell_a_second_pulse(
    station_with: StationWith, write_verify: Any, tmp_path: Path, faults: dict[str, float], loop: str
) -> None:
    station = station_with(**faults, seed=11)
    with labctl.open_station(station, simulate=True, seed=1) as lab:
        run = labctl.run(write_verify(cells=60, levels=4, loop=loop, traced=0, batch=30), lab, seed=1, output=tmp_path)
        assert run.state is RunState.DONE
        assert pulses_on_the_board(lab) == pulses_in_the_file(run.data)
    counters = run.data.link_counters["pe-board"]
    if "delay_request" not in faults and "repeat_request" not in faults:
        assert counters["retries"] > 0
    clean = labctl.open_station("pe-board", simulate=True, seed=1)
    with clean:
        same = labctl.run(
            write_verify(cells=60, levels=4, loop=loop, traced=0, batch=30), clean, seed=1, output=tmp_path
        )
    assert np.array_equal(run.data.arrays("write")["cell"], same.data.arrays("write")["cell"])
    assert not run.data["write"].duplicated(["cell", "level"]).any()


def test_a_line_that_is_gone_ends_the_run_and_a_resume_finishes_it(
    station_with: StationWith, write_verify: Any, tmp_path: Path
) -> None:
    station = station_with(disconnect_after=60)
    lab = labctl.open_station(station, simulate=True, seed=1)
    lab.open()
    run = labctl.prepare(write_verify(cells=200, levels=4, batch=20), lab, seed=1, output=tmp_path)
    run.start()
    with pytest.raises(LinkError, match="gone"):
        run.result()
    with pytest.raises(LinkError, match="check its outputs by hand"):
        lab.close()
    data = run.data
    assert data.status == "failed"
    assert "pe-board could not be made safe, check its outputs by hand" in data.reason
    assert 0 < data.lengths["write"] < 800
    text = data.header.station_text.replace("disconnect_after = 60", "")
    mended = tmp_path / "mended.toml"
    mended.write_text(text)
    with labctl.open_station(mended, simulate=True, seed=1) as again:
        resumed = labctl.resume(data.path, station=again)
        resumed.start()
        finished = resumed.result().data
    assert finished.status == "done"
    assert finished.lengths["write"] == 800
    assert not finished["write"].duplicated(["cell", "level"]).any()
    assert len(finished.gaps) == 1


def test_a_board_of_another_protocol_version_is_refused_with_both_versions(tmp_path: Path) -> None:
    station = tmp_path / "station.toml"
    station.write_text(
        'name = "x"\n[instruments.pe-board]\ndriver = "pe-board"\nlink = "ASRL1::INSTR"\n'
        "[simulation.instruments.pe-board.options]\nprotocol_version = 2\n"
    )
    with pytest.raises(LinkError, match=r"pe-board: .* the board speaks versions 2 to 2 .*; this driver speaks 1"):
        labctl.open_station(station, simulate=True).open()


def test_a_line_that_stays_high_is_reported_and_written_down(lab: Station, write_verify: Any, tmp_path: Path) -> None:
    assert lab.lab is not None
    lab.lab.front_end("pe-board").hold_line("bit", 700)
    run = labctl.prepare(write_verify(cells=4, levels=2), lab, seed=1, output=tmp_path)
    run.start()
    with pytest.raises((InstrumentError, labctl.LabctlError)):
        run.result()
    assert run.state is RunState.FAILED
    assert "bit" in run.data.reason
    lab.lab.front_end("pe-board").hold_line("bit", 0)


def test_an_abort_leaves_every_line_at_ground_read_back_and_written_down(
    lab: Station, write_verify: Any, tmp_path: Path
) -> None:
    run = labctl.prepare(write_verify(cells=1024, levels=32), lab, seed=1, output=tmp_path)
    tenth = threading.Event()
    run.listen(lambda event: tenth.set() if isinstance(event, Progress) and event.done == 10 else None)
    run.start()
    assert tenth.wait(30.0)
    run.abort()
    with pytest.raises(RunStoppedError):
        run.result()
    safe = run.data.safe_state["pe-board"]
    assert run.data.status == "aborted"
    assert safe["armed"] is False
    assert max(safe[f"{line}_line_V"] for line in ("word", "bit", "source")) < 0.05
    assert run.data.lengths["write"] >= 9 * 128
    with pytest.raises(labctl.DataFileError, match="was aborted"):
        labctl.resume(run.file or "", station=lab)


SMALL = ("--set", "cells=48", "--set", "levels=6", "--set", "batch=8", "--set", "traced=1")


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = "from labctl.cli import main; main()"
    given = ["run", "write-verify", "--simulate", "--seed", "1", "--output", str(folder), "--json", *arguments]
    return subprocess.Popen(
        [sys.executable, "-c", command, *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_rows(folder: Path, child: subprocess.Popen[str], size: int) -> None:
    """Wait until the child's journal has grown to ``size`` bytes, or it has ended."""
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline and child.poll() is None:
        if any(file.stat().st_size >= size for file in folder.glob("*.journal")):
            return
        time.sleep(0.0005)


@pytest.mark.parametrize("moment", range(20))
def test_a_run_killed_at_any_moment_is_finished_by_resume(tmp_path: Path, moment: int) -> None:
    child = start(tmp_path, *SMALL)
    wait_for_rows(tmp_path, child, random.Random(moment).randrange(100, 30_000))
    child.send_signal(signal.SIGKILL)
    child.communicate()
    (path,) = tmp_path.glob("*.h5")
    accepted = labctl.load(path).lengths["write"]
    status = recover(path)
    assert labctl.load(path).lengths["write"] == accepted
    if status == "interrupted":
        with station_of(path) as lab:
            run = labctl.resume(path, station=lab)
            run.start()
            run.result()
    data = labctl.load(path)
    assert data.status == "done"
    assert data.lengths["write"] == data.lengths["relaxed"] == 288
    assert not data["write"].duplicated(["cell", "level"]).any()
    assert not data["relaxed"].duplicated(["cell", "level"]).any()
    assert data.summary["yield"] >= 0.99
    with h5py.File(path) as plain:
        assert plain["entry/write/cell"].shape == (288,)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_on_the_command_line_aborts_safely(tmp_path: Path, name: str) -> None:
    child = start(tmp_path, "--set", "loop=host")
    wait_for_rows(tmp_path, child, 4000)
    os.kill(child.pid, getattr(signal, name))
    out, err = child.communicate(timeout=30.0)
    assert child.returncode == 130
    assert '"status": "stopped"' in out
    assert "Traceback" not in err
    (path,) = tmp_path.glob("*.h5")
    data = labctl.load(path)
    assert data.status == "aborted"
    assert data.safe_state["pe-board"]["armed"] is False
    assert data.safe_state["pe-board"]["word_line_V"] < 0.05
