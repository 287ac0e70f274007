"""A million cycles on the simulated cell, stuck cells, refusals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.analysis import endurance as analysis
from labctl.errors import ConfigError, LimitError
from labctl.protocol import Note, Step
from labctl.runner import Run
from labctl.stations.model import shipped_stations

RunOn = Callable[..., Run]


@pytest.fixture
def endurance() -> Any:
    return plugins.load("protocols", "endurance")


def test_a_cell_that_does_not_age_is_as_good_after_a_million_cycles(endurance: Any, tmp_path: Any) -> None:
    with labctl.open_station("pcm-cell", simulate=True, seed=1) as lab:
        run = labctl.run(endurance(), lab, seed=1, output=tmp_path)
        assert lab.clock.now() > 1e6 * 1.4e-6
    summary = run.summary
    assert summary["cycles"] == 1_000_000
    assert summary["samples"] == 31
    assert summary["stuck"] == summary["stuck_at"] == 0
    assert summary["least_ratio"] > 100
    for name in ("set", "reset"):
        assert abs(summary[f"{name}_trend"]) < 4 * summary[f"{name}_trend_error"]
    assert endurance.figure(run.data).get_axes()
    assert analysis.analyse(run.data).plain_summary() == summary


def test_cycles_that_are_read_are_even_in_the_logarithm(endurance: Any) -> None:
    assert endurance(cycles=1000, per_decade=3).samples() == [1, 2, 5, 10, 22, 46, 100, 215, 464, 1000]
    assert endurance(cycles=1).samples() == [1]


def test_one_cycle_of_the_burst_is_set_and_reset(endurance: Any) -> None:
    times, volts = endurance().waveform()
    assert volts.tolist() == [0.0, 3.0, 3.0, 0.0, 0.0, 5.0, 5.0, 0.0, 0.0]
    assert np.diff(times) == pytest.approx([5e-9, 247.5e-9, 300e-9, 500e-9, 5e-9, 55e-9, 5e-9, 500e-9])


def test_a_stuck_cell_is_told_and_ends_the_run(endurance: Any, tmp_path: Any) -> None:
    shipped = shipped_stations()["pcm-cell"].read_text()
    stuck = tmp_path / "stuck.toml"
    stuck.write_text(shipped.replace('device = "pcm"', 'device = "resistor"\noptions = { ohms = 2e4 }'))
    with labctl.open_station(stuck, simulate=True, seed=2) as lab:
        protocol = endurance(cycles=100)
        items = list(protocol.run(lab["pulser"], lab["smu"], lab.clock))
        run = labctl.run(protocol, lab, seed=2, output=tmp_path)
    assert any(isinstance(item, Note) and "stuck" in item.text for item in items)
    assert [item.done for item in items if isinstance(item, Step)] == [1, 2]
    assert run.summary["stuck"] == 1
    assert run.summary["stuck_at"] == 1


def test_a_resumed_run_goes_on_with_the_next_sample(endurance: Any) -> None:
    protocol = endurance(cycles=100, per_decade=1)
    with labctl.open_station("pcm-cell", simulate=True, seed=3) as lab:
        items = list(protocol.run(lab["pulser"], lab["smu"], lab.clock, resume=Step(2, 3)))
    assert [item.cycle for item in items if hasattr(item, "cycle")] == [100]


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"cycles": 0}, "cycles is 0, but must be at least 1"),
        ({"pause": "1 ns"}, "pause is 1 ns, but must be at least 50 ns"),
        ({"reset_pulse": {"height": 5.0, "base": 0.5, "width": "60 ns"}}, "must be 0 V"),
        ({"set_pulse": {"height": 3.0, "width": "100 ns", "fall": "300 ns"}}, "width"),
        ({"reset_pulse": {"height": 9.0, "width": "60 ns"}}, "9 V"),
    ],
)
def test_bad_input_is_refused_before_anything_is_touched(endurance: Any, parameters: dict[str, Any], says: str) -> None:
    station = labctl.open_station("pcm-cell", simulate=True)
    with pytest.raises((ConfigError, LimitError), match=says):
        labctl.dry_run(endurance.from_mapping(parameters), station)
    assert not any(instrument.link.transcript for instrument in station.instruments.values())
