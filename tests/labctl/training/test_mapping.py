"""Weights to cells and back: every mapping has an exact inverse, for shapes drawn at random (seeded)."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from labctl.capabilities import ArrayGeometry, WriteResult, WriteSettings
from labctl.training import convolutional, ddk_hybrid, in_situ, restoration, sparse_learning
from labctl.training.data import Digits
from labctl.training.ddk import Network
from labctl.training.eapu import WEIGHT_PER_SIEMENS
from labctl.training.hybrid import HybridTraining, Recipe
from labctl.updates.scheme import Outcome, UpdateScheme
from labctl.weight_layout import LAYERS, Layer, Part, consecutive_pairs, placed
from protocols.train_autoencoder import TrainAutoencoder
from protocols.train_cnn import TrainCnn
from protocols.train_ddk import TrainDdk
from protocols.train_srnet import TrainSrnet
from protocols.train_ssl import TrainSsl

BOARD = ArrayGeometry(8, 128, 16)
TRIALS = 30


@dataclasses.dataclass
class IdealBoard:
    """Cells that keep exactly what is written to them."""

    geometry: ArrayGeometry = BOARD
    conductances: NDArray[np.float64] = dataclasses.field(default_factory=lambda: np.full(BOARD.cells, np.nan))

    def read_cells(self, cells: Any, *, voltage: float, averages: int = 1) -> Any:
        return self.conductances[cells] * voltage

    def write_cells(self, cells: Any, targets: Any, settings: WriteSettings) -> WriteResult:
        assert len(np.unique(cells)) == len(cells), "a cell is written twice"
        self.conductances[cells] = targets / settings.read_voltage
        none = np.zeros(len(cells), np.int64)
        return WriteResult(none, none, targets, np.ones(len(cells), bool))


class Ideal(UpdateScheme):
    """Writes exactly what is wanted, to an ideal board."""

    def __init__(self, board: IdealBoard, cells: Any) -> None:
        super().__init__(cells, (0.0, 1.0), 1e-6)
        self.board = board

    def _load(self) -> Outcome:
        return self._update(np.arange(len(self.cells)), self.targets)

    def _update(self, places: Any, changes: Any) -> Outcome:
        self.board.conductances[self.cells[places]] = self.targets[places]
        return Outcome(np.ones(len(places), np.int64), self.targets[places], np.ones(len(places), bool))


def shapes(seed: int) -> list[tuple[int, int]]:
    return [(int(rows), int(columns)) for rows, columns in np.random.default_rng(seed).integers(1, 40, (TRIALS, 2))]


@pytest.fixture
def noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digits of noise in place of the package's: what is written does not hang on them."""
    images = np.random.default_rng(3).integers(0, 255, (40, 28, 28)).astype(np.uint8)
    labels = (np.arange(40) % 10).astype(np.uint8)
    for module in ("hybrid", "ddk_hybrid", "photographs"):
        monkeypatch.setattr(
            f"labctl.training.{module}.load_digits", lambda data: Digits("noise", images, labels, images, labels)
        )


# -- the rows --------------------------------------------------------------------------------------------------------


def test_rows_lead_from_each_cell_to_its_weight_and_back() -> None:
    rng = np.random.default_rng(1)
    sizes = [size for size in shapes(2) if size[0] * size[1] > 1][:6]
    parts, free = [], rng.permutation(20_000)
    for layer, size in enumerate(sizes):
        for sign in (1, -1):
            cells, free = free[: size[0] * size[1]].reshape(size), free[size[0] * size[1] :]
            parts.append(Part(layer, cells, sign, copy=layer % 2))
    rows = placed(parts).rows
    assert len(np.unique(rows["cell"])) == len(rows) == sum(part.cells.size for part in parts)
    for part in parts:
        mine = rows[(rows["layer"] == part.layer) & (rows["part"] == part.sign)]
        back = np.zeros_like(part.cells)
        back[mine["map_row"], mine["map_column"]] = mine["cell"]
        assert np.array_equal(back, part.cells)
        assert np.all(mine["copy"] == part.copy)


# -- differential pairs, 15 levels -----------------------------------------------------------------------------------


def test_pairs_of_drawn_blocks_lie_on_neighbouring_rows_of_one_column_and_no_cell_is_used_twice() -> None:
    rng = np.random.default_rng(4)
    for _ in range(TRIALS):
        columns, counts = int(rng.integers(1, 17)), rng.integers(1, 30, 2)
        starts = rng.integers(0, 128 - 2 * counts)
        arrays = rng.choice(8, 2, replace=False)
        blocks = tuple((int(a), int(s), int(c)) for a, s, c in zip(arrays, starts, counts, strict=True))
        pairs = Layer("drawn", int(counts.sum()), columns, blocks).pairs(BOARD)
        assert pairs.shape == (counts.sum(), columns, 2)
        assert len(np.unique(pairs)) == pairs.size
        array, row, column = pairs // 2048, pairs // 16 % 128, pairs % 16
        assert np.array_equal(array[..., 0], np.repeat(arrays, counts)[:, None] + np.zeros((1, columns), int))
        assert np.array_equal(array[..., 0], array[..., 1])
        assert np.all(row[..., 1] - row[..., 0] == 1)
        assert np.array_equal(
            row[..., 0],
            np.concatenate([s + 2 * np.arange(c) for s, c in zip(starts, counts, strict=True)])[:, None]
            + np.zeros((1, columns), int),
        )
        assert np.all(column == np.arange(columns)[:, None])


def test_consecutive_pairs_use_no_cell_twice_and_stay_on_the_board() -> None:
    for array, count in ((0, 8192), (3, 1), (7, 1024), (5, 777)):
        pairs = consecutive_pairs(BOARD, array, count)
        assert len(np.unique(pairs)) == 2 * count
        assert pairs.min() >= array * 2048
        assert pairs.max() < BOARD.cells
        assert np.all(pairs[:, 1] - pairs[:, 0] == 16)


@pytest.mark.parametrize("groups", [1, 3])
def test_a_network_on_ideal_pairs_is_read_as_the_levels_that_were_written(groups: int, noise: None) -> None:
    protocol = TrainCnn(groups=groups, software_epochs=1)
    fields = protocol.model_dump(include=set(Recipe._fields))
    board: Any = IdealBoard()
    training = HybridTraining(Recipe(**fields, settings=protocol.write_settings(), placed=protocol.placed()), board, 5)
    rng = np.random.default_rng(6)
    step = protocol.span / (protocol.levels - 1)
    levels = [rng.integers(-7, 8, (layer.rows, layer.columns)) for layer in LAYERS]
    training._targets = [part * step for part in levels]
    training.transfer()
    training.look()
    for (layer, _), weights in zip(training.pairs, training.maps, strict=True):
        assert np.array_equal(np.rint(weights / step), levels[layer])
        assert np.abs(weights - levels[layer] * step).max() < 1e-15 * protocol.highest * 10
    written = board.conductances[np.isfinite(board.conductances)]
    assert len(written) == 2 * (groups * (72 + 864) + 1920)
    assert len(np.unique(np.rint((written - protocol.lowest) / step))) == 8


def test_fifteen_levels_come_back_as_they_are_and_others_within_half_a_step() -> None:
    rng = np.random.default_rng(7)
    for shape in shapes(8):
        levels = rng.integers(-7, 8, shape)
        levels.flat[0] = 7
        size = float(np.exp(rng.normal()))
        found, step = convolutional.quantised(np.asarray(levels * size, np.float64), 7)
        assert np.array_equal(found, levels)
        assert step == pytest.approx(size, rel=1e-14)
        weights = rng.normal(size=shape)
        found, step = convolutional.quantised(weights, 7)
        assert np.abs(found * step - weights).max() <= 0.5 * step * (1.0 + 1e-12)
        again, same = convolutional.quantised(np.asarray(found * step, np.float64), 7)
        assert np.array_equal(again, found)
        assert same == pytest.approx(step, rel=1e-14)


# -- reference column ------------------------------------------------------------------------------------------------


def drawn_network(rng: np.random.Generator) -> restoration.Network:
    layers = []
    for _ in range(3):
        shape = [int(size) for size in rng.integers(1, 5, 4)]
        order = [int(axis) for axis in rng.permutation(4)]
        split = int(rng.integers(1, 4))
        rows = int(np.prod([shape[axis] for axis in order[:split]]))
        if rows > 32:
            return drawn_network(rng)
        layers.append(restoration.Layer((*shape,), (*order,), rows, rows))  # type: ignore[arg-type]
    return restoration.Network(tuple(layers), lambda images, weights: images)


def test_kernels_of_any_shape_and_order_come_back_from_their_maps_bit_for_bit() -> None:
    rng = np.random.default_rng(9)
    for number in range(TRIALS):
        network = drawn_network(rng)
        for layer, weight in zip(
            network.layers, restoration.initial(network, torch.Generator().manual_seed(number)), strict=True
        ):
            values = restoration.as_map(weight, layer)
            assert values.shape == (layer.rows, layer.columns)
            assert torch.equal(restoration.from_map(values, layer), weight)
            assert np.array_equal(restoration.as_map(restoration.from_map(values, layer), layer), values)


def test_networks_of_any_shape_are_placed_in_blocks_with_one_reference_cell_for_each_row() -> None:
    rng, fitted = np.random.default_rng(10), 0
    while fitted < TRIALS:
        network = drawn_network(rng)
        array = int(rng.integers(8))
        if sum(layer.columns for layer in network.layers) + 1 > 64:
            continue
        fitted += 1
        layers, reference = in_situ.place(network, BOARD, array)
        every = np.concatenate([*(part.reshape(-1) for part in layers), reference])
        assert len(np.unique(every)) == len(every)
        assert np.all(every // 2048 == array)
        assert [part.shape for part in layers] == [(layer.rows, layer.columns) for layer in network.layers]
        for part in (*layers, reference[:, None]):
            assert np.all(part // 16 % 128 % in_situ.BAND == np.arange(len(part))[:, None])


@pytest.mark.parametrize("protocol", [TrainAutoencoder(), TrainSrnet()])
def test_weights_against_an_ideal_reference_column_are_read_as_written(protocol: Any, noise: None) -> None:
    task, recipe, board = protocol.task(), protocol._recipe(), IdealBoard()
    layers, reference = in_situ.place(task.network, BOARD, 2)
    learner = in_situ.Learner(task, recipe, 6, 0.0)
    wanted = [weight.detach().clone() for weight in learner.weights]
    cells = np.concatenate([part.reshape(-1) for part in layers])
    array: Any = board
    training = in_situ.InSituTraining(
        learner, recipe, array, layers, reference, Ideal(board, cells), Ideal(board, reference)
    )
    training.load()
    conductances = training.measure()
    for weight, found in zip(wanted, learner.weights, strict=True):
        assert torch.allclose(found.detach(), weight, rtol=0.0, atol=1e-7)
    flat = np.concatenate(
        [restoration.as_map(w, of).reshape(-1) for w, of in zip(wanted, task.network.layers, strict=True)]
    )
    assert np.allclose((conductances - recipe.zero) * WEIGHT_PER_SIEMENS, flat, rtol=0.0, atol=1e-13)


# -- one cell a weight, densely --------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["digits", "voices"])
def test_a_classifier_on_ideal_cells_is_read_as_it_was_written(task: Any, noise: None) -> None:
    protocol, board = TrainDdk(task=task), IdealBoard()
    array: Any = board
    fields = protocol.model_dump(include=set(ddk_hybrid.Recipe._fields))
    training = ddk_hybrid.DdkTraining(ddk_hybrid.Recipe(**fields, settings=protocol.write_settings()), array, 5)
    rng = np.random.default_rng(11)
    weights = [rng.normal(size=shape) for shape in ddk_hybrid.WEIGHTS[task]]
    training.networks = [Network(0.3, 0.5, np.zeros(1), np.ones(1), weights, [np.zeros(1), np.zeros(1)])]
    training.transfer(0)
    rows = placed(Part(layer, cells) for layer, cells in ddk_hybrid.board_layers(task)).rows
    assert np.array_equal(np.sort(rows["cell"]), np.arange(ddk_hybrid.board_cells(task)))
    middle, half = 0.5 * (protocol.highest + protocol.lowest), 0.5 * (protocol.highest - protocol.lowest)
    for layer in ddk_hybrid.ON_BOARD[task]:
        assert np.allclose(training.acting.weights[layer], weights[layer], rtol=0.0, atol=1e-13)
        mine = rows[rows["layer"] == layer]
        of = weights[layer][mine["map_row"], mine["map_column"]] / np.abs(weights[layer]).max() * half + middle
        assert np.allclose(board.conductances[mine["cell"]], of, rtol=1e-12)


# -- resistances on a logarithmic scale, conductances for inference --------------------------------------------------


def test_cells_of_a_binarised_network_are_its_weights_one_after_the_other() -> None:
    for rows, columns in shapes(12):
        network = sparse_learning.SparseNetwork(np.random.default_rng(13), (rows, columns, 3))
        flat = torch.arange(network.cells)
        for cells, view in zip(network.places(), network.split(flat), strict=True):
            assert np.array_equal(cells, view.numpy())
        high = network.high()
        for cells, weights in zip(network.places(), network.split(network.weights), strict=True):
            assert np.array_equal(high[cells], weights.numpy() >= 0.0)


def test_the_binarised_network_fills_the_lines_that_its_map_shows() -> None:
    network = sparse_learning.SparseNetwork(np.random.default_rng(13))
    shown = TrainSsl.plots[-1]
    assert shown.rows * shown.columns == network.cells  # type: ignore[union-attr]
    row, column = np.divmod(network.places()[0], shown.columns)  # type: ignore[union-attr]
    assert np.all(row == np.arange(784)[:, None])
    assert np.all(column == np.arange(256))


def test_the_training_map_of_states_is_exact_and_its_inverse_gives_the_resistances_back() -> None:
    rng = np.random.default_rng(14)
    for shape in shapes(15):
        signs = rng.choice([-1.0, 1.0], shape)
        decades = np.where(signs > 0.0, sparse_learning.HIGH, sparse_learning.LOW).astype(np.float32)
        assert np.array_equal(sparse_learning.binary_weights(decades.copy()).numpy(), signs)
        assert sparse_learning.acting_weights(decades.copy()).numpy() == pytest.approx(signs, abs=1e-6)
        drifted = (decades + np.where(signs > 0.0, rng.uniform(0.0, 0.6, shape), 0.0)).astype(np.float32)
        weights = sparse_learning.acting_weights(drifted.copy()).numpy()
        assert np.allclose(weights / sparse_learning.SCALE + sparse_learning.CENTRE, drifted, rtol=0.0, atol=2e-6)
        assert np.array_equal(np.sign(weights), signs)


def test_the_inference_map_gives_each_conductance_back_and_the_two_states_their_weights() -> None:
    rng = np.random.default_rng(16)
    for pin in rng.uniform(1.0, 2.0, TRIALS):
        decades = rng.uniform(sparse_learning.LOW, sparse_learning.HIGH, 500).astype(np.float32)
        weights = sparse_learning.inference_weights(decades, pin).numpy().astype(float)
        high, low = 10.0**-sparse_learning.LOW, 10.0**-sparse_learning.HIGH
        conductances = weights * (high - low) / (1.0 + pin) + (high + pin * low) / (1.0 + pin)
        assert np.allclose(conductances, 10.0 ** -decades.astype(float), rtol=0.0, atol=2e-6 * high)
        ends = np.array([sparse_learning.HIGH, sparse_learning.LOW], dtype=np.float32)
        assert sparse_learning.inference_weights(ends, pin).numpy() == pytest.approx([-1.0, pin], abs=1e-5)
