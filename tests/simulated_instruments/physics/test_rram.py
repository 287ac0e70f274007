"""The RRAM cell's pulses and reads, in closed form and in the mean."""

import numpy as np
import pytest

from simulated_instruments.physics.rram import RESET_PULSE, SET_PULSE, PulseLines, RramCells, RramParameters

SEED = 7
#: All cells alike, and nothing random in a pulse or after it.
IDEAL = RramParameters(
    low_spread=0.0,
    high_spread=0.0,
    rate_spread=0.0,
    quantum=0.0,
    bound_spread=0.0,
    relaxation_sd=0.0,
    mean_shift=0.0,
    white_noise=0.0,
    flicker_noise=0.0,
    stuck_share=0.0,
)
#: All cells alike, with noise on each pulse and none after it.
NOISY = RramParameters(
    low_spread=0.0, high_spread=0.0, rate_spread=0.0, relaxation_sd=0.0, mean_shift=0.0, stuck_share=0.0
)


def pulsed(cells, indices, lines, *, now=0.0):
    cells.pulse(indices, **lines._asdict(), now=now)
    return cells.conductance(indices, now=now)


def at(lines, **changes):
    return lines._replace(**changes)


@pytest.mark.parametrize(("lines", "name"), [(SET_PULSE, "set_rate"), (RESET_PULSE, "reset_rate")])
def test_a_pulse_at_the_reference_goes_its_share_of_the_way_to_the_soft_bound(lines, name):
    cells, indices = RramCells(50, seed=SEED, parameters=IDEAL), np.arange(50)
    before = cells.conductance(indices, now=0.0)
    bound = IDEAL.high if name == "set_rate" else IDEAL.low
    after = pulsed(cells, indices, lines)
    expected = bound + (before - bound) * np.exp(-getattr(IDEAL, name))
    np.testing.assert_allclose(after, expected, rtol=1e-12)


@pytest.mark.parametrize("lines", [SET_PULSE, RESET_PULSE])
@pytest.mark.parametrize("pieces", [2, 7])
def test_a_pulse_in_pieces_does_exactly_what_the_whole_does_in_the_mean(lines, pieces):
    indices = np.arange(50)
    whole, split = (RramCells(50, seed=SEED, parameters=IDEAL) for _ in range(2))
    wide = at(lines, width=1e-6)
    for _ in range(pieces):
        result = pulsed(split, indices, at(wide, width=wide.width / pieces))
    np.testing.assert_allclose(result, pulsed(whole, indices, wide), rtol=1e-12)


def test_a_pulse_in_halves_has_the_mean_and_the_event_noise_of_the_whole():
    count, indices = 40_000, np.arange(40_000)
    parameters = RramParameters(
        **{**NOISY.__dict__, "bound_spread": 0.0, "virgin_low": 10e-6, "virgin_high": 10e-6},
    )
    whole, split = (RramCells(count, seed=seed, parameters=parameters) for seed in (SEED, SEED + 1))
    wide = at(RESET_PULSE, width=500e-9)
    one = pulsed(whole, indices, wide)
    pulsed(split, indices, at(wide, width=250e-9))
    two = pulsed(split, indices, at(wide, width=250e-9))
    share = 1 - np.exp(-10 * parameters.reset_rate)
    variance = parameters.quantum * (10e-6 - parameters.low) * share * (1 - share)
    # Five standard errors of the difference of two means, and of two variances.
    assert abs(one.mean() - two.mean()) < 5 * np.sqrt(2 * variance / count)
    for values in (one, two):
        assert abs(values.var() / variance - 1) < 5 * np.sqrt(2 / count)


def test_the_rate_grows_exponentially_with_the_voltage():
    cells, indices = RramCells(1, seed=SEED, parameters=IDEAL), np.array([0])
    rates = []
    for voltage in (1.9, 2.0, 2.1):
        before = cells.conductance(indices, now=0.0)
        after = pulsed(cells, indices, at(SET_PULSE, bit_line=voltage))
        rates.append(-np.log((IDEAL.high - after[0]) / (IDEAL.high - before[0])))
    per_step = np.exp(0.1 / IDEAL.voltage_scale)
    np.testing.assert_allclose(np.diff(np.log(rates)), np.log(per_step), rtol=1e-5)


def test_a_volt_and_a_half_for_milliseconds_does_what_two_volts_do_in_fifty_nanoseconds():
    cells, indices = RramCells(1, seed=SEED, parameters=IDEAL), np.array([0])
    slow = pulsed(cells, indices, PulseLines(word_line=1.8, bit_line=1.5, source_line=0.0, width=10e-3))
    assert slow[0] > 20e-6


@pytest.mark.parametrize(
    "lines",
    [
        at(SET_PULSE, bit_line=0.2, width=1.0),
        at(SET_PULSE, bit_line=1.0, width=1.0),
        at(SET_PULSE, width=0.0),
        at(SET_PULSE, word_line=0.5),
        at(RESET_PULSE, source_line=1.0, width=1.0),
        at(RESET_PULSE, word_line=0.5),
        at(RESET_PULSE, word_line=1.5),
        PulseLines(4.5, 1.8, 1.8, 1.0),
    ],
)
def test_a_pulse_below_the_threshold_or_with_the_gate_shut_changes_nothing(lines):
    cells, indices = RramCells(20, seed=SEED), np.arange(20)
    before = cells.state()
    cells.pulse(indices, **lines._asdict(), now=1.0)
    after = cells.state()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_the_gate_sets_where_a_strong_set_ends():
    cells, indices = RramCells(4, seed=SEED, parameters=IDEAL), np.arange(4)
    for gate in (0.9, 1.0, 1.2, 1.35):
        pulsed(cells, indices, at(RESET_PULSE, width=1e-3))
        reached = pulsed(cells, indices, PulseLines(gate, 2.5, 0.0, 1e-6))
        np.testing.assert_allclose(reached, IDEAL.gate_slope * (gate - IDEAL.gate_threshold), rtol=1e-9)


def test_a_set_with_a_low_gate_does_not_lower_the_conductance():
    cells, indices = RramCells(20, seed=SEED), np.arange(20)
    high = pulsed(cells, indices, at(SET_PULSE, width=1e-3))
    after = pulsed(cells, indices, PulseLines(0.9, 2.5, 0.0, 1e-6))
    assert np.array_equal(high, after)


def test_the_bounds_scatter_from_cell_to_cell_as_the_parameters_say():
    parameters = RramParameters(bound_spread=0.0, quantum=0.0)
    cells, indices = RramCells(4000, seed=SEED, parameters=parameters), np.arange(4000)
    works = cells.stuck() == 0
    for lines, median, spread in (
        (SET_PULSE, parameters.high, parameters.high_spread),
        (RESET_PULSE, parameters.low, parameters.low_spread),
    ):
        reached = np.log(pulsed(cells, indices, at(lines, width=1.0))[works])
        assert abs(reached.mean() - np.log(median)) < 5 * spread / np.sqrt(works.sum())
        assert abs(reached.std() / spread - 1) < 5 / np.sqrt(2 * works.sum())


def test_a_million_reads_do_not_disturb():
    cells, indices = RramCells(1000, seed=SEED), np.arange(1000)
    before = cells.conductance(indices, now=10.0)
    for _ in range(1000):
        cells.current(indices, voltage=0.2, averages=1000, now=10.0)
    for _ in range(1000):
        pulsed(cells, indices, PulseLines(4.5, 0.2, 0.0, 50e-9), now=10.0)
    assert np.array_equal(cells.conductance(indices, now=10.0), before)


@pytest.mark.parametrize(("averages", "expected"), [(1, np.hypot(0.01, 0.002)), (100, np.hypot(0.001, 0.002))])
def test_averaging_reduces_the_white_noise_and_not_the_flicker_floor(averages, expected):
    cells, indices = RramCells(20_000, seed=SEED), np.arange(20_000)
    truth = cells.conductance(indices, now=10.0)
    reads = cells.current(indices, voltage=0.2, averages=averages, now=10.0)
    errors = reads / (0.2 * truth) - 1
    assert abs(errors.mean()) < 5 * expected / np.sqrt(errors.size)
    assert abs(errors.std() / expected - 1) < 5 / np.sqrt(2 * errors.size)


def test_a_stuck_cell_does_not_move():
    cells, indices = RramCells(10, seed=SEED), np.arange(10)
    cells.stick(np.array([2]), 0.3e-6)
    cells.stick(np.array([5]), 45e-6)
    for lines in (SET_PULSE, RESET_PULSE):
        after = pulsed(cells, indices, at(lines, width=1e-3), now=1.0)
        assert after[2] == 0.3e-6
        assert after[5] == 45e-6
    assert cells.conductance(np.array([5]), now=1e7)[0] == 45e-6
    assert cells.stuck().tolist() == [0, 0, 1, 0, 0, 2, 0, 0, 0, 0]


def test_a_share_of_one_cell_in_ten_thousand_is_stuck_from_the_start():
    # 500,000 cells: 50 expected; five standard deviations of a Poisson number.
    stuck = RramCells(500_000, seed=SEED).stuck()
    assert abs(np.count_nonzero(stuck) - 50) < 5 * np.sqrt(50)
    assert set(np.unique(stuck)) == {0, 1, 2}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": -1e-9}, "width must be at least 0 s"),
        ({"bit_line": np.inf}, "bit_line must be finite"),
        ({"now": np.nan}, "now must be finite"),
        ({"cells": np.array([10])}, r"within 0 \.\. 9"),
        ({"cells": np.array([-1])}, r"within 0 \.\. 9"),
        ({"cells": np.array([3, 3])}, "twice"),
        ({"cells": np.array([[3]])}, "one dimension"),
    ],
)
def test_a_pulse_with_a_bad_argument_is_refused_and_touches_nothing(changes, message):
    cells = RramCells(10, seed=SEED)
    before = cells.conductance(np.arange(10), now=0.0)
    arguments = {"cells": np.array([1, 2]), **SET_PULSE._asdict(), "now": 0.0, **changes}
    with pytest.raises(ValueError, match=message):
        cells.pulse(**arguments)
    assert np.array_equal(cells.conductance(np.arange(10), now=0.0), before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"voltage": 1.0}, "threshold of 1 V"), ({"voltage": np.nan}, "finite"), ({"averages": 0}, "at least 1")],
)
def test_a_read_with_a_bad_argument_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        RramCells(2, seed=SEED).current(np.array([0]), **{"voltage": 0.2, "averages": 1, "now": 0.0, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"quantum": -1.0}, "quantum must be finite and not negative"),
        ({"voltage_scale": 0.0}, "voltage_scale must be above 0"),
        ({"threshold": 1.9}, "reset_voltage must exceed the threshold"),
    ],
)
def test_impossible_parameters_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        RramParameters(**changes)


def test_no_cells_and_a_negative_stuck_conductance_are_refused():
    with pytest.raises(ValueError, match="count must be at least 1"):
        RramCells(0, seed=SEED)
    with pytest.raises(ValueError, match="conductance must be at least 0 S"):
        RramCells(1, seed=SEED).stick(np.array([0]), -1e-6)
