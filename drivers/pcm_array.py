"""Driver of a large phase-change array's controller, through its library.

Checked against simulation alone; no real controller with this library is known to us. Source: the function table is
ours, docs/instruments/pcm-array.md, as little as the training of Nat. Commun. 12, 319 (2021) needs of an array.
"""

import ctypes
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from labctl.capabilities import Cells
from labctl.errors import InstrumentError, LimitError
from labctl.instrument import Identity, IdlePolicy, Instrument
from labctl.links import LibraryLink, Link
from labctl.settings import Setting, Value

CODES = {1: "the session is closed", 2: "no such cell", 3: "wrong size"}
_WORDS, _BYTES = ctypes.POINTER(ctypes.c_int64), ctypes.POINTER(ctypes.c_uint8)
_COUNT, _NUMBER = ctypes.c_int64, ctypes.POINTER(ctypes.c_int64)
SIGNATURES: dict[str, list[Any]] = {
    "pcmOpen": [ctypes.c_char_p],
    "pcmClose": [],
    "pcmCells": [_NUMBER],
    "pcmSwitchings": [_NUMBER],
    "pcmOutputs": [_NUMBER],
    "pcmSwitch": [_WORDS, _BYTES, _COUNT],
    "pcmRead": [ctypes.POINTER(ctypes.c_float), _COUNT],
}


class PcmArray(Instrument):
    """The controller: cells are switched in lists and read whole; between calls no line is driven."""

    vendor = "labctl"
    models = ("PCM array",)
    idle_policies = frozenset({IdlePolicy.GROUND})
    options: ClassVar[Mapping[str, type]] = {"library": str, "cells": int}
    link_type = LibraryLink
    library: str = "pcmarray.dll" if sys.platform == "win32" else "libpcmarray.so"
    cells: int = 203_264

    switchings = Setting(
        "", "SET and RESET pulses given since it was switched on", kind="int",
        read=lambda array: array.number("pcmSwitchings"),
    )  # fmt: skip

    def __init__(self, link: Link, **keywords: Any) -> None:
        super().__init__(link, **keywords)
        if not isinstance(link, LibraryLink):
            raise TypeError(f"{self.role}: the array is reached through its library alone")
        link.path, link.signatures = self.library, SIGNATURES
        self._link = link

    def identify(self) -> Identity:
        """Open the session and check that the array has the cells that the station says."""
        self._call("pcmOpen", self.link.name.encode())
        found = self.number("pcmCells")
        if found != self.cells:
            raise InstrumentError(
                self.role, "pcmCells()", 3, f"it has {found:,} cells, the station says {self.cells:,}"
            )
        return Identity(self.vendor, self.models[0], f"{found} cells", "")

    def close(self) -> None:
        """Make safe and end the session; a second call does nothing."""
        if not self.is_open:
            return
        try:
            self.make_safe()
            self._call("pcmClose")
        finally:
            self.identity = None
            self.link.close()

    def make_safe(self) -> dict[str, Value]:
        """Read back that no line is driven."""
        driven = self.number("pcmOutputs")
        if driven:
            raise InstrumentError(self.role, "pcmOutputs()", driven, f"{driven} lines are driven")
        return {"lines driven": driven}

    def switch_cells(self, cells: Cells, high: NDArray[np.bool_]) -> None:
        """RESET ``cells`` where ``high`` (n,), SET them elsewhere.

        Raises:
            LimitError: There is no such cell; nothing was sent.
        """
        chosen = np.array(cells, dtype=np.int64)
        states = np.array(high, dtype=np.uint8)
        if chosen.shape != states.shape:
            raise LimitError(f"{self.role}: {chosen.size} cells, but {states.size} states")
        if chosen.size and not (0 <= chosen.min() and chosen.max() < self.cells):
            raise LimitError(f"{self.role}: cells must be 0 to {self.cells - 1}, got {chosen.min()} to {chosen.max()}")
        self._call("pcmSwitch", _memory(chosen), _memory(states), chosen.size, shown=f"{chosen.size}")

    def read_decades(self, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return log10 of the resistance in Ohm of each cell; fills ``out`` if given."""
        if out is None:
            out = np.empty(self.cells, dtype=np.float32)
        if out.shape != (self.cells,) or out.dtype != np.float32 or not out.flags.carray:
            raise LimitError(
                f"{self.role}: out must be ({self.cells},) contiguous writeable float32, got {out.shape} {out.dtype}"
            )
        out.fill(0.0)  # what goes in is recorded, and is to be the same each time
        self._call("pcmRead", _memory(out), out.size, shown=f"{out.size}")
        return out

    def number(self, function: str) -> int:
        """Return the number that a function of the library writes."""
        number = ctypes.c_int64(0)
        self._call(function, ctypes.byref(number))
        return number.value

    def _call(self, function: str, *arguments: Any, shown: str = "") -> None:
        code = self._link.call(function, *arguments, shown=shown)
        if code:
            raise InstrumentError(self.role, f"{function}({shown})", code, CODES.get(code, "unknown"))


def _memory(array: NDArray[Any]) -> Any:
    """Return the array's own memory as ctypes has it, its size known to whoever records the call."""
    return np.ctypeslib.as_ctypes(array)
