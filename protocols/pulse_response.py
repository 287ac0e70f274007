"""Identical SET and RESET pulses with a read after each: how a cell's current follows them (CNN-A)."""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from labctl.analysis import pulse_response
from labctl.capabilities import CellArray, Cells, LinePulse
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import Plot, Trace
from labctl.protocol import Count, Plan, Step, Steps
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData
from protocols.rram_array import READ_SECONDS, ArrayProtocol, check_array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SET, RESET = 1, 2
PULSE_SECONDS = 1e-3
"""Of one pulse and read of one cell, line included, for the estimate of the duration; *assumed*."""


class Response(Row):
    """One read after one pulse; number 0 is the read before the first."""

    time: float = column("s", "time since the run began")
    cell: int = column(doc="linear index of the cell over all arrays")
    cycle: int = column(doc="number of the SET train and the RESET train after it, from 0")
    kind: int = column(doc="1 SET, 2 RESET")
    pulse: int = column(doc="number of the pulse in its train")
    count: int = column(doc="number of the pulse since the run began")
    current: float = column("A", "read current")


class PulseResponse(ArrayProtocol):
    """Give cells a train of identical SET pulses, then one of RESET pulses, and read the current after each pulse."""

    name: ClassVar[str] = "pulse-response"
    title: ClassVar[str] = "Response to identical pulses"
    source: ClassVar[str] = "CNN-A: Yao et al., Nature 577, 641 (2020), Fig. 1 and Methods"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Switching"
    rows: ClassVar[tuple[type[Row], ...]] = (Response,)
    plots: ClassVar[tuple[Plot, ...]] = (Trace(Response, "count", "current", "Read current", group="cell"),)

    array: int = Field(default=0, ge=0, description="array that the cells are drawn from")
    cells: Count = Field(default=64, description="cells drawn at random")
    pulses: int = Field(default=50, ge=2, le=10_000, description="pulses of each train")
    cycles: Count = Field(default=2, description="SET trains, each with a RESET train after it")
    reset_first: int = Field(default=100, ge=0, le=10_000, description="RESET pulses before the first read")

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse cells that are not there."""
        check_array(array.geometry, self.array)
        if self.cells > array.geometry.cells_per_array:
            raise ConfigError(f"cells is {self.cells}, but an array has {array.geometry.cells_per_array}")
        reads = 2 * self.cycles * (self.pulses + 1)
        current = self.highest_device_voltage * 60e-6
        return Plan(
            duration=reads * (PULSE_SECONDS + READ_SECONDS * self.averages) * self.cells,
            pulses_per_device=self.reset_first + 2 * self.cycles * self.pulses,
            voltage=self.highest_voltage,
            device_voltage=self.highest_device_voltage,
            current=current,
            charge=(self.reset_first + 2 * self.cycles * self.pulses) * current * self.widest,
            work=2 * self.cycles,
        )

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Give train after train; each is a step."""
        first = self.array * array.geometry.cells_per_array
        cells = first + np.sort(rng.choice(array.geometry.cells_per_array, self.cells, replace=False)).astype(np.int64)
        already = resume.done if resume else 0
        if self.reset_first and not already:
            array.pulse_cells(cells, self.reset_pulse, count=self.reset_first)
        for train in range(already, 2 * self.cycles):
            yield from self._train(array, clock, cells, train)
            yield Step(train + 1, 2 * self.cycles)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return how far and how evenly the trains move the cells."""
        return pulse_response.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the mean response and single cells."""
        from labctl.figures.pulse_response import draw

        return draw(run)

    def _train(self, array: CellArray, clock: Clock, cells: Cells, train: int) -> Steps:
        kind = SET if train % 2 == 0 else RESET
        pulse: LinePulse = self.set_pulse if kind == SET else self.reset_pulse
        for number in range(self.pulses + 1):
            if number:
                currents = array.pulse_and_read_cells(cells, pulse, voltage=self.read_voltage, averages=self.averages)
            else:
                currents = array.read_cells(cells, voltage=self.read_voltage, averages=self.averages)
            yield Response.block(
                time=clock.now(), cell=cells, cycle=train // 2, kind=kind, pulse=number,
                count=train * self.pulses + number, current=currents,
            )  # fmt: skip
