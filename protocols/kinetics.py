"""Drift-diffusion kinetics of RESET trains: alpha and beta against amplitude, width or initial resistance (DDK-B)."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from labctl.analysis import kinetics
from labctl.capabilities import CellArray, Cells, Floats, LinePulse
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.filaments import Preparation, Prepared, prepare
from labctl.plots import Plot, Trace
from labctl.protocol import Count, Note, Ohms, Plan, Protocol, Seconds, Siemens, Step, Steps, Volts
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINE_TIME, LINE_TIME_PER_CELL = 8e-3, 0.57e-3
"""Of one pulse with its read, and of each cell in it, in s; *assumed*: a line of 115,200 baud, for the estimate."""
LADDER_SHARE = 0.6
"""Share of the ladder of gates that a preparation takes, for the estimate of the duration; *assumed*."""


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


Listed = BeforeValidator(_split)


class Start(Row):
    """One cell at the beginning of a train."""

    time: float = column("s", "time since the run began")
    level: int = column(doc="number of the swept value, from 0")
    cycle: int = column(doc="number of the cycle, from 0")
    cell: int = column(doc="linear index of the cell over all arrays")
    gate: float = column("V", "gate voltage of the SET that formed it")
    resistance: float = column("ohm", "initial resistance")
    ready: bool = column(doc="whether the initial resistance was reached")


class Pulse(Row):
    """One read of one cell in a train; number 0 is the one before the first pulse."""

    time: float = column("s", "time at the end of the train")
    level: int = column(doc="number of the swept value, from 0")
    cycle: int = column(doc="number of the cycle, from 0")
    cell: int = column(doc="linear index of the cell over all arrays")
    train: int = column(doc="number of the train, over all cells and cycles")
    pulse: int = column(doc="pulses so far")
    value: float = column(doc="swept value, in V, s or ohm")
    conductance: float = column("S", "conductance")


class Kinetics(Protocol):
    """Give cells trains of equal RESET pulses from a chosen initial resistance, and fit alpha and beta to each train."""

    name: ClassVar[str] = "kinetics"
    title: ClassVar[str] = "Drift and diffusion in RESET trains"
    source: ClassVar[str] = "DDK-B: Nat. Commun. 16, 913 (2025), alpha and beta of the kinetics"
    station: ClassVar[str] = "ddk-array"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Kinetics"
    rows: ClassVar[tuple[type[Row], ...]] = (Start, Pulse)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Pulse, "pulse", "conductance", "Train at hand", group="train", latest=True),
        Trace(Start, "time", "resistance", "Initial resistances", log_y=True, group="level"),
    )

    vary: Literal["amplitude", "width", "initial_resistance"] = Field(
        default="amplitude", description="what is swept; the other two stay at their single value"
    )
    amplitudes: Annotated[tuple[Volts, ...], Listed] = Field(
        default=(2.0, 2.25, 2.5, 2.75, 3.0), min_length=1, description="swept amplitudes, in V"
    )
    widths: Annotated[tuple[Seconds, ...], Listed] = Field(
        default=(50e-9, 70e-9, 100e-9, 120e-9, 150e-9), min_length=1, description="swept widths, in s"
    )
    initial_resistances: Annotated[tuple[Ohms, ...], Listed] = Field(
        default=(5e3, 7.5e3, 10e3, 15e3, 20e3, 25e3), min_length=1, description="swept initial resistances, in ohm"
    )
    amplitude: Volts = Field(default=2.5, gt=0.0, le=4.0, description="of the RESET pulses, where it is not swept")
    width: Seconds = Field(default=100e-9, gt=0.0, le=1e-3, description="of the RESET pulses, where it is not swept")
    initial_resistance: Ohms = Field(default=5e3, gt=0.0, le=1e6, description="where it is not swept")
    pulses: int = Field(default=100, ge=5, le=10_000, description="RESET pulses of a train")
    cycles: Count = Field(default=100, description="trains of each cell at each value")
    cells: Count = Field(default=10, description="cells, drawn at random; the paper has 100")
    array: int = Field(default=0, ge=0, description="array that the cells are drawn from")
    gate: Volts = Field(default=4.7, gt=0.0, le=5.0, description="word line in the RESET pulses; *assumed*")
    read_voltage: Volts = Field(default=0.2, gt=0.0, le=0.3, description="at which conductances are read")
    averages: int = Field(default=4, ge=1, le=1000, description="reads averaged after each pulse")
    lowest: Siemens = Field(default=6.1e-6, ge=0.0, le=1e-3, description="conductance that is 0 after normalising")
    preparation: Preparation = Field(default=Preparation(), description="to the initial resistance")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.preparation.reset_pulse.device_voltage >= 0.0:
            raise ValueError("preparation.reset_pulse: the source line must be above the bit line")
        if self.preparation.set_pulse.device_voltage <= 0.0:
            raise ValueError("preparation.set_pulse: the bit line must be above the source line")
        if min(self.levels) <= 0.0:
            raise ValueError(f"each {self.vary.replace('_', ' ')} of the sweep must be above 0")
        highest = max(resistance for _, _, resistance in self.settings)
        if self.lowest * highest >= 1.0:
            raise ValueError(f"lowest ({self.lowest:g} S) must be below the lowest initial conductance, 1/{highest:g} ohm")
        return self

    @property
    def levels(self) -> tuple[float, ...]:
        """The swept values, in V, s or ohm."""
        return {"amplitude": self.amplitudes, "width": self.widths, "initial_resistance": self.initial_resistances}[
            self.vary
        ]

    @property
    def settings(self) -> list[tuple[float, float, float]]:
        """Amplitude (V), width (s) and initial resistance (ohm) of each level."""
        base = {"amplitude": self.amplitude, "width": self.width, "initial_resistance": self.initial_resistance}
        each = [{**base, self.vary: value} for value in self.levels]
        return [(one["amplitude"], one["width"], one["initial_resistance"]) for one in each]

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse an array, cells or pulses that are not there."""
        geometry = array.geometry
        if self.array >= geometry.arrays:
            raise ConfigError(f"array is {self.array}, but the arrays are 0 to {geometry.arrays - 1}")
        if self.cells > geometry.cells_per_array:
            raise ConfigError(f"cells is {self.cells}, but an array has {geometry.cells_per_array}")
        before = self.preparation
        trains = [self.train_pulse(amplitude, width) for amplitude, width, _ in self.settings]
        lines = (*trains, before.reset_pulse, before.set_pulse)
        across = max(abs(pulse.device_voltage) for pulse in lines)
        most = 1.0 / min(resistance for _, _, resistance in self.settings)
        rounds = self.pulses + LADDER_SHARE * len(before.gates)
        passes = len(self.levels) * self.cycles
        count = passes * (self.pulses + before.pulses)
        return Plan(
            duration=passes * rounds * (LINE_TIME * -(-self.cells // 64) + LINE_TIME_PER_CELL * self.cells),
            pulses_per_device=count,
            voltage=max(before.highest_gate, *(pulse.highest_voltage for pulse in lines)),
            device_voltage=across,
            current=across * most,
            charge=count * across * most * max(before.widest(), *(pulse.width for pulse in trains)),
            work=passes,
            conductances=(1.0 / max(resistance for _, _, resistance in self.settings), most),
        )

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Go through the values, and at each through the cycles; a cycle of all cells is a step."""
        first = self.array * array.geometry.cells_per_array
        cells = first + rng.choice(array.geometry.cells_per_array, self.cells, replace=False).astype(np.int64)
        total, done = len(self.levels) * self.cycles, 0
        for level, (amplitude, width, resistance) in enumerate(self.settings):
            for cycle in range(self.cycles):
                done += 1
                if resume is not None and done <= resume.done:
                    continue
                start = prepare(
                    array, cells, 1.0 / resistance, self.preparation, voltage=self.read_voltage, averages=self.averages
                )
                conductances = self._train(array, cells, self.train_pulse(amplitude, width))
                yield from self._rows(cells, level, cycle, clock.now(), start, conductances)
                yield Step(done, total)
            yield Note(f"value {level + 1} of {len(self.levels)} is done")

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return alpha and beta of each train, and their means and bands at each value."""
        return kinetics.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the mean trains, and alpha and beta against what was swept, with their 95 % bands."""
        from labctl.figures.kinetics import draw

        return draw(run)

    def train_pulse(self, amplitude: float, width: float) -> LinePulse:
        """Return the RESET pulse of a train."""
        return LinePulse(word_line=self.gate, bit_line=0.0, source_line=amplitude, width=width)

    def _train(self, array: CellArray, cells: Cells, pulse: LinePulse) -> Floats:
        """Return the (cells, pulses + 1) conductances, the first before the first pulse."""
        reads = np.empty((self.pulses + 1, len(cells)))
        reads[0] = array.read_cells(cells, voltage=self.read_voltage, averages=self.averages)
        for number in range(1, self.pulses + 1):
            reads[number] = array.pulse_and_read_cells(
                cells, pulse, voltage=self.read_voltage, averages=self.averages
            )
        return reads.T / self.read_voltage

    def _rows(self, cells: Cells, level: int, cycle: int, now: float, start: Prepared, conductances: Floats) -> Steps:
        points = self.pulses + 1
        trains = (level * self.cycles + cycle) * self.cells + np.arange(self.cells)
        yield Start.block(
            time=now, level=level, cycle=cycle, cell=cells, gate=start.gate, resistance=1.0 / conductances[:, 0],
            ready=start.ready,
        )  # fmt: skip
        yield Pulse.block(
            time=now, level=level, cycle=cycle, cell=np.repeat(cells, points), train=np.repeat(trains, points),
            pulse=np.tile(np.arange(points), self.cells), value=self.levels[level],
            conductance=conductances.ravel(),
        )  # fmt: skip
