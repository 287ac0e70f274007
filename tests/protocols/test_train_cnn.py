"""Hybrid training on the board: arithmetic, maps, a run, kill and resume, groups, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from labctl import api
from labctl.errors import ConfigError
from labctl.runfile.reader import RunData
from labctl.stations.station import open_station
from labctl.training import convolutional as network
from labctl.training.hybrid import HybridTraining, Recipe
from labctl.weight_layout import LAYERS
from protocols.train_cnn import TrainCnn

SMALL: dict[str, Any] = {
    "software_epochs": 8, "iterations": 20, "evaluate_every": 5, "batch": 50, "learning_rate": 0.1, "corrupted": 0.2,
    "random_from": "range", "wait": 1.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Ten places of a bright square, in noise."""
    rng = np.random.default_rng(5)
    file = tmp_path_factory.mktemp("digits") / "squares.npz"

    def drawn(count: int) -> tuple[Any, Any]:
        labels = rng.integers(0, 10, count).astype(np.uint8)
        images = rng.integers(0, 90, (count, 28, 28)).astype(np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[4 + 12 * (label // 5) :, 1 + 5 * (label % 5) :][:9, :5] += 100
        return images, labels

    (x_train, y_train), (x_test, y_test) = drawn(1500), drawn(300)
    np.savez(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return str(file)


def run(folder: Path, digits: str, **changes: Any) -> RunData:
    with open_station("pe-board", simulate=True, seed=4) as lab:
        ended = api.run(TrainCnn(data=digits, **{**SMALL, **changes}), lab, seed=4, output=folder)
    assert ended.file is not None
    return RunData(ended.file)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, digits: str) -> RunData:
    return run(tmp_path_factory.mktemp("trained"), digits)


def test_the_network_has_the_paper_s_shapes() -> None:
    weights = network.train_in_software(torch.rand(100, 1, 28, 28), torch.zeros(100, dtype=torch.int64), 1, 0)
    assert network.features(torch.rand(2, 1, 28, 28), weights.c1, weights.c3).shape == (2, 192)
    assert sum(part.numel() for part in weights) == 2856


def test_maps_and_their_inverse_are_exact() -> None:
    rng = np.random.default_rng(1)
    maps = [rng.normal(size=shape).astype(np.float32).astype(float) for shape in ((8, 9), (96, 9), (120, 16))]
    back = network.as_maps(network.from_maps(maps))
    assert all(np.array_equal(one, two) for one, two in zip(maps, back, strict=True))


def test_levels_are_symmetric_and_the_largest_weight_gets_the_last() -> None:
    levels, size = network.quantised(np.array([-0.7, -0.05, 0.0, 0.049, 0.3, 0.7]), 7)
    assert levels.tolist() == [-7, 0, 0, 0, 3, 7] or levels.tolist() == [-7, -1, 0, 0, 3, 7]
    assert size == pytest.approx(0.1)


def test_the_gradient_is_that_of_finite_differences_of_measured_conductances() -> None:
    rng = np.random.default_rng(2)
    fc = torch.from_numpy(rng.normal(0.0, 0.3, (10, 192)))
    inputs, labels = torch.from_numpy(rng.random((20, 192))), torch.from_numpy(rng.integers(0, 10, 20))

    def loss(weights: torch.Tensor) -> float:
        return float(torch.nn.functional.cross_entropy(inputs @ weights.T, labels))

    slope = network.gradient(inputs, labels, fc)
    for row, place in rng.integers(0, (10, 192), (50, 2)):
        moved = [fc.clone(), fc.clone()]
        moved[0][row, place] += 1e-5
        moved[1][row, place] -= 1e-5
        expected = (loss(moved[0]) - loss(moved[1])) / 2e-5
        assert float(slope[row, place]) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("layer", ["c1", "c3", "fc"])
def test_gradients_of_all_layers_are_those_of_finite_differences_of_measured_conductances(layer: str) -> None:
    rng = np.random.default_rng(3)
    with open_station("pe-board", simulate=True, seed=2) as lab:
        board: Any = lab["pe-board"]
        pairs = [place.pairs(board.geometry) for place in LAYERS]
        read = [board.read_cells(part.reshape(-1), voltage=0.2).reshape(part.shape) / 0.2 for part in pairs]
    maps = [(part[..., 0] - part[..., 1]) * scale for part, scale in zip(read, (3e4, 2e4, 1e4), strict=True)]
    weights = network.Weights(*(part.double() for part in network.from_maps(maps)))
    images = torch.from_numpy(rng.random((10, 1, 28, 28)))
    labels = torch.from_numpy(rng.integers(0, 10, 10))

    def loss(moved: network.Weights) -> float:
        outputs = network.features(images, moved.c1, moved.c3) @ moved.fc.T
        return float(torch.nn.functional.cross_entropy(outputs, labels))

    _, slopes = network.gradients(images, labels, weights)
    slope, values = getattr(slopes, layer).reshape(-1), getattr(weights, layer)
    assert float(slope.abs().max()) > 1e-3
    for place in rng.integers(0, values.numel(), 20):
        either = []
        for step in (1e-6, -1e-6):
            moved = values.clone()
            moved.view(-1)[place] += step
            either.append(loss(weights._replace(**{layer: moved})))
        assert float(slope[place]) == pytest.approx((either[0] - either[1]) / 2e-6, abs=1e-7)


def test_all_layers_can_be_trained_and_a_cut_run_goes_on_bit_for_bit(
    tmp_path: Path, digits: str, cut_and_resumed: Callable[..., RunData]
) -> None:
    changes: dict[str, Any] = {"trained": "C1+C3+FC", "threshold": 0.3e-6, "iterations": 10}
    whole = run(tmp_path, digits, **changes)
    assert (whole.arrays("iteration")["updated"] > 20).all()
    summary = TrainCnn.analyse(whole).summary
    assert summary["trained_test_error"] < 0.8 * summary["transferred_test_error"]
    assert summary["training_gain"] > 0.2 * summary["transferred_test_error"]
    resumed = cut_and_resumed(TrainCnn(data=digits, **{**SMALL, **changes}), 2, seed=4, station="pe-board")
    for stream in ("iteration", "error", "weight"):
        for name in whole.arrays(stream).keys() - {"time"}:
            assert np.array_equal(whole.arrays(stream)[name], resumed.arrays(stream)[name]), (stream, name)


def test_only_the_chosen_layer_is_written(digits: str) -> None:
    protocol = TrainCnn(**{"data": digits, **SMALL, "trained": "C3", "threshold": 0.05e-6, "software_epochs": 1})
    fields = protocol.model_dump(include=set(Recipe._fields))
    with open_station("pe-board", simulate=True, seed=4) as lab:
        board: Any = lab["pe-board"]
        training = HybridTraining(
            Recipe(**fields, settings=protocol.write_settings(), placed=protocol.placed()), board, 4
        )
        training.train_in_software()
        training.transfer()
        training.look()
        written: list[Any] = []
        write = board.write_cells

        def noted(cells: Any, targets: Any, settings: Any) -> Any:
            written.append(cells)
            return write(cells, targets, settings)

        board.write_cells = noted
        update = training.iterate(0)
    chosen = set(training.pairs[1][1].reshape(-1).tolist())
    assert update.updated > 10
    assert set(np.concatenate(written).tolist()) <= chosen


def test_the_whole_network_is_transferred_and_training_lowers_its_error(trained: RunData) -> None:
    summary = TrainCnn.analyse(trained).summary
    assert summary["cells"] == 5712
    assert summary["yield"] > 0.99
    assert 60.0 < summary["cell_error_std_nA"] < 160.0
    assert summary["float_test_error"] < 10.0
    assert summary["levels_test_error"] < summary["transferred_test_error"]
    assert summary["trained_test_error"] < 0.8 * summary["transferred_test_error"]
    assert summary["iterations"] == 20
    assert trained.arrays("error")["iteration"].tolist() == [0, 0, 0, 5, 10, 15, 20]


def test_the_confusion_of_each_evaluation_is_its_error_and_each_digit_has_its_own(trained: RunData) -> None:
    error, seen = trained.arrays("error"), trained.arrays("confusion")
    counts = seen["count"].reshape(-1, 10, 10)
    right = counts.trace(axis1=1, axis2=2) / counts.sum(axis=(1, 2))
    assert 100.0 * (1.0 - right) == pytest.approx(error["test_error"])
    assert seen["iteration"][::100].tolist() == error["iteration"].tolist()
    stages = [stage.decode() for stage in seen["stage"][::100]]
    assert stages == ["float", "levels", "transferred", *["trained"] * 4]
    table, shares = TrainCnn.analyse(trained).tables["by_digit"].columns, counts[-1].sum(axis=1) / counts[-1].sum()
    for stage, last in (("float", 0), ("levels", 1), ("transferred", 2), ("trained", -1)):
        assert 100.0 - np.dot(table[f"{stage}_accuracy"], shares) == pytest.approx(error["test_error"][last])


def test_few_levels_are_worse_than_the_float_network_that_they_come_from(tmp_path: Path, digits: str) -> None:
    data = run(tmp_path, digits, levels=2, iterations=0)
    counts = data.arrays("confusion")["count"].reshape(-1, 10, 10)
    summary = TrainCnn.analyse(data).summary
    assert summary["float_test_error"] < summary["levels_test_error"]
    assert counts[0].trace() > counts[1].trace()


def test_the_updates_of_all_cells_are_those_of_the_iterations(trained: RunData) -> None:
    seen, iteration = trained.arrays("updated"), trained.arrays("iteration")
    assert np.unique(seen["iteration"]).tolist() == [5, 10, 15, 20]
    for last in (5, 10, 15, 20):
        mine = seen["iteration"] == last
        assert len(np.unique(seen["cell"][mine])) == mine.sum() == 2 * 1920
        assert seen["updates"][mine].sum() == 2 * iteration["updated"][:last].sum() > 0, "both cells of a pair"
    assert seen["cell"].min() // 2048 == 4, "the last layer lies on the fifth and the seventh array"


def test_random_targets_of_the_layer_s_own_keep_its_distribution(tmp_path: Path, digits: str) -> None:
    changes: dict[str, Any] = {"software_epochs": 1, "iterations": 0}
    exact, own, wide = (
        run(tmp_path / name, digits, **changes, **more).arrays("written")
        for name, more in (("exact", {"corrupted": 0.0}), ("own", {"random_from": "layer"}), ("range", {}))
    )
    last = exact["layer"] == 2
    spread = {
        name: float(rows["target"][last].std()) for name, rows in (("exact", exact), ("own", own), ("wide", wide))
    }
    moved = float((own["target"] != exact["target"])[last].mean())
    assert 0.05 < moved < 0.25
    assert spread["own"] == pytest.approx(spread["exact"], rel=0.05)
    assert spread["wide"] > 1.03 * spread["exact"]


def test_only_changes_of_the_threshold_are_written(trained: RunData, tmp_path: Path, digits: str) -> None:
    assert trained.arrays("iteration")["updated"].sum() > 0
    none = run(tmp_path, digits, threshold=1e-4, iterations=5)
    assert none.arrays("iteration")["updated"].sum() == 0
    assert none.arrays("iteration")["pulses"].sum() == 0


@pytest.mark.parametrize("cut", [1, 3])
def test_a_training_that_is_cut_and_resumed_is_the_unbroken_one_bit_for_bit(
    trained: RunData, digits: str, cut: int, cut_and_resumed: Callable[..., RunData]
) -> None:
    resumed = cut_and_resumed(TrainCnn(data=digits, **SMALL), cut, seed=4, station="pe-board")
    assert resumed.status == "done"
    for stream in ("confusion", "updated", "written", "iteration", "error", "weight"):
        theirs, ours = trained.arrays(stream), resumed.arrays(stream)
        for name in theirs.keys() - {"time"}:
            assert np.array_equal(theirs[name], ours[name]), (stream, name)


def test_three_groups_lie_on_all_arrays_and_take_turns(tmp_path: Path, digits: str) -> None:
    data = run(tmp_path, digits, groups=3, iterations=6, software_epochs=1, corrupted=0.1, ageing=(1.0, 10.0))
    assert np.unique(data.arrays("written")["cell"] // 2048).tolist() == list(range(8))
    assert len(np.unique(data.arrays("written")["cell"])) == 2 * (3 * (72 + 864) + 1920)
    assert data.arrays("iteration")["group"].tolist() == [0, 1, 2, 0, 1, 2]
    assert data.arrays("aged")["minutes"].tolist() == [1.0, 10.0]
    assert {"trained_test_error", "trained_test_error_g3", "aged_10min_test_error"} <= TrainCnn.analyse(
        data
    ).summary.keys()


def test_the_figure_is_drawn(trained: RunData, tmp_path: Path) -> None:
    TrainCnn.figure(trained).savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"batch": 1501}, "batch is 1501, but there are 1,500 training images"),
        ({"images": 40}, "batch is 50, but there are 40"),
        ({"data": "nowhere.npz"}, "cannot be read as digits"),
    ],
)
def test_what_cannot_be_done_is_refused_in_the_dry_run(changes: dict[str, Any], words: str, digits: str) -> None:
    with pytest.raises(ConfigError, match=words):
        api.dry_run(TrainCnn(**{"data": digits, **SMALL, **changes}), open_station("pe-board", simulate=True))


@pytest.mark.parametrize("changes", [{"lowest": 2e-5, "highest": 1e-5}, {"ageing": (5.0, 1.0)}, {"groups": 4}])
def test_parameters_that_contradict_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        TrainCnn.from_mapping(changes)
