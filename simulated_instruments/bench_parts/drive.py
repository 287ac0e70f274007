"""What a terminal drives, and what several of them make together."""

import functools
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESTING_LIMIT = 1e-3
"""A terminal that holds 0 V with at most this many A is at rest: a source meter whose output is off does that."""
_LEAD_RESISTANCE = 1e-3  # Ohm, *assumed*; what stands between two ideal sources on one node
_EDGE = 1e-12  # s that a step in a waveform takes


@dataclass(frozen=True)
class Drive:
    """A source with a resistance and a current limit, from ``start`` on.

    Attributes:
        start: s on the bench's clock.
        times: (n,) s after ``start``, rising.
        volts: (n,) V without load, linear in between, the last one ever after.
        ohms: Series resistance.
        limit: Highest current, A.
        count: How often the waveform comes; at the end of each passage it is back at its first voltage.
        period: From passage to passage, s; the last time or later.
    """

    start: float
    times: Floats
    volts: Floats
    ohms: float = 0.0
    limit: float = math.inf
    count: int = 1
    period: float = math.inf

    @functools.cached_property
    def resting(self) -> bool:
        """Whether it merely holds 0 V with a small current: it gives way to any other."""
        return self.limit <= RESTING_LIMIT and not self.volts.any()

    def at(self, times: Floats) -> Floats:
        """Return the unloaded voltages (n,) at bench ``times`` (n,)."""
        if len(self.volts) == 1:
            return np.full(len(times), self.volts[0])
        since = times - self.start
        if self.count > 1:
            since -= np.clip(np.floor(since / self.period), 0.0, self.count - 1.0) * self.period
        return np.interp(since, self.times, self.volts)

    def corners(self, after: float, until: float) -> Floats:
        """Return the bench times within ``after`` < t < ``until`` at which its slope changes."""
        if len(self.volts) == 1:
            return np.empty(0)
        if self.count > 1:
            first, last = (int(min(max((t - self.start) // self.period, 0), self.count - 1)) for t in (after, until))
            starts = self.start + np.arange(first, last + 1) * self.period
            times = (starts[:, None] + self.times).ravel()
        else:
            first, last = np.searchsorted(self.times, [after - self.start, until - self.start])
            times = self.start + self.times[first : last + 1]
        return times[(times > after) & (times < until)]

    def passages(self, after: float, until: float) -> tuple[int, int]:
        """Return the numbers of the first whole passage from ``after`` on and of the first that ``until`` cuts."""
        if self.count == 1:
            return 0, 0
        first = math.ceil((after - self.start) / self.period - 1e-9)
        last = math.floor((until - self.start) / self.period + 1e-9)
        return max(first, 0), min(last, self.count)


def constant(volts: float, ohms: float, limit: float) -> Drive:
    """Return a drive of one voltage."""
    return Drive(0.0, np.zeros(1), np.array([volts]), ohms, limit)


def waveform(times: Floats, volts: Floats, ohms: float, count: int = 1, period: float = math.inf) -> Drive:
    """Return a drive along a waveform, once or ``count`` times; steps in it become edges of a picosecond.

    Raises:
        ValueError: No point, arrays of unequal length, times that fall, or a value that is not finite.
    """
    times, volts = np.array(times, dtype=np.float64), np.array(volts, dtype=np.float64)
    if times.ndim != 1 or times.shape != volts.shape or not len(times):
        raise ValueError("a waveform needs times and volts of one length")
    if not (np.isfinite(times).all() and np.isfinite(volts).all()) or np.any(np.diff(times) < 0.0):
        raise ValueError("a waveform's values must be finite, and its times must not fall")
    steps = np.flatnonzero(np.diff(times) == 0.0) + 1
    times[steps] += _EDGE
    if count > 1 and not times[-1] <= period < math.inf:
        raise ValueError("the period of a waveform that repeats must be finite and not below its last time")
    return Drive(0.0, np.maximum.accumulate(times), volts, ohms, math.inf, count, period)


class Source(NamedTuple):
    """What all drives of a node make together: (n,) unloaded V, Ohm (infinite: nothing drives), A."""

    volts: Floats
    ohms: float
    limit: float


def together(drives: list[Drive], times: Floats) -> Source:
    """Return the source that several drives make, at bench ``times``.

    A drive at rest takes current from another up to its limit. Two that are not at rest are a fault of the wiring; they
    share the node through their resistances.
    """
    if len(drives) == 1 and not drives[0].resting:
        return Source(drives[0].at(times), drives[0].ohms, drives[0].limit)
    strong = [drive for drive in drives if not drive.resting]
    rest = sum(drive.limit for drive in drives if drive.resting)
    if not strong:
        return Source(np.zeros(len(times)), 0.0 if rest else math.inf, rest or math.inf)
    if len(strong) == 1:
        only = strong[0]
        volts = only.at(times)
        if rest and only.ohms:
            volts = np.sign(volts) * np.maximum(np.abs(volts) - rest * only.ohms, 0.0)
        return Source(volts, only.ohms, only.limit)
    conductances = [1.0 / max(drive.ohms, _LEAD_RESISTANCE) for drive in strong]
    volts = np.zeros(len(times))
    for drive, conductance in zip(strong, conductances, strict=True):
        volts += drive.at(times) * conductance
    total = sum(conductances)
    return Source(volts / total, 1.0 / total, sum(drive.limit for drive in strong))


def shares(drives: dict[str, Drive], times: Floats, volts: Floats, amps: Floats) -> dict[str, Floats]:
    """Return the current (A) out of each driving terminal, from the node's voltage and the current into the devices."""
    out: dict[str, Floats] = {}
    if len(drives) == 1:
        return dict.fromkeys(drives, amps)
    strong = [name for name, drive in drives.items() if not drive.resting]
    for name, drive in drives.items():
        if drive.resting and strong:
            out[name] = -np.sign(volts) * drive.limit
        elif drive.resting:
            out[name] = amps / len(drives)
    taken = -np.sum([out[name] for name in out], axis=0) if out and strong else 0.0
    for name in strong:
        if len(strong) == 1:
            out[name] = amps + taken
        else:
            drive = drives[name]
            resistance = max(drive.ohms, _LEAD_RESISTANCE)
            out[name] = np.clip((drive.at(times) - volts) / resistance, -drive.limit, drive.limit)
    return out
