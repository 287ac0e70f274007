from typing import Any

import numpy as np
import pytest

from drivers.keithley_2600 import Keithley2600
from labctl.capabilities import SourceMeter
from labctl.errors import ConfigError, FrameError, InstrumentError, LinkTimeoutError, RunStoppedError
from labctl.instrument import IdlePolicy

REST, REPORT = "labctl.rest(smua, 0, 0)", "labctl.report(smua, 3)"
ONE = (
    'labctl.prepare(smua, "v", 1e-07, 0.1, 0.2, 0) '
    f'labctl.repeated(smua, "v", 0.2, 1, 0.0, 0.1) {REST} {REPORT}'
)  # fmt: skip


def test_it_is_a_source_meter(bench: Any) -> None:
    assert isinstance(bench.driver(), SourceMeter)


def test_opening_identifies_and_loads_the_script(bench: Any) -> None:
    smu = bench.opened(model="2636B")
    assert (smu.identity.model, smu.identity.serial, smu.identity.firmware) == ("2636B", "4308079", "3.2.2")


def test_another_instrument_is_refused(bench: Any) -> None:
    bench.expect("*IDN?", b"KEITHLEY INSTRUMENTS,MODEL 2450,1,1.7\n")
    smu = bench.driver()
    with pytest.raises(InstrumentError, match="2602B"):
        smu.open()
    assert not smu.link.is_open


def test_a_channel_that_the_model_lacks_is_refused(bench: Any) -> None:
    bench.expect("*IDN?", b"Keithley Instruments Inc., Model 2635B, 1, 3.2.2\n")
    with pytest.raises(ConfigError, match="2635B has no channel 'smub'"):
        bench.driver(options={"channel": "smub"}).open()


def test_a_script_left_running_by_another_program_is_aborted_on_opening(bench: Any) -> None:
    bench.expect("*IDN?")
    bench.abort(b"1.0\t2.0\n")
    bench.opening()
    bench.driver().open()


@pytest.mark.parametrize(
    "options", [{"channel": "smuc"}, {"ramp_rate": 0}, {"ramp_rate": "1 V"}, {"data_format": "ascii"}, {"range": 1.0}]
)
def test_a_wrong_option_is_refused(bench: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        bench.driver(options=options)


def test_one_reading_is_one_call_and_small_numbers_keep_every_digit(bench: Any) -> None:
    smu = bench.opened()
    bench.run(ONE, before=bench.block([[0.25, 0.2000001, 1.2345678901234567e-9, 0.0]]))
    found = smu.measure_current(0.2, compliance=100e-9, nplc=0.1)
    assert [column.tolist() for column in found] == [[0.0], [0.2000001], [1.2345678901234567e-9], [False]]


def test_a_thousand_readings_come_in_one_transfer(bench: Any) -> None:
    smu = bench.opened(options={"channel": "smub"})
    rows = np.random.default_rng(1).normal(size=(1000, 4))
    rows[:, 0] = np.arange(1000) * 0.05 + 7.0
    rows[:, 3] = np.where(np.arange(1000) % 3 == 0, 0x44, 0x14)
    call = (
        'labctl.prepare(smub, "v", 0.001, 1.0, 0.1, 0) labctl.repeated(smub, "v", -0.1, 1000, 0.05, 0.1) '
        "labctl.rest(smub, 0, 0) labctl.report(smub, 3)"
    )
    bench.run(call, before=bench.block(rows))
    found = smu.measure_repeatedly(-0.1, 1000, compliance=1e-3, interval=0.05)
    np.testing.assert_array_equal(found.times, rows[:, 0] - rows[0, 0])
    np.testing.assert_array_equal(found.voltages, rows[:, 1])
    np.testing.assert_array_equal(found.currents, rows[:, 2])
    np.testing.assert_array_equal(found.in_compliance, np.arange(1000) % 3 == 0)


def test_a_sweep_sends_its_levels_in_short_lines_and_runs_once(bench: Any) -> None:
    smu = bench.opened()
    levels = np.linspace(-1.0, 1.0, 301)
    start = len(bench.line.sent)
    texts = [repr(float(v)) for v in levels]
    lines: list[tuple[int, list[str]]] = [(1, [])]
    for number, text in enumerate(texts, 1):
        if sum(len(t) + 1 for t in (*lines[-1][1], text)) > 900 - len("labctl.points(100000, {})"):
            lines.append((number, []))
        lines[-1][1].append(text)
    bench.expect("labctl.levels = {}")
    for first, part in lines:
        bench.expect(f"labctl.points({first}, {{{','.join(part)}}})")
    rows = np.column_stack((np.arange(301.0), levels, levels * 1e-6, np.zeros(301)))
    run = f'labctl.prepare(smua, "v", 1e-05, 1.0, 1.0, 0) labctl.sweep(smua, "v", 301, 0.01, 0.1) {REST} {REPORT}'
    bench.run(run, before=bench.block(rows))
    found = smu.sweep_voltage(levels, compliance=1e-5, delay=0.01)
    np.testing.assert_array_equal(found.currents, levels * 1e-6)
    assert max(map(len, bench.line.sent[start:])) <= 900


def test_a_current_can_be_forced_and_a_voltage_measured(bench: Any) -> None:
    smu = bench.opened()
    run = (
        f'labctl.prepare(smua, "i", 2.0, 1.0, 1e-06, 0) labctl.repeated(smua, "i", -1e-06, 1, 0.0, 0.1) {REST} {REPORT}'
    )
    bench.run(run, before=bench.block([[0.0, -0.1, -1e-6, 0x40]]))
    found = smu.measure_voltage(-1e-6, compliance=2.0)
    assert found.voltages.tolist() == [-0.1]
    assert found.in_compliance.tolist() == [True]
    bench.expect("labctl.levels = {}")
    bench.expect("labctl.points(1, {1e-07,2e-07})")
    run = f'labctl.prepare(smua, "i", 2.0, 1.0, 2e-07, 0) labctl.sweep(smua, "i", 2, 0.0, 0.1) {REST} {REPORT}'
    bench.run(run, before=bench.block(np.ones((2, 4))))
    assert len(smu.sweep_current(np.array([1e-7, 2e-7]), compliance=2.0).times) == 2


def test_idle_policy_ramp_and_format_come_from_the_station(bench: Any) -> None:
    smu = bench.opened(idle=IdlePolicy.FLOAT, options={"ramp_rate": "500 mV/s", "data_format": "real32"})
    run = (
        'labctl.prepare(smua, "v", 0.001, 1.0, 0.2, 0.5) labctl.repeated(smua, "v", 0.2, 1, 0.0, 0.1) '
        "labctl.rest(smua, 2, 0.5) labctl.report(smua, 2)"
    )
    bench.run(run, before=bench.block([[0.0, 0.25, 0.5, 0.0]], "<f4"))
    assert smu.measure_current(0.2, compliance=1e-3).currents.tolist() == [0.5]


def test_a_script_that_fails_half_way_reports_its_error_and_leaves_all_safe(bench: Any) -> None:
    smu = bench.opened()
    bench.run(
        ONE,
        b"-2.86e+02\tTSP Runtime error at line 4: attempt to call a nil value\t2.0e+01\t1.0e+00",
        b"1.102e+03\tParameter too small\t2.0e+01",
    )
    bench.safe()
    with pytest.raises(InstrumentError) as caught:
        smu.measure_current(0.2, compliance=100e-9, nplc=0.1)
    assert (caught.value.instrument, caught.value.command, caught.value.code) == ("smu", ONE, -286)
    assert caught.value.text.endswith("then 1102: Parameter too small")


def test_an_error_beside_good_readings_is_no_success(bench: Any) -> None:
    smu = bench.opened()
    bench.run(ONE, b"1.101e+03\tParameter too big\t2.0e+01", before=bench.block([[0.0, 0.0, 0.0, 0.0]]))
    bench.safe()
    with pytest.raises(InstrumentError, match="1101"):
        smu.measure_current(0.2, compliance=100e-9, nplc=0.1)


def test_a_cancelled_run_is_aborted_and_its_late_bytes_confuse_nobody(bench: Any) -> None:
    smu = bench.opened()
    block = bench.block(np.full((3, 4), np.frombuffer(b"\n\tlabctl")[0]))

    def cancelled() -> bytes:
        smu.link.cancel()
        return bytes(block[:-20])

    bench.expect(ONE, cancelled)
    bench.expect('print("labctl-done", errorqueue.count)')
    bench.safe(before=block[-20:] + b"labctl-done\t0.0\n")
    with pytest.raises(RunStoppedError):
        smu.measure_current(0.2, compliance=100e-9, nplc=0.1)
    bench.run(ONE, before=bench.block([[0.0, 0.2, 3e-9, 0.0]]))
    assert smu.measure_current(0.2, compliance=100e-9, nplc=0.1).currents.tolist() == [3e-9]


def test_after_a_cancelled_set_the_next_exchange_begins_with_an_abort(bench: Any) -> None:
    smu = bench.opened()

    def cancelled() -> bytes:
        smu.link.cancel()
        return b""

    bench.expect("smua.source.levelv = 0.2", cancelled)
    bench.expect('print("labctl-done", errorqueue.count)', b"labctl-done\t0.0\n")
    with pytest.raises(RunStoppedError):
        smu.voltage.set("200 mV")
    bench.abort(b"")
    bench.run("smua.source.levelv = 0.3")
    smu.voltage.set(0.3)


def test_silence_makes_safe_and_says_so(bench: Any) -> None:
    smu = bench.opened()
    bench.expect(ONE)
    bench.expect('print("labctl-done", errorqueue.count)')
    bench.safe()
    with pytest.raises(LinkTimeoutError):
        smu.measure_current(0.2, compliance=100e-9, nplc=0.1)


def test_a_line_that_nobody_asked_for_is_refused(bench: Any) -> None:
    smu = bench.opened()
    bench.run("smua.measure.nplc = 0.01", before=b"3.3e-9\n")
    with pytest.raises(FrameError, match=r"3\.3e-9"):
        smu.nplc.set(0.01)


def test_make_safe_covers_every_channel_and_reports_what_it_read(bench: Any) -> None:
    smu = bench.opened(model="2635B")
    bench.safe(channels=("smua",))
    assert smu.make_safe() == {"smua_output": False, "smua_off_mode": 0, "smua_V": 0.0, "smua_A": 0.0}


@pytest.mark.parametrize("state", [b"1\t0\t0\t0", b"0\t1\t0\t0", b"0\t0\t0.2\t0", b"0\t0\t0\t1e-9"])
@pytest.mark.parametrize("channel", ["smua", "smub"])
def test_a_channel_that_is_not_at_rest_after_make_safe_is_reported(bench: Any, state: bytes, channel: str) -> None:
    smu = bench.opened(model="2636B")
    bench.safe(states={channel: state})
    if channel == "smua":  # the other is not asked any more, but was switched off
        bench.line.script.pop()
    with pytest.raises(InstrumentError, match=f"{channel} is not at its idle policy 'ground'"):
        smu.make_safe()


def test_make_safe_switches_off_even_if_the_script_is_lost(bench: Any) -> None:
    smu = bench.opened(model="2635B", options={"ramp_rate": 2})
    bench.abort()
    bench.run("labctl.ramp(smua, 2.0)", b"-2.86e+02\tTSP Runtime error\t2.0e+01")
    bench.run(
        "smua.measure.count = 1 smua.source.levelv = 0 smua.source.leveli = 0 "
        "smua.source.offmode = 0 smua.source.offfunc = 1 smua.source.output = 0"
    )
    names = ", ".join(f"smua.source.{name}" for name in ("output", "offmode", "levelv", "leveli"))
    bench.expect(f"print({names})", b"0.0\t0.0\t0.0\t0.0\n")
    with pytest.raises(InstrumentError, match=r"labctl\.ramp"):
        smu.make_safe()


def test_closing_makes_safe(bench: Any) -> None:
    smu: Keithley2600 = bench.opened(idle=IdlePolicy.FLOAT)
    bench.safe(mode=2)
    smu.close()
    assert not smu.link.is_open
