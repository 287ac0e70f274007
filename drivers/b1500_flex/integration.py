"""How long the converter integrates, and how long to wait for data.

Source: AAD and AIT in the B1500A/B1505A Programming Guide, ed. 11, chapter 4.
"""

import enum

from drivers.b1500_flex.session import command
from labctl.errors import LimitError
from labctl.units import format_quantity

MOST_CYCLES = 100
"""Power-line cycles of one reading."""
SHORTEST = 2e-6
"""Shortest integration, in s: the default of the time mode, taken as its least (unconfirmed)."""
SLOW = 0.5
"""Longest time, in s, that ranging adds to a reading (assumed)."""
CYCLES_MODE, TIME_MODE = 2, 3


class Converter(enum.Enum):
    """Which converter of an SMU measures; the value is as settings show it."""

    HIGH_SPEED = "high-speed"
    HIGH_RESOLUTION = "high-resolution"

    @property
    def code(self) -> int:
        """The parameter of AAD and AIT."""
        return 0 if self is Converter.HIGH_SPEED else 1


def commands(channel: int, converter: Converter, nplc: float, line_frequency: float, where: str) -> tuple[str, ...]:
    """Return the commands that let ``channel`` integrate over ``nplc`` power-line cycles.

    Parts of a cycle go to the high-speed converter as a time.

    Raises:
        LimitError: The converter cannot integrate for so long or so short.
    """
    choose = command("AAD", channel, converter.code)
    if nplc == int(nplc) and 1 <= nplc <= MOST_CYCLES:
        return choose, command("AIT", converter.code, CYCLES_MODE, nplc)
    if converter is Converter.HIGH_RESOLUTION:
        raise LimitError(
            f"{where}: nplc = {nplc} is not possible; this converter takes 1 to {MOST_CYCLES} whole cycles"
        )
    time = nplc / line_frequency
    if not SHORTEST <= time <= MOST_CYCLES / line_frequency:
        longest = format_quantity(MOST_CYCLES / line_frequency, "s")
        raise LimitError(f"{where}: integration over {format_quantity(time, 's')}, but it takes 2 us to {longest}")
    return choose, command("AIT", converter.code, TIME_MODE, time)


def patience(points: int, each: float, nplc: float, line_frequency: float) -> float:
    """Return how long ``points`` readings may take, in s, ``each`` (s) of delay apart."""
    return points * (each + 2.0 * nplc / line_frequency + SLOW)
