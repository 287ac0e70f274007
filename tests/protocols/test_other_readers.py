"""Run files in other people's programs, unmodified."""

import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import h5py
import matplotlib as mpl
import numpy as np
import pytest

import labctl
from labctl.runner import Run


@pytest.fixture
def path(run_on: Callable[..., Run], write_verify: Any) -> Path:
    file = run_on(write_verify(cells=50, levels=5), seed=1).file
    assert file is not None
    return file


def tool(name: str, *arguments: str) -> str:
    program = Path(sys.executable).with_name(name)
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout + done.stderr


def test_nexus_validation_finds_no_error(path: Path) -> None:
    assert "Total number of errors: 0" in tool("nxcheck", "-e", str(path))
    definition = str(files("labctl.runfile") / "NXlabctl_run.nxdl.xml")
    assert "Total number of errors: 0" in tool("nxvalidate", "-a", definition, str(path))
    assert "No structural errors found" in tool("nxlint", definition)


def test_nexus_validation_would_find_a_missing_group(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file["entry/sample"]
    definition = str(files("labctl.runfile") / "NXlabctl_run.nxdl.xml")
    assert "Total number of errors: 0" not in tool("nxvalidate", "-a", definition, str(path))


def test_silx_shows_the_cumulative_distributions_by_default(path: Path) -> None:
    from silx.io.nxdata import get_default

    with h5py.File(path) as file:
        shown = get_default(file)
        assert shown is not None
        assert shown.is_valid
        assert shown.is_curve
        assert shown.axes[0].shape == shown.signal.shape == (1000,)
        assert len(shown.auxiliary_signals) == 4


def test_nexusformat_plots_the_default_data(path: Path) -> None:
    from nexusformat.nexus import nxload

    mpl.use("Agg")
    data = nxload(str(path)).get_default()
    data.plot()
    assert data.nxsignal.shape == (1000,)
    mpl.pyplot.close("all")


def test_load_gives_tidy_frames_with_units(path: Path) -> None:
    run = labctl.load(path)
    write = run["write"]
    assert len(write) == 250
    assert write.attrs["units"]["current"] == "A"
    assert write["converged"].dtype == bool
    assert np.allclose(write["conductance"] * run.parameters["read_voltage"], write["current"])
    relaxed = run["relaxed"].merge(write, on=["cell", "level"], suffixes=("_later", ""))
    assert len(relaxed) == 250
    assert (relaxed["time_later"] - relaxed["time"]).min() > 59.9
