"""Device clear over a raw socket, which has none, and what a transcript keeps of a long message."""

import socket
import threading
from collections.abc import Iterator

import pytest
import pyvisa

from labctl.errors import LinkTimeoutError, StateError
from labctl.links import Link, LinkOptions
from labctl.links.link import TRANSCRIPT_BYTES


@pytest.fixture
def late_server() -> Iterator[str]:
    """Answers on its first connection only once the second has come; on the second, at once."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        first, _ = listener.accept()
        with first:
            first.recv(100)
            second, _ = listener.accept()
            with second:
                second.sendall(second.recv(100))
                second.recv(100)

    listener.settimeout(5.0)
    thread = threading.Thread(target=serve)
    thread.start()
    yield f"TCPIP::127.0.0.1::{listener.getsockname()[1]}::SOCKET"
    thread.join(5.0)
    listener.close()


def test_a_raw_socket_is_opened_again_where_a_device_clear_is_asked_for(late_server: str) -> None:
    manager = pyvisa.ResourceManager("@py")
    link = Link(late_server, lambda: manager, LinkOptions(timeout=0.2))
    link.open()
    with pytest.raises(LinkTimeoutError):
        link.query("first")
    link.clear()
    assert link.query("second") == "second"
    link.close()
    manager.close()


def test_a_closed_line_cannot_be_cleared() -> None:
    link = Link("TCPIP::127.0.0.1::1::SOCKET", lambda: None)
    with pytest.raises(StateError, match="is closed"):
        link.clear()


def test_the_transcript_keeps_the_beginning_of_a_long_message(late_server: str) -> None:
    manager = pyvisa.ResourceManager("@py")
    link = Link(late_server, lambda: manager, LinkOptions(timeout=0.2))
    link.open()
    link.send(bytes(TRANSCRIPT_BYTES + 1))
    assert [len(entry.data) for entry in link.transcript] == [TRANSCRIPT_BYTES]
    link.clear()
    link.close()
    manager.close()
