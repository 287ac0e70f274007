"""What a cell does after it has been programmed: the published error, the law of its growth, and the tails."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from simulated_instruments.physics.rram import EAPU_PARAMETERS, REFERENCE_DELAY, REFERENCE_ERROR, SET_PULSE, RramCells

SEED = 13
COUNT = 16_384
CELLS = np.arange(COUNT)
MONTH = 30 * 86_400.0


@pytest.fixture
def written(write_settings):
    """Cells written to 2 .. 20 uS at time 0, with their targets in S; those that reached them."""
    cells = RramCells(COUNT, seed=SEED)
    targets = np.linspace(2e-6, 20e-6, 32)[CELLS % 32]
    outcome = cells.write(CELLS, 0.2 * targets, now=0.0, **write_settings)
    chosen = CELLS[outcome.converged]
    return cells, chosen, targets[chosen]


def robust(values):
    return 1.4826 * np.median(np.abs(values - np.median(values)))


def test_the_error_at_the_reference_delay_is_the_published_one(written):
    cells, chosen, targets = written
    errors = cells.conductance(chosen, now=REFERENCE_DELAY) - targets
    # The sd of 16,384 values with a kurtosis of 1.5 has a standard error of 0.75 %: four of them.
    assert abs(errors.std() / REFERENCE_ERROR - 1) < 0.03
    assert abs(errors.mean()) < 0.2 * REFERENCE_ERROR
    assert 0.8 < robust(errors) / errors.std() < 1.0
    assert 0.3 < stats.kurtosis(errors) < 5.0


def test_fifteen_levels_have_the_published_error_too(write_settings):
    cells = RramCells(COUNT, seed=SEED)
    targets = np.linspace(2.5e-6, 20e-6, 8)[CELLS % 8]
    chosen = CELLS[cells.write(CELLS, 0.2 * targets, now=0.0, **write_settings).converged]
    errors = cells.conductance(chosen, now=REFERENCE_DELAY) - targets[chosen]
    assert abs(errors.std() / REFERENCE_ERROR - 1) < 0.05


def test_the_gate_tuned_array_has_the_errors_that_its_paper_publishes(write_settings):
    # EAPU-A: tolerance 1 uS, programming noise below 1 uS, relaxation about 2 uS, both together 2 to 3 uS.
    cells = RramCells(COUNT, seed=SEED, parameters=EAPU_PARAMETERS)
    targets = np.linspace(5e-6, 80e-6, 64)[CELLS % 64]
    settings = {**write_settings, "tolerance": 0.2e-6, "averages": 4}
    chosen = CELLS[cells.write(CELLS, 0.2 * targets, now=0.0, **settings).converged]
    programmed = cells.conductance(chosen, now=100e-6)
    relaxed = cells.conductance(chosen, now=REFERENCE_DELAY)
    assert (programmed - targets[chosen]).std() < 1e-6
    assert abs((relaxed - programmed).std() / 2e-6 - 1) < 0.05
    assert 2e-6 < (relaxed - targets[chosen]).std() < 3e-6


def test_right_after_the_write_the_error_is_that_of_the_tolerance_and_the_read(written):
    cells, chosen, targets = written
    errors = cells.conductance(chosen, now=100e-6) - targets
    # A uniform error within +-0.25 uS has an sd of 0.144 uS; a single read adds 1 % of up to 20 uS.
    assert 0.1e-6 < errors.std() < 0.25e-6


def test_the_spread_grows_with_the_logarithm_of_time(written):
    cells, chosen, _ = written
    start = cells.conductance(chosen, now=0.0)
    delays = np.array([1e-2, 1e-1, 1.0, 1e2, 1e4, 1e6])
    spreads = np.array([(cells.conductance(chosen, now=delay) - start).std() for delay in delays])
    assert np.all(np.diff(spreads) > 0)
    x = np.log10(1 + delays / 1e-3)
    law = np.sqrt(0.15 * x**2 + 0.85 * x)
    np.testing.assert_allclose(spreads / spreads[0], law / law[0], rtol=0.08)


def test_the_mean_falls_and_low_states_relax_less(write_settings):
    cells = RramCells(COUNT, seed=SEED)
    low = CELLS % 2 == 0
    cells.write(CELLS, np.where(low, 0.3e-6, 3e-6), now=0.0, **write_settings)
    shift = cells.conductance(CELLS, now=1e5) - cells.conductance(CELLS, now=0.0)
    assert shift.mean() < -0.1e-6
    assert shift[low].std() < 0.7 * shift[~low].std()


def test_most_cells_hold_for_a_month_and_a_few_tails_drift_clearly(written):
    cells, chosen, _ = written
    drift = cells.conductance(chosen, now=MONTH) - cells.conductance(chosen, now=REFERENCE_DELAY)
    drift -= np.median(drift)
    beyond = np.mean(np.abs(drift) > 4 * robust(drift))
    assert np.mean(np.abs(drift) < 1.5e-6) > 0.9
    # A normal distribution has 6e-5 beyond 4 sd.
    assert 5e-4 < beyond < 2e-2


def test_looking_often_changes_nothing(written):
    cells, chosen, _ = written
    expected = cells.conductance(chosen, now=1e4)
    for now in np.geomspace(1e-6, 1e4, 50):
        cells.conductance(chosen, now=now)
        cells.current(chosen, voltage=0.2, averages=1, now=now)
    assert np.array_equal(cells.conductance(chosen, now=1e4), expected)


def test_what_a_read_remembers_of_a_relaxation_is_never_another_time_or_another_relaxation(write_settings):
    noiseless = dataclasses.replace(EAPU_PARAMETERS, white_noise=0.0, flicker_noise=0.0)
    cells = RramCells(COUNT, seed=SEED, parameters=noiseless)

    def check(*times):
        for now in times:
            # The true conductance is worked out from the beginning each time.
            expected = cells.conductance(CELLS, now=now) * 0.2
            assert np.array_equal(cells.current(CELLS, voltage=0.2, averages=1, now=now), expected)

    check(1e5)
    cells.write(CELLS[::2], 4e-6, now=1e5, **write_settings)
    before = cells.state()
    check(1e5, 1e5 + 0.009, 1e5 + 1.0, 1e5 + 3.0, 1e6, 1e5 + 0.5, 2e6)  # a look back among them
    cells.pulse(CELLS[::3], **SET_PULSE._asdict(), now=2e6)
    check(2e6 + 50.0)
    cells.restore(before)
    check(1e5 + 2.0, 1e6)


def test_relaxation_is_continuous_in_time(written):
    cells, chosen, _ = written
    # Right before and after the whole decades of the random walk, 1e-3 (10^k - 1).
    for decade in range(1, 9):
        node = 1e-3 * (10**decade - 1)
        step = cells.conductance(chosen, now=node * (1 + 1e-6)) - cells.conductance(chosen, now=node * (1 - 1e-6))
        assert np.abs(step).max() < 1e-10


def test_a_pulse_begins_the_relaxation_anew(written):
    cells, chosen, _ = written
    before = cells.conductance(chosen, now=1e4)
    cells.pulse(chosen, **SET_PULSE._asdict(), now=1e4)
    after = cells.conductance(chosen, now=1e4)
    again = cells.conductance(chosen, now=1e4 + REFERENCE_DELAY) - after
    first = cells.conductance(chosen, now=1e4 + 1e-6) - after
    # It goes on from where the cell had relaxed to, one step higher in the mean.
    assert 0.2e-6 < np.mean(after - before) < 1e-6
    assert np.abs(first).max() < 0.01e-6
    assert abs(again.std() / 0.5e-6 - 1) < 0.1


def test_two_writes_relax_independently(write_settings):
    cells = RramCells(COUNT, seed=SEED)
    shifts = []
    for now in (0.0, 1e3):
        # From afar, so that each cell gets a pulse.
        cells.write(CELLS, 1e-6, now=now, **write_settings)
        cells.write(CELLS, 2e-6, now=now + 1.0, **write_settings)
        shifts.append(cells.conductance(CELLS, now=now + 100.0) - cells.conductance(CELLS, now=now + 1.0))
    assert abs(np.corrcoef(shifts)[0, 1]) < 5 / np.sqrt(COUNT)
