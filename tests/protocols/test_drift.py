"""SSL-E on the simulated cell: the power law, the flat control, blocks, resume, and a served lab that runs fast."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labctl
from labctl import plugins
from labctl.analysis import drift as analysis
from labctl.errors import ConfigError, LimitError
from labctl.protocol import Note, Step
from labctl.rows import Block
from labctl.runner import Run

RunOn = Callable[..., Run]
COMMAND = [sys.executable, "-c", "from labctl.cli import main; main()"]
SPEED = 150.0


@pytest.fixture
def drift() -> Any:
    return plugins.load("protocols", "drift")


def test_a_thousand_seconds_give_the_exponent_and_a_flat_control(drift: Any, tmp_path: Path) -> None:
    with labctl.open_station("pcm-cell", simulate=True, seed=1) as lab:
        run = labctl.run(drift(), lab, seed=1, output=tmp_path)
        assert lab.clock.now() > 2000.0
    summary, reads = run.summary, run.data.arrays("read")
    assert len(reads["read"]) == 2002
    assert 0.06 < summary["reset_d"] < 0.14  # four standard deviations of cells
    assert summary["reset_d_error"] == pytest.approx(3.2e-4, rel=0.15)
    assert abs(summary["set_d"]) < 4 * summary["set_d_error"]
    assert summary["reset_scatter_percent"] == pytest.approx(1.0, rel=0.15)
    assert 1.5 < reads["resistance"][1000] / reads["resistance"][1] < 2.6


def test_the_exponent_is_the_cells_own(drift: Any, tmp_path: Path) -> None:
    for seed in range(2, 7):
        with labctl.open_station("pcm-cell", simulate=True, seed=seed) as lab:
            summary = labctl.run(drift(control=False), lab, seed=seed, output=tmp_path).summary
            assert lab.lab is not None
            truth = float(lab.lab.bench.device("cell").cells.drift_exponents()[0])
        assert abs(summary["reset_d"] - truth) < 4 * summary["reset_d_error"]


def test_how_reads_are_cut_into_blocks_changes_no_age(run_on: RunOn, drift: Any) -> None:
    ages = []
    for block in (250, 10):
        reads = run_on(drift(reads=250, block=block, control=False), station="pcm-cell", seed=8).data.arrays("read")
        assert reads["read"].tolist() == list(range(251))
        ages.append(reads["age"])
    assert ages[0] == pytest.approx(np.arange(251), abs=0.1)
    # Between two blocks the first reading takes its time: some 55 ms, more where the range changes on the way.
    assert np.all(np.diff(ages[1]) < 1.3)
    assert ages[1][-1] == pytest.approx(ages[0][-1] + 24 * 0.055, abs=1.0)


def test_ages_are_those_of_the_simulated_cell(drift: Any) -> None:
    with labctl.open_station("pcm-cell", simulate=True, seed=9) as lab:
        assert lab.lab is not None
        cells = lab.lab.bench.device("cell").cells
        blocks = [
            item for item in drift(reads=60, block=20, control=False).run(lab["pulser"], lab["smu"], lab.clock)
            if isinstance(item, Block)
        ]  # fmt: skip
        age = float(blocks[-1].rows["age"][-1])
        law = cells.resistance(lab.clock.now())[0] / cells.resistance(lab.clock.now() + 1e6)[0]
    # R is a function of the true age alone: its ratio to a later one gives that age back.
    exponent = float(cells.drift_exponents()[0])
    true_age = 1e6 / (law ** (-1.0 / exponent) - 1.0)
    assert age == pytest.approx(true_age, abs=0.1)


def test_a_capture_that_was_broken_off_begins_again(drift: Any) -> None:
    protocol = drift(reads=40, block=10)
    with labctl.open_station("pcm-cell", simulate=True, seed=10) as lab:
        first = list(protocol.run(lab["pulser"], lab["smu"], lab.clock))
        steps = [item for item in first if isinstance(item, Step)]
        assert [step.done for step in steps] == list(range(1, 9))
        items = list(protocol.run(lab["pulser"], lab["smu"], lab.clock, resume=steps[5]))
    assert any(isinstance(item, Note) for item in items)
    blocks = [item.rows for item in items if isinstance(item, Block)]
    assert {int(rows["capture"][0]) for rows in blocks} == {3}
    assert {int(rows["state"][0]) for rows in blocks} == {1}
    rows = np.concatenate([item.rows for item in (*first, *items) if isinstance(item, Block)])
    found = analysis.captures({name: rows[name] for name in rows.dtype.names or ()})
    assert analysis.last_of(found, 1) == 3
    assert analysis.last_of(found, 2) == 1


def test_the_analysis_needs_the_rows_alone(run_on: RunOn, drift: Any) -> None:
    run = run_on(drift(reads=30), station="pcm-cell", seed=11)
    assert analysis.analyse(run.data).plain_summary() == run.summary
    assert drift.figure(run.data).get_axes()


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"reads": 3}, "reads is 3, but must be at least 4"),
        ({"interval": 0}, "interval is 0 s, but must be above 0 s"),
        ({"read_voltage": "4 V"}, "a read must stay below the weakest pulse"),
        ({"reset_pulse": {"height": 5.0, "width": "60 ns", "fall": "1 ns"}}, "fall"),
    ],
)
def test_bad_input_is_refused_before_anything_is_touched(drift: Any, parameters: dict[str, Any], says: str) -> None:
    station = labctl.open_station("pcm-cell", simulate=True)
    with pytest.raises((ConfigError, LimitError), match=says):
        labctl.dry_run(drift.from_mapping(parameters), station)
    assert not any(instrument.link.transcript for instrument in station.instruments.values())


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Path]:
    """Serve the PCM cell with a clock that runs fast; give a station file that reaches it over TCP as real hardware."""
    server = subprocess.Popen(
        [*COMMAND, "simulate", "pcm-cell", "--json", "--seed", "12", "--speed", str(SPEED)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    resources = json.loads(server.stdout.readline())["resources"]
    path = tmp_path / "served.toml"
    path.write_text(
        'name = "served"\n[sample]\nvoltage = "6 V"\n'
        f'[instruments.pulser]\ndriver = "keysight-33600a"\nlink = "{resources["pulser"]["socket"]}"\nidle = "float"\n'
        'options = { channel = 1, load = "high impedance" }\n'
        f'[instruments.smu]\ndriver = "keithley-2600"\nlink = "{resources["smu"]["socket"]}"\nidle = "float"\n'
        'options = { channel = "smua" }\n'
    )
    yield path
    server.terminate()
    server.communicate(timeout=10.0)


def test_a_served_lab_with_a_fast_clock_gives_the_same_exponent(
    served: Path, drift: Any, tmp_path: Path, run_on: RunOn
) -> None:
    protocol = drift(reads=1000, control=False, fit_from=10.0)
    with labctl.open_station(served) as lab:
        over_tcp = labctl.run(protocol, lab, seed=12, output=tmp_path)
    assert over_tcp.data.header.simulated is False
    in_process = run_on(protocol, station="pcm-cell", seed=12)
    error = np.hypot(over_tcp.summary["reset_d_error"], in_process.summary["reset_d_error"])
    # The same cell and the same draws. What some messages take, a few ms each, is a second of the fast clock, of which
    # the client does not know: at ages of 10 s and beyond that is worth 2 % of the exponent at most.
    bound = 4 * error + 0.02 * in_process.summary["reset_d"]
    assert abs(over_tcp.summary["reset_d"] - in_process.summary["reset_d"]) < bound
