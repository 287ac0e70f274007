"""D.c. sweeps and forming on a simulated 1T1R cell. Seeds are stated; a run is one cell."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.errors import ConfigError, LimitError
from labctl.protocol import Step
from labctl.runner import Run
from labctl.stations.model import shipped_stations

RunOn = Callable[..., Run]


def made(name: str, **parameters: Any) -> Any:
    return plugins.load("protocols", name).from_mapping(parameters)


@pytest.fixture
def median_cell(tmp_path: Path) -> Path:
    """A station with a cell that has no spread from cell to cell."""
    text = shipped_stations()["rram-cell"].read_text()
    spreads = 'gate = "gate", low_spread = 0.0, high_spread = 0.0, rate_spread = 0.0, stuck_share = 0.0'
    path = tmp_path / "station.toml"
    path.write_text(text.replace('gate = "gate" }', spreads + " }"))
    assert spreads in path.read_text()
    return path


def test_a_median_cell_shows_the_currents_and_voltages_of_the_paper(run_on: RunOn, median_cell: Path) -> None:
    run = run_on(made("dc-sweep", cycles=5), seed=1, station=median_cell)
    summary = run.summary
    assert summary["cycles"] == 5
    assert summary["switched_share"] == 1.0
    # CNN-E: SET 60 uA at 1.5 V (put in), RESET 45 uA; the upper bound scatters by 5 % from pulse to pulse.
    assert summary["set_current_uA"] == pytest.approx(60.0, rel=0.1)
    assert summary["reset_current_uA"] == pytest.approx(45.0, rel=0.15)
    assert summary["set_voltage"] == pytest.approx(1.4, abs=0.1)
    assert summary["reset_voltage"] == pytest.approx(-1.2, abs=0.1)
    assert 0.0 < summary["set_voltage_ci95"] < 0.01
    assert summary["high_uS"] > 20 * summary["low_uS"]
    assert [axes.get_ylabel() for axes in type(run.protocol).figure(run.data).axes] == [
        "current (uA)", "|current| (uA)", "cycles (%)",
    ]  # fmt: skip


def test_the_gate_limits_the_low_state(run_on: RunOn, median_cell: Path) -> None:
    reached = [
        run_on(made("dc-sweep", cycles=2, gate_set=gate), seed=1, station=median_cell).summary["high_uS"]
        for gate in (1.0, 1.2)
    ]
    assert reached == pytest.approx([98 * 0.2, 98 * 0.4], rel=0.15)


def test_the_compliance_limits_current_and_state(run_on: RunOn, median_cell: Path) -> None:
    run = run_on(made("dc-sweep", cycles=1, compliance="15 uA", gate_set=3.0), seed=1, station=median_cell)
    point = run.data.arrays("point")
    set_sweep = point["kind"] == 0
    assert point["current"][set_sweep].max() <= 15.1e-6
    assert point["in_compliance"][set_sweep].any()
    assert run.summary["high_uS"] < 16.0


def test_the_conditions_of_the_kinetics_paper_switch_at_its_voltages(run_on: RunOn, median_cell: Path) -> None:
    summary = run_on(made("dc-sweep", cycles=3, gate_set=1.5, gate_reset=1.5), seed=1, station=median_cell).summary
    # DDK-A: SET about 1.4 V, RESET about -1.25 V, gate 1.5 V.
    assert summary["set_voltage"] == pytest.approx(1.4, abs=0.1)
    assert summary["reset_voltage"] == pytest.approx(-1.25, abs=0.15)


def test_sweeps_go_to_their_ends_and_back(run_on: RunOn) -> None:
    data = run_on(made("dc-sweep", cycles=1, step=0.1), seed=2, station="rram-cell").data
    point = data["point"]
    assert point.groupby("kind")["voltage"].agg(lambda v: v.abs().max()).tolist() == pytest.approx([1.6, 1.4])
    for _, sweep in point.groupby("sweep"):
        assert sweep["voltage"].iloc[0] == sweep["voltage"].iloc[-1] == 0.0
        assert np.array_equal(sweep["voltage"], sweep["voltage"][::-1])
    assert data.safe_state["analyzer"]["output"] is False


def test_a_resumed_run_begins_with_the_sweep_that_was_missing() -> None:
    protocol = made("dc-sweep", cycles=3, step=0.1)
    with labctl.open_station("rram-cell", simulate=True, seed=4) as lab:
        smu: Any = lab["analyzer"]
        items = protocol.run(smu, smu, clock=lab.clock, resume=Step(3, 6))
        rows = [item for item in items if not isinstance(item, Step)]
        assert [(int(r.rows["kind"][0]), int(r.rows["cycle"][0])) for r in rows] == [(1, 1), (0, 2), (1, 2)]
        assert not smu.switched_on()


def test_a_run_that_is_broken_off_leaves_the_gate_at_rest() -> None:
    with labctl.open_station("rram-cell", simulate=True, seed=4) as lab:
        smu: Any = lab["analyzer"]
        items = made("dc-sweep", step=0.1).run(smu, smu, clock=lab.clock)
        next(items)
        assert smu.switched_on() == {2}
        items.close()
        assert not smu.switched_on()


def test_a_fresh_cell_is_formed_within_its_current_limit(run_on: RunOn) -> None:
    run = run_on(made("forming"), seed=1, station="rram-cell-fresh")
    summary = run.summary
    assert (summary["needed"], summary["formed"]) == (1, 1)
    assert summary["fresh_nS"] == pytest.approx(20.0, rel=0.05)
    assert 2.0 < summary["forming_voltage"] < 3.2  # 2.6 +- 0.15 V, put in
    assert 10.0 < summary["formed_uS"] < 40.0
    point = run.data.arrays("point")
    assert point["current"].max() <= 30.1e-6
    assert np.count_nonzero(point["voltage"] > summary["forming_voltage"]) == 0
    assert len(type(run.protocol).figure(run.data).axes) == 1


def test_a_lower_limit_forms_a_less_conductive_cell(run_on: RunOn) -> None:
    formed = [
        run_on(made("forming", compliance=limit), seed=1, station="rram-cell-fresh").summary["formed_uS"]
        for limit in ("10 uA", "40 uA")
    ]
    assert formed[1] > 2.5 * formed[0]


def test_a_formed_cell_is_left_alone(run_on: RunOn) -> None:
    run = run_on(made("forming"), seed=1, station="rram-cell")
    assert (run.summary["needed"], run.summary["formed"]) == (0, 1)
    assert run.data.arrays("point")["voltage"].max() == pytest.approx(0.2)


def test_a_cell_that_does_not_form_is_told(run_on: RunOn) -> None:
    run = run_on(made("forming", stop=1.5), seed=1, station="rram-cell-fresh")
    assert (run.summary["needed"], run.summary["formed"]) == (1, 0)
    assert np.isnan(run.summary["forming_voltage"])


@pytest.mark.parametrize(
    ("name", "parameters", "says"),
    [
        ("dc-sweep", {"set_stop": "4.5 V"}, "sample stands"),
        ("dc-sweep", {"set_stop": "50 mV"}, "at least four steps"),
        ("dc-sweep", {"reset_stop": "1 V"}, "reset_stop is 1 V, but must be below 0 V"),
        ("dc-sweep", {"compliance": "0.5 A"}, "must be at most 100 mA"),
        ("dc-sweep", {"compliance": "10 mA", "expected": "10 mS"}, "current would be 10 mA"),
        ("forming", {"start": "3 V", "stop": "2 V"}, "must be below stop"),
        ("forming", {"stop": "4.5 V"}, "sample stands"),
        ("forming", {"compliance": "2 mA"}, "current would be 2 mA"),
    ],
)
def test_what_the_cell_does_not_stand_is_refused_in_the_dry_run(
    name: str, parameters: dict[str, Any], says: str
) -> None:
    station = labctl.open_station("rram-cell", simulate=True)
    with pytest.raises((ConfigError, LimitError), match=says):
        labctl.dry_run(made(name, **parameters), station)
    assert not station["analyzer"].link.transcript


def test_a_station_whose_gate_nothing_drives_is_refused() -> None:
    with pytest.raises(ConfigError, match="the gate has no source of its own"):
        labctl.dry_run(made("dc-sweep"), labctl.open_station("full-lab", simulate=True))
    with pytest.raises(ConfigError, match="SourceMeter"):
        labctl.dry_run(made("dc-sweep"), labctl.open_station("pe-board", simulate=True))
