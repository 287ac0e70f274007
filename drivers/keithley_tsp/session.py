"""The dialogue with a TSP instrument: lines, answers, the error queue, and getting back in step.

Source: Series 2600B Reference Manual 2600BS-901-01, sections on TSP scripting, ``errorqueue``, ``print``.
"""

import contextlib
from collections.abc import Iterator

import numpy as np

from drivers.keithley_tsp.blocks import COLUMNS, BlockFormat, parse_block
from labctl.capabilities import Floats
from labctl.errors import FrameError, InstrumentError
from labctl.links import Link

DONE = 'print("labctl-done", errorqueue.count)'
"""Follows each command: its answer comes even if a run-time error ended the command half-way."""
SYNC_TIMEOUT = 5.0
"""Longest wait, in s, for a script to end after ``abort`` (assumed)."""
TRANSFER_RATE = 10e3
"""Slowest transfer of a block, in bytes/s (assumed)."""


class Session:
    """One conversation. Whatever breaks an exchange off (a time-out, a cancel) makes the next one begin with `abort`.

    Args:
        link: The line.
        role: The instrument's name in errors.
        form: How blocks come.
    """

    def __init__(self, link: Link, role: str, form: BlockFormat) -> None:
        self.link = link
        self.role = role
        self.form = form
        self._in_step = True
        self._syncs = 0

    def abort(self) -> None:
        """Stop a running script, drop everything that was still to come, and clear the error queue.

        Raises:
            LinkTimeoutError: It does not answer; whether a script still runs is not known.

        Source: ``abort`` on a line of its own stops a script (*unconfirmed*).
        """
        self._syncs += 1
        mark = f"labctl-sync-{self._syncs}"
        with self.link.lock:
            self._in_step = False
            self.link.write("abort")
            self.link.write("format.data = 1")
            self.link.write(f'print("{mark}")')
            self.link.read_until(f"{mark}\n".encode(), timeout=max(SYNC_TIMEOUT, self.link.options.timeout))
            self.link.write("errorqueue.clear()")
            self._in_step = True

    def ask(self, *expressions: str) -> list[str]:
        """Return what ``print`` makes of ``expressions``.

        Raises:
            FrameError: Another number of values came.
        """
        with self._exchange():
            answer = self.link.query(f"print({', '.join(expressions)})")
            values = answer.split("\t")
            if len(values) != len(expressions):
                raise FrameError(f"{self.role}: {expressions} gave {answer!r}")
        return values

    def ask_numbers(self, *expressions: str) -> list[float]:
        """Return the numbers that ``print`` makes of ``expressions``."""
        return [self._number(value) for value in self.ask(*expressions)]

    def run(self, *commands: str) -> Floats:
        """Send ``commands``, wait for the last to end, and read the error queue.

        Returns:
            The (n, 4) numbers of the block that they sent; (0, 4) without one.

        Raises:
            InstrumentError: The error queue was not empty after them.
            LinkError: No answer, or none that makes sense.
        """
        with self._exchange():
            for command in commands:
                self.link.write(command)
            self.link.write(DONE)
            rows, errors = self._collect()
            if errors:
                raise self._error(commands[-1], errors)
        return rows

    def load(self, name: str, script: str) -> None:
        """Load ``script`` under ``name`` and run it; a syntax error in it raises `InstrumentError`."""
        self.run(f"loadscript {name}", *script.splitlines(), "endscript", f"{name}()")

    def _collect(self) -> tuple[Floats, int]:
        """Return the block and the length of the error queue."""
        rows, wait = np.empty((0, COLUMNS)), self.link.options.timeout
        while True:
            line = self.link.read_until(b"\n", timeout=wait).decode("latin-1")
            kind, _, value = line.rstrip("\r").partition("\t")
            match kind:
                case "labctl-wait":
                    wait = self.link.options.timeout + self._number(value)
                case "labctl-data":
                    count = int(self._number(value))
                    size = self.form.size(count)
                    block = self.link.read_bytes(size, timeout=self.link.options.timeout + size / TRANSFER_RATE)
                    rows = parse_block(block, count, self.form)
                case "labctl-done":
                    return rows, int(self._number(value))
                case _:
                    raise FrameError(f"{self.role}: {line[:80]!r} came, which nobody asked for")

    def _error(self, command: str, count: int) -> InstrumentError:
        found = []
        for _ in range(count):
            fields = self.link.query("print(errorqueue.next())").split("\t")
            found.append((int(self._number(fields[0])), fields[1] if len(fields) > 1 else ""))
        code, text = found[0]
        more = "".join(f"; then {code}: {text}" for code, text in found[1:])
        return InstrumentError(self.role, command, code, text + more)

    def _number(self, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise FrameError(f"{self.role}: {text[:80]!r} came, which is no number") from None

    @contextlib.contextmanager
    def _exchange(self) -> Iterator[None]:
        with self.link.lock:
            if not self._in_step:
                self.abort()
            self._in_step = False
            try:
                yield
            except InstrumentError:
                self._in_step = True
                raise
            self._in_step = True
