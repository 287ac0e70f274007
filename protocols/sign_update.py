"""The sign-based scheme: one fixed pulse by the sign of the wanted change, with no reading back (EAPU-D)."""

from typing import ClassVar

from pydantic import Field
from typing_extensions import override

from labctl.capabilities import CellArray, Cells, LinePulse
from labctl.updates.scheme import UpdateScheme
from labctl.updates.sign import SignUpdate
from protocols.updating import IdenticalPulses


class SignUpdateProtocol(IdenticalPulses):
    """Change cells by one fixed SET or RESET pulse each, in an open loop."""

    name: ClassVar[str] = "sign-update"
    title: ClassVar[str] = "Sign-based update"
    source: ClassVar[str] = "EAPU-D: Nat. Commun. 16, 11494 (2025)"

    # Widths *assumed*: each changes a cell in the middle of the window by about the threshold of 2 uS.
    set_pulse: LinePulse = Field(
        default=LinePulse(word_line=2.2, bit_line=2.0, source_line=0.0, width=200e-9), description="for a rise"
    )
    reset_pulse: LinePulse = Field(
        default=LinePulse(word_line=4.7, bit_line=0.0, source_line=1.8, width=80e-9), description="for a fall"
    )

    @override
    def scheme(self, array: CellArray, cells: Cells) -> UpdateScheme:
        return SignUpdate(array, cells, (self.lowest, self.highest), self.settings())

    @override
    def most_of_an_update(self) -> int:
        return 1
