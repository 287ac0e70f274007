"""A small instrument that has everything a server must carry, and its servers."""

import threading
from collections.abc import Iterator

import pytest
import pyvisa

from labctl.clock import VirtualClock
from labctl.simulation.hislip_server import HislipServer
from labctl.simulation.hosting import HostedInstrument
from labctl.simulation.tcp_server import SocketServer


class LittleInstrument:
    """``*IDN?`` names it, ``BLOCK? n`` sends n bytes, ``LOOP`` works until a device clear, ``COUNT?`` counts bytes."""

    answers_when_read = False

    def __init__(self) -> None:
        self.input = b""
        self.kept = b""
        self.clears = 0
        self.triggers = 0
        self.bytes = 0
        self.working = threading.Event()
        self._cleared = threading.Event()

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        if not data and not end:
            kept, self.kept = self.kept, b""
            return kept
        *lines, self.input = (self.input + data).split(b"\n")
        if end and self.input:
            lines.append(self.input)
            self.input = b""
        return b"".join(self._line(line.rstrip(b"\r")) for line in lines)

    def _line(self, line: bytes) -> bytes:
        self.bytes += len(line)
        if line == b"*IDN?":
            return b"little,instrument\n"
        if line.startswith(b"BLOCK?"):
            count = int(line[6:])
            body = bytes(i % 256 for i in range(256)) * (count // 256 + 1)
            return b"#9%09d" % count + body[:count] + b"\n"
        if line == b"LOOP":
            self._cleared.clear()
            self.working.set()
            self._cleared.wait(20.0)
            self.working.clear()
            return b"never seen\n"
        if line == b"KEEP":
            self.kept += b"kept\n"
        if line == b"*TRG":
            self.triggers += 1
        if line == b"COUNT?":
            return b"%d\n" % self.bytes
        return b""

    def clear(self) -> None:
        self.input = self.kept = b""
        self.clears += 1
        self._cleared.set()

    def serial_poll(self) -> int:
        return 0x55


@pytest.fixture
def little() -> LittleInstrument:
    return LittleInstrument()


@pytest.fixture
def hosted(little: LittleInstrument) -> HostedInstrument:
    return HostedInstrument("little", little, VirtualClock())


@pytest.fixture
def socket_server(hosted: HostedInstrument) -> Iterator[SocketServer]:
    server = SocketServer(hosted)
    yield server
    server.close()


@pytest.fixture
def hislip_server(hosted: HostedInstrument) -> Iterator[HislipServer]:
    server = HislipServer(hosted)
    yield server
    server.close()


@pytest.fixture
def manager() -> Iterator[pyvisa.ResourceManager]:
    manager = pyvisa.ResourceManager("@py")
    yield manager
    manager.close()
