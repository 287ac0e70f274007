"""What the protocols of the update schemes share: cells are loaded, then changed in small steps as training does."""

import abc
import math
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from typing_extensions import override

from labctl.analysis import updates
from labctl.analysis.energy import with_energy
from labctl.capabilities import CellArray, Cells, Floats, LinePulse, WriteSettings
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import ArrayMap, CumulativeDistribution, Plot, Trace
from labctl.protocol import Count, Plan, Protocol, Seconds, Siemens, Step, Steps, Volts, Wait
from labctl.results import Results
from labctl.rows import Block, Row, column
from labctl.runfile.reader import RunData
from labctl.updates.rule import probabilistic
from labctl.updates.scheme import UpdateScheme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FULL_RESET = LinePulse(word_line=5.0, bit_line=0.0, source_line=1.8, width=10e-6)
"""Leads a cell to its lowest conductance. Levels: public code of EAPU's two-pulse scheme; the width is *assumed*."""
FULL_SET = LinePulse(word_line=1.4, bit_line=2.5, source_line=0.0, width=1e-6)
"""Leads a cell to where the gate stops it. Level: as above; the width is *assumed*."""

REQUEST_SECONDS = 12e-3
"""One request to the board for one cell, line included, for estimates; *assumed* (a line of 115,200 baud)."""
CELL_SECONDS = 0.7e-3
"""What each further cell of a request adds, for estimates; *assumed* as above."""
EXPECTED_PULSES = 10.0
"""Pulses of an average closed-loop update, for the estimate of the duration; *assumed*."""


def check_gate_pulses(reset_pulse: LinePulse, set_pulse: LinePulse) -> None:
    """Refuse a RESET or a SET of the wrong polarity.

    Raises:
        ValueError: Names the pulse.
    """
    if reset_pulse.device_voltage >= 0.0:
        raise ValueError("reset_pulse: the source line must be above the bit line")
    if set_pulse.device_voltage <= 0.0:
        raise ValueError("set_pulse: the bit line must be above the source line")


def gate_seconds(cells: float, gates: int) -> float:
    """Return the estimated time, in s, of a RESET and a SET of so many cells at no more than so many voltages."""
    requests = cells / 64 + gates * (1.0 - math.exp(-cells / gates))
    return requests * REQUEST_SECONDS + 2 * cells * CELL_SECONDS


class Load(Row):
    """One cell's first write."""

    time: float = column("s", "time since the run began")
    cell: int = column(doc="linear index of the cell over all arrays")
    target: float = column("S", "wanted conductance")
    pulses: int = column(doc="pulses used")
    memory: float = column(doc="what the scheme remembers: gate position, or gate voltage in V")
    conductance: float = column("S", "conductance read after the last pulse")
    converged: bool = column(doc="whether that was within tolerance")


class Update(Row):
    """One change of one cell; cells that were left alone have no row."""

    time: float = column("s", "time since the run began")
    iteration: int = column(doc="number of the iteration, from 0")
    cell: int = column(doc="linear index of the cell over all arrays")
    wanted: float = column("S", "change that was wanted")
    change: float = column("S", "change that the rule made of it")
    target: float = column("S", "wanted conductance after it")
    pulses: int = column(doc="pulses used")
    memory: float = column(doc="what the scheme remembers: gate position, or gate voltage in V")
    conductance: float = column("S", "conductance read after the last pulse")
    converged: bool = column(doc="whether that was within tolerance")


class Iteration(Row):
    """One iteration over all cells."""

    time: float = column("s", "time since the run began")
    iteration: int = column(doc="number of the iteration, from 0")
    cells: int = column(doc="cells that it went over")
    updated: int = column(doc="cells that it changed")
    pulses: int = column(doc="pulses used")
    pulses_per_device: float = column(doc="pulses over cells, N_up")


class UpdateProtocol(Protocol, abc.ABC):
    """Load cells, then change them iteration after iteration; a scheme says how."""

    station: ClassVar[str] = "eapu-array"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Writing"
    rows: ClassVar[tuple[type[Row], ...]] = (Load, Update, Iteration)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Iteration, "iteration", "pulses_per_device", "Pulses per device and iteration"),
        ArrayMap(Update, "cell", "conductance", "Conductance map"),
        CumulativeDistribution(Update, "pulses", "iteration", "Pulses per updated cell"),
    )
    array: int = Field(default=0, ge=0, description="array that the cells are drawn from")
    cells: Count = Field(default=256, description="cells drawn at random")
    lowest: Siemens = Field(default=20e-6, gt=0.0, le=1e-3, description="lowest conductance that is wanted")
    highest: Siemens = Field(default=80e-6, gt=0.0, le=1e-3, description="highest conductance that is wanted")
    iterations: int = Field(default=10, ge=1, le=10_000, description="updates after the load")
    rule: Literal["eapu", "every"] = Field(
        default="eapu", description="which changes are made: by error-aware probability, or every one"
    )
    mean_change: Siemens = Field(
        default=0.12e-6,
        gt=0.0,
        le=1e-3,
        description="mean size of the changes that are wanted, drawn from a Laplace law",
    )
    threshold: Siemens = Field(default=2e-6, gt=0.0, le=1e-3, description="smallest change that the rule eapu makes")
    tolerance: Siemens = Field(default=1e-6, gt=0.0, le=1e-3, description="accepted distance from what is wanted")
    interval: Seconds = Field(default=1.0, ge=0.0, le=1e6, description="wait before each iteration")
    read_voltage: Volts = Field(default=0.2, gt=0.0, le=0.3, description="at which conductances are read")
    averages: int = Field(default=4, ge=1, le=1000, description="reads averaged for each read")

    @model_validator(mode="after")
    def _check_window(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest:g} S) must be below highest ({self.highest:g} S)")
        return self

    @abc.abstractmethod
    def scheme(self, array: CellArray, cells: Cells) -> UpdateScheme:
        """Return the scheme for the cells with these linear indices."""

    @abc.abstractmethod
    def pulses(self) -> tuple[LinePulse, ...]:
        """Return every pulse that can be given, a gate voltage that varies at its highest."""

    @abc.abstractmethod
    def most_of_a_load(self) -> int:
        """Return the most pulses that a cell can get in its load."""

    @abc.abstractmethod
    def most_of_an_update(self) -> int:
        """Return the most pulses that a cell can get in one update."""

    @abc.abstractmethod
    def seconds_of_an_update(self, array: CellArray, cells: int) -> float:
        """Return the estimated time, in s, of changing so many cells once."""

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse an array or cells that are not there."""
        geometry = array.geometry
        if self.array >= geometry.arrays:
            raise ConfigError(f"array is {self.array}, but the arrays are 0 to {geometry.arrays - 1}")
        if self.cells > geometry.cells_per_array:
            raise ConfigError(f"cells is {self.cells}, but an array has {geometry.cells_per_array}")
        across = max(abs(pulse.device_voltage) for pulse in self.pulses())
        most = self.most_of_a_load() + self.iterations * self.most_of_an_update()
        share = 1.0 if self.rule == "every" else min(self.mean_change / self.threshold, 1.0)
        updated = max(1, round(share * self.cells))
        return Plan(
            duration=self.seconds_of_an_update(array, self.cells)
            + self.iterations * (self.interval + self.seconds_of_an_update(array, updated)),
            pulses_per_device=most,
            voltage=max(pulse.highest_voltage for pulse in self.pulses()),
            device_voltage=across,
            current=across * self.highest,
            charge=most * across * self.highest * max(pulse.width for pulse in self.pulses()),
            work=1 + self.iterations,
            conductances=(self.lowest, self.highest),
        )

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Load the cells, then change them; the load and each iteration is a step."""
        first = self.array * array.geometry.cells_per_array
        cells = first + rng.choice(array.geometry.cells_per_array, self.cells, replace=False).astype(np.int64)
        targets = rng.uniform(self.lowest, self.highest, self.cells)
        wanted = rng.laplace(0.0, self.mean_change, (self.iterations, self.cells))
        changes = wanted
        if self.rule == "eapu":
            changes = probabilistic(wanted, self.threshold, rng.random(wanted.shape))
        scheme = self.scheme(array, cells)
        if resume is None:
            yield self._load(scheme, targets, clock)
        else:
            scheme.restore(resume.state)
        total = 1 + self.iterations
        if resume is None:
            yield Step(1, total, scheme.state())
        for number in range(resume.done - 1 if resume else 0, self.iterations):
            yield Wait(self.interval)
            yield from self._iterate(scheme, clock, number, wanted[number], changes[number])
            yield Step(2 + number, total, scheme.state())

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return pulses per device and per updated cell, their energy, the share updated, and the errors left."""
        pulses = cls.from_mapping(run.parameters).pulses()
        return with_energy(updates.analyse(run), pulses, run.arrays("update")["conductance"])

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the pulses of each iteration and each updated cell, and what was written against what was wanted."""
        from labctl.figures.updates import draw

        return draw(run)

    def _load(self, scheme: UpdateScheme, targets: Floats, clock: Clock) -> Block:
        outcome = scheme.load(targets)
        return Load.block(
            time=clock.now(), cell=scheme.cells, target=scheme.targets, memory=scheme.memory, pulses=outcome.pulses,
            conductance=outcome.conductances, converged=outcome.converged,
        )  # fmt: skip

    def _iterate(self, scheme: UpdateScheme, clock: Clock, number: int, wanted: Floats, changes: Floats) -> Steps:
        places = np.flatnonzero(changes)
        pulses = 0
        if len(places):
            outcome = scheme.update(places, changes[places])
            pulses = int(outcome.pulses.sum())
            yield Update.block(
                time=clock.now(), iteration=number, cell=scheme.cells[places], wanted=wanted[places],
                change=changes[places], target=scheme.targets[places], pulses=outcome.pulses,
                memory=scheme.memory[places], conductance=outcome.conductances, converged=outcome.converged,
            )  # fmt: skip
        yield Iteration(
            time=clock.now(), iteration=number, cells=self.cells, updated=len(places), pulses=pulses,
            pulses_per_device=pulses / self.cells,
        )  # fmt: skip


class IdenticalPulses(UpdateProtocol, abc.ABC):
    """An update protocol whose pulses are the same for all cells, and whose cells are loaded by write-verify."""

    set_pulse: LinePulse
    reset_pulse: LinePulse
    pulse_limit: int = Field(default=1000, ge=1, le=10_000, description="most pulses of one closed-loop write")

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_gate_pulses(self.reset_pulse, self.set_pulse)
        return self

    def settings(self) -> WriteSettings:
        """Return how the board closes the loop."""
        return WriteSettings(
            self.set_pulse,
            self.reset_pulse,
            self.tolerance * self.read_voltage,
            self.pulse_limit,
            self.read_voltage,
            self.averages,
        )

    @override
    def pulses(self) -> tuple[LinePulse, ...]:
        return self.set_pulse, self.reset_pulse

    @override
    def most_of_a_load(self) -> int:
        return self.pulse_limit

    @override
    def seconds_of_an_update(self, array: CellArray, cells: int) -> float:
        return array.write_duration(cells, EXPECTED_PULSES, self.settings())
