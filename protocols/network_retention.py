"""How long a network on the array keeps its accuracy while its cells relax (EAPU-G)."""

import itertools
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from labctl.analysis import network_retention
from labctl.capabilities import CellArray, Cells, Floats, LinePulse, WriteSettings
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import ArrayMap, CumulativeDistribution, Plot, Trace
from labctl.protocol import Count, Note, Plan, Protocol, Seconds, Siemens, Step, Steps, Volts, Wait
from labctl.results import Results
from labctl.rows import Block, Row, column
from labctl.runfile.reader import RunData
from labctl.units import format_duration
from protocols.updating import check_gate_pulses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = (64, 32, 24, 10)
"""Neurons of each layer. Source: EAPU-G, a fully connected network 64-32-24-10; no biases, *assumed*."""
WEIGHTS = sum(a * b for a, b in itertools.pairwise(SIZES))
EXPECTED_PULSES = 40.0
"""Pulses of an average write, for the estimate of the duration; *assumed*."""
EPOCHS, LEARNING_RATE = 30, 0.05
"""Of the training on the host; *assumed*."""


class Written(Row):
    """One write of one weight."""

    time: float = column("s", "time since the run began")
    weight: int = column(doc="number of the weight, from 0, layer after layer")
    cell: int = column(doc="linear index of the cell over all arrays")
    target: float = column("S", "conductance that was wanted")
    pulses: int = column(doc="pulses used")
    converged: bool = column(doc="whether it ended within tolerance")
    conductance: float = column("S", "conductance at the last verify")


class Reading(Row):
    """One read of one weight."""

    time: float = column("s", "time since the run began")
    point: int = column(doc="number of the read, from 0")
    elapsed: float = column("s", "time since the last write")
    weight: int = column(doc="number of the weight, from 0, layer after layer")
    cell: int = column(doc="linear index of the cell over all arrays")
    target: float = column("S", "conductance that was wanted")
    conductance: float = column("S", "conductance now")


class Accuracy(Row):
    """What the network with the conductances of one read says of the test images."""

    time: float = column("s", "time since the run began")
    point: int = column(doc="number of the read, from 0")
    elapsed: float = column("s", "time since the last write")
    images: int = column(doc="test images")
    software: float = column(doc="accuracy of the weights that were wanted")
    accuracy: float = column(doc="accuracy of the conductances as they are")
    offset: float = column(doc="accuracy after the mean shift of all cells was taken off")


class NetworkRetention(Protocol):
    """Write a trained network 64-32-24-10 to cells, read it for days, and test each read with images of digits."""

    name: ClassVar[str] = "network-retention"
    title: ClassVar[str] = "Retention of a network's accuracy"
    source: ClassVar[str] = "EAPU-G: Nat. Commun. 16, 11494 (2025)"
    station: ClassVar[str] = "eapu-array"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Retention"
    rows: ClassVar[tuple[type[Row], ...]] = (Written, Reading, Accuracy)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Accuracy, "elapsed", "accuracy", "Accuracy over time", log_x=True, goal="software"),
        CumulativeDistribution(Reading, "conductance", "point", "Cumulative distribution at each read"),
        ArrayMap(Reading, "cell", "conductance", "Conductance map"),
    )

    array: int = Field(default=0, ge=0, description="array of the first weight; the others follow, cell after cell")
    data: str = Field(default="package", description="digits: package, download, or a file with x_train, y_train, ...")
    lowest: Siemens = Field(default=10e-6, gt=0.0, le=1e-3, description="conductance of the most negative weight")
    highest: Siemens = Field(default=80e-6, gt=0.0, le=1e-3, description="conductance of the most positive weight")
    unit: Siemens = Field(default=80e-6, gt=0.0, le=1.0, description="conductance over weight, G_max / W_max")
    noise: Siemens = Field(default=2e-6, ge=0.0, le=1e-3, description="error of the cells that the training expects")
    tolerance: Siemens = Field(default=1e-6, gt=0.0, le=1e-3, description="accepted distance from the target")
    pulse_limit: int = Field(default=1000, ge=1, le=10_000, description="most pulses in one write")
    first: Seconds = Field(default=1.0, gt=0.0, le=1e6, description="first read after the last write")
    duration: Seconds = Field(default=60 * 3600.0, gt=0.0, le=3.2e7, description="last read after the last write")
    points: int = Field(default=13, ge=2, le=1000, description="reads, evenly spaced in the logarithm of the time")
    batch: Count = Field(default=256, description="weights written in one step")
    set_pulse: LinePulse = Field(
        default=LinePulse(word_line=2.5, bit_line=2.0, source_line=0.0, width=50e-9), description="when too low"
    )
    reset_pulse: LinePulse = Field(
        default=LinePulse(word_line=4.7, bit_line=0.0, source_line=1.8, width=50e-9), description="when too high"
    )
    read_voltage: Volts = Field(default=0.2, gt=0.0, le=0.3, description="at which conductances are read")
    averages: int = Field(default=4, ge=1, le=1000, description="reads averaged for each read")

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_gate_pulses(self.reset_pulse, self.set_pulse)
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest:g} S) must be below highest ({self.highest:g} S)")
        if self.first >= self.duration:
            raise ValueError(f"first ({self.first:g} s) must be below duration ({self.duration:g} s)")
        return self

    @property
    def zero(self) -> float:
        """Conductance of a weight of 0, in S."""
        return 0.5 * (self.lowest + self.highest)

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse arrays that do not hold the network, and digits that are not there."""
        from labctl.training.data import DOWNLOAD, PACKAGE, load_digits

        if self.data not in {PACKAGE, DOWNLOAD}:
            load_digits(self.data)
        geometry = array.geometry
        left = (geometry.arrays - self.array) * geometry.cells_per_array
        if left < WEIGHTS:
            raise ConfigError(
                f"the network has {WEIGHTS} weights, but from array {self.array} on there are {max(left, 0)} cells"
            )
        pulses = (self.set_pulse, self.reset_pulse)
        across = max(abs(pulse.device_voltage) for pulse in pulses)
        charge = self.pulse_limit * across * self.highest * max(pulse.width for pulse in pulses)
        return Plan(
            duration=array.write_duration(WEIGHTS, EXPECTED_PULSES, self._settings()) + self.duration,
            pulses_per_device=self.pulse_limit,
            voltage=max(pulse.highest_voltage for pulse in pulses),
            device_voltage=across,
            current=across * self.highest,
            charge=charge,
            work=self._batches + self.points,
            conductances=(self.lowest, self.highest),
        )

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Train on the host, write batch after batch, then read and test; each batch and each read is a step.

        A step carries the time at which the last write was over.
        """
        from labctl.training.data import load_digits
        from labctl.training.perceptron import shrunk, trained

        digits = load_digits(self.data)
        yield Note(f"digits: {digits.source}")
        weights = trained(
            SIZES, shrunk(digits.train), digits.train_labels, rng, epochs=EPOCHS, learning_rate=LEARNING_RATE,
            bound=0.5 * (self.highest - self.lowest) / self.unit, noise=self.noise / self.unit,
        )  # fmt: skip
        targets = self.zero + self.unit * np.concatenate([weight.ravel() for weight in weights])
        cells = self.array * array.geometry.cells_per_array + np.arange(WEIGHTS)
        already, total = resume.done if resume else 0, self._batches + self.points
        written = float(np.frombuffer(resume.state)[0]) if resume else 0.0
        for number in range(min(already, self._batches), self._batches):
            part = np.arange(number * self.batch, min((number + 1) * self.batch, WEIGHTS))
            yield self._write(array, clock, cells, targets, part)
            written = clock.now()
            yield Step(number + 1, total, np.array([written]).tobytes())
        inputs, labels = shrunk(digits.test), digits.test_labels
        for point in range(max(already - self._batches, 0), self.points):
            yield Wait(max(written + float(self._times()[point]) - clock.now(), 0.0))
            elapsed = clock.now() - written
            found = array.read_cells(cells, voltage=self.read_voltage, averages=self.averages) / self.read_voltage
            yield Reading.block(
                time=clock.now(), point=point, elapsed=elapsed, weight=np.arange(WEIGHTS), cell=cells, target=targets,
                conductance=found,
            )  # fmt: skip
            yield self._test(clock, point, elapsed, targets, found, inputs, labels)
            yield Note(f"read {point + 1} of {self.points}, {format_duration(elapsed)} after the last write")
            yield Step(self._batches + point + 1, total, np.array([written]).tobytes())

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return accuracy, mean shift and spread at each read."""
        return network_retention.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw accuracy and shift over time, and the distributions at both ends."""
        from labctl.figures.network_retention import draw

        return draw(run)

    @property
    def _batches(self) -> int:
        return -(-WEIGHTS // self.batch)

    def _times(self) -> Floats:
        return np.geomspace(self.first, self.duration, self.points)

    def _settings(self) -> WriteSettings:
        return WriteSettings(
            self.set_pulse, self.reset_pulse, self.tolerance * self.read_voltage, self.pulse_limit, self.read_voltage,
            self.averages,
        )  # fmt: skip

    def _write(self, array: CellArray, clock: Clock, cells: Cells, targets: Floats, part: NDArray[np.int64]) -> Block:
        result = array.write_cells(cells[part], targets[part] * self.read_voltage, self._settings())
        return Written.block(
            time=clock.now(), weight=part, cell=cells[part], target=targets[part],
            pulses=result.set_pulses + result.reset_pulses, converged=result.converged,
            conductance=result.currents / self.read_voltage,
        )  # fmt: skip

    def _test(
        self, clock: Clock, point: int, elapsed: float, targets: Floats, found: Floats, inputs: Floats,
        labels: NDArray[np.uint8],
    ) -> Accuracy:  # fmt: skip
        from labctl.training.perceptron import accuracy

        shift = float(np.mean(found - targets))
        software, as_it_is, offset = (
            accuracy(self._layers(values), inputs, labels) for values in (targets, found, found - shift)
        )
        return Accuracy(
            time=clock.now(), point=point, elapsed=elapsed, images=len(labels), software=software, accuracy=as_it_is,
            offset=offset,
        )  # fmt: skip

    def _layers(self, conductances: Floats) -> list[Floats]:
        """Return the weights of each layer that conductances (n,) in S stand for."""
        weights = (conductances - self.zero) / self.unit
        shapes = list(itertools.pairwise(SIZES))
        ends = np.cumsum([a * b for a, b in shapes])
        return [part.reshape(shape) for part, shape in zip(np.split(weights, ends[:-1]), shapes, strict=True)]
