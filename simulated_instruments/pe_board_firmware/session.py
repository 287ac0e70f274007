"""The session, its sequence numbers and its reply cache: at most once. Source: docs/pe-board-wire.md, section 4."""

import struct

from simulated_instruments.pe_board_firmware.codes import RefusalError, Status
from simulated_instruments.pe_board_firmware.framing import Request


class Session:
    """What the board remembers of its host; there is none after power-up."""

    def __init__(self) -> None:
        self._hello: tuple[tuple[int, int, bytes], bytes] | None = None
        self._last = 0
        self._accepted: tuple[int, int] | None = None  # length and CRC of the last accepted request
        self._answer = b""

    def hello_answer(self, request: Request) -> bytes | None:
        """Return the kept answer if this HELLO is the session's own."""
        return self._hello[1] if self._hello is not None and self._hello[0] == _bytes_of(request) else None

    def open(self, request: Request, first_seq: int, answer: bytes) -> None:
        """Begin a new session; the reply cache is empty."""
        self._hello = (_bytes_of(request), answer)
        self._last = (first_seq - 1) & 0xFFFF
        self._accepted, self._answer = None, b""

    def accept(self, request: Request) -> bytes | None:
        """Accept a request and return None, or return the cached answer to its repeat.

        Raises:
            RefusalError: NO_SESSION or SEQUENCE; nothing has changed.
        """
        if self._hello is None:
            raise RefusalError(Status.NO_SESSION)
        mark = (len(request.payload), request.crc)
        expected = (self._last + 1) & 0xFFFF
        if request.seq == expected:
            self._last, self._accepted, self._answer = expected, mark, b""
            return None
        if request.seq == self._last and self._accepted == mark:
            return self._answer
        raise RefusalError(Status.SEQUENCE, struct.pack("<H", expected))

    def keep(self, answer: bytes) -> None:
        """Keep the answer to the request that was accepted last."""
        self._answer = answer


def _bytes_of(request: Request) -> tuple[int, int, bytes]:
    """Return all of a frame that can differ between two valid requests."""
    return request.seq, request.opcode, request.payload
