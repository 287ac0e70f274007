"""Hybrid training of a convolutional network on the board: transfer, then in-situ training of the last layer."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import hybrid
from labctl.analysis.energy import with_energy
from labctl.capabilities import CellArray
from labctl.clock import Clock
from labctl.confusion import CONFUSION, Confusion, Evaluation, confusion
from labctl.errors import ConfigError
from labctl.plots import ArrayMap, Plot, Trace
from labctl.protocol import Count, Note, Plan, Seconds, Siemens, Step, Steps, Wait
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData
from labctl.weight_layout import LAYERS, Layer, Part, Placed, layers_map, placed
from protocols.rram_array import EXPECTED_PULSES, ArrayProtocol

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labctl.training.hybrid import HybridTraining

Layers = Literal["FC", "C1", "C3", "C1+C3", "C1+FC", "C3+FC", "C1+C3+FC"]
NAMES_IN_A_NOTE = 20
GROUP_ARRAYS = ((0, 2), (1, 3), (5, 7))
"""Arrays of the convolution layers of each group; PE1+3, PE2+4, PE6+8. Only in a figure of the paper: reconstructed."""
SECONDS_AN_ITERATION = 0.05
"""For the estimate of the duration; *assumed*."""


class Written(Row):
    """One write of one cell in the transfer, and its read after the wait."""

    cell: int = column(doc="linear index of the cell over all arrays")
    layer: int = column(doc="0 C1, 1 C3, 2 fully connected")
    target: float = column("A", "target current")
    pulses: int = column(doc="pulses used")
    converged: bool = column(doc="whether it ended within tolerance")
    relaxed: float = column("A", "current after the wait")


class Iteration(Row):
    """One update of the last layer."""

    time: float = column("s", "time since the run began")
    iteration: int = column(doc="number of the iteration, from 1")
    group: int = column(doc="group of convolution layers that saw the batch, from 0")
    batch_error: float = column("%", "wrong answers in the batch, before the update")
    updated: int = column(doc="weights whose wanted change reached the threshold")
    pulses: int = column(doc="pulses that their cells took")


class Error(Row):
    """Wrong answers, from conductances that were read cell by cell."""

    time: float = column("s", "time since the run began")
    stage: int = column(doc="0 float, 1 at its levels, 2 transferred, 3 trained")
    iteration: int = column(doc="iterations so far")
    group: int = column(doc="group of convolution layers, from 0")
    train_error: float = column("%", "on the training images")
    test_error: float = column("%", "on the test images")


class Updated(Row):
    """How often one cell of the trained layers was written."""

    iteration: int = column(doc="iterations so far")
    cell: int = column(doc="linear index of the cell over all arrays")
    updates: int = column(doc="updates of its weight since the transfer")


class Weight(Row):
    """One weight of the last layer, as it was measured."""

    moment: int = column(doc="0 after the transfer, 1 after the training")
    cell: int = column(doc="linear index of the cell of G+")
    map_row: int = column(doc="row of the layer's map")
    map_column: int = column(doc="column of the layer's map")
    value: float = column("S", "G+ - G-")


class Fault(Row):
    """A cell that did not do what it should: seen by the training, from its own pulses and reads."""

    time: float = column("s", "time since the run began")
    iteration: int = column(doc="iterations so far")
    layer: int = column(doc="0 C1, 1 C3, 2 fully connected")
    cell: int = column(doc="linear index of the cell over all arrays")
    kind: int = column(doc="0 stuck: pulses do not move it; 1 drifted: it moved off since its last write")
    expected: float = column("A", "its target, or what it was read at after its last write")
    found: float = column("A", "what it was read at")


class Aged(Row):
    """The network some time after the training, every cell read again."""

    minutes: float = column(doc="since the training, in min")
    test_error: float = column("%", "on the test images")


class TrainCnn(ArrayProtocol):
    """Train ex situ, transfer the weights at 15 levels, then train the last layer on the measured conductances."""

    name: ClassVar[str] = "train-cnn"
    title: ClassVar[str] = "Hybrid training of a convolutional network"
    source: ClassVar[str] = "CNN-H, CNN-J to CNN-L: Yao et al., Nature 577, 641 (2020), Figs. 3 and 4"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Training"
    keeps_devices: ClassVar[bool] = True
    rows: ClassVar[tuple[type[Row], ...]] = (
        Written, Iteration, Error, Confusion, Updated, Weight, Fault, Aged, Placed,
    )  # fmt: skip
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Error, "iteration", "test_error", "Test error", group="group"),
        CONFUSION,
        Trace(Iteration, "iteration", "updated", "Weights updated"),
        ArrayMap(Updated, "cell", "updates", "Updates so far"),
        ArrayMap(Weight, "cell", "value", "Last layer"),
        layers_map(),
    )

    data: str = Field(default="package", description="digits: package (5,000 images), download (70,000), or a file")
    images: int = Field(
        default=0, ge=0, description="training images of the hybrid training; 0 takes all that there are"
    )
    software_epochs: Count = Field(default=4, description="epochs of the training ex situ")
    software_rate: float = Field(default=2e-3, gt=0.0, le=1.0, description="Adam's learning rate ex situ")
    levels: int = Field(default=8, ge=2, le=64, description="levels of a cell; a pair has twice as many, less one")
    lowest: Siemens = Field(default=2.5e-6, gt=0.0, le=1e-3, description="conductance of the lowest level")
    highest: Siemens = Field(default=20e-6, gt=0.0, le=1e-3, description="conductance of the highest level")
    wait: Seconds = Field(default=60.0, ge=0.0, le=1e6, description="from the transfer to the first read")
    groups: int = Field(default=1, ge=1, le=3, description="copies of the convolution layers on arrays of their own")
    corrupted: float = Field(default=0.0, ge=0.0, le=1.0, description="share of targets replaced by random ones")
    random_from: Literal["layer", "range"] = Field(
        default="layer", description="random targets: values of the same layer's weights, or any of the range alike"
    )
    iterations: int = Field(default=550, ge=0, le=100_000, description="updates of the last layer")
    batch: Count = Field(default=100, description="images of a batch")
    learning_rate: float = Field(default=0.15, gt=0.0, le=10.0, description="of the mean gradient of a batch")
    trained: Layers = Field(default="FC", description="layers that are trained in situ; the others stay")
    threshold: Siemens = Field(default=1.5e-6, ge=0.0, le=1e-4, description="smallest change that is written")
    evaluate_every: Count = Field(default=25, description="iterations of one step; errors are taken at each")
    ageing: tuple[float, ...] = Field(default=(), description="minutes after the training at which all is read again")

    @model_validator(mode="after")
    def _check_window(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest:g} S) must be below highest ({self.highest:g} S)")
        if list(self.ageing) != sorted(self.ageing) or min(self.ageing, default=0.0) < 0.0:
            raise ValueError("ageing: the minutes must not be negative, and must rise")
        return self

    @property
    def span(self) -> float:
        """Largest weight, in S."""
        return self.highest - self.lowest

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse digits that are not there and a board that is too small."""
        from labctl.training.data import load_digits

        if array.geometry.arrays < 8:
            raise ConfigError(f"the network needs 8 arrays, the board has {array.geometry.arrays}")
        there = len(load_digits(self.data).train)
        images = min(there, self.images or there)
        if images < self.batch:
            raise ConfigError(f"batch is {self.batch}, but there are {images:,} training images")
        cells = sum(2 * layer.rows * layer.columns for _, layer in self.placed())
        written = array.write_duration(cells, EXPECTED_PULSES, self.write_settings())
        current = self.highest_device_voltage * self.highest
        pulses = self.pulse_limit * (1 + self.iterations)
        return Plan(
            duration=written
            + self.wait
            + SECONDS_AN_ITERATION * self.iterations
            + 60.0 * max(self.ageing, default=0.0),
            pulses_per_device=pulses,
            voltage=self.highest_voltage,
            device_voltage=self.highest_device_voltage,
            current=current,
            charge=pulses * current * self.widest,
            work=self.work,
            conductances=(self.lowest, self.highest),
        )

    @property
    def work(self) -> int:
        """Steps: the transfer, the rounds of iterations, and what follows."""
        return 2 + -(-self.iterations // self.evaluate_every)

    def placed(self) -> list[tuple[int, Layer]]:
        """Return each layer with its number in the network, the groups' convolution layers one after the other."""
        convolutions = [
            (number, _on(LAYERS[number], arrays)) for arrays in GROUP_ARRAYS[: self.groups] for number in (0, 1)
        ]
        last = LAYERS[2] if self.groups < 3 else _on(LAYERS[2], (4, 6))
        return [*convolutions, (2, last)]

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Transfer; then iterate, with an evaluation every so often; then read again later."""
        import torch

        from labctl.training.hybrid import HybridTraining, Recipe

        seed = int(rng.integers(2**31))
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # more threads beside a GUI cost more than they give, and change the last digit
        try:
            fields = self.model_dump(include=set(Recipe._fields))
            recipe = Recipe(**fields, settings=self.write_settings(), placed=self.placed())
            training = HybridTraining(recipe, array, seed)
            if resume:
                training.restore(resume.state)
            for step in range(resume.done if resume else 0, self.work):
                if step == 0:
                    yield from self._transfer(training, clock)
                elif step < self.work - 1:
                    yield from self._iterate(training, clock, step)
                else:
                    yield from self._afterwards(training)
                yield from self._faults(training, clock, min(step * self.evaluate_every, self.iterations))
                yield Step(step + 1, self.work, training.state())
        finally:
            torch.set_num_threads(threads)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return errors before and after, updates, pulses and their energy."""
        of = cls.from_mapping(run.parameters)
        left = run.arrays("written")["relaxed"] / of.read_voltage
        return with_energy(hybrid.analyse(run), (of.set_pulse, of.reset_pulse), left)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the error trace, the stages and the change of the last layer."""
        from labctl.figures.hybrid import draw

        return draw(run)

    def _transfer(self, training: "HybridTraining", clock: Clock) -> Iterator[Any]:
        yield Note(f"data: {training.source}")
        yield placed(
            Part(layer, pairs[..., side], 1 - 2 * side, number // 2 if layer < 2 else 0)
            for number, (layer, pairs) in enumerate(training.pairs) for side in (0, 1)
        )  # fmt: skip
        for stage, found in enumerate(training.train_in_software()):
            yield from self._errors(training, clock, [found], stage=stage)
        layers = training.transfer()
        yield Wait(self.wait)
        currents = training.look()
        for layer, relaxed in zip(layers, currents, strict=True):
            yield Written.block(
                cell=layer.cells, layer=layer.layer, target=layer.targets, pulses=layer.pulses,
                converged=layer.converged, relaxed=relaxed,
            )  # fmt: skip
        training.learn_scatter(layers)
        yield from self._errors(training, clock, map(training.evaluate, range(self.groups)), stage=2)
        yield from self._last_layer(training, moment=0)

    def _iterate(self, training: "HybridTraining", clock: Clock, step: int) -> Iterator[Any]:
        first = (step - 1) * self.evaluate_every
        last = min(first + self.evaluate_every, self.iterations)
        for iteration in range(first, last):
            update = training.iterate(iteration)
            yield Iteration(time=clock.now(), iteration=iteration + 1, **update._asdict())
            yield from self._faults(training, clock, iteration + 1)
        training.examine()
        found = map(training.evaluate, range(self.groups))
        yield from self._errors(training, clock, found, stage=3, iteration=last)
        cells, updates = training.updates()
        yield Updated.block(iteration=last, cell=cells, updates=updates)

    def _afterwards(self, training: "HybridTraining") -> Iterator[Any]:
        yield from self._last_layer(training, moment=1)
        passed = 0.0
        for minutes in self.ageing:
            yield Wait((minutes - passed) * 60.0)
            passed = minutes
            training.look()
            yield Aged(minutes=minutes, test_error=training.evaluate(0).test)

    def _faults(self, training: "HybridTraining", clock: Clock, iteration: int) -> Iterator[Any]:
        """Tell of cells that were found stuck or to have drifted since the last time."""
        faults = training.faults()
        for kind, words in enumerate(("are stuck", "moved off since their last write")):
            cells = [cell for _, cell, fault in faults if fault.kind == kind]
            if cells:
                names = ", ".join(str(cell) for cell in cells[:NAMES_IN_A_NOTE])
                more = f" and {len(cells) - NAMES_IN_A_NOTE} more" if len(cells) > NAMES_IN_A_NOTE else ""
                yield Note(f"after {iteration} iterations, cells that {words}: {len(cells)} ({names}{more})")
        for layer, cell, fault in faults:
            yield Fault(
                time=clock.now(), iteration=iteration, layer=layer, cell=cell, kind=fault.kind,
                expected=fault.expected, found=fault.found,
            )  # fmt: skip

    def _errors(
        self, training: "HybridTraining", clock: Clock, groups: Iterable[Evaluation], *, stage: int, iteration: int = 0
    ) -> Iterator[Any]:
        """Tell of one evaluation of each group; of the first, also which digit was taken for which."""
        for group, found in enumerate(groups):
            yield Error(
                time=clock.now(), stage=stage, iteration=iteration, group=group, train_error=found.train,
                test_error=found.test,
            )  # fmt: skip
            if group == 0:
                name = hybrid.STAGES[stage]
                yield confusion(training.test_labels, found.answers, stage=name, iteration=iteration)

    def _last_layer(self, training: "HybridTraining", *, moment: int) -> Iterator[Any]:
        _, pairs = training.pairs[-1]
        rows, columns = np.divmod(np.arange(pairs[..., 0].size), pairs.shape[1])
        yield Weight.block(
            moment=moment, cell=pairs[..., 0].reshape(-1), map_row=rows, map_column=columns,
            value=training.maps[-1].reshape(-1),
        )  # fmt: skip


def _on(layer: Layer, arrays: tuple[int, int]) -> Layer:
    """Return a layer with the same rows on other arrays."""
    moved = tuple((arrays[number], first, count) for number, (_, first, count) in enumerate(layer.blocks))
    return layer._replace(blocks=moved)
