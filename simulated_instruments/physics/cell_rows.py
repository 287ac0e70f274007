"""What the models of many 1T1R cells have in common: reads, stuck cells, and their state as arrays."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics.checks import check_at_least_one, check_finite, check_not_negative

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

WORKS, STUCK_LOW, STUCK_HIGH = 0, 1, 2
"""Values of a cell's ``stuck``."""


class CellRows(ABC):
    """So many cells, each with its own random stream: what happens to one depends on its own history alone.

    Times ``now`` are seconds on one clock that starts at 0 and does not run backwards; a time before a cell's last
    pulse counts as the time of that pulse. Methods that act on cells raise ``ValueError`` for an index outside
    0 .. count - 1 or named twice, and then have changed nothing. An instance is used by one thread at a time.

    Args:
        cells: (count,) records, one a cell, with a field ``stuck``.
        threshold: voltage (V) from which on a read would switch.
        middle: of the conductances (S) that virgin cells have.
    """

    held_field: ClassVar[str]
    """Field of a record that is the conductance of a stuck cell, in S."""

    def __init__(self, cells: NDArray[np.void], *, threshold: float, middle: float) -> None:
        self.count = cells.size
        self._cells = cells
        self._threshold = threshold
        self._middle = middle

    @abstractmethod
    def _read(self, chosen: IntArray, now: float, averages: int, values: FloatArray) -> None:
        """Put what a read finds of ``chosen`` into ``values`` (S)."""

    @abstractmethod
    def _present(self, chosen: IntArray, now: float, values: FloatArray) -> None:
        """Put the true conductances of ``chosen`` into ``values`` (S), without a random number."""

    def current(self, cells: IntArray, *, voltage: float, averages: int, now: float) -> FloatArray:
        """Read ``cells`` (n,) at ``voltage`` (V, below the switching threshold).

        Returns:
            Currents (n,) in A, the mean of ``averages`` (at least 1) reads.
        """
        self._check_read(voltage, averages)
        check_finite("now", now, "s")
        chosen = self._checked(cells)
        values = np.empty(chosen.size)
        self._read(chosen, now, averages, values)
        return values * voltage

    def conductance(self, cells: IntArray, *, now: float) -> FloatArray:
        """Return the true conductances (n,) in S, which no instrument sees; draws no random number."""
        check_finite("now", now, "s")
        chosen = self._checked(cells)
        values = np.empty(chosen.size)
        self._present(chosen, now, values)
        return values

    def stuck(self) -> IntArray:
        """Return (count,): 0 works, 1 stuck low, 2 stuck high."""
        return self._cells["stuck"].copy()

    def stick(self, cells: IntArray, conductance: float) -> None:
        """Stick ``cells`` (n,) at ``conductance`` (S, at least 0); low means below the middle of the virgin window."""
        check_not_negative("conductance", conductance, "S")
        chosen = self._checked(cells)
        self._cells[self.held_field][chosen] = conductance
        self._cells["stuck"][chosen] = STUCK_LOW if conductance < self._middle else STUCK_HIGH

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return everything that is known of the cells, random streams included, as arrays (count,) by name."""
        return {name: self._cells[name].copy() for name in self._cells.dtype.names or ()}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Go back to a ``state()``, from which everything repeats bit for bit.

        Raises:
            ValueError: a missing or unknown array, or one of another shape or type; nothing has been changed.
        """
        names = set(self._cells.dtype.names or ())
        if set(state) != names:
            raise ValueError(f"a state has the arrays {sorted(names)}, got {sorted(state)}")
        for name, values in state.items():
            wanted = self._cells[name]
            if values.shape != wanted.shape or values.dtype != wanted.dtype:
                raise ValueError(
                    f"{name} must be {wanted.dtype} of shape {wanted.shape}, got {values.dtype} {values.shape}"
                )
        for name, values in state.items():
            self._cells[name] = values

    def _checked(self, cells: IntArray) -> IntArray:
        chosen = np.ascontiguousarray(cells, dtype=np.int64)
        if chosen.ndim != 1:
            raise ValueError(f"cells must have one dimension, got {chosen.ndim}")
        if chosen.size and (chosen.min() < 0 or chosen.max() >= self.count):
            raise ValueError(f"cells must be within 0 .. {self.count - 1}, got {chosen.min()} .. {chosen.max()}")
        if chosen.size > 1:
            seen = np.zeros(self.count, dtype=np.bool_)
            seen[chosen] = True
            if np.count_nonzero(seen) != chosen.size:
                raise ValueError("cells must not name a cell twice")
        return chosen

    def _check_read(self, voltage: float, averages: int) -> None:
        check_finite("voltage", voltage, "V")
        if abs(voltage) >= self._threshold:
            raise ValueError(
                f"a read must stay below the switching threshold of {self._threshold:g} V, got {voltage:g} V"
            )
        check_at_least_one("averages", averages)
