"""What the channels are to do, as data: built from plain arrays, compared by content, sent to the library once."""

import dataclasses

import numpy as np

from drivers.wgfmu import limits
from drivers.wgfmu.codes import (
    DATA_AVERAGED,
    MEASURE_DISABLED,
    MEASURE_ENABLED,
    TRIGGER_POSITIVE,
    MeasureMode,
    OperationMode,
    TriggerOut,
    WarningLevel,
)
from drivers.wgfmu.library import Wgfmu
from labctl.capabilities import Floats, Pulse
from labctl.errors import LimitError

DEFAULT_TIMEOUT = 100.0
"""The library's own, in s."""


@dataclasses.dataclass(frozen=True)
class Pattern:
    """A piecewise-linear voltage.

    Attributes:
        start: First voltage, in V.
        steps: Durations of the lines, in counts of 10 ns.
        levels: Voltage at the end of each line, in V.
    """

    start: float
    steps: tuple[int, ...]
    levels: tuple[float, ...]

    @property
    def length(self) -> int:
        """Counts of 10 ns."""
        return sum(self.steps)

    @property
    def volts(self) -> Floats:
        """Every voltage."""
        return np.array((self.start, *self.levels))

    def flat(self) -> "Pattern":
        """Return 0 V for as long."""
        pieces, rest = divmod(self.length, limits.MOST_VECTOR_TICKS)
        steps = (limits.MOST_VECTOR_TICKS,) * pieces + ((rest,) if rest else ())
        return Pattern(0.0, steps, (0.0,) * len(steps))


@dataclasses.dataclass(frozen=True)
class Event:
    """Measurements along a pattern from its start on, in counts of 10 ns."""

    points: int
    interval: int
    averaging: int


@dataclasses.dataclass(frozen=True)
class Track:
    """What one channel does; ranges and modes are the library's codes, delays in s."""

    channel: int
    pattern: Pattern
    mode: OperationMode
    force_range: int
    measure: MeasureMode
    measure_range: int
    event: Event | None = None
    loops: int = 1
    force_delay: float = 0.0
    measure_delay: float = 0.0
    trigger_out: TriggerOut = TriggerOut.DISABLE


def from_points(where: str, times: Floats, volts: Floats) -> Pattern:
    """Return the pattern through ``volts`` (n,) V at ``times`` (n,) s, the first at 0.

    Raises:
        LimitError: Times do not rise from 0 on the grid, or there are too many points.
    """
    levels = np.asarray(volts, dtype=np.float64)
    counts = limits.ticks(f"{where}: times", times)
    if counts.shape != levels.shape or not 2 <= len(counts) <= limits.MOST_VECTORS + 1:
        raise LimitError(
            f"{where}: a waveform is 2 to {limits.MOST_VECTORS + 1} times and as many voltages, "
            f"not {len(counts)} and {levels.size}"
        )
    steps = np.diff(counts)
    if counts[0] != 0 or steps.min() < 1 or steps.max() > limits.MOST_VECTOR_TICKS:
        raise LimitError(f"{where}: times are to begin at 0 and rise by 10 ns to 10,995 s each")
    if not np.all(np.isfinite(levels)):
        raise LimitError(f"{where}: not a finite voltage")
    return Pattern(float(levels[0]), tuple(steps.tolist()), tuple(levels[1:].tolist()))


def from_pulse(where: str, pulse: Pulse, period: float | None) -> Pattern:
    """Return one period of a pulse train; ``None`` lets the pulses follow each other at once.

    Raises:
        LimitError: An edge, the width or the period cannot be made.
    """
    edges = (pulse.rise + pulse.fall) / 2.0
    plateau = limits.tick(f"{where}: plateau of the pulse", pulse.width - edges, 0, limits.MOST_VECTOR_TICKS)
    rise, fall = (
        limits.tick(f"{where}: {name} of the pulse", time, 1, limits.MOST_VECTOR_TICKS)
        for name, time in (("rise", pulse.rise), ("fall", pulse.fall))
    )
    used = rise + plateau + fall
    whole = used if period is None else limits.tick(f"{where}: period", period, used, limits.MOST_VECTOR_TICKS)
    lines = ((rise, pulse.height), (plateau, pulse.height), (fall, pulse.base), (whole - used, pulse.base))
    kept = [(step, level) for step, level in lines if step]
    return Pattern(pulse.base, tuple(step for step, _ in kept), tuple(level for _, level in kept))


def event_along(where: str, pattern: Pattern, interval: float, averaging: float) -> Event:
    """Return as many measurements as fit into ``pattern``, ``interval`` apart.

    Raises:
        LimitError: The interval or the averaging time cannot be made, or there would be too many points.
    """
    every = limits.tick(f"{where}: interval", interval, 1, limits.MOST_INTERVAL_TICKS)
    over = limits.tick(f"{where}: averaging", averaging, 0, min(every, limits.MOST_AVERAGING_TICKS))
    room = pattern.length - max(over, 1)  # a measurement without averaging takes 10 ns
    points = room // every + 1 if room >= 0 else 0
    if not 1 <= points <= limits.MOST_POINTS:
        raise LimitError(f"{where}: {points} measurements, but it takes 1 to {limits.MOST_POINTS}")
    return Event(points, every, over)


def send(wgfmu: Wgfmu, tracks: tuple[Track, ...]) -> None:
    """Give the library patterns, sequences and settings anew, and connect the channels."""
    wgfmu.call("clear")
    wgfmu.call("treatWarningsAsErrors", WarningLevel.NORMAL)
    duration = max(limits.seconds(track.pattern.length) * track.loops for track in tracks)
    wgfmu.call("setTimeout", max(DEFAULT_TIMEOUT, 1.5 * duration))
    names: dict[tuple[Pattern, Event | None], str] = {}
    for track in tracks:
        key = (track.pattern, track.event)
        if key not in names:
            names[key] = f"pattern{len(names) + 1}"
            _send_pattern(wgfmu, names[key], *key)
        _send_track(wgfmu, track, names[key])


def _send_pattern(wgfmu: Wgfmu, name: str, pattern: Pattern, event: Event | None) -> None:
    wgfmu.call("createPattern", name, pattern.start)
    steps = [limits.seconds(step) for step in pattern.steps]
    wgfmu.call("addVectors", name, steps, list(pattern.levels), len(steps))
    if event is not None:
        interval, averaging = limits.seconds(event.interval), limits.seconds(event.averaging)
        wgfmu.call("setMeasureEvent", name, "measure", 0.0, event.points, interval, averaging, DATA_AVERAGED)


def _send_track(wgfmu: Wgfmu, track: Track, pattern: str) -> None:
    channel = track.channel
    wgfmu.call("addSequence", channel, pattern, track.loops)
    wgfmu.call("setOperationMode", channel, track.mode)
    wgfmu.call("setForceVoltageRange", channel, track.force_range)
    wgfmu.call("setMeasureMode", channel, track.measure)
    kind = "Current" if track.measure is MeasureMode.CURRENT else "Voltage"
    wgfmu.call(f"setMeasure{kind}Range", channel, track.measure_range)
    wgfmu.call("setMeasureEnabled", channel, MEASURE_DISABLED if track.event is None else MEASURE_ENABLED)
    wgfmu.call("setForceDelay", channel, track.force_delay)
    wgfmu.call("setMeasureDelay", channel, track.measure_delay)
    wgfmu.call("setTriggerOutMode", channel, track.trigger_out, TRIGGER_POSITIVE)
    wgfmu.call("connect", channel)
