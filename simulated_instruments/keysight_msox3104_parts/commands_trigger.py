"""Trigger, acquisition and run control.

Source: the TRIGger, ACQuire and root subsystems of the 3000 X-Series programmer's guide as public drivers quote them.
Simulated: edge and pulse-width (GLITch) triggers. Other modes are refused with -241.
"""

from typing import Any

from simulated_instruments.keysight_msox3104_parts.binding import Scope, flag, not_simulated, nr3, setting, word
from simulated_instruments.keysight_msox3104_parts.sampling import plan
from simulated_instruments.keysight_msox3104_parts.settings import (
    CHANNELS,
    EXTERNAL_VOLTS,
    MAX_GLITCH,
    MEMORY_POINTS,
    MIN_GLITCH,
    TRIGGER_DIVISIONS,
)
from simulated_instruments.scpi import REST, Boolean, Call, Choice, Command, Number
from simulated_instruments.scpi.common import signed
from simulated_instruments.scpi.parameters import SECONDS, VOLTS

_ANALOG = tuple(f"CHANnel{n}" for n in range(1, CHANNELS + 1))
_SOURCES = Choice(*_ANALOG, *(f"DIGital{n}" for n in range(16)), "EXTernal", "LINE", "WGEN")
_SLOPE = Choice("POSitive", "NEGative", "EITHer", "ALTernate")
_SIMULATED_MODES = ("EDGE", "GLIT")
_MODES = Choice(
    "EDGE", "GLITch", "PATTern", "TV", "DELay", "EBURst", "OR", "RUNT", "SHOLd", "TRANsition", "SBUS1", "SBUS2", "USB"
)


def trigger_commands(scope: Scope) -> list[Command]:
    """Return the rows of the trigger."""

    def find(call: Call) -> Any:
        return scope.settings.trigger

    def set_mode(call: Call, mode: str) -> None:
        if mode not in _SIMULATED_MODES:
            raise not_simulated(f"trigger mode {mode}")
        scope.settings.trigger.mode = mode

    def set_level(call: Call, level: float, source: str | None = None) -> None:
        _set_level(scope, call, level, scope.settings.trigger.source if source is None else source)

    def ask_level(call: Call, source: str | None = None) -> str:
        name = scope.settings.trigger.source if source is None else source
        channel = scope.settings.vertical(name)
        return nr3(scope.settings.trigger.external_level if channel is None else channel.level)

    def set_to_half(call: Call) -> None:
        record = scope.acquisition.data()
        source = scope.settings.trigger.source
        if record is not None and source in record.traces:
            volts = record.traces[source].volts()
            _set_level(scope, call, float(volts.max() + volts.min()) / 2, source)

    edge = "TRIGger[:EDGE]:"
    level = Number(units=VOLTS)
    return [
        Command("TRIGger:MODE", [_MODES], set_mode, lambda call: scope.settings.trigger.mode),
        setting(find, "TRIGger:SWEep", "sweep", Choice("AUTO", "NORMal"), word),
        setting(find, edge + "SOURce", "source", _SOURCES, word),
        setting(find, edge + "SLOPe", "slope", _SLOPE, word),
        setting(find, edge + "COUPling", "coupling", Choice("AC", "DC", "LFReject"), word),
        Command(edge + "LEVel", [level, _SOURCES], set_level, ask_level, [_SOURCES], optional=1),
        Command("TRIGger:LEVel:ASETup", write=set_to_half),
        setting(find, "TRIGger:HFReject", "high_reject", Boolean(), flag),
        setting(find, "TRIGger:NREJect", "noise_reject", Boolean(), flag),
        setting(find, "TRIGger:HOLDoff", "holdoff", Number(low=60e-9, high=10.0, default=60e-9, units=SECONDS), nr3),
        Command("TRIGger:FORCe", write=lambda call: scope.acquisition.force()),
        *_glitch_commands(scope),
    ]


def _set_level(scope: Scope, call: Call, level: float, source: str) -> None:
    channel = scope.settings.vertical(source)
    if channel is None:
        bounds = Number(low=-EXTERNAL_VOLTS, high=EXTERNAL_VOLTS)
        scope.settings.trigger.external_level = bounds.clip(level, call)
        return
    reach = TRIGGER_DIVISIONS * channel.scale
    channel.level = Number(low=channel.offset - reach, high=channel.offset + reach).clip(level, call)


def _glitch_commands(scope: Scope) -> list[Command]:
    def find(call: Call) -> Any:
        return scope.settings.trigger

    def set_range(call: Call, less: float, greater: float) -> None:
        trigger = scope.settings.trigger
        trigger.glitch_less, trigger.glitch_greater = max(less, greater), min(less, greater)

    def ask_range(call: Call) -> str:
        trigger = scope.settings.trigger
        return f"{nr3(trigger.glitch_less)},{nr3(trigger.glitch_greater)}"

    def set_level(call: Call, level: float, source: str | None = None) -> None:
        _set_level(scope, call, level, scope.settings.trigger.glitch_source if source is None else source)

    def ask_level(call: Call) -> str:
        channel = scope.settings.vertical(scope.settings.trigger.glitch_source)
        return nr3(scope.settings.trigger.external_level if channel is None else channel.level)

    width = Number(low=MIN_GLITCH, high=MAX_GLITCH, default=30e-9, units=SECONDS)
    qualifier = Choice("GREaterthan", "LESSthan", "RANGe")
    own = "TRIGger:GLITch:"
    return [
        setting(find, own + "SOURce", "glitch_source", Choice(*_ANALOG, "EXTernal"), word),
        setting(find, own + "POLarity", "glitch_polarity", Choice("POSitive", "NEGative"), word),
        setting(find, own + "QUALifier", "glitch_qualifier", qualifier, word),
        setting(find, own + "LESSthan", "glitch_less", width, nr3),
        setting(find, own + "GREaterthan", "glitch_greater", width, nr3),
        Command(own + "RANGe", [width, width], set_range, ask_range),
        Command(own + "LEVel", [Number(units=VOLTS), _SOURCES], set_level, ask_level, optional=1),
    ]


def acquire_commands(scope: Scope, memory: int = MEMORY_POINTS) -> list[Command]:
    """Return the rows of how records are taken; segments are refused with -241."""

    def find(call: Call) -> Any:
        return scope.settings.acquire

    def set_mode(call: Call, mode: str) -> None:
        scope.settings.acquire.mode = mode
        if mode == "SEGM":
            call.complain(not_simulated("segmented memory"))

    def timing() -> tuple[int, float]:
        record = scope.acquisition.record
        planned = plan(scope.settings, memory, running=scope.acquisition.running) if record is None else record.timing
        return planned.points, 1 / planned.step

    modes = Choice("RTIMe", "ETIMe", "SEGMented")
    return [
        setting(find, "ACQuire:TYPE", "type", Choice("NORMal", "PEAK", "AVERage", "HRESolution"), word),
        setting(find, "ACQuire:COUNt", "count", Number(low=2, high=65536, default=8, integer=True), signed),
        setting(find, "ACQuire:COMPlete", "complete", Number(low=0, high=100, default=100, integer=True), signed),
        Command("ACQuire:MODE", [modes], set_mode, lambda call: scope.settings.acquire.mode),
        Command("ACQuire:POINts", query=lambda call: signed(timing()[0])),
        Command("ACQuire:SRATe", query=lambda call: nr3(timing()[1])),
    ]


def run_commands(scope: Scope) -> list[Command]:
    """Return the rows of run control and of the events that tell how far an acquisition is."""
    acquisition = scope.acquisition

    def digitise(call: Call, arguments: list[bytes]) -> None:
        known = Choice(*_ANALOG, "FUNCtion", "MATH", "FFT", "ABUS", "EXTernal", "POD1", "POD2", "BUS1", "BUS2")
        sources = [known.parse(argument, call) for argument in arguments]
        for name in sources:
            channel = scope.settings.vertical(name)
            if channel is not None:
                channel.display = True
        acquisition.digitise()

    def condition(call: Call) -> str:
        acquisition.poll()
        return signed(acquisition.condition)

    def event(call: Call) -> str:
        acquisition.poll()
        return signed(acquisition.take_operation_event())

    def no_digital(call: Call, arguments: list[bytes]) -> None:
        raise not_simulated("the logic analyser")

    return [
        Command("RUN", write=lambda call: acquisition.run()),
        Command("STOP", write=lambda call: acquisition.stop()),
        Command("SINGle", write=lambda call: acquisition.single()),
        Command("DIGitize", [REST], digitise),
        Command("AER", query=lambda call: signed(acquisition.take_events(arm=True))),
        Command("TER", query=lambda call: signed(acquisition.take_events(arm=False))),
        Command("OPERegister:CONDition", query=condition),
        Command("OPERegister[:EVENt]", query=event),
        Command("OVLRegister[:EVENt]", query=lambda call: signed(0)),
        Command("POD{pod}:DISPlay", [REST], no_digital),
    ]
