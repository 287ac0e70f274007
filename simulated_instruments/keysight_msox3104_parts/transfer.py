"""What ``:WAVeform`` sends of a record: how many points, their preamble and their bytes.

Source: the programmer's guide's WAVeform subsystem as the vendor's sample program and public drivers restate it; the
scaling of codes from a real preamble.
"""

from dataclasses import dataclass

import numpy as np

from simulated_instruments.keysight_msox3104_parts.sampling import Record, Trace, Words
from simulated_instruments.keysight_msox3104_parts.settings import (
    CODES_ON_SCREEN,
    NORMAL_POINTS,
    Settings,
    Vertical,
)
from simulated_instruments.terminals import Floats

COUNTS: tuple[int, ...] = (100, 250, 500, *(lead * 10**power for power in range(3, 7) for lead in (1, 2, 5)))
"""Point counts that can be asked for, besides all there are."""
LEAST_POINTS = 100
_FORMATS = {"BYTE": 0, "WORD": 1, "ASC": 4}
_TYPES = {"NORM": 0, "PEAK": 1, "AVER": 2, "HRES": 3}


@dataclass(frozen=True)
class Selection:
    """The part of a record that would be sent now.

    Args:
        words: (n,) codes, recoded for the present scale and offset.
        step: Between points in s; between pairs for peak detection.
        left: Time of the first one after the trigger, in s.
    """

    words: Words
    step: float
    left: float


def available(settings: Settings, record: Record | None, *, stopped: bool) -> int:
    """Return how many points the present mode can send; 0 without data or where the type has no raw points."""
    if record is None:
        return 0
    mode, points = settings.waveform.points_mode, record.timing.points
    if record.type == "PEAK":
        points //= 2
    if mode == "RAW" and record.type == "AVER":
        return 0
    if mode == "NORM" or not stopped or record.type in ("AVER", "HRES"):
        return min(max(points, 1000), NORMAL_POINTS)
    return points


def rounded(count: float, most: int) -> int:
    """Return the count that can be sent that is nearest to ``count``, all of them from ``most`` on."""
    if count >= most:
        return most
    counts = [known for known in (*COUNTS, most) if known <= most]
    return min(counts, key=lambda known: abs(known - count))


def select(record: Record, trace: Trace, vertical: Vertical, count: int) -> Selection:
    """Take ``count`` evenly spaced points out of a record (pairs, of a peak detection)."""
    words = recode(trace, vertical)
    timing = record.timing
    if record.type == "PEAK":
        pairs = np.sort(words[: len(words) // 2 * 2].reshape(-1, 2), axis=1)
        chosen = _pick(len(pairs), count)
        return Selection(pairs[chosen].ravel(), timing.step * timing.points / count / 2, timing.left)
    step = timing.step * timing.points / count
    return Selection(words[_pick(len(words), count)], step, timing.left)


def _pick(length: int, count: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.arange(count, dtype=np.int64) * length // count


def increments(vertical: Vertical) -> float:
    """Return the volts of one WORD code."""
    return vertical.range / (CODES_ON_SCREEN * 256)


def recode(trace: Trace, vertical: Vertical) -> Words:
    """Return codes for the present scale and offset; they are those of the record if neither has changed since."""
    increment = increments(vertical)
    if increment == trace.increment and vertical.offset == trace.origin:
        return trace.codes
    codes = np.rint((trace.volts() - vertical.offset) / increment + 32768)
    return np.clip(codes, 256, 65535).astype(np.uint16)


def encode(settings: Settings, vertical: Vertical, words: Words) -> bytes:
    """Return the block's bytes in the present format."""
    waveform = settings.waveform
    if waveform.format == "ASC":
        volts: Floats = (words.astype(np.float64) - 32768) * increments(vertical) + vertical.offset
        return ",".join([f"{value: .5e}" for value in volts.tolist()]).encode("ascii")
    if not waveform.unsigned:
        words = words ^ np.uint16(0x8000)
    if waveform.format == "BYTE":
        return (words >> 8).astype(np.uint8).tobytes()
    return words.astype(">u2" if waveform.byte_order == "MSBF" else "<u2").tobytes()


def preamble(settings: Settings, vertical: Vertical, record: Record, count: int) -> dict[str, float]:
    """Return the preamble's ten fields in order."""
    waveform, timing = settings.waveform, record.timing
    byte = waveform.format == "BYTE"
    reference = (128 if byte else 32768) if waveform.unsigned or waveform.format == "ASC" else 0
    return {
        "format": _FORMATS[waveform.format],
        "type": _TYPES[record.type],
        "points": count,
        "count": record.count,
        "xincrement": timing.step * timing.points / count / (2 if record.type == "PEAK" else 1),
        "xorigin": timing.left,
        "xreference": 0,
        "yincrement": increments(vertical) * (256 if byte else 1),
        "yorigin": vertical.offset,
        "yreference": reference,
    }


def write_preamble(fields: dict[str, float]) -> str:
    """Write the fields as ``:WAVeform:PREamble?`` does."""
    return ",".join(write_item(name, value) for name, value in fields.items())


def write_item(name: str, value: float) -> str:
    """Write one field: whole numbers with their sign, times with eight decimals, volts with six as the real one."""
    if name in ("xincrement", "xorigin"):
        return f"{value:+.8E}"
    if name in ("yincrement", "yorigin"):
        return f"{value:+.6E}"
    return f"{round(value):+d}"
