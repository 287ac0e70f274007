"""Answers of the PE board, in SI units: payload layouts of each operation.

Source: docs/pe-board-wire.md, sections 5 and 8.
"""

import struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.capabilities import Floats, Ints, WriteResult, WriteTrace
from labctl.errors import FrameError

CONVERGED = 0
COUNTERS = (
    "frames_ok", "bad_oversize", "bad_cobs", "bad_length", "bad_crc", "bad_version", "bad_header", "overflows",
    "replayed", "sequence_errors", "refused", "cancelled", "set_pulses", "reset_pulses", "reads",
)  # fmt: skip
_PICO = 1e-12
_STATUS = struct.Struct("<BBBBHHHHhHIIIQ")
_RESULT = np.dtype([("set", "<u2"), ("reset", "<u2"), ("outcome", "u1"), ("current", "<i4")])
_TRACE = np.dtype([("kind", "u1"), ("current", "<i4")])
_TRACED = struct.Struct("<HHHBiH")


class BoardStatus(NamedTuple):
    """A STATUS answer, in the wire's units."""

    armed: int
    idle_policy: int
    line_state: int
    interlock_closed: int
    word_mv: int
    bit_mv: int
    source_mv: int
    supply_mv: int
    temperature_cdeg: int
    last_seq: int
    watchdog_ms: int
    watchdog_trips: int
    baud: int
    uptime_ms: int


class Lines(NamedTuple):
    """A MAKE_SAFE answer: the lines as read back, in the wire's units."""

    line_state: int
    word_mv: int
    bit_mv: int
    source_mv: int


def amperes(values: NDArray[Any]) -> Floats:
    """Return currents in A; infinite where the converter was saturated, NaN where nothing was measured."""
    overrange = 2 ** (8 * values.dtype.itemsize - 1) - 1
    currents: Floats = values * _PICO
    currents[values == overrange] = np.inf
    currents[values == -overrange - 1] = np.nan
    return currents


def status(payload: bytes) -> BoardStatus:
    """Read a STATUS answer."""
    return BoardStatus(*_STATUS.unpack(_sized(payload, _STATUS.size)))


def counters(payload: bytes) -> dict[str, int]:
    """Read a COUNTERS answer."""
    return dict(zip(COUNTERS, struct.unpack("<15Q", _sized(payload, 120)), strict=True))


def lines(payload: bytes) -> Lines:
    """Read a MAKE_SAFE answer."""
    return Lines(*struct.unpack("<BHHH", _sized(payload, 7)))


def currents(payload: bytes, count: int) -> Floats:
    """Read the (count,) currents of an answer that begins with ``done``, in A."""
    return amperes(np.frombuffer(_done(payload, 4 * count, count), dtype="<i4"))


def pulsed(payload: bytes, count: int) -> None:
    """Check the answer to pulses without a read."""
    _done(payload, 0, count)


def written(payload: bytes, count: int) -> WriteResult:
    """Read a WRITE_CELLS answer."""
    results = np.frombuffer(_done(payload, 9 * count, count), dtype=_RESULT)
    return WriteResult(
        results["set"].astype(np.int64),
        results["reset"].astype(np.int64),
        amperes(results["current"]),
        results["outcome"] == CONVERGED,
    )


def traced(payload: bytes) -> tuple[WriteResult, WriteTrace]:
    """Read a WRITE_TRACED answer."""
    if len(payload) < _TRACED.size:
        raise FrameError(f"a WRITE_TRACED answer has {len(payload)} bytes")
    done, sets, resets, outcome, current, count = _TRACED.unpack_from(payload)
    _sized(payload, _TRACED.size + 5 * count)
    if done != 1:
        raise FrameError("a WRITE_TRACED answer says OK, but its cell is not done")
    trace = np.frombuffer(payload, dtype=_TRACE, offset=_TRACED.size)
    last = amperes(np.array([current], dtype=np.int32))
    result = WriteResult(np.array([sets]), np.array([resets]), last, np.array([outcome == CONVERGED]))
    return result, WriteTrace(trace["kind"].astype(np.int64), amperes(trace["current"]))


def sums(payload: bytes, vectors: int, rows: int) -> Floats:
    """Read the (vectors, rows) bit-weighted sums of a MULTIPLY answer, in A."""
    data = _done(payload, 8 * vectors * rows, vectors)
    return amperes(np.frombuffer(data, dtype="<i8")).reshape(vectors, rows)


def states(payload: bytes, rows: int, columns: int) -> Ints:
    """Read the (rows, columns) defects of a STUCK_MAP answer."""
    return np.frombuffer(_sized(payload, rows * columns), dtype="u1").reshape(rows, columns).astype(np.int64)


def _done(payload: bytes, size: int, count: int) -> bytes:
    _sized(payload, 2 + size)
    done = int.from_bytes(payload[:2], "little")
    if done != count:
        raise FrameError(f"an answer says OK, but {done} of {count} entries are done")
    return payload[2:]


def _sized(payload: bytes, size: int) -> bytes:
    if len(payload) != size:
        raise FrameError(f"an answer has {len(payload)} bytes of payload, {size} were expected")
    return payload
