"""Measurement data as text: three letters (status, channel, type) and a number, and what the letters say.

Source: B1500A/B1505A Programming Guide, ed. 11, chapter 1 "Data Output Format" (FMT 1, 2, 5 and their 13-digit kin).
"""

import string
from typing import NamedTuple

import numpy as np

from labctl.capabilities import Floats, SmuReadings
from labctl.errors import FrameError

DUMMY = 1.9e101
"""From here on a number stands for no data: the mainframe sends 199.999E+99."""
SOURCE = "WE"
"""Status letters of a source value: first or intermediate, and last step."""
COMPLIANCE, OTHER_COMPLIANCE, NORMAL, OVER_RANGE = "C", "T", "N", "V"
STATUSES = "NTCVXFGSUD" + SOURCE


class Datum(NamedTuple):
    """One element of a data line.

    Attributes:
        status: N normal, C this and T another channel in compliance, V over range, X oscillating, W and E source.
        channel: Number of the slot, or slot x 100 + 2; 0 for anything that is no channel.
        kind: V, I, T (time) and the like.
        value: In V, A, s.
    """

    status: str
    channel: int
    kind: str
    value: float


def parse(line: str) -> list[Datum]:
    """Return the elements of a data line.

    Raises:
        FrameError: An element is none; all of the line is then in doubt.
    """
    return [_element(text) for text in line.strip().strip(",").split(",")]


def _element(text: str) -> Datum:
    text = text.strip()
    try:
        status, channel, kind, value = text[0], text[1], text[2], float(text[3:])
    except (IndexError, ValueError):
        raise FrameError(f"{text!r} is no element of B1500A data") from None
    if status not in STATUSES or not channel.isalpha() or not kind.isalpha():
        raise FrameError(f"{text!r} has a header that no B1500A data have")
    return Datum(status, _channel(channel), kind.upper(), value)


def _channel(letter: str) -> int:
    if letter in string.ascii_uppercase[:10]:
        return string.ascii_uppercase.index(letter) + 1
    if letter in string.ascii_lowercase[:10]:
        return (string.ascii_lowercase.index(letter) + 1) * 100 + 2
    return 0


def value_of(datum: Datum) -> float:
    """Return a measured value; infinity where it was over range, nan where its status says that it is none."""
    if datum.status == OVER_RANGE or abs(datum.value) >= DUMMY:
        return float(np.copysign(np.inf, datum.value))
    return datum.value if datum.status in {NORMAL, COMPLIANCE, OTHER_COMPLIANCE} else float("nan")


def readings(data: list[Datum], channel: int, forced: Floats, *, force: str = "V") -> SmuReadings:
    """Return what a channel measured, with times, what was forced, and compliance.

    Args:
        data: Of one measurement.
        channel: Short number.
        forced: (n,) values that were asked for, in V or A; source values in the data take precedence.
        force: ``"V"`` where voltages were forced and currents measured, ``"I"`` for the reverse.

    Raises:
        FrameError: There are not n readings.
    """
    count, measured = len(forced), "I" if force == "V" else "V"
    own = [d for d in data if d.kind == measured and d.channel == channel and d.status not in SOURCE]
    times = [d.value for d in data if d.kind == "T"]
    sources = [d.value for d in data if d.status in SOURCE and d.kind == force]
    if len(own) != count or len(times) not in {0, count} or len(sources) not in {0, count}:
        raise FrameError(
            f"{count} readings of channel {channel} were asked for; {len(own)} came, "
            f"with {len(times)} times and {len(sources)} source values"
        )
    values = np.array([value_of(datum) for datum in own])
    given = np.array(sources) if sources else np.array(forced, dtype=np.float64)
    volts, amps = (given, values) if force == "V" else (values, given)
    compliance = np.array([datum.status == COMPLIANCE for datum in own], dtype=np.bool_)
    return SmuReadings(np.array(times) if times else np.zeros(count), volts, amps, compliance)


def joined(parts: list[SmuReadings]) -> SmuReadings:
    """Return measurements as one, its times from its first reading on."""
    times, voltages, currents, compliance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return SmuReadings(times - times[0], voltages, currents, compliance)
