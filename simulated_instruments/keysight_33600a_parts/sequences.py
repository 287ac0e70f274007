"""From a sequence to the points that are played: up to where it waits for a trigger, or one lap."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from simulated_instruments.keysight_33600a_parts.arbs import Codes, Segment

MOST_POINTS = 8_000_000
"""Points of one lap that are played; what a longer lap has beyond them is left out."""
_ENDLESS = ("repeatInf", "repeatTilTrig")


@dataclass(frozen=True)
class Lap:
    """What plays until the next wait.

    Args:
        codes: (n,) DAC codes.
        waits: Whether the sequence stops behind them for a trigger; it starts over otherwise.
        next_segment: Where the trigger goes on.
    """

    codes: Codes
    waits: bool
    next_segment: int


def unroll(segments: Sequence[Segment], start: int, points_of: Callable[[str], Codes]) -> Lap:
    """Lay the segments from ``start`` on end to end.

    A segment that repeats for ever or until a trigger is played as often as fits `MOST_POINTS` and then stands still.

    Args:
        segments: The sequence.
        start: Number of the first segment to play.
        points_of: Finds an arb's DAC codes.
    """
    pieces: list[Codes] = []
    total = 0
    for step in range(len(segments)):
        number = (start + step) % len(segments)
        segment = segments[number]
        codes = points_of(segment.arb)
        room = max((MOST_POINTS - total) // len(codes), 0)
        wanted = room if segment.play in _ENDLESS else segment.repeat if segment.play == "repeat" else 1
        pieces.append(np.tile(codes, min(max(wanted, 1), max(room, 1))))
        total += len(pieces[-1])
        if segment.play == "onceWaitTrig" or segment.play in _ENDLESS:
            return Lap(np.concatenate(pieces), waits=True, next_segment=(number + 1) % len(segments))
        if total >= MOST_POINTS:
            break
    return Lap(np.concatenate(pieces), waits=False, next_segment=start)
