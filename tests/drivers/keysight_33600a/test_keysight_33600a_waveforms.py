from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from drivers.keysight_33600a import Keysight33600A
from drivers.keysight_33600a_limits import MODELS, MOST_POINTS, OutputLimits
from drivers.keysight_33600a_memory import Segment
from labctl.capabilities import Pulse
from labctl.errors import ConfigError, InstrumentError, LimitError
from labctl.instrument import SampleLimits

Opened = Callable[..., Keysight33600A]
LIMITS = OutputLimits("pulser: ch1", MODELS["33622A"], 50.0, SampleLimits())


@pytest.mark.parametrize("count", [1, 1_000_000])
def test_a_waveform_is_uploaded_as_codes_and_given_as_often_as_asked(opened: Opened, dialogue: Any, count: int) -> None:
    awg = opened()
    codes = np.round(np.interp(np.arange(1001) / 1e9, [0.0, 5e-7, 1e-6], [-1.0, 1.0, -1.0]) * 32767)
    dialogue.expect_sets("OUTP1 OFF", "SOUR1:BURS:STAT OFF", "SOUR1:DATA:VOL:CLE")
    dialogue.expect(b"SOUR1:DATA:ARB:DAC LABCTL,#42002" + codes.astype("<i2").tobytes() + b"\n")
    dialogue.expect("*OPC?", "1")
    dialogue.expect_sets()
    dialogue.expect('SOUR1:FUNC:ARB "LABCTL"')
    dialogue.expect("SOUR1:FUNC:ARB:FILT STEP")
    dialogue.expect("SOUR1:FUNC:ARB:SRAT 1000000000.0")
    dialogue.expect("SOUR1:FUNC ARB")
    dialogue.expect("SOUR1:VOLT:HIGH?", "+5.0000000000000E-02")
    dialogue.expect("SOUR1:VOLT:LOW?", "-5.0000000000000E-02")
    dialogue.expect_sets("SOUR1:VOLT:HIGH 2.0", "SOUR1:VOLT:LOW 0.0")
    dialogue.expect_sets("OUTP1:POL NORM")
    dialogue.expect("SOUR1:VOLT:HIGH?", "+2.0000000000000E+00")
    dialogue.expect("SOUR1:VOLT:LOW?", "+0.0000000000000E+00")
    dialogue.expect("SOUR1:FUNC:ARB:SRAT?", "+1.000000000000000E+09")
    dialogue.expect_sets(
        "TRIG1:SOUR BUS", "SOUR1:BURS:MODE TRIG", f"SOUR1:BURS:NCYC {count}", "SOUR1:BURS:PHAS 0", "SOUR1:BURS:STAT ON"
    )
    dialogue.expect_sets("OUTP1 ON")
    dialogue.expect_sets("TRIG1")
    dialogue.expect("*OPC?", "1")
    dialogue.expect_sets("OUTP1 OFF")
    awg.send_waveform(np.array([0.0, 5e-7, 1e-6]), np.array([0.0, 2.0, 0.0]), count=count)


def test_no_waveform_at_all_is_refused(opened: Opened, dialogue: Any) -> None:
    with pytest.raises(LimitError, match="number of waveforms is to be 0"):
        opened().send_waveform(np.array([0.0, 1e-6]), np.array([0.0, 1.0]), count=0)


def test_a_million_points_go_up_in_one_block(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    samples = np.linspace(-1.0, 1.0, 1_000_001)
    codes = np.round(samples * 32767).astype("<i2")
    dialogue.expect(b"SOUR2:DATA:ARB:DAC ramp,#72000002" + codes.tobytes() + b"\n")
    dialogue.expect("*OPC?", "1")
    dialogue.expect_sets()
    awg.upload_waveform("ramp", samples, channel=2)


def test_an_upload_under_a_name_that_is_there_raises_what_the_generator_says(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    dialogue.expect(b"SOUR1:DATA:ARB:DAC a,#264" + bytes(64) + b"\n")
    dialogue.expect("*OPC?", "1")
    dialogue.expect_sets(error='+786,"Specified arb waveform already exists"')
    with pytest.raises(InstrumentError, match="already exists") as raised:
        awg.upload_waveform("a", np.zeros(32, np.int16))
    assert (raised.value.command, raised.value.code) == ("SOUR1:DATA:ARB:DAC a,", 786)


@pytest.mark.parametrize(
    ("name", "samples", "error", "words"),
    [
        ("a", np.zeros(31), LimitError, "number of samples is to be 31, but goes from 32"),
        ("a", np.full(32, 1.001), LimitError, "largest sample"),
        ("a", np.full(32, np.nan), LimitError, "largest sample is to be nan"),
        ("a", np.full(32, -32768, np.int16), LimitError, "largest sample"),
        ("a b", np.zeros(32), ConfigError, "name of up to 12 letters"),
        ("much_too_long", np.zeros(32), ConfigError, "name of up to 12 letters"),
        ("a", np.zeros((2, 32)), ConfigError, "a waveform is a list of samples"),
    ],
)
def test_uploads_that_cannot_be_are_refused_before_anything_is_sent(
    opened: Opened, dialogue: Any, name: str, samples: Any, error: type[Exception], words: str
) -> None:
    awg = opened()
    before = len(dialogue.sent)
    with pytest.raises(error, match=words):
        awg.upload_waveform(name, samples)
    assert len(dialogue.sent) == before


def test_a_sequence_is_a_block_of_text(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    text = b'"train","a",10,repeat,maintain,4,"b",1,once,highAtStart,8'
    dialogue.expect(b"SOUR1:DATA:SEQ #2%d" % len(text) + text + b"\n")
    dialogue.expect("*OPC?", "1")
    dialogue.expect_sets()
    awg.upload_sequence("train", [Segment("a", 10), Segment("b", play="once", marker="highAtStart", marker_point=8)])
    with pytest.raises(ConfigError, match="one or more segments"):
        awg.upload_sequence("train", [])


def test_an_uploaded_waveform_is_selected_without_touching_the_output(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    for text in ('FUNC:ARB "train"', "FUNC:ARB:FILT STEP", "FUNC:ARB:SRAT 1000000.0", "FUNC ARB"):
        dialogue.expect(f"SOUR2:{text}")
    dialogue.expect("SOUR2:VOLT:HIGH?", "+5.0000000000000E-02")
    dialogue.expect("SOUR2:VOLT:LOW?", "-5.0000000000000E-02")
    dialogue.expect_sets("SOUR2:VOLT:LOW -1.0", "SOUR2:VOLT:HIGH 1.0")
    awg.select_waveform("train", rate=1e6, high=1.0, low=-1.0, channel=2)
    before = len(dialogue.sent)
    with pytest.raises(LimitError, match=r"sample rate is to be 1.1 GSa/s"):
        awg.select_waveform("train", rate=1.1e9, high=1.0, low=-1.0)
    assert len(dialogue.sent) == before


def test_memory_trigger_and_channel_actions_are_one_message_each(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    dialogue.expect_sets("SOUR2:DATA:VOL:CLE")
    awg.clear_waveforms(channel=2)
    dialogue.expect_sets("TRIG2")
    awg.trigger(2)
    dialogue.expect_sets("PHAS:SYNC")
    awg.synchronize_phases()
    dialogue.expect_sets("FUNC:ARB:SYNC")
    awg.restart_waveforms()
    with pytest.raises(ConfigError, match="there is no channel 3"):
        awg.clear_waveforms(channel=3)


def test_samples_follow_the_ramps_to_half_a_code() -> None:
    times, volts = np.array([0.0, 1e-6, 1.1e-6, 3e-6]), np.array([0.3, 1.7, -0.4, 0.3])
    wave = LIMITS.waveform(times, volts)
    back = (wave.high + wave.low) / 2.0 + wave.codes / 32767 * (wave.high - wave.low) / 2.0
    expected = np.interp(np.arange(len(back)) / wave.rate, times, volts)
    assert np.max(np.abs(back - expected)) <= 0.5001 * (wave.high - wave.low) / 2.0 / 32767
    assert (wave.high, wave.low) == (pytest.approx(1.7), pytest.approx(-0.4))
    assert len(back) / wave.rate >= 3e-6


def test_a_long_waveform_lowers_the_rate_rather_than_lose_its_end() -> None:
    wave = LIMITS.waveform(np.array([0.0, 1e-6, 1.0]), np.array([0.0, 1.0, 0.0]))
    assert len(wave.codes) <= MOST_POINTS
    assert wave.duration >= 1.0
    assert LIMITS.waveform(np.array([0.0, 1e-8]), np.array([0.0, 1.0])).codes.shape == (32,)


@pytest.mark.parametrize(
    ("times", "volts", "error", "words"),
    [
        ([0.0, 1e-7, 1.0], [0.0, 1.0, 0.0], LimitError, "shortest piece of the waveform is to be 100 ns"),
        ([0.0, 1.0], [0.0, 5.5], LimitError, "high level is to be 5.5 V"),
        ([0.0, 1.0], [0.0, np.nan], LimitError, "high level is to be nan"),
        ([1e-6, 2e-6], [0.0, 1.0], ConfigError, "begin at 0 and rise"),
        ([0.0, 0.0], [0.0, 1.0], ConfigError, "begin at 0 and rise"),
        ([0.0], [0.0], ConfigError, "two or more times"),
        ([0.0, 1.0], [0.0, 1.0, 2.0], ConfigError, "as many voltages"),
    ],
)
def test_waveforms_that_cannot_be_are_refused(
    times: list[float], volts: list[float], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        LIMITS.waveform(np.array(times), np.array(volts))


def test_a_pulse_with_slow_edges_becomes_a_waveform_of_exactly_one_period() -> None:
    pulse = Pulse(height=-1.0, rise=1e-6, width=6e-6, fall=4e-6)
    wave = LIMITS.slow_pulse(pulse, 2e-5)
    assert wave.duration == pytest.approx(2e-5, rel=1e-12)
    back = wave.codes / 65534 - 0.5
    at = [int(t * wave.rate) for t in (0.5e-6, 3e-6, 6.5e-6, 12e-6)]
    assert back[at] == pytest.approx([-0.5, -1.0, -0.5, 0.0], abs=0.07)


def test_slow_edges_are_played_from_the_waveform_memory(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    dialogue.expect_sets("OUTP1 OFF", "SOUR1:BURS:STAT OFF", "SOUR1:DATA:VOL:CLE", error='-241,"Hardware missing"')
    with pytest.raises(InstrumentError, match="Hardware missing"):
        awg.send_pulses(Pulse(height=1.0, rise=5e-9, width=6e-6, fall=4e-6), count=2)
