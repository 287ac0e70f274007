"""Opcodes, status codes and feature bits of the PE board, and its errors in words.

Source: docs/pe-board-wire.md, sections 7 and 8.
"""

import enum
import struct

from labctl.errors import FrameError


class Opcode(enum.IntEnum):
    """Operations."""

    PING = 0x01
    HELLO = 0x02
    STATUS = 0x03
    COUNTERS = 0x04
    STUCK_MAP = 0x05
    SET_BAUD = 0x06
    ARM = 0x10
    MAKE_SAFE = 0x11
    READ_CELLS = 0x20
    READ_ARRAY = 0x21
    PULSE_CELLS = 0x30
    WRITE_CELLS = 0x31
    WRITE_TRACED = 0x32
    MULTIPLY = 0x40


class Status(enum.IntEnum):
    """Results of an operation."""

    OK = 0
    BAD_OPCODE = 16
    BAD_LENGTH = 17
    BAD_ARG = 18
    OUT_OF_RANGE = 19
    INTERLOCK = 20
    NOT_ARMED = 21
    HW_FAULT = 22
    UNSUPPORTED_VERSION = 24
    CANCELLED = 25
    SEQUENCE = 32
    CELL_REPEATED = 33
    NO_SESSION = 34
    BAD_FRAME = 35
    INTERNAL = 255


class Feature(enum.IntFlag):
    """What a board's firmware can do."""

    WRITE = 1
    MULTIPLY = 2
    VERIFY = 4
    STUCK_MAP = 8
    SET_BAUD = 16
    FLOAT = 32


class LineState(enum.IntEnum):
    """How the lines stand, read back from the switches."""

    GROUND = 0
    FLOATING = 1
    OTHER = 2


SAFE_AFTER = frozenset({Status.INTERLOCK, Status.NOT_ARMED, Status.HW_FAULT, Status.CANCELLED, Status.INTERNAL})
"""Statuses after which the board is disarmed and its lines are at ground."""

_LAYOUTS: dict[int, tuple[str, tuple[str, ...]]] = {
    Status.BAD_LENGTH: ("<H", ("expected",)),
    Status.BAD_ARG: ("<BHq", ("field", "index", "value")),
    Status.OUT_OF_RANGE: ("<BHqqqI", ("field", "index", "value", "minimum", "maximum", "step")),
    Status.HW_FAULT: ("<Bi", ("reason", "value")),
    Status.UNSUPPORTED_VERSION: ("<BB", ("protocol_min", "protocol_max")),
    Status.SEQUENCE: ("<H", ("expected",)),
    Status.CELL_REPEATED: ("<HH", ("index", "value")),
    Status.BAD_FRAME: ("<B", ("reason",)),
    Status.INTERNAL: ("<H", ("code",)),
}
_NO_INDEX = 0xFFFF
_FAULTS = {1: "the supply is at {} mV", 2: "the temperature is {} in 0.01 degC", 3: "a line at rest is at {} mV"}
_WORDS = {
    Status.BAD_OPCODE: "the board has no such operation",
    Status.BAD_LENGTH: "the payload should have {expected} bytes",
    Status.BAD_ARG: "field {field}{entry} cannot be {value}",
    Status.OUT_OF_RANGE: "field {field}{entry} is {value}, but goes from {minimum} to {maximum} in steps of {step}",
    Status.INTERLOCK: "the interlock is open; lines are at ground",
    Status.NOT_ARMED: "the board is not armed; lines are at ground and nothing was driven",
    Status.HW_FAULT: "hardware fault, {fault}; lines are at ground",
    Status.UNSUPPORTED_VERSION: "the board speaks versions {protocol_min} to {protocol_max} of its wire language",
    Status.SEQUENCE: "the board expects sequence number {expected}",
    Status.CELL_REPEATED: "list entry {index} repeats {value}",
    Status.NO_SESSION: "the board knows of no session: it has restarted; what ran before is to be treated as unknown",
    Status.BAD_FRAME: "a frame arrived damaged (reason {reason})",
    Status.INTERNAL: "trouble in the board's firmware, code {code}; lines are at ground",
}


def error_fields(status: int, payload: bytes) -> dict[str, int]:
    """Return what an error answer says, by the names of the document.

    Raises:
        FrameError: The payload has not the layout of its status.
    """
    layout, names = _LAYOUTS.get(status, ("<", ()))
    if struct.calcsize(layout) != len(payload):
        raise FrameError(f"an error answer of status {status} has {len(payload)} bytes")
    return dict(zip(names, struct.unpack(layout, payload), strict=True))


def error_text(status: int, fields: dict[str, int]) -> str:
    """Return an error answer in words, its name first."""
    if status not in _WORDS:
        return f"status {status}, which the document does not have"
    index = fields.get("index", _NO_INDEX)
    words = _WORDS[Status(status)].format(
        **fields,
        entry="" if index == _NO_INDEX else f", entry {index},",
        fault=_FAULTS.get(fields.get("reason", 0), "of value {}").format(fields.get("value", 0)),
    )
    return f"{Status(status).name}: {words}"
