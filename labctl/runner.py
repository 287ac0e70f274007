"""The runner: owns a protocol's generator, its run file and the four verbs pause, resume, stop and abort."""

import contextlib
import dataclasses
import datetime as dt
import logging
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from labctl.clock import Clock
from labctl.errors import DataFileError, LabctlError, RunStoppedError, StateError
from labctl.events import Ended, Event, LogLine, Progress, RowsAdded, RunState, StateChanged
from labctl.instrument import Instrument, make_all_safe
from labctl.protocol import Item, Note, Protocol, Step, Wait
from labctl.resources import run_arguments
from labctl.results import Results
from labctl.rows import Block
from labctl.runfile.header import RunEnding
from labctl.runfile.reader import RunData
from labctl.runfile.writer import RunFileWriter

logger = logging.getLogger(__name__)

TELL_SECONDS = 0.05
"""Listeners get rows in pieces, this far apart at least."""

Listener = Callable[[Event], None]
_VERBS = {
    "pause": ({RunState.RUNNING}, RunState.PAUSED),
    "resume": ({RunState.PAUSED}, RunState.RUNNING),
    "stop": ({RunState.RUNNING, RunState.PAUSED}, RunState.STOPPING),
    "abort": ({RunState.RUNNING, RunState.PAUSED, RunState.STOPPING}, RunState.ABORTING),
}


class RunClock:
    """The station's clock as a run sees it: 0 when the run began, going on where a resumed run left off.

    Args:
        clock: The station's.
        start: What it shows now, in s.
    """

    def __init__(self, clock: Clock, start: float = 0.0) -> None:
        self._clock = clock
        self._offset = start - clock.now()

    def now(self) -> float:
        """Return the time in s since the run began."""
        return self._clock.now() + self._offset

    def mark(self) -> float:
        """Return `now`, and count on from it as a run does that is resumed there: both round alike, to the last bit."""
        station = self._clock.now()
        now = station + self._offset
        self._offset = now - station
        return now

    def wait(self, seconds: float, cancel: threading.Event | None = None) -> None:
        """Let ``seconds`` pass on the station's clock."""
        self._clock.wait(seconds, cancel)


class Run:
    """One execution of a protocol, in a worker thread of its own.

    Args:
        protocol: What runs.
        instruments: The open drivers, by the names of ``run``'s arguments.
        clock: The station's clock.
        seed: Of the run's random numbers.
        open_file: Makes the run file; called in the worker.
        resume: The step to go on from, and the run's time then (s).
        devices: Returns the state of simulated devices, which each step is to keep before its own.
    """

    def __init__(
        self,
        protocol: Protocol,
        instruments: Mapping[str, Instrument],
        *,
        clock: Clock,
        seed: int,
        open_file: Callable[[], RunFileWriter],
        resume: tuple[Step, float] | None = None,
        devices: Callable[[], bytes] | None = None,
    ) -> None:
        self.protocol = protocol
        self.seed = seed
        self.file: Path | None = None
        self.summary: dict[str, float | int] = {}
        self.error: BaseException | None = None
        self.reason = ""
        self._instruments = dict(instruments)
        self._clock = RunClock(clock, resume[1] if resume else 0.0)
        self._open_file = open_file
        self._resume = resume[0] if resume else None
        self._devices = devices
        self._listeners: list[Listener] = []
        self._state = RunState.READY
        self._changed = threading.Condition()
        self._interrupt = threading.Event()
        self._ended = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._work, name=f"run {protocol.name}")
        self._told = self._started = 0.0

    @property
    def state(self) -> RunState:
        """Where the run is."""
        return self._state

    @property
    def data(self) -> RunData:
        """The run, read from its file."""
        if self.file is None:
            raise StateError("the run has no file yet")
        return RunData(self.file)

    def listen(self, listener: Listener) -> None:
        """Have ``listener`` called with every event; what it raises is logged."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin, in the worker thread."""
        with self._changed:
            self._require({RunState.READY}, "start")
            self._set_state(RunState.RUNNING)
        self._thread.start()

    def pause(self) -> None:
        """Ask for no further item until `resume`; what is under way is finished."""
        self._verb("pause")

    def resume(self) -> None:
        """Go on after `pause`."""
        self._verb("resume")

    def stop(self) -> None:
        """Finish the step that is under way, then end."""
        self._verb("stop")

    def abort(self) -> None:
        """End now: whatever waits is interrupted, and every instrument is made safe."""
        # Under the lock: a cancel that came after `_end` has begun would end the very reads that make safe.
        with self._changed:
            self._verb("abort")
            self._interrupt.set()
            for instrument in () if self._ending else self._instruments.values():
                instrument.link.cancel()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most ``timeout`` (s); return whether it has ended."""
        # Not Thread.join with a time-out: on Python 3.11 an exception from a signal there marks a live thread as ended.
        if not self._ended.wait(timeout):
            return False
        self._thread.join()
        return True

    def result(self) -> "Run":
        """Wait for the end; return the run, or raise what ended it.

        Raises:
            LabctlError: The run failed.
            RunStoppedError: It was aborted.
        """
        self.join()
        if self.error is not None:
            raise self.error
        if self._state is RunState.ABORTED:
            raise RunStoppedError(f"the run was aborted; its rows are in {self.file}")
        return self

    # -- state machine --------------------------------------------------------------------------------------------

    def _verb(self, name: str) -> None:
        allowed, state = _VERBS[name]
        with self._changed:
            self._require(allowed, name)
            self._set_state(state)
            self._changed.notify_all()

    def _require(self, allowed: set[RunState], verb: str) -> None:
        if self._state not in allowed:
            raise StateError(f"cannot {verb} a run that is {self._state}")

    def _set_state(self, state: RunState) -> None:
        self._state = state
        self._tell(StateChanged(state))

    def _tell(self, event: Event) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                logger.exception("a listener of the run failed at %s", type(event).__name__)

    # -- the worker -----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        writer: RunFileWriter | None = None
        try:
            writer = self._open_file()
            self.file = writer.path
            self._drive(writer)
            end = {RunState.STOPPING: RunState.STOPPED, RunState.ABORTING: RunState.ABORTED}.get(
                self._state, RunState.DONE
            )
        except BaseException as error:
            end = self._judge(error, writer)
        try:
            self._end(end, writer)
        finally:
            self._ended.set()

    def _judge(self, error: BaseException, writer: RunFileWriter | None) -> RunState:
        """Return the state that an exception ends the run in."""
        if self._state is RunState.ABORTING and isinstance(error, RunStoppedError):
            return RunState.ABORTED
        self.error = error
        self.reason = str(error) or type(error).__name__
        if writer is not None:
            with contextlib.suppress(OSError, DataFileError):
                self._log(writer, logging.ERROR, self.reason)
                if not isinstance(error, LabctlError):
                    self._log(writer, logging.ERROR, "".join(traceback.format_exception(error)))
        return RunState.FAILED

    def _drive(self, writer: RunFileWriter) -> None:
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(1,)))
        arguments = run_arguments(
            type(self.protocol), self._instruments, clock=self._clock, rng=rng, resume=self._resume
        )
        items: Any = self.protocol.run(**arguments)  # type: ignore[attr-defined]
        self._started = time.monotonic()
        with contextlib.closing(items):
            for item in self._until_ended(items):
                self._take(item, writer)
                if isinstance(item, Step) and self._state is RunState.STOPPING:
                    return

    def _until_ended(self, items: Iterator[Item]) -> Iterator[Item]:
        for item in items:
            yield item
            if self._state is not RunState.RUNNING:
                with self._changed:
                    self._changed.wait_for(lambda: self._state is not RunState.PAUSED)
                if self._state is RunState.ABORTING:
                    return

    def _take(self, item: Item, writer: RunFileWriter) -> None:
        match item:
            case Block():
                writer.append_block(item)
            case Wait():
                self._tell_rows(writer)
                self._clock.wait(item.seconds, self._interrupt)
            case Step():
                kept = joined_state(self._devices(), item.state) if self._devices else item.state
                writer.step(self._clock.mark(), dataclasses.replace(item, state=kept))
                self._tell_rows(writer)
                self._tell_progress(item)
            case Note():
                self._log(writer, logging.INFO, item.text)
            case _:
                writer.append(item)
        if time.monotonic() - self._told > TELL_SECONDS:
            self._tell_rows(writer)

    def _tell_rows(self, writer: RunFileWriter) -> None:
        for stream, rows in writer.take_new():
            self._tell(RowsAdded(stream, rows))
        writer.flush_if_due()
        self._told = time.monotonic()

    def _tell_progress(self, step: Step) -> None:
        elapsed = time.monotonic() - self._started
        before = self._resume.done if self._resume else 0
        remaining = elapsed * (step.total - step.done) / max(step.done - before, 1)
        self._tell(Progress(step.done, step.total, elapsed, remaining))

    def _log(self, writer: RunFileWriter, level: int, message: str) -> None:
        now = self._clock.now()
        writer.log(now, level, message)
        self._tell(LogLine(now, level, message))

    # -- the end --------------------------------------------------------------------------------------------------

    def _end(self, end: RunState, writer: RunFileWriter | None) -> None:
        with self._changed:
            self._ending = True
        for instrument in self._instruments.values():
            instrument.link.forget_cancel()
        counters = {i.role: i.link_counters() for i in self._instruments.values()}
        safe_state, failures = make_all_safe({i.role: i for i in self._instruments.values()})
        if failures:
            end = RunState.FAILED
            self.reason = "\n".join(filter(None, (self.reason, *failures)))
            self.error = self.error or LabctlError(self.reason)
        if writer is not None:
            try:
                self._close(end, writer, safe_state, counters, failures)
            except (LabctlError, OSError) as error:
                writer.abandon()
                self.error = self.error or error
                self.reason = self.reason or str(error)
                end = RunState.FAILED
        with self._changed:
            self._set_state(end)
        self._tell(Ended(end, self.file, self.reason, self.summary))

    def _close(
        self,
        end: RunState,
        writer: RunFileWriter,
        safe_state: Mapping[str, Mapping[str, Any]],
        counters: Mapping[str, Mapping[str, int]],
        failures: list[str],
    ) -> None:
        self._tell_rows(writer)
        for failure in failures:
            self._log(writer, logging.ERROR, failure)
        after = self._settings_after(writer)
        results = self._analyse(writer) if end in {RunState.DONE, RunState.STOPPED} and writer.row_count else None
        if results is not None:
            self.summary = results.plain_summary()
        writer.close(RunEnding(str(end), self.reason, timestamp(), after, safe_state, counters, results))

    def _settings_after(self, writer: RunFileWriter) -> dict[str, Any]:
        after = {}
        for instrument in self._instruments.values():
            try:
                after[instrument.role] = instrument.snapshot()
            except LabctlError as error:
                self._log(
                    writer, logging.WARNING, f"the settings of {instrument.role} after the run are missing: {error}"
                )
        return after

    def _analyse(self, writer: RunFileWriter) -> Results | None:
        writer.seal()
        try:
            return type(self.protocol).analyse(RunData(writer.path))
        except Exception:
            logger.exception("the analysis failed; the rows are kept, run: labctl analyse %s", writer.path)
            return None


def joined_state(devices: bytes, own: bytes) -> bytes:
    """Return what a step keeps: the state of simulated devices, and the protocol's own."""
    return struct.pack("<Q", len(devices)) + devices + own


def split_state(kept: bytes) -> tuple[bytes, bytes]:
    """Return the two parts of `joined_state`."""
    (length,) = struct.unpack_from("<Q", kept)
    return kept[8 : 8 + length], kept[8 + length :]


def timestamp() -> str:
    """Return the wall-clock time, ISO 8601 with time zone."""
    return dt.datetime.now().astimezone().isoformat(timespec="seconds")
