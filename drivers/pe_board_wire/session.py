"""A session with the PE board: sequence numbers, tries, and each request executed at most once.

Source: docs/pe-board-wire.md, sections 3 and 4.
"""

import random
import secrets

from drivers.pe_board_wire import requests
from drivers.pe_board_wire.codes import Opcode, Status, error_fields, error_text
from drivers.pe_board_wire.exchange import Exchange
from drivers.pe_board_wire.frames import DELIMITER, Frame, FrameType, encode_request
from drivers.pe_board_wire.hello import PROTOCOL, Capabilities, parse_hello
from drivers.pe_board_wire.requests import Request
from labctl.errors import InstrumentError, LinkError, RunStoppedError
from labctl.links import Link

TRIES = 20
ROUNDS = 10
"""How often a request that the board has executed is repeated for its answer, `TRIES` times each (assumed)."""
NUMBERS = 0x10000
DISARMED = "the board is disarmed, its lines are at ground"


class GaveUpError(LinkError):
    """No answer after all tries.

    Attributes:
        executed: Whether the board executed the request; ``None`` where that is not known.
    """

    def __init__(self, message: str, executed: bool | None) -> None:
        super().__init__(message)
        self.executed = executed


class Session:
    """Sends requests over a link, again where need be, and returns the answers that belong to them.

    Args:
        link: The open line.
        role: The board's name in messages.
        numbers: Draws nonce and first numbers.

    Attributes:
        line: What carries its frames, and counts.
        left: In what state a lost board is, for messages.
    """

    def __init__(self, link: Link, role: str, numbers: random.Random | None = None) -> None:
        self.link = link
        self.line = Exchange(link)
        self.role = role
        self.left = DISARMED
        self._numbers = numbers or secrets.SystemRandom()
        self._aside = self._numbers.getrandbits(16)
        self._next = 0
        self._unsure = False

    def open(self, tries: int = TRIES) -> Capabilities:
        """Open a session; the board grounds its lines and disarms.

        Raises:
            LinkError: No answer.
            InstrumentError: The board speaks another version.
        """
        with self.link.lock:
            self.link.send(DELIMITER)
            first = self._numbers.getrandbits(16)
            answer = self.aside(requests.hello(self._numbers.getrandbits(32), first), tries)
            found = parse_hello(answer)
            if not found.protocol_min <= PROTOCOL <= found.protocol_max:
                fields = {"protocol_min": found.protocol_min, "protocol_max": found.protocol_max}
                raise self._error(Opcode.HELLO, Status.UNSUPPORTED_VERSION, fields)
            self._next, self._unsure = first, False
            self.line.counters["sessions"] += 1
            return found

    def aside(self, request: Request, tries: int = TRIES) -> bytes:
        """Return the answer to HELLO or MAKE_SAFE, which take no part in the sequence.

        Raises:
            LinkError: No answer.
            InstrumentError: The board refused.
        """
        with self.link.lock:
            self._aside = (self._aside + 1) % NUMBERS
            self.line.counters["requests"] += 1
            wire = encode_request(self._aside, request.opcode, request.payload)
            late = (
                requests.cancelled_answer_time(self.line.baud)
                if request.opcode == Opcode.MAKE_SAFE and self._unsure
                else 0.0
            )
            answer = self.line.send(wire, self._aside, request.opcode, request.timeout(self.line.baud) + late, tries)
            if answer is None:
                raise GaveUpError(
                    f"{self.role}: no answer to {request.opcode.name} in {tries} tries; {self.left}", None
                )
            return self._checked(answer)

    def request(self, request: Request, *, tries: int = TRIES, insist: bool = True) -> bytes:
        """Send a request under the next number and return its answer's payload; it is executed at most once.

        Args:
            request: What to send.
            tries: How often.
            insist: Ask the board whether it has executed a request that was not answered, and repeat it for its answer.

        Raises:
            GaveUpError: No answer; says whether it was executed.
            LinkError: The line is gone; the request may have been executed.
            InstrumentError: The board refused it or ended it early.
            RunStoppedError: The wait was cancelled; the request may still be executed.
        """
        with self.link.lock:
            self._settle_first()
            seq, self._unsure = self._next, True
            self.line.counters["requests"] += 1
            wire = encode_request(seq, request.opcode, request.payload)
            try:
                answer = self._until_known(wire, seq, request, tries, insist)
            except (GaveUpError, RunStoppedError):
                raise
            except LinkError as error:
                raise LinkError(f"{error}; {request.opcode.name} may have been executed; {self.left}") from error
            self._next, self._unsure = (seq + 1) % NUMBERS, False
            return self._checked(answer)

    def settle(self, tries: int = TRIES) -> bool:
        """Ask which number the board expects after a request that was not answered; return whether it executed that.

        Source: section 4: a PING with the number after next is always refused, and the refusal names the expected one.
        """
        self.line.counters["probes"] += 1
        probe = (self._next + 2) % NUMBERS
        wire = encode_request(probe, Opcode.PING, b"")
        answer = self.line.send(wire, probe, Opcode.PING, requests.ping().timeout(self.line.baud), tries)
        if answer is None:
            raise GaveUpError(
                f"{self.role}: no answer in {tries} tries; the last request may have been executed; {self.left}", None
            )
        fields = error_fields(answer.status, answer.payload) if answer.type == FrameType.ERROR else {}
        if answer.status != Status.SEQUENCE:
            raise self._error(Opcode.PING, answer.status, fields)
        ahead = (fields["expected"] - self._next) % NUMBERS
        self._next, self._unsure = fields["expected"], False
        if ahead > 1:
            raise self._error(Opcode.PING, Status.SEQUENCE, fields)
        return ahead == 1

    def _settle_first(self) -> None:
        """Before a new request, find out about the last one; a board that says nothing gets no new request."""
        if not self._unsure:
            return
        try:
            self.settle()
        except GaveUpError as error:
            raise LinkError(str(error)) from error

    def _until_known(self, wire: bytes, seq: int, request: Request, tries: int, insist: bool) -> Frame:
        """Return the answer, asking in between whether the request was executed."""
        name, timeout = request.opcode.name, request.timeout(self.line.baud)
        for _ in range(ROUNDS):
            answer = self.line.send(wire, seq, request.opcode, timeout, tries)
            if answer is not None:
                return answer
            if not insist:
                raise GaveUpError(f"{self.role}: no answer to {name} in {tries} tries; {self.left}", None)
            executed = self.settle()
            if not executed:
                raise GaveUpError(f"{self.role}: no answer to {name}; it was not executed; {self.left}", False)
            self._next, self._unsure = seq, True
        raise GaveUpError(f"{self.role}: {name} was executed, but its answer is lost; {self.left}", True)

    def _checked(self, answer: Frame) -> bytes:
        """Return the payload of a good answer, or raise what the board says."""
        if answer.type == FrameType.RESPONSE:
            if answer.status == Status.OK:
                return answer.payload
            done = int.from_bytes(answer.payload[:2], "little")
            name = Status(answer.status).name if answer.status in set(Status) else f"status {answer.status}"
            text = f"{name}: it was ended early, {done} entries are done; {DISARMED}"
            raise InstrumentError(self.role, Opcode(answer.opcode).name, answer.status, text)
        fields = error_fields(answer.status, answer.payload)
        if answer.status == Status.SEQUENCE:
            fields["own"] = answer.seq
            self._next = fields["expected"]
        raise self._error(Opcode(answer.opcode), answer.status, fields)

    def _error(self, opcode: Opcode, status: int, fields: dict[str, int]) -> InstrumentError:
        text = error_text(status, fields)
        if status == Status.UNSUPPORTED_VERSION:
            text += f"; this driver speaks {PROTOCOL}"
        if status == Status.SEQUENCE and "own" in fields:
            ran = "was not executed" if fields["expected"] == fields["own"] else "may have been executed"
            text += f"; the request had {fields['own']} and {ran}"
        return InstrumentError(self.role, opcode.name, status, text)
