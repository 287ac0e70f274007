"""What the 33600A's terminals are told: pulses with their edges, bursts, triggers, continuous waveforms."""

import numpy as np
import pytest

PULSE = (
    "FUNC PULS;:FUNC:PULS:WIDT 1e-7;PER 1e-6;TRAN:LEAD 8e-9;TRA 16e-9;:VOLT:LOW 0;HIGH 1;"
    ":TRIG:SOUR BUS;:BURS:NCYC 1;STAT ON;:OUTP ON"
)


def test_nothing_is_driven_until_the_output_is_on_and_off_releases(generator, terminals):
    generator.send("APPL:SIN 1e3,1,0", "OUTP OFF")
    assert terminals["ch1"].told == ("release",)
    assert terminals["ch2"].told is None


def test_a_pulse_has_its_edges_its_width_at_half_height_and_twice_the_voltage_open(generator, terminals):
    generator.send(PULSE)
    assert terminals["ch1"].told == ("force", 0.0, 50.0)
    generator.send("*TRG")
    times, volts = terminals["ch1"].times, terminals["ch1"].volts
    assert times[:4] == pytest.approx([0, 10e-9, 95e-9, 115e-9])
    assert volts[:5] == pytest.approx([0, 2, 2, 0, 0])
    assert np.interp(1.0, volts[1::-1][::-1], times[:2]) == pytest.approx(5e-9)
    assert terminals["ch1"].at([5e-9, 105e-9]) == pytest.approx([1.0, 1.0])
    assert generator.codes() == []


def test_a_train_has_exactly_as_many_pulses_as_asked_for(generator, terminals, clock):
    generator.send(PULSE, "BURS:NCYC 1000", "*TRG")
    rising = (terminals["ch1"].volts[:-1] < 1.0) & (terminals["ch1"].volts[1:] >= 1.0)
    assert np.count_nonzero(rising) == 1000
    assert terminals["ch1"].times[-1] == pytest.approx(1e-3)
    assert generator.ask("*OPC?") == "1"
    assert clock.now() == pytest.approx(1e-3)


def test_a_trigger_that_nobody_waits_for_is_ignored_with_an_error(generator):
    generator.send("*TRG", "TRIG1", PULSE, "*TRG", "*TRG")
    assert generator.codes() == [-211, -211, -211]
    generator.send("*WAI;*TRG;*WAI;*TRG")
    assert generator.codes() == []


def test_the_bus_triggers_both_waiting_channels(generator, terminals):
    generator.send(PULSE, PULSE.replace(":TRIG", ":TRIG2").replace(":OUTP", ":OUTP2").replace("FUNC", "SOUR2:FUNC", 1))
    generator.send("SOUR2:BURS:STAT ON", "*TRG")
    assert [terminals[name].told[0] for name in ("ch1", "ch2")] == ["play", "play"]


def test_polarity_turns_a_pulse_over_about_its_offset(generator, terminals):
    generator.send(PULSE, "OUTP:POL INV", "*TRG")
    assert terminals["ch1"].at([0.0, 50e-9]) == pytest.approx([2.0, 0.0])


def test_a_trigger_delay_keeps_the_output_at_rest(generator, terminals):
    generator.send(PULSE, "TRIG:DEL 1e-6", "*TRG")
    assert terminals["ch1"].at([0.5e-6, 1.05e-6]) == pytest.approx([0.0, 2.0])


def test_without_continuous_initiation_only_counted_triggers_are_taken(generator):
    generator.send(PULSE, "INIT:CONT OFF", "TRIG:COUN 2", "*TRG")
    assert generator.codes() == [-211]
    generator.send("INIT", "*TRG;*WAI;*TRG;*WAI")
    assert generator.codes() == []
    generator.send("*TRG")
    assert generator.codes() == [-211]


def test_external_edges_trigger_by_slope_and_levels_gate(generator, terminals, clock):
    generator.send(PULSE, "TRIG:SOUR EXT;SLOP NEG")
    generator.front_end.set_external_trigger(high=True)
    assert terminals["ch1"].told[0] == "force"
    generator.front_end.set_external_trigger(high=False)
    assert terminals["ch1"].told[0] == "play"
    clock.wait(1.0)
    generator.send("BURS:MODE GAT")
    generator.front_end.set_external_trigger(high=True)
    clock.wait(2.5e-6)
    generator.front_end.set_external_trigger(high=False)
    assert terminals["ch1"].times[-1] == pytest.approx(0.5e-6)


def test_an_abort_ends_a_burst_at_its_rest_level(generator, terminals):
    generator.send(PULSE, "*TRG", "ABOR")
    assert terminals["ch1"].told == ("force", 0.0, 50.0)


@pytest.mark.parametrize(("function", "quarter"), [("SIN", 1.0), ("SQU", 1.0), ("TRI", 0.0), ("RAMP", -0.5)])
def test_continuous_functions_have_their_shape_and_go_on_when_looked_at(generator, terminals, clock, function, quarter):
    generator.send(f"APPL:{function} 1e3,1,0.5")
    wave = terminals["ch1"]
    phases = np.array([0.25, 7.25, 49.25]) * 1e-3
    assert wave.at(phases) == pytest.approx([1.0 + quarter] * 3, abs=2e-3)
    reach = wave.times[-1]
    clock.wait(reach * 0.75)
    generator.ask("*OPC?")
    later = (np.ceil(clock.now() * 1e3) + 10.25) * 1e-3 - clock.now()
    assert wave.times[-1] == pytest.approx(reach, rel=0.1)
    assert wave.at([later]) == pytest.approx([1.0 + quarter], abs=2e-3)


def test_the_phase_shifts_a_waveform_and_bursts_rest_at_their_start_phase(generator, terminals):
    generator.send("APPL:SIN 1e3,1,0", "PHAS 90")
    assert terminals["ch1"].at([0.0, 0.5e-3]) == pytest.approx([1.0, -1.0], abs=2e-3)
    generator.send("TRIG:SOUR BUS;:BURS:PHAS 90;STAT ON")
    assert terminals["ch1"].told[0] == "force"
    assert terminals["ch1"].told[1] == pytest.approx(1.0)


def test_internal_bursts_come_at_their_period(generator, terminals):
    generator.send(PULSE, "BURS:INT:PER 10e-6;:BURS:NCYC 2", "TRIG:SOUR IMM")
    wave = terminals["ch1"]
    assert wave.at(np.array([0.05, 1.05, 2.05, 9.0, 10.05, 11.05, 12.05]) * 1e-6) == pytest.approx(
        [2, 2, 0, 0, 2, 2, 0]
    )


def test_a_timer_that_is_faster_than_its_burst_loses_triggers(generator, terminals):
    generator.send(PULSE, "BURS:NCYC 3;:TRIG:TIM 2e-6;SOUR TIM")
    wave = terminals["ch1"]
    assert wave.at(np.array([0.05, 1.05, 2.05, 3.05, 4.05, 5.05, 6.05, 7.05]) * 1e-6) == pytest.approx(
        [2, 2, 2, 0, 2, 2, 2, 0]
    )


def test_a_rare_internal_burst_still_comes_at_once(generator, terminals):
    generator.send(PULSE, "BURS:INT:PER 8000;:TRIG:SOUR IMM")
    assert terminals["ch1"].at([0.05e-6, 1.0, 8000.00000005]) == pytest.approx([2, 0, 2], abs=0.1)


def test_an_endless_internal_burst_goes_on_without_a_pause(generator, terminals):
    generator.send(PULSE, "BURS:NCYC INF;:TRIG:SOUR IMM")
    assert terminals["ch1"].at(np.array([0.05, 777.05, 5000.05]) * 1e-6) == pytest.approx([2, 2, 2])


@pytest.mark.parametrize(("filtered", "expected"), [("STEP", 1.0), ("OFF", 2.0)])
def test_an_arb_is_joined_up_or_held_point_by_point(generator, terminals, filtered, expected):
    generator.send("DATA:ARB:DAC x," + ",".join(["32767", "0"] * 20), f"FUNC:ARB x;:FUNC:ARB:FILT {filtered};SRAT 1e6")
    generator.send("VOLT 2;:FUNC ARB;:OUTP ON")
    assert terminals["ch1"].at([0.5e-6]) == pytest.approx([expected], abs=1e-3)


def test_noise_and_random_bits_stay_within_their_levels_and_repeat_with_the_seed(generator, terminals, make_generator):
    generator.send("APPL:NOIS DEF,2,0")
    first = terminals["ch1"].volts.copy()
    assert 0.4 < first.std() < 0.7
    assert np.abs(first).max() <= 2.0
    generator.send("APPL:PRBS 1e6,2,0")
    bits = terminals["ch1"].at((np.arange(127) + 0.5) * 1e-6)
    assert np.count_nonzero(bits > 0) == 64


@pytest.mark.parametrize("after", ["OUTP OFF", "ABOR", "FUNC SIN", "BURS:STAT OFF", "*RST"])
def test_a_short_burst_is_over_before_a_message_behind_its_trigger_takes_effect(generator, terminals, clock, after):
    generator.send(PULSE)
    generator.raw(f"*TRG\n{after}\n".encode())
    assert clock.now() == pytest.approx(1e-6)


def test_a_long_burst_is_cut_short_when_the_output_goes_off(generator, terminals, clock):
    generator.send(PULSE, "BURS:NCYC 1000000")
    generator.raw(b"*TRG\nOUTP OFF\n")
    assert clock.now() == pytest.approx(1e-3)
    assert terminals["ch1"].told == ("release",)
