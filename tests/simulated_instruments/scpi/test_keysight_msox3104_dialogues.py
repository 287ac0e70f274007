"""The MSOX3104's replies: identity, formats, setup strings, settings with their limits, errors."""

import struct
import zlib

import pytest


def _block(reply):
    assert reply[:2] == b"#8"
    size = int(reply[2:10])
    assert reply[10 + size :] == b"\n"
    return reply[10 : 10 + size]


def test_the_identity_has_the_models_hyphen_and_space(scope):
    assert scope.ask("*IDN?") == "AGILENT TECHNOLOGIES,MSO-X 3104A,MY12345678,02.41.2015102200"


def test_the_documented_query_replies_match(scope):
    scope.send("*RST", ":TIM:POS 1")
    assert scope.ask(":TIM:POS?") == "+1.000000000000E+00"
    assert scope.ask(":SYST:ERR?") == '+0,"No error"'
    assert scope.ask("*OPC?") == "1"


def test_setup_strings_can_be_taken_apart_by_key(scope):
    scope.send("*RST", ":CHAN1:PROB 10")
    assert scope.ask(":CHAN1?") == (
        ":CHAN1:RANG +400.0E+00;OFFS +0.00000E+00;COUP DC;IMP ONEM;DISP 1;BWL 0;INV 0;"
        'LAB "1";UNIT VOLT;PROB +10E+00;PROB:SKEW +0.0E+00;STYP SING'
    )
    assert scope.ask(":TIM?") == ":TIM:MODE MAIN;REF CENT;MAIN:RANG +1.00E-03;POS +0.0E+00"
    assert scope.ask(":WAV?") == ":WAV:UNS 1;VIEW MAIN;BYT MSBF;FORM BYTE;POIN +1000;SOUR CHAN1;SOUR:SUBS NONE"


@pytest.mark.parametrize(
    ("header", "value", "reply"),
    [
        (":channel2:BWLimit", "1", "1"),
        (":channel2:COUPling", "AC", "AC"),
        (":CHAN3:IMP", "FIFTY", "FIFT"),
        (":CHAN1:SCAL", "500mV", "+5.000000000000E-01"),
        (":CHAN1:RANG", "10", "+1.000000000000E+01"),
        (":CHAN1:OFFS", "-1.5 V", "-1.500000000000E+00"),
        (":CHAN1:LAB", '"quite long label"', '"QUITE LONG"'),
        (":CHAN4:INV", "ON", "1"),
        (":TIM:SCAL", "20 ns", "+2.000000000000E-08"),
        (":TIM:REF", "LEFT", "LEFT"),
        (":TIM:MODE", "ROLL", "ROLL"),
        (":TRIG:SWE", "NORMal", "NORM"),
        (":TRIG:EDGE:SOUR", "EXTernal", "EXT"),
        (":TRIG:SLOPe", "NEGative", "NEG"),
        (":TRIG:MODE", "GLITCH", "GLIT"),
        (":ACQ:TYPE", "HRES", "HRES"),
        (":ACQ:COUN", "64", "+64"),
        (":waveform:source", "CHAN2", "CHAN2"),
        (":waveform:source", "FFT", "FFT"),
        (":waveform:format", "ASC", "ASC"),
        (":waveform:points:mode", "RAW", "RAW"),
        (":WAV:BYT", "LSBFirst", "LSBF"),
        (":HARD:INKS", "1", "1"),
    ],
)
def test_a_setting_is_read_back_in_its_short_form(scope, header, value, reply):
    scope.send(f"{header} {value}")
    assert scope.ask(f"{header}?") == reply
    assert scope.codes() == []


@pytest.mark.parametrize(
    ("message", "query", "value", "code"),
    [
        (":CHAN1:SCAL 100", ":CHAN1:SCAL?", 5.0, -222),
        (":CHAN1:SCAL 1e-6", ":CHAN1:SCAL?", 1e-3, -222),
        (":CHAN1:IMP FIFT;SCAL 5", ":CHAN1:SCAL?", 1.0, -222),
        (":TIM:SCAL 1e-12", ":TIM:SCAL?", 500e-12, -222),
        (":TIM:RANG 1e6", ":TIM:RANG?", 500.0, -222),
        (":TRIG:EDGE:LEV 100", ":TRIG:EDGE:LEV?", 30.0, -222),
        (":ACQ:COUN 1", ":ACQ:COUN?", 2.0, -222),
        (":TRIG:MODE RUNT", ":CHAN1:SCAL?", 5.0, -241),
        (":CHAN5:SCAL 1", ":CHAN1:SCAL?", 5.0, -114),
        (":WAV:POIN 50", ":CHAN1:SCAL?", 5.0, -222),
        (":WAV:FORM FOO", ":CHAN1:SCAL?", 5.0, -224),
    ],
)
def test_what_is_out_of_range_is_clipped_or_refused_and_queued(scope, message, query, value, code):
    scope.send(message)
    assert scope.number(query) == pytest.approx(value)
    assert scope.codes() == [code]


def test_the_probe_factor_rescales_every_reading(scope):
    scope.send(":CHAN1:SCAL 0.5;OFFS 1;PROB 10")
    assert scope.number(":CHAN1:SCAL?") == pytest.approx(5.0)
    assert scope.number(":CHAN1:OFFS?") == pytest.approx(10.0)


def test_the_setup_block_restores_everything_and_a_foreign_one_is_refused(scope):
    scope.send(":CHAN1:SCAL 0.2;:TIM:SCAL 1e-6")
    setup = scope.raw(":system:setup?")
    scope.send("*RST")
    scope.send(b":system:setup " + setup.rstrip(b"\n"))
    assert scope.number(":CHAN1:SCAL?") == 0.2
    assert scope.raw(":system:setup?") == setup
    scope.send(b":SYST:SET #15hello")
    assert scope.codes() == [-230]


def test_saved_setups_come_back(scope):
    scope.send(":TIM:SCAL 1e-6;*SAV 2;*RST;*RCL 2")
    assert scope.number(":TIM:SCAL?") == 1e-6


def test_the_screen_is_a_readable_png(scope):
    image = _block(scope.raw(":DISPlay:DATA? png, color"))
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, bits, kind = struct.unpack(">IIBB", image[16:26])
    assert (width, height, bits, kind) == (800, 480, 8, 3)
    start = image.index(b"IDAT")
    size = int.from_bytes(image[start - 4 : start], "big")
    assert zlib.crc32(image[start : start + 4 + size]) == int.from_bytes(image[start + 4 + size :][:4], "big")
    pixels = zlib.decompress(image[start + 4 : start + 4 + size])
    assert len(pixels) == 480 * 801
    assert set(pixels) >= {0, 1, 2}


@pytest.mark.parametrize(("kind", "size"), [("BMP", 54 + 800 * 480 * 3), ("BMP8bit", 54 + 1024 + 800 * 480)])
def test_the_screen_also_comes_as_a_bitmap(scope, kind, size):
    image = _block(scope.raw(f":DISP:DATA? {kind},GRAYscale"))
    assert image.startswith(b"BM")
    assert len(image) == size == int.from_bytes(image[2:6], "little")


def test_the_logic_channels_are_missing_hardware(scope):
    scope.send(":POD1:DISP 1")
    assert scope.codes() == [-241]


def test_the_trigger_event_is_told_once(scope):
    scope.send(":TRIG:SWE NORM", ":SING")
    assert any(float(scope.ask(":AER?")) for _ in range(50))
    assert float(scope.ask(":TER?")) == 0.0
    scope.send(":TRIG:FORC")
    assert [float(scope.ask(":TER?")) for _ in range(2)] == [1.0, 0.0]
