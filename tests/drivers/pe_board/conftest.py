"""A scripted line to the PE board: each message that the driver sends is compared, then answered from the script."""

import json
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cobs import cobs

from drivers.pe_board import PeBoard
from labctl.links import Link, LinkOptions

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "docs" / "pe-board-vectors.json").read_text())
GOOD: dict[str, dict[str, Any]] = {vector["name"]: vector for vector in VECTORS["good"]}
FIRST_SEQ, NONCE = 0x4E20, 0x1234ABCD
Answer = bytes | Callable[[], bytes]


class ScriptedChannel:
    """Plays a script of (bytes that must come, bytes that answer them)."""

    answers_at_once = True

    def __init__(self) -> None:
        self.script: list[tuple[bytes, Answer]] = []
        self.sent: list[bytes] = []
        self.output = b""
        self.waits: list[float] = []

    def expect(self, sent: bytes, answer: Answer = b"") -> None:
        self.script.append((sent, answer))

    def write(self, data: bytes) -> None:
        assert self.script, f"nothing more was expected, but {data.hex(' ')} came"
        expected, answer = self.script.pop(0)
        assert data.hex(" ") == expected.hex(" ")
        self.sent.append(data)
        self.output += answer() if callable(answer) else answer

    def read(self, timeout: float) -> bytes:
        self.waits.append(timeout)
        data, self.output = self.output, b""
        return data


class ScriptedResource:
    """As much of a PyVISA resource as a link needs; its own library and manager."""

    interface_type = "scripted"
    session = 1
    timeout = 0
    baud_rate = 0

    def __init__(self, channel: ScriptedChannel) -> None:
        self.channel = channel

    @property
    def visalib(self) -> "ScriptedResource":
        return self

    def open_resource(self, name: str) -> "ScriptedResource":
        return self

    def byte_channel(self, session: int) -> ScriptedChannel:
        return self.channel

    def close(self) -> None:
        self.channel.output = b""


class FixedNumbers(random.Random):
    """Draws what the golden HELLO has: header number 0, then the first number, then the nonce."""

    def __init__(self) -> None:
        super().__init__(0)
        self.drawn = [0xFFFF, FIRST_SEQ, NONCE]

    def getrandbits(self, k: int, /) -> int:
        return self.drawn.pop(0) if self.drawn else super().getrandbits(k)


def frame(kind: int, seq: int, opcode: int, status: int = 0, payload: bytes = b"") -> bytes:
    body = struct.pack("<BBHBBH", 1, kind, seq, opcode, status, len(payload)) + payload
    return b"\0" + bytes(cobs.encode(body + struct.pack("<I", zlib.crc32(body)))) + b"\0"


class Bench:
    """A board's driver and the script that it meets."""

    def __init__(self) -> None:
        self.channel = ScriptedChannel()
        self.resource = ScriptedResource(self.channel)
        self.numbers = FixedNumbers()

    def board(self, **keywords: Any) -> PeBoard:
        keywords.setdefault("options", {"watchdog": 2.0})
        board = PeBoard(Link("scripted", lambda: self.resource, LinkOptions()), role="pe-board", **keywords)
        board.numbers = self.numbers
        return board

    def opened(self, **keywords: Any) -> PeBoard:
        self.hello()
        board = self.board(**keywords)
        board.open()
        return board

    def hello(self) -> None:
        self.channel.expect(b"\0")
        self.golden("hello_request", "hello_reply")

    def golden(self, request: str, *answers: str) -> None:
        self.channel.expect(self.wire(request), b"".join(self.wire(name) for name in answers))

    def request(self, seq: int, opcode: int, payload: bytes = b"", answer: Answer = b"") -> None:
        self.channel.expect(frame(1, seq, opcode, 0, payload), answer)

    @staticmethod
    def wire(name: str) -> bytes:
        return bytes.fromhex(GOOD[name]["wire"])

    frame = staticmethod(frame)


@pytest.fixture
def vectors() -> dict[str, Any]:
    return VECTORS


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    assert not made.channel.script, f"{len(made.channel.script)} messages of the script never came"
