"""What the trainings of image-mending networks share: rows, the plan, the run, and the schemes."""

import abc
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import restoration
from labctl.analysis.energy import with_energy
from labctl.capabilities import CellArray, Cells, Floats, Ints
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import ArrayMap, Plot, Trace
from labctl.protocol import Note, Plan, Protocol, Seconds, Siemens, Step, Steps, Volts, Wait
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData
from labctl.training.stuck import UPDATES, Stuck, told
from labctl.weight_layout import Part, Placed, layers_map, placed
from protocols.memorial_programming import MemorialProgrammingProtocol
from protocols.sign_update import SignUpdateProtocol
from protocols.two_pulse import TwoPulseProtocol
from protocols.updating import UpdateProtocol
from protocols.verify_update import VerifyUpdateProtocol

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labctl.training.in_situ import Images, InSituTraining, Learner, Quality, Recipe, Task

EXPECTED_SHARE = 0.06
"""Share of the cells that EaPU updates in a step, for the estimate of the duration. Source: EAPU-D."""
PICTURES = 6
"""Test images that are kept to be shown."""
INPUT, FLOAT, IN_SITU, TARGET = range(4)


class Loaded(Row):
    """One cell's first write."""

    cell: int = column(doc="linear index of the cell over all arrays")
    layer: int = column(doc="layer of the network, from 0; 3 the reference column")
    target: float = column("S", "wanted conductance")
    pulses: int = column(doc="pulses used")
    conductance: float = column("S", "conductance read after the last pulse")


class Iteration(Row):
    """One mini-batch."""

    time: float = column("s", "time since the run began")
    who: int = column(doc="1 float software, 2 in situ")
    iteration: int = column(doc="number of the mini-batch, from 1")
    loss: float = column(doc="loss of the mini-batch before the update")
    updated: int = column(doc="weights that were updated")
    pulses: int = column(doc="pulses that their cells took")
    pulses_per_device: float = column(doc="pulses over weights, N_up")


class Validation(Row):
    """The network on the test images, from conductances read just before."""

    time: float = column("s", "time since the run began")
    who: int = column(doc="0 the input as it is, 1 float software, 2 in situ")
    iteration: int = column(doc="mini-batches so far")
    loss: float = column(doc="mean loss")
    ssim: float = column(doc="mean SSIM: 11 x 11 uniform window, data range 1")
    psnr: float = column(doc="mean peak signal-to-noise ratio, in dB")


class Picture(Row):
    """One pixel of an image that is shown."""

    image: int = column(doc="number of the test image")
    who: int = column(doc="0 input, 1 output of float software, 2 output in situ, 3 target")
    pixel: int = column(doc="row x 28 + column")
    value: float = column(doc="0 black to 1 white")


class Weight(Row):
    """One weight, as it was measured."""

    iteration: int = column(doc="mini-batches so far")
    cell: int = column(doc="linear index of the cell over all arrays")
    layer: int = column(doc="layer of the network, from 0")
    conductance: float = column("S", "conductance")
    pulses: int = column(doc="pulses since the load")


class RestorationProtocol(Protocol, abc.ABC):
    """Train a network on the cells of one array, and the same network in float as a control."""

    station: ClassVar[str] = "eapu-array"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Training"
    keeps_devices: ClassVar[bool] = True
    rows: ClassVar[tuple[type[Row], ...]] = (Loaded, Iteration, Validation, Picture, Weight, Stuck, Placed)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Iteration, "iteration", "loss", "Loss", group="who", log_y=True),
        Trace(Validation, "iteration", "ssim", "SSIM", group="who"),
        Trace(Iteration, "iteration", "updated", "Weights updated", group="who", latest=True),
        ArrayMap(Weight, "cell", "conductance", "Weights"),
        ArrayMap(Weight, "cell", "pulses", "Pulses so far"),
        layers_map(),
    )

    data: str = Field(
        default="package", description="digits: package (5,000 images), download (70,000), or a file; natural: "
        "photographs that packages ship; or a folder of images",
    )  # fmt: skip
    scheme: Literal["memorial", "two-pulse", "sign", "verify"] = Field(
        default="memorial", description="how cells are changed: the protocols memorial-programming, two-pulse, "
        "sign-update, verify-update",
    )  # fmt: skip
    rule: Literal["eapu", "every"] = Field(
        default="eapu", description="which changes are made: by error-aware probability, or every one"
    )
    threshold: Siemens = Field(default=2e-6, gt=0.0, le=1e-4, description="smallest change that the rule eapu makes")
    mini_batches: int
    validate_every: int
    batch: int
    learning_rate: float
    test_images: int = Field(default=1000, ge=0, description="most images of a validation; 0 takes all")
    array: int = Field(default=0, ge=0, description="array that the network lies on")
    zero: Siemens = Field(default=80e-6, gt=0.0, le=1e-3, description="conductance of the reference cells")
    lowest: Siemens = Field(default=5e-6, gt=0.0, le=1e-3, description="lowest conductance that is wanted")
    highest: Siemens = Field(default=155e-6, gt=0.0, le=1e-3, description="highest conductance that is wanted")
    tolerance: Siemens = Field(default=1e-6, gt=0.0, le=1e-3, description="accepted distance from what is wanted")
    interval: Seconds = Field(default=1.0, ge=0.0, le=1e6, description="wait before each mini-batch")
    read_voltage: Volts = Field(default=0.2, gt=0.0, le=0.3, description="at which conductances are read")
    averages: int = Field(default=4, ge=1, le=1000, description="reads averaged for each read")

    @model_validator(mode="after")
    def _check_window(self) -> Self:
        if not self.lowest < self.zero < self.highest:
            raise ValueError(
                f"zero ({self.zero:g} S) must be between lowest ({self.lowest:g} S) and highest ({self.highest:g} S)"
            )
        return self

    @abc.abstractmethod
    def task(self) -> "Task":
        """Return what is learned."""

    @property
    def work(self) -> int:
        """Steps: the control with the load, and the mini-batches from one validation to the next."""
        return 1 + -(-self.mini_batches // self.validate_every)

    def writer(self, *, closed_loop: bool = False) -> UpdateProtocol:
        """Return what has the pulses: the protocol of the scheme; for reference cells one that reads back."""
        common: dict[str, Any] = self.model_dump(include={"lowest", "highest", "tolerance", "read_voltage", "averages"})
        if self.scheme == "verify":  # beginning at a RESET, or hardly a change would leave the tolerance
            return VerifyUpdateProtocol(**common, from_reset=True)
        if self.scheme == "sign":
            return SignUpdateProtocol(**common)
        if self.scheme == "two-pulse" and not closed_loop:
            return TwoPulseProtocol(**common)
        return MemorialProgrammingProtocol(**common)

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse images that are not there and an array that is too small."""
        from labctl.training.photographs import load_images

        cells = len(np.concatenate([part.reshape(-1) for part in self._placed(array)]))
        images = len(load_images(self.data).train)
        if images < self.batch:
            raise ConfigError(f"batch is {self.batch}, but there are {images:,} training images")
        writer = self.writer()
        share = EXPECTED_SHARE if self.rule == "eapu" else 1.0
        across = max(abs(pulse.device_voltage) for pulse in writer.pulses())
        most = writer.most_of_a_load() + self.mini_batches * writer.most_of_an_update()
        step = self.interval + writer.seconds_of_an_update(array, max(1, round(share * cells)))
        return Plan(
            duration=writer.seconds_of_an_update(array, cells) + self.mini_batches * step,
            pulses_per_device=most,
            voltage=max(pulse.highest_voltage for pulse in writer.pulses()),
            device_voltage=across,
            current=across * self.highest,
            charge=most * across * self.highest * max(pulse.width for pulse in writer.pulses()),
            work=self.work,
            conductances=(self.lowest, self.highest),
        )

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Train in float and load the cells; then train in situ, with a validation every so often."""
        import torch

        from labctl.training.in_situ import Images, InSituTraining, Learner

        seed = int(rng.integers(2**31 - 1))
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # more threads beside a GUI cost more than they give, and change the last digit
        try:
            task, recipe = self.task(), self._recipe()
            images = Images(task, recipe, seed)
            *layers, reference = self._placed(array)
            learner = Learner(task, recipe, seed, self._weight_threshold())
            cells = np.concatenate([part.reshape(-1) for part in layers])
            scheme, references = self.writer().scheme(array, cells), self.writer(closed_loop=True)
            training = InSituTraining(
                learner, recipe, array, layers, reference, scheme, references.scheme(array, reference)
            )
            if resume:
                training.restore(resume.state)
            else:
                yield placed(
                    [*(Part(n, part) for n, part in enumerate(layers)), Part(len(layers), reference[:, None], 0)]
                )
                yield from self._control(Learner(task, recipe, seed, 0.0), images, clock)
                yield from self._load(training, clock)
                yield Step(1, self.work, training.state())
            for step in range(resume.done if resume else 1, self.work):
                yield from self._train(training, images, clock, step)
                yield Step(step + 1, self.work, training.state())
        finally:
            torch.set_num_threads(threads)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return the quality of input, float software and cells, and the updates, pulses and energy it took."""
        pulses = cls.from_mapping(run.parameters).writer().pulses()
        return with_energy(restoration.analyse(run), pulses, run.arrays("weight")["conductance"])

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw images, loss, SSIM and updates."""
        from labctl.figures.restoration import draw

        return draw(run)

    def _recipe(self) -> "Recipe":
        from labctl.training.in_situ import Recipe

        return Recipe(**self.model_dump(include=set(Recipe._fields)))

    def _weight_threshold(self) -> float:
        from labctl.training.eapu import WEIGHT_PER_SIEMENS

        return self.threshold * WEIGHT_PER_SIEMENS if self.rule == "eapu" else 0.0

    def _placed(self, array: CellArray) -> list[Cells]:
        """Return the cells of each layer, and the reference column last."""
        from labctl.training.in_situ import place

        if self.array >= array.geometry.arrays:
            raise ConfigError(f"array is {self.array}, but the arrays are 0 to {array.geometry.arrays - 1}")
        try:
            layers, reference = place(self.task().network, array.geometry, self.array)
        except ValueError as error:
            raise ConfigError(str(error)) from error
        return [*layers, reference]

    def _control(self, learner: "Learner", images: "Images", clock: Clock) -> Iterator[Any]:
        """Train in float with the same initial weights and the same batches, every change made."""
        yield Note(f"data: {images.source}; SSIM: 11 x 11 uniform window, data range 1")
        shown = self.task().shown(images.inputs)
        yield _validation(clock, INPUT, 0, images.quality(shown))
        for number in range(self.mini_batches):
            loss = learner.step(*images.batch(number))
            yield Iteration(
                time=clock.now(), who=FLOAT, iteration=number + 1, loss=loss, updated=learner.task.network.weights,
                pulses=0, pulses_per_device=0.0,
            )  # fmt: skip
            if (number + 1) % self.validate_every == 0 or number + 1 == self.mini_batches:
                yield _validation(clock, FLOAT, number + 1, images.quality(learner.outputs(images.inputs)))
        yield _pictures(INPUT, shown)
        yield _pictures(TARGET, images.targets)
        yield _pictures(FLOAT, learner.outputs(images.inputs[:PICTURES]))

    def _load(self, training: "InSituTraining", clock: Clock) -> Iterator[Any]:
        load = training.load()
        layers = [np.full(part.size, n) for n, part in enumerate((*training.layers, training.reference))]
        parts = (training.scheme, load.cells), (training.references, load.references)
        yield Loaded.block(
            cell=np.concatenate([scheme.cells for scheme, _ in parts]),
            layer=np.concatenate(layers),
            target=np.concatenate([scheme.targets for scheme, _ in parts]),
            pulses=np.concatenate([outcome.pulses for _, outcome in parts]),
            conductance=np.concatenate([outcome.conductances for _, outcome in parts]),
        )
        if len(missed := training.reference[~load.references.converged]):
            yield Note(told(missed, "of the reference column missed the conductance wanted"))
        yield from _stuck(clock, training, load.stuck, load.stuck_at)

    def _train(self, training: "InSituTraining", images: "Images", clock: Clock, step: int) -> Iterator[Any]:
        last = min(step * self.validate_every, self.mini_batches)
        for number in range((step - 1) * self.validate_every, last):
            yield Wait(self.interval)
            loss, updated, pulses, stuck, stuck_at = training.iterate(*images.batch(number))
            yield Iteration(
                time=clock.now(), who=IN_SITU, iteration=number + 1, loss=loss, updated=updated, pulses=pulses,
                pulses_per_device=pulses / len(training.scheme.cells),
            )  # fmt: skip
            yield from _stuck(clock, training, stuck, stuck_at)
        conductances = training.measure()
        outputs = training.learner.outputs(images.inputs)
        yield _validation(clock, IN_SITU, last, images.quality(outputs))
        yield Weight.block(
            iteration=last, cell=training.scheme.cells, conductance=conductances, pulses=training.pulses,
            layer=np.concatenate([np.full(part.size, n) for n, part in enumerate(training.layers)]),
        )  # fmt: skip
        if last == self.mini_batches:
            yield _pictures(IN_SITU, outputs)


def _stuck(clock: Clock, training: "InSituTraining", places: Ints, conductances: Floats) -> Iterator[Any]:
    if len(places):
        cells = training.scheme.cells[places]
        yield Stuck.block(time=clock.now(), cell=cells, updates=UPDATES, conductance=conductances)
        yield Note(told(cells, "that pulses do not change, left alone from now on"))


def _validation(clock: Clock, who: int, iteration: int, quality: "Quality") -> Validation:
    return Validation(time=clock.now(), who=who, iteration=iteration, **quality._asdict())


def _pictures(who: int, images: Any) -> Any:
    values = images[:PICTURES].clamp(0.0, 1.0).flatten(1).double().numpy()
    image, pixel = np.divmod(np.arange(values.size), values.shape[1])
    return Picture.block(image=image, who=who, pixel=pixel, value=values.reshape(-1))
