"""The instrument library with its return codes checked and its arguments made from plain Python values."""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from drivers.wgfmu.codes import ReturnCode
from drivers.wgfmu.functions import FUNCTIONS, PREFIX, SIGNATURES
from labctl.capabilities import Floats
from labctl.errors import InstrumentError
from labctl.links import LibraryLink

_OUTPUTS: dict[str, type[ctypes.c_int] | type[ctypes.c_double]] = {"I": ctypes.c_int, "D": ctypes.c_double}
_SHOWN_ITEMS = 4
"""Items of an array that the transcript shows."""


class Wgfmu:
    """The functions of the library, by name without prefix.

    Args:
        link: The library's link; is given the table of functions.
        role: The instrument's name in the station, for errors.
    """

    def __init__(self, link: LibraryLink, role: str) -> None:
        self.link = link
        self.role = role
        link.signatures = SIGNATURES

    def call(self, name: str, *inputs: Any) -> tuple[Any, ...]:
        """Call a function and check its code.

        Args:
            name: Without prefix.
            inputs: Every argument that is no single number to be written: numbers, text, arrays, lists of text, and
                ctypes buffers and counts as they are.

        Returns:
            The single numbers that it writes, in order.

        Raises:
            InstrumentError: The code is not 0; has its name and the library's error summary.
        """
        with self.link.lock:
            code, outputs, shown = self._call(name, inputs)
            if code != ReturnCode.NO_ERROR:
                raise InstrumentError(self.role, f"{PREFIX}{name}({shown})", code, self._explain(code))
            return outputs

    def call_unless(self, allowed: frozenset[ReturnCode], name: str, *inputs: Any) -> tuple[Any, ...] | None:
        """Call a function; return ``None`` where it answers one of ``allowed``, otherwise do as `call` does."""
        try:
            return self.call(name, *inputs)
        except InstrumentError as error:
            if error.code not in allowed:
                raise
            return None

    def channels(self) -> list[int]:
        """Return the ids of the channels that there are: slot x 100 + 1 or 2."""
        (count,) = self.call("getChannelIdSize")
        if not count:
            return []
        ids, size = (ctypes.c_int * count)(), ctypes.c_int(count)
        self.call("getChannelIds", ids, size)
        return list(ids[: size.value])

    def text(self, name: str) -> str:
        """Return what ``name`` (such as ``getErrorSummary``) has to say."""
        (length,) = self.call(f"{name}Size")
        if length < 1:
            return ""
        buffer, size = ctypes.create_string_buffer(length + 1), ctypes.c_int(length + 1)
        self.call(name, buffer, size)
        return buffer.value.decode("latin-1").strip()

    def measured(self, channel: int) -> tuple[Floats, Floats]:
        """Return times (s) and values (V or A) that a channel has measured in the run that is over.

        Raises:
            InstrumentError: Data are missing.
        """
        taken, total = self.call("getMeasureValueSize", channel)
        if taken < total or total < 1:
            text = f"{taken} of {total} measurements are there"
            raise InstrumentError(self.role, "getMeasureValueSize", ReturnCode.RESULT_NOT_READY_ERROR, text)
        times, values = (ctypes.c_double * total)(), (ctypes.c_double * total)()
        size = ctypes.c_int(total)
        self.call("getMeasureValues", channel, 0, size, times, values)
        if size.value != total:
            text = f"gave {size.value} of {total} values"
            raise InstrumentError(self.role, "getMeasureValues", ReturnCode.RESULT_NOT_READY_ERROR, text)
        return np.array(times), np.array(values)

    def _call(self, name: str, inputs: tuple[Any, ...]) -> tuple[int, tuple[Any, ...], str]:
        rest, arguments = list(inputs), []
        outputs: list[ctypes.c_int | ctypes.c_double] = []
        for letter in FUNCTIONS[name]:
            if letter in _OUTPUTS:
                outputs.append(_OUTPUTS[letter]())
                arguments.append(ctypes.byref(outputs[-1]))
            else:
                arguments.append(_argument(letter, rest.pop(0)))
        if rest:
            raise TypeError(f"{name} takes {len(inputs) - len(rest)} inputs, not {len(inputs)}")
        shown = ", ".join(map(_shown, inputs))
        code = self.link.call(PREFIX + name, *arguments, shown=shown)
        return code, tuple(output.value for output in outputs), shown

    def _explain(self, code: int) -> str:
        known = {int(member): member.name for member in ReturnCode}
        try:
            summary = self.text("getErrorSummary")
        except InstrumentError as error:
            summary = f"and the error summary cannot be read: code {error.code}" if error.code != code else ""
        return f"{known.get(code, 'an unknown code')}: {summary or 'no error summary'}"


def _argument(letter: str, value: Any) -> Any:
    """Return ``value`` as ctypes passes it for ``letter``."""
    if letter == "i":
        return int(value)
    if letter == "d":
        return float(value)
    if letter == "s":
        return str(value).encode("latin-1")
    if letter == "n":
        return ctypes.byref(value)
    if letter == "a":
        return np.ctypeslib.as_ctypes(np.array(value, dtype=np.float64))
    if letter == "S" and not isinstance(value, ctypes.Array):
        return (ctypes.c_char_p * len(value))(*(str(item).encode("latin-1") for item in value))
    return value


def _shown(value: Any) -> str:
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, ctypes.Array | ctypes.c_int):
        return "&" + type(value).__name__
    if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
        items = [repr(item) for item in list(value[:_SHOWN_ITEMS])]
        return f"[{', '.join(items)}{', ...' if len(value) > _SHOWN_ITEMS else ''}]"
    return repr(value)
