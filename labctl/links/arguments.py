"""The arguments of a library's functions as text: what went in, what was written, and how to write it again.

A value is JSON: a number, a text (a character each byte), a list of numbers, ``{"zeros": n}`` for an array of n zeros.
"""

import ctypes
import json
from collections.abc import Sequence
from typing import Any

from labctl.errors import StateError

Values = list[Any]


def values(arguments: Sequence[Any]) -> Values:
    """Return what ``arguments``, as ctypes takes them, hold now.

    Raises:
        StateError: One is a pointer that does not say how much is behind it.
    """
    return [_value(argument) for argument in arguments]


def call_text(function: str, given: Values) -> str:
    """Return a call with what went in, on one line."""
    return f"{function} {json.dumps(given)}"


def answer_text(code: int, before: Values, after: Values) -> str:
    """Return the code of a call and, where it wrote anything, argument by argument what; null for nothing."""
    written = [new if new != old else None for old, new in zip(before, after, strict=True)]
    return f"{code} {json.dumps(written)}" if any(value is not None for value in written) else f"{code}"


def write_answer(text: str, arguments: Sequence[Any]) -> int:
    """Write into ``arguments`` what `answer_text` has, and return the code.

    Raises:
        StateError: It is no such text, or does not fit the arguments.
    """
    code, _, shown = text.partition(" ")
    try:
        written = json.loads(shown) if shown else [None] * len(arguments)
        for argument, value in zip(arguments, written, strict=True):
            if value is not None:
                _store(getattr(argument, "_obj", argument), value)
        return int(code)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise StateError(f"{text[:80]!r} does not answer a call with {len(arguments)} arguments: {error}") from error


def _value(argument: Any) -> Any:
    held = getattr(argument, "_obj", argument)  # where ctypes keeps what byref was given
    if isinstance(held, ctypes.Array):
        return _array(held)
    if isinstance(held, bytes):
        return held.decode("latin-1")
    if isinstance(held, ctypes._SimpleCData):  # noqa: SLF001 - the one base of numbers in ctypes
        return _value(held.value)
    if held is None or isinstance(held, int | float | str):
        return held
    raise StateError(f"a {type(argument).__name__} cannot be recorded: it does not say how much is behind it")


def _array(held: Any) -> Any:
    if held._type_ is ctypes.c_char:
        return held.raw.rstrip(b"\0").decode("latin-1")
    items = [_value(item) for item in held]
    return items if any(items) or not items else {"zeros": len(items)}


def _store(held: Any, value: Any) -> None:
    if not isinstance(held, ctypes.Array):
        held.value = value
    elif isinstance(value, str):
        held.value = value.encode("latin-1")
    else:
        held[:] = [0] * value["zeros"] if isinstance(value, dict) else value
