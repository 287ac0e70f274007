"""SSL-F: the wafer station end to end on a few cells, and blind recovery on hundreds. Seeds are stated."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

import labctl
from labctl import plugins
from labctl.analysis import extraction
from labctl.analysis.population import Population
from labctl.errors import ConfigError
from labctl.protocol import Step
from labctl.rows import Block
from labctl.runner import Run
from simulated_instruments.physics.pcm import PcmCells

RunOn = Callable[..., Run]
CELLS = 240
SETS = (3.0, 400e-9, 300e-9)
RESETS = (5.0, 60e-9, 5e-9)


@pytest.fixture
def parameter_extraction() -> Any:
    return plugins.load("protocols", "parameter-extraction")


def pulse(cells: PcmCells, start: float, height: float, width: float, fall: float) -> float:
    corners = start + np.cumsum([0.0, 5e-9, width, fall, 1e-6])
    cells.respond(corners, np.array([0.0, height, height, 0.0, 0.0]), ohms=50.0)
    return float(corners[-1])


def read(cells: PcmCells, start: float, count: int, *, switch: int, capture: int) -> dict[str, Any]:
    """Read every cell once a second from 0.05 s on; return the columns of the stream ``read``, (cells, count) each."""
    ages = np.arange(count) + 0.05
    volts, amps = cells.respond(np.append(start, start + ages), np.full(count + 1, 0.2))
    shape = (cells.count, count)
    return {
        "cell": np.broadcast_to(np.arange(cells.count)[:, None], shape),
        "switch": np.full(shape, switch),
        "state": np.full(shape, 1 + switch % 2 if not capture else 2),
        "capture": np.full(shape, capture),
        "read": np.broadcast_to(np.arange(count), shape),
        "age": np.broadcast_to(ages, shape),
        "resistance": (volts / amps)[:, 1:],
        "in_compliance": np.zeros(shape, bool),
    }


@pytest.fixture(scope="module")
def measured() -> tuple[list[extraction.CellStatistics], dict[str, Any]]:
    """Switch 240 cells of unknown parameters 20 times, follow their drift, and analyse the reads."""
    cells = PcmCells(CELLS, seed=1)
    now, parts = 0.0, []
    for switch in range(20):
        now = pulse(cells, now, *(RESETS if switch % 2 else SETS))
        parts.append(read(cells, now, 10, switch=switch, capture=0))
        now += 10.0
    now = pulse(cells, now, *RESETS)
    parts.append(read(cells, now, 1001, switch=20, capture=1))
    reads = {name: np.concatenate([part[name].ravel() for part in parts]) for name in parts[0]}
    return extraction.each_cell(reads), {**cells.statistics(), "drift": cells.drift_exponents()}


def inside(estimates: Any, errors: Any, truths: Any, freedom: int) -> int:
    """Return how many 95 % intervals hold the truth."""
    reach = float(special.stdtrit(freedom, 0.975))
    return int(np.count_nonzero(np.abs(np.asarray(estimates) - truths) <= reach * np.asarray(errors)))


def test_the_drift_exponents_of_240_unknown_cells_come_back_at_the_stated_rate(
    measured: tuple[list[extraction.CellStatistics], dict[str, Any]],
) -> None:
    found, truth = measured
    laws = [cell.laws[0] for cell in found]
    held = inside([law.exponent for law in laws], [law.exponent_error for law in laws], truth["drift"], 998)
    assert 217 <= held <= 238  # 95 % of 240 within three standard deviations of the binomial


@pytest.mark.parametrize("name", ["set", "reset"])
def test_the_resistances_of_240_unknown_cells_come_back_at_the_stated_rate(
    measured: tuple[list[extraction.CellStatistics], dict[str, Any]], name: str
) -> None:
    found, truth = measured
    levels = [getattr(cell, name) for cell in found]
    freedom = len(levels[0].values) - 1
    errors = [level.spread / np.sqrt(len(level.values)) for level in levels]
    held = inside([level.mean for level in levels], errors, truth[f"mean_{name}"], freedom)
    assert 217 <= held <= 238


@pytest.mark.parametrize("name", ["set", "reset"])
def test_the_spreads_of_240_unknown_cells_come_back_at_the_stated_rate(
    measured: tuple[list[extraction.CellStatistics], dict[str, Any]], name: str
) -> None:
    found, truth = measured
    levels = [getattr(cell, name) for cell in found]
    freedom = len(levels[0].values) - 1
    ratio = freedom * np.array([level.spread for level in levels]) ** 2 / truth[f"spread_{name}"] ** 2
    low, high = (float(special.chdtri(freedom, share)) for share in (0.975, 0.025))
    # Cells whose own spread is near that of their reads (0.15 %) show a little more than it.
    plain = truth[f"spread_{name}"] > 0.006
    held = np.count_nonzero((low <= ratio) & (ratio <= high) & plain)
    assert held >= 0.95 * np.count_nonzero(plain) - 3 * np.sqrt(0.95 * 0.05 * CELLS)


def test_a_wafer_is_measured_cell_by_cell_over_the_wire(parameter_extraction: Any, tmp_path: Path) -> None:
    protocol = parameter_extraction(cells=5, first_cell=3, drift_reads=200, repeats=0, switches=8, reads=4)
    with labctl.open_station("pcm-wafer", simulate=True, seed=2) as lab:
        run = labctl.run(protocol, lab, seed=2, output=tmp_path)
        assert lab.lab is not None
        device = lab.lab.bench.device("cell")
        assert device.connected is None
        truth = device.cells.drift_exponents()
    table = run.data.table("cells").columns
    assert table["cell"].tolist() == [3, 4, 5, 6, 7]
    assert np.all(np.abs(table["drift"] - truth[3:8]) < 4.5 * table["drift_error"])
    assert run.summary["cells"] == 5
    assert run.summary["stuck"] == 0
    figures = run.data.arrays("figures")
    assert figures["cell"].tolist() == [3, 3, 4, 4, 5, 5, 6, 6, 7, 7]
    assert run.data.safe_state["prober"] == {"cell": -1}


def test_the_population_of_a_run_makes_new_cells(run_on: RunOn, parameter_extraction: Any) -> None:
    protocol = parameter_extraction(cells=6, drift_reads=50, repeats=2, repeat_reads=30, switches=6, reads=4)
    run = run_on(protocol, station="pcm-wafer", seed=3)
    assert extraction.analyse(run.data).plain_summary() == run.summary
    population = Population.from_summary(run.summary)
    assert population.drift.mean == pytest.approx(0.10, abs=0.02)
    assert population.draw_cells(10, np.random.default_rng(3)).means.shape == (10, 3)
    assert parameter_extraction.figure(run.data).get_axes()


def test_a_resumed_run_measures_the_other_cells(parameter_extraction: Any) -> None:
    protocol = parameter_extraction(cells=3, drift_reads=5, repeats=1, repeat_reads=4, switches=2, reads=2)
    with labctl.open_station("pcm-wafer", simulate=True, seed=4) as lab:
        items = list(protocol.run(lab["pulser"], lab["smu"], lab["prober"], lab.clock, resume=Step(2, 3)))
    reads = [item.rows for item in items if isinstance(item, Block) and "age" in (item.rows.dtype.names or ())]
    assert {int(rows["cell"][0]) for rows in reads} == {2}
    assert [item.done for item in items if isinstance(item, Step)] == [3]


def test_cells_that_the_prober_does_not_reach_are_refused(parameter_extraction: Any) -> None:
    station = labctl.open_station("pcm-wafer", simulate=True)
    with pytest.raises(ConfigError, match="cells 150 to 269 are to be measured, but the prober has the cells 0 to 199"):
        labctl.dry_run(parameter_extraction(first_cell=150), station)
    with pytest.raises(ConfigError, match="needs an instrument that is a Prober"):
        labctl.dry_run(parameter_extraction(), labctl.open_station("pcm-cell", simulate=True))
