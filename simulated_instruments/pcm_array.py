"""The simulated controller of a large phase-change array, at the function table of its library.

Functions return 0, or one of the codes below. Arrays are passed as pointers. The table is ours and stands in
docs/instruments/pcm-array.md: the experiment that it is for used a simulated array. Source of the cells' statistics:
Nat. Commun. 12, 319 (2021).
"""

import ctypes
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.frontend import Clock
from simulated_instruments.physics.pcm_array import PcmArray, PcmStatistics

OK, CLOSED, BAD_CELL, BAD_SIZE = 0, 1, 2, 3
DEFAULT_CELLS = 203_264
"""784 x 256 + 256 x 10."""
SWITCHING_TIME = 1e-6
"""s for the pulse of one cell, RESET or SET; *assumed*: the paper's SET pulse lasts 0.7 us."""
READING_TIME = 1e-2
"""s for a read of the whole array; *assumed*."""
_SEED_OFFSET = 0x9C3A


class SimulatedPcmArray:
    """The library and the cells behind it.

    Args:
        clock: The bench's clock.
        seed: Of the cells.
        cells: How many.
        drift: Mean drift exponent, in place of the paper's.
        drift_spread: Its standard deviation over cells.
        read_noise: Of R in one read.
        stuck: [cell, resistance in Ohm] of cells that do not switch.

    Raises:
        ValueError: A stuck cell that there is not, or a resistance that is not above 0.
    """

    def __init__(
        self, clock: Clock, *, seed: int = 0, cells: int = DEFAULT_CELLS, drift: float | None = None,
        drift_spread: float | None = None, read_noise: float | None = None, stuck: Sequence[Sequence[float]] = (),
    ) -> None:  # fmt: skip
        usual = PcmStatistics()
        statistics = PcmStatistics(
            drift=usual.drift._replace(
                mean=usual.drift.mean if drift is None else drift,
                spread=usual.drift.spread if drift_spread is None else drift_spread,
            ),
            read_noise=usual.read_noise if read_noise is None else read_noise,
        )
        self.array = PcmArray(cells, seed=seed ^ _SEED_OFFSET, statistics=statistics)
        for cell, resistance in stuck:
            if not (0 <= cell < cells and 0.0 < resistance < math.inf):
                raise ValueError(f"stuck: cell {cell:g} at {resistance:g} Ohm; cells are 0 to {cells - 1}")
            self.array.stick(np.array([int(cell)]), math.log10(resistance))
        self._clock = clock
        self._open = False

    def pcmOpen(self, address: Any) -> int:  # noqa: N802 - the names of a C library
        """Begin a session."""
        self._open = True
        return OK

    def pcmClose(self) -> int:  # noqa: N802
        """End the session."""
        self._open = False
        return OK

    def pcmCells(self, count: Any) -> int:  # noqa: N802
        """Write how many cells there are."""
        return self._number(count, self.array.count)

    def pcmSwitchings(self, count: Any) -> int:  # noqa: N802
        """Write how many pulses have been given."""
        return self._number(count, self.array.switchings)

    def pcmOutputs(self, on: Any) -> int:  # noqa: N802
        """Write whether a line is driven; between calls none is."""
        return self._number(on, 0)

    def pcmSwitch(self, cells: Any, high: Any, count: int) -> int:  # noqa: N802
        """RESET (1) or SET (0) so many cells."""
        if not self._open:
            return CLOSED
        chosen, up = _array(cells, count, np.int64), _array(high, count, np.uint8)
        if count and (chosen.min() < 0 or chosen.max() >= self.array.count):
            return BAD_CELL
        self._clock.wait(count * SWITCHING_TIME)
        self.array.switch(chosen, up.astype(bool), self._now())
        return OK

    def pcmRead(self, decades: Any, count: int) -> int:  # noqa: N802
        """Fill in log10 of each cell's resistance in Ohm."""
        if not self._open:
            return CLOSED
        if count != self.array.count:
            return BAD_SIZE
        self._clock.wait(READING_TIME)
        self.array.read(self._now(), _array(decades, count, np.float32))
        return OK

    def saved(self) -> Mapping[str, NDArray[Any]]:
        """Return the cells' state, for a lab that is to go on in another process."""
        return self.array.saved(self._now())

    def load(self, saved: Mapping[str, NDArray[Any]]) -> None:
        """Become what `saved` returned."""
        self.array.load(saved, self._now())

    def _now(self) -> int:
        return round(self._clock.now() * 1e6)

    def _number(self, target: Any, value: int) -> int:
        if not self._open:
            return CLOSED
        _target(target).value = value
        return OK


def _target(argument: Any) -> Any:
    """Return the number behind ``byref(x)`` or a pointer."""
    behind = getattr(argument, "_obj", None)  # where ctypes keeps what byref was given
    return argument.contents if behind is None else behind


def _array(argument: Any, count: int, kind: Any) -> NDArray[Any]:
    """Return an array on the memory that the caller passed."""
    pointer = ctypes.cast(argument, ctypes.POINTER(np.ctypeslib.as_ctypes_type(kind)))
    return np.ctypeslib.as_array(pointer, (count,))
