from collections.abc import Callable
from typing import Any

import pytest

from drivers.keysight_33600a import Keysight33600A
from labctl.errors import ConfigError, FrameError, InstrumentError, LimitError, LinkTimeoutError, StateError
from labctl.instrument import SampleLimits
from labctl.settings import settings_of
from labctl.units import UNITS

Opened = Callable[..., Keysight33600A]


def test_making_a_driver_sends_nothing(dialogue: Any) -> None:
    Keysight33600A(dialogue.link())
    assert dialogue.opened == 0


@pytest.mark.parametrize(
    "answer",
    [
        "Agilent Technologies,33522B,MY1,1.0", "Tektronix,33622A,MY1,1.0", "Agilent Technologies,33622A", "",
    ],
)  # fmt: skip
def test_another_instrument_is_refused_and_let_go(dialogue: Any, answer: str) -> None:
    dialogue.expect("*IDN?", answer)
    awg = Keysight33600A(dialogue.link(), role="pulser")
    with pytest.raises(InstrumentError, match=r"this driver is for Keysight 33611A"):
        awg.open()
    assert not awg.link.is_open


def test_the_identity_is_what_answered(opened: Opened) -> None:
    identity = opened("33612A").identity
    assert identity is not None
    assert (identity.model, identity.serial) == ("33612A", "MY59002437")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"channel": 3}, "neither 1 nor 2"), ({"load": "50 V"}, "not in the right unit"),
        ({"load": 50}, "is no str"), ({"speed": 1}, "is no option"),
    ],
)  # fmt: skip
def test_wrong_options_are_refused(dialogue: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Keysight33600A(dialogue.link(), options=options)


def test_the_second_channel_of_a_one_channel_model_is_refused_on_opening(dialogue: Any) -> None:
    dialogue.expect("*IDN?", "Keysight Technologies,33621A,MY1,1.0")
    awg = Keysight33600A(dialogue.link(), options={"channel": 2})
    with pytest.raises(ConfigError, match="there is no channel 2"):
        awg.open()
    assert not awg.is_open
    assert not awg.link.is_open


def test_make_safe_opens_both_relays_and_reads_them_back(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    for text in ("OUTP1 OFF", "OUTP2 OFF"):
        dialogue.expect(text)
    dialogue.expect_all(("OUTP1?", "0"), ("OUTP2?", "0"))
    assert awg.make_safe() == {"ch1_output": False, "ch2_output": False}


def test_an_output_that_stays_on_is_an_error_that_names_it(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    for text in ("OUTP1 OFF", "OUTP2 OFF"):
        dialogue.expect(text)
    dialogue.expect_all(("OUTP1?", "0"), ("OUTP2?", "1"))
    with pytest.raises(InstrumentError, match="output 2 is still on") as raised:
        awg.make_safe()
    assert raised.value.instrument == "pulser"


def test_make_safe_comes_through_after_an_answer_that_never_came(opened: Opened, dialogue: Any) -> None:
    awg = opened("33621A")
    dialogue.expect("SOUR1:FREQ?")
    dialogue.expect_clear()
    dialogue.expect("SYST:ERR?")
    with pytest.raises(LinkTimeoutError):
        awg.ch1_frequency.get()
    dialogue.expect_clear()
    dialogue.expect("OUTP1 OFF")
    dialogue.expect("OUTP1?", "0")
    assert awg.make_safe() == {"ch1_output": False}


def test_closing_makes_safe(opened: Opened, dialogue: Any) -> None:
    awg = opened("33611A")
    dialogue.expect("OUTP1 OFF")
    dialogue.expect("OUTP1?", "0")
    awg.close()
    assert not awg.link.is_open


def test_a_query_without_answer_says_what_the_error_queue_says(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    dialogue.expect("FREQ:COUP:STAT?")
    dialogue.expect_clear()
    dialogue.expect("SYST:ERR?", '-113,"Undefined header"')
    dialogue.expect("SYST:ERR?", '-410,"Query INTERRUPTED"')
    dialogue.expect("SYST:ERR?", '+0,"No error"')
    with pytest.raises(InstrumentError) as raised:
        awg.frequency_coupling.get()
    assert (raised.value.instrument, raised.value.command, raised.value.code) == ("pulser", "FREQ:COUP:STAT?", -113)
    assert raised.value.text == "Undefined header; then -410: Query INTERRUPTED"


def test_a_line_that_knows_no_device_clear_is_opened_again(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    dialogue.can_clear = False
    awg.clear_device()
    assert dialogue.opened == 2
    assert awg.link.is_open


def test_an_answer_that_is_no_number_is_refused(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    dialogue.expect("SOUR1:FREQ?", "SIN")
    with pytest.raises(FrameError, match="'SIN', which is no number"):
        awg.ch1_frequency.get()
    dialogue.expect("SOUR1:FUNC?", "WOBBLE")
    with pytest.raises(FrameError, match="'WOBBLE', which this driver cannot name"):
        awg.ch1_function.get()


def test_a_reset_ends_in_the_same_state_as_opening(opened: Opened, dialogue: Any) -> None:
    awg = opened("33621A")
    dialogue.expect_sets("*RST")
    dialogue.expect("*OPC?", "1")
    dialogue.expect_sets("UNIT:ANGL DEG", "FORM:BORD SWAP", "SOUR1:VOLT:UNIT VPP")
    dialogue.expect("OUTP1:LOAD?", "+5.000000000000000E+01")
    dialogue.expect("OUTP1:LOAD?", "+5.000000000000000E+01")
    awg.reset()


# -- settings -------------------------------------------------------------------------------------------------------

PLAIN = [
    ("function", "pulse", "SOUR1:FUNC PULS", "SOUR1:FUNC?", "PULS"),
    ("polarity", "inverted", "OUTP1:POL INV", "OUTP1:POL?", "INV"),
    ("phase", 90.0, "SOUR1:PHAS 90.0", "SOUR1:PHAS?", "+9.0000000000000E+01"),
    ("width", "50 ns", "SOUR1:FUNC:PULS:WIDT 5e-08", "SOUR1:FUNC:PULS:WIDT?", "+5.000000000000000E-08"),
    ("leading_edge", 4e-9, "SOUR1:FUNC:PULS:TRAN:LEAD 4e-09", "SOUR1:FUNC:PULS:TRAN:LEAD?", "+4.000000000000000E-09"),
    ("trailing_edge", 4e-9, "SOUR1:FUNC:PULS:TRAN:TRA 4e-09", "SOUR1:FUNC:PULS:TRAN:TRA?", "+4.000000000000000E-09"),
    ("period", 1e-3, "SOUR1:FUNC:PULS:PER 0.001", "SOUR1:FUNC:PULS:PER?", "+1.000000000000000E-03"),
    ("waveform", "ramp", 'SOUR1:FUNC:ARB "ramp"', "SOUR1:FUNC:ARB?", '"ramp"'),
    ("sample_rate", 1e6, "SOUR1:FUNC:ARB:SRAT 1000000.0", "SOUR1:FUNC:ARB:SRAT?", "+1.000000000000000E+06"),
    ("filter", "steps", "SOUR1:FUNC:ARB:FILT OFF", "SOUR1:FUNC:ARB:FILT?", "OFF"),
    ("burst", True, "SOUR1:BURS:STAT 1", "SOUR1:BURS:STAT?", "1"),
    ("burst_mode", "gated", "SOUR1:BURS:MODE GAT", "SOUR1:BURS:MODE?", "GAT"),
    ("burst_cycles", 5, "SOUR1:BURS:NCYC 5", "SOUR1:BURS:NCYC?", "+5.000000000000000E+00"),
    ("burst_cycles", 0, "SOUR1:BURS:NCYC INF", "SOUR1:BURS:NCYC?", "+9.9E+37"),
    ("trigger_source", "command", "TRIG1:SOUR BUS", "TRIG1:SOUR?", "BUS"),
    ("trigger_slope", "falling", "TRIG1:SLOP NEG", "TRIG1:SLOP?", "NEG"),
    ("tracking", "inverted", "SOUR1:TRAC INV", "SOUR1:TRAC?", "INV"),
]


@pytest.mark.parametrize(("name", "value", "sent", "query", "answer"), PLAIN)
def test_a_setting_is_one_message_each_way(
    opened: Opened, dialogue: Any, name: str, value: Any, sent: str, query: str, answer: str
) -> None:
    awg = opened()
    for n in (1, 2):
        bound = awg.settings()[f"ch{n}_{name}"]
        put = [text.replace("1:", f"{n}:", 1) for text in (sent, query)]
        dialogue.expect_sets(put[0])
        bound.set(value)
        dialogue.expect(put[1], answer)
        assert bound.get() == (5e-8 if value == "50 ns" else value)


def test_the_coupling_of_the_channels_is_a_setting(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    dialogue.expect_sets("VOLT:COUP:STAT 1")
    awg.voltage_coupling.set(True)
    dialogue.expect_sets("FREQ:COUP:STAT 0")
    awg.frequency_coupling.set(False)


def test_levels_are_checked_against_each_other_and_the_sample(opened: Opened, dialogue: Any) -> None:
    awg = opened(limits=SampleLimits(voltage=1.0))

    def present(high: str, low: str) -> None:
        dialogue.expect_all(("SOUR1:VOLT:HIGH?", high), ("SOUR1:VOLT:LOW?", low))

    present("0.5", "0.0")
    dialogue.expect_sets("SOUR1:VOLT:HIGH 1.0")
    awg.ch1_high.set(1.0)
    with pytest.raises(LimitError, match="goes from -1 V to 1 V"):
        awg.ch1_high.set(1.01)
    present("0.5", "0.0")
    with pytest.raises(LimitError, match="amplitude from low to high level is to be -500 mV"):
        awg.ch1_high.set(-0.5)
    dialogue.expect("SOUR1:VOLT:OFFS?", "+5.0000000000000E-01")
    with pytest.raises(LimitError, match=r"high level is to be 1.1 V"):
        awg.ch1_amplitude.set(1.2)
    dialogue.expect("SOUR1:VOLT:OFFS?", "+5.0000000000000E-01")
    dialogue.expect_sets("SOUR1:VOLT 0.2")
    awg.ch1_amplitude.set(0.2)
    dialogue.expect("SOUR1:VOLT?", "+2.0000000000000E-01")
    dialogue.expect_sets("SOUR1:VOLT:OFFS -0.25")
    awg.ch1_offset.set(-0.25)
    dialogue.expect("SOUR1:VOLT?", "+2.0000000000000E-01")
    with pytest.raises(LimitError, match="high level"):
        awg.ch1_offset.set(0.95)


def test_an_output_whose_levels_the_sample_cannot_stand_is_not_switched_on(opened: Opened, dialogue: Any) -> None:
    awg = opened(limits=SampleLimits(voltage=1.0))
    dialogue.expect("OUTP1:LOAD?", "+5.0E+01")
    dialogue.expect_all(("SOUR1:VOLT:HIGH?", "1.5"), ("SOUR1:VOLT:LOW?", "0.0"))
    with pytest.raises(LimitError, match=r"high level is to be 1.5 V"):
        awg.ch1_output.set(True)
    dialogue.expect("OUTP1:LOAD?", "+5.0E+01")
    dialogue.expect_all(("SOUR1:VOLT:HIGH?", "1.0"), ("SOUR1:VOLT:LOW?", "0.0"))
    dialogue.expect_sets("OUTP1 ON")
    awg.ch1_output.set(True)
    dialogue.expect_sets("OUTP1 OFF")
    awg.ch1_output.set(False)


def test_the_load_is_declared_only_while_the_output_is_off(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    dialogue.expect("OUTP2?", "1")
    with pytest.raises(StateError, match="while the output is on"):
        awg.ch2_load.set("high impedance")
    dialogue.expect("OUTP2?", "0")
    dialogue.expect_sets("OUTP2:LOAD 75.0")
    awg.ch2_load.set("75 ohm")
    assert awg.level_limits(2) == (-6.0, 6.0)
    dialogue.expect("OUTP2:LOAD?", "+9.9E+37")
    assert awg.ch2_load.get() == "high impedance"
    with pytest.raises(LimitError, match="1 ohm to 10 kohm"):
        awg.ch2_load.set("20 kohm")


def test_the_frequency_is_checked_against_shape_and_amplitude(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    dialogue.expect_all(("SOUR1:FUNC?", "SQU"), ("SOUR1:VOLT?", "+5.0000000000000E+00"))
    with pytest.raises(LimitError, match="frequency of SQU is to be 60 MHz, but goes from 1 uHz to 50 MHz"):
        awg.ch1_frequency.set("60 MHz")
    dialogue.expect_all(("SOUR1:FUNC?", "SQU"), ("SOUR1:VOLT?", "+4.0000000000000E+00"))
    dialogue.expect_sets("SOUR1:FREQ 60000000.0")
    awg.ch1_frequency.set("60 MHz")


def test_in_a_block_the_error_queue_is_read_once_and_the_error_names_all_of_it(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    dialogue.expect_sets("SOUR1:PHAS 1.0", "SOUR1:BURS:STAT 1", error='-221,"Settings conflict"')

    def set_both() -> None:
        with awg.block():
            awg.ch1_phase.set(1.0)
            awg.ch1_burst.set(True)

    with pytest.raises(InstrumentError, match="Settings conflict") as raised:
        set_both()
    assert raised.value.command == "SOUR1:PHAS 1.0; SOUR1:BURS:STAT 1"


def test_a_snapshot_only_asks(opened: Opened, dialogue: Any) -> None:
    awg = opened("33621A")
    answers = {"FUNC?": "SIN", "POL?": "NORM", "ARB?": '"x"', "FILT?": "STEP", "MODE?": "TRIG", "SLOP?": "POS"}
    play: list[str] = []

    def answer(data: bytes) -> None:
        text = data.decode().strip()
        play.append(text)
        reply = "IMM" if text == "TRIG1:SOUR?" else answers.get(text.rsplit(":", 1)[-1], "+1.0E+00")
        dialogue.output += reply.encode() + b"\n"

    dialogue.write = answer
    assert set(awg.snapshot()) == set(awg.settings())
    assert all(text.endswith("?") for text in play)


def test_restoring_sends_only_what_differs_and_switches_no_output_on(opened: Opened, dialogue: Any) -> None:
    awg = opened("33621A")
    snapshot = {"ch1_output": True, "ch1_load": "50 ohm", "ch1_high": 1.0, "ch1_low": 0.0, "ch1_amplitude": 1.0,
                "ch1_offset": 0.5, "ch1_burst": False, "ch1_phase": 0.0}  # fmt: skip
    dialogue.expect("OUTP1:LOAD?", "+5.0E+01")
    dialogue.expect_all(("SOUR1:VOLT:HIGH?", "-1.0"), ("SOUR1:VOLT:LOW?", "-2.0"))
    dialogue.expect_all(("SOUR1:VOLT:HIGH?", "-1.0"), ("SOUR1:VOLT:LOW?", "-2.0"))
    dialogue.expect_sets("SOUR1:VOLT:HIGH 1.0", "SOUR1:VOLT:LOW 0.0")
    dialogue.expect("SOUR1:BURS:STAT?", "1")
    dialogue.expect_sets("SOUR1:BURS:STAT 0")
    dialogue.expect("SOUR1:PHAS?", "+0.0E+00")
    assert awg.restore(snapshot) == ["ch1_high", "ch1_low", "ch1_burst"]
    dialogue.expect("OUTP1?", "1")
    dialogue.expect_sets("OUTP1 OFF")
    assert awg.restore({"ch1_output": False}) == ["ch1_output"]


def test_each_setting_has_a_unit_and_a_line_of_doc() -> None:
    found = settings_of(Keysight33600A)
    assert len(found) > 40
    for name, setting in found.items():
        assert setting.unit in UNITS, name
        assert setting.doc, name
        assert "\n" not in setting.doc, name


def test_a_panel_lists_channel_after_channel_and_a_one_channel_model_has_one(opened: Opened) -> None:
    names = list(opened("33621A").settings())
    assert all(name.startswith("ch1_") for name in names)
    assert "ch1_width" in names


def test_a_panel_of_two_channels_lists_one_after_the_other(opened: Opened) -> None:
    names = list(opened().settings())
    first = [name.startswith("ch1_") for name in names]
    assert first == sorted(first, reverse=True)
    assert names[-2:] == ["frequency_coupling", "voltage_coupling"]
