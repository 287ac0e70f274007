"""Requests to the PE board: payload, worst answer and worst execution time of each operation.

Source: docs/pe-board-wire.md, sections 8 (payloads) and 9 (times; the constants are *assumed* there).
"""

import math
import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivers.pe_board_wire.codes import Opcode
from drivers.pe_board_wire.frames import MAX_PAYLOAD, wire_bytes
from drivers.pe_board_wire.hello import PROTOCOL, WORST_ANSWER

T_REQUEST = 500e-6  # s, assumed
T_READ = 10e-6  # s, assumed
T_PULSE = 5e-6  # s, assumed
T_SETTLE = 8e-6  # s, assumed
T_CONVERT = 2e-6  # s, assumed
T_MARGIN = 250e-3  # s, assumed
BITS_PER_BYTE = 10

VERIFY_FLAG = 1
LONGEST_ERROR = 31
LONGEST_PULSE = 1.005e-3  # s, with its set-up; assumed
_WRITE_ENTRY = np.dtype([("cell", "<u2"), ("target_pa", "<i4")])
Cells = NDArray[np.int64]


class WirePulse(NamedTuple):
    """A pulse in the wire's units: mV and ns."""

    word_mv: int
    bit_mv: int
    source_mv: int
    width_ns: int

    @property
    def seconds(self) -> float:
        """What one such pulse takes, in s."""
        return self.width_ns * 1e-9 + T_PULSE


class WireRead(NamedTuple):
    """A read in the wire's units."""

    read_mv: int
    averages: int


class WireWrite(NamedTuple):
    """A closed-loop write in the wire's units."""

    set_pulse: WirePulse
    reset_pulse: WirePulse
    read: WireRead
    tolerance_pa: int
    pulse_limit: int


class Request(NamedTuple):
    """A request.

    Attributes:
        opcode: Which operation.
        payload: Its bytes.
        answer: Most bytes of the answer's payload.
        execution: Longest time, in s, that the board works on it.
    """

    opcode: Opcode
    payload: bytes = b""
    answer: int = 0
    execution: float = T_REQUEST

    def timeout(self, baud: int) -> float:
        """Return the longest wait for the answer at ``baud``, in s."""
        line = wire_bytes(len(self.payload)) + wire_bytes(max(self.answer, LONGEST_ERROR))
        return line * BITS_PER_BYTE / baud + self.execution + T_MARGIN


STATUS = Request(Opcode.STATUS, answer=36)
COUNTERS = Request(Opcode.COUNTERS, answer=120)
MAKE_SAFE = Request(Opcode.MAKE_SAFE, answer=7)


def ping(echo: bytes = b"") -> Request:
    """Have the same bytes sent back."""
    return Request(Opcode.PING, echo, len(echo))


def hello(nonce: int, first_seq: int, protocol: int = PROTOCOL) -> Request:
    """Open a session whose first request carries ``first_seq``."""
    return Request(Opcode.HELLO, struct.pack("<BIH", protocol, nonce, first_seq), WORST_ANSWER)


def stuck_map(array: int, first_row: int, row_count: int, columns: int) -> Request:
    """Ask for the stored table of defects."""
    return Request(Opcode.STUCK_MAP, struct.pack("<BBH", array, first_row, row_count), columns * row_count)


def set_baud(baud: int) -> Request:
    """Change the line's rate after the answer."""
    return Request(Opcode.SET_BAUD, struct.pack("<I", baud), 4)


def arm(watchdog_ms: int, idle_policy: int) -> Request:
    """Allow operations that drive lines."""
    return Request(Opcode.ARM, struct.pack("<IB", watchdog_ms, idle_policy), 5)


def read_cells(cells: Cells, read: WireRead) -> Request:
    """Read a list of cells."""
    count = len(cells)
    payload = struct.pack("<HHH", *read, count) + cells.astype("<u2").tobytes()
    return Request(Opcode.READ_CELLS, payload, 2 + 4 * count, T_REQUEST + count * read.averages * T_READ)


def read_array(array: int, first_row: int, row_count: int, columns: int, read: WireRead) -> Request:
    """Read whole rows of an array."""
    count = columns * row_count
    payload = struct.pack("<BBHHH", array, first_row, row_count, *read)
    return Request(Opcode.READ_ARRAY, payload, 2 + 4 * count, T_REQUEST + count * read.averages * T_READ)


def pulse_cells(kind: int, cells: Cells, pulse: WirePulse, verify: WireRead | None = None, pulses: int = 1) -> Request:
    """Pulse a list of cells; ``kind`` 1 counts as SET, 2 as RESET."""
    count = len(cells)
    read = verify or WireRead(0, 0)
    payload = struct.pack("<BBHHHIHHHH", kind, VERIFY_FLAG if verify else 0, *pulse, pulses, *read, count)
    execution = T_REQUEST + count * (pulses * pulse.seconds + read.averages * T_READ)
    answer = 2 + (4 * count if verify else 0)
    return Request(Opcode.PULSE_CELLS, payload + cells.astype("<u2").tobytes(), answer, execution)


def write_cells(cells: Cells, targets_pa: NDArray[np.int64], write: WireWrite) -> Request:
    """Write a list of cells in a closed loop on the board."""
    count = len(cells)
    return Request(
        Opcode.WRITE_CELLS,
        _write_payload(cells, targets_pa, write),
        2 + 9 * count,
        T_REQUEST + count * write_seconds(write, write.pulse_limit),
    )


def write_traced(cell: int, target_pa: int, write: WireWrite) -> Request:
    """Write one cell and have every read of it sent back."""
    payload = _write_payload(np.array([cell]), np.array([target_pa]), write)
    execution = T_REQUEST + write_seconds(write, write.pulse_limit)
    return Request(Opcode.WRITE_TRACED, payload, 13 + 5 * (write.pulse_limit + 1), execution)


def write_seconds(write: WireWrite, pulses: float) -> float:
    """Return the time on the board, in s, of writing one cell with ``pulses`` pulses of the wider kind."""
    widest = max(write.set_pulse.seconds, write.reset_pulse.seconds)
    return (pulses + 1) * write.read.averages * T_READ + pulses * widest


def write_line_time(cells: int, batch: int, baud: int) -> float:
    """Return the time beside the writing itself, in s, of writing ``cells`` cells, ``batch`` in a request."""
    longest = min(cells, batch)
    line = wire_bytes(32 + 6 * longest) + wire_bytes(2 + 9 * longest)
    return math.ceil(cells / batch) * (T_REQUEST + line * BITS_PER_BYTE / baud)


def multiply(array: int, bits: int, read_mv: int, rows: NDArray[np.int64], codes: NDArray[np.int64]) -> Request:
    """Multiply (n, columns) input ``codes`` with the chosen rows."""
    row_count, vectors = len(rows), len(codes)
    payload = struct.pack("<BBHHH", array, bits, read_mv, row_count, vectors)
    payload += rows.astype("u1").tobytes() + codes.astype("<i2").tobytes()
    execution = T_REQUEST + 2 * vectors * bits * (T_SETTLE + row_count * T_CONVERT)
    return Request(Opcode.MULTIPLY, payload, 2 + 8 * row_count * vectors, execution)


def _write_payload(cells: Cells, targets_pa: NDArray[np.int64], write: WireWrite) -> bytes:
    fixed = struct.pack(
        "<HHHIHHHIHHIHH",
        *write.set_pulse,
        *write.reset_pulse,
        *write.read,
        write.tolerance_pa,
        write.pulse_limit,
        len(cells),
    )
    entries = np.empty(len(cells), dtype=_WRITE_ENTRY)
    entries["cell"] = cells
    entries["target_pa"] = targets_pa
    return fixed + entries.tobytes()


def cancelled_answer_time(baud: int) -> float:
    """Return how long, in s, the longest answer to an operation that MAKE_SAFE ends can hold up the line."""
    return wire_bytes(MAX_PAYLOAD) * BITS_PER_BYTE / baud + LONGEST_PULSE
