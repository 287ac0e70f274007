"""Modules, their ranges and limits.

Source: the FLEX sheet, ranges. The current limits against voltage and the interlock voltage are *unconfirmed*.
"""

import math
from dataclasses import dataclass

from simulated_instruments.keysight_b1500_flex.errors import FlexError, FlexErrorCode

VOLTAGE_RANGES = {
    5: 0.5, 20: 2.0, 11: 2.0, 50: 5.0, 200: 20.0, 12: 20.0, 400: 40.0, 13: 40.0, 1000: 100.0, 14: 100.0, 2000: 200.0,
    15: 200.0,
}  # fmt: skip
CURRENT_RANGES = {8 + n: 10.0 ** (n - 12) for n in range(13)}  # 8: 1 pA ... 20: 1 A
RANGE_UP = 1.15  # auto ranging goes up above 115 % of a range, 100 % at the top one
INTERLOCK_VOLTS = 42.0  # unconfirmed


@dataclass(frozen=True)
class SmuModel:
    """What a kind of source-monitor unit can do.

    ``envelope`` lists (highest voltage in V, highest current in A there), rising in voltage.
    """

    lowest_current_index: int
    highest_current_index: int
    envelope: tuple[tuple[float, float], ...]
    power: float

    @property
    def max_volts(self) -> float:
        """The highest voltage, in V."""
        return self.envelope[-1][0]

    @property
    def max_amps(self) -> float:
        """The highest current, in A."""
        return self.envelope[0][1]

    def amps_at(self, volts: float) -> float:
        """Return the highest current (A) that goes with ``volts`` (V), 0 beyond the unit's voltage."""
        return next((amps for limit, amps in self.envelope if abs(volts) <= limit), 0.0)

    def volts_at(self, amps: float) -> float:
        """Return the highest voltage (V) that goes with ``amps`` (A), 0 beyond the unit's current."""
        return max((limit for limit, highest in self.envelope if abs(amps) <= highest), default=0.0)

    def ranges(self, kind: str) -> list[float]:
        """Return the measurement ranges for ``kind`` "V" or "I", rising, in V or A."""
        if kind == "V":
            return sorted({value for value in VOLTAGE_RANGES.values() if value <= self.max_volts})
        return [CURRENT_RANGES[n] for n in range(self.lowest_current_index, self.highest_current_index + 1)]


_SMALL = ((20.0, 0.1), (40.0, 0.05), (100.0, 0.02))  # unconfirmed
_LARGE = ((20.0, 1.0), (40.0, 0.5), (100.0, 0.125), (200.0, 0.05))  # unconfirmed
SMU_MODELS = {
    "B1510A": SmuModel(11, 20, _LARGE, 20.0),
    "B1511A": SmuModel(11, 19, _SMALL, 2.0),
    "B1511B": SmuModel(11, 19, _SMALL, 2.0),
    "B1517A": SmuModel(9, 19, _SMALL, 2.0),
}
MODULE_MODELS = (*SMU_MODELS, "B1520A", "B1525A", "B1530A")  # those without a model here answer ``UNT?`` only


def check_range(model: SmuModel, kind: str, index: int, *, fixed: bool) -> int:
    """Return ``index`` if it names a range of ``model`` for ``kind`` "V" or "I"; a negative one needs ``fixed``.

    Raises:
        FlexError: 124.
    """
    table = VOLTAGE_RANGES if kind == "V" else CURRENT_RANGES
    if index == 0 or (table.get(abs(index)) in model.ranges(kind) and (index > 0 or fixed)):
        return index
    # The ranges below 1 nA (HRSMU: below 10 pA) exist as lower bounds: the unit starts at its own lowest range.
    if kind == "I" and index in range(8, model.lowest_current_index):
        return index
    raise FlexError(FlexErrorCode.RANGE_VALUE)


def choose_range(model: SmuModel, kind: str, index: int, value: float) -> tuple[float, bool]:
    """Return the range (V or A) that a measurement of ``value`` takes, and whether ``value`` is over it."""
    ranges = model.ranges(kind)
    table = VOLTAGE_RANGES if kind == "V" else CURRENT_RANGES
    if index < 0:
        chosen = table[-index]
    else:
        lowest = max(table.get(index, 0.0), ranges[0])
        fits = (r for r in ranges if r >= lowest and abs(value) <= r * (RANGE_UP if r < ranges[-1] else 1.0))
        chosen = next(fits, ranges[-1])
    top = chosen * (RANGE_UP if chosen < ranges[-1] else 1.0)
    return chosen, abs(value) > top and not math.isclose(abs(value), top, rel_tol=1e-9)
