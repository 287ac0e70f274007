"""What the measurements with trains of RESET pulses share: cells, reads, preparation, the train itself, the plan."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from labctl.capabilities import CellArray, Cells, Floats, LinePulse
from labctl.errors import ConfigError
from labctl.filaments import Preparation, Prepared, prepare
from labctl.protocol import Count, Plan, Protocol, Siemens, Volts

LINE_TIME, LINE_TIME_PER_CELL = 6e-3, 0.4e-3
"""Of one pulse with its read, and of each cell in it, in s; *assumed*: a line of 115,200 baud, for the estimate."""
LADDER_SHARE = 0.8
"""Share of the ladder of gates that a preparation takes, for the estimate of the duration; *assumed*."""
REQUEST = 64
"""Cells that share a request, for the estimate."""


class ResetTrains(Protocol):
    """Trains of RESET pulses on cells of a chosen initial resistance, with a read after each pulse."""

    cells: Count = Field(default=10, description="cells, drawn at random")
    array: int = Field(default=0, ge=0, description="array that the cells are drawn from")
    gate: Volts = Field(default=4.7, gt=0.0, le=5.0, description="word line in the RESET pulses; *assumed*")
    read_voltage: Volts = Field(default=0.2, gt=0.0, le=0.3, description="at which conductances are read")
    averages: int = Field(default=4, ge=1, le=1000, description="reads averaged after each pulse")
    lowest: Siemens = Field(default=6.1e-6, ge=0.0, le=1e-3, description="conductance that is 0 after normalising")
    preparation: Preparation = Field(default=Preparation(), description="to the initial resistance")

    @model_validator(mode="after")
    def _check_preparation(self) -> Self:
        if self.preparation.reset_pulse.device_voltage >= 0.0:
            raise ValueError("preparation.reset_pulse: the source line must be above the bit line")
        if self.preparation.set_pulse.device_voltage <= 0.0:
            raise ValueError("preparation.set_pulse: the bit line must be above the source line")
        return self

    def train_pulse(self, amplitude: float, width: float) -> LinePulse:
        """Return the RESET pulse of ``amplitude`` (V) and ``width`` (s)."""
        return LinePulse(word_line=self.gate, bit_line=0.0, source_line=amplitude, width=width)

    def _check_resistance(self, highest: float) -> None:
        if self.lowest * highest >= 1.0:
            raise ValueError(f"lowest ({self.lowest:g} S) must be below the initial conductance, 1/({highest:g} ohm)")

    def _chosen(self, array: CellArray, rng: np.random.Generator) -> Cells:
        first = self.array * array.geometry.cells_per_array
        return first + rng.choice(array.geometry.cells_per_array, self.cells, replace=False).astype(np.int64)

    def _prepare(self, array: CellArray, cells: Cells, resistance: float) -> Prepared:
        return prepare(
            array, cells, 1.0 / resistance, self.preparation, voltage=self.read_voltage, averages=self.averages
        )

    def _train(self, array: CellArray, cells: Cells, pulses: Sequence[LinePulse]) -> Floats:
        """Return the (cells, pulses + 1) conductances in S, the first before the first pulse."""
        reads = [array.read_cells(cells, voltage=self.read_voltage, averages=self.averages)]
        for pulse in pulses:
            reads.append(array.pulse_and_read_cells(cells, pulse, voltage=self.read_voltage, averages=self.averages))
        return np.array(reads).T / self.read_voltage

    def _plan_trains(
        self, array: CellArray, trains: int, length: int, pulses: Sequence[LinePulse], resistances: Sequence[float]
    ) -> Plan:
        """Return the plan of ``trains`` trains of ``length`` pulses; refuse an array or cells that are not there."""
        geometry, before = array.geometry, self.preparation
        if self.array >= geometry.arrays:
            raise ConfigError(f"array is {self.array}, but the arrays are 0 to {geometry.arrays - 1}")
        if self.cells > geometry.cells_per_array:
            raise ConfigError(f"cells is {self.cells}, but an array has {geometry.cells_per_array}")
        lines = (*pulses, before.reset_pulse, before.set_pulse)
        across = max(abs(pulse.device_voltage) for pulse in lines)
        most = 1.0 / min(resistances)
        rounds = length + LADDER_SHARE * len(before.gates)
        count = trains * (length + before.pulses)
        return Plan(
            duration=trains * rounds * (LINE_TIME * -(-self.cells // REQUEST) + LINE_TIME_PER_CELL * self.cells),
            pulses_per_device=count,
            voltage=max(before.highest_gate, *(pulse.highest_voltage for pulse in lines)),
            device_voltage=across,
            current=across * most,
            charge=count * across * most * max(pulse.width for pulse in lines),
            work=trains,
            conductances=(1.0 / max(resistances), most),
        )
