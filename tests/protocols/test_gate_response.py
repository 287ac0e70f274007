"""Conductance against gate voltage on the simulated gate-tuned array; seeds are stated."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.errors import ConfigError, LimitError
from labctl.protocol import Step
from labctl.rows import Block
from labctl.runfile.reader import RunData
from labctl.runner import Run

RunOn = Callable[..., Run]
TECHNOLOGY = {"slope": 98e-6, "offset": 0.8, "spread": 0.05}
"""What the gate-tuned cells are drawn from: S/V of the median cell, V, and the relative sd from cycle to cycle."""


def gate_response(**parameters: Any) -> Any:
    return plugins.load("protocols", "gate-response").from_mapping(parameters)


def test_the_slope_is_within_the_published_range_and_always_positive(run_on: RunOn) -> None:
    summary = run_on(gate_response(cells=128), seed=1, station="eapu-array").summary
    # Public code of gate-tuned arrays uses 98 to 125 uS/V; the model's median cell has 98.
    assert 90.0 < summary["slope_uS_per_V"] < 125.0
    assert summary["fitted"] >= 126
    assert summary["cycle_spread"] == pytest.approx(TECHNOLOGY["spread"], abs=4 * summary["cycle_spread_error"])


def test_unknown_slopes_and_offsets_are_given_back_at_the_stated_rate(tmp_path: Path) -> None:
    """Blind: each cell's slope is drawn by the simulated lab, and is looked up behind the wire afterwards."""
    with labctl.open_station("eapu-array", simulate=True, seed=5) as lab:
        run = labctl.run(gate_response(cells=400), lab, seed=5, output=tmp_path)
        cells = lab.lab.front_end("pe-board").cells
        state, median = cells.state(), cells.parameters.high
        working = cells.stuck() == 0
    table = plugins.load("protocols", "gate-response").analyse(RunData(run.file)).tables["cells"].columns
    good = working[table["cell"]]
    assert good.sum() > 390
    slopes = TECHNOLOGY["slope"] * state["high"][table["cell"]] / median
    assert slopes[good].std() > 10e-6
    bound = 3.0 * np.sqrt(0.05 * 0.95 / good.sum())
    hits = np.abs(table["slope"] - slopes) <= table["slope_half_width"]
    assert hits[good].mean() == pytest.approx(0.95, abs=bound)
    hits = np.abs(table["offset"] - TECHNOLOGY["offset"]) <= table["offset_half_width"]
    assert hits[good].mean() == pytest.approx(0.95, abs=bound)


def test_the_mean_of_each_voltage_is_told_while_it_runs(run_on: RunOn) -> None:
    data = run_on(gate_response(cells=50, gates=3, turns=2), seed=3, station="eapu-array").data
    response, sweep = data["response"], data["sweep"]
    means = response.groupby(["turn", "step"], sort=True)["conductance"].mean().to_numpy()
    np.testing.assert_allclose(sweep["mean"], means)
    assert sweep["gate"].tolist() == [1.0, 1.35, 1.7] * 2
    assert np.all(np.diff(means.reshape(2, 3)) > 0.0)


def test_a_stuck_cell_is_not_fitted(tmp_path: Path) -> None:
    with labctl.open_station("eapu-array", simulate=True, seed=6) as lab:
        lab.lab.front_end("pe-board").cells.stick(np.arange(4), 30e-6)
        run = labctl.run(gate_response(cells=2048, gates=3, turns=2), lab, seed=6, output=tmp_path)
        stuck = np.flatnonzero(lab.lab.front_end("pe-board").cells.stuck()[:2048])
    table = plugins.load("protocols", "gate-response").analyse(RunData(run.file)).tables["cells"].columns
    above = table["slope"] - table["slope_half_width"] > 0.0
    # Noise alone makes one in forty of the stuck ones seem to rise.
    assert above[stuck].sum() <= 2
    assert above.mean() > 0.9
    assert run.summary["fitted"] == above.sum()


def test_a_run_goes_on_from_its_step() -> None:
    protocol = gate_response(cells=20, gates=3, turns=2)

    def rows(stop: int | None) -> list[bytes]:
        found: list[bytes] = []
        with labctl.open_station("eapu-array", simulate=True, seed=4) as lab:

            def drive(resume: Step | None, until: int | None) -> Step | None:
                arguments = {"array": lab["pe-board"], "clock": lab.clock, "rng": np.random.default_rng(9)}
                for item in protocol.run(**arguments, resume=resume):
                    if not isinstance(item, Step):
                        found.append(item.rows.tobytes() if isinstance(item, Block) else item.to_bytes())
                    elif item.done == until:
                        return item
                return None

            drive(drive(None, stop), None) if stop else drive(None, None)
        return found

    assert rows(2) == rows(5) == rows(None)


def test_the_analysis_and_the_figure_come_from_the_file_alone(run_on: RunOn) -> None:
    run = run_on(gate_response(cells=12, gates=4, turns=2), seed=7, station="eapu-array")
    protocol, data = plugins.load("protocols", "gate-response"), RunData(run.file)
    assert protocol.analyse(data).plain_summary() == run.summary
    assert len(protocol.figure(data).axes) == 2


def test_the_dry_run_is_near_what_the_run_takes(run_on: RunOn) -> None:
    protocol = gate_response(cells=128, gates=4, turns=2)
    plan = labctl.dry_run(protocol, labctl.open_station("eapu-array", simulate=True))
    time = run_on(protocol, station="eapu-array").data.arrays("response")["time"]
    assert time.max() == pytest.approx(plan.duration, rel=0.5)
    assert plan.pulses_per_device == 16
    assert plan.voltage == 5.0
    assert plan.device_voltage == 2.5


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"cells": 3000}, "cells is 3000, but an array has 2048"),
        ({"array": 8}, "array is 8, but the arrays are 0 to 7"),
        ({"lowest_gate": 1.9}, "must be below highest_gate"),
        ({"gates": 1}, "gates is 1, but must be at least 2"),
        ({"gates": 2, "turns": 1}, "a line needs 3 readings"),
        ({"highest_gate": "6 V"}, "highest_gate is 6 V, but must be at most 5 V"),
        ({"reset_pulse": {"word_line": 5, "bit_line": 0, "source_line": 2.9, "width": 1e-5}}, r"2\.9 V, but the stat"),
    ],
)
def test_bad_input_is_refused_before_anything_is_touched(parameters: dict[str, Any], says: str) -> None:
    station = labctl.open_station("eapu-array", simulate=True)
    with pytest.raises((ConfigError, LimitError), match=says):
        labctl.dry_run(gate_response(**parameters), station)
    assert not station["pe-board"].link.transcript
