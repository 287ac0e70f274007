"""Function, frequency, pulse and level commands.

Source: the commands' names, ranges and couplings in the 33500/33600 guide as public drivers quote them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from simulated_instruments.keysight_33600a_parts import conflicts, levels, limits, timing
from simulated_instruments.keysight_33600a_parts.binding import Generator, flag, real, setting, volts, word
from simulated_instruments.keysight_33600a_parts.channel import Channel
from simulated_instruments.keysight_33600a_parts.conflicts import not_simulated
from simulated_instruments.scpi import Boolean, Call, Choice, Command, Number, ScpiError
from simulated_instruments.scpi.parameters import HERTZ, PERCENT, SECONDS, VOLTS, read_number, suffixes

FUNCTIONS = ("SINusoid", "SQUare", "TRIangle", "RAMP", "PULSe", "PRBS", "NOISe", "ARBitrary", "DC")
_AMPLITUDE_UNITS = suffixes("VPP", "VRMS") | VOLTS | {"DBM": 1.0}


@dataclass(frozen=True, kw_only=True)
class Amplitude(Number):
    """An amplitude in the unit of its suffix, or in the channel's; the value is in shown Vpp."""

    generator: Generator

    def parse(self, argument: bytes, call: Call) -> float:
        """Return the amplitude, clipped to what the offset leaves room for."""
        extreme = super().extreme(argument, call)
        if extreme is not None:
            return extreme
        number, suffix = read_number(argument)
        if suffix and suffix not in self.units:
            raise ScpiError(-131)
        channel = self.generator.channel(call)
        unit = next((unit for unit in ("VPP", "VRMS", "DBM") if suffix.endswith(unit)), channel.unit)
        return self.clip(levels.to_vpp(channel, number * self.units.get(suffix, 1.0), unit), call)

    def extreme(self, argument: bytes, call: Call) -> float | None:
        """Return MIN, MAX or DEF in the channel's unit."""
        channel = self.generator.channel(call)
        vpp = super().extreme(argument, call)
        return None if vpp is None else levels.from_vpp(channel, vpp, channel.unit)


def amplitude_kind(generator: Generator) -> Amplitude:
    """Return how an amplitude is read."""
    return Amplitude(
        generator=generator,
        low=lambda call: levels.min_amplitude(generator.channel(call)),
        high=lambda call: levels.max_amplitude(generator.channel(call)),
        default=0.1,
        units=_AMPLITUDE_UNITS,
    )


def offset_kind(generator: Generator) -> Number:
    """Return how an offset is read."""
    return Number(
        low=lambda call: -levels.max_offset(generator.channel(call)),
        high=lambda call: levels.max_offset(generator.channel(call)),
        units=VOLTS,
    )


def frequency_kind(generator: Generator) -> Number:
    """Return how a frequency is read."""

    def highest(call: Call) -> float:
        channel = generator.channel(call)
        return limits.max_frequency(generator.model, channel.function, channel.vpp_into_50)

    return Number(low=limits.MIN_FREQUENCY, high=highest, default=1e3, units=HERTZ)


def changer(generator: Generator, change: Callable[..., None]) -> Callable[[Call, object], None]:
    """Return a write that calls ``change(channel, value, complain)`` and then sees to what depends on it."""

    def write(call: Call, value: object) -> None:
        channel = generator.channel(call)
        change(channel, value, call.complain)
        generator.changed(channel)

    return write


def function_commands(generator: Generator) -> list[Command]:
    """Return the rows of function, frequency and the functions' own settings."""
    channel = generator.channel

    def set_function(target: Channel, function: str, complain: timing.Complain) -> None:
        timing.set_function(target, function, generator.model, complain)

    def set_mode(target: Channel, mode: str, complain: timing.Complain) -> None:
        target.frequency_mode = mode
        if mode in ("LIST", "SWE"):
            complain(not_simulated("a frequency list or sweep"))

    frequency = frequency_kind(generator)
    period = Number(
        low=lambda call: timing.min_period(channel(call), generator.model),
        high=limits.MAX_PERIOD,
        default=1e-3,
        units=SECONDS,
    )
    duty = Number(
        low=lambda call: max(0.01, 100 * limits.MIN_PULSE_WIDTH / channel(call).period),
        high=lambda call: min(99.99, 100 - 100 * limits.MIN_PULSE_WIDTH / channel(call).period),
        default=50.0,
        units=PERCENT,
    )
    bandwidth = Number(low=limits.MIN_NOISE_BANDWIDTH, high=generator.model.bandwidth, default=1e5, units=HERTZ)
    bit_rate = Number(
        low=limits.MIN_BIT_RATE,
        high=lambda call: limits.step(limits.PRBS_STEPS, channel(call).vpp_into_50),
        default=1e3,
        units=suffixes("BPS", "HZ"),
    )
    patterns = Choice(*(f"PN{order}" for order in range(3, 33)))
    edge = Number(low=limits.MIN_EDGE, high=limits.MAX_EDGE, default=4e-9, units=SECONDS)
    set_period = changer(generator, lambda target, value, say: timing.set_frequency(target, 1 / value, say))
    own = "[SOURce{ch}]:FUNCtion"
    rows = [
        Command(own, [Choice(*FUNCTIONS)], changer(generator, set_function), lambda call: channel(call).function),
        Command(
            "[SOURce{ch}]:FREQuency[:CW]",
            [frequency],
            changer(generator, timing.set_frequency),
            lambda call: real(channel(call).frequency),
            show=real,
        ),
        Command(
            "[SOURce{ch}]:FREQuency:MODE",
            [Choice("CW", "LIST", "SWEep", "FIXed")],
            changer(generator, set_mode),
            lambda call: channel(call).frequency_mode,
        ),
        setting(generator, f"{own}:SQUare:DCYCle", "square_duty", duty, real),
        setting(generator, f"{own}:RAMP:SYMMetry", "ramp_symmetry", Number(low=0, high=100, units=PERCENT), real),
        setting(generator, f"{own}:NOISe:BANDwidth", "noise_bandwidth", bandwidth, real),
        setting(generator, f"{own}:PRBS:BRATe", "prbs_rate", bit_rate, real),
        setting(generator, f"{own}:PRBS:DATA", "prbs_data", patterns, word),
        setting(generator, f"{own}:PRBS:TRANsition[:BOTH]", "prbs_edge", edge, real),
    ]
    return rows + [
        Command(f"{own}:{name}:PERiod", [period], set_period, lambda call: real(channel(call).period), show=real)
        for name in ("SQUare", "PULSe")
    ]


def pulse_commands(generator: Generator) -> list[Command]:
    """Return the rows of the pulse's width, duty cycle and edges."""
    channel = generator.channel
    own = "[SOURce{ch}]:FUNCtion:PULSe"

    def least(call: Call) -> float:
        return timing.min_width(channel(call))

    width = Number(low=least, high=lambda call: channel(call).period - least(call), default=1e-4, units=SECONDS)
    duty = Number(
        low=lambda call: max(0.01, 100 * least(call) / channel(call).period),
        high=lambda call: min(99.99, 100 - 100 * least(call) / channel(call).period),
        default=10.0,
        units=PERCENT,
    )
    edge = Number(low=lambda call: timing.min_edge(channel(call)), high=limits.MAX_EDGE, default=4e-9, units=SECONDS)

    def set_duty(target: Channel, percent: float, say: timing.Complain) -> None:
        timing.set_width(target, percent / 100 * target.period, say)

    def edges(pattern: str, *, lead: bool, trail: bool) -> Command:
        def change(target: Channel, value: float, say: timing.Complain) -> None:
            timing.set_edges(target, value if lead else target.lead, value if trail else target.trail, say)

        def ask(call: Call) -> str:
            return real(channel(call).lead if lead else channel(call).trail)

        return Command(f"{own}:TRANsition{pattern}", [edge], changer(generator, change), ask, show=real)

    return [
        Command(
            f"{own}:WIDTh",
            [width],
            changer(generator, timing.set_width),
            lambda call: real(channel(call).pulse_width),
            show=real,
        ),
        Command(
            f"{own}:DCYCle",
            [duty],
            changer(generator, set_duty),
            lambda call: real(100 * channel(call).pulse_width / channel(call).period),
            show=real,
        ),
        setting(generator, f"{own}:HOLD", "pulse_hold", Choice("WIDTh", "DCYCle"), word),
        edges(":LEADing", lead=True, trail=False),
        edges(":TRAiling", lead=False, trail=True),
        edges("[:BOTH]", lead=True, trail=True),
    ]


class _Auto(Boolean):
    def parse(self, argument: bytes, call: Call) -> bool:
        return False if argument.upper() == b"ONCE" else super().parse(argument, call)


def level_commands(generator: Generator) -> list[Command]:
    """Return the rows of amplitude, offset, levels, limits and units."""
    channel = generator.channel
    own = "[SOURce{ch}]:VOLTage"

    def after(change: Callable[..., None]) -> Callable[[Call, object], None]:
        def with_frequency(target: Channel, value: object, say: levels.Complain) -> None:
            change(target, value, say)
            timing.fit_frequency(target, generator.model, say, conflicts.FREQUENCY_BY_AMPLITUDE)
            target.lead = max(target.lead, timing.min_edge(target))
            target.trail = max(target.trail, timing.min_edge(target))

        return changer(generator, with_frequency)

    def top(call: Call) -> float:
        return limits.MAX_EMF * channel(call).gain

    def limit(pattern: str, name: str, default: float) -> Command:
        def change(target: Channel, value: float, say: levels.Complain) -> None:
            setattr(target, name, value / target.gain)
            levels.set_limits(target, on=target.limits_on, complain=say)

        kind = Number(low=lambda call: -top(call), high=top, default=default, units=VOLTS)
        write = changer(generator, change)
        return Command(
            pattern, [kind], write, lambda call: volts(getattr(channel(call), name) * channel(call).gain), show=volts
        )

    def level(pattern: str, kind: Number, change: Callable[..., None], ask: Callable[[Channel], float]) -> Command:
        return Command(pattern, [kind], after(change), lambda call: volts(ask(channel(call))), show=volts)

    def set_unit(target: Channel, unit: str, say: levels.Complain) -> None:
        levels.to_vpp(target, 0.0, unit)
        target.unit = unit

    def switch_limits(target: Channel, on: bool, say: levels.Complain) -> None:
        levels.set_limits(target, on=on, complain=say)

    high = Number(
        low=lambda call: -top(call) + levels.min_amplitude(channel(call)), high=top, default=0.05, units=VOLTS
    )
    low = Number(
        low=lambda call: -top(call),
        high=lambda call: top(call) - levels.min_amplitude(channel(call)),
        default=-0.05,
        units=VOLTS,
    )

    def amplitude(target: Channel) -> float:
        return levels.from_vpp(target, target.amplitude * target.gain, target.unit)

    return [
        level(f"{own}[:LEVel][:IMMediate][:AMPLitude]", amplitude_kind(generator), levels.set_amplitude, amplitude),
        level(
            f"{own}[:LEVel][:IMMediate]:OFFSet", offset_kind(generator), levels.set_offset, lambda c: c.offset * c.gain
        ),
        level(f"{own}[:LEVel][:IMMediate]:HIGH", high, levels.set_high, lambda c: c.high),
        level(f"{own}[:LEVel][:IMMediate]:LOW", low, levels.set_low, lambda c: c.low),
        Command(
            f"{own}:UNIT",
            [Choice("VPP", "VRMS", "DBM")],
            changer(generator, set_unit),
            lambda call: channel(call).unit,
        ),
        limit(f"{own}:LIMit:HIGH", "limit_high", 5.0),
        limit(f"{own}:LIMit:LOW", "limit_low", -5.0),
        Command(
            f"{own}:LIMit:STATe",
            [Boolean()],
            changer(generator, switch_limits),
            lambda call: flag(channel(call).limits_on),
        ),
        setting(generator, f"{own}:RANGe:AUTO", "auto_range", _Auto(), flag),
    ]
