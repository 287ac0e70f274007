"""What the operations work on: the cells, the hardware's state, the counters; and the run of one operation."""

import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.frontend import Clock
from simulated_instruments.pe_board_firmware.capabilities import Capabilities
from simulated_instruments.pe_board_firmware.codes import T_REQUEST, Status
from simulated_instruments.pe_board_firmware.converter import Converter
from simulated_instruments.pe_board_firmware.line_rate import LineRate
from simulated_instruments.pe_board_firmware.safety import Safety
from simulated_instruments.physics.crossbar import LineResistance
from simulated_instruments.physics.rram import RramCells
from simulated_instruments.physics.rram_kinetics import KineticCells


@dataclass
class Counters:
    """All since power-up, in the order of the COUNTERS answer."""

    frames_ok: int = 0
    bad_oversize: int = 0
    bad_cobs: int = 0
    bad_length: int = 0
    bad_crc: int = 0
    bad_version: int = 0
    bad_header: int = 0
    overflows: int = 0
    replayed: int = 0
    sequence_errors: int = 0
    refused: int = 0
    cancelled: int = 0
    set_pulses: int = 0
    reset_pulses: int = 0
    reads: int = 0

    def values(self) -> tuple[int, ...]:
        """Return them in order."""
        return astuple(self)


@dataclass
class Machine:
    """The board without its line."""

    clock: Clock
    cells: RramCells | KineticCells
    stuck_map: NDArray[np.int64]
    capabilities: Capabilities
    safety: Safety
    counters: Counters
    line_rate: LineRate
    power_up: float
    lines: LineResistance = field(default_factory=LineResistance)

    def __post_init__(self) -> None:
        board = self.capabilities
        self.fine = Converter(board.adc_lsb_pa, board.adc_max_code)
        self.coarse = Converter(board.adc_coarse_lsb_pa, board.adc_max_code)


class Run:
    """The time and the interruption of one operation.

    Time that the operation spends is owed to the clock and paid from round to round, so that a real clock need not
    sleep for microseconds. At the end of a round the line and the hardware are looked at.

    Args:
        machine: The board.
        round_time: Length of a round, in s.
        poll: Looks for what has arrived; returns whether a MAKE_SAFE is among it.
    """

    def __init__(self, machine: Machine, round_time: float, poll: Callable[[], bool]) -> None:
        self._machine = machine
        self.round_time = round_time
        self._poll = poll
        self._owed = T_REQUEST
        self.outcome = Status.OK

    @property
    def now(self) -> float:
        """The operation's time, in s on the clock."""
        return self._machine.clock.now() + self._owed

    def spend(self, seconds: float) -> None:
        """Let time pass for the operation."""
        self._owed += seconds

    def settle(self) -> None:
        """Let the clock catch up."""
        self._machine.clock.wait(self._owed)
        self._owed = 0.0

    def interrupted(self) -> bool:
        """Return whether the operation must end here; ``outcome`` then says why. Looks once a round."""
        if self.outcome is Status.OK and self._owed >= self.round_time:
            self.settle()
            if self._poll():
                self.outcome = Status.CANCELLED
            else:
                self.outcome = self._machine.safety.trouble() or Status.OK
        return self.outcome is not Status.OK

    def chunk(self, seconds_each: float) -> int:
        """Return how many cells of so long a time fit into a round, at least 1."""
        return max(1, int(self.round_time / seconds_each))

    def until_next_look(self, seconds_each: float) -> int:
        """Return how many actions of so long a time are done before `interrupted` looks again, at least 1."""
        return max(1, math.ceil((self.round_time - self._owed) / seconds_each))
