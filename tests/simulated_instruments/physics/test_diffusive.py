"""The fast diffusive memristor: closed forms, independence of steps, statistics. Bounds: four standard errors."""

import math

import numpy as np
import pytest
from scipy import stats

from simulated_instruments.physics.diffusive import DiffusiveCells, DiffusiveParameters
from simulated_instruments.physics.diffusive_kernels import advance, conductance

SAME = DiffusiveParameters(
    threshold_spread=0.0, threshold_cycle_spread=0.0, need_cycle_spread=0.0, hold_spread=0.0, hold_cycle_spread=0.0,
    relaxation_cycle_spread=0.0, resistance_spread=0.0,
)  # fmt: skip


def fired_after(cells: DiffusiveCells, volts: float, step: float, steps: int) -> np.ndarray:
    for cell in cells.cells:
        for index in range(steps):
            advance(cell, index * step, step, volts, cells.law)
            if cell["on"]:
                break
    return np.where(cells.cells["on"], cells.cells["fired_at"], np.nan)


@pytest.mark.parametrize("step", [1e-4, 1e-6, 3.7e-8])
def test_the_delay_is_the_closed_form_whatever_the_step(step: float) -> None:
    cells = DiffusiveCells(1, seed=1, parameters=SAME)
    assert fired_after(cells, 0.45, step, 1000)[0] == pytest.approx(cells.delay(0.45), rel=1e-9)


def test_below_its_threshold_a_cell_never_fires() -> None:
    cells = DiffusiveCells(1, seed=1, parameters=SAME)
    assert np.isnan(fired_after(cells, 0.3999, 1e-3, 1000)[0])
    assert math.isinf(cells.delay(0.4))


def test_thresholds_are_gaussian_with_the_spread_that_was_asked_for() -> None:
    cells = DiffusiveCells(4000, seed=2, parameters=DiffusiveParameters())
    thresholds = cells.cells["threshold"]
    expected = math.hypot(0.016, 0.010)
    assert thresholds.mean() == pytest.approx(0.40, abs=4.0 * expected / math.sqrt(4000))
    assert thresholds.std() == pytest.approx(expected, rel=4.0 / math.sqrt(8000))
    assert stats.kstest(thresholds, "norm", args=(0.40, expected)).pvalue > 1e-4


def test_a_cell_that_has_forgotten_begins_with_another_threshold() -> None:
    cells = DiffusiveCells(1, seed=2)
    before = float(cells.cells["threshold"][0])
    advance(cells.cells[0], 0.0, 1e-6, 0.40, cells.law)
    assert cells.cells["threshold"][0] == before
    advance(cells.cells[0], 0.0, 40e-6, 0.36, cells.law)
    advance(cells.cells[0], 0.0, 1e-3, 0.0, cells.law)
    assert cells.cells["threshold"][0] != before


def test_an_unfired_cell_charges_its_capacitor_as_the_closed_form_says() -> None:
    cells = DiffusiveCells(1, seed=3, parameters=SAME, farads=5e-9)
    times = np.linspace(0.0, 1e-3, 41)
    volts, amps = cells.respond(times, np.full(41, 0.3), ohms=50e3)
    gain = 1.0 / (1.0 + 50e3 / 1e7)
    expected = 0.3 * gain * (1.0 - np.exp(-times / (50e3 * 5e-9 * gain)))
    assert volts[0] == pytest.approx(expected, abs=1e-9)
    assert amps[0] == pytest.approx((0.3 - expected) / 50e3, abs=1e-13)


def test_the_peaks_of_a_train_follow_the_published_formula() -> None:
    # Source: the closed form of a pulse train on an RC circuit; 0.33, 0.48, 0.54, 0.57, 0.59 for RC 250 us, 100/100 us.
    cells = DiffusiveCells(1, seed=3, parameters=DiffusiveParameters(off_resistance=1e12), farads=5e-9)
    corners = np.concatenate([k * 200e-6 + np.array([0.0, 1e-12, 100e-6, 100e-6 + 1e-12]) for k in range(5)])
    volts, _ = cells.respond(corners, np.tile([0.0, 0.4, 0.4, 0.0], 5), ohms=50e3)
    decay = math.exp(-0.4)
    expected = [0.4 * (1 - decay) * (1 - decay ** (2 * n)) / (1 - decay**2) for n in range(1, 6)]
    assert volts[0, 2::4] == pytest.approx(expected, rel=1e-4)
    assert volts[0, 2::4] / 0.4 == pytest.approx([0.33, 0.48, 0.54, 0.57, 0.59], abs=0.006)


def run_train(points: int, count: int = 30) -> DiffusiveCells:
    cells = DiffusiveCells(count, seed=4, farads=5e-9)
    corners = np.concatenate([k * 200e-6 + np.array([0.0, 1e-8, 100e-6, 100.01e-6]) for k in range(6)])
    times = np.unique(np.concatenate([corners, np.linspace(0.0, corners[-1], points)]))
    cells.respond(times, np.interp(times, corners, np.tile([0.0, 0.9, 0.9, 0.0], 6)), ohms=50e3)
    return cells


def test_the_circuit_does_not_depend_on_where_it_is_looked_at() -> None:
    coarse, fine = run_train(10), run_train(6001)
    assert (coarse.firings() >= 2).all()
    assert (coarse.firings() == fine.firings()).mean() >= 0.95
    same = coarse.firings() == fine.firings()
    assert np.abs(coarse.cells["fired_at"] - fine.cells["fired_at"])[same].max() < 2e-6


def test_firing_discharges_the_capacitor_and_the_cell_relaxes() -> None:
    cells = DiffusiveCells(1, seed=5, parameters=SAME, farads=5e-9)
    times = np.arange(0.0, 500e-6, 1e-6)
    volts, _ = cells.respond(times, np.where(times < 150e-6, 1.2, 0.0), ohms=50e3)
    assert volts[0].max() > 0.4
    assert cells.firings()[0] >= 1
    assert cells.through[0].max() > 100e-6
    assert not cells.cells["on"][0]
    cells.respond(np.array([500e-6, 2e-3]), np.zeros(2), ohms=50e3)
    assert cells.resistance(2e-3)[0] == pytest.approx(1e7, rel=1e-3)


def test_a_cell_whose_other_end_is_open_carries_nothing_and_does_not_fire() -> None:
    cells = DiffusiveCells(1, seed=5, farads=5e-9)
    cells.connected = False
    cells.respond(np.linspace(0.0, 1e-3, 101), np.full(101, 2.0), ohms=50e3)
    assert cells.firings()[0] == 0
    assert not cells.through.any()
    assert cells.charged[0] == pytest.approx(2.0 * (1.0 - math.exp(-4.0)), rel=1e-6)


def test_a_cell_depends_on_its_own_number_alone() -> None:
    few, many = run_train(100, 3), run_train(100, 12)
    assert np.array_equal(few.cells["fired_at"], many.cells["fired_at"][:3])


def test_conductance_lies_between_off_and_on() -> None:
    cells = DiffusiveCells(1, seed=6, parameters=SAME)
    assert conductance(cells.cells[0]) == pytest.approx(1e-7)
    cells.cells["filament"] = 1.0
    assert conductance(cells.cells[0]) == pytest.approx(5e-4)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"memory": 0.0}, "above 0"), ({"hold": 0.5}, "below threshold"), ({"on_resistance": 1e8}, "below off")],
)
def test_parameters_that_make_no_sense_are_refused(wrong: dict[str, float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        DiffusiveParameters(**wrong)
