"""Out-parameters and strings as ctypes hands them over.

An out-parameter may be ``byref(x)``, a pointer, an array, or anything that takes items (a numpy array); an array may be
any of the last three. A number may be a Python number or a ctypes one. A string is ``bytes``, a ``c_char_p`` or a
character array, never ``str``: the library takes 8-bit strings.
"""

import ctypes
import math
from collections.abc import Sequence
from typing import Any

from simulated_instruments.keysight_b1530_wgfmu.codes import Code, WgfmuError


def _target(out: Any) -> Any:
    if out is None:
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, "an output argument is a null pointer")
    return getattr(out, "_obj", out)


def store(out: Any, value: float) -> None:
    """Put ``value`` where ``out`` points."""
    target = _target(out)
    if hasattr(target, "__setitem__"):
        target[0] = value
    else:
        target.value = value


def store_all(out: Any, values: Sequence[float]) -> None:
    """Put ``values`` into the array ``out``."""
    target = _target(out)
    for index, value in enumerate(values):
        target[index] = value


def store_text(out: Any, text: str, capacity: int) -> int:
    """Put at most ``capacity`` characters of ``text`` into ``out`` and return how many; then a NUL if it fits."""
    target = _target(out)
    data = text.encode("ascii", "replace")[:capacity]
    for index, value in enumerate(data):
        target[index] = value
    if isinstance(target, ctypes.Array) and len(target) > len(data):
        target[len(data)] = 0
    return len(data)


def store_texts(out: Any, texts: Sequence[str]) -> None:
    """Put each of ``texts`` into the buffer that the same item of ``out`` (``char**``) points to, NUL included."""
    addresses = ctypes.cast(_target(out), ctypes.POINTER(ctypes.c_void_p))
    for index, text in enumerate(texts):
        address = addresses[index]
        if address is None:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, "a text buffer is a null pointer")
        data = text.encode("ascii", "replace") + b"\0"
        ctypes.memmove(address, data, len(data))


def number(value: Any) -> float:
    """Return a number argument; refuse what is not finite."""
    result = getattr(value, "value", value)
    if not isinstance(result, (int, float)) or not math.isfinite(result):
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"{value!r} is not a finite number")
    return result


def integer(value: Any) -> int:
    """Return an ``int`` argument."""
    return int(number(value))


def capacity(out: Any) -> int:
    """Return the number that a size argument brings in; refuse less than 1."""
    target = _target(out)
    size = int(target[0] if hasattr(target, "__getitem__") else target.value)
    if size < 1:
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"size {size} is less than 1")
    return size


def numbers(values: Any, size: int) -> list[float]:
    """Return the first ``size`` items of the array ``values``."""
    target = _target(values)
    return [number(target[index]) for index in range(size)]


def text(value: Any) -> str:
    """Return a string argument.

    Raises:
        WgfmuError: -2 for an empty one, one that is not 8-bit, or a null pointer.
    """
    data = getattr(value, "value", value)
    if not isinstance(data, bytes) or not data or any(byte < 32 or byte > 126 for byte in data):
        raise WgfmuError(Code.ILLEGAL_STRING, f"illegal string {data!r}")
    return data.decode("ascii")
