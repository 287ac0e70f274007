"""A small protocol and a header, for tests of the core that need no instrument."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import Field

from labctl.clock import VirtualClock
from labctl.protocol import Count, Note, Plan, Protocol, Seconds, Step, Steps, Wait
from labctl.results import Results, Table
from labctl.rows import Row, column
from labctl.runfile.header import RunHeader
from labctl.runfile.writer import RunFileWriter
from labctl.runner import Run


class Reading(Row):
    """A made-up reading."""

    time: float = column("s", "time since the run began")
    number: int = column(doc="number of the reading")
    resistance: float = column("ohm", "what was read")


class Event(Row):
    """A made-up text row."""

    number: int = column(doc="number")
    what: str = column(doc="in words")


class Counting(Protocol):
    """Count, with a reading each, and a block every tenth."""

    name: ClassVar[str] = "counting"
    title: ClassVar[str] = "Counting"
    source: ClassVar[str] = "made up for tests"
    device: ClassVar[str] = "Test device"
    purpose: ClassVar[str] = "Testing"
    rows: ClassVar[tuple[type[Row], ...]] = (Reading, Event)

    steps: Count = 10
    each: Count = 3
    wait: Seconds = Field(default=1.0, ge=0.0, le=100.0)
    fail_at: int = -1

    def plan(self) -> Plan:
        return Plan(self.steps * self.wait, 0, 0.0, 0.0, 0.0, self.steps)

    def run(self, rng: np.random.Generator, clock: Any, resume: Step | None = None) -> Steps:
        start = resume.done if resume else 0
        for done in range(start, self.steps):
            if done == self.fail_at:
                raise RuntimeError("failed on purpose")
            for i in range(self.each):
                yield Reading(time=clock.now(), number=done * self.each + i, resistance=float(rng.normal(1e4, 10.0)))
            yield Event.block(number=[done, done], what=["first", "second"])
            yield Note(f"counted {done}")
            yield Wait(self.wait)
            yield Step(done + 1, self.steps, state=f"state {done + 1}".encode())

    @classmethod
    def analyse(cls, run: Any) -> Results:
        readings = run.arrays("reading")
        table = Table(readings, {"time": "s", "resistance": "ohm"}, signal="resistance", axes="time")
        summary = {"readings": len(readings["time"]), "mean": float(readings["resistance"].mean())}
        return Results(summary, {"trace": table}, "trace", printed="trace")


def make_header(protocol: Protocol, seed: int = 1) -> RunHeader:
    return RunHeader(
        protocol.name, protocol.title, protocol.source, protocol.model_dump(mode="json"), {"wait": "s"}, seed,
        True, "bench", 'name = "bench"', "sample 7", "operator", "2026-01-01T00:00:00+00:00", "0.1.0", {}, {},
    )  # fmt: skip


@pytest.fixture
def counting() -> type[Counting]:
    return Counting


@pytest.fixture
def reading() -> type[Reading]:
    return Reading


@pytest.fixture
def header() -> Callable[..., RunHeader]:
    return make_header


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    def make(protocol: Protocol, **options: Any) -> Run:
        def open_file() -> RunFileWriter:
            return RunFileWriter.create(tmp_path / "run.h5", make_header(protocol), type(protocol).rows)

        return Run(protocol, {}, **{"clock": VirtualClock(), "seed": 1, "open_file": open_file, **options})

    return make
