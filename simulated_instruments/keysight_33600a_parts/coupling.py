"""What a change on one channel does to the other: tracking, and coupled frequencies, levels and sample rates."""

import dataclasses
from collections.abc import Sequence

from simulated_instruments.keysight_33600a_parts import limits, timing
from simulated_instruments.keysight_33600a_parts.binding import Shared
from simulated_instruments.keysight_33600a_parts.channel import Channel
from simulated_instruments.keysight_33600a_parts.limits import Model
from simulated_instruments.scpi import ScpiError

_OWN = {"number", "output", "tracking", "polarity"}
_LEVELS = ("amplitude", "offset", "auto_range", "load", "unit", "limit_high", "limit_low", "limits_on")


def propagate(shared: Shared, model: Model, source: Channel, channels: Sequence[Channel]) -> set[int]:
    """Carry the settings of ``source`` over to the other channel as far as they are tied.

    Returns:
        The numbers of the channels that changed.
    """
    changed: set[int] = set()
    for other in channels:
        if other is source:
            continue
        before = dataclasses.replace(other)
        if source.tracking != "OFF":
            _track(source, other)
        else:
            _couple(shared, model, source, other)
        if other != before:
            changed.add(other.number)
    return changed


def _track(source: Channel, other: Channel) -> None:
    for field in dataclasses.fields(Channel):
        if field.name not in _OWN:
            setattr(other, field.name, getattr(source, field.name))
    flip = {"NORM": "INV", "INV": "NORM"}
    other.polarity = flip[source.polarity] if source.tracking == "INV" else source.polarity


def _couple(shared: Shared, model: Model, source: Channel, other: Channel) -> None:
    if shared.couple_frequency:
        hertz = _tied(
            source, source.frequency, shared.couple_frequency_mode, shared.frequency_offset, shared.frequency_ratio
        )
        highest = limits.max_frequency(model, other.function, other.vpp_into_50)
        timing.set_frequency(other, min(max(hertz, limits.MIN_FREQUENCY), highest), _say_nothing)
    if shared.couple_rate:
        rate = _tied(source, source.sample_rate, shared.couple_rate_mode, shared.rate_offset, shared.rate_ratio)
        other.sample_rate = min(max(rate, limits.MIN_SAMPLE_RATE), model.sample_rate)
    if shared.couple_volts and source.function != "DC":
        for name in _LEVELS:
            setattr(other, name, getattr(source, name))


def _tied(source: Channel, value: float, mode: str, offset: float, ratio: float) -> float:
    """Return channel 2's value from channel 1's, or the other way round: offset and ratio are of 2 against 1."""
    if mode == "RAT":
        return value * ratio if source.number == 1 else value / ratio
    return value + offset if source.number == 1 else value - offset


def _say_nothing(error: ScpiError) -> None:
    """The coupled channel is clipped in silence (*unconfirmed*)."""
