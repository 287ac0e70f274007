"""Arbitrary waveforms: uploads in every form, memory, selection, sequences."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

CODES = np.array([0, 32767, -32767, 1, -2, 10, 13, 34, 39, 59, 2560, 8704] * 3, dtype=np.int16)


def _block(data):
    size = str(len(data)).encode()
    return b"#%d%s%s" % (len(size), size, data)


def _sequence(text):
    return b"DATA:SEQ " + _block(text.encode("ascii"))


def _stored(session, channel=1):
    return session.front_end._memories[channel - 1].arbs


@pytest.mark.parametrize(("order", "kind"), [("NORM", ">i2"), ("SWAP", "<i2")])
def test_dac_blocks_come_in_either_byte_order(generator, order, kind):
    generator.send(f"FORM:BORD {order}")
    generator.send(b"SOUR2:DATA:ARB:DAC wave," + _block(CODES.astype(kind).tobytes()))
    assert generator.codes() == []
    assert np.array_equal(_stored(generator, 2)["wave"], CODES)
    assert generator.ask("SOUR2:DATA:VOL:CAT?") == '"INT:\\BUILTIN\\EXP_RISE.ARB","wave"'
    assert generator.ask("SOUR2:DATA:ATTR:POIN? wave") == "+36"


@pytest.mark.parametrize(("order", "kind"), [("NORM", ">f4"), ("SWAP", "<f4")])
def test_float_blocks_span_minus_one_to_one(generator, order, kind):
    values = np.linspace(-1, 1, 64)
    generator.send(f"FORM:BORD {order}")
    generator.send(b"DATA:ARB wave, " + _block(values.astype(kind).tobytes()))
    assert generator.codes() == []
    assert np.array_equal(_stored(generator)["wave"], np.rint(values * 32767).astype(np.int16))


def test_points_can_be_written_as_numbers(generator):
    generator.send("DATA:ARB:DAC test, " + ", ".join(str(code) for code in CODES))
    generator.send("DATA:ARB1 test2, " + ",".join(f"{code / 32767:.6f}" for code in CODES))
    assert generator.codes() == []
    assert np.array_equal(_stored(generator)["test"], CODES)
    assert np.array_equal(_stored(generator)["test2"], CODES)


@given(st.lists(st.integers(0, 200), max_size=6))
def test_an_upload_may_be_cut_anywhere(make_upload, places):
    message = b"DATA:ARB:DAC wave," + _block(CODES.astype(">i2").tobytes()) + b"\n*OPC?\n"
    bounds = [0, *sorted(min(place, len(message)) for place in places), len(message)]
    pieces = [message[a:b] for a, b in pairwise(bounds)]
    reply, stored = make_upload(pieces)
    assert reply == b"1\n"
    assert np.array_equal(stored["wave"], CODES)


@pytest.fixture(scope="module")
def make_upload():
    from simulated_instruments.keysight_33600a import SimulatedKeysight33600A

    class Still:
        def now(self):
            return 0.0

    def upload(pieces):
        front_end = SimulatedKeysight33600A(Still(), {})
        return b"".join(front_end.receive(piece) for piece in pieces), front_end._memories[0].arbs

    return upload


def test_an_indefinite_block_is_taken_whole_with_its_newlines(generator):
    message = b"DATA:ARB:DAC wave,#0" + CODES.astype(">i2").tobytes()
    for start in range(0, len(message), 7):
        assert generator.front_end.receive(message[start : start + 7]) == b""
    assert generator.front_end.receive(b"\n", end=True) == b""
    assert generator.codes() == []
    assert np.array_equal(_stored(generator)["wave"], CODES)


def test_four_million_points_arrive_whole_in_socket_sized_pieces(generator):
    codes = (np.arange(4_000_000) * 7919 % 65_535 - 32_767).astype(np.int16)
    message = b"FORM:BORD SWAP;:DATA:ARB:DAC big," + _block(codes.astype("<i2").tobytes()) + b"\n"
    for start in range(0, len(message), 65_536):
        assert generator.front_end.receive(message[start : start + 65_536]) == b""
    assert generator.codes() == []
    assert np.array_equal(_stored(generator)["big"], codes)
    assert generator.ask("DATA:VOL:FREE?") == "+0"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("DATA:ARB:DAC x," + ",".join(["1"] * 31), -222),
        ("DATA:ARB x," + ",".join(["1.5"] * 40), -222),
        ("DATA:ARB:DAC x," + ",".join(["40000"] * 40), -222),
        ("DATA:ARB x," + ",".join(["nan"] * 40), -222),
        ("DATA:ARB x," + ",".join(["abc"] * 40), -121),
        ("DATA:ARB:DAC x,#13abc", 800),
        ("DATA:ARB x", -109),
        ("DATA:ARB", -109),
        ("DATA:ARB a_name_that_is_too_long," + ",".join(["1"] * 40), -224),
        ("FUNC:ARB nowhere", 785),
        ("DATA:ATTR:POIN? nowhere", 785),
        ('MMEM:LOAD:DATA "INT:\\none.arb"', -256),
        ("DATA:SEQ #14abcd", -224),
        (_sequence('"s.seq","nowhere",1,once,maintain,4'), 785),
        (_sequence('"s.seq","EXP_RISE",1,twice,maintain,4'), -224),
    ],
)
def test_a_bad_upload_stores_nothing(generator, message, code):
    assert generator.raw(message) == b""
    assert generator.codes() == [code]
    assert len(_stored(generator)) == 1


def test_a_taken_name_is_refused_and_the_old_points_stay(generator):
    generator.send("DATA:ARB:DAC x," + ",".join(["5"] * 32))
    generator.send("DATA:ARB:DAC X," + ",".join(["6"] * 32))
    assert generator.error() == '+786,"Specified arb waveform already exists"'
    assert set(_stored(generator)["x"]) == {5}


def test_full_memory_refuses_until_it_is_cleared_and_survives_a_reset(make_generator):
    session = make_generator(memory_points=100)
    session.send("DATA:ARB:DAC a," + ",".join(["1"] * 64), "*RST")
    session.send("DATA:ARB:DAC b," + ",".join(["1"] * 64))
    assert session.error() == '+880,"Arb: Out of memory"'
    session.send("FUNC:ARB a", "DATA:VOL:CLE")
    assert session.ask("FUNC:ARB?") == '"INT:\\BUILTIN\\EXP_RISE.ARB"'
    session.send("DATA:ARB:DAC b," + ",".join(["1"] * 64))
    assert session.codes() == []


def test_rate_frequency_and_period_of_an_arb_are_one_setting(generator):
    generator.send("DATA:ARB:DAC x," + ",".join(["5"] * 100), 'FUNC:ARB "x";:FUNC:ARB:SRAT 1e6')
    assert generator.number("FUNC:ARB:FREQ?") == pytest.approx(1e4)
    generator.send("FUNC:ARB:PER 1e-3")
    assert generator.number("FUNC:ARB:SRAT?") == pytest.approx(1e5)
    generator.send("FUNC:ARB:SRAT 2e9")
    assert generator.number("FUNC:ARB:SRAT?") == 1e9
    assert generator.ask("FUNC:ARB:POIN?") == "+100"


def test_an_arb_goes_to_the_disk_and_back(generator):
    generator.send("DATA:ARB:DAC x," + ",".join(["5"] * 40), "FUNC:ARB x")
    generator.send('MMEM:STOR:DATA "INT:\\keep.arb"', "DATA:VOL:CLE", 'MMEM:LOAD:DATA1 "INT:\\keep.arb"')
    assert generator.codes() == []
    assert set(_stored(generator)["INT:\\keep.arb"]) == {5}


def test_the_vendors_sequence_example_is_taken_and_plays(generator, terminals):
    for name, code in (("DC0", 0), ("DC5", 32767)):
        generator.send(f"DATA:ARB:DAC {name}," + ",".join([str(code)] * 40), f"FUNC:ARB {name}")
        generator.send(f'MMEM:STOR:DATA "INT:\\{name}.arb"', f'MMEM:LOAD:DATA "INT:\\{name}.arb"')
    generator.send('DATA:SEQ #282"testSeq.seq","INT:\\DC0.arb",10,repeat,maintain,4,"INT:\\DC5.arb",0,once,maintain,4')
    generator.send('FUNC:ARB "testSeq.seq"', "FUNC:ARB:SRAT 1e6", "VOLT 2", "FUNC ARB", "OUTP ON")
    assert generator.codes() == []
    wave = terminals["ch1"]
    assert wave.at([100e-6, 399e-6, 401e-6, 439e-6, 445e-6]) == pytest.approx([0, 0, 2.0, 2.0, 0], abs=1e-9)


def test_a_sequence_cannot_be_burst(generator):
    generator.send("DATA:ARB:DAC a," + ",".join(["5"] * 40), _sequence('"s.seq","a",2,repeat,maintain,4'))
    generator.send("FUNC:ARB s.seq", "FUNC ARB", "BURS:MODE GAT")
    assert generator.error() == '-221,"Settings conflict; not able to burst this function"'


def test_a_waiting_sequence_goes_on_at_an_external_edge_and_not_at_the_bus(generator, clock, terminals):
    for name, code in (("a", 0), ("b", 32767)):
        generator.send(f"DATA:ARB:DAC {name}," + ",".join([str(code)] * 40))
    generator.send(_sequence('"s.seq","a",0,onceWaitTrig,maintain,4,"b",0,onceWaitTrig,maintain,4'))
    generator.send("FUNC:ARB s.seq", "FUNC:ARB:SRAT 1e6", "VOLT 2", "FUNC ARB")
    generator.send("TRIG:SOUR BUS", "OUTP ON")
    clock.wait(1e-3)
    generator.send("*TRG")
    assert generator.codes() == [-211]
    generator.send("TRIG:SOUR EXT")
    generator.front_end.set_external_trigger(high=True)
    assert terminals["ch1"].told[0] == "play"
    assert terminals["ch1"].volts[-1] == pytest.approx(2.0)


def test_synchronising_two_running_sequences_silences_both(generator, terminals):
    for channel in (1, 2):
        own = f"SOUR{channel}:"
        generator.send(f"{own}DATA:ARB:DAC a," + ",".join(["32767"] * 40))
        generator.send(
            own.encode() + _sequence('"s.seq","a",2,repeat,maintain,4'), f"{own}FUNC:ARB s.seq;:{own}FUNC ARB"
        )
        generator.send(f"OUTP{channel} ON")
    generator.send("PHAS:SYNC")
    assert [terminals[name].told[0] for name in ("ch1", "ch2")] == ["force", "force"]
