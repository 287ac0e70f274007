"""The sign-based scheme: one fixed SET or RESET pulse, whatever the size of the change."""

import numpy as np
from typing_extensions import override

from labctl.capabilities import CellArray, Cells, Floats, Ints, WriteSettings
from labctl.updates.scheme import Outcome, UpdateScheme
from labctl.updates.verify import WriteVerified


class SignUpdate(UpdateScheme):
    """Remembers nothing. The cells are loaded by write-verify.

    Args:
        array: What the cells are in.
        cells: See `UpdateScheme`.
        window: See `UpdateScheme`.
        settings: The pulses, the reads, and the closed loop of the load; its tolerance in A.
    """

    closed_loop = False

    def __init__(self, array: CellArray, cells: Cells, window: tuple[float, float], settings: WriteSettings) -> None:
        super().__init__(cells, window, settings.tolerance / settings.read_voltage)
        self._array = array
        self._settings = settings

    @override
    def _load(self) -> Outcome:
        return WriteVerified(self._array, self.cells, self.window, self._settings).load(self.targets)

    @override
    def _update(self, places: Ints, changes: Floats) -> Outcome:
        found = np.empty(len(places))
        for chosen, pulse in (
            (changes > 0.0, self._settings.set_pulse),
            (changes <= 0.0, self._settings.reset_pulse),
        ):
            if chosen.any():
                found[chosen] = self._array.pulse_and_read_cells(
                    self.cells[places[chosen]],
                    pulse,
                    voltage=self._settings.read_voltage,
                    averages=self._settings.averages,
                )
        found /= self._settings.read_voltage
        return Outcome(np.ones(len(places), np.int64), found, self.within(places, found))
