"""Screen, setups, autoscale and the panel.

Source: the DISPlay, HARDcopy and SYSTem subsystems of the 3000 X-Series programmer's guide as drivers quote them.
"""

import dataclasses
import json
import zlib
from typing import Any

import numpy as np

from simulated_instruments.frontend import Clock
from simulated_instruments.keysight_msox3104_parts import screenshot
from simulated_instruments.keysight_msox3104_parts.binding import Scope, block, flag, setting
from simulated_instruments.keysight_msox3104_parts.settings import DIVISIONS, MIN_SCALE, Settings
from simulated_instruments.scpi import REST, Block, Boolean, Call, Choice, Command, ScpiError, Text

AUTOSCALE_TIME = 1.0
"""What :AUToscale takes, in s, *assumed*."""
_KINDS = Choice("PNG", "BMP8bit", "BMP")


def panel_commands(scope: Scope) -> list[Command]:
    """Return the rows of the screen and of what has no effect on a record."""

    def find(call: Call) -> Any:
        return scope.settings.panel

    def image(call: Call, kind: str = "PNG", palette: str = "COL") -> bytes:
        screen = screenshot.draw(scope.settings, scope.acquisition.data())
        invert = scope.settings.panel.ink_saver
        return block(screenshot.encode(screen, kind, grey=palette == "GRAY", invert=invert))

    def message(call: Call, text: str) -> None:
        scope.settings.panel.message = text

    def three(pattern: str, name: str) -> Command:
        def write(call: Call, arguments: list[bytes]) -> None:
            if len(arguments) != 3:
                raise ScpiError(-109 if len(arguments) < 3 else -108)
            setattr(scope.settings.panel, name, ",".join(a.decode("latin-1") for a in arguments))

        return Command(pattern, [REST], write, lambda call: str(getattr(scope.settings.panel, name)))

    palette = Choice("COLor", "GRAYscale")
    return [
        Command("DISPlay:DATA", query=image, query_params=[_KINDS, palette]),
        Command("DISPlay:CLEar", write=lambda call: None),
        setting(find, "DISPlay:LABel", "labels", Boolean(), flag),
        setting(find, "HARDcopy:INKSaver", "ink_saver", Boolean(), flag),
        setting(find, "SYSTem:LOCK", "locked", Boolean(), flag),
        Command("SYSTem:DSP", [Text()], message),
        three("SYSTem:DATE", "date"),
        three("SYSTem:TIME", "time"),
    ]


def setup_commands(scope: Scope) -> list[Command]:
    """Return the rows that read and restore the whole setup.

    The block holds this scope's own text behind its checksum; -230 for any other block.
    """

    def read(call: Call) -> bytes:
        text = json.dumps(dataclasses.asdict(scope.settings)).encode("ascii")
        return block(b"%08x" % zlib.crc32(text) + text)

    def write(call: Call, data: bytes) -> None:
        if data[:8] != b"%08x" % zlib.crc32(data[8:]):
            raise ScpiError(-230)
        fill(scope.settings, json.loads(data[8:]))

    return [Command("SYSTem:SETup", [Block()], write, read)]


def fill(target: Any, values: dict[str, Any]) -> None:
    """Set the fields of a settings object, and of those in it, from what `dataclasses.asdict` made of one."""
    for field in dataclasses.fields(target):
        old, new = getattr(target, field.name), values[field.name]
        if isinstance(old, list):
            for item, item_values in zip(old, new, strict=True):
                fill(item, item_values)
        elif dataclasses.is_dataclass(old):
            fill(old, new)
        else:
            setattr(target, field.name, new)


def autoscale_commands(scope: Scope, clock: Clock) -> list[Command]:
    """Return the row of :AUToscale, which makes every signal fill a good part of the screen."""

    def write(call: Call, arguments: list[bytes]) -> None:
        clock.wait(AUTOSCALE_TIME)
        settings = scope.settings
        fresh = Settings()
        settings.timebase, settings.trigger = fresh.timebase, fresh.trigger
        scope.acquisition.run()
        record = scope.acquisition.data()
        for number, vertical in enumerate(settings.verticals, start=1):
            if record is not None and f"CHAN{number}" in record.traces:
                volts = record.traces[f"CHAN{number}"].volts()
                _fit(vertical, float(volts.max()), float(volts.min()))
        scope.acquisition.run()

    return [Command("AUToscale", [REST], write)]


def _fit(vertical: Any, high: float, low: float) -> None:
    """Choose a 1-2-5 scale and the offset that show a signal on about half the screen."""
    wanted = max((high - low) / (DIVISIONS / 2), MIN_SCALE * vertical.probe)
    decade = 10.0 ** np.floor(np.log10(wanted))
    scale = next(float(lead * decade) for lead in (1, 2, 5, 10) if lead * decade >= wanted * (1 - 1e-9))
    vertical.scale = min(scale, vertical.max_scale)
    vertical.offset = vertical.level = (high + low) / 2
