"""A whole station behind real sockets, for other people's clients; its time is virtual."""

from collections.abc import Iterator

import pytest

from labctl.simulation.lab import SimulatedLab
from labctl.simulation.served import ServedLab
from labctl.stations.model import read_station

Resources = dict[str, dict[str, str]]


@pytest.fixture
def lab() -> SimulatedLab:
    file, _ = read_station("full-lab")
    return SimulatedLab(file, seed=5)


@pytest.fixture
def resources(lab: SimulatedLab) -> Iterator[Resources]:
    with ServedLab(lab) as served:
        yield served.resources
