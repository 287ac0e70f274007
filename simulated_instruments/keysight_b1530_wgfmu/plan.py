"""What a channel's sequence comes to: its waveform, its measurement times, its events.

Source: the WGFMU sheet, semantics. *Unconfirmed*: what ``getForceValue`` lists where patterns meet (here the points of
every pass, nothing for the 50 ns between two entries); that cycles, loops and counts of events are numbered from 0.
"""

import bisect
import itertools
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulated_instruments.keysight_b1530_wgfmu.codes import (
    GAP_AT_LAST_VOLTAGE,
    SEQUENCE_GAP,
    TICKS_PER_SECOND,
    Code,
    WgfmuError,
)
from simulated_instruments.keysight_b1530_wgfmu.pattern import MeasureEvent, Pattern
from simulated_instruments.terminals import Floats

MAX_PLAYED_POINTS = 4_000_000  # ours: a longer expanded waveform is refused, for memory's sake


@dataclass(frozen=True)
class EventPass:
    """One pass of a measurement event: which, where its data start, how many they are."""

    index: int
    pattern: str
    event: MeasureEvent
    start: int
    cycle: int
    loop: int
    count: int
    offset: int
    size: int


class Plan:
    """A sequence whose patterns are as they were when it was made.

    Args:
        entries: Pattern and loop count, in order.
    """

    def __init__(self, entries: list[tuple[Pattern, int]]) -> None:
        self._patterns = [deepcopy(pattern) for pattern, _ in entries]
        self._loops = [loops for _, loops in entries]
        lengths = [p.period * n + SEQUENCE_GAP for p, n in zip(self._patterns, self._loops, strict=True)]
        self._starts = [0, *itertools.accumulate(lengths)][:-1] if lengths else []
        self.duration = sum(lengths) - SEQUENCE_GAP if lengths else 0  # ticks
        self._measures = [pattern.ordered_measures() for pattern in self._patterns]

    def __len__(self) -> int:
        return len(self._patterns)

    @property
    def patterns(self) -> list[Pattern]:
        """The patterns, one an entry."""
        return self._patterns

    def first_voltage(self) -> float:
        """Return the first pattern's initial voltage (V), 0 for an empty sequence."""
        return self._patterns[0].volts[0] if self._patterns else 0.0

    def force_size(self) -> int:
        """Return how many points the programmed waveform has."""
        return sum(len(p.times) * n for p, n in zip(self._patterns, self._loops, strict=True))

    def force_point(self, index: int) -> tuple[float, float]:
        """Return time (s) and voltage (V) of programmed point ``index``."""
        for start, pattern, loops in zip(self._starts, self._patterns, self._loops, strict=True):
            size = len(pattern.times)
            if index < size * loops:
                loop, point = divmod(index, size)
                return (start + loop * pattern.period + pattern.times[point]) / TICKS_PER_SECOND, pattern.volts[point]
            index -= size * loops
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, "the index is behind the last point")

    def interpolated(self, seconds: float) -> float:
        """Return the programmed voltage (V) at ``seconds``."""
        time = seconds * TICKS_PER_SECOND
        if not self._patterns or not 0.0 <= time <= self.duration + 0.5:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"{seconds} s is outside the sequence")
        entry = bisect.bisect_right(self._starts, time) - 1
        pattern, local = self._patterns[entry], time - self._starts[entry]
        if local > pattern.period * self._loops[entry]:
            waiting = local - pattern.period * self._loops[entry] <= GAP_AT_LAST_VOLTAGE
            return pattern.volts[-1] if waiting or entry + 1 == len(self) else self._patterns[entry + 1].volts[0]
        loop = min(int(local // pattern.period), self._loops[entry] - 1)
        return pattern.value(local - loop * pattern.period)

    def waveform(self) -> tuple[Floats, Floats]:
        """Return the programmed corners: times (s, not falling) and voltages (V). Two at one time are a jump."""
        if self.force_size() > MAX_PLAYED_POINTS:
            raise WgfmuError(Code.LIBRARY, f"more than {MAX_PLAYED_POINTS} points, beyond this simulation")
        times, volts = [], []
        for start, pattern, loops in zip(self._starts, self._patterns, self._loops, strict=True):
            base, levels = np.array(pattern.times, dtype=float), np.array(pattern.volts)
            passes = start + pattern.period * np.arange(loops, dtype=float)
            end = start + pattern.period * loops
            times += [(passes[:, None] + base[None, :]).ravel(), np.array([end + GAP_AT_LAST_VOLTAGE], dtype=float)]
            volts += [np.tile(levels, loops), levels[-1:]]
        return np.concatenate(times[:-1]) / TICKS_PER_SECOND, np.concatenate(volts[:-1])

    def measure_size(self) -> int:
        """Return how many data the sequence gives."""
        return sum(p.points() * n for p, n in zip(self._patterns, self._loops, strict=True))

    @cached_property
    def _per_pass(self) -> list[Floats]:
        """Time stamps (ticks) of each entry's data within one pass."""
        return [np.concatenate([e.stamps() for e in events]) if events else np.zeros(0) for events in self._measures]

    def measure_times(self, offset: int, size: int) -> Floats:
        """Return ``size`` time stamps (s) from datum ``offset`` on."""
        parts, first = [], 0
        for start, pattern, loops, stamps in zip(
            self._starts, self._patterns, self._loops, self._per_pass, strict=True
        ):
            count = len(stamps) * loops
            low, high = max(offset - first, 0), min(offset + size - first, count)
            if low < high:
                loop, point = np.divmod(np.arange(low, high), len(stamps))
                parts.append((start + loop * float(pattern.period) + stamps[point]) / TICKS_PER_SECOND)
            first += count
        return np.concatenate(parts) if parts else np.zeros(0)

    def averaging_times(self) -> Floats:
        """Return the averaging time (s) of every datum; 0 for RAW data."""
        parts = []
        for events, loops in zip(self._measures, self._loops, strict=True):
            each = [np.full(e.points * e.samples, e.averaging if e.samples == 1 else 0.0) for e in events]
            parts.append(np.tile(np.concatenate(each) if each else np.zeros(0), loops))
        return (np.concatenate(parts) if parts else np.zeros(0)) / TICKS_PER_SECOND

    def range_changes(self) -> tuple[Floats, list[int]]:
        """Return when (s) range events come, and to which range."""
        times: list[Floats] = [np.zeros(0)]
        indices: list[int] = []
        for start, pattern, loops in zip(self._starts, self._patterns, self._loops, strict=True):
            events = sorted(pattern.ranges, key=lambda event: event.time)
            if not events:
                continue
            passes = start + pattern.period * np.arange(loops, dtype=float)
            times.append((passes[:, None] + np.array([e.time for e in events], dtype=float)[None, :]).ravel())
            indices += [e.index for e in events] * loops
        return np.concatenate(times) / TICKS_PER_SECOND, indices

    def event_size(self) -> int:
        """Return how many passes of measurement events there are."""
        return sum(len(e) * n for e, n in zip(self._measures, self._loops, strict=True))

    def event(self, index: int) -> EventPass:
        """Return pass ``index`` of the measurement events, in time order."""
        offset, cycles, wanted = 0, Counter[str](), index
        for start, pattern, loops, events in zip(
            self._starts, self._patterns, self._loops, self._measures, strict=True
        ):
            if 0 <= index < len(events) * loops:
                loop, which = divmod(index, len(events))
                event = events[which]
                sizes = [e.points * e.samples for e in events]
                count = sum(e.name == event.name for e in events[:which])
                begin = start + loop * pattern.period
                at = offset + loop * sum(sizes) + sum(sizes[:which])
                cycle = cycles[pattern.name]
                return EventPass(wanted, pattern.name, event, begin, cycle, loop, count, at, sizes[which])
            index -= len(events) * loops
            offset += pattern.points() * loops
            cycles[pattern.name] += 1
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, "the index is behind the last measure event")

    def find_event(self, pattern: str, event: str, cycle: int, loop: int, count: int) -> EventPass:
        """Return the pass with these marks.

        Raises:
            WgfmuError: -10 for an unknown pattern or cycle, -11 for an unknown event, loop or count.
        """
        first, seen = 0, 0
        for entry, loops, events in zip(self._patterns, self._loops, self._measures, strict=True):
            if entry.name == pattern and seen == cycle:
                named = [n for n, e in enumerate(events) if e.name == event]
                if not 0 <= loop < loops or not 0 <= count < len(named):
                    raise WgfmuError(Code.EVENT_NOT_FOUND, f"no event {event}, loop {loop}, count {count}")
                return self.event(first + loop * len(events) + named[count])
            seen += entry.name == pattern
            first += len(events) * loops
        raise WgfmuError(Code.PATTERN_NOT_FOUND, f"the sequence has no pattern {pattern}, cycle {cycle}")
