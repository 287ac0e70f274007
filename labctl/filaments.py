"""Bring 1T1R cells to a chosen initial resistance: RESET, then SETs with a rising gate until the current suffices.

The gate limits the current of a SET and so the filament's area; that is how the initial resistance of a cell is chosen
without partial RESETs, which would leave a part of the way back to a whole filament.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from labctl.capabilities import CellArray, Cells, Floats, LinePulse
from labctl.protocol import Volts


class Preparation(BaseModel):
    """How cells are brought to their initial resistance. The pulses are *assumed*; the paper gives none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reset_pulse: LinePulse = Field(
        default=LinePulse(word_line=4.7, bit_line=0.0, source_line=3.0, width=5e-6), description="removes the filament"
    )
    set_pulse: LinePulse = Field(
        default=LinePulse(word_line=0.6, bit_line=2.5, source_line=0.0, width=100e-9),
        description="forms it again; its gate is the first of the ladder",
    )
    gate_step: Volts = Field(default=0.05, gt=0.0, le=1.0, description="from one SET to the next")
    highest_gate: Volts = Field(default=3.6, gt=0.0, le=5.0, description="a cell that needs more is left out")
    resets: int = Field(default=5, ge=1, le=100, description="most RESETs until all cells are below their target")

    @property
    def gates(self) -> Floats:
        """The (n,) gate voltages of the ladder, in V, on the millivolt."""
        start = self.set_pulse.word_line
        count = max(int((self.highest_gate - start) / self.gate_step + 1e-9) + 1, 1)
        return np.round(start + self.gate_step * np.arange(count), 3)

    @property
    def pulses(self) -> int:
        """Most pulses that a cell gets."""
        return self.resets + len(self.gates)

    def widest(self) -> float:
        """Longest pulse, in s."""
        return max(self.reset_pulse.width, self.set_pulse.width)


class Prepared(NamedTuple):
    """What a preparation gave, (n,) each.

    Attributes:
        gate: Gate voltage of the last SET, in V; NaN where none was given.
        conductance: As last read, in S.
        ready: Whether it reached the target.
    """

    gate: Floats
    conductance: Floats
    ready: NDArray[np.bool_]


def prepare(
    array: CellArray, cells: Cells, conductance: float, how: Preparation, *, voltage: float, averages: int
) -> Prepared:
    """Bring ``cells`` (n,) to ``conductance`` (S) or just above, reading at ``voltage`` (V) after each pulse."""
    reads = np.full(len(cells), np.inf)
    for _ in range(how.resets):
        above = reads >= conductance
        if not above.any():
            break
        currents = array.pulse_and_read_cells(cells[above], how.reset_pulse, voltage=voltage, averages=averages)
        reads[above] = currents / voltage
    gate = np.full(len(cells), np.nan)
    low = reads < conductance
    started = low.copy()
    for level in how.gates.tolist():
        if not low.any():
            break
        pulse = how.set_pulse.model_copy(update={"word_line": level})
        reads[low] = array.pulse_and_read_cells(cells[low], pulse, voltage=voltage, averages=averages) / voltage
        gate[low] = level
        low &= reads < conductance
    return Prepared(gate, reads, started & ~low & np.isfinite(reads))
