"""Quantities with units: the closed list of units, and numbers as people write them ("50n", "0.2 V", "2.5 kohm")."""

import math
import re
from collections.abc import Iterable
from typing import Literal, get_args

from labctl.errors import ConfigError

Unit = Literal["", "s", "V", "A", "ohm", "S", "W", "J", "C", "F", "H", "Hz", "Sa/s", "K", "%", "dB", "V/s", "px", "deg"]
"""The closed list. Values are in these, unscaled; SI prefixes are for reading and writing only."""

UNITS: tuple[str, ...] = get_args(Unit)

_ALIASES = {"\u2126": "ohm", "\u03a9": "ohm", "Ohm": "ohm", "ohms": "ohm", "sec": "s", "hz": "Hz"}
_PREFIXES = {
    "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "\u00b5": 1e-6, "\u03bc": 1e-6, "m": 1e-3,
    "": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
}  # fmt: skip
_NUMBER = re.compile(r"\s*([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\s\d]*(?:/s)?)\s*")
_TIMES = {"min": 60.0, "h": 3600.0, "d": 86400.0}
_SHOWN = (
    ("T", 1e12),
    ("G", 1e9),
    ("M", 1e6),
    ("k", 1e3),
    ("", 1.0),
    ("m", 1e-3),
    ("u", 1e-6),
    ("n", 1e-9),
    ("p", 1e-12),
    ("f", 1e-15),
)
_CELLS = re.compile(r"(\d+)(?:\s*-\s*(\d+)(?:\s*/\s*(\d+))?)?")
_MOST_CELLS = 1 << 24
"""No array has more; a slip of the keyboard is not to fill the memory (assumed)."""
_PLAIN = ("", "%", "dB", "px", "deg")


def parse_quantity(text: str | float, unit: str) -> float:
    """Read a number with an optional SI prefix and unit.

    Args:
        text: For instance ``"50n"``, ``"50 ns"``, ``"5e-8"``, ``"2 min"`` or a number.
        unit: The unit that is expected; a prefix without a unit is taken to be of it.

    Returns:
        The value in ``unit``.

    Raises:
        ConfigError: Not a number, or of another unit.
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return float(text)
    match = _NUMBER.fullmatch(str(text))
    if match is None:
        raise ConfigError(f"{text!r} is not a number with a unit, such as {format_quantity(50e-9, unit)!r}")
    scale = _scale(match[2], unit)
    if scale is None:
        wanted = f"one in {unit}, such as {format_quantity(50e-9, unit)!r}" if unit else "a plain number"
        raise ConfigError(f"{text!r} is not in the right unit: {match[2]!r} was given, expected {wanted}")
    mantissa = match[1].replace("_", "")
    exponent = math.log10(scale)
    if abs(exponent - round(exponent)) < 1e-12 and "e" not in mantissa.lower():
        return float(f"{mantissa}e{round(exponent)}")  # "50n" is the same number as 50e-9, to the last bit
    return float(mantissa) * scale


def _scale(suffix: str, unit: str) -> float | None:
    """Return the factor that ``suffix`` stands for when ``unit`` is meant, or ``None``."""
    if unit == "s" and suffix in _TIMES:
        return _TIMES[suffix]
    for name in (unit, *(alias for alias, meant in _ALIASES.items() if meant == unit)):
        if suffix.endswith(name) and (name or suffix):
            prefix = suffix[: len(suffix) - len(name)]
            if prefix == "" and name:
                return 1.0
            if prefix in _PREFIXES and unit not in _PLAIN:
                return _PREFIXES[prefix]
    if suffix in _PREFIXES and (suffix == "" or unit not in _PLAIN[1:]):
        return _PREFIXES[suffix]
    return None


def parse_cells(text: str) -> list[int]:
    """Read a list of cells: numbers, spans and spans with a step, such as ``"0-15, 32, 64-127/2"``.

    Raises:
        ConfigError: It is none.
    """
    cells: list[int] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _CELLS.fullmatch(part)
        if match is None:
            raise ConfigError(f"{part!r} is no cell and no span of cells; write for instance 0-15, 32, 64-127/2")
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < _MOST_CELLS or match[3] == "0":
            raise ConfigError(f"{part!r} is no span of cells: it is to go up, to {_MOST_CELLS - 1} at most")
        cells.extend(range(first, last + 1, int(match[3] or 1)))
    return cells


def format_cells(cells: Iterable[int]) -> str:
    """Write cells as `parse_cells` reads them, in the same order."""
    spans: list[list[int]] = []
    for cell in cells:
        if spans and cell == spans[-1][1] + 1:
            spans[-1][1] = cell
        else:
            spans.append([cell, cell])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def format_quantity(value: float, unit: str, digits: int = 6) -> str:
    """Write ``value`` (in ``unit``) with the SI prefix that reads best, such as ``"50 ns"``."""
    if unit in _PLAIN or value == 0.0 or not math.isfinite(value):
        return f"{value:.{digits}g} {unit}".strip()
    prefix, scale = si_prefix(value)
    return f"{value / scale:.{digits}g} {prefix}{unit}"


def format_duration(seconds: float) -> str:
    """Return a duration as people say it: ``"45 s"``, ``"3 min 20 s"``, ``"2 h 5 min"``, ``"30 d 4 h"``."""
    if seconds < 59.5:
        return f"{seconds:.0f} s" if seconds >= 9.5 else f"{seconds:.2g} s"
    for size, name, below, below_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        rounded = round(seconds / below) * below
        if rounded >= size:
            rest = rounded % size // below
            return f"{rounded // size} {name}" + (f" {rest} {below_name}" if rest else "")
    return f"{seconds:.0f} s"


def si_prefix(value: float) -> tuple[str, float]:
    """Return the SI prefix that suits ``value``, and its factor."""
    for prefix, scale in _SHOWN:
        if abs(value) >= scale * (1.0 - 1e-12):
            return prefix, scale
    return _SHOWN[-1]
