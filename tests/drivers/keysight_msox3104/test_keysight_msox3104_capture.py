import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from drivers.keysight_msox3104 import KeysightMsox3104
from drivers.keysight_msox3104_settings import Measurement
from drivers.keysight_msox3104_waveform import Preamble, decode
from labctl.capabilities import Digitizer
from labctl.errors import ConfigError, FrameError, InstrumentError, LimitError, LinkTimeoutError, StateError

Opened = Callable[..., KeysightMsox3104]
WORD = "+1,+0,+4,+1,+1.6E-08,-5.0E-04,+0,+7.851759E-04,+5.0E-01,+32768"
RUNNING, STOPPED = "+8", "+0"


def expect_checks(dialogue: Any, kind: str = "NORM") -> None:
    dialogue.expect_all((":CHAN2:OFFS?", "+1.0E+00"), (":CHAN2:SCAL?", "+5.0E-01"), (":ACQ:TYPE?", kind))


def expect_armed(dialogue: Any, slope: str = "POS", shown: str = "+2.0E-06", armed: tuple[str, ...] = ("1",)) -> None:
    expect_checks(dialogue)
    dialogue.expect_sets(
        ":STOP", ":CHAN2:DISP 1", ":TIM:MODE MAIN", ":TIM:REF CENT", ":TIM:RANG 2e-06", ":TIM:POS 0",
        ":TRIG:MODE EDGE", ":TRIG:EDGE:SOUR CHAN2", f":TRIG:EDGE:SLOP {slope}", ":TRIG:EDGE:LEV 0.3", ":TRIG:SWE NORM",
    )  # fmt: skip
    dialogue.expect(":TIM:RANG?", shown)
    dialogue.expect_all((":TER?", "+1"), (":AER?", "+1"))
    dialogue.expect_sets(":SING")
    for answer in armed:
        dialogue.expect(":AER?", answer)


def block(data: bytes) -> bytes:
    return b"#8%08d" % len(data) + data + b"\n"


def expect_transfer(dialogue: Any, preamble: str, data: bytes, form: str = "WORD", n: int = 2) -> None:
    dialogue.expect(f":CHAN{n}:DISP?", "1")
    dialogue.expect_sets(
        f":WAV:SOUR CHAN{n}", f":WAV:FORM {form}", ":WAV:BYT LSBF", ":WAV:UNS 1", ":WAV:POIN:MODE MAX", ":WAV:POIN MAX"
    )
    dialogue.expect(":WAV:PRE?", preamble)
    dialogue.expect(":WAV:DATA?", block(data))


def test_arming_returns_once_it_waits_for_the_trigger(opened: Opened, dialogue: Any) -> None:
    scope: Digitizer = opened()
    expect_armed(dialogue, armed=("0", "0", "1"))
    scope.arm(duration=2e-6, level=0.3, channel=2)
    assert isinstance(scope, Digitizer)


def test_a_captured_pulse_comes_as_volts_and_seconds_at_full_depth(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    expect_armed(dialogue, slope="NEG")
    scope.arm(duration=2e-6, level=0.3, channel=2, rising=False)
    dialogue.expect_all((":OPER:COND?", RUNNING), (":OPER:COND?", STOPPED))
    expect_transfer(dialogue, WORD, struct.pack("<4H", 32768, 33768, 31768, 0))
    times, volts = scope.fetch_waveform(2)
    np.testing.assert_allclose(times, -5e-4 + np.arange(4) * 1.6e-8, rtol=1e-12)
    np.testing.assert_allclose(volts, [0.5, 0.5 + 0.7851759, 0.5 - 0.7851759, np.nan], rtol=1e-12)


def test_bytes_are_half_the_transfer(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect(":OPER:COND?", STOPPED)
    expect_transfer(dialogue, "0,0,3,1,1e-9,0,0,0.01,0,128", bytes([128, 228, 28]), "BYTE", n=1)
    assert scope.fetch_waveform(1, word=False).volts == pytest.approx([0.0, 1.0, -1.0])


def test_a_million_points_come_through_whatever_bytes_they_are(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    codes = np.random.default_rng(7).integers(1, 65536, 1_000_000).astype("<u2")  # seed 7; holds every byte, also LF
    dialogue.expect(":OPER:COND?", STOPPED)
    expect_transfer(dialogue, "1,0,1000000,1,1e-9,0,0,1,0,0", codes.tobytes())
    assert np.array_equal(scope.fetch_waveform(2).volts, codes.astype(float))


def test_times_count_from_the_reference_point() -> None:
    times, _ = decode("scope", Preamble.parse("scope", "0,0,3,1,0.5,10,2,1,0,0"), bytes([1, 2, 3]))
    assert times.tolist() == [9.0, 9.5, 10.0]


def test_peak_detection_gives_two_voltages_at_each_time() -> None:
    preamble = Preamble.parse("scope", "0,1,2,1,1,10,0,1,0,0")
    times, volts = decode("scope", preamble, bytes([1, 9, 2, 8]))
    assert times.tolist() == [10.0, 10.0, 12.0, 12.0]
    assert volts.tolist() == [1.0, 9.0, 2.0, 8.0]


@pytest.mark.parametrize(
    "text", ["1,0,4,1,1e-9", "1,0,4,1,1e-9,0,0,1,0,zero", "4,0,4,1,1e-9,0,0,1,0,0", "", WORD + ",0"]
)
def test_a_preamble_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(FrameError, match="scope"):
        Preamble.parse("scope", text)


def test_a_record_of_another_length_is_refused() -> None:
    with pytest.raises(FrameError, match="a waveform of 4 points came as 7 bytes"):
        decode("scope", Preamble.parse("scope", WORD), bytes(7))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"duration": 4e-9, "level": 1.0}, "duration is to be 4 ns, but goes from 5 ns to 500 s"),
        ({"duration": 1e3, "level": 1.0}, "duration is to be 1 ks"),
        ({"duration": float("nan"), "level": 1.0}, "duration is to be nan"),
    ],
)
def test_durations_beyond_the_time_base_are_refused_before_anything_is_sent(
    opened: Opened, dialogue: Any, arguments: dict[str, float], words: str
) -> None:
    scope = opened()
    before = len(dialogue.sent)
    with pytest.raises(LimitError, match=words):
        scope.arm(**arguments)
    assert len(dialogue.sent) == before


@pytest.mark.parametrize("duration", [5e-9, 500.0])
def test_the_shortest_and_the_longest_duration_are_allowed(opened: Opened, dialogue: Any, duration: float) -> None:
    scope = opened()
    dialogue.expect_all((":CHAN2:OFFS?", "0"), (":CHAN2:SCAL?", "1"))
    with pytest.raises(LimitError, match="level is to be"):
        scope.arm(duration=duration, level=100.0, channel=2)


def test_a_level_off_the_trigger_range_is_refused_before_anything_is_set(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect_all((":CHAN2:OFFS?", "+1.0E+00"), (":CHAN2:SCAL?", "+5.0E-01"))
    with pytest.raises(LimitError, match=r"level is to be 4.1 V, but goes from -2 V to 4 V; nothing was set"):
        scope.arm(duration=1e-6, level=4.1, channel=2)
    with pytest.raises(ConfigError, match="there is no channel 5"):
        scope.arm(duration=1e-6, level=0.0, channel=5)


def test_a_single_crossing_is_not_averaged(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    expect_checks(dialogue, "AVER")
    with pytest.raises(StateError, match="it is set to average"):
        scope.arm(duration=2e-6, level=0.3, channel=2)


def test_a_time_base_shorter_than_asked_for_is_an_error(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    expect_armed(dialogue, shown="+1.0E-06", armed=())
    del dialogue.script[-5:]
    dialogue.expect(":TIM:RANG?", "+1.0E-06")
    with pytest.raises(InstrumentError, match="was set to 2e-06, but reads back as 1e-06"):
        scope.arm(duration=2e-6, level=0.3, channel=2)


def test_a_trigger_that_never_comes_is_an_error_and_stops_the_scope(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    scope.link.options = type(scope.link.options)(timeout=0.0)
    dialogue.expect(":OPER:COND?", RUNNING)
    dialogue.expect_sets(":STOP")
    with pytest.raises(InstrumentError, match="no trigger came; it is stopped"):
        scope.wait_until_captured(timeout=-1.0)


def test_a_channel_that_was_off_has_no_waveform(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect_all((":OPER:COND?", STOPPED), (":CHAN3:DISP?", "0"))
    with pytest.raises(StateError, match="channel 3 was off"):
        scope.fetch_waveform(3)


def test_no_data_is_an_error_rather_than_an_empty_waveform(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect(":OPER:COND?", STOPPED)
    expect_transfer(dialogue, "1,0,0,1,1e-9,0,0,1,0,0", b"")
    dialogue.script.pop()
    with pytest.raises(InstrumentError, match="no captured data on channel 2"):
        scope.fetch_waveform(2)


def test_an_average_is_acquired_in_one_message(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect_sets(":ACQ:MODE RTIM", ":ACQ:TYPE AVER", ":ACQ:COUN 16", ":ACQ:COMP 100")
    dialogue.expect(":DIG CHAN1,CHAN3;*OPC?", "1")
    dialogue.expect_sets()
    scope.acquire_average(16, channels=(1, 3))
    with pytest.raises(LimitError, match="from 2 to 65536"):
        scope.acquire_average(1)


def test_an_average_without_triggers_is_ended_by_a_device_clear(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect_sets(":ACQ:MODE RTIM", ":ACQ:TYPE AVER", ":ACQ:COUN 2", ":ACQ:COMP 100")
    dialogue.expect(":DIG CHAN1;*OPC?")
    dialogue.expect_clear()
    dialogue.expect("SYST:ERR?", '+0,"No error"')
    with pytest.raises(LinkTimeoutError):
        scope.acquire_average(2)
    dialogue.expect_clear()
    dialogue.expect(":TER?", "+0")
    assert not scope.has_triggered()


def test_forcing_a_trigger_is_one_message(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect_sets(":TRIG:FORC")
    scope.force_trigger()


@pytest.mark.parametrize(
    ("what", "query", "answer", "value"),
    [
        (Measurement.VPP, ":MEAS:VPP? CHAN2", "+1.25E+00", 1.25),
        (Measurement.VAV, ":MEAS:VAV? DISP,CHAN2", "-1.0E-03", -1e-3),
        (Measurement.VRMS, ":MEAS:VRMS? DISP,DC,CHAN2", "+1.0E+00", 1.0),
        (Measurement.PWID, ":MEAS:PWID? CHAN2", "+9.9E+37", float("nan")),
    ],
)
def test_a_measurement_is_one_query_and_nan_where_there_is_none(
    opened: Opened, dialogue: Any, what: Measurement, query: str, answer: str, value: float
) -> None:
    scope = opened()
    dialogue.expect(query, answer)
    assert scope.measure(what, 2) == pytest.approx(value, nan_ok=True)


def test_the_screen_comes_as_png_bytes(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    image = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    dialogue.expect_sets(":HARD:INKS 0")
    dialogue.expect(":DISP:DATA? PNG,COL", block(image))
    assert scope.screenshot() == image
    dialogue.expect_sets(":HARD:INKS 0")
    dialogue.expect(":DISP:DATA? PNG,COL", block(b"BM123456"))
    with pytest.raises(FrameError, match="is no PNG"):
        scope.screenshot()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"+1.0E+00\n", "which is no block"), (b"#0abc\n", "which is no block"),
        (b"#8000x0003abc\n", "block of length"), (b"#13abcd\n", "longer than its 3 bytes"),
    ],
)  # fmt: skip
def test_a_damaged_block_is_refused_and_the_line_cleared(
    opened: Opened, dialogue: Any, answer: bytes, words: str
) -> None:
    scope = opened()
    dialogue.expect_sets(":HARD:INKS 0")
    dialogue.expect(":DISP:DATA? PNG,COL", answer)
    dialogue.expect_clear()
    dialogue.expect("SYST:ERR?", '+0,"No error"')
    with pytest.raises(FrameError, match=words):
        scope.screenshot()


def test_a_block_that_breaks_off_is_a_time_out_with_the_reason_if_there_is_one(opened: Opened, dialogue: Any) -> None:
    scope = opened()
    dialogue.expect_sets(":HARD:INKS 0")
    dialogue.expect(":DISP:DATA? PNG,COL", b"#800000010abc")
    dialogue.expect_clear()
    dialogue.expect("SYST:ERR?", '-230,"Data corrupt or stale"')
    dialogue.expect("SYST:ERR?", '+0,"No error"')
    with pytest.raises(InstrumentError, match="Data corrupt or stale") as raised:
        scope.screenshot()
    assert raised.value.command == ":DISP:DATA? PNG,COL"
