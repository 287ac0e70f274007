"""How the B1500A prints one datum, and how a reply is made of several.

Source: the FLEX sheet, data output. The binary formats 3, 4, 13 and 14 are not here: the sheet gives their scale, not
their bit layout. Where the decimal point stands for a range is *unconfirmed*: here the last digit is 1e-5 of the range.
"""

import math
from dataclasses import dataclass

DUMMY = 199.999e99
ASCII_FORMATS = (1, 2, 5, 11, 12, 15, 21, 22, 25)
_STATUS_BITS = {"N": 0, "V": 1, "X": 2, "T": 4, "C": 8, "D": 64}


@dataclass(frozen=True)
class Datum:
    """One element of a reply.

    Attributes:
        status: N, T, C, V for measured data; W, E for source data.
        channel: The channel's letter: A-J for slot 1-10, Z for what belongs to no channel.
        kind: V, I, T (time, s) or X (sampling index).
        value: In V, A or s.
        scale: The range in V or A, which places the decimal point; 0 to place it by the value.
    """

    status: str
    channel: str
    kind: str
    value: float
    scale: float = 0.0


def channel_letter(slot: int) -> str:
    """Return the letter of the first channel of ``slot`` (1-10)."""
    return "ABCDEFGHIJ"[slot - 1]


def format_number(value: float, scale: float, digits: int) -> str:
    """Return ``value`` in engineering form, ``digits`` (12 or 13) characters wide whatever its size."""
    if abs(value) >= DUMMY:
        return "+199.999E+99" if digits == 12 else "+199.9990E+99"
    reference = scale or abs(value) or 1.0
    magnitude = math.floor(math.log10(reference) + 1e-9)
    if not scale:
        magnitude = max(magnitude, 0)
    exponent = 3 * (magnitude // 3)
    places = digits - 7 - (magnitude - exponent)
    text = f"{abs(value) * 10.0**-exponent:0{digits - 5}.{places}f}"
    if len(text) > digits - 5:  # 115 % of a range whose mantissa has three digits
        text = text[: digits - 5]
    sign = "-" if value < 0.0 and text.strip("0.") else "+"
    return f"{sign}{text}E{exponent:+03d}"


def format_datum(datum: Datum, output_format: int, *, last: bool) -> str:
    """Return ``datum`` as format ``output_format`` prints it; ``last`` marks the end of the data in FMT 21 and 25."""
    number = format_number(datum.value, datum.scale, 12 if output_format < 10 else 13)
    if output_format in {2, 12, 22}:
        return number
    if output_format in {21, 25}:
        source = datum.status in {"W", "E"}
        bits = _STATUS_BITS.get(datum.status, 0) + (64 if abs(datum.value) >= DUMMY else 0) + (128 if last else 0)
        return f"{bits:03d}{datum.channel}{datum.kind.lower() if source else datum.kind}{number}"
    return f"{datum.status}{datum.channel}{datum.kind}{number}"


def format_reply(data: list[Datum], output_format: int) -> bytes:
    """Return one reply with its terminator: CR LF, a comma in the formats 5, 15 and 25."""
    elements = (format_datum(d, output_format, last=i == len(data) - 1) for i, d in enumerate(data))
    return (",".join(elements) + ("," if output_format in {5, 15, 25} else "\r\n")).encode("ascii")
