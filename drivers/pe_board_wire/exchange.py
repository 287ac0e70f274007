"""One request and its answer: the same bytes are sent until the answer that belongs to them comes.

Source: docs/pe-board-wire.md, sections 3 and 4.
"""

import contextlib
import math
import time
from collections import Counter

from drivers.pe_board_wire.codes import Status
from drivers.pe_board_wire.frames import DELIMITER, NAK_OPCODE, VERSION, Frame, FrameType, decode
from drivers.pe_board_wire.hello import POWER_UP_BAUD
from labctl.errors import FrameError, LinkTimeoutError
from labctl.links import Link

QUIET = 0.020
"""After a NAK no frame may come for this long (s) before the request is sent again."""
SLICE = 0.050
"""Longest single wait, in s; a simulated line lets no more time than this pass at once."""
COUNTERS = (
    "requests", "retries", "timeouts", "naks", "bad_frames", "stale", "probes", "sessions", "rearmed",
    "batch_halvings", "baud_fallbacks",
)  # fmt: skip


class Exchange:
    """Frames out, frames in.

    Args:
        link: The open line.

    Attributes:
        baud: The line's rate now.
        counters: What happened on the line.
        tries: Frames sent.
        failures: Of these, how many were not answered.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self.baud = POWER_UP_BAUD
        self.counters: Counter[str] = Counter(dict.fromkeys(COUNTERS, 0))
        self.tries = self.failures = 0

    def set_rate(self, baud: int) -> None:
        """Change the host's rate."""
        self.link.set_baud_rate(baud)
        self.baud = baud

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` pass on the line and drop what comes."""
        for _ in range(max(1, math.ceil(seconds / SLICE - 1e-9))):
            with contextlib.suppress(LinkTimeoutError):
                while self.link.read_until(DELIMITER, timeout=min(SLICE, seconds)) is not None:
                    self.counters["stale"] += 1

    def send(self, wire: bytes, seq: int, opcode: int, timeout: float, tries: int) -> Frame | None:
        """Send ``wire`` until the answer comes, each time waiting ``timeout`` (s); return ``None`` after all tries."""
        for attempt in range(tries):
            if attempt:
                self.counters["retries"] += 1
            self.tries += 1
            self.link.send(wire)
            answer = self._await(seq, opcode, timeout)
            if answer is not None:
                return answer
            self.failures += 1
        return None

    def _await(self, seq: int, opcode: int, timeout: float) -> Frame | None:
        deadline = time.monotonic() + timeout
        refused = False
        while True:
            try:
                left = QUIET if refused else max(0.0, deadline - time.monotonic())
                piece = self.link.read_until(DELIMITER, timeout=left)
                if not piece:
                    continue
                frame = decode(piece)
            except LinkTimeoutError:
                if not refused:
                    self.counters["timeouts"] += 1
                return None
            except FrameError:
                self.counters["bad_frames"] += 1
                continue
            if frame.version == VERSION and frame.type in {FrameType.RESPONSE, FrameType.ERROR}:
                if frame.seq == seq and frame.opcode == opcode:
                    return frame
                if frame.opcode == NAK_OPCODE and frame.status == Status.BAD_FRAME:
                    self.counters["naks"] += 1
                    refused = True
                    continue
            self.counters["stale"] += 1
