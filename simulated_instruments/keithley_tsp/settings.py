"""The attributes of ``smuX.source`` and ``smuX.measure``.

Source: Series 2600B Reference Manual, command reference; defaults as in its table of reset values.
"""

from collections.abc import Callable
from typing import Protocol

from simulated_instruments.keithley_tsp.channel import AMPS, OHMS, OUTPUT_ON, VOLTS, WATTS, Source
from simulated_instruments.keithley_tsp.errors import InstrumentError
from simulated_instruments.keithley_tsp.meter import Meter
from simulated_instruments.keithley_tsp.models import SOURCE_OVER_RANGE
from simulated_instruments.keithley_tsp.nodes import Node, Value, integer_in, number_in, number_of

LONGEST_DELAY = 4_294.0
"""Longest source delay, measure delay or interval in s: *unconfirmed*."""


class Channel(Protocol):
    """The two halves of a channel."""

    source: Source
    meter: Meter

    def range_limit(self) -> None:
        """Let a fixed current range below the limit act as the limit."""


def source_node(channel: Channel) -> Node:
    """Return ``smuX.source``."""
    node, source = Node(), channel.source
    for letter, func in (("v", VOLTS), ("i", AMPS)):
        _level(node, channel, letter, func)
        _limit(node, channel, letter, func)
        _source_ranges(node, channel, letter, func)
    model = source.model
    node.attribute("func", lambda: source.func, lambda value: _switch_func(channel, integer_in(0, 1)(value)))
    node.attribute("output", lambda: source.output, lambda value: source.switch(integer_in(0, 2)(value)))
    node.attribute("compliance", lambda: any(source.limited()))
    node.setting("limitp", source, number_in(0.0, model.volts[-1] * model.amps[-1]), source.drive)
    node.setting("delay", source, _delay)
    node.setting("offmode", source, integer_in(0, 2), source.drive)
    node.setting("offfunc", source, integer_in(0, 1), source.drive)
    node.setting("offlimiti", source, number_in(model.least_limit_i, model.most_limit_i), source.drive)
    node.setting("offlimitv", source, number_in(model.least_limit_v, model.volts[-1]), source.drive)
    node.setting("settling", source, integer_in(0, 128))
    node.setting("sink", source, integer_in(0, 1))
    node.setting("highc", source, integer_in(0, 1), lambda: _high_capacitance(source))
    return node


def measure_node(channel: Channel) -> Node:
    """Return the attributes of ``smuX.measure``."""
    node, meter = Node(), channel.meter
    for letter, func in (("v", VOLTS), ("i", AMPS)):
        _measure_ranges(node, channel, letter, func)
    node.setting("nplc", meter, number_in(0.001, 25.0))
    node.setting("autozero", meter, integer_in(0, 2))
    node.setting("delay", meter, _delay)
    node.setting("delayfactor", meter, number_in(0.0, 100.0))
    node.setting("count", meter, integer_in(1, 1_000_000))
    node.setting("interval", meter, number_in(0.0, LONGEST_DELAY))
    node.setting("analogfilter", meter, integer_in(0, 1))
    node.members.update({"filter": _filter(meter), "rel": _relative(meter)})
    return node


def _filter(meter: Meter) -> Node:
    node = Node()
    for name, check in {"enable": integer_in(0, 1), "count": integer_in(1, 100), "type": integer_in(0, 2)}.items():
        node.attribute(name, _get(meter, f"filter_{name}"), _put(meter, f"filter_{name}", check))
    return node


def _relative(meter: Meter) -> Node:
    node = Node()
    flag = integer_in(0, 1)
    for letter, func in (("i", AMPS), ("v", VOLTS), ("r", OHMS), ("p", WATTS)):
        _item(node, f"level{letter}", meter, "relative", func, number_of)
        _item(node, f"enable{letter}", meter, "relative_enable", func, flag)
    return node


def _get(owner: object, name: str) -> Callable[[], Value]:
    return lambda: getattr(owner, name)


def _put(owner: object, name: str, check: Callable[[Value], Value]) -> Callable[[Value], None]:
    return lambda value: setattr(owner, name, check(value))


def _item(node: Node, name: str, owner: object, table: str, key: int, check: Callable[[Value], Value]) -> None:
    def put(value: Value) -> None:
        getattr(owner, table)[key] = check(value)

    node.attribute(name, lambda: getattr(owner, table)[key], put)


def _delay(value: Value) -> float:
    number = number_of(value)
    return -1.0 if number == -1 else number_in(0.0, LONGEST_DELAY)(number)


def _level(node: Node, channel: Channel, letter: str, func: int) -> None:
    source = channel.source
    top = source.quantity_of(func).ranges[-1] * SOURCE_OVER_RANGE
    check = number_in(-top, top)

    def put(value: Value) -> None:
        source.set_level(func, check(value))
        if source.output == OUTPUT_ON and func == source.func:
            channel.meter.wait(max(source.delay, 0.0))  # the automatic source delay is assumed to be none

    node.attribute(f"level{letter}", lambda: source.quantity_of(func).level, put)


def _limit(node: Node, channel: Channel, letter: str, func: int) -> None:
    source, model = channel.source, channel.source.model
    check = (
        number_in(model.least_limit_v, model.volts[-1])
        if func == VOLTS
        else number_in(model.least_limit_i, model.most_limit_i)
    )

    def put(value: Value) -> None:
        quantity = source.quantity_of(func)
        old, quantity.limit = quantity.limit, check(value)
        _checked(source, lambda: setattr(quantity, "limit", old))

    node.attribute(f"limit{letter}", lambda: source.quantity_of(func).limit, put)


def _source_ranges(node: Node, channel: Channel, letter: str, func: int) -> None:
    source = channel.source

    def put(autorange: int, full: float) -> None:
        quantity = source.quantity_of(func)
        old = quantity.autorange, quantity.fixed_range
        quantity.autorange, quantity.fixed_range = autorange, full

        def undo() -> None:
            quantity.autorange, quantity.fixed_range = old

        _checked(source, undo)

    def put_low(value: Value) -> None:
        quantity = source.quantity_of(func)
        quantity.low_range = quantity.fitting(number_of(value))

    def range_of() -> float:
        quantity = source.quantity_of(func)
        return quantity.range_for(quantity.level)

    node.attribute(f"range{letter}", range_of, lambda value: put(0, source.quantity_of(func).fitting(number_of(value))))
    node.attribute(
        f"autorange{letter}",
        lambda: source.quantity_of(func).autorange,
        lambda value: put(integer_in(0, 1)(value), range_of()),
    )
    node.attribute(f"lowrange{letter}", lambda: source.quantity_of(func).low_range, put_low)


def _measure_ranges(node: Node, channel: Channel, letter: str, func: int) -> None:
    meter = channel.meter

    def put_range(value: Value) -> None:
        quantity = meter.quantity(func)
        quantity.fixed_range, quantity.autorange = quantity.fitting(number_of(value)), 0
        channel.range_limit()

    def put_autorange(value: Value) -> None:
        meter.quantity(func).autorange = integer_in(0, 2)(value)
        channel.range_limit()

    def put_low(value: Value) -> None:
        quantity = meter.quantity(func)
        quantity.low_range = quantity.fitting(number_of(value))
        if quantity.autorange:
            quantity.fixed_range = max(quantity.fixed_range, quantity.low_range)

    node.attribute(f"range{letter}", lambda: meter.range(func), put_range)
    node.attribute(f"autorange{letter}", lambda: meter.quantity(func).autorange, put_autorange)
    node.attribute(f"lowrange{letter}", lambda: meter.quantity(func).low_range, put_low)


def _checked(source: Source, undo: Callable[[], None]) -> None:
    """Source with the new settings, or go back to the old ones if they do not fit."""
    if source.output != OUTPUT_ON:
        return
    try:
        source.check()
    except InstrumentError:
        undo()
        raise
    source.drive()


def _switch_func(channel: Channel, func: int) -> None:
    source = channel.source
    old, source.func = source.func, func

    def undo() -> None:
        source.func = old

    _checked(source, undo)
    channel.range_limit()


def _high_capacitance(source: Source) -> None:
    """High-capacitance mode turns autorange off and shuts the ranges up to 100 nA."""
    if source.highc:
        source.amps.autorange = 0
        source.amps.fixed_range = max(source.amps.fixed_range, 1e-6)
        source.amps.low_range = max(source.amps.low_range, 1e-6)
