"""Binary blocks of ``printbuffer``: ``#0``, raw IEEE-754 numbers, LF.

Source: Series 2600B Reference Manual 2600BS-901-01, ``format.data``, ``format.byteorder``, ``printbuffer``; buffer
status bits: ``bufferVar.statuses``.
"""

from typing import Literal, NamedTuple

import numpy as np

from labctl.capabilities import Floats, SmuReadings
from labctl.errors import FrameError

COLUMNS = 4
"""Numbers of each reading: time stamp, voltage, current, status."""
HEADER, END = b"#0", b"\n"
OVERFLOW = 9.9e37
"""A reading that overflowed its range is 9.91e37."""
IN_COMPLIANCE = 0x40

DataFormat = Literal["real32", "real64"]
ByteOrder = Literal["little", "big"]


class BlockFormat(NamedTuple):
    """How the instrument sends numbers.

    Attributes:
        data: ``"real64"``, or ``"real32"`` for half the bytes; time stamps then keep seven digits only.
        byte_order: Of each number.
    """

    data: DataFormat = "real64"
    byte_order: ByteOrder = "little"

    @property
    def data_code(self) -> int:
        """The value of ``format.data``."""
        return 3 if self.data == "real64" else 2

    @property
    def byte_order_code(self) -> int:
        """The value of ``format.byteorder``."""
        return 1 if self.byte_order == "little" else 0

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """One number."""
        return np.dtype(("<" if self.byte_order == "little" else ">") + ("f8" if self.data == "real64" else "f4"))

    def size(self, rows: int) -> int:
        """Return the bytes of a block of ``rows`` readings, header and end included; a block of none is not sent."""
        return len(HEADER) + rows * COLUMNS * self.dtype.itemsize + len(END) if rows else 0


def parse_block(block: bytes, rows: int, form: BlockFormat) -> Floats:
    """Return the (rows, 4) numbers of a block.

    Raises:
        FrameError: It does not begin, end or measure as a block of ``rows`` readings.
    """
    if not rows and not block:
        return np.empty((0, COLUMNS))
    if len(block) != form.size(rows) or not block.startswith(HEADER) or not block.endswith(END):
        raise FrameError(f"{len(block)} bytes beginning with {block[:4]!r} are no block of {rows} readings")
    numbers = np.frombuffer(block, form.dtype, rows * COLUMNS, len(HEADER))
    return numbers.astype(np.float64).reshape(rows, COLUMNS)


def to_readings(rows: Floats) -> SmuReadings:
    """Return the readings of (n, 4) ``rows``; one that overflowed its range is infinite."""
    values = np.where(np.abs(rows) >= OVERFLOW, np.copysign(np.inf, rows), rows)
    times = rows[:, 0] - rows[:1, 0]
    statuses = rows[:, 3].astype(np.int64)
    return SmuReadings(times, values[:, 1], values[:, 2], (statuses & IN_COMPLIANCE) != 0)
