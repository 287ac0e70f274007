"""Each example runs as it stands, in an empty folder."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run_example(name: str, folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("first_run")
    return run_example("first_run.py", folder), folder


def test_the_first_run_writes_its_cells_and_leaves_a_file(first_run: tuple[str, Path]) -> None:
    shown, folder = first_run
    assert len(list((folder / "runs").glob("*.h5"))) == 1
    summary = dict(line.split() for line in shown.splitlines() if len(line.split()) == 2)
    assert float(summary["cells"]) == 32
    assert float(summary["yield"]) > 0.9


def test_a_run_is_read_with_labctl_and_with_h5py_alone(first_run: tuple[str, Path], tmp_path: Path) -> None:
    file = next((first_run[1] / "runs").glob("*.h5"))
    shown = run_example("read_a_run.py", tmp_path, str(file))
    assert "write-verify on pe-board: done" in shown
    assert "128 writes" in shown


def test_every_example_is_run_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    names = sorted(example.name for example in EXAMPLES.glob("*.py"))
    assert names
    assert [name for name in names if f'run_example("{name}"' not in text] == []


def test_a_phase_change_cell_is_amorphised_and_crystallised_and_drifts(tmp_path: Path) -> None:
    lines = run_example("pcm_cell.py", tmp_path).splitlines()
    states = [(line.split()[0], float(line.split()[-2])) for line in lines if line.endswith("Ohm")]
    assert all(3e6 < ohms < 4e7 for name, ohms in states if name == "RESET")
    assert all(1e4 < ohms < 9e4 for name, ohms in states if name == "SET")
    partial = [ohms for name, ohms in states if name not in {"SET", "RESET"}][1:]
    assert partial == sorted(partial, reverse=True)
    exponents = {line.split(":")[0]: float(line.split()[-1]) for line in lines if line.startswith("after")}
    assert abs(exponents["after SET"]) < 0.01
    assert 0.07 < exponents["after RESET"] < 0.12  # SSL: about 0.10, at most 0.12
    assert (tmp_path / "runs" / "pcm-cell.png").is_file()


def test_the_night_s_sequence_cycles_a_cell_and_captures_its_drift(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "labctl"), "sequence", str(EXAMPLES / "night.toml"), "--simulate", "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    stages = json.loads(done.stdout)["stages"]
    assert [(s["point"]["switches"], s["stage"], s["outcome"]) for s in stages] == [
        (4, "cycle", "done"), (4, "drift", "done"), (20, "cycle", "done"), (20, "drift", "done"),
    ]  # fmt: skip
    assert len(list((tmp_path / "runs").glob("*.h5"))) == 4
