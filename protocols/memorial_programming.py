"""Memorial programming: binary search over the gate voltage, then updates from the position remembered (EAPU-B, C)."""

import math
from typing import ClassVar, Self

from pydantic import Field, model_validator
from typing_extensions import override

from labctl.capabilities import CellArray, Cells, LinePulse
from labctl.updates.gates import GateLadder, GatePulses
from labctl.updates.memorial import MemorialProgramming
from labctl.updates.scheme import UpdateScheme
from protocols.updating import FULL_RESET, FULL_SET, UpdateProtocol, check_gate_pulses, gate_seconds

EXPECTED_ATTEMPTS = 12
"""Rounds of attempts until the last of many cells is within tolerance, for the estimate; *assumed*."""


class MemorialProgrammingProtocol(UpdateProtocol):
    """Load cells by binary search over their gate voltage, then follow small changes step by step."""

    name: ClassVar[str] = "memorial-programming"
    title: ClassVar[str] = "Memorial programming"
    source: ClassVar[str] = "EAPU-B, EAPU-C, EAPU-D: Nat. Commun. 16, 11494 (2025)"

    ladder: GateLadder = Field(default=GateLadder(), description="gate voltages to choose from")
    attempts: int = Field(default=60, ge=1, le=1000, description="most RESET and SET pairs of one step-to-step write")
    reset_pulse: LinePulse = Field(default=FULL_RESET, description="leads a cell to its lowest conductance")
    set_pulse: LinePulse = Field(default=FULL_SET, description="SET; its word line is taken from the ladder")

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_gate_pulses(self.reset_pulse, self.set_pulse)
        if self.ladder.lowest >= self.ladder.highest:
            raise ValueError(
                f"ladder.lowest ({self.ladder.lowest:g} V) must be below ladder.highest ({self.ladder.highest:g} V)"
            )
        return self

    @override
    def scheme(self, array: CellArray, cells: Cells) -> UpdateScheme:
        gates = GatePulses(array, self.reset_pulse, self.set_pulse, self.read_voltage, self.averages)
        window = (self.lowest, self.highest)
        return MemorialProgramming(cells, window, self.tolerance, gates, self.ladder, self.attempts)

    @override
    def pulses(self) -> tuple[LinePulse, ...]:
        return self.reset_pulse, self.set_pulse.model_copy(update={"word_line": self.ladder.highest})

    @override
    def most_of_a_load(self) -> int:
        return 2 * (math.ceil(math.log2(self.ladder.positions + 1)) + self.attempts)

    @override
    def most_of_an_update(self) -> int:
        return 2 * self.attempts

    @override
    def seconds_of_an_update(self, array: CellArray, cells: int) -> float:
        return EXPECTED_ATTEMPTS * gate_seconds(cells / 3.0, self.ladder.positions)
