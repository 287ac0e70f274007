"""A simulated board served by ``labctl simulate``, used as a real one: another process, a real line, real time."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import labctl
from labctl.errors import RunStoppedError
from labctl.events import Progress, RunState

COMMAND = [sys.executable, "-c", "from labctl.cli import main; main()"]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Serve the shipped station and return a station file that reaches it as real hardware."""
    servers = []

    def start(*options: str) -> Path:
        server = subprocess.Popen(
            [*COMMAND, "simulate", "pe-board", "--json", "--seed", "1", *options], stdout=subprocess.PIPE, text=True
        )
        servers.append(server)
        assert server.stdout is not None
        resource = json.loads(server.stdout.readline())["resources"]["pe-board"]["serial"]
        path = tmp_path / "served.toml"
        path.write_text(f'name = "served"\n[instruments.pe-board]\ndriver = "pe-board"\nlink = "{resource}"\n')
        return path

    yield start
    for server in servers:
        server.terminate()
        server.communicate(timeout=10.0)


def test_a_run_on_the_served_board_is_a_run_on_a_real_one(
    serve: Callable[..., Path], write_verify: Any, tmp_path: Path
) -> None:
    with labctl.open_station(serve()) as lab:
        run = labctl.run(write_verify(cells=40, levels=4, wait=0.0), lab, seed=1, output=tmp_path)
    assert run.data.header.simulated is False
    assert run.summary["yield"] >= 0.99
    assert run.data.safe_state["pe-board"]["armed"] is False


def test_an_abort_ends_a_long_operation_on_the_board_within_a_second(
    serve: Callable[..., Path], write_verify: Any, tmp_path: Path
) -> None:
    slow = write_verify.from_mapping(
        {
            "cells": 64, "levels": 2, "batch": 64, "traced": 0, "tolerance": "1 nA", "wait": 0, "averages": 1000,
        }
    )  # fmt: skip
    with labctl.open_station(serve()) as lab:
        run = labctl.prepare(slow, lab, seed=1, output=tmp_path)
        steps = threading.Event()
        run.listen(lambda event: steps.set() if isinstance(event, Progress) else None)
        run.start()
        assert not steps.wait(1.5), "the write was over before it could be aborted"
        asked = time.monotonic()
        run.abort()
        with pytest.raises(RunStoppedError):
            run.result()
        assert time.monotonic() - asked < 5.0  # a whole write of this batch takes minutes
        assert run.state is RunState.ABORTED
        safe = run.data.safe_state["pe-board"]
        assert safe["armed"] is False
        assert max(safe[f"{line}_line_V"] for line in ("word", "bit", "source")) < 0.05
        again = labctl.run(write_verify(cells=4, levels=2, wait=0.0, traced=0), lab, seed=2, output=tmp_path)
        assert again.state is RunState.DONE
