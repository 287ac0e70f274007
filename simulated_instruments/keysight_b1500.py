"""The simulated Keysight B1500A: the mainframe's FLEX command language, for its source-monitor units.

A command is carried out before the next one is read: a sweep takes its time on the clock inside ``receive``. Answers to
queries come back at once; measurement data wait in the output buffer until the host addresses the instrument to talk,
as on GPIB, so that ``XE``, ``*OPC?``, ``NUB?`` and then a read work, and ``XE`` and then a read as well.

Not here: pulsed, search, quasi-pulsed, multi-channel and capacitance measurements, program memory, trigger and digital
I/O, the binary data formats. Their commands are answered with error 100, their modes and formats with 120.

Source: the FLEX sheet made from the B1500A/B1505A Programming Guide and public drivers. Checked against those drivers,
not against hardware.
"""

from collections.abc import Mapping, Sequence

from simulated_instruments.frontend import Clock
from simulated_instruments.keysight_b1500_flex.commands_common import COMMON_COMMANDS, status_byte
from simulated_instruments.keysight_b1500_flex.commands_measure import MEASURE_COMMANDS
from simulated_instruments.keysight_b1500_flex.commands_output import OUTPUT_COMMANDS
from simulated_instruments.keysight_b1500_flex.errors import FlexError, FlexErrorCode
from simulated_instruments.keysight_b1500_flex.mainframe import Mainframe
from simulated_instruments.keysight_b1500_flex.message import Command, InputBuffer, parse_command
from simulated_instruments.terminals import Terminal

DEFAULT_MODULES = ("B1517A", "B1517A", "B1511B", "B1511B", "B1530A", "B1530A")
FIRMWARE = "A.04.03.2010.0130"


def _undefined(frame: Mainframe, command: Command) -> str | None:
    raise FlexError(FlexErrorCode.UNDEFINED_COMMAND)


class SimulatedKeysightB1500:
    """A B1500A, bytes in and bytes out.

    Args:
        clock: The bench's clock; measurements advance it.
        terminals: "smu1", "smu2" ... in the order of their slots; those not given drive nothing.
        modules: Model names by slot, from slot 1; "0" for an empty slot.
        serial: The third field of ``*IDN?``; the instrument of the sheet answers "0".
        seed: Seed of the measurement noise.
    """

    terminal_names = tuple(f"smu{number}" for number in range(1, 11))
    answers_when_read = True
    """Its hosting calls ``receive(b"")`` when the host reads and nothing else is there to be read."""

    def __init__(
        self,
        clock: Clock,
        terminals: Mapping[str, Terminal] | None = None,
        *,
        modules: Sequence[str] = DEFAULT_MODULES,
        serial: str = "0",
        seed: int = 0,
    ) -> None:
        self._frame = Mainframe(clock, terminals or {}, modules, seed)
        self._identity = f"Agilent Technologies,B1500A,{serial},{FIRMWARE}"
        self._commands = {**COMMON_COMMANDS, **OUTPUT_COMMANDS, **MEASURE_COMMANDS, "*IDN?": self._identify}
        self._input = InputBuffer()

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        """Take bytes from the host and return the answers to the queries in them.

        Empty ``data`` is the host addressing the instrument to talk: it returns the oldest reply of measurement data,
        or nothing when there is none.
        """
        if not data and not end:
            return self._frame.take()
        answers = [self._message(text) for text in self._input.feed(data, end=end)]
        return b"".join(answers)

    def clear(self) -> None:
        """Device clear: drop half-received input and the output buffer; clears the error bit of the status byte."""
        self._input.clear()
        self._frame.clear_data()
        self._frame.errors.pending = False

    def serial_poll(self) -> int:
        """Return the status byte, and clear its error bit."""
        value = status_byte(self._frame)
        self._frame.errors.pending = False
        return value

    def queue_error(self) -> None:
        """Queue an error that no message caused, as after a fault inside."""
        self._frame.errors.push(FlexErrorCode.CHANNEL_REFUSES_COMMAND)

    def error_waiting(self) -> bool:
        """Return whether the error queue holds anything; the WGFMU library looks at that when it opens a session."""
        return self._frame.errors.waiting()

    def set_interlock(self, *, closed: bool) -> None:
        """Close or open the interlock, without which no unit goes beyond its safe voltage."""
        self._frame.interlock_closed = closed

    def _identify(self, frame: Mainframe, command: Command) -> str:
        command.count(0, 0)
        return self._identity

    def _message(self, text: str | None) -> bytes:
        if text is None:
            self._frame.errors.push(FlexErrorCode.INPUT_BUFFER_FULL)
            return b""
        return b"".join(self._command(part) for part in text.split(";") if part.strip())

    def _command(self, text: str) -> bytes:
        try:
            command = parse_command(text)
            answer = self._commands.get(command.name, _undefined)(self._frame, command)
        except FlexError as error:
            self._frame.errors.push(error.code)
            return b""
        return b"" if answer is None else answer.encode("ascii") + b"\r\n"
