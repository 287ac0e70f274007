"""SSL-A to D on the simulated cell: both bands, refusals, resume. Seeds are stated."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.analysis import switching
from labctl.errors import ConfigError, LimitError
from labctl.protocol import Step
from labctl.rows import Block
from labctl.runner import Run

RunOn = Callable[..., Run]


@pytest.fixture
def cycling() -> Any:
    return plugins.load("protocols", "cycling")


def test_the_published_bands_come_out(run_on: RunOn, cycling: Any) -> None:
    run = run_on(cycling(), station="pcm-cell", seed=1)
    summary, reads = run.summary, run.data.arrays("read")
    assert len(reads["read"]) == 210
    assert [np.count_nonzero(reads["state"] == state) for state in (0, 1, 2)] == [10, 100, 100]
    assert summary["fresh_ohm"] == pytest.approx(1e4, rel=0.3)  # three standard deviations of cells, 0.05 in log10 each
    assert summary["set_log10"] == pytest.approx(4.48, abs=0.17)
    assert summary["reset_1s_log10"] == pytest.approx(7.0, abs=0.35)
    assert summary["overlap"] == 0
    assert 100 < summary["ratio"] < 1500


def test_reads_are_spaced_as_asked_and_age_from_the_last_pulse(run_on: RunOn, cycling: Any) -> None:
    reads = run_on(cycling(switches=2, reads=4, interval=2.0), station="pcm-cell", seed=2).data.arrays("read")
    for switch in (1, 2):
        mine = reads["switch"] == switch
        assert np.diff(reads["age"][mine]) == pytest.approx(2.0, abs=1e-3)
        assert 0.0 < reads["age"][mine][0] < 0.1
        assert np.diff(reads["time"][mine]) == pytest.approx(2.0, abs=1e-3)


def test_levels_come_back_within_their_intervals(run_on: RunOn, cycling: Any) -> None:
    from scipy import special

    lab = labctl.open_station("pcm-cell", simulate=True, seed=3)
    summary = run_on(cycling(switches=40, interval=0.5), station="pcm-cell", seed=3).summary
    assert lab.lab is not None
    truth = lab.lab.bench.device("cell").cells.statistics()
    reach = float(special.stdtrit(19, 0.9995))  # once in a thousand
    for name, mean in (("set", "mean_set"), ("reset_1s", "mean_reset")):
        # 0.005 for the source meter, which is off by a part in a hundred at most at these currents
        assert abs(summary[f"{name}_log10"] - truth[mean][0]) < reach * summary[f"{name}_log10_error"] + 0.005


def test_the_order_can_end_in_a_reset(run_on: RunOn, cycling: Any) -> None:
    reads = run_on(cycling(switches=4, reads=1, first="set"), station="pcm-cell", seed=4).data.arrays("read")
    assert reads["state"].tolist() == [0, 1, 2, 1, 2]


def test_a_resumed_run_goes_on_with_the_next_switching(cycling: Any) -> None:
    protocol = cycling(switches=5, reads=2, interval=0.1)
    with labctl.open_station("pcm-cell", simulate=True, seed=5) as lab:
        items = list(protocol.run(lab["pulser"], lab["smu"], lab.clock, resume=Step(3, 6)))
    blocks = [item for item in items if isinstance(item, Block)]
    assert [block.rows["switch"][0] for block in blocks] == [3, 4, 5]
    assert [block.rows["state"][0] for block in blocks] == [2, 1, 2]
    assert [item.done for item in items if isinstance(item, Step)] == [4, 5, 6]


def test_the_analysis_needs_the_rows_alone(run_on: RunOn, cycling: Any) -> None:
    run = run_on(cycling(switches=4, reads=3), station="pcm-cell", seed=6)
    assert switching.analyse(run.data).plain_summary() == run.summary
    assert cycling.figure(run.data).get_axes()


def test_a_cell_that_is_stuck_overlaps(run_on: RunOn, cycling: Any) -> None:
    weak = {"height": 1.1, "width": 60e-9}
    run = run_on(
        cycling(switches=6, reads=2, reset_pulse=weak, set_pulse=weak, read_pulse={"height": 0.5, "width": 60e-9}),
        station="pcm-cell",
        seed=7,
    )
    assert run.summary["overlap"] == 1


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"reset_pulse": {"height": 7.0, "width": "60 ns"}}, "7 V"),
        ({"reset_pulse": {"height": 5.0, "width": "1 ns"}}, "width is to be 1 ns"),
        ({"set_pulse": {"height": 3.0, "width": "400 ns", "rise": "1 ns"}}, "rise"),
        ({"read_voltage": "3 V"}, "a read must stay below the weakest pulse"),
        ({"read_pulse": {"height": 4.0, "width": "60 ns"}}, "a read must stay below the weakest pulse"),
        ({"lowest_resistance": "100 ohm"}, "the highest current would be 50 mA, but the station's sample stands 10 mA"),
        ({"switches": 0}, "switches is 0, but must be at least 1"),
        ({"compliance": "2 A"}, "compliance is 2 A, but must be at most 1 A"),
    ],
)
def test_bad_input_is_refused_before_anything_is_touched(cycling: Any, parameters: dict[str, Any], says: str) -> None:
    station = labctl.open_station("pcm-cell", simulate=True)
    with pytest.raises((ConfigError, LimitError), match=says):
        labctl.dry_run(cycling.from_mapping(parameters), station)
    assert not any(instrument.link.transcript for instrument in station.instruments.values())


def test_a_station_without_a_source_meter_is_refused(cycling: Any) -> None:
    with pytest.raises(ConfigError, match="needs an instrument that is a PulseSource"):
        labctl.dry_run(cycling(), labctl.open_station("pe-board", simulate=True))
