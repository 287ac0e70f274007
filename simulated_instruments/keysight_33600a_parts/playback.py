"""Which cycles are due when, and the corners of those that the terminal is given.

A terminal takes a finite list of corners, an output may run for ever. So a run is rendered a stretch at a time: whole
cycles from now on, as many as fit `BUDGET` corners and at least one. The stretch is renewed whenever the instrument is
addressed (or polled) past its middle; an output that nobody looks after for longer than a stretch rests at its last
value. A burst is played in full if it fits, which every pulse train of up to 25,000 pulses does.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from simulated_instruments.keysight_33600a_parts.shapes import Cycle
from simulated_instruments.terminals import Floats

BUDGET = 100_000


@dataclass(frozen=True)
class Run:
    """When cycles start.

    Args:
        start: Time of the first one, in s.
        burst: Cycles in a row before a pause; infinite for a continuous output.
        interval: From the start of one burst to the next, in s; infinite for a single burst.
    """

    start: float
    burst: float = math.inf
    interval: float = math.inf

    def end(self, period: float) -> float:
        """Return when the last cycle of ``period`` (s) is over, infinite if never."""
        return self.start + self.burst * period if math.isinf(self.interval) else math.inf

    def fitted(self, period: float) -> "Run":
        """Return the run as it really goes: triggers that come while a burst is under way are lost."""
        if math.isinf(self.burst) or math.isinf(self.interval):
            return replace(self, interval=math.inf)
        intervals = max(1, math.ceil(self.burst * period / self.interval - 1e-9))
        return replace(self, interval=intervals * self.interval)

    def starts(self, first: int, count: int, period: float) -> Floats:
        """Return when cycles ``first`` to ``first + count`` start, in s after the run's start."""
        index = np.arange(first, first + count, dtype=np.float64)
        if math.isinf(self.interval):
            return index * period
        bursts = np.floor(index / self.burst)
        return bursts * self.interval + (index - bursts * self.burst) * period

    def first_due(self, elapsed: float, period: float) -> int:
        """Return the number of the cycle that is under way, or the next one, ``elapsed`` s after the run's start."""
        if elapsed <= 0.0:
            return 0
        if math.isinf(self.interval):
            return int(min(elapsed // period, self.burst))
        bursts = elapsed // self.interval
        within = min((elapsed - bursts * self.interval) // period, self.burst)
        return int(bursts * self.burst + within)


@dataclass(frozen=True)
class Stretch:
    """A rendered part of a run: times in s after it was rendered, levels from -1 to 1."""

    times: Floats
    levels: Floats
    complete: bool


def render(cycle: Cycle, run: Run, now: float) -> Stretch:
    """Render the cycles of ``run`` that are due from ``now`` on."""
    run = run.fitted(cycle.period)
    first = run.first_due(now - run.start, cycle.period)
    fits = max(1, BUDGET // len(cycle.times))
    whole = run.burst if math.isinf(run.interval) else math.inf
    count = int(min(fits, whole - first)) if not math.isinf(whole) else fits
    if count <= 0:
        return Stretch(np.zeros(1), np.array([cycle.rest]), complete=True)
    starts = run.starts(first, count, cycle.period) + (run.start - now)
    times = (starts[:, None] + cycle.times[None, :]).ravel()
    levels = np.tile(cycle.levels, count)
    times, levels = _with_rests(times, levels, starts, cycle)
    return Stretch(*_from_now(times, levels, cycle.rest), complete=first + count >= whole)


def _with_rests(times: Floats, levels: Floats, starts: Floats, cycle: Cycle) -> tuple[Floats, Floats]:
    """Add the return to rest at the end of each cycle that is not followed at once by another."""
    ends = starts + cycle.period
    pause = np.append(starts[1:] - ends[:-1] > 1e-9 * cycle.period, True)
    if np.count_nonzero(pause) == 1:
        return np.append(times, ends[-1]), np.append(levels, cycle.rest)
    times = np.concatenate((times, ends[pause]))
    levels = np.concatenate((levels, np.full(np.count_nonzero(pause), cycle.rest)))
    order = np.argsort(times, kind="stable")
    return times[order], levels[order]


def _from_now(times: Floats, levels: Floats, rest: float) -> tuple[Floats, Floats]:
    """Cut off what is before time 0 and start exactly there; keep the times strictly rising."""
    if times[0] > 0.0:
        times, levels = np.concatenate(([0.0], times)), np.concatenate(([rest], levels))
    elif times[0] < 0.0:
        later = int(np.searchsorted(times, 0.0, side="right"))
        start = float(np.interp(0.0, times, levels))
        times, levels = np.concatenate(([0.0], times[later:])), np.concatenate(([start], levels[later:]))
    keep = np.concatenate(([True], np.diff(np.maximum.accumulate(times)) > 0.0))
    return times[keep], levels[keep]
