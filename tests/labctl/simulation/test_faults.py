"""Faults of a line and of an instrument, as switches: from a test, and from a station file."""

import functools
from pathlib import Path

import pytest

from labctl.errors import ConfigError, LinkError
from labctl.links import Link, LinkOptions
from labctl.simulation.lab import SimulatedLab
from labctl.stations.model import read_station
from labctl.stations.station import open_station

ROLES = {"smu": "print(errorqueue.next())", "pulser": "SYST:ERR?", "scope": "SYST:ERR?", "analyzer": "ERRX?"}


def line_of(lab: SimulatedLab, role: str) -> Link:
    return Link(lab.resource_name(role), functools.partial(lab.manager, role), LinkOptions(timeout=1.0))


@pytest.fixture
def lab() -> SimulatedLab:
    return SimulatedLab(read_station("full-lab")[0], seed=2)


@pytest.mark.parametrize("role", list(ROLES))
def test_an_error_that_no_message_caused_is_queued_once_when_it_is_due(lab: SimulatedLab, role: str) -> None:
    lab.hosted[role].line.faults.error_after = 1
    link = line_of(lab, role)
    link.open()
    link.query("*IDN?")
    found = [float(link.query(ROLES[role]).split("\t")[0].split(",")[0]) != 0.0 for _ in range(3)]
    assert found == [True, False, False]
    link.close()


def test_a_line_that_is_gone_is_back_after_so_many_tries(lab: SimulatedLab) -> None:
    faults = lab.hosted["smu"].line.faults
    faults.disconnect_after, faults.back_after = 1, 2
    link = line_of(lab, "smu")
    link.open()
    link.query("*IDN?")
    with pytest.raises(LinkError, match="gone"):
        link.query("*IDN?")
    link.close()
    with pytest.raises(LinkError, match="cannot be opened"):
        link.open()
    link.open()
    assert [link.query("*IDN?").split(",")[1] for _ in range(3)] == [" Model 2636B"] * 3
    link.close()


def test_every_answer_is_late_by_the_delay(lab: SimulatedLab) -> None:
    lab.hosted["scope"].line.faults.delay = 0.25
    link, start = line_of(lab, "scope"), lab.clock.now()
    link.open()
    link.write(":STOP")
    link.query("*IDN?")
    assert 0.25 <= lab.clock.now() - start < 0.5
    link.close()


def test_a_station_file_has_the_switches_and_a_driver_tells_of_the_queued_error(tmp_path: Path) -> None:
    text = read_station("pcm-cell")[1] + "\n[simulation.instruments.smu.faults]\nerror_after = 40\n"
    file = tmp_path / "bad-day.toml"
    file.write_text(text)
    told = r"smu: .* gave error -310: System error"
    with pytest.raises(LinkError, match=told), open_station(str(file), simulate=True):
        pytest.fail("the error was not told")


def test_an_instrument_without_an_error_queue_cannot_queue_one(tmp_path: Path) -> None:
    text = read_station("pe-board")[1] + "\n[simulation.instruments.pe-board.faults]\nerror_after = 4\n"
    file = tmp_path / "bad-day.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match="no error queue"):
        SimulatedLab(read_station(str(file))[0])
