"""What the network servers share: a listening socket, a thread that accepts, and an end that leaves nothing behind."""

import contextlib
import select
import socket
import threading
from typing import Protocol

from labctl.simulation.hosting import HostedInstrument

_JOIN = 0.05
"""How long, in s, a connection is given to end before the instrument is cleared for it once more."""


_GRACE = 0.5
"""How long, in s, the last messages of a client that has left may still be worked on when the next one waits."""


class Connection(Protocol):
    """One client, served in threads of its own."""

    def is_alive(self) -> bool:
        """Return whether it is still served; a client that has gone away counts as served until its work is over."""

    def has_left(self) -> bool:
        """Return whether the client has closed its end."""

    def shutdown(self) -> None:
        """Close its sockets, so that its threads end."""

    def join(self, timeout: float) -> None:
        """Wait for its threads, at most ``timeout`` (s)."""


class InstrumentServer:
    """Listens on a port of ``host`` and hands each connection to `accept`, until closed.

    Args:
        hosted: What answers there.
        host: Address to listen on.
        port: 0 takes a free one.
    """

    kind = "server"

    def __init__(self, hosted: HostedInstrument, host: str = "127.0.0.1", port: int = 0) -> None:
        self.hosted = hosted
        self.connections: list[Connection] = []
        self._listener = socket.create_server((host, port))
        self.host, self.port = self._listener.getsockname()[:2]
        self._wake_read, self._wake_write = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name=f"{self.kind} {hosted.role}", daemon=True)
        self._thread.start()

    def accept(self, client: socket.socket) -> None:
        """Serve ``client`` in a thread of its own, or refuse it."""
        raise TypeError(f"{type(self).__name__} serves nobody")

    def close(self) -> None:
        """End every connection and the thread; work under way is ended by a device clear. Once is enough."""
        if not self._thread.is_alive():
            return
        self._wake_write.send(b"x")
        self._thread.join()
        for connection in self.connections:
            self.end(connection)
        self.connections.clear()
        for each in (self._listener, self._wake_read, self._wake_write):
            each.close()

    def end(self, connection: Connection) -> None:
        """End a connection, clearing the instrument for as long as it works on a message of that client."""
        connection.shutdown()
        connection.join(_JOIN)
        while connection.is_alive():
            self.hosted.interrupt()
            connection.join(_JOIN)

    def make_room(self) -> bool:
        """Forget clients that have gone; return whether nobody is left."""
        for connection in self.connections:
            if connection.has_left():
                connection.join(_GRACE)
                self.end(connection)
        self.connections = [connection for connection in self.connections if connection.is_alive()]
        return not self.connections

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._listener, self._wake_read], [], [])
            if self._wake_read in ready:
                return
            with contextlib.suppress(ConnectionError):
                client, _ = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.accept(client)


def peer_has_left(client: socket.socket) -> bool:
    """Return whether the other side has closed, without taking bytes that wait."""
    if hasattr(select, "POLLRDHUP"):  # on Linux; tells it even while bytes wait
        poll = select.poll()
        with contextlib.suppress(OSError, ValueError):
            poll.register(client, select.POLLRDHUP)
            return bool(poll.poll(0))
        return True
    try:
        return not client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


def hang_up(client: socket.socket) -> None:
    """Close a socket that another thread may be reading; that thread sees its end."""
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)
