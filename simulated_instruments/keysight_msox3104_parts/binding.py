"""How the command tables reach the scope, and how its numbers are written."""

import math
from collections.abc import Callable
from typing import Any, Protocol

from simulated_instruments.keysight_msox3104_parts.acquisition import Acquisition
from simulated_instruments.keysight_msox3104_parts.settings import CHANNELS, Settings, Vertical
from simulated_instruments.scpi import Call, Command, ScpiError
from simulated_instruments.scpi.parameters import Kind

NOT_AVAILABLE = "+9.9E+37"


class Scope(Protocol):
    """What the command tables act on."""

    settings: Settings
    acquisition: Acquisition


def nr3(value: float) -> str:
    """Write a real number; 9.9E+37 for what is not available."""
    return f"{value:+.12E}" if math.isfinite(value) else NOT_AVAILABLE


def engineering(value: float, decimals: int) -> str:
    """Write a real number as in setup strings: an exponent that is a multiple of three, at most so many decimals."""
    exponent = 0 if value == 0.0 else 3 * math.floor(math.log10(abs(value)) / 3 + 1e-12)
    return f"{value / 10.0**exponent:+.{decimals}f}E{exponent:+03d}"


def flag(value: bool) -> str:
    """Write a state."""
    return "1" if value else "0"


def word(value: str) -> str:
    """Write a choice."""
    return value


def vertical(scope: Scope, call: Call) -> Vertical:
    """Return the channel that the header names.

    Raises:
        ScpiError: -114, there is none of that number.
    """
    return scope.settings.verticals[call.suffix("ch", count=CHANNELS) - 1]


def setting(find: Callable[[Call], Any], pattern: str, name: str, kind: Kind, show: Callable[[Any], str]) -> Command:
    """Return the row of a setting that nothing else depends on.

    Args:
        find: Finds the object that has it.
        pattern: The header.
        name: Field of that object.
        kind: How its argument is read.
        show: How its value is written.
    """

    def write(call: Call, value: object) -> None:
        setattr(find(call), name, value)

    return Command(pattern, [kind], write, lambda call: show(getattr(find(call), name)), show=show)


def not_simulated(what: str) -> ScpiError:
    """Return the error of what the real scope has and the simulated one does not: -241, with its name."""
    return ScpiError(-241, f"Hardware missing; {what} is not simulated")


def block(data: bytes) -> bytes:
    """Return an arbitrary block with the eight-digit count that this family always writes."""
    return b"#8%08d" % len(data) + data
