"""A simulated instrument behind HiSLIP, as ``TCPIP::host::hislip0,port::INSTR``.

Synchronized mode, protocol 1.0, one client at a time: another gets the fatal error "maximum number of clients
exceeded". Locks are granted to that one client. A response carries the number of the message that it answers. A device
clear comes over the asynchronous channel and ends what the instrument is working on.

Source: IVI-6.1 HiSLIP. Checked with pyvisa-py's client.
"""

import contextlib
import itertools
import socket
import struct
import threading
from collections.abc import Callable

from typing_extensions import override

from labctl.errors import LinkError
from labctl.simulation.hislip_messages import (
    HEADER_SIZE,
    LARGEST_PAYLOAD,
    BadHeaderError,
    ErrorCode,
    FatalErrorCode,
    Message,
    MessageStream,
    MessageType,
    OversizeError,
)
from labctl.simulation.hosting import TRIGGER, HostedInstrument
from labctl.simulation.network import InstrumentServer, hang_up, peer_has_left

_VERSION = 0x0100
_VENDOR = int.from_bytes(b"LC")
_OPENING_TIME = 5.0
"""How long, in s, a client may take to open its channels."""
_SMALLEST_MESSAGE = 256
"""Bytes of a message that every client is taken to stand, whatever it announces."""


class HislipServer(InstrumentServer):
    """Serves one hosted instrument over HiSLIP."""

    kind = "hislip"

    def __init__(self, hosted: HostedInstrument, host: str = "127.0.0.1", port: int = 0) -> None:
        self._numbers = itertools.count(1)
        self._sessions: dict[int, HislipSession] = {}
        super().__init__(hosted, host, port)

    @property
    def resource_name(self) -> str:
        """The VISA resource name that opens it."""
        return f"TCPIP::{self.host}::hislip0,{self.port}::INSTR"

    @override
    def accept(self, client: socket.socket) -> None:
        client.settimeout(_OPENING_TIME)
        stream = MessageStream(client)
        try:
            first = stream.receive()
        except (BadHeaderError, OversizeError):
            refuse(stream, FatalErrorCode.BAD_HEADER, "this is no HiSLIP message")
            return
        except OSError:
            first = None
        if first is None:
            client.close()
        elif first.kind == MessageType.INITIALIZE:
            self._open(stream)
        elif first.kind == MessageType.ASYNC_INITIALIZE and first.parameter in self._sessions:
            self._sessions.pop(first.parameter).add_asynchronous(stream)
        else:
            refuse(stream, FatalErrorCode.BAD_INITIALIZATION, "this connection was not initialized")

    def _open(self, stream: MessageStream) -> None:
        if not self.make_room():
            refuse(stream, FatalErrorCode.TOO_MANY_CLIENTS, f"another client uses the {self.hosted.role}")
            return
        number = next(self._numbers) & 0xFFFF
        session = HislipSession(self.hosted, stream)
        self.connections.append(session)
        self._sessions = {number: session}
        parameter = (_VERSION << 16) | number
        with contextlib.suppress(OSError):
            stream.send(Message(MessageType.INITIALIZE_RESPONSE, 0, parameter))


class HislipSession:
    """One client's two channels, a thread each."""

    def __init__(self, hosted: HostedInstrument, synchronous: MessageStream) -> None:
        self.hosted = hosted
        self._synchronous = synchronous
        self._asynchronous: MessageStream | None = None
        self._clearing = threading.Event()
        self._largest = 1 << 20  # of the client's messages, until it announces its own: IVI-6.1, 6.6
        self._message_id = 0
        self._locked = False
        self._threads: list[threading.Thread] = []
        self._start(self._serve_synchronous, "hislip")

    def add_asynchronous(self, stream: MessageStream) -> None:
        """Take the second channel into service."""
        self._asynchronous = stream
        with contextlib.suppress(OSError):
            stream.send(Message(MessageType.ASYNC_INITIALIZE_RESPONSE, 0, _VENDOR))
        self._start(self._serve_asynchronous, "hislip async")

    def is_alive(self) -> bool:
        """Return whether a thread still runs."""
        return any(thread.is_alive() for thread in self._threads)

    def has_left(self) -> bool:
        """Return whether the client has closed its synchronous channel."""
        return not self._threads[0].is_alive() or peer_has_left(self._synchronous.client)

    def shutdown(self) -> None:
        """Close both channels."""
        hang_up(self._synchronous.client)
        if self._asynchronous is not None:
            hang_up(self._asynchronous.client)

    def join(self, timeout: float) -> None:
        """Wait for both threads."""
        for thread in self._threads:
            thread.join(timeout)

    def _start(self, target: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=target, name=f"{name} client of {self.hosted.role}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve_synchronous(self) -> None:
        stream = self._synchronous
        with stream.client:
            try:
                stream.client.settimeout(None)
                while (message := self._next(stream)) is not None:
                    self._synchronous_message(message)
            except BadHeaderError:
                refuse(stream, FatalErrorCode.BAD_HEADER, "this is no HiSLIP message")
            except (LinkError, OSError):
                pass  # the line or the client is gone: what is left to do is to hang up
        self.shutdown()

    def _next(self, stream: MessageStream) -> Message | None:
        """Return the next message; if none comes for a while, the client reads: hand it what waits to be read."""
        while True:
            try:
                if not self.hosted.answers_when_read:
                    return stream.receive()
                stream.client.settimeout(self.hosted.READ_DELAY)
                try:
                    return stream.receive()
                except TimeoutError:
                    waiting = self.hosted.talk()
                finally:
                    stream.client.settimeout(None)
                if not waiting:
                    return stream.receive()
                self._respond(waiting)
            except OversizeError:
                stream.send(Message(MessageType.ERROR, ErrorCode.MESSAGE_TOO_LARGE, 0, b"message too large"))

    def _synchronous_message(self, message: Message) -> None:
        if message.kind == MessageType.DEVICE_CLEAR_COMPLETE:
            self._clearing.clear()
            self._synchronous.send(Message(MessageType.DEVICE_CLEAR_ACKNOWLEDGE))
        elif message.kind in {MessageType.DATA, MessageType.DATA_END, MessageType.TRIGGER}:
            if self._clearing.is_set():
                return  # sent before the clear: IVI-6.1, 6.12
            self._message_id = message.parameter
            data = TRIGGER if message.kind == MessageType.TRIGGER else message.payload
            answer = self.hosted.exchange(data, end=message.kind != MessageType.DATA)
            if answer and not self._clearing.is_set():
                self._respond(answer)
        else:
            self._unrecognized(self._synchronous, message)

    def _respond(self, answer: bytes) -> None:
        """Send a response in pieces that the client takes, the last one with END.

        The last byte, a terminator, comes by itself: pyvisa-py drops what its user leaves unread of a response by whole
        messages, and would take the rest of one for the header of the next.
        """
        size = max(self._largest, _SMALLEST_MESSAGE) - HEADER_SIZE
        body, last = answer[:-1], answer[-1:]
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        messages = [Message(MessageType.DATA, 0, self._message_id, piece) for piece in pieces]
        self._synchronous.send(*messages, Message(MessageType.DATA_END, 0, self._message_id, last))

    def _serve_asynchronous(self) -> None:
        stream = self._asynchronous
        if stream is None:
            return
        with stream.client:
            try:
                stream.client.settimeout(None)
                while (message := stream.receive()) is not None:
                    self._asynchronous_message(stream, message)
            except (BadHeaderError, OversizeError):
                refuse(stream, FatalErrorCode.BAD_HEADER, "this is no HiSLIP message")
            except (LinkError, OSError):
                pass  # as above
        self.shutdown()

    def _asynchronous_message(self, stream: MessageStream, message: Message) -> None:
        match message.kind:
            case MessageType.ASYNC_DEVICE_CLEAR:
                self._clearing.set()
                self.hosted.clear()
                stream.send(Message(MessageType.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE))
            case MessageType.ASYNC_MAXIMUM_MESSAGE_SIZE if len(message.payload) == 8:
                (self._largest,) = struct.unpack("!Q", message.payload)
                size = struct.pack("!Q", LARGEST_PAYLOAD)
                stream.send(Message(MessageType.ASYNC_MAXIMUM_MESSAGE_SIZE_RESPONSE, payload=size))
            case MessageType.ASYNC_STATUS_QUERY:
                stream.send(Message(MessageType.ASYNC_STATUS_RESPONSE, self.hosted.serial_poll()))
            case MessageType.ASYNC_LOCK:
                stream.send(Message(MessageType.ASYNC_LOCK_RESPONSE, self._lock(request=message.control == 1)))
            case MessageType.ASYNC_LOCK_INFO:
                held = int(self._locked)
                stream.send(Message(MessageType.ASYNC_LOCK_INFO_RESPONSE, held, held))
            case MessageType.ASYNC_REMOTE_LOCAL_CONTROL:
                stream.send(Message(MessageType.ASYNC_REMOTE_LOCAL_RESPONSE))
            case _:
                self._unrecognized(stream, message)

    def _lock(self, *, request: bool) -> int:
        """Take or give back the lock; return 1 for success and 3 for a lock that is not held, or held already."""
        if self._locked == request:
            return 3
        self._locked = request
        return 1

    @staticmethod
    def _unrecognized(stream: MessageStream, message: Message) -> None:
        text = f"message type {message.kind} is not known here".encode()
        stream.send(Message(MessageType.ERROR, ErrorCode.UNRECOGNIZED_TYPE, 0, text))


def refuse(stream: MessageStream, code: FatalErrorCode, reason: str) -> None:
    """Send a fatal error and hang up."""
    with contextlib.suppress(OSError), stream.client:
        stream.send(Message(MessageType.FATAL_ERROR, code, 0, reason.encode()))
        hang_up(stream.client)
