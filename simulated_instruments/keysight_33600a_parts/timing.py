"""Frequency, function and pulse timing, with the order in which they give way to each other.

Edges are straight lines here, given from 10 % to 90 %, so a pulse fits if ``width`` and ``period - width`` are each at
least ``(lead + trail) / 2 / 0.8``, which is the ``0.625 * (lead + trail)`` of the 33220A's guide. Where a pulse
does not fit, its width gives way first, then its edges.

Source: 33500 series operating and service guide, pulse waveforms (width, duty cycle and edge time rules).
"""

import math
from collections.abc import Callable

from simulated_instruments.keysight_33600a_parts import conflicts, limits
from simulated_instruments.keysight_33600a_parts.channel import Channel
from simulated_instruments.keysight_33600a_parts.conflicts import conflict
from simulated_instruments.keysight_33600a_parts.limits import Model
from simulated_instruments.scpi import ScpiError

Complain = Callable[[ScpiError], None]
_SLACK = 1 + 1e-9


def min_edge(channel: Channel) -> float:
    """Return the shortest edge at the present amplitude, 10 % to 90 % in s."""
    return limits.MIN_EDGE_LARGE if channel.vpp_into_50 > limits.LARGE_VPP else limits.MIN_EDGE


def min_period(channel: Channel, model: Model) -> float:
    """Return the shortest period of the present function, in s."""
    return 1.0 / limits.max_frequency(model, channel.function, channel.vpp_into_50)


def min_width(channel: Channel) -> float:
    """Return the least width, and the least rest of the period, that the edges leave possible, in s."""
    return max(limits.MIN_PULSE_WIDTH, (channel.lead + channel.trail) / 2 / limits.EDGE_SHARE)


def set_frequency(channel: Channel, hertz: float, complain: Complain) -> None:
    """Set the frequency, already within its range, and fit the pulse into the new period."""
    width = channel.pulse_width
    if channel.pulse_hold == "DCYC":
        width = channel.pulse_width * channel.frequency / hertz
    channel.frequency = hertz
    channel.pulse_width = width
    fit_pulse(channel, complain if channel.function == "PULS" else _say_nothing)


def set_function(channel: Channel, function: str, model: Model, complain: Complain) -> None:
    """Change the function; a frequency that is too high for it is reduced, and an offset that only DC allows."""
    channel.function = function
    room = limits.MAX_EMF - channel.amplitude / 2
    if function != "DC" and abs(channel.offset) > room * _SLACK:
        channel.offset = math.copysign(room, channel.offset)
        complain(conflict(conflicts.OFFSET_AFTER_DC))
    fit_frequency(channel, model, complain, conflicts.FREQUENCY_BY_FUNCTION)
    if function == "PULS":
        fit_pulse(channel, complain)


def fit_frequency(channel: Channel, model: Model, complain: Complain, reason: str) -> None:
    """Reduce a frequency that the function or the amplitude no longer allows."""
    if channel.function in ("ARB", "DC", "NOIS", "PRBS"):
        return
    highest = limits.max_frequency(model, channel.function, channel.vpp_into_50)
    if channel.frequency > highest * _SLACK:
        complain(conflict(reason))
        set_frequency(channel, highest, complain)


def set_width(channel: Channel, seconds: float, complain: Complain) -> None:
    """Set the pulse width, already within its range."""
    channel.pulse_width = seconds
    fit_pulse(channel, complain)


def set_edges(channel: Channel, lead: float, trail: float, complain: Complain) -> None:
    """Set both edges, already within their range, and change a width that no longer fits them."""
    channel.lead, channel.trail = lead, trail
    fit_pulse(channel, complain)


def fit_pulse(channel: Channel, complain: Complain) -> None:
    """Change the width, then the edges, until the pulse fits its period; each change queues -221."""
    room = channel.period / 2
    least = min_width(channel)
    if least > room * _SLACK:
        share = room / least
        channel.lead, channel.trail = channel.lead * share, channel.trail * share
        complain(conflict(conflicts.EDGE_BY_PERIOD))
        least = room
    if channel.pulse_width > (channel.period - least) * _SLACK:
        channel.pulse_width = channel.period - least
        complain(conflict(conflicts.WIDTH_DECREASED))
    elif channel.pulse_width < least / _SLACK:
        channel.pulse_width = least
        complain(conflict(conflicts.WIDTH_INCREASED))


def _say_nothing(error: ScpiError) -> None:
    """The pulse is fitted in silence while another function is on (*unconfirmed*)."""
