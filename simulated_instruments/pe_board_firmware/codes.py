"""The numbers of the wire language: operations, status codes, markers, times. Source: docs/pe-board-wire.md, 5-9."""

from enum import IntEnum

ARRAYS, ROWS, COLUMNS = 8, 128, 16
CELLS_PER_ARRAY = ROWS * COLUMNS
CELLS = ARRAYS * CELLS_PER_ARRAY

OVERRANGE = 0x7FFFFFFF
NOT_MEASURED = -0x80000000
OVERRANGE_SUM = 0x7FFFFFFFFFFFFFFF
NOT_MEASURED_SUM = -0x8000000000000000

#: s; all of them *assumed* (section 9).
T_REQUEST = 500e-6
T_READ = 10e-6
T_PULSE = 5e-6
T_SETTLE = 8e-6
T_CONVERT = 2e-6


class Opcode(IntEnum):
    """Operations (section 8)."""

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


class Status(IntEnum):
    """Results of a request (section 7)."""

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


class Feature(IntEnum):
    """Bits of the HELLO answer's features."""

    WRITE = 0
    MULTIPLY = 1
    VERIFY = 2
    STUCK_MAP = 3
    SET_BAUD = 4
    FLOAT = 5


class IdlePolicy(IntEnum):
    """Where the lines are between operations of an armed board."""

    GROUND = 0
    FLOAT = 1


class RefusalError(Exception):
    """A request is refused: nothing has been driven, and the answer is of type 3."""

    def __init__(self, status: Status, payload: bytes = b"") -> None:
        super().__init__(status.name)
        self.status = status
        self.payload = payload
