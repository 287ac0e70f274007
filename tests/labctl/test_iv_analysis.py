"""Switching voltages: known curves, and the blind recovery of many cells' voltages within the stated intervals."""

import numpy as np
import pytest
from scipy import stats

from labctl.analysis import iv
from simulated_instruments.physics.rram import RramCells, RramParameters

UP = np.linspace(0.0, 1.6, 81)
SET_SWEEP = np.concatenate([UP, UP[-2::-1]])
RESET_SWEEP = -np.concatenate([UP[:71], UP[69::-1]])
POINT = 10e-3


def test_the_voltage_is_where_half_of_the_change_is_done() -> None:
    conductances = np.where(np.arange(len(SET_SWEEP)) < 70, 1e-6, 40e-6)
    assert iv.switching_voltage(SET_SWEEP, conductances * SET_SWEEP) == pytest.approx(1.39)
    ramp = np.clip((SET_SWEEP - 1.2) / 0.2, 0.0, 1.0)
    ramp[81:] = 1.0
    assert iv.switching_voltage(SET_SWEEP, (1e-6 + 39e-6 * ramp) * SET_SWEEP) == pytest.approx(1.3)


def test_a_sweep_that_switches_nothing_has_no_voltage() -> None:
    assert np.isnan(iv.switching_voltage(SET_SWEEP, 5e-6 * SET_SWEEP))


def test_a_mean_has_students_interval() -> None:
    mean = iv.mean_of(np.array([1.0, 2.0, 3.0, np.nan]))
    assert mean.value == 2.0
    assert mean.half_width == pytest.approx(4.303 / np.sqrt(3), rel=1e-3)
    assert np.isnan(iv.mean_of(np.array([1.0])).half_width)
    assert np.isnan(iv.mean_of(np.array([np.nan])).value)


def swept(cells: RramCells, voltages: np.ndarray, start: float, noise: np.random.Generator) -> np.ndarray:
    """Return the (points, cells) currents of a staircase of 10 ms a point, read at its end with 0.3 % of noise."""
    every = np.arange(cells.count)
    currents = np.zeros((len(voltages), cells.count))
    for number, volts in enumerate(voltages):
        now = start + number * POINT
        if abs(volts) > cells.parameters.threshold:
            bit, source = max(volts, 0.0), max(-volts, 0.0)
            cells.pulse(every, word_line=1.2 + source, bit_line=bit, source_line=source, width=POINT, now=now)
        currents[number] = volts * cells.conductance(every, now=now + POINT)
    return currents * (1.0 + 0.003 * noise.normal(size=currents.shape))


def cycled(cells: RramCells, cycles: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return (cycles, cells) switching voltages."""
    found: dict[str, list[list[float]]] = {"set": [], "reset": []}
    for cycle in range(cycles):
        for name, sweep, later in (("set", SET_SWEEP, 0.0), ("reset", RESET_SWEEP, 50.0)):
            currents = swept(cells, sweep, 100.0 * (cycle + 1) + later, rng)
            found[name].append([iv.switching_voltage(sweep, mine) for mine in currents.T])
    return {name: np.array(values) for name, values in found.items()}


def true_voltage(voltages: np.ndarray, rate: float, law: RramParameters, reference: float) -> float:
    """Return where half of the change is done, on the staircase, in closed form."""
    end = int(np.argmax(np.abs(voltages)))
    size = np.abs(voltages[: end + 1])
    speed = np.where(size > law.threshold, np.expm1((size - law.threshold) / law.voltage_scale), 0.0)
    done = np.cumsum(rate * speed / np.expm1((reference - law.threshold) / law.voltage_scale) * POINT / 50e-9)
    share = -np.expm1(-done)
    place = int(np.flatnonzero(share >= 0.5)[0])
    part = (0.5 - share[place - 1]) / (share[place] - share[place - 1])
    return float(voltages[place - 1] + part * (voltages[place] - voltages[place - 1]))


def test_thresholds_of_200_unknown_cells_are_recovered_at_the_stated_rate() -> None:
    rng, count, few, many = np.random.default_rng(2), 200, 6, 100
    law = RramParameters(rate_spread=1.0, stuck_share=0.0)  # 65 mV of spread from cell to cell
    cells = RramCells(count, seed=77, parameters=law)
    rates = cells.state()
    swept(cells, RESET_SWEEP, 0.0, rng)
    found = cycled(cells, few + many, rng)
    low = stats.binom.ppf(0.0005, count, 0.94)  # errs once in two thousand seeds; 1 % for the truth's own error
    for name, sweep, reference, bias in (("set", SET_SWEEP, 2.0, 8e-3), ("reset", RESET_SWEEP, 1.8, 2e-3)):
        values = found[name]
        means = [iv.mean_of(mine) for mine in values[:few].T]
        centres, half_widths = np.array([m.value for m in means]), np.array([m.half_width for m in means])
        assert np.count_nonzero(np.abs(centres - values[few:].mean(axis=0)) <= half_widths) >= low, name
        closed = [true_voltage(sweep, float(rate), law, reference) for rate in rates[f"{name}_rate"]]
        # The upper bound scatters and a SET never lowers: what is reached is above it, and so is half of the way.
        assert abs(np.mean(centres - closed)) < bias
        assert np.std(centres - closed) < 0.1 * np.std(closed)
