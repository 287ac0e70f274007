"""Simulated Keithley 2600B SourceMeter: the wire around its script engine.

Source: Series 2600B Reference Manual 2600BS-901-01, command reference, appendices D (common commands) and E (status).
Written from the manual's facts alone; what is marked *unconfirmed* or *assumed* was not checked against an instrument.
"""

import re
import threading
from collections.abc import Callable, Mapping

from simulated_instruments.frontend import Clock
from simulated_instruments.keithley_tsp.errors import (
    INPUT_OVERRUN,
    OUT_OF_MEMORY,
    QUERY_DEADLOCKED,
    RUNTIME,
    SYSTEM_ERROR,
    TOO_LONG,
    ErrorQueue,
    InstrumentError,
    ScriptError,
    Stopped,
)
from simulated_instruments.keithley_tsp.instrument import Instrument
from simulated_instruments.keithley_tsp.models import MODELS
from simulated_instruments.keithley_tsp.nodes import integer_in
from simulated_instruments.keithley_tsp.panel import LocalNode
from simulated_instruments.terminals import ResistiveTerminal, Terminal

FIRMWARE = "3.2.2"
LINE_LIMIT = 2_048
"""Longest message in bytes: *assumed*; users report about 1 kB."""
SCRIPT_LIMIT = 1 << 20
"""Longest script in bytes: *assumed*."""
OUTPUT_LIMIT = 16 << 20
"""Bytes that the output queue holds: *assumed*."""
BUS_TIME = 1e-3
"""Time in s that one message takes: *unconfirmed*."""
INSTRUCTION_LIMIT = 300_000_000
"""Lua instructions that one message may execute: a limit of the twin."""

_LOADER = re.compile(r"\s*(loadscript|loadandrunscript)(?:\s+([A-Za-z_]\w*))?\s*")
_COMMON = re.compile(r"\s*\*([A-Za-z]{2,3}\??)\s*(\S*)\s*")
_IGNORED = re.compile(r"\s*(?:login|logout|password)\b.*")


class SimulatedKeithley2600:
    """A 2600B front-end.

    Args:
        clock: The bench's clock.
        terminals: ``smua`` and ``smub`` -> what the channel is wired to; one that is left out is open.
        model: ``2601B``, ``2602B``, ``2604B``, ``2611B``, ``2612B``, ``2614B``, ``2634B``, ``2635B`` or ``2636B``.
        serial: Serial number.
        seed: Seed of the unit's calibration errors, its noise and ``math.random``.
        line_hz: Mains frequency, 50 or 60 Hz.
        instructions: Lua instructions that one message may execute before it ends with a run-time error.

    Raises:
        ValueError: The model or the mains frequency is unknown.

    Attributes:
        interlock: Whether the interlock of a 200 V model is closed.
    """

    terminal_names = ("smua", "smub")

    def __init__(
        self,
        clock: Clock,
        terminals: Mapping[str, Terminal] | None = None,
        *,
        model: str = "2636B",
        serial: str = "4308079",
        seed: int = 0,
        line_hz: float = 50.0,
        instructions: int = INSTRUCTION_LIMIT,
    ) -> None:
        if model not in MODELS:
            raise ValueError(f"model {model!r} is none of {', '.join(MODELS)}")
        if line_hz not in {50, 60}:
            raise ValueError(f"mains of {line_hz} Hz: 50 or 60 are known")
        row = MODELS[model]
        wired = {f"smu{letter}": ResistiveTerminal(clock) for letter in "ab"[: row.channels]} | dict(terminals or {})
        self._clock = clock
        self._errors = ErrorQueue()
        self._lock = threading.Lock()
        self._clears = self._served = 0
        self._input = bytearray()
        self._skipping = False
        self._output = bytearray()
        self._deadlocked = False
        self._script: tuple[str, bool, list[str]] | None = None
        self._node = LocalNode(model, serial, FIRMWARE, line_hz)
        self._identity = f"Keithley Instruments Inc., Model {model}, {serial}, {FIRMWARE}"
        self._instrument = Instrument(
            clock, wired, row, self._node, self, self._errors, seed=seed, instructions=instructions
        )
        self._common = self._common_commands()

    @property
    def interlock(self) -> bool:
        """Whether the interlock is closed."""
        return all(unit.source.interlock for unit in self._instrument.units)

    @interlock.setter
    def interlock(self, closed: bool) -> None:
        for unit in self._instrument.units:
            unit.source.interlock = closed

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        """Take bytes from the host, cut anywhere, and return what the instrument sends back for them.

        Args:
            data: Bytes as they arrive; LF ends a message.
            end: The transport marked the end of the message, LF or not.
        """
        with self._lock:
            if self._served != self._clears:
                self._forget()
            self._served, self._deadlocked = self._clears, False
            self._input += data
            *lines, rest = self._input.split(b"\n")
            if end and rest:
                lines, rest = [*lines, rest], bytearray()
            self._input = bytearray()
            for line in lines:
                if self.stop_wanted():
                    break
                self._line(bytes(line))
            self._keep(rest)
            sent, self._output = bytes(self._output), bytearray()
            return b"" if self._served != self._clears else sent

    def clear(self) -> None:
        """Device clear; it may come from another thread while a script runs, and ends it."""
        self._clears += 1

    def serial_poll(self) -> int:
        """Return the status byte."""
        return self._instrument.status.byte()

    def emit(self, text: str) -> bool:
        """Take output of a script; return whether the output queue is full."""
        if len(self._output) + len(text) > OUTPUT_LIMIT:
            if not self._deadlocked:
                self.queue(*QUERY_DEADLOCKED)
            self._deadlocked = True
            return True
        self._output += text.encode("latin-1", "replace")
        return False

    def number(self, value: float) -> str:
        """Return a number as ``print`` shows it."""
        return self._instrument.format.text(value)

    def queue(self, code: int, message: str) -> None:
        """Queue an error, as the instrument does itself."""
        self._errors.push(code, message)
        self._instrument.status.standard.error(code)

    def queue_error(self) -> None:
        """Queue an error that no message caused, as after a fault inside."""
        self.queue(*SYSTEM_ERROR)

    def stop_wanted(self) -> bool:
        """Return whether the script has to end: a device clear came, or the output queue is full."""
        return self._served != self._clears or self._deadlocked

    def _forget(self) -> None:
        self._input, self._output, self._script, self._skipping = bytearray(), bytearray(), None, False
        self._instrument.jobs.abort()

    def _keep(self, rest: bytearray) -> None:
        """Keep half a message, unless it is too long for one."""
        if len(rest) > LINE_LIMIT and not self._skipping:
            self._skipping = True
            self.queue(*INPUT_OVERRUN)
        self._input = bytearray() if self._skipping else rest

    def _line(self, line: bytes) -> None:
        if self._skipping:
            self._skipping = False
            return
        if len(line) > LINE_LIMIT:
            self.queue(*INPUT_OVERRUN)
            return
        text = line.decode("latin-1").rstrip("\r")
        self._instrument.machine.begin()
        try:
            prompted = self._script_line(text) or self._message(text)
        except Stopped:
            prompted = not self.stop_wanted()
            if prompted:
                self.queue(*TOO_LONG)
        except InstrumentError as error:
            self.queue(error.code, str(error))
            prompted = True
        except ScriptError as error:
            self.queue(RUNTIME, f"TSP Runtime error at line 1: {error}")
            prompted = True
        self._deadlocked = False
        self._instrument.settle()
        if prompted:
            self._finish_message()

    def _finish_message(self) -> None:
        if self._node.showerrors:
            while len(self._errors):
                entry = self._errors.next()
                self.emit(
                    f"{self.number(entry.code)}\t{entry.message}\t{self.number(entry.severity)}\t{self.number(1)}\n"
                )
        if self._node.prompts:
            self.emit(">>>>\n" if self._script is not None else "TSP?\n" if len(self._errors) else "TSP>\n")

    def _script_line(self, text: str) -> bool:
        """Take a line of a script that is being loaded, or the line that begins one; return whether it was one."""
        loader = _LOADER.fullmatch(text)
        if self._script is None and loader is None:
            return False
        if self._script is None or loader is not None:
            assert loader is not None  # noqa: S101 - for the type checker: one of the two is there
            self._script = (loader[2] or "", loader[1] == "loadandrunscript", [])
            return True
        name, run, lines = self._script
        if text.strip() == "endscript":
            self._script = None
            self._clock.wait(BUS_TIME)
            self._instrument.machine.load(name, "\n".join(lines), run=run)
        elif sum(map(len, lines)) > SCRIPT_LIMIT:
            self._script = None
            self.queue(*OUT_OF_MEMORY)
        else:
            lines.append(text)
        return True

    def _message(self, text: str) -> bool:
        """Run a message; return whether there was one."""
        if not text.strip():
            return False
        self._clock.wait(BUS_TIME)
        common = _COMMON.fullmatch(text)
        if common is not None and common[1].upper() in self._common:
            self._common[common[1].upper()](common[2])
        elif text.strip() == "abort":
            self._instrument.jobs.abort()
        elif not _IGNORED.fullmatch(text):
            self._instrument.machine.run(text)
        return True

    def _common_commands(self) -> dict[str, Callable[[str], None]]:
        instrument = self._instrument
        status, standard = instrument.status, instrument.status.standard
        return {
            "IDN?": lambda _: self._say(self._identity),
            "RST": lambda _: instrument.reset(),
            "CLS": lambda _: self._clear_status(),
            "ESE": lambda value: setattr(standard, "enable", integer_in(0, 255)(value)),
            "ESE?": lambda _: self._say(str(standard.enable)),
            "ESR?": lambda _: self._say(str(standard.take())),
            "OPC": lambda _: instrument.complete(),
            "OPC?": lambda _: self._say_when_done("1"),
            "SRE": lambda value: setattr(status, "request_enable", integer_in(0, 255)(value)),
            "SRE?": lambda _: self._say(str(status.request_enable)),
            "STB?": lambda _: self._say(str(status.byte())),
            "TRG": lambda _: instrument.trigger(),
            "TST?": lambda _: self._say("0"),
            "WAI": lambda _: instrument.finish(),
        }

    def _say(self, text: str) -> None:
        self.emit(text + "\n")
        self._instrument.look()

    def _say_when_done(self, text: str) -> None:
        self._instrument.finish()
        self._say(text)

    def _clear_status(self) -> None:
        self._errors.clear()
        self._instrument.status.clear()
