"""Messages out of a byte stream: blocks, quotes and newlines, cut anywhere."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulated_instruments.scpi.errors import ScpiError
from simulated_instruments.scpi.framing import Framer, split


def _feed(pieces, *, limit=100_000, end=False):
    framer = Framer(limit)
    found = []
    for piece in pieces:
        found += framer.feed(piece, end=False)
    return found + (framer.feed(b"", end=True) if end else [])


def _cut(data, places):
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:stop] for start, stop in pairwise(bounds)]


@given(st.binary(max_size=300), st.lists(st.integers(0, 10_000), max_size=8))
def test_a_definite_block_survives_any_cut_with_newlines_and_quotes_in_it(payload, places):
    size = str(len(payload)).encode()
    message = b"DATA:ARB:DAC name,#%d%s%s" % (len(size), size, payload)
    stream = message + b"\n*IDN?\n"

    assert _feed(_cut(stream, places)) == [message, b"*IDN?"]
    assert split(message, b",") == [b"DATA:ARB:DAC name", message.split(b",", 1)[1]]
    assert split(message, b";") == [message]


@given(st.binary(max_size=100), st.lists(st.integers(0, 10_000), max_size=5))
def test_an_indefinite_block_ends_only_where_the_transport_says(payload, places):
    framer = Framer(100_000)
    message = b"DATA x,#0" + payload
    for piece in _cut(message, places):
        assert framer.feed(piece, end=False) == []
    assert framer.feed(b"\n", end=True) == [message]


@given(st.lists(st.binary(max_size=40), max_size=20), st.lists(st.integers(0, 10_000), max_size=8))
def test_how_a_stream_is_cut_never_changes_its_messages(parts, places):
    stream = b"\n".join(parts)
    whole, pieces = _feed([stream], end=True), _feed(_cut(stream, places), end=True)
    assert [str(m) for m in pieces] == [str(m) for m in whole]


def test_a_newline_ends_a_message_inside_an_unpaired_quote():
    assert _feed([b'DISP:TEXT "oops\n*IDN?\n']) == [b'DISP:TEXT "oops', b"*IDN?"]


def test_a_hash_inside_a_string_or_a_word_starts_no_block():
    assert _feed([b'DISP:TEXT "no #19", CH#1\n*IDN?\n']) == [b'DISP:TEXT "no #19", CH#1', b"*IDN?"]


@pytest.mark.parametrize("start", [b"X" * 2_000, b"DATA x,#41234" + b"y" * 1_000, b"DATA x,#9999999999"])
def test_a_message_beyond_the_limit_is_dropped_while_it_comes_in(start):
    framer = Framer(1_000)
    assert framer.feed(start, end=False) == []
    for _ in range(50):
        framer.feed(b"z" * 900, end=False)
        assert len(framer._buffer) <= 2_000


def test_a_dropped_message_is_reported_and_the_next_one_is_whole():
    dropped, good = _feed([b"X" * 2_000 + b"\n*IDN?\n"[:0], b"Y" * 2_000, b"\n*IDN?\n"], limit=1_000)
    assert isinstance(dropped, ScpiError)
    assert dropped.code == -363
    assert good == b"*IDN?"


@pytest.mark.parametrize(("text", "code"), [(b'A "open', -151), (b"A #15abc", -161), (b"A #", -161)])
def test_a_string_or_block_that_does_not_end_is_an_error(text, code):
    with pytest.raises(ScpiError) as caught:
        split(text, b";")
    assert caught.value.code == code


def test_a_thousand_short_messages_in_one_piece_come_out_in_order():
    assert _feed([b"".join(b"FREQ %d\n" % n for n in range(1000))]) == [b"FREQ %d" % n for n in range(1000)]
