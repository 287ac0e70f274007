import random
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from labctl.runfile.finish import cut_to_last_step, recover
from labctl.runfile.journal import is_being_written, journal_path
from labctl.runfile.reader import load

SCRIPT = Path(__file__).with_name("write_until_killed.py")
ROWS = 2000


def kill_after(path: Path, rows: int, seconds: float = 0.0) -> tuple[int, bool]:
    """Kill the writer once ``rows`` rows are accepted; return how many were accepted in all, and if it had ended."""
    child = subprocess.Popen([sys.executable, str(SCRIPT), str(path), str(ROWS)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        told = child.stdout.read(8 * (rows + 1))
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        told += child.stdout.read()
        child.wait()
    numbers = [n for (n,) in struct.iter_unpack("<q", told[: len(told) // 8 * 8])]
    return max([n for n in numbers if n >= 0], default=0), -2 in numbers


MOMENTS = [(random.Random(i).randrange(ROWS), 0.0) for i in range(20)] + [(0, 0.002), (0, 0.01)]
MOMENTS += [(ROWS, delay) for delay in (0.0, 0.002, 0.004, 0.008, 0.012, 0.02)]  # while the file is being closed


@pytest.mark.parametrize(("rows", "seconds"), MOMENTS)
def test_a_run_killed_at_any_moment_keeps_every_accepted_row(tmp_path: Path, rows: int, seconds: float) -> None:
    path = tmp_path / "run.h5"
    accepted, ended = kill_after(path, rows, seconds)
    assert rows <= accepted <= ROWS
    if not path.exists():
        assert accepted == 0, "rows were accepted before there was a file"
        return
    assert not is_being_written(path)
    numbers = load(path).arrays("reading")["number"]
    assert len(numbers) >= accepted
    assert np.array_equal(numbers, np.arange(len(numbers)))
    status = recover(path)
    assert status == ("done" if ended else status)
    assert status in {"done", "interrupted"}
    assert not journal_path(path).exists()
    with h5py.File(path) as plain:  # any reader, with no knowledge of SWMR or journals
        assert np.array_equal(plain["entry/reading/number"][:], numbers)
        assert np.array_equal(plain["entry/reading/value"][:], numbers * 0.5)


def test_a_killed_run_is_cut_at_its_last_step_for_a_resume(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    accepted, _ = kill_after(path, 1023)
    recover(path)
    before = load(path)
    step = before.last_step()
    assert step is not None
    assert before.step_state(step) == f"state {step['done'] * 50}".encode()
    cut_to_last_step(path, "2026-01-01T00:00:01+00:00")
    after = load(path)
    assert after.arrays("reading")["number"].tolist() == list(range(step["done"] * 50))
    assert after.gaps[0]["after_step"] == step["done"]
    assert after.gaps[0]["rows_dropped"] == {"reading": before.lengths["reading"] - step["done"] * 50}
    assert accepted - 50 <= after.lengths["reading"] <= accepted + 1
    assert after.last_step() == step
