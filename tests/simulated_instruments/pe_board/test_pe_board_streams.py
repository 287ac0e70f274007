"""Any bytes, cut anywhere: the same answers, no exception, no growth."""

import random
import struct
import zlib
from itertools import pairwise

import pytest
from cobs import cobs
from hypothesis import given, settings
from hypothesis import strategies as st

from simulated_instruments.pe_board import SimulatedPeBoard


class Clock:
    def __init__(self):
        self.time = 0.0

    def now(self):
        return self.time

    def wait(self, seconds):
        self.time += seconds


@pytest.fixture(scope="module")
def dialogue(vectors):
    """All golden requests, bad frames and noise between them."""
    wires = [bytes.fromhex(vector["wire"]) for vector in vectors["good"] if vector["kind"] == "request"]
    bad = [bytes.fromhex(vector["wire"]) for vector in vectors["bad"] if "wire" in vector]
    hello = next(bytes.fromhex(vector["wire"]) for vector in vectors["good"] if vector["name"] == "hello_request")
    return hello + b"".join(wires) + b"noise" + b"".join(bad) + wires[-1] * 2


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_bytes_cut_anywhere_get_the_same_answers(dialogue, data):
    cuts = sorted(data.draw(st.sets(st.integers(1, len(dialogue) - 1), max_size=40)))
    whole = SimulatedPeBoard(Clock(), seed=2).receive(dialogue)
    board = SimulatedPeBoard(Clock(), seed=2)
    edges = [0, *cuts, len(dialogue)]
    pieces = [board.receive(dialogue[start:stop]) for start, stop in pairwise(edges)]
    assert b"".join(pieces) == whole


def framed(seq, opcode, payload):
    frame = struct.pack("<BBHBBH", 1, 1, seq, opcode, 0, len(payload)) + payload
    return b"\0" + cobs.encode(frame + struct.pack("<I", zlib.crc32(frame))) + b"\0"


def mutated(chance, wire):
    data = bytearray(wire)
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(data) + 1)
        data[place : place + chance.randrange(2)] = chance.choice([b"", b"\0", b"\x55", chance.randbytes(1)])
    return bytes(data)


class Torturer:
    """Random, mutated and sound bytes; most of the sound ones are in sequence, with arguments right or twisted."""

    def __init__(self, vectors, seed):
        self.chance = random.Random(seed)
        self.requests = [
            (vector["header"]["opcode"], bytes.fromhex(vector["payload"]), bytes.fromhex(vector["wire"]))
            for vector in vectors["good"]
            if vector["kind"] == "request"
        ]
        self.arriving = []
        self.board = SimulatedPeBoard(Clock(), seed=2, round_time=0.0)
        self.board.attention = lambda: self.arriving.pop() if self.arriving else b""

    def bytes_to_send(self):
        opcode, payload, wire = self.chance.choice(self.requests)
        seq = self.board._dispatcher._session._last + 1 & 0xFFFF
        kind = self.chance.randrange(7)
        if kind == 0:
            return self.chance.randbytes(self.chance.randrange(40))
        if kind == 1:
            return mutated(self.chance, wire)
        if kind == 2:
            return wire
        if kind == 3:
            return framed(seq, self.chance.randrange(256), self.chance.randbytes(self.chance.randrange(60)))
        if kind == 4:
            return framed(seq, opcode, mutated(self.chance, payload))
        return framed(seq, opcode, payload) if self.chance.random() < 0.7 else framed(seq, 0x10, bytes(5))

    def go(self, rounds):
        for _ in range(rounds):
            if self.chance.random() < 0.1:
                self.arriving[:] = [self.bytes_to_send()]
            for piece in filter(None, self.board.receive(self.bytes_to_send()).split(b"\0")):
                frame = cobs.decode(piece)
                assert zlib.crc32(frame[:-4]) == int.from_bytes(frame[-4:], "little")
                assert frame[1] in {2, 3}
        return self.board


def test_random_and_mutated_bytes_raise_nothing(vectors):
    """2,000 pieces, seed 11."""
    board = Torturer(vectors, seed=11).go(2_000)
    assert board.counters.frames_ok > 500
    assert board.counters.bad_cobs > 100
    assert min(board.counters.set_pulses, board.counters.cancelled) > 0, "some requests must have got to the cells"


def test_an_endless_piece_is_not_kept(make_board):
    board = make_board()
    for _ in range(200):
        assert board.receive(b"\x55" * 10_000) == b""
    assert held(board) < 20_000
    assert len(board.receive(b"\0")) == 16
    assert board.counters.bad_oversize == 1


def held(board):
    return len(board._inbox._splitter._piece) + board._inbox._waiting_bytes


def test_device_clear_drops_half_a_frame_and_keeps_the_session(host):
    wire = host.wire("PING")
    host.board.receive(wire[:6])
    host.board.clear()
    assert host.board.receive(wire[6:-1]) == b""
    host.board.clear()
    assert len(host.board.receive(wire)) > 0
    assert host.board.armed
