"""The PE board over both kinds of line, and the B1530A through its library: what is sent acts, and comes back."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from labctl.capabilities import Pulse
from labctl.stations.station import Station, open_station


@pytest.fixture(params=["in-process", "serial"])
def board(request: pytest.FixtureRequest) -> Iterator[Any]:
    with open_station("pe-board", simulate=True, seed=3, transport=request.param) as station:
        yield station["pe-board"]


@pytest.fixture
def full_lab() -> Iterator[Station]:
    with open_station("full-lab", simulate=True, seed=3) as station:
        yield station


def test_a_whole_array_comes_back_and_single_cells_agree_with_it(board: Any) -> None:
    board.ping(bytes(range(256)))
    whole = board.read_array(2, voltage=0.2)
    geometry = board.geometry
    assert whole.shape == (geometry.rows, geometry.columns)
    per_array = geometry.rows * geometry.columns
    cells = np.array([0, 5, per_array - 1]) + 2 * per_array
    again = board.read_cells(cells, voltage=0.2, averages=16)
    assert again == pytest.approx(whole.ravel()[[0, 5, -1]], rel=0.2, abs=1e-7)
    assert board.link_counters()["retries"] == 0


def test_the_fast_module_measures_the_cell_as_the_analyzer_does_and_its_pulse_changes_it(full_lab: Station) -> None:
    fast: Any = full_lab["fast-iv"]
    analyzer: Any = full_lab["analyzer"]
    times, volts = np.array([0.0, 1e-5, 2.1e-4, 2.2e-4]), np.array([0.0, 0.2, 0.2, 0.0])

    def conductances() -> tuple[float, float]:
        found = fast.measure_waveform(times, volts, interval=1e-5, averaging=5e-6)
        flat = (found.times > 5e-5) & (found.times < 2e-4)
        assert found.voltages[flat] == pytest.approx(0.2)
        fast.make_safe()
        spot = analyzer.measure_current(0.2, compliance=1e-3)
        analyzer.make_safe()
        return float(np.median(found.currents[flat])) / 0.2, float(spot.currents[0] / spot.voltages[0])

    quick, slow = conductances()
    assert quick == pytest.approx(slow, rel=0.2)
    fast.send_pulses(Pulse(height=4.0, rise=1e-7, width=1e-5, fall=1e-7), count=20)
    fast.make_safe()
    quick_after, slow_after = conductances()
    assert quick_after == pytest.approx(slow_after, rel=0.2)
    assert abs(slow_after / slow - 1.0) > 0.5
