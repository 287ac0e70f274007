"""In-situ training of a small network that mends images: measured weights, gradients on the host, updates by a scheme.

A weight is W = R_wg (G - G_zero), G_zero that of the reference cell of its row. In each step all cells are read, the
gradient is taken at the weights measured, an optimiser says what is to change, and the scheme changes the cells.
Source: EAPU, Nat. Commun. 16, 11494 (2025), eq. (3), (4), (12) and (13).
"""

import io
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from labctl.capabilities import ArrayGeometry, CellArray, Cells, Floats, Ints
from labctl.training import restoration
from labctl.training.eapu import WEIGHT_PER_SIEMENS, AdamEaPU
from labctl.training.photographs import load_images
from labctl.training.restoration import Network
from labctl.training.stuck import NOISE_READS, UPDATES, Watch
from labctl.updates.scheme import Outcome, UpdateScheme

BAND = 32
"""Rows of one block of columns on the array; the paper's arrays have 32."""
FINEST = 0.1
"""Least scatter that is told from none, in units of the tolerance; *assumed*."""


class Task(NamedTuple):
    """What is learned.

    Attributes:
        network: Its layers.
        spoilt: Makes inputs of clean images, with a generator of random numbers.
        shown: An input at the size of the image, to be compared with it.
        loss: Mean squared error or mean absolute error.
    """

    network: Network
    spoilt: Callable[[torch.Tensor, torch.Generator], torch.Tensor]
    shown: Callable[[torch.Tensor], torch.Tensor]
    loss: Literal["mse", "l1"]


class Recipe(NamedTuple):
    """How it is learned.

    Attributes:
        data: Images, as `labctl.training.photographs.load_images` takes them.
        batch: Images of a batch.
        learning_rate: Of Adam.
        zero: Conductance of the reference cells, in S.
        read_voltage: In V.
        averages: Reads averaged.
        test_images: Most images of a validation; 0 takes all.
    """

    data: str
    batch: int
    learning_rate: float
    zero: float
    read_voltage: float
    averages: int
    test_images: int


class Update(NamedTuple):
    """One mini-batch.

    Attributes:
        loss: Before the update.
        updated: Weights updated.
        pulses: That they took.
        stuck: Places, among the cells of the weights, of those that were found not to answer.
        stuck_at: Their conductances, in S.
    """

    loss: float
    updated: int
    pulses: int
    stuck: Ints
    stuck_at: Floats


class Quality(NamedTuple):
    """Of the test images: mean loss, SSIM (11 x 11 uniform window, data range 1), PSNR in dB."""

    loss: float
    ssim: float
    psnr: float


def place(network: Network, geometry: ArrayGeometry, array: int) -> tuple[list[Cells], Cells]:
    """Return the cells of each layer (rows, columns) and of the reference column (the most rows of a layer,).

    Columns follow one another, as many to a band of 32 rows as the array has; the last one is the reference.

    Raises:
        ValueError: The array is too small.
    """
    rows = max(layer.rows for layer in network.layers)
    columns = sum(layer.columns for layer in network.layers) + 1
    if geometry.rows // BAND * geometry.columns < columns or rows > BAND:
        raise ValueError(f"the network needs {columns} columns of {rows} rows, in bands of {BAND} rows")
    band, column = np.divmod(np.arange(columns), geometry.columns)
    first = array * geometry.cells_per_array + band * BAND * geometry.columns + column
    grid = first + np.arange(rows)[:, None] * geometry.columns
    ends = np.cumsum([layer.columns for layer in network.layers])
    layers = zip(network.layers, ends, strict=True)
    return [grid[: layer.rows, end - layer.columns : end] for layer, end in layers], grid[:, -1]


class Images:
    """The images of a training, batch by batch, the same for whoever trains with one seed."""

    def __init__(self, task: Task, recipe: Recipe, seed: int) -> None:
        images = load_images(recipe.data)
        self.source, self._task, self._batch, self._seed = images.source, task, recipe.batch, seed
        self._train = torch.from_numpy(images.train[:, None].astype(np.float32) / 255.0)
        # Files sort their digits, and photographs their patches; every so-manieth image keeps all of them.
        stride = max(1, len(images.test) // recipe.test_images) if recipe.test_images else 1
        chosen = images.test[::stride][: recipe.test_images or None]
        self.targets = torch.from_numpy(chosen[:, None].astype(np.float32) / 255.0)
        self.inputs = task.spoilt(self.targets, torch.Generator().manual_seed(seed))

    def batch(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs and targets of a mini-batch; each round of all images has an order of its own."""
        round_, part = divmod(number, len(self._train) // self._batch)
        order = np.random.default_rng([self._seed, 1, round_]).permutation(len(self._train))
        targets = self._train[torch.from_numpy(order[part * self._batch :][: self._batch])]
        noise = int(np.random.default_rng([self._seed, 2, number]).integers(2**31))
        return self._task.spoilt(targets, torch.Generator().manual_seed(noise)), targets

    def quality(self, outputs: torch.Tensor) -> Quality:
        """Return how near ``outputs`` are to the test images; what is beyond 0 to 1 is cut off but for the loss."""
        cut = outputs.clamp(0.0, 1.0)
        loss = float(loss_of(self._task, outputs, self.targets))
        return Quality(loss, restoration.ssim(cut, self.targets), restoration.psnr(cut, self.targets))


def loss_of(task: Task, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the task's loss."""
    return (functional.mse_loss if task.loss == "mse" else functional.l1_loss)(outputs, targets)


class Learner:
    """Weights in float and their optimiser: the control as it is, or what drives the cells.

    Args:
        task: What is learned.
        recipe: How.
        seed: Of the initial weights and of the probabilistic updates.
        threshold: In units of weight; 0 leaves Adam as it is.
    """

    def __init__(self, task: Task, recipe: Recipe, seed: int, threshold: float) -> None:
        self.task = task
        self.weights = restoration.initial(task.network, torch.Generator().manual_seed(seed))
        self.generator = torch.Generator().manual_seed(seed + 1)
        for weight in self.weights:
            weight.requires_grad_()
        self.optimiser = AdamEaPU(
            self.weights, recipe.learning_rate, threshold=threshold, generator=self.generator, foreach=False
        )

    def step(self, inputs: torch.Tensor, targets: torch.Tensor) -> float:
        """Change the weights by one mini-batch; return its loss before."""
        loss = loss_of(self.task, self.task.network.forward(inputs, self.weights), targets)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return float(loss.detach())

    def outputs(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return what the network makes of images."""
        with torch.no_grad():
            parts = [self.task.network.forward(part, self.weights) for part in torch.split(inputs, 500)]
            return torch.cat(parts)

    def maps(self) -> list[Floats]:
        """Return the weights as they lie on the cells."""
        return [restoration.as_map(w, of) for w, of in zip(self.weights, self.task.network.layers, strict=True)]

    @torch.no_grad()
    def take(self, maps: Sequence[Floats]) -> None:
        """Take other weights, as they lie on the cells."""
        for weight, values, layer in zip(self.weights, maps, self.task.network.layers, strict=True):
            weight.copy_(restoration.from_map(values, layer))

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        return {"optimiser": self.optimiser.state_dict(), "generator": self.generator.get_state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state; the weights are those of the cells."""
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"])


class Load(NamedTuple):
    """What the first write took, and what it found.

    Attributes:
        references: Of the reference cells.
        cells: Of the cells of the weights.
        stuck: As in `Update`.
        stuck_at: As in `Update`.
    """

    references: Outcome
    cells: Outcome
    stuck: Ints
    stuck_at: Floats


class InSituTraining:
    """One training under way. Cells that do not answer are found (`labctl.training.stuck`) and left alone.

    Args:
        learner: Says what is to change.
        recipe: How cells are read.
        array: What the cells are in.
        layers: Cells of each layer, (rows, columns).
        reference: (most rows,) cells of the reference column.
        scheme: Changes the cells of all layers, one layer after the other.
        references: Writes the reference cells.

    Attributes:
        pulses: (cells of the weights,) pulses since the load.
    """

    def __init__(
        self,
        learner: Learner,
        recipe: Recipe,
        array: CellArray,
        layers: Sequence[Cells],
        reference: Cells,
        scheme: UpdateScheme,
        references: UpdateScheme,
    ) -> None:
        self.learner, self.recipe, self.array = learner, recipe, array
        self.layers, self.reference, self.scheme, self.references = layers, reference, scheme, references
        self.watch = Watch(len(scheme.cells), FINEST * scheme.tolerance)
        self.pulses = np.zeros(len(scheme.cells), np.int64)

    def load(self) -> Load:
        """Write the reference cells and the initial weights; cells that miss theirs are written again, some times.

        Weights are written against what their row's reference cell has become, which a cell that is stuck misses.
        """
        references = self.references.load(np.full(len(self.reference), self.recipe.zero))
        parts = zip(self.learner.maps(), self.layers, strict=True)
        wanted = [references.conductances[: len(cells), None] + part / WEIGHT_PER_SIEMENS for part, cells in parts]
        cells = self.scheme.load(np.concatenate([part.reshape(-1) for part in wanted]))
        self.watch.learn_noise(np.array([self._read(self.scheme.cells) for _ in range(NOISE_READS)]))
        return Load(references, cells, *self._write_again(cells))

    def _write_again(self, outcome: Outcome) -> tuple[Ints, Floats]:
        """Try what missed until it does not or is known to be stuck; an open loop misses anyway, and does not."""
        found = [(np.empty(0, np.int64), np.empty(0))]
        for _ in range(UPDATES if self.scheme.closed_loop else 0):
            missed = np.flatnonzero(~outcome.converged & ~self.watch.stuck)
            if not len(missed):
                break
            again = self.scheme.update(missed, np.zeros(len(missed)))
            found.append(self.watch.judge(missed, outcome.conductances[missed], again.conductances))
            outcome.pulses[missed] += again.pulses
            outcome.conductances[missed], outcome.converged[missed] = again.conductances, again.converged
        places, conductances = zip(*found, strict=True)
        return np.concatenate(places), np.concatenate(conductances)

    def _read(self, cells: Cells) -> Floats:
        """Return conductances (n,), in S."""
        read = self.array.read_cells(cells, voltage=self.recipe.read_voltage, averages=self.recipe.averages)
        return np.asarray(read / self.recipe.read_voltage)

    def measure(self) -> Floats:
        """Read every cell; the learner's weights are those measured. Return the conductances of the weights, in S."""
        conductances = self._read(np.concatenate([self.scheme.cells, self.reference]))
        count = len(self.scheme.cells)
        ends = np.cumsum([layer.size for layer in self.layers])[:-1]
        parts = np.split(conductances[:count], ends)
        zero = conductances[count:, None]
        shaped = [part.reshape(layer.shape) for part, layer in zip(parts, self.layers, strict=True)]
        self.learner.take([(part - zero[: len(part)]) * WEIGHT_PER_SIEMENS for part in shaped])
        return np.asarray(conductances[:count])

    def iterate(self, inputs: torch.Tensor, targets: torch.Tensor) -> Update:
        """Make one update: read, gradient, change of the cells from what they were measured to be."""
        measured = self.measure()
        before = self.learner.maps()
        loss = self.learner.step(inputs, targets)
        changes = (
            np.concatenate([(new - old).reshape(-1) for new, old in zip(self.learner.maps(), before, strict=True)])
            / WEIGHT_PER_SIEMENS
        )
        places = np.flatnonzero((changes != 0.0) & ~self.watch.stuck)
        if not len(places):
            return Update(loss, 0, 0, places, np.empty(0))
        self.scheme.targets[places] = measured[places]
        outcome = self.scheme.update(places, changes[places])
        self.pulses[places] += outcome.pulses
        wanted = self.scheme.targets[places] - measured[places]  # of a cell beyond the window, against the change
        asked = (np.abs(wanted) >= self.scheme.tolerance) & (wanted * changes[places] > 0.0)
        found = self.watch.judge(places[asked], measured[places[asked]], outcome.conductances[asked])
        return Update(loss, len(places), int(outcome.pulses.sum()), *found)

    def state(self) -> bytes:
        """Return what `restore` needs."""
        file = io.BytesIO()
        counted = {"watch": torch.from_numpy(self.watch.state()), "pulses": torch.from_numpy(self.pulses)}
        torch.save({**self.learner.state(), "scheme": self.scheme.state(), **counted}, file)
        return file.getvalue()

    def restore(self, state: bytes) -> None:
        """Go on from a state; the cells must be as they were then."""
        kept = torch.load(io.BytesIO(state), weights_only=True)
        self.learner.restore(kept)
        self.scheme.restore(kept["scheme"])
        self.watch.restore(kept["watch"].numpy())
        self.pulses = kept["pulses"].numpy().copy()
