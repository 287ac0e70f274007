"""A hosted instrument: a front-end, the line that leads to it, and the time that bytes take on that line."""

import contextlib
import threading
from collections.abc import Callable
from typing import Protocol

from labctl.clock import Clock
from labctl.errors import ConfigError, LinkError
from labctl.simulation.faults import Faults, FaultyLine

_CLEAR_DELAY = 0.05
"""How long, in s, a device clear waits for the message at hand before it comes in the middle of it."""
TRIGGER = b"*TRG\n"
"""What a trigger without text of its own (GPIB GET, HiSLIP Trigger) becomes."""
BITS_PER_BYTE = 10
"""On an RS-232 line: start bit, eight data bits, stop bit."""


class FrontEnd(Protocol):
    """What a simulated instrument offers (``simulated_instruments.frontend`` has the same, without importing us)."""

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        """Take bytes and return what the instrument sends back for them."""

    def clear(self) -> None:
        """Device clear."""


class HostedInstrument:
    """Moves bytes between a host and a front-end.

    Args:
        role: Its name in the station.
        front_end: The simulated instrument.
        clock: The bench's clock; bytes on a serial line take their time on it.
        faults: What goes wrong on the line.

    Raises:
        ConfigError: A fault that this instrument cannot have.
    """

    READ_DELAY = 0.05
    """Silence, in s, after which a server takes it that its client reads and addresses the instrument to talk."""

    def __init__(self, role: str, front_end: FrontEnd, clock: Clock, faults: Faults | None = None) -> None:
        self.role = role
        self.front_end = front_end
        self.clock = clock
        self.line = FaultyLine(faults or Faults())
        self.host_baud_rate: int | None = None
        if self.line.faults.error_after is not None and not hasattr(front_end, "queue_error"):
            raise ConfigError(f"simulation.instruments.{role}.faults: error_after, but it has no error queue")
        self._lock = threading.Lock()
        self._hold: Callable[[], contextlib.AbstractContextManager[None]] = getattr(
            clock, "hold", contextlib.nullcontext
        )

    @property
    def baud_rate(self) -> int | None:
        """The instrument's rate on a serial line, ``None`` where the line has no rate."""
        rate: int | None = getattr(self.front_end, "baud_rate", None)
        return rate

    def exchange(self, data: bytes, *, end: bool = False) -> bytes:
        """Bring ``data`` to the instrument and return what comes back, faults and line time included.

        Raises:
            LinkError: The line is gone.
        """
        with self._lock, self._hold():
            pieces = self.line.to_instrument(data)
            self._check_connected()
            if self.line.error_is_due:
                self._queue_error()
            rate = self.baud_rate  # an instrument that is told to change its rate still answers at the old one
            answer = b""
            for piece in pieces:
                self._pace(len(piece), rate)
                answer += self.line.to_host(self.front_end.receive(self._heard(piece, rate), end=end))
            self._pace(len(answer), rate)
            if answer:
                self.clock.wait(self.line.faults.delay)
            return self._heard(answer, rate)

    @property
    def answers_when_read(self) -> bool:
        """Whether the instrument keeps data until it is addressed to talk, as on GPIB."""
        return bool(getattr(self.front_end, "answers_when_read", False))

    def talk(self) -> bytes:
        """Address the instrument to talk: return what it has kept for that, mostly nothing.

        Raises:
            LinkError: The line is gone.
        """
        if not self.answers_when_read:
            return b""
        with self._lock, self._hold():
            self._check_connected()
            return self.line.to_host(self.front_end.receive(b""))

    def serial_poll(self) -> int:
        """Return the status byte; 0 from an instrument that has none."""
        poll = getattr(self.front_end, "serial_poll", None)
        if poll is None:
            return 0
        with self._lock:
            return int(poll()) & 0xFF

    def attend(self, arrived: Callable[[], bytes]) -> None:
        """Let an instrument that can be interrupted look at what arrives while it works.

        Args:
            arrived: Returns the bytes that have come since the last call, without waiting.
        """
        if hasattr(self.front_end, "attention"):
            self.front_end.attention = lambda: self._interrupting(arrived())

    def _interrupting(self, data: bytes) -> bytes:
        self._pace(len(data), self.baud_rate)
        return b"".join(self.line.to_instrument(data)) if data else b""

    def clear(self) -> None:
        """Device clear; comes through even while a message is being worked on.

        Raises:
            LinkError: The line is gone.
        """
        self._check_connected()
        self.interrupt()

    def interrupt(self) -> None:
        """Device clear from the hosting itself, whatever the line's state."""
        free = self._lock.acquire(timeout=_CLEAR_DELAY)  # most work ends by itself: clear between messages if possible
        try:
            self.front_end.clear()
        finally:
            if free:
                self._lock.release()

    def _queue_error(self) -> None:
        if hasattr(self.front_end, "queue_error"):
            self.front_end.queue_error()

    def _check_connected(self) -> None:
        if not self.line.reach():
            raise LinkError(f"the line to the simulated {self.role} is gone")

    def _pace(self, count: int, rate: int | None) -> None:
        if rate:
            self.clock.wait(count * BITS_PER_BYTE / rate)

    def _heard(self, data: bytes, rate: int | None) -> bytes:
        """Return ``data`` as the other side hears it: garbage when the two rates differ."""
        if self.host_baud_rate is None or rate in {None, self.host_baud_rate}:
            return data
        return bytes((byte * 73 + 41) & 0xFF for byte in data)
