"""Frequency, function and pulse timing, with the order in which they give way to each other.

Edges are straight lines here, given from 10 % to 90 %, so a pulse fits if ``width`` and ``period - width`` are each at
least ``(lead + trail) / 2 / 0.8``, which is the ``0.625 * (lead + trail)`` of the 33220A's guide.

Source: 33500 series operating and service guide, pulse waveforms (width, duty cycle and edge time rules).
"""

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


def set_frequency(channel: Channel, hertz: float, complain: Complain) -> None:
    """Set the frequency, already within its range, and fit the pulse into the new period."""
    width = channel.pulse_width
    if channel.pulse_hold == "DCYC":
        width = channel.pulse_width * channel.frequency / hertz
    channel.frequency = hertz
    channel.pulse_width = width
    fit_pulse(channel, complain if channel.function == "PULS" else _say_nothing, by=conflicts.EDGE_BY_PERIOD)


def set_function(channel: Channel, function: str, model: Model, complain: Complain) -> None:
    """Change the function; a frequency that is too high for it is reduced."""
    channel.function = function
    fit_frequency(channel, model, complain, conflicts.FREQUENCY_BY_FUNCTION)
    if function == "PULS":
        fit_pulse(channel, complain, by=conflicts.EDGE_BY_PERIOD)


def fit_frequency(channel: Channel, model: Model, complain: Complain, reason: str) -> None:
    """Reduce a frequency that the function or the amplitude no longer allows."""
    if channel.function in ("ARB", "DC", "NOIS", "PRBS"):
        return
    highest = limits.max_frequency(model, channel.function, channel.vpp_into_50)
    if channel.frequency > highest * _SLACK:
        complain(conflict(reason))
        set_frequency(channel, highest, complain)


def set_width(channel: Channel, seconds: float, complain: Complain) -> None:
    """Set the pulse width, already within its range; edges that no longer fit are shortened."""
    channel.pulse_width = seconds
    fit_pulse(channel, complain, by=conflicts.EDGE_BY_WIDTH)


def set_edges(channel: Channel, lead: float, trail: float, complain: Complain) -> None:
    """Set both edges, already within their range; what does not fit the pulse is shortened."""
    channel.lead, channel.trail = lead, trail
    fit_pulse(channel, complain, by=conflicts.EDGE_BY_WIDTH)


def fit_pulse(channel: Channel, complain: Complain, *, by: str) -> None:
    """Change the width, then the edges, until the pulse fits its period; each change queues -221."""
    period, least = channel.period, limits.MIN_PULSE_WIDTH
    if channel.pulse_width > (period - least) * _SLACK:
        channel.pulse_width = max(period - least, least)
        complain(conflict(conflicts.WIDTH_DECREASED))
    elif channel.pulse_width < least / _SLACK:
        channel.pulse_width = least
        complain(conflict(conflicts.WIDTH_INCREASED))
    room = max(min(channel.pulse_width, period - channel.pulse_width), 0.0)
    both = (channel.lead + channel.trail) / 2 / limits.EDGE_SHARE
    if both > room * _SLACK:
        share = room / both
        channel.lead *= share
        channel.trail *= share
        complain(conflict(by))


def _say_nothing(error: ScpiError) -> None:
    """The pulse is fitted in silence while another function is on (*unconfirmed*)."""
