from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from drivers.keithley_2600 import Keithley2600
from labctl.errors import ConfigError, InstrumentError, LimitError, StateError
from labctl.instrument import SampleLimits

SAMPLE = SampleLimits(voltage=5.0, device_voltage=2.5, current=1e-3)
Call = Callable[[Keithley2600], Any]

BEYOND_SAMPLE: list[tuple[Call, str]] = [
    (
        lambda smu: smu.measure_current(2.6, compliance=1e-6),
        r"smu: voltage is to be 2.6 V, but goes from -2.5 V to 2.5 V",
    ),
    (lambda smu: smu.measure_current(1.0, compliance=2e-3), r"current compliance is to be 2 mA, .* to 1 mA"),
    (lambda smu: smu.measure_voltage(2e-3, compliance=1.0), r"current is to be 2 mA, but goes from -1 mA to 1 mA"),
    (lambda smu: smu.measure_voltage(1e-6, compliance=3.0), r"voltage compliance is to be 3 V, .* to 2.5 V"),
    (lambda smu: smu.sweep_voltage(np.array([0.0, -9.0]), compliance=1e-6), r"voltage is to be -9 V"),
    (lambda smu: smu.voltage.set("3 V"), r"smu: voltage is to be 3 V, but goes from -2.5 V to 2.5 V"),
    (lambda smu: smu.current_limit.set(2e-3), r"current_limit is to be 2 mA"),
    (lambda smu: smu.settings()["smub_voltage_limit"].set(3.0), r"smub_voltage_limit is to be 3 V"),
]
BEYOND_MODEL: list[tuple[Call, str]] = [
    (lambda smu: smu.measure_current(41.0, compliance=1e-6), r"41 V, but goes from -40.4 V to 40.4 V"),
    (lambda smu: smu.measure_current(1.0, compliance=1e-9), r"1 nA, but goes from 10 nA to 3 A"),
    (lambda smu: smu.measure_current(10.0, compliance=2.0), r"current at 10 V is to be 2 A, .* to 1.01 A"),
    (lambda smu: smu.measure_voltage(1.0, compliance=0.0), r"voltage compliance is to be 0 V"),
    (lambda smu: smu.measure_current(float("nan"), compliance=1e-6), r"voltage is to be nan"),
    (lambda smu: smu.measure_current(1.0, compliance=1e-6, nplc=26.0), r"nplc is to be 26, but goes from 0.001 to 25"),
    (lambda smu: smu.measure_repeatedly(1.0, 0, compliance=1e-6), r"number of readings is to be 0"),
    (lambda smu: smu.measure_repeatedly(1.0, 60_001, compliance=1e-6), r"number of readings is to be 60001"),
    (lambda smu: smu.measure_repeatedly(1.0, 2, compliance=1e-6, interval=-1.0), r"interval is to be -1 s"),
    (lambda smu: smu.sweep_voltage(np.ones(2), compliance=1e-6, delay=float("inf")), r"delay is to be inf"),
    (lambda smu: smu.filter_count.set(101), r"filter_count is to be 101"),
]


@pytest.mark.parametrize(("call", "message"), BEYOND_SAMPLE)
def test_what_the_sample_does_not_stand_is_refused_before_anything_is_sent(
    bench: Any, call: Call, message: str
) -> None:
    smu = bench.opened(limits=SAMPLE)
    with pytest.raises(LimitError, match=message):
        call(smu)


@pytest.mark.parametrize(("call", "message"), BEYOND_MODEL)
def test_what_the_model_cannot_do_is_refused_before_anything_is_sent(bench: Any, call: Call, message: str) -> None:
    smu = bench.opened()
    with pytest.raises(LimitError, match=message):
        call(smu)


@pytest.mark.parametrize("levels", [np.empty(0), np.ones((2, 2)), np.float64(1.0)])
def test_a_sweep_needs_a_list(bench: Any, levels: Any) -> None:
    with pytest.raises(ConfigError, match="list of levels"):
        bench.opened().sweep_voltage(levels, compliance=1e-6)


def test_a_part_of_a_reading_is_refused(bench: Any) -> None:
    with pytest.raises(ConfigError, match="whole number"):
        bench.opened().measure_repeatedly(1.0, 2.5, compliance=1e-6)


def test_the_bounds_follow_the_model_that_answered(bench: Any) -> None:
    smu = bench.opened(model="2636B")
    assert smu.voltage.limits == (-202.0, 202.0)
    assert smu.current_limit.limits == (1e-10, 1.5)
    assert smu.lowest_current_range.limits == (1e-10, 1.5)


def test_an_output_goes_on_only_with_what_the_sample_stands(bench: Any) -> None:
    smu = bench.opened(limits=SAMPLE)
    asked = "print(" + ", ".join(f"smua.source.{n}" for n in ("func", "levelv", "limiti", "leveli", "limitv")) + ")"
    bench.expect(asked, b"1.0\t-2.0e-01\t1.0\t0.0\t40.0\n")
    with pytest.raises(LimitError, match=r"smua current is to be 1 A, but goes from 0 A to 1 mA"):
        smu.output.set(True)
    bench.expect(asked, b"0.0\t0.0\t1.0\t1e-3\t40.0\n")
    with pytest.raises(LimitError, match=r"smua voltage is to be 40 V, but goes from 0 V to 2.5 V"):
        smu.output.set(True)
    bench.expect(asked, b"1.0\t-2.0e-01\t1e-3\t0.0\t40.0\n")
    bench.run("smua.source.output = 1")
    smu.output.set(True)
    bench.run("labctl.rest(smua, 0, 0)")
    smu.output.set(False)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("current_limit", "100 nA", "smua.source.limiti = 1e-07"),
        ("four_wire", True, "smua.sense = 1"),
        ("filter_type", "moving", "smua.measure.filter.type = 0"),
        ("filter_type", "repeat", "smua.measure.filter.type = 1"),
        ("filter_type", "median", "smua.measure.filter.type = 2"),
        ("filter_count", 10, "smua.measure.filter.count = 10"),
        ("measured_current_autorange", False, "smua.measure.autorangei = 0"),
        ("smub_voltage", 1 / 3, "smub.source.levelv = 0.3333333333333333"),
    ],
)
def test_a_setting_is_one_line_and_a_look_at_the_error_queue(bench: Any, name: str, value: Any, line: str) -> None:
    smu = bench.opened()
    bench.run(line)
    smu.settings()[name].set(value)


def test_what_is_forced_changes_only_while_the_output_is_off(bench: Any) -> None:
    smu = bench.opened()
    bench.expect("print(smua.source.output)", b"1.0\n")
    with pytest.raises(StateError, match="smua is on"):
        smu.source.set("current")
    bench.expect("print(smua.source.output)", b"0.0\n")
    bench.run("smua.source.func = 0")
    smu.source.set("current")


def test_an_error_after_a_setting_carries_command_code_and_text(bench: Any) -> None:
    smu = bench.opened()
    bench.run("smua.source.rangev = 40.0", b"5.048e+03\tblocked\t2.0e+01\t1.0e+00")
    with pytest.raises(InstrumentError) as caught:
        smu.voltage_range.set(40)
    error = caught.value
    assert (error.instrument, error.command, error.code, error.text) == (
        "smu", "smua.source.rangev = 40.0", 5048, "blocked",
    )  # fmt: skip


def test_one_channel_has_no_settings_of_another(bench: Any) -> None:
    smu = bench.opened(model="2635B")
    assert not [name for name in smu.settings() if name.startswith("smub")]


def test_two_channels_have_the_same_settings(bench: Any) -> None:
    names = list(bench.opened(options={"channel": "smub"}).settings())
    assert {f"smua_{name}" for name in names if not name.startswith("smua_") and name != "line_frequency"} == {
        name for name in names if name.startswith("smua_")
    }


def read(bench: Any, smu: Keithley2600, changed: dict[str, bytes]) -> None:
    """Expect that each readable setting that does not disturb is read."""
    paths = {
        "source": "source.func", "voltage": "source.levelv", "current": "source.leveli",
        "current_limit": "source.limiti", "voltage_limit": "source.limitv", "voltage_range": "source.rangev",
        "voltage_autorange": "source.autorangev", "current_range": "source.rangei",
        "current_autorange": "source.autorangei", "measured_voltage_range": "measure.rangev",
        "measured_voltage_autorange": "measure.autorangev", "measured_current_range": "measure.rangei",
        "measured_current_autorange": "measure.autorangei", "lowest_current_range": "measure.lowrangei",
        "nplc": "measure.nplc", "source_delay": "source.delay", "measure_delay": "measure.delay",
        "autozero": "measure.autozero", "four_wire": "sense", "filter": "measure.filter.enable",
        "filter_type": "measure.filter.type", "filter_count": "measure.filter.count", "off_mode": "source.offmode",
        "output": "source.output", "in_compliance": "source.compliance",
    }  # fmt: skip
    for name, path in paths.items():
        answer = changed.get(name, b"false" if name == "in_compliance" else b"1.000000000000000e+00")
        bench.expect(f"print(smua.{path})", answer + b"\n")
    bench.expect("print(localnode.linefreq)", b"5.000000000000000e+01\n")


def test_a_snapshot_measures_nothing(bench: Any) -> None:
    smu = bench.opened(model="2601B")
    read(bench, smu, {"nplc": b"1.000000000000000e-01"})
    found = smu.snapshot()
    assert (found["source"], found["nplc"], found["line_frequency"]) == ("voltage", 0.1, 50.0)
    assert not [line for line in bench.line.sent if "measure.i()" in line and "labctl" not in line]
    assert "current_reading" not in found


def test_restoring_sets_what_differs_and_switches_nothing_on(bench: Any) -> None:
    smu = bench.opened(model="2601B")
    bench.expect("print(smua.measure.nplc)", b"1.000000000000000e+01\n")
    bench.run("smua.measure.nplc = 0.1")
    bench.expect("print(smua.source.levelv)", b"2.000000000000000e-01\n")
    assert smu.restore({"nplc": 0.1, "voltage": 0.2, "output": True, "off_mode": "normal"}) == ["nplc"]
