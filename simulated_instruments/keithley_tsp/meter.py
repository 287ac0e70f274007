"""A source-measure channel's meter: ranges, integration, noise, filter, and the time that a reading takes.

Source: Series 2600B Reference Manual, command reference: ``smuX.measure.*``; data sheet pp. 10, 11, 15.
"""

import functools
import math
from collections import deque
from collections.abc import Callable, Iterator

import numpy as np

from simulated_instruments.keithley_tsp.buffers import (
    COMPLIANCE,
    FILTERED,
    FOUR_WIRE,
    MEASURE_AUTORANGE,
    RELATIVE,
    SOURCE_AUTORANGE,
    Reading,
    ReadingBuffer,
)
from simulated_instruments.keithley_tsp.channel import (
    AMPS,
    OHMS,
    OUTPUT_ON,
    VOLTS,
    WATTS,
    Draw,
    Errors,
    Quantity,
    Source,
)
from simulated_instruments.keithley_tsp.models import AMP_SETTLING, MEASURE_OVER_RANGE, OVERFLOW, VOLT_SETTLING

AUTOZERO_OFF, AUTOZERO_ONCE, AUTOZERO_AUTO = 0, 1, 2  # unconfirmed
AUTOZERO_FACTOR = 2.0
"""Times a reading's integration that autozero takes: *unconfirmed*."""
SCRIPT_OVERHEAD = 75e-6
"""Time in s of a measure call inside the instrument: *unconfirmed*."""
FOLLOW_LIMIT = 2
MOVING_AVERAGE, REPEAT_AVERAGE, MEDIAN = 0, 1, 2  # unconfirmed
AUTO_DELAY_CONSTANTS = 6.0
SETTLED = math.log(1000.0)
"""Time constants until a reading is within 0.1 %."""
NPLC_ERROR = ((-3.0, -2.0, -1.0, 0.0), (1e-2, 7.5e-4, 1e-4, 0.0))
"""log10 of NPLC, and the extra error as a share of the range; between the manual's points it is *assumed* linear."""


@functools.cache
def _extra_error(nplc: float) -> float:
    """Return the error that a short integration adds, as a share of the range."""
    return float(np.interp(math.log10(nplc), *NPLC_ERROR))


class Meter:
    """What reads the terminal; ``wait`` passes the bench's time and ends when a device clear comes."""

    def __init__(self, source: Source, draw: Draw, line_hz: Callable[[], float], wait: Callable[[float], None]) -> None:
        self.source = source
        self._draw = draw
        self._line_hz = line_hz
        self.wait = wait
        model = source.model
        self.errors = {VOLTS: Errors(model.volt_meter, draw), AMPS: Errors(model.amp_meter, draw)}
        self.reset()

    def reset(self) -> None:
        """Take the default settings."""
        model = self.source.model
        self.volts = Quantity(model.volts, math.inf, model.volts[0])
        self.amps = Quantity(model.measure_amps, math.inf, model.measure_amps[0])
        self.nplc = 1.0
        self.autozero = AUTOZERO_AUTO
        self.delay = -1.0 if model.auto_delay else 0.0
        self.delayfactor = 1.0
        self.count = 1
        self.interval = 0.0
        self.analogfilter = 1
        self.filter_enable = 0
        self.filter_type = REPEAT_AVERAGE
        self.filter_count = 1
        self.relative = {AMPS: 0.0, VOLTS: 0.0, OHMS: 0.0, WATTS: 0.0}
        self.relative_enable = dict.fromkeys(self.relative, 0)
        self.sense = 0
        self.overflow = False
        self._window: dict[int, deque[float]] = {}

    def quantity(self, func: int) -> Quantity:
        """Return the meter's settings for volts or amps."""
        return self.volts if func == VOLTS else self.amps

    def range(self, func: int) -> float:
        """Return the measure range in force: the source's own for what is sourced."""
        if func == self.source.func:
            return self.source.range
        return self.quantity(func).fixed_range

    def read(self, funcs: tuple[int, ...], buffers: tuple[ReadingBuffer | None, ...]) -> tuple[float, ...]:
        """Take ``count`` readings of each function and return the last ones; the bench's time passes."""
        for buffer in buffers:
            if buffer is not None:
                buffer.begin()
        return deque(self.readings(funcs, buffers, self.count), maxlen=1)[0]

    def readings(
        self, funcs: tuple[int, ...], buffers: tuple[ReadingBuffer | None, ...], count: int
    ) -> Iterator[tuple[float, ...]]:
        """Take readings one by one: at ``interval`` if that is longer than a reading."""
        begun = self.source.clock.now()
        for number in range(count):
            due = begun + number * self.interval
            if (early := due - self.source.clock.now()) > 0:
                self.wait(early)
            yield self._one(funcs, buffers)

    def _one(self, funcs: tuple[int, ...], buffers: tuple[ReadingBuffer | None, ...]) -> tuple[float, ...]:
        start = self.source.clock.now()
        needed = {VOLTS, AMPS} if funcs[0] in {OHMS, WATTS} else set(funcs)
        autoranged = self._settle(needed)
        volts, amps = self.source.terminal.sense()
        basic = {func: self._digitise(func, volts if func == VOLTS else amps) for func in sorted(needed)}
        values = tuple(self._result(func, basic) for func in funcs)
        self.overflow = OVERFLOW in map(abs, values)
        for func, value, buffer in zip(funcs, values, buffers, strict=True):
            if buffer is not None:
                buffer.append(self._row(func, value, start, autoranged))
        return values

    def _settle(self, needed: set[int]) -> bool:
        """Wait for the ranging, the delay and the integration; return whether a range changed by itself."""
        autoranged = [self._autorange(func) for func in sorted(needed) if func != self.source.func]
        self.wait(self._delay(needed))
        factor = AUTOZERO_FACTOR if self.autozero == AUTOZERO_AUTO else 1.0
        repeats = self.filter_count if self.filter_enable and self.filter_type != MOVING_AVERAGE else 1
        self.wait(repeats * factor * self.nplc / self._line_hz() + SCRIPT_OVERHEAD)
        return any(autoranged)

    def _delay(self, needed: set[int]) -> float:
        if self.delay >= 0:
            return self.delay
        settling = AMP_SETTLING[self.range(AMPS)] if AMPS in needed else VOLT_SETTLING
        return settling * AUTO_DELAY_CONSTANTS / SETTLED * self.delayfactor

    def _autorange(self, func: int) -> bool:
        """Go to the range that fits: a settling time for each range on the way down, one in all up (*assumed*)."""
        quantity = self.quantity(func)
        if not quantity.autorange:
            return False
        ranges = quantity.ranges
        if quantity.autorange == FOLLOW_LIMIT:
            wanted = self._least(ranges, self.source.limit)
        else:
            volts, amps = self.source.terminal.sense()
            wanted = max(self._least(ranges, abs(volts if func == VOLTS else amps)), quantity.low_range)
        at, goal = ranges.index(quantity.fixed_range), ranges.index(wanted)
        passed = ranges[goal : goal + 1] if goal > at else reversed(ranges[goal:at])
        for full in passed:
            self.wait(AMP_SETTLING[full] if func == AMPS else VOLT_SETTLING)
        quantity.fixed_range = wanted
        return True

    def _range_above(self, func: int, value: float) -> float:
        """Return the range that an autoranging quantity goes to for ``value``, which has outgrown its own meanwhile."""
        quantity = self.quantity(func)
        if quantity.autorange and quantity.autorange != FOLLOW_LIMIT and func != self.source.func:
            quantity.fixed_range = self._least(quantity.ranges, abs(value))
        return self.range(func)

    @staticmethod
    def _least(ranges: tuple[float, ...], value: float) -> float:
        return next((full for full in ranges if value <= full), ranges[-1])

    def _digitise(self, func: int, value: float) -> float:
        full = self.range(func)
        settling = AMP_SETTLING[full] if func == AMPS else VOLT_SETTLING
        since = self.source.clock.now() - self.source.changed_at
        earlier = self.source.before[0 if func == VOLTS else 1]
        step = min(max(earlier - value, -full), full)  # a larger one only saturates the range: *assumed*
        value += step * math.exp(-min(SETTLED * since / settling, 700.0))
        if abs(value) > full * MEASURE_OVER_RANGE:
            full = self._range_above(func, value)
        if abs(value) > full * MEASURE_OVER_RANGE:
            return math.copysign(OVERFLOW, value)
        return self._filtered(func, self.errors[func].apply(value, full), self._sigma(func, full))

    def _sigma(self, func: int, full: float) -> float:
        share = _extra_error(self.nplc)
        quiet = self.source.noise(func, full) / math.sqrt(max(self.nplc, 1.0))
        return max(quiet, full * share / 3.0)

    def _filtered(self, func: int, value: float, sigma: float) -> float:
        if not self.filter_enable:
            return value + self._draw.normal(sigma)
        if self.filter_type == MOVING_AVERAGE:
            window = self._window.setdefault(func, deque())
            window.append(value + self._draw.normal(sigma))
            while len(window) > self.filter_count:
                window.popleft()
            return float(np.mean(window))
        taken = [value + self._draw.normal(sigma) for _ in range(self.filter_count)]
        return float(np.median(taken) if self.filter_type == MEDIAN else np.mean(taken))

    def _result(self, func: int, basic: dict[int, float]) -> float:
        if func in basic:
            value = basic[func]
        else:
            volts, amps = basic[VOLTS], basic[AMPS]
            if OVERFLOW in {abs(volts), abs(amps)} or (func == OHMS and amps == 0):
                return OVERFLOW
            value = volts / amps if func == OHMS else volts * amps
        return value - self.relative[func] if self.relative_enable[func] and abs(value) != OVERFLOW else value

    def _row(self, func: int, value: float, start: float, autoranged: bool) -> Reading:
        source = self.source
        bits = {
            MEASURE_AUTORANGE: autoranged,
            SOURCE_AUTORANGE: bool(source.quantity.autorange),
            FOUR_WIRE: self.sense == 1,
            RELATIVE: bool(self.relative_enable[func]),
            COMPLIANCE: any(source.limited()),
            FILTERED: bool(self.filter_enable),
        }
        measured = self.range(func) if func in {VOLTS, AMPS} else self.range(AMPS)
        return Reading(
            value=value,
            time=start,
            status=sum(bit for bit, on in bits.items() if on),
            function=func,
            range=measured,
            source_value=source.level,
            source_function=source.func,
            source_range=source.range,
            output=int(source.output == OUTPUT_ON),
        )
