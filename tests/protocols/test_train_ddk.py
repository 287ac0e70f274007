"""Training of the drift-diffusion network: arithmetic, gradients, a run, kill and resume, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from labctl import api
from labctl.analysis import ddk_training
from labctl.analysis.recursion import recursion
from labctl.errors import ConfigError
from labctl.runfile.reader import RunData
from labctl.stations.station import open_station
from labctl.training import ddk, voices
from protocols.train_ddk import TrainDdk

SMALL: dict[str, Any] = {
    "task": "voices", "software_epochs": 4, "iterations": 30, "evaluate_every": 10, "batch": 50,
    "kinetics_sweep": (0.0, 0.5), "synapse_sweep": (), "bits": (2, 8),
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    with open_station("eapu-array", simulate=True, seed=4) as lab:
        ended = api.run(TrainDdk(**SMALL), lab, seed=4, output=tmp_path_factory.mktemp("trained"))
    assert ended.file is not None
    return RunData(ended.file)


def test_the_states_are_those_of_the_recursion_until_the_floor() -> None:
    inputs = np.random.default_rng(1).random((3, 20)) * 0.4
    alpha, beta = np.array([0.1, 0.2, 0.4]), np.array([0.3, 0.5, 0.2])
    expected = [recursion(a, b, x) for a, b, x in zip(alpha, beta, inputs, strict=True)]
    assert np.allclose(ddk.states(alpha, beta, inputs), expected)
    assert np.allclose(ddk.states_and_slopes(alpha, beta, inputs)[0], expected)
    fallen = ddk.states(np.array([0.001]), np.array([1.0]), np.ones((1, 5)))
    assert fallen[0, 1] == ddk.FLOOR


def test_the_layer_s_gradient_is_that_of_finite_differences() -> None:
    rng = np.random.default_rng(2)
    inputs = torch.from_numpy(rng.random((6, 28)))
    values = [torch.from_numpy(rng.uniform(low, high, 6)).requires_grad_() for low, high in ((0.2, 0.5), (0.2, 0.5))]
    assert torch.autograd.gradcheck(lambda a, b: ddk.DriftDiffusion.apply(a, b, inputs), values, eps=1e-7, atol=1e-5)


def test_the_classifier_s_gradient_is_that_of_finite_differences() -> None:
    rng = np.random.default_rng(3)
    weights, biases = [rng.normal(size=(4, 6)), rng.normal(size=(10, 4))], [rng.normal(size=4), rng.normal(size=10)]
    inputs, labels = rng.normal(size=(8, 6)), rng.integers(0, 10, 8)

    def loss() -> float:
        outputs = ddk.hidden(inputs, weights[0], biases[0]) @ weights[1].T + biases[1]
        return float(torch.nn.functional.cross_entropy(torch.from_numpy(outputs), torch.from_numpy(labels)))

    slopes, bias_slopes = ddk.gradients(inputs, labels, weights, biases)
    for values, slope in zip([*weights, *biases], [*slopes, *bias_slopes], strict=True):
        place = tuple(rng.integers(0, size) for size in values.shape)
        kept = values[place]
        values[place] = kept + 1e-5
        above = loss()
        values[place] = kept - 1e-5
        below = loss()
        values[place] = kept
        assert slope[place] == pytest.approx((above - below) / 2e-5, abs=1e-8)


def test_devices_are_drawn_again_until_they_are_positive() -> None:
    values = ddk.drawn(0.1, 0.3, 5000, np.random.default_rng(4))
    assert values.min() > 0.0
    assert 0.2 < values.mean() < 0.3  # 0.262 for the normal cut at 0


def test_voices_are_ten_speakers_within_the_inputs_range() -> None:
    train, labels, test, _ = voices.load_voices(1)
    assert train.shape == (2000, 1, 128)
    assert test.shape == (500, 1, 128)
    assert np.bincount(labels).tolist() == [200] * 10
    assert train.min() >= 0.0
    assert train.max() <= 1.0
    assert not np.array_equal(train, voices.load_voices(2)[0])


def test_training_on_the_board_wins_back_what_imprecise_devices_lose(trained: RunData) -> None:
    summary = TrainDdk.analyse(trained).summary
    assert summary["cells"] == 128 * 16 + 16 * 10
    assert summary["yield"] > 0.98
    assert summary["software_accuracy"] > 60.0
    assert summary["imprecise_accuracy"] < summary["software_accuracy"] - 10.0
    assert summary["hybrid_accuracy"] > summary["noise_trained_accuracy"]
    assert summary["iterations"] == 30
    assert summary["pulses"] > 0
    assert summary["loss_8bit"] < 3.0 < summary["loss_2bit"]
    assert any("synthetic" in message for message in trained.log["message"])


def test_the_confusion_of_each_evaluation_is_its_accuracy_and_each_speaker_has_his_own(trained: RunData) -> None:
    accuracy, seen = trained.arrays("accuracy"), trained.arrays("confusion")
    counts = seen["count"].reshape(-1, 10, 10)
    assert (counts.sum(axis=(1, 2)) == 500).all()
    assert counts.trace(axis1=1, axis2=2) / 5.0 == pytest.approx(accuracy["test_accuracy"])
    assert seen["iteration"][::100].tolist() == accuracy["iteration"].tolist()
    stages = [stage.decode() for stage in seen["stage"][::100]]
    assert stages == [ddk_training.SCHEMES[scheme] for scheme in accuracy["scheme"]]
    table = TrainDdk.analyse(trained).tables["by_speaker"].columns
    assert table["hybrid_accuracy"].mean() == pytest.approx(accuracy["test_accuracy"][-1]), "50 of each"


def test_each_cell_s_pulses_add_up_to_those_of_the_iterations(trained: RunData) -> None:
    pulsed, iteration = trained.arrays("pulsed"), trained.arrays("iteration")
    for last in np.unique(pulsed["iteration"]):
        so_far = iteration["pulses"][iteration["iteration"] <= last].sum()
        assert pulsed["pulses"][pulsed["iteration"] == last].sum() == so_far > 0


def test_only_changes_of_the_threshold_are_written(tmp_path: Path) -> None:
    with open_station("eapu-array", simulate=True, seed=4) as lab:
        changes = {**SMALL, "threshold": 1e-4, "iterations": 3, "software_epochs": 1}
        ended = api.run(TrainDdk(**changes), lab, seed=4, output=tmp_path)
    assert ended.file is not None
    assert RunData(ended.file).arrays("iteration")["pulses"].sum() == 0


@pytest.mark.parametrize("cut", [1, 3, 5])
def test_a_training_that_is_cut_and_resumed_is_the_unbroken_one_bit_for_bit(
    trained: RunData, cut: int, cut_and_resumed: Callable[..., RunData]
) -> None:
    resumed = cut_and_resumed(TrainDdk(**SMALL), cut, seed=4, station="eapu-array")
    assert resumed.status == "done"
    for stream in ("confusion", "kinetics", "written", "accuracy", "iteration", "varied", "quantised"):
        theirs, ours = trained.arrays(stream), resumed.arrays(stream)
        for name in theirs.keys() - {"time"}:
            assert np.array_equal(theirs[name], ours[name]), (stream, name)


def test_the_digits_last_layer_is_on_the_board(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    images, labels = rng.integers(0, 255, (200, 28, 28)).astype(np.uint8), np.arange(200).astype(np.uint8) % 10
    np.savez(tmp_path / "noise.npz", x_train=images, y_train=labels, x_test=images[:50], y_test=labels[:50])
    changes = {**SMALL, "task": "digits", "data": str(tmp_path / "noise.npz"), "software_epochs": 1, "iterations": 2}
    with open_station("eapu-array", simulate=True, seed=4) as lab:
        ended = api.run(TrainDdk(**changes), lab, seed=4, output=tmp_path)
    assert ended.file is not None
    data = RunData(ended.file)
    assert TrainDdk.analyse(data).summary["cells"] == 480
    assert data.arrays("kinetics")["device"].max() == 27


def test_the_figure_is_drawn(trained: RunData, tmp_path: Path) -> None:
    TrainDdk.figure(trained).savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"batch": 2001}, "batch is 2001, but there are 2,000"),
        ({"task": "digits", "data": "nowhere.npz"}, "cannot be read as digits"),
    ],
)
def test_what_cannot_be_done_is_refused_in_the_dry_run(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        api.dry_run(TrainDdk(**{**SMALL, **changes}), open_station("eapu-array", simulate=True))


@pytest.mark.parametrize("changes", [{"lowest": 2e-4}, {"bits": (1,)}, {"kinetics_sweep": (-0.1,)}])
def test_parameters_that_contradict_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        TrainDdk.from_mapping(changes)
