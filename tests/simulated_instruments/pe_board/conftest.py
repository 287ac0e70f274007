"""A board on a virtual clock, and a host that speaks to it with the packages cobs and zlib alone."""

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from cobs import cobs

from simulated_instruments.pe_board import SimulatedPeBoard
from simulated_instruments.physics.rram import RramCells, RramParameters

DOCS = Path(__file__).parents[3] / "docs"
FIRST_SEQ = 0x4E20
OPCODES = {
    "PING": 1,
    "HELLO": 2,
    "STATUS": 3,
    "COUNTERS": 4,
    "STUCK_MAP": 5,
    "SET_BAUD": 6,
    "ARM": 0x10,
    "MAKE_SAFE": 0x11,
    "READ_CELLS": 0x20,
    "READ_ARRAY": 0x21,
    "PULSE_CELLS": 0x30,
    "WRITE_CELLS": 0x31,
    "WRITE_TRACED": 0x32,
    "MULTIPLY": 0x40,
}
COUNTERS = (
    "frames_ok bad_oversize bad_cobs bad_length bad_crc bad_version bad_header overflows replayed sequence_errors "
    "refused cancelled set_pulses reset_pulses reads"
).split()
SET_LINES = struct.pack("<3HI", 1800, 2000, 0, 50)
RESET_LINES = struct.pack("<3HI", 4700, 0, 1800, 50)


class VirtualClock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        assert seconds >= 0.0
        self.time += seconds


class Answer(NamedTuple):
    kind: int
    seq: int
    opcode: int
    status: int
    payload: bytes


def wire_of(opcode: str | int, payload: bytes = b"", seq: int = 0, kind: int = 1) -> bytes:
    number = OPCODES[opcode] if isinstance(opcode, str) else opcode
    frame = struct.pack("<BBHBBH", 1, kind, seq, number, 0, len(payload)) + payload
    return b"\0" + bytes(cobs.encode(frame + struct.pack("<I", zlib.crc32(frame)))) + b"\0"


def answers_in(wire: bytes) -> list[Answer]:
    answers = []
    for piece in filter(None, wire.split(b"\0")):
        frame = cobs.decode(piece)
        version, kind, seq, opcode, status, length = struct.unpack_from("<BBHBBH", frame)
        assert version == 1
        assert len(frame) == length + 12
        assert zlib.crc32(frame[:-4]) == int.from_bytes(frame[-4:], "little")
        answers.append(Answer(kind, seq, opcode, status, frame[8:-4]))
    return answers


class Host:
    """Counts sequence numbers; ``ask`` returns the one answer."""

    def __init__(self, board: SimulatedPeBoard) -> None:
        self.board = board
        self.seq = FIRST_SEQ

    def wire(self, opcode: str | int, payload: bytes = b"") -> bytes:
        self.seq += 1
        return wire_of(opcode, payload, self.seq - 1)

    def ask(self, opcode: str | int, payload: bytes = b"") -> Answer:
        (answer,) = answers_in(self.board.receive(self.wire(opcode, payload)))
        return answer

    def hello(self, nonce: int = 7, first_seq: int = FIRST_SEQ) -> Answer:
        self.seq = first_seq
        (answer,) = answers_in(self.board.receive(wire_of("HELLO", struct.pack("<BIH", 1, nonce, first_seq))))
        return answer

    def arm(self, watchdog_ms: int = 0, policy: int = 0) -> Answer:
        return self.ask("ARM", struct.pack("<IB", watchdog_ms, policy))

    def safe(self) -> Answer:
        (answer,) = answers_in(self.board.receive(wire_of("MAKE_SAFE")))
        return answer

    def counters(self) -> dict[str, int]:
        return dict(zip(COUNTERS, struct.unpack("<15Q", self.ask("COUNTERS").payload), strict=True))

    def status(self) -> tuple[int, ...]:
        return struct.unpack("<4B4HhHIIIQ", self.ask("STATUS").payload)


def read_payload(*cells: int, read_mv: int = 200, averages: int = 1) -> bytes:
    return struct.pack(f"<3H{len(cells)}H", read_mv, averages, len(cells), *cells)


def pulse_payload(*cells: int, kind: int = 1, verify: int = 0, pulses: int = 1, lines: bytes | None = None) -> bytes:
    lines = lines or (SET_LINES if kind == 1 else RESET_LINES)
    read = (200, 1) if verify else (0, 0)
    return (
        struct.pack("<BB", kind, verify) + lines + struct.pack(f"<4H{len(cells)}H", pulses, *read, len(cells), *cells)
    )


def write_payload(
    *targets: tuple[int, int], tolerance_pa: int = 50_000, limit: int = 500, read_mv: int = 200, averages: int = 1
) -> bytes:
    head = struct.pack("<HHIHH", read_mv, averages, tolerance_pa, limit, len(targets))
    return SET_LINES + RESET_LINES + head + b"".join(struct.pack("<Hi", *target) for target in targets)


class Payloads(NamedTuple):
    read: Callable[..., bytes] = read_payload
    pulse: Callable[..., bytes] = pulse_payload
    write: Callable[..., bytes] = write_payload
    wire: Callable[..., bytes] = wire_of
    answers: Callable[[bytes], list[Answer]] = answers_in


def noiseless_cells(conductances: dict[int, float]) -> RramCells:
    """Cells without read noise, some of them stuck at conductances (S) that a test chooses."""
    parameters = RramParameters(white_noise=0.0, flicker_noise=0.0, stuck_share=0.0)
    cells = RramCells(16_384, seed=3, parameters=parameters)
    for cell, conductance in conductances.items():
        cells.stick(np.array([cell]), conductance)
    return cells


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def make_board(clock: VirtualClock) -> Callable[..., SimulatedPeBoard]:
    return lambda **options: SimulatedPeBoard(clock, **{"seed": 1, **options})


@pytest.fixture
def make_host(make_board: Callable[..., SimulatedPeBoard]) -> Callable[..., Host]:
    """A host in a session with a new board, armed unless told otherwise."""

    def make(*, armed: bool = True, **options: Any) -> Host:
        host = Host(make_board(**options))
        host.hello()
        if armed:
            host.arm()
        return host

    return make


@pytest.fixture
def host(make_host: Callable[..., Host]) -> Host:
    return make_host()


@pytest.fixture
def payloads() -> Payloads:
    return Payloads()


@pytest.fixture
def noiseless() -> Callable[[dict[int, float]], RramCells]:
    return noiseless_cells


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    return dict(json.loads((DOCS / "pe-board-vectors.json").read_text()))
