"""Spontaneous sparse learning: the arithmetic, a run on the simulated array, kill and resume, and what is refused."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from labctl import api
from labctl.analysis import sparse_learning as analysis
from labctl.errors import ConfigError
from labctl.runfile.reader import RunData
from labctl.stations.station import open_station
from labctl.training import sparse_learning as learning
from protocols.train_ssl import TrainSsl

SMALL: dict[str, Any] = {"epochs": 4, "checkpoint": 1, "pins": (1.0, 1.4), "wait": 10.0, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two classes of noisy bars that a network learns in a few batches."""
    rng = np.random.default_rng(5)
    file = tmp_path_factory.mktemp("digits") / "bars.npz"

    def drawn(count: int) -> tuple[Any, Any]:
        labels = rng.integers(0, 4, count).astype(np.uint8)
        images = rng.integers(0, 60, (count, 28, 28)).astype(np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[7 * label : 7 * label + 7] += 150
        return images, labels

    (x_train, y_train), (x_test, y_test) = drawn(500), drawn(200)
    np.savez(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return str(file)


def run(folder: Path, digits: str, **changes: Any) -> RunData:
    with open_station("pcm-array", simulate=True, seed=2) as lab:
        ended = api.run(TrainSsl(data=digits, **{**SMALL, **changes}), lab, seed=2, output=folder)
    assert ended.file is not None
    return RunData(ended.file)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, digits: str) -> RunData:
    return run(tmp_path_factory.mktemp("trained"), digits)


def test_the_gradient_is_that_of_finite_differences_of_measured_weights() -> None:
    rng = np.random.default_rng(1)
    network = learning.SparseNetwork(rng, (6, 5, 3))
    acting = torch.from_numpy(rng.normal(0.0, 1.0, network.cells)).double()
    images = torch.from_numpy(rng.random((7, 6))).double()
    labels = torch.from_numpy(rng.integers(0, 3, 7))
    _, gradient = network.gradient(acting, images, labels)
    for cell in range(network.cells):
        losses = []
        for step in (1e-6, -1e-6):
            moved = acting.clone()
            moved[cell] += step
            losses.append(network.gradient(moved, images, labels)[0])
        assert gradient[cell].item() == pytest.approx((losses[0] - losses[1]) / 2e-6, abs=1e-7)


def test_the_training_map_puts_the_two_states_at_minus_and_plus_one_and_drift_above() -> None:
    decades = np.array([learning.LOW, learning.HIGH, learning.HIGH + 0.1 * 3.0], dtype=np.float32)
    weights = learning.acting_weights(decades).numpy()
    assert weights == pytest.approx([-1.0, 1.0, 1.24], abs=0.003)


def test_the_inference_map_puts_the_conductances_at_minus_one_and_the_pinned_weight() -> None:
    weights = learning.inference_weights(np.array([learning.HIGH, learning.LOW], dtype=np.float32), 1.4).numpy()
    assert weights == pytest.approx([-1.0, 1.4], abs=1e-5)


def test_it_learns_and_keeps_what_the_analysis_needs(trained: RunData) -> None:
    epoch = trained.arrays("epoch")
    assert epoch["scheme"].tolist() == [0] * 4 + [1] * 4
    assert epoch["test_accuracy"][[3, 7]].min() > 60.0
    between = np.diff(epoch["time"][:4])
    assert np.all((between > 5.0) & (between < 7.2)), "five batches, a second each, and up to two at the step"
    assert epoch["delta_input"][0] == 0.0
    assert epoch["delta_input"][4] < epoch["delta_input"][7]
    assert trained.lengths["word"] == 8 * 203_264 // 64
    assert trained.lengths["answer"] == 2 * 200
    assert trained.arrays("pinned")["pin"].tolist() == [1.0, 1.4] * 2


def test_the_mean_drift_is_what_the_law_says_of_cells_that_are_rarely_switched(trained: RunData) -> None:
    last = trained.arrays("epoch")["delta_input"][-1]
    seconds = 20.0
    expected = 2.0 * 0.1 * np.log10(seconds) / (learning.HIGH - learning.LOW)
    assert last == pytest.approx(expected, rel=0.1)


def test_the_summary_says_what_drift_changes(trained: RunData) -> None:
    summary = TrainSsl.analyse(trained).summary
    assert summary["gain_points"] == summary["drift_test_accuracy"] - summary["conventional_test_accuracy"]
    confusion = analysis.confusion({n: v[:200] for n, v in trained.arrays("answer").items()})
    assert confusion.sum() == 200
    assert np.abs(analysis.consistency(trained.arrays("word"), 1, last=True)).max() == 4


@pytest.mark.parametrize("cut", [1, 5])
def test_a_training_that_is_cut_and_resumed_is_the_unbroken_one_bit_for_bit(
    trained: RunData, digits: str, cut: int, cut_and_resumed: Callable[..., RunData]
) -> None:
    resumed = cut_and_resumed(TrainSsl(data=digits, **SMALL), cut, seed=2, station="pcm-array")
    assert resumed.status == "done"
    for stream in ("epoch", "confusion", "updated", "word", "answer", "pinned", "inference"):
        theirs, ours = trained.arrays(stream), resumed.arrays(stream)
        for name in theirs.keys() - {"time"}:
            assert np.array_equal(theirs[name], ours[name]), (stream, name)


def test_the_confusion_of_each_epoch_is_its_accuracy(trained: RunData) -> None:
    epoch, seen = trained.arrays("epoch"), trained.arrays("confusion")
    counts = seen["count"].reshape(-1, 10, 10)
    right = counts.trace(axis1=1, axis2=2) / counts.sum(axis=(1, 2))
    assert 100.0 * right == pytest.approx(epoch["test_accuracy"])
    assert seen["iteration"][::100].tolist() == epoch["epoch"].tolist()
    assert [stage.decode() for stage in seen["stage"][::100]] == ["conventional"] * 4 + ["drift"] * 4


def test_the_updates_of_all_pixels_are_those_of_the_input_weights(trained: RunData) -> None:
    epoch, seen = trained.arrays("epoch"), trained.arrays("updated")
    so_far = seen["updates"].reshape(-1, 784) * 256
    assert len(so_far) == len(epoch["epoch"]) == 8
    for scheme in (so_far[:4], so_far[4:]):
        assert (np.diff(scheme, axis=0) >= 0).all()
    for which in (0, 1):
        written = epoch["switched"][epoch["scheme"] == which].cumsum()
        rest = written - so_far[4 * which : 4 * which + 4].sum(axis=1)
        assert (rest >= 0).all(), "the output weights"
        assert (rest < 0.1 * written).all(), "2,560 of 203,264"


def test_the_figure_is_drawn(trained: RunData, tmp_path: Path) -> None:
    TrainSsl.figure(trained).savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"batch": 501}, "batch is 501, but there are 500 training images"), ({"data": "nowhere.npz"}, "cannot be read")],
)
def test_what_cannot_be_done_is_refused_in_the_dry_run(changes: dict[str, Any], words: str, digits: str) -> None:
    protocol = TrainSsl(**{"data": digits, **SMALL, **changes})
    with pytest.raises(ConfigError, match=words):
        api.dry_run(protocol, open_station("pcm-array", simulate=True))


def test_the_batches_of_an_epoch_are_its_own_and_leave_no_image_twice() -> None:
    first, second = (torch.cat(list(learning.batches(100, 30, 1, epoch))) for epoch in (0, 1))
    assert len(first) == 90
    assert len(set(first.tolist())) == 90
    assert not torch.equal(first, second)
    assert all(len(batch) == 30 for batch in itertools.islice(learning.batches(100, 30, 1, 0), 3))
