"""One execution of a channel's sequence, and the values that it measures."""

from dataclasses import dataclass

import numpy as np

from simulated_instruments.keysight_b1530_wgfmu.codes import (
    MAX_DELAY,
    MAX_SLEW,
    MEASURE_CURRENT,
    OVERLOAD,
    RANGES,
    RESIDUAL_CAPACITANCE,
    SETTLING_TAUS,
)
from simulated_instruments.keysight_b1530_wgfmu.plan import Plan
from simulated_instruments.keysight_b1530_wgfmu.response import settle, slew_limited
from simulated_instruments.terminals import Floats, Terminal

SAMPLE = 5e-9
POINT_TIME = 10e-9  # what a point without averaging takes
LEAD = MAX_DELAY  # the sequence starts this late, so that a negative delay can be played
TAIL = 3 * MAX_DELAY  # after this much more than its length a run has been measured to the end
NEARLY = 0.9  # so that the rounding of a late bench time does not hide the end
WINDOW_SAMPLES = 32  # ours: how finely an averaging window is looked at, at most
BLOCK_SAMPLES = 100_000
FORGOTTEN = 12.0  # time constants after which an edge no longer matters
AFTER_CORNER = (0.25, 0.5, 1.0, 2.0, 4.0)  # in time constants, where the lag is followed behind a corner


@dataclass(frozen=True)
class RunSettings:
    """What a channel was set to when it started: delays in s, codes as in the library."""

    measure_mode: int
    measure_range: int
    measured: bool
    connected: bool
    ohms: float
    force_delay: float
    measure_delay: float


class Run:
    """A sequence that plays from ``start`` (bench time, s) on.

    Args:
        plan: The sequence.
        settings: The channel's settings.
        terminal: Where it is wired to.
        start: Bench time of the start, in s.
        noise: The channel's source of noise.
    """

    def __init__(
        self, plan: Plan, settings: RunSettings, terminal: Terminal, start: float, noise: np.random.Generator
    ) -> None:
        self._settings = settings
        self._terminal = terminal
        self._noise = noise
        self.plan = plan
        self.start = start
        self.total = plan.duration / 2e8
        self.aborted_at: float | None = None
        self._wave_times, self._wave_volts = slew_limited(*plan.waveform(), MAX_SLEW)
        self.size = plan.measure_size() if settings.measured else 0
        stamps = plan.measure_times(0, self.size)
        averaging = plan.averaging_times()[: self.size]
        self._begins = stamps - averaging / 2.0
        self._averaging = averaging
        self._values = np.zeros(self.size)
        self._known = 0
        self._at, self._state = 0.0, float("nan")
        changes, indices = plan.range_changes()
        self._changes = changes
        self._ranges = [settings.measure_range, *(indices if settings.measure_mode == MEASURE_CURRENT else [])]

    def play(self) -> None:
        """Hand the waveform to the terminal, if the channel is connected to it."""
        if self._settings.connected:
            lead = LEAD + self._settings.force_delay
            times, volts = self._wave_times + lead, self._wave_volts
            if lead > 0.0:
                times, volts = np.concatenate(([0.0], times)), np.concatenate((volts[:1], volts))
            self._terminal.play(times, volts, ohms=self._settings.ohms)

    def elapsed(self, now: float) -> float:
        """Return how much of the sequence (s) has been put out at bench time ``now``."""
        end = now if self.aborted_at is None else self.aborted_at
        return min(max(end - self.start, 0.0), self.total)

    def completed(self, now: float) -> bool:
        """Return whether the sequence has run to its end and all its data are there."""
        return self.aborted_at is None and now - self.start >= self.total + TAIL * NEARLY

    def remaining(self, now: float) -> float:
        """Return the time (s) until ``completed``."""
        return max(self.start + self.total + TAIL - now, 0.0)

    def output(self, now: float) -> float:
        """Return the voltage (V) that the source forces at bench time ``now``."""
        time = (now if self.aborted_at is None else self.aborted_at) - self.start - LEAD - self._settings.force_delay
        return float(np.interp(time, self._wave_times, self._wave_volts))

    def measured_size(self, now: float) -> int:
        """Return how many data are there at bench time ``now``."""
        if self.completed(now):
            return self.size
        end = (now if self.aborted_at is None else min(now, self.aborted_at)) - self.start - TAIL
        ends = self._begins + np.maximum(self._averaging, POINT_TIME)
        return int(np.searchsorted(ends, end, side="right"))

    def values(self, offset: int, size: int) -> Floats:
        """Return the measured data (V or A), which must be there already; what was returned once stays the same."""
        while self._known < offset + size:
            self._measure_block(offset + size)
        return self._values[offset : offset + size]

    def _measure_block(self, wanted: int) -> None:
        first = self._known
        counts = np.clip(np.rint(self._averaging[first : first + BLOCK_SAMPLES] / SAMPLE), 1, WINDOW_SAMPLES)
        fitting = int(np.searchsorted(np.cumsum(counts), BLOCK_SAMPLES, side="right"))
        last = min(first + max(fitting, 1), wanted)
        counts = counts[: last - first].astype(int)
        point = np.repeat(np.arange(first, last), counts)
        share = (np.arange(len(point)) - np.repeat(np.cumsum(counts) - counts, counts) + 0.5) / np.repeat(
            counts, counts
        )
        samples = self._begins[point] + self._averaging[point] * share
        seen = self._follow(samples)
        means = np.add.reduceat(seen, np.cumsum(counts) - counts) / counts
        self._values[first:last] = self._converted(means, first, last)
        self._known = last

    def _follow(self, samples: Floats) -> Floats:
        """Return what the converter sees at ``samples`` (s in the sequence), after its settling."""
        corners = self._wave_times + self._settings.force_delay - self._settings.measure_delay
        tau = max(RANGES[n].settling for n in set(self._ranges)) / SETTLING_TAUS
        reach, ordered = FORGOTTEN * tau, np.sort(samples)
        low, high = np.searchsorted(corners, (self._at - reach, ordered[-1]))
        near = corners[low:high]
        near = near[ordered[np.searchsorted(ordered, near)] - near < reach]
        guards = ordered[np.diff(ordered, prepend=self._at) > reach] - reach
        extra = [guards, near, *(near + tau * share for share in AFTER_CORNER)]
        grid = np.unique(np.concatenate(([self._at], samples, *extra)))
        grid = grid[(grid >= self._at) & (grid <= ordered[-1])]
        seen, charging = self._seen(grid)
        taus = np.array([RANGES[n].settling / SETTLING_TAUS for n in self._ranges])[self._range_number(grid)]
        state = self._state if self._known else float(seen[0])
        followed = settle(grid, seen, charging, taus, state)
        self._at, self._state = float(grid[-1]), float(followed[-1])
        return np.asarray(followed[np.searchsorted(grid, samples)])

    def _seen(self, grid: Floats) -> tuple[Floats, Floats]:
        """Return what the converter is given at ``grid`` (s), and what charging adds within the intervals before."""
        settings = self._settings
        if settings.connected:
            volts, amps = self._terminal.trace(self.start + LEAD + settings.measure_delay + grid)
        else:
            times = grid + settings.measure_delay - settings.force_delay
            volts, amps = np.interp(times, self._wave_times, self._wave_volts), np.zeros(len(grid))
        if settings.measure_mode != MEASURE_CURRENT:
            return volts, np.zeros(len(grid))
        charging = np.zeros(len(grid))
        charging[1:] = RESIDUAL_CAPACITANCE * np.diff(volts) / np.diff(grid)
        return amps, charging

    def _range_number(self, times: Floats) -> "np.ndarray[tuple[int, ...], np.dtype[np.intp]]":
        if len(self._ranges) == 1:
            return np.zeros(len(times), dtype=np.intp)
        return np.searchsorted(self._changes, times, side="right")

    def _converted(self, means: Floats, first: int, last: int) -> Floats:
        number = self._range_number(self._begins[first:last])
        ranges = [RANGES[n] for n in self._ranges]
        full = np.array([r.full_scale for r in ranges])[number]
        density = np.array([r.noise * r.window**0.5 for r in ranges])[number]
        raw_or_point = np.where(self._averaging[first:last] > 0.0, self._averaging[first:last], SAMPLE)
        noisy = means + self._noise.standard_normal(last - first) * density / np.sqrt(raw_or_point)
        return np.asarray(np.clip(noisy, -OVERLOAD * full, OVERLOAD * full))
