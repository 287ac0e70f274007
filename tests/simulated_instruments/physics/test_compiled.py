"""Kernels run where their machine code can be kept and where it cannot."""

import shutil
import subprocess
import sys
from pathlib import Path

import simulated_instruments.physics.compiled

PROGRAM = """
from kernel import double
print(double(21), type(double).__name__)
"""


def run_kernel(folder: Path, **environment: str) -> str:
    shutil.copy(simulated_instruments.physics.compiled.__file__, folder / "compiled.py")
    (folder / "kernel.py").write_text("from compiled import compiled\n@compiled\ndef double(x):\n    return 2 * x\n")
    command = [sys.executable, "-B", "-c", PROGRAM]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=120
    ).stdout


def test_the_machine_code_is_kept_in_the_folder_that_the_environment_names(tmp_path):
    cache = tmp_path / "cache"
    assert run_kernel(tmp_path, NUMBA_CACHE_DIR=str(cache), HOME=str(tmp_path)) == "42 CPUDispatcher\n"
    assert list(cache.rglob("*.nbc"))


def test_a_kernel_runs_where_no_folder_can_be_written(tmp_path):
    # A file in the place of each cache folder can be written by nobody, not even by root.
    (tmp_path / "home").write_text("")
    (tmp_path / "__pycache__").write_text("")
    printed = run_kernel(tmp_path, HOME=str(tmp_path / "home"), XDG_CACHE_HOME=str(tmp_path / "home"))
    assert printed == "42 CPUDispatcher\n"
    assert not list(tmp_path.rglob("*.nbc"))
