"""Multi-level closed-loop write with identical pulses, and how well the levels hold (CNN-B)."""

from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import levels
from labctl.capabilities import CellArray, Cells, Floats, LinePulse, WriteResult, WriteSettings, WriteTrace
from labctl.clock import Clock
from labctl.closed_loop import write_from_host
from labctl.errors import ConfigError
from labctl.plots import ArrayMap, CumulativeDistribution, Plot, Trace
from labctl.protocol import Amps, CellList, Count, Note, Plan, Protocol, Seconds, Siemens, Step, Steps, Volts, Wait
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPECTED_PULSES = 40.0
"""Pulses of an average write, for the estimate of the duration; *assumed*."""


class Write(Row):
    """One write of one cell."""

    time: float = column("s", "time since the run began")
    cell: int = column(doc="linear index of the cell over all arrays")
    level: int = column(doc="number of the target, from 0")
    target: float = column("A", "target current")
    start: float = column("A", "current before the write")
    set_pulses: int = column(doc="SET pulses used")
    reset_pulses: int = column(doc="RESET pulses used")
    pulses: int = column(doc="pulses used")
    converged: bool = column(doc="whether it ended within tolerance")
    conductance: float = column("S", "conductance at the last verify")
    current: float = column("A", "current at the last verify")


class Pulse(Row):
    """One verify read in the write of a traced cell; number 0 is the read before the first pulse."""

    time: float = column("s", "time at the end of the write")
    write: int = column(doc="number of the traced write, from 0")
    cell: int = column(doc="linear index of the cell over all arrays")
    level: int = column(doc="number of the target, from 0")
    pulse: int = column(doc="pulses so far")
    kind: int = column(doc="0 no pulse yet, 1 after a SET, 2 after a RESET pulse")
    target: float = column("A", "target current")
    current: float = column("A", "read current")


class Relaxed(Row):
    """One read of one cell, after the chosen wait."""

    time: float = column("s", "time since the run began")
    cell: int = column(doc="linear index of the cell over all arrays")
    level: int = column(doc="number of the target, from 0")
    target: float = column("A", "target current")
    current: float = column("A", "current after the wait")


class WriteVerify(Protocol):
    """Write cells, chosen or drawn, to evenly spaced levels, verifying after each pulse, and read them again later."""

    name: ClassVar[str] = "write-verify"
    title: ClassVar[str] = "32-level write-verify"
    source: ClassVar[str] = "CNN-B: Yao et al., Nature 577, 641 (2020), Fig. 1c"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Writing"
    rows: ClassVar[tuple[type[Row], ...]] = (Write, Pulse, Relaxed)
    plots: ClassVar[tuple[Plot, ...]] = (
        CumulativeDistribution(Write, "current", "level", "Cumulative distribution of each level"),
        ArrayMap(Write, "cell", "conductance", "Conductance map"),
        Trace(Pulse, "pulse", "current", "Cell being written", group="write", latest=True, goal="target"),
    )

    array: int = Field(default=0, ge=0, description="array that the cells are drawn from")
    cells: Count = Field(default=1024, description="cells drawn at random, where none are chosen")
    chosen: CellList = Field(default=(), description="cells by linear index within the array; none draws them")
    levels: int = Field(default=32, ge=2, le=256, description="evenly spaced targets")
    lowest: Siemens = Field(default=2e-6, gt=0.0, le=1e-3, description="conductance of the lowest level")
    highest: Siemens = Field(default=20e-6, gt=0.0, le=1e-3, description="conductance of the highest level")
    order: Literal["ascending", "descending", "random"] = Field(
        default="random", description="in which order a cell gets its levels; random: its own for each cell"
    )
    tolerance: Amps = Field(default=50e-9, gt=0.0, le=1e-5, description="accepted distance from the target current")
    pulse_limit: int = Field(default=500, ge=1, le=10_000, description="most pulses in one write")
    set_pulse: LinePulse = Field(
        default=LinePulse(word_line=1.8, bit_line=2.0, source_line=0.0, width=50e-9), description="when too low"
    )
    reset_pulse: LinePulse = Field(
        default=LinePulse(word_line=4.7, bit_line=0.0, source_line=1.8, width=50e-9), description="when too high"
    )
    read_voltage: Volts = Field(default=0.2, gt=0.0, le=0.3, description="at which currents are read")
    averages: int = Field(default=1, ge=1, le=1000, description="reads averaged for each verify")
    loop: Literal["board", "host"] = Field(default="board", description="who closes the loop")
    wait: Seconds = Field(default=60.0, ge=0.0, le=2.6e6, description="from the writes of a level to its second read")
    traced: int = Field(default=4, ge=0, description="cells of which every pulse is kept")
    batch: Count = Field(default=128, description="cells of one step; a resume begins at a step")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest:g} S) must be below highest ({self.highest:g} S)")
        if self.set_pulse.device_voltage <= 0.0:
            raise ValueError("set_pulse: the bit line must be above the source line")
        if self.reset_pulse.device_voltage >= 0.0:
            raise ValueError("reset_pulse: the source line must be above the bit line")
        return self

    def targets(self) -> Floats:
        """Return the (levels,) target currents, in A, from the lowest."""
        return np.linspace(self.lowest, self.highest, self.levels) * self.read_voltage

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse an array or cells that are not there."""
        geometry = array.geometry
        if self.array >= geometry.arrays:
            raise ConfigError(f"array is {self.array}, but the arrays are 0 to {geometry.arrays - 1}")
        if not self.chosen and self.cells > geometry.cells_per_array:
            raise ConfigError(f"cells is {self.cells}, but an array has {geometry.cells_per_array}")
        if self.chosen and max(self.chosen) >= geometry.cells_per_array:
            last = geometry.cells_per_array - 1
            raise ConfigError(f"chosen has cell {max(self.chosen)}, but an array's cells are 0 to {last}")
        pulses = (self.set_pulse, self.reset_pulse)
        across = max(abs(pulse.device_voltage) for pulse in pulses)
        current = across * self.highest
        seconds = array.write_duration(self._count, EXPECTED_PULSES, self._settings())
        return Plan(
            duration=self.levels * (seconds + self.wait),
            pulses_per_device=self.levels * self.pulse_limit,
            voltage=max(pulse.highest_voltage for pulse in pulses),
            device_voltage=across,
            current=current,
            charge=self.levels * self.pulse_limit * current * max(pulse.width for pulse in pulses),
            work=self.levels * (self._batches + 1),
            conductances=(self.lowest, self.highest),
        )

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Write level after level, batch after batch; each batch, and each level's second read, is a step."""
        cells = self._cells(array.geometry.cells_per_array, rng)
        schedule = self._schedule(rng)
        done, total = 0, self.levels * (self._batches + 1)
        already = resume.done if resume else 0
        for turn in range(self.levels):
            targets = self.targets()[schedule[turn]]
            for start in range(0, self._count, self.batch):
                done += 1
                if done > already:
                    part = slice(start, start + self.batch)
                    yield from self._write(array, clock, cells[part], schedule[turn, part], turn, start)
                    yield Step(done, total)
            done += 1
            if done > already:
                yield Wait(self.wait)
                currents = array.read_cells(cells, voltage=self.read_voltage, averages=self.averages)
                yield Relaxed.block(
                    time=clock.now(), cell=cells, level=schedule[turn], target=targets, current=currents
                )
                yield Note(f"turn {turn + 1} of {self.levels} is written and read again")
                yield Step(done, total)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return the levels' distributions, overlap, yield, pulses and errors."""
        return levels.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the cumulative distributions as in the paper's Fig. 1c, with pulses and errors below."""
        from labctl.figures.levels import draw

        return draw(run)

    @property
    def _batches(self) -> int:
        return -(-self._count // self.batch)

    @property
    def _count(self) -> int:
        return len(self.chosen) or self.cells

    def _cells(self, per_array: int, rng: np.random.Generator) -> Cells:
        """Return the cells by linear index over all arrays: those that are chosen, or else drawn."""
        mine = np.array(self.chosen) if self.chosen else rng.choice(per_array, self.cells, replace=False)
        return self.array * per_array + mine.astype(np.int64)

    def _settings(self) -> WriteSettings:
        return WriteSettings(
            self.set_pulse, self.reset_pulse, self.tolerance, self.pulse_limit, self.read_voltage, self.averages
        )

    def _schedule(self, rng: np.random.Generator) -> Cells:
        """Return which level each cell gets in each turn, (levels, cells)."""
        column_of_levels = np.arange(self.levels)[:, None].repeat(self._count, axis=1)
        if self.order == "random":
            return rng.permuted(column_of_levels, axis=0)
        return column_of_levels if self.order == "ascending" else column_of_levels[::-1].copy()

    def _write(self, array: CellArray, clock: Clock, cells: Cells, level: Cells, turn: int, offset: int) -> Steps:
        targets = self.targets()[level]
        starts = array.read_cells(cells, voltage=self.read_voltage, averages=self.averages)
        traced = max(0, min(self.traced - offset, len(cells)))
        if self.loop == "host":
            result, traces = write_from_host(array, cells, targets, self._settings())
        else:
            result, traces = self._write_on_board(array, cells, targets, traced)
        pulses = result.set_pulses + result.reset_pulses
        now = clock.now()
        for index, trace in enumerate(traces[:traced]):
            yield Pulse.block(
                time=now, write=turn * self.traced + offset + index, cell=cells[index], level=level[index],
                pulse=np.arange(len(trace.kinds)), kind=trace.kinds, target=targets[index], current=trace.currents,
            )  # fmt: skip
        yield Write.block(
            time=now, cell=cells, level=level, target=targets, start=starts, set_pulses=result.set_pulses,
            reset_pulses=result.reset_pulses, pulses=pulses, converged=result.converged,
            conductance=result.currents / self.read_voltage, current=result.currents,
        )  # fmt: skip

    def _write_on_board(
        self, array: CellArray, cells: Cells, targets: Floats, traced: int
    ) -> tuple[WriteResult, list[WriteTrace]]:
        parts, traces = [], []
        for cell, target in zip(cells[:traced].tolist(), targets[:traced].tolist(), strict=True):
            result, trace = array.write_traced(cell, target, self._settings())
            parts.append(result)
            traces.append(trace)
        if len(cells) > traced:
            parts.append(array.write_cells(cells[traced:], targets[traced:], self._settings()))
        return WriteResult(*(np.concatenate(columns) for columns in zip(*parts, strict=True))), traces
