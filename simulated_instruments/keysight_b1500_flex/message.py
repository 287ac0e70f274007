"""From bytes to FLEX commands: terminators, ``;``, optional blanks, numbers."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from simulated_instruments.keysight_b1500_flex.errors import FlexError, FlexErrorCode

MAX_MESSAGE_BYTES = 4096  # assumed: the size of the command input buffer is not in the sheet
_COMMAND = re.compile(r"\s*(\*?[A-Za-z]+\??)\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d+)?")


@dataclass(frozen=True)
class Command:
    """One FLEX command: its name in capitals, and its parameters; an empty parameter is ``None``."""

    name: str
    values: tuple[float | None, ...]

    def count(self, low: int, high: int) -> None:
        """Refuse a number of parameters outside ``low`` to ``high``."""
        if not low <= len(self.values) <= high:
            raise FlexError(FlexErrorCode.PARAMETER_VALUE)

    def number(
        self, index: int, default: float | None = None, *, low: float = -math.inf, high: float = math.inf
    ) -> float:
        """Return parameter ``index``, ``default`` where it is left out; refuse what is not in ``low`` to ``high``."""
        value = self.values[index] if index < len(self.values) else None
        value = default if value is None else value
        if value is None or not low <= value <= high:
            raise FlexError(FlexErrorCode.PARAMETER_VALUE)
        return value

    def integer(self, index: int, default: int | None = None, *, low: int, high: int) -> int:
        """Return parameter ``index`` as an integer in ``low`` to ``high``."""
        value = self.number(index, default, low=low, high=high)
        if value != int(value):
            raise FlexError(FlexErrorCode.PARAMETER_VALUE)
        return int(value)

    def given(self, index: int) -> bool:
        """Return whether parameter ``index`` was sent."""
        return index < len(self.values) and self.values[index] is not None


def parse_command(text: str) -> Command:
    """Return the command in ``text``.

    Raises:
        FlexError: 100 where there is no command name, 102 where a parameter is not a number.
    """
    match = _COMMAND.fullmatch(text)
    if match is None:
        raise FlexError(FlexErrorCode.UNDEFINED_COMMAND)
    name, rest = match.group(1).upper(), match.group(2).strip()
    return Command(name, tuple(_parameter(part.strip()) for part in rest.split(",")) if rest else ())


def _parameter(text: str) -> float | None:
    if not text:
        return None
    if _NUMBER.fullmatch(text) is None or not math.isfinite(value := float(text)):
        raise FlexError(FlexErrorCode.NUMERIC_SYNTAX)
    return value


class InputBuffer:
    """Collects bytes into messages of at most ``MAX_MESSAGE_BYTES``; a longer one is dropped whole."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._overflow = False

    def clear(self) -> None:
        """Forget a message that is not complete."""
        self._bytes.clear()
        self._overflow = False

    def feed(self, data: bytes, *, end: bool) -> Iterator[str | None]:
        """Yield each complete message as text, ``None`` for one that was too long."""
        lines = data.split(b"\n")
        for line in lines[:-1]:
            self._append(line)
            yield from self._take()
        self._append(lines[-1])
        if end:
            yield from self._take()

    def _append(self, part: bytes) -> None:
        if len(self._bytes) + len(part) > MAX_MESSAGE_BYTES:
            self._overflow = True
            self._bytes.clear()
        elif not self._overflow:
            self._bytes += part

    def _take(self) -> Iterator[str | None]:
        text = None if self._overflow else self._bytes.decode("latin-1").strip("\r\n\x00 \t")
        self.clear()
        if text != "":
            yield text
