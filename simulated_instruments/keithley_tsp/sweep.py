"""``smuX.trigger``: a channel's trigger model, idle -> arm -> trigger, with source, measure and end-pulse actions.

Source: Series 2600B Reference Manual, command reference: ``smuX.trigger.*``.
"""

from collections.abc import Callable, Iterator

import numpy as np

from simulated_instruments.keithley_tsp.buffers import ReadingBuffer
from simulated_instruments.keithley_tsp.channel import AMPS, OHMS, VOLTS, WATTS
from simulated_instruments.keithley_tsp.errors import BUSY, DATA_TYPE, TOO_BIG, WRONG_ARGUMENTS, InstrumentError
from simulated_instruments.keithley_tsp.nodes import Node, Value, integer_in, number_in, number_of
from simulated_instruments.keithley_tsp.smu import SourceMeasureUnit
from simulated_instruments.keithley_tsp.triggers import EVENTS_PER_CHANNEL, FIRST_CHANNEL, Detector, Events

MOST_POINTS = 100_000
"""Points of one sweep: *assumed*."""
IDLE, HOLD = 0, 1
EVENT_NAMES = ("SWEEPING", "ARMED", "SOURCE_COMPLETE", "MEASURE_COMPLETE", "PULSE_COMPLETE", "SWEEP_COMPLETE", "IDLE")


class Sweep(Node):
    """One channel's trigger model."""

    def __init__(self, unit: SourceMeasureUnit, events: Events) -> None:
        super().__init__()
        self._unit = unit
        self._events = events
        first = FIRST_CHANNEL + "ab".index(unit.letter) * EVENTS_PER_CHANNEL
        self._ids = {name: first + i for i, name in enumerate(EVENT_NAMES)}
        self._arm, self._source, self._measure, self._endpulse = (Detector(events) for _ in range(4))
        self.sweeping = False
        self.reset()
        self.members.update({f"{name}_EVENT_ID": number for name, number in self._ids.items()})
        self.setting("count", self, integer_in(0, 268_435_455))
        self.members.update({
            "initiate": self._initiate, "source": self._source_node(), "measure": self._measure_node(),
            "endpulse": self._layer(self._endpulse, "endpulse_action", 1),
            "endsweep": self._layer(None, "endsweep_action", 1), "arm": self._arm_node(),
        })  # fmt: skip

    def reset(self) -> None:
        """Take the default settings."""
        self.count = self.arm_count = 1
        self.source_action = self.measure_action = 0
        self.endpulse_action, self.endsweep_action = HOLD, IDLE
        self.levels: list[float] = [0.0]
        self.swept_func = VOLTS
        self.limits: dict[int, float] = {}
        self.funcs: tuple[int, ...] = (AMPS,)
        self.buffers: tuple[ReadingBuffer | None, ...] = (None,)
        for detector in (self._arm, self._source, self._measure, self._endpulse):
            detector.stimulus, detector.latched = 0, False

    def end(self) -> None:
        """Go to idle, at once."""
        self.sweeping = False
        self._unit.source.swept_limit = None

    def _layer(self, detector: Detector | None, action: str, top: int) -> Node:
        node = Node()
        node.attribute(
            "action", lambda: getattr(self, action), lambda value: setattr(self, action, integer_in(0, top)(value))
        )
        if detector is not None:
            self._stimulus(node, detector)
        return node

    def _stimulus(self, node: Node, detector: Detector) -> None:
        node.setting("stimulus", detector, integer_in(0, 1_000))
        node.members["set"] = detector.set

    def _arm_node(self) -> Node:
        node = Node()
        self._stimulus(node, self._arm)
        check = integer_in(0, 268_435_455)
        node.attribute("count", lambda: self.arm_count, lambda value: setattr(self, "arm_count", check(value)))
        return node

    def _measure_node(self) -> Node:
        node = self._layer(self._measure, "measure_action", 2)
        for name, funcs in {"i": (AMPS,), "v": (VOLTS,), "r": (OHMS,), "p": (WATTS,), "iv": (AMPS, VOLTS)}.items():
            node.members[name] = self._chooser(funcs)
        return node

    def _chooser(self, funcs: tuple[int, ...]) -> Callable[..., None]:
        def choose(*buffers: Value) -> None:
            self.buffers = self._unit.checked(funcs, buffers)
            self.funcs = funcs

        return choose

    def _source_node(self) -> Node:
        node = self._layer(self._source, "source_action", 1)
        for letter, func in (("v", VOLTS), ("i", AMPS)):
            node.members[f"linear{letter}"] = self._setter(func, _linear)
            node.members[f"log{letter}"] = self._setter(func, _logarithmic)
            node.members[f"list{letter}"] = self._setter(func, _listed)
            self._limit(node, letter, func)
        return node

    def _limit(self, node: Node, letter: str, func: int) -> None:
        def put(value: Value) -> None:
            self.limits[func] = number_in(0.0, 200.0)(value)

        node.attribute(f"limit{letter}", lambda: self.limits.get(func, 0.0), put)

    def _setter(self, func: int, make: Callable[..., list[float]]) -> Callable[..., None]:
        fewest, most = _ARGUMENTS[make]

        def choose(*arguments: Value) -> None:
            if not fewest <= len(arguments) <= most:
                raise InstrumentError(WRONG_ARGUMENTS)
            levels = make(*arguments)
            for level in (min(levels), max(levels)):
                self._unit.source.quantity_of(func).fitting(level)
            self.levels, self.swept_func = levels, func

        return choose

    def _initiate(self) -> None:
        if self._unit.bench.busy() and self.sweeping:
            raise InstrumentError(BUSY, self._unit.source.prefix)
        for buffer in self.buffers:
            if buffer is not None:
                buffer.begin()
        self.sweeping = True
        self._unit.bench.overlap(self._run())

    def _run(self) -> Iterator[bool]:
        fire, ids = self._events.fire, self._ids
        source = self._unit.source
        try:
            source.swept_limit = self.limits.get(AMPS if source.func == VOLTS else VOLTS) or None
            fire(ids["SWEEPING"])
            for _ in _times(self.arm_count):
                yield from self._arm.wait()
                fire(ids["ARMED"])
                for number in _times(self.count):
                    yield from self._point(number)
                fire(ids["SWEEP_COMPLETE"])
            if self.source_action and self.endsweep_action == IDLE:
                source.sweep_to(None)
            fire(ids["IDLE"])
        finally:
            for detector in (self._arm, self._source, self._measure, self._endpulse):
                detector.latched = False
            self.end()

    def _point(self, number: int) -> Iterator[bool]:
        fire, ids, unit = self._events.fire, self._ids, self._unit
        yield from self._source.wait()
        if self.source_action and self.swept_func == unit.source.func:
            unit.source.sweep_to(self.levels[number % len(self.levels)])
        unit.bench.wait(max(unit.source.delay, 0.0))
        fire(ids["SOURCE_COMPLETE"])
        yield from self._measure.wait()
        if self.measure_action:
            for _ in unit.meter.readings(self.funcs, self.buffers, unit.meter.count):
                yield True
        fire(ids["MEASURE_COMPLETE"])
        yield from self._endpulse.wait()
        if self.source_action and self.endpulse_action == IDLE:
            unit.source.sweep_to(None)
        fire(ids["PULSE_COMPLETE"])
        yield True


def _times(count: int) -> Iterator[int]:
    """Count up to ``count``; 0 counts on for ever."""
    number = 0
    while not count or number < count:
        yield number
        number += 1


def _linear(start: Value, stop: Value, points: Value) -> list[float]:
    return [float(v) for v in np.linspace(number_of(start), number_of(stop), integer_in(1, MOST_POINTS)(points))]


def _logarithmic(start: Value, stop: Value, points: Value, asymptote: Value = 0.0) -> list[float]:
    """Step in equal ratios away from the asymptote (the fourth argument is *unconfirmed*)."""
    floor = number_of(asymptote)
    low, high = number_of(start) - floor, number_of(stop) - floor
    if low * high <= 0:
        raise InstrumentError(DATA_TYPE)
    return [float(v) for v in floor + np.geomspace(low, high, integer_in(1, MOST_POINTS)(points))]


def _listed(values: Value) -> list[float]:
    if not isinstance(values, list) or not values:
        raise InstrumentError(DATA_TYPE)
    if len(values) > MOST_POINTS:
        raise InstrumentError(TOO_BIG)
    return values


_ARGUMENTS: dict[Callable[..., list[float]], tuple[int, int]] = {_linear: (3, 3), _logarithmic: (3, 4), _listed: (1, 1)}
