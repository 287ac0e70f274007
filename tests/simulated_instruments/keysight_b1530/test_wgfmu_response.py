import math
from typing import Any

import numpy as np
import pytest

from simulated_instruments.keysight_b1530_wgfmu.response import settle, slew_limited

NOISE = {
    6001: (1.64e-6, 425e-12),
    6002: (1e-6, 2.5e-9),
    6003: (130e-9, 47e-9),
    6004: (40e-9, 280e-9),
    6005: (20e-9, 1.9e-6),
}


def _step(wgfmu: Any, volts: float, plateau: float, events: list[tuple[float, int, float, float, int]]) -> None:
    wgfmu.pattern(b"step", 0.0, [(100e-9, volts), (plateau, volts)])
    for event in events:
        wgfmu.do("setMeasureEvent", b"step", b"e", *event)
    wgfmu.do("addSequence", 201, b"step", 1.0)


def _run(wgfmu: Any) -> tuple[list[float], list[float]]:
    wgfmu.do("execute")
    wgfmu.do("waitUntilCompleted")
    times, values = wgfmu.measured()
    return times, values


@pytest.mark.parametrize("index", sorted(NOISE))
def test_the_noise_of_each_range_is_the_data_sheets(make_wgfmu: Any, index: int) -> None:
    """4,000 points at the data sheet's window: their standard deviation scatters by 1.1 %."""
    wgfmu = make_wgfmu(ohms=1e9)
    wgfmu.open()
    window, rms = NOISE[index]
    window = round(window / 1e-8) * 1e-8
    _step(wgfmu, 0.0, 8002 * window + 1e-6, [(200e-9, 4000, 2 * window, window, 12000)])
    wgfmu.ready(current_range=index)
    _, values = _run(wgfmu)
    assert np.std(values) == pytest.approx(rms * math.sqrt(NOISE[index][0] / window), rel=0.06)
    assert abs(np.mean(values)) < 5 * rms / math.sqrt(4000)


@pytest.mark.parametrize(("index", "settling", "ohms"), [(6002, 5.8e-6, 1e6), (6003, 820e-9, 1e5), (6004, 200e-9, 1e4)])
def test_a_step_settles_as_the_data_sheets_time_and_the_charge_of_the_head_say(
    make_wgfmu: Any, index: int, settling: float, ohms: float
) -> None:
    """The mean of 400 passes against the first-order response in closed form, within 5 sigma and 0.1 %.

    ``settling`` is to 0.6 %; a ramp of length T lags by tau / T (1 - exp(-T / tau)) at its end, and carries C V / T.
    """
    wgfmu = make_wgfmu(ohms=ohms)
    wgfmu.open()
    half, tau, edge = round(settling / 2e-8) * 1e-8, settling / -math.log(0.006), 100e-9
    plateau = 20 * settling
    wgfmu.pattern(b"step", 0.0, [(edge, 5.0), (plateau, 5.0), (edge, 0.0), (plateau, 0.0)])
    for delay in (half, 2 * half):
        wgfmu.do("setMeasureEvent", b"step", b"e", edge + delay, 1, 1e-8, 0.0, 12000)
    wgfmu.do("addSequence", 201, b"step", 400.0)
    wgfmu.ready(current_range=index)
    _, values = _run(wgfmu)
    settled = 5.0 / ohms
    missing = (settled * tau - 1.14e-12 * 5.0) / edge * (1.0 - math.exp(-edge / tau))
    expected = [settled - missing * math.exp(-delay / tau) for delay in (half, 2 * half)]
    scatter = 5.0 * NOISE[index][1] * math.sqrt(NOISE[index][0] / 5e-9 / 400)
    assert np.array(values).reshape(400, 2).mean(axis=0) == pytest.approx(expected, abs=scatter + 1e-3 * settled)


def test_an_edge_shows_the_residual_capacitance(make_wgfmu: Any) -> None:
    """An open head with 1 us edges: about 1.14 uA at 1 V/us, which fades on the plateau."""
    wgfmu = make_wgfmu(ohms=math.inf)
    wgfmu.open()
    wgfmu.pattern(b"p", 0.0, [(1e-6, 1.0), (10e-6, 1.0)])
    wgfmu.do("setMeasureEvent", b"p", b"edge", 400e-9, 1, 1e-8, 500e-9, 12000)
    wgfmu.do("setMeasureEvent", b"p", b"flat", 5e-6, 1, 1e-8, 5e-6, 12000)
    wgfmu.do("addSequence", 201, b"p", 400.0)
    wgfmu.ready(current_range=6004)
    _, values = _run(wgfmu)
    assert np.mean(values[::2]) == pytest.approx(1.14e-6, abs=0.05e-6)
    assert abs(np.mean(values[1::2])) < 0.02e-6


def test_a_current_over_range_is_clipped(wgfmu: Any) -> None:
    _step(wgfmu, 5.0, 100e-6, [(90e-6, 1, 1e-8, 5e-6, 12000)])
    wgfmu.ready(current_range=6003)
    assert _run(wgfmu)[1] == [pytest.approx(105e-6)]


def test_a_range_event_changes_the_range_from_then_on(wgfmu: Any) -> None:
    _step(wgfmu, 5.0, 100e-6, [(40e-6, 1, 1e-8, 5e-6, 12000), (90e-6, 1, 1e-8, 5e-6, 12000)])
    wgfmu.do("setRangeEvent", b"step", b"r", 50e-6, 6004)
    wgfmu.ready(current_range=6003)
    before, after = _run(wgfmu)[1]
    assert before == pytest.approx(105e-6)
    assert after == pytest.approx(500e-6, rel=1e-3)


def test_a_range_event_in_an_averaging_window_stops_the_execution(wgfmu: Any) -> None:
    _step(wgfmu, 5.0, 100e-6, [(40e-6, 1, 1e-8, 5e-6, 12000)])
    wgfmu.do("setRangeEvent", b"step", b"r", 42e-6, 6004)
    wgfmu.ready(current_range=6003)
    assert wgfmu.code("execute") == -3


def test_raw_data_average_to_the_averaged_value(make_wgfmu: Any) -> None:
    means = []
    for kind in (12000, 12001):
        wgfmu = make_wgfmu()
        wgfmu.open()
        _step(wgfmu, 1.0, 100e-6, [(50e-6, 1, 1e-8, 20e-6, kind)])
        wgfmu.ready()
        times, values = _run(wgfmu)
        assert len(values) == (1 if kind == 12000 else 4001)
        assert np.mean(times) == pytest.approx(60e-6)
        means.append(np.mean(values))
    assert means == pytest.approx([1e-4, 1e-4], abs=6e-8)


def test_voltage_is_measured_with_its_own_noise(wgfmu: Any) -> None:
    _step(wgfmu, 1.0, 1e-3, [(10e-6, 4000, 200e-9, 20e-9, 12000)])
    wgfmu.ready(current_range=None)
    _, values = _run(wgfmu)
    assert np.mean(values) == pytest.approx(1.0, abs=2e-4)
    assert np.std(values) == pytest.approx(1.4e-3, rel=0.06)


def test_pg_mode_drives_through_50_ohm_and_refuses_current(make_wgfmu: Any) -> None:
    wgfmu = make_wgfmu(ohms=50.0)
    wgfmu.open()
    _step(wgfmu, 2.0, 100e-6, [(50e-6, 1, 1e-8, 20e-6, 12000)])
    wgfmu.ready(mode=2002, current_range=None)
    assert _run(wgfmu)[1] == [pytest.approx(1.0, abs=1e-3)]
    wgfmu.do("setMeasureMode", 201, 4001)
    assert wgfmu.code("execute") == -3
    wgfmu.do("setMeasureMode", 201, 4000)
    wgfmu.do("setForceVoltageRange", 201, 3004)
    assert wgfmu.code("execute") == -3


def test_a_sequence_beyond_its_force_range_is_not_started(wgfmu: Any) -> None:
    _step(wgfmu, 4.0, 1e-6, [])
    wgfmu.do("addVector", b"step", 1e-6, -6.0)
    wgfmu.ready()
    assert wgfmu.code("execute") == -3
    wgfmu.do("setForceVoltageRange", 201, 3001)
    assert wgfmu.code("execute") == -3
    assert "leaves" in wgfmu.summary()


def test_more_data_than_the_memory_holds_are_refused(wgfmu: Any) -> None:
    _step(wgfmu, 1.0, 1e-3, [(0.0, 401, 1e-6, 0.0, 12000)])
    wgfmu.do("addSequence", 201, b"step", 10_000.0)
    wgfmu.ready()
    assert wgfmu.code("execute") == -6
    wgfmu.do("setMeasureEnabled", 201, 7000)
    wgfmu.do("execute")


def test_events_that_average_differently_start_100_ns_apart(wgfmu: Any) -> None:
    _step(wgfmu, 1.0, 1e-3, [(1e-6, 1, 1e-8, 20e-9, 12000), (1.09e-6, 1, 1e-8, 30e-9, 12000)])
    wgfmu.ready()
    assert wgfmu.code("execute") == -3


def test_channels_start_together_and_a_force_delay_shifts_one(wgfmu: Any) -> None:
    _step(wgfmu, 1.0, 1e-6, [])
    wgfmu.do("addSequence", 202, b"step", 1.0)
    wgfmu.do("setForceDelay", 202, 50e-9)
    for channel in (201, 202):
        wgfmu.ready(channel)
    wgfmu.do("execute")
    start = wgfmu.clock.time
    wgfmu.do("waitUntilCompleted")
    at = start + np.array([100e-9, 150e-9])
    assert wgfmu.loads[201].trace(at)[0] == pytest.approx([0.5, 1.0])
    assert wgfmu.loads[202].trace(at)[0] == pytest.approx([0.0, 0.5], abs=1e-9)


@pytest.mark.parametrize(
    ("force", "measure", "later"),
    [(0.0, 50e-9, 50e-9), (50e-9, 0.0, -50e-9), (50e-9, 50e-9, 0.0), (0.0, -50e-9, -50e-9)],
)
def test_a_delay_moves_the_measurement_along_the_waveform(
    make_wgfmu: Any, force: float, measure: float, later: float
) -> None:
    def mean_on_a_ramp(force: float, measure: float) -> float:
        wgfmu = make_wgfmu()
        wgfmu.open()
        wgfmu.pattern(b"ramp", 0.0, [(1e-6, 1.0), (1e-6, 1.0)])
        wgfmu.do("setMeasureEvent", b"ramp", b"e", 400e-9, 50, 1e-8, 0.0, 12000)
        wgfmu.do("addSequence", 201, b"ramp", 1.0)
        wgfmu.do("setForceDelay", 201, force)
        wgfmu.do("setMeasureDelay", 201, measure)
        wgfmu.ready()
        return float(np.mean(_run(wgfmu)[1]))

    slope = 1.0 / 1e-6 / 1e4  # A/s
    moved = mean_on_a_ramp(force, measure) - mean_on_a_ramp(0.0, 0.0)
    assert moved == pytest.approx(slope * later, abs=0.02 * slope * 50e-9)


@pytest.mark.parametrize("delay", [50e-9, -50e-9])
def test_equal_delays_of_output_and_measurement_show_an_edge_as_none_do(make_wgfmu: Any, delay: float) -> None:
    def behind_an_edge(delay: float) -> list[float]:
        wgfmu = make_wgfmu()
        wgfmu.open()
        _step(wgfmu, 5.0, 10e-6, [(150e-9, 1, 1e-8, 0.0, 12000)])
        wgfmu.do("setForceDelay", 201, delay)
        wgfmu.do("setMeasureDelay", 201, delay)
        wgfmu.ready()
        return _run(wgfmu)[1]

    assert behind_an_edge(delay) == pytest.approx(behind_an_edge(0.0), rel=1e-6)


def test_the_same_seed_measures_the_same(make_wgfmu: Any) -> None:
    runs = []
    for seed in (1, 1, 2):
        wgfmu = make_wgfmu(seed=seed)
        wgfmu.open()
        _step(wgfmu, 1.0, 1e-3, [(10e-6, 100, 1e-6, 100e-9, 12000)])
        wgfmu.ready()
        runs.append(_run(wgfmu)[1])
    assert runs[0] == runs[1] != runs[2]


def test_the_slew_limit_follows_slow_ramps_exactly_and_catches_up_after_a_jump() -> None:
    times, volts = slew_limited(np.array([0.0, 1.0, 1.0, 3.0]), np.array([0.0, 1.0, 3.0, 3.0]), 2.0)
    assert list(zip(times, volts, strict=True)) == [(0.0, 0.0), (1.0, 1.0), (2.0, 3.0), (3.0, 3.0)]


def test_settling_is_the_exponential_in_closed_form() -> None:
    times = np.linspace(0.0, 3.0, 7)
    followed = settle(times, np.ones(7), np.zeros(7), np.full(7, 0.5), 0.0)
    assert followed == pytest.approx(1.0 - np.exp(-times / 0.5))
    assert settle(times, np.zeros(7), np.ones(7), np.full(7, 0.5), 0.0) == pytest.approx(followed)
    ramp = settle(times, times, np.zeros(7), np.full(7, 0.5), 0.0)
    assert ramp == pytest.approx(times - 0.5 * (1.0 - np.exp(-times / 0.5)))
