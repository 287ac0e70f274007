"""Terminals: how a simulated instrument meets the bench's wiring, and what it sees when nothing is wired to it."""

import bisect
import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from simulated_instruments.frontend import Clock

Floats = NDArray[np.float64]

REMEMBERED = 4096
"""How many things that it drove a `ResistiveTerminal` remembers at most; the older half goes when there are more."""


class Terminal(Protocol):
    """One output or input of a simulated instrument.

    Nothing here advances the clock: an instrument takes its own time with ``clock.wait``, and the bench integrates its
    devices up to ``clock.now()`` when it is asked.
    """

    def force(self, volts: float, *, ohms: float = 0.0, limit: float = math.inf) -> None:
        """Drive ``volts`` (V) from now on through ``ohms`` (Ohm), with at most ``limit`` (A) in either direction."""

    def force_current(self, amps: float, *, limit: float = math.inf) -> None:
        """Drive ``amps`` (A) from now on, with at most ``limit`` (V) in either direction."""

    def play(
        self, times: Floats, volts: Floats, *, ohms: float = 0.0, count: int = 1, period: float = math.inf
    ) -> None:
        """Drive ``volts`` (V, unloaded) at ``times`` (s after now), linear in between, then the last value.

        All of it comes ``count`` times, ``period`` (s) apart.
        """

    def connect(self, cell: int | None) -> None:
        """Connect one cell of those that the node can be connected to, or none; what a prober's needles do.

        Raises:
            ValueError: There is no such cell.
        """

    def release(self) -> None:
        """Go to high impedance from now on."""

    def sense(self) -> tuple[float, float]:
        """Return the node's voltage (V) and the current out of this terminal (A), now and free of noise."""

    def trace(self, times: Floats) -> tuple[Floats, Floats]:
        """Return the node's voltages (V) and the currents out of this terminal (A) at past bench ``times`` (s)."""

    def crossing(self, level: float, *, rising: bool, after: float) -> float | None:
        """Return the first time (s) since ``after`` at which the node crossed ``level`` (V), or ``None``."""


class ResistiveTerminal(Terminal):
    """A terminal with a resistor to ground: what an instrument drives that the bench leaves alone.

    Args:
        clock: The bench's clock.
        ohms: The resistor, in Ohm; infinite for an open terminal.
    """

    def __init__(self, clock: Clock, ohms: float = math.inf) -> None:
        self._clock = clock
        self._conductance = 0.0 if math.isinf(ohms) else 1.0 / ohms
        self._starts: list[float] = []
        self._history: list[tuple[Floats, Floats, float, float]] = []

    @override
    def force(self, volts: float, *, ohms: float = 0.0, limit: float = math.inf) -> None:
        self._start(np.zeros(1), np.array([volts]), ohms, limit)

    @override
    def force_current(self, amps: float, *, limit: float = math.inf) -> None:
        volts = math.copysign(limit, amps) if not self._conductance else amps / self._conductance
        self._start(np.zeros(1), np.array([min(max(volts, -limit), limit)]), 0.0, math.inf)

    @override
    def play(
        self, times: Floats, volts: Floats, *, ohms: float = 0.0, count: int = 1, period: float = math.inf
    ) -> None:
        # Of a train, the first passage is what this terminal shows: nothing here has a memory.
        self._start(np.asarray(times, dtype=float), np.asarray(volts, dtype=float), ohms, math.inf)

    @override
    def connect(self, cell: int | None) -> None:
        pass

    @override
    def release(self) -> None:
        self._start(np.zeros(1), np.zeros(1), math.inf, math.inf)

    @override
    def sense(self) -> tuple[float, float]:
        volts, amps = self.trace(np.array([self._clock.now()]))
        return float(volts[0]), float(amps[0])

    @override
    def trace(self, times: Floats) -> tuple[Floats, Floats]:
        volts = np.zeros(len(times))
        amps = np.zeros(len(times))
        driven = np.searchsorted(self._starts, times, side="right") - 1
        for index in np.unique(driven[driven >= 0]):
            steps, levels, ohms, limit = self._history[index]
            if math.isinf(ohms):
                continue
            here = driven == index
            source = np.interp(times[here] - self._starts[index], steps, levels)
            share = self._conductance / (1.0 + ohms * self._conductance)
            amps[here] = np.clip(source * share, -limit, limit)
            volts[here] = source - ohms * amps[here]
            if self._conductance:
                at_limit = np.abs(source * share) > limit
                volts[here] = np.where(at_limit, amps[here] / self._conductance, volts[here])
        return volts, amps

    @override
    def crossing(self, level: float, *, rising: bool, after: float) -> float | None:
        now = self._clock.now()
        corners = {after, now}
        first = max(bisect.bisect_right(self._starts, after) - 1, 0)
        for start, (steps, *_) in zip(self._starts[first:], self._history[first:], strict=True):
            corners.update(float(t) for t in start + steps if after <= t <= now)
            if after <= start <= now:
                corners.update((start, float(np.nextafter(start, -math.inf))))
        times = np.array(sorted(corners))
        sign = 1.0 if rising else -1.0
        above = sign * (self.trace(times)[0] - level)
        hits = np.flatnonzero((above[:-1] < 0.0) & (above[1:] >= 0.0))
        if not len(hits):
            return None
        hit = int(hits[0])
        share = -above[hit] / (above[hit + 1] - above[hit])
        return float(times[hit] + share * (times[hit + 1] - times[hit]))

    def _start(self, steps: Floats, levels: Floats, ohms: float, limit: float) -> None:
        if len(self._history) >= REMEMBERED:
            del self._history[: REMEMBERED // 2], self._starts[: REMEMBERED // 2]
        self._starts.append(self._clock.now())
        self._history.append((steps, levels, ohms, limit))
