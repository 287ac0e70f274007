"""A simulated instrument on a raw TCP socket: lines of text or frames, as ``TCPIP::host::port::SOCKET``.

One client at a time; a second is hung up on at once, and may come when the first has gone. A raw socket has no device
clear: a client that closes while its message is being worked on ends that work.
"""

import socket
import threading

from typing_extensions import override

from labctl.errors import LinkError
from labctl.simulation.hosting import HostedInstrument
from labctl.simulation.network import InstrumentServer, hang_up, peer_has_left

_CHUNK = 1 << 18


class SocketServer(InstrumentServer):
    """Serves one hosted instrument on a raw socket."""

    kind = "socket"

    @property
    def resource_name(self) -> str:
        """The VISA resource name that opens it."""
        return f"TCPIP::{self.host}::{self.port}::SOCKET"

    @override
    def accept(self, client: socket.socket) -> None:
        if self.make_room():
            self.connections.append(_SocketConnection(self.hosted, client))
        else:
            client.close()


class _SocketConnection:
    def __init__(self, hosted: HostedInstrument, client: socket.socket) -> None:
        self._hosted = hosted
        self._client = client
        self._thread = threading.Thread(target=self._serve, name=f"socket client of {hosted.role}", daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def has_left(self) -> bool:
        return peer_has_left(self._client)

    def shutdown(self) -> None:
        hang_up(self._client)

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _serve(self) -> None:
        whole = True
        with self._client:
            try:
                while data := self._receive():
                    whole = data.endswith(b"\n")
                    if answer := self._hosted.exchange(data):
                        self._client.sendall(answer)
                    elif hasattr(socket, "TCP_QUICKACK"):
                        # a client that keeps Nagle's delay sends its next message when this one is acknowledged
                        self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            except (LinkError, OSError):
                pass  # the line or the client is gone: what is left to do is to hang up
        if not whole:
            self._hosted.interrupt()  # half a message must not become the beginning of the next client's

    def _receive(self) -> bytes:
        """Return the client's next bytes; if it sends none for a while, it reads: hand it what waits to be read."""
        while self._hosted.answers_when_read:
            self._client.settimeout(self._hosted.READ_DELAY)
            try:
                return self._client.recv(_CHUNK)
            except TimeoutError:
                waiting = self._hosted.talk()
            finally:
                self._client.settimeout(None)
            if not waiting:
                break
            self._client.sendall(waiting)
        return self._client.recv(_CHUNK)
