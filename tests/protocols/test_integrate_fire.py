"""Integrate and fire on the simulated neuron: circuit and counts against theory, refusals, resume. Seeds are stated."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.analysis import firing
from labctl.errors import ConfigError, LimitError
from labctl.protocol import Step
from labctl.runner import Run

RunOn = Callable[..., Run]
QUICK = {"lead": 5e-3, "repeats": 3}


@pytest.fixture
def integrate_fire() -> Any:
    return plugins.load("protocols", "integrate-fire")


def test_shorter_pulses_take_more_of_them_as_the_closed_form_says(run_on: RunOn, integrate_fire: Any) -> None:
    summary = run_on(integrate_fire(**QUICK), seed=1, station="neuron").summary
    assert summary["fired_share"] == 1.0
    assert summary["pulses_first_level"] > summary["pulses_last_level"]
    assert summary["trend"] < -0.9
    # 15 counts with the rounding of whole pulses and a threshold that differs by 4 %
    assert summary["pulses_over_formula"] == pytest.approx(1.0, abs=0.15)
    # 50 kOhm and the generator's 50 Ohm with 5 nF, loaded by a probe of 10 MOhm and the memristor's some 10 MOhm
    assert summary["rc_low"] < 5e-9 / (1.0 / 50.05e3 + 2e-7) < summary["rc_high"]
    assert summary["spikes_agree"] == 1.0


def test_a_weak_train_fires_nothing_and_says_so(run_on: RunOn, integrate_fire: Any) -> None:
    protocol = integrate_fire(**QUICK, amplitude=0.4, levels=1, width_end=0.0)
    run = run_on(protocol, seed=1, station="neuron")
    assert run.summary["fired_share"] == 0.0
    assert run.summary["spikes_agree"] == 1.0
    assert np.isnan(run.summary["firing_voltage"])
    assert run.data.arrays("train")["pulses"].tolist() == [0, 0, 0]
    assert type(protocol).figure(run.data).axes


def test_without_a_capacitor_it_counts_by_the_memristors_own_memory(run_on: RunOn, integrate_fire: Any) -> None:
    protocol = integrate_fire(
        **QUICK, amplitude=0.5, width=2e-6, width_end=0.0, interval=2e-6, levels=1, capacitance=0.0, fire_current=4e-6,
        sampling=5e-7,
    )  # fmt: skip
    train = run_on(protocol, seed=2, station="neuron-bare").data.arrays("train")
    assert (train["pulses"] > 1).all()
    assert np.isnan(train["rc"]).all()


def test_a_resumed_run_has_every_train_once(integrate_fire: Any) -> None:
    protocol = integrate_fire(lead=5e-3, repeats=1, levels=3)
    with labctl.open_station("neuron", simulate=True, seed=3) as lab:
        roles = {"pulser": lab["pulser"], "scope": lab["scope"], "monitor": lab["fast-iv"]}
        items = list(protocol.run(**roles, clock=lab.clock, resume=Step(1, 3)))
    assert [item.done for item in items if isinstance(item, Step)] == [2, 3]
    assert [item.train for item in items if type(item).__name__ == "Train"] == [1, 2]


def test_the_analysis_can_be_repeated_offline(run_on: RunOn, integrate_fire: Any, tmp_path: Path) -> None:
    run = run_on(integrate_fire(**QUICK, levels=2), seed=4, station="neuron")
    again = firing.analyse(run.data).plain_summary()
    assert again == pytest.approx(run.summary, nan_ok=True)
    figure = integrate_fire.figure(run.data)
    figure.savefig(tmp_path / "neuron.png")
    assert (tmp_path / "neuron.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("parameters", "error", "says"),
    [
        ({"threshold": 0.5}, ConfigError, "charge C_m to 495 mV at most: that never fires at 500 mV"),
        ({"amplitude": 4.0}, LimitError, "the highest line voltage would be 4 V, but the station's sample stands 3 V"),
        ({"width": 1e-8}, ConfigError, "width is 10 ns, but must be at least 1 us"),
        ({"width_end": 0.0}, ConfigError, "neither amplitude_end, width_end nor interval_end"),
    ],
)
def test_what_is_impossible_is_refused_before_anything_is_touched(
    integrate_fire: Any, parameters: dict[str, Any], error: type[Exception], says: str
) -> None:
    with labctl.open_station("neuron", simulate=True) as lab, pytest.raises(error, match=says):
        labctl.api.dry_run(integrate_fire.from_mapping(parameters), lab)


def test_a_station_without_the_instruments_is_refused(integrate_fire: Any) -> None:
    with labctl.open_station("pcm-cell", simulate=True) as lab, pytest.raises(ConfigError, match="Digitizer"):
        labctl.api.dry_run(integrate_fire(), lab)
