"""Series of runs: values of parameters as people write them, and every combination of them. No Qt in here."""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from labctl.errors import ConfigError
from labctl.protocol import Protocol, is_cell_list, unit_of
from labctl.units import parse_quantity

LIMIT = 1_000
"""More runs than this in one series are a slip of the keyboard (assumed)."""
_SPAN = re.compile(r"(.+?)\s+to\s+(.+?)\s+in\s+(\d+)(?:\s+steps)?(\s+log)?", re.IGNORECASE)
_COUNT = re.compile(r"(\d+)\s*-\s*(\d+)(?:\s*/\s*(\d+))?")


def parameters_of(model: type[BaseModel], prefix: str = "") -> dict[str, FieldInfo]:
    """Return every parameter by dotted name."""
    found: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found.update(parameters_of(field.annotation, f"{prefix}{name}."))
        else:
            found[prefix + name] = field
    return found


def parse_values(text: str, field: FieldInfo) -> list[Any]:
    """Read the values of one parameter.

    Args:
        text: ``"1 V, 2 V"``, ``"1u to 10u in 4"`` (ends included), the same with ``log``, or ``"0-15"`` and
            ``"0-15/4"`` (every fourth) for whole numbers.
        field: The parameter.

    Raises:
        ConfigError: It cannot be read, or is too long.
    """
    values: list[Any] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        if span := _SPAN.fullmatch(part):
            values += _spaced(span, unit_of(field), whole=field.annotation is int)
        elif count := _COUNT.fullmatch(part):
            values += range(int(count[1]), int(count[2]) + 1, max(1, int(count[3] or 1)))
        else:
            values.append(part)
        if len(values) > LIMIT:
            raise ConfigError(f"{text!r} is more than {LIMIT:,} values")
    if not values:
        raise ConfigError("no value is given")
    if not is_cell_list(field):
        return values
    if no_cell := next((value for value in values if not str(value).isdecimal()), None):
        raise ConfigError(f"{no_cell!r} is no number of a cell: give numbers from 0, such as 0-15, 32")
    return [[int(value)] for value in values]


def protocols_of(base: Protocol, axes: Mapping[str, list[Any]]) -> Iterator[Protocol]:
    """Yield ``base`` with each combination of values, the last name changing fastest.

    Raises:
        ConfigError: A combination is not valid; names the value.
    """
    count = int(np.prod([len(values) for values in axes.values()], dtype=np.float64)) if axes else 0
    if count > LIMIT:
        raise ConfigError(f"this would be {count:,} runs; a series has {LIMIT:,} at most")
    for point in itertools.product(*axes.values()):
        plain = base.model_dump(mode="json")
        for name, value in zip(axes, point, strict=True):
            _put(plain, name.split("."), value)
        yield type(base).from_mapping(plain)


def _spaced(span: re.Match[str], unit: str, *, whole: bool) -> list[float] | list[int]:
    low, high, count = parse_quantity(span[1], unit), parse_quantity(span[2], unit), int(span[3])
    if not 2 <= count <= LIMIT:
        raise ConfigError(f"{span[0]!r}: a span has 2 to {LIMIT:,} values")
    if span[4] and low * high <= 0.0:
        raise ConfigError(f"{span[0]!r}: a logarithmic span begins and ends on the same side of 0")
    values = np.geomspace(low, high, count) if span[4] else np.linspace(low, high, count)
    # 12 digits: 0.1 to 0.3 in 3 is 0.2 in the middle, not 0.20000000000000001
    return sorted({round(v) for v in values}) if whole else [float(f"{v:.12g}") for v in values]


def _put(values: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        values = values[part]
    values[path[-1]] = value
