"""Queries, ten numbers and blocks of 1e6 int16 over TCP, beside pyvisa-py, PyMeasure and a bare socket, on one core.

PyMeasure is measured where it is installed.
"""

import importlib.util
import os
import socket
import subprocess
import sys
from typing import Any

import numpy as np
import pyvisa
from timing import Work, compare

from labctl.links import Link
from labctl.simulation.lab import SimulatedLab
from labctl.simulation.tcp_server import SocketServer
from labctl.stations.model import read_station

COUNT = 2000
POINTS = 1_000_000
NUMBERS = b",".join(b"%.6e" % n for n in range(10)) + b"\n"


def serve() -> None:
    """Answer ``N`` with ten numbers, ``B`` with a block, anything else with one number, one client after another."""
    block = np.random.default_rng(1).integers(-32768, 32767, POINTS, dtype=np.int16).tobytes()
    answers = {b"N": NUMBERS, b"B": b"#7%07d" % len(block) + block + b"\n"}
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client:
            while data := client.recv(4096):
                client.sendall(answers.get(data[:1], b"+1.000000E+00\n"))


class Bare:
    """A client with nothing around its socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def query(self, text: bytes) -> bytes:
        """Return the line that answers ``text``."""
        self.socket.sendall(text)
        data = self.socket.recv(4096)
        while not data.endswith(b"\n"):
            data += self.socket.recv(4096)
        return data

    def block(self) -> bytes:
        """Return the block."""
        self.socket.sendall(b"B\n")
        buffer = bytearray(9 + 2 * POINTS + 1)
        view, at = memoryview(buffer), 0
        while at < len(buffer):
            at += self.socket.recv_into(view[at:])
        return bytes(buffer)


def repeated(do: Any, count: int = COUNT) -> Work:
    """Return the work of calling ``do`` so often."""

    def work() -> int:
        for _ in range(count):
            do()
        return count

    return work


def in_turn(port: int) -> None:
    """Measure each client on a server that takes one at a time: each opens, works and closes."""
    manager = pyvisa.ResourceManager("@py")
    name = f"TCPIP::127.0.0.1::{port}::SOCKET"

    def visa(do: Any) -> Work:
        def work() -> int:
            with manager.open_resource(name, read_termination="\n", write_termination="\n") as resource:
                return do(resource)()

        return work

    def ours(do: Any) -> Work:
        def work() -> int:
            link = Link(name, lambda: manager)
            link.open()
            done = do(link)()
            link.close()
            return int(done)

        return work

    def bare(do: Any) -> Work:
        def work() -> int:
            client = Bare(port)
            done = do(client)()
            client.socket.close()
            return int(done)

        return work

    def pymeasure(do: Any) -> Work:
        def work() -> int:
            from pymeasure.instruments import Instrument

            peer = Instrument(name, "peer", includeSCPI=False, read_termination="\n", write_termination="\n")
            done = do(peer)()
            peer.adapter.close()
            return int(done)

        return work

    has_peer = importlib.util.find_spec("pymeasure") is not None
    compare(
        "query over TCP",
        {
            "pyvisa-py query": visa(lambda r: repeated(lambda: r.query("?"))),
            **({"PyMeasure ask": pymeasure(lambda p: repeated(lambda: p.ask("?")))} if has_peer else {}),
            "labctl Link.query": ours(lambda k: repeated(lambda: k.query("?"))),
            "bare socket": bare(lambda c: repeated(lambda: c.query(b"?\n"))),
        },
        "queries/s",
    )
    compare(
        "ten numbers into an array over TCP",
        {
            "pyvisa-py query_ascii_values": visa(
                lambda r: repeated(lambda: r.query_ascii_values("N", container=np.array))
            ),
            **(
                {"PyMeasure values": pymeasure(lambda p: repeated(lambda: np.array(p.values("N"))))} if has_peer else {}
            ),
            "labctl Link.query": ours(lambda k: repeated(lambda: np.fromstring(k.query("N"), sep=","))),
            "bare socket": bare(lambda c: repeated(lambda: np.fromstring(c.query(b"N\n"), sep=","))),
        },
        "queries/s",
    )

    def block_of(link: Link) -> Any:
        link.write("B")
        return np.frombuffer(link.read_bytes(9 + 2 * POINTS + 1)[9:-1], dtype=np.int16)

    compare(
        "1e6 int16 over TCP",
        {
            "pyvisa-py query_binary_values": visa(
                lambda r: repeated(lambda: r.query_binary_values("B", datatype="h", container=np.array), 2)
            ),
            "labctl Link.read_bytes": ours(lambda k: repeated(lambda: block_of(k), 20)),
            "bare socket": bare(lambda c: repeated(lambda: np.frombuffer(c.block()[9:-1], dtype=np.int16), 20)),
        },
        "blocks/s",
    )


def twins() -> None:
    """Measure queries that a full front-end answers: in process through PyVISA, and by our own server."""
    lab = SimulatedLab(read_station("full-lab")[0], seed=1)
    with lab.manager("pulser").open_resource(lab.resource_name("pulser"), read_termination="\n") as resource:
        front_end = lab.front_end("pulser")
        compare(
            "query of the 33600A twin in process",
            {
                "PyVISA's resource": repeated(lambda: resource.query("FREQ?")),
                "front-end alone": repeated(lambda: front_end.receive(b"FREQ?\n")),
            },
            "queries/s",
        )
    server = SocketServer(lab.hosted["pulser"])
    client = Bare(server.port)
    compare(
        "query of the 33600A twin behind TCP",
        {
            "bare client": repeated(lambda: client.query(b"FREQ?\n")),
            "front-end alone": repeated(lambda: front_end.receive(b"FREQ?\n")),
        },
        "queries/s",
    )
    client.socket.close()
    server.close()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    os.sched_setaffinity(0, {0})  # a wake-up across cores costs 30 us each way and hides what the software costs
    with subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None  # noqa: S101
        try:
            in_turn(int(server.stdout.readline()))
        finally:
            server.terminate()
    twins()
