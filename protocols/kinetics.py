"""Drift-diffusion kinetics of RESET trains: alpha and beta against amplitude, width or initial resistance (DDK-B)."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import kinetics
from labctl.capabilities import CellArray, Cells, Floats
from labctl.clock import Clock
from labctl.filaments import Prepared
from labctl.plots import Plot, Trace
from labctl.protocol import Count, Note, Ohms, Plan, Seconds, Step, Steps, Volts
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData
from protocols.reset_trains import ResetTrains

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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


class Kinetics(ResetTrains):
    """Give cells trains of equal RESET pulses from a chosen initial resistance; fit alpha and beta to each train."""

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
    amplitudes: tuple[Annotated[Volts, Field(gt=0.0, le=4.0)], ...] = Field(
        default=(2.2, 2.4, 2.6, 2.8, 3.0), min_length=1, description="swept amplitudes, in V"
    )
    widths: tuple[Annotated[Seconds, Field(gt=0.0, le=1e-3)], ...] = Field(
        default=(60e-9, 80e-9, 100e-9, 120e-9, 150e-9), min_length=1, description="swept widths, in s"
    )
    initial_resistances: tuple[Annotated[Ohms, Field(gt=0.0, le=1e6)], ...] = Field(
        default=(5e3, 7.5e3, 10e3, 15e3, 20e3, 25e3), min_length=1, description="swept initial resistances, in ohm"
    )
    amplitude: Volts = Field(default=2.5, gt=0.0, le=4.0, description="of the RESET pulses, where it is not swept")
    width: Seconds = Field(default=100e-9, gt=0.0, le=1e-3, description="of the RESET pulses, where it is not swept")
    initial_resistance: Ohms = Field(default=5e3, gt=0.0, le=1e6, description="where it is not swept")
    pulses: int = Field(default=100, ge=5, le=10_000, description="RESET pulses of a train")
    cycles: Count = Field(default=100, description="trains of each cell at each value")

    @model_validator(mode="after")
    def _check(self) -> Self:
        self._check_resistance(max(resistance for _, _, resistance in self.settings))
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
        pulses = [self.train_pulse(amplitude, width) for amplitude, width, _ in self.settings]
        resistances = [resistance for _, _, resistance in self.settings]
        return self._plan_trains(array, len(self.levels) * self.cycles, self.pulses, pulses, resistances)

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Go through the values, and at each through the cycles; a cycle of all cells is a step."""
        cells = self._chosen(array, rng)
        total, done = len(self.levels) * self.cycles, 0
        for level, (amplitude, width, resistance) in enumerate(self.settings):
            for cycle in range(self.cycles):
                done += 1
                if resume is not None and done <= resume.done:
                    continue
                start = self._prepare(array, cells, resistance)
                conductances = self._train(array, cells, [self.train_pulse(amplitude, width)] * self.pulses)
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
