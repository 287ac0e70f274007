"""Autoencoder and SRNet on the cells: arithmetic, the update on average, runs, kill and resume, and what is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.metrics import structural_similarity

from labctl import api
from labctl.capabilities import ArrayGeometry
from labctl.errors import ConfigError
from labctl.events import Event, Progress
from labctl.runfile.reader import RunData
from labctl.stations.station import open_station
from labctl.training import in_situ, restoration
from labctl.training.eapu import THRESHOLD, WEIGHT_PER_SIEMENS
from labctl.updates.scheme import Outcome, UpdateScheme
from protocols.restoring import RestorationProtocol
from protocols.train_autoencoder import TrainAutoencoder
from protocols.train_srnet import TrainSrnet

SMALL: dict[str, Any] = {"mini_batches": 12, "validate_every": 4, "batch": 16, "test_images": 20, "learning_rate": 0.02}
SQUARE = ArrayGeometry(8, 128, 16)
NETWORKS = (restoration.AUTOENCODER, restoration.SRNET)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As the protocols do it: threads cost more than they give."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Bright squares at random places."""
    rng = np.random.default_rng(5)
    images = np.zeros((120, 28, 28), np.uint8)
    for image, (row, place) in zip(images, rng.integers(2, 16, (120, 2)), strict=True):
        image[row : row + 9, place : place + 7] = 250
    labels = np.arange(120, dtype=np.uint8) % 10
    file = tmp_path_factory.mktemp("digits") / "squares.npz"
    np.savez(file, x_train=images[:100], y_train=labels[:100], x_test=images[100:], y_test=labels[100:])
    return str(file)


def run(folder: Path, protocol: RestorationProtocol, seed: int = 4) -> RunData:
    with open_station("eapu-array", simulate=True, seed=seed) as lab:
        ended = api.run(protocol, lab, seed=seed, output=folder)
    assert ended.file is not None
    return RunData(ended.file)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, digits: str) -> RunData:
    return run(tmp_path_factory.mktemp("trained"), TrainAutoencoder(data=digits, **SMALL))


# -- arithmetic -----------------------------------------------------------------------------------------------------


def test_the_networks_have_the_paper_s_weights_and_cells() -> None:
    assert [network.weights for network in NETWORKS] == [135, 369]
    for network, cells in zip(NETWORKS, (162, 396), strict=True):
        layers, reference = in_situ.place(network, SQUARE, 1)
        every = np.concatenate([*(part.reshape(-1) for part in layers), reference])
        assert len(np.unique(every)) == len(every) == cells
        assert every.min() >= 2048
        assert every.max() < 4096


def test_the_networks_give_images_of_28_by_28() -> None:
    for network, side in zip(NETWORKS, (28, 14), strict=True):
        weights = restoration.initial(network, torch.Generator().manual_seed(1))
        assert network.forward(torch.rand(2, 1, side, side), weights).shape == (2, 1, 28, 28)


def test_maps_and_their_inverse_are_exact_and_a_column_is_what_one_output_sums_over() -> None:
    for network in NETWORKS:
        for weight, layer in zip(
            restoration.initial(network, torch.Generator().manual_seed(2)), network.layers, strict=True
        ):
            assert torch.equal(restoration.from_map(restoration.as_map(weight, layer), layer), weight)
    first = restoration.AUTOENCODER.layers[0]
    weight = torch.rand(first.shape)
    window = torch.rand(1, 1, 3, 3)
    direct = torch.nn.functional.conv2d(window, weight).reshape(-1).double().numpy()
    assert window.double().reshape(-1).numpy() @ restoration.as_map(weight, first) == pytest.approx(direct, rel=1e-5)


def test_ssim_is_scikit_image_s_with_an_11_by_11_uniform_window() -> None:
    x, y = torch.rand(2, 5, 1, 28, 28, generator=torch.Generator().manual_seed(3)).unbind()
    theirs = [
        structural_similarity(a[0].double().numpy(), b[0].double().numpy(), win_size=11, data_range=1.0)
        for a, b in zip(x, y, strict=True)
    ]
    assert restoration.ssim(x, y) == pytest.approx(np.mean(theirs), abs=1e-9)
    assert restoration.ssim(x, x) == pytest.approx(1.0)


def test_psnr_of_an_error_of_a_tenth_is_20_db() -> None:
    assert restoration.psnr(torch.zeros(3, 1, 8, 8), torch.full((3, 1, 8, 8), 0.1)) == pytest.approx(20.0, abs=1e-5)


# -- the update -----------------------------------------------------------------------------------------------------


class Ideal(UpdateScheme):
    """Changes no cell, and keeps what was asked of it."""

    def __init__(self, cells: Any) -> None:
        super().__init__(cells, (0.0, 1.0), 1e-6)
        self.asked: list[Any] = []

    def _load(self) -> Outcome:
        return Outcome(np.zeros(len(self.cells), np.int64), self.targets, np.ones(len(self.cells), bool))

    def _update(self, places: Any, changes: Any) -> Outcome:
        made = np.zeros(len(self.cells))
        made[places] = changes
        self.asked.append(made)
        return Outcome(np.ones(len(places), np.int64), self.targets[places], np.ones(len(places), bool))


class Fixed:
    """An array whose cells stay as they are."""

    geometry = SQUARE

    def __init__(self) -> None:
        self.conductances = np.random.default_rng(8).uniform(40e-6, 120e-6, SQUARE.cells)

    def read_cells(self, cells: Any, *, voltage: float, averages: int = 1) -> Any:
        return self.conductances[cells] * voltage


def fixed_training(digits: str, threshold: float) -> tuple[in_situ.InSituTraining, Ideal, in_situ.Images]:
    protocol = TrainAutoencoder(data=digits, **SMALL)
    task, recipe = protocol.task(), protocol._recipe()
    array: Any = Fixed()
    layers, reference = in_situ.place(task.network, SQUARE, 0)
    ideal = Ideal(np.concatenate([part.reshape(-1) for part in layers]))
    learner = in_situ.Learner(task, recipe, 6, threshold)
    training = in_situ.InSituTraining(learner, recipe, array, layers, reference, ideal, Ideal(reference))
    return training, ideal, in_situ.Images(task, recipe, 6)


def test_the_gradient_is_that_of_finite_differences_of_measured_conductances(digits: str) -> None:
    training, _, images = fixed_training(digits, 0.0)
    inputs, targets = images.batch(0)
    array: Any = training.array
    training.measure()
    training.learner.step(inputs, targets)
    slopes = [
        restoration.as_map(weight.grad, layer) * WEIGHT_PER_SIEMENS
        for weight, layer in zip(training.learner.weights, restoration.AUTOENCODER.layers, strict=True)
        if weight.grad is not None
    ]

    def loss() -> float:
        training.measure()
        weights = [weight.detach().double() for weight in training.learner.weights]
        outputs = restoration.AUTOENCODER.forward(inputs.double(), weights)
        return float(((outputs - targets.double()) ** 2).mean())

    rng = np.random.default_rng(9)
    step = 0.05e-6
    for _ in range(30):
        layer = int(rng.integers(3))
        row, place = (int(rng.integers(size)) for size in training.layers[layer].shape)
        cell = training.layers[layer][row, place]
        kept, ends = array.conductances[cell], []
        for moved in (kept + step, kept - step):
            array.conductances[cell] = moved
            ends.append(loss())
        array.conductances[cell] = kept
        assert slopes[layer][row, place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=0.02, abs=20.0)


def test_the_change_asked_of_the_cells_is_on_average_what_adam_wants(digits: str) -> None:
    """Seeded; the same mini-batch again and again, so that Adam wants the same change again and again."""
    rounds, (aware, asked, images), (plain, wanted, _) = (
        400,
        *(fixed_training(digits, threshold) for threshold in (THRESHOLD, 0.0)),
    )
    batch = images.batch(0)
    for _ in range(rounds):
        aware.iterate(*batch)
    plain.iterate(*batch)
    truth = wanted.asked[0]
    size = THRESHOLD / WEIGHT_PER_SIEMENS
    chance = np.abs(truth) / size
    moved = chance > 0.0
    error = size * np.sqrt(chance * (1.0 - chance) / rounds)
    z = (np.mean(asked.asked, axis=0)[moved] - truth[moved]) / error[moved]
    assert moved.sum() > 60
    assert np.all(asked.asked[0][asked.asked[0] != 0.0].round(9) == pytest.approx(np.copysign(
        size, asked.asked[0][asked.asked[0] != 0.0]), rel=1e-4))  # fmt: skip
    assert abs(z.mean()) < 4.0 / np.sqrt(len(z))
    assert 0.7 < z.std() < 1.3


def test_cells_are_changed_from_what_they_were_measured_to_be(digits: str) -> None:
    training, ideal, images = fixed_training(digits, 0.0)
    training.load()
    training.iterate(*images.batch(0))
    array: Any = training.array
    moved = ideal.asked[0] != 0.0
    assert ideal.targets[moved] == pytest.approx((array.conductances[ideal.cells] + ideal.asked[0])[moved])


# -- runs -----------------------------------------------------------------------------------------------------------


def test_a_run_trains_float_and_cells_and_keeps_all_there_is_to_see(trained: RunData, tmp_path: Path) -> None:
    summary = TrainAutoencoder.analyse(trained).summary
    assert summary["weights"] == 135
    assert summary["mini_batches"] == 12
    assert len(trained.arrays("loaded")["cell"]) == 162
    validation, iteration = trained.arrays("validation"), trained.arrays("iteration")
    assert validation["iteration"].tolist() == [0, 4, 8, 12, 4, 8, 12]
    for who in (1, 2):
        loss = iteration["loss"][iteration["who"] == who]
        assert loss[-1] < 0.7 * loss[0]
    assert 0.0 < float(summary["updated_share"]) < 1.0
    assert float(summary["pulses_per_updated_cell"]) > 2.0
    assert summary["energy_uJ"] == pytest.approx(summary["pulses"] * summary["pulse_energy_pJ"] * 1e-6)
    weight, in_situ = trained.arrays("weight"), iteration["who"] == 2
    for last in (4, 8, 12):
        so_far = iteration["pulses"][in_situ & (iteration["iteration"] <= last)].sum()
        assert weight["pulses"][weight["iteration"] == last].sum() == so_far
    assert len(trained.arrays("picture")["pixel"]) == 4 * 6 * 784
    TrainAutoencoder.figure(trained).savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 20_000


def test_srnet_runs_and_the_sign_scheme_gives_each_updated_cell_one_pulse(tmp_path: Path, digits: str) -> None:
    few = {**SMALL, "mini_batches": 3}
    data = run(tmp_path, TrainSrnet(data=digits, scheme="sign", rule="every", **few))
    summary = TrainSrnet.analyse(data).summary
    assert summary["weights"] == 369
    assert summary["pulses_per_updated_cell"] == 1.0
    assert float(summary["pulses_per_device"]) > 0.8
    seldom = TrainSrnet.analyse(run(tmp_path, TrainSrnet(data=digits, scheme="sign", **few))).summary
    assert float(seldom["pulses_per_device"]) < float(summary["pulses_per_device"])


@pytest.mark.parametrize("scheme", ["two-pulse", "verify"])
def test_the_other_schemes_run(scheme: Any, tmp_path: Path, digits: str) -> None:
    protocol = TrainAutoencoder(data=digits, scheme=scheme, **{**SMALL, "mini_batches": 2})
    summary = TrainAutoencoder.analyse(run(tmp_path, protocol)).summary
    assert float(summary["pulses_per_updated_cell"]) >= 1.0


@pytest.mark.parametrize("cut", [1, 3])
def test_a_training_that_is_cut_and_resumed_is_the_unbroken_one_bit_for_bit(
    cut: int, trained: RunData, tmp_path: Path, digits: str
) -> None:
    with open_station("eapu-array", simulate=True, seed=4) as lab:
        prepared = api.prepare(TrainAutoencoder(data=digits, **SMALL), lab, seed=4, output=tmp_path)

        def stop(event: Event) -> None:
            if isinstance(event, Progress) and event.done == cut:
                prepared.stop()

        prepared.listen(stop)
        prepared.start()
        prepared.join()
    assert prepared.file is not None
    with api.station_of(prepared.file) as lab:
        api.drive(api.resume(prepared.file, station=lab))
    resumed = RunData(prepared.file)
    assert resumed.status == "done"
    for stream in ("loaded", "iteration", "validation", "picture", "weight"):
        theirs, ours = trained.arrays(stream), resumed.arrays(stream)
        for name in theirs.keys() - {"time"}:
            assert np.array_equal(theirs[name], ours[name]), (cut, stream, name)


# -- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"batch": 101}, "batch is 101, but there are 100 training images"),
        ({"array": 8}, "array is 8, but the arrays are 0 to 7"),
        ({"data": "nowhere.npz"}, "cannot be read as digits"),
    ],
)
def test_what_cannot_be_done_is_refused_in_the_dry_run(changes: dict[str, Any], words: str, digits: str) -> None:
    with pytest.raises(ConfigError, match=words):
        api.dry_run(TrainAutoencoder(**{"data": digits, **SMALL, **changes}), open_station("eapu-array", simulate=True))


def test_a_folder_of_images_is_trained_on_and_named(tmp_path: Path) -> None:
    for number in range(5):
        pixels = np.random.default_rng(number).integers(0, 256, (70, 70), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    ended = run(tmp_path / "runs", TrainSrnet(data=str(tmp_path), **SMALL))
    assert f"196 training patches of 4 images of the folder {tmp_path}" in ended.log["message"].iloc[0]
    assert np.isfinite(ended.summary["in_situ_ssim"])


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has 0 images"):
        api.dry_run(TrainAutoencoder(data=str(tmp_path)), open_station("eapu-array", simulate=True))


def test_an_array_that_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match=r"56 columns of 27 rows"):
        in_situ.place(restoration.SRNET, ArrayGeometry(1, 64, 16), 0)


@pytest.mark.parametrize("changes", [{"zero": 1e-6}, {"zero": 2e-4}, {"scheme": "none"}, {"mini_batches": 0}])
def test_parameters_that_contradict_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        TrainSrnet.from_mapping(changes)
