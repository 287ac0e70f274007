import ctypes
from typing import Any

import pytest


def _points(wgfmu: Any, pattern: bytes) -> list[tuple[float, float]]:
    size = int(wgfmu.get("getPatternForceValueSize", pattern)[0])
    times, volts = wgfmu.arrays("getPatternForceValues", pattern, 0, size=size)
    return list(zip(times, volts, strict=True))


def _stamps(wgfmu: Any, pattern: bytes) -> list[float]:
    size = int(wgfmu.get("getPatternMeasureTimeSize", pattern)[0])
    (times,) = wgfmu.arrays("getPatternMeasureTimes", pattern, 0, size=size, count=1)
    return list(times)


def test_vectors_add_up_to_exact_times(wgfmu: Any) -> None:
    wgfmu.read_pulse()
    assert _points(wgfmu, b"read") == [(0.0, 0.0), (100e-9, 1.0), (1.1e-6, 1.0), (1.2e-6, 0.0), (2.2e-6, 0.0)]
    assert wgfmu.get("getPatternForceValue", b"read", 2, kinds="dd") == [1.1e-6, 1.0]
    assert wgfmu.get("getPatternInterpolatedForceValue", b"read", 50e-9, kinds="d") == [pytest.approx(0.5)]


def test_the_stamp_of_an_averaged_point_is_the_middle_of_its_window(wgfmu: Any) -> None:
    wgfmu.read_pulse()
    assert _stamps(wgfmu, b"read") == [850e-9]


def test_a_time_is_rounded_to_10_ns(wgfmu: Any) -> None:
    wgfmu.do("createPattern", b"p", 0.0)
    wgfmu.do("addVector", b"p", 72e-9, 1.0)
    assert _points(wgfmu, b"p") == [(0.0, 0.0), (70e-9, 1.0)]


@pytest.mark.parametrize("delta", [0.0, 4e-9, -1e-9, 10995.2, float("nan"), float("inf")])
def test_a_vector_out_of_limits_is_not_added(wgfmu: Any, delta: float) -> None:
    wgfmu.do("createPattern", b"p", 0.0)
    assert wgfmu.code("addVector", b"p", delta, 1.0) == -1
    assert wgfmu.get("getPatternForceValueSize", b"p") == [1]


def test_a_vector_beyond_10_v_leaves_no_trace(wgfmu: Any) -> None:
    wgfmu.pattern(b"p", 0.0, [(1e-7, 1.0)])
    assert wgfmu.code("addVector", b"p", 1e-7, 10.5) == -1
    wgfmu.do("addVector", b"p", 1e-7, 2.0)
    assert _points(wgfmu, b"p") == [(0.0, 0.0), (100e-9, 1.0), (200e-9, 2.0)]


def test_the_longest_vector_is_taken(wgfmu: Any) -> None:
    wgfmu.do("createPattern", b"p", 0.0)
    wgfmu.do("addVector", b"p", 10995.11627775, 1.0)
    assert _points(wgfmu, b"p")[1][0] == 10995.11627775


def test_a_pattern_takes_2048_vectors_and_no_more(wgfmu: Any) -> None:
    wgfmu.pattern(b"p", 0.0, [(1e-8, 0.0)] * 2048)
    assert wgfmu.code("addVector", b"p", 1e-8, 0.0) == -1
    assert wgfmu.get("getPatternForceValueSize", b"p") == [2049]


def test_set_vector_is_absolute_and_the_later_call_wins(wgfmu: Any) -> None:
    wgfmu.do("createPattern", b"p", 0.0)
    for time, volts in [(200e-9, 2.0), (100e-9, 1.0), (200e-9, 3.0), (0.0, 0.5)]:
        wgfmu.do("setVector", b"p", time, volts)
    assert _points(wgfmu, b"p") == [(0.0, 0.5), (100e-9, 1.0), (200e-9, 3.0)]
    later = (ctypes.c_double * 2)(300e-9, 400e-9), (ctypes.c_double * 2)(1.0, 2.0)
    wgfmu.do("setVectors", b"p", *later, 2)
    assert _points(wgfmu, b"p")[3:] == [(300e-9, 1.0), (400e-9, 2.0)]
    assert wgfmu.code("setVector", b"p", -1e-8, 0.0) == -1


def test_names_have_their_codes(wgfmu: Any) -> None:
    wgfmu.do("createPattern", b"p", 0.0)
    assert wgfmu.code("createPattern", b"p", 0.0) == -12
    assert wgfmu.code("addVector", b"q", 1e-7, 1.0) == -10
    assert wgfmu.code("createPattern", b"", 0.0) == -2
    assert wgfmu.code("createPattern", "text", 0.0) == -2
    assert wgfmu.code("createPattern", b"r", 10.5) == -1


def test_patterns_merged_in_time_follow_each_other(wgfmu: Any) -> None:
    wgfmu.pattern(b"a", 0.0, [(100e-9, 1.0)])
    wgfmu.pattern(b"b", 1.0, [(100e-9, 2.0)])
    wgfmu.do("setMeasureEvent", b"b", b"e", 20e-9, 2, 30e-9, 20e-9, 12000)
    wgfmu.do("createMergedPattern", b"m", b"a", b"b", 9000)
    assert _points(wgfmu, b"m") == [(0.0, 0.0), (100e-9, 1.0), (200e-9, 2.0)]
    assert _stamps(wgfmu, b"m") == [130e-9, 160e-9]


def test_patterns_merged_in_voltage_add_and_the_second_ones_events_win(wgfmu: Any) -> None:
    wgfmu.pattern(b"a", 1.0, [(100e-9, 1.0), (100e-9, 3.0)])
    wgfmu.pattern(b"b", 0.0, [(200e-9, 2.0)])
    wgfmu.do("setMeasureEvent", b"a", b"lost", 50e-9, 1, 10e-9, 40e-9, 12000)
    wgfmu.do("setMeasureEvent", b"a", b"kept", 150e-9, 1, 10e-9, 20e-9, 12000)
    wgfmu.do("setMeasureEvent", b"b", b"wins", 60e-9, 1, 10e-9, 20e-9, 12000)
    wgfmu.do("createMergedPattern", b"m", b"a", b"b", 9001)
    assert _points(wgfmu, b"m") == [(0.0, 1.0), (100e-9, 2.0), (200e-9, 5.0)]
    assert _stamps(wgfmu, b"m") == [70e-9, 160e-9]


def test_a_mirrored_event_starts_where_the_guide_says(wgfmu: Any) -> None:
    wgfmu.pattern(b"p", 0.0, [(100e-9, 1.0), (400e-9, 0.0)])
    wgfmu.do("setMeasureEvent", b"p", b"e", 100e-9, 4, 50e-9, 30e-9, 12000)
    wgfmu.do("createMultipliedPattern", b"m", b"p", -1.0, 1.0)
    assert _points(wgfmu, b"m") == [(0.0, 0.0), (400e-9, 1.0), (500e-9, 0.0)]
    assert _stamps(wgfmu, b"m") == pytest.approx([t + 15e-9 for t in (220e-9, 270e-9, 320e-9, 370e-9)], abs=1e-15)


def test_multiplying_stretches_times_and_scales_voltages(wgfmu: Any) -> None:
    wgfmu.read_pulse()
    wgfmu.do("createMultipliedPattern", b"read", b"read", 2.0, -0.5)
    assert _points(wgfmu, b"read")[:3] == [(0.0, -0.0), (200e-9, -0.5), (2.2e-6, -0.5)]
    assert _stamps(wgfmu, b"read") == [1.7e-6]
    assert wgfmu.code("createMultipliedPattern", b"x", b"read", 0.0, 1.0) == -1
    assert wgfmu.code("createMultipliedPattern", b"x", b"read", 1.0, 0.0) == -1
    assert wgfmu.code("createMultipliedPattern", b"x", b"read", 0.01, 1.0) == -1


@pytest.mark.parametrize(
    ("time_offset", "points", "stamps"),
    [
        (50e-9, [(0.0, 0.5), (50e-9, 0.5), (150e-9, 1.5), (250e-9, 1.5)], [180e-9]),
        (-50e-9, [(0.0, 1.0), (50e-9, 1.5), (150e-9, 1.5)], [80e-9]),
        (0.0, [(0.0, 0.5), (100e-9, 1.5), (200e-9, 1.5)], [130e-9]),
    ],
)
def test_an_offset_holds_the_start_or_cuts_it(
    wgfmu: Any, time_offset: float, points: list[tuple[float, float]], stamps: list[float]
) -> None:
    wgfmu.pattern(b"p", 0.0, [(100e-9, 1.0), (100e-9, 1.0)])
    wgfmu.do("setMeasureEvent", b"p", b"e", 120e-9, 1, 10e-9, 20e-9, 12000)
    wgfmu.do("createOffsetPattern", b"o", b"p", time_offset, 0.5)
    assert _points(wgfmu, b"o") == points
    assert _stamps(wgfmu, b"o") == stamps


def test_raw_data_come_every_5_ns(wgfmu: Any) -> None:
    wgfmu.pattern(b"p", 0.0, [(1e-6, 1.0)])
    wgfmu.do("setMeasureEvent", b"p", b"e", 100e-9, 2, 200e-9, 20e-9, 12001)
    first = [100e-9, 105e-9, 110e-9, 115e-9, 120e-9]
    assert _stamps(wgfmu, b"p") == pytest.approx(first + [t + 200e-9 for t in first], abs=1e-16)


@pytest.mark.parametrize(
    "event",
    [
        (900e-9, 2, 100e-9, 10e-9, 12000),
        (1e-6, 1, 10e-9, 0.0, 12000),
        (-1e-8, 1, 10e-9, 0.0, 12000),
        (0.0, 0, 10e-9, 0.0, 12000),
        (0.0, 1, 0.0, 0.0, 12000),
        (0.0, 1, 1.35, 0.0, 12000),
        (0.0, 1, 10e-9, 0.03, 12000),
        (0.0, 1, 10e-9, 0.0, 12002),
    ],
)
def test_a_measure_event_out_of_limits_is_refused(wgfmu: Any, event: tuple[float, int, float, float, int]) -> None:
    wgfmu.pattern(b"p", 0.0, [(1e-6, 1.0)])
    assert wgfmu.code("setMeasureEvent", b"p", b"e", *event) == -1
    assert wgfmu.get("getPatternMeasureTimeSize", b"p") == [0]


def test_a_point_without_averaging_takes_10_ns_to_the_very_end(wgfmu: Any) -> None:
    wgfmu.pattern(b"p", 0.0, [(1e-6, 1.0)])
    wgfmu.do("setMeasureEvent", b"p", b"e", 990e-9, 1, 10e-9, 0.0, 12000)
    assert _stamps(wgfmu, b"p") == [990e-9]


def test_range_and_trigger_events_have_their_limits(wgfmu: Any) -> None:
    wgfmu.pattern(b"p", 0.0, [(1e-6, 1.0)])
    wgfmu.do("setRangeEvent", b"p", b"r", 0.0, 6001)
    assert wgfmu.code("setRangeEvent", b"p", b"r", 1e-6, 6001) == -1
    assert wgfmu.code("setRangeEvent", b"p", b"r", 0.0, 6006) == -1
    wgfmu.do("setTriggerOutEvent", b"p", b"t", 0.0, 0.0)
    assert wgfmu.code("setTriggerOutEvent", b"p", b"t", 100e-9, 1e-6) == -1
