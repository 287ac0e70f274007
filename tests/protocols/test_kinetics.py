"""RESET trains on the simulated array: trends, recovery of drawn cells, refusals, resume. Seeds are stated."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.analysis import kinetics, recursion
from labctl.clock import VirtualClock
from labctl.errors import ConfigError, LimitError
from labctl.protocol import Step
from labctl.rows import Block
from labctl.runner import Run

RunOn = Callable[..., Run]


@pytest.fixture
def trains() -> Any:
    return plugins.load("protocols", "kinetics")


def swept(run_on: RunOn, trains: Any, vary: str, seed: int) -> Run:
    return run_on(trains(vary=vary, cells=24, cycles=1), seed=seed, station="ddk-array")


def test_beta_rises_with_amplitude_while_alpha_hardly_moves(run_on: RunOn, trains: Any) -> None:
    summary = swept(run_on, trains, "amplitude", seed=1).summary
    assert summary["beta_rises"] == 1.0
    assert summary["beta_gain"] > 1.3
    assert summary["alpha_span"] < 0.3
    assert summary["trf_difference"] < 1e-6


def test_beta_rises_with_width(run_on: RunOn, trains: Any) -> None:
    summary = swept(run_on, trains, "width", seed=2).summary
    assert summary["beta_rises"] == 1.0
    assert summary["beta_gain"] > 2.0
    assert summary["alpha_span"] < 0.35 < summary["beta_span"]


def test_beta_rises_with_the_initial_resistance_and_saturates_from_15_kohm(run_on: RunOn, trains: Any) -> None:
    run = swept(run_on, trains, "initial_resistance", seed=3)
    assert run.summary["beta_rise_below"] > 0.15
    assert run.summary["beta_rise_beyond"] < 0.1
    table = kinetics.analyse(run.data).tables["by_value"].columns
    assert table["resistance"] == pytest.approx(table["value"], rel=0.08)


def test_alpha_and_beta_of_drawn_cells_come_back_within_their_intervals(trains: Any, tmp_path: Path) -> None:
    # What a cell has is what the same fit finds in its own train without noise. Each of 224 cells is measured once.
    protocol = trains(vary="initial_resistance", initial_resistances=(20e3,), cells=224, cycles=1)
    with labctl.open_station("ddk-array", simulate=True, seed=4) as lab:
        assert lab.lab is not None
        physics = lab.lab.front_end("pe-board").cells
        heard: dict[int, list[float]] = {}
        noisy = physics.current

        def listened(cells: Any, **keywords: Any) -> Any:
            true = physics.conductance(cells, now=keywords["now"])
            for cell, value in zip(cells.tolist(), true.tolist(), strict=True):
                heard.setdefault(cell, []).append(value)
            return noisy(cells, **keywords)

        physics.current = listened
        run = labctl.run(protocol, lab, seed=4, output=tmp_path)
    found = kinetics.trains_of(run.data)
    clean = np.array([heard[cell][-101:] for cell in found.cell.tolist()]) - 6.1e-6
    x = np.ones(101)
    truth = recursion.fit_many(clean / clean[:, :1], x)
    fits = recursion.fit_many(found.states, x)
    half = recursion.intervals(found.states, x, fits)
    assert len(found.cell) >= 200
    for true, value, width in ((truth.alpha, fits.alpha, half.alpha), (truth.beta, fits.beta, half.beta)):
        covered = np.mean(np.abs(value - true) <= width)
        assert abs(covered - 0.95) < 4.0 * np.sqrt(0.95 * 0.05 / len(true))
        assert np.corrcoef(value, true)[0, 1] > 0.9


def test_a_resumed_run_measures_the_same_cells_and_leaves_out_what_is_done(trains: Any) -> None:
    protocol = trains(cells=5, cycles=2, pulses=10, amplitudes=(2.4, 2.8))
    with labctl.open_station("ddk-array", simulate=True, seed=5) as lab:
        array, clock = lab["pe-board"], VirtualClock()

        def rows(resume: Step | None) -> list[Block]:
            items = protocol.run(array, rng=np.random.default_rng(5), clock=clock, resume=resume)
            return [item for item in items if isinstance(item, Block) and item.row_type.stream == "pulse"]

        whole, rest = rows(None), rows(Step(3, 4))
    assert len(whole) == 4
    assert len(rest) == 1
    for name in ("level", "cycle", "cell", "train", "pulse", "value"):
        assert np.array_equal(whole[-1].rows[name], rest[0].rows[name])


def test_cells_that_do_not_reach_their_resistance_are_left_out(run_on: RunOn, trains: Any, tmp_path: Path) -> None:
    station = tmp_path / "stuck.toml"
    shipped = (Path(labctl.__file__).parent / "stations" / "shipped" / "ddk-array.toml").read_text()
    stuck = ", ".join(f"[{cell}, {1e-4 if cell % 2 else 1e-6}]" for cell in range(2048))
    station.write_text(shipped + f"\nstuck = [{stuck}]\n")
    summary = run_on(trains(cells=6, cycles=1, pulses=8, amplitudes=(2.5,)), seed=6, station=station).summary
    assert summary == {"trains": 0, "left_out": 6}


def test_the_analysis_can_be_repeated_offline_and_the_figure_drawn(run_on: RunOn, trains: Any, tmp_path: Path) -> None:
    run = run_on(trains(cells=6, cycles=2, amplitudes=(2.4, 2.8)), seed=7, station="ddk-array")
    assert dict(kinetics.analyse(run.data).plain_summary()) == pytest.approx(dict(run.summary))
    trains.figure(run.data).savefig(tmp_path / "kinetics.png")
    assert (tmp_path / "kinetics.png").stat().st_size > 20_000


def test_the_estimated_duration_is_near_what_the_run_takes(run_on: RunOn, trains: Any) -> None:
    protocol = trains(cells=20, cycles=2, amplitudes=(2.5,))
    estimate = labctl.dry_run(protocol, labctl.open_station("ddk-array", simulate=True)).duration
    taken = run_on(protocol, seed=8, station="ddk-array").data.arrays("start")["time"].max()
    assert taken == pytest.approx(estimate, rel=0.35)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"cells": 3000}, "cells is 3000, but an array has 2048"),
        ({"array": 8}, "array is 8, but the arrays are 0 to 7"),
        ({"amplitudes": "2.5, 3.2"}, r"device voltage would be 3\.2 V, but the station's sample stands 3 V"),
        ({"amplitudes": "2.5 A"}, "not in the right unit"),
        ({"amplitudes": []}, "at least 1 item"),
        ({"vary": "gate"}, "vary"),
        ({"pulses": 2}, "pulses is 2, but must be at least 5"),
        ({"vary": "width", "widths": "0 s, 100 ns"}, "widths.0 is 0 s, but must be above 0"),
        ({"vary": "initial_resistance", "initial_resistances": "200 kohm"}, "must be below the initial conductance"),
        ({"vary": "initial_resistance", "initial_resistances": "2 kohm"}, "would be written to .*, but the station"),
        (
            {"preparation": {"set_pulse": {"word_line": 1, "bit_line": 0, "source_line": 2, "width": 1e-7}}},
            "set_pulse: the bit line must be above",
        ),
    ],
)
def test_bad_input_is_refused_before_anything_is_touched(trains: Any, parameters: dict[str, Any], says: str) -> None:
    station = labctl.open_station("ddk-array", simulate=True)
    with pytest.raises((ConfigError, LimitError), match=says):
        labctl.dry_run(trains.from_mapping(parameters), station)
    assert not station["pe-board"].link.transcript


@pytest.mark.parametrize(
    ("name", "value"), [("amplitudes", "2 V, 20 V"), ("widths", "100 ns, 1 s"), ("initial_resistances", "5 kohm, 0")]
)
def test_a_swept_value_that_cannot_be_is_named_with_its_bound(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"kinetics: {name}\.1 is .*, but must be (at most|above)"):
        plugins.load("protocols", "kinetics").from_mapping({name: value})
