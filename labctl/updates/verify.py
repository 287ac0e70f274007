"""Write-verify: identical pulses in a closed loop until the cell is within tolerance.

Source: CNN-B, Yao et al., Nature 577, 641 (2020); EAPU compares its updates with it (WU).
"""

from typing_extensions import override

from labctl.capabilities import CellArray, Cells, Floats, Ints, LinePulse, WriteSettings
from labctl.updates.scheme import Outcome, UpdateScheme


class WriteVerified(UpdateScheme):
    """Remembers nothing but the targets.

    Args:
        array: What the cells are in.
        cells: See `UpdateScheme`.
        window: See `UpdateScheme`.
        settings: The closed loop; its tolerance in A.
        first: Given to each cell before the loop, such as a RESET so that all begin alike; counted as a pulse.
    """

    def __init__(
        self,
        array: CellArray,
        cells: Cells,
        window: tuple[float, float],
        settings: WriteSettings,
        first: LinePulse | None = None,
    ) -> None:
        super().__init__(cells, window, settings.tolerance / settings.read_voltage)
        self._array = array
        self._settings = settings
        self._first = first

    @override
    def _load(self) -> Outcome:
        return self._write(self.cells, self.targets)

    @override
    def _update(self, places: Ints, changes: Floats) -> Outcome:
        return self._write(self.cells[places], self.targets[places])

    def _write(self, cells: Cells, targets: Floats) -> Outcome:
        voltage = self._settings.read_voltage
        if self._first is not None:
            self._array.pulse_cells(cells, self._first)
        result = self._array.write_cells(cells, targets * voltage, self._settings)
        pulses = result.set_pulses + result.reset_pulses + (self._first is not None)
        return Outcome(pulses, result.currents / voltage, result.converged)
