"""What every simulated instrument offers to its hosting: bytes in, bytes out, under a clock that is passed in."""

from typing import Protocol


class Clock(Protocol):
    """The bench's time: virtual in tests, real behind ``labctl simulate``."""

    def now(self) -> float:
        """Return the time in s since the bench was made."""

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` pass."""


class FrontEnd(Protocol):
    """A sans-I/O instrument: the in-process library, a socket and a unit test use the same two methods."""

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        """Take bytes from the host, cut anywhere, and return what the instrument sends back for them.

        Args:
            data: Bytes as they arrive; a message may be spread over several calls.
            end: The transport marked the end of the message (HiSLIP END, GPIB EOI), terminator or not.
        """

    def clear(self) -> None:
        """Device clear: drop half-received input, pending output and any script that is running."""
