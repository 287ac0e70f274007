"""A synapse drives a neuron, on the simulated B1530A: small weights do not fire it, large ones do."""

from collections.abc import Callable

import pytest

import labctl
from labctl import plugins
from labctl.errors import ConfigError, LimitError
from labctl.runner import Run

SYNAPSE = plugins.load("protocols", "synapse-neuron")
run_type = Callable[..., Run]


@pytest.mark.parametrize("shape", ["spikes", "triangle"])
def test_a_small_weight_does_not_fire_and_a_large_one_does(run_on: run_type, shape: str) -> None:
    width = "100us" if shape == "spikes" else "600us"
    run = run_on(SYNAPSE.from_mapping({"shape": shape, "width": width, "repeats": 2}), station="neuron-synapse")
    assert run.summary["small_fired"] == 0.0
    assert run.summary["large_fired"] == 1.0
    assert run.summary["small_weight_uS"] < 15.1
    assert run.summary["large_weight_uS"] > 104.0
    assert 50.0 < run.summary["delay_us"] < 1600.0


def test_too_little_voltage_fires_neither(run_on: run_type) -> None:
    run = run_on(SYNAPSE.from_mapping({"amplitude": 0.3, "repeats": 1}), station="neuron-synapse")
    assert run.summary["large_fired"] == 0.0


def test_the_analysis_and_the_figure_need_the_file_alone(run_on: run_type) -> None:
    run = run_on(SYNAPSE.from_mapping({"repeats": 1}), station="neuron-synapse")
    data = run.data
    assert SYNAPSE.analyse(data).summary == pytest.approx(run.summary, nan_ok=True)
    assert len(SYNAPSE.figure(data).axes) == 4


def test_the_bench_is_safe_afterwards(run_on: run_type) -> None:
    run = run_on(SYNAPSE.from_mapping({"repeats": 1}), station="neuron-synapse")
    state = run.data.safe_state["array"]
    assert state["connected"] is False
    assert all(abs(value) < 0.05 for name, value in state.items() if name.endswith("_V"))


def test_a_weight_that_is_not_between_is_refused() -> None:
    with pytest.raises(ConfigError, match="must be below large"):
        SYNAPSE.from_mapping({"small": "200u"})


def test_a_station_without_such_an_array_is_refused() -> None:
    with (
        labctl.open_station("neuron-8x8", simulate=True, seed=1) as lab,
        pytest.raises(ConfigError, match=r"no line row"),
    ):
        SYNAPSE.from_mapping({}).plan(lab["array"])


def test_more_current_than_the_sample_stands_is_refused(run_on: run_type) -> None:
    with pytest.raises(LimitError, match="current"):
        run_on(SYNAPSE.from_mapping({"amplitude": 2.0, "pulses": 1}), station="neuron-synapse")
