"""Two patterns, four synapses, two neurons: who fires, and what grows by it; all of it out of the circuit."""

from collections.abc import Callable
from typing import Any

import pytest

import labctl
from labctl import plugins
from labctl.errors import ConfigError
from labctl.protocol import Step
from labctl.runner import Run

LEARNING = plugins.load("protocols", "unsupervised-2x2")
RunOn = Callable[..., Run]
LOW = {"shape": "spikes", "amplitude": 0.85, "width": 400e-6, "sampling": 2e-6}


@pytest.mark.parametrize(("station", "values"), [("neuron-2x2", {}), ("neuron-2x2-low", LOW)])
def test_the_firing_neurons_synapses_grow(run_on: RunOn, station: str, values: dict[str, Any]) -> None:
    summary = run_on(LEARNING.from_mapping(values), station=station).summary
    assert (summary["fired_10_N1"], summary["fired_10_N2"]) == (0, 1)
    assert summary["growth_10_S12"] > 1.2
    for synapse in ("S11", "S21", "S22"):
        assert summary[f"growth_10_{synapse}"] == pytest.approx(1.0, abs=0.05)
    assert (summary["fired_11_N1"], summary["fired_11_N2"]) == (1, 1)
    grown = {name: summary[f"growth_11_{name}"] for name in ("S11", "S12", "S21", "S22")}
    assert min(grown["S12"], grown["S21"]) > max(grown["S11"], grown["S22"])


def test_without_firing_nothing_grows(run_on: RunOn) -> None:
    summary = run_on(LEARNING.from_mapping({"amplitude": 0.35}), station="neuron-2x2").summary
    assert not any(summary[name] for name in summary if name.startswith("fired"))
    assert all(summary[name] == pytest.approx(1.0, abs=0.05) for name in summary if name.startswith("growth"))


def test_a_run_that_goes_on_gives_what_an_unbroken_one_gives() -> None:
    def rows(broken: bool) -> list[Any]:
        with labctl.open_station("neuron-2x2", simulate=True, seed=5) as lab:
            protocol, found = LEARNING.from_mapping({}), []
            for item in protocol.run(lab["array"], lab.clock):
                found.append(item)
                if broken and isinstance(item, Step):
                    break
            if broken:
                found += protocol.run(lab["array"], lab.clock, resume=Step(1, 2))
        return [item for item in found if type(item).__name__ in {"Firing", "Weight"}]

    assert str(rows(broken=True)) == str(rows(broken=False))


def test_the_figure_shows_each_input(run_on: RunOn) -> None:
    run = run_on(LEARNING.from_mapping({"sampling": 20e-6}), station="neuron-2x2")
    assert len(LEARNING.figure(run.data).axes) == 8
    assert LEARNING.analyse(run.data).summary == pytest.approx(run.summary)


def test_an_array_of_another_size_is_refused() -> None:
    with (
        labctl.open_station("neuron-8x3", simulate=True, seed=1) as lab,
        pytest.raises(ConfigError, match=r"2 lines row..., but the station's array has 4"),
    ):
        LEARNING.from_mapping({}).plan(lab["array"])
