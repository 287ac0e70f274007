"""A training in a program of its own, killed at a random moment and resumed, is the unbroken one to the last bit.

And what each run says of where its weights lie.
"""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labctl import api, plugins
from labctl.errors import DataFileError
from labctl.protocol import Protocol
from labctl.runfile.journal import is_being_written
from labctl.runfile.reader import RunData
from labctl.stations.station import open_station

SEED = 1
SMALL: dict[str, dict[str, Any]] = {
    "train-ssl": {"epochs": 6, "checkpoint": 2, "schemes": "drift", "pins": [1.0, 1.4], "learning_rate": 0.01},
    "train-cnn": {"software_epochs": 1, "iterations": 8, "evaluate_every": 4, "batch": 20, "threshold": 0.0},
    "train-autoencoder": {"mini_batches": 12, "validate_every": 4, "batch": 16, "test_images": 20},
    "train-ddk": {
        "task": "digits", "software_epochs": 1, "iterations": 8, "evaluate_every": 4, "batch": 20,
        "kinetics_sweep": [0.5], "synapse_sweep": [], "bits": [8],
    },
}  # fmt: skip
LONGEST_DELAY = 0.1
"""s from the step that is waited for to the kill."""


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bright bar at one of ten heights, in noise."""
    rng = np.random.default_rng(5)
    labels = (np.arange(360) % 10).astype(np.uint8)
    images = rng.integers(0, 90, (360, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 + 2 * label :][:6, 4:24] += 120
    file = tmp_path_factory.mktemp("digits") / "bars.npz"
    np.savez(file, x_train=images[:300], y_train=labels[:300], x_test=images[300:], y_test=labels[300:])
    return file


def made(name: str, digits: Path) -> Protocol:
    protocol: type[Protocol] = plugins.load("protocols", name)
    return protocol.from_mapping({**SMALL[name], "data": str(digits)})


@pytest.fixture(scope="module")
def whole(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], RunData]:
    """Give the unbroken run of a training, run once."""
    done: dict[str, RunData] = {}

    def run(name: str) -> RunData:
        if name not in done:
            done[name] = unbroken(name, digits, tmp_path_factory.mktemp(name))
        return done[name]

    return run


def unbroken(name: str, digits: Path, folder: Path) -> RunData:
    protocol = made(name, digits)
    with open_station(protocol.station, simulate=True, seed=SEED) as lab:
        ended = api.run(protocol, lab, seed=SEED, output=folder)
    assert ended.file is not None
    return RunData(ended.file)


def killed(name: str, digits: Path, folder: Path, steps: int, delay: float) -> Path:
    """Start ``labctl run``, kill it ``delay`` s after so many steps, and return its file."""
    words = ["run", name, "--simulate", "--seed", str(SEED), "--output", str(folder), "--set", f"data={digits}"]
    words += [word for key, value in SMALL[name].items() for word in ("--set", f"{key}={value}")]
    child = subprocess.Popen(
        [sys.executable, "-c", "from labctl.cli import main; main()", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert child.stdout is not None
    with child.stdout:
        try:
            file: Path = awaited(lambda: next(folder.glob("*.h5"), None), child)
            awaited(lambda: RunData(file).lengths["steps"] >= steps, child)
            time.sleep(delay)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
    return file


def awaited(look: Callable[[], Any], child: "subprocess.Popen[bytes]") -> Any:
    """Return what ``look`` finds as soon as it finds something; a file that is just being made is not there yet."""
    end = time.monotonic() + 60.0
    while time.monotonic() < end and child.poll() is None:
        try:
            if found := look():
                return found
        except (DataFileError, OSError):
            pass
        time.sleep(0.02)
    assert child.stdout is not None
    raise AssertionError(f"the run came to nothing: {child.stdout.read().decode()}")


def resumed(file: Path) -> RunData:
    assert not is_being_written(file)
    with api.station_of(file) as lab:
        api.drive(api.resume(file, station=lab))
    return RunData(file)


def assert_equal(found: RunData, expected: RunData) -> None:
    """Every row of every stream, time and all, and the summary, bit for bit."""
    assert found.status == "done"
    assert found.streams == expected.streams
    for stream in expected.streams:
        ours, theirs = found.arrays(stream), expected.arrays(stream)
        assert list(ours) == list(theirs)
        for column, values in theirs.items():
            assert ours[column].tobytes() == values.tobytes(), (stream, column)
    assert found.summary == expected.summary


@pytest.mark.parametrize(("name", "begun"), [*((name, True) for name in SMALL), ("train-autoencoder", False)])
def test_a_training_that_is_killed_at_a_random_moment_and_resumed_is_the_unbroken_one_bit_for_bit(
    name: str, begun: bool, digits: Path, whole: Callable[[str], RunData], tmp_path: Path
) -> None:
    expected = whole(name)
    drawn = random.Random(name)
    steps = drawn.randrange(1, expected.lengths["steps"] - 1) if begun else 0
    file = killed(name, digits, tmp_path, steps, drawn.uniform(0.0, LONGEST_DELAY))
    found = resumed(file)
    assert len(found.gaps) == 1
    assert_equal(found, expected)


@pytest.mark.parametrize("name", SMALL)
def test_a_run_keeps_a_map_of_its_cells_from_before_its_first_step(name: str, whole: Callable[[str], RunData]) -> None:
    run = whole(name)
    placed = run.arrays("placed")
    assert len(np.unique(placed["cell"])) == len(placed["cell"])
    assert np.all(run.arrays("steps")["rows_placed"] == len(placed["cell"]))
    shape = {
        (layer, part): tuple(placed[axis][mine].max() + 1 for axis in ("copy", "map_row", "map_column"))
        for layer in np.unique(placed["layer"]).tolist()
        for part in (-1, 0, 1)
        if (mine := (placed["layer"] == layer) & (placed["part"] == part)).any()
    }
    assert len(placed["cell"]) == sum(np.prod(size) for size in shape.values())
    assert (
        shape
        == {
            "train-ssl": {(0, 1): (1, 784, 256), (1, 1): (1, 256, 10)},
            "train-cnn": {
                (n, part): (1, *size) for n, size in enumerate(((8, 9), (96, 9), (120, 16))) for part in (-1, 1)
            },
            "train-autoencoder": {(0, 1): (1, 9, 3), (1, 1): (1, 27, 3), (2, 1): (1, 27, 1), (3, 0): (1, 27, 1)},
            "train-ddk": {(1, 1): (1, 10, 48)},
        }[name]
    )


@pytest.mark.parametrize(
    ("name", "stream"), [("train-cnn", "written"), ("train-autoencoder", "loaded"), ("train-ddk", "written")]
)
def test_the_map_is_of_the_cells_that_were_written(name: str, stream: str, whole: Callable[[str], RunData]) -> None:
    placed, written = whole(name).arrays("placed"), whole(name).arrays(stream)
    layer = dict(zip(placed["cell"].tolist(), placed["layer"].tolist(), strict=True))
    assert set(written["cell"].tolist()) == layer.keys()
    if "layer" in written:
        assert [layer[cell] for cell in written["cell"].tolist()] == written["layer"].tolist()


def test_the_map_of_pairs_is_where_the_run_has_its_weights(whole: Callable[[str], RunData]) -> None:
    placed, weight = whole("train-cnn").arrays("placed"), whole("train-cnn").arrays("weight")
    positive = placed["part"] == 1
    of = {
        int(cell): (int(row), int(column))
        for cell, row, column in zip(*(placed[key][positive] for key in ("cell", "map_row", "map_column")), strict=True)
    }
    for cell, row, column in zip(weight["cell"], weight["map_row"], weight["map_column"], strict=True):
        assert of[int(cell)] == (row, column)
