"""Bounded columns of numbers, and thinning them to what a screen can show."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_WHOLE = 6
"""Below so many points a pixel a line is drawn whole: thinned, one that goes back and forth would look jagged."""


class SlidingColumns:
    """The newest rows of a few columns, each contiguous; adding costs the same however many there are.

    Args:
        columns: How many columns.
        capacity: Most rows that are kept.
    """

    def __init__(self, columns: int, capacity: int) -> None:
        self.capacity = capacity
        self.dropped = 0
        self._data = np.empty((columns, min(1024, 2 * capacity)))
        self._start = self._end = 0

    def __len__(self) -> int:
        return self._end - self._start

    def clear(self) -> None:
        """Forget every row."""
        self._start = self._end = self.dropped = 0

    def add(self, rows: Floats) -> None:
        """Add rows, (columns, n); the oldest go where there are more than ``capacity``."""
        rows = rows[:, -self.capacity :]
        count = rows.shape[1]
        if self._end + count > self._data.shape[1]:
            self._make_room(count)
        self._data[:, self._end : self._end + count] = rows
        self._end += count
        excess = max(0, len(self) - self.capacity)
        self._start += excess
        self.dropped += excess

    def columns(self) -> Floats:
        """Return the rows that are kept, (columns, n); a view that the next `add` may change."""
        return self._data[:, self._start : self._end]

    def _make_room(self, count: int) -> None:
        """Move what is kept to the front, into a larger array while the capacity is not reached."""
        kept = self.columns()[:, -self.capacity :]
        length = kept.shape[1]
        wanted = min(2 * (length + count), 2 * self.capacity)
        if wanted > self._data.shape[1]:
            self._data = np.empty((self._data.shape[0], wanted))
        else:
            kept = kept.copy()
        self._data[:, :length] = kept
        self._start, self._end = 0, length


def thinned(x: Floats, y: Floats, pieces: int) -> tuple[Floats, Floats]:
    """Return a line's lowest and highest value in each of ``pieces`` runs of points, so that no peak is lost.

    Args:
        x: (n,) abscissae.
        y: (n,) ordinates; NaN breaks the line.
        pieces: Runs of points; a line of at most `_WHOLE` times as many points is returned as it is.
    """
    if len(x) <= _WHOLE * pieces:
        return x, y
    starts = np.arange(pieces, dtype=np.int64) * len(x) // pieces
    thin_x, thin_y = np.empty(2 * pieces), np.empty(2 * pieces)
    thin_x[::2] = thin_x[1::2] = x[starts]
    thin_y[::2] = np.fmin.reduceat(y, starts)
    thin_y[1::2] = np.fmax.reduceat(y, starts)
    # A break within a run of points stays one after it, or the line would go on from one group to the next.
    broken = 2 * np.flatnonzero(np.logical_or.reduceat(np.isnan(y), starts)) + 2
    if len(broken):
        return np.insert(thin_x, broken, np.nan), np.insert(thin_y, broken, np.nan)
    return thin_x, thin_y
