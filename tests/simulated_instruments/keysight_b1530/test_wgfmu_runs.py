import ctypes
import math
from typing import Any

import numpy as np
import pytest

from simulated_instruments.keysight_b1500 import SimulatedKeysightB1500
from simulated_instruments.keysight_b1530 import SimulatedWgfmuLibrary

COMPLETED, RUNNING, ABORT_COMPLETED, IDLE = 10000, 10002, 10003, 10006


def _start(wgfmu: Any, loops: float = 1.0) -> None:
    wgfmu.read_pulse()
    wgfmu.do("addSequence", 201, b"read", loops)
    wgfmu.ready()
    wgfmu.do("execute")


def _status(wgfmu: Any) -> tuple[int, float, float]:
    status, elapsed, total = wgfmu.get("getStatus", kinds="idd")
    return int(status), elapsed, total


def test_a_read_pulse_measures_the_resistor_at_850_ns(wgfmu: Any) -> None:
    _start(wgfmu)
    wgfmu.do("waitUntilCompleted")
    times, values = wgfmu.measured()
    assert times == [850e-9]
    # 280 nA rms in 40 ns averages to 79 nA over 500 ns; five of that.
    assert values == [pytest.approx(1e-4, abs=4e-7)]
    status, elapsed, total = _status(wgfmu)
    assert status == COMPLETED
    assert elapsed == total == pytest.approx(2.2e-6)


def test_waiting_takes_the_sequences_time(wgfmu: Any) -> None:
    _start(wgfmu, 1e5)
    before = wgfmu.clock.time
    wgfmu.do("waitUntilCompleted")
    assert wgfmu.clock.time - before == pytest.approx(0.22, rel=1e-5)


def test_a_waveform_too_long_to_simulate_is_refused_and_not_half_played(wgfmu: Any) -> None:
    wgfmu.pattern(b"p", 0.5, [(1e-6, 1.0)])
    wgfmu.do("addSequence", 201, b"p", 1e12)
    wgfmu.do("setMeasureEnabled", 201, 7000)
    wgfmu.ready()
    assert wgfmu.code("execute") == -7
    assert _status(wgfmu)[0] == IDLE


def test_the_terminal_sees_the_waveform_and_then_its_last_voltage(wgfmu: Any) -> None:
    wgfmu.pattern(b"p", 0.0, [(1e-3, 1.0), (1e-3, 1.0), (1e-3, 0.25)])
    wgfmu.do("addSequence", 201, b"p", 1.0)
    wgfmu.ready()
    wgfmu.do("execute")
    start = wgfmu.clock.time
    wgfmu.do("waitUntilCompleted")
    volts, _ = wgfmu.loads[201].trace(start + np.array([0.5e-3, 1.5e-3, 2.5e-3]))
    assert volts == pytest.approx([0.5, 1.0, 0.625], abs=1e-3)
    wgfmu.clock.wait(10.0)
    assert wgfmu.loads[201].sense()[0] == 0.25


def test_an_edge_takes_at_least_70_ns_for_10_v(wgfmu: Any) -> None:
    wgfmu.pattern(b"p", 0.0, [(10e-9, 10.0), (200e-9, 10.0)])
    wgfmu.do("addSequence", 201, b"p", 1.0)
    wgfmu.ready()
    wgfmu.do("execute")
    start = wgfmu.clock.time + 50e-9
    wgfmu.do("waitUntilCompleted")
    volts, _ = wgfmu.loads[201].trace(start + np.array([35e-9, 70e-9]))
    assert volts == pytest.approx([5.0, 10.0], rel=1e-6)


def test_data_come_while_the_sequence_runs_and_stay_as_they_were(wgfmu: Any) -> None:
    _start(wgfmu, 1e4)
    wgfmu.clock.wait(0.005)
    measured, total = wgfmu.get("getMeasureValueSize", 201, kinds="ii")
    assert 2000 < measured < 3500
    assert total == 10_000
    assert _status(wgfmu)[0] == RUNNING
    _, early = wgfmu.arrays("getMeasureValues", 201, 0, size=1000)
    code = wgfmu.code("getMeasureValue", 201, 9_999, ctypes.byref(ctypes.c_double()), ctypes.byref(ctypes.c_double()))
    assert code == -14
    wgfmu.do("waitUntilCompleted")
    _, values = wgfmu.measured()
    assert values[:1000] == early
    assert np.std(values) == pytest.approx(280e-9 * math.sqrt(40 / 500), rel=0.05)
    assert np.mean(values) == pytest.approx(1e-4, rel=2e-4)


def test_completed_events_are_counted_and_found(wgfmu: Any) -> None:
    _start(wgfmu, 1e4)
    wgfmu.clock.wait(0.005)
    measured, total = wgfmu.get("getCompletedMeasureEventSize", 201, kinds="ii")
    assert 2000 < measured < total == 10_000
    arguments = (b"read", b"mean", 0)
    assert wgfmu.get("isMeasureEventCompleted", 201, *arguments, 10.0, 0, kinds="iiii") == [11001, 10, 10, 1]
    assert wgfmu.get("isMeasureEventCompleted", 201, *arguments, 9999.0, 0, kinds="iiii") == [11000, 9999, 9999, 1]
    outs = [ctypes.byref(ctypes.c_int()) for _ in range(4)]
    assert wgfmu.code("isMeasureEventCompleted", 201, b"none", b"mean", 0, 0.0, 0, *outs) == -10
    assert wgfmu.code("isMeasureEventCompleted", 201, b"read", b"none", 0, 0.0, 0, *outs) == -11


def test_an_abort_holds_the_present_voltage_and_keeps_the_data(wgfmu: Any) -> None:
    wgfmu.pattern(b"p", 0.0, [(1.0, 1.0), (1.0, 0.0)])
    wgfmu.do("setMeasureEvent", b"p", b"e", 0.0, 20, 0.1, 0.01, 12000)
    wgfmu.do("addSequence", 201, b"p", 1.0)
    wgfmu.ready()
    wgfmu.do("execute")
    wgfmu.clock.wait(0.55)
    wgfmu.do("abort")
    wgfmu.clock.wait(5.0)
    assert wgfmu.loads[201].sense()[0] == pytest.approx(0.55, abs=1e-6)
    assert wgfmu.get("getMeasureValueSize", 201, kinds="ii") == [6, 20]
    times, values = wgfmu.measured()
    assert values == pytest.approx([t / 1e4 for t in times], abs=1e-8)
    assert _status(wgfmu)[0] == ABORT_COMPLETED
    assert wgfmu.code("waitUntilCompleted") == -13


def test_a_change_of_the_setup_deletes_the_data(wgfmu: Any) -> None:
    _start(wgfmu)
    wgfmu.do("waitUntilCompleted")
    wgfmu.do("setMeasureCurrentRange", 201, 6003)
    sizes = ctypes.byref(ctypes.c_int()), ctypes.byref(ctypes.c_int())
    assert wgfmu.code("getMeasureValueSize", 201, *sizes) == -15


def test_what_needs_a_session_a_mode_or_a_run_is_a_context_error(make_wgfmu: Any) -> None:
    wgfmu = make_wgfmu()
    assert wgfmu.code("execute") == -3
    assert wgfmu.code("openSession", b"") == -2
    wgfmu.do("openSession", b"GPIB0::17::INSTR")
    assert wgfmu.code("openSession", b"GPIB0::17::INSTR") == -3
    assert wgfmu.code("execute") == -3
    assert wgfmu.code("waitUntilCompleted") == -3
    wgfmu.do("setOperationMode", 201, 2001)
    assert wgfmu.code("waitUntilCompleted") == -13
    assert _status(wgfmu)[0] == IDLE
    sizes = ctypes.byref(ctypes.c_int()), ctypes.byref(ctypes.c_int())
    assert wgfmu.code("getMeasureValueSize", 201, *sizes) == -3
    assert wgfmu.code("dcforceVoltage", 201, 1.0) == -3
    assert "WGFMU_dcforceVoltage" in wgfmu.summary()
    wgfmu.do("closeSession")
    assert wgfmu.code("closeSession") == -3


def test_an_error_that_waits_in_the_mainframe_keeps_the_session_closed(wgfmu: Any) -> None:
    mainframe = SimulatedKeysightB1500(wgfmu.clock)
    library = SimulatedWgfmuLibrary(wgfmu.clock, mainframe=mainframe)
    mainframe.receive(b"*CLS\r\n")
    assert library.WGFMU_openSession(b"GPIB0::17::INSTR") == -6
    assert mainframe.receive(b"ERRX?\r\n").startswith(b"+100")
    assert library.WGFMU_openSession(b"GPIB0::17::INSTR") == 0


def test_the_channels_are_listed(wgfmu: Any) -> None:
    assert wgfmu.get("getChannelIdSize") == [2]
    size, ids = ctypes.c_int(2), (ctypes.c_int * 2)()
    wgfmu.do("getChannelIds", ids, ctypes.byref(size))
    assert list(ids) == [201, 202]
    unwired = SimulatedWgfmuLibrary(wgfmu.clock)
    assert list(unwired.channels) == [501, 502, 601, 602]
    with pytest.raises(ValueError, match="203"):
        SimulatedWgfmuLibrary(wgfmu.clock, {203: wgfmu.loads[201]})


@pytest.mark.parametrize(
    ("setter", "getter", "good", "bad"),
    [
        ("setOperationMode", "getOperationMode", 2002, 2004),
        ("setForceVoltageRange", "getForceVoltageRange", 3003, 3005),
        ("setMeasureMode", "getMeasureMode", 4001, 4002),
        ("setMeasureVoltageRange", "getMeasureVoltageRange", 5001, 5000),
        ("setMeasureCurrentRange", "getMeasureCurrentRange", 6001, 6000),
        ("setMeasureEnabled", "isMeasureEnabled", 7000, 7002),
    ],
)
def test_a_setting_reads_back_and_a_wrong_code_is_refused(
    wgfmu: Any, setter: str, getter: str, good: int, bad: int
) -> None:
    wgfmu.do(setter, 201, good)
    assert wgfmu.code(setter, 201, bad) == -1
    assert wgfmu.get(getter, 201) == [good]
    assert wgfmu.code(setter, 999, good) == -9


def test_a_delay_is_cut_to_steps_of_625_ps(wgfmu: Any) -> None:
    wgfmu.do("setForceDelay", 201, 1.5e-9)
    assert wgfmu.get("getForceDelay", 201, kinds="d") == [pytest.approx(1.25e-9)]
    wgfmu.do("setMeasureDelay", 201, -50e-9)
    assert wgfmu.get("getMeasureDelay", 201, kinds="d") == [pytest.approx(-50e-9)]
    assert wgfmu.code("setMeasureDelay", 201, 51e-9) == -1


def test_the_trigger_output_reads_back(wgfmu: Any) -> None:
    wgfmu.do("setTriggerOutMode", 201, 8004, 8101)
    assert wgfmu.get("getTriggerOutMode", 201, kinds="ii") == [8004, 8101]
    assert wgfmu.code("setTriggerOutMode", 201, 8005, 8100) == -1


def test_current_mode_sets_the_voltage_range_to_5_v(wgfmu: Any) -> None:
    wgfmu.do("setMeasureVoltageRange", 201, 5002)
    wgfmu.do("setMeasureMode", 201, 4001)
    assert wgfmu.get("getMeasureVoltageRange", 201) == [5001]


def test_dc_forces_at_once_and_measures(wgfmu: Any) -> None:
    wgfmu.ready(mode=2000)
    wgfmu.do("dcforceVoltage", 201, 0.5)
    assert wgfmu.loads[201].sense()[0] == 0.5
    (value,) = wgfmu.get("dcmeasureAveragedValue", 201, 10_000, 10, kinds="d")
    # 280 nA in 40 ns averages to 7.9 nA over 10,000 samples of 5 ns.
    assert value == pytest.approx(50e-6, abs=4e-8)
    assert wgfmu.get("dcmeasureValue", 201, kinds="d") == [pytest.approx(50e-6, abs=5e-6)]
    assert wgfmu.code("dcmeasureAveragedValue", 201, 0, 1, ctypes.byref(ctypes.c_double())) == -1
    wgfmu.do("setForceVoltageRange", 201, 3001)
    assert wgfmu.code("dcforceVoltage", 201, 3.5) == -1
    wgfmu.do("disconnect", 201)
    assert wgfmu.loads[201].sense() == (0.0, 0.0)


def test_update_goes_to_the_first_patterns_initial_voltage(wgfmu: Any) -> None:
    wgfmu.pattern(b"p", 0.75, [(1e-6, 0.0)])
    wgfmu.do("addSequence", 201, b"p", 1.0)
    wgfmu.ready()
    wgfmu.do("updateChannel", 201)
    assert wgfmu.loads[201].sense()[0] == 0.75
    assert wgfmu.code("updateChannel", 202) == -3
    wgfmu.do("initialize")
    assert wgfmu.loads[201].sense() == (0.0, 0.0)


def test_a_self_test_passes(wgfmu: Any) -> None:
    result, size, detail = ctypes.c_int(9), ctypes.c_int(256), ctypes.create_string_buffer(256)
    for name in ("doSelfTest", "doSelfCalibration"):
        wgfmu.do(name, ctypes.byref(result), detail, ctypes.byref(size))
        assert (result.value, detail.value, size.value) == (0, b"", 0)
        size.value = 256
    assert wgfmu.code("setTimeout", 0.5) == -1


def test_the_error_text_is_the_last_one_and_a_short_buffer_cuts_it(wgfmu: Any) -> None:
    assert wgfmu.code("addVector", b"nothing", 1e-7, 0.0) == -10
    size = int(wgfmu.get("getErrorSize")[0])
    length, buffer = ctypes.c_int(size), ctypes.create_string_buffer(size + 1)
    wgfmu.do("getError", buffer, ctypes.byref(length))
    assert b"no pattern nothing" in buffer.value
    assert length.value == size == len(buffer.value)
    short, cut = ctypes.c_int(5), ctypes.create_string_buffer(5)
    wgfmu.do("getError", cut, ctypes.byref(short))
    assert cut.raw == b"WGFMU"


def test_out_parameters_may_be_pointers_and_numpy_arrays(wgfmu: Any) -> None:
    _start(wgfmu, 3.0)
    wgfmu.do("waitUntilCompleted")
    length, times, values = ctypes.c_int(3), np.zeros(3), np.zeros(3)
    double_pointer = ctypes.POINTER(ctypes.c_double)
    wgfmu.do("getMeasureValues", 201, 0, ctypes.pointer(length), times.ctypes.data_as(double_pointer), values)
    assert times == pytest.approx([850e-9, 3.05e-6, 5.25e-6], abs=1e-16)
    assert values == pytest.approx([1e-4] * 3, abs=4e-7)
    assert wgfmu.code("getMeasureValue", 201, 0, None, None) == -1


def test_the_function_table_is_complete(wgfmu: Any) -> None:
    """The 88 functions of the vendor's header, by group: session, set-up, waveform, check, run."""
    names = [name for name in dir(wgfmu.lib) if name.startswith("WGFMU_")]
    assert len(names) == 88
