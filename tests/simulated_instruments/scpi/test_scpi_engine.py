"""The engine that the SCPI twins share, driven through the generator: headers, arguments, errors, status."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "header",
    ["FREQ", "freq", ":FREQ", "FREQuency", "FREQUENCY", "sour:freq", "SOURce1:FREQuency", ":SOUR1:FREQ:CW"],
)
def test_long_short_and_optional_spellings_reach_the_same_setting(generator, header):
    generator.send(f"{header} 2500")
    assert generator.number("FREQ?") == 2500.0


@pytest.mark.parametrize("header", ["FRE", "FREQU", "SOUR:FREQ:FOO", "FREQ:", ":", "FOO", "*FOO", "SOURX:FREQ"])
def test_an_unknown_header_queues_an_error_and_answers_nothing(generator, header):
    assert generator.raw(header + "?") == b""
    assert generator.codes()[0] in (-113, -102)


def test_a_suffix_that_the_model_lacks_is_out_of_range(generator, make_generator):
    generator.send("SOUR3:FREQ 1000", "OUTP0 ON")
    assert generator.codes() == [-114, -114]
    single = make_generator(model="33611A")
    single.send("SOUR2:FREQ 1000")
    assert single.codes() == [-114]


def test_what_follows_a_semicolon_stays_in_the_branch_until_a_colon(generator):
    generator.send("SOUR2:VOLT:HIGH 2;LOW 1;:SOUR2:FUNC PULS;FUNC:PULS:WIDT 2us;*WAI;HOLD DCYC")
    assert generator.codes() == []
    assert generator.ask("SOUR2:VOLT:OFFS?;HIGH?;:SOUR2:FUNC:PULS:HOLD?") == (
        "+1.5000000000000E+00;+2.0000000000000E+00;DCYC"
    )


def test_a_branch_does_not_outlive_its_message(generator):
    generator.send("VOLT:HIGH 2")
    assert generator.raw("LOW?") == b""
    assert generator.codes() == [-113]


def test_several_queries_answer_in_one_line_and_carriage_returns_are_white_space(generator):
    assert generator.front_end.receive(b"FUNC?;:OUTP1?;*OPC?\r\n\r\nFUNC?\r\n") == b"SIN;0;1\nSIN\n"


@pytest.mark.parametrize(
    ("argument", "hertz"),
    [("1 MHZ", 1e6), ("1.5kHz", 1500.0), ("2e3Hz", 2000.0), ("+.5E+3", 500.0), ("1E3 ", 1000.0), ("#H400", 1024.0)],
)
def test_numbers_take_units_and_multiples(generator, argument, hertz):
    generator.send(f"FREQ {argument}")
    assert generator.codes() == []
    assert generator.number("FREQ?") == pytest.approx(hertz, rel=1e-12)


def test_m_is_milli_for_volts_and_mega_for_hertz(generator):
    generator.send("VOLT 500 mV", "FUNC:PULS:WIDT 30 us")
    assert generator.number("VOLT?") == pytest.approx(0.5)
    assert generator.number("FUNC:PULS:WIDT?") == pytest.approx(30e-6)
    generator.send("FREQ 1 mHz")
    assert generator.number("FREQ?") == 1e6


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("FREQ", -109),
        ("FREQ 1,2", -108),
        ("*CLS 1", -108),
        ('FREQ "1"', -104),
        ("FREQ abc", -104),
        ("FREQ #13abc", -104),
        ("FREQ 1V", -131),
        ("BURS:NCYC 1HZ", -138),
        ("FREQ 12z4", -131),
        ("FREQ 1..2", -121),
        ("FREQ 1 E\t2 V", -131),
        ("FREQ 1e99999999", -123),
        ("FUNC FOO", -224),
        ('FUNC "SIN"', -104),
        ("OUTP MAYBE", -224),
        ("FREQ 1e400", -222),
        ("FREQ -5", -222),
        ("DISP:TEXT hello", -104),
        ('DISP:TEXT "hello', -151),
        ("VOLT!?", -102),
        ("FREQ? MAXX", -224),
        ("*IDN", -113),
        ("*RST?", -113),
    ],
)
def test_a_wrong_message_queues_its_own_error(generator, message, code):
    assert generator.raw(message) == b""
    assert generator.codes() == [code]


def test_bytes_outside_ascii_are_an_error_and_not_the_end(generator):
    assert generator.raw(b"FR\xe9Q 1") == b""
    assert generator.codes() == [-101]


def test_a_command_error_ends_its_message_and_an_execution_error_does_not(generator):
    assert generator.raw("FOO 1;FREQ?") == b""
    assert generator.ask("FREQ 1e99;FREQ?") == "+1.200000000000000E+08"
    assert generator.codes() == [-113, -222]


def test_min_max_and_def_can_be_set_and_asked(generator):
    assert generator.ask("FREQ? MAX;FREQ? MIN;FREQ? DEF") == (
        "+1.200000000000000E+08;+1.000000000000000E-06;+1.000000000000000E+03"
    )
    generator.send("FREQ MAX", "VOLT MIN")
    assert generator.number("FREQ?") == 120e6
    assert generator.number("VOLT?") == pytest.approx(1e-3)


def test_the_error_queue_keeps_twenty_and_its_last_entry_tells_of_the_overflow(generator):
    generator.send(*["FOO"] * 25)
    assert generator.codes() == [-113] * 19 + [-350]


def test_the_event_register_sorts_errors_by_class_and_reading_clears_it(generator):
    assert generator.ask("*ESR?") == "+128"
    generator.send("FOO", "FREQ 1e99", "FUNC:ARB nowhere")
    generator.front_end.query_interrupted()
    generator.front_end.query_unterminated()
    assert generator.ask("*ESR?") == str(f"+{32 + 16 + 8 + 4}")
    assert generator.ask("*ESR?") == "+0"
    assert generator.codes() == [-113, -222, 785, -410, -420]


def test_the_status_byte_sums_up_queue_events_and_requests(generator):
    generator.send("*CLS;*ESE 32;*SRE 32")
    assert generator.ask("*STB?") == "+0"
    generator.send("FOO")
    assert generator.ask("*STB?") == f"+{4 + 32 + 64}"
    generator.send("*CLS")
    assert generator.ask("*STB?") == "+0"
    assert generator.ask("*ESE?;*SRE?") == "+32;+32"


def test_a_device_clear_drops_half_a_message(generator):
    assert generator.front_end.receive(b"DATA:ARB:DAC x,#6100000abc") == b""
    generator.front_end.clear()
    assert generator.ask("*OPC?") == "1"
    assert generator.codes() == []


@given(st.lists(st.integers(0, 60), max_size=6))
def test_a_message_may_arrive_in_any_pieces(make_pieces, places):
    assert make_pieces(b"SOUR1:FREQ 4321;FREQ?;:FUNC?\n", places) == b"+4.321000000000000E+03;SIN\n"


@pytest.fixture(scope="module")
def make_pieces():
    from simulated_instruments.keysight_33600a import SimulatedKeysight33600A

    class Still:
        def now(self):
            return 0.0

        def wait(self, seconds):
            assert seconds == 0.0

    front_end = SimulatedKeysight33600A(Still(), {})

    def run(data, places):
        bounds = [0, *sorted(min(place, len(data)) for place in places), len(data)]
        return b"".join(front_end.receive(data[a:b]) for a, b in pairwise(bounds))

    return run


def test_a_message_ends_where_the_transport_says_without_a_newline(generator):
    assert generator.front_end.receive(b"*OPC?", end=True) == b"1\n"
    assert generator.front_end.receive(b"*OPC?\n", end=True) == b"1\n"


def test_operation_complete_waits_for_a_burst(generator, clock):
    generator.send("*CLS;:FREQ 1;:TRIG:SOUR BUS;:BURS:NCYC 3;STAT ON;:OUTP ON")
    generator.send("*TRG;*OPC")
    assert generator.ask("*ESR?") == "+0"
    clock.wait(3.0)
    assert generator.ask("*ESR?") == "+1"
    generator.send("*TRG")
    assert generator.ask("*OPC?") == "1"
    assert clock.now() == pytest.approx(6.0)
