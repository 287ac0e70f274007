"""Our own links over HiSLIP: answers as over any other line, whole, in their order and at any pace."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import pyvisa

from labctl import plugins
from labctl.errors import LinkError, LinkTimeoutError
from labctl.instrument import IdlePolicy
from labctl.links import Link, LinkOptions
from labctl.simulation.hislip_messages import FatalErrorCode
from labctl.simulation.hislip_server import HislipServer, refuse
from labctl.simulation.lab import SimulatedLab
from labctl.simulation.served import ServedLab
from labctl.stations.model import read_station


def over(resource: str, timeout: float = 2.0) -> Link:
    return Link(resource, lambda: pyvisa.ResourceManager("@py"), LinkOptions(timeout=timeout))


@pytest.fixture
def link(hislip_server: HislipServer) -> Iterator[Link]:
    line = over(hislip_server.resource_name)
    line.open()
    yield line
    line.close()


def test_answers_to_two_messages_come_in_their_order(link: Link) -> None:
    link.write("*IDN?")
    link.write("BLOCK? 300000")
    assert link.read_until(b"\n") == b"little,instrument"
    assert len(link.read_bytes(11 + 300_000)) == 300_011
    assert link.read_bytes(1) == b"\n"


def test_data_that_the_instrument_keeps_come_after_the_answer_to_a_later_query(link: Link, little: Any) -> None:
    little.answers_when_read = True
    link.write("KEEP")
    assert link.query("*IDN?") == "little,instrument"
    assert link.read_until(b"\n") == b"kept"


def test_a_device_clear_in_the_middle_of_a_block_drops_the_rest_of_it(link: Link, little: Any) -> None:
    link.write("BLOCK? 3000000")
    link.read_bytes(1000)
    link.clear()
    assert little.clears == 1
    assert link.query("*IDN?") == "little,instrument"


def test_a_device_clear_drops_answers_that_came_in_one_piece_with_its_acknowledgement(link: Link) -> None:
    link.write("BLOCK? 300")
    link.write("BLOCK? 300")
    link.write("*IDN?")
    link.read_bytes(10)
    link.clear()
    assert link.query("*IDN?") == "little,instrument"


def test_a_message_without_an_answer_times_out_and_the_line_goes_on(link: Link) -> None:
    start = time.monotonic()
    with pytest.raises(LinkTimeoutError):
        link.query("NOTHING", timeout=0.2)
    assert time.monotonic() - start < 1.0
    assert link.query("*IDN?") == "little,instrument"


def test_a_server_that_goes_is_told_at_once(hislip_server: HislipServer, link: Link) -> None:
    hislip_server.close()
    start = time.monotonic()
    with pytest.raises(LinkError, match="gone"):
        link.query("*IDN?", timeout=20.0)
    assert time.monotonic() - start < 2.0


def test_a_fatal_error_of_the_server_is_told_in_its_words(hislip_server: HislipServer, link: Link) -> None:
    session: Any = hislip_server.connections[0]
    refuse(session._synchronous, FatalErrorCode.UNIDENTIFIED, "the fan stands still")
    with pytest.raises(LinkError, match="the fan stands still"):
        link.read_until(b"\n")


def test_the_analyzer_sweeps_over_hislip() -> None:
    lab = SimulatedLab(read_station("full-lab")[0], seed=3)
    with ServedLab(lab) as served:
        driver = plugins.load("drivers", "keysight-b1500")
        with driver(over(served.resources["analyzer"]["hislip"]), role="analyzer", idle=IdlePolicy.FLOAT) as analyzer:
            found = analyzer.sweep_voltage([0.0, 0.1, 0.2], compliance=1e-3)
            assert len(found.currents) == 3
