"""Each example runs as it stands, in an empty folder."""

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
