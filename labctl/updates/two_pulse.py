"""The two-pulse scheme: an open loop that moves the gate voltage remembered by what the change asks for.

Source: the update scheme of Li et al. (Nat. Commun. 9, 2385, 2018) as their public code has it: RESET where the gate
voltage is to fall, then SET at the new one; its bounds of the gate voltage (0.5 to 2.5 V in one setting) and its
sensitivity of 98 uS/V.
"""

import numpy as np
from typing_extensions import override

from labctl.capabilities import Cells, Floats, Ints
from labctl.updates.gates import GatePulses
from labctl.updates.scheme import Outcome, UpdateScheme


class TwoPulse(UpdateScheme):
    """``memory`` holds the gate voltages, in V. A SET is one pulse, a RESET before it another.

    Args:
        cells: See `UpdateScheme`.
        window: See `UpdateScheme`.
        tolerance: See `UpdateScheme`.
        gates: How cells are pulsed.
        sensitivity: Change of conductance with the gate voltage, in S/V; one for all cells.
        offset: Gate voltage at which the line of that slope is at 0 S, in V.
        bounds: Lowest and highest gate voltage, in V.
    """

    closed_loop = False

    def __init__(
        self,
        cells: Cells,
        window: tuple[float, float],
        tolerance: float,
        gates: GatePulses,
        sensitivity: float,
        offset: float,
        bounds: tuple[float, float],
    ) -> None:
        super().__init__(cells, window, tolerance)
        self._gates = gates
        self._sensitivity = sensitivity
        self._offset = offset
        self._bounds = bounds

    @override
    def _load(self) -> Outcome:
        self.memory = np.clip(self._offset + self.targets / self._sensitivity, *self._bounds)
        found = self._gates.cycle(self.cells, np.round(self.memory, 3))
        return Outcome(np.full(len(self.cells), 2), found, self.within(np.arange(len(self.cells)), found))

    @override
    def _update(self, places: Ints, changes: Floats) -> Outcome:
        self.memory[places] = np.clip(self.memory[places] + changes / self._sensitivity, *self._bounds)
        falls = changes < 0.0
        self._gates.reset(self.cells[places[falls]])
        found = self._gates.set_and_read(self.cells[places], np.round(self.memory[places], 3))
        return Outcome(1 + falls.astype(np.int64), found, self.within(places, found))
