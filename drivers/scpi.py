"""SCPI: the text language that many bench instruments share, as a base for their drivers.

Numbers go out in the shortest form that reads back as the same number. The error queue is read after every set, or once
for everything within ``with instrument.block():``. An answer that was waited for in vain is never taken for the answer
to a later question: the line is cleared before the next message.

Source: IEEE 488.2 (common commands, definite-length blocks), SCPI-99 volume 2, SYSTem:ERRor.
"""

import contextlib
import enum
import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Literal

from labctl.errors import FrameError, InstrumentError, LinkTimeoutError, RunStoppedError
from labctl.instrument import Identity, Instrument
from labctl.settings import Limits, Setting, Value
from labctl.units import Unit

INFINITY = 9.9e37
"""What SCPI answers for infinity and for a measurement that failed."""
MOST_ERRORS = 64
"""Errors read from a queue at most; more than any queue is deep."""
BLOCK_RATE = 0.5e6
"""Slowest transfer of a block that is still waited for, in bytes/s (assumed)."""

_ERROR = re.compile(r'\s*([+-]?\d+)\s*,\s*"?(.*?)"?\s*')


def number(value: float) -> str:
    """Return ``value`` in the shortest form that reads back as the same number."""
    return repr(float(value))


class ScpiInstrument(Instrument):
    """An instrument that speaks SCPI, identified by the model in its answer to ``*IDN?``."""

    vendors: ClassVar[tuple[str, ...]]
    """First words of the vendor's names, in lower case."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._block: list[str] | None = None
        self._out_of_step = False

    def identify(self) -> Identity:
        """Ask ``*IDN?`` and compare vendor and model, whatever their case, hyphens and spaces.

        Raises:
            InstrumentError: Another vendor or model, or an answer of another form.
        """
        answer = self.ask("*IDN?")
        fields = [field.strip() for field in answer.split(",")]
        words = fields[0].lower().split()
        model = re.sub(r"[-\s]", "", fields[1]).upper() if len(fields) == 4 else ""
        if not words or words[0] not in self.vendors or model not in self.models:
            expected = f"{self.vendor} {', '.join(self.models)}"
            raise InstrumentError(self.role, "*IDN?", 0, f"{answer!r} answered, but this driver is for {expected}")
        return Identity(fields[0], model, fields[2], fields[3])

    # -- messages ---------------------------------------------------------------------------------------------------

    def ask(self, query: str, *, timeout: float | None = None) -> str:
        """Send ``query`` and return the line that answers it.

        Raises:
            InstrumentError: No answer came, and the error queue says why.
            LinkTimeoutError: No answer came, and nothing says why. The line is cleared before the next message.
        """
        with self._in_step():
            try:
                return self.link.query(query, timeout=timeout).strip()
            except LinkTimeoutError:
                self._out_of_step = True
                self.check_errors(query)
                raise

    def ask_number(self, query: str, *, timeout: float | None = None) -> float:
        """Send ``query`` and return the number that answers it; infinity for SCPI's 9.9E37."""
        answer = self.ask(query, timeout=timeout)
        try:
            value = float(answer)
        except ValueError as error:
            raise FrameError(f"{self.role}: {query!r} was answered by {answer!r}, which is no number") from error
        return value if abs(value) < INFINITY else float("inf") if value > 0.0 else float("-inf")

    def command(self, text: str) -> None:
        """Send a command that answers nothing, then read the error queue (within `block`, at its end).

        Raises:
            InstrumentError: The instrument refused it, or changed it to fit.
        """
        self.write_only(text)
        self._sent(text)

    def write_only(self, text: str) -> None:
        """Send a command and leave the error queue alone, for what is verified by reading it back."""
        with self._in_step():
            self.link.write(text)

    def send_block(self, header: str, data: bytes) -> None:
        """Send ``header`` and ``data`` as a definite-length block, wait until it is taken in, and read the errors."""
        count = str(len(data))
        with self._in_step():
            self.link.send(f"{header}#{len(count)}{count}".encode("latin-1") + data + b"\n")
        self.wait_until_done(timeout=len(data) / BLOCK_RATE)
        self._sent(header)

    def ask_block(self, query: str, *, timeout: float | None = None) -> bytes:
        """Send ``query`` and return the data of the definite-length block that answers it.

        Raises:
            FrameError: Something else came.
        """
        with self._in_step():
            try:
                self.link.write(query)
                return self._read_block(query, timeout)
            except (FrameError, LinkTimeoutError):
                self._out_of_step = True
                self.check_errors(query)
                raise

    @contextlib.contextmanager
    def block(self) -> Iterator[None]:
        """Read the error queue once, at the end of the ``with``, instead of after each command."""
        if self._block is not None:
            yield
            return
        self._block = []
        try:
            yield
        finally:
            sent, self._block = self._block, None
        if sent:
            self.check_errors("; ".join(sent))

    def wait_until_done(self, timeout: float = 0.0) -> None:
        """Wait until everything sent has been done, for ``timeout`` (s) longer than for any answer."""
        answer = self.ask("*OPC?", timeout=self.link.options.timeout + timeout)
        if answer.lstrip("+") != "1":
            raise FrameError(f"{self.role}: '*OPC?' was answered by {answer!r}")

    def clear_device(self) -> None:
        """End whatever the instrument does with messages and drop unread answers; settings stay."""
        self._out_of_step = False
        self.link.clear()

    def errors(self) -> list[tuple[int, str]]:
        """Return and remove what lies in the error queue: code and words, oldest first.

        Raises:
            FrameError: An answer of another form.
        """
        found: list[tuple[int, str]] = []
        while len(found) < MOST_ERRORS:
            with self._in_step():
                answer = self.link.query("SYST:ERR?")
            match = _ERROR.fullmatch(answer)
            if match is None:
                raise FrameError(f"{self.role}: 'SYST:ERR?' was answered by {answer!r}")
            if int(match[1]) == 0:
                break
            found.append((int(match[1]), match[2]))
        return found

    def check_errors(self, command: str) -> None:
        """Read the error queue.

        Raises:
            InstrumentError: It was not empty; carries ``command``, the oldest entry's code and the words of all.
        """
        if found := self.errors():
            more = "".join(f"; then {code}: {text}" for code, text in found[1:])
            raise InstrumentError(self.role, command, found[0][0], found[0][1] + more)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _sent(self, text: str) -> None:
        if self._block is None:
            self.check_errors(text)
        else:
            self._block.append(text)

    @contextlib.contextmanager
    def _in_step(self) -> Iterator[None]:
        """Hold the line; clear it first where an answer may still be under way."""
        with self.link.lock:
            if self._out_of_step:
                self.clear_device()
            try:
                yield
            except (LinkTimeoutError, RunStoppedError):
                self._out_of_step = True
                raise

    def _read_block(self, query: str, timeout: float | None) -> bytes:
        head = self.link.read_bytes(2, timeout=timeout)
        if not re.fullmatch(rb"#[1-9]", head):
            raise FrameError(f"{self.role}: {query!r} was answered by {head!r}..., which is no block")
        digits = self.link.read_bytes(int(head[1:]))
        if not digits.isdigit():
            raise FrameError(f"{self.role}: {query!r} was answered by a block of length {digits!r}")
        data = self.link.read_bytes(int(digits), timeout=self.link.options.timeout + int(digits) / BLOCK_RATE)
        if self.link.read_bytes(1) != b"\n":
            raise FrameError(f"{self.role}: {query!r} was answered by a block longer than its {int(digits)} bytes")
        return data


# -- settings -------------------------------------------------------------------------------------------------------

Write = Callable[[Any, Any], None]


def numeric(
    unit: Unit,
    doc: str,
    header: str,
    *,
    limits: Limits | Callable[[Any], Limits] | None = None,
    kind: Literal["float", "int"] = "float",
    write: Write | None = None,
) -> Setting:
    """Return a setting that is a number, sent as ``header`` number unless ``write`` says how."""

    def read(instrument: ScpiInstrument) -> Value:
        value = instrument.ask_number(f"{header}?")
        return int(value) if kind == "int" else value

    def send(instrument: ScpiInstrument, value: float) -> None:
        instrument.command(f"{header} {value if kind == 'int' else number(value)}")

    return Setting(unit, doc, read=read, write=write or send, limits=limits, kind=kind)


def reported(unit: Unit, doc: str, header: str) -> Setting:
    """Return a number that can only be read."""
    return Setting(unit, doc, read=lambda instrument: instrument.ask_number(f"{header}?"))


def switch(doc: str, header: str, *, write: Write | None = None) -> Setting:
    """Return a setting that is on or off."""
    return Setting(
        "", doc, kind="bool", read=lambda instrument: instrument.ask_number(f"{header}?") != 0.0,
        write=write or (lambda instrument, value: instrument.command(f"{header} {int(value)}")),
    )  # fmt: skip


def choice(doc: str, header: str, choices: type[enum.StrEnum], *, write: Write | None = None) -> Setting:
    """Return a setting out of ``choices``, whose names are the short forms on the wire and whose values are words."""

    def read(instrument: ScpiInstrument) -> Value:
        answer = instrument.ask(f"{header}?").upper()
        if answer not in choices.__members__:
            raise FrameError(
                f"{instrument.role}: '{header}?' was answered by {answer!r}, which this driver cannot name"
            )
        return choices[answer].value

    def send(instrument: ScpiInstrument, value: str) -> None:
        instrument.command(f"{header} {choices(value).name}")

    return Setting("", doc, kind="str", choices=choices, read=read, write=write or send)
