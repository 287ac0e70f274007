"""A station with an instrument that its maker's library alone can reach."""

from typing import Any

import pytest

from labctl import plugins
from labctl.errors import LinkError, StateError
from labctl.instrument import Identity, Instrument
from labctl.links import LibraryLink, Link
from labctl.stations.station import OpenOptions, station_from_text

TEXT = """
name = "two of one mainframe"
[instruments.pulser]
driver = "by-library"
link = "GPIB0::17::INSTR"
[instruments.smu]
driver = "by-messages"
link = "GPIB0::17::INSTR"
"""


class ByLibrary(Instrument):
    """A driver that calls a library."""

    vendor = "made up"
    models = ("one",)
    link_type = LibraryLink

    def identify(self) -> Identity:
        assert isinstance(self.link, LibraryLink)
        return Identity(self.vendor, self.models[0], str(self.link.call("serial_number")), "")

    def make_safe(self) -> dict[str, Any]:
        return {}


class ByMessages(Instrument):
    """A driver that sends text to the same mainframe."""

    vendor = "made up"
    models = ("two",)

    def identify(self) -> Identity:
        return Identity(self.vendor, self.models[0], self.link.query("SERIAL?"), "")

    def make_safe(self) -> dict[str, Any]:
        return {}


class LibraryTwin:
    def __init__(self, clock: Any, *, seed: int) -> None:
        self.seed = seed

    def serial_number(self) -> int:
        return 42


class MessageTwin:
    def __init__(self, clock: Any, *, seed: int) -> None:
        self.seed = seed

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        return b"43\n"

    def clear(self) -> None:
        """Have nothing to clear."""


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {
        ("drivers", "by-library"): ByLibrary, ("drivers", "by-messages"): ByMessages,
        ("simulated_instruments", "by-library"): LibraryTwin, ("simulated_instruments", "by-messages"): MessageTwin,
    }  # fmt: skip
    load = plugins.load
    monkeypatch.setattr(plugins, "load", lambda kind, name: table.get((kind, name)) or load(kind, name))


def test_a_simulated_library_and_a_simulated_line_share_an_address() -> None:
    with station_from_text(TEXT, "test", OpenOptions(simulate=True)) as station:
        pulser, smu = station["pulser"], station["smu"]
        assert pulser.identity is not None
        assert smu.identity is not None
        assert (pulser.identity.serial, smu.identity.serial) == ("42", "43")
        assert isinstance(pulser.link, LibraryLink)
        assert pulser.link.in_process
        assert type(smu.link) is Link


def test_a_real_library_is_loaded_by_its_path_on_opening() -> None:
    pulser = station_from_text(TEXT, "test", OpenOptions())["pulser"]
    assert isinstance(pulser.link, LibraryLink)
    pulser.link.path = "/nowhere/pulser.dll"
    with pytest.raises(LinkError, match=r"GPIB0::17::INSTR: the library '/nowhere/pulser\.dll' cannot be loaded"):
        pulser.open()


def test_a_library_takes_no_bytes_and_is_opened_once() -> None:
    link = LibraryLink("GPIB0::17::INSTR", object)
    link.open()
    with pytest.raises(StateError, match="takes no bytes"):
        link.query("*IDN?")
    with pytest.raises(StateError, match="open already"):
        link.open()
    link.close()
    assert not link.is_open
