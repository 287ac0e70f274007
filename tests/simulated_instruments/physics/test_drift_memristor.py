"""The drift memristor: thresholds, saturation, independence of the step, seeds."""

import numpy as np
import pytest

from simulated_instruments.physics.drift_memristor import DriftMemristors, DriftParameters

EVEN = DriftParameters(threshold_spread=0.0, threshold_cycle_spread=0.0, spread=0.0, start_spread=0.0)


def at(siemens: float, parameters: DriftParameters = EVEN, seed: int = 1) -> DriftMemristors:
    cells = DriftMemristors(1, seed=seed, parameters=parameters)
    cells.conductances = np.array([siemens])
    return cells


@pytest.mark.parametrize("volts", [0.0, 0.3, 0.54, -0.3, -0.59])
def test_between_the_thresholds_nothing_moves(volts: float) -> None:
    cells = at(100e-6)
    cells.hold(np.array([volts]), 1e6)
    assert cells.conductances[0] == pytest.approx(100e-6)


def test_a_set_grows_gradually_and_saturates() -> None:
    cells, seen = at(20e-6), []
    for _ in range(2000):
        cells.hold(np.array([0.85]), 20e-6)
        seen.append(float(cells.conductances[0]))
    assert np.all(np.diff(seen) >= 0.0)
    assert 20e-6 < seen[0] < 100e-6
    assert seen[-1] == pytest.approx(EVEN.high, rel=1e-6)


def test_a_wide_gap_needs_more_voltage_than_a_closed_one() -> None:
    wide, narrow = at(5e-6), at(100e-6)
    for cells in (wide, narrow):
        cells.hold(np.array([0.7]), 1.0)
    assert wide.conductances[0] == pytest.approx(5e-6)
    assert narrow.conductances[0] > 120e-6


def test_a_reset_follows_its_closed_form() -> None:
    cells = at(EVEN.high)
    cells.hold(np.array([-0.7]), 1e-3)
    rate = (np.exp(0.1 / EVEN.slope) - 1.0) / EVEN.tau
    expected = EVEN.low * (EVEN.high / EVEN.low) ** np.exp(-rate * 1e-3)
    assert cells.conductances[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("volts", [0.8, 0.9, -0.7])
def test_many_short_steps_do_what_one_long_one_does(volts: float) -> None:
    once, often = at(30e-6), at(30e-6)
    once.hold(np.array([volts]), 1e-3)
    for _ in range(1000):
        often.hold(np.array([volts]), 1e-6)
    assert once.conductances[0] == pytest.approx(often.conductances[0], rel=1e-4)
    assert once.conductances[0] != pytest.approx(30e-6, rel=0.01)


def test_a_threshold_is_drawn_anew_when_the_direction_turns() -> None:
    cells = at(50e-6, DriftParameters())
    before = cells.cells["reset"].copy()
    cells.hold(np.array([-1.0]), 1e-6)
    assert cells.cells["reset"] == before
    cells.hold(np.array([1.2]), 1e-6)
    assert cells.cells["reset"] != before


def test_cells_differ_from_each_other_and_repeat_with_the_seed() -> None:
    first, again, other = (DriftMemristors(500, seed=seed) for seed in (4, 4, 5))
    assert np.array_equal(first.cells, again.cells)
    assert not np.array_equal(first.cells, other.cells)
    assert np.median(first.conductances) == pytest.approx(100e-6, rel=0.02)
    assert np.std(np.log(first.conductances)) == pytest.approx(0.05, rel=0.15)


@pytest.mark.parametrize("wrong", [{"low": 2e-4}, {"tau": 0.0}, {"slope": float("nan")}, {"spread": -1.0}])
def test_impossible_parameters_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        DriftParameters(**wrong)
