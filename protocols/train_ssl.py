"""Training a binarised network on a phase-change array that drifts meanwhile, against one that is read as binary."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from labctl.analysis import sparse_learning as analysis
from labctl.capabilities import BinaryArray
from labctl.clock import Clock
from labctl.confusion import CONFUSION, Confusion, confusion
from labctl.errors import ConfigError
from labctl.plots import Matrix, Plot, Trace
from labctl.protocol import Count, Note, Plan, Protocol, Seconds, Step, Steps, Wait
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData
from labctl.training.stuck import VAIN, StateWatch, Stuck, told
from labctl.weight_layout import Part, Placed, layers_map, placed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labctl.training import sparse_learning as learning
    from labctl.training.data import Digits

KEPT_EPOCHS = 10
"""Epochs at the beginning and at the end whose binary weights are kept. Source: the paper's consistency maps."""
TRAINING_SAMPLE = 5000
"""Training images that an epoch's training accuracy is taken on; *assumed*."""
SET_VOLTAGE, RESET_VOLTAGE = 3.0, 5.0
"""Source: SSL-C and SSL-B."""
CELLS_SHOWN = (784 + 10, 256)
"""Word and bit lines that the map shows the cells on: both layers fill it. The library numbers cells, no more."""
PULSE_CHARGE = 5.0 / 3e3 * 60e-9
"""C of a RESET pulse through the molten cell; *assumed*."""


class Epoch(Row):
    """What the network is after an epoch."""

    time: float = column("s", "time since the run began")
    scheme: int = column(doc="0 conventional, 1 with drift")
    epoch: int = column(doc="number of the epoch, from 1")
    loss: float = column(doc="mean cross-entropy of the epoch's batches, in nat")
    train_accuracy: float = column("%", "on the first training images")
    test_accuracy: float = column("%", "on the test images")
    low_input: float = column(doc="share of -1 among the weights of the first layer")
    low_output: float = column(doc="share of -1 among the weights of the second layer")
    delta_input: float = column(doc="mean of W - 1 over the +1 weights of the first layer")
    delta_output: float = column(doc="mean of W - 1 over the +1 weights of the second layer")
    switched: int = column(doc="cells switched in the epoch")


class Updated(Row):
    """How often the weights of one input pixel were written since the training's first write."""

    scheme: str = column(doc="conventional, or drift")
    epoch: int = column(doc="number of the epoch, from 1")
    pixel_row: int = column(doc="row of the pixel in the image, from 0 at the top")
    pixel_column: int = column(doc="column of the pixel in the image, from 0 at the left")
    updates: float = column(doc="mean over the pixel's weights")


class Word(Row):
    """64 binary weights after an epoch; bit 0 is the first."""

    scheme: int = column(doc="0 conventional, 1 with drift")
    epoch: int = column(doc="number of the epoch, from 1")
    word: int = column(doc="number of the word; weight = 64 x word + bit, (inputs, outputs) of the layers in turn")
    bits: int = column(doc="1 where the weight is +1")


class Answer(Row):
    """The trained network's answer to one test image."""

    scheme: int = column(doc="0 conventional, 1 with drift")
    image: int = column(doc="number of the test image")
    label: int = column(doc="what it is")
    predicted: int = column(doc="answer with the weights that were trained")
    top: float = column(doc="largest softmax output, with the weights that were trained")
    plain_predicted: int = column(doc="answer with all weights -1 or +1")
    plain_top: float = column(doc="largest softmax output, with all weights -1 or +1")


class Pinned(Row):
    """Accuracy with every +1 weight replaced by one value."""

    scheme: int = column(doc="0 conventional, 1 with drift")
    pin: float = column(doc="the value, 1 + delta")
    test_accuracy: float = column("%", "on the test images")


class Inference(Row):
    """Accuracy with the states swapped on the array, so that the drift is in the low conductance."""

    scheme: int = column(doc="0 conventional, 1 with drift")
    pin: float = column(doc="the weight that the low resistance stands for")
    wait: float = column("s", "from the write to the read")
    test_accuracy: float = column("%", "on the test images")


class TrainSsl(Protocol):
    """Train the 784-256-10 network on the array, with and without drift, then pin its weights and transfer them."""

    name: ClassVar[str] = "train-ssl"
    title: ClassVar[str] = "Spontaneous sparse learning"
    source: ClassVar[str] = "SSL-G to SSL-I: Nat. Commun. 12, 319 (2021), Figs. 5 to 9"
    station: ClassVar[str] = "pcm-array"
    device: ClassVar[str] = "PCM array"
    purpose: ClassVar[str] = "Training"
    keeps_devices: ClassVar[bool] = True
    rows: ClassVar[tuple[type[Row], ...]] = (
        Epoch, Confusion, Updated, Word, Answer, Pinned, Inference, Stuck, Placed,
    )  # fmt: skip
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Epoch, "epoch", "test_accuracy", "Test accuracy", group="scheme"),
        CONFUSION,
        Trace(Epoch, "epoch", "loss", "Loss", log_y=True, group="scheme"),
        Matrix(Updated, "pixel_row", "pixel_column", "updates", "Updates by pixel", 28, 28, moment=("scheme", "epoch")),
        Trace(Pinned, "pin", "test_accuracy", "Accuracy with pinned weights", group="scheme"),
        layers_map(*CELLS_SHOWN),
    )

    data: str = Field(default="package", description="digits: package (5,000 images), download (70,000), or a file")
    schemes: Literal["both", "drift", "conventional"] = Field(default="both", description="which trainings")
    epochs: Count = Field(default=40, description="epochs of each training")
    batch: Count = Field(default=100, description="images of a batch")
    learning_rate: float = Field(default=0.001, gt=0.0, le=1.0, description="of plain gradient descent")
    tick: Seconds = Field(default=1.0, ge=1e-3, le=1e6, description="from batch to batch, in which the cells drift")
    pins: tuple[float, ...] = Field(
        default=tuple(round(1.0 + 0.05 * n, 2) for n in range(15)), description="values that +1 is replaced by"
    )
    pin: float = Field(default=1.4, ge=1.0, le=3.0, description="weight of the low resistance in the inference")
    wait: Seconds = Field(default=1000.0, ge=0.0, le=1e7, description="from the inference's write to its read")
    checkpoint: Count = Field(default=5, description="epochs of one step; a resume begins at a step")

    def plan(self, array: BinaryArray) -> Plan:
        """Return what a run will do; refuse an array that is too small, or digits that are not there."""
        from labctl.training.sparse_learning import LAYERS

        cells = sum(a * b for a, b in itertools.pairwise(LAYERS))
        if array.cells < cells:
            raise ConfigError(f"the network has {cells:,} weights, but the array {array.cells:,} cells")
        images = len(self._digits().train)
        if images < self.batch:
            raise ConfigError(f"batch is {self.batch}, but there are {images:,} training images")
        updates = self.epochs * (images // self.batch)
        return Plan(
            duration=len(self._chosen) * (updates * self.tick + self.wait),
            pulses_per_device=len(self._chosen) * (updates + 2),
            voltage=RESET_VOLTAGE,
            current=RESET_VOLTAGE / 3e3,
            charge=len(self._chosen) * (updates + 2) * PULSE_CHARGE,
            work=len(self._chosen) * (self._chunks + 1),
        )

    def run(self, array: BinaryArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Train scheme after scheme; some epochs are a step, and so is what follows the last of a scheme."""
        import torch

        seed = int(rng.integers(2**31))
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # more threads beside a GUI cost more than they give, and change the last digit
        try:
            training = _Training(self, array, clock, self._digits(), seed)
            already, total = resume.done if resume else 0, len(self._chosen) * (self._chunks + 1)
            if resume:
                training.restore(resume.state)
            else:
                yield placed(Part(n, cells) for n, cells in enumerate(training.network.places()))
            done = 0
            for scheme in self._chosen:
                for chunk in range(self._chunks + 1):
                    done += 1
                    if done <= already:
                        continue
                    if chunk == 0:
                        training.begin()
                    first = chunk * self.checkpoint
                    if chunk < self._chunks:
                        for epoch in range(first, min(first + self.checkpoint, self.epochs)):
                            yield from training.epoch(scheme, epoch)
                    else:
                        yield from training.afterwards(scheme)
                    yield Step(done, total, training.state())
        finally:
            torch.set_num_threads(threads)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return accuracies, the best pinned weight, sparsity, consistency, selectivity and confusion."""
        return analysis.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw accuracy, pinning scan, sparsity, and what drift changes in confusion and consistency."""
        from labctl.figures.sparse_learning import draw

        return draw(run)

    @property
    def _chosen(self) -> list[int]:
        return {"both": [0, 1], "conventional": [0], "drift": [1]}[self.schemes]

    @property
    def _chunks(self) -> int:
        return -(-self.epochs // self.checkpoint)

    def _digits(self) -> "Digits":
        from labctl.training.data import load_digits

        return load_digits(self.data)


class _Training:
    """One training under way: the network, the array, and the digits as the network takes them."""

    def __init__(self, of: TrainSsl, array: BinaryArray, clock: Clock, digits: "Digits", seed: int) -> None:
        import torch

        from labctl.training import sparse_learning

        self.of, self.array, self.clock, self.seed, self.source = of, array, clock, seed, digits.source
        self.learning = sparse_learning
        self.images, self.test_images = sparse_learning.as_inputs(digits.train), sparse_learning.as_inputs(digits.test)
        self.labels = torch.from_numpy(digits.train_labels.astype(np.int64))
        self.test_labels = torch.from_numpy(digits.test_labels.astype(np.int64))
        self.buffer = np.empty(array.cells, dtype=np.float32)
        self.network: learning.SparseNetwork = self._fresh()
        self.high: NDArray[np.bool_] = self.network.high()
        self.updates = sparse_learning.by_pixel(np.zeros(0, np.int64))
        self.watch = StateWatch(self.network.cells)

    def _fresh(self) -> Any:
        return self.learning.SparseNetwork(np.random.default_rng([self.seed, 0xA11]))

    def begin(self) -> None:
        """Draw the initial weights and write them all."""
        self.network = self._fresh()
        self.high = self.network.high()
        self.updates[:] = 0
        self.array.switch_cells(np.arange(self.network.cells), self.high)

    def restore(self, state: bytes) -> None:
        """Go on from a step's state."""
        self.high, self.updates = self.learning.unpack(self.network, state, self.watch)

    def state(self) -> bytes:
        """Return what `restore` needs."""
        return self.learning.packed(self.network, self.high, self.watch, self.updates)

    def epoch(self, scheme: int, epoch: int) -> Iterator[Any]:
        """Train one epoch; yield the waits in it and what came of it."""
        losses, switched = [], 0
        for chosen in self.learning.batches(len(self.images), self.of.batch, self.seed, epoch):
            yield Wait(self.of.tick)
            acting = self._acting(scheme)
            loss, gradient = self.network.gradient(acting, self.images[chosen], self.labels[chosen])
            self.network.step(gradient, self.of.learning_rate)
            losses.append(loss)
            switched += self._write()
        acting = self._acting(scheme)
        yield from self._summary(scheme, epoch, float(np.mean(losses)), switched, acting)
        row, column = np.divmod(np.arange(len(self.updates)), 28)
        yield Updated.block(
            scheme=analysis.NAMES[scheme], epoch=epoch + 1, pixel_row=row, pixel_column=column,
            updates=self.updates / self.network.layers[1],
        )  # fmt: skip
        yield from self._look_for_stuck(acting)
        if epoch < KEPT_EPOCHS or epoch >= self.of.epochs - KEPT_EPOCHS:
            bits = np.packbits(self.high, bitorder="little").view("<i8")
            yield Word.block(scheme=scheme, epoch=epoch + 1, word=np.arange(len(bits)), bits=bits)

    def afterwards(self, scheme: int) -> Iterator[Any]:
        """Answer the test images, scan the pinned weight, and transfer the network with swapped states."""
        trained = self._evaluated(self._acting(scheme))
        plain = self._evaluated(self.network.pinned(1.0))
        yield Answer.block(
            scheme=scheme, image=np.arange(len(self.test_labels)), label=self.test_labels.numpy(),
            predicted=trained.predicted, top=trained.top.astype(float),
            plain_predicted=plain.predicted, plain_top=plain.top.astype(float),
        )  # fmt: skip
        for pin in self.of.pins:
            accuracy = self._accuracy(self._evaluated(self.network.pinned(pin)))
            yield Pinned(scheme=scheme, pin=pin, test_accuracy=accuracy)
        self.array.switch_cells(np.arange(self.network.cells), ~self.high)
        yield Wait(self.of.wait)
        self.array.read_decades(self.buffer)
        acting = self.learning.inference_weights(self.buffer[: self.network.cells], self.of.pin)
        accuracy = self._accuracy(self._evaluated(acting))
        yield Inference(scheme=scheme, pin=self.of.pin, wait=self.of.wait, test_accuracy=accuracy)
        yield Note(f"{('conventional', 'drift')[scheme]}: {accuracy:.2f} % after the transfer; data: {self.source}")

    def _acting(self, scheme: int) -> Any:
        self.array.read_decades(self.buffer)
        decades = self.buffer[: self.network.cells]
        return self.learning.acting_weights(decades) if scheme else self.learning.binary_weights(decades)

    def _write(self) -> int:
        wanted = self.network.high()
        cells = np.flatnonzero(wanted != self.high)
        cells = cells[self.watch.works(cells)]
        if cells.size:
            self.array.switch_cells(cells, wanted[cells])
            self.updates += self.learning.by_pixel(cells)
        self.high = wanted
        return int(cells.size)

    def _look_for_stuck(self, acting: Any) -> Iterator[Any]:
        """Compare the states of the last read with those asked for; pulse again what is wrong, tell what stays so."""
        again, stuck = self.watch.judge((acting > 0.0).numpy(), self.high)
        if len(again):
            self.array.switch_cells(again, self.high[again])
        if len(stuck):
            self.array.read_decades(self.buffer)
            conductances = 10.0 ** -self.buffer[stuck].astype(float)
            yield Stuck.block(time=self.clock.now(), cell=stuck, updates=VAIN, conductance=conductances)
            yield Note(told(stuck, "that pulses do not change, left alone from now on"))

    def _evaluated(self, acting: Any) -> "learning.Evaluation":
        return self.network.evaluate(acting, self.test_images, self.test_labels)

    def _accuracy(self, answers: "learning.Evaluation") -> float:
        return float(np.mean(answers.predicted == self.test_labels.numpy()) * 100.0)

    def _summary(self, scheme: int, epoch: int, loss: float, switched: int, acting: Any) -> Iterator[Any]:
        sample = slice(TRAINING_SAMPLE)
        own = self.network.evaluate(acting, self.images[sample], self.labels[sample])
        tested = self._evaluated(acting)
        layers = self.network.split(acting)
        high = np.split(self.high, [self.network.sizes[0]])
        deltas = [float((w.numpy().ravel()[up] - 1.0).mean()) for w, up in zip(layers, high, strict=True)]
        yield Epoch(
            time=self.clock.now(), scheme=scheme, epoch=epoch + 1, loss=loss,
            train_accuracy=float(np.mean(own.predicted == self.labels[sample].numpy()) * 100.0),
            test_accuracy=self._accuracy(tested),
            low_input=float(1.0 - high[0].mean()), low_output=float(1.0 - high[1].mean()),
            delta_input=deltas[0], delta_output=deltas[1], switched=switched,
        )  # fmt: skip
        stage = analysis.NAMES[scheme]
        yield confusion(self.test_labels, tested.predicted, stage=stage, iteration=epoch + 1)
