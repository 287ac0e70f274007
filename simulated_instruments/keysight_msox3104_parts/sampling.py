"""From the voltage at a terminal to the codes in the acquisition memory."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from simulated_instruments.keysight_msox3104_parts.settings import (
    CODES_ON_SCREEN,
    MAX_RATE,
    PAIR_RATE,
    AcquireSettings,
    Settings,
    Vertical,
)
from simulated_instruments.terminals import Floats, Terminal

Words = NDArray[np.uint16]
BANDWIDTH = 1e9
BANDWIDTH_LIMIT = 20e6
"""Hz, of the filter behind ``:CHANnel:BWLimit``; a public extract says about 25 MHz."""
AC_CORNER = 10.0
"""Hz, *assumed*."""
NOISE_SHARE = 2.5e-3
"""Noise, root mean square, as a share of the screen's height, *assumed*: half a code."""
NOISE_FLOOR = 100e-6
"""Least noise at the input in V, root mean square, *assumed*."""
_LOWEST_CODE = 1
"""Code 0 means that there is no data; what is below the screen by far gets the next one (*unconfirmed*)."""


@dataclass(frozen=True)
class Timing:
    """When a record's samples are taken.

    Args:
        left: Time of the first one after the trigger, in s.
        step: Between two, in s.
        points: How many.
    """

    left: float
    step: float
    points: int


@dataclass(frozen=True)
class Trace:
    """One channel's codes: (n,) words, volts a code, volts at code 32768."""

    codes: Words
    increment: float
    origin: float

    def volts(self) -> Floats:
        """Return the displayed volts, (n,)."""
        return (self.codes.astype(np.float64) - 32768.0) * self.increment + self.origin


@dataclass(frozen=True)
class Record:
    """One finished acquisition."""

    trigger_time: float
    timing: Timing
    type: str
    count: int
    traces: dict[str, Trace] = field(default_factory=dict)


def plan(settings: Settings, memory: int, *, running: bool) -> Timing:
    """Return how the screen is sampled: as fast as the memory allows.

    Both channels of a pair share its memory and its sampler; running takes half of what a single acquisition has.
    """
    pairs = settings.verticals[:2], settings.verticals[2:]
    shared = any(all(vertical.display for vertical in pair) for pair in pairs)
    rate = PAIR_RATE if shared else MAX_RATE
    depth = memory // (2 if shared else 1) // (2 if running else 1)
    wide = settings.timebase.range
    every = max(1, math.ceil(wide * rate / depth - 1e-9))
    points = max(2, round(wide * rate / every))
    if settings.acquire.type == "PEAK":
        points = max(2, points // 2 * 2)
    return Timing(settings.timebase.left, wide / points, points)


def digitise(
    terminal: Terminal | None,
    vertical: Vertical,
    acquire: AcquireSettings,
    timing: Timing,
    window: tuple[float, float],
    rng: np.random.Generator,
) -> Trace:
    """Sample one channel.

    Args:
        terminal: What it is wired to; nothing reads 0 V.
        vertical: The channel's settings.
        acquire: The acquisition's settings.
        timing: When the samples are taken.
        window: Bench time of the trigger and of now, in s; nothing is known before 0 and after now.
        rng: For the noise.
    """
    volts = _at_input(terminal, vertical, timing, window) * vertical.probe * (-1.0 if vertical.invert else 1.0)
    noise = max(NOISE_SHARE * vertical.range, NOISE_FLOOR * vertical.probe) / math.sqrt(_averages(acquire, timing))
    volts += rng.standard_normal(len(volts)) * noise
    increment = vertical.range / (CODES_ON_SCREEN * 256)
    fine = 16 if acquire.type in ("HRES", "AVER") else 256
    codes = np.rint((volts - vertical.offset) / (increment * fine) + 32768 / fine)
    codes = np.clip(codes, _LOWEST_CODE * 256 / fine, 65536 / fine - 1)
    return Trace((codes * fine).astype(np.uint16), increment, vertical.offset)


def _averages(acquire: AcquireSettings, timing: Timing) -> float:
    """Return how many samples each point is the mean of."""
    if acquire.type == "AVER":
        return acquire.count
    return max(1.0, timing.step * MAX_RATE) if acquire.type == "HRES" else 1.0


def _at_input(terminal: Terminal | None, vertical: Vertical, timing: Timing, window: tuple[float, float]) -> Floats:
    """Return the node's voltages behind the input's filters, (n,) in V."""
    if terminal is None:
        return np.zeros(timing.points)
    trigger, now = window
    times = trigger + timing.left - vertical.skew + np.arange(timing.points) * timing.step
    volts = np.array(terminal.trace(np.clip(times, 0.0, max(now, 0.0)))[0], dtype=np.float64)
    if vertical.coupling == "AC":
        volts -= _low_pass(volts, timing.step, AC_CORNER, float(volts.mean()))
    corner = BANDWIDTH_LIMIT if vertical.bandwidth_limit else BANDWIDTH
    return _low_pass(volts, timing.step, corner, float(volts[0]))


def _low_pass(volts: Floats, step: float, corner: float, start: float) -> Floats:
    """Filter with one pole at ``corner`` (Hz), exactly for straight lines between the samples."""
    ratio = step * math.tau * corner
    if ratio > 50.0:
        return volts
    decay = math.exp(-ratio)
    kept = -math.expm1(-ratio) / ratio
    taps = np.array([1.0 - kept, kept - decay])
    state = np.array([start - taps[0] * volts[0]])
    filtered, _ = lfilter(taps, [1.0, -decay], volts, zi=state)
    return np.asarray(filtered, dtype=np.float64)
