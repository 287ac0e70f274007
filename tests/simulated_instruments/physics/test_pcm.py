"""The PCM cell: heat in closed form, the paper's three pulses, drift as a power law."""

import math
from dataclasses import replace

import numpy as np
import pytest

from simulated_instruments.physics.pcm import PcmCells, PcmParameters

QUIET = replace(
    PcmParameters(),
    reset_spread=0.0, reset_cycle_spread=0.0, set_spread=0.0, set_cycle_spread=0.0, drift_spread=0.0,
    drift_cycle_spread=0.0, read_noise=0.0, reset_cycle_variation_spread=0.0, set_cycle_variation_spread=0.0,
    drift_cycle_variation_spread=0.0,
)  # fmt: skip


def pulse(cells: PcmCells, start: float, height: float, width: float, fall: float, rise: float = 5e-9) -> float:
    """Give a pulse with 50 Ohm, and return a time after it."""
    corners = start + np.cumsum([0.0, rise, width, fall, 100e-9])
    cells.respond(corners, np.array([0.0, height, height, 0.0, 0.0]), ohms=50.0)
    return float(corners[-1])


def reset(cells: PcmCells, start: float) -> float:
    return pulse(cells, start, 5.0, 60e-9, 5e-9)


def test_fresh_cells_have_the_fresh_resistance() -> None:
    assert PcmCells(3, seed=1, parameters=QUIET).resistance(0.0) == pytest.approx([1e4] * 3)


def test_the_reset_pulse_amorphises_to_ten_megohm() -> None:
    cells = PcmCells(200, seed=2)
    reset(cells, 0.0)
    logs = np.log10(cells.resistance(1.0))
    assert np.mean(logs) == pytest.approx(7.0, abs=0.03)  # 4 sd of the mean of 200
    assert np.std(logs) == pytest.approx(math.hypot(0.10, 0.03), rel=0.2)


def test_the_set_pulse_crystallises_to_thirty_kilohm() -> None:
    cells = PcmCells(200, seed=3)
    end = pulse(cells, reset(cells, 0.0), 3.0, 400e-9, 300e-9)
    assert np.mean(np.log10(cells.resistance(end + 1.0))) == pytest.approx(math.log10(3e4), abs=0.03)


def test_a_set_pulse_that_is_cut_off_at_once_crystallises_less() -> None:
    cells = PcmCells(1, seed=4, parameters=QUIET)
    end = pulse(cells, reset(cells, 0.0), 3.0, 40e-9, 5e-9)
    assert 1e5 < cells.resistance(end + 1.0)[0] < 1e7


@pytest.mark.parametrize("height", [0.2, 1.0])
@pytest.mark.parametrize("amorphous", [True, False])
def test_a_read_disturbs_nothing(height: float, amorphous: bool) -> None:
    cells = PcmCells(5, seed=5)
    end = reset(cells, 0.0) if amorphous else 0.0
    before = cells.resistance(10.0)
    for _ in range(100):
        end = pulse(cells, end, height, 60e-9, 5e-9)
    assert np.array_equal(cells.resistance(10.0), before)


def test_the_amorphous_state_drifts_as_a_power_law() -> None:
    cells = PcmCells(300, seed=6)
    end = reset(cells, 0.0)
    decades = np.array([end + 1.0, end + 10.0, end + 100.0, end + 1000.0])
    logs = np.log10([cells.resistance(time) for time in decades])
    slopes = np.diff(logs, axis=0)
    assert slopes == pytest.approx(np.broadcast_to(cells.drift_exponents(), slopes.shape), rel=1e-6)
    assert np.mean(slopes) == pytest.approx(0.10, abs=4 * 0.0105 / math.sqrt(300))


def test_the_crystalline_state_stays_flat() -> None:
    cells = PcmCells(1, seed=7, parameters=QUIET)
    end = pulse(cells, reset(cells, 0.0), 3.0, 400e-9, 300e-9)
    assert cells.resistance(end + 1e4)[0] == pytest.approx(cells.resistance(end + 1.0)[0], rel=0.01)


def test_every_reset_restarts_the_drift() -> None:
    cells = PcmCells(1, seed=8, parameters=QUIET)
    end = reset(cells, 0.0)
    first = cells.resistance(end + 1.0)[0]
    assert cells.resistance(end + 1000.0)[0] == pytest.approx(first * 1000**0.1, rel=1e-3)
    end = reset(cells, end + 1000.0)
    assert cells.resistance(end + 1.0)[0] == pytest.approx(first, rel=1e-3)


def test_the_temperature_follows_a_first_order_law() -> None:
    cells = PcmCells(1, seed=9, parameters=QUIET)
    cells.respond(np.array([0.0, 3e-9]), np.array([2.0, 2.0]))
    final = QUIET.melting * (2.0 / QUIET.melting_voltage) ** 2
    assert cells.temperature()[0] == pytest.approx(final * (1 - math.exp(-3e-9 / QUIET.time_constant)), rel=1e-9)


def test_how_a_waveform_is_cut_up_does_not_matter() -> None:
    times = np.array([0.0, 5e-9, 65e-9, 70e-9, 200e-9, 205e-9, 280e-9, 400e-9])
    volts = np.array([0.0, 5.0, 5.0, 0.0, 0.0, 2.9, 2.9, 0.0])
    fine = np.union1d(times, np.linspace(0.0, 400e-9, 1001))
    shares = []
    for grid in (times, fine):
        cells = PcmCells(1, seed=10, parameters=QUIET)
        cells.respond(grid, np.interp(grid, times, volts), ohms=50.0)
        shares.append(cells.amorphous()[0])
    assert 0.05 < shares[0] < 0.9
    assert shares[1] == pytest.approx(shares[0], rel=0.01)


def drive(step: float, volts: float, width: float, fall: float, rise: float = 5e-9) -> float:
    """Amorphise a quiet cell, give it one pulse, and return its amorphous share."""
    cells = PcmCells(1, seed=10, parameters=replace(QUIET, step=step))
    end = reset(cells, 0.0)
    corners = end + np.cumsum([0.0, rise, width, fall])
    cells.respond(corners, np.array([0.0, volts, volts, 0.0]), ohms=50.0)
    return float(cells.amorphous()[0])


@pytest.mark.parametrize("volts", [1.9, 2.0, 2.5, 3.0, 3.9, 4.05, 4.3, 5.0])
@pytest.mark.parametrize(
    ("width", "fall"), [(10e-9, 5e-9), (60e-9, 5e-9), (400e-9, 300e-9), (20e-9, 40e-9), (1e-4, 1e-5)]
)
def test_halving_the_step_changes_nothing_beyond_one_percent(volts: float, width: float, fall: float) -> None:
    share = drive(1.0, volts, width, fall)
    for step in (0.5, 0.1):
        assert drive(step, volts, width, fall) == pytest.approx(share, rel=0.01, abs=1e-4)


def test_the_slower_a_melt_is_quenched_the_more_of_it_crystallises() -> None:
    shares = [drive(1.0, 5.0, 60e-9, fall) for fall in (5e-9, 100e-9, 200e-9, 400e-9)]
    assert shares[0] > 0.85
    assert np.all(np.diff(shares) < -0.05)


def test_higher_amplitudes_melt_more_and_longer_pulses_crystallise_more() -> None:
    crystallised = [drive(1.0, 2.5, width, 5e-9) for width in (20e-9, 50e-9, 100e-9, 200e-9)]
    assert np.all(np.diff(crystallised) < 0.0)
    molten = []
    for volts in (4.0, 4.2, 4.3, 4.5, 5.0):
        cells = PcmCells(1, seed=14, parameters=QUIET)
        pulse(cells, 0.0, volts, 12e-9, 5e-9)
        molten.append(float(cells.amorphous()[0]))
    assert molten[0] < 0.1
    assert molten[-1] > 0.85
    assert np.all(np.diff(molten) > 0.0)


def test_a_strong_read_disturbs_what_a_weak_one_leaves() -> None:
    for volts, disturbs in ((1.0, False), (2.2, True)):
        cells = PcmCells(1, seed=15, parameters=QUIET)
        end = reset(cells, 0.0)
        before = float(cells.amorphous()[0])
        cells.respond(np.array([end, end + 1e-3]), np.full(2, volts))
        assert (float(cells.amorphous()[0]) < 0.9 * before) is disturbs


def test_mean_and_spread_of_a_cell_have_the_same_rank() -> None:
    of = PcmParameters()
    cells = PcmCells(4000, seed=16).statistics()
    for name, middle, spread, cycle, variation in (
        ("reset", 7.0, of.reset_spread, of.reset_cycle_spread, of.reset_cycle_variation_spread),
        ("set", math.log10(3e4), of.set_spread, of.set_cycle_spread, of.set_cycle_variation_spread),
        ("drift", 0.10, of.drift_spread, of.drift_cycle_spread, of.drift_cycle_variation_spread),
    ):
        means, spreads = cells[f"mean_{name}"], cells[f"spread_{name}"]
        assert np.mean(means) == pytest.approx(middle, abs=4 * spread / math.sqrt(4000))
        assert np.std(means) == pytest.approx(spread, rel=0.05)  # 4.5 standard errors
        assert spreads == pytest.approx(np.maximum(cycle + variation * (means - middle) / spread, 0.0), abs=1e-9)
    assert abs(np.corrcoef(cells["mean_set"], cells["mean_reset"])[0, 1]) < 4 / math.sqrt(4000)


def test_every_switching_draws_anew_from_the_cells_own_distribution() -> None:
    cells = PcmCells(1, seed=17)
    logs, exponents, end = [], [], 0.0
    for _ in range(1000):
        end = reset(cells, pulse(cells, end, 3.0, 400e-9, 300e-9))
        logs.append(math.log10(cells.resistance(end + 1.0)[0]))
        exponents.append(cells.drift_exponents()[0])
    mine = {name: float(value[0]) for name, value in cells.statistics().items()}
    assert np.mean(logs) == pytest.approx(mine["mean_reset"], abs=4 * mine["spread_reset"] / math.sqrt(1000))
    assert np.std(logs) == pytest.approx(mine["spread_reset"], rel=0.09)  # 4 standard errors
    assert np.mean(exponents) == pytest.approx(mine["mean_drift"], abs=4 * mine["spread_drift"] / math.sqrt(1000))
    assert np.std(exponents) == pytest.approx(mine["spread_drift"], rel=0.09)


PAIR = np.array([0.0, 5e-9, 65e-9, 70e-9, 500e-9, 505e-9, 905e-9, 1205e-9, 1500e-9])
PAIR_VOLTS = np.array([0.0, 5.0, 5.0, 0.0, 0.0, 3.0, 3.0, 0.0, 0.0])


def test_a_million_identical_passages_are_as_many_single_ones() -> None:
    ends = []
    for count in (7, 1_000_000):
        cells = PcmCells(300, seed=18)
        followed = [
            cells.repeat_one(cell, PAIR, PAIR_VOLTS, start=0.0, period=2e-6, count=count, ohms=50.0, limit=math.inf)
            for cell in range(300)
        ]
        assert max(followed) <= 20
        ends.append(np.log10(cells.resistance(count * 2e-6 + 1.0)))
    # The same cells, other draws: means of 300 within 4 standard errors of their difference.
    assert np.mean(ends[0]) == pytest.approx(np.mean(ends[1]), abs=4 * 0.02 * math.sqrt(2 / 300))
    assert not np.array_equal(ends[0], ends[1])


def test_passages_that_go_on_changing_the_cell_are_all_followed() -> None:
    cells = PcmCells(1, seed=19, parameters=QUIET)
    end = reset(cells, 0.0)
    weak = np.where(PAIR_VOLTS > 0.0, 1.94, 0.0)  # barely above the onset
    one_by_one = PcmCells(1, seed=19, parameters=QUIET)
    reset(one_by_one, 0.0)
    assert cells.repeat_one(0, PAIR, weak, start=end, period=2e-6, count=5, ohms=50.0, limit=math.inf) == 5
    for number in range(5):
        one_by_one.respond(end + number * 2e-6 + PAIR, weak, ohms=50.0)
    assert cells.amorphous() == pytest.approx(one_by_one.amorphous(), rel=1e-4)
    assert 0.01 < cells.amorphous()[0] < 0.99


def test_a_current_limit_keeps_the_cell_from_melting() -> None:
    cells = PcmCells(1, seed=11, parameters=QUIET)
    reset(cells, 0.0)
    volts, amps = cells.respond(np.array([1.0, 1.1]), np.array([5.0, 5.0]), limit=1e-6)
    assert amps == pytest.approx(1e-6)
    assert volts == pytest.approx(1e-6 * QUIET.on_resistance)
    assert cells.temperature()[0] < QUIET.onset


def test_a_seed_repeats_and_a_cell_does_not_depend_on_the_others() -> None:
    runs = []
    for count in (1, 5):
        cells = PcmCells(count, seed=12)
        end = reset(cells, 0.0)
        _, amps = cells.respond(np.array([end, 1.0]), np.array([0.2, 0.2]))
        runs.append(amps[0])
    assert np.array_equal(runs[0], runs[1])


def test_bad_arguments_are_refused() -> None:
    cells = PcmCells(1, seed=13)
    with pytest.raises(ValueError, match="must not fall"):
        cells.respond(np.array([1.0, 0.0]), np.zeros(2))
    with pytest.raises(ValueError, match="one length"):
        cells.respond(np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="onset"):
        PcmParameters(onset=700.0)
