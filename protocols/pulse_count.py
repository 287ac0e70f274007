"""How many pulses a cell needs to reach each level from one start (CNN-D)."""

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import pulse_count
from labctl.capabilities import CellArray, Cells, Floats, WriteResult
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import ArrayMap, CumulativeDistribution, Plot
from labctl.protocol import Amps, Count, Plan, Step, Steps
from labctl.results import Results
from labctl.rows import Block, Row, column
from labctl.runfile.reader import RunData
from protocols.rram_array import EXPECTED_PULSES, ArrayProtocol, check_array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Started(Row):
    """One cell brought to the common start."""

    time: float = column("s", "time since the run began")
    cell: int = column(doc="linear index of the cell over all arrays")
    pulses: int = column(doc="pulses used")
    converged: bool = column(doc="whether it is within the start's band")
    current: float = column("A", "current that it starts with")


class Reached(Row):
    """One write of one cell from the start to its level."""

    time: float = column("s", "time since the run began")
    cell: int = column(doc="linear index of the cell over all arrays")
    level: int = column(doc="number of the target, from 0")
    target: float = column("A", "target current")
    start: float = column("A", "current before the write")
    set_pulses: int = column(doc="SET pulses used")
    reset_pulses: int = column(doc="RESET pulses used")
    pulses: int = column(doc="pulses used")
    converged: bool = column(doc="whether it ended within tolerance")
    current: float = column("A", "current at the last verify")


class PulseCount(ArrayProtocol):
    """Bring rows of cells above the highest level, then write groups of rows to one level each and count the pulses."""

    name: ClassVar[str] = "pulse-count"
    title: ClassVar[str] = "Pulses needed for each level"
    source: ClassVar[str] = "CNN-D: Yao et al., Nature 577, 641 (2020), Extended Data"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Writing"
    rows: ClassVar[tuple[type[Row], ...]] = (Started, Reached)
    plots: ClassVar[tuple[Plot, ...]] = (
        CumulativeDistribution(Reached, "pulses", "level", "Pulses of each level"),
        ArrayMap(Reached, "cell", "pulses", "Pulses of each cell"),
    )

    array: int = Field(default=0, ge=0, description="array that the rows are in")
    first_row: int = Field(default=0, ge=0, description="first row that is used")
    rows_each: Count = Field(default=3, description="rows that get the same level")
    levels: int = Field(default=8, ge=2, le=64, description="evenly spaced targets")
    lowest: Amps = Field(default=0.5e-6, gt=0.0, le=1e-4, description="current of the lowest level")
    highest: Amps = Field(default=4e-6, gt=0.0, le=1e-4, description="current of the highest level")
    start: Amps = Field(default=4.5e-6, gt=0.0, le=1e-4, description="current of the common start, above all levels")
    start_band: Amps = Field(default=0.4e-6, gt=0.0, le=1e-5, description="accepted distance from the start")
    tolerance: Amps = Field(default=100e-9, gt=0.0, le=1e-5, description="accepted distance from the target current")

    @model_validator(mode="after")
    def _check_levels(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest:g} A) must be below highest ({self.highest:g} A)")
        if self.start - self.start_band < self.highest:
            raise ValueError(f"start less start_band must be at least highest ({self.highest:g} A)")
        return self

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse rows that are not there."""
        geometry = array.geometry
        check_array(geometry, self.array)
        last = self.first_row + self.levels * self.rows_each
        if last > geometry.rows:
            raise ConfigError(f"{self.levels} groups of {self.rows_each} rows end at row {last} of {geometry.rows}")
        cells = self.levels * self.rows_each * geometry.columns
        current = self.highest_device_voltage * (self.start + self.start_band) / self.read_voltage
        return Plan(
            duration=2.0 * array.write_duration(cells, EXPECTED_PULSES, self.write_settings()),
            pulses_per_device=2 * self.pulse_limit,
            voltage=self.highest_voltage,
            device_voltage=self.highest_device_voltage,
            current=current,
            charge=2 * self.pulse_limit * current * self.widest,
            work=2 * self.levels,
            conductances=(self.lowest / self.read_voltage, (self.start + self.start_band) / self.read_voltage),
        )

    def run(self, array: CellArray, clock: Clock, resume: Step | None = None) -> Steps:
        """Bring group after group to the start, then each to its level; each is a step."""
        total = 2 * self.levels
        for done in range(resume.done if resume else 0, total):
            phase, level = divmod(done, self.levels)
            cells = self._cells(array, level)
            if phase == 0:
                result = self._write(array, cells, self.start, self.start_band)
                yield Started.block(
                    time=clock.now(), cell=cells, pulses=result.set_pulses + result.reset_pulses,
                    converged=result.converged, current=result.currents,
                )  # fmt: skip
            else:
                yield self._reach(array, clock, cells, level)
            yield Step(done + 1, total)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return the pulses of each level and how they grow with the distance."""
        return pulse_count.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the mean number of pulses and the stacked histogram."""
        from labctl.figures.pulse_count import draw

        return draw(run)

    def _cells(self, array: CellArray, level: int) -> Cells:
        columns = array.geometry.columns
        first = self.array * array.geometry.cells_per_array + (self.first_row + level * self.rows_each) * columns
        return np.arange(first, first + self.rows_each * columns, dtype=np.int64)

    def _write(self, array: CellArray, cells: Cells, target: float, tolerance: float) -> WriteResult:
        targets: Floats = np.full(len(cells), target)
        return array.write_cells(cells, targets, self.write_settings(tolerance=tolerance))

    def _reach(self, array: CellArray, clock: Clock, cells: Cells, level: int) -> Block:
        target = float(np.linspace(self.lowest, self.highest, self.levels)[level])
        starts = array.read_cells(cells, voltage=self.read_voltage, averages=self.averages)
        result = self._write(array, cells, target, self.tolerance)
        return Reached.block(
            time=clock.now(), cell=cells, level=level, target=target, start=starts, set_pulses=result.set_pulses,
            reset_pulses=result.reset_pulses, pulses=result.set_pulses + result.reset_pulses,
            converged=result.converged, current=result.currents,
        )  # fmt: skip
