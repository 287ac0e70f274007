from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from drivers.keysight_33600a import Keysight33600A
from drivers.keysight_33600a_limits import LEAST_EDGE, MODELS, OutputLimits
from labctl.capabilities import Pulse, PulseSource
from labctl.errors import ConfigError, InstrumentError, LimitError, LinkTimeoutError, RunStoppedError
from labctl.instrument import IdlePolicy, SampleLimits

Opened = Callable[..., Keysight33600A]
PULSE = Pulse(height=2.0, rise=5e-9, width=100e-9, fall=10e-9)


def expect_pulse(dialogue: Any, *, high: str = "2.0", low: str = "0.0", polarity: str = "NORM", n: int = 1) -> None:
    s = f"SOUR{n}:"
    for text in (
        f"OUTP{n} OFF", f"{s}BURS:STAT OFF", f"{s}FUNC:PULS:HOLD WIDT", f"{s}FUNC:PULS:PER 1000000.0",
        f"{s}FUNC:PULS:WIDT 0.001", f"{s}FUNC PULS", f"{s}FUNC:PULS:TRAN:BOTH 1e-08",
    ):  # fmt: skip
        dialogue.expect(text)
    dialogue.expect(f"{s}VOLT:HIGH?", "+5.0000000000000E-02")
    dialogue.expect(f"{s}VOLT:LOW?", "-5.0000000000000E-02")
    levels = (f"{s}VOLT:HIGH {high}", f"{s}VOLT:LOW {low}")
    for text in levels if float(low) >= -0.05 else levels[::-1]:
        dialogue.expect(text)
    dialogue.expect_sets(
        f"{s}FUNC:PULS:TRAN:LEAD 4e-09", f"{s}FUNC:PULS:TRAN:TRA 8e-09", f"{s}FUNC:PULS:WIDT 1e-07",
        f"{s}FUNC:PULS:PER 1e-06", f"OUTP{n}:POL {polarity}",
    )  # fmt: skip


def expect_check(dialogue: Any, *, high: float = 2.0, low: float = 0.0, width: float = 1e-7, n: int = 1) -> None:
    s = f"SOUR{n}:"
    dialogue.expect(f"{s}VOLT:HIGH?", f"{high:+.13E}")
    dialogue.expect(f"{s}VOLT:LOW?", f"{low:+.13E}")
    dialogue.expect(f"{s}FUNC:PULS:WIDT?", f"{width:+.15E}")
    if width == 1e-7:
        dialogue.expect(f"{s}FUNC:PULS:PER?", "+1.000000000000000E-06")
        dialogue.expect(f"{s}FUNC:PULS:TRAN:LEAD?", "+4.000000000000000E-09")
        dialogue.expect(f"{s}FUNC:PULS:TRAN:TRA?", "+8.000000000000000E-09")


def expect_burst(dialogue: Any, count: int = 1, n: int = 1) -> None:
    dialogue.expect_sets(
        f"TRIG{n}:SOUR BUS", f"SOUR{n}:BURS:MODE TRIG", f"SOUR{n}:BURS:NCYC {count}", f"SOUR{n}:BURS:PHAS 0",
        f"SOUR{n}:BURS:STAT ON",
    )  # fmt: skip


def expect_given(dialogue: Any, count: int = 1, n: int = 1) -> None:
    expect_burst(dialogue, count, n)
    dialogue.expect_sets(f"OUTP{n} ON")
    dialogue.expect_sets(f"TRIG{n}")
    dialogue.expect("*OPC?", "1")
    dialogue.expect_sets(f"OUTP{n} OFF")


def test_a_pulse_train_is_one_triggered_burst_and_the_output_is_on_only_while_it_lasts(
    opened: Opened, dialogue: Any
) -> None:
    awg: PulseSource = opened()
    expect_pulse(dialogue)
    expect_check(dialogue)
    expect_given(dialogue, 3)
    awg.send_pulses(PULSE, count=3, period=1e-6)
    assert isinstance(awg, PulseSource)


def test_the_end_of_a_long_train_is_waited_for(opened: Opened, dialogue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    awg, waits = opened(), []
    whole = awg.wait_until_done

    def noted(timeout: float = 0.0) -> None:
        waits.append(timeout)
        whole(timeout)

    monkeypatch.setattr(awg, "wait_until_done", noted)
    expect_pulse(dialogue)
    expect_check(dialogue)
    expect_given(dialogue, 5_000_000)
    awg.send_pulses(PULSE, count=5_000_000, period=1e-6)
    assert waits == [pytest.approx(5.0)]


def test_a_negative_pulse_is_an_inverted_one_and_its_levels_never_cross(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    expect_pulse(dialogue, high="0.0", low="-1.5", polarity="INV")
    expect_check(dialogue, high=0.0, low=-1.5)
    expect_given(dialogue)
    awg.send_pulses(PULSE.model_copy(update={"height": -1.5}), period=1e-6)


def test_pulses_come_out_of_the_channel_that_the_station_names(opened: Opened, dialogue: Any) -> None:
    awg = opened(options={"channel": 2, "load": "50 ohm"})
    expect_pulse(dialogue, n=2)
    expect_check(dialogue, n=2)
    expect_given(dialogue, n=2)
    awg.send_pulses(PULSE, period=1e-6)


def test_without_a_period_half_of_it_is_pause(opened: Opened) -> None:
    assert limits().pulse(PULSE, 1, None).period == pytest.approx(2.0 * PULSE.duration)
    shortest = Pulse(height=1.0, rise=4e-9, width=5e-9, fall=4e-9)
    assert limits().pulse(shortest, 1, None).period == pytest.approx(18e-9)


def test_a_pulse_that_the_generator_changed_to_fit_is_not_given(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    expect_pulse(dialogue)
    expect_check(dialogue, width=1.2e-7)
    with pytest.raises(InstrumentError, match=r"was set to 1e-07, but reads back as 1.2e-07; the output is off"):
        awg.send_pulses(PULSE, period=1e-6)


def test_an_error_on_the_trigger_still_switches_the_output_off_and_carries_everything(
    opened: Opened, dialogue: Any
) -> None:
    awg = opened()
    expect_pulse(dialogue)
    expect_check(dialogue)
    expect_burst(dialogue)
    dialogue.expect_sets("OUTP1 ON")
    dialogue.expect_sets("TRIG1", error='-211,"Trigger ignored"')
    dialogue.expect_sets("OUTP1 OFF")
    with pytest.raises(InstrumentError) as raised:
        awg.send_pulses(PULSE, period=1e-6)
    error = raised.value
    assert (error.instrument, error.command, error.code, error.text) == ("pulser", "TRIG1", -211, "Trigger ignored")


def test_stopping_in_the_middle_of_a_burst_clears_the_line_and_leaves_the_output_off(
    opened: Opened, dialogue: Any
) -> None:
    awg = opened()
    expect_pulse(dialogue)
    expect_check(dialogue)
    expect_burst(dialogue)
    dialogue.expect_sets("OUTP1 ON")
    dialogue.expect_sets("TRIG1")
    dialogue.expect("*OPC?")
    dialogue.expect_clear()
    dialogue.expect_sets("OUTP1 OFF")
    play = dialogue.write
    dialogue.write = lambda data: (play(data), data == b"*OPC?\n" and awg.link.cancel())
    with pytest.raises(RunStoppedError):
        awg.send_pulses(PULSE, period=1e-6)


def test_a_burst_that_never_ends_leaves_the_output_off(opened: Opened, dialogue: Any) -> None:
    awg = opened()
    expect_pulse(dialogue)
    expect_check(dialogue)
    expect_burst(dialogue)
    dialogue.expect_sets("OUTP1 ON")
    dialogue.expect_sets("TRIG1")
    dialogue.expect("*OPC?")
    dialogue.expect_clear()
    dialogue.expect("SYST:ERR?", '+0,"No error"')
    dialogue.expect_clear()
    dialogue.expect_sets("OUTP1 OFF")
    with pytest.raises(LinkTimeoutError):
        awg.send_pulses(PULSE, period=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"height": 5.1}, "ch1: high level is to be 5.1 V, but goes from -5 V to 5 V; nothing was sent"),
        ({"height": -5.1}, "low level is to be -5.1 V"),
        ({"height": 0.0}, "amplitude from low to high level is to be 0 V, but goes from 1 mV to 10 V"),
        ({"width": 4.9e-9, "rise": 4e-9, "fall": 4e-9}, "width is to be 4.9 ns, but goes from 5 ns"),
        ({"width": 100e-9, "rise": 150e-9, "fall": 60e-9}, "width is to be 100 ns, but goes from 105 ns"),
        ({"rise": 3.5e-9}, r"rise \(0 to 100 %\) is to be 3.5 ns, but goes from 3.625 ns"),
        ({"height": 4.5, "fall": 4e-9}, r"fall \(0 to 100 %\) is to be 4 ns, but goes from 4.125 ns"),
        ({"width": 2e-6}, "period of such a pulse is to be 1 us, but goes from 2.0075 us"),
    ],
)
def test_pulses_beyond_the_generator_are_refused_before_anything_is_sent(
    opened: Opened, dialogue: Any, changes: dict[str, float], words: str
) -> None:
    awg = opened()
    before = len(dialogue.sent)
    with pytest.raises(LimitError, match=words):
        awg.send_pulses(PULSE.model_copy(update=changes), period=1e-6)
    assert len(dialogue.sent) == before


@pytest.mark.parametrize("sample", [SampleLimits(voltage=1.9), SampleLimits(voltage=3.0, device_voltage=1.9)])
def test_pulses_beyond_what_the_sample_stands_are_refused_before_anything_is_sent(
    opened: Opened, dialogue: Any, sample: SampleLimits
) -> None:
    awg = opened(limits=sample)
    before = len(dialogue.sent)
    with pytest.raises(LimitError, match=r"high level is to be 2 V, but goes from -1.9 V to 1.9 V"):
        awg.send_pulses(PULSE)
    with pytest.raises(LimitError, match=r"low level is to be -2 V"):
        awg.send_waveform(np.array([0.0, 1e-6]), np.array([0.0, -2.0]))
    assert len(dialogue.sent) == before


def test_an_open_output_carries_twice_the_voltage_and_is_declared_so(opened: Opened, dialogue: Any) -> None:
    awg = opened(options={})
    assert awg.output_limits(1).level == 10.0
    with pytest.raises(LimitError, match="goes from -10 V to 10 V"):
        awg.send_pulses(PULSE.model_copy(update={"height": 10.5}))


def limits(model: str = "33622A", load: float = 50.0) -> OutputLimits:
    return OutputLimits("pulser: ch1", MODELS[model], load, SampleLimits())


@pytest.mark.parametrize(
    ("model", "span", "shape", "hertz"),
    [
        ("33622A", 4.0, "SIN", 120e6), ("33622A", 8.0, "SIN", 80e6), ("33622A", 10.0, "SIN", 60e6),
        ("33612A", 4.0, "SIN", 80e6), ("33612A", 10.0, "SIN", 60e6), ("33622A", 4.0, "PULS", 100e6),
        ("33622A", 4.1, "SQU", 50e6), ("33622A", 1.0, "RAMP", 800e3),
    ],
)  # fmt: skip
def test_the_highest_frequency_hangs_on_model_shape_and_amplitude(
    model: str, span: float, shape: str, hertz: float
) -> None:
    assert limits(model).highest_frequency(shape, span) == hertz
    assert limits(model, float("inf")).highest_frequency(shape, 2.0 * span) == hertz


def test_whole_ramps_go_out_as_ten_to_ninety_percent() -> None:
    wire = limits().pulse(Pulse(height=1.0, rise=LEAST_EDGE / 0.8, width=50e-9, fall=20e-9), 1, None)
    assert (wire.lead, wire.trail) == (pytest.approx(2.9e-9), pytest.approx(16e-9))


def test_only_a_floating_output_is_offered_for_idle_times(dialogue: Any) -> None:
    with pytest.raises(ConfigError, match="'ground' is not possible; there is float"):
        Keysight33600A(dialogue.link(), idle=IdlePolicy.GROUND)
