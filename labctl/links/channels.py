"""Byte channels: the fastest way to move bytes over an open PyVISA resource, time-outs kept.

pyvisa-py reads a serial line one byte at a time, a socket in small pieces, and ends a read at each termination
character of binary data; its ports and sockets are therefore read here, in whole pieces. Any other resource goes
through ``viRead``.
"""

import os
import select
import socket
import struct
import time
import traceback
from typing import Any, Protocol, runtime_checkable

from typing_extensions import override

from labctl.errors import LinkError

CHUNK = 65536
"""Bytes asked for in one read."""
_WRITE_TIMEOUT = 5000
"""How long, in ms, a line may take no more bytes."""
_HISLIP_HEADER = struct.Struct("!2sBBIQ")
_FATAL_ERROR, _DATA, _DATA_END, _CLEAR_COMPLETE, _CLEAR_ACKNOWLEDGE = 2, 6, 7, 8, 9
_FIRST_MESSAGE = 0xFFFF_FF00
_CLEAR_TIMEOUT = 5.0
"""How long, in s, a device clear may stay without its acknowledgement."""


class Channel(Protocol):
    """Bytes out, bytes in."""

    def write(self, data: bytes) -> None:
        """Send all of ``data``.

        Raises:
            LinkError: The line is gone.
        """

    def read(self, timeout: float) -> bytes:
        """Return what has arrived, waiting at most ``timeout`` (s) for the first byte; empty after that.

        Raises:
            LinkError: The line is gone.
        """


@runtime_checkable
class OffersChannel(Protocol):
    """A VISA library that hands out its own channel, as the in-process one does."""

    def byte_channel(self, session: int) -> Channel:
        """Return the channel of an open session."""


def channel_for(resource: Any) -> Channel:
    """Return the channel that suits an open PyVISA message-based ``resource``."""
    library = resource.visalib
    if isinstance(library, OffersChannel):
        return library.byte_channel(resource.session)
    session = getattr(library, "sessions", {}).get(resource.session)
    port = getattr(session, "interface", None)
    if type(port).__module__ == "pyvisa_py.protocols.hislip":
        return HislipChannel(port)
    if isinstance(port, socket.socket):
        # Or else a short message waits until the one before is acknowledged: 40 ms for each that has no answer.
        port.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if os.name == "posix" and (type(port).__module__.startswith("serial.") or isinstance(port, socket.socket)):
        return DescriptorChannel(port)
    return VisaChannel(resource)


def close_abandoned(error: BaseException | None) -> None:
    """Close the sockets of a HiSLIP session that was given up while it was opened; pyvisa-py leaves them open.

    They are reached through the frames of ``error``, for nobody else knows that session.
    """
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            owner = frame.f_locals.get("self")
            if type(owner).__module__ == "pyvisa_py.protocols.hislip":
                for left in vars(owner).values():
                    if isinstance(left, socket.socket):
                        left.close()
        error = error.__cause__ or error.__context__


class DescriptorChannel(Channel):
    """A serial port or socket that pyvisa-py has opened, read and written through its file descriptor."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self._descriptor: int = port.fileno()
        self._heard = not isinstance(port, socket.socket)
        os.set_blocking(self._descriptor, False)
        self._poll_in, self._poll_out = select.poll(), select.poll()
        self._poll_in.register(self._descriptor, select.POLLIN)
        self._poll_out.register(self._descriptor, select.POLLOUT)

    @override
    def write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[os.write(self._descriptor, view) :]
                except BlockingIOError:
                    if not self._poll_out.poll(_WRITE_TIMEOUT):
                        raise LinkError("the line takes no more bytes") from None
        except OSError as error:
            raise self._gone(str(error)) from error

    @override
    def read(self, timeout: float) -> bytes:
        try:
            if not self._poll_in.poll(timeout * 1e3):
                return b""
            data = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._gone(str(error)) from error
        if not data:
            raise self._gone("the other side has closed it")
        self._heard = True
        return data

    def _gone(self, why: str) -> LinkError:
        """Return what to raise; an instrument on a socket hangs up on a second client before it says anything."""
        if not self._heard:
            why += " before it said anything; maybe another program has it open"
        return LinkError(f"the line is gone: {why}")


class HislipChannel(Channel):
    """A HiSLIP session that pyvisa-py has opened, its synchronous channel read message by message.

    pyvisa-py itself takes one response a message, loses what came of one before a time-out, and does not see the other
    side go while it holds the end of a response.

    Source: IVI-6.1 High-Speed LAN Instrument Protocol, sections 2 (headers) and 6 (messages, device clear).

    Args:
        interface: pyvisa-py's instrument.
    """

    def __init__(self, interface: Any) -> None:
        self._interface = interface
        self._socket: socket.socket = vars(interface)["_sync"]
        self._received = bytearray()
        self._left = 0  # bytes of a payload that are still to come
        self._wanted = self._ends = False

    @override
    def write(self, data: bytes) -> None:
        try:
            self._interface.send(data)
        except (OSError, RuntimeError) as error:
            raise LinkError(f"the line is gone: {error}") from error

    @override
    def read(self, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        while not (data := self._payload()):
            if not self._receive(max(0.0, deadline - time.monotonic())):
                return b""
        return data

    def clear(self) -> None:
        """Device clear; drops what is on its way.

        Raises:
            LinkError: The line is gone, or the clear was not acknowledged.
        """
        try:
            features = self._interface.async_device_clear()
            self._socket.sendall(_HISLIP_HEADER.pack(b"HS", _CLEAR_COMPLETE, features, 0, 0))
        except (OSError, RuntimeError) as error:
            raise LinkError(f"the line is gone: {error}") from error
        while (kind := self._next_kind()) != _CLEAR_ACKNOWLEDGE:
            if kind is None and not self._receive(_CLEAR_TIMEOUT):
                raise LinkError("the device clear was not acknowledged")
        vars(self._interface).update(_message_id=_FIRST_MESSAGE, _rmt=0)

    def _payload(self) -> bytes:
        """Return what has come of responses; empty when the next piece is still to come."""
        while not (self._left and self._wanted):
            kind = self._next_kind()
            if kind is None:
                return b""
            self._wanted, self._ends = kind in {_DATA, _DATA_END}, kind == _DATA_END
        data = bytes(self._received[: self._left])
        del self._received[: len(data)]
        self._left -= len(data)
        if self._ends and not self._left:
            vars(self._interface)["_rmt"] = 1  # tells the instrument with the next message that the response was read
        return data

    def _next_kind(self) -> int | None:
        """Take the next header off, and what is not read of the message before; None when it is not here yet."""
        dropped = min(self._left, len(self._received))
        del self._received[:dropped]
        self._left -= dropped
        if self._left or len(self._received) < _HISLIP_HEADER.size:
            return None
        prologue, kind, _, _, length = _HISLIP_HEADER.unpack_from(self._received)
        if prologue != b"HS":
            raise LinkError("the line is gone: what came is no HiSLIP message")
        if kind == _FATAL_ERROR:
            reason = self._received[_HISLIP_HEADER.size :][:length].decode("latin-1")
            raise LinkError(f"the line is gone: the instrument says {reason!r}")
        del self._received[: _HISLIP_HEADER.size]
        self._left = length
        return int(kind)

    def _receive(self, timeout: float) -> bool:
        try:
            if not select.select([self._socket], [], [], timeout)[0]:
                return False
            data = self._socket.recv(CHUNK)
        except (OSError, ValueError) as error:
            raise LinkError(f"the line is gone: {error}") from error
        if not data:
            raise LinkError("the line is gone: the other side has closed it")
        self._received += data
        return True


class VisaChannel(Channel):
    """Any message-based resource through ``viRead`` and ``viWrite``."""

    def __init__(self, resource: Any) -> None:
        from pyvisa import constants

        self._resource = resource
        self._serial = resource.interface_type == constants.InterfaceType.asrl
        self._more = constants.StatusCode.success_max_count_read
        self._timeout_code = constants.StatusCode.error_timeout

    @override
    def write(self, data: bytes) -> None:
        from pyvisa.errors import Error

        try:
            self._resource.write_raw(data)
        except (Error, OSError, RuntimeError) as error:  # pyvisa-py's HiSLIP raises RuntimeError
            raise LinkError(f"the line is gone: {error}") from error

    @override
    def read(self, timeout: float) -> bytes:
        from pyvisa.errors import Error, VisaIOError

        resource = self._resource
        try:
            resource.timeout = max(1, round(timeout * 1e3))
            count = max(1, resource.bytes_in_buffer) if self._serial else CHUNK
            with resource.ignore_warning(self._more):
                data, _ = resource.visalib.read(resource.session, count)
                return bytes(data)
        except VisaIOError as error:
            if error.error_code == self._timeout_code:
                return b""
            raise LinkError(f"the line is gone: {error}") from error
        except (Error, OSError, RuntimeError) as error:  # pyvisa-py's HiSLIP raises RuntimeError
            raise LinkError(f"the line is gone: {error}") from error
