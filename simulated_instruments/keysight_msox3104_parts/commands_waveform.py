"""Waveform transfer.

Source: the WAVeform subsystem of the 3000 X-Series programmer's guide and the vendor's sample program as public drivers
restate them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulated_instruments.keysight_msox3104_parts import transfer
from simulated_instruments.keysight_msox3104_parts.binding import Scope, block, flag, setting, word
from simulated_instruments.keysight_msox3104_parts.sampling import Record, Trace
from simulated_instruments.keysight_msox3104_parts.settings import CHANNELS, Vertical
from simulated_instruments.scpi import Boolean, Call, Choice, Command, Number, ScpiError
from simulated_instruments.scpi.common import signed

SOURCES = Choice(
    *(f"CHANnel{n}" for n in range(1, CHANNELS + 1)),
    *(f"{name}{n}" for name in ("POD", "BUS", "WMEMory", "SBUS") for n in (1, 2)),
    "FUNCtion",
    "MATH",
    "FFT",
    "EXTernal",
)
_ITEMS = {
    "XINCrement": "xincrement",
    "XORigin": "xorigin",
    "XREFerence": "xreference",
    "YINCrement": "yincrement",
    "YORigin": "yorigin",
    "YREFerence": "yreference",
    "COUNt": "count",
    "TYPE": "type",
}


@dataclass(frozen=True)
class Held:
    """What there is of the selected source."""

    record: Record
    trace: Trace
    vertical: Vertical


class _Points:
    """A count, or MAX."""

    def parse(self, argument: bytes, call: Call) -> float | None:
        return None if argument.upper() in (b"MAX", b"MAXIMUM") else Number(integer=True).parse(argument, call)


def waveform_commands(scope: Scope) -> list[Command]:
    """Return the rows of the waveform subsystem; only analog channels have data."""

    def find(call: Call) -> Any:
        return scope.settings.waveform

    def set_source(call: Call, source: str) -> None:
        scope.settings.waveform.source = source
        channel = scope.settings.vertical(source)
        if channel is not None:
            channel.display = True

    def set_points(call: Call, count: float | None) -> None:
        waveform = scope.settings.waveform
        if count is None:
            waveform.points_mode, waveform.points = "MAX", float("inf")
            return
        held = _held(scope)
        most = _available(scope, held) if held else max(transfer.COUNTS)
        if not transfer.LEAST_POINTS <= count <= max(most, transfer.LEAST_POINTS):
            raise ScpiError(-222)
        waveform.points = count

    def count(call: Call) -> str:
        return signed(_count(scope, _held(scope)))

    def data(call: Call) -> bytes:
        held = _must_hold(scope)
        selection = transfer.select(held.record, held.trace, held.vertical, _count(scope, held))
        return block(transfer.encode(scope.settings, held.vertical, selection.words))

    def preamble(call: Call) -> str:
        return transfer.write_preamble(_preamble(scope))

    def item(name: str) -> Callable[[Call], str]:
        return lambda call: transfer.write_item(name, _preamble(scope)[name])

    own = "WAVeform:"
    return [
        Command("WAVeform", query=lambda call: _setup(scope)),
        Command(own + "SOURce", [SOURCES], set_source, lambda call: scope.settings.waveform.source),
        Command(
            own + "SOURce:SUBSource",
            [Choice("SUB0", "RX", "MOSI", "TX", "MISO", "NONE")],
            lambda c, v: None,
            lambda call: "NONE",
        ),
        setting(find, own + "FORMat", "format", Choice("BYTE", "WORD", "ASCii"), word),
        setting(find, own + "BYTeorder", "byte_order", Choice("LSBFirst", "MSBFirst"), word),
        setting(find, own + "UNSigned", "unsigned", Boolean(), flag),
        setting(find, own + "POINts:MODE", "points_mode", Choice("NORMal", "MAXimum", "RAW"), word),
        setting(find, own + "VIEW", "view", Choice("MAIN"), word),
        Command(own + "POINts", [_Points()], set_points, count),
        Command(own + "PREamble", query=preamble),
        Command(own + "DATA", query=data),
        *(Command(own + header, query=item(name)) for header, name in _ITEMS.items()),
    ]


def _held(scope: Scope) -> Held | None:
    record = scope.acquisition.data()
    source = scope.settings.waveform.source
    channel = scope.settings.vertical(source)
    if record is None or channel is None or source not in record.traces:
        return None
    return Held(record, record.traces[source], channel)


def _must_hold(scope: Scope) -> Held:
    held = _held(scope)
    if held is None or _count(scope, held) == 0:
        raise ScpiError(-230)
    return held


def _available(scope: Scope, held: Held | None) -> int:
    if held is None:
        return 0
    return transfer.available(scope.settings, held.record, stopped=not scope.acquisition.busy)


def _count(scope: Scope, held: Held | None) -> int:
    most = _available(scope, held)
    return transfer.rounded(scope.settings.waveform.points, most) if most else 0


def _preamble(scope: Scope) -> dict[str, float]:
    """Return the fields of what would be sent; -230 without data."""
    held = _must_hold(scope)
    return transfer.preamble(scope.settings, held.vertical, held.record, _count(scope, held))


def _setup(scope: Scope) -> str:
    """Return the string that ``:WAVeform?`` answers."""
    waveform = scope.settings.waveform
    points = _count(scope, _held(scope)) or waveform.points
    return (
        f":WAV:UNS {flag(waveform.unsigned)};VIEW {waveform.view};BYT {waveform.byte_order};FORM {waveform.format};"
        f"POIN {points:+.0f};SOUR {waveform.source};SOUR:SUBS NONE"
    )
