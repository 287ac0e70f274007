"""The instrument's errors: numbers, texts, and the queue that a host reads."""

from collections import deque
from dataclasses import dataclass

RECOVERABLE = 20

SYNTAX = -285
RUNTIME = -286
# Numbers and texts from here on are *unconfirmed* where the comment says so: the manual's list was not at hand.
DATA_TYPE = (-104, "Data type error")  # unconfirmed
WRONG_ARGUMENTS = (-109, "Missing parameter")  # unconfirmed
OUT_OF_MEMORY = (-225, "Out of memory or TSP memory allocation error")  # unconfirmed
SYSTEM_ERROR = (-310, "System error")  # unconfirmed
QUEUE_OVERFLOW = (-350, "Queue overflow")  # unconfirmed
INPUT_OVERRUN = (-363, "Input buffer overrun")  # unconfirmed
QUERY_DEADLOCKED = (-430, "Query DEADLOCKED")  # unconfirmed
COMMAND_ERROR = (-100, "Command error")  # unconfirmed
INTERLOCK = (802, "OUTPUT blocked by interlock")  # unconfirmed
TOO_BIG = (1101, "Parameter too big")  # unconfirmed
TOO_SMALL = (1102, "Parameter too small")
VALUE_ABOVE_RANGE = (5005, "Value too big for range")  # unconfirmed
UNSAFE = (5007, "Operation would exceed safe operating area of the instrument")  # unconfirmed
NEEDS_FIXED_RANGE = (5028, "Cannot perform requested operation while source autorange is enabled")
BUFFER_NOT_EMPTY = (5042, "Cannot change this setting unless buffer is cleared")  # unconfirmed
BUSY = (5047, "Invalid while overlapped measure")  # unconfirmed
TOO_LONG = (RUNTIME, "TSP Runtime error at line 1: the script took too long")
"""A limit of the twin: the instrument itself would never end."""

QUEUE_LENGTH = 100
"""Entries that the queue holds: *assumed*."""
MESSAGE_LENGTH = 255
"""Characters of an entry's text: *assumed*."""


class InstrumentError(Exception):
    """The instrument queues ``error`` and the script goes on."""

    def __init__(self, error: tuple[int, str], prefix: str = "") -> None:
        super().__init__(prefix + error[1])
        self.code = error[0]


class ScriptError(Exception):
    """A run-time error (-286): the script ends here."""


class Stopped(Exception):  # noqa: N818 - it is not an error: a device clear or a limit ended the script
    """A device clear, or a limit of the twin, ended the script."""


@dataclass(frozen=True)
class Entry:
    """One entry of the error queue."""

    code: int
    message: str
    severity: int = RECOVERABLE


class ErrorQueue:
    """First in, first out; when it is full, the newest entry becomes "Queue overflow"."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def push(self, code: int, message: str) -> None:
        """Queue an error."""
        if len(self._entries) < QUEUE_LENGTH:
            self._entries.append(Entry(code, message[:MESSAGE_LENGTH]))
        else:
            self._entries[-1] = Entry(*QUEUE_OVERFLOW)

    def next(self) -> Entry:
        """Take the oldest entry; number 0 when there is none."""
        return self._entries.popleft() if self._entries else Entry(0, "Queue Is Empty", 0)

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
