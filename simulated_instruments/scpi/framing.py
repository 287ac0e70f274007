"""From a stream of bytes, cut anywhere, to whole program messages, and from a message to its parts."""

import re

from simulated_instruments.scpi.errors import ScpiError

_STOPS = re.compile(rb"[\n\"'#]")
_BLOCK_STARTS = b" \t,"
_NEWLINE = 0x0A
_HASH = 0x23
_QUOTES = b"\"'"


class Framer:
    """Collects input until a message is whole.

    A message ends with a newline outside a block, or where the transport marks its end. A newline ends it inside a
    quoted string too: an unpaired quote spoils one message, not the rest of the session. An indefinite block (``#0``)
    ends only at the transport's mark, as IEEE 488.2 section 7.7.6 has it, since it may hold newlines.

    Args:
        limit: Bytes that a message may have; a longer one is dropped while it comes in, and reported.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.clear()

    def clear(self) -> None:
        """Drop what was received of an unfinished message."""
        self._buffer = bytearray()
        self._start_over()

    def _start_over(self) -> None:
        self._seen = 0
        self._quote = 0
        self._skip = 0
        self._overrun = False
        self._indefinite = False

    def feed(self, data: bytes, *, end: bool) -> list[bytes | ScpiError]:
        """Return the messages, without terminators, that ``data`` completes; an error for each that was dropped."""
        self._buffer += data
        messages: list[bytes | ScpiError] = []
        while (stop := self._find_end()) is not None:
            messages.append(self._take(stop))
        if end and (self._buffer or self._overrun):
            stop = len(self._buffer)
            if self._buffer.endswith(b"\n"):
                stop -= 1
            messages.append(self._take(stop))
        return messages

    def _take(self, stop: int) -> bytes | ScpiError:
        message = bytes(memoryview(self._buffer)[:stop])
        overrun = self._overrun
        del self._buffer[: stop + 1]
        self._start_over()
        return ScpiError(-363) if overrun else message

    def _find_end(self) -> int | None:
        """Scan what is new; return the index of the newline that ends the message, or ``None``."""
        while self._enter_block():
            stop = _STOPS.search(self._buffer, self._seen)
            if stop is None:
                self._seen = len(self._buffer)
                break
            if not self._step(stop.start()):
                return None if self._seen <= stop.start() else stop.start()
        self._starve()
        return None

    def _enter_block(self) -> bool:
        """Pass over the block that the scan stands at, if any; return whether all of it is there."""
        if self._indefinite:
            self._seen = len(self._buffer)
            return False
        if self._skip > len(self._buffer) - self._seen:
            return False
        self._seen += self._skip
        self._skip = 0
        return True

    def _step(self, at: int) -> bool:
        """Deal with the byte at ``at``; return whether scanning goes on."""
        byte = self._buffer[at]
        if byte == _NEWLINE:
            self._seen = at + 1
            return False
        self._seen = at + 1
        if byte in _QUOTES:
            if self._quote in (0, byte):
                self._quote = 0 if self._quote else byte
            return True
        if self._quote or at == 0 or self._buffer[at - 1] not in _BLOCK_STARTS:
            return True
        size = block_size(self._buffer, at)
        if size is None:
            self._seen = at
            return False
        if size < 0:
            self._indefinite = True
        elif size > 0:
            self._seen = at
            self._skip = size
        return True

    def _starve(self) -> None:
        """More input is needed: drop what is too long to keep."""
        if self._overrun or max(len(self._buffer), self._seen + self._skip) > self._limit:
            self._overrun = True
            self._skip -= min(self._skip, len(self._buffer) - self._seen)
            self._buffer.clear()
            self._seen = 0


def block_size(data: bytes | bytearray, at: int) -> int | None:
    """Return how many bytes the block that starts with the ``#`` at ``at`` has, its header included.

    Returns:
        0 where no block starts there, -1 for an indefinite block, ``None`` where the header is not whole yet.
    """
    if at + 1 >= len(data):
        return None
    digits = data[at + 1] - 0x30
    if digits == 0:
        return -1
    if not 1 <= digits <= 9:
        return 0
    count = bytes(data[at + 2 : at + 2 + digits])
    if len(count) < digits and (count.isdigit() or not count):
        return None
    return 2 + digits + int(count) if len(count) == digits and count.isdigit() else 0


def split(text: bytes, separator: bytes) -> list[bytes]:
    """Cut at each separator that stands neither in a quoted string nor in a block.

    Raises:
        ScpiError: -151 for a string that does not end, -161 for a block that does not.
    """
    if b"#" not in text and b'"' not in text and b"'" not in text:
        return text.split(separator)
    stops = re.compile(b"[" + re.escape(separator) + b"\"'#]")
    parts: list[bytes] = []
    start = at = 0
    while (stop := stops.search(text, at)) is not None:
        at = stop.end()
        byte = text[at - 1]
        if byte in _QUOTES:
            at = text.find(byte, at) + 1
            if not at:
                raise ScpiError(-151)
        elif byte == _HASH:
            at = _behind_block(text, at - 1)
        else:
            parts.append(text[start : at - 1])
            start = at
    return [*parts, text[start:]]


def _behind_block(text: bytes, at: int) -> int:
    if at > 0 and text[at - 1] not in _BLOCK_STARTS:
        return at + 1
    size = block_size(text, at)
    if size is None or (size > 0 and at + size > len(text)):
        raise ScpiError(-161)
    if size < 0:
        return len(text)
    return at + (size or 1)
