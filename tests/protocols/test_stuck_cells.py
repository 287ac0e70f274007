"""Trainings on arrays with planted cells that are stuck, fail or drift: they are told, no others are, and it learns."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from labctl import api
from labctl.capabilities import ArrayGeometry
from labctl.protocol import Protocol
from labctl.runfile.reader import RunData
from labctl.stations.model import shipped_stations
from labctl.stations.station import Station, open_station
from labctl.training import in_situ, sparse_learning
from labctl.training.stuck import VAIN
from labctl.updates.scheme import Outcome, UpdateScheme
from protocols.restoring import RestorationProtocol
from protocols.train_autoencoder import TrainAutoencoder
from protocols.train_ssl import TrainSsl

BOARD = ArrayGeometry(8, 128, 16)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As the protocols do it: threads cost more than they give."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A bright bar at one of ten heights, in noise."""
    rng = np.random.default_rng(5)
    labels = (np.arange(700) % 10).astype(np.uint8)
    images = rng.integers(0, 90, (700, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 + 2 * label :][:6, 4:24] += 120
    file = tmp_path_factory.mktemp("digits") / "bars.npz"
    np.savez(file, x_train=images[:500], y_train=labels[:500], x_test=images[500:], y_test=labels[500:])
    return str(file)


@pytest.fixture
def run_on(tmp_path: Path) -> Callable[..., RunData]:
    """Run a protocol where cells are stuck, by what they are stuck at, in the unit of the station's twin."""

    def run(protocol: Protocol, seed: int, stuck: dict[int, float]) -> RunData:
        station = shipped_stations()[protocol.station].read_text()
        if protocol.station == "pcm-array":
            station += "\n[simulation.instruments.array.options]"
        path = tmp_path / "station.toml"
        path.write_text(f"{station}\nstuck = {[list(item) for item in stuck.items()]}\n")
        with open_station(path, simulate=True, seed=seed) as lab:
            ended = api.run(protocol, lab, seed=seed, output=tmp_path)
        assert ended.file is not None
        return RunData(ended.file)

    return run


def board_cells(lab: Station) -> Any:
    assert lab.lab is not None
    return lab.lab.front_end("pe-board").cells


# -- the error-aware update -------------------------------------------------------------------------------------------


def test_planted_cells_are_told_and_the_training_does_without_them(digits: str, run_on: Callable[..., RunData]) -> None:
    small = {"mini_batches": 30, "validate_every": 30, "batch": 16, "test_images": 40, "learning_rate": 0.02}
    protocol = TrainAutoencoder.from_mapping({"data": digits, **small})
    layers, reference = in_situ.place(protocol.task().network, BOARD, 0)
    cells = np.random.default_rng(8).choice(np.concatenate([part.reshape(-1) for part in layers]), 5, replace=False)
    planted = dict(zip(cells.tolist(), (35e-6, 125e-6, 40e-6, 120e-6, 45e-6), strict=True))
    sound, run = run_on(protocol, 5, {}), run_on(protocol, 5, {**planted, int(reference[3]): 60e-6})
    assert sound.lengths["stuck"] == 0, "seed 5 draws no stuck cell there"
    stuck = run.arrays("stuck")
    assert set(stuck["cell"].tolist()) == planted.keys()
    for cell, conductance in zip(stuck["cell"].tolist(), stuck["conductance"].tolist(), strict=True):
        assert conductance == pytest.approx(planted[cell], rel=0.01)
    assert (sound.summary["stuck_cells"], run.summary["stuck_cells"]) == (0, 5)
    assert (sound.summary["references_missed"], run.summary["references_missed"]) == (0, 1)
    said = "\n".join(run.log["message"])
    assert f"1 cell of the reference column missed the conductance wanted: {reference[3]}" in said
    assert f"5 cells that pulses do not change, left alone from now on: {stuck['cell'][0]}, " in said
    assert float(run.summary["in_situ_loss"]) < 1.5 * float(sound.summary["in_situ_loss"])
    losses = run.arrays("iteration")["loss"][run.arrays("iteration")["who"] == 2]
    assert losses[-5:].mean() < 0.5 * losses[0]


def made_up(training: in_situ.InSituTraining, chosen: Any, draw: Callable[[], Any]) -> Callable[..., float]:
    """Return a step of a learner that changes the weights of the cells ``chosen`` by what ``draw`` gives."""
    shapes = [part.shape for part in training.learner.maps()]
    ends = np.cumsum([rows * columns for rows, columns in shapes])[:-1]

    def step(inputs: Any, targets: Any) -> float:
        change = np.zeros(len(training.scheme.cells))
        change[chosen] = draw()
        parts = zip(training.learner.maps(), np.split(change, ends), shapes, strict=True)
        training.learner.take([old + part.reshape(shape) for old, part, shape in parts])
        return 0.0

    return step


def test_cells_that_are_driven_to_the_end_of_their_range_are_not_stuck(
    digits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RESET pulses alone leave a cell at the bottom, where one more changes nothing; the next SET does."""
    protocol = TrainAutoencoder.from_mapping({"data": digits, "scheme": "sign", "batch": 1})
    with open_station("eapu-array", simulate=True, seed=5) as lab:
        training, images = prepared(protocol, lab["pe-board"])
        training.load()
        chosen, draws = np.arange(20), iter([np.full(20, -0.05)] * 200 + [np.full(20, 0.05)] * 40)
        monkeypatch.setattr(training.learner, "step", made_up(training, chosen, lambda: next(draws)))
        found = [training.iterate(*images.batch(0)).stuck for _ in range(200)]
        bottom = training.measure()[chosen]
        found += [training.iterate(*images.batch(0)).stuck for _ in range(40)]
        assert (bottom < training.scheme.window[0]).mean() > 0.8
        assert not np.concatenate(found).size
        assert (training.measure()[chosen] > bottom + 5e-6).all()


@pytest.mark.parametrize("scheme", ["memorial", "two-pulse"])
def test_cells_that_fail_during_a_training_are_found_and_get_no_more_pulses(
    scheme: str, digits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 40 cells that a made-up learner changes by 4 uS each time, five fail at the sixth."""
    protocol = TrainAutoencoder.from_mapping({"data": digits, "scheme": scheme, "batch": 1})
    rng = np.random.default_rng(9)
    with open_station("eapu-array", simulate=True, seed=5) as lab:
        training, images = prepared(protocol, lab["pe-board"])
        assert not len(training.load().stuck)
        chosen = rng.choice(len(training.scheme.cells), 40, replace=False)
        monkeypatch.setattr(training.learner, "step", made_up(training, chosen, lambda: rng.choice([-0.05, 0.05], 40)))
        found: dict[int, int] = {}
        pulsed: list[set[int]] = []
        update = training.scheme.update

        def recorded(places: Any, changes: Any) -> Outcome:
            pulsed.append(set(places.tolist()))
            return update(places, changes)

        monkeypatch.setattr(training.scheme, "update", recorded)
        for number in range(32):
            lab.clock.wait(1.0)
            if number == 5:
                for cell in training.scheme.cells[chosen[:5]].tolist():
                    true = board_cells(lab).conductance(np.array([cell]), now=lab.clock.now())
                    board_cells(lab).stick(np.array([cell]), float(true[0]))
            found |= dict.fromkeys(training.iterate(*images.batch(0)).stuck.tolist(), number)
    assert found.keys() == set(chosen[:5].tolist())
    assert max(found.values()) <= 5 + 24
    assert pulsed[0] == set(chosen.tolist())
    assert pulsed[-1] == set(chosen[5:].tolist())


def prepared(protocol: RestorationProtocol, array: Any) -> tuple[in_situ.InSituTraining, in_situ.Images]:
    task, recipe = protocol.task(), protocol._recipe()
    layers, reference = in_situ.place(task.network, array.geometry, 0)
    cells = np.concatenate([part.reshape(-1) for part in layers])
    training = in_situ.InSituTraining(
        in_situ.Learner(task, recipe, 6, protocol._weight_threshold()), recipe, array, layers, reference,
        protocol.writer().scheme(array, cells), protocol.writer(closed_loop=True).scheme(array, reference),
    )  # fmt: skip
    return training, in_situ.Images(task, recipe, 6)


# -- drift ------------------------------------------------------------------------------------------------------------


class Drifting:
    """An ideal board on which some cells lose so much conductance between two mini-batches; reads see it."""

    geometry = BOARD

    def __init__(self) -> None:
        self.conductances = np.full(BOARD.cells, 80e-6)

    def read_cells(self, cells: Any, *, voltage: float, averages: int = 1) -> Any:
        return self.conductances[cells] * voltage


class Ideal(UpdateScheme):
    """Writes exactly what is wanted."""

    def __init__(self, board: Drifting, cells: Any) -> None:
        super().__init__(cells, (5e-6, 155e-6), 1e-6)
        self.board = board

    def _load(self) -> Outcome:
        return self._update(np.arange(len(self.cells)), self.targets)

    def _update(self, places: Any, changes: Any) -> Outcome:
        self.board.conductances[self.cells[places]] = self.targets[places]
        return Outcome(np.ones(len(places), np.int64), self.targets[places], np.ones(len(places), bool))


def test_cells_that_drift_are_seen_and_brought_back(digits: str) -> None:
    """Every seventh weight loses 0.5 uS a mini-batch, 40 uS in all; to trust one's writes would not do."""
    protocol = TrainAutoencoder.from_mapping({"data": digits, "batch": 16, "learning_rate": 0.02, "test_images": 40})

    def trained(drift: float, *, blind: bool = False) -> float:
        board: Any = Drifting()
        training, images = prepared(protocol, board)
        training.scheme, training.references = Ideal(board, training.scheme.cells), Ideal(board, training.reference)
        training.load()
        lost = np.zeros(BOARD.cells)
        for number in range(80):
            lost[training.scheme.cells[::7]] += drift
            board.conductances[training.scheme.cells[::7]] -= drift
            board.conductances += lost if blind else 0.0
            training.iterate(*images.batch(number))
            board.conductances -= lost if blind else 0.0
        training.measure()
        return images.quality(training.learner.outputs(images.inputs)).loss

    still, drifted, unseen = trained(0.0), trained(0.5e-6), trained(0.5e-6, blind=True)
    assert drifted < 1.25 * still
    assert unseen > 2.0 * drifted


# -- the binarised network --------------------------------------------------------------------------------------------


def test_a_binarised_network_tells_the_cells_that_are_wrong_and_learns_all_the_same(
    digits: str, run_on: Callable[..., RunData]
) -> None:
    protocol = TrainSsl.from_mapping(
        {"data": digits, "epochs": 5, "checkpoint": 5, "pins": [1.4], "wait": "10 s", "learning_rate": 0.01}
    )
    count = 203_264
    rng = np.random.default_rng(11)
    planted = {int(cell): (1e7, 3e4)[n % 2] for n, cell in enumerate(rng.choice(count, count // 100, replace=False))}
    sound, run = run_on(protocol, 2, {}), run_on(protocol, 2, planted)
    assert sound.lengths["stuck"] == 0
    cells = np.array(list(planted))
    fixed = np.array([planted[cell] > 10**sparse_learning.CENTRE for cell in planted])
    word = run.arrays("word")
    wanted = np.unpackbits(word["bits"].view(np.uint8), bitorder="little").reshape(10, count)[:, cells].astype(bool)
    stuck = run.arrays("stuck")
    assert set(stuck["cell"].tolist()) == set(cells[(wanted != fixed).sum(axis=0) >= VAIN].tolist())
    assert 500 < len(stuck["cell"]) == run.summary["stuck_cells"]
    for cell, conductance in zip(stuck["cell"].tolist(), stuck["conductance"].tolist(), strict=True):
        assert conductance == pytest.approx(1.0 / planted[cell], rel=0.06)
    assert sum("pulses do not change" in message for message in run.log["message"]) >= 1
    for scheme in ("conventional", "drift"):
        accuracy = f"{scheme}_test_accuracy"
        assert float(run.summary[accuracy]) > float(sound.summary[accuracy]) - 5.0
