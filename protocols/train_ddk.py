"""Training of the drift-diffusion network: in software, onto the board, and its classifier on the board."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import ddk_training
from labctl.analysis.energy import with_energy
from labctl.capabilities import CellArray, LinePulse
from labctl.clock import Clock
from labctl.confusion import CONFUSION, Confusion, Evaluation, confusion
from labctl.errors import ConfigError
from labctl.plots import ArrayMap, Plot, Trace
from labctl.protocol import Count, Note, Plan, Siemens, Step, Steps
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData
from labctl.weight_layout import Part, Placed, layers_map, placed
from protocols.rram_array import EXPECTED_PULSES, ArrayProtocol

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labctl.training.ddk_hybrid import DdkTraining

SECONDS_AN_ITERATION = 0.5
"""For the estimate of the duration; *assumed*."""
PREPARATION = 4
"""Steps before the iterations: two trainings ex situ, two networks written."""


class Kinetics(Row):
    """Alpha and beta of one training ex situ, or of one device."""

    training: int = column(doc="0 without noise, 1 with the hardware's noise")
    device: int = column(doc="-1 the trained value, otherwise the row of the input that the device takes")
    alpha: float = column(doc="diffusion per pulse")
    beta: float = column(doc="drift per pulse at x = 1")


class Written(Row):
    """One cell's write in a transfer, and its read after all were written."""

    training: int = column(doc="0 without noise, 1 with the hardware's noise")
    cell: int = column(doc="linear index of the cell over all arrays")
    target: float = column("A", "target current")
    pulses: int = column(doc="pulses used")
    converged: bool = column(doc="whether it ended within tolerance")
    current: float = column("A", "current read afterwards")


class Accuracy(Row):
    """Right answers of a scheme."""

    time: float = column("s", "time since the run began")
    scheme: int = column(doc="0 software, 1 imprecise, 2 noise-trained in software, 3 noise-trained, 4 hybrid")
    iteration: int = column(doc="iterations so far")
    train_accuracy: float = column("%", "on the training inputs")
    test_accuracy: float = column("%", "on the test inputs")


class Iteration(Row):
    """One update of the classifier on the board."""

    time: float = column("s", "time since the run began")
    iteration: int = column(doc="number of the iteration, from 1")
    batch_accuracy: float = column("%", "right answers in the batch, before the update")
    updated: int = column(doc="weights whose change reached the threshold")
    pulses: int = column(doc="pulses that their cells took")


class Pulsed(Row):
    """How often one cell was pulsed by the training on the board."""

    iteration: int = column(doc="iterations so far")
    cell: int = column(doc="linear index of the cell over all arrays")
    pulses: int = column(doc="pulses since the transfer")


class Varied(Row):
    """Accuracy with deviations drawn in a calculation, no device."""

    scheme: int = column(doc="0 trained without noise, 2 trained with it")
    kinetics: float = column(doc="standard deviation of alpha and beta")
    synapses: float = column("S", "standard deviation of the conductances")
    test_accuracy: float = column("%", "mean over draws")


class Quantised(Row):
    """Accuracy with the classifier's weights at fewer levels, no device."""

    bits: int = column(doc="bits of a weight")
    test_accuracy: float = column("%", "on the test inputs")


class TrainDdk(ArrayProtocol):
    """Train a drift-diffusion layer with its classifier ex situ, write the classifier, and train it on the board."""

    name: ClassVar[str] = "train-ddk"
    title: ClassVar[str] = "Training of a drift-diffusion network"
    source: ClassVar[str] = "DDK-D to DDK-G: Nat. Commun. 16, 913 (2025), tasks and hybrid training"
    station: ClassVar[str] = "eapu-array"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Training"
    keeps_devices: ClassVar[bool] = True
    rows: ClassVar[tuple[type[Row], ...]] = (
        Kinetics, Written, Accuracy, Confusion, Iteration, Pulsed, Varied, Quantised, Placed,
    )  # fmt: skip
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Accuracy, "iteration", "test_accuracy", "Test accuracy", group="scheme"),
        CONFUSION,
        Trace(Iteration, "iteration", "updated", "Weights updated"),
        ArrayMap(Written, "cell", "current", "Classifier as written"),
        ArrayMap(Pulsed, "cell", "pulses", "Pulses so far"),
        layers_map(),
    )

    # Levels of Yao et al. but for the SET, *assumed* higher, for conductances up to 160 uS.
    set_pulse: LinePulse = Field(
        default=LinePulse(word_line=3.0, bit_line=2.5, source_line=0.0, width=50e-9), description="when too low"
    )
    tolerance: float = Field(default=200e-9, gt=0.0, le=1e-5, description="accepted distance from the target, in A")
    pulse_limit: int = Field(default=300, ge=1, le=10_000, description="most pulses in one write")

    task: Literal["digits", "voices"] = Field(default="digits", description="digits, or ten synthetic speakers")
    data: str = Field(default="package", description="digits: package (5,000 images), download (70,000), or a file")
    software_epochs: Count = Field(default=8, description="epochs of each training ex situ")
    lowest: Siemens = Field(default=40e-6, gt=0.0, le=1e-3, description="conductance of the most negative weight")
    highest: Siemens = Field(default=160e-6, gt=0.0, le=1e-3, description="conductance of the most positive weight")
    iterations: int = Field(default=100, ge=0, le=100_000, description="updates of the classifier on the board")
    batch: Count = Field(default=100, description="inputs of a batch")
    learning_rate: float = Field(default=0.5, gt=0.0, le=100.0, description="of the mean gradient of a batch")
    threshold: Siemens = Field(default=3e-6, ge=0.0, le=1e-4, description="smallest change that is written")
    evaluate_every: Count = Field(default=25, description="iterations of one step; accuracies are taken at each")
    kinetics_sweep: tuple[float, ...] = Field(
        default=(0.0, 0.1, 0.2, 0.3, 0.5), description="standard deviations of alpha and beta"
    )
    synapse_sweep: tuple[float, ...] = Field(
        default=(1e-6, 2.5e-6), description="standard deviations of conductances, in S"
    )
    bits: tuple[int, ...] = Field(default=(2, 3, 4, 5, 6, 8), description="bits of the weights")

    @model_validator(mode="after")
    def _check_numbers(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest:g} S) must be below highest ({self.highest:g} S)")
        if min(*self.kinetics_sweep, *self.synapse_sweep, 0.0, 0.0) < 0.0:
            raise ValueError("kinetics_sweep and synapse_sweep: a standard deviation must not be negative")
        if any(not 2 <= bits <= 16 for bits in self.bits):
            raise ValueError("bits must be 2 to 16")
        return self

    @property
    def work(self) -> int:
        """Steps: the preparation, the rounds of iterations, the sweeps."""
        return PREPARATION + -(-self.iterations // self.evaluate_every) + 1

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse digits that are not there and a board that is too small."""
        from labctl.training.data import load_digits
        from labctl.training.ddk_hybrid import board_cells
        from labctl.training.voices import SPEAKERS, TRAIN

        cells, there = board_cells(self.task), SPEAKERS * TRAIN
        if self.task == "digits":
            there = len(load_digits(self.data).train)
        if there < self.batch:
            raise ConfigError(f"batch is {self.batch}, but there are {there:,} training inputs")
        if array.geometry.cells < cells:
            raise ConfigError(f"the classifier needs {cells:,} cells, the board has {array.geometry.cells:,}")
        written = array.write_duration(cells, EXPECTED_PULSES, self.write_settings())
        current = self.highest_device_voltage * self.highest
        pulses = self.pulse_limit * (2 + self.iterations)
        return Plan(
            duration=2 * written + SECONDS_AN_ITERATION * self.iterations,
            pulses_per_device=pulses,
            voltage=self.highest_voltage,
            device_voltage=self.highest_device_voltage,
            current=current,
            charge=pulses * current * self.widest,
            work=self.work,
            conductances=(self.lowest, self.highest),
        )

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Train twice ex situ, write both, train the second on the board, then sweep."""
        import torch

        from labctl.training.ddk_hybrid import DdkTraining, Recipe

        seed = int(rng.integers(2**31))
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # more threads beside a GUI cost more than they give, and change the last digit
        try:
            fields = self.model_dump(include=set(Recipe._fields))
            training = DdkTraining(Recipe(**fields, settings=self.write_settings()), array, seed)
            if resume:
                training.restore(resume.state)
            for step in range(resume.done if resume else 0, self.work):
                if step < 2:
                    yield from self._ex_situ(training, clock, step)
                elif step < PREPARATION:
                    yield from self._transfer(training, clock, step - 2)
                elif step < self.work - 1:
                    yield from self._iterate(training, clock, step - PREPARATION)
                else:
                    yield from self._sweep(training)
                yield Step(step + 1, self.work, training.state())
        finally:
            torch.set_num_threads(threads)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return the accuracy of each scheme, writes, updates, their energy, and sweeps."""
        of = cls.from_mapping(run.parameters)
        left = run.arrays("written")["current"] / of.read_voltage
        return with_energy(ddk_training.analyse(run), (of.set_pulse, of.reset_pulse), left)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the schemes, the training on the board and the sweeps."""
        from labctl.figures.ddk_training import draw

        return draw(run)

    def _ex_situ(self, training: "DdkTraining", clock: Clock, which: int) -> Iterator[Any]:
        from labctl.training.ddk_hybrid import board_layers

        if which == 0:
            yield Note(f"data: {training.source}")
            yield placed(Part(layer, cells) for layer, cells in board_layers(self.task))
        network = training.train_in_software(which)
        yield Kinetics(training=which, device=-1, alpha=network.alpha, beta=network.beta)
        alpha, beta = training.devices(network)
        yield Kinetics.block(training=which, device=np.arange(len(alpha)), alpha=alpha, beta=beta)
        yield from self._told(training, clock, training.software_accuracies(which), 2 * which, 0)

    def _transfer(self, training: "DdkTraining", clock: Clock, which: int) -> Iterator[Any]:
        written = training.transfer(which)
        yield Written.block(
            training=which, cell=written.cells, target=written.targets, pulses=written.pulses,
            converged=written.converged, current=written.currents,
        )  # fmt: skip
        yield from self._measured(training, clock, 1 + 2 * which, 0)
        if which == 1:
            training.measure_standard()
            yield from self._measured(training, clock, 4, 0)

    def _iterate(self, training: "DdkTraining", clock: Clock, round_: int) -> Iterator[Any]:
        first = round_ * self.evaluate_every
        last = min(first + self.evaluate_every, self.iterations)
        for iteration in range(first, last):
            update = training.iterate(iteration)
            yield Iteration(time=clock.now(), iteration=iteration + 1, **update._asdict())
        yield Pulsed.block(iteration=last, cell=np.arange(len(training.pulses)), pulses=training.pulses)
        yield from self._measured(training, clock, 4, last)

    def _measured(self, training: "DdkTraining", clock: Clock, scheme: int, iteration: int) -> Iterator[Any]:
        yield from self._told(training, clock, training.accuracies(), scheme, iteration)

    def _told(
        self, training: "DdkTraining", clock: Clock, found: Evaluation, scheme: int, iteration: int
    ) -> Iterator[Any]:
        test, train, answers = found
        yield Accuracy(time=clock.now(), scheme=scheme, iteration=iteration, train_accuracy=train, test_accuracy=test)
        stage = ddk_training.SCHEMES[scheme]
        yield confusion(training.test_labels, answers, stage=stage, iteration=iteration)

    def _sweep(self, training: "DdkTraining") -> Iterator[Any]:
        points = [(kinetics, 0.0) for kinetics in self.kinetics_sweep]
        points += [(0.0, synapses) for synapses in self.synapse_sweep]
        for scheme, network in ((0, training.networks[0]), (2, training.networks[1])):
            for number, (kinetics, synapses) in enumerate(points):
                found = training.varied(network, kinetics, synapses, number)
                yield Varied(scheme=scheme, kinetics=kinetics, synapses=synapses, test_accuracy=found)
        for bits in self.bits:
            yield Quantised(bits=bits, test_accuracy=training.quantised(bits))
