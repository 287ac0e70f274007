"""Measurements on a record: pure functions of times and volts; not a number where there is nothing to measure."""

import math
from dataclasses import dataclass

import numpy as np

from simulated_instruments.terminals import Floats

_BINS = 256
_FLAT_SHARE = 0.05
"""Share of the points that a level must have to count as top or base; extremes are taken otherwise, *assumed*."""
_LEAST_SWING = 4.0
"""Codes that a signal must span to have edges, *assumed*."""
_MOST_EDGES = 2000


@dataclass(frozen=True)
class Edge:
    """A transition: times of its lower, middle and upper threshold in s, and its direction."""

    first: float
    middle: float
    last: float
    rising: bool


@dataclass(frozen=True)
class Levels:
    """Top and base of a signal and the three thresholds between them, in V."""

    top: float
    base: float
    lower: float
    middle: float
    upper: float


def top_and_base(volts: Floats) -> tuple[float, float]:
    """Return the commonest level of the upper and of the lower half, or the extremes where there is none."""
    low, high = float(volts.min()), float(volts.max())
    if high <= low:
        return high, low
    counts, edges = np.histogram(volts, bins=_BINS, range=(low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    half = _BINS // 2
    top_bin, base_bin = half + int(np.argmax(counts[half:])), int(np.argmax(counts[:half]))
    enough = _FLAT_SHARE * len(volts)
    top = float(centres[top_bin]) if counts[top_bin] > enough else high
    base = float(centres[base_bin]) if counts[base_bin] > enough else low
    return top, base


def levels(volts: Floats, *, percent: bool, upper: float, middle: float, lower: float) -> Levels:
    """Return top, base and thresholds; thresholds are percent of the amplitude, or volts."""
    top, base = top_and_base(volts)
    if not percent:
        return Levels(top, base, lower, middle, upper)
    swing = (top - base) / 100
    return Levels(top, base, base + lower * swing, base + middle * swing, base + upper * swing)


def edges(times: Floats, volts: Floats, at: Levels, code: float) -> list[Edge]:
    """Return the transitions between below the lower and above the upper threshold.

    Args:
        times: (n,) in s.
        volts: (n,) in V.
        at: The thresholds.
        code: Volts of one ADC code, below a few of which nothing counts as a signal.
    """
    if at.top - at.base < _LEAST_SWING * code:
        return []
    state = (volts >= at.upper).astype(np.int8) - (volts <= at.lower).astype(np.int8)
    known = np.flatnonzero(state)
    turns = np.flatnonzero(np.diff(state[known]))[:_MOST_EDGES]
    return [_edge(times, volts, at, int(known[turn]), int(known[turn + 1])) for turn in turns]


def _edge(times: Floats, volts: Floats, at: Levels, start: int, stop: int) -> Edge:
    rising = bool(volts[stop] > volts[start])
    spans = times[start : stop + 1], volts[start : stop + 1]
    low, middle, high = (_cross(*spans, level, rising=rising) for level in (at.lower, at.middle, at.upper))
    return Edge(low, middle, high, rising) if rising else Edge(high, middle, low, rising)


def _cross(times: Floats, volts: Floats, level: float, *, rising: bool) -> float:
    beyond = np.flatnonzero(volts >= level if rising else volts <= level)
    k = int(beyond[0]) if len(beyond) else len(volts) - 1
    if k == 0:
        return float(times[0])
    share = (level - volts[k - 1]) / (volts[k] - volts[k - 1])
    return float(times[k - 1] + share * (times[k] - times[k - 1]))


@dataclass(frozen=True)
class Signal:
    """A record's trace with everything that measurements need."""

    times: Floats
    volts: Floats
    levels: Levels
    edges: list[Edge]

    def between(self, first: bool, second: bool) -> float:
        """Return the time from the first edge that rises (or falls) to the next that rises (or falls), in s."""
        for number, edge in enumerate(self.edges):
            if edge.rising == first:
                later = (e.middle - edge.middle for e in self.edges[number + 1 :] if e.rising == second)
                return next(later, math.nan)
        return math.nan

    def transition(self, *, rising: bool) -> float:
        """Return the duration of the first edge of a direction, in s."""
        return next((edge.last - edge.first for edge in self.edges if edge.rising == rising), math.nan)

    def cycle(self) -> Floats:
        """Return the volts of the first whole cycle, all of them where there is none."""
        rising = [edge.middle for edge in self.edges if edge.rising]
        if len(rising) < 2:
            return self.volts
        return self.volts[(self.times >= rising[0]) & (self.times < rising[1])]


def rms(volts: Floats, *, ac: bool) -> float:
    """Return the root mean square, without the mean if ``ac``."""
    return float(volts.std() if ac else math.sqrt(float(np.mean(volts**2))))


def value(name: str, signal: Signal) -> float:
    """Return a measurement without arguments by its short name, in V, s, Hz or percent."""
    volts, at = signal.volts, signal.levels
    swing = at.top - at.base
    match name:
        case "VPP":
            return float(volts.max() - volts.min())
        case "VMAX":
            return float(volts.max())
        case "VMIN":
            return float(volts.min())
        case "VAMP":
            return swing
        case "VTOP":
            return at.top
        case "VBAS":
            return at.base
        case "OVER":
            return 100 * (float(volts.max()) - at.top) / swing if swing > 0 else math.nan
        case "PRES":
            return 100 * (at.base - float(volts.min())) / swing if swing > 0 else math.nan
        case "XMAX":
            return float(signal.times[int(np.argmax(volts))])
        case "XMIN":
            return float(signal.times[int(np.argmin(volts))])
    return _timing(name, signal)


def _timing(name: str, signal: Signal) -> float:
    match name:
        case "PER":
            return signal.between(first=True, second=True)
        case "FREQ":
            return 1 / signal.between(first=True, second=True)
        case "PWID":
            return signal.between(first=True, second=False)
        case "NWID":
            return signal.between(first=False, second=True)
        case "DUTY":
            return 100 * signal.between(first=True, second=False) / signal.between(first=True, second=True)
        case "RIS":
            return signal.transition(rising=True)
        case "FALL":
            return signal.transition(rising=False)
    return math.nan
