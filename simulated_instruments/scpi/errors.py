"""SCPI errors: their numbers, their texts, the queue that holds them and the event bit that each sets."""

from collections import deque

STANDARD_TEXTS = {
    -100: "Command error",
    -101: "Invalid character",
    -102: "Syntax error",
    -103: "Invalid separator",
    -104: "Data type error",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -113: "Undefined header",
    -114: "Header suffix out of range",
    -121: "Invalid character in number",
    -123: "Exponent too large",
    -131: "Invalid suffix",
    -138: "Suffix not allowed",
    -151: "Invalid string data",
    -161: "Invalid block data",
    -211: "Trigger ignored",
    -221: "Settings conflict",
    -222: "Data out of range",
    -223: "Too much data",
    -224: "Illegal parameter value",
    -230: "Data corrupt or stale",
    -241: "Hardware missing",
    -256: "File name not found",
    -310: "System error",
    -350: "Queue overflow",
    -363: "Input buffer overrun",
    -410: "Query INTERRUPTED",
    -420: "Query UNTERMINATED",
}
"""Source: SCPI-99 volume 2, chapter 21.8, the codes that a twin here can raise."""

CLIPPED_HIGH = "Data out of range; value clipped to upper limit"
CLIPPED_LOW = "Data out of range; value clipped to lower limit"


class ScpiError(Exception):
    """An error as the instrument queues it.

    Args:
        code: The instrument's number; negative ones are SCPI's.
        text: The text where it is not the standard one of the code.
    """

    def __init__(self, code: int, text: str | None = None) -> None:
        self.code = code
        self.text = STANDARD_TEXTS[code] if text is None else text
        super().__init__(f'{code:+d},"{self.text}"')

    @property
    def event_bit(self) -> int:
        """The weight that the error sets in the standard event register.

        Source: IEEE 488.2 section 11.5.1, SCPI-99 volume 2 section 21.8.
        """
        if -200 < self.code <= -100:
            return 32
        if -300 < self.code <= -200:
            return 16
        if -500 < self.code <= -400:
            return 4
        return 8


class ErrorQueue:
    """First in, first out; when it is full its last entry becomes -350 and what comes later is lost."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._entries: deque[ScpiError] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def push(self, error: ScpiError) -> None:
        """Queue an error."""
        if len(self._entries) < self._depth:
            self._entries.append(error)
        else:
            self._entries[-1] = ScpiError(-350)

    def pop(self) -> str:
        """Take the oldest entry off, as the instrument writes it; ``+0,"No error"`` when there is none."""
        return str(self._entries.popleft()) if self._entries else '+0,"No error"'

    def clear(self) -> None:
        """Forget every entry."""
        self._entries.clear()
