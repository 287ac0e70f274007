"""Memorial programming: each cell remembers the gate position that its conductance was last reached with.

Source: EAPU, Nat. Commun. 16, 11494 (2025): binary search for the first load, then step-to-step from the position
remembered; its flow charts are in a supplement, so that the steps are reconstructed.
"""

import numpy as np
from typing_extensions import override

from labctl.capabilities import Cells, Floats, Ints
from labctl.updates.gates import GateLadder, GatePulses
from labctl.updates.scheme import Outcome, UpdateScheme


class MemorialProgramming(UpdateScheme):
    """``memory`` holds the positions. An attempt is a RESET and a SET, so two pulses.

    Args:
        cells: See `UpdateScheme`.
        window: See `UpdateScheme`.
        tolerance: See `UpdateScheme`.
        gates: How cells are pulsed.
        ladder: The positions.
        attempts: Most attempts of one step-to-step write.
    """

    def __init__(
        self,
        cells: Cells,
        window: tuple[float, float],
        tolerance: float,
        gates: GatePulses,
        ladder: GateLadder,
        attempts: int,
    ) -> None:
        super().__init__(cells, window, tolerance)
        self._gates = gates
        self._ladder = ladder
        self._attempts = attempts

    @override
    def _load(self) -> Outcome:
        """Search each cell's position; those that the search missed go on step by step from where it ended."""
        searched = self.search()
        missed = np.flatnonzero(~searched.converged)
        stepped = self.step(missed)
        searched.pulses[missed] += stepped.pulses
        searched.conductances[missed] = stepped.conductances
        searched.converged[missed] = stepped.converged
        return searched

    @override
    def _update(self, places: Ints, changes: Floats) -> Outcome:
        return self.step(places)

    def search(self) -> Outcome:
        """Halve each cell's range of positions until it is within tolerance or one position is left."""
        count = len(self.cells)
        low, high = np.zeros(count, np.int64), np.full(count, self._ladder.positions - 1)
        pulses, found = np.zeros(count, np.int64), np.zeros(count)
        active = np.arange(count)
        while len(active):
            self.memory[active] = (low[active] + high[active]) // 2
            found[active] = self._try(active)
            pulses[active] += 2
            active = active[~self.within(active, found[active])]
            below = found[active] < self.targets[active]
            low[active[below]] = self.memory[active[below]] + 1
            high[active[~below]] = self.memory[active[~below]] - 1
            active = active[low[active] <= high[active]]
        return Outcome(pulses, found, self.within(np.arange(count), found))

    def step(self, places: Ints) -> Outcome:
        """Try the position remembered, then move one position at a time towards the target."""
        pulses, found = np.zeros(len(places), np.int64), np.zeros(len(places))
        active = np.arange(len(places))
        for attempt in range(self._attempts):
            if not len(active):
                break
            chosen = places[active]
            found[active] = self._try(chosen)
            pulses[active] += 2
            missed = ~self.within(chosen, found[active])
            active, chosen = active[missed], chosen[missed]
            if attempt < self._attempts - 1:
                moved = self.memory[chosen] + np.sign(self.targets[chosen] - found[active])
                self.memory[chosen] = np.clip(moved, 0, self._ladder.positions - 1)
        return Outcome(pulses, found, self.within(places, found))

    def _try(self, places: Ints) -> Floats:
        return self._gates.cycle(self.cells[places], self._ladder.volts(self.memory[places].astype(np.int64)))
