"""The engine under every SCPI twin: it takes bytes, finds and runs commands, and gives back replies."""

import re
from collections import deque
from collections.abc import Sequence

from simulated_instruments.frontend import Clock
from simulated_instruments.scpi.commands import Call, Command, Place, Reply, Table
from simulated_instruments.scpi.errors import ErrorQueue, ScpiError
from simulated_instruments.scpi.framing import Framer, split
from simulated_instruments.scpi.parameters import REST, Kind, Number
from simulated_instruments.scpi.status import OPERATION_COMPLETE, Status

_UNIT = re.compile(rb"\s*([^\s?]*)(\?)?(?:\s+(.*)|\s*)", re.DOTALL)
_HEADER = re.compile(r"\*[A-Za-z]+|:?[A-Za-z][A-Za-z0-9_]*(:[A-Za-z][A-Za-z0-9_]*)*")
_LONGEST_HEADER = 200


class ScpiFrontEnd:
    """A sans-I/O SCPI instrument.

    A command error (-1xx) ends its message: what follows in it is not run (*unconfirmed*, after the remark that a query
    behind a bad command times out). Execution errors (-2xx) let the rest of the message run. A command that holds the
    parser keeps later input waiting; ``receive(b"")`` looks whether it may go on.

    A stream of bytes does not show whether the host read a reply: a hosting that knows calls `query_interrupted` when a
    message came before the last reply was read, and `query_unterminated` when the host read and nothing was there.

    Args:
        clock: The bench's clock.
        queue_depth: Entries that the error queue has.
        input_limit: Bytes that one message may have.
        error_bit: Weight of "error queue not empty" in the status byte.
    """

    def __init__(self, clock: Clock, *, queue_depth: int, input_limit: int, error_bit: int = 4) -> None:
        self.clock = clock
        self.status = Status(ErrorQueue(queue_depth), error_bit)
        self._framer = Framer(input_limit)
        self._input_limit = input_limit
        self._table = Table([])
        self._clear_work()

    def use(self, commands: Sequence[Command]) -> None:
        """Install the instrument's command table."""
        self._table = Table(commands)

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        """Take bytes from the host, cut anywhere, and return what the instrument sends back for them."""
        for message in self._framer.feed(data, end=end):
            if isinstance(message, ScpiError):
                self.status.report(message)
            elif self._waiting_bytes + len(message) > self._input_limit:
                self.status.report(ScpiError(-363))
            else:
                self._waiting.append(message)
                self._waiting_bytes += len(message)
        sent = bytearray()
        while self._may_go_on():
            if self._units:
                self._run(self._units.popleft())
                continue
            sent += self._end_message()
            if not self._waiting:
                break
            self._next_message()
        return bytes(sent)

    def clear(self) -> None:
        """Device clear: drop half-received input and pending output, stop whatever holds the parser."""
        self._framer.clear()
        self._clear_work()
        self.stop_holding()

    def serial_poll(self) -> int:
        """Return the status byte."""
        return self.status.byte()

    def poll(self) -> None:
        """Bring the instrument up to the clock; called before each command is looked at."""

    def holds(self) -> bool:
        """Return whether an operation keeps the parser from going on."""
        return False

    def stop_holding(self) -> None:
        """End the operation that `holds` tells of."""

    def queue_error(self) -> None:
        """Queue an error that no message caused: -310, as after a fault inside."""
        self.status.report(ScpiError(-310))

    def clear_status(self) -> None:
        """``*CLS``: forget events and errors, and a pending ``*OPC``."""
        self.status.clear()
        self._announce = False

    def query_interrupted(self) -> None:
        """Tell the instrument that a message came before its last reply was read: -410."""
        self.status.report(ScpiError(-410))

    def query_unterminated(self) -> None:
        """Tell the instrument that the host read and there was nothing to send: -420."""
        self.status.report(ScpiError(-420))

    def pending(self) -> bool:
        """Return whether an overlapped operation is still under way; ``*OPC`` sets its bit once none is."""
        return False

    def finish(self) -> None:
        """Let the time pass that pending operations still take; ``*OPC?`` and ``*WAI`` call it."""

    def announce_completion(self) -> None:
        """``*OPC``: set the event bit once pending operations are over."""
        self._announce = True

    def reply_waits(self) -> bool:
        """Return whether the message at hand already has a reply to send (MAV)."""
        return bool(self._replies)

    def _may_go_on(self) -> bool:
        self.poll()
        if self._announce and not self.pending():
            self._announce = False
            self.status.event |= OPERATION_COMPLETE
        return not self.holds()

    def _clear_work(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._units: deque[bytes] = deque()
        self._replies: list[bytes] = []
        self._place: Place = self._table.root
        self._announce = False

    def _next_message(self) -> None:
        message = self._waiting.popleft()
        self._waiting_bytes -= len(message)
        self._place = self._table.root
        try:
            self._units.extend(unit for unit in split(message, b";") if unit.strip())
        except ScpiError as error:
            self.status.report(error)

    def _end_message(self) -> bytes:
        reply = b";".join(self._replies) + b"\n" if self._replies else b""
        self._replies = []
        return reply

    def _run(self, unit: bytes) -> None:
        try:
            self._execute(unit)
        except ScpiError as error:
            self.status.report(error)
            if -200 < error.code <= -100:
                self._units.clear()

    def _execute(self, unit: bytes) -> None:
        command, call, question, arguments = self._parse(unit)
        if not question:
            if command.write is None:
                raise ScpiError(-113)
            command.write(call, *_values(command.params, arguments, call, optional=command.optional))
            return
        if command.query is None:
            raise ScpiError(-113)
        self._replies.append(_encode(_ask(command, arguments, call)))

    def _parse(self, unit: bytes) -> tuple[Command, Call, bool, list[bytes]]:
        match = _UNIT.fullmatch(unit)
        header = (match[1] if match else unit).decode("latin-1")
        if match is None or len(header) > _LONGEST_HEADER or _HEADER.fullmatch(header) is None:
            raise ScpiError(-102 if header.isascii() else -101)
        command, suffixes, self._place = self._table.find(header, self._place)
        arguments = [] if match[3] is None or not match[3].strip() else _tidy(split(match[3], b","))
        return command, Call(suffixes, self.status.report), match[2] is not None, arguments


def _tidy(arguments: list[bytes]) -> list[bytes]:
    """Strip white space around each argument, but none off the end of a block."""
    stripped = [argument.lstrip() for argument in arguments]
    return [argument if argument.startswith(b"#") else argument.rstrip() for argument in stripped]


def _values(kinds: Sequence[Kind], arguments: list[bytes], call: Call, *, optional: int) -> list[object]:
    if kinds and kinds[-1] is REST:
        fixed = len(kinds) - 1
        if len(arguments) < fixed:
            raise ScpiError(-109)
        head = [kind.parse(argument, call) for kind, argument in zip(kinds[:-1], arguments[:fixed], strict=True)]
        return [*head, arguments[fixed:]]
    if len(arguments) > len(kinds):
        raise ScpiError(-108)
    if len(arguments) < len(kinds) - optional:
        raise ScpiError(-109)
    return [kind.parse(argument, call) for kind, argument in zip(kinds, arguments, strict=False)]


def _ask(command: Command, arguments: list[bytes], call: Call) -> Reply:
    """Run a query, or answer ``? MIN`` and its like from the limits of the first parameter."""
    kind = command.params[0] if command.params else None
    if command.show is not None and isinstance(kind, Number) and len(arguments) == 1 and not command.query_params:
        extreme = kind.extreme(arguments[0], call)
        if extreme is None:
            raise ScpiError(-224 if arguments[0][:1].isalpha() else -104)
        return command.show(extreme)
    if command.query is None:
        raise ScpiError(-113)
    return command.query(call, *_values(command.query_params, arguments, call, optional=len(command.query_params)))


def _encode(reply: Reply) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode("ascii")
