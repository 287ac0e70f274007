"""Restoring a snapshot that holds more than the sample stands now."""

from typing import Any

import pytest

from labctl.errors import LimitError
from labctl.simulation.lab import SimulatedLab
from labctl.stations.station import open_station


def test_a_restore_leaves_out_and_names_what_the_sample_does_not_stand() -> None:
    with open_station("full-lab", simulate=True) as station:
        lab = station.lab
        assert isinstance(lab, SimulatedLab)
        smu: Any = station["smu"]
        before = smu.snapshot()
        assert before["current_limit"] > 0.01  # as it was switched on
        smu.current_limit.set(1e-3)
        smu.nplc.set(5.0)
        with pytest.raises(LimitError, match=r"smu: .*10 mA.*all else is as in the snapshot"):
            smu.restore(before)
        assert (smu.nplc.get(), smu.current_limit.get()) == (before["nplc"], 1e-3)
        before["current_limit"] = 2e-3
        assert smu.restore(before) == ["current_limit"]
