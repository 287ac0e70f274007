"""Updates by write-verify: identical pulses in a closed loop until the cell is within tolerance (WU of EAPU-D)."""

from typing import ClassVar

from pydantic import Field
from typing_extensions import override

from labctl.capabilities import CellArray, Cells, LinePulse
from labctl.updates.scheme import UpdateScheme
from labctl.updates.verify import WriteVerified
from protocols.updating import FULL_RESET, IdenticalPulses


class VerifyUpdateProtocol(IdenticalPulses):
    """Change cells by a closed loop of identical pulses on the board."""

    name: ClassVar[str] = "verify-update"
    title: ClassVar[str] = "Write-verify update"
    source: ClassVar[str] = "EAPU-D: Nat. Commun. 16, 11494 (2025); loop of Yao et al., Nature 577, 641 (2020)"

    # Levels: Yao et al.; the gate of the SET *assumed*, higher than theirs for conductances up to 80 uS.
    set_pulse: LinePulse = Field(
        default=LinePulse(word_line=2.5, bit_line=2.0, source_line=0.0, width=50e-9), description="when too low"
    )
    reset_pulse: LinePulse = Field(
        default=LinePulse(word_line=4.7, bit_line=0.0, source_line=1.8, width=50e-9), description="when too high"
    )

    from_reset: bool = Field(default=False, description="begin each write with a full RESET, which counts as a pulse")

    @override
    def scheme(self, array: CellArray, cells: Cells) -> UpdateScheme:
        first = FULL_RESET if self.from_reset else None
        return WriteVerified(array, cells, (self.lowest, self.highest), self.settings(), first)

    @override
    def pulses(self) -> tuple[LinePulse, ...]:
        return (*super().pulses(), *([FULL_RESET] if self.from_reset else []))

    @override
    def most_of_an_update(self) -> int:
        return self.pulse_limit + self.from_reset
