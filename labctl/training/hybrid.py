"""Hybrid training: a network is transferred; then chosen layers, as a rule the last, are trained on what is measured.

Every conductance that is used was read from the array: the inputs of the last layer are computed from the measured
convolution weights, gradients from the measured weights of all layers, and only changes of at least a threshold are
written. Where a cell of a pair is stuck, the other is written so that their difference comes out as far as it can.
Source: Yao et al., Nature 577, 641 (2020): "hybrid training", dW = eta sum V delta, threshold Th.
"""

import io
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from labctl.capabilities import CellArray, Cells, Floats, Ints, WriteSettings
from labctl.confusion import Evaluation
from labctl.training import convolutional as network
from labctl.training.cell_watch import CellWatch, Fault, Written
from labctl.training.data import load_digits
from labctl.weight_layout import Layer

NAMES = ("C1", "C3", "FC")
TRAINING_IMAGES = 55_000
"""Most images that train. Source: CNN-J."""


class Recipe(NamedTuple):
    """What a hybrid training needs to know.

    Attributes:
        data: Digits, as `labctl.training.data.load_digits` takes them.
        images: Training images of the hybrid training; 0 takes all.
        software_epochs: Epochs of the training ex situ.
        software_rate: Its learning rate.
        levels: Of a cell.
        lowest: Conductance of the lowest level, in S.
        highest: Conductance of the highest level, in S.
        corrupted: Share of targets replaced by random ones.
        random_from: ``layer`` for random ones that are targets of the same layer, ``range`` for any levels alike.
        batch: Images of a batch.
        learning_rate: Of the mean gradient of a batch.
        threshold: Smallest change that is written, in S.
        groups: Copies of the convolution layers.
        trained: Layers that are trained in situ, such as ``"C3+FC"``.
        settings: How cells are written and read.
        placed: Each layer on the arrays with its number in the network, the last layer last.
    """

    data: str
    images: int
    software_epochs: int
    software_rate: float
    levels: int
    lowest: float
    highest: float
    corrupted: float
    random_from: str
    batch: int
    learning_rate: float
    threshold: float
    groups: int
    trained: str
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
    """An iteration: group, the batch's wrong answers (%), weights written, pulses that they took."""

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
        self.of, self.seed = of, seed
        digits = load_digits(of.data)
        self.source = digits.source
        self._train = _images(digits.train[:TRAINING_IMAGES])
        self.train_labels = torch.from_numpy(digits.train_labels[:TRAINING_IMAGES].astype(np.int64))
        self._test, self.test_labels = _images(digits.test), digits.test_labels.astype(np.int64)
        self.used = min(len(self._train), of.images or len(self._train))
        self.pairs = [(layer, place.pairs(array.geometry)) for layer, place in of.placed]
        edges = np.cumsum([0, *(pairs.size for _, pairs in self.pairs)])
        self._places: list[Ints] = [
            np.arange(first, last).reshape(pairs.shape)
            for first, last, (_, pairs) in zip(edges[:-1], edges[1:], self.pairs, strict=True)
        ]
        cells = np.concatenate([pairs.reshape(-1) for _, pairs in self.pairs])
        self.watch = CellWatch(array, of.settings, cells, of.highest * of.settings.read_voltage)
        self.maps: list[Floats] = [np.zeros(pairs.shape[:2]) for _, pairs in self.pairs]
        self.scales = np.ones(3)
        self._updates = np.zeros(len(cells), np.int64)
        self.trained = [NAMES.index(name) for name in of.trained.split("+")]
        self._inputs: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._order = -1, np.zeros(0, np.int64)

    # -- ex situ, and the transfer ----------------------------------------------------------------------------------

    def train_in_software(self) -> list[Evaluation]:
        """Train in float; return what the network gives in float and at the levels that are to be written."""
        of = self.of
        weights = network.train_in_software(
            self._train, self.train_labels, of.software_epochs, self.seed, of.software_rate
        )
        maps, steps = network.as_maps(weights), of.levels - 1
        levels, sizes = zip(*(network.quantised(part, steps) for part in maps), strict=True)
        step = (of.highest - of.lowest) / steps
        self.scales = np.array(sizes) / step
        self._targets = [part * step for part in levels]
        at_levels = network.from_maps([part * size for part, size in zip(levels, sizes, strict=True)])
        return [
            self._evaluated(each.fc, *(network.all_features(x, each.c1, each.c3) for x in (self._test, self._train)))
            for each in (weights, at_levels)
        ]

    def transfer(self) -> list[Transferred]:
        """Write every layer, some targets replaced by random ones where the recipe says so."""
        rng = np.random.default_rng([self.seed, 1])
        done = []
        for (layer, pairs), places in zip(self.pairs, self._places, strict=True):
            wanted = self._targets[layer].copy()
            wrong = rng.random(wanted.shape) < self.of.corrupted
            wanted[wrong] = self._random_targets(layer, rng)[wrong]
            targets, written = self._write_pairs(wanted, places)
            done.append(
                Transferred(layer, pairs.reshape(-1), targets.reshape(-1) * self.of.settings.read_voltage, *written)
            )
        return done

    def look(self) -> list[Floats]:
        """Read every cell; return the currents (A) of each layer, and compute with these weights from now on."""
        currents = [self._read(index) for index in range(len(self.pairs))]
        self._prepare()
        return currents

    def _random_targets(self, layer: int, rng: np.random.Generator) -> Floats:
        """Return random targets of a layer: its own in a random order, or any levels of the whole range alike."""
        own = self._targets[layer]
        if self.of.random_from == "layer":
            return np.asarray(rng.permutation(own.reshape(-1)).reshape(own.shape))
        step = (self.of.highest - self.of.lowest) / (self.of.levels - 1)
        return np.asarray(rng.integers(1 - self.of.levels, self.of.levels, own.shape) * step)

    def learn_scatter(self, written: list[Transferred]) -> None:
        """Take from the last look how far cells scatter; from then on cells that move off by more are found."""
        targets, reached = (
            np.concatenate([getattr(part, name) for part in written]) for name in ("targets", "converged")
        )
        self.watch.learn_scatter(targets, reached)

    # -- in situ ----------------------------------------------------------------------------------------------------

    def iterate(self, iteration: int) -> Update:
        """Make one update of the trained layers, on the next batch of the group whose turn it is."""
        group = iteration % self.of.groups
        chosen = self.batch(iteration)
        for layer in self.trained:
            self._read(self._index(group, layer))
        labels = self.train_labels[chosen]
        acting = self._weights(group)
        inputs, slopes = self.slopes(group, chosen, labels, acting)
        updated = pulses = 0
        for layer in self.trained:
            written, taken = self._update(self._index(group, layer), layer, slopes[layer])
            updated, pulses = updated + written, pulses + taken
        wrong = network.error_rate(network.answers(inputs, acting.fc), labels.numpy())
        return Update(group, wrong, updated, pulses)

    def examine(self) -> None:
        """Read the convolution layers again; compute their outputs anew where one is trained or a cell moved off."""
        convolutions = range(len(self.pairs) - 1)
        before, found = [part.copy() for part in self.maps], len(self.watch.found)
        for index in convolutions:
            self._read(index)
        if self.trained[0] < 2 or len(self.watch.found) > found:
            self._prepare()
        else:
            self.maps = before

    def evaluate(self, group: int) -> Evaluation:
        """Read the last layer and return what a group gives with it."""
        self._read(len(self.pairs) - 1)
        train, test = self._inputs[group]
        return self._evaluated(self._weights(group).fc, test, train)

    def faults(self) -> list[tuple[int, int, Fault]]:
        """Return layer, linear index of the cell and fault of each that was found since the last call."""
        found = []
        for fault in self.watch.take_faults():
            index = next(n for n, places in enumerate(self._places) if fault.place <= places[-1, -1, -1])
            found.append((self.pairs[index][0], int(self.watch.cells[fault.place]), fault))
        return found

    def updates(self) -> tuple[Cells, NDArray[np.int64]]:
        """Return the cells of the trained layers (n,) and how often each was written since the transfer (n,)."""
        chosen = [
            places.reshape(-1) for (layer, _), places in zip(self.pairs, self._places, strict=True)
            if layer in self.trained
        ]  # fmt: skip
        of = np.concatenate(chosen)
        return self.watch.cells[of], self._updates[of]

    # -- keeping ------------------------------------------------------------------------------------------------------

    def state(self) -> bytes:
        """Return what `restore` needs."""
        file = io.BytesIO()
        maps = {f"map{n}": part for n, part in enumerate(self.maps)}
        counts = {"updates": self._updates}
        np.savez(file, scales=self.scales, **counts, **maps, **self.watch.state())  # type: ignore[arg-type]
        return file.getvalue()

    def restore(self, state: bytes) -> None:
        """Go on from a state."""
        with np.load(io.BytesIO(state)) as file:
            self.scales = file["scales"]
            self.maps = [file[f"map{n}"] for n in range(len(self.pairs))]
            self._updates = file["updates"]
            self.watch.restore({name: file[name] for name in self.watch.state()})
        self._prepare()

    # -- arithmetic ---------------------------------------------------------------------------------------------------

    def _index(self, group: int, layer: int) -> int:
        """Return where a group's layer is among the placed ones."""
        return 2 * group + layer if layer < 2 else len(self.pairs) - 1

    def _weights(self, group: int) -> network.Weights:
        """Return the network as it was last measured."""
        return network.from_maps([self.maps[self._index(group, n)] * self.scales[n] for n in range(3)])

    def slopes(
        self, group: int, chosen: torch.Tensor, labels: torch.Tensor, weights: network.Weights
    ) -> tuple[torch.Tensor, network.Weights]:
        """Return the last layer's inputs and the gradient by layer, those of the trained layers alone filled in."""
        if self.trained == [2]:
            inputs = self._inputs[group][0][chosen]
            return inputs, weights._replace(fc=network.gradient(inputs, labels, weights.fc))
        return network.gradients(self._train[chosen], labels, weights)

    def _update(self, index: int, layer: int, slope: torch.Tensor) -> tuple[int, int]:
        """Write the weights of one layer whose wanted change reaches the threshold; return how many, and the pulses."""
        of = self.of
        flat = slope.numpy().astype(np.float64).reshape(self.maps[index].shape)
        change = -of.learning_rate * flat / self.scales[layer]
        chosen = np.abs(change) >= max(of.threshold, np.finfo(float).tiny)
        if not chosen.any():
            return 0, 0
        span = of.highest - of.lowest
        wanted = np.clip((self.maps[index] + change)[chosen], -span, span)
        places = self._places[index][chosen]
        self._updates[places] += 1
        _, written = self._write_pairs(wanted, places)
        return int(chosen.sum()), int(written.pulses.sum())

    def _prepare(self) -> None:
        """Compute the last layer's inputs of each group from its measured convolution weights."""
        self._inputs = []
        for group in range(self.of.groups):
            c1, c3, _ = self._weights(group)
            train = network.all_features(self._train[: self.used], c1, c3)
            self._inputs.append((train, network.all_features(self._test, c1, c3)))

    def batch(self, iteration: int) -> torch.Tensor:
        """Return the numbers of an iteration's images; each round of all images has an order of its own."""
        size, per_round = self.of.batch, self.used // self.of.batch
        round_, place = divmod(iteration, per_round)
        if self._order[0] != round_:
            self._order = round_, np.random.default_rng([self.seed, 2, round_]).permutation(self.used)
        return torch.from_numpy(self._order[1][place * size : (place + 1) * size])

    def _evaluated(self, fc: torch.Tensor, test: torch.Tensor, train: torch.Tensor) -> Evaluation:
        """Return errors (%) and answers of a last layer for its (n, 192) inputs, of test and training images."""
        found, known = network.answers(test, fc), self.train_labels[: len(train)].numpy()
        wrong = network.error_rate(network.answers(train, fc), known)
        return Evaluation(network.error_rate(found, self.test_labels), wrong, found)

    # -- cells --------------------------------------------------------------------------------------------------------

    def _pair_targets(self, weights: Floats, places: Ints) -> Floats:
        """Return (..., 2) conductances (S) of pairs; one cell stays at the lowest, unless the other is stuck."""
        low, high = self.of.lowest, self.of.highest
        sides = low + np.stack([np.maximum(weights, 0.0), np.maximum(-weights, 0.0)], axis=-1)
        held = self.watch.stuck[places]
        if held.any():
            partner = self.watch.last[places[..., ::-1]] / self.of.settings.read_voltage
            level = np.clip(partner + np.stack([weights, -weights], axis=-1), low, high)
            sides = np.where(held[..., ::-1], level, sides)
        return np.asarray(sides)

    def _write_pairs(self, weights: Floats, places: Ints) -> tuple[Floats, Written]:
        """Write pairs, and partners once more whose cell turns out to be stuck; return (..., 2) targets, in S."""
        volts = self.of.settings.read_voltage
        first = self._pair_targets(weights, places)
        written = self.watch.write(places.reshape(-1), first.reshape(-1) * volts)
        targets = self._pair_targets(weights, places)
        changed = targets != first
        if changed.any():
            again = self.watch.write(places[changed], targets[changed] * volts)
            written.pulses[changed.reshape(-1)] += again.pulses
            written.reached[changed.reshape(-1)] = again.reached
        return targets, written

    def _read(self, index: int) -> Floats:
        """Read one placed layer and take its weights from that; return the currents, in A."""
        currents = self.watch.read(self._places[index].reshape(-1))
        pairs = currents.reshape(self._places[index].shape)
        self.maps[index] = np.asarray((pairs[..., 0] - pairs[..., 1]) / self.of.settings.read_voltage)
        return currents


def _images(images: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(images[:, None].astype(np.float32) / 255.0)
