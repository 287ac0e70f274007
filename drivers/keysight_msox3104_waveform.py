"""Waveform records of the InfiniiVision X-Series: preamble and block turned into times and voltages.

Source: "InfiniiVision 3000 X-Series Programmer's Guide", :WAVeform:PREamble? and :WAVeform:DATA?.
"""

from typing import Any, NamedTuple

import numpy as np

from labctl.capabilities import Waveform
from labctl.errors import FrameError

WORD = 1
PEAK = 1
HOLE = 0
"""The code of a point without data."""
TYPES: dict[int, np.dtype[Any]] = {0: np.dtype("u1"), WORD: np.dtype("<u2")}
"""Of a code, by the preamble's format."""


class Preamble(NamedTuple):
    """How codes become volts and seconds.

    Attributes:
        format: 0 byte, 1 word.
        type: 0 normal, 1 peak detection, 2 average, 3 high resolution.
        points: How many.
        averages: How many acquisitions went into it.
        x_increment: In s.
        x_origin: Time of the first point, in s.
        x_reference: Its index.
        y_increment: In V.
        y_origin: In V, at ``y_reference``.
        y_reference: Code at the screen's centre.
    """

    format: int
    type: int
    points: int
    averages: int
    x_increment: float
    x_origin: float
    x_reference: float
    y_increment: float
    y_origin: float
    y_reference: float

    @classmethod
    def parse(cls, role: str, text: str) -> "Preamble":
        """Read the ten fields of the answer to ``:WAV:PRE?``.

        Raises:
            FrameError: Another number of fields, something that is no number, or a format that was not asked for.
        """
        try:
            numbers = [float(field) for field in text.split(",")]
            whole = [int(value) for value in numbers[:4]]
            preamble = cls(*whole, *numbers[4:])
        except (TypeError, ValueError) as error:
            raise FrameError(f"{role}: {text!r} is no preamble of a waveform") from error
        if preamble.format not in TYPES:
            raise FrameError(f"{role}: the waveform comes in format {preamble.format}, which was not asked for")
        return preamble


def decode(role: str, preamble: Preamble, data: bytes) -> Waveform:
    """Return times (n,) in s and voltages (n,) in V of a block of codes; nan at holes.

    Raises:
        FrameError: The block is of another length than the preamble says.
    """
    kind = TYPES[preamble.format]
    pairs = 2 if preamble.type == PEAK else 1
    if len(data) not in {preamble.points * kind.itemsize, preamble.points * pairs * kind.itemsize}:
        raise FrameError(f"{role}: a waveform of {preamble.points} points came as {len(data)} bytes")
    codes = np.frombuffer(data, kind)
    volts = codes.astype(np.float64)
    volts -= preamble.y_reference
    volts *= preamble.y_increment
    volts += preamble.y_origin
    volts[codes == HOLE] = np.nan
    index = np.arange(len(codes), dtype=np.float64)
    if preamble.type == PEAK:
        index -= index % 2.0
    times = (index - preamble.x_reference) * preamble.x_increment + preamble.x_origin
    return Waveform(times, volts)
