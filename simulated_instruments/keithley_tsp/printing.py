"""How numbers leave the instrument: text of a set precision, or IEEE-754 blocks.

Source: Series 2600B Reference Manual, command reference: ``format.*``, ``printbuffer``, ``printnumber``.
"""

import struct
from collections.abc import Callable

from simulated_instruments.keithley_tsp.buffers import Column, ReadingBuffer
from simulated_instruments.keithley_tsp.errors import DATA_TYPE, TOO_BIG, InstrumentError
from simulated_instruments.keithley_tsp.nodes import Node, Value, integer_in, number_of

ASCII, REAL32, REAL64 = 1, 2, 3
BIG_ENDIAN, LITTLE_ENDIAN = 0, 1
MOST_VALUES = 1_000_000
"""Values of one ``printbuffer``: a limit of the twin."""
_NAMES = {
    "ASCII": ASCII, "SREAL": REAL32, "REAL32": REAL32, "REAL": REAL64, "REAL64": REAL64, "DREAL": REAL64,
    "NORMAL": BIG_ENDIAN, "NETWORK": BIG_ENDIAN, "BIGENDIAN": BIG_ENDIAN, "SWAPPED": LITTLE_ENDIAN,
    "LITTLEENDIAN": LITTLE_ENDIAN,
}  # fmt: skip


class Format(Node):
    """``format``."""

    def __init__(self) -> None:
        super().__init__()
        self.reset()
        self.members.update(_NAMES)
        self.setting("data", self, integer_in(ASCII, REAL64))
        self.setting("byteorder", self, integer_in(BIG_ENDIAN, LITTLE_ENDIAN))
        self.setting("asciiprecision", self, integer_in(1, 16))

    def reset(self) -> None:
        """Take the default settings."""
        self.data, self.byteorder, self.asciiprecision = ASCII, LITTLE_ENDIAN, 6

    def text(self, value: Value) -> str:
        """Return a value as ``print`` shows it."""
        if isinstance(value, str):
            return value
        return f"{float(value):.{self.asciiprecision - 1}e}"

    def block(self, values: list[Value]) -> str:
        """Return values as ``printbuffer`` sends them; bytes stand as the characters of Latin-1."""
        if self.data == ASCII or any(isinstance(value, str) for value in values):
            return ", ".join(map(self.text, values)) + "\n"
        order, letter = "><"[self.byteorder], "fd"[self.data == REAL64]
        if letter == "f":
            values = [max(min(value, 3.4028234e38), -3.4028234e38) for value in values]
        return "#0" + struct.pack(f"{order}{len(values)}{letter}", *values).decode("latin-1") + "\n"


def print_functions(
    form: Format, emit: Callable[[str], bool], finish: Callable[[], None]
) -> dict[str, Callable[..., Value]]:
    """Return ``printnumber`` and ``printbuffer``; ``finish`` waits for overlapped work."""

    def printnumber(*values: Value) -> None:
        emit(form.block([number_of(value) for value in values]))

    def printbuffer(first: Value, last: Value, *sources: Value) -> None:
        finish()
        begin, end = (integer_in(-MOST_VALUES, MOST_VALUES)(bound) for bound in (first, last))
        if not sources or not all(isinstance(source, Column | ReadingBuffer) for source in sources):
            raise InstrumentError(DATA_TYPE)
        if (end - begin + 1) * len(sources) > MOST_VALUES:
            raise InstrumentError(TOO_BIG)
        columns = [source if isinstance(source, Column) else source.columns["readings"] for source in sources]
        rows = zip(*(column.values(begin, end) for column in columns), strict=True)
        emit(form.block([value for row in rows for value in row]))

    return {"printnumber": printnumber, "printbuffer": printbuffer}
