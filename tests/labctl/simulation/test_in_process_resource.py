"""A simulated instrument as a PyVISA resource, used with PyVISA's own calls."""

import pytest
import pyvisa

from labctl.clock import VirtualClock
from labctl.simulation.hosting import HostedInstrument
from labctl.simulation.visa import library_for

NAME = "TCPIP::echo::INSTR"


class Echo:
    """Sends back what it gets."""

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        return data

    def clear(self) -> None:
        """Nothing to clear."""


def test_a_resource_answers_and_can_be_closed() -> None:
    hosted = HostedInstrument("echo", Echo(), VirtualClock())
    resource = pyvisa.ResourceManager(library_for({NAME: hosted})).open_resource(
        NAME, read_termination="\n", write_termination="\n"
    )
    assert isinstance(resource, pyvisa.resources.MessageBasedResource)
    assert resource.query("hello") == "hello"
    resource.close()
    with pytest.raises(pyvisa.errors.InvalidSession):
        _ = resource.session
