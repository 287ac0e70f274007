"""What happened on a net: voltages and currents over time, for whoever looks back."""

import bisect
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

POINTS = 2_000_000
"""Points that a net remembers; the oldest go first."""
PIECES = 20_000
"""Pieces that a net remembers."""


@dataclass(frozen=True)
class Piece:
    """A stretch of time: (n,) times, volts at the node and across the device, amps by terminal."""

    times: Floats
    node: Floats
    device: Floats
    amps: dict[str, Floats]


class History:
    """Pieces in the order of time, linear in between."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._ends: list[float] = []
        self._points = 0

    def add(self, piece: Piece) -> None:
        """Append a piece; what is too old for the memory is forgotten."""
        self._pieces.append(piece)
        self._ends.append(float(piece.times[-1]))
        self._points += len(piece.times)
        if self._points > POINTS or len(self._pieces) > PIECES:
            self._forget()

    def latest(self, terminal: str, *, device: bool) -> tuple[float, float]:
        """Return voltage (V) and current out of a terminal (A) at the end of what is remembered."""
        if not self._pieces:
            return 0.0, 0.0
        piece = self._pieces[-1]
        amps = piece.amps.get(terminal)
        volts = piece.device if device else piece.node
        return float(volts[-1]), 0.0 if amps is None else float(amps[-1])

    def volts(self, times: Floats, *, device: bool) -> Floats:
        """Return the voltages at ``times``; 0 before anything happened, the last one afterwards."""
        pieces = self._between(times)
        return _interpolated(times, pieces, [piece.device if device else piece.node for piece in pieces])

    def amps(self, times: Floats, terminal: str) -> Floats:
        """Return the currents out of a terminal at ``times``, 0 where it drove nothing."""
        pieces = self._between(times)
        values = [piece.amps.get(terminal, np.zeros(len(piece.times))) for piece in pieces]
        return _interpolated(times, pieces, values)

    def crossing(self, level: float, *, rising: bool, after: float, device: bool) -> float | None:
        """Return the first time since ``after`` at which the voltage crossed ``level``, or ``None``."""
        pieces = self._pieces[max(bisect.bisect_left(self._ends, after) - 1, 0) :]
        if not pieces:
            return None
        times = np.concatenate([piece.times for piece in pieces])
        volts = np.concatenate([piece.device if device else piece.node for piece in pieces])
        above = (volts - level) if rising else (level - volts)
        for hit in np.flatnonzero((above[:-1] < 0.0) & (above[1:] >= 0.0)):
            share = -above[hit] / (above[hit + 1] - above[hit])
            time = float(times[hit] + share * (times[hit + 1] - times[hit]))
            if time >= after:
                return time
        return None

    def _between(self, times: Floats) -> list[Piece]:
        if not len(times) or not self._pieces:
            return []
        first = max(bisect.bisect_left(self._ends, float(times.min())) - 1, 0)
        last = bisect.bisect_left(self._ends, math.nextafter(float(times.max()), math.inf)) + 1
        return self._pieces[first:last] or self._pieces[-1:]

    def _forget(self) -> None:
        count = len(self._pieces) // 4 or 1
        self._points -= sum(len(piece.times) for piece in self._pieces[:count])
        del self._pieces[:count], self._ends[:count]


def _interpolated(times: Floats, pieces: list[Piece], values: list[Floats]) -> Floats:
    if not pieces:
        return np.zeros(len(times))
    grid = np.concatenate([piece.times for piece in pieces])
    return np.interp(times, grid, np.concatenate(values))
