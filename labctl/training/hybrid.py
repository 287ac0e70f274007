"""Hybrid training: convolution layers stay as they were transferred, the last layer is trained on what is measured.

Every conductance that is used was read from the array: the inputs of the last layer are computed from the measured
convolution weights, its gradient from its measured weights, and only changes of at least a threshold are written.
Source: Yao et al., Nature 577, 641 (2020): "hybrid training", dW = eta sum V delta, threshold Th.
"""

import io
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from labctl.capabilities import CellArray, Cells, Floats, WriteSettings
from labctl.training import convolutional as network
from labctl.training.data import load_digits
from labctl.weight_layout import Layer

TRAINING_IMAGES = 55_000
"""Most images that train. Source: CNN-J."""


class Recipe(NamedTuple):
    """What a hybrid training needs to know.

    Attributes:
        data: Digits, as `labctl.training.data.load_digits` takes them.
        images: Training images of the hybrid training; 0 takes all.
        software_epochs: Epochs of the training ex situ.
        levels: Of a cell.
        lowest: Conductance of the lowest level, in S.
        highest: Conductance of the highest level, in S.
        corrupted: Share of targets replaced by random ones.
        batch: Images of a batch.
        learning_rate: Of the mean gradient of a batch.
        threshold: Smallest change that is written, in S.
        groups: Copies of the convolution layers.
        settings: How cells are written and read.
        placed: Each layer on the arrays with its number in the network, the last layer last.
    """

    data: str
    images: int
    software_epochs: int
    levels: int
    lowest: float
    highest: float
    corrupted: float
    batch: int
    learning_rate: float
    threshold: float
    groups: int
    settings: WriteSettings
    placed: list[tuple[int, Layer]]


class Transferred(NamedTuple):
    """A layer after its write: (cells,) linear indices, target currents (A), pulses, whether each converged."""

    layer: int
    cells: Cells
    targets: Floats
    pulses: NDArray[np.int64]
    converged: NDArray[np.bool_]


class Update(NamedTuple):
    """An iteration: the batch's wrong answers (%), weights written, pulses that they took."""

    group: int
    batch_error: float
    updated: int
    pulses: int


class HybridTraining:
    """One training under way.

    Args:
        of: The recipe.
        array: The board.
        seed: Of the training ex situ, of the batches and of corrupted targets.
    """

    def __init__(self, of: Recipe, array: CellArray, seed: int) -> None:
        self.of, self.array, self.seed = of, array, seed
        digits = load_digits(of.data)
        self.source = digits.source
        self._train = _images(digits.train[:TRAINING_IMAGES])
        self._train_labels = torch.from_numpy(digits.train_labels[:TRAINING_IMAGES].astype(np.int64))
        self._test, self._test_labels = _images(digits.test), torch.from_numpy(digits.test_labels.astype(np.int64))
        self.used = min(len(self._train), of.images or len(self._train))
        self.pairs = [(layer, place.pairs(array.geometry)) for layer, place in of.placed]
        self.maps: list[Floats] = [np.zeros(pairs.shape[:2]) for _, pairs in self.pairs]
        self.scales = np.ones(3)
        self._inputs: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._order = -1, np.zeros(0, np.int64)

    # -- ex situ, and the transfer ----------------------------------------------------------------------------------

    def train_in_software(self) -> list[tuple[float, float]]:
        """Train in float; return test and training error (%) in float and at the levels that are to be written."""
        of = self.of
        weights = network.train_in_software(self._train, self._train_labels, of.software_epochs, self.seed)
        maps, steps = network.as_maps(weights), of.levels - 1
        levels, sizes = zip(*(network.quantised(part, steps) for part in maps), strict=True)
        step = (of.highest - of.lowest) / steps
        self.scales = np.array(sizes) / step
        self._targets = [part * step for part in levels]
        at_levels = network.from_maps([part * size for part, size in zip(levels, sizes, strict=True)])
        return [self._software_errors(each) for each in (weights, at_levels)]

    def transfer(self) -> list[Transferred]:
        """Write every layer, some targets replaced by random ones where the recipe says so."""
        rng = np.random.default_rng([self.seed, 1])
        done = []
        for layer, pairs in self.pairs:
            wanted = self._targets[layer].copy()
            wrong = rng.random(wanted.shape) < self.of.corrupted
            random = rng.integers(1 - self.of.levels, self.of.levels, wanted.shape)
            wanted[wrong] = random[wrong] * (self.of.highest - self.of.lowest) / (self.of.levels - 1)
            targets = self._pair_targets(wanted).reshape(-1) * self.of.settings.read_voltage
            result = self.array.write_cells(pairs.reshape(-1), targets, self.of.settings)
            pulses = result.set_pulses + result.reset_pulses
            done.append(Transferred(layer, pairs.reshape(-1), targets, pulses, result.converged))
        return done

    def look(self) -> list[Floats]:
        """Read every cell; return the currents (A) of each layer, and compute with these weights from now on."""
        currents = [self._currents(pairs.reshape(-1)) for _, pairs in self.pairs]
        self.maps = [
            self._weights(read, pairs.shape[:2]) for read, (_, pairs) in zip(currents, self.pairs, strict=True)
        ]
        self._prepare()
        return currents

    # -- in situ ----------------------------------------------------------------------------------------------------

    def iterate(self, iteration: int) -> Update:
        """Make one update of the last layer, on the next batch of the group whose turn it is."""
        of, group = self.of, iteration % self.of.groups
        chosen = self._batch(iteration)
        inputs, labels = self._inputs[group][0][chosen], self._train_labels[chosen]
        _, pairs = self.pairs[-1]
        self.maps[-1] = self._weights(self._currents(pairs.reshape(-1)), pairs.shape[:2])
        acting = self._last_layer()
        slope = network.gradient(inputs, labels, acting).numpy().astype(np.float64).reshape(pairs.shape[:2])
        change = -of.learning_rate * slope / self.scales[2]
        written = np.abs(change) >= max(of.threshold, np.finfo(float).tiny)
        pulses = 0
        if written.any():
            wanted = np.clip(self.maps[-1] + change, of.lowest - of.highest, of.highest - of.lowest)[written]
            targets = self._pair_targets(wanted).reshape(-1) * of.settings.read_voltage
            result = self.array.write_cells(pairs[written].reshape(-1), targets, of.settings)
            pulses = int(result.set_pulses.sum() + result.reset_pulses.sum())
        return Update(group, network.error_rate(inputs, labels, acting), int(written.sum()), pulses)

    def errors(self, group: int) -> tuple[float, float]:
        """Read the last layer and return test and training error of a group, in %."""
        _, pairs = self.pairs[-1]
        self.maps[-1] = self._weights(self._currents(pairs.reshape(-1)), pairs.shape[:2])
        train, test = self._inputs[group]
        acting = self._last_layer()
        labels = self._train_labels[: self.used]
        return network.error_rate(test, self._test_labels, acting), network.error_rate(train, labels, acting)

    # -- keeping ------------------------------------------------------------------------------------------------------

    def state(self) -> bytes:
        """Return what `restore` needs."""
        file = io.BytesIO()
        arrays = {"scales": self.scales, **{f"map{n}": part for n, part in enumerate(self.maps)}}
        np.savez(file, **arrays)  # type: ignore[arg-type]
        return file.getvalue()

    def restore(self, state: bytes) -> None:
        """Go on from a state."""
        with np.load(io.BytesIO(state)) as file:
            self.scales = file["scales"]
            self.maps = [file[f"map{n}"] for n in range(len(self.pairs))]
        self._prepare()

    # -- arithmetic ---------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Compute the last layer's inputs of each group from its measured convolution weights."""
        self._inputs = []
        for group in range(self.of.groups):
            scaled = [self.maps[2 * group + n] * self.scales[n] for n in (0, 1)]
            c1, c3, _ = network.from_maps([*scaled, self.maps[-1]])
            train = network.all_features(self._train[: self.used], c1, c3)
            self._inputs.append((train, network.all_features(self._test, c1, c3)))

    def _batch(self, iteration: int) -> torch.Tensor:
        """Return the numbers of an iteration's images; each round of all images has an order of its own."""
        size, per_round = self.of.batch, self.used // self.of.batch
        round_, place = divmod(iteration, per_round)
        if self._order[0] != round_:
            self._order = round_, np.random.default_rng([self.seed, 2, round_]).permutation(self.used)
        return torch.from_numpy(self._order[1][place * size : (place + 1) * size])

    def _last_layer(self) -> torch.Tensor:
        scaled = torch.from_numpy(self.maps[-1] * self.scales[2]).float()
        return scaled.reshape(network.CLASSES, network.FEATURES)

    def _software_errors(self, weights: network.Weights) -> tuple[float, float]:
        parts = ((self._test, self._test_labels), (self._train, self._train_labels))
        inputs = [(network.all_features(images, weights.c1, weights.c3), labels) for images, labels in parts]
        test, train = (network.error_rate(each, labels, weights.fc) for each, labels in inputs)
        return test, train

    def _pair_targets(self, weights: Floats) -> Floats:
        """Return (..., 2) conductances (S) of pairs; one cell of each stays at the lowest."""
        sides = np.stack([np.maximum(weights, 0.0), np.maximum(-weights, 0.0)], axis=-1)
        return np.asarray(self.of.lowest + sides)

    def _currents(self, cells: Cells) -> Floats:
        return self.array.read_cells(cells, voltage=self.of.settings.read_voltage, averages=self.of.settings.averages)

    def _weights(self, currents: Floats, shape: tuple[int, ...]) -> Floats:
        pairs = currents.reshape(*shape, 2)
        return np.asarray((pairs[..., 0] - pairs[..., 1]) / self.of.settings.read_voltage)


def _images(images: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(images[:, None].astype(np.float32) / 255.0)
