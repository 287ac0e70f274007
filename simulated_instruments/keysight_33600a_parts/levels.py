"""Amplitude, offset, levels, limits and load, with the order in which they give way to each other.

Source: the table of limits in the 33500/33600 guide as quoted by public drivers: ``|offset| + Vpp / 2`` is at most
5 V into 50 Ohm, twice that open; out of range is clipped and queued.
"""

import math
from collections.abc import Callable

from simulated_instruments.keysight_33600a_parts import conflicts, limits
from simulated_instruments.keysight_33600a_parts.channel import Channel
from simulated_instruments.keysight_33600a_parts.conflicts import conflict
from simulated_instruments.scpi import ScpiError
from simulated_instruments.scpi.errors import CLIPPED_HIGH, CLIPPED_LOW

Complain = Callable[[ScpiError], None]

VPP_PER_VRMS = {"SIN": 2 * math.sqrt(2), "SQU": 2.0, "PULS": 2.0, "PRBS": 2.0, "RAMP": 2 * math.sqrt(3)}
"""By function; the pulse's and the random functions' factors are *unconfirmed*."""
OTHER_VPP_PER_VRMS = 2 * math.sqrt(3)
_MILLIWATT = 1e-3


def max_amplitude(channel: Channel) -> float:
    """Return the greatest shown Vpp that the offset leaves room for."""
    return 2 * (limits.MAX_EMF - abs(channel.offset)) * channel.gain


def min_amplitude(channel: Channel) -> float:
    """Return the least shown Vpp."""
    return limits.MIN_EMF_VPP * channel.gain


def max_offset(channel: Channel) -> float:
    """Return the greatest shown offset: DC may use all of the range, a waveform needs its least amplitude."""
    room = 0.0 if channel.function == "DC" else limits.MIN_EMF_VPP / 2
    return (limits.MAX_EMF - room) * channel.gain


def _factor(channel: Channel) -> float:
    return VPP_PER_VRMS.get(channel.function, OTHER_VPP_PER_VRMS)


def to_vpp(channel: Channel, value: float, unit: str) -> float:
    """Return the shown Vpp that ``value`` in VPP, VRMS or DBM means.

    Raises:
        ScpiError: -221, dBm into an infinite load.
    """
    if unit == "VPP":
        return value
    if unit == "VRMS":
        return value * _factor(channel)
    if math.isinf(channel.load):
        raise conflict(conflicts.DBM_NEEDS_LOAD)
    if value > 300:
        return math.inf
    return math.sqrt(_MILLIWATT * 10 ** (value / 10) * channel.load) * _factor(channel)


def from_vpp(channel: Channel, vpp: float, unit: str) -> float:
    """Return a shown Vpp in VPP, VRMS or DBM."""
    if unit == "VPP":
        return vpp
    vrms = vpp / _factor(channel)
    return vrms if unit == "VRMS" else 10 * math.log10(vrms**2 / channel.load / _MILLIWATT)


def set_amplitude(channel: Channel, vpp: float, complain: Complain) -> None:
    """Set the shown amplitude, already within its range, around the present offset."""
    middle = channel.offset * channel.gain
    _set_levels(channel, middle + vpp / 2, middle - vpp / 2, complain)


def set_offset(channel: Channel, volts: float, complain: Complain) -> None:
    """Set the shown offset; an amplitude that no longer fits is reduced."""
    emf = volts / channel.gain
    room = 2 * (limits.MAX_EMF - abs(emf))
    amplitude = channel.amplitude
    if channel.function != "DC" and amplitude > room * (1 + 1e-12):
        amplitude = room
        complain(conflict(conflicts.AMPLITUDE_BY_OFFSET))
    half = amplitude / 2 * channel.gain
    if channel.function == "DC":
        channel.offset = emf
    else:
        _set_levels(channel, volts + half, volts - half, complain)


def set_high(channel: Channel, volts: float, complain: Complain) -> None:
    """Set the shown high level; the low one stays, unless it is in the way."""
    low = channel.low
    if low > volts - min_amplitude(channel) * (1 - 1e-9):
        low = volts - min_amplitude(channel)
        complain(conflict(conflicts.LOW_BY_HIGH))
    _set_levels(channel, volts, low, complain)


def set_low(channel: Channel, volts: float, complain: Complain) -> None:
    """Set the shown low level; the high one stays, unless it is in the way."""
    high = channel.high
    if high < volts + min_amplitude(channel) * (1 - 1e-9):
        high = volts + min_amplitude(channel)
        complain(conflict(conflicts.HIGH_BY_LOW))
    _set_levels(channel, high, volts, complain)


def set_load(channel: Channel, ohms: float, complain: Complain) -> None:
    """Declare another load; the output does not change, everything shown does.

    Raises:
        ScpiError: -221, voltage limits are on.
    """
    if channel.limits_on and ohms != channel.load:
        raise conflict(conflicts.LOAD_BY_LIMITS)
    channel.load = ohms
    if math.isinf(ohms) and channel.unit == "DBM":
        channel.unit = "VPP"
        complain(conflict(conflicts.UNIT_BY_LOAD))


def set_limits(channel: Channel, *, on: bool, complain: Complain) -> None:
    """Switch the limits; one that the present levels break is moved out to the level, with -221 (*unconfirmed*)."""
    channel.limits_on = on
    if not on:
        return
    top, bottom = channel.offset + channel.amplitude / 2, channel.offset - channel.amplitude / 2
    if top > channel.limit_high or bottom < channel.limit_low:
        channel.limit_high = max(channel.limit_high, top)
        channel.limit_low = min(channel.limit_low, bottom)
        complain(conflict(conflicts.LIMIT_BY_LEVEL))


def _set_levels(channel: Channel, high: float, low: float, complain: Complain) -> None:
    """Set both levels; what lies beyond the limits, or the range that an offset in DC may have left, is clipped."""
    full = limits.MAX_EMF * channel.gain
    high, low = min(high, full), max(low, -full)
    if channel.limits_on:
        top, bottom = channel.limit_high * channel.gain, channel.limit_low * channel.gain
        if high > top * (1 + 1e-12) or low < bottom * (1 + 1e-12):
            complain(ScpiError(-222, CLIPPED_HIGH if high > top else CLIPPED_LOW))
        high, low = min(high, top), max(low, bottom)
    if high - low < min_amplitude(channel) * (1 - 1e-9):
        return
    channel.amplitude = (high - low) / channel.gain
    channel.offset = (high + low) / 2 / channel.gain
