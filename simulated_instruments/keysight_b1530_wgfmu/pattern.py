"""Patterns: a piecewise-linear waveform with its events, and the patterns made of others.

Times are whole ticks of 5 ns, on the 10 ns grid. Source: the WGFMU sheet, limits and semantics.
"""

import bisect
import itertools
from dataclasses import dataclass, field, replace

import numpy as np

from simulated_instruments.keysight_b1530_wgfmu.codes import (
    AVERAGED,
    AXIS_TIME,
    GRID,
    MAX_AVERAGING,
    MAX_DELTA_TIME,
    MAX_EVENT_POINTS,
    MAX_INTERVAL,
    MAX_VECTORS,
    TICKS_PER_SECOND,
    Code,
    WgfmuError,
)
from simulated_instruments.terminals import Floats

MAX_VOLTS = 10.0


def ticks(seconds: float) -> int:
    """Return ``seconds`` as ticks on the 10 ns grid, rounded to nearest."""
    return GRID * round(seconds * TICKS_PER_SECOND / GRID)


def check_volts(volts: float) -> float:
    """Return ``volts`` (V) if a WGFMU can force it."""
    if abs(volts) > MAX_VOLTS:
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"{volts} V is beyond +-{MAX_VOLTS} V")
    return volts


@dataclass(frozen=True)
class MeasureEvent:
    """Measurements within a pattern. Times in ticks."""

    name: str
    time: int
    points: int
    interval: int
    averaging: int
    data: int

    @property
    def samples(self) -> int:
        """How many data each point gives: 1, or in RAW every 5 ns of the averaging time."""
        return 1 if self.data == AVERAGED else 1 + self.averaging

    @property
    def end(self) -> int:
        """When the last point is done, in ticks; a point without averaging takes 10 ns."""
        return self.time + self.interval * (self.points - 1) + (self.averaging or GRID)

    def stamps(self) -> Floats:
        """Return the time stamps in ticks: (points * samples,), the middle of the window where it is averaged."""
        starts = self.time + self.interval * np.arange(self.points, dtype=float)
        if self.data == AVERAGED:
            return starts + self.averaging / 2.0
        return (starts[:, None] + np.arange(self.samples)[None, :]).ravel()


@dataclass(frozen=True)
class RangeEvent:
    """A change of the current range at ``time`` (ticks)."""

    name: str
    time: int
    index: int


@dataclass(frozen=True)
class TriggerEvent:
    """A trigger output from ``time`` for ``duration`` (ticks)."""

    name: str
    time: int
    duration: int


@dataclass
class Pattern:
    """A waveform from time 0, voltages in V at times in ticks, and its events."""

    name: str
    times: list[int]
    volts: list[float]
    measures: list[MeasureEvent] = field(default_factory=list)
    ranges: list[RangeEvent] = field(default_factory=list)
    triggers: list[TriggerEvent] = field(default_factory=list)

    @property
    def period(self) -> int:
        """The pattern's length in ticks."""
        return self.times[-1]

    def ordered_measures(self) -> list[MeasureEvent]:
        """Return the measurement events by time."""
        return sorted(self.measures, key=lambda event: event.time)

    def points(self) -> int:
        """Return how many data one pass gives."""
        return sum(event.points * event.samples for event in self.measures)

    def add(self, delta: float, volts: float) -> None:
        """Append a vector of ``delta`` s to ``volts`` V."""
        step = ticks(delta)
        if not GRID <= step <= MAX_DELTA_TIME:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"a vector of {delta} s is not in 10 ns to 10995.11627775 s")
        value = check_volts(volts)
        self._room()
        self.times.append(self.period + step)
        self.volts.append(value)

    def put(self, time: float, volts: float) -> None:
        """Put a point at ``time`` (s, absolute) and ``volts`` (V); one that is there already is replaced."""
        if time < 0.0:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"time {time} s is negative")
        at, value = ticks(time), check_volts(volts)
        index = bisect.bisect_left(self.times, at)
        if index < len(self.times) and self.times[index] == at:
            self.volts[index] = value
            return
        before = self.times[index - 1]
        if at - before > MAX_DELTA_TIME:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"time {time} s is too far from its neighbour")
        self._room()
        self.times.insert(index, at)
        self.volts.insert(index, value)

    def _room(self) -> None:
        if len(self.times) > MAX_VECTORS:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"pattern {self.name} has {MAX_VECTORS} vectors already")

    def value(self, time: float) -> float:
        """Return the voltage (V) at ``time`` ticks, held before and after the pattern."""
        return float(np.interp(time, self.times, self.volts))

    def inside(self, end: int) -> None:
        """Refuse an event that ends after the pattern (ticks)."""
        if end > self.period:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"an event of pattern {self.name} ends after its last vector")


def measure_event(name: str, time: float, points: int, interval: float, averaging: float, data: int) -> MeasureEvent:
    """Return the event after its limits are checked; times in s, rounded to the grid."""
    event = MeasureEvent(name, ticks(time), points, ticks(interval), ticks(averaging), data)
    good = (
        event.time >= 0
        and 1 <= points <= MAX_EVENT_POINTS
        and GRID <= event.interval <= MAX_INTERVAL
        and 0 <= event.averaging <= MAX_AVERAGING
    )
    if not good:
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"measure event {name} is out of limits")
    return event


def merged(name: str, first: Pattern, second: Pattern, axis: int) -> Pattern:
    """Return ``second`` appended to ``first`` (time axis), or added to it (voltage axis)."""
    if axis == AXIS_TIME:
        return _appended(name, first, second)
    times = sorted(set(first.times) | set(second.times))
    volts = [check_volts(first.value(t) + second.value(t)) for t in times]
    measures = [e for e in first.measures if not any(e.time < o.end and o.time < e.end for o in second.measures)]
    ranges = [e for e in first.ranges if all(e.time != o.time for o in second.ranges)]
    triggers = [
        e
        for e in first.triggers
        if not any(e.time <= o.time + o.duration and o.time <= e.time + e.duration for o in second.triggers)
    ]
    return Pattern(name, times, volts, measures + second.measures, ranges + second.ranges, triggers + second.triggers)


def _appended(name: str, first: Pattern, second: Pattern) -> Pattern:
    shift = first.period
    # Where the two do not meet, the second's initial voltage is reached one grid step later: a jump takes no time.
    joined = first.volts[-1] == second.volts[0]
    gap = 0 if joined else GRID
    start = 1 if joined else 0
    times = first.times + [shift + gap + t for t in second.times[start:]]
    later = _shifted(second, shift + gap)
    return Pattern(
        name,
        times,
        first.volts + second.volts[start:],
        first.measures + later.measures,
        first.ranges + later.ranges,
        first.triggers + later.triggers,
    )


def _shifted(pattern: Pattern, by: int) -> Pattern:
    return Pattern(
        pattern.name,
        pattern.times,
        pattern.volts,
        [replace(e, time=e.time + by) for e in pattern.measures],
        [replace(e, time=e.time + by) for e in pattern.ranges],
        [replace(e, time=e.time + by) for e in pattern.triggers],
    )


def multiplied(name: str, source: Pattern, time_factor: float, voltage_factor: float) -> Pattern:
    """Return ``source`` stretched and scaled; a negative ``time_factor`` mirrors it in time."""
    if time_factor == 0.0 or voltage_factor == 0.0:
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, "a factor must not be 0")
    scale = abs(time_factor)

    def stretch(t: int) -> int:
        return GRID * round(t * scale / GRID)

    times = [stretch(t) for t in source.times]
    volts = [check_volts(v * voltage_factor) for v in source.volts]
    if any(b - a < GRID or b - a > MAX_DELTA_TIME for a, b in itertools.pairwise(times)):
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, "a vector leaves 10 ns to 10995.11627775 s")
    measures = [
        replace(e, time=stretch(e.time), interval=stretch(e.interval), averaging=stretch(e.averaging))
        for e in source.measures
    ]
    if any(e.interval < GRID or e.interval > MAX_INTERVAL or e.averaging > MAX_AVERAGING for e in measures):
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, "a measure event leaves its limits")
    ranges = [replace(e, time=stretch(e.time)) for e in source.ranges]
    triggers = [replace(e, time=stretch(e.time), duration=stretch(e.duration)) for e in source.triggers]
    if time_factor > 0.0:
        return Pattern(name, times, volts, measures, ranges, triggers)
    period = times[-1]
    return Pattern(
        name,
        [period - t for t in reversed(times)],
        volts[::-1],
        [replace(e, time=period - e.time - e.interval * (e.points - 1) - e.averaging) for e in measures],
        [replace(e, time=max(period - e.time - GRID, 0)) for e in ranges],
        [replace(e, time=period - e.time - e.duration) for e in triggers],
    )


def offset(name: str, source: Pattern, time_offset: float, voltage_offset: float) -> Pattern:
    """Return ``source`` shifted: a ``time_offset`` (s) above 0 holds the initial voltage first, one below cuts."""
    by = ticks(time_offset)
    volts = [check_volts(v + voltage_offset) for v in source.volts]
    if abs(by) > MAX_DELTA_TIME or -by >= source.period:
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"nothing is left after an offset of {time_offset} s")
    moved = _shifted(source, by)
    if by == 0:
        times = list(source.times)
    elif by > 0:
        times, volts = [0] + [t + by for t in source.times], [volts[0], *volts]
    else:
        first = source.value(-by) + voltage_offset
        kept = [(t + by, v) for t, v in zip(source.times, volts, strict=True) if t + by > 0]
        times, volts = [0] + [t for t, _ in kept], [first] + [v for _, v in kept]
    return Pattern(
        name,
        times,
        volts,
        [e for e in moved.measures if e.time >= 0],
        [e for e in moved.ranges if e.time >= 0],
        [e for e in moved.triggers if e.time >= 0],
    )
