"""The update schemes on an array of ideal cells that records its pulses."""

import numpy as np
import pytest

from labctl.capabilities import ArrayGeometry, LinePulse, WriteResult, WriteSettings
from labctl.updates.gates import GateLadder, GatePulses
from labctl.updates.memorial import MemorialProgramming
from labctl.updates.sign import SignUpdate
from labctl.updates.two_pulse import TwoPulse
from labctl.updates.verify import WriteVerified

RESET = LinePulse(word_line=5.0, bit_line=0.0, source_line=1.8, width=1e-5)
SET = LinePulse(word_line=1.0, bit_line=2.5, source_line=0.0, width=1e-6)
SLOPE, OFFSET = 100e-6, 0.8
WINDOW = (20e-6, 80e-6)


class IdealArray:
    """Cells that a RESET empties and a SET fills up to slope x (gate - offset); a stuck one does neither."""

    def __init__(self, count, stuck=()):
        self.values = np.full(count, 50e-6)
        self.stuck = list(stuck)
        self.pulses = np.zeros(count, int)
        self.resets = np.zeros(count, int)

    geometry = ArrayGeometry(1, 16, 16)

    def pulse_cells(self, cells, pulse):
        before = self.values[self.stuck].copy()
        self.pulses[cells] += 1
        if pulse.device_voltage < 0.0:
            self.resets[cells] += 1
            self.values[cells] = 0.0
        else:
            self.values[cells] = np.maximum(self.values[cells], SLOPE * (pulse.word_line - OFFSET))
        self.values[self.stuck] = before

    def read_cells(self, cells, *, voltage, averages=1):
        return self.values[cells] * voltage

    def pulse_and_read_cells(self, cells, pulse, *, voltage, averages=1):
        self.pulse_cells(cells, pulse)
        return self.read_cells(cells, voltage=voltage)

    def write_cells(self, cells, targets, settings):
        self.values[cells] = targets / settings.read_voltage
        one = np.ones(len(cells), np.int64)
        return WriteResult(one, 2 * one, targets.copy(), one.astype(bool))


@pytest.fixture
def array():
    return IdealArray(20)


def gates(array):
    return GatePulses(array, RESET, SET, read_voltage=0.2, averages=1)


def memorial(array, **changes):
    options = {"ladder": GateLadder(lowest=0.8, highest=2.07, positions=128), "attempts": 50, **changes}
    return MemorialProgramming(np.arange(20), WINDOW, 0.6e-6, gates(array), **options)


def test_the_binary_search_finds_every_position_in_no_more_than_its_depth(array):
    scheme = memorial(array)
    targets = np.linspace(20e-6, 80e-6, 20)
    outcome = scheme.load(targets)
    assert outcome.converged.all()
    assert np.all(np.abs(array.values - targets) <= 0.6e-6)
    assert outcome.pulses.max() <= 2 * 7
    assert np.array_equal(outcome.pulses, array.pulses)
    np.testing.assert_allclose(scheme.memory, (targets / SLOPE + OFFSET - 0.8) / 0.01, atol=0.6)


def test_a_step_begins_at_the_position_remembered_and_walks_towards_the_target(array):
    scheme = memorial(array)
    scheme.load(np.full(20, 40e-6))
    array.pulses[:] = 0
    places = np.array([3, 7])
    outcome = scheme.update(places, np.array([3e-6, -2e-6]))
    # One position is 1 uS: the one remembered, and one more for each uS; two pulses each.
    assert outcome.pulses.tolist() == [8, 6]
    assert np.flatnonzero(array.pulses).tolist() == [3, 7]
    np.testing.assert_allclose(array.values[places], [43e-6, 38e-6], atol=0.6e-6)
    np.testing.assert_allclose(scheme.targets[places], [43e-6, 38e-6])


def test_a_stuck_cell_uses_up_its_attempts_and_is_told(array):
    array.stuck = [4]
    scheme = memorial(array, attempts=9)
    outcome = scheme.load(np.full(20, 30e-6))
    assert np.flatnonzero(~outcome.converged).tolist() == [4]
    assert outcome.pulses[4] == 2 * (7 + 9)


def test_targets_stay_within_the_window(array):
    scheme = memorial(array)
    scheme.load(np.full(20, 79e-6))
    scheme.update(np.array([0]), np.array([5e-6]))
    assert scheme.targets[0] == 80e-6
    assert array.values[0] == pytest.approx(80e-6, abs=0.6e-6)


def test_a_scheme_goes_on_from_its_state(array):
    first = memorial(array)
    first.load(np.linspace(20e-6, 80e-6, 20))
    second = memorial(array)
    second.restore(first.state())
    assert np.array_equal(second.targets, first.targets)
    assert np.array_equal(second.memory, first.memory)
    assert second.update(np.array([5]), np.array([1e-6])).converged.all()


def test_two_pulses_reset_only_what_falls(array):
    scheme = TwoPulse(np.arange(20), WINDOW, 1e-6, gates(array), SLOPE, OFFSET, (0.5, 2.5))
    scheme.load(np.full(20, 50e-6))
    array.pulses[:], array.resets[:] = 0, 0
    outcome = scheme.update(np.array([1, 2]), np.array([4e-6, -4e-6]))
    assert outcome.pulses.tolist() == [1, 2]
    assert array.resets[[1, 2]].tolist() == [0, 1]
    np.testing.assert_allclose(array.values[[1, 2]], [54e-6, 46e-6], atol=0.06e-6)
    np.testing.assert_allclose(scheme.memory[[1, 2]], [1.34, 1.26])


def test_two_pulses_keep_the_gate_within_its_bounds(array):
    scheme = TwoPulse(np.arange(20), WINDOW, 1e-6, gates(array), SLOPE, OFFSET, (1.2, 1.4))
    scheme.load(np.full(20, 70e-6))
    assert np.all(scheme.memory == 1.4)
    scheme.update(np.array([0]), np.array([-60e-6]))
    assert scheme.memory[0] == 1.2


SETTINGS = WriteSettings(SET, RESET, 0.2e-6, 100, 0.2, 1)


def test_the_sign_alone_chooses_the_pulse(array):
    scheme = SignUpdate(array, np.arange(20), WINDOW, SETTINGS)
    scheme.load(np.full(20, 10e-6))
    outcome = scheme.update(np.array([2, 9, 11]), np.array([1e-9, -1e-9, 20e-6]))
    assert outcome.pulses.tolist() == [1, 1, 1]
    assert array.resets[[2, 9, 11]].tolist() == [0, 1, 0]


def test_write_verify_counts_the_loop_and_what_came_before(array):
    plain = WriteVerified(array, np.arange(20), WINDOW, SETTINGS)
    fresh = WriteVerified(array, np.arange(20), WINDOW, SETTINGS, first=RESET)
    assert plain.load(np.full(20, 30e-6)).pulses.tolist() == [3] * 20
    assert fresh.load(np.full(20, 30e-6)).pulses.tolist() == [4] * 20
    assert array.resets.tolist() == [1] * 20
    assert plain.tolerance == pytest.approx(1e-6)


def test_the_ladder_is_even_and_on_the_boards_steps():
    volts = GateLadder(lowest=0.8, highest=2.4, positions=128).volts(np.arange(128))
    assert volts[0] == 0.8
    assert volts[-1] == 2.4
    assert np.all(np.diff(volts) > 0.0)
    np.testing.assert_allclose(volts * 1e3, np.rint(volts * 1e3), atol=1e-9)
