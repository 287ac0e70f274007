"""HiSLIP messages: a header of 16 bytes and a payload, on the synchronous and the asynchronous channel.

Source: IVI-6.1 High-Speed LAN Instrument Protocol, sections 2 (headers) and 6 (messages).
"""

import enum
import socket
import struct
from typing import NamedTuple

_HEADER = struct.Struct("!2sBBIQ")
HEADER_SIZE = _HEADER.size
_PROLOGUE = b"HS"
LARGEST_PAYLOAD = 1 << 28
"""Bytes of one message that the server takes: ours, announced as the maximum message size."""
_CHUNK = 1 << 18


class MessageType(enum.IntEnum):
    """The message types that we send or understand. Source: IVI-6.1, table 4."""

    INITIALIZE = 0
    INITIALIZE_RESPONSE = 1
    FATAL_ERROR = 2
    ERROR = 3
    ASYNC_LOCK = 4
    ASYNC_LOCK_RESPONSE = 5
    DATA = 6
    DATA_END = 7
    DEVICE_CLEAR_COMPLETE = 8
    DEVICE_CLEAR_ACKNOWLEDGE = 9
    ASYNC_REMOTE_LOCAL_CONTROL = 10
    ASYNC_REMOTE_LOCAL_RESPONSE = 11
    TRIGGER = 12
    ASYNC_MAXIMUM_MESSAGE_SIZE = 15
    ASYNC_MAXIMUM_MESSAGE_SIZE_RESPONSE = 16
    ASYNC_INITIALIZE = 17
    ASYNC_INITIALIZE_RESPONSE = 18
    ASYNC_DEVICE_CLEAR = 19
    ASYNC_STATUS_QUERY = 21
    ASYNC_STATUS_RESPONSE = 22
    ASYNC_DEVICE_CLEAR_ACKNOWLEDGE = 23
    ASYNC_LOCK_INFO = 24
    ASYNC_LOCK_INFO_RESPONSE = 25


class FatalErrorCode(enum.IntEnum):
    """Codes of a FatalError. Source: IVI-6.1, table 14."""

    UNIDENTIFIED = 0
    BAD_HEADER = 1
    CHANNELS_NOT_ESTABLISHED = 2
    BAD_INITIALIZATION = 3
    TOO_MANY_CLIENTS = 4


class ErrorCode(enum.IntEnum):
    """Codes of an Error. Source: IVI-6.1, table 16."""

    UNRECOGNIZED_TYPE = 1
    MESSAGE_TOO_LARGE = 4


class Message(NamedTuple):
    """One message.

    Attributes:
        kind: Its type; a plain number where we do not know the type.
        control: The control code.
        parameter: The message parameter, 32 bits.
        payload: What follows the header.
    """

    kind: int
    control: int = 0
    parameter: int = 0
    payload: bytes = b""

    def encode(self) -> bytes:
        """Return the bytes of the message."""
        return _HEADER.pack(_PROLOGUE, self.kind, self.control, self.parameter, len(self.payload)) + self.payload


class BadHeaderError(Exception):
    """The bytes are no HiSLIP header; the connection cannot go on."""


class OversizeError(Exception):
    """A payload beyond `LARGEST_PAYLOAD`; it has been skipped."""


class MessageStream:
    """Messages over one socket."""

    def __init__(self, client: socket.socket) -> None:
        self.client = client
        self._received = bytearray()

    def receive(self) -> Message | None:
        """Return the next message, ``None`` at the end of the connection.

        Raises:
            BadHeaderError: No HiSLIP header.
            OversizeError: The payload was too large and has been skipped.
            TimeoutError: No header within the socket's time-out; nothing is lost.
        """
        if not self._fill(HEADER_SIZE):
            return None
        prologue, kind, control, parameter, length = _HEADER.unpack_from(self._received)
        if prologue != _PROLOGUE:
            raise BadHeaderError
        timeout = self.client.gettimeout()
        self.client.settimeout(None)
        try:
            if length > LARGEST_PAYLOAD:
                self._skip(HEADER_SIZE + length)
                raise OversizeError
            if not self._fill(HEADER_SIZE + length):
                return None
        finally:
            self.client.settimeout(timeout)
        payload = bytes(self._received[HEADER_SIZE : HEADER_SIZE + length])
        del self._received[: HEADER_SIZE + length]
        return Message(kind, control, parameter, payload)

    def send(self, *messages: Message) -> None:
        """Send messages, in one go."""
        self.client.sendall(b"".join(message.encode() for message in messages))

    def _fill(self, count: int) -> bool:
        while len(self._received) < count:
            data = self.client.recv(_CHUNK)
            if not data:
                return False
            self._received += data
        return True

    def _skip(self, count: int) -> None:
        while count > len(self._received):
            count -= len(self._received)
            self._received.clear()
            if not self._fill(1):
                return
        del self._received[:count]
