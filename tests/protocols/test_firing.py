"""Pulses to fire, and delay and relaxation, on the bare simulated memristor. Bounds are stated; so are seeds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.analysis import fire_counts, switching_times
from labctl.errors import ConfigError, LimitError
from labctl.protocol import Step
from labctl.runner import Run

RunOn = Callable[..., Run]


@pytest.fixture
def firing() -> Any:
    return plugins.load("protocols", "firing")


@pytest.fixture
def delay_relaxation() -> Any:
    return plugins.load("protocols", "delay-relaxation")


def test_the_pulse_that_fires_is_a_distribution_and_a_rest_makes_the_device_forget(run_on: RunOn, firing: Any) -> None:
    run = run_on(firing(repeats=80, batch=8), seed=1, station="neuron-bare")
    summary = run.summary
    assert summary["repeats"] == 80
    assert summary["fired_share"] == 1.0
    assert summary["mean_pulses_low"] < summary["mean_pulses"] < summary["mean_pulses_high"]
    # 0.28 of spread in what is needed, and the memristor forgets meanwhile; four standard errors of 80 are 0.32 of it
    assert summary["relative_spread"] == pytest.approx(0.33, rel=0.35)
    assert abs(summary["memory"]) < 4.0 * summary["memory_error"]


def test_a_batch_is_a_step_and_a_resumed_run_goes_on_behind_it(firing: Any) -> None:
    protocol = firing(repeats=10, batch=4)
    with labctl.open_station("neuron-bare", simulate=True, seed=2) as lab:
        items = list(protocol.run(lab["fast-iv"], clock=lab.clock, resume=Step(1, 3)))
    assert [item.done for item in items if isinstance(item, Step)] == [2, 3]
    assert [item.repeat for item in items if type(item).__name__ == "Repeat"] == [4, 5, 6, 7, 8, 9]


def test_a_rest_of_200_us_is_as_good_as_a_longer_one(run_on: RunOn, firing: Any) -> None:
    short, long = (
        run_on(firing(repeats=48, rest=rest), seed=3, station="neuron-bare").summary for rest in (2e-4, 1e-3)
    )
    error = np.hypot(short["sd_pulses"], long["sd_pulses"]) / np.sqrt(48)
    assert abs(short["mean_pulses"] - long["mean_pulses"]) < 4.0 * error


def test_delay_falls_with_voltage_and_the_device_relaxes(run_on: RunOn, delay_relaxation: Any, tmp_path: Path) -> None:
    run = run_on(delay_relaxation(cycles=8), seed=1, station="neuron-bare")
    summary = run.summary
    assert summary["fired_share"] == 1.0
    assert summary["relaxed_share"] == 1.0
    assert summary["delay_first_level"] > 5.0 * summary["delay_last_level"]
    # V_s = 50 mV, and less near the threshold, where the closed form bends
    assert 0.025 < summary["steepness_low"] < summary["steepness_high"] < 0.060
    assert 5e-6 < summary["relaxation"] < 40e-6
    assert switching_times.analyse(run.data).plain_summary() == pytest.approx(summary)
    delay_relaxation.figure(run.data).savefig(tmp_path / "delay.png")
    assert (tmp_path / "delay.png").stat().st_size > 10_000


def test_a_pulse_below_the_threshold_has_no_delay(run_on: RunOn, delay_relaxation: Any) -> None:
    protocol = delay_relaxation(amplitude=0.25, amplitude_end=0.0, levels=1, cycles=3)
    summary = run_on(protocol, seed=1, station="neuron-bare").summary
    assert summary["fired_share"] == 0.0
    assert np.isnan(summary["delay_first_level"])


def test_a_delay_is_where_the_current_stays_up() -> None:
    times = np.linspace(0.0, 99e-6, 100)
    currents = np.where(times >= 40e-6, 1e-5, 0.0)
    currents[20] = 1e-5  # one point alone is noise
    assert switching_times.delay_of(times, currents, edge=10e-6, end=90e-6, fire_current=1e-6) == pytest.approx(
        30e-6, abs=1.1e-6
    )
    assert np.isnan(switching_times.delay_of(times, currents, edge=10e-6, end=30e-6, fire_current=1e-6))


def test_an_exponential_relaxation_is_found_between_its_reads() -> None:
    moments = np.linspace(3e-6, 119e-6, 30)
    reads = 2e-6 * np.exp(-(moments - 3e-6) / 10e-6)
    assert switching_times.relaxation_of(moments, reads) == pytest.approx(3e-6 + 10e-6 * np.log(2.0), rel=1e-9)


def test_the_chi_square_test_of_a_gaussian_errs_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    good = [fire_counts.gaussian_p(np.round(rng.normal(20.0, 5.0, 300))) for _ in range(300)]
    # 5 % of 300, within four standard errors of 1.3 %
    assert np.mean(np.array(good) < 0.05) == pytest.approx(0.05, abs=0.05)
    skewed = [fire_counts.gaussian_p(np.round(rng.lognormal(3.0, 0.5, 300))) for _ in range(20)]
    assert max(skewed) < 0.01


@pytest.mark.parametrize(
    ("name", "parameters", "error", "says"),
    [
        ("firing", {"batch": 20}, ConfigError, "too much for one waveform: batch 8"),
        ("firing", {"amplitude": 5.0}, LimitError, "the highest line voltage would be 5 V"),
        ("firing", {"fire_current": 1e-3}, ConfigError, "more than the pulses can drive"),
        ("firing", {"sampling": 1e-6}, ConfigError, "no longer than the pulses' width"),
        ("delay-relaxation", {"read_period": 2e-6}, ConfigError, "no room for a read pulse"),
        ("delay-relaxation", {"fire_current": 1e-3}, ConfigError, "more than the pulse can drive"),
        ("delay-relaxation", {"amplitude_end": 9.0}, LimitError, "the highest line voltage would be 9 V"),
    ],
)
def test_what_is_impossible_is_refused(name: str, parameters: Any, error: type[Exception], says: str) -> None:
    protocol = plugins.load("protocols", name)
    with labctl.open_station("neuron-bare", simulate=True) as lab, pytest.raises(error, match=says):
        labctl.api.dry_run(protocol.from_mapping(parameters), lab)
