"""Measurements of one SMU as FLEX commands. ``force`` is ``"V"`` (currents are measured) or ``"I"`` (voltages are).

Source: B1500A/B1505A Programming Guide, ed. 11, chapter 4; MT is taken from public drivers and unconfirmed.
"""

from typing import NamedTuple

from drivers.b1500_flex.modules import CURRENT_RANGES, VOLTAGE_RANGES
from drivers.b1500_flex.session import command
from labctl.capabilities import Floats

SPOT, STAIRCASE, SAMPLING = 1, 2, 10
"""Measurement modes of MM."""
MEASURED = {"V": "I", "I": "V"}
MEASURE_SIDE = {"I": 1, "V": 2}
"""Parameter of CMM for a measured current and voltage."""
LINEAR, AUTO_ABORT_OFF, STAY_AT_STOP = 1, 1, 2
Commands = tuple[str, ...]


class Measurements(NamedTuple):
    """What one SMU is asked.

    Attributes:
        smu: Its channel.
        voltage_range: Fixed range in V, 0 for auto.
        current_range: Fixed range in A, 0 for auto.
    """

    smu: int
    voltage_range: float
    current_range: float

    def force(self, force: str, value: float, compliance: float) -> str:
        """Force ``value`` (V or A) within ``compliance`` (A or V) at once."""
        return command(f"D{force}", self.smu, self._range(force), value, compliance)

    def spot(self, force: str, value: float, compliance: float, *, high_speed: bool) -> Commands:
        """Take one reading; the high-speed converter needs no measurement mode for it."""
        source, measured = self.force(force, value, compliance), MEASURED[force]
        if high_speed:
            return source, command(f"T{measured}", self.smu, -self._range(measured))
        return source, *self._mode(SPOT, force), "XE"

    def sampling(self, voltage: float, compliance: float, interval: float, count: int) -> Commands:
        """Take ``count`` readings ``interval`` (s) apart."""
        timing, source = command("MT", 0, interval, count), self.force("V", voltage, compliance)
        return *self._mode(SAMPLING, "V"), timing, source, "TSR", "XE"

    def staircase_set_up(self, force: str, delay: float) -> Commands:
        """Set up staircases that wait ``delay`` (s) at each step and stay at their last value."""
        waits = command("WT", 0, delay), command("WM", AUTO_ABORT_OFF, STAY_AT_STOP)
        return "TSR", *self._mode(STAIRCASE, force), *waits

    def staircase(self, force: str, values: Floats, compliance: float) -> Commands:
        """Sweep evenly spaced ``values`` (n,)."""
        ends = float(values[0]), float(values[-1])
        return command(f"W{force}", self.smu, LINEAR, self._range(force), *ends, len(values), compliance), "XE"

    def _mode(self, mode: int, force: str) -> Commands:
        measured = MEASURED[force]
        return (
            command("MM", mode, self.smu), command("CMM", self.smu, MEASURE_SIDE[measured]),
            command(f"R{measured}", self.smu, -self._range(measured)),
        )  # fmt: skip

    def _range(self, kind: str) -> int:
        """Return the number of the range for V or I, 0 for auto; its negative fixes a measurement range."""
        chosen, table = (self.voltage_range, VOLTAGE_RANGES) if kind == "V" else (self.current_range, CURRENT_RANGES)
        return table[chosen] if chosen else 0
