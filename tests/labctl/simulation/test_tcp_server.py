"""The raw socket server, with PyVISA and with bare sockets."""

import socket
from typing import Any

import numpy as np
import pytest
import pyvisa

from labctl.simulation.faults import Faults
from labctl.simulation.hosting import HostedInstrument
from labctl.simulation.tcp_server import SocketServer


def opened(server: SocketServer) -> socket.socket:
    return socket.create_connection((server.host, server.port), timeout=5.0)


@pytest.mark.parametrize("termination", ["\n", "\r\n"])
def test_a_query_over_pyvisa_is_answered(
    socket_server: SocketServer, manager: pyvisa.ResourceManager, termination: str
) -> None:
    options = {"read_termination": "\n", "write_termination": termination}
    with manager.open_resource(socket_server.resource_name, **options) as resource:
        assert resource.query("*IDN?") == "little,instrument"


def test_a_block_of_any_bytes_comes_whole(socket_server: SocketServer, manager: pyvisa.ResourceManager) -> None:
    options = {"read_termination": "\n", "write_termination": "\n"}
    with manager.open_resource(socket_server.resource_name, **options) as resource:
        values = resource.query_binary_values("BLOCK? 300000", datatype="B", container=np.array)
        assert np.array_equal(values, np.arange(300000) % 256)


def test_clients_may_come_after_each_other(socket_server: SocketServer) -> None:
    for _ in range(20):
        with opened(socket_server) as client:
            client.sendall(b"*IDN?\n")
            assert client.recv(100) == b"little,instrument\n"


def test_a_second_client_is_hung_up_on_and_the_first_goes_on(socket_server: SocketServer) -> None:
    with opened(socket_server) as first:
        first.sendall(b"*IDN?\n")
        assert first.recv(100) == b"little,instrument\n"
        with opened(socket_server) as second:
            assert second.recv(100) == b""
        first.sendall(b"*IDN?\n")
        assert first.recv(100) == b"little,instrument\n"


def test_half_a_message_of_one_client_does_not_reach_the_next(socket_server: SocketServer) -> None:
    with opened(socket_server) as first:
        first.sendall(b"*IDN")
    with opened(socket_server) as second:
        second.sendall(b"*IDN?\n")
        assert second.recv(100) == b"little,instrument\n"


def test_a_client_that_leaves_in_the_middle_frees_the_instrument(socket_server: SocketServer, little: Any) -> None:
    with opened(socket_server) as first:
        first.sendall(b"LOOP\n")
        assert little.working.wait(5.0)
    with opened(socket_server) as second:
        second.sendall(b"*IDN?\n")
        assert second.recv(100) == b"little,instrument\n"
    assert little.clears >= 1


def test_closing_ends_work_under_way(hosted: HostedInstrument, little: Any) -> None:
    server = SocketServer(hosted)
    with opened(server) as client:
        client.sendall(b"LOOP\n")
        assert little.working.wait(5.0)
        server.close()
        assert client.recv(100) == b""


def test_a_line_that_is_dropped_hangs_up(socket_server: SocketServer, hosted: HostedInstrument) -> None:
    hosted.line.faults = Faults(disconnect_after=1)
    with opened(socket_server) as client:
        client.sendall(b"*IDN?\n")
        assert client.recv(100) == b"little,instrument\n"
        client.sendall(b"*IDN?\n")
        assert client.recv(100) == b""


def test_what_is_kept_until_read_comes_when_the_client_waits(socket_server: SocketServer, little: Any) -> None:
    little.answers_when_read = True
    with opened(socket_server) as client:
        client.sendall(b"KEEP\nKEEP\n*IDN?\n")
        received = b""
        while received.count(b"\n") < 2:
            received += client.recv(100)
        assert received == b"little,instrument\nkept\nkept\n"[: len(received)]
