"""The B1500A's error queue and status byte.

Source: the FLEX sheet, status and errors. Confirmed on an instrument or in a driver: 100 and 122. Every other number
and its text here is *unconfirmed*: general knowledge of this command family.
"""

from collections import deque
from enum import IntEnum


class FlexErrorCode(IntEnum):
    """The error numbers that this simulated instrument reports."""

    UNDEFINED_COMMAND = 100
    NUMERIC_SYNTAX = 102  # unconfirmed
    PARAMETER_VALUE = 120  # unconfirmed
    CHANNEL_NUMBER = 121  # unconfirmed
    CHANNEL_COUNT = 122
    COMPLIANCE_VALUE = 123  # unconfirmed
    RANGE_VALUE = 124  # unconfirmed
    POLARITY = 130  # unconfirmed
    INPUT_BUFFER_FULL = 150  # unconfirmed
    CHANNEL_REFUSES_COMMAND = 151  # unconfirmed
    SWITCH_OFF = 200  # unconfirmed
    COMPLIANCE_MISSING = 201  # unconfirmed
    INTERLOCK_OPEN = 202  # unconfirmed
    RZ_WITHOUT_DZ = 205  # unconfirmed
    NO_SWEEP_SOURCE = 220  # unconfirmed
    NO_PRIMARY_SOURCE = 222  # unconfirmed


TEXTS: dict[int, str] = {
    FlexErrorCode.UNDEFINED_COMMAND: "Undefined GPIB command",
    FlexErrorCode.NUMERIC_SYNTAX: "Incorrect numeric data syntax",
    FlexErrorCode.PARAMETER_VALUE: "Incorrect parameter value",
    FlexErrorCode.CHANNEL_NUMBER: "Channel number must be 1 to 10",
    FlexErrorCode.CHANNEL_COUNT: "Number of channels must be corrected",
    FlexErrorCode.COMPLIANCE_VALUE: "Compliance must be set correctly",
    FlexErrorCode.RANGE_VALUE: "Incorrect range value for this channel",
    FlexErrorCode.POLARITY: "Start and stop must be same polarity",
    FlexErrorCode.INPUT_BUFFER_FULL: "Command input buffer is full",
    FlexErrorCode.CHANNEL_REFUSES_COMMAND: "This channel does not allow this command",
    FlexErrorCode.SWITCH_OFF: "Channel output switch must be ON",
    FlexErrorCode.COMPLIANCE_MISSING: "Compliance must be set",
    FlexErrorCode.INTERLOCK_OPEN: "Interlock circuit must be closed",
    FlexErrorCode.RZ_WITHOUT_DZ: "DZ must be sent before RZ",
    FlexErrorCode.NO_SWEEP_SOURCE: "Send WV or WI to set primary sweep source",
    FlexErrorCode.NO_PRIMARY_SOURCE: "Send WV or WI before sending WSV or WSI",
}

QUEUE_LENGTH = 4  # ``ERR?`` answers four codes; that ``ERRX?`` shares this length is unconfirmed


class FlexError(Exception):
    """A command was refused; its number goes into the error queue and the command changes nothing more."""

    def __init__(self, code: FlexErrorCode) -> None:
        super().__init__(f"{int(code)}, {TEXTS[code]}")
        self.code = code


class ErrorQueue:
    """First in, first out; what does not fit is lost. ``pending`` is bit 5 of the status byte."""

    def __init__(self) -> None:
        self._codes: deque[int] = deque()
        self.pending = False

    def push(self, code: FlexErrorCode) -> None:
        """Record ``code`` unless the queue is full."""
        self.pending = True
        if len(self._codes) < QUEUE_LENGTH:
            self._codes.append(int(code))

    def waiting(self) -> bool:
        """Return whether there is a code to read."""
        return bool(self._codes)

    def pop(self) -> int:
        """Return and remove the oldest code, 0 when there is none."""
        self.pending = False
        return self._codes.popleft() if self._codes else 0

    def pop_all(self) -> list[int]:
        """Return ``QUEUE_LENGTH`` codes, padded with 0, and empty the queue."""
        codes = [*self._codes, *[0] * (QUEUE_LENGTH - len(self._codes))]
        self._codes.clear()
        self.pending = False
        return codes
