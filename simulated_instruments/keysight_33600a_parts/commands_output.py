"""Output, burst, trigger, phase and APPLy commands.

Source: the 33500/33600 guide's OUTPut, BURSt, TRIGger, INITiate, PHASe and APPLy subsystems as drivers quote them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from simulated_instruments.keysight_33600a_parts import conflicts, levels, limits, timing
from simulated_instruments.keysight_33600a_parts.binding import (
    Generator,
    flag,
    real,
    setting,
    shared_setting,
    volts,
    word,
)
from simulated_instruments.keysight_33600a_parts.channel import Channel
from simulated_instruments.keysight_33600a_parts.commands_source import (
    FUNCTIONS,
    amplitude_kind,
    changer,
    frequency_kind,
    offset_kind,
)
from simulated_instruments.keysight_33600a_parts.conflicts import conflict, not_simulated
from simulated_instruments.keysight_33600a_parts.timing import Complain
from simulated_instruments.scpi import REST, Boolean, Call, Choice, Command, Number, ScpiError
from simulated_instruments.scpi.parameters import OHMS, SECONDS, VOLTS, read_number

_SLOPE = Choice("POSitive", "NEGative")
_POLARITY = Choice("NORMal", "INVerted")
_CHANNELS = Choice("CH1", "CH2")


@dataclass(frozen=True, kw_only=True)
class Angle(Number):
    """A phase in the unit of its suffix, or in ``UNIT:ANGLe``; the value is in degrees."""

    generator: Generator

    def parse(self, argument: bytes, call: Call) -> float:
        """Return degrees; -222 without a change for a whole period or more in seconds."""
        if self.generator.channel(call).function == "DC":
            raise conflict(conflicts.NO_PHASE_IN_DC)
        extreme = super().extreme(argument, call)
        if extreme is not None:
            return extreme
        number, suffix = read_number(argument)
        unit = {"": self.generator.shared.angle_unit, "S": "SEC"}.get(suffix, suffix)
        degrees = number * self._degrees_per(unit, call)
        if unit == "SEC" and abs(degrees) >= 360.0 * (1 - 1e-12):
            raise ScpiError(-222)
        return self.clip(degrees, call)

    def shown(self, degrees: float, call: Call) -> float:
        """Return degrees in ``UNIT:ANGLe``."""
        return degrees / self._degrees_per(self.generator.shared.angle_unit, call)

    def _degrees_per(self, unit: str, call: Call) -> float:
        match unit:
            case "DEG":
                return 1.0
            case "RAD":
                return math.degrees(1.0)
            case "SEC":
                return 360.0 * self.generator.channel(call).frequency
        raise ScpiError(-131)


def phase_commands(generator: Generator) -> list[Command]:
    """Return the rows of phases."""
    kind = Angle(generator=generator, low=-360.0, high=360.0)

    def phase(pattern: str, name: str) -> Command:
        def change(target: Channel, degrees: float, say: Complain) -> None:
            setattr(target, name, degrees)

        def ask(call: Call) -> str:
            return volts(kind.shown(getattr(generator.channel(call), name), call))

        return Command(pattern, [kind], changer(generator, change), ask, show=volts)

    return [
        phase("[SOURce{ch}]:PHASe[:ADJust]", "phase"),
        phase("[SOURce{ch}]:PHASe:ARBitrary", "arb_phase"),
        phase("[SOURce{ch}]:BURSt:PHASe", "burst_phase"),
        shared_setting(generator, "UNIT:ANGLe", "angle_unit", Choice("DEGree", "RADian", "SECond"), word),
    ]


def burst_commands(generator: Generator) -> list[Command]:
    """Return the rows of bursts and of the trigger that starts them."""
    channel = generator.channel

    def set_burst(call: Call, on: bool) -> None:
        target = channel(call)
        if on and (target.function == "DC" or generator.output(call).plays_sequence()):
            raise conflict(conflicts.NOT_BURSTABLE)
        target.burst = on
        fit_interval(target, None, call.complain)
        generator.changed(target)

    def set_mode(call: Call, mode: str) -> None:
        target = channel(call)
        if mode == "GAT" and generator.output(call).plays_sequence():
            raise conflict(conflicts.NOT_BURSTABLE)
        target.burst_mode = mode
        generator.changed(target)

    def set_cycles(target: Channel, cycles: float, say: Complain) -> None:
        target.burst_cycles = cycles
        fit_interval(target, None, say)

    own = "[SOURce{ch}]:BURSt"
    cycles = Number(low=1, high=limits.MAX_CYCLES, default=1, integer=True, infinity=True)
    interval = Number(low=limits.MIN_BURST_PERIOD, high=limits.MAX_BURST_PERIOD, default=0.01, units=SECONDS)
    source = Choice("IMMediate", "EXTernal", "TIMer", "BUS")
    level = Number(low=limits.MIN_TRIGGER_LEVEL, high=limits.MAX_TRIGGER_LEVEL, default=3.3, units=VOLTS)
    delay = Number(low=0.0, high=limits.MAX_TRIGGER_DELAY, units=SECONDS)
    timer = Number(low=limits.MIN_TRIGGER_TIMER, high=limits.MAX_TRIGGER_TIMER, default=1.0, units=SECONDS)
    count = Number(low=1, high=limits.MAX_TRIGGER_COUNT, default=1, integer=True)
    return [
        Command(f"{own}:STATe", [Boolean()], set_burst, lambda call: flag(channel(call).burst)),
        Command(f"{own}:MODE", [Choice("TRIGgered", "GATed")], set_mode, lambda call: channel(call).burst_mode),
        Command(
            f"{own}:NCYCles",
            [cycles],
            changer(generator, set_cycles),
            lambda call: real(channel(call).burst_cycles),
            show=real,
        ),
        Command(
            f"{own}:INTernal:PERiod",
            [interval],
            changer(generator, fit_interval),
            lambda call: real(channel(call).burst_period),
            show=real,
        ),
        setting(generator, f"{own}:GATE:POLarity", "gate_polarity", _POLARITY, word),
        setting(generator, "TRIGger{ch}:SOURce", "trigger_source", source, word),
        setting(generator, "TRIGger{ch}:SLOPe", "trigger_slope", _SLOPE, word),
        setting(generator, "TRIGger{ch}:LEVel", "trigger_level", level, real),
        setting(generator, "TRIGger{ch}:DELay", "trigger_delay", delay, real),
        setting(generator, "TRIGger{ch}:TIMer", "trigger_timer", timer, real),
        setting(generator, "TRIGger{ch}:COUNt", "trigger_count", count, real),
        setting(generator, "INITiate{ch}:CONTinuous", "continuous", Boolean(), flag),
        Command("INITiate{ch}[:IMMediate]", write=lambda call: generator.output(call).initiate()),
    ]


def fit_interval(target: Channel, seconds: float | None, complain: Complain) -> None:
    """Set the internal burst period; one that the burst does not fit into is lengthened, with -221."""
    if seconds is not None:
        target.burst_period = seconds
    if not target.burst or target.trigger_source != "IMM" or math.isinf(target.burst_cycles):
        return
    if target.function in ("ARB", "NOIS", "PRBS", "DC"):
        return
    least = target.burst_cycles * target.period + limits.BURST_OVERHEAD
    if target.burst_period < least * (1 - 1e-9):
        target.burst_period = least
        complain(conflict(conflicts.PERIOD_BY_BURST))


def output_commands(generator: Generator) -> list[Command]:
    """Return the rows of outputs, load and sync."""
    channel = generator.channel
    load = Number(low=limits.MIN_LOAD, high=limits.MAX_LOAD, default=50.0, units=OHMS, infinity=True)

    def set_mode(target: Channel, mode: str, say: Complain) -> None:
        target.output_mode = mode
        if mode == "GAT":
            say(not_simulated("gating the output by the external trigger"))

    own = "OUTPut{ch}"
    return [
        setting(generator, f"{own}[:STATe]", "output", Boolean(), flag),
        Command(f"{own}:LOAD", [load], changer(generator, levels.set_load), lambda c: real(channel(c).load), show=real),
        Command(
            f"{own}:MODE",
            [Choice("NORMal", "GATed")],
            changer(generator, set_mode),
            lambda call: channel(call).output_mode,
        ),
        setting(generator, f"{own}:POLarity", "polarity", _POLARITY, word),
        setting(generator, f"{own}:SYNC[:STATe]", "sync", Boolean(), flag),
        setting(generator, f"{own}:SYNC:MODE", "sync_mode", Choice("NORMal", "CARRier", "MARKer"), word),
        setting(generator, f"{own}:SYNC:POLarity", "sync_polarity", _POLARITY, word),
        shared_setting(generator, f"{own}:SYNC:SOURce", "sync_source", _CHANNELS, word),
        shared_setting(generator, f"{own}:TRIGger[:STATe]", "trigger_output", Boolean(), flag),
        shared_setting(generator, f"{own}:TRIGger:SLOPe", "trigger_output_slope", _SLOPE, word),
        shared_setting(generator, f"{own}:TRIGger:SOURce", "trigger_output_source", _CHANNELS, word),
    ]


def apply_commands(generator: Generator) -> list[Command]:
    """Return the rows of APPLy, which sets a whole waveform and turns the output on."""

    def apply(name: str) -> Command:
        short = "".join(letter for letter in name if letter.isupper())

        def write(call: Call, arguments: list[bytes]) -> None:
            _apply(generator, call, short, arguments)

        return Command(f"[SOURce{{ch}}]:APPLy:{name}", [REST], write)

    def ask(call: Call) -> str:
        target = generator.channel(call)
        rate = target.sample_rate if target.function == "ARB" else target.frequency
        amplitude = levels.from_vpp(target, target.amplitude * target.gain, target.unit)
        numbers = f"{real(rate)},{volts(amplitude)},{volts(target.offset * target.gain)}"
        return f'"{target.function} {numbers}"'

    return [*(apply(name) for name in FUNCTIONS), Command("[SOURce{ch}]:APPLy", query=ask)]


def _apply(generator: Generator, call: Call, function: str, arguments: list[bytes]) -> None:
    """Set function, rate, amplitude and offset in this order, end bursts, and turn the output on."""
    if len(arguments) > 3:
        raise ScpiError(-108)
    target = generator.channel(call)
    timing.set_function(target, function, generator.model, call.complain)
    target.burst, target.trigger_source = False, "IMM"
    steps: list[tuple[Number, Callable[[float], None]]] = [
        (frequency_kind(generator), lambda value: _set_rate(target, value, call.complain)),
        (amplitude_kind(generator), lambda value: levels.set_amplitude(target, value, call.complain)),
        (offset_kind(generator), lambda value: levels.set_offset(target, value, call.complain)),
    ]
    for number, ((kind, change), argument) in enumerate(zip(steps, arguments, strict=False)):
        placeholder = argument.upper() in (b"DEF", b"DEFAULT")
        if placeholder and (function == "DC" or number == 0):
            continue
        change(kind.parse(argument, call))
    timing.fit_frequency(target, generator.model, call.complain, conflicts.FREQUENCY_BY_AMPLITUDE)
    target.output = True
    generator.changed(target)


def _set_rate(target: Channel, value: float, complain: Complain) -> None:
    if target.function == "ARB":
        target.sample_rate = value
    elif target.function == "PRBS":
        target.prbs_rate = value
    elif target.function not in ("NOIS", "DC"):
        timing.set_frequency(target, value, complain)
