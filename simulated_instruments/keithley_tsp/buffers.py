"""Reading buffers: what a channel measured, with the columns that ``printbuffer`` reads.

Source: Series 2600B Reference Manual, command reference: ``bufferVar.*``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from simulated_instruments.keithley_tsp.errors import BUFFER_NOT_EMPTY, InstrumentError
from simulated_instruments.keithley_tsp.models import OVERFLOW
from simulated_instruments.keithley_tsp.nodes import Node, Value, integer_in, number_in, number_of

PLAIN_CAPACITY = 110_000
"""Readings that a dedicated buffer holds without timestamps and source values."""
FULL_CAPACITY = 60_000
"""The same with both collected: *unconfirmed*."""

FILL_ONCE = 0  # unconfirmed
FILL_WINDOW = 1  # unconfirmed

OVER_TEMPERATURE, MEASURE_AUTORANGE, SOURCE_AUTORANGE, FOUR_WIRE = 0x02, 0x04, 0x08, 0x10
RELATIVE, COMPLIANCE, FILTERED = 0x20, 0x40, 0x80


@dataclass(frozen=True, slots=True)
class Reading:
    """One row: volts, amps, ohms or watts, and what the channel did when it was taken (times in s of the bench)."""

    value: float
    time: float
    status: int
    function: int
    range: float
    source_value: float
    source_function: int
    source_range: float
    output: int


_COLUMNS: dict[str, Callable[[Reading], Value]] = {
    "readings": attrgetter("value"),
    "statuses": attrgetter("status"),
    "measurefunctions": attrgetter("function"),
    "measureranges": attrgetter("range"),
    "sourcefunctions": attrgetter("source_function"),
    "sourceranges": attrgetter("source_range"),
    "sourceoutputstates": attrgetter("output"),
}
_UNITS = ("A", "V", "Ohm", "W")


class Column(Node):
    """One table of a buffer, counted from 1."""

    lua_type = "synchronous_table"

    def __init__(self, buffer: "ReadingBuffer", read: Callable[[Reading], Value], touch: Callable[[], None]) -> None:
        super().__init__()
        self.buffer = buffer
        self._read = read
        self._touch = touch
        self.members["getreading"] = lambda number: self.index(int(number_of(number)))  # name from a public client

    def index(self, number: int) -> Value:
        """Return entry ``number``; ``nil`` in Lua beyond the last."""
        self._touch()
        rows = self.buffer.rows
        return self._read(rows[number - 1]) if 1 <= number <= len(rows) else None

    def values(self, first: int, last: int) -> list[Value]:
        """Return entries ``first`` to ``last``; beyond the data stands the overflow number."""
        rows = self.buffer.rows
        return [self._read(rows[i - 1]) if 1 <= i <= len(rows) else OVERFLOW for i in range(first, last + 1)]


class ReadingBuffer(Node):
    """A buffer; ``capacity`` is given for one made by a script, and ``touch`` is told when a host looks at it."""

    lua_type = "reading_buffer"

    def __init__(
        self,
        capacity: int | None,
        touch: Callable[[], None],
        forgotten: Callable[["ReadingBuffer"], None] = lambda _: None,
    ) -> None:
        super().__init__()
        self._size = capacity
        self._forgotten = forgotten
        self.rows: list[Reading] = []
        self.appendmode = 0
        self.collecttimestamps = 0
        self.collectsourcevalues = 0
        self.timestampresolution = 1e-6
        self.fillmode = FILL_ONCE
        self.fillcount = 0
        flag, empty = integer_in(0, 1), self._while_empty
        self.setting("appendmode", self, flag)
        for name in ("collecttimestamps", "collectsourcevalues", "fillmode"):
            self.setting(name, self, empty(flag))
        self.setting("fillcount", self, empty(integer_in(0, 1_000_000)))
        self.setting("timestampresolution", self, empty(_resolution))
        self.attribute("n", self._count(touch))
        self.attribute("next", lambda: len(self.rows) % self.capacity + 1)
        self.attribute("capacity", lambda: self.capacity)
        self.attribute("basetimestamp", lambda: self.rows[0].time if self.rows else 0.0)
        self.columns = {name: Column(self, read, touch) for name, read in _COLUMNS.items()}
        # Columns that are not collected read as the overflow number: *assumed*.
        self.columns["sourcevalues"] = Column(self, self._source_value, touch)
        self.columns["timestamps"] = Column(self, self._timestamp, touch)
        self.columns["formattedreadings"] = Column(self, lambda row: f"{row.value:.6g} {_UNITS[row.function]}", touch)
        self.members.update(self.columns)
        self.members["clear"] = self.clear
        self.members["clearcache"] = lambda: None

    def index(self, number: int) -> Value:
        """Return reading ``number``, as ``readings`` does."""
        return self.columns["readings"].index(number)

    @property
    def capacity(self) -> int:
        """How many readings fit."""
        if self._size is not None:
            return self._size
        return FULL_CAPACITY if self.collecttimestamps or self.collectsourcevalues else PLAIN_CAPACITY

    def clear(self) -> None:
        """Empty the buffer."""
        self.rows = []

    def begin(self) -> None:
        """Get ready for a measurement: what an earlier one left goes, unless readings are appended."""
        if not self.appendmode:
            self.rows = []

    def append(self, reading: Reading) -> None:
        """Store a reading; a full buffer drops it, or its oldest one in window mode."""
        if len(self.rows) >= self.capacity:
            if self.fillmode != FILL_WINDOW:
                return
            del self.rows[0]
        self.rows.append(reading)

    def forgotten(self) -> None:
        """Give the room back."""
        self._forgotten(self)

    def _source_value(self, row: Reading) -> float:
        return row.source_value if self.collectsourcevalues else OVERFLOW

    def _timestamp(self, row: Reading) -> float:
        if not self.collecttimestamps:
            return OVERFLOW
        return round((row.time - self.rows[0].time) / self.timestampresolution) * self.timestampresolution

    def _count(self, touch: Callable[[], None]) -> Callable[[], int]:
        def count() -> int:
            filled = len(self.rows)
            touch()
            return filled

        return count

    def _while_empty(self, check: Callable[[Value], Value]) -> Callable[[Value], Value]:
        def checked(value: Value) -> Value:
            if self.rows:
                raise InstrumentError(BUFFER_NOT_EMPTY)
            return check(value)

        return checked


def _resolution(value: Value) -> float:
    """Round up to a power of two of microseconds: 0.001 s becomes 0.001024 s."""
    seconds = number_in(1e-6, 1e3)(value)
    return 1e-6 * float(2 ** math.ceil(math.log2(seconds / 1e-6) - 1e-9))
