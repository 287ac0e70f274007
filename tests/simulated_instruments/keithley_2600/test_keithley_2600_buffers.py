"""Reading buffers, sweeps, the trigger model and overlapped work."""

import struct
from typing import Any

import numpy as np
import pytest


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def test_a_thousand_readings_come_in_one_binary_block(host: Any) -> None:
    host.send(
        "smua.source.levelv = 1", "smua.source.output = 1", "smua.measure.nplc = 0.01", "smua.measure.count = 1000"
    )
    host.send("smua.nvbuffer1.clear()", "smua.measure.i(smua.nvbuffer1)", "format.data = format.REAL64")
    assert host.number("smua.nvbuffer1.n") == 1000
    reply = host.twin.receive(b"printbuffer(1, smua.nvbuffer1.n, smua.nvbuffer1.readings)\n")
    assert len(reply) == 2 + 8 * 1000 + 1
    assert reply[:2] == b"#0"
    assert reply[-1:] == b"\n"
    assert np.mean(struct.unpack("<1000d", reply[2:-1])) == pytest.approx(1e-3, rel=0.005)


def test_several_tables_are_interleaved_and_missing_readings_are_the_overflow_number(host: Any) -> None:
    host.send("smua.source.output = 1", "smua.nvbuffer1.clear()", "smua.nvbuffer1.collectsourcevalues = 1")
    host.send("smua.nvbuffer1.appendmode = 1")
    host.send("for v = 1, 3 do smua.source.levelv = v smua.measure.v(smua.nvbuffer1) end")
    values = numbers(host.send("printbuffer(1, 4, smua.nvbuffer1, smua.nvbuffer1.sourcevalues)"))
    assert values[0:6:2] == pytest.approx([1, 2, 3], rel=0.01)
    assert values[1:6:2] == [1, 2, 3]
    assert values[6:] == [9.91e37, 9.91e37]
    assert host.send("print(smua.nvbuffer1.readings[4])") == "nil"
    assert host.number("smua.nvbuffer1[2]") == host.number("smua.nvbuffer1.readings[2]")


def test_a_measurement_clears_the_buffer_unless_it_appends(host: Any) -> None:
    host.send("smua.measure.count = 5", "smua.measure.v(smua.nvbuffer1)", "smua.measure.v(smua.nvbuffer1)")
    assert host.number("smua.nvbuffer1.n") == 5
    host.send("smua.nvbuffer1.appendmode = 1", "smua.measure.v(smua.nvbuffer1)")
    assert host.number("smua.nvbuffer1.n") == 10


def test_what_is_collected_can_only_change_while_the_buffer_is_empty(host: Any) -> None:
    host.send("smua.measure.v(smua.nvbuffer1)", "smua.nvbuffer1.collecttimestamps = 1")
    assert host.error()[0] == 5042
    host.send("smua.nvbuffer1.clear()", "smua.nvbuffer1.collecttimestamps = 1")
    host.expect_no_error()


def test_timestamps_start_at_zero_and_follow_the_interval(host: Any) -> None:
    host.send("smua.nvbuffer1.clear()", "smua.nvbuffer1.collecttimestamps = 1", "smua.measure.nplc = 0.01")
    host.send(
        "smua.measure.rangei = 1e-3", "smua.measure.delay = 0", "smua.measure.count = 4", "smua.measure.interval = 0.01"
    )
    host.send("smua.measure.i(smua.nvbuffer1)")
    assert numbers(host.send("printbuffer(1, 4, smua.nvbuffer1.timestamps)")) == pytest.approx([0, 0.01, 0.02, 0.03])
    assert host.number("smua.nvbuffer1.basetimestamp") > 0


def test_a_timestamp_resolution_is_rounded_to_a_power_of_two_of_microseconds(host: Any) -> None:
    host.send("smua.nvbuffer1.timestampresolution = 0.001")
    assert host.number("smua.nvbuffer1.timestampresolution") == pytest.approx(0.001024)


def test_a_script_makes_buffers_until_the_memory_is_full_and_gets_room_back(host: Any) -> None:
    host.send("mine = smua.makebuffer(10)", "smua.measure.count = 20", "smua.measure.iv(smua.nvbuffer1, mine)")
    assert host.send("print(mine.n, mine.capacity, smua.nvbuffer1.n)") == "1.00000e+01\t1.00000e+01\t2.00000e+01"
    host.send("keep = {} for i = 1, 50 do keep[i] = smua.makebuffer(100000) end")
    assert host.error()[0] == -225
    host.send("errorqueue.clear() keep = nil", "fresh = smua.makebuffer(100000)", "print(fresh.n)")
    host.expect_no_error()
    assert host.number("mine.n") == 10


def test_a_full_buffer_in_window_mode_drops_its_oldest_reading(host: Any) -> None:
    host.send(
        "b = smua.makebuffer(3)", "b.fillmode = smua.FILL_WINDOW", "b.collectsourcevalues = 1", "b.appendmode = 1"
    )
    host.send("smua.source.output = 1", "for v = 1, 5 do smua.source.levelv = v smua.measure.v(b) end")
    assert numbers(host.send("printbuffer(1, 3, b.sourcevalues)")) == [3, 4, 5]


def test_the_factory_sweep_fills_the_first_buffer(host: Any) -> None:
    host.send("SweepVLinMeasureI(smua, -1, 1, 1e-3, 11)")
    assert host.number("smua.nvbuffer1.n") == 11
    values = numbers(host.send("printbuffer(1, 11, smua.nvbuffer1.readings, smua.nvbuffer1.sourcevalues)"))
    assert values[1::2] == pytest.approx(np.linspace(-1, 1, 11), abs=1e-9)
    assert np.array(values[::2]) * 1e3 == pytest.approx(np.linspace(-1, 1, 11), abs=5e-3)
    assert host.number("smua.source.output") == 0
    host.send("SweepILogMeasureV(smua, 1e-5, 1e-3, 0, 3)", "SweepVListMeasureI(smua, {0.5, -0.5}, 0, 2)")
    assert numbers(host.send("printbuffer(1, 2, smua.nvbuffer1.sourcevalues)")) == [0.5, -0.5]
    host.expect_no_error()


def test_a_trigger_model_sweep_steps_measures_and_holds(host: Any) -> None:
    host.send("smua.trigger.source.linearv(0, 1, 5)", "smua.trigger.source.action = smua.ENABLE")
    host.send("smua.trigger.measure.iv(smua.nvbuffer1, smua.nvbuffer2)", "smua.trigger.measure.action = smua.ENABLE")
    host.send("smua.trigger.count = 5", "smua.trigger.endsweep.action = smua.SOURCE_HOLD", "smua.source.output = 1")
    assert host.send("smua.trigger.initiate() waitcomplete() print('done')") == "done"
    values = numbers(host.send("printbuffer(1, 5, smua.nvbuffer1, smua.nvbuffer2)"))
    assert values[1::2] == pytest.approx([0, 0.25, 0.5, 0.75, 1], abs=1e-3)
    assert host.number("smua.measure.v()") == pytest.approx(1, rel=1e-3)
    host.expect_no_error()


def test_a_logarithmic_sweep_steps_away_from_its_asymptote(host: Any) -> None:
    host.send("smua.trigger.source.logv(1.1, 2, 4, 1)", "smua.trigger.source.action = 1", "smua.trigger.count = 4")
    host.send("smua.source.output = 1")
    host.terminals["smua"].actions.clear()
    host.send("smua.trigger.initiate()", "waitcomplete()")
    levels = [action[1] for action in host.terminals["smua"].actions][:4]
    assert levels == pytest.approx(1 + np.geomspace(0.1, 1, 4), abs=2e-3)


def test_pulses_return_to_the_bias_after_each_point(host: Any) -> None:
    host.send("smua.source.levelv = 0.1", "smua.trigger.source.listv({1, 2})", "smua.trigger.source.action = 1")
    host.send("smua.trigger.endpulse.action = smua.SOURCE_IDLE", "smua.trigger.count = 2", "smua.source.output = 1")
    host.terminals["smua"].actions.clear()
    host.send("smua.trigger.initiate()", "waitcomplete()")
    assert [round(action[1], 1) for action in host.terminals["smua"].actions] == [1.0, 0.1, 2.0, 0.1]


def test_two_channels_sweep_together_on_blended_events_after_the_command_trigger(host: Any) -> None:
    for smu, other in (("smua", "smub"), ("smub", "smua")):
        host.send(f"{smu}.trigger.source.listv({{0.1, 0.2, 0.3}})", f"{smu}.trigger.source.action = {smu}.ENABLE")
        host.send(
            f"{smu}.trigger.measure.v({smu}.nvbuffer1)", f"{smu}.trigger.measure.action = 1", f"{smu}.trigger.count = 3"
        )
        host.send(f"{smu}.trigger.measure.stimulus = smua.trigger.SOURCE_COMPLETE_EVENT_ID")
        host.send(f"{smu}.trigger.arm.stimulus = trigger.EVENT_ID", f"{other}.source.output = 1")
        host.send(f"{smu}.trigger.source.stimulus = trigger.blender[1].EVENT_ID")
        host.send(f"{smu}.trigger.endpulse.stimulus = trigger.blender[2].EVENT_ID")
    host.send("trigger.blender[1].orenable = true", "trigger.blender[1].stimulus[1] = smua.trigger.ARMED_EVENT_ID")
    host.send(
        "trigger.blender[1].stimulus[2] = smua.trigger.PULSE_COMPLETE_EVENT_ID", "trigger.blender[2].orenable = false"
    )
    host.send("trigger.blender[2].stimulus[1] = smua.trigger.MEASURE_COMPLETE_EVENT_ID")
    host.send("trigger.blender[2].stimulus[2] = smub.trigger.MEASURE_COMPLETE_EVENT_ID")
    host.send("smua.trigger.initiate()", "smub.trigger.initiate()")
    assert host.number("status.operation.sweeping.condition") == 6
    assert host.number("smua.nvbuffer1.n") == 0
    host.send("*TRG")
    polls = 0
    while host.number("status.operation.sweeping.condition") > 0:
        polls += 1
        assert polls < 100
    assert polls > 0
    assert numbers(host.send("printbuffer(1, 3, smub.nvbuffer1)")) == pytest.approx([0.1, 0.2, 0.3], abs=1e-3)
    host.expect_no_error()


def test_a_blender_that_wants_all_its_events_waits_for_the_last(host: Any) -> None:
    host.send(
        "trigger.blender[1].stimulus[1] = trigger.EVENT_ID",
        "trigger.blender[1].stimulus[2] = smub.trigger.IDLE_EVENT_ID",
    )
    host.send("smua.trigger.arm.stimulus = trigger.blender[1].EVENT_ID", "smua.trigger.initiate()", "*TRG", "delay(1)")
    assert host.number("status.operation.sweeping.condition") == 2
    host.send("smub.trigger.initiate()", "waitcomplete()")
    assert host.number("status.operation.sweeping.condition") == 0
    host.expect_no_error()


def test_a_timer_paces_a_sweep(host: Any) -> None:
    host.send("trigger.timer[1].delay = 0.5", "trigger.timer[1].count = 3", "smua.nvbuffer1.collecttimestamps = 1")
    host.send("trigger.timer[1].stimulus = smua.trigger.ARMED_EVENT_ID", "trigger.timer[1].passthrough = true")
    host.send("smua.trigger.source.stimulus = trigger.timer[1].EVENT_ID", "smua.trigger.count = 4")
    host.send(
        "smua.trigger.measure.v(smua.nvbuffer1)", "smua.trigger.measure.action = 1", "smua.nvbuffer1.appendmode = 1"
    )
    host.send("smua.trigger.initiate()", "waitcomplete()")
    assert numbers(host.send("printbuffer(1, 4, smua.nvbuffer1.timestamps)")) == pytest.approx(
        [0, 0.5, 1, 1.5], abs=1e-3
    )


def test_a_sweep_without_a_trigger_to_come_ends_the_wait_with_an_error(host: Any) -> None:
    host.send("smua.trigger.arm.stimulus = trigger.EVENT_ID", "smua.trigger.initiate()", "waitcomplete()")
    assert host.error()[0] == -286
    host.send("smua.abort()")
    assert host.number("status.operation.sweeping.condition") == 0
    host.send("waitcomplete()")
    host.expect_no_error()


def test_an_overlapped_measurement_goes_on_while_the_host_polls_and_forbids_another(host: Any) -> None:
    host.send(
        "smua.measure.count = 10", "smua.measure.nplc = 5", "smua.measure.overlappediv(smua.nvbuffer1, smua.nvbuffer2)"
    )
    host.send("smua.measure.v()")
    assert host.error() == (5047, "SMU A: Invalid while overlapped measure")
    assert host.number("smua.nvbuffer1.n") == 0
    assert 0 < host.number("smua.nvbuffer1.n") < 10
    assert host.send("*OPC?") == "1"
    assert host.number("smua.nvbuffer2.n") == 10


def test_operation_complete_comes_with_the_end_of_overlapped_work(host: Any) -> None:
    host.send("*CLS", "smua.measure.count = 50", "smua.measure.overlappedv(smua.nvbuffer1)", "opc()")
    assert int(host.send("*ESR?")) & 1 == 0
    host.send("waitcomplete()")
    assert int(host.send("*ESR?")) & 1 == 1


def test_measure_and_step_sources_the_next_level_after_the_reading(host: Any) -> None:
    host.send("smua.source.levelv = 1", "smua.source.output = 1")
    amps, volts = map(float, host.send("print(smua.measureivandstep(2))").split("\t"))
    assert (amps, volts) == pytest.approx((1e-3, 1), rel=0.01)
    assert host.number("smua.measure.v()") == pytest.approx(2, rel=0.01)
