import ctypes
from pathlib import Path
from typing import Any

import pytest


def _sequence(wgfmu: Any) -> None:
    """Read pulse twice, then a short pattern three times that starts at 0.5 V and ends at 0.25 V."""
    wgfmu.read_pulse()
    wgfmu.pattern(b"short", 0.5, [(100e-9, 0.25)])
    wgfmu.do("setMeasureEvent", b"short", b"x", 40e-9, 2, 30e-9, 20e-9, 12000)
    wgfmu.do("addSequence", 201, b"read", ctypes.c_double(2.0))
    wgfmu.do("addSequence", 201, b"short", 3.0)


def test_patterns_loop_without_gap_and_50_ns_lie_between_entries(wgfmu: Any) -> None:
    _sequence(wgfmu)
    second = 4.4e-6 + 50e-9
    loops = [second + 100e-9 * n for n in range(3)]
    expected = [850e-9, 3.05e-6, *[start + t for start in loops for t in (50e-9, 80e-9)]]
    assert wgfmu.get("getMeasureTimeSize", 201) == [8]
    (times,) = wgfmu.arrays("getMeasureTimes", 201, 0, size=8, count=1)
    assert times == pytest.approx(expected, abs=1e-16)
    assert wgfmu.get("getMeasureTime", 201, 1, kinds="d") == [3.05e-6]


def test_the_interpolated_force_value_waits_10_ns_and_then_takes_the_next_first_voltage(wgfmu: Any) -> None:
    wgfmu.pattern(b"a", 0.0, [(100e-9, 1.0)])
    wgfmu.pattern(b"b", 2.0, [(100e-9, 3.0)])
    wgfmu.do("addSequence", 201, b"a", 1.0)
    wgfmu.do("addSequence", 201, b"b", 1.0)
    expected = {0.0: 0.0, 50e-9: 0.5, 100e-9: 1.0, 105e-9: 1.0, 115e-9: 2.0, 145e-9: 2.0, 200e-9: 2.5, 250e-9: 3.0}
    for time, volts in expected.items():
        assert wgfmu.get("getInterpolatedForceValue", 201, time, kinds="d") == [pytest.approx(volts)]
    value = ctypes.c_double()
    assert wgfmu.code("getInterpolatedForceValue", 201, 260e-9, ctypes.byref(value)) == -1


def test_sizes_and_indices_reach_past_32_bits(wgfmu: Any) -> None:
    wgfmu.pattern(b"p", 0.0, [(100e-9, 1.0)])
    wgfmu.do("addSequence", 201, b"p", float(2**40))
    assert wgfmu.get("getForceValueSize", 201, kinds="d") == [float(2**41)]
    time, volts = wgfmu.get("getForceValue", 201, ctypes.c_double(2.0**41 - 1), kinds="dd")
    assert time == pytest.approx(2**40 * 100e-9)
    assert volts == 1.0
    assert wgfmu.code("addSequence", 201, b"p", float(2**40 + 1)) == -1
    assert wgfmu.code("addSequence", 201, b"p", 0.0) == -1


def test_force_values_list_every_pass(wgfmu: Any) -> None:
    _sequence(wgfmu)
    assert wgfmu.get("getForceValueSize", 201, kinds="d") == [16.0]
    times, volts = wgfmu.arrays("getForceValues", 201, 9.0, size=4)
    assert times == pytest.approx([4.4e-6, 4.45e-6, 4.55e-6, 4.55e-6], abs=1e-16)
    assert volts == [0.0, 0.5, 0.25, 0.5]


def test_several_sequences_come_as_an_array_of_names(wgfmu: Any) -> None:
    wgfmu.read_pulse()
    wgfmu.pattern(b"short", 0.5, [(100e-9, 0.25)])
    names = (ctypes.c_char_p * 2)(b"read", b"short")
    wgfmu.do("addSequences", 201, names, (ctypes.c_double * 2)(1.0, 2.0), 2)
    assert wgfmu.get("getForceValueSize", 201, kinds="d") == [9.0]


def test_a_channel_takes_512_sequences_of_patterns_that_exist(wgfmu: Any) -> None:
    wgfmu.read_pulse()
    for _ in range(512):
        wgfmu.do("addSequence", 202, b"read", 1.0)
    assert wgfmu.code("addSequence", 202, b"read", 1.0) == -1
    assert wgfmu.code("addSequence", 201, b"nothing", 1.0) == -10
    assert wgfmu.code("addSequence", 301, b"read", 1.0) == -9


def test_measure_events_are_told_pass_by_pass(wgfmu: Any) -> None:
    _sequence(wgfmu)
    wgfmu.do("addSequence", 201, b"read", 1.0)
    assert wgfmu.get("getMeasureEventSize", 201) == [6]
    pattern, event = ctypes.create_string_buffer(256), ctypes.create_string_buffer(256)
    assert wgfmu.get("getMeasureEvent", 201, 3, pattern, event, kinds="idiii") == [0, 1.0, 0, 4, 2]
    assert (pattern.value, event.value) == (b"short", b"x")
    assert wgfmu.get("getMeasureEvent", 201, 5, pattern, event, kinds="idiii") == [1, 0.0, 0, 8, 1]
    time, points, interval, averaging, raw = wgfmu.get("getMeasureEventAttribute", 201, 3, kinds="diddi")
    assert time == pytest.approx(4.45e-6 + 100e-9 + 40e-9, abs=1e-16)
    assert (points, interval, averaging, raw) == (2, 30e-9, 20e-9, 12000)


def test_measure_events_fill_arrays_of_text_buffers(wgfmu: Any) -> None:
    _sequence(wgfmu)
    buffers = [[ctypes.create_string_buffer(64) for _ in range(5)] for _ in range(2)]
    names = [(ctypes.c_char_p * 5)(*[ctypes.cast(b, ctypes.c_char_p) for b in group]) for group in buffers]
    ints = [(ctypes.c_int * 5)() for _ in range(4)]
    loops, size = (ctypes.c_double * 5)(), ctypes.c_int(5)
    wgfmu.do("getMeasureEvents", 201, 0, ctypes.byref(size), *names, ints[0], loops, *ints[1:])
    assert [b.value for b in buffers[0]] == [b"read"] * 2 + [b"short"] * 3
    assert [b.value for b in buffers[1]] == [b"mean"] * 2 + [b"x"] * 3
    assert list(loops) == [0.0, 1.0, 0.0, 1.0, 2.0]
    assert list(ints[2]) == [0, 1, 2, 4, 6]
    assert list(ints[3]) == [1, 1, 2, 2, 2]


def test_a_size_that_is_too_large_is_a_warning_and_one_below_1_an_error(wgfmu: Any) -> None:
    wgfmu.read_pulse()
    times, volts = wgfmu.arrays("getPatternForceValues", b"read", 3, size=100)
    assert len(times) == len(volts) == 2
    size = ctypes.c_int()
    wgfmu.do("getWarningSummarySize", ctypes.byref(size))
    assert size.value > 0
    size = ctypes.c_int(0)
    assert wgfmu.code("getPatternForceValues", b"read", 0, ctypes.byref(size), None, None) == -1
    wgfmu.do("treatWarningsAsErrors", 1003)
    size = ctypes.c_int(100)
    out = (ctypes.c_double * 100)()
    assert wgfmu.code("getPatternForceValues", b"read", 0, ctypes.byref(size), out, out) == -1


def test_clear_drops_patterns_sequences_settings_and_texts(wgfmu: Any) -> None:
    _sequence(wgfmu)
    wgfmu.do("setOperationMode", 201, 2001)
    assert wgfmu.code("addVector", b"none", 1e-7, 0.0) == -10
    assert "none" in wgfmu.summary()
    wgfmu.do("clear")
    assert wgfmu.summary() == ""
    assert wgfmu.get("getForceValueSize", 201, kinds="d") == [0.0]
    assert wgfmu.get("getOperationMode", 201) == [2003]
    assert wgfmu.code("addVector", b"read", 1e-7, 0.0) == -10


def test_the_export_lists_the_programmed_points(wgfmu: Any, tmp_path: Path) -> None:
    _sequence(wgfmu)
    wgfmu.do("exportAscii", str(tmp_path / "wave.csv").encode())
    lines = (tmp_path / "wave.csv").read_text().splitlines()
    assert len(lines) == 17
    assert lines[2] == "201,1e-07,1.0"
    assert wgfmu.code("exportAscii", str(tmp_path / "no" / "wave.csv").encode()) == -7


def test_the_log_has_a_line_for_each_call(wgfmu: Any, tmp_path: Path) -> None:
    wgfmu.do("openLogFile", str(tmp_path / "log.txt").encode())
    wgfmu.read_pulse()
    assert wgfmu.code("addVector", b"none", 1e-7, 0.0) == -10
    wgfmu.do("closeLogFile")
    wgfmu.do("clear")
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert lines[-1].endswith("WGFMU_addVector -> -10")
    assert lines[1].endswith("WGFMU_createPattern -> 0")
