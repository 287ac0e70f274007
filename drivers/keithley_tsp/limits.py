"""What model and sample take together; what they cannot take is refused before anything is sent."""

from typing import Literal

import numpy as np

from drivers.keithley_tsp.models import Model
from labctl.capabilities import Floats
from labctl.errors import ConfigError, LimitError
from labctl.instrument import SampleLimits
from labctl.settings import Limits
from labctl.units import Unit, format_quantity

Kind = Literal["v", "i"]
"""What is forced."""
NPLC = (0.001, 25.0)
"""Cycles of the mains in one integration (reference manual, ``smuX.measure.nplc``)."""
MOST_READINGS = 60_000
"""Readings that a buffer with time stamps holds (*unconfirmed*)."""
LONGEST_PAUSE = 1e6
"""Longest delay or interval, in s (assumed)."""
SLACK = 1e-9
"""Relative slack of a bound: the noise of floating-point numbers, and no more."""


class Bounds:
    """What one model and one sample take together, as lowest and highest values.

    Args:
        role: The instrument's name in messages.
        model: What it can force.
        sample: From the station.
    """

    def __init__(self, role: str, model: Model, sample: SampleLimits) -> None:
        self.role = role
        said = [bound for bound in (sample.voltage, sample.device_voltage) if bound is not None]
        self.model = model
        self.sample_voltage = min(said, default=float("inf"))
        self.sample_current = float("inf") if sample.current is None else sample.current

    @property
    def voltage(self) -> Limits:
        """Levels, in V."""
        highest = min(self.model.highest_voltage, self.sample_voltage)
        return -highest, highest

    @property
    def current(self) -> Limits:
        """Levels, in A."""
        highest = min(self.model.highest_current, self.sample_current)
        return -highest, highest

    @property
    def voltage_limit(self) -> Limits:
        """Compliance when a current is forced, in V."""
        low, high = self.model.voltage_limits
        return low, min(high, self.sample_voltage)

    @property
    def current_limit(self) -> Limits:
        """Compliance when a voltage is forced, in A."""
        low, high = self.model.current_limits
        return low, min(high, self.sample_current)

    def forced(self, kind: Kind, levels: Floats, compliance: float, nplc: float) -> float:
        """Check what a measurement is to force; return its highest level without sign, in V or A.

        Args:
            kind: What is forced.
            levels: (n,) in V or A.
            compliance: In A or V.
            nplc: In cycles of the mains.

        Raises:
            LimitError: Beyond model, sample or the model's power envelope.
        """
        if kind == "v":
            self.check("voltage", levels, "V", self.voltage)
            self.check("current compliance", compliance, "A", self.current_limit)
        else:
            self.check("current", levels, "A", self.current)
            self.check("voltage compliance", compliance, "V", self.voltage_limit)
        self.check("nplc", nplc, "", NPLC)
        highest = float(np.abs(levels).max())
        voltage, current = (highest, compliance) if kind == "v" else (compliance, highest)
        most = self.model.current_at(voltage)
        self.check(f"current at {format_quantity(voltage, 'V')}", current, "A", (0.0, most))
        return highest

    def timed(self, count: int, name: str, pause: float) -> int:
        """Check a number of readings, and the ``pause`` (s) called ``name`` between them; return the number."""
        if count != int(count):
            raise ConfigError(f"{self.role}: the number of readings is a whole number, not {count!r}")
        self.check("number of readings", count, "", (1, MOST_READINGS))
        self.check(name, pause, "s", (0.0, LONGEST_PAUSE))
        return int(count)

    def switched_on(self, channel: str, voltage: float, current: float) -> None:
        """Check what an output would go on with against the sample: highest ``voltage`` (V) and ``current`` (A)."""
        self.check(f"{channel} voltage", abs(voltage), "V", (0.0, self.sample_voltage))
        self.check(f"{channel} current", abs(current), "A", (0.0, self.sample_current))

    def check(self, what: str, values: Floats | float, unit: Unit, limits: Limits) -> None:
        """Refuse ``values``, a number or an array in ``unit``, of which any is beyond ``limits`` or no number."""
        low, high = (bound + side * SLACK * abs(bound) for bound, side in zip(limits, (-1.0, 1.0), strict=True))
        numbers = np.atleast_1d(np.asarray(values, dtype=np.float64))
        good = (numbers >= low) & (numbers <= high)
        if not good.all():
            wrong = format_quantity(float(numbers[~good][0]), unit)
            bounds = " to ".join(format_quantity(bound, unit) for bound in limits)
            raise LimitError(f"{self.role}: {what} is to be {wrong}, but goes from {bounds}; nothing was sent")
