"""Links over real pseudo-terminals, real sockets and PyVISA's own calls."""

import os
import socket
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator

import pytest
import pyvisa

from labctl.clock import VirtualClock
from labctl.errors import LinkError, LinkTimeoutError, RunStoppedError, StateError
from labctl.links import Link, LinkOptions
from labctl.links.channels import VisaChannel
from labctl.simulation.hosting import HostedInstrument
from labctl.simulation.pty_line import PseudoTerminal

OPTIONS = LinkOptions(timeout=0.3)


class Echo:
    """Sends back what it gets, in two pieces if asked to; a line 'mute' gets no answer."""

    baud_rate = 115200

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        return b"" if data.startswith(b"mute") else data

    def clear(self) -> None:
        """Nothing to clear."""


def manager() -> pyvisa.ResourceManager:
    return pyvisa.ResourceManager("@py")


@pytest.fixture
def terminal() -> Iterator[PseudoTerminal]:
    served = PseudoTerminal(HostedInstrument("echo", Echo(), VirtualClock()))
    yield served
    served.close()


@pytest.fixture
def echo_server() -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            while data := connection.recv(65536):
                if not data.startswith(b"mute"):
                    connection.sendall(data)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"TCPIP::127.0.0.1::{listener.getsockname()[1]}::SOCKET"
    listener.close()
    thread.join(5.0)


@pytest.fixture(params=["serial", "socket"])
def link(request: pytest.FixtureRequest) -> Iterator[Link]:
    name = (
        request.getfixturevalue("terminal").resource_name
        if request.param == "serial"
        else request.getfixturevalue("echo_server")
    )
    opened = Link(name, manager, OPTIONS)
    opened.open()
    yield opened
    opened.close()


def test_a_line_of_text_comes_back(link: Link) -> None:
    assert link.query("hello") == "hello"
    assert [(entry.direction, entry.data) for entry in link.transcript] == [(">", b"hello\n"), ("<", b"hello")]


def test_binary_data_comes_back_whole_whatever_bytes_it_has(link: Link) -> None:
    block = bytes(range(256)) * 40
    link.send(block)
    assert link.read_bytes(len(block)) == block


def test_silence_is_a_time_out_and_the_line_still_stands(link: Link) -> None:
    with pytest.raises(LinkTimeoutError, match="no answer within the time-out"):
        link.query("mute")
    assert link.query("hello") == "hello"


def test_half_an_answer_is_told_and_kept(link: Link) -> None:
    link.send(b"abc")
    with pytest.raises(LinkTimeoutError, match="3 bytes had come"):
        link.read_until(b"\n")
    link.send(b"def\n")
    assert link.read_until(b"\n") == b"abcdef"


def test_a_wait_can_be_ended_from_another_thread(link: Link) -> None:
    timer = threading.Timer(0.05, link.cancel)
    timer.start()
    link.write("mute")
    with pytest.raises(RunStoppedError):
        link.read_until(b"\n", timeout=20.0)
    timer.join()
    assert link.query("hello") == "hello"


def test_the_generic_way_through_visa_gives_the_same(terminal: PseudoTerminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labctl.links.link.channel_for", VisaChannel)
    opened = Link(terminal.resource_name, manager, OPTIONS)
    opened.open()
    assert opened.query("hello") == "hello"
    block = bytes(range(256))
    opened.send(block)
    assert opened.read_bytes(256) == block
    with pytest.raises(LinkTimeoutError):
        opened.query("mute")
    opened.close()


def test_a_port_that_is_not_there_is_named() -> None:
    with pytest.raises(LinkError, match="ASRL/dev/nowhere::INSTR cannot be opened"):
        Link("ASRL/dev/nowhere::INSTR", manager, OPTIONS).open()


def test_a_port_that_another_program_holds_is_refused_and_can_be_opened_later(terminal: PseudoTerminal) -> None:
    holder = subprocess.Popen(
        [
            sys.executable, "-c",
            "import sys, serial\n"
            "port = serial.Serial(sys.argv[1], exclusive=True)\n"
            "print('open', flush=True)\nsys.stdin.read()",
            terminal.path,
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"open\n"
    opened = Link(terminal.resource_name, manager, OPTIONS)
    with pytest.raises(LinkError, match="another program has it open"):
        opened.open()
    holder.communicate()
    opened.open()
    assert opened.query("hello") == "hello"
    opened.close()


def test_a_line_that_goes_away_is_told_at_once() -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    opened = Link(f"ASRL{os.ttyname(theirs)}::INSTR", manager, OPTIONS)
    opened.open()
    os.close(theirs)
    os.close(ours)
    with pytest.raises(LinkError, match="the line is gone"):
        opened.query("hello")
    opened.close()


def test_a_closed_link_says_so() -> None:
    with pytest.raises(StateError, match="is closed"):
        Link("ASRL1::INSTR", manager).query("hello")
