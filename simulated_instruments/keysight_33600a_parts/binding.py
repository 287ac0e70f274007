"""How the command tables reach the instrument, and how its numbers are written."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from simulated_instruments.keysight_33600a_parts.arbs import Memory
from simulated_instruments.keysight_33600a_parts.channel import Channel
from simulated_instruments.keysight_33600a_parts.limits import Model
from simulated_instruments.keysight_33600a_parts.output import Output
from simulated_instruments.scpi import Call, Command
from simulated_instruments.scpi.parameters import Kind

_INFINITE = ("-9.9{decimals}E+37", "+9.9{decimals}E+37")


@dataclass
class Shared:
    """Settings that both channels have in common, as they are after ``*RST``."""

    angle_unit: str = "DEG"
    swapped: bool = False
    sync_source: str = "CH1"
    trigger_output: bool = False
    trigger_output_slope: str = "POS"
    trigger_output_source: str = "CH1"
    reference: str = "INT"
    reference_auto: bool = True
    display: bool = True
    text: str = ""
    couple_frequency: bool = False
    couple_frequency_mode: str = "OFFS"
    frequency_offset: float = 0.0
    frequency_ratio: float = 1.0
    couple_volts: bool = False
    couple_rate: bool = False
    couple_rate_mode: str = "OFFS"
    rate_offset: float = 0.0
    rate_ratio: float = 1.0
    list_frequencies: tuple[float, ...] = field(default=(100.0, 1000.0, 550.0))


class Generator(Protocol):
    """What the command tables act on."""

    model: Model
    shared: Shared

    def channel(self, call: Call) -> Channel:
        """Return the channel that the header names, the first where it names none."""

    def memory(self, call: Call) -> Memory:
        """Return that channel's arbs."""

    def output(self, call: Call) -> Output:
        """Return that channel's output."""

    def changed(self, channel: Channel) -> None:
        """A setting of ``channel`` has changed: see to couplings and the output."""


def real(value: float) -> str:
    """Write a number as most replies do; infinity as 9.9E+37."""
    return f"{value:+.15E}" if math.isfinite(value) else _INFINITE[value > 0].format(decimals="0" * 14)


def volts(value: float) -> str:
    """Write a number as voltages and phases are."""
    return f"{value:+.13E}" if math.isfinite(value) else _INFINITE[value > 0].format(decimals="0" * 12)


def short_real(value: float) -> str:
    """Write a number as lists and markers are: eight decimals, three digits of exponent."""
    mantissa, exponent = f"{value:+.8E}".split("E")
    return f"{mantissa}E{int(exponent):+04d}"


def flag(value: bool) -> str:
    """Write a state."""
    return "1" if value else "0"


def word(value: str) -> str:
    """Write a choice."""
    return value


def setting(generator: Generator, pattern: str, name: str, kind: Kind, show: Callable[[Any], str]) -> Command:
    """Return the row of a channel's setting that nothing else depends on.

    Args:
        generator: The instrument.
        pattern: The header, with ``{ch}`` for the channel.
        name: Field of `Channel`.
        kind: How its argument is read.
        show: How its value is written.
    """

    def write(call: Call, value: object) -> None:
        channel = generator.channel(call)
        setattr(channel, name, value)
        generator.changed(channel)

    return Command(pattern, [kind], write, lambda call: show(getattr(generator.channel(call), name)), show=show)


def shared_setting(generator: Generator, pattern: str, name: str, kind: Kind, show: Callable[[Any], str]) -> Command:
    """Return the row of a setting that the channels share; ``name`` is a field of `Shared`."""

    def write(call: Call, value: object) -> None:
        setattr(generator.shared, name, value)

    return Command(pattern, [kind], write, lambda call: show(getattr(generator.shared, name)), show=show)
