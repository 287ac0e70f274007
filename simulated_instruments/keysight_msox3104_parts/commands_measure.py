"""Measurements; each takes its source from its last argument or from ``:MEASure:SOURce``.

Source: the MEASure subsystem of the 3000 X-Series programmer's guide as public drivers quote it. That measurements look
at the measurement record of at most 62,500 points is *unconfirmed*.
"""

import math
from collections.abc import Callable

import numpy as np

from simulated_instruments.keysight_msox3104_parts import measure, transfer
from simulated_instruments.keysight_msox3104_parts.binding import Scope, nr3
from simulated_instruments.keysight_msox3104_parts.commands_waveform import SOURCES
from simulated_instruments.keysight_msox3104_parts.measure import Signal
from simulated_instruments.keysight_msox3104_parts.settings import NORMAL_POINTS
from simulated_instruments.scpi import REST, Call, Choice, Command, Number, ScpiError
from simulated_instruments.scpi.parameters import SECONDS, VOLTS
from simulated_instruments.terminals import Floats

_SIMPLE = (
    "VPP",
    "VMAX",
    "VMIN",
    "VAMPlitude",
    "VTOP",
    "VBASe",
    "FREQuency",
    "PERiod",
    "PWIDth",
    "NWIDth",
    "DUTYcycle",
    "RISetime",
    "FALLtime",
    "OVERshoot",
    "PREShoot",
    "XMAX",
    "XMIN",
)
_INTERVAL = Choice("DISPlay", "CYCLe")
_RMS = Choice("AC", "DC")


def measure_commands(scope: Scope) -> list[Command]:
    """Return the rows of the measurements."""

    def simple(name: str) -> Command:
        short = "".join(letter for letter in name if letter.isupper())

        def ask(call: Call, arguments: list[bytes]) -> str:
            signal = _signal(scope, _source(scope, call, arguments))
            return nr3(math.nan if signal is None else measure.value(short, signal))

        return _row(name, ask)

    def average(call: Call, arguments: list[bytes]) -> str:
        interval, rest = _word(_INTERVAL, call, arguments)
        signal = _signal(scope, _source(scope, call, rest))
        if signal is None:
            return nr3(math.nan)
        return nr3(float((signal.cycle() if interval == "CYCL" else signal.volts).mean()))

    def rms(call: Call, arguments: list[bytes]) -> str:
        interval, rest = _word(_INTERVAL, call, arguments)
        kind, rest = _word(_RMS, call, rest)
        signal = _signal(scope, _source(scope, call, rest))
        if signal is None:
            return nr3(math.nan)
        return nr3(measure.rms(signal.cycle() if interval == "CYCL" else signal.volts, ac=kind == "AC"))

    def two(find: Callable[[Signal, Signal], float]) -> Callable[[Call, list[bytes]], str]:
        def ask(call: Call, arguments: list[bytes]) -> str:
            chosen = [SOURCES.parse(argument, call) for argument in arguments[:2]]
            defaults = [scope.settings.measure.source, scope.settings.measure.source2]
            first, second = (_signal(scope, name) for name in chosen + defaults[len(chosen) :])
            return nr3(math.nan if first is None or second is None else find(first, second))

        return ask

    def edge_time(call: Call, arguments: list[bytes]) -> str:
        if not arguments:
            raise ScpiError(-109)
        number = int(Number(low=-1000, high=1000, integer=True).parse(arguments[0], call))
        signal = _signal(scope, _source(scope, call, arguments[1:]))
        chosen = [] if signal is None else [e for e in signal.edges if e.rising == (number > 0)]
        return nr3(chosen[abs(number) - 1].middle if 0 < abs(number) <= len(chosen) else math.nan)

    def volts_at(call: Call, arguments: list[bytes]) -> str:
        if not arguments:
            raise ScpiError(-109)
        when = Number(units=SECONDS).parse(arguments[0], call)
        signal = _signal(scope, _source(scope, call, arguments[1:]))
        outside = signal is None or not signal.times[0] <= when <= signal.times[-1]
        return nr3(math.nan if outside or signal is None else float(np.interp(when, signal.times, signal.volts)))

    return [
        *(simple(name) for name in _SIMPLE),
        _row("VAVerage", average),
        _row("VRMS", rms),
        _row("DELay", two(_delay)),
        _row("PHASe", two(_phase)),
        _row("VRATio", two(_ratio)),
        Command("MEASure:TEDGe", query=edge_time, query_params=[REST]),
        Command("MEASure:VTIMe", query=volts_at, query_params=[REST]),
        Command("MEASure:CLEar", write=lambda call: None),
        *_setup_commands(scope),
    ]


def _row(name: str, ask: Callable[[Call, list[bytes]], str]) -> Command:
    """Return a measurement's row; without a question mark it goes on the screen, which shows no measurements here."""
    return Command(f"MEASure:{name}", [REST], lambda call, arguments: None, ask, [REST])


def _setup_commands(scope: Scope) -> list[Command]:
    def set_source(call: Call, first: str, second: str | None = None) -> None:
        scope.settings.measure.source = first
        scope.settings.measure.source2 = scope.settings.measure.source2 if second is None else second

    def define(call: Call, arguments: list[bytes]) -> None:
        if len(arguments) < 5:
            raise ScpiError(-109)
        Choice("THResholds").parse(arguments[0], call)
        percent = Choice("PERCent", "ABSolute").parse(arguments[1], call) == "PERC"
        number = Number(low=0, high=100) if percent else Number(units=VOLTS)
        upper, middle, lower = (number.parse(argument, call) for argument in arguments[2:5])
        if not upper > middle > lower:
            raise ScpiError(-221)
        settings = scope.settings.measure
        settings.percent, settings.upper, settings.middle, settings.lower = percent, upper, middle, lower

    def sources(call: Call) -> str:
        return f"{scope.settings.measure.source},{scope.settings.measure.source2}"

    return [
        Command("MEASure:SOURce", [SOURCES, SOURCES], set_source, sources, optional=1),
        Command("MEASure:DEFine", [REST], define),
    ]


def _word(kind: Choice, call: Call, arguments: list[bytes]) -> tuple[str, list[bytes]]:
    """Take an optional word off the front of the arguments."""
    if not arguments:
        return "", arguments
    try:
        return kind.parse(arguments[0], call), arguments[1:]
    except ScpiError:
        return "", arguments


def _source(scope: Scope, call: Call, arguments: list[bytes]) -> str:
    if len(arguments) > 1:
        raise ScpiError(-108)
    return SOURCES.parse(arguments[0], call) if arguments else scope.settings.measure.source


def _signal(scope: Scope, source: str) -> Signal | None:
    """Return what is measured on, ``None`` where the source has no data."""
    record = scope.acquisition.data()
    channel = scope.settings.vertical(source)
    if record is None or channel is None or source not in record.traces:
        return None
    points = record.timing.points // 2 if record.type == "PEAK" else record.timing.points
    selection = transfer.select(record, record.traces[source], channel, min(points, NORMAL_POINTS))
    code = transfer.increments(channel)
    volts: Floats = (selection.words.astype(np.float64) - 32768.0) * code + channel.offset
    times: Floats = selection.left + np.arange(len(volts), dtype=np.float64) * selection.step
    chosen = scope.settings.measure
    at = measure.levels(volts, percent=chosen.percent, upper=chosen.upper, middle=chosen.middle, lower=chosen.lower)
    return Signal(times, volts, at, measure.edges(times, volts, at, code * 256))


def _first_rise(signal: Signal) -> float:
    return next((edge.middle for edge in signal.edges if edge.rising), math.nan)


def _delay(first: Signal, second: Signal) -> float:
    return _first_rise(second) - _first_rise(first)


def _phase(first: Signal, second: Signal) -> float:
    return 360.0 * _delay(first, second) / first.between(first=True, second=True)


def _ratio(first: Signal, second: Signal) -> float:
    ratio = measure.rms(first.volts, ac=True) / max(measure.rms(second.volts, ac=True), 1e-30)
    return 20 * math.log10(ratio) if ratio > 0 else math.nan
