"""Which cells do not answer to their pulses, told from reads that a training takes anyway.

A cell that does not answer reads the same but for the noise of reads, however often it is pulsed; one that answers is
left, by each update, within a tolerance of a new conductance, and relaxes. So the reads of `UPDATES` updates, one
before and one after each, are compared with the noise: a cell whose reads scatter by no more than `MOST` times the
noise is taken for stuck. By chi squared with 2 x 12 - 1 = 23 degrees of freedom one stuck cell in 1,800 is missed,
until its next 12 updates; a cell whose reads scatter by 3 times the noise is taken for stuck once in 10,000 times, by 4
times once in 2 million. Then all is counted anew, so that a cell that fails during the training is found too. Updates
that ask for less than the tolerance do not count: they may leave a cell that works as it is.

A cell of two states is either in the one that was asked for or it is not: the states are more than ten of their spreads
apart. One that takes `VAIN` pulses in vain is taken for stuck: single writes that fail, one in a thousand of them, say,
do so three times together once in 1e9.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.capabilities import Floats, Ints
from labctl.rows import Row, column

UPDATES = 12
"""Updates that a cell is judged by; *assumed*, a small part of a training."""
MOST = 1.5
"""Scatter of the reads of a stuck cell over the noise, at most; *assumed*: the two errors above follow from it."""
NOISE_READS = 8
"""Reads that the noise is taken from."""
VAIN = 3
"""Pulses in vain that a cell of two states is told by; *assumed*."""
SHOWN = 5
"""Cells that a message names."""


class Stuck(Row):
    """A cell that does not answer to its pulses, when it was found; it gets no more of them."""

    time: float = column("s", "time since the run began")
    cell: int = column(doc="linear index of the cell over all arrays")
    updates: int = column(doc="updates in vain that it was told by, or pulses of a cell of two states")
    conductance: float = column("S", "mean of its reads")


def told(cells: Ints, what: str) -> str:
    """Return a message that names how many cells, and the first few."""
    first = ", ".join(str(cell) for cell in cells[:SHOWN].tolist())
    more = ", ..." if len(cells) > SHOWN else ""
    return f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'} {what}: {first}{more}"


class Watch:
    """Judges n cells by their reads.

    Args:
        count: n.
        finest: Smallest scatter that an update leaves in a cell that answers, in S, where the noise is less.

    Attributes:
        relative_noise: Of one read; 0 before `learn_noise`.
        stuck: (n,) which cells do not answer.
    """

    def __init__(self, count: int, finest: float) -> None:
        self._finest = finest
        self.relative_noise = 0.0
        self.stuck = np.zeros(count, bool)
        # Updates counted, and of the reads: how far the first was, sum and sum of squares of the distance from it.
        self._sums = np.zeros((4, count))

    def learn_noise(self, reads: Floats) -> None:
        """Take the noise from ``reads`` (k, n), in S, with no pulse between: from neighbours, as cells also drift."""
        steps = np.diff(reads, axis=0)
        self.relative_noise = float(np.sqrt(np.mean(steps**2) / 2.0 / np.mean(reads**2)))

    def judge(self, places: Ints, before: Floats, after: Floats) -> tuple[Ints, Floats]:
        """Count an update of the cells at ``places``; return the places of those that are now seen to be stuck.

        And the means of their reads, in S.

        Args:
            places: (k,).
            before: (k,) conductances read before the update, in S.
            after: (k,) conductances read after its last pulse, in S.
        """
        updates, first, total, squares = self._sums[:, places]
        first = np.where(updates == 0.0, before, first)
        total += (before - first) + (after - first)
        squares += (before - first) ** 2 + (after - first) ** 2
        updates += 1.0
        reads = 2.0 * updates
        variance = (squares - total**2 / reads) / (reads - 1.0)
        mean = first + total / reads
        due = updates == UPDATES
        found = due & (variance <= (MOST * np.maximum(self.relative_noise * mean, self._finest)) ** 2)
        self.stuck[places[found]] = True
        self._sums[:, places] = np.where(due, 0.0, [updates, first, total, squares])
        return places[found], mean[found]

    def state(self) -> Floats:
        """Return what `restore` needs."""
        return np.append(np.vstack([self._sums, self.stuck]).reshape(-1), self.relative_noise)

    def restore(self, state: Floats) -> None:
        """Go on from a state."""
        rows = np.array(state[:-1]).reshape(5, -1)
        self._sums, self.stuck = rows[:4], rows[4].astype(bool)
        self.relative_noise = float(state[-1])


class StateWatch:
    """Judges n cells of two states by whether they are in the one that was asked for.

    Args:
        count: n.
    """

    def __init__(self, count: int) -> None:
        self._vain = np.zeros(count, np.uint8)
        self._seen = np.zeros(count, bool)

    def works(self, cells: Ints) -> NDArray[np.bool_]:
        """Return which of ``cells`` are not known to be stuck."""
        return np.asarray(self._vain[cells] < VAIN)

    def judge(self, high: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """Compare the states (n,) that were read with those wanted.

        Returns:
            The cells that are to get another pulse, and those that are now seen to be stuck.
        """
        self._vain[high != self._seen] = 0  # it does answer
        self._seen = high
        wrong = np.flatnonzero((high != wanted) & (self._vain < VAIN))
        self._vain[wrong] += 1
        given_up = self._vain[wrong] == VAIN
        return wrong[~given_up], wrong[given_up]

    def state(self) -> dict[str, NDArray[Any]]:
        """Return what `restore` needs, arrays by name."""
        cells = np.flatnonzero(self._vain)
        return {"vain_cells": cells, "vain": self._vain[cells], "seen": np.packbits(self._seen)}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from a state."""
        self._vain[:] = 0
        self._vain[state["vain_cells"]] = state["vain"]
        self._seen = np.unpackbits(state["seen"], count=len(self._vain)).astype(bool)
