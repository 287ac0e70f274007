"""What the B1530A driver refuses before the library hears of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.keysight_b1530 import KeysightB1530
from drivers.wgfmu import limits, programme
from drivers.wgfmu.codes import OperationMode
from labctl.capabilities import Pulse
from labctl.errors import ConfigError, LimitError
from labctl.instrument import SampleLimits
from labctl.links import Link

TIMES = np.array([0.0, 1e-6, 2e-6])


@pytest.mark.parametrize(
    ("times", "volts"),
    [
        ([0.0, 1e-6, 2e-6], [0.0, 10.1, 0.0]),
        ([0.0, 1e-6, 2e-6], [0.0, 6.0, -0.1]),
        ([0.0, 1e-6, 2e-6], [0.0, float("nan"), 0.0]),
        ([0.0, 1e-6, 2e-6], [0.0, 1.0]),
        ([0.0], [0.0]),
        ([1e-6, 2e-6], [0.0, 0.0]),
        ([0.0, 1e-6, 1e-6], [0.0, 1.0, 0.0]),
        ([0.0, 15e-9], [0.0, 1.0]),
        ([0.0, 1.1e4], [0.0, 1.0]),
        ([0.0, float("inf")], [0.0, 1.0]),
    ],
)
def test_a_waveform_that_cannot_be_made_is_refused(bench: Any, times: list[float], volts: list[float]) -> None:
    driver = bench.opened()
    with pytest.raises(LimitError):
        driver.send_waveform(np.array(times), np.array(volts))
    assert bench.library.taken() == []


def test_too_many_points_are_refused(bench: Any) -> None:
    driver = bench.opened()
    with pytest.raises(LimitError, match="2049"):
        driver.send_waveform(np.arange(2050) * 1e-8, np.zeros(2050))


def test_the_sample_bounds_every_waveform(bench: Any) -> None:
    driver = bench.opened(limits=SampleLimits(voltage=3.0, device_voltage=2.0))
    refusals: list[Callable[[], object]] = [
        lambda: driver.send_waveform(TIMES, np.array([0.0, -2.1, 0.0])),
        lambda: driver.send_pulses(Pulse(height=0.0, base=2.1, rise=1e-7, width=1e-6, fall=1e-7)),
        lambda: driver.measure_waveform(TIMES, np.array([0.0, 2.1, 0.0]), interval=1e-6),
    ]
    for refused in refusals:
        with pytest.raises(LimitError, match=r"2\.1 V is more than the sample's device stands, 2 V"):
            refused()
    assert bench.library.taken() == []


@pytest.mark.parametrize(
    "changed", [{"rise": 5e-9}, {"fall": 15e-9}, {"width": 50e-9}, {"width": 1.005e-6}, {"height": 12.0}]
)
def test_a_pulse_off_the_grid_or_out_of_range_is_refused(bench: Any, changed: dict[str, float]) -> None:
    driver = bench.opened()
    pulse = Pulse(**{"height": 1.0, "rise": 1e-7, "width": 1e-6, "fall": 1e-7, **changed})
    with pytest.raises(LimitError):
        driver.send_pulses(pulse)
    assert bench.library.taken() == []


@pytest.mark.parametrize(("count", "period"), [(0, 1e-5), (2**40 + 1, 1e-5), (2.5, 1e-5), (2, 1e-6), (2, 1.2e4)])
def test_a_train_that_cannot_be_made_is_refused(bench: Any, count: Any, period: float) -> None:
    driver = bench.opened()
    with pytest.raises(LimitError):
        driver.send_pulses(Pulse(height=1.0, rise=1e-7, width=1e-6, fall=1e-7), count=count, period=period)
    assert bench.library.taken() == []


@pytest.mark.parametrize(
    ("interval", "averaging"),
    [(5e-9, 0.0), (1.4, 0.0), (1e-6, 1.1e-6), (1e-6, 5e-9), (1e-6, -1e-8), (0.1, 0.021), (0.0, 0.0)],
)
def test_a_measurement_that_cannot_be_timed_is_refused(bench: Any, interval: float, averaging: float) -> None:
    driver = bench.opened()
    with pytest.raises(LimitError):
        driver.measure_waveform(TIMES, np.zeros(3), interval=interval, averaging=averaging)
    assert bench.library.taken() == []


def test_averaging_goes_to_the_last_step_of_its_limit() -> None:
    pattern = programme.from_points("analyzer", np.array([0.0, 1.0]), np.zeros(2))
    assert programme.event_along("analyzer", pattern, 0.1, 0.02097151).averaging == 2_097_151
    with pytest.raises(LimitError, match="averaging"):
        programme.event_along("analyzer", pattern, 0.1, 0.02097152)


def test_more_measurements_than_the_memory_holds_are_refused(bench: Any) -> None:
    driver = bench.opened()
    with pytest.raises(LimitError, match="4000000"):
        driver.measure_waveform(np.array([0.0, 1.0]), np.zeros(2), interval=1e-7)


@pytest.mark.parametrize(
    ("volts", "wanted", "mode", "code"),
    [
        ([-3.0, 3.0], "auto", OperationMode.FASTIV, 3001),
        ([-3.0, 3.1], "auto", OperationMode.FASTIV, 3002),
        ([-10.0, 0.0], "auto", OperationMode.FASTIV, 3003),
        ([0.0, 5.1], "auto", OperationMode.FASTIV, 3004),
        ([0.0, 1.0], "10 V positive", OperationMode.FASTIV, 3004),
        ([0.0, 5.0], "auto", OperationMode.PG, 3002),
    ],
)
def test_the_smallest_range_that_fits_is_used(volts: list[float], wanted: str, mode: OperationMode, code: int) -> None:
    assert limits.force_range("analyzer", np.array(volts), wanted, mode).code == code


@pytest.mark.parametrize(
    ("volts", "wanted", "mode"),
    [
        ([0.0, 5.1], "auto", OperationMode.PG),
        ([0.0, 1.0], "10 V positive", OperationMode.PG),
        ([-0.1, 1.0], "10 V positive", OperationMode.FASTIV),
    ],
)
def test_a_range_that_does_not_fit_is_refused(volts: list[float], wanted: str, mode: OperationMode) -> None:
    with pytest.raises(LimitError, match="fits no force range"):
        limits.force_range("analyzer", np.array(volts), wanted, mode)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=50))
def test_times_on_the_grid_are_kept_to_the_tick(steps: list[int]) -> None:
    counts = np.concatenate([[0], np.cumsum(steps)])
    pattern = programme.from_points("analyzer", counts * 1e-8, np.zeros(len(counts)))
    assert pattern.steps == tuple(steps)


@given(st.integers(1, 10_000), st.integers(1, 1000), st.data())
def test_the_last_measurement_ends_within_the_pattern_and_one_more_would_not(
    length: int, every: int, data: st.DataObject
) -> None:
    averaging = data.draw(st.integers(0, every))
    pattern = programme.Pattern(0.0, (length,), (0.0,))
    needed = max(averaging, 1)
    if needed > length:
        with pytest.raises(LimitError):
            programme.event_along("analyzer", pattern, every / 1e8, averaging / 1e8)
        return
    event = programme.event_along("analyzer", pattern, every / 1e8, averaging / 1e8)
    assert (event.points - 1) * every + needed <= length < event.points * every + needed


@pytest.mark.parametrize(
    "options",
    [
        {"channel": 3},
        {"channel": 100},
        {"channel": 103},
        {"measure_channel": 1101},
        {"channel": 101, "measure_channel": 101},
    ],
)
def test_wrong_channels_are_refused_at_once(bench: Any, options: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        bench.driver(options=options)


def test_a_line_of_bytes_does_not_reach_it() -> None:
    with pytest.raises(ConfigError, match="library"):
        KeysightB1530(Link("GPIB0::17::INSTR", object))
