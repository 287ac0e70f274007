"""Frames: cutting the stream, checking the pieces, building answers. Source: docs/pe-board-wire.md, 2 and 3."""

import struct
import zlib
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from cobs import cobs

from simulated_instruments.pe_board_firmware.codes import Status

FRAME_VERSION = 1
REQUEST, RESPONSE, ERROR = 1, 2, 3
LONGEST_PAYLOAD = 16_384
LONGEST_PIECE = 16_461
NAK_SEQ = 0xFFFF

_HEADER = struct.Struct("<BBHBBH")
_CRC = struct.Struct("<I")


class Fault(IntEnum):
    """Why a piece is no valid frame; all but VERSION are reasons of the NAK."""

    OVERSIZE = 1
    COBS = 2
    LENGTH = 3
    CRC = 4
    HEADER = 5
    VERSION = 6


class Request(NamedTuple):
    """A piece as it was judged: a valid request, or one with its fault (seq and opcode are then 0 but for VERSION)."""

    fault: Fault | None
    seq: int = 0
    opcode: int = 0
    payload: bytes = b""
    crc: int = 0
    size: int = 0  # bytes that it took in the line's buffer


class Splitter:
    """Cuts a stream at its zeros; holds at most one piece, and of a longer one no more than the fact."""

    def __init__(self) -> None:
        self._piece = bytearray()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield the pieces that ``data`` completes, empty ones left out; an overlong piece comes cut short.

        The stream may be gone on with only after the iterator has been used up.
        """
        start = 0
        while (stop := data.find(0, start)) >= 0:
            self._keep(data, start, stop)
            start = stop + 1
            if self._piece:
                piece = bytes(self._piece)
                self._piece.clear()
                yield piece
        self._keep(data, start, len(data))

    def clear(self) -> None:
        """Forget what has come of the piece that is not complete."""
        self._piece.clear()

    def _keep(self, data: bytes, start: int, stop: int) -> None:
        room = LONGEST_PIECE + 1 - len(self._piece)
        self._piece += data[start : min(stop, start + room)]


def judge(piece: bytes) -> Request:
    """Check a piece in the order of section 3; the first failure decides."""
    size = len(piece) + 2
    if len(piece) > LONGEST_PIECE:
        return Request(Fault.OVERSIZE, size=size)
    try:
        frame = cobs.decode(piece)
    except cobs.DecodeError:
        return Request(Fault.COBS, size=size)
    length = len(frame) - _HEADER.size - _CRC.size
    if length < 0:
        return Request(Fault.LENGTH, size=size)
    version, kind, seq, opcode, status, declared = _HEADER.unpack_from(frame)
    if declared != length or length > LONGEST_PAYLOAD:
        return Request(Fault.LENGTH, size=size)
    (crc,) = _CRC.unpack_from(frame, len(frame) - _CRC.size)
    if zlib.crc32(frame[: -_CRC.size]) != crc:
        return Request(Fault.CRC, size=size)
    if version != FRAME_VERSION:
        return Request(Fault.VERSION, seq, opcode, size=size)
    if kind != REQUEST or status != 0:
        return Request(Fault.HEADER, size=size)
    return Request(None, seq, opcode, frame[_HEADER.size : -_CRC.size], crc, size)


def answer(kind: int, seq: int, opcode: int, status: int, payload: bytes = b"") -> bytes:
    """Return the wire bytes of an answer, both delimiters included."""
    frame = _HEADER.pack(FRAME_VERSION, kind, seq, opcode, status, len(payload)) + payload
    return b"\0" + bytes(cobs.encode(frame + _CRC.pack(zlib.crc32(frame)))) + b"\0"


def complaint(request: Request, fault: Fault) -> bytes:
    """Return the answer to a piece that is no valid frame: the NAK, or the error for a foreign frame version."""
    if fault is Fault.VERSION:
        versions = bytes([FRAME_VERSION, FRAME_VERSION])
        return answer(ERROR, request.seq, request.opcode, Status.UNSUPPORTED_VERSION, versions)
    return answer(ERROR, NAK_SEQ, 0, Status.BAD_FRAME, bytes([fault]))
