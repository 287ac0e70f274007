"""Finding the trigger in what the terminals have seen."""

import math
from collections.abc import Mapping

from simulated_instruments.keysight_msox3104_parts.settings import Settings
from simulated_instruments.terminals import Terminal

_MOST_PULSES = 1000
"""Pulses looked at for one that is of the wanted width, each time the scope is asked."""


class TriggerFinder:
    """Looks for the trigger event on the selected source.

    Args:
        terminals: ``"chan1"`` to ``"chan4"`` and ``"ext"`` -> what the input is wired to.
    """

    def __init__(self, terminals: Mapping[str, Terminal]) -> None:
        self._terminals = terminals

    def find(self, settings: Settings, after: float) -> float | None:
        """Return the first trigger (bench time in s) since ``after``, or ``None``."""
        trigger = settings.trigger
        if trigger.mode == "GLIT":
            return self._find_pulse(settings, after)
        slopes = {"POS": (True,), "NEG": (False,)}.get(trigger.slope, (True, False))
        times = [self._cross(settings, trigger.source, after, rising=rising) for rising in slopes]
        return min((time for time in times if time is not None), default=None)

    def _find_pulse(self, settings: Settings, after: float) -> float | None:
        """Return the end of the first pulse whose width is as wanted."""
        trigger = settings.trigger
        positive = trigger.glitch_polarity == "POS"
        for _ in range(_MOST_PULSES):
            start = self._cross(settings, trigger.glitch_source, after, rising=positive)
            if start is None:
                return None
            stop = self._cross(settings, trigger.glitch_source, start, rising=not positive)
            if stop is None:
                return None
            if self._wanted(settings, stop - start):
                return stop
            after = stop
        return None

    def _wanted(self, settings: Settings, width: float) -> bool:
        trigger = settings.trigger
        match trigger.glitch_qualifier:
            case "LESS":
                return width < trigger.glitch_less
            case "GRE":
                return width > trigger.glitch_greater
        return trigger.glitch_greater < width < trigger.glitch_less

    def _cross(self, settings: Settings, source: str, after: float, *, rising: bool) -> float | None:
        terminal = self._terminals.get(source.lower())
        if terminal is None:
            return None
        vertical = settings.vertical(source)
        if vertical is None:
            return terminal.crossing(settings.trigger.external_level, rising=rising, after=after)
        level = vertical.level / vertical.probe * (-1.0 if vertical.invert else 1.0)
        found = terminal.crossing(level, rising=rising != vertical.invert, after=after)
        return found if found is None or math.isfinite(found) else None
