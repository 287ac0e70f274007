"""The analysis of integrate-and-fire trains: closed forms, and blind recovery from cells with unknown parameters."""

import math

import numpy as np
import pytest

from labctl.analysis import firing
from simulated_instruments.physics.diffusive import DiffusiveCells, DiffusiveParameters

CELLS = 240
TRAINS = 6
SAMPLE = 0.8e-6
NOISE, CODE = 2e-3, 4e-3  # V: noise and step of an oscilloscope's converter
WIDTH, INTERVAL, PULSES = 100e-6, 100e-6, 8


def test_the_closed_form_is_the_published_one() -> None:
    numbers = np.arange(1.0, 6.0)
    peaks = firing.closed_form(numbers, amplitude=1.0, width=100e-6, interval=100e-6, rc=250e-6)
    assert peaks == pytest.approx([0.33, 0.48, 0.54, 0.57, 0.59], abs=0.006)
    peaks = firing.closed_form(numbers[:4], amplitude=1.0, width=100e-6, interval=50e-6, rc=470e-6)
    assert peaks == pytest.approx([0.19, 0.33, 0.43, 0.51], abs=0.006)
    assert firing.highest_voltage(amplitude=1.0, width=100e-6, interval=50e-6, rc=470e-6) == pytest.approx(
        0.70, abs=0.005
    )
    assert firing.highest_voltage(amplitude=0.7, width=1e-6, interval=1e-6, rc=0.0) == 0.7


def test_pulses_to_fire_are_where_the_closed_form_crosses() -> None:
    conditions = {"amplitude": 1.0, "width": 100e-6, "interval": 100e-6, "rc": 250e-6}
    peaks = firing.closed_form(np.arange(1.0, 40.0), **conditions)
    thresholds = np.array([0.1, 0.33, 0.34, 0.5, 0.59, 0.61])
    counted = firing.pulses_to_fire(thresholds, **conditions)
    first = [int(np.argmax(peaks >= threshold)) + 1 if peaks[-1] >= threshold else math.inf for threshold in thresholds]
    assert counted.tolist() == first


def trains_of(seed: int) -> tuple[float, list[firing.Train], np.ndarray]:
    """Return the true RC (s), what the analysis finds, and the voltages (V) of 60 true firings."""
    rng = np.random.default_rng(seed)
    ohms, farads, threshold = rng.uniform(30e3, 80e3), rng.uniform(3e-9, 8e-9), rng.uniform(0.32, 0.48)
    written = ohms * farads * rng.uniform(0.9, 1.1)  # what the parts say that were fitted
    amplitude = 2.3 * threshold * max(ohms * farads / 250e-6, 1.0)
    parameters = DiffusiveParameters(threshold=threshold, threshold_spread=0.0, resistance_spread=0.0)
    begins = (WIDTH + INTERVAL) * np.arange(PULSES)[:, None]
    corners = (begins + np.array([0.0, 1e-7, WIDTH, WIDTH + 1e-7])).ravel() + 20e-6
    heights = np.tile([0.0, amplitude, amplitude, 0.0], PULSES)
    times = np.unique(np.concatenate([corners, np.arange(0.0, corners[-1] + INTERVAL, SAMPLE)]))
    cells = DiffusiveCells(TRAINS + 60, seed=seed, parameters=parameters, farads=farads)
    # every train is a cell of its own with the same parameters: a cell at rest draws each firing anew
    across, _ = cells.respond(times, np.interp(times, corners, heights), ohms=ohms)
    sampled = np.arange(0.0, times[-1], SAMPLE) + rng.uniform(0.0, SAMPLE)
    source = np.interp(sampled, corners, heights)
    found, truth = [], []
    for index, volts in enumerate(across):
        clean = np.interp(sampled, times, volts)
        if index >= TRAINS:
            truth.append(true_voltage(clean, cells.through[index], times, volts))
            continue
        seen = np.round((clean + NOISE * rng.standard_normal(len(clean))) / CODE) * CODE
        found.append(firing.digest(
            sampled, source, seen, amplitude=amplitude, width=WIDTH, interval=INTERVAL, rc=written
        ))  # fmt: skip
    return farads / (1.0 / ohms + 1e-7), found, np.array(truth)


def true_voltage(clean: np.ndarray, through: np.ndarray, times: np.ndarray, volts: np.ndarray) -> float:
    """Return the voltage (V) before the first spike of the current."""
    spike = int(np.argmax(through > 30e-6))
    return float(volts[max(spike - 10, 0) : spike + 1].max())


@pytest.fixture(scope="module")
def recovered() -> list[tuple[float, list[firing.Train], np.ndarray]]:
    return [trains_of(seed) for seed in range(CELLS)]


def test_rc_is_recovered_blindly_at_the_stated_rate(
    recovered: list[tuple[float, list[firing.Train], np.ndarray]],
) -> None:
    inside, errors = 0, []
    for rc, trains, _ in recovered:
        values, spreads = (np.array([getattr(train, name) for train in trains]) for name in ("rc", "rc_error"))
        mean, low, high = firing.combined(values, spreads)
        inside += low <= rc <= high
        errors.append(mean / rc - 1.0)
    assert abs(np.median(errors)) < 0.01
    # 95 % of 240, within four standard errors of 1.4 %
    assert inside / CELLS == pytest.approx(0.95, abs=0.056)


def test_the_firing_voltage_is_recovered_blindly_at_the_stated_rate(
    recovered: list[tuple[float, list[firing.Train], np.ndarray]],
) -> None:
    inside, misses = 0, []
    for _, trains, truth in recovered:
        volts = np.array([train.voltage for train in trains])
        assert np.isfinite(volts).all()
        mean, low, high = firing.interval(volts)
        inside += low <= truth.mean() <= high
        misses.append(mean - truth.mean())
    assert abs(np.mean(misses)) < 4.0 * np.std(misses) / math.sqrt(CELLS) + 1e-3
    # the truth is itself the mean of 60 firings, which widens the distance by sqrt(1 + 6/60): 94 % instead of 95 %
    assert inside / CELLS == pytest.approx(0.94, abs=0.061)
