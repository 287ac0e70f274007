"""The messages that other people's clients send (QCoDeS Keysight33xxx, PyMeasure Agilent33500 and DSOX1102G)."""

import pytest

QCODES_QUERIES = [
    "SOURce1:FUNCtion", "SOURce2:FREQuency:MODE", "SOURce1:FREQuency", "SOURce1:PHASe", "SOURce1:VOLTage:UNIT",
    "SOURce1:VOLTage", "SOURce2:VOLTage:OFFSet", "OUTPut2", "SOURce1:FUNCtion:RAMP:SYMMetry",
    "SOURce1:FUNCtion:PULSE:WIDTh", "TRIGger1:SOURce", "TRIGger2:SLOPe", "TRIGger1:COUNt", "TRIGger1:DELay",
    "TRIGger1:TIMer", "OUTPut1:POLarity", "SOURce1:BURSt:STATe", "SOURce1:BURSt:MODE", "SOURce1:BURSt:NCYCLes",
    "SOURce1:BURSt:PHASe", "SOURce1:BURSt:GATE:POLarity", "SOURce1:BURSt:INTernal:PERiod", "OUTPut:SYNC",
    "OUTPut:SYNC:SOURce", "SYSTem:ERRor",
]  # fmt: skip
PYMEASURE_GENERATOR = [
    ("FREQ 1000.000000", "FREQ?", 1000.0), ("SOUR2:VOLT 0.500000", "SOUR2:VOLT?", 0.5),
    ("VOLT:HIGH 0.500000", "VOLT:HIGH?", 0.5), ("FUNC:PULS:PER 1.000000e-03", "FUNC:PULS:PER?", 1e-3),
    ("FUNC:PULS:TRAN:BOTH 1.000000e-08", "FUNC:PULS:TRAN?", 1e-8), ("FUNC:PULS:DCYC 20.000000", "FUNC:PULS:DCYC?", 20),
    ("BURS:NCYC 7", "BURS:NCYC?", 7), ("OUTP 1", "OUTP?", 1), ("OUTP:TRIG 1", "OUTP:TRIG?", 1),
    ("SOUR1:FUNC:ARB:SRAT 1000000.000000", "SOUR1:FUNC:ARB:SRAT?", 1e6), ("BURS:INT:PER 2e-2", "BURS:INT:PER?", 0.02),
]  # fmt: skip


@pytest.mark.parametrize("header", QCODES_QUERIES)
def test_every_parameter_that_qcodes_reads_is_answered(generator, header):
    assert generator.ask(f"{header}?")
    assert generator.codes() == []


@pytest.mark.parametrize(("write", "query", "value"), PYMEASURE_GENERATOR)
def test_what_pymeasure_writes_to_the_generator_reads_back(generator, write, query, value):
    generator.send(write)
    assert generator.number(query) == pytest.approx(value)
    assert generator.codes() == []


def test_pymeasures_arb_upload_select_and_trigger_work(generator):
    generator.send("TRIG:SOUR BUS", "SOUR1:DATA:VOL:CLE", "SOUR1:DATA:ARB:DAC test, " + ", ".join(["100"] * 40))
    generator.send("SOUR1:FUNC:ARB test", "SOUR1:FUNC ARB", "SOUR1:FUNC:ARB:FILT NORM", "SOUR1:FUNC:ARB:ADV SRAT")
    generator.send("BURS:STAT 1", "BURS:MODE TRIGGERED", "*TRG;*WAI", "DISP:TEXT 'hello'", "DISP:TEXT:CLE", "PHAS:SYNC")
    assert generator.ask("SOUR1:FUNC:ARB?") == '"test"'
    assert generator.codes() == []


def test_pymeasure_reads_the_scopes_channel_and_timebase_setups(scope):
    scope.send("*RST", "*CLS")
    channel = dict(item.split(" ") for item in scope.ask(":channel1?")[7:].split(";"))
    assert (float(channel["RANG"]), channel["COUP"], float(channel["PROB:SKEW"])) == (40.0, "DC", 0.0)
    timebase = dict(item.split(" ") for item in scope.ask(":timebase?")[5:].split(";"))
    assert timebase["REF"] == "CENT"
    assert float(timebase["MAIN:RANG"]) == 1e-3


def test_pymeasure_downloads_ascii_data_with_its_preamble(scope):
    scope.send("*RST", ":waveform:source CHAN1", ":waveform:points:mode NORM", ":waveform:points 2000")
    preamble = [float(field) for field in scope.ask(":waveform:preamble?").split(",")]
    scope.send(":waveform:format ASC")
    data = scope.ask(":waveform:data?").split(",")
    assert float(data[0][10:]) == pytest.approx(0.0, abs=1.0)
    assert len(data) == preamble[2] == 2000


def test_pymeasure_steers_the_scope(scope):
    scope.send(":autoscale", ":TIMebase:REFerence CENTer;:TIMebase:POSition 1.000000", ":run", ":stop", ":single")
    scope.send(":SYSTem:PRESet", ":ACQuire:MODE RTIM", ":ACQuire:TYPE NORM", ":DIGitize CHAN1")
    assert scope.ask(":waveform:points:mode?;:waveform:points?;:ACQuire:MODE?") == "NORM;+1000;RTIM"
    assert scope.raw(":DISPlay:DATA? png, color").startswith(b"#8")
    assert scope.codes() == []
