"""A run that is broken off behind a step and gone on with gives the rows of an unbroken one, on the same cells."""

from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.protocol import Step, Wait
from labctl.rows import Block, Row

SMALL: dict[str, dict[str, Any]] = {
    "weight-transfer": {},
    "pulse-count": {"levels": 3, "rows_each": 1},
    "pulse-response": {"cells": 5, "pulses": 4, "reset_first": 3},
    "retention": {"items": 300, "points": 4, "duration": "1 d"},
    "read-disturb": {"items": 40, "control": 10, "reads": (1, 15_000, 40_000)},
}


def collect(items: Any, clock: Any, steps: int) -> tuple[dict[str, list[Any]], Step]:
    """Return the rows up to so many steps, and the last step."""
    rows: dict[str, list[Any]] = {}
    for item in items:
        match item:
            case Wait():
                clock.wait(item.seconds)
            case Block():
                rows.setdefault(item.row_type.stream, []).append(item.rows)
            case Row():
                rows.setdefault(type(item).stream, []).append(np.frombuffer(item.to_bytes(), type(item).dtype))
            case Step():
                last = item
                if item.done == steps:
                    items.close()
                    return rows, last
    return rows, last


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("stop", [1, 2])
def test_a_resumed_run_gives_the_rows_of_an_unbroken_one(name: str, stop: int) -> None:
    protocol = plugins.load("protocols", name).from_mapping(SMALL[name])
    runs = []
    for broken in (False, True):
        with labctl.open_station("pe-board", simulate=True, seed=11) as lab:
            given = {"array": lab["pe-board"], "clock": lab.clock}
            if name not in {"pulse-count"}:
                given["rng"] = np.random.default_rng(5)
            rows, step = collect(protocol.run(**given), lab.clock, stop if broken else 10_000)
            if broken:
                if "rng" in given:
                    given["rng"] = np.random.default_rng(5)
                more, step = collect(protocol.run(**given, resume=step), lab.clock, 10_000)
                for stream, blocks in more.items():
                    rows.setdefault(stream, []).extend(blocks)
            assert step.done == step.total
            runs.append({stream: np.concatenate(blocks) for stream, blocks in rows.items()})
    assert runs[0].keys() == runs[1].keys()
    for stream, unbroken in runs[0].items():
        assert np.array_equal(unbroken, runs[1][stream]), stream
