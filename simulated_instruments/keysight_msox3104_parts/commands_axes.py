"""Channels and time base.

Source: the CHANnel and TIMebase subsystems of the 3000 X-Series programmer's guide as public drivers quote them.
"""

from collections.abc import Callable
from typing import Any

from simulated_instruments.keysight_msox3104_parts.binding import Scope, engineering, flag, nr3, setting, vertical, word
from simulated_instruments.keysight_msox3104_parts.settings import (
    DIVISIONS,
    LABEL_LENGTH,
    MAX_DELAY,
    MAX_SKEW,
    MAX_TIME_SCALE,
    MIN_SCALE,
    MIN_TIME_SCALE,
    OFFSET_SCALES,
    SCREENS,
    Vertical,
)
from simulated_instruments.scpi import Boolean, Call, Choice, Command, Number, Text
from simulated_instruments.scpi.parameters import SECONDS, VOLTS

Bound = Callable[[Call], float]


def channel_commands(scope: Scope) -> list[Command]:
    """Return the rows of the analog channels."""

    def find(call: Call) -> Vertical:
        return vertical(scope, call)

    def kept(pattern: str, name: str, kind: Any, show: Callable[[Any], str]) -> Command:
        return setting(find, f"CHANnel{{ch}}:{pattern}", name, kind, show)

    def set_range(call: Call, volts: float) -> None:
        find(call).scale = volts / DIVISIONS

    def set_impedance(call: Call, name: str) -> None:
        channel = find(call)
        channel.impedance = name
        channel.scale = min(channel.scale, channel.max_scale)

    def set_probe(call: Call, ratio: float) -> None:
        channel = find(call)
        factor = ratio / channel.probe
        channel.probe = ratio
        channel.scale, channel.offset, channel.level = (
            value * factor for value in (channel.scale, channel.offset, channel.level)
        )

    def set_label(call: Call, text: str) -> None:
        find(call).label = text[:LABEL_LENGTH].upper()

    def least(call: Call) -> float:
        return MIN_SCALE * find(call).probe

    def most(call: Call) -> float:
        return find(call).max_scale

    def times(bound: Bound, factor: float) -> Bound:
        return lambda call: factor * bound(call)

    def reach(call: Call) -> float:
        return OFFSET_SCALES * find(call).scale

    scale = Number(low=least, high=most, default=most, units=VOLTS)
    height = Number(low=times(least, DIVISIONS), high=times(most, DIVISIONS), default=40.0, units=VOLTS)
    offset = Number(low=times(reach, -1.0), high=reach, units=VOLTS)
    probe = Number(low=0.1, high=10_000.0, default=1.0, units={"X": 1.0})
    return [
        Command("CHANnel{ch}", query=lambda call: _channel_setup(find(call), call.suffixes.get("ch", 1))),
        kept("DISPlay", "display", Boolean(), flag),
        kept("SCALe", "scale", scale, nr3),
        Command("CHANnel{ch}:RANGe", [height], set_range, lambda call: nr3(find(call).range), show=nr3),
        kept("OFFSet", "offset", offset, nr3),
        kept("COUPling", "coupling", Choice("AC", "DC"), word),
        Command(
            "CHANnel{ch}:IMPedance",
            [Choice("ONEMeg", "FIFTy")],
            set_impedance,
            lambda call: find(call).impedance,
        ),
        Command("CHANnel{ch}:PROBe[:ATTenuation]", [probe], set_probe, lambda call: nr3(find(call).probe), show=nr3),
        kept("PROBe:SKEW", "skew", Number(low=-MAX_SKEW, high=MAX_SKEW, units=SECONDS), nr3),
        kept("BWLimit", "bandwidth_limit", Boolean(), flag),
        kept("INVert", "invert", Boolean(), flag),
        kept("VERNier", "vernier", Boolean(), flag),
        kept("UNITs", "unit", Choice("VOLT", "AMPere"), word),
        Command("CHANnel{ch}:LABel", [Text()], set_label, lambda call: f'"{find(call).label}"'),
    ]


def _channel_setup(channel: Vertical, number: int) -> str:
    """Return the string that ``:CHANnel<n>?`` answers; the order of its keys is *unconfirmed*."""
    return (
        f":CHAN{number}:RANG {engineering(channel.range, 1)};OFFS {engineering(channel.offset, 5)};"
        f"COUP {channel.coupling};IMP {channel.impedance};DISP {flag(channel.display)};"
        f"BWL {flag(channel.bandwidth_limit)};INV {flag(channel.invert)};"
        f'LAB "{channel.label}";UNIT {channel.unit};'
        f"PROB {engineering(channel.probe, 0)};PROB:SKEW {engineering(channel.skew, 1)};STYP SING"
    )


def timebase_commands(scope: Scope) -> list[Command]:
    """Return the rows of the time base; the zoomed window is kept and not drawn."""

    def find(call: Call) -> Any:
        return scope.settings.timebase

    def set_range(call: Call, seconds: float) -> None:
        scope.settings.timebase.scale = seconds / SCREENS

    def setup(call: Call) -> str:
        timebase = scope.settings.timebase
        return (
            f":TIM:MODE {timebase.mode};REF {timebase.reference};"
            f"MAIN:RANG {timebase.range:+.2E};POS {engineering(timebase.position, 1)}"
        )

    scale = Number(low=MIN_TIME_SCALE, high=MAX_TIME_SCALE, default=100e-6, units=SECONDS)
    width = Number(low=SCREENS * MIN_TIME_SCALE, high=SCREENS * MAX_TIME_SCALE, default=1e-3, units=SECONDS)
    position = Number(low=-MAX_DELAY, high=MAX_DELAY, units=SECONDS)
    return [
        Command("TIMebase", query=setup),
        setting(find, "TIMebase:MODE", "mode", Choice("MAIN", "WINDow", "XY", "ROLL"), word),
        setting(find, "TIMebase:SCALe", "scale", scale, nr3),
        Command("TIMebase:RANGe", [width], set_range, lambda call: nr3(scope.settings.timebase.range), show=nr3),
        setting(find, "TIMebase:POSition", "position", position, nr3),
        setting(find, "TIMebase:REFerence", "reference", Choice("LEFT", "CENTer", "RIGHt", "CUSTom"), word),
        setting(find, "TIMebase:WINDow:RANGe", "window_range", width, nr3),
        setting(find, "TIMebase:WINDow:POSition", "window_position", position, nr3),
    ]
