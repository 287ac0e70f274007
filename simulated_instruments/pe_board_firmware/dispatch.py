"""From a valid request to its answer: the checks in their order, then the operation. Source: section 4."""

import struct
from collections.abc import Callable

from simulated_instruments.pe_board_firmware import board_operations as board
from simulated_instruments.pe_board_firmware import framing
from simulated_instruments.pe_board_firmware.arguments import Arguments, Layout, read_arguments
from simulated_instruments.pe_board_firmware.cell_operations import pulse_cells, read_array, read_cells
from simulated_instruments.pe_board_firmware.codes import T_REQUEST, Opcode, RefusalError, Status
from simulated_instruments.pe_board_firmware.framing import Request
from simulated_instruments.pe_board_firmware.layouts import layouts
from simulated_instruments.pe_board_firmware.machine import Machine, Run
from simulated_instruments.pe_board_firmware.multiply import multiply
from simulated_instruments.pe_board_firmware.session import Session
from simulated_instruments.pe_board_firmware.write_operations import write_cells, write_traced

Operation = Callable[[Machine, Arguments, Run], bytes]

HELLO_SIZE = 7
_OPERATIONS: dict[int, Operation] = {
    Opcode.PING: board.ping,
    Opcode.COUNTERS: board.counters,
    Opcode.STUCK_MAP: board.stuck_map,
    Opcode.SET_BAUD: board.set_baud,
    Opcode.ARM: board.arm,
    Opcode.READ_CELLS: read_cells,
    Opcode.READ_ARRAY: read_array,
    Opcode.PULSE_CELLS: pulse_cells,
    Opcode.WRITE_CELLS: write_cells,
    Opcode.WRITE_TRACED: write_traced,
    Opcode.MULTIPLY: multiply,
}


class Dispatcher:
    """Answers valid requests.

    Args:
        machine: The board.
        poll: Looks for what has arrived while an operation runs; returns whether a MAKE_SAFE is among it.
        round_time: How long an operation runs between two looks, in s.
        internal_fault: Code of an INTERNAL error that the next accepted request meets, or None.
    """

    def __init__(
        self, machine: Machine, poll: Callable[[], bool], *, round_time: float, internal_fault: int | None
    ) -> None:
        self._machine = machine
        self._poll = poll
        self._layouts = layouts(machine.capabilities)
        self._session = Session()
        self.round_time = round_time
        self.internal_fault = internal_fault

    def answer(self, request: Request) -> bytes:
        """Return the wire bytes of the answer to a valid request."""
        machine = self._machine
        machine.counters.frames_ok += 1
        machine.line_rate.confirm()
        machine.safety.note_activity()
        try:
            if request.opcode == Opcode.HELLO:
                wire = self._hello(request)
            elif request.opcode == Opcode.MAKE_SAFE:
                wire = self._make_safe(request)
            else:
                wire = self._in_sequence(request)
        except RefusalError as refusal:
            wire = self._refusal(request, refusal)
        machine.safety.note_activity()
        return wire

    def _refusal(self, request: Request, refusal: RefusalError) -> bytes:
        counters = self._machine.counters
        if refusal.status is Status.SEQUENCE:
            counters.sequence_errors += 1
        else:
            counters.refused += 1
        self._machine.clock.wait(T_REQUEST)
        return framing.answer(framing.ERROR, request.seq, request.opcode, refusal.status, refusal.payload)

    def _hello(self, request: Request) -> bytes:
        kept = self._session.hello_answer(request)
        if kept is None:
            self._check_hello(request.payload)
            (first_seq,) = struct.unpack_from("<H", request.payload, 5)
            self._machine.safety.make_safe()
            payload = self._machine.capabilities.hello()
            kept = framing.answer(framing.RESPONSE, request.seq, request.opcode, Status.OK, payload)
            self._session.open(request, first_seq, kept)
        self._machine.clock.wait(T_REQUEST)
        return kept

    def _check_hello(self, payload: bytes) -> None:
        protocol = self._machine.capabilities.protocol
        if payload and payload[0] != protocol:
            raise RefusalError(Status.UNSUPPORTED_VERSION, bytes([protocol, protocol]))
        if len(payload) != HELLO_SIZE:
            raise RefusalError(Status.BAD_LENGTH, struct.pack("<H", HELLO_SIZE))

    def _make_safe(self, request: Request) -> bytes:
        self._machine.clock.wait(T_REQUEST)
        payload = board.make_safe(self._machine)
        return framing.answer(framing.RESPONSE, request.seq, request.opcode, Status.OK, payload)

    def _in_sequence(self, request: Request) -> bytes:
        kept = self._session.accept(request)
        if kept is not None:
            self._machine.counters.replayed += 1
            self._machine.clock.wait(T_REQUEST)
            return kept
        try:
            wire = self._execute(request)
        except RefusalError as refusal:
            wire = self._refusal(request, refusal)
        self._session.keep(wire)
        return wire

    def _execute(self, request: Request) -> bytes:
        layout, arguments = self._checked(request)
        run = Run(self._machine, self.round_time, self._poll)
        if not layout.drives:
            run.settle()
        self._machine.safety.operating = True
        if request.opcode == Opcode.STATUS:
            payload = board.status(self._machine, (request.seq - 1) & 0xFFFF)
        else:
            payload = _OPERATIONS[request.opcode](self._machine, arguments, run)
        run.settle()
        self._machine.safety.note_activity()
        self._machine.safety.operating = False
        if run.outcome is not Status.OK:
            self._machine.counters.cancelled += 1
            self._machine.safety.make_safe()
        wire = framing.answer(framing.RESPONSE, request.seq, request.opcode, run.outcome, payload)
        if request.opcode == Opcode.SET_BAUD:
            self._machine.line_rate.switch(arguments["baud"], answer_bytes=len(wire))
        return wire

    def _checked(self, request: Request) -> tuple[Layout, Arguments]:
        """Make the checks from the opcode to the hardware."""
        machine = self._machine
        layout = self._layouts.get(request.opcode)
        if layout is None or (layout.feature is not None and not machine.capabilities.has(layout.feature)):
            raise RefusalError(Status.BAD_OPCODE)
        arguments = read_arguments(layout, request.payload)
        if layout.drives or request.opcode == Opcode.ARM:
            machine.safety.check_interlock()
            if layout.drives and not machine.safety.armed:
                raise RefusalError(Status.NOT_ARMED)
            machine.safety.check_hardware()
        if self.internal_fault is not None:
            code, self.internal_fault = self.internal_fault, None
            machine.safety.make_safe()
            raise RefusalError(Status.INTERNAL, struct.pack("<H", code))
        return layout, arguments
