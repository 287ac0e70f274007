"""What the B1530A can make and measure: times on its 10 ns grid, voltages in its ranges; checked before a call.

Source: B1530A user's guide, limits of addVector, setMeasureEvent and addSequence; the marked numbers are unconfirmed.
"""

import numpy as np

from drivers.wgfmu.codes import FORCE_RANGES, ForceRange, OperationMode
from labctl.capabilities import Floats, Ints
from labctl.errors import LimitError
from labctl.instrument import SampleLimits
from labctl.units import format_quantity

GRID = 10e-9
"""Resolution of times, in s."""
TICKS_PER_SECOND = 100_000_000
MOST_VECTOR_TICKS = 1_099_511_627_775
"""Longest vector: 10,995.11627775 s."""
MOST_INTERVAL_TICKS = 134_217_728
MOST_AVERAGING_TICKS = 2_097_151
MOST_VECTORS = 2048
"""Vectors of one pattern: unconfirmed, the number that two public programs use."""
MOST_POINTS = 4_000_000
"""Measurements before they must be read, here a channel's: unconfirmed whether of a channel or of a module."""
MOST_LOOPS = 2**40
DELAY_LIMITS = (-50e-9, 50e-9)
OFF_GRID = 1e-3
"""Part of a grid step that counts as rounding of the caller's arithmetic (assumed)."""
PULSE_RANGES = ("3 V", "5 V")
"""The force ranges of the PG mode."""


def ticks(what: str, seconds: Floats | float) -> Ints:
    """Return times as counts of 10 ns.

    Raises:
        LimitError: A time lies between two steps of the grid.
    """
    exact = np.atleast_1d(np.asarray(seconds, dtype=np.float64)) * TICKS_PER_SECOND
    if not np.all(np.isfinite(exact)):
        raise LimitError(f"{what}: not a finite time")
    rounded = np.rint(exact)
    wrong = np.abs(exact - rounded) > np.maximum(OFF_GRID, 4e-16 * np.abs(exact))
    if wrong.any():
        shown = format_quantity(float(exact[wrong][0]) / TICKS_PER_SECOND, "s", 9)
        raise LimitError(f"{what}: {shown} is not on the grid of {format_quantity(GRID, 's')}")
    return rounded.astype(np.int64)


def seconds(count: int) -> float:
    """Return a count of 10 ns as the nearest time in s."""
    return count / TICKS_PER_SECOND


def tick(what: str, time: float, lowest: int, highest: int) -> int:
    """Return one time as a count of 10 ns between ``lowest`` and ``highest``, or raise `LimitError`."""
    count = int(ticks(what, time)[0])
    if not lowest <= count <= highest:
        low, high = (format_quantity(seconds(bound), "s", 9) for bound in (lowest, highest))
        raise LimitError(f"{what} is to be {format_quantity(time, 's')}, but goes from {low} to {high}")
    return count


def check_sample(where: str, volts: Floats, sample: SampleLimits) -> None:
    """Raise `LimitError` where a voltage is beyond what the sample stands (its other terminal at 0 V)."""
    highest = float(np.max(np.abs(volts)))
    for name, bound in (("terminal", sample.voltage), ("device", sample.device_voltage)):
        if bound is not None and highest > bound:
            asked, most = format_quantity(highest, "V"), format_quantity(bound, "V")
            raise LimitError(f"{where}: {asked} is more than the sample's {name} stands, {most}")


def force_range(where: str, volts: Floats, wanted: str, mode: OperationMode) -> ForceRange:
    """Return the force range to use: ``wanted``, or for ``"auto"`` the smallest that has all of ``volts``.

    Raises:
        LimitError: No such range has them.
    """
    names = [name for name in FORCE_RANGES if mode is not OperationMode.PG or name in PULSE_RANGES]
    low, high = float(np.min(volts)), float(np.max(volts))
    for name in names if wanted == "auto" else [name for name in names if name == wanted]:
        found = FORCE_RANGES[name]
        if found.lowest <= low and high <= found.highest:
            return found
    span = f"{format_quantity(low, 'V')} to {format_quantity(high, 'V')}"
    tried = ", ".join(names) if wanted == "auto" else wanted
    raise LimitError(f"{where}: {span} fits no force range of the {mode.name} mode that may be used ({tried})")


def whole(what: str, count: int, highest: int) -> int:
    """Return ``count`` if it is a whole number from 1 to ``highest``, or raise `LimitError`."""
    if count != int(count) or not 1 <= count <= highest:
        raise LimitError(f"{what} is to be {count}, but goes from 1 to {highest} in whole numbers")
    return int(count)
