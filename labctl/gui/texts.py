"""Numbers and ranges as the form shows them."""

import types
from typing import Any, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from labctl.protocol import is_cell_list, unit_of
from labctl.units import format_cells, format_quantity, parse_quantity

LABELS = ("sample", "die", "device", "operator", "note")
"""Names of what goes into a run file besides parameters and seed, in the order of the entries."""
_DIGITS = (6, 9, 12, 15, 17)
_WORDS = (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))


def exact_text(value: Any, unit: str) -> str:
    """Return a value as text that reads back as the same value: ``"50 ns"``, ``"1024"``, ``"1, 2"``; empty for none."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(exact_text(item, unit) for item in value)
    if not isinstance(value, float):
        return str(value)
    for digits in _DIGITS:
        text = format_quantity(value, unit, digits)
        if parse_quantity(text, unit) == value:
            return text
    return f"{value!r} {unit}".strip()


def shown_values(model: BaseModel) -> dict[str, str]:
    """Return every parameter as text with its unit, by dotted name."""
    found: dict[str, str] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            found.update({f"{name}.{inner}": text for inner, text in shown_values(value).items()})
        elif is_cell_list(field):
            found[name] = format_cells(value)
        elif isinstance(value, bool):
            found[name] = "on" if value else "off"
        else:
            found[name] = exact_text(value, unit_of(field))
    return found


def differing_values(model: BaseModel) -> dict[str, str]:
    """Return the parameters that differ from their defaults, as text by dotted name."""
    found: dict[str, str] = {}
    for name, field in type(model).model_fields.items():
        value, default = getattr(model, name), field.get_default(call_default_factory=True)
        if value == default:
            continue
        shown = shown_values(model)
        inner = shown_values(default) if isinstance(default, BaseModel) else {}
        found |= {
            key: text
            for key, text in shown.items()
            if (key == name or key.startswith(f"{name}.")) and inner.get(key.removeprefix(f"{name}.")) != text
        }
    return found


def range_text(field: FieldInfo) -> str:
    """Return the bounds of a field in words, such as ``"0 V to 5 V"``; empty where it has none."""
    bounds = _bounds(field)
    unit = unit_of(field)
    shown = {key: _bound(value, unit) for key, value in bounds.items()}
    if "ge" in shown and "le" in shown:
        return f"{shown['ge']} to {shown['le']}"
    if "gt" in shown and "le" in shown:
        return f"> {shown['gt']} to {shown['le']}"
    return ", ".join(f"{words} {shown[key]}" for key, words in _WORDS if key in shown)


def plain_type(annotation: Any) -> tuple[Any, bool]:
    """Return a field's type without ``None``, and whether ``None`` is allowed."""
    if get_origin(annotation) in {types.UnionType, Union}:
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        return (kinds[0] if len(kinds) == 1 else annotation), len(kinds) < len(get_args(annotation))
    return annotation, False


def _bounds(field: FieldInfo) -> dict[str, float]:
    found: dict[str, float] = {}
    for mark in field.metadata:
        for key, kind in (
            ("ge", annotated_types.Ge),
            ("gt", annotated_types.Gt),
            ("le", annotated_types.Le),
            ("lt", annotated_types.Lt),
        ):
            if isinstance(mark, kind):
                found[key] = getattr(mark, key)
    return found


def _bound(value: float, unit: str) -> str:
    return f"{value:,}" if isinstance(value, int) and not unit else format_quantity(value, unit)
