"""Energy, area and speed of a memristor macro core, from the table of its parts (CNN-O).

A 128 x 128 array with 1-bit reads of 50 ns at 0.2 V, and an 8-bit converter for each four columns. Source: Yao et al.,
Nature 577, 641 (2020), Extended Data Table; per 1-bit read. The parts' areas fill 90.69 % of the core.
"""

import dataclasses
from typing import NamedTuple


class Part(NamedTuple):
    """One part of the core: area in um2, latency in ns, energy of a 1-bit read in pJ."""

    name: str
    area: float
    latency: float
    energy: float


CONVERSION_ENERGY = 2.55
"""pJ of one 8-bit conversion. Source: the same table."""
PARTS = (
    Part("array", 1107.56, 0.0, 22.59),
    Part("bit-line driver", 2104.36, 0.002, 1.99),
    Part("word-line driver", 2104.36, 0.008, 1.99),
    Part("source-line driver", 1686.3, 0.38, 0.11),
    Part("sample and hold", 10.0, 0.0, 0.13),
    Part("multiplexer", 1741.9, 0.008, 2.37),
    Part("multiplexer decoder", 69.84, 6.10, 0.05),
    Part("converters", 48_000.0, 0.0, 32 * 4 * CONVERSION_ENERGY),
    Part("shift and adder", 6977.62, 0.19, 16.26),
)
"""Source: the same table."""


@dataclasses.dataclass(frozen=True)
class MacroCore:
    """A core of so many rows and columns with the parts of the table.

    Attributes:
        rows: Of the array.
        columns: Of the array.
        bits: 1-bit intervals of an input.
        read: Length of an interval, in ns.
        filling: Share of the core's area that the parts fill.
        parts: Of the core.
    """

    rows: int = 128
    columns: int = 128
    bits: int = 8
    read: float = 50.0
    filling: float = 0.9069
    parts: tuple[Part, ...] = PARTS

    @property
    def energy(self) -> float:
        """Of a 1-bit read of the whole core, in pJ."""
        return sum(part.energy for part in self.parts)

    @property
    def area(self) -> float:
        """Of the core, in mm2."""
        return sum(part.area for part in self.parts) / self.filling * 1e-6

    @property
    def power(self) -> float:
        """While it reads, in mW."""
        return self.energy / self.read

    @property
    def performance(self) -> float:
        """Operations a second, in GOP/s: a multiplication and an addition for each cell and input of all bits."""
        return 2.0 * self.rows * self.columns / (self.bits * self.read)

    @property
    def energy_efficiency(self) -> float:
        """In GOP/s/W."""
        return self.performance / (self.power * 1e-3)

    @property
    def performance_density(self) -> float:
        """In GOP/s/mm2."""
        return self.performance / self.area

    def energy_of(self, operations: float) -> float:
        """Return the energy of so many operations, in J."""
        return operations / (self.energy_efficiency * 1e9)
