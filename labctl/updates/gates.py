"""RESET and SET of single cells, the SET at a gate voltage of each cell's own."""

import dataclasses

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from labctl.capabilities import CellArray, Cells, Floats, Ints, LinePulse
from labctl.protocol import Volts


class GateLadder(BaseModel):
    """The gate voltages that memorial programming chooses from, evenly spaced; a position is a number from 0.

    Source: EAPU tunes by the gate voltage; range and number of positions are *assumed* (a 7-bit converter).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lowest: Volts = Field(default=0.8, ge=0.0, le=5.0, description="gate voltage of position 0")
    highest: Volts = Field(default=2.4, ge=0.0, le=5.0, description="gate voltage of the last position")
    positions: int = Field(default=128, ge=2, le=4096, description="steps of the converter")

    def volts(self, positions: Ints) -> Floats:
        """Return the (n,) gate voltages of ``positions``, in V, on the board's steps of 1 mV."""
        spacing = (self.highest - self.lowest) / (self.positions - 1)
        return np.round(self.lowest + np.asarray(positions) * spacing, 3)


@dataclasses.dataclass(frozen=True)
class GatePulses:
    """How cells are reset, set at a gate voltage, and read.

    Attributes:
        array: What the cells are in.
        reset_pulse: Leads a cell to its lowest conductance.
        set_pulse: Leads it to where the gate stops it; its ``word_line`` is replaced.
        read_voltage: In V.
        averages: Reads averaged.
    """

    array: CellArray
    reset_pulse: LinePulse
    set_pulse: LinePulse
    read_voltage: float
    averages: int

    def reset(self, cells: Cells) -> None:
        """Give each of ``cells`` (n,) the RESET pulse."""
        if len(cells):
            self.array.pulse_cells(cells, self.reset_pulse)

    def set_and_read(self, cells: Cells, gates: Floats) -> Floats:
        """Give each of ``cells`` the SET pulse at its own gate voltage (V); return the (n,) conductances after it.

        Cells of one gate voltage share a request, since a pulse drives one word line at one voltage.
        """
        found = np.empty(len(cells))
        for gate in np.unique(gates):
            here = np.flatnonzero(gates == gate)
            pulse = self.set_pulse.model_copy(update={"word_line": float(gate)})
            found[here] = self.array.pulse_and_read_cells(
                cells[here], pulse, voltage=self.read_voltage, averages=self.averages
            )
        return found / self.read_voltage

    def cycle(self, cells: Cells, gates: Floats) -> Floats:
        """Reset ``cells``, set them at ``gates`` (V), and return the (n,) conductances."""
        self.reset(cells)
        return self.set_and_read(cells, gates)
