"""The error of written conductances on the simulated gate-tuned array (EAPU-A); seeds are stated."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.analysis.write_error import half_width
from labctl.errors import ConfigError, LimitError
from labctl.protocol import Step
from labctl.runfile.reader import RunData
from labctl.runner import Run
from simulated_instruments import pe_board

RunOn = Callable[..., Run]


def write_error(**parameters: Any) -> Any:
    return plugins.load("protocols", "write-error").from_mapping(parameters)


def test_the_published_error_comes_out_and_relaxation_rules_it(run_on: RunOn) -> None:
    summary = run_on(write_error(), seed=1, station="eapu-array").summary
    assert summary["programming_sd_uS"] < 1.0
    assert summary["relaxation_sd_uS"] == pytest.approx(2.0, abs=0.3)
    assert 2.0 <= summary["error_sd_uS"] <= 3.0
    assert summary["relaxation_share"] > 0.8
    assert summary["programming_sd_widest_uS"] > 2.0 * summary["programming_sd_uS"]
    # Heavier than Gaussian, and grows with the logarithm of the time; measured elsewhere 0.4 to 0.6 uS a decade.
    assert summary["relaxation_robust_sd_uS"] < summary["relaxation_sd_uS"]
    assert summary["tail_share"] > 0.0027
    assert 0.1 < summary["relaxation_per_decade_uS"] < 0.6


def test_the_parts_add_up_for_every_cell(run_on: RunOn) -> None:
    from labctl.analysis.write_error import parts

    run = run_on(write_error(cells=50, turns=2, reads=2), seed=2, station="eapu-array")
    for turn in (0, 1):
        values = parts(RunData(run.file), turn)
        np.testing.assert_allclose(values["programming"] + values["relaxation"], values["error"], atol=1e-9)
        assert np.all(np.abs(values["programming"]) <= 1.0 * 2**turn + 1e-6)


def test_the_true_sd_is_within_its_interval_at_the_stated_rate() -> None:
    # 400 samples of 300 from Student's t with 6 degrees of freedom, whose fourth moment is twice the Gaussian's.
    rng, true = np.random.default_rng(3), np.sqrt(6.0 / 4.0)
    hits = [abs(values.std() - true) <= half_width(values) for values in rng.standard_t(6.0, (400, 300))]
    # Heavy tails hide in a sample, so the interval is a little narrow: 90 % at least, by three standard errors.
    assert np.mean(hits) > 0.90
    normal = [abs(values.std() - 1.0) <= half_width(values) for values in rng.normal(0.0, 1.0, (400, 300))]
    assert np.mean(normal) == pytest.approx(0.95, abs=3 * np.sqrt(0.05 * 0.95 / 400))


def test_drawn_relaxations_are_given_back_within_their_intervals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blind: 25 arrays, each with a strength of relaxation drawn for it, and 220 cells of each are written and read."""
    protocol = write_error(cells=220, turns=1, levels=4, lowest=20e-6, reads=1, wait=30.0, averages=10, batch=220)
    usual = pe_board.EAPU_PARAMETERS
    rng, hits = np.random.default_rng(8), []
    for seed in range(25):
        drawn = dataclasses.replace(usual, relaxation_sd=float(rng.uniform(0.3e-6, 1.2e-6)), stuck_share=0.0)
        monkeypatch.setattr(pe_board, "EAPU_PARAMETERS", drawn)
        with labctl.open_station("eapu-array", simulate=True, seed=seed) as lab:
            run = labctl.run(protocol, lab, seed=seed, output=tmp_path)
        targets, delay = run.data.arrays("written")["target"], run.data.arrays("relaxed")["delay"].mean()
        decades = np.log10(1.0 + delay / drawn.relaxation_start)
        whole = np.floor(decades)
        # Two parts of the published law: a drift, of which tails take their share, and a walk of one step a decade.
        tails = 1.0 - drawn.tail_share + drawn.tail_share * drawn.tail_factor**2
        law = drawn.drift_share * decades**2 / tails + (1.0 - drawn.drift_share) * (whole + (decades - whole) ** 2)
        noise = 2.0 * (drawn.white_noise**2 / 10 + drawn.flicker_noise**2) * np.mean(targets**2)
        expected = np.sqrt(drawn.relaxation_sd**2 * law + noise) * 1e6
        found, half_width = (run.summary[f"relaxation_robust_sd{name}_uS"] for name in ("", "_half_width"))
        assert half_width < 0.2 * expected
        hits.append(abs(found - expected) <= half_width)
    # 95 %, and three standard errors of a share of 25.
    assert np.mean(hits) >= 0.95 - 3.0 * np.sqrt(0.95 * 0.05 / 25)


def test_a_run_goes_on_from_its_step(run_on: RunOn) -> None:
    protocol = write_error(cells=24, levels=3, turns=2, reads=3, wait=10.0)

    def rows(stop: int | None) -> list[bytes]:
        found: list[bytes] = []
        with labctl.open_station("eapu-array", simulate=True, seed=4) as lab:

            def drive(resume: Step | None, until: int | None) -> Step | None:
                arguments = {"array": lab["pe-board"], "clock": lab.clock, "rng": np.random.default_rng(9)}
                for item in protocol.run(**arguments, resume=resume):
                    if isinstance(item, Step):
                        if item.done == until:
                            return item
                    elif hasattr(item, "seconds"):
                        lab.clock.wait(item.seconds)
                    else:
                        found.append(item.rows.tobytes())
                return None

            drive(drive(None, stop), None) if stop else drive(None, None)
        return found

    whole = rows(None)
    assert all(rows(stop) == whole for stop in (1, 3, 5))


def test_the_analysis_and_the_figure_come_from_the_file_alone(run_on: RunOn) -> None:
    run = run_on(write_error(cells=64, levels=2, reads=3), seed=5, station="eapu-array")
    protocol, data = plugins.load("protocols", "write-error"), RunData(run.file)
    assert protocol.analyse(data).plain_summary() == run.summary
    assert len(protocol.figure(data).axes) == 4


def test_delays_count_from_each_batch(run_on: RunOn) -> None:
    data = run_on(write_error(cells=128, turns=1, reads=2), seed=6, station="eapu-array").data
    written, relaxed = data.arrays("written"), data.arrays("relaxed")
    first = relaxed["read"] == 0
    assert np.array_equal(written["cell"], relaxed["cell"][first])
    np.testing.assert_allclose(relaxed["delay"][first], relaxed["time"][first] - written["time"], atol=1e-9)
    assert relaxed["delay"][first].min() == pytest.approx(1.0)
    assert len(np.unique(written["time"])) == 2


def test_the_dry_run_is_near_what_the_run_takes(run_on: RunOn) -> None:
    protocol = write_error(cells=128)
    plan = labctl.dry_run(protocol, labctl.open_station("eapu-array", simulate=True))
    data = run_on(protocol, station="eapu-array").data
    assert data.arrays("relaxed")["time"].max() == pytest.approx(plan.duration, rel=0.2)
    assert plan.work == 15
    assert plan.pulses_per_device == 3000


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"cells": 3000}, "cells is 3000, but an array has 2048"),
        ({"array": 8}, "array is 8, but the arrays are 0 to 7"),
        ({"lowest": "0.5 uS"}, "the station's sample is for 1 uS to 200 uS"),
        ({"lowest": "100 uS"}, "must not be above highest"),
        ({"wait": "0 s"}, "wait is 0 s, but must be at least 1 s"),
        ({"set_pulse": {"word_line": 1, "bit_line": 0, "source_line": 1, "width": 5e-8}}, "bit line must be above"),
        ({"set_pulse": {"word_line": 1, "bit_line": 3.3, "source_line": 0, "width": 5e-8}}, r"3\.3 V, but the sample"),
    ],
)
def test_bad_input_is_refused_before_anything_is_touched(parameters: dict[str, Any], says: str) -> None:
    station = labctl.open_station("eapu-array", simulate=True)
    with pytest.raises((ConfigError, LimitError), match=says):
        labctl.dry_run(write_error(**parameters), station)
    assert not station["pe-board"].link.transcript
