"""What every scheme has in common: the wanted conductances, a memory for each cell, and what an update took."""

import abc
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.capabilities import Cells, Floats, Ints


class Outcome(NamedTuple):
    """What a load or an update did to each of n cells.

    Attributes:
        pulses: (n,) SET and RESET pulses.
        conductances: (n,) as read after the last pulse, in S.
        converged: (n,) whether that was within tolerance of the wanted one; of no meaning for an open loop.
    """

    pulses: Ints
    conductances: Floats
    converged: NDArray[np.bool_]


class UpdateScheme(abc.ABC):
    """Cells that are loaded once and then changed in small steps.

    Args:
        cells: (n,) linear indices of the cells; updates name them by their place in it.
        window: Lowest and highest wanted conductance, in S; what is wanted beyond is wanted at the bound.
        tolerance: Half-width in S of what counts as written.

    Attributes:
        targets: (n,) wanted conductances, in S.
        memory: (n,) what the scheme remembers of each cell.
    """

    closed_loop = True
    """Whether it reads and tries again."""

    def __init__(self, cells: Cells, window: tuple[float, float], tolerance: float) -> None:
        self.cells = cells
        self.window = window
        self.tolerance = tolerance
        self.targets = np.zeros(len(cells))
        self.memory = np.zeros(len(cells))

    def load(self, targets: Floats) -> Outcome:
        """Bring all cells to ``targets`` (n,) in S, from whatever they are."""
        self.targets = np.clip(targets, *self.window)
        return self._load()

    def update(self, places: Ints, changes: Floats) -> Outcome:
        """Change the cells at ``places`` (k,), none twice, by ``changes`` (k,) in S."""
        self.targets[places] = np.clip(self.targets[places] + changes, *self.window)
        return self._update(places, changes)

    def state(self) -> bytes:
        """Return everything that it has to remember between two updates."""
        return np.stack([self.targets, self.memory]).tobytes()

    def restore(self, state: bytes) -> None:
        """Go on from a ``state()``; the cells must be as they were then."""
        self.targets, self.memory = np.frombuffer(state).reshape(2, -1).copy()

    def within(self, places: Ints, conductances: Floats) -> NDArray[np.bool_]:
        """Return whether each conductance (S) is within tolerance of what is wanted at ``places``."""
        return np.abs(conductances - self.targets[places]) <= self.tolerance

    @abc.abstractmethod
    def _load(self) -> Outcome:
        """Bring all cells to ``self.targets``."""

    @abc.abstractmethod
    def _update(self, places: Ints, changes: Floats) -> Outcome:
        """Bring the cells at ``places`` to ``self.targets``, which already hold ``changes``."""
