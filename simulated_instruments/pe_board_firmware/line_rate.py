"""The line's rate: SET_BAUD, and back to the power-up rate when nobody is understood. Source: section 8, SET_BAUD."""

from simulated_instruments.frontend import Clock
from simulated_instruments.pe_board_firmware.capabilities import POWER_UP_BAUD

BITS_PER_BYTE = 10
FALLBACK_TIME = 1.0  # s
#: s from the last stop bit of the answer to the new rate, *assumed*; the host waits 10 ms.
SWITCHING_TIME = 5e-3


class LineRate:
    """The rate now, in baud.

    Args:
        clock: The bench's clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._settled = POWER_UP_BAUD
        self._next: int | None = None
        self._switch_at = 0.0

    @property
    def baud(self) -> int:
        """The rate at this time."""
        self._refresh()
        return self._settled if self._next is None or self._clock.now() < self._switch_at else self._next

    def switch(self, baud: int, *, answer_bytes: int) -> None:
        """Go to ``baud`` when ``answer_bytes`` that leave from now on are out."""
        old = self._settled = self.baud
        self._next = baud
        self._switch_at = self._clock.now() + answer_bytes * BITS_PER_BYTE / old + SWITCHING_TIME

    def confirm(self) -> None:
        """A valid frame came: a new rate that is already in force stays."""
        self._refresh()
        if self._next is not None and self._clock.now() >= self._switch_at:
            self._settled, self._next = self._next, None

    def _refresh(self) -> None:
        if self._next is not None and self._clock.now() >= self._switch_at + FALLBACK_TIME:
            self._settled, self._next = POWER_UP_BAUD, None
