"""What the B1530A driver asks of the instrument library, call by call."""

import threading
from typing import Any

import numpy as np
import pytest

from labctl.capabilities import FastIV, Pulse, PulseSource
from labctl.errors import InstrumentError, LimitError, RunStoppedError
from labctl.instrument import IdlePolicy
from labctl.links import LibraryLink

PULSE = Pulse(height=1.0, rise=100e-9, width=1.1e-6, fall=100e-9)
GROUND = [
    "setOperationMode(101, 2000)", "setForceVoltageRange(101, 3000)", "setMeasureMode(101, 4000)",
    "setMeasureVoltageRange(101, 5001)", "dcforceVoltage(101, 0.0)", "connect(101)", "dcmeasureValue(101)",
]  # fmt: skip


def test_opening_starts_a_session_resets_and_finds_the_channels(bench: Any) -> None:
    driver = bench.driver(options={"channel": 201})
    driver.open()
    assert bench.library.taken() == [
        "openSession('GPIB0::17::INSTR')", "initialize()", "clear()", "getChannelIdSize()",
        "getChannelIds([0, 0, 0, 0])",
    ]  # fmt: skip
    assert driver.identity.model == "B1530A"
    assert driver.identity.serial == "101, 102, 201, 202"
    assert isinstance(driver, PulseSource)
    assert isinstance(driver, FastIV)


def test_a_session_that_was_left_open_is_closed_and_opened_anew(bench: Any) -> None:
    bench.library.codes["openSession"] = [-3, 0]
    bench.driver().open()
    assert [call.split("(")[0] for call in bench.library.taken()[:5]] == [
        "openSession", "getErrorSummarySize", "getErrorSummary", "closeSession", "openSession",
    ]  # fmt: skip


def test_a_mainframe_with_an_old_error_is_reported_and_nothing_stays_open(bench: Any) -> None:
    bench.library.codes["openSession"] = [-6]
    driver = bench.driver()
    with pytest.raises(InstrumentError, match="-6: FW_ERROR: what it is"):
        driver.open()
    assert not driver.link.is_open


def test_a_missing_channel_is_reported_and_the_session_closed(bench: Any) -> None:
    driver = bench.driver(options={"channel": 301})
    with pytest.raises(InstrumentError, match=r"no channel \[301\]; there are \[101, 102, 201, 202\]"):
        driver.open()
    assert bench.library.taken()[-1] == "closeSession()"


def test_a_pulse_train_is_one_pattern_repeated_by_the_instrument(bench: Any) -> None:
    driver = bench.opened()
    driver.send_pulses(PULSE, count=1000, period=5e-6)
    assert bench.library.taken() == [
        "clear()", "treatWarningsAsErrors(1002)", "setTimeout(100.0)", "createPattern('pattern1', 0.0)",
        "addVectors('pattern1', [1e-07, 1e-06, 1e-07, 3.8e-06], [1.0, 1.0, 0.0, 0.0], 4)",
        "addSequence(101, 'pattern1', 1000.0)", "setOperationMode(101, 2001)", "setForceVoltageRange(101, 3001)",
        "setMeasureMode(101, 4000)", "setMeasureVoltageRange(101, 5001)", "setMeasureEnabled(101, 7000)",
        "setForceDelay(101, 0.0)", "setMeasureDelay(101, 0.0)", "setTriggerOutMode(101, 8000, 8100)", "connect(101)",
        "execute()", "waitUntilCompleted()",
    ]  # fmt: skip


def test_a_pulse_starts_from_its_base_and_falls_back_to_it(bench: Any) -> None:
    driver = bench.opened()
    driver.send_pulses(PULSE.model_copy(update={"base": 0.2}), count=2, period=5e-6)
    calls = bench.library.taken()
    assert "createPattern('pattern1', 0.2)" in calls
    assert "addVectors('pattern1', [1e-07, 1e-06, 1e-07, 3.8e-06], [1.0, 1.0, 0.2, 0.2], 4)" in calls
    assert "dcforceVoltage(101, 0.0)" in calls[calls.index("execute()") :]


def test_the_same_run_again_is_only_executed_and_another_is_sent(bench: Any) -> None:
    driver = bench.opened()
    driver.send_pulses(PULSE)
    bench.library.taken()
    driver.send_pulses(PULSE.model_copy())
    assert bench.library.taken() == ["execute()", "waitUntilCompleted()"]
    driver.force_range.set("5 V")
    driver.send_pulses(PULSE)
    assert "setForceVoltageRange(101, 3002)" in bench.library.taken()


def test_a_run_that_could_not_be_sent_is_not_taken_for_sent(bench: Any) -> None:
    driver = bench.opened()
    bench.library.codes["connect"] = [-4]
    with pytest.raises(InstrumentError, match="FUNCTION_NOT_SUPPORTED_ERROR"):
        driver.send_pulses(PULSE)
    bench.library.taken()
    driver.send_pulses(PULSE)
    assert bench.library.taken()[0] == "clear()"


def test_settings_go_with_the_next_waveform(bench: Any) -> None:
    driver = bench.opened()
    driver.pulse_mode.set("PG")
    driver.trigger_out.set("START_EXECUTION")
    driver.force_delay.set("1.25 ns")
    driver.measure_delay.set("-2.5 ns")
    driver.send_waveform(np.array([0.0, 1e-6, 2e-6]), np.array([0.0, -4.0, 0.0]))
    calls = bench.library.taken()
    for call in (
        "setOperationMode(101, 2002)", "setForceVoltageRange(101, 3002)", "setForceDelay(101, 1.25e-09)",
        "setMeasureDelay(101, -2.5e-09)",
        "setTriggerOutMode(101, 8001, 8100)", "addVectors('pattern1', [1e-06, 1e-06], [-4.0, 0.0], 2)",
    ):  # fmt: skip
        assert call in calls


def test_a_waveform_comes_as_often_as_asked(bench: Any) -> None:
    driver = bench.opened()
    driver.send_waveform(np.array([0.0, 1e-6, 2e-6]), np.array([0.0, 2.0, 0.0]), count=1000)
    assert any(call.startswith("addSequence(101") and call.endswith(", 1000.0)") for call in bench.library.taken())


@pytest.mark.parametrize("last", [1.0, -1.0])
def test_a_waveform_that_ends_away_from_zero_is_followed_by_ground(bench: Any, last: float) -> None:
    driver = bench.opened()
    driver.send_waveform(np.array([0.0, 1e-6]), np.array([0.0, last]))
    calls = bench.library.taken()
    assert "dcforceVoltage(101, 0.0)" in calls[calls.index("execute()") :]


def test_pulses_are_checked_without_a_call(bench: Any) -> None:
    driver = bench.opened()
    bench.library.taken()
    driver.check_pulses(PULSE)
    with pytest.raises(LimitError):
        driver.check_pulses(PULSE.model_copy(update={"height": 50.0}))
    assert bench.library.taken() == []


def test_a_fast_iv_measures_the_current_and_gives_the_programmed_voltage(bench: Any) -> None:
    driver = bench.opened()
    driver.current_range.set(1e-4)
    bench.measures({101: [1e-6, 2e-6, 3e-6]}, 1e-6)
    found = driver.measure_waveform(
        np.array([0.0, 1e-6, 3e-6]), np.array([0.0, 1.0, 0.0]), interval=1e-6, averaging=5e-7
    )
    calls = bench.library.taken()
    for call in (
        "setMeasureEvent('pattern1', 'measure', 0.0, 3, 1e-06, 5e-07, 12000)", "setMeasureMode(101, 4001)",
        "setMeasureCurrentRange(101, 6003)", "setMeasureEnabled(101, 7001)", "setOperationMode(101, 2001)",
    ):  # fmt: skip
        assert call in calls
    assert found.times.tolist() == [0.0, 1e-6, 2e-6]
    assert found.currents.tolist() == [1e-6, 2e-6, 3e-6]
    np.testing.assert_allclose(found.voltages, [0.0, 1.0, 0.5])


def test_a_second_channel_measures_the_current_at_ground(bench: Any) -> None:
    driver = bench.opened(options={"channel": 101, "measure_channel": 202})
    bench.measures({101: [0.0, 0.9], 202: [0.0, -2e-6]}, 1e-6)
    found = driver.measure_waveform(np.array([0.0, 1e-6]), np.array([0.0, 8.0]), interval=9.9e-7)
    calls = bench.library.taken()
    for call in (
        "setForceVoltageRange(101, 3004)", "setMeasureMode(101, 4000)", "setMeasureVoltageRange(101, 5002)",
        "createPattern('pattern2', 0.0)", "addVectors('pattern2', [1e-06], [0.0], 1)",
        "addSequence(202, 'pattern2', 1.0)", "setMeasureMode(202, 4001)", "setMeasureCurrentRange(202, 6004)",
        "connect(202)",
    ):  # fmt: skip
        assert call in calls
    assert found.voltages.tolist() == [0.0, 0.9]
    assert found.currents.tolist() == [0.0, 2e-6]
    assert calls[-len(GROUND) :] == GROUND  # it ended at 8 V


def test_missing_measurements_are_an_error(bench: Any) -> None:
    driver = bench.opened()
    bench.library.outputs["getMeasureValueSize"] = [1, 2]
    with pytest.raises(InstrumentError, match="1 of 2"):
        driver.measure_waveform(np.array([0.0, 1e-6]), np.array([0.0, 0.0]), interval=5e-7)


def test_a_floating_channel_is_connected_for_each_run_alone(bench: Any) -> None:
    driver = bench.opened(idle=IdlePolicy.FLOAT)
    driver.send_pulses(PULSE)
    assert bench.library.taken()[-4:] == ["connect(101)", "execute()", "waitUntilCompleted()", "disconnect(101)"]
    driver.send_pulses(PULSE)
    assert bench.library.taken() == ["connect(101)", "execute()", "waitUntilCompleted()", "disconnect(101)"]


def test_making_safe_aborts_grounds_and_measures_every_channel(bench: Any) -> None:
    driver = bench.opened(options={"measure_channel": 102})
    assert driver.make_safe() == {"channel_101_V": 0.001, "channel_102_V": 0.001, "connected": True}
    second = [call.replace("(101", "(102") for call in GROUND]
    assert bench.library.taken() == ["abort()", "getStatus()", *GROUND, *second]


def test_no_channel_that_could_run_is_a_sequencer_at_rest(bench: Any) -> None:
    driver = bench.opened()
    bench.library.codes["getStatus"] = [-3]
    assert driver.state.get() == "IDLE"
    bench.library.codes["getStatus"] = [-5]
    with pytest.raises(InstrumentError, match="COMMUNICATION_ERROR"):
        driver.state.get()


def test_making_safe_disconnects_what_is_to_float(bench: Any) -> None:
    driver = bench.opened(idle=IdlePolicy.FLOAT)
    bench.library.codes["abort"] = [-13]  # nothing was running
    assert driver.make_safe() == {"channel_101_V": 0.001, "connected": False}
    assert bench.library.taken()[-1] == "disconnect(101)"


@pytest.mark.parametrize("level", [0.051, -0.2, float("nan")])
def test_an_output_that_stays_up_is_reported(bench: Any, level: float) -> None:
    driver = bench.opened()
    bench.library.outputs["dcmeasureValue"] = [level]
    with pytest.raises(InstrumentError, match=r"channel 101 is at .* not at ground"):
        driver.make_safe()


def test_a_sequencer_that_goes_on_after_an_abort_is_reported(bench: Any) -> None:
    driver = bench.opened()
    bench.library.outputs["getStatus"] = [10002, 0.0, 0.0]
    with pytest.raises(InstrumentError, match="RUNNING"):
        driver.make_safe()


def test_closing_makes_safe_and_ends_the_session(bench: Any) -> None:
    driver = bench.opened()
    driver.close()
    assert bench.library.taken() == ["abort()", "getStatus()", *GROUND, "closeSession()"]
    assert not driver.link.is_open
    driver.close()
    assert bench.library.taken() == []


def test_the_smu_behind_the_channel_can_be_let_through(bench: Any) -> None:
    driver = bench.opened()
    driver.pass_smu()
    assert bench.library.taken() == ["setOperationMode(101, 2003)", "connect(101)"]


def test_a_cancel_ends_a_wait_once() -> None:
    link = LibraryLink("GPIB0::17::INSTR", object)
    link.open()
    threading.Timer(0.01, link.cancel).start()
    with pytest.raises(RunStoppedError):
        link.pause(5.0)
    link.pause(0.0)
    link.cancel()
    link.forget_cancel()
    link.pause(0.0)


def test_a_cancelled_run_is_not_started(bench: Any) -> None:
    driver = bench.opened()
    driver.link.cancel()
    with pytest.raises(RunStoppedError):
        driver.send_pulses(PULSE)
    assert "execute()" not in bench.library.taken()


def test_a_long_run_on_a_real_library_is_looked_at_until_it_is_over(bench: Any, monkeypatch: Any) -> None:
    driver = bench.opened()
    monkeypatch.setattr(type(driver.link), "in_process", False)
    pauses: list[float] = []

    def pause(link: Any, seconds: float) -> None:
        pauses.append(seconds)
        bench.library.outputs["getStatus"] = [10002 if len(pauses) < 3 else 10000, 0.0, 0.0]

    bench.library.outputs["getStatus"] = [10002, 0.0, 0.0]
    monkeypatch.setattr(type(driver.link), "pause", pause)
    driver.send_pulses(PULSE, count=1000, period=2e-3)
    assert len(pauses) == 3
    assert bench.library.taken()[-2:] == ["getStatus()", "waitUntilCompleted()"]


def test_an_unusable_waveform_leaves_no_trace(bench: Any) -> None:
    driver = bench.opened()
    with pytest.raises(LimitError):
        driver.send_waveform(np.array([0.0, 1e-6]), np.array([0.0, 11.0]))
    assert bench.library.taken() == []
