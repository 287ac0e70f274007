"""Retention and read disturb on the simulated board. Seeds are stated, bounds are three standard errors or more."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.analysis import ageing
from labctl.errors import ConfigError, LimitError
from labctl.runner import Run

RunOn = Callable[..., Run]


def made(name: str, **parameters: Any) -> Any:
    return plugins.load("protocols", name).from_mapping(parameters)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Run:
    with labctl.open_station("pe-board", simulate=True, seed=3) as lab:
        return labctl.run(made("retention"), lab, seed=3, output=tmp_path_factory.mktemp("runs"))


def test_fifteen_levels_stay_apart_for_thirty_days_and_a_few_tails_drift(month: Run) -> None:
    summary = month.summary
    assert summary["items"] == 936
    assert summary["levels"] == 15
    assert summary["span_s"] == pytest.approx(30 * 86400.0, rel=1e-5)
    assert summary["levels_out_of_order"] == 0
    assert summary["largest_level_change_uS"] < 1.25
    assert 0.0 < summary["tail_share"] < 0.02
    # A random walk in the logarithm of time: the spread grows with each decade, beyond any doubt of the fit.
    assert summary["sd_slope_uS_per_decade"] > 5.0 * summary["sd_slope_se_uS_per_decade"]


def test_an_offset_restores_what_a_shift_of_the_mean_took(run_on: RunOn) -> None:
    parameters = {"items": 1500, "pairs": False, "duration": "60 h", "points": 5, "lowest": "10 uS", "highest": "20 uS"}
    summary = run_on(made("retention", **parameters), seed=2).summary
    assert summary["mean_change_uS"] < -3.0 * summary["mean_change_se_uS"]
    assert summary["error_std_offset_uS"] < summary["error_std_uS"]


def test_reads_come_at_their_times(month: Run) -> None:
    reading = month.data.arrays("reading")
    elapsed = reading["elapsed"][:: summary_items(month)]
    wanted = np.concatenate([[0.0], np.geomspace(1.0, 30 * 86400.0, 18)])
    assert np.all(np.diff(elapsed) > 0.0)
    assert elapsed[3:] == pytest.approx(wanted[3:], abs=2.0)  # a read of all cells takes 1.4 s


def summary_items(run: Run) -> int:
    return int(run.summary["items"])


def test_the_figure_of_a_retention_has_its_four_parts(month: Run) -> None:
    assert [axes.get_title()[:4] for axes in type(month.protocol).figure(month.data).axes] == [
        "mean", "the ", "936 ", "chan",
    ]  # fmt: skip


def test_cells_can_be_followed_as_they_are(run_on: RunOn) -> None:
    run = run_on(made("retention", write=False, items=50, points=3, duration="1 h"), seed=1)
    assert "levels_out_of_order" not in run.summary
    assert len(run.data.arrays("written")["cell"]) == 0
    assert len(run.data.arrays("reading")["item"]) == 150


DISTURB = {"items": 200, "control": 60, "reads": (1, 1000, 100_000)}


def test_reads_at_the_usual_voltage_disturb_nothing(run_on: RunOn) -> None:
    run = run_on(made("read-disturb", **DISTURB), seed=1)
    reading = run.data.arrays("reading")
    assert sorted(set(reading["reads"])) == [0, 1, 1000, 100_000]
    assert np.count_nonzero(reading["control"]) == 3 * 60
    assert run.summary["disturb_p_value"] > 1e-3  # errs once in a thousand seeds
    assert run.summary["largest_level_change_uS"] < 1.25


@pytest.mark.parametrize(("volts", "sign"), [(1.4, 1), (-1.3, -1)])
def test_strong_reads_disturb_in_the_direction_of_their_voltage(run_on: RunOn, volts: float, sign: int) -> None:
    parameters = {**DISTURB, "pairs": False, "reads": (0, 20_000), "pulse_voltage": volts, "items": 100, "control": 30}
    summary = run_on(made("read-disturb", **parameters), seed=1).summary
    assert summary["disturb_p_value"] < 1e-6
    assert sign * summary["mean_change_uS"] > 1.0


def test_a_disturb_that_cancels_in_pairs_is_still_seen(run_on: RunOn) -> None:
    summary = run_on(made("read-disturb", **{**DISTURB, "reads": (0, 10_000), "pulse_voltage": 1.3}), seed=1).summary
    assert abs(summary["mean_change_uS"]) < 4.0 * summary["mean_change_se_uS"]
    assert summary["disturb_p_value"] < 1e-4


def test_a_board_gives_exactly_the_read_pulses_that_were_asked_for() -> None:
    with labctl.open_station("pe-board", simulate=True, seed=1) as lab:
        board: Any = lab["pe-board"]
        protocol = made("read-disturb")
        before = board.counters()["set_pulses"]
        board.pulse_cells(np.array([5, 6]), protocol.pulse, count=10_000)
        assert board.counters()["set_pulses"] - before == 20_000
        with pytest.raises(LimitError, match="number of pulses goes from 1 to 10000"):
            board.pulse_cells(np.array([5]), protocol.pulse, count=10_001)


def test_the_stretches_of_a_million_reads_add_up() -> None:
    stretches = made("read-disturb").stretches()
    assert sum(count for count, _ in stretches) == 1_000_000
    assert max(count for count, _ in stretches) == 10_000
    assert [sum(c for c, _ in stretches[: n + 1]) for n, (_, is_point) in enumerate(stretches) if is_point] == [
        1, 100_000, 500_000, 1_000_000,
    ]  # fmt: skip


def test_numbers_of_reads_can_be_given_as_text_with_commas() -> None:
    assert made("read-disturb", reads="0, 10, 2000").reads == (0, 10, 2000)
    with pytest.raises(ConfigError, match="reads"):
        made("read-disturb", reads="0, many")


def test_tails_are_told_from_a_normal_bulk() -> None:
    rng = np.random.default_rng(7)
    bulk = rng.normal(size=100_000)
    assert ageing.robust_sd(bulk) == pytest.approx(1.0, abs=0.02)
    assert ageing.tail_share(bulk) < 5e-4  # 6e-5 are expected
    assert ageing.tail_share(np.concatenate([bulk[:990], np.full(10, 8.0)])) == pytest.approx(0.01, abs=0.001)


@pytest.mark.parametrize(
    ("name", "parameters", "says"),
    [
        ("retention", {"items": 3000}, "need 3000 cells of each, but an array has 2048"),
        ("retention", {"array": 7}, "arrays 7 to 8 are asked for, but there are 0 to 7"),
        ("retention", {"first": "2 h", "duration": "1 h"}, "must be below duration"),
        ("retention", {"highest": "60 uS"}, "but the station's sample is for"),
        ("read-disturb", {"reads": [5, 5]}, "reads must be rising"),
        ("read-disturb", {"control": 2000}, "must be below items"),
        ("read-disturb", {"pulse_voltage": "3 V"}, "sample stands"),
        ("read-disturb", {"word_line": "6 V"}, "word_line is 6 V"),
    ],
)
def test_what_cannot_be_aged_is_refused_in_the_dry_run(name: str, parameters: dict[str, Any], says: str) -> None:
    station = labctl.open_station("pe-board", simulate=True)
    with pytest.raises((ConfigError, LimitError), match=says):
        labctl.dry_run(made(name, **parameters), station)
    assert not station["pe-board"].link.transcript


def test_the_duration_of_a_disturb_is_foreseen(run_on: RunOn) -> None:
    protocol = made("read-disturb", **DISTURB)
    estimate = labctl.dry_run(protocol, labctl.open_station("pe-board", simulate=True)).duration
    took = run_on(protocol, seed=1).data.arrays("reading")["time"].max()
    assert took == pytest.approx(estimate, rel=0.2)
