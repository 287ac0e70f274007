"""Terminals: how a simulated instrument meets the bench's wiring, and what it sees when nothing is wired to it."""

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from simulated_instruments.frontend import Clock

Floats = NDArray[np.float64]


class Terminal(Protocol):
    """One output or input of a simulated instrument.

    Nothing here advances the clock: an instrument takes its own time with ``clock.wait``, and the bench integrates its
    devices up to ``clock.now()`` when it is asked.
    """

    def force(self, volts: float, *, ohms: float = 0.0, limit: float = math.inf) -> None:
        """Drive ``volts`` (V) from now on through ``ohms`` (Ohm), with at most ``limit`` (A) in either direction."""

    def force_current(self, amps: float, *, limit: float = math.inf) -> None:
        """Drive ``amps`` (A) from now on, with at most ``limit`` (V) in either direction."""

    def play(self, times: Floats, volts: Floats, *, ohms: float = 0.0) -> None:
        """Drive ``volts`` (V, unloaded) at ``times`` (s after now), linear in between, then the last value."""

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
        self._history: list[tuple[float, Floats, Floats, float, float]] = []

    @override
    def force(self, volts: float, *, ohms: float = 0.0, limit: float = math.inf) -> None:
        self._start(np.zeros(1), np.array([volts]), ohms, limit)

    @override
    def force_current(self, amps: float, *, limit: float = math.inf) -> None:
        volts = math.copysign(limit, amps) if not self._conductance else amps / self._conductance
        self._start(np.zeros(1), np.array([min(max(volts, -limit), limit)]), 0.0, math.inf)

    @override
    def play(self, times: Floats, volts: Floats, *, ohms: float = 0.0) -> None:
        self._start(np.asarray(times, dtype=float), np.asarray(volts, dtype=float), ohms, math.inf)

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
        for start, steps, levels, ohms, limit in self._history:
            later = times >= start
            if math.isinf(ohms):
                volts[later] = amps[later] = 0.0
                continue
            source = np.interp(times[later] - start, steps, levels)
            amps[later] = np.clip(source * self._conductance / (1.0 + ohms * self._conductance), -limit, limit)
            at_limit = np.abs(source * self._conductance) > limit * (1.0 + ohms * self._conductance)
            volts[later] = source - ohms * amps[later]
            if self._conductance:
                volts[later] = np.where(at_limit, amps[later] / self._conductance, volts[later])
        return volts, amps

    @override
    def crossing(self, level: float, *, rising: bool, after: float) -> float | None:
        now = self._clock.now()
        corners = {after, now}
        for start, steps, *_ in self._history:
            corners.update(float(t) for t in start + steps if after <= t <= now)
            if after <= start <= now:
                corners.update((start, float(np.nextafter(start, -math.inf))))
        times = np.array(sorted(corners))
        sign = 1.0 if rising else -1.0
        above = sign * (self.trace(times)[0] - level)
        hits = np.flatnonzero((above[:-1] < 0.0) & (above[1:] >= 0.0))
        if not len(hits):
            return None
        first = int(hits[0])
        share = -above[first] / (above[first + 1] - above[first])
        return float(times[first] + share * (times[first + 1] - times[first]))

    def _start(self, steps: Floats, levels: Floats, ohms: float, limit: float) -> None:
        self._history.append((self._clock.now(), steps, levels, ohms, limit))
