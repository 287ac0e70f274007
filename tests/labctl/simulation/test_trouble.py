"""Bad days at an address: somebody else is there, another model is there, or the instrument goes while it speaks."""

import functools
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import pyvisa

from labctl import plugins
from labctl.errors import InstrumentError, LinkError
from labctl.instrument import Instrument
from labctl.links import Link, LinkOptions
from labctl.simulation.lab import SimulatedLab
from labctl.simulation.served import ServedLab
from labctl.stations.model import read_station

TIMEOUT = 2.0
"""Of the links, in s."""
ALLOWED = 3.0 * TIMEOUT + 4.0
"""Longest, in s, that an error may take: a few time-outs in a row, on a busy machine."""
OTHER_PROCESS = """
import sys, pyvisa
from labctl import plugins
from labctl.instrument import IdlePolicy
from labctl.links import Link, LinkOptions
link = Link(sys.argv[1], lambda: pyvisa.ResourceManager("@py"), LinkOptions(timeout=2.0))
try:
    with plugins.load("drivers", "keithley-2600")(link, role="smu", idle=IdlePolicy.FLOAT):
        print("opened")
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def lab() -> SimulatedLab:
    return SimulatedLab(read_station("full-lab")[0], seed=11)


@pytest.fixture
def served(lab: SimulatedLab) -> Iterator[ServedLab]:
    with ServedLab(lab) as server:
        yield server


def driver(name: str, link: Link, role: str) -> Any:
    make: type[Instrument] = plugins.load("drivers", name)
    return make(link, role=role, idle=min(make.idle_policies))


def over(resource: str) -> Link:
    return Link(resource, lambda: pyvisa.ResourceManager("@py"), LinkOptions(timeout=TIMEOUT))


def in_process(lab: SimulatedLab, role: str) -> Link:
    name = lab.resource_name(role)
    return Link(name, functools.partial(lab.manager, role), LinkOptions(timeout=TIMEOUT))


def fails(do: Callable[[], Any], error: type[Exception] = LinkError) -> str:
    """Return the words of the error that ``do`` raises within the time-out."""
    start = time.monotonic()
    with pytest.raises(error) as raised:
        do()
    assert time.monotonic() - start < ALLOWED
    return str(raised.value)


# -- busy -------------------------------------------------------------------------------------------------------------


def test_a_second_program_in_process_is_told_that_the_instrument_is_busy(lab: SimulatedLab) -> None:
    second = driver("keithley-2600", in_process(lab, "smu"), "second")
    with driver("keithley-2600", in_process(lab, "smu"), "first") as first:
        assert "another program has it open" in fails(second.open)
        assert not second.link.is_open
        assert first.line_frequency.get() == 50.0
    with second:
        assert second.is_open


@pytest.mark.parametrize("kind", ["socket", "hislip"])
def test_a_second_client_of_a_busy_instrument_gets_an_error_and_leaves_the_first_alone(
    served: ServedLab, kind: str
) -> None:
    resource = served.resources["smu"][kind]
    second = driver("keithley-2600", over(resource), "second")
    with driver("keithley-2600", over(resource), "first") as first:
        assert "another program has it open" in fails(second.open)
        assert not second.link.is_open
        assert first.line_frequency.get() == 50.0
    with second:
        assert second.is_open


def test_a_second_process_gets_an_error_while_the_instrument_is_busy_and_opens_it_later(served: ServedLab) -> None:
    resource = served.resources["smu"]["socket"]
    command = [sys.executable, "-c", OTHER_PROCESS, resource]
    with driver("keithley-2600", over(resource), "first") as first:
        said = subprocess.run(command, capture_output=True, text=True, timeout=40.0, check=True).stdout
        assert said.startswith("Link"), said
        assert "another program has it open" in said
        assert first.line_frequency.get() == 50.0
    said = subprocess.run(command, capture_output=True, text=True, timeout=40.0, check=True).stdout
    assert said.strip() == "opened"


@pytest.mark.parametrize("kind", ["socket", "hislip"])
def test_a_refused_connection_leaves_no_socket_open_while_its_error_is_kept(
    served: ServedLab, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[socket.socket] = []

    class Noted(socket.socket):
        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            super().__init__(*arguments, **keywords)
            made.append(self)

    resource = served.resources["smu"][kind]
    with driver("keithley-2600", over(resource), "first"):
        monkeypatch.setattr(socket, "socket", Noted)
        second = driver("keithley-2600", over(resource), "second")
        with pytest.raises(LinkError) as kept:
            second.open()
        ours = [one for one in made if one.fileno() != -1 and one.getsockname()[1] != _port(resource)]
        assert made
        assert ours == [], kept.value


def _port(resource: str) -> int:
    return int(re.findall(r"\d+", resource.split("::")[2])[-1])


# -- another model ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["in process", "socket", "hislip"])
@pytest.mark.parametrize(
    ("name", "there", "found"),
    [
        ("keithley-2600", "pulser", "33622A"),
        ("keysight-33600a", "smu", "2636B"),
        ("keysight-msox3104", "pulser", "33622A"),
        ("keysight-b1500", "scope", "MSO-X 3104A"),
    ],
)
def test_another_model_at_the_address_is_named_and_the_line_is_closed(
    lab: SimulatedLab, served: ServedLab, kind: str, name: str, there: str, found: str
) -> None:
    link = in_process(lab, there) if kind == "in process" else over(served.resources[there][kind])
    wrong = driver(name, link, "wrong")
    words = fails(wrong.open, InstrumentError)
    assert found in words
    assert wrong.models[0] in words
    assert not wrong.is_open
    assert not link.is_open
    right = driver(read_station("full-lab")[0].instruments[there].driver, link, there)
    with right:
        assert right.identity.model in right.models


# -- gone -------------------------------------------------------------------------------------------------------------


def test_an_instrument_that_vanishes_between_two_messages_is_told_and_opens_again(lab: SimulatedLab) -> None:
    smu, line = driver("keithley-2600", in_process(lab, "smu"), "smu"), lab.hosted["smu"].line
    smu.open()
    line.faults.disconnect_after = 0
    assert "gone" in fails(lambda: smu.measure_repeatedly(0.1, 1000, compliance=1e-3, nplc=0.01))
    fails(smu.close)
    assert not smu.link.is_open
    fails(smu.open)
    line.faults.disconnect_after, line.connected = None, True
    with smu:
        assert len(smu.measure_repeatedly(0.1, 10, compliance=1e-3, nplc=0.01).currents) == 10


@pytest.mark.parametrize("kind", ["socket", "hislip"])
def test_an_instrument_that_vanishes_in_the_middle_of_a_download_is_told_and_opens_again(
    lab: SimulatedLab, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the block arrives, then the server is closed."""
    hosted, server = lab.hosted["scope"], ServedLab(lab)
    whole, closing = hosted.exchange, threading.Timer(0.3, server.close)

    def half(data: bytes, *, end: bool = False) -> bytes:
        answer = whole(data, end=end)
        if len(answer) > 100_000:
            closing.start()
            return answer[: len(answer) // 2]
        return answer

    scope = driver("keysight-msox3104", over(server.resources["scope"][kind]), "scope")
    try:
        scope.open()
        scope.arm(duration=1e-3, level=0.0)
        scope.force_trigger()
        monkeypatch.setattr(hosted, "exchange", half)
        fails(scope.fetch_waveform)
        fails(scope.close)
        assert not scope.link.is_open
        fails(scope.open)
    finally:
        closing.join()
        server.close()
    monkeypatch.undo()
    with ServedLab(lab) as again:
        scope.link.name = again.resources["scope"][kind]
        with scope:
            scope.arm(duration=1e-3, level=0.0)
            scope.force_trigger()
            assert len(scope.fetch_waveform().volts) > 1_000_000


@pytest.mark.parametrize("kind", ["socket", "hislip"])
def test_an_instrument_that_vanishes_in_the_middle_of_an_upload_is_told_and_opens_again(
    lab: SimulatedLab, kind: str
) -> None:
    server = ServedLab(lab)
    pulser = driver("keysight-33600a", over(server.resources["pulser"][kind]), "pulser")
    codes = np.zeros(1_000_000, dtype=np.int16)
    line = lab.hosted["pulser"].line
    try:
        pulser.open()
        line.faults.disconnect_after = line._messages + 1
        fails(lambda: pulser.upload_waveform("BIG", codes))
        fails(pulser.close)
        assert not pulser.link.is_open
    finally:
        server.close()
    line.faults.disconnect_after, line.connected = None, True
    with ServedLab(lab) as again:
        pulser.link.name = again.resources["pulser"][kind]
        with pulser:
            pulser.clear_waveforms()
            pulser.upload_waveform("BIG", codes)
            assert pulser.ask_number("SOUR1:DATA:ATTR:POIN? BIG") == len(codes)
