"""A training in a program of its own, killed at a random moment and resumed, is the unbroken one to the last bit."""

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
    "train-cnn": {"software_epochs": 1, "iterations": 12, "evaluate_every": 3, "batch": 20, "threshold": 0.0},
    "train-autoencoder": {"mini_batches": 16, "validate_every": 4, "batch": 16, "test_images": 20},
    "train-ddk": {
        "task": "digits", "software_epochs": 2, "iterations": 12, "evaluate_every": 3, "batch": 20,
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


@pytest.mark.parametrize("name", SMALL)
def test_a_training_that_is_killed_at_a_random_moment_and_resumed_is_the_unbroken_one_bit_for_bit(
    name: str, digits: Path, tmp_path: Path
) -> None:
    expected = unbroken(name, digits, tmp_path / "unbroken")
    drawn = random.Random(name)
    steps = drawn.randrange(1, expected.lengths["steps"] - 1)
    file = killed(name, digits, tmp_path / "killed", steps, drawn.uniform(0.0, LONGEST_DELAY))
    found = resumed(file)
    assert len(found.gaps) == 1
    assert_equal(found, expected)
