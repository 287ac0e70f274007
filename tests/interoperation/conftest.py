"""A whole station behind real sockets, for other people's clients; its time is virtual."""

import sys
from collections.abc import Iterator

import pytest

from labctl.simulation.lab import SimulatedLab
from labctl.simulation.served import ServedLab
from labctl.stations.model import read_station

collect_ignore = ["test_keithley2600_package.py"] if sys.version_info >= (3, 13) else []
"""The package needs a module that Python has no more from 3.13 on."""
Resources = dict[str, dict[str, str]]


@pytest.fixture
def lab() -> SimulatedLab:
    file, _ = read_station("full-lab")
    return SimulatedLab(file, seed=5)


@pytest.fixture
def resources(lab: SimulatedLab) -> Iterator[Resources]:
    with ServedLab(lab) as served:
        yield served.resources
