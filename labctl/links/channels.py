"""Byte channels: the fastest way to move bytes over an open PyVISA resource, time-outs kept.

pyvisa-py reads a serial line one byte at a time, a socket in small pieces, and ends a read at each termination
character of binary data; its ports and sockets are therefore read here, in whole pieces. Any other resource goes
through ``viRead``.
"""

import os
import select
import socket
from typing import Any, Protocol, runtime_checkable

from typing_extensions import override

from labctl.errors import LinkError

CHUNK = 65536
"""Bytes asked for in one read."""


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
    if os.name == "posix" and (type(port).__module__.startswith("serial.") or isinstance(port, socket.socket)):
        if isinstance(port, socket.socket):
            # Or else a short message waits until the one before is acknowledged: 40 ms for each that has no answer.
            port.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return DescriptorChannel(port)
    return VisaChannel(resource)


class DescriptorChannel(Channel):
    """A serial port or socket that pyvisa-py has opened, read and written through its file descriptor."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self._descriptor: int = port.fileno()

    @override
    def write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                if not select.select([], [self._descriptor], [], 5.0)[1]:
                    raise LinkError("the line takes no more bytes")
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            raise LinkError(f"the line is gone: {error}") from error

    @override
    def read(self, timeout: float) -> bytes:
        try:
            if not select.select([self._descriptor], [], [], timeout)[0]:
                return b""
            data = os.read(self._descriptor, CHUNK)
        except OSError as error:
            raise LinkError(f"the line is gone: {error}") from error
        if not data:
            raise LinkError("the line is gone: the other side has closed it")
        return data


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
