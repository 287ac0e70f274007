"""The clock of a served lab: real time, which stands still for an instrument while that works out a message."""

import contextlib
import threading
from collections.abc import Iterator

from typing_extensions import override

from labctl.clock import RealClock


class HeldClock(RealClock):
    """Real time between messages; inside `hold`, for that thread, time passes by `wait` alone.

    The microseconds that our own computer takes for a message would otherwise be longer than the pulse it asks for.

    Args:
        speed: Seconds that pass on this clock for each real second.
    """

    def __init__(self, speed: float = 1.0) -> None:
        super().__init__(speed)
        self._held = threading.local()

    @override
    def now(self) -> float:
        held: float | None = getattr(self._held, "time", None)
        return super().now() if held is None else held

    @override
    def wait(self, seconds: float, cancel: threading.Event | None = None) -> None:
        held: float | None = getattr(self._held, "time", None)
        if held is None:
            super().wait(seconds, cancel)
        elif seconds > 0.0:
            super().wait(held + seconds - super().now(), cancel)
            self._held.time = held + seconds

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Let time stand still for this thread until the end of the block."""
        self._held.time = super().now()
        try:
            yield
        finally:
            self._held.time = None
