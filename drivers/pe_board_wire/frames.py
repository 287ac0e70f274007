"""Frames of the PE board's wire language: header, payload and CRC-32, COBS-encoded between zeros.

Source: docs/pe-board-wire.md, sections 2 and 3.
"""

import enum
import struct
import zlib
from typing import NamedTuple

from cobs import cobs

from labctl.errors import FrameError

VERSION = 1
MAX_PAYLOAD = 16384
MAX_ENCODED = 16461
OVERHEAD = 12
"""Bytes of header and CRC."""
NAK_OPCODE = 0
DELIMITER = b"\0"

_HEADER = struct.Struct("<BBHBBH")
_CRC = struct.Struct("<I")


class FrameType(enum.IntEnum):
    """What a frame is."""

    REQUEST = 1
    RESPONSE = 2
    ERROR = 3


class Frame(NamedTuple):
    """A decoded frame whose CRC is right."""

    version: int
    type: int
    seq: int
    opcode: int
    status: int
    payload: bytes


def encode_request(seq: int, opcode: int, payload: bytes) -> bytes:
    """Return a request as it goes over the wire, both delimiters included."""
    if len(payload) > MAX_PAYLOAD:
        raise FrameError(f"a payload of {len(payload)} bytes does not fit, the most is {MAX_PAYLOAD}")
    body = _HEADER.pack(VERSION, FrameType.REQUEST, seq, opcode, 0, len(payload)) + payload
    encoded: bytes = cobs.encode(body + _CRC.pack(zlib.crc32(body)))
    return DELIMITER + encoded + DELIMITER


def decode(piece: bytes) -> Frame:
    """Return the frame that stands between two delimiters.

    Raises:
        FrameError: Too long, no COBS, of the wrong length or with a wrong CRC, in the order of section 3.
    """
    if len(piece) > MAX_ENCODED:
        raise FrameError(f"OVERSIZE: {len(piece)} bytes between two delimiters, the most is {MAX_ENCODED}")
    try:
        data: bytes = cobs.decode(piece)
    except cobs.DecodeError as error:
        raise FrameError(f"COBS: {error}") from error
    size = len(data) - OVERHEAD
    if size < 0 or size > MAX_PAYLOAD:
        raise FrameError(f"LENGTH: a frame of {len(data)} bytes")
    version, kind, seq, opcode, status, length = _HEADER.unpack_from(data)
    if length != size:
        raise FrameError(f"LENGTH: the field says {length}, the payload has {size} bytes")
    if zlib.crc32(data[:-4]) != _CRC.unpack_from(data, len(data) - 4)[0]:
        raise FrameError("CRC: the checksum differs")
    return Frame(version, kind, seq, opcode, status, data[8:-4])


def wire_bytes(payload: int) -> int:
    """Return the most bytes that a frame with ``payload`` bytes takes on the wire, delimiters included."""
    frame = payload + OVERHEAD
    return frame + frame // 254 + 3
