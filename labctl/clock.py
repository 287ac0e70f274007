"""Time as protocols, drivers and the simulated lab see it: real, or virtual and as fast as the machine goes."""

import threading
import time
from typing import Protocol

from typing_extensions import override


class Clock(Protocol):
    """What tells the time of a station and lets time pass on it."""

    def now(self) -> float:
        """Return the time in s since the clock was made."""

    def wait(self, seconds: float, cancel: threading.Event | None = None) -> None:
        """Let ``seconds`` pass, or less when ``cancel`` is set meanwhile."""


class RealClock(Clock):
    """The computer's monotonic clock, optionally sped up.

    Args:
        speed: Seconds that pass on this clock for each real second.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if not speed > 0.0:
            raise ValueError(f"speed is {speed}, but must be above 0")
        self._speed = speed
        self._start = time.monotonic()

    @override
    def now(self) -> float:
        return (time.monotonic() - self._start) * self._speed

    @override
    def wait(self, seconds: float, cancel: threading.Event | None = None) -> None:
        if seconds > 0.0:
            (cancel or threading.Event()).wait(seconds / self._speed)


class VirtualClock(Clock):
    """A clock that moves only when somebody waits on it, at once.

    Two threads that wait at the same time each add their own time, as two instruments do that work one after the other.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._lock = threading.Lock()

    @override
    def now(self) -> float:
        return self._now

    @override
    def wait(self, seconds: float, cancel: threading.Event | None = None) -> None:
        if seconds > 0.0 and not (cancel and cancel.is_set()):
            with self._lock:
                self._now += seconds

    def move_to(self, now: float) -> None:
        """Let the clock stand at ``now`` (s), where it stood when the lab was saved.

        Raises:
            ValueError: It would run backwards.
        """
        with self._lock:
            if now < self._now:
                raise ValueError(f"a clock at {self._now:g} s cannot go back to {now:g} s")
            self._now = now
