"""A source-measure channel's source: ranges, levels, limits, output-off states, and what they do to the terminal.

Source: Series 2600B Reference Manual, command reference: ``smuX.source.*``.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from simulated_instruments.frontend import Clock
from simulated_instruments.keithley_tsp.errors import INTERLOCK, TOO_BIG, UNSAFE, VALUE_ABOVE_RANGE, InstrumentError
from simulated_instruments.keithley_tsp.models import AMP_NOISE, LOW_AMP_NOISE, SOURCE_OVER_RANGE, Accuracy, Model
from simulated_instruments.terminals import Terminal

AMPS, VOLTS, OHMS, WATTS = 0, 1, 2, 3
OFF_NORMAL, OFF_ZERO, OFF_HIGH_Z = 0, 1, 2  # unconfirmed
OUTPUT_OFF, OUTPUT_ON, OUTPUT_HIGH_Z = 0, 1, 2
OFF_LIMIT_AMPS = 1e-3  # unconfirmed
INTERLOCK_VOLTS = 42.0  # unconfirmed
ERROR_SPREAD = 0.5
"""Share of the accuracy that gain and offset errors are drawn from: *assumed*, a unit beats its data sheet."""


@dataclass
class Quantity:
    """The settings that voltage and current have alike: ``level``, ``limit`` and ranges in V or A."""

    ranges: tuple[float, ...]
    limit: float
    low_range: float
    level: float = 0.0
    autorange: int = 1
    fixed_range: float = field(init=False)

    def __post_init__(self) -> None:
        self.fixed_range = self.low_range

    def fitting(self, value: float) -> float:
        """Return the smallest range that holds ``value``.

        Raises:
            InstrumentError: None does.
        """
        for full in self.ranges:
            if abs(value) <= full * (1 + 1e-9):
                return full
        if abs(value) <= self.ranges[-1] * SOURCE_OVER_RANGE:
            return self.ranges[-1]
        raise InstrumentError(TOO_BIG)

    def range_for(self, value: float) -> float:
        """Return the range in force with ``value`` sourced."""
        if not self.autorange:
            return self.fixed_range
        return max(self.fitting(value), self.low_range)


class Errors:
    """Gain and offset errors of one range list, drawn once for each unit."""

    def __init__(self, accuracy: Accuracy, draw: "Draw") -> None:
        self._errors = {
            full: (gain * draw.uniform(-ERROR_SPREAD, ERROR_SPREAD), offset * draw.uniform(-ERROR_SPREAD, ERROR_SPREAD))
            for full, (gain, offset) in accuracy.items()
        }

    def apply(self, value: float, full: float) -> float:
        """Return ``value`` with the errors of range ``full``."""
        gain, offset = self._errors[full]
        return value * (1 + gain) + offset


class Draw:
    """Seeded random numbers; a class of its own so that a channel's noise does not depend on what else is drawn."""

    def __init__(self, *seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def uniform(self, low: float, high: float) -> float:
        """Return a number from ``low`` to ``high``."""
        return float(self._random.uniform(low, high))

    def normal(self, sigma: float) -> float:
        """Return a number around 0."""
        return float(self._random.normal(0.0, sigma)) if sigma > 0 else 0.0


class Source:
    """What drives the terminal; ``name`` is ``A`` or ``B`` as error texts have it."""

    def __init__(self, model: Model, terminal: Terminal, clock: Clock, name: str, draw: Draw) -> None:
        self.model = model
        self.terminal = terminal
        self.clock = clock
        self.prefix = f"SMU {name}: "
        self.interlock = True
        self.errors = {VOLTS: Errors(model.volt_source, draw), AMPS: Errors(model.amp_source, draw)}
        self.measure_limit = math.inf
        """A fixed current measure range below the limit acts as the limit."""
        self._driven: tuple[int, float, float] | tuple[()] | None = ()
        self._limited: tuple[object, tuple[bool, bool]] = (None, (False, False))
        self.changed_at = -math.inf
        self.before = (0.0, 0.0)
        self.reset()

    def reset(self) -> None:
        """Take the default settings, output off."""
        self.func = VOLTS
        self.output = OUTPUT_OFF
        self.volts = Quantity(self.model.volts, self.model.limit_v, self.model.volts[0])
        self.amps = Quantity(self.model.amps, self.model.limit_i, self.model.amps[0])
        self.limitp = 0.0
        self.delay = 0.0
        self.offmode = OFF_NORMAL
        self.offfunc = VOLTS
        self.offlimiti = OFF_LIMIT_AMPS
        self.offlimitv = self.model.limit_v
        self.settling = 0
        self.swept: float | None = None
        self.swept_limit: float | None = None
        self.sink = 0
        self.highc = 0
        self.drive()

    @property
    def quantity(self) -> Quantity:
        """What is sourced: volts or amps."""
        return self.quantity_of(self.func)

    def quantity_of(self, func: int) -> Quantity:
        """Return the settings for volts or amps."""
        return self.volts if func == VOLTS else self.amps

    @property
    def level(self) -> float:
        """The level in force, in V or A: a sweep's own while it holds the output."""
        return self.quantity.level if self.swept is None else self.swept

    @property
    def limit(self) -> float:
        """The limit in force, in A when volts are sourced and in V when amps are."""
        level = abs(self.level)
        limit = self.amps.limit if self.func == VOLTS else self.volts.limit
        if self.swept_limit is not None:
            limit = self.swept_limit
        if self.func == VOLTS:
            limit = min(limit, self.measure_limit)
        if self.limitp and level:
            limit = min(limit, self.limitp / level)
        return limit

    @property
    def range(self) -> float:
        """The source range in force, in V or A."""
        return self.quantity.range_for(self.level)

    def check(self) -> None:
        """Refuse what the ranges, the power envelope or the interlock do not allow with the output on.

        Raises:
            InstrumentError: The settings do not go together.
        """
        level, full = abs(self.level), self.range
        if level > full * SOURCE_OVER_RANGE:
            raise InstrumentError(VALUE_ABOVE_RANGE, self.prefix)
        volts, amps = (level, self.amps.limit) if self.func == VOLTS else (self.volts.limit, level)
        knee_volts, beyond = self.model.knee
        if volts > knee_volts and amps > beyond * 1.01:
            raise InstrumentError(UNSAFE, self.prefix)
        if not self.interlock and self.model.volts[-1] > INTERLOCK_VOLTS and volts > INTERLOCK_VOLTS:
            raise InstrumentError(INTERLOCK)

    def switch(self, state: int) -> None:
        """Turn the output on or off.

        Raises:
            InstrumentError: The level does not fit; the output stays as it was.
        """
        if state == OUTPUT_ON:
            self.check()
        self.output, self.swept = state, None
        self.drive()

    def set_level(self, func: int, level: float) -> None:
        """Set the level of one function; with the output on it is sourced at once.

        Raises:
            InstrumentError: It does not fit; the old level stays.
        """
        quantity = self.quantity_of(func)
        old, quantity.level = quantity.level, level
        held, self.swept = self.swept, None if func == self.func else self.swept
        try:
            quantity.fitting(level)
            if self.output == OUTPUT_ON and func == self.func:
                self.check()
        except InstrumentError:
            quantity.level, self.swept = old, held
            raise
        if func == self.func and self.output == OUTPUT_ON:
            self.drive()

    def sweep_to(self, level: float | None) -> None:
        """Source a sweep's level, or with ``None`` the programmed one again.

        Raises:
            InstrumentError: It does not fit; the old level stays.
        """
        old, self.swept = self.swept, level
        try:
            self.quantity.fitting(self.level)
            self.check()
        except InstrumentError:
            self.swept = old
            raise
        if self.output == OUTPUT_ON:
            self.drive()

    def drive(self) -> None:
        """Put the settings on the terminal."""
        wanted = self._wanted()
        if wanted == self._driven:
            return
        self.before = self.terminal.sense()
        self.changed_at = self.clock.now()
        self._driven = wanted
        if wanted is None:
            self.terminal.release()
            return
        func, level, limit = wanted
        if func == VOLTS:
            self.terminal.force(level, limit=limit)
        else:
            self.terminal.force_current(level, limit=limit)

    def _wanted(self) -> tuple[int, float, float] | None:
        """Return function, level and limit that belong on the terminal, or ``None`` for high impedance."""
        if self.output == OUTPUT_ON:
            return self.func, self.errors[self.func].apply(self.level, self.range), self.limit
        if self.output == OUTPUT_HIGH_Z or self.offmode == OFF_HIGH_Z:
            return None
        if self.offmode == OFF_ZERO:
            return VOLTS, 0.0, self.amps.limit
        return self.offfunc, 0.0, self.offlimiti if self.offfunc == VOLTS else self.offlimitv

    def limited(self) -> tuple[bool, bool]:
        """Return whether the voltage limit and the current limit hold the output now."""
        if self.output != OUTPUT_ON:
            return False, False
        moment = (self.clock.now(), self._driven)
        if self._limited[0] != moment:
            volts, amps = self.terminal.sense()
            at_limit = abs(amps if self.func == VOLTS else volts) >= self.limit * (1 - 1e-6)
            self._limited = (moment, (False, at_limit) if self.func == VOLTS else (at_limit, False))
        return self._limited[1]

    def noise(self, func: int, full: float) -> float:
        """Return the noise's standard deviation on range ``full``, in V or A: a sixth of its peak-to-peak figure."""
        table = self.model.volt_noise if func == VOLTS else AMP_NOISE | LOW_AMP_NOISE
        return table[full] / 6.0
