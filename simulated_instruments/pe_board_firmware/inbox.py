"""What has arrived and was not handled yet. Source: docs/pe-board-wire.md, section 4, while an operation executes."""

from collections import deque
from collections.abc import Iterator

from simulated_instruments.pe_board_firmware.codes import Opcode
from simulated_instruments.pe_board_firmware.framing import Request, Splitter, judge

#: Bytes; two of the longest frames.
WAITING_ROOM = 32_926


class Inbox:
    """Requests in their order of arrival; the stream is cut up no earlier than it is asked for."""

    def __init__(self) -> None:
        self._splitter = Splitter()
        self._stream: Iterator[bytes] = iter(())
        self._waiting: deque[Request] = deque()
        self._waiting_bytes = 0
        self.overflows = 0

    def put(self, data: bytes) -> None:
        """Take bytes that arrive while nothing runs; all that came before must have been handled."""
        self._stream = self._splitter.pieces(data)

    def next(self) -> Request | None:
        """Return the next piece as it was judged, or None."""
        if self._waiting:
            request = self._waiting.popleft()
            self._waiting_bytes -= request.size
            return request
        piece = next(self._stream, None)
        return None if piece is None else judge(piece)

    def put_while_running(self, data: bytes) -> list[Request] | None:
        """Take bytes that arrive while an operation runs.

        The rest of the stream has arrived, too. At the first MAKE_SAFE what waits is dropped, and all that comes
        behind it waits.

        Returns:
            None without a MAKE_SAFE, else what was dropped; the MAKE_SAFE is then the next request.
        """
        dropped: list[Request] | None = None
        for stream in (self._stream, self._splitter.pieces(data)):
            for piece in stream:
                request = judge(piece)
                if dropped is None and request.fault is None and request.opcode == Opcode.MAKE_SAFE:
                    dropped = list(self._waiting)
                    self._waiting.clear()
                    self._waiting_bytes = 0
                self._wait(request)
        return dropped

    def clear(self) -> None:
        """Forget everything that has not been handled."""
        self._splitter.clear()
        self._stream = iter(())
        self._waiting.clear()
        self._waiting_bytes = 0

    def _wait(self, request: Request) -> None:
        if self._waiting_bytes + request.size > WAITING_ROOM:
            self.overflows += 1
            return
        self._waiting.append(request)
        self._waiting_bytes += request.size
