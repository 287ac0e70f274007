"""The drift-diffusion cell against closed forms, and the trends of its trains. Seeds are stated."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simulated_instruments.physics.rram import RESET_PULSE, SET_PULSE
from simulated_instruments.physics.rram_kinetics import DEFAULT_KINETICS, KineticCells, KineticParameters
from simulated_instruments.physics.rram_kinetics_dc import KineticDcCell

ALIKE = replace(
    DEFAULT_KINETICS, device_spread=0.0, cycle_spread=0.0, pulse_spread=0.0, low_spread=0.0, stuck_share=0.0
)
ONE = np.array([0])
PERIOD = 20e-6


def cell_of(resistance: float, parameters: KineticParameters = ALIKE) -> KineticCells:
    cells = KineticCells(1, seed=1, parameters=parameters)
    state = cells.state()
    state["area"] = np.array([1.0 / resistance]) - state["low"]
    cells.restore(state)
    return cells


def train(cells: KineticCells, amplitude: float = 2.5, width: float = 100e-9, pulses: int = 60) -> Any:
    """Return the states y of a train of RESET pulses, the first 1."""
    found = [cells.conductance(ONE, now=0.0)[0]]
    for number in range(pulses):
        lines = {"word_line": 4.7, "bit_line": 0.0, "source_line": amplitude, "width": width}
        cells.pulse(ONE, **lines, now=number * PERIOD)
        found.append(cells.conductance(ONE, now=(number + 1) * PERIOD)[0])
    above = np.array(found) - cells.parameters.low
    return above / above[0]


def first_fall(**conditions: float) -> float:
    resistance = conditions.pop("resistance", 5e3)
    states = train(cell_of(resistance), pulses=5, **conditions)
    return float(1.0 - states[5])


def test_a_train_falls_monotonically_and_settles() -> None:
    states = train(cell_of(5e3), pulses=200)
    assert states[0] == 1.0
    assert np.all(np.diff(states[:100]) < 0.0)
    assert states[-1] == pytest.approx(states[-2], rel=1e-6)
    assert 0.05 < states[-1] < 0.6


def test_halving_the_step_changes_nothing() -> None:
    whole = train(cell_of(5e3))
    half = train(cell_of(5e3, replace(ALIKE, step=0.5 * ALIKE.step)))
    assert np.abs(whole - half).max() < 1e-6


def test_two_halves_of_a_pulse_do_what_the_whole_does() -> None:
    whole, halves = cell_of(5e3), cell_of(5e3)
    lines = {"word_line": 4.7, "bit_line": 0.0, "source_line": 2.8}
    whole.pulse(ONE, **lines, width=200e-9, now=0.0)
    halves.pulse(ONE, **lines, width=100e-9, now=0.0)
    halves.pulse(ONE, **lines, width=100e-9, now=100e-9)
    assert halves.conductance(ONE, now=1.0) == pytest.approx(whole.conductance(ONE, now=1.0), rel=1e-8)


def test_after_a_pulse_the_square_of_w_grows_as_in_the_closed_form_and_then_holds() -> None:
    cells = cell_of(5e3)
    cells.pulse(ONE, word_line=4.7, bit_line=0.0, source_line=3.0, width=1e-6, now=0.0)

    def square(delay: float) -> float:
        above = cells.conductance(ONE, now=1e-6 + delay)[0] - ALIKE.low
        return float((above / (2e-4 - ALIKE.low)) ** 2)

    for delay in (1e-7, 1e-6, 3e-6):
        gain = 2.0 * ALIKE.diffusion * ALIKE.mobile_time * (1.0 - np.exp(-delay / ALIKE.mobile_time))
        assert square(delay) - square(0.0) == pytest.approx(gain, rel=1e-3)  # nearly all vacancies hop at 3 V
    assert square(1e6) == square(1e-3)


def test_without_drift_and_with_a_whole_filament_nothing_moves() -> None:
    cells = cell_of(5e3, replace(ALIKE, mobility=0.0))
    assert np.all(train(cells) == 1.0)


def test_the_transistor_and_the_cell_carry_one_current() -> None:
    from simulated_instruments.physics import rram_kinetics_kernels as kernels

    law, drive = ALIKE.law(), ALIKE.drive(RESET_PULSE._replace(source_line=2.5))
    for conductance in (1e-5, 1e-4, 2e-4, 1e-3):
        volts = kernels.cell_voltage(conductance, drive, law)
        left = drive.voltage - volts
        transistor = law.transconductance * ((drive.opening - volts) * left - 0.5 * left * left)
        assert transistor == pytest.approx(conductance * volts, rel=1e-9)


def test_a_train_falls_faster_at_higher_amplitude_and_with_wider_pulses() -> None:
    assert np.all(np.diff([first_fall(amplitude=volts) for volts in (2.2, 2.4, 2.6, 2.8, 3.0)]) > 0.0)
    assert np.all(np.diff([first_fall(width=wide) for wide in (60e-9, 80e-9, 100e-9, 150e-9)]) > 0.0)


def test_a_train_falls_faster_from_a_higher_resistance_until_the_cell_has_nearly_all_of_the_voltage() -> None:
    falls = [first_fall(resistance=ohms) for ohms in (5e3, 10e3, 15e3, 20e3, 25e3)]
    assert np.all(np.diff(falls) > 0.0)
    assert (falls[4] - falls[2]) / falls[2] < 0.1 < (falls[2] - falls[0]) / falls[0]


def test_without_the_transistor_the_initial_resistance_would_not_matter() -> None:
    stiff = replace(ALIKE, transconductance=1e3)
    trains = [train(cell_of(ohms, stiff), pulses=20) for ohms in (5e3, 25e3)]
    assert trains[0] == pytest.approx(trains[1], rel=1e-6)


def test_a_read_disturbs_nothing() -> None:
    cells = cell_of(5e3)
    before = cells.conductance(ONE, now=0.0)
    for number in range(1000):
        cells.current(ONE, voltage=0.2, averages=1, now=number * 1e-5)
    assert cells.conductance(ONE, now=1.0) == before


def test_a_set_bridges_the_filament_as_far_as_the_gate_allows() -> None:
    cells = cell_of(5e3)
    cells.pulse(ONE, word_line=4.7, bit_line=0.0, source_line=3.0, width=10e-6, now=0.0)
    found = []
    for gate in (0.9, 1.2, 1.5):
        cells.pulse(ONE, word_line=gate, bit_line=2.5, source_line=0.0, width=100e-9, now=1.0)
        found.append(cells.conductance(ONE, now=2.0)[0])
    assert found == pytest.approx([98e-6 * (gate - 0.5) for gate in (0.9, 1.2, 1.5)], rel=0.01)
    assert cells.state()["fill"][0] == 1.0


def test_cells_repeat_from_a_state_and_depend_on_the_seed() -> None:
    cells = KineticCells(20, seed=3)
    every, state = np.arange(20), cells.state()
    one = [cells.current(every, voltage=0.2, averages=2, now=0.0), train(cells, pulses=3)]
    cells.restore(state)
    again = [cells.current(every, voltage=0.2, averages=2, now=0.0), train(cells, pulses=3)]
    for first, second in zip(one, again, strict=True):
        assert np.array_equal(first, second)
    assert not np.array_equal(KineticCells(20, seed=4).conductance(every, now=0.0), cells.conductance(every, now=0.0))


def test_a_closed_loop_write_reaches_its_targets_and_a_traced_one_tells_its_reads() -> None:
    cells = KineticCells(50, seed=5, parameters=replace(DEFAULT_KINETICS, stuck_share=0.0))
    loop: dict[str, Any] = {
        "tolerance": 2e-6, "pulse_limit": 400, "set_pulse": SET_PULSE._replace(word_line=2.4, bit_line=2.5),
        "reset_pulse": RESET_PULSE._replace(source_line=2.5), "voltage": 0.2, "averages": 4, "now": 0.0,
        "pulse_time": 1e-5, "read_time": 1e-5,
    }  # fmt: skip
    outcome = cells.write(np.arange(50), np.full(50, 24e-6), **loop)
    assert outcome.converged.mean() > 0.9
    assert np.all(np.abs(outcome.currents - 24e-6)[outcome.converged] <= 2e-6)
    one, reads, kinds = cells.write_traced(0, 20e-6, **loop)
    assert len(reads) == len(kinds) == int(one.set_pulses[0] + one.reset_pulses[0]) + 1
    assert reads[-1] == one.currents[0]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"cells": np.array([2])}, "within 0 .. 0"), ({"voltage": 0.5}, "below the switching threshold")],
)
def test_wrong_arguments_are_refused(wrong: dict[str, Any], says: str) -> None:
    given: dict[str, Any] = {"cells": ONE, "voltage": 0.2, "averages": 1, "now": 0.0, **wrong}
    with pytest.raises(ValueError, match=says):
        cell_of(5e3).current(given.pop("cells"), **given)


def test_stuck_cells_do_not_move() -> None:
    cells = cell_of(5e3)
    cells.stick(ONE, 150e-6)
    assert cells.stuck()[0] == 1
    train(cells, pulses=3)
    assert cells.conductance(ONE, now=1.0)[0] == 150e-6


def slow_sweep(cell: KineticDcCell, stop: float, start: float) -> tuple[Any, Any]:
    """Return voltages and currents of a sweep to ``stop`` and back, 10 ms a point, the gate at 1.5 V."""
    up = np.linspace(0.0, stop, 101)
    volts = np.concatenate([up, up[-2::-1]])
    times = start + 0.01 * np.arange(len(volts))
    _, amps = cell.respond(times, volts, np.full(len(volts), 1.5), ohms=0.0, limit=np.inf)
    return volts, amps


def test_slow_sweeps_set_near_1_4_v_and_reset_near_1_25_v() -> None:
    cell = KineticDcCell(1, parameters=ALIKE)
    slow_sweep(cell, -2.0, 0.0)
    for stop, start, edge in ((1.8, 10.0, 1.4), (-2.0, 20.0, -1.25)):
        volts, amps = slow_sweep(cell, stop, start)
        conductance = amps[5:101] / volts[5:101]
        done = np.abs(conductance - conductance[0]) / np.abs(conductance - conductance[0]).max()
        assert volts[5:101][np.argmax(done > 0.5)] == pytest.approx(edge, abs=0.1)
        assert amps[10] / volts[10] != pytest.approx(amps[-11] / volts[-11], rel=0.3)  # hysteresis


def test_a_closed_gate_lets_no_current_pass() -> None:
    cell = KineticDcCell(2, parameters=ALIKE)
    times, volts = np.arange(3.0), np.full(3, 1.0)
    assert not cell.respond(times, volts, np.full(3, 0.3), ohms=0.0, limit=np.inf)[1].any()
    across, through = cell.respond(times + 5.0, volts, np.full(3, 5.0), ohms=np.inf, limit=np.inf)
    assert not across.any()
    assert not through.any()
