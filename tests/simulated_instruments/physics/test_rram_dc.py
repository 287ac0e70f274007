"""One cell under slow signals: hysteresis, gate, compliance, forming, in closed form where there is one."""

import numpy as np
import pytest

from simulated_instruments.physics.rram_dc import DcCell, FormingParameters
from simulated_instruments.physics.rram_parameters import RramParameters

POINT = 10e-3


def staircase(
    cell: DcCell, voltages: np.ndarray, *, gate: float = 1.2, start: float = 0.0, limit: float = np.inf, pieces: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Hold each voltage for 10 ms, in so many calls; return voltages across and currents at the end of each."""
    across, through, now = np.zeros(len(voltages)), np.zeros(len(voltages)), start
    for number, volts in enumerate(voltages):
        for _ in range(pieces):
            times = np.array([now, now + POINT / pieces])
            v, i = cell.respond(times, np.full(2, volts), np.full(2, gate), ohms=0.0, limit=limit)
            now = float(times[-1])
        across[number], through[number] = v[-1], i[-1]
    return across, through


def up_and_back(stop: float, step: float = 0.02) -> np.ndarray:
    up = np.linspace(0.0, stop, round(abs(stop) / step) + 1)
    return np.concatenate([up, up[-2::-1]])


def quiet(**parameters: float) -> RramParameters:
    """Return parameters without any chance in them."""
    nothing = dict.fromkeys(("low_spread", "high_spread", "rate_spread", "bound_spread", "quantum"), 0.0)
    return RramParameters(**{**nothing, "relaxation_sd": 0.0, "mean_shift": 0.0, "stuck_share": 0.0, **parameters})


def test_the_current_turns_in_a_loop_that_set_and_reset_close() -> None:
    cell = DcCell(1, parameters=quiet())
    staircase(cell, up_and_back(-1.5))
    _, set_currents = staircase(cell, up_and_back(1.6), start=10.0)
    _, reset_currents = staircase(cell, up_and_back(-1.5), start=20.0)
    place = 20  # 0.4 V
    assert set_currents[-1 - place] > 20 * set_currents[place]
    assert abs(reset_currents[place]) > 20 * abs(reset_currents[-1 - place])
    assert set_currents[75] == pytest.approx(60e-6, rel=0.05)  # CNN-E: 60 uA at 1.5 V, put into slope and gate


def test_a_staircase_follows_the_rate_law_in_closed_form() -> None:
    parameters = quiet()
    cell = DcCell(1, parameters=parameters)
    staircase(cell, np.full(200, -1.6))
    voltages = up_and_back(1.6)
    _, currents = staircase(cell, voltages, start=10.0)
    bound = parameters.gate_slope * (1.2 - parameters.gate_threshold)
    scale = parameters.voltage_scale
    rates = np.where(voltages > 1.0, np.expm1((voltages - 1.0) / scale), 0.0) / np.expm1(1.0 / scale)
    done = np.cumsum(parameters.set_rate * rates * POINT / 50e-9)
    expected = bound + (parameters.low - bound) * np.exp(-done)
    assert currents[1:-1] / voltages[1:-1] == pytest.approx(expected[1:-1], rel=1e-3)


def test_cutting_the_steps_finer_changes_nothing() -> None:
    curves = []
    for pieces in (1, 8):
        cell = DcCell(3, parameters=quiet())
        staircase(cell, np.full(200, -1.6))
        curves.append(staircase(cell, up_and_back(1.6), start=10.0, pieces=pieces)[1])
    assert curves[1] == pytest.approx(curves[0], rel=1e-6, abs=1e-12)


def test_the_gate_sets_the_low_state_in_proportion_to_how_far_it_is_open() -> None:
    reached = []
    for gate in (1.0, 1.1, 1.2):
        cell = DcCell(2, parameters=quiet())
        staircase(cell, np.full(200, -1.6))
        staircase(cell, up_and_back(1.8), gate=gate, start=10.0)
        reached.append(cell.conductance(20.0))
    assert reached == pytest.approx([98e-6 * (gate - 0.8) for gate in (1.0, 1.1, 1.2)], rel=0.01)


def test_a_closed_transistor_lets_no_current_pass() -> None:
    cell = DcCell(2)
    across, through = staircase(cell, np.array([0.2, 1.0, 2.0]), gate=0.5)
    assert not through.any()
    assert across == pytest.approx([0.2, 1.0, 2.0])


def test_a_compliance_ends_the_set_where_it_holds_the_voltage_near_the_threshold() -> None:
    for limit in (10e-6, 20e-6):
        cell = DcCell(4, parameters=quiet())
        staircase(cell, np.full(200, -1.6))
        across, through = staircase(cell, up_and_back(1.8), gate=3.0, start=10.0, limit=limit)
        assert np.abs(through).max() <= limit * (1 + 1e-9)
        assert limit / 1.4 < cell.conductance(20.0) < limit / 1.0
        assert 0.9 < across[90] < 1.4


def test_a_stuck_cell_stays_what_it_is() -> None:
    cell = DcCell(5, stuck=30e-6)
    _, currents = staircase(cell, up_and_back(-1.6))
    assert currents == pytest.approx(30e-6 * up_and_back(-1.6))


def test_a_fresh_cell_conducts_little_until_it_is_formed_under_a_limit() -> None:
    cell = DcCell(6, virgin=True)
    _, currents = staircase(cell, np.arange(0.0, 1.6, 0.1), gate=3.0)
    assert not cell.formed
    assert currents == pytest.approx(20e-9 * np.arange(0.0, 1.6, 0.1))
    _, formed = staircase(cell, np.arange(1.6, 3.6, 0.05), gate=3.0, limit=20e-6, start=10.0)
    assert cell.formed
    assert np.abs(formed).max() <= 20e-6 * (1 + 1e-9)
    assert 5e-6 < cell.conductance(100.0) < 25e-6


def test_forming_voltages_scatter_as_the_hazard_says() -> None:
    forming = FormingParameters(spread=0.0)
    waits = []
    for seed in range(400):
        cell = DcCell(seed, virgin=True, forming=forming)
        now = 0.0
        while not cell.formed:
            times = np.array([now, now + 1e-3])
            cell.respond(times, np.full(2, 2.6), np.full(2, 3.0), ohms=0.0, limit=1e-5)
            now += 1e-3
        waits.append(now)
    # An exponential with a mean of 10 ms, seen in steps of 1 ms: three standard errors of 400 are 15 %.
    assert np.mean(waits) == pytest.approx(10.5e-3, rel=0.15)
    assert np.std(waits) == pytest.approx(10e-3, rel=0.25)


def test_numbers_of_a_fresh_cell_are_checked() -> None:
    with pytest.raises(ValueError, match="pristine must be above 0"):
        FormingParameters(pristine=0.0)
