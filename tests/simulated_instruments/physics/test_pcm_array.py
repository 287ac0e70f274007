"""The large phase-change array: statistics, drift, exact ages, and a state that can be kept."""

import numpy as np
import pytest

from simulated_instruments.physics.pcm_array import PcmArray, PcmStatistics, Population

SECOND = 10**6
CELLS = 20_000
QUIET = PcmStatistics(read_noise=0.0)


def switched(cells: int = CELLS, **keywords: object) -> PcmArray:
    array = PcmArray(cells, seed=4, statistics=PcmStatistics(**keywords) if keywords else QUIET)  # type: ignore[arg-type]
    array.switch(np.arange(cells), np.ones(cells, dtype=bool), 0)
    return array


def test_amorphous_cells_drift_by_a_power_law_and_crystalline_ones_do_not() -> None:
    array = PcmArray(2, seed=1, statistics=QUIET)
    array.switch(np.array([1]), np.array([True]), 5 * SECOND)
    first, later = array.read(6 * SECOND), array.read(105 * SECOND)
    assert later[0] == first[0]
    assert later[1] - first[1] == pytest.approx(2.0 * array.exponents()[1], abs=2e-6)


@pytest.mark.parametrize("now", [0, SECOND // 2, SECOND, 3 * SECOND, 10**9, 10**13])
def test_the_quick_logarithm_is_right(now: int) -> None:
    array = switched()
    assert np.abs(array.read(now) - array.true_decades(now)).max() < 1e-6


def test_read_noise_has_its_deviation_and_is_another_for_each_cell_and_read() -> None:
    array = switched(read_noise=0.02)
    one, two = (array.read(SECOND) - array.true_decades(SECOND) for _ in range(2))
    assert one.std() * np.log(10.0) == pytest.approx(0.02, rel=0.03)
    assert abs(one.mean()) < 4.0 * one.std() / np.sqrt(CELLS)
    for left, right in ((one, two), (one[1:], one[:-1])):
        assert abs(np.corrcoef(left, right)[0, 1]) < 4.0 / np.sqrt(CELLS)


def test_means_and_deviations_of_a_cell_come_from_one_rank() -> None:
    spread = Population(7.0, 0.2, 0.05, 0.01)
    array = PcmArray(400, seed=2, statistics=PcmStatistics(reset=spread, read_noise=0.0))
    values = []
    for now in range(400):
        array.switch(np.arange(400), np.ones(400, dtype=bool), now * SECOND)
        values.append(array.read(now * SECOND))
    means, deviations = np.mean(values, axis=0), np.std(values, axis=0, ddof=1)
    assert means.mean() == pytest.approx(7.0, abs=4 * 0.2 / 20)
    assert means.std() == pytest.approx(0.2, rel=0.15)
    assert deviations.mean() == pytest.approx(0.05, rel=0.05)
    assert np.corrcoef(means, deviations)[0, 1] > 0.9


def test_a_new_reset_restarts_the_clock_and_draws_anew() -> None:
    array = switched()
    old = array.read(1000 * SECOND)
    array.switch(np.array([7]), np.array([True]), 1000 * SECOND)
    new = array.read(1001 * SECOND)
    assert new[7] < old[7] - 0.1
    assert np.abs(np.delete(new - old, 7)).max() < 1e-3


def test_a_kept_state_goes_on_bit_for_bit_at_another_time_of_the_clock() -> None:
    array, other = switched(read_noise=0.01), switched(read_noise=0.01)
    array.read(3 * SECOND)
    saved = array.saved(4 * SECOND)
    other.load(saved, 10 * SECOND)
    cells, high = np.arange(0, CELLS, 2), np.zeros(CELLS // 2, dtype=bool)
    for one, offset in ((array, 0), (other, 6 * SECOND)):
        one.switch(cells, high, 5 * SECOND + offset)
    assert np.array_equal(array.read(50 * SECOND), other.read(56 * SECOND))
    with pytest.raises(ValueError, match="not of 3 cells"):
        PcmArray(3, seed=1).load(saved, 0)


@pytest.mark.parametrize(
    "change", [{"read_noise": -0.1}, {"drift": Population(float("nan"), 0, 0, 0)}, {"drift_start": 0.0}]
)
def test_impossible_statistics_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        PcmStatistics(**change)  # type: ignore[arg-type]
