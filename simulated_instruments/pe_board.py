"""The simulated PE board: eight 128 x 16 arrays of analogue cells behind a serial line.

Its wire language is that of docs/pe-board-wire.md, protocol version 1. Checked against that document and its golden
vectors only; no real board has spoken the language yet.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.frontend import Clock
from simulated_instruments.pe_board_firmware.capabilities import Capabilities
from simulated_instruments.pe_board_firmware.codes import CELLS
from simulated_instruments.pe_board_firmware.dispatch import Dispatcher
from simulated_instruments.pe_board_firmware.framing import Fault, Request, complaint
from simulated_instruments.pe_board_firmware.inbox import Inbox
from simulated_instruments.pe_board_firmware.line_rate import LineRate
from simulated_instruments.pe_board_firmware.machine import Counters, Machine
from simulated_instruments.pe_board_firmware.safety import Safety
from simulated_instruments.physics.crossbar import LineResistance
from simulated_instruments.physics.rram import (
    DEFAULT_PARAMETERS,
    EAPU_PARAMETERS,
    RESET_PULSE,
    SET_PULSE,
    RramCells,
)
from simulated_instruments.physics.rram_kinetics import KineticCells

SUPPLY_MV = 11_987  # *assumed*
TEMPERATURE = 31.25  # degC; *assumed*
ROUND_TIME = 20e-3
TECHNOLOGIES: dict[str, Callable[[int], RramCells | KineticCells]] = {
    "analogue": lambda seed: RramCells(CELLS, seed=seed, parameters=DEFAULT_PARAMETERS),
    "gate-tuned": lambda seed: RramCells(CELLS, seed=seed, parameters=EAPU_PARAMETERS),
    "drift-diffusion": lambda seed: KineticCells(CELLS, seed=seed),
}
"""What cells the board can have, drawn from a seed: those of Yao et al., the wider ones of Nat. Commun. 16, 11494, and
those of which Nat. Commun. 16, 913 measures the kinetics."""


def _nothing() -> bytes:
    return b""


class SimulatedPeBoard:
    """The board, sans I/O.

    Args:
        clock: The bench's clock; operations take their time on it, bytes on the line do not (that is the hosting's).
        seed: Of the cells and of the monitors' noise, 0 .. 2^64 - 1.
        protocol_version: The only protocol that this board speaks, 0..255.
        features: Feature bits of the HELLO answer.
        board_id: Serial number.
        firmware: Version of the firmware.
        stuck: [cell, conductance in S] of cells that do not switch, besides those of the seed; the stored table of
            defects knows them.
        interlock_open: Whether the interlock is open.
        supply_mv: Supply voltage, in mV; a fault outside 10,800..13,200.
        temperature: In degC; a fault above 70.
        held_lines: Lines that stay at a voltage whatever the switches do: word, bit or source -> mV.
        internal_fault: Code of an INTERNAL error that the next accepted request meets.
        round_time: How long an operation runs between two looks at the line, in s of the clock.
        technology: What the cells are like: one of `TECHNOLOGIES`.
        line_resistance: Of each segment of the bit and source lines between two cells, in Ohm. MULTIPLY sees it;
            reads and pulses of single cells do not, where it is small beside one cell.
        cells: The cells, 16,384 of them; drawn from the seed if not given.

    Attributes:
        attention: Called between the rounds of an operation; returns the bytes that have arrived since.

    Raises:
        ValueError: An option outside its bounds.

    Source: docs/pe-board-wire.md.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        protocol_version: int = 1,
        features: int = 0x3F,
        board_id: str = "PE-0001",
        firmware: str = "1.0.0+sim",
        stuck: Sequence[Sequence[float]] = (),
        interlock_open: bool = False,
        supply_mv: int = SUPPLY_MV,
        temperature: float = TEMPERATURE,
        held_lines: Mapping[str, int] | None = None,
        internal_fault: int | None = None,
        round_time: float = ROUND_TIME,
        technology: str = "analogue",
        line_resistance: float = 0.0,
        cells: RramCells | KineticCells | None = None,
    ) -> None:
        if technology not in TECHNOLOGIES:
            raise ValueError(f"there is no technology {technology!r}; there are {', '.join(TECHNOLOGIES)}")
        if not 0.0 <= line_resistance < math.inf:
            raise ValueError(f"line_resistance must be finite and at least 0 Ohm, got {line_resistance:g}")
        self.cells = TECHNOLOGIES[technology](seed) if cells is None else cells
        for cell, conductance in stuck:
            self.cells.stick(np.array([int(cell)]), conductance)
        self.counters = Counters()
        self.attention: Callable[[], bytes] = _nothing
        self._safety = Safety(
            clock,
            seed=seed,
            interlock_open=interlock_open,
            supply_mv=supply_mv,
            temperature=temperature,
            held_lines=held_lines or {},
        )
        machine = Machine(
            clock=clock,
            cells=self.cells,
            stuck_map=self.cells.stuck(),
            capabilities=Capabilities(
                protocol=protocol_version, features=features, board_id=board_id, firmware=firmware
            ),
            safety=self._safety,
            counters=self.counters,
            line_rate=LineRate(clock),
            power_up=clock.now(),
            lines=LineResistance(bit_segment=line_resistance, source_segment=line_resistance),
        )
        self._line_rate = machine.line_rate
        self._inbox = Inbox()
        self._dispatcher = Dispatcher(machine, self._poll, round_time=round_time, internal_fault=internal_fault)

    @property
    def baud_rate(self) -> int:
        """The line's rate now, in baud."""
        return self._line_rate.baud

    @property
    def armed(self) -> bool:
        """Whether the board may drive its lines."""
        self._safety.refresh()
        return self._safety.armed

    @property
    def interlock_open(self) -> bool:
        """Whether the interlock is open; opening it makes the board safe."""
        return self._safety.interlock_open

    @interlock_open.setter
    def interlock_open(self, is_open: bool) -> None:
        self._safety.interlock_open = is_open
        self._safety.refresh()

    @property
    def supply_mv(self) -> int:
        """Supply voltage, in mV."""
        return self._safety.supply_mv

    @supply_mv.setter
    def supply_mv(self, millivolts: int) -> None:
        self._safety.supply_mv = millivolts
        self._safety.refresh()

    @property
    def temperature(self) -> float:
        """Temperature, in degC."""
        return self._safety.temperature

    @temperature.setter
    def temperature(self, celsius: float) -> None:
        self._safety.temperature = celsius
        self._safety.refresh()

    def hold_line(self, name: str, millivolts: int) -> None:
        """Let the word, bit or source lines stay at a voltage (mV, 0..65,535) from now on; 0 lets them go.

        Raises:
            ValueError: Another line or voltage.
        """
        self._safety.hold_line(name, millivolts)
        self._safety.refresh()

    def fail_next(self, code: int) -> None:
        """Answer the next accepted request with INTERNAL and this code (0..65,535)."""
        self._dispatcher.internal_fault = code

    def saved(self) -> Mapping[str, NDArray[Any]]:
        """Return the cells' state, for a lab that is to go on in another process."""
        return self.cells.state()

    def load(self, saved: Mapping[str, NDArray[Any]]) -> None:
        """Become what `saved` returned."""
        self.cells.restore(saved)

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        """Take bytes from the line, cut anywhere, and return the answers that they complete."""
        self._safety.refresh()
        self._inbox.put(data)
        answers = bytearray()
        while (request := self._inbox.next()) is not None:
            if request.fault is None:
                answers += self._dispatcher.answer(request)
            else:
                self._count_fault(request.fault)
                answers += complaint(request, request.fault)
        return bytes(answers)

    def warm_up(self) -> None:
        """Compile what the cells compute with, on scratch cells, so that no host waits for it in vain."""
        scratch, cells = type(self.cells)(2, seed=0), np.arange(2)
        scratch.pulse(cells, word_line=1.8, bit_line=2.0, source_line=0.0, width=50e-9, now=0.0)
        scratch.current(cells, voltage=0.2, averages=1, now=0.0)
        scratch.conductance(cells, now=0.0)
        loop: dict[str, Any] = {
            "tolerance": 50e-9, "pulse_limit": 2, "set_pulse": SET_PULSE, "reset_pulse": RESET_PULSE, "voltage": 0.2,
            "averages": 1, "now": 0.0, "pulse_time": 1e-6, "read_time": 1e-6,
        }  # fmt: skip
        scratch.write(cells, np.full(2, 1e-6), **loop)
        scratch.write_traced(0, 1e-6, **loop)

    def clear(self) -> None:
        """Drop what has been received and not handled; session and cells stay as they are."""
        self._inbox.clear()

    def _poll(self) -> bool:
        fresh = self.attention()
        if not fresh:
            return False
        dropped = self._inbox.put_while_running(fresh)
        self.counters.overflows = self._inbox.overflows
        for request in dropped or ():
            self._count_dropped(request)
        return dropped is not None

    def _count_dropped(self, request: Request) -> None:
        if request.fault is None:
            self.counters.frames_ok += 1
        else:
            self._count_fault(request.fault)

    def _count_fault(self, fault: Fault) -> None:
        name = f"bad_{fault.name.lower()}"
        setattr(self.counters, name, getattr(self.counters, name) + 1)
