"""The error of written conductances, in two parts: programming noise and relaxation (EAPU-A)."""

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import write_error
from labctl.capabilities import CellArray, Cells, Floats, LinePulse, WriteSettings
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import ArrayMap, CumulativeDistribution, Plot
from labctl.protocol import Count, Plan, Protocol, Seconds, Siemens, Step, Steps, Volts, Wait
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData
from protocols.updating import EXPECTED_PULSES, check_gate_pulses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIRST_READ = 1.0
"""Time from the last write to the first read back, in s; *assumed*."""


class Written(Row):
    """One write of one cell."""

    time: float = column("s", "time since the run began")
    turn: int = column(doc="number of the tolerance, from 0")
    tolerance: float = column("S", "accepted distance from the target")
    cell: int = column(doc="linear index of the cell over all arrays")
    level: int = column(doc="number of the target, from 0")
    target: float = column("S", "conductance that was wanted")
    pulses: int = column(doc="pulses used")
    converged: bool = column(doc="whether it ended within tolerance")
    conductance: float = column("S", "conductance at the last verify, right after the last pulse")


class Relaxed(Row):
    """One later read of one cell."""

    time: float = column("s", "time since the run began")
    turn: int = column(doc="number of the tolerance, from 0")
    cell: int = column(doc="linear index of the cell over all arrays")
    read: int = column(doc="number of the read, from 0")
    delay: float = column("s", "time since the writes of this turn were over")
    target: float = column("S", "conductance that was wanted")
    conductance: float = column("S", "conductance now")


class WriteError(Protocol):
    """Write cells to several conductances, with one tolerance after another, and read them as they relax."""

    name: ClassVar[str] = "write-error"
    title: ClassVar[str] = "Error of written conductances"
    source: ClassVar[str] = "EAPU-A: Nat. Commun. 16, 11494 (2025)"
    station: ClassVar[str] = "eapu-array"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Writing"
    rows: ClassVar[tuple[type[Row], ...]] = (Written, Relaxed)
    plots: ClassVar[tuple[Plot, ...]] = (
        CumulativeDistribution(Relaxed, "conductance", "read", "Cumulative distribution at each read"),
        ArrayMap(Relaxed, "cell", "conductance", "Conductance map"),
        CumulativeDistribution(Written, "conductance", "level", "Cumulative distribution of each level"),
    )

    array: int = Field(default=0, ge=0, description="array that the cells are drawn from")
    cells: Count = Field(default=1024, description="cells drawn at random")
    levels: int = Field(default=8, ge=1, le=256, description="evenly spaced targets, shared out among the cells")
    lowest: Siemens = Field(default=10e-6, gt=0.0, le=1e-3, description="lowest target")
    highest: Siemens = Field(default=80e-6, gt=0.0, le=1e-3, description="highest target")
    tolerance: Siemens = Field(default=1e-6, gt=0.0, le=1e-3, description="accepted distance in the first turn")
    turns: int = Field(default=3, ge=1, le=10, description="each turn doubles the tolerance of the one before")
    pulse_limit: int = Field(default=1000, ge=1, le=10_000, description="most pulses in one write")
    wait: Seconds = Field(default=60.0, ge=1.0, le=2.6e6, description="from the writes to the last read")
    reads: int = Field(default=5, ge=1, le=100, description="reads, evenly spaced in the logarithm of the delay")
    set_pulse: LinePulse = Field(
        default=LinePulse(word_line=2.5, bit_line=2.0, source_line=0.0, width=50e-9), description="when too low"
    )
    reset_pulse: LinePulse = Field(
        default=LinePulse(word_line=4.7, bit_line=0.0, source_line=1.8, width=50e-9), description="when too high"
    )
    read_voltage: Volts = Field(default=0.2, gt=0.0, le=0.3, description="at which conductances are read")
    batch: Count = Field(default=64, description="cells written together; their delay counts from the end of it")
    averages: int = Field(default=4, ge=1, le=1000, description="reads averaged for each read")

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_gate_pulses(self.reset_pulse, self.set_pulse)
        if self.lowest > self.highest:
            raise ValueError(f"lowest ({self.lowest:g} S) must not be above highest ({self.highest:g} S)")
        return self

    def delays(self) -> Floats:
        """Return when cells are read after the last write, (reads,) in s."""
        return np.geomspace(min(FIRST_READ, self.wait), self.wait, self.reads)

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse an array or cells that are not there."""
        geometry = array.geometry
        if self.array >= geometry.arrays:
            raise ConfigError(f"array is {self.array}, but the arrays are 0 to {geometry.arrays - 1}")
        if self.cells > geometry.cells_per_array:
            raise ConfigError(f"cells is {self.cells}, but an array has {geometry.cells_per_array}")
        pulses = (self.set_pulse, self.reset_pulse)
        across = max(abs(pulse.device_voltage) for pulse in pulses)
        most = self.turns * self.pulse_limit
        seconds = array.write_duration(self.cells, EXPECTED_PULSES, self._settings(self.tolerance))
        return Plan(
            duration=self.turns * (seconds + self.wait),
            pulses_per_device=most,
            voltage=max(pulse.highest_voltage for pulse in pulses),
            device_voltage=across,
            current=across * self.highest,
            charge=most * across * self.highest * max(pulse.width for pulse in pulses),
            work=self.turns * self.reads,
            conductances=(self.lowest, self.highest),
        )

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Write with one tolerance after another; each read is a step, and a turn that was cut short is written anew.

        A step carries the times at which the cells were written.
        """
        first = self.array * array.geometry.cells_per_array
        cells = first + rng.choice(array.geometry.cells_per_array, self.cells, replace=False).astype(np.int64)
        levels = rng.permuted(np.tile(np.arange(self.cells) % self.levels, (self.turns, 1)), axis=1)
        goals = np.linspace(self.lowest, self.highest, self.levels)
        done, total = resume.done if resume else 0, self.turns * self.reads
        written = np.frombuffer(resume.state).copy() if resume else np.zeros(self.cells)
        for number in range(done, total):
            turn, read = divmod(number, self.reads)
            targets = goals[levels[turn]]
            if read == 0:
                yield from self._write(array, clock, cells, levels[turn], targets, turn, written)
            yield Wait(max(float(written[-1] + self.delays()[read]) - clock.now(), 0.0))
            now = clock.now()
            currents = array.read_cells(cells, voltage=self.read_voltage, averages=self.averages)
            yield Relaxed.block(
                time=now, turn=turn, cell=cells, read=read, delay=now - written, target=targets,
                conductance=currents / self.read_voltage,
            )  # fmt: skip
            yield Step(number + 1, total, written.tobytes())

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return the sd of programming noise, relaxation and both, for each tolerance, level and delay."""
        return write_error.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the two parts' distributions, their sd against tolerance and target, and the relaxation in time."""
        from labctl.figures.write_error import draw

        return draw(run)

    def _settings(self, tolerance: float) -> WriteSettings:
        return WriteSettings(
            self.set_pulse,
            self.reset_pulse,
            tolerance * self.read_voltage,
            self.pulse_limit,
            self.read_voltage,
            self.averages,
        )

    def _write(
        self, array: CellArray, clock: Clock, cells: Cells, level: Cells, targets: Floats, turn: int, written: Floats
    ) -> Steps:
        """Write batch after batch, and put the times into ``written`` (cells,)."""
        tolerance = self.tolerance * 2.0**turn
        for start in range(0, self.cells, self.batch):
            part = slice(start, start + self.batch)
            result = array.write_cells(cells[part], targets[part] * self.read_voltage, self._settings(tolerance))
            written[part] = clock.now()
            yield Written.block(
                time=clock.now(), turn=turn, tolerance=tolerance, cell=cells[part], level=level[part],
                target=targets[part], pulses=result.set_pulses + result.reset_pulses, converged=result.converged,
                conductance=result.currents / self.read_voltage,
            )  # fmt: skip
