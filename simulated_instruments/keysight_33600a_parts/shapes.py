"""One cycle of each function as straight lines between corners, from -1 (low level) to 1 (high level).

A cycle starts at phase 0: a sine at its middle, rising; a pulse or a square at the foot of its leading edge; a ramp at
its low end; an arb at its first point. That a cycle starts there is *unconfirmed* for pulses and ramps.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.keysight_33600a_parts.arbs import Codes
from simulated_instruments.keysight_33600a_parts.channel import Channel
from simulated_instruments.keysight_33600a_parts.limits import DAC_FULL_SCALE, EDGE_SHARE, MIN_EDGE
from simulated_instruments.terminals import Floats

SINE_CORNERS = 100
"""Corners of a sine's cycle; straight lines between them are off by 0.05 % of the amplitude at most."""
NOISE_POINTS = 65_536
NOISE_PEAK_SIGMAS = 3.5
"""Standard deviations of the noise that the half amplitude stands for, *assumed*."""
PRBS_MOST_BITS = 15
"""Longest register that is rendered in full; longer ones repeat as early as this one."""
_PRBS_TAPS = {3: 2, 4: 3, 5: 3, 6: 5, 7: 6, 9: 5, 10: 7, 11: 9, 15: 14}
FLYBACK_SHARE = 1e-3
"""Longest share of a ramp's period that its flyback takes, *assumed*; it is an edge otherwise."""


@dataclass(frozen=True)
class Cycle:
    """Corners of one cycle.

    Args:
        times: (n,) array from 0 and below ``period``, in s, rising.
        levels: (n,) array, -1 to 1.
        period: In s.
        ends_at: The level after the last cycle; that of the first corner unless it is given.
    """

    times: Floats
    levels: Floats
    period: float
    ends_at: float | None = None

    @property
    def rest(self) -> float:
        """The level after the last cycle."""
        return float(self.levels[0]) if self.ends_at is None else self.ends_at

    def rotated(self, turns: float) -> "Cycle":
        """Return the cycle started ``turns`` of a period later."""
        shift = turns % 1.0 * self.period
        if shift == 0.0:
            return self
        wrapped = np.append(self.times, self.period), np.append(self.levels, self.levels[0])
        start = float(np.interp(shift, *wrapped))
        times = np.concatenate(([0.0], np.mod(self.times - shift, self.period)))
        order = np.argsort(times, kind="stable")
        times, levels = times[order], np.concatenate(([start], self.levels))[order]
        keep = np.append(np.diff(times) > 0.0, True)
        return Cycle(times[keep], levels[keep], self.period)


def periodic_cycle(channel: Channel, rng: np.random.Generator) -> Cycle:
    """Return the cycle of any function but ARB and DC."""
    period = channel.period
    match channel.function:
        case "SIN":
            turns: Floats = np.linspace(0.0, 1.0, SINE_CORNERS, endpoint=False)
            return Cycle(turns * period, np.sin(math.tau * turns), period)
        case "PULS":
            return _trapezoid(period, channel.pulse_width, channel.lead, channel.trail)
        case "SQU":
            return _trapezoid(period, channel.square_duty / 100 * period, MIN_EDGE, MIN_EDGE)
        case "RAMP":
            return _ramp(period, channel.ramp_symmetry / 100)
        case "TRI":
            return _ramp(period, 0.5)
        case "PRBS":
            return _prbs(channel)
    levels = np.clip(rng.standard_normal(NOISE_POINTS) / NOISE_PEAK_SIGMAS, -1.0, 1.0)
    step = 0.5 / channel.noise_bandwidth
    return Cycle(np.arange(NOISE_POINTS, dtype=np.float64) * step, levels, NOISE_POINTS * step)


def arb_cycle(codes: Codes, sample_rate: float, *, held: bool) -> Cycle:
    """Return an arb as a cycle.

    Args:
        codes: Its DAC codes.
        sample_rate: In Sa/s.
        held: The filter is off: each point is a step with the instrument's fastest edge; straight lines otherwise.
    """
    levels = codes.astype(np.float64) / DAC_FULL_SCALE
    times = np.arange(len(codes)) / sample_rate
    period = len(codes) / sample_rate
    if not held:
        return Cycle(times, levels, period)
    edge = min(MIN_EDGE / EDGE_SHARE, 0.5 / sample_rate)
    ends = times + 1 / sample_rate - edge
    return Cycle(np.column_stack((times, ends)).ravel(), np.repeat(levels, 2), period)


def _trapezoid(period: float, width: float, lead: float, trail: float) -> Cycle:
    rise, fall = lead / EDGE_SHARE, trail / EDGE_SHARE
    crowded = (rise + fall) / 2 / max(min(width, period - width), 1e-12)
    if crowded > 1.0:
        rise, fall = rise / crowded, fall / crowded
    top_end = rise / 2 + width - fall / 2
    corners = [(0.0, -1.0), (rise, 1.0), (top_end, 1.0), (top_end + fall, -1.0)]
    return _cycle(corners, period)


def _ramp(period: float, symmetry: float) -> Cycle:
    flyback = min(MIN_EDGE / EDGE_SHARE, FLYBACK_SHARE * period)
    peak = min(max(symmetry * period, flyback), period - flyback)
    return _cycle([(0.0, -1.0), (peak, 1.0)], period)


def _cycle(corners: list[tuple[float, float]], period: float) -> Cycle:
    """Drop corners that rounding put on top of each other or at the period's end."""
    kept: list[tuple[float, float]] = []
    for time, level in corners:
        if time < period * (1 - 1e-12) and (not kept or time > kept[-1][0]):
            kept.append((time, level))
    return Cycle(np.array([t for t, _ in kept]), np.array([v for _, v in kept]), period)


def _prbs(channel: Channel) -> Cycle:
    order = int(channel.prbs_data[2:])
    order = order if order in _PRBS_TAPS else PRBS_MOST_BITS
    bits = _shift_register(order, _PRBS_TAPS[order])
    bit = 1 / channel.prbs_rate
    edge = min(channel.prbs_edge / EDGE_SHARE, bit / 2)
    starts = np.arange(len(bits)) * bit
    levels = 2.0 * bits - 1.0
    times = np.column_stack((starts, starts + edge)).ravel()
    return Cycle(times, np.column_stack((np.roll(levels, 1), levels)).ravel(), len(bits) * bit)


def _shift_register(order: int, tap: int) -> NDArray[np.float64]:
    bits = np.empty((1 << order) - 1)
    state = (1 << order) - 1
    for i in range(len(bits)):
        bits[i] = state & 1
        feedback = (state ^ state >> (order - tap)) & 1
        state = state >> 1 | feedback << (order - 1)
    return bits
