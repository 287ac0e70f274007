"""Three neurons compete for patterns: prototypes, inhibition, RESET of what was inactive; all of it in the circuit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.analysis.neuron_array import learned, prototypes
from labctl.errors import ConfigError
from labctl.protocol import Step
from labctl.runner import Run

LEARNING = plugins.load("protocols", "unsupervised-8x3")
RunOn = Callable[..., Run]
QUICK = {"step": 0.04, "sampling": 5e-6}


def test_three_neurons_learn_the_three_prototypes(run_on: RunOn) -> None:
    run = run_on(LEARNING.from_mapping({**QUICK, "patterns": 14}), station="neuron-8x3", seed=1)
    assert run.summary["prototypes_found"] == 3
    assert run.summary["wins_until_kept"] <= 3
    assert run.summary["winners_right_after"] == 1.0
    assert run.summary["amplitude_ratio"] < 1.0
    assert run.summary["start_uS"] == pytest.approx(100.0, abs=5.0)
    assert run.summary["active_uS"] > 100.0
    assert run.summary["inactive_uS"] < 20.0
    assert len(LEARNING.figure(run.data).axes) == 5


def test_a_win_sets_the_winners_active_rows_and_resets_its_others(run_on: RunOn) -> None:
    run = run_on(LEARNING.from_mapping({**QUICK, "patterns": 1, "noise": 0.0}), station="neuron-8x3", seed=3)
    cycle, weights = run.data.arrays("cycle"), learned(run.data)
    winner = int(cycle["winner"][0]) - 1
    inputs = np.array([cycle[f"input{number}"][0] for number in range(1, 5)])
    active = inputs > 0.6
    assert np.all(weights[1, winner, active] > weights[0, winner, active])
    assert np.all(weights[1, winner, ~active] < 0.2 * weights[0, winner, ~active])
    losers = [number for number in range(3) if number != winner]
    assert np.all(weights[1, losers] > 0.9 * weights[0, losers])


def test_patterns_too_weak_to_fire_change_nothing(run_on: RunOn) -> None:
    values = {"patterns": 2, "start": 0.2, "highest": 0.3, "step": 0.05}
    run = run_on(LEARNING.from_mapping(values), station="neuron-8x3")
    assert run.data.arrays("cycle")["winner"].tolist() == [0, 0]
    np.testing.assert_allclose(learned(run.data)[-1], learned(run.data)[0], rtol=0.02)


def test_a_run_that_goes_on_gives_what_an_unbroken_one_gives() -> None:
    def rows(broken: bool) -> list[Any]:
        protocol, found = LEARNING.from_mapping({**QUICK, "patterns": 2}), []
        with labctl.open_station("neuron-8x3", simulate=True, seed=5) as lab:
            for item in protocol.run(lab["array"], np.random.default_rng(5)):
                found.append(item)
                if broken and isinstance(item, Step):
                    break
            if broken:
                found += protocol.run(lab["array"], np.random.default_rng(5), resume=Step(1, 2))
        return [item for item in found if not isinstance(item, Step)]

    assert str(rows(broken=True)) == str(rows(broken=False))


def test_active_rows_are_those_above_half_of_the_largest() -> None:
    siemens = np.array([[110e-6, 50e-6, 50e-6, 5e-6], [5e-6, 5e-6, 90e-6, 5e-6]])
    assert prototypes(siemens) == ["11000000", "00001100"]


@pytest.mark.parametrize("values", [{"start": 1.4, "highest": 1.0}, {"low": 1.5}, {"patterns": 0}])
def test_what_makes_no_measurement_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        LEARNING.from_mapping(values)


def test_an_array_of_another_size_is_refused() -> None:
    with (
        labctl.open_station("neuron-2x2", simulate=True, seed=1) as lab,
        pytest.raises(ConfigError, match=r"4 lines row..., but the station's array has 2"),
    ):
        LEARNING.from_mapping({}).plan(lab["array"])
