"""The HiSLIP server, with pyvisa-py's own client and with bare messages."""

import socket
import threading
from typing import Any

import numpy as np
import pytest
import pyvisa

from labctl.simulation.hislip_messages import HEADER_SIZE, Message, MessageStream, MessageType
from labctl.simulation.hislip_server import HislipServer
from labctl.simulation.hosting import HostedInstrument


def opened(server: HislipServer) -> MessageStream:
    client = socket.create_connection((server.host, server.port), timeout=5.0)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return MessageStream(client)


def received(stream: MessageStream) -> Message:
    message = stream.receive()
    assert message is not None
    return message


@pytest.fixture
def channels(hislip_server: HislipServer) -> Any:
    synchronous = opened(hislip_server)
    synchronous.send(Message(MessageType.INITIALIZE, 0, 0x01007878, b"hislip0"))
    number = received(synchronous).parameter & 0xFFFF
    asynchronous = opened(hislip_server)
    asynchronous.send(Message(MessageType.ASYNC_INITIALIZE, 0, number))
    assert received(asynchronous).kind == MessageType.ASYNC_INITIALIZE_RESPONSE
    yield synchronous, asynchronous
    synchronous.client.close()
    asynchronous.client.close()


def test_a_query_with_pyvisa_defaults_is_answered(hislip_server: HislipServer, manager: pyvisa.ResourceManager) -> None:
    with manager.open_resource(hislip_server.resource_name) as resource:
        assert resource.query("*IDN?") == "little,instrument\n"


@pytest.mark.parametrize("termination", ["\n", "\r\n", ""])
def test_terminators_are_optional(
    hislip_server: HislipServer, manager: pyvisa.ResourceManager, termination: str
) -> None:
    with manager.open_resource(hislip_server.resource_name, write_termination=termination) as resource:
        assert resource.query("*IDN?").strip() == "little,instrument"


def test_large_blocks_come_and_go_whole(
    hislip_server: HislipServer, manager: pyvisa.ResourceManager, little: Any
) -> None:
    with manager.open_resource(hislip_server.resource_name, write_termination="\n") as resource:
        values = resource.query_binary_values("BLOCK? 3000000", datatype="B", container=np.array)
        assert np.array_equal(values, np.arange(3_000_000) % 256)
        resource.write_raw(b"x" * 3_000_000 + b"\n")
        assert int(resource.query("COUNT?")) == 3_000_000 + len("BLOCK? 3000000") + len("COUNT?")


def test_what_a_client_leaves_unread_before_the_terminator_does_not_spoil_the_next_answer(
    hislip_server: HislipServer, manager: pyvisa.ResourceManager
) -> None:
    with manager.open_resource(hislip_server.resource_name) as resource:
        resource.write("BLOCK? 1000")
        assert len(resource.read_bytes(11 + 1000)) == 1011
        assert resource.query("*IDN?") == "little,instrument\n"


def test_clients_may_come_after_each_other(hislip_server: HislipServer, manager: pyvisa.ResourceManager) -> None:
    for _ in range(5):
        with manager.open_resource(hislip_server.resource_name) as resource:
            assert resource.query("*IDN?") == "little,instrument\n"


def test_a_second_client_is_refused_by_name_of_the_reason(hislip_server: HislipServer, channels: Any) -> None:
    second = opened(hislip_server)
    second.send(Message(MessageType.INITIALIZE, 0, 0x01007878, b"hislip0"))
    refusal = received(second)
    assert (refusal.kind, refusal.control) == (MessageType.FATAL_ERROR, 4)
    assert b"little" in refusal.payload
    second.client.close()


def test_a_device_clear_ends_what_the_instrument_works_on(
    hislip_server: HislipServer, manager: pyvisa.ResourceManager, little: Any
) -> None:
    with manager.open_resource(hislip_server.resource_name) as resource:
        resource.write("LOOP")
        assert little.working.wait(5.0)
        resource.clear()
        assert little.clears == 1
        assert resource.query("*IDN?") == "little,instrument\n"


def test_status_query_trigger_and_locks(hislip_server: HislipServer, channels: Any, little: Any) -> None:
    synchronous, asynchronous = channels
    asynchronous.send(Message(MessageType.ASYNC_STATUS_QUERY))
    assert received(asynchronous)[:2] == (MessageType.ASYNC_STATUS_RESPONSE, 0x55)
    synchronous.send(Message(MessageType.TRIGGER, 0, 0xFFFFFF00))
    synchronous.send(Message(MessageType.DATA_END, 0, 0xFFFFFF02, b"*IDN?"))
    assert received(synchronous) == Message(MessageType.DATA, 0, 0xFFFFFF02, b"little,instrument")
    assert received(synchronous) == Message(MessageType.DATA_END, 0, 0xFFFFFF02, b"\n")
    assert little.triggers == 1
    for control, answer in ((1, 1), (1, 3), (0, 1), (0, 3)):
        asynchronous.send(Message(MessageType.ASYNC_LOCK, control))
        assert received(asynchronous)[:2] == (MessageType.ASYNC_LOCK_RESPONSE, answer)


def test_a_response_is_cut_to_what_the_client_takes(channels: Any) -> None:
    synchronous, asynchronous = channels
    asynchronous.send(Message(MessageType.ASYNC_MAXIMUM_MESSAGE_SIZE, payload=(1000).to_bytes(8)))
    assert received(asynchronous).kind == MessageType.ASYNC_MAXIMUM_MESSAGE_SIZE_RESPONSE
    synchronous.send(Message(MessageType.DATA, 0, 2, b"BLOCK? "))
    synchronous.send(Message(MessageType.DATA_END, 0, 4, b"5000"))
    pieces = [received(synchronous)]
    while pieces[-1].kind == MessageType.DATA:
        pieces.append(received(synchronous))
    assert {piece.parameter for piece in pieces} == {4}
    assert max(len(piece.payload) for piece in pieces) == 1000 - HEADER_SIZE
    assert b"".join(piece.payload for piece in pieces)[:11] == b"#9000005000"


def test_what_is_kept_until_read_carries_the_last_message_number(channels: Any, little: Any) -> None:
    little.answers_when_read = True
    synchronous, _ = channels
    for number, text in ((2, b"*IDN?"), (4, b"KEEP"), (6, b"*IDN?")):
        synchronous.send(Message(MessageType.DATA_END, 0, number, text))
    pieces = [received(synchronous) for _ in range(6)]
    assert [piece.parameter for piece in pieces if piece.kind == MessageType.DATA_END] == [2, 6, 6]
    assert b"".join(piece.payload for piece in pieces) == b"little,instrument\nlittle,instrument\nkept\n"


def test_an_unknown_message_type_is_an_error_and_the_channel_goes_on(channels: Any) -> None:
    synchronous, _ = channels
    synchronous.send(Message(99, 0, 0, b"?"))
    assert received(synchronous)[:2] == (MessageType.ERROR, 1)
    synchronous.send(Message(MessageType.DATA_END, 0, 2, b"*IDN?"))
    assert received(synchronous).payload + received(synchronous).payload == b"little,instrument\n"


def test_garbage_is_a_fatal_error(hislip_server: HislipServer) -> None:
    stream = opened(hislip_server)
    stream.client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert received(stream)[:2] == (MessageType.FATAL_ERROR, 1)
    stream.client.close()


def test_closing_ends_work_under_way(hosted: HostedInstrument, little: Any) -> None:
    server = HislipServer(hosted)
    manager = pyvisa.ResourceManager("@py")
    with manager.open_resource(server.resource_name) as resource:
        resource.write("LOOP")
        assert little.working.wait(5.0)
        server.close()
    manager.close()
    assert not [thread for thread in threading.enumerate() if "little" in thread.name]
