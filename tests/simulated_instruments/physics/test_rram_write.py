"""The closed-loop write: yield, pulse counts, traces, and the same result whatever the batches and threads."""

import numpy as np
import pytest

from simulated_instruments.physics import rram
from simulated_instruments.physics.rram import EAPU_PARAMETERS, RESET_PULSE, SET_PULSE, RramCells

SEED = 11
LEVELS = np.linspace(0.4e-6, 4e-6, 32)  # A at 0.2 V: 2 .. 20 uS
ARRAY = 128 * 16


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_every_one_of_32_levels_is_reached_by_99_percent_of_1024_cells(write_settings):
    cells = RramCells(ARRAY, seed=SEED)
    chosen = np.random.default_rng(SEED).choice(ARRAY, 1024, replace=False)
    for step, level in enumerate(LEVELS):
        outcome = cells.write(chosen, level, now=100.0 * step, **write_settings)
        assert outcome.converged.mean() >= 0.99
        inside = np.abs(outcome.currents - level) <= 50e-9
        assert np.array_equal(inside, outcome.converged)


def test_levels_read_back_at_once_are_separate_from_the_5th_to_the_95th_percentile(write_settings):
    cells, chosen = RramCells(ARRAY, seed=SEED), np.arange(1024)
    upper = 0.0
    for step, level in enumerate(LEVELS):
        outcome = cells.write(chosen, level, now=float(step), **{**write_settings, "averages": 100})
        reads = cells.current(chosen, voltage=0.2, averages=100, now=step + outcome.elapsed.max())
        assert np.quantile(reads, 0.05) > upper
        upper = np.quantile(reads, 0.95)


def test_pulses_grow_with_the_distance_from_the_start(write_settings):
    cells, chosen = RramCells(ARRAY, seed=SEED), np.arange(384)
    cells.write(chosen, 5e-6, now=0.0, **{**write_settings, "tolerance": 0.5e-6})
    targets = np.repeat(np.arange(8, 0, -1) * 0.5e-6, 48)
    outcome = cells.write(chosen, targets, now=1.0, **{**write_settings, "tolerance": 100e-9})
    pulses = (outcome.set_pulses + outcome.reset_pulses).reshape(8, 48).mean(axis=1)
    assert np.all(np.diff(pulses) > 0)
    assert pulses[-1] > 5 * pulses[0]


def test_mean_pulses_between_random_levels_are_a_few_tens(write_settings):
    # Published: 66 (write-verify of the EAPU paper), means of 9.5 to 43.9 (RADAR data).
    cells, chosen = RramCells(ARRAY, seed=SEED), np.arange(ARRAY)
    random = np.random.default_rng(SEED)
    for now in (0.0, 1.0):
        outcome = cells.write(chosen, random.choice(LEVELS, ARRAY), now=now, **write_settings)
    assert 5 < (outcome.set_pulses + outcome.reset_pulses).mean() < 70


def test_time_taken_is_that_of_the_reads_and_the_pulses(write_settings):
    cells = RramCells(64, seed=SEED)
    settings = {**write_settings, "pulse_time": 3e-6, "read_time": 5e-6}
    outcome = cells.write(np.arange(64), 2e-6, now=0.0, **settings)
    pulses = outcome.set_pulses + outcome.reset_pulses
    np.testing.assert_allclose(outcome.elapsed, pulses * 3e-6 + (pulses + 1) * 5e-6, rtol=1e-12)


def test_a_cell_in_tolerance_gets_no_pulse(write_settings):
    cells, chosen = RramCells(64, seed=SEED), np.arange(64)
    before = cells.conductance(chosen, now=0.0)
    outcome = cells.write(chosen, before * 0.2, now=0.0, **{**write_settings, "tolerance": 1e-6})
    assert outcome.converged.all()
    assert not outcome.set_pulses.any()
    assert not outcome.reset_pulses.any()
    assert np.array_equal(cells.conductance(chosen, now=0.0), before)


def test_stuck_cells_do_not_converge_and_use_up_their_pulses(write_settings):
    cells, chosen = RramCells(64, seed=SEED), np.arange(64)
    cells.stick(np.array([3]), 0.2e-6)
    cells.stick(np.array([9]), 50e-6)
    outcome = cells.write(chosen, 2e-6, now=0.0, **write_settings)
    assert np.flatnonzero(~outcome.converged).tolist() == [3, 9]
    assert (outcome.set_pulses[3], outcome.reset_pulses[3]) == (500, 0)
    assert (outcome.set_pulses[9], outcome.reset_pulses[9]) == (0, 500)
    assert cells.conductance(np.array([3, 9]), now=1.0).tolist() == [0.2e-6, 50e-6]


@pytest.mark.parametrize("gate", [0.5, 4.7])
def test_a_write_with_pulses_that_cannot_switch_moves_nothing(write_settings, gate):
    cells, chosen = RramCells(16, seed=SEED), np.arange(16)
    before = cells.conductance(chosen, now=1.0)
    weak = {"set_pulse": SET_PULSE._replace(word_line=gate, bit_line=0.9)}
    weak["reset_pulse"] = RESET_PULSE._replace(word_line=gate, source_line=0.9)
    outcome = cells.write(chosen, 5e-6, now=0.0, **{**write_settings, **weak})
    assert not outcome.converged.any()
    assert np.array_equal(cells.conductance(chosen, now=1.0), before)


def test_memorial_programming_takes_a_few_pulses_for_a_step():
    # EAPU-C: about 7 pulses for each updated cell, at a tolerance of 1 uS and from the gate position remembered.
    cells = RramCells(512, seed=SEED, parameters=EAPU_PARAMETERS)
    active = np.flatnonzero(cells.stuck() == 0)
    targets = np.random.default_rng(SEED).uniform(5e-6, 80e-6, 512)
    gates, pulses, now = 0.8 + targets / 98e-6, np.zeros(512), 0.0
    for step in (0.0, 2e-6):
        targets, pulses[:], todo = targets + step, 0.0, active
        for _ in range(200):
            cells.pulse(todo, word_line=5.0, bit_line=0.0, source_line=1.8, width=10e-6, now=now)
            for cell in todo:
                cells.pulse(np.array([cell]), word_line=gates[cell], bit_line=2.5, source_line=0.0, width=1e-6, now=now)
            pulses[todo] += 2
            now += 1e-5
            errors = cells.current(todo, voltage=0.2, averages=4, now=now) / 0.2 - targets[todo]
            missed = np.abs(errors) > 1e-6
            gates[todo[missed]] -= 0.01 * np.sign(errors[missed])
            todo = todo[missed]
        assert todo.size == 0
    assert 4 < pulses[active].mean() < 14


def test_a_limit_of_no_pulses_only_reads(write_settings):
    outcome = RramCells(8, seed=SEED).write(np.arange(8), 20e-6, now=0.0, **{**write_settings, "pulse_limit": 0})
    assert not outcome.converged.any()
    assert not (outcome.set_pulses + outcome.reset_pulses).any()


def test_a_traced_write_is_the_same_write_with_every_read_kept(write_settings):
    plain, traced = (RramCells(8, seed=SEED) for _ in range(2))
    expected = plain.write(np.array([4]), 0.6e-6, now=0.0, **write_settings)
    outcome, currents, kinds = traced.write_traced(4, 0.6e-6, now=0.0, **write_settings)
    assert all(np.array_equal(a, b) for a, b in zip(expected, outcome, strict=True))
    assert same(plain.state(), traced.state())
    assert currents.size == kinds.size == 1 + outcome.set_pulses[0] + outcome.reset_pulses[0]
    assert currents[-1] == outcome.currents[0]
    assert kinds[0] == 0
    assert np.count_nonzero(kinds == 1) == outcome.set_pulses[0]
    assert np.count_nonzero(kinds == 2) == outcome.reset_pulses[0]
    # Each pulse goes towards the target from the read before it.
    assert np.array_equal(kinds[1:] == 1, currents[:-1] < 0.6e-6)


def test_a_write_does_the_same_as_reads_and_pulses_one_by_one(write_settings):
    compiled, stepped = (RramCells(4, seed=SEED) for _ in range(2))
    target, now, cell = 1.5e-6, 0.0, np.array([2])
    outcome = compiled.write(cell, target, now=0.0, **write_settings)
    for _ in range(501):
        now += 1e-6
        value = stepped.current(cell, voltage=0.2, averages=1, now=now)[0]
        if abs(value - target) <= 50e-9:
            break
        stepped.pulse(cell, **(SET_PULSE if value < target else RESET_PULSE)._asdict(), now=now)
        now += 1e-6
    assert outcome.converged[0]
    # Sums of microseconds round differently from their products, and nothing else may differ.
    np.testing.assert_allclose(outcome.currents[0], value, rtol=1e-9)
    assert np.array_equal(compiled.state()["stream"], stepped.state()["stream"])


def test_batches_order_and_threads_do_not_change_a_bit(write_settings, monkeypatch):
    count = 3 * rram._CELLS_PER_THREAD
    order = np.random.default_rng(SEED).permutation(count)
    targets = LEVELS[order % LEVELS.size]
    states = []
    for threads, batches in ((1, 1), (2, 1), (3, 1), (2, 7), (1, 300)):
        monkeypatch.setattr(rram.os, "cpu_count", lambda threads=threads: threads)
        cells = RramCells(count, seed=SEED)
        for part in np.array_split(np.arange(count)[:: 1 if batches < 100 else -1], batches):
            cells.write(order[part], targets[part], now=0.0, **write_settings)
            cells.pulse(order[part], **SET_PULSE._asdict(), now=1.0)
            cells.current(order[part], voltage=0.2, averages=3, now=2.0)
        states.append(cells.state())
    assert all(same(states[0], state) for state in states[1:])


def test_a_cell_does_not_depend_on_how_many_there_are():
    few, many = RramCells(5, seed=SEED), RramCells(50, seed=SEED)
    first = np.arange(5)
    few.pulse(first, **SET_PULSE._asdict(), now=0.0)
    many.pulse(np.arange(50), **SET_PULSE._asdict(), now=0.0)
    assert np.array_equal(few.conductance(first, now=1.0), many.conductance(first, now=1.0))


def test_a_restored_state_goes_on_bit_for_bit(write_settings):
    cells, chosen = RramCells(200, seed=SEED), np.arange(200)
    cells.write(chosen, 1e-6, now=0.0, **write_settings)
    cells.stick(np.array([3]), 1e-6)
    kept = cells.state()
    other = RramCells(200, seed=SEED + 1)
    other.restore(kept)
    first = cells.write(chosen, 2e-6, now=5.0, **write_settings)
    second = other.write(chosen, 2e-6, now=5.0, **write_settings)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert same(cells.state(), other.state())
    assert not same(kept, cells.state())


@pytest.mark.parametrize("spoil", ["drop", "shape", "type"])
def test_a_state_of_something_else_is_refused_and_changes_nothing(spoil):
    cells = RramCells(4, seed=SEED)
    before, state = cells.state(), RramCells(4, seed=SEED + 1).state()
    if spoil == "drop":
        del state["stream"]
    else:
        state["stream"] = state["stream"][:2] if spoil == "shape" else state["stream"].astype(np.float64)
    with pytest.raises(ValueError, match="stream"):
        cells.restore(state)
    assert same(before, cells.state())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pulse_limit": -1}, "pulse_limit must be at least 0"),
        ({"voltage": 0.0}, "above 0 V"),
        ({"voltage": 1.2}, "threshold of 1 V"),
        ({"averages": 0}, "averages must be at least 1"),
        ({"tolerance": -1e-9}, "tolerance at least 0"),
        ({"targets": np.nan}, "targets must be finite"),
        ({"pulse_time": -1.0}, "pulse_time must be at least 0"),
        ({"read_time": -1.0}, "read_time must be at least 0"),
        ({"set_pulse": RESET_PULSE}, "set_pulse must have its bit line above"),
        ({"reset_pulse": SET_PULSE}, "reset_pulse must have its bit line below"),
        ({"set_pulse": SET_PULSE._replace(width=-1.0)}, "width must be at least 0 s"),
        ({"cells": np.array([1, 1])}, "twice"),
    ],
)
def test_a_write_with_a_bad_argument_is_refused_and_touches_nothing(write_settings, changes, message):
    cells = RramCells(10, seed=SEED)
    before = cells.state()
    with pytest.raises(ValueError, match=message):
        cells.write(**{"cells": np.arange(3), "targets": 1e-6, "now": 0.0, **write_settings, **changes})
    assert same(before, cells.state())
