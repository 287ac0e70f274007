"""The two-pulse scheme: RESET where the gate voltage falls, then SET at the new one, with no reading back (EAPU-D)."""

from typing import ClassVar, Self

from pydantic import Field, model_validator
from typing_extensions import override

from labctl.capabilities import CellArray, Cells, LinePulse
from labctl.protocol import Volts
from labctl.updates.gates import GatePulses
from labctl.updates.scheme import UpdateScheme
from labctl.updates.two_pulse import TwoPulse
from protocols.updating import FULL_RESET, FULL_SET, UpdateProtocol, check_gate_pulses, gate_seconds


class TwoPulseProtocol(UpdateProtocol):
    """Change cells by moving the gate voltage remembered, in an open loop."""

    name: ClassVar[str] = "two-pulse"
    title: ClassVar[str] = "Two-pulse update"
    source: ClassVar[str] = "EAPU-D: Nat. Commun. 16, 11494 (2025); scheme of Li et al., Nat. Commun. 9, 2385 (2018)"

    sensitivity: float = Field(
        default=98e-6, gt=0.0, le=1e-2, description="conductance over gate voltage, in S/V, one for all cells"
    )
    offset: Volts = Field(default=0.8, ge=0.0, le=5.0, description="gate voltage where that line is at 0 S")
    lowest_gate: Volts = Field(default=0.5, ge=0.0, le=5.0, description="lowest gate voltage of a SET")
    highest_gate: Volts = Field(default=2.5, ge=0.0, le=5.0, description="highest gate voltage of a SET")
    reset_pulse: LinePulse = Field(default=FULL_RESET, description="given before the SET of a change downwards")
    set_pulse: LinePulse = Field(default=FULL_SET, description="SET; its word line is the cell's own")

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_gate_pulses(self.reset_pulse, self.set_pulse)
        if self.lowest_gate >= self.highest_gate:
            raise ValueError(
                f"lowest_gate ({self.lowest_gate:g} V) must be below highest_gate ({self.highest_gate:g} V)"
            )
        return self

    @override
    def scheme(self, array: CellArray, cells: Cells) -> UpdateScheme:
        gates = GatePulses(array, self.reset_pulse, self.set_pulse, self.read_voltage, self.averages)
        window, bounds = (self.lowest, self.highest), (self.lowest_gate, self.highest_gate)
        return TwoPulse(cells, window, self.tolerance, gates, self.sensitivity, self.offset, bounds)

    @override
    def pulses(self) -> tuple[LinePulse, ...]:
        return self.reset_pulse, self.set_pulse.model_copy(update={"word_line": self.highest_gate})

    @override
    def most_of_a_load(self) -> int:
        return 2

    @override
    def most_of_an_update(self) -> int:
        return 2

    @override
    def seconds_of_an_update(self, array: CellArray, cells: int) -> float:
        return gate_seconds(cells, round((self.highest - self.lowest) / self.sensitivity / 1e-3))
