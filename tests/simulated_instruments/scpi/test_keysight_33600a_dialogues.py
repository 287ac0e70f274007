"""The 33600A's replies as they were seen on real instruments: identity, formats, the state after a reset."""

import pytest

RESET = {
    "FUNC": "SIN",
    "FREQ": "+1.000000000000000E+03",
    "VOLT": "+1.0000000000000E-01",
    "VOLT:OFFS": "+0.0000000000000E+00",
    "VOLT:HIGH": "+5.0000000000000E-02",
    "VOLT:LOW": "-5.0000000000000E-02",
    "VOLT:LIM:HIGH": "+5.0000000000000E+00",
    "VOLT:LIM:LOW": "-5.0000000000000E+00",
    "VOLT:LIM:STAT": "0",
    "VOLT:RANG:AUTO": "1",
    "VOLT:UNIT": "VPP",
    "FUNC:PULS:WIDT": "+1.000000000000000E-04",
    "FUNC:PULS:PER": "+1.000000000000000E-03",
    "FUNC:PULS:DCYC": "+1.000000000000000E+01",
    "FUNC:PULS:HOLD": "WIDT",
    "FUNC:PULS:TRAN:LEAD": "+4.000000000000000E-09",
    "FUNC:PULS:TRAN:TRA": "+4.000000000000000E-09",
    "FUNC:SQU:DCYC": "+5.000000000000000E+01",
    "FUNC:RAMP:SYMM": "+1.000000000000000E+02",
    "FUNC:NOIS:BAND": "+1.000000000000000E+05",
    "FUNC:PRBS:BRAT": "+1.000000000000000E+03",
    "FUNC:PRBS:DATA": "PN7",
    "FUNC:ARB": '"INT:\\BUILTIN\\EXP_RISE.ARB"',
    "FUNC:ARB:SRAT": "+4.000000000000000E+04",
    "FUNC:ARB:FREQ": "+1.600000000000000E+02",
    "FUNC:ARB:PER": "+6.250000000000000E-03",
    "FUNC:ARB:FILT": "STEP",
    "FUNC:ARB:ADV": "SRAT",
    "FREQ:MODE": "CW",
    "FREQ:CENT": "+5.500000000000000E+02",
    "FREQ:SPAN": "+9.000000000000000E+02",
    "MARK:POIN": "+1.00000000E+001",
    "LIST:FREQ": "+1.00000000E+002,+1.00000000E+003,+5.50000000E+002",
    "BURS:STAT": "0",
    "BURS:MODE": "TRIG",
    "BURS:NCYC": "+1.000000000000000E+00",
    "BURS:INT:PER": "+1.000000000000000E-02",
    "BURS:GATE:POL": "NORM",
    "PHAS": "+0.0000000000000E+00",
}
RESET_SHARED = {
    "OUTP": "0",
    "OUTP:LOAD": "+5.000000000000000E+01",
    "OUTP:MODE": "NORM",
    "OUTP:POL": "NORM",
    "OUTP:SYNC": "1",
    "OUTP:SYNC:SOUR": "CH1",
    "OUTP:TRIG": "0",
    "TRIG:SOUR": "IMM",
    "TRIG:COUN": "+1.000000000000000E+00",
    "TRIG:TIM": "+1.000000000000000E+00",
    "TRIG:LEV": "+3.300000000000000E+00",
    "INIT:CONT": "1",
    "FORM:BORD": "NORM",
    "UNIT:ANGL": "DEG",
    "ROSC:SOUR": "INT",
    "DISP": "1",
}


def test_the_identity_has_the_real_layout(generator):
    assert generator.ask("*IDN?") == "Agilent Technologies,33622A,MY59002437,A.02.03-3.15-03-64-02"


@pytest.mark.parametrize("model", ["33611A", "33612A", "33621A", "33622A"])
def test_each_model_has_its_channels_and_bandwidth(make_generator, model):
    session = make_generator(model=model)
    assert session.ask("*IDN?").split(",")[1] == model
    session.send("SOUR2:FREQ 1e3")
    assert session.codes() == ([] if model[-2] == "2" else [-114])
    assert session.number("FREQ? MAX") == (120e6 if model[3] == "2" else 80e6)


@pytest.mark.parametrize(("header", "reply"), RESET.items())
def test_a_reset_brings_both_channels_to_the_dumped_state(generator, header, reply):
    assert generator.ask(f"SOUR1:{header}?") == reply
    generator.send("APPL:PULS 1e5,3,1", "SOUR2:APPL:RAMP 10,2,0.5", "*RST")
    assert [generator.ask(f"SOUR{n}:{header}?") for n in (1, 2)] == [reply, reply]


@pytest.mark.parametrize(("header", "reply"), RESET_SHARED.items())
def test_a_reset_brings_outputs_and_triggers_to_the_dumped_state(generator, header, reply):
    generator.send("OUTP ON;:OUTP:LOAD INF;POL INV;:TRIG:SOUR BUS;LEV 1;:INIT:CONT OFF;:FORM:BORD SWAP;:UNIT:ANGL RAD")
    generator.send("*RST")
    assert generator.ask(f"{header}?") == reply


def test_infinity_is_written_as_nine_point_nine_e_37(generator):
    generator.send("OUTP1:LOAD INF", "BURS:NCYC INF")
    assert generator.ask("OUTP1:LOAD?;:BURS:NCYC?") == "+9.900000000000000E+37;+9.900000000000000E+37"
    assert float(generator.ask("OUTP1:LOAD?")) == 9.9e37


def test_apply_sets_a_waveform_and_turns_the_output_on(generator):
    generator.send("APPL:SQU 5 KHZ, 3.0, -1.0")
    assert generator.ask("APPL?") == '"SQU +5.000000000000000E+03,+3.0000000000000E+00,-1.0000000000000E+00"'
    assert generator.ask("OUTP1?;:OUTP2?;:SYST:ERR?") == '1;0;+0,"No error"'


def test_apply_dc_takes_placeholders_and_a_level(generator, terminals):
    generator.send("APPL:DC DEF,DEF,2.5")
    assert generator.ask("FUNC?;VOLT:OFFS?") == "DC;+2.5000000000000E+00"
    assert terminals["ch1"].told == ("force", 5.0, 50.0)


def test_the_pulse_recipe_leaves_what_it_asks_for(generator):
    generator.send("*RST", "OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:WIDT 1e-7", "FUNC:PULS:PER 1e-6")
    generator.send("FUNC:PULS:TRAN:BOTH 5e-9", "VOLT:LOW 0", "VOLT:HIGH 2", "BURS:MODE TRIG", "BURS:NCYC 1")
    generator.send("TRIG1:SOUR BUS", "BURS:STAT ON", "OUTP1 ON")
    generator.send("*TRG")
    assert generator.ask("*OPC?") == "1"
    assert generator.codes() == []
    assert generator.number("FUNC:PULS:WIDT?") == 1e-7
    assert generator.number("FUNC:PULS:TRAN?") == 5e-9


def test_phases_can_be_given_in_seconds_but_not_a_whole_period(generator):
    generator.send("FREQ 1e6", "SOUR1:PHAS 1.0e-7 SEC")
    assert generator.ask("PHAS?") == "+3.6000000000000E+01"
    generator.send("PHAS 1e-6 SEC")
    assert generator.codes() == [-222]
    generator.send("UNIT:ANGL RAD")
    assert generator.number("PHAS?") == pytest.approx(0.6283185307)
    generator.send("UNIT:ANGL DEG;:FUNC DC;:PHAS 10")
    assert generator.codes() == [-221]


def test_the_panel_lock_nests_and_texts_are_kept(generator):
    assert generator.ask("SYST:LOCK:REQ?;REQ?") == "1;1"
    generator.send("SYST:LOCK:REL;REL", "DISP:TEXT 'it''s on'", "SYST:BEEP")
    assert generator.ask("DISP:TEXT?") == '"it\'s on"'
    generator.send("DISP:TEXT:CLE")
    assert generator.ask("DISP:TEXT?") == '""'


def test_a_saved_state_comes_back_and_an_empty_location_is_refused(generator):
    generator.send("FREQ 7e3;:SOUR2:VOLT 2;*SAV 3;*RST")
    generator.send("*RCL 3")
    assert generator.ask("FREQ?;:SOUR2:VOLT?") == "+7.000000000000000E+03;+2.0000000000000E+00"
    generator.send("*RCL 1", "*SAV 9")
    assert generator.codes() == [-221, -222]


@pytest.mark.parametrize("what", ["AM:STAT ON", "SWE:STAT ON", "FREQ:MODE SWE", "COMB:FEED CH2", "FUNC:ARB:ADV TRIG"])
def test_what_is_not_simulated_says_so(generator, what):
    generator.send(what)
    assert generator.error().startswith("-241,")
