"""Overlapped work: sweeps and measurements that go on while the host polls, waits or does nothing.

The twin is spoken to in turns, so overlapped work proceeds while the host looks at it, delays or waits for its end,
and takes its own time on the bench's clock then.
"""

from collections.abc import Callable, Iterator

from simulated_instruments.frontend import Clock
from simulated_instruments.keithley_tsp.errors import InstrumentError, ScriptError
from simulated_instruments.keithley_tsp.triggers import Events

SLICE = 0.1
"""Time in s by which overlapped work goes on each time that the host looks: *assumed*."""
MOST_STEPS = 250_000
"""Steps that one wait for the end may take: a limit of the twin, for sweeps without end."""


class Overlap:
    """Runs the jobs of both channels in turn; a job yields ``False`` while it waits for an event."""

    def __init__(
        self, clock: Clock, events: Events, wait: Callable[[float], None], queue: Callable[[int, str], None]
    ) -> None:
        self._clock = clock
        self._events = events
        self._wait = wait
        self._queue = queue
        self._jobs: list[Iterator[object]] = []

    def start(self, job: Iterator[object]) -> None:
        """Take a job; it begins when time passes."""
        self._jobs.append(job)

    def busy(self) -> bool:
        """Return whether a job is under way."""
        return bool(self._jobs)

    def abort(self) -> None:
        """End all jobs at once."""
        jobs, self._jobs = self._jobs, []
        for job in jobs:
            close = getattr(job, "close", None)
            if close is not None:
                close()

    def look(self) -> None:
        """Go on for a slice of time."""
        self.run_until(self._clock.now() + SLICE)

    def run_until(self, end: float) -> None:
        """Go on until the clock shows ``end`` (s), or all jobs wait for an event."""
        for _ in range(MOST_STEPS):
            if not self._jobs or self._clock.now() >= end:
                return
            if not self._step():
                due = self._events.next_timer()
                if due is None or due > end:
                    return
                self._wait(due - self._clock.now())

    def finish(self) -> None:
        """Go on until all jobs are done.

        Raises:
            ScriptError: They never will be.
        """
        for _ in range(MOST_STEPS):
            if not self._jobs:
                return
            if not self._step():
                due = self._events.next_timer()
                if due is None:
                    break
                self._wait(due - self._clock.now())
        raise ScriptError("overlapped operations would never complete")  # a limit of the twin

    def _step(self) -> bool:
        """Let every job do a bit; return whether one could."""
        self._events.run_timers()
        moved = False
        for job in list(self._jobs):
            try:
                moved |= next(job) is not False
            except StopIteration:
                self._jobs.remove(job)
                moved = True
            except InstrumentError as error:
                self._jobs.remove(job)
                self._queue(error.code, str(error))
                moved = True
            except BaseException:
                self.abort()
                raise
        return moved
