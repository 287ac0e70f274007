from collections.abc import Callable
from typing import Any

import pytest

from drivers.keysight_msox3104 import KeysightMsox3104
from labctl.errors import ConfigError, InstrumentError, LimitError
from labctl.settings import settings_of
from labctl.units import UNITS

Opened = Callable[..., KeysightMsox3104]


def test_making_a_driver_sends_nothing(dialogue: Any) -> None:
    KeysightMsox3104(dialogue.link())
    assert dialogue.opened == 0


def test_the_model_is_known_whatever_its_hyphens_and_spaces(opened: Opened) -> None:
    identity = opened().identity
    assert identity is not None
    assert (identity.model, identity.serial) == ("MSOX3104T", "MY12345678")


def test_another_oscilloscope_is_refused_and_let_go(dialogue: Any) -> None:
    dialogue.expect("*IDN?", "AGILENT TECHNOLOGIES,DSO-X 2024A,MY1,1.0")
    scope = KeysightMsox3104(dialogue.link(), role="scope")
    with pytest.raises(InstrumentError, match=r"DSO-X 2024A.*this driver is for Keysight MSOX3104A"):
        scope.open()
    assert not scope.link.is_open


def test_make_safe_switches_the_wave_generator_off_and_reads_it_back(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect("*CLS")
    dialogue.expect_sets(":WGEN:OUTP 0")
    dialogue.expect(":WGEN:OUTP?", "0")
    assert scope.make_safe() == {"wave_generator_fitted": True, "wave_generator_output": False}


def test_a_wave_generator_that_stays_on_is_an_error(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect("*CLS")
    dialogue.expect_sets(":WGEN:OUTP 0")
    dialogue.expect(":WGEN:OUTP?", "1")
    with pytest.raises(InstrumentError, match="output is still on"):
        scope.make_safe()


@pytest.mark.parametrize("error", ['-241,"Hardware missing"', '-113,"Undefined header"'])
def test_without_a_wave_generator_there_is_nothing_to_switch_off(opened: Opened, dialogue: Any, error: str) -> None:
    scope = opened()
    dialogue.expect("*CLS")
    dialogue.expect_sets(":WGEN:OUTP 0", error=error)
    assert scope.make_safe() == {"wave_generator_fitted": False, "wave_generator_output": False}


def test_another_error_while_making_safe_is_raised(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect("*CLS")
    dialogue.expect_sets(":WGEN:OUTP 0", error='-310,"System error"')
    with pytest.raises(InstrumentError) as raised:
        scope.make_safe()
    error = raised.value
    assert (error.instrument, error.command, error.code, error.text) == ("scope", ":WGEN:OUTP 0", -310, "System error")


def test_a_reset_learns_the_probes_again(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect_sets("*RST")
    dialogue.expect("*OPC?", "1")
    for n in (1, 2, 3, 4):
        dialogue.expect(f":CHAN{n}:PROB?", "+1.0E+00")
    scope.reset()
    assert scope.scale_limits(2) == (1e-3, 5.0)


@pytest.mark.parametrize(
    ("name", "value", "sent", "query", "answer"),
    [
        ("ch1_display", True, ":CHAN1:DISP 1", ":CHAN1:DISP?", "1"),
        ("ch4_impedance", "50 ohm", ":CHAN4:IMP FIFT", ":CHAN4:IMP?", "FIFT"),
        ("ch3_coupling", "ac", ":CHAN3:COUP AC", ":CHAN3:COUP?", "AC"),
        ("ch1_scale", 0.2, ":CHAN1:SCAL 0.2", ":CHAN1:SCAL?", "+2.00000E-01"),
        ("ch1_offset", -1e-7, ":CHAN1:OFFS -1e-07", ":CHAN1:OFFS?", "-1.0E-07"),
        ("ch2_bandwidth_limit", False, ":CHAN2:BWL 0", ":CHAN2:BWL?", "0"),
        ("ch2_inverted", True, ":CHAN2:INV 1", ":CHAN2:INV?", "1"),
        ("ch3_probe", 10.0, ":CHAN3:PROB 10.0", ":CHAN3:PROB?", "+1.0E+01"),
        ("time_scale", 1e-6, ":TIM:SCAL 1e-06", ":TIM:SCAL?", "+1.000000000000E-06"),
        ("time_position", 0.0, ":TIM:POS 0.0", ":TIM:POS?", "+0.0E+00"),
        ("time_reference", "left", ":TIM:REF LEFT", ":TIM:REF?", "LEFT"),
        ("trigger_source", "external", ":TRIG:EDGE:SOUR EXT", ":TRIG:EDGE:SOUR?", "EXT"),
        ("trigger_slope", "either", ":TRIG:EDGE:SLOP EITH", ":TRIG:EDGE:SLOP?", "EITH"),
        ("trigger_level", 0.5, ":TRIG:EDGE:LEV 0.5", ":TRIG:EDGE:LEV?", "+5.0E-01"),
        ("trigger_coupling", "dc", ":TRIG:EDGE:COUP DC", ":TRIG:EDGE:COUP?", "DC"),
        ("trigger_sweep", "normal", ":TRIG:SWE NORM", ":TRIG:SWE?", "NORM"),
        ("trigger_holdoff", 1e-6, ":TRIG:HOLD 1e-06", ":TRIG:HOLD?", "+1.0E-06"),
        ("acquisition_type", "high resolution", ":ACQ:TYPE HRES", ":ACQ:TYPE?", "HRES"),
        ("averages", 8, ":ACQ:COUN 8", ":ACQ:COUN?", "+8"),
    ],
)
def test_a_setting_is_one_message_each_way(
    opened: Opened, dialogue: Any, name: str, value: Any, sent: str, query: str, answer: str
) -> None:
    bound = opened().settings()[name]
    dialogue.expect_sets(sent)
    bound.set(value)
    dialogue.expect(query, answer)
    assert bound.get() == value


def test_limits_follow_a_probe_that_is_declared(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    assert scope.trigger_limits() == pytest.approx((-800.0, 800.0))  # the 10:1 probe of channel 2
    dialogue.expect_sets(":CHAN3:PROB 100.0")
    scope.settings()["ch3_probe"].set(100.0)
    assert scope.scale_limits(3) == pytest.approx((0.1, 500.0))
    assert scope.trigger_limits() == pytest.approx((-8000.0, 8000.0))


def test_the_scale_goes_with_the_probe(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect_sets(":CHAN2:SCAL 50.0")
    scope.ch2_scale.set(50.0)
    before = len(dialogue.sent)
    with pytest.raises(LimitError, match="ch1_scale is to be 50 V, but goes from 1 mV to 5 V"):
        scope.ch1_scale.set(50.0)
    with pytest.raises(ConfigError, match="is one of dc, ac"):
        scope.ch1_coupling.set("wet")
    assert len(dialogue.sent) == before


def test_what_the_scope_clipped_is_an_error_that_carries_everything(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect_sets(":CHAN1:OFFS 40.0", error='-222,"Data out of range; value clipped to upper limit"')
    with pytest.raises(InstrumentError) as raised:
        scope.ch1_offset.set(40.0)
    assert (raised.value.instrument, raised.value.command, raised.value.code) == ("scope", ":CHAN1:OFFS 40.0", -222)


def test_what_is_only_reported_is_read(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect_all((":ACQ:SRAT?", "+5.00000E+09"), (":ACQ:POIN?", "+4000000"))
    assert (scope.sample_rate.get(), scope.memory_points.get()) == (5e9, 4e6)


def test_restoring_sends_only_what_differs(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect(":TIM:SCAL?", "+1.0E-06")
    dialogue.expect(":TRIG:SWE?", "AUTO")
    dialogue.expect_sets(":TRIG:SWE NORM")
    assert scope.restore({"time_scale": 1e-6, "trigger_sweep": "normal", "sample_rate": 5e9}) == ["trigger_sweep"]


def test_a_snapshot_asks_for_settings_and_measures_nothing(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    words = {
        "IMP?": "ONEM",
        "COUP?": "DC",
        "REF?": "CENT",
        "SOUR?": "CHAN1",
        "SLOP?": "POS",
        "SWE?": "AUTO",
        "TYPE?": "NORM",
    }
    asked: list[str] = []

    def answer(data: bytes) -> None:
        asked.append(data.decode().strip())
        dialogue.output += words.get(asked[-1].rsplit(":", 1)[-1], "+1.0E+00").encode() + b"\n"

    dialogue.write = answer
    assert set(scope.snapshot()) == set(scope.settings())
    assert all(text.endswith("?") and ":MEAS" not in text and ":WAV" not in text for text in asked)


def test_each_setting_has_a_unit_and_a_line_of_doc() -> None:
    found = settings_of(KeysightMsox3104)
    assert len(found) > 40
    for name, setting in found.items():
        assert setting.unit in UNITS, name
        assert setting.doc, name
        assert "\n" not in setting.doc, name
