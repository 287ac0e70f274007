"""The channel's source and meter: levels, limits, ranges, output-off states, accuracy, noise and time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


def test_a_voltage_is_sourced_and_the_current_through_the_resistor_read(host: Any) -> None:
    host.send("smua.source.limiti = 1e-3", "smua.source.levelv = 0.1", "smua.source.output = 1")
    amps, volts = map(float, host.send("print(smua.measure.iv())").split("\t"))
    assert volts == pytest.approx(0.1, abs=0.0005)
    assert amps == pytest.approx(1e-4, rel=0.005)
    assert host.number("smua.measure.r()") == pytest.approx(1000, rel=0.01)
    assert host.number("smua.measure.p()") == pytest.approx(1e-5, rel=0.02)
    assert host.send("print(smua.source.compliance)") == "false"
    host.expect_no_error()


def test_the_current_limit_holds_the_voltage_back_and_says_so(host: Any) -> None:
    host.send("smua.source.limiti = 1e-3", "smua.source.levelv = 5", "smua.source.output = 1")
    amps, volts = map(float, host.send("print(smua.measure.iv())").split("\t"))
    assert amps == pytest.approx(1e-3, rel=0.002)
    assert volts == pytest.approx(1.0, rel=0.01)
    assert (
        host.send("print(smua.source.compliance, status.measurement.instrument.smua.condition)") == "true\t2.00000e+00"
    )
    assert host.number("status.measurement.current_limit.condition") == 2
    host.send("smua.measure.i(smua.nvbuffer1)")
    assert int(host.number("smua.nvbuffer1.statuses[1]")) & 0x40
    host.expect_no_error()


def test_the_voltage_limit_holds_a_current_source_back(host: Any) -> None:
    host.send("smua.source.func = smua.OUTPUT_DCAMPS", "smua.source.limitv = 2", "smua.source.leveli = 1e-3")
    host.send("smua.source.output = 1")
    assert host.number("smua.measure.v()") == pytest.approx(1.0, rel=0.01)
    assert host.send("print(smua.source.compliance)") == "false"
    host.send("smua.source.leveli = 1e-2")
    assert host.number("smua.measure.v()") == pytest.approx(2.0, rel=0.01)
    assert (
        host.send("print(smua.source.compliance, status.measurement.instrument.smua.condition)") == "true\t1.00000e+00"
    )


def test_a_fixed_measure_range_below_the_limit_is_the_limit(host: Any) -> None:
    host.send(
        "smua.source.limiti = 1e-2", "smua.source.levelv = 5", "smua.source.output = 1", "smua.measure.rangei = 1e-4"
    )
    assert host.number("smua.measure.i()") == pytest.approx(1e-4, rel=0.01)
    assert host.send("print(smua.source.compliance)") == "true"
    host.send("smua.measure.autorangei = 1")
    assert host.number("smua.measure.i()") == pytest.approx(5e-3, rel=0.01)


def test_the_level_reaches_the_terminal_at_once_only_with_the_output_on(host: Any) -> None:
    terminal = host.terminals["smua"]
    terminal.actions.clear()
    host.send("smua.source.levelv = 1")
    assert terminal.actions == []
    host.send("smua.source.output = 1", "smua.source.levelv = 2")
    assert [action[0] for action in terminal.actions] == ["force", "force"]
    assert [round(action[1], 1) for action in terminal.actions] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("mode", "action"),
    [
        ("OUTPUT_NORMAL", ("force", 0.0, 1e-3)),
        ("OUTPUT_ZERO", ("force", 0.0, 0.1)),
        ("OUTPUT_HIGH_Z", ("release", 0.0, 0.0)),
    ],
)
def test_output_off_does_what_the_off_mode_says(host: Any, mode: str, action: tuple[str, float, float]) -> None:
    host.send("smua.source.levelv = 1", "smua.source.output = 1", f"smua.source.offmode = smua.{mode}")
    host.send("smua.source.output = 0")
    assert host.terminals["smua"].actions[-1] == action
    assert abs(host.number("smua.measure.i()")) < 1e-8
    host.expect_no_error()


def test_a_power_on_leaves_zero_volts_with_a_small_limit_on_the_terminal(host: Any) -> None:
    assert host.terminals["smua"].actions == [("force", 0.0, 1e-3)]


def test_a_level_above_a_fixed_range_is_refused_when_the_output_goes_on(host: Any) -> None:
    host.send("smua.source.rangev = 2", "smua.source.levelv = 5")
    host.expect_no_error()
    host.send("smua.source.output = 1")
    assert host.error() == (5005, "SMU A: Value too big for range")
    assert host.number("smua.source.output") == 0
    host.send("smua.source.levelv = 2.02", "smua.source.output = 1")
    host.expect_no_error()
    host.send("smua.source.levelv = 2.03")
    assert host.error()[0] == 5005
    assert host.number("smua.source.levelv") == 2.02


def test_setting_a_range_takes_the_smallest_that_fits_and_ends_autorange(host: Any) -> None:
    host.send("smua.source.rangev = 1.5", "smua.measure.rangei = 3e-6")
    assert host.send("print(smua.source.rangev, smua.source.autorangev)") == "2.00000e+00\t0.00000e+00"
    assert host.send("print(smua.measure.rangei, smua.measure.autorangei)") == "1.00000e-05\t0.00000e+00"


def test_the_highest_range_is_sourced_to_one_percent_above_it(host: Any) -> None:
    host.send("smua.source.limiti = 0.05", "smua.source.levelv = 201.5")
    host.expect_no_error()
    host.send("smua.source.rangev = 201.5")
    host.expect_no_error()
    assert host.send("print(smua.source.levelv, smua.source.rangev)") == "2.01500e+02\t2.00000e+02"
    host.send("smua.source.rangev = 203")
    assert host.error()[0] == 1101


def test_the_power_envelope_is_kept(host: Any) -> None:
    host.send("smua.source.limiti = 1", "smua.source.levelv = 30", "smua.source.output = 1")
    assert host.error()[0] == 5007
    host.send("smua.source.limiti = 0.1", "smua.source.output = 1")
    host.expect_no_error()


def test_an_open_interlock_refuses_high_voltage(host: Any) -> None:
    host.twin.interlock = False
    host.send("smua.source.levelv = 50", "smua.source.output = 1")
    assert host.error() == (802, "OUTPUT blocked by interlock")
    host.send("smua.source.levelv = 40", "smua.source.output = 1")
    host.expect_no_error()


def test_reset_restores_the_defaults_and_turns_the_output_off(host: Any) -> None:
    host.send("smua.source.func = 0", "smua.source.leveli = 1e-6", "smua.measure.nplc = 10", "smua.source.output = 1")
    host.send("smua.reset()")
    reply = host.send(
        "print(smua.source.func, smua.source.output, smua.source.leveli, smua.measure.nplc, smua.measure.delay)"
    )
    assert reply == "1.00000e+00\t0.00000e+00\t0.00000e+00\t1.00000e+00\t-1.00000e+00"
    assert host.send("print(smua.source.limitv, smua.source.limiti)") == "2.00000e+01\t1.00000e-01"


def test_the_meter_is_locked_to_the_source_range_of_the_sourced_quantity(host: Any) -> None:
    host.send("smua.source.rangev = 20", "smua.measure.rangev = 2")
    assert host.number("smua.measure.rangev") == 20
    host.send("smua.source.func = smua.OUTPUT_DCAMPS")
    assert host.number("smua.measure.rangev") == 2


def test_a_current_above_the_fixed_measure_range_overflows(host: Any) -> None:
    host.send("smua.source.func = smua.OUTPUT_DCAMPS", "smua.measure.rangev = 0.2", "smua.source.leveli = 1e-3")
    host.send("smua.source.output = 1")
    assert host.number("smua.measure.v()") == 9.91e37
    assert int(host.number("status.measurement.instrument.smua.condition")) & 128


@pytest.mark.parametrize(("autozero", "factor"), [("OFF", 1), ("AUTO", 2)])
def test_a_reading_takes_the_integration_time_and_as_long_again_for_autozero(
    host: Any, autozero: str, factor: int
) -> None:
    host.send("smua.source.output = 1", "smua.measure.delay = 0", "smua.measure.rangei = 1e-3")
    host.send(f"smua.measure.autozero = smua.AUTOZERO_{autozero}")
    for nplc, seconds in ((1, 0.02), (10, 0.2), (0.01, 0.0002)):
        host.send(f"smua.measure.nplc = {nplc}")
        before = host.clock.now()
        host.send("smua.measure.i()")
        assert host.clock.now() - before == pytest.approx(factor * seconds, abs=0.0012)


def test_a_source_delay_follows_each_level(host: Any) -> None:
    host.send("smua.source.output = 1", "smua.source.delay = 0.5")
    before = host.clock.now()
    host.send("smua.source.levelv = 1")
    assert host.clock.now() - before == pytest.approx(0.501, abs=1e-6)


def test_the_automatic_delay_is_that_of_the_range_that_is_measured_on(host: Any) -> None:
    host.send("smua.source.levelv = 1", "smua.source.output = 1")
    before = host.clock.now()
    host.send("smua.measure.i()")
    assert host.clock.now() - before < 0.05  # two power line cycles, one of them for autozero
    host.send(
        "smub.source.levelv = 5e-4", "smub.source.output = 1", "smub.measure.rangei = 1e-9", "smub.measure.nplc = 0.01"
    )
    before = host.clock.now()
    host.send("smub.measure.i()")
    assert host.clock.now() - before == pytest.approx(0.36 * 6 / 6.9, abs=0.01)


def test_ranging_down_to_a_picoampere_takes_its_settling_times(host: Any) -> None:
    host.send(
        "smub.source.levelv = 1e-6", "smub.source.output = 1", "smub.measure.rangei = 0.1", "smub.measure.delay = 0"
    )
    host.send("smub.measure.autorangei = 1")
    before = host.clock.now()
    host.send("smub.measure.i()")
    slow = host.clock.now() - before
    host.send("smub.measure.rangei = 0.1", "smub.measure.autorangei = 1", "smub.measure.lowrangei = 1e-6")
    before = host.clock.now()
    host.send("smub.measure.i()")
    assert slow > 0.4
    assert host.clock.now() - before < 0.06


def test_a_low_range_lags_behind_a_step_until_it_has_settled(host: Any) -> None:
    host.send("smub.source.limiti = 1e-9", "smub.source.output = 1", "smub.measure.rangei = 1e-9")
    host.send("smub.measure.delay = 0", "smub.measure.nplc = 0.01", "smub.measure.autozero = 0")
    host.clock.wait(1.0)
    host.send("smub.source.levelv = 5e-4")
    early = host.number("smub.measure.i()")
    host.clock.wait(1.0)
    late = host.number("smub.measure.i()")
    assert late == pytest.approx(5e-10, abs=1.2e-10)
    assert abs(early) < 0.3 * abs(late)


def test_noise_falls_with_the_integration_time_and_repeats_with_the_seed(make_host: Callable[..., Any]) -> None:
    def readings(seed: int, nplc: float) -> np.ndarray:
        host = make_host(seed=seed)
        host.send(
            "smua.source.levelv = 1",
            "smua.source.output = 1",
            "smua.measure.rangei = 1e-3",
            f"smua.measure.nplc = {nplc}",
        )
        host.send("smua.measure.count = 300", "smua.measure.i(smua.nvbuffer1)", "format.asciiprecision = 16")
        return np.array(host.send("printbuffer(1, 300, smua.nvbuffer1)").split(","), dtype=float)

    fast, slow = readings(3, 0.001), readings(3, 1)
    # 1 % of the 1 mA range, divided by 3, is the stated spread; 300 normal deviates tell it within 15 % (3.7 sigma).
    assert np.std(fast) == pytest.approx(1e-3 * 0.01 / 3, rel=0.15)
    assert np.std(slow) == pytest.approx(1e-9, rel=0.15)
    assert np.array_equal(fast, readings(3, 0.001))
    assert not np.array_equal(fast, readings(4, 0.001))


def test_filters_average_and_the_reference_is_subtracted(host: Any) -> None:
    host.send(
        "smua.source.levelv = 1", "smua.source.output = 1", "smua.measure.rangei = 1e-3", "smua.measure.nplc = 0.001"
    )
    host.send("smua.measure.filter.count = 100", "smua.measure.filter.enable = 1", "smua.measure.rel.leveli = 1e-3")
    host.send("smua.measure.rel.enablei = 1")
    for kind in ("FILTER_REPEAT_AVG", "FILTER_MEDIAN"):
        host.send(f"smua.measure.filter.type = smua.{kind}")
        assert (
            abs(host.number("smua.measure.i()")) < 3e-6
        )  # 3.3 uA of noise, averaged 100 times, and 0.4 uA of gain error
    host.send("smua.measure.filter.type = smua.FILTER_MOVING_AVG", "for i = 1, 100 do smua.measure.i() end")
    assert abs(host.number("smua.measure.i()")) < 3e-6
    host.expect_no_error()


@pytest.mark.parametrize(
    ("kind", "combine"), [("FILTER_REPEAT_AVG", np.mean), ("FILTER_MEDIAN", np.median)], ids=["mean", "median"]
)
def test_a_filter_combines_the_readings_as_its_type_says(
    make_host: Callable[..., Any], kind: str, combine: Callable[[list[float]], float]
) -> None:
    def prepared() -> Any:
        host = make_host(seed=8)
        host.send("format.asciiprecision = 12", "smua.source.levelv = 1", "smua.source.output = 1")
        host.send("smua.measure.rangei = 1e-3", "smua.measure.nplc = 0.001")
        host.clock.wait(1.0)
        return host

    plain, filtered = prepared(), prepared()
    readings = [plain.number("smua.measure.i()") for _ in range(5)]
    filtered.send(f"smua.measure.filter.type = smua.{kind}", "smua.measure.filter.count = 5")
    filtered.send("smua.measure.filter.enable = 1")
    assert filtered.number("smua.measure.i()") == pytest.approx(combine(readings), rel=1e-9)
    assert abs(np.mean(readings) - np.median(readings)) > 1e-8  # so that the one is not the other by chance


def test_the_power_limit_lowers_the_current_limit(host: Any) -> None:
    host.send("smua.source.limiti = 1", "smua.source.limitp = 1e-3", "smua.source.levelv = 2")
    host.send("smua.source.output = 1")
    assert host.number("smua.measure.i()") == pytest.approx(5e-4, rel=0.01)
    assert host.send("print(smua.source.compliance)") == "true"


def test_channels_do_not_disturb_each_other(host: Any) -> None:
    host.send("smua.source.levelv = 1", "smua.source.output = 1", "smub.source.levelv = 2", "smub.source.output = 1")
    assert host.number("smua.measure.i()") == pytest.approx(1e-3, rel=0.01)
    assert host.number("smub.measure.i()") == pytest.approx(2e-6, rel=0.01)


def test_an_unwired_channel_is_open(clock: Any) -> None:
    from simulated_instruments.keithley_2600 import SimulatedKeithley2600

    twin = SimulatedKeithley2600(clock, model="2635B")
    twin.receive(b"smua.source.levelv = 1\nsmua.source.output = 1\n")
    assert abs(float(twin.receive(b"print(smua.measure.i())\n"))) < 1e-12


def test_a_fault_of_the_bench_is_not_hidden_in_the_script(host: Any) -> None:
    class TwoDriversError(Exception):
        pass

    def refuse(*_: object, **__: object) -> None:
        raise TwoDriversError

    host.terminals["smua"].force = refuse
    with pytest.raises(TwoDriversError):
        host.send("pcall(function() smua.source.levelv = 1 smua.source.output = 1 end)")
    assert host.send("print(1)") == "1.00000e+00"
