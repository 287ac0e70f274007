"""The drift-diffusion network on hardware: weights on cells of a board, alpha and beta as devices have them.

A weight is one cell against a fixed reference current. The classifier's conductances are written in closed loop and
read back; hybrid training computes from what was read, and writes changes when they have grown to a threshold.
Source: Nat. Commun. 16, 913 (2025), hybrid training in eight steps. Biases, sigmoid and standardisation stay on the
host, and a change that is still below the threshold is kept there: *assumed*.
"""

import io
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.capabilities import CellArray, Cells, Floats, WriteSettings
from labctl.confusion import Evaluation
from labctl.errors import StateError
from labctl.training import ddk
from labctl.training.data import load_digits
from labctl.training.voices import SOURCE, as_inputs, load_voices

INNER = {"digits": 48, "voices": 16}
WEIGHTS = {"digits": ((48, 784), (10, 48)), "voices": ((16, 128), (10, 16))}
ON_BOARD = {"digits": (1,), "voices": (0, 1)}
"""Layers that lie on cells; the digits' first has 37,632 weights, more than the board has cells."""
PLAIN, NOISY = 0, 1
"""Trainings ex situ: without and with the hardware's noise."""
SWEPT_DRAWS, SWEPT_INPUTS = 3, 500
"""Devices and weights that a point of a sweep is the mean of, and test inputs that are taken for it."""


def board_cells(task: str) -> int:
    """Return how many cells a task's weights take."""
    return sum(int(np.prod(WEIGHTS[task][layer])) for layer in ON_BOARD[task])


def board_layers(task: str) -> list[tuple[int, Cells]]:
    """Return each layer that lies on cells with its number and its cells (outputs, inputs): cell after cell."""
    shapes = [(layer, WEIGHTS[task][layer]) for layer in ON_BOARD[task]]
    ends = np.cumsum([rows * columns for _, (rows, columns) in shapes])
    return [
        (layer, np.arange(end - rows * columns, end).reshape(rows, columns))
        for (layer, (rows, columns)), end in zip(shapes, ends.tolist(), strict=True)
    ]


class Recipe(NamedTuple):
    """What a training needs to know: fields of the protocol, and how cells are written and read."""

    task: str
    data: str
    software_epochs: int
    lowest: float
    highest: float
    batch: int
    learning_rate: float
    threshold: float
    settings: WriteSettings


class Written(NamedTuple):
    """A network after its write: (cells,) linear indices, target currents (A), pulses, convergence, currents read."""

    cells: Cells
    targets: Floats
    pulses: NDArray[np.int64]
    converged: NDArray[np.bool_]
    currents: Floats


class Update(NamedTuple):
    """An iteration: right answers in the batch (%), weights written, pulses that they took."""

    batch_accuracy: float
    updated: int
    pulses: int


class DdkTraining:
    """One training under way.

    Args:
        of: The recipe.
        array: The board.
        seed: Of everything random on this side of the board.

    Attributes:
        pulses: (cells,) pulses since the transfer.
    """

    def __init__(self, of: Recipe, array: CellArray, seed: int) -> None:
        self.of, self._array, self._seed = of, array, seed
        if of.task == "voices":
            parts, self.source = load_voices(seed), SOURCE
        else:
            digits = load_digits(of.data)
            parts, self.source = as_inputs(digits), digits.source
        self._train, self._train_labels, self._test, self.test_labels = parts
        self.networks: list[ddk.Network] = []
        self._acting: ddk.Network | None = None
        self._scales, self._waiting = np.ones(2), [np.zeros(shape) for shape in WEIGHTS[of.task]]
        self._seen: tuple[Floats, Floats] | None = None
        self.pulses = np.zeros(board_cells(of.task), np.int64)
        rng = np.random.default_rng([seed, 3])
        rows = self._train.shape[1]
        # What a device is off by, in units of the deviation: drawn once, so that each scheme meets the same devices.
        self._off = rng.standard_normal((2, rows))

    # -- ex situ ----------------------------------------------------------------------------------------------------

    def train_in_software(self, which: int) -> ddk.Network:
        """Train ex situ, ``PLAIN`` or ``NOISY``."""
        trainer = ddk.Trainer(
            self._train, self._train_labels, INNER[self.of.task], self._seed, span=self._half, noisy=which == NOISY
        )
        for _ in range(self.of.software_epochs):
            trainer.epoch()
        self.networks.append(trainer.network())
        return self.networks[-1]

    def software_accuracies(self, which: int) -> Evaluation:
        """Return the accuracies (%) on test and training inputs, everything exact."""
        network = self.networks[which]
        exact = np.array(network.alpha), np.array(network.beta)
        return self._accuracies(network, *(self._standardised(network, x, exact) for x in (self._test, self._train)))

    # -- on hardware ------------------------------------------------------------------------------------------------

    def transfer(self, which: int) -> Written:
        """Write a trained network's weights; from now on the network is what is read of it, on devices."""
        network, of = self.networks[which], self.of
        self._scales = np.array([np.abs(part).max() for part in network.weights]) / self._half
        targets = np.concatenate([network.weights[n].ravel() / self._scales[n] for n in ON_BOARD[of.task]])
        currents = (self._middle + targets) * of.settings.read_voltage
        cells = np.arange(len(targets), dtype=np.int64)
        result = self._array.write_cells(cells, currents, of.settings)
        self._acting = ddk.Network(
            **{**vars(network), "weights": list(network.weights), "biases": [part.copy() for part in network.biases]}
        )
        read = self.look()
        rng = np.random.default_rng([self._seed, 4, which])
        for layer in {0, 1} - set(ON_BOARD[of.task]):  # no room: with errors of the cells that were written
            errors = rng.choice((read - currents) / of.settings.read_voltage, network.weights[layer].shape)
            self._acting.weights[layer] = network.weights[layer] + errors * self._scales[layer]
        self._waiting = [np.zeros(shape) for shape in WEIGHTS[of.task]]
        self._seen = None
        self.pulses[:] = 0
        return Written(cells, currents, result.set_pulses + result.reset_pulses, result.converged, read)

    def look(self) -> Floats:
        """Read all cells; return their currents (A), and compute with them from now on."""
        acting, of = self.acting, self.of
        cells = np.arange(board_cells(of.task), dtype=np.int64)
        read = self._array.read_cells(cells, voltage=of.settings.read_voltage, averages=of.settings.averages)
        weights = read / of.settings.read_voltage - self._middle
        for layer, places in board_layers(of.task):
            acting.weights[layer] = weights[places] * self._scales[layer]
        return read

    def measure_standard(self) -> None:
        """Standardise by what the devices give for the training inputs, in place of what the training ex situ saw."""
        acting = self.acting
        states = ddk.features(self._train, *self.devices(acting))
        acting.mean, acting.deviation = states.mean(0), np.maximum(states.std(0), ddk.NARROWEST)
        self._seen = None

    def iterate(self, iteration: int) -> Update:
        """Update the weights on the board by a batch, from measured conductances."""
        self.look()
        of, acting = self.of, self.acting
        chosen = self._batch(iteration)
        inputs, labels = self._inputs()[1][chosen], self._train_labels[chosen]
        slopes, bias_slopes = ddk.gradients(inputs, labels, acting.weights, acting.biases)
        right = ddk.accuracy(inputs, labels, acting.weights, acting.biases)
        acting.biases = [b - of.learning_rate * slope for b, slope in zip(acting.biases, bias_slopes, strict=True)]
        cells, targets = [], []
        for layer, places in board_layers(of.task):
            waiting = self._waiting[layer]
            waiting -= of.learning_rate * slopes[layer] / self._scales[layer]
            due = np.abs(waiting) >= max(of.threshold, np.finfo(float).tiny)
            wanted = acting.weights[layer][due] / self._scales[layer] + waiting[due]
            targets.append(np.clip(wanted, -self._half, self._half))
            cells.append(places[due])
            waiting[due] = 0.0
        written, pulses = np.concatenate(cells), 0
        if len(written):
            currents = (self._middle + np.concatenate(targets)) * of.settings.read_voltage
            result = self._array.write_cells(written, currents, of.settings)
            taken = result.set_pulses + result.reset_pulses
            self.pulses[written] += taken
            pulses = int(taken.sum())
        return Update(right, len(written), pulses)

    def accuracies(self) -> Evaluation:
        """Read the board and return the accuracies (%) on test and training inputs."""
        self.look()
        return self._accuracies(self.acting, *self._inputs())

    # -- sweeps, on paper -------------------------------------------------------------------------------------------

    def varied(self, network: ddk.Network, kinetics: float, synapses: float, point: int) -> float:
        """Return the mean test accuracy (%) with deviations of alpha and beta, and of conductances (S)."""
        found = []
        inputs, labels = self._some()
        for draw in range(SWEPT_DRAWS):
            rng = np.random.default_rng([self._seed, 5, point, draw])
            rows = inputs.shape[1]
            devices = tuple(ddk.drawn(value, kinetics, rows, rng) for value in (network.alpha, network.beta))
            scales = [np.abs(part).max() / self._half for part in network.weights]
            weights = [
                part + scale * synapses * rng.standard_normal(part.shape)
                for part, scale in zip(network.weights, scales, strict=True)
            ]
            seen = self._standardised(network, inputs, devices)
            found.append(ddk.accuracy(seen, labels, weights, network.biases))
        return float(np.mean(found))

    def quantised(self, bits: int) -> float:
        """Return the test accuracy (%) of the plain network with weights of so many bits."""
        network = self.networks[PLAIN]
        steps = 2 ** (bits - 1) - 1
        sizes = [np.abs(part).max() / steps for part in network.weights]
        weights = [np.rint(part / size) * size for part, size in zip(network.weights, sizes, strict=True)]
        inputs = self._standardised(network, self._test, (np.array(network.alpha), np.array(network.beta)))
        return ddk.accuracy(inputs, self.test_labels, weights, network.biases)

    # -- keeping ----------------------------------------------------------------------------------------------------

    def state(self) -> bytes:
        """Return what `restore` needs."""
        arrays: dict[str, NDArray[Any]] = {"scales": self._scales, "pulses": self.pulses}
        arrays |= {f"waiting{n}": part for n, part in enumerate(self._waiting)}
        for name, network in self._named().items():
            arrays |= {f"{name}_{key}": np.asarray(getattr(network, key)) for key in _SINGLE}
            for key in _LISTS:
                arrays |= {f"{name}_{key}{n}": part for n, part in enumerate(getattr(network, key))}
        file = io.BytesIO()
        np.savez(file, **arrays)  # type: ignore[arg-type]
        return file.getvalue()

    def restore(self, state: bytes) -> None:
        """Go on from a state."""
        with np.load(io.BytesIO(state)) as file:
            self._scales, self.pulses = file["scales"], file["pulses"]
            self._waiting = [file[f"waiting{n}"] for n in range(2)]
            found = {
                name: ddk.Network(
                    float(file[f"{name}_alpha"]), float(file[f"{name}_beta"]), file[f"{name}_mean"],
                    file[f"{name}_deviation"], *([file[f"{name}_{key}{n}"] for n in range(2)] for key in _LISTS),
                )
                for name in ("0", "1", "acting")
                if f"{name}_alpha" in file
            }  # fmt: skip
        self._acting = found.pop("acting", None)
        self.networks = list(found.values())

    # -- arithmetic ---------------------------------------------------------------------------------------------------

    @property
    def acting(self) -> ddk.Network:
        """The network as it is on hardware."""
        if self._acting is None:
            raise StateError("no network has been written to the board yet")
        return self._acting

    @property
    def _half(self) -> float:
        return 0.5 * (self.of.highest - self.of.lowest)

    @property
    def _middle(self) -> float:
        return 0.5 * (self.of.highest + self.of.lowest)

    def devices(self, network: ddk.Network) -> tuple[Floats, Floats]:
        """Return alpha and beta (rows,) of the devices that a network's two were set on."""
        return self._device(network.alpha, ddk.ALPHA_NOISE, 0), self._device(network.beta, ddk.BETA_NOISE, 1)

    def _device(self, value: float, deviation: float, which: int) -> Floats:
        off = self._off[which].copy()
        rng = np.random.default_rng([self._seed, 6, which])
        while (low := value + deviation * off <= 0.0).any():
            off[low] = rng.standard_normal(int(low.sum()))
        return np.asarray(value + deviation * off)

    def _named(self) -> dict[str, ddk.Network]:
        named = {str(n): network for n, network in enumerate(self.networks)}
        return named | ({"acting": self._acting} if self._acting is not None else {})

    def _standardised(self, network: ddk.Network, inputs: Floats, devices: tuple[Floats, ...]) -> Floats:
        return np.asarray((ddk.features(inputs, devices[0], devices[1]) - network.mean) / network.deviation)

    def _inputs(self) -> tuple[Floats, Floats]:
        """Return the classifier's test and training inputs as the devices give them."""
        if self._seen is None:
            acting = self.acting
            devices = self.devices(acting)
            self._seen = (
                self._standardised(acting, self._test, devices), self._standardised(acting, self._train, devices)
            )  # fmt: skip
        return self._seen

    def _accuracies(self, network: ddk.Network, test: Floats, train: Floats) -> Evaluation:
        found = ddk.answers(test, network.weights, network.biases)
        return Evaluation(
            float((found == self.test_labels).mean() * 100.0),
            ddk.accuracy(train, self._train_labels, network.weights, network.biases),
            found,
        )

    def _some(self) -> tuple[Floats, NDArray[np.int64]]:
        """Return test inputs of all classes, no more than a sweep takes."""
        step = -(-len(self._test) // SWEPT_INPUTS)
        return self._test[::step], self.test_labels[::step]

    def _batch(self, iteration: int) -> NDArray[np.int64]:
        """Return the numbers of an iteration's inputs; each round of all has an order of its own."""
        count, size = len(self._train), self.of.batch
        round_, place = divmod(iteration, count // size)
        return np.random.default_rng([self._seed, 7, round_]).permutation(count)[place * size : (place + 1) * size]


_SINGLE, _LISTS = ("alpha", "beta", "mean", "deviation"), ("weights", "biases")
