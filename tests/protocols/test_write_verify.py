"""The published experiment on the simulated board. Bounds are three standard errors wide or more; seeds are stated."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import labctl
from labctl.clock import VirtualClock
from labctl.errors import ConfigError, LimitError
from labctl.protocol import Step
from labctl.runner import Run
from labctl.stations.station import Station

RunOn = Callable[..., Run]


def test_the_published_levels_come_out(run_on: RunOn, write_verify: Any) -> None:
    summary = run_on(write_verify(), seed=1).summary
    assert summary["cells"] == 1024
    assert summary["levels"] == 32
    assert summary["writes"] == 32768
    assert summary["yield"] >= 0.99
    assert summary["overlapping_levels"] == 0
    # CNN-C: N(0, 108 nA), put into the model for a wait of 60 s; cells share their window's bounds, so 5 % is allowed.
    assert summary["relaxed_error_std_nA"] == pytest.approx(108.0, rel=0.05)
    assert summary["error_std_nA"] < 50.0 / np.sqrt(2)


def test_pulses_grow_with_the_distance_to_the_target(run_on: RunOn, write_verify: Any) -> None:
    write = run_on(write_verify(cells=256, wait=0.0), seed=2).data.arrays("write")
    distance = np.abs(write["start"] - write["target"])
    means = [
        write["pulses"][(distance >= low) & (distance < low + 0.6e-6)].mean() for low in np.arange(0, 3.5e-6, 0.6e-6)
    ]
    assert np.all(np.diff(means) > 0)
    assert stats.spearmanr(distance, write["pulses"]).statistic > 0.6


def test_the_same_seed_gives_the_same_rows_whatever_the_transport(run_on: RunOn, write_verify: Any) -> None:
    protocol = write_verify(cells=40, levels=4, traced=2, batch=16)
    runs = [run_on(protocol, seed=3, transport=transport).data for transport in ("in-process", "in-process", "serial")]
    for stream in ("write", "pulse", "relaxed"):
        first, *others = (run.arrays(stream) for run in runs)
        for other in others:
            assert all(np.array_equal(first[name], other[name]) for name in first)
    another = run_on(protocol, seed=4).data.arrays("write")
    assert not np.array_equal(another["cell"], runs[0].arrays("write")["cell"])


def both_loops(run_on: RunOn, write_verify: Any) -> tuple[Any, Any]:
    protocol = write_verify(cells=300, levels=8, traced=0, wait=1.0)
    return run_on(protocol, seed=5).data, run_on(protocol.model_copy(update={"loop": "host"}), seed=6).data


def test_the_board_and_the_host_close_the_loop_alike(run_on: RunOn, write_verify: Any) -> None:
    board, host = both_loops(run_on, write_verify)
    assert board.summary["yield"] >= 0.99
    assert host.summary["yield"] >= 0.99
    # Two samples of one distribution: each test errs once in a thousand seeds.
    for name in ("pulses", "set_pulses", "reset_pulses"):
        assert stats.ks_2samp(board.arrays("write")[name], host.arrays("write")[name]).pvalue > 1e-3
    # Between two rounds of the host's loop the line takes some 50 ms, in which cells relax: docs/guide.md.
    assert host.summary["error_std_nA"] == pytest.approx(board.summary["error_std_nA"], rel=0.05)


def test_on_a_line_that_takes_no_time_both_loops_leave_the_same_errors(
    run_on: RunOn, write_verify: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labctl.simulation.hosting.HostedInstrument._pace", lambda *arguments: None)
    errors = [
        run.arrays("write")["current"] - run.arrays("write")["target"] for run in both_loops(run_on, write_verify)
    ]
    assert stats.ks_2samp(*errors).pvalue > 1e-3


@pytest.mark.parametrize("loop", ["board", "host"])
def test_a_traced_cell_shows_every_pulse_of_its_writes(run_on: RunOn, write_verify: Any, loop: str) -> None:
    data = run_on(write_verify(cells=20, levels=3, traced=3, loop=loop, batch=8, wait=0.0), seed=7).data
    write, pulse = data["write"], data["pulse"]
    assert pulse["write"].nunique() == 9
    for _, trace in pulse.groupby("write"):
        match = write[(write["cell"] == trace["cell"].iloc[0]) & (write["level"] == trace["level"].iloc[0])].iloc[0]
        assert trace["pulse"].tolist() == list(range(match["pulses"] + 1))
        assert (trace["kind"] == 1).sum() == match["set_pulses"]
        assert (trace["kind"] == 2).sum() == match["reset_pulses"]
        assert trace["current"].iloc[-1] == match["current"]


def test_every_cell_gets_every_level_once(run_on: RunOn, write_verify: Any) -> None:
    for order in ("ascending", "descending", "random"):
        write = run_on(write_verify(cells=10, levels=5, array=3, order=order, wait=0.0), seed=8).data["write"]
        assert len(write) == 50
        assert not write.duplicated(["cell", "level"]).any()
        assert write["cell"].between(3 * 2048, 4 * 2048 - 1).all()
        first = write.groupby("cell")["level"].first()
        assert {"ascending": {0}, "descending": {4}}.get(order, set(first)) == set(first)


def test_the_chosen_cells_are_written_and_no_others(run_on: RunOn, write_verify: Any) -> None:
    protocol = write_verify(chosen="16-31, 100, 7", array=2, levels=2, wait=0.0, traced=1)
    assert protocol.chosen == (*range(16, 32), 100, 7)
    write = run_on(protocol, seed=7).data.arrays("write")
    assert sorted(set(write["cell"].tolist())) == sorted(2 * 2048 + cell for cell in protocol.chosen)


def test_a_script_can_iterate_the_protocol_without_a_runner(lab: Station, write_verify: Any) -> None:
    protocol = write_verify(cells=8, levels=2)
    items = list(protocol.run(lab["pe-board"], rng=np.random.default_rng(1), clock=VirtualClock()))
    steps = [item for item in items if isinstance(item, Step)]
    assert [step.done for step in steps] == [1, 2, 3, 4]
    assert steps[-1].total == 4


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"cells": 0}, "cells is 0, but must be at least 1"),
        ({"cells": 3000}, "cells is 3000, but an array has 2048"),
        ({"array": 8}, "array is 8, but the arrays are 0 to 7"),
        (
            {"highest": "60 uS"},
            "cells would be written to 2 uS to 60 uS, but the station's sample is for 500 nS to 45 uS",
        ),
        ({"chosen": "0-2048"}, "chosen has cell 2048, but an array's cells are 0 to 2047"),
        ({"chosen": [4, 4]}, "each cell is to be named once"),
        ({"chosen": "4, five"}, "'five' is no cell and no span of cells"),
        ({"lowest": "30 uS"}, "must be below highest"),
        ({"tolerance": "50 nV"}, "'nV' was given, expected one in A"),
        ({"pulse_limit": 0}, "pulse_limit is 0, but must be at least 1"),
        ({"leeway": "50 nA"}, "'leeway' is not known; there are array, cells"),
        ({"read_voltage": "0.4 V"}, "read_voltage is 400 mV, but must be at most 300 mV"),
        (
            {"set_pulse": {"word_line": 1, "bit_line": 3.3, "source_line": 0, "width": 5e-8}},
            r"3\.3 V, but the sample stands",
        ),
        ({"set_pulse": {"word_line": 1, "bit_line": 9, "source_line": 0, "width": 5e-8}}, "set_pulse.bit_line is 9 V"),
        ({"set_pulse": {"word_line": 1, "bit_line": 0, "source_line": 1, "width": 5e-8}}, "bit line must be above"),
        ({"order": "sideways"}, "order"),
    ],
)
def test_bad_input_is_refused_before_anything_is_touched(
    write_verify: Any, parameters: dict[str, Any], says: str
) -> None:
    station = labctl.open_station("pe-board", simulate=True)
    with pytest.raises((ConfigError, LimitError), match=says):
        labctl.dry_run(write_verify.from_mapping(parameters), station)
    assert not station["pe-board"].link.transcript


def test_the_dry_run_says_what_the_run_will_do(write_verify: Any) -> None:
    plan = labctl.dry_run(write_verify(), labctl.open_station("pe-board", simulate=True))
    assert plan.pulses_per_device == 32 * 500
    assert plan.voltage == 4.7
    assert plan.device_voltage == 2.0
    assert plan.work == 32 * 9
    assert 32 * 60 < plan.duration < 32 * 120


def test_the_estimated_duration_is_near_what_the_run_takes(run_on: RunOn, write_verify: Any) -> None:
    protocol = write_verify(cells=128, levels=8)
    estimate = labctl.dry_run(protocol, labctl.open_station("pe-board", simulate=True)).duration
    assert run_on(protocol).data.arrays("relaxed")["time"].max() == pytest.approx(estimate, rel=0.2)


def test_the_run_file_says_what_was_done(run_on: RunOn, write_verify: Any, tmp_path: Path) -> None:
    data = run_on(write_verify(cells=4, levels=2), seed=9).data
    assert data.header.instruments["pe-board"]["identity"]["model"]
    assert data.safe_state["pe-board"]["word_line_V"] == pytest.approx(0.0, abs=0.05)
    assert data.safe_state["pe-board"]["armed"] is False
    assert data.header.units["set_pulse.width"] == "s"
    assert data.parameters["set_pulse"] == {"word_line": 1.8, "bit_line": 2.0, "source_line": 0.0, "width": 50e-9}
    assert "conductance_max" in data.header.station_text
    assert data.path.parent == tmp_path / "runs"
