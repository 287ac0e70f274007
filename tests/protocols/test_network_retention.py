"""A network on the simulated gate-tuned array over 60 h (EAPU-G); seeds are stated."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.errors import ConfigError, LimitError
from labctl.protocol import Step
from labctl.rows import Block
from labctl.runfile.reader import RunData
from labctl.runner import Run

RunOn = Callable[..., Run]


def network_retention(**parameters: Any) -> Any:
    return plugins.load("protocols", "network-retention").from_mapping(parameters)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Ten classes of images that anybody can tell apart: a block in a place of its own, and noise."""
    rng = np.random.default_rng(2)
    parts = {}
    for name, count in (("train", 800), ("test", 400)):
        labels = rng.integers(0, 10, count).astype(np.uint8)
        images = rng.integers(0, 60, (count, 28, 28)).astype(np.uint8)
        for image, label in zip(images, labels, strict=True):
            row, column = divmod(int(label), 4)
            image[2 + 8 * row : 10 + 8 * row, 2 + 6 * column : 8 + 6 * column] += 120
        parts |= {f"x_{name}": images, f"y_{name}": labels}
    path = tmp_path_factory.mktemp("digits") / "digits.npz"
    np.savez(path, **parts)
    return str(path)


def test_the_accuracy_is_held_and_the_conductances_fall(run_on: RunOn, digits: str) -> None:
    run = run_on(network_retention(data=digits, points=5), seed=1, station="eapu-array")
    summary = run.summary
    assert summary["weights"] == 64 * 32 + 32 * 24 + 24 * 10
    assert summary["yield"] > 0.99
    assert summary["span_h"] == pytest.approx(60.0, rel=1e-3)
    assert summary["software_accuracy"] > 0.97
    # 'Held': two standard errors of a difference of two accuracies of 400 images at 95 %.
    assert summary["accuracy_loss_points"] < 3.0
    assert summary["accuracy_last"] > 0.9
    assert summary["mean_shift_uS"] < -20.0 * summary["mean_shift_se_uS"]
    assert summary["error_sd_last_uS"] > summary["error_sd_first_uS"]


def test_the_accuracies_are_those_of_the_rows(run_on: RunOn, digits: str) -> None:
    protocol = network_retention(data=digits, points=2, duration=100.0)
    data = run_on(protocol, seed=2, station="eapu-array").data
    reading, accuracy = data.arrays("reading"), data.arrays("accuracy")
    from labctl.training.perceptron import accuracy as of
    from labctl.training.perceptron import shrunk

    with np.load(digits) as file:
        inputs, labels = shrunk(file["x_test"]), file["y_test"]
    last = reading["conductance"][reading["point"] == 1]
    weights = (last - 45e-6) / 80e-6
    parts = np.split(weights, [2048, 2048 + 768])
    layers = [part.reshape(shape) for part, shape in zip(parts, ((64, 32), (32, 24), (24, 10)), strict=True)]
    assert accuracy["accuracy"][1] == of(layers, inputs, labels)
    assert np.array_equal(reading["cell"][:3056], np.arange(3056))


def test_a_run_goes_on_from_its_step(digits: str) -> None:
    protocol = network_retention(data=digits, points=3, duration=50.0, batch=1000)

    def rows(stop: int | None) -> list[bytes]:
        found: list[bytes] = []
        with labctl.open_station("eapu-array", simulate=True, seed=4) as lab:

            def drive(resume: Step | None, until: int | None) -> Step | None:
                arguments = {"array": lab["pe-board"], "clock": lab.clock, "rng": np.random.default_rng(9)}
                for item in protocol.run(**arguments, resume=resume):
                    if isinstance(item, Step):
                        if item.done == until:
                            return item
                    elif hasattr(item, "seconds"):
                        lab.clock.wait(item.seconds)
                    elif hasattr(item, "stream"):
                        found.append(item.to_bytes())
                    elif isinstance(item, Block):
                        found.append(item.rows.tobytes())
                return None

            drive(drive(None, stop), None) if stop else drive(None, None)
        return found

    whole = rows(None)
    assert len(whole) == 4 + 2 * 3
    assert all(rows(stop) == whole for stop in (2, 4, 5))


def test_the_analysis_and_the_figure_come_from_the_file_alone(run_on: RunOn, digits: str) -> None:
    run = run_on(network_retention(data=digits, points=2, duration=9.0), seed=5, station="eapu-array")
    protocol, data = plugins.load("protocols", "network-retention"), RunData(run.file)
    assert protocol.analyse(data).plain_summary() == run.summary
    assert len(protocol.figure(data).axes) == 3


def test_the_dry_run_says_what_the_run_will_do() -> None:
    plan = labctl.dry_run(network_retention(), labctl.open_station("eapu-array", simulate=True))
    assert plan.duration == pytest.approx(60 * 3600.0, rel=1e-3)
    assert plan.work == 12 + 13
    assert plan.pulses_per_device == 1000


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"array": 7}, "the network has 3056 weights, but from array 7 on there are 2048 cells"),
        ({"highest": "0.3 mS"}, "the station's sample is for 1 uS to 200 uS"),
        ({"lowest": "90 uS"}, "must be below highest"),
        ({"first": "1 h", "duration": "1 h"}, "must be below duration"),
        ({"points": 1}, "points is 1, but must be at least 2"),
        ({"set_pulse": {"word_line": 1, "bit_line": 0, "source_line": 1, "width": 5e-8}}, "bit line must be above"),
    ],
)
def test_bad_input_is_refused_before_anything_is_touched(parameters: dict[str, Any], says: str) -> None:
    station = labctl.open_station("eapu-array", simulate=True)
    with pytest.raises((ConfigError, LimitError), match=says):
        labctl.dry_run(network_retention(**parameters), station)
    assert not station["pe-board"].link.transcript
