"""Letters, filters and neurons: each sub-image fires the neuron of its own filter and no other one."""

from collections.abc import Callable

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.analysis.neuron_array import FILTERS, LETTERS, filter_of, sub_images
from labctl.errors import ConfigError, LimitError
from labctl.runner import Run

INFERENCE = plugins.load("protocols", "pattern-inference")
RunOn = Callable[..., Run]


def test_the_letters_are_made_of_the_eight_filters_and_of_no_others() -> None:
    used = {filter_of(pixels) for letter in LETTERS for pixels in sub_images(letter)}
    assert used == set(range(1, 9))
    assert len(set(FILTERS)) == 8


@pytest.mark.parametrize(
    ("letter", "bits"), [("U", "11110000"), ("M", "11110000"), ("A", "00001100"), ("S", "11000011")]
)
def test_the_filters_of_a_letter_are_its_prototype(letter: str, bits: str) -> None:
    fired = {filter_of(pixels) for pixels in sub_images(letter)}
    assert "".join(str(int(number in fired)) for number in range(1, 9)) == bits


def test_each_sub_image_fires_its_filter_alone_and_noise_makes_it_take_longer(run_on: RunOn) -> None:
    run = run_on(INFERENCE.from_mapping({"sampling": 4e-6}), station="neuron-8x8", seed=2)
    assert run.summary["distinct_letters"] == 4
    assert run.summary["clean_right"] == 1.0
    assert run.summary["clean_wrong"] == 0.0
    assert run.summary["noisy_wrong"] == 0.0
    assert run.summary["noise_delay_us"] > 3.0 * run.summary["noisy_integration_error_us"]
    assert len(INFERENCE.figure(run.data).axes) == 10
    rows = run.data.arrays("response")
    hits = rows["fired"].astype(bool)
    assert np.corrcoef(rows["depth"][hits], rows["integration"][hits])[0, 1] < -0.5


def test_pixels_too_pale_fire_nothing(run_on: RunOn) -> None:
    run = run_on(INFERENCE.from_mapping({"amplitude": 0.3, "noisy": 0, "sampling": 10e-6}), station="neuron-8x8")
    assert run.summary["clean_right"] == 0.0
    assert run.summary["distinct_letters"] == 0


def test_an_array_without_a_multiplexer_is_refused() -> None:
    with (
        labctl.open_station("neuron-8x3", simulate=True, seed=1) as lab,
        pytest.raises(ConfigError, match=r"no line pixel"),
    ):
        INFERENCE.from_mapping({}).plan(lab["array"])


def test_pixels_beyond_what_the_sample_stands_are_refused(run_on: RunOn) -> None:
    with pytest.raises(LimitError):
        run_on(INFERENCE.from_mapping({"amplitude": 1.4}), station="neuron-8x8")
