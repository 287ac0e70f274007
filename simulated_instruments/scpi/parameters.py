"""Kinds of parameter: how each reads one argument of a program message, and which error it raises.

Source: IEEE 488.2 section 7.7 (program data elements), SCPI-99 volume 1 chapter 7 (numeric parameters, MIN, MAX, DEF).
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from simulated_instruments.scpi.errors import CLIPPED_HIGH, CLIPPED_LOW, ScpiError
from simulated_instruments.scpi.framing import block_size

if TYPE_CHECKING:
    from simulated_instruments.scpi.commands import Call

INFINITY = 9.9e37
"""What SCPI sends and takes for infinity. Source: SCPI-99 volume 1 section 7.2.1.4."""

_NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:\s*E\s*([+-]?\d+))?)\s*([A-Z/%][A-Z0-9/%.-]*)?")
_ROUNDING = 1e-12
"""Share of a limit that a number may be beyond it by rounding."""
_BASES = {"H": 16, "Q": 8, "B": 2}
_EXTREMES = {"MIN": "MIN", "MINIMUM": "MIN", "MAX": "MAX", "MAXIMUM": "MAX", "DEF": "DEF", "DEFAULT": "DEF"}
_MULTIPLIERS = {"": 1.0, "G": 1e9, "MA": 1e6, "K": 1e3, "M": 1e-3, "U": 1e-6, "N": 1e-9, "P": 1e-12}
_MEGA = {"HZ", "OHM"}


class Kind(Protocol):
    """Reads one argument."""

    def parse(self, argument: bytes, call: "Call") -> object:
        """Return the argument's value.

        Raises:
            ScpiError: The argument is of another type, or not allowed.
        """


def suffixes(*units: str) -> dict[str, float]:
    """Return every multiple of ``units`` with its factor; ``MHZ`` and ``MOHM`` are mega, ``MV`` is milli.

    Source: IEEE 488.2 section 7.7.3 (suffix program data).
    """
    factors = {multiple + unit: factor for unit in units for multiple, factor in _MULTIPLIERS.items()}
    return factors | {"M" + unit: 1e6 for unit in units if unit in _MEGA}


VOLTS = suffixes("V")
SECONDS = suffixes("S", "SEC")
HERTZ = suffixes("HZ")
OHMS = suffixes("OHM")
PERCENT = {"PCT": 1.0, "%": 1.0}
DEGREES = {"DEG": 1.0}


def text_of(argument: bytes) -> str:
    """Return an argument's characters.

    Raises:
        ScpiError: -101, a character outside ASCII.
    """
    try:
        return argument.decode("ascii")
    except UnicodeDecodeError:
        raise ScpiError(-101) from None


def read_number(argument: bytes) -> tuple[float, str]:
    """Return an argument's number and its suffix in capitals, empty when there is none.

    Raises:
        ScpiError: -104, it is not a number; -121, it starts like one; -123, its exponent is beyond 32000.
    """
    text = text_of(argument).upper()
    if text[:1] == "#" and text[1:2] in _BASES:
        try:
            return float(int(text[2:], _BASES[text[1]])), ""
        except (ValueError, OverflowError):
            raise ScpiError(-121) from None
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ScpiError(-121 if text[:1] and text[0] in "+-.0123456789" else -104)
    number, exponent, suffix = match.groups()
    if exponent is not None and len(exponent) > 6:
        raise ScpiError(-123)
    return float("".join(number.split())), suffix or ""


def block_bytes(argument: bytes) -> bytes:
    """Return what is in an arbitrary block.

    Raises:
        ScpiError: -104, it is no block; -161, it is not whole.
    """
    size = block_size(argument, 0) if argument.startswith(b"#") else 0
    if size == 0:
        raise ScpiError(-104)
    if size is None:
        raise ScpiError(-161)
    if size < 0:
        return argument[2:]
    if size > len(argument) or argument[size:].strip():
        raise ScpiError(-161)
    return argument[2 + argument[1] - 0x30 : size]


Bound = float | Callable[["Call"], float]


def _value(bound: Bound, call: "Call") -> float:
    return bound(call) if callable(bound) else bound


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number with an optional unit, or MIN, MAX or DEF; one out of range is clipped and -222 queued.

    Args:
        low: Least value, or how to find it for the call at hand.
        high: Greatest value, likewise.
        default: What DEF means, moved into the limits.
        units: Suffix in capitals -> factor; empty when the parameter takes no suffix.
        integer: The value is rounded to a whole number.
        infinity: INF is allowed and stands above ``high``.
    """

    low: Bound = -math.inf
    high: Bound = math.inf
    default: Bound = 0.0
    units: Mapping[str, float] = field(default_factory=dict)
    integer: bool = False
    infinity: bool = False

    def parse(self, argument: bytes, call: "Call") -> float:
        """Return the value within its limits."""
        extreme = self.extreme(argument, call)
        if extreme is not None:
            return extreme
        if self.infinity and argument.upper() in (b"INF", b"INFINITY"):
            return math.inf
        number, suffix = read_number(argument)
        if suffix and suffix not in self.units:
            raise ScpiError(-131 if self.units else -138)
        number *= self.units.get(suffix, 1.0)
        if self.infinity and number >= INFINITY:
            return math.inf
        return self.clip(float(round(number)) if self.integer and math.isfinite(number) else number, call)

    def extreme(self, argument: bytes, call: "Call") -> float | None:
        """Return what MIN, MAX or DEF stands for, or ``None`` for any other argument."""
        match _EXTREMES.get(argument.decode("latin-1").upper()):
            case "MIN":
                return _value(self.low, call)
            case "MAX":
                return _value(self.high, call)
            case "DEF":
                return max(_value(self.low, call), min(_value(self.default, call), _value(self.high, call)))
        return None

    def clip(self, number: float, call: "Call") -> float:
        """Return ``number`` moved into the limits; what had to move queues -222."""
        low, high = _value(self.low, call), _value(self.high, call)
        if number > high + _ROUNDING * abs(high):
            call.complain(ScpiError(-222, CLIPPED_HIGH))
        elif number < low - _ROUNDING * abs(low):
            call.complain(ScpiError(-222, CLIPPED_LOW))
        return max(low, min(number, high))


class Choice:
    """One of a few words, in long or short form, in any case; read back as the short form in capitals.

    Args:
        *words: The words as manuals write them, ``"SINusoid"``: capitals and digits are the short form.
    """

    def __init__(self, *words: str) -> None:
        self._short: dict[str, str] = {}
        for word in words:
            short = "".join(c for c in word if not c.islower())
            self._short |= {word.upper(): short, short: short}

    def parse(self, argument: bytes, call: "Call") -> str:
        """Return the short form; -224 for another word, -104 for what is no word."""
        text = text_of(argument).upper()
        if text not in self._short:
            raise ScpiError(-224 if text[:1].isalpha() else -104)
        return self._short[text]


class Boolean:
    """ON, OFF or a number, of which zero is off."""

    def parse(self, argument: bytes, call: "Call") -> bool:
        """Return the state; -224 for another word, -104 for a string or a block."""
        text = text_of(argument).upper()
        if text in ("ON", "OFF"):
            return text == "ON"
        if text[:1].isalpha():
            raise ScpiError(-224)
        number, suffix = read_number(argument)
        if suffix:
            raise ScpiError(-138)
        return bool(round(number)) if math.isfinite(number) else True


class Text:
    """A string in either kind of quotes; a doubled quote stands for one."""

    def parse(self, argument: bytes, call: "Call") -> str:
        """Return what is between the quotes; -104 for what is no string."""
        quote = argument[:1]
        if quote not in (b'"', b"'"):
            raise ScpiError(-104)
        if len(argument) < 2 or argument[-1:] != quote:
            raise ScpiError(-151)
        return text_of(argument[1:-1].replace(quote * 2, quote))


class Name:
    """A name, with or without quotes."""

    def parse(self, argument: bytes, call: "Call") -> str:
        """Return the name as it was written; -104 for a block or nothing."""
        if argument[:1] in (b'"', b"'"):
            return Text().parse(argument, call)
        if not argument or argument.startswith(b"#"):
            raise ScpiError(-104)
        return text_of(argument)


class Block:
    """An arbitrary block, definite (``#<digits><count>``) or indefinite (``#0``).

    Source: IEEE 488.2 section 7.7.6.
    """

    def parse(self, argument: bytes, call: "Call") -> bytes:
        """Return the block's bytes; -104 for what is no block, -161 for one that is not whole."""
        return block_bytes(argument)


class _Rest:
    def parse(self, argument: bytes, call: "Call") -> bytes:
        return argument


REST = _Rest()
"""Stands last in a parameter list: hands the arguments that are left over to the command as a list, as they came."""
