"""The link: one PyVISA resource, its lock, its terminator, its transcript."""

import collections
import dataclasses
import threading
import time
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from labctl.errors import LinkError, LinkTimeoutError, RunStoppedError, StateError
from labctl.links.channels import Channel, HislipChannel, channel_for, close_abandoned
from labctl.links.recording import Kind

TRANSCRIPT_ENTRIES = 2000
TRANSCRIPT_BYTES = 4096
"""Of one message that are kept: a record of an oscilloscope has millions."""
_SLICE = 0.05
"""Longest wait, in s, between two looks at whether the wait was cancelled."""


class TranscriptEntry(NamedTuple):
    """One message on the line.

    Attributes:
        time: Wall-clock time, in s since 1970.
        direction: ``">"`` to the instrument, ``"<"`` from it.
        data: The bytes; of a long message, the first ``TRANSCRIPT_BYTES``.
    """

    time: float
    direction: Literal[">", "<"]
    data: bytes


@dataclasses.dataclass(frozen=True)
class LinkOptions:
    """How a line is opened.

    Attributes:
        timeout: Longest wait for an answer, in s.
        baud_rate: Of a serial line; ``None`` leaves it as it is.
        terminator: What ends a line of text.
    """

    timeout: float = 2.0
    baud_rate: int | None = None
    terminator: bytes = b"\n"


class Link:
    """A line to one instrument.

    Everything that goes over it holds ``lock``, so two threads never mix up answers. `cancel` is the one exception: any
    thread may call it to end a wait.

    Args:
        name: The VISA resource name.
        manager: Returns the PyVISA resource manager; called on opening.
        options: How it is opened.

    Attributes:
        on_message: Called with each message, shortened, as it is noted in the transcript.
        on_wire: Called with every byte that is sent or read, whole, and with each time-out, device clear and new rate.
    """

    def __init__(self, name: str, manager: Callable[[], Any], options: LinkOptions | None = None) -> None:
        self.name = name
        self.options = options or LinkOptions()
        self.lock = threading.RLock()
        self.transcript: collections.deque[TranscriptEntry] = collections.deque(maxlen=TRANSCRIPT_ENTRIES)
        self.on_message: Callable[[TranscriptEntry], None] | None = None
        self.on_wire: Callable[[Kind, bytes], None] | None = None
        self._manager = manager
        self._resource: Any = None
        self._channel: Channel | None = None
        self._received = bytearray()
        self._cancelled = threading.Event()

    @property
    def is_open(self) -> bool:
        """Whether the line is open."""
        return self._channel is not None

    def open(self) -> None:
        """Open the line and discard what lies in its input.

        Raises:
            LinkError: It is not there, or somebody else holds it.
        """
        if self._channel is not None:
            raise StateError(f"{self.name} is open already")
        from pyvisa.errors import Error

        try:
            self._resource = self._manager().open_resource(self.name)
            self._configure()
        except (Error, OSError, RuntimeError, ValueError) as error:
            self.close()
            close_abandoned(error)
            raise LinkError(f"{self.name} cannot be opened: {_reason(error)}") from error
        self._channel = channel_for(self._resource)
        self._cancelled.clear()
        try:
            self.discard_input()
        except LinkError as error:
            self.close()
            raise LinkError(f"{self.name} cannot be opened: {error}") from error

    def close(self) -> None:
        """Close the line; a second call does nothing."""
        resource, self._resource, self._channel = self._resource, None, None
        self._received.clear()
        if resource is not None:
            resource.close()

    def cancel(self) -> None:
        """End the wait that is under way on this link, or else the next one, with `RunStoppedError`."""
        self._cancelled.set()

    def forget_cancel(self) -> None:
        """Let the next wait run again; for whoever brings the instrument to safety after a `cancel`."""
        self._cancelled.clear()

    def send(self, data: bytes) -> None:
        """Send ``data`` as it is.

        Raises:
            LinkError: The line is gone.
        """
        with self.lock:
            channel = self._open_channel()
            self._record(">", data)
            self._tell_wire(">", data)
            channel.write(data)

    def write(self, text: str) -> None:
        """Send a line of text."""
        self.send(text.encode("latin-1") + self.options.terminator)

    def query(self, text: str, *, timeout: float | None = None) -> str:
        """Send a line of text and return the line that answers it, without its end.

        Raises:
            LinkTimeoutError: No whole line within the time-out.
            LinkError: The line is gone.
        """
        with self.lock:
            self.write(text)
            return self.read_until(b"\n", timeout=timeout).rstrip(b"\r").decode("latin-1")

    def read_until(self, delimiter: bytes, *, timeout: float | None = None) -> bytes:
        """Return what comes up to ``delimiter``, without it.

        Raises:
            LinkTimeoutError: It did not come within ``timeout`` (s); what came is kept for the next read.
            LinkError: The line is gone.
            RunStoppedError: `cancel` was called.
        """
        with self.lock:
            seen = 0
            deadline = time.monotonic() + (self.options.timeout if timeout is None else timeout)
            while (end := self._received.find(delimiter, seen)) < 0:
                seen = max(0, len(self._received) - len(delimiter) + 1)
                self._receive(deadline)
            return self._take(end, len(delimiter))

    def read_bytes(self, count: int, *, timeout: float | None = None) -> bytes:
        """Return exactly ``count`` bytes; raises as `read_until` does."""
        with self.lock:
            deadline = time.monotonic() + (self.options.timeout if timeout is None else timeout)
            while len(self._received) < count:
                self._receive(deadline)
            return self._take(count, 0)

    def discard_input(self) -> None:
        """Drop whatever has arrived and nobody has read."""
        with self.lock:
            while self._open_channel().read(0.0):
                pass
            self._received.clear()

    def clear(self) -> None:
        """Device clear: end what the instrument does with messages and drop what came and nobody has read.

        A line that knows no device clear (a raw socket) is closed and opened again.

        Raises:
            LinkError: The line is gone.
        """
        from pyvisa.constants import StatusCode
        from pyvisa.errors import Error, VisaIOError

        with self.lock:
            channel = self._open_channel()
            self._tell_wire("clear")
            # pyvisa-py only empties a raw socket's input, which ends nothing in the instrument
            knows_clear = getattr(self._resource, "resource_class", "") != "SOCKET"
            try:
                if isinstance(channel, HislipChannel):
                    channel.clear()
                elif knows_clear:
                    self._resource.clear()
            except (Error, OSError, RuntimeError) as error:  # pyvisa-py's HiSLIP raises RuntimeError
                if not isinstance(error, VisaIOError) or error.error_code != StatusCode.error_nonsupported_operation:
                    raise LinkError(f"{self.name} cannot be cleared: {_reason(error)}") from error
                knows_clear = False
            if not knows_clear:
                self.close()
                self.open()
            self.discard_input()

    def set_baud_rate(self, rate: int) -> None:
        """Change the rate of a serial line, after everything sent has left."""
        with self.lock:
            self._open_channel()
            self._tell_wire("baud", b"%d" % rate)
            self._resource.baud_rate = rate

    def _configure(self) -> None:
        from pyvisa import constants

        resource = self._resource
        if resource.interface_type == constants.InterfaceType.asrl:
            if self.options.baud_rate is not None:
                resource.baud_rate = self.options.baud_rate
            resource.read_termination = resource.write_termination = None
            resource.set_visa_attribute(constants.ResourceAttribute.asrl_end_in, constants.SerialTermination.none)
            port = getattr(getattr(resource.visalib, "sessions", {}).get(resource.session), "interface", None)
            if port is not None and hasattr(port, "exclusive"):
                port.exclusive = True
        resource.timeout = max(1, round(self.options.timeout * 1e3))

    def _open_channel(self) -> Channel:
        if self._channel is None:
            raise StateError(f"{self.name} is closed")
        return self._channel

    def _receive(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if self._cancelled.is_set():
            self._cancelled.clear()
            raise RunStoppedError(f"{self.name}: the wait for an answer was ended")
        data = self._open_channel().read(min(max(left, 0.0), _SLICE))
        if data:
            self._tell_wire("<", data)
            self._received += data
        elif left <= 0.0 or getattr(self._channel, "answers_at_once", False):
            self._tell_wire("timeout")
            kept = f"; {len(self._received)} bytes had come" if self._received else ""
            raise LinkTimeoutError(f"{self.name}: no answer within the time-out{kept}")

    def _take(self, count: int, skip: int) -> bytes:
        data = bytes(self._received[:count])
        del self._received[: count + skip]
        self._record("<", data)
        return data

    def _tell_wire(self, kind: Kind, data: bytes = b"") -> None:
        if self.on_wire is not None:
            self.on_wire(kind, data)

    def _record(self, direction: Literal[">", "<"], data: bytes) -> None:
        entry = TranscriptEntry(time.time(), direction, data[:TRANSCRIPT_BYTES])
        self.transcript.append(entry)
        if self.on_message is not None:
            self.on_message(entry)


def _reason(error: Exception) -> str:
    text = str(error)
    beneath = error.__cause__ or error.__context__
    while beneath is not None:  # pyvisa-py tells there what a HiSLIP server refused a client for
        text, beneath = f"{text}\n{beneath}", beneath.__cause__ or beneath.__context__
    if any(words in text.lower() for words in ("ould not exclusively lock", "busy", "another client")):
        return "another program has it open"
    return text.splitlines()[0] if text else type(error).__name__
