"""How noisy the line is, and how long batches may therefore be.

Source: docs/pe-board-wire.md, section 4 (What the host does).
"""

from collections.abc import Callable

from drivers.pe_board_wire.session import GaveUpError, Session

LOOK = 8
"""Tries between two looks at how many failed (assumed)."""


class Batches:
    """Splits long lists into requests, half as long each time that more than one try in four has failed.

    Args:
        session: The session whose tries are counted.
    """

    def __init__(self, session: Session) -> None:
        self._line = session.line
        self._seen = (0, 0)
        self.halvings = 0

    def size(self, start: int, least: int) -> int:
        """Return how many entries go into the next request, from ``start`` on a quiet line down to ``least``."""
        tries, failures = self._line.tries - self._seen[0], self._line.failures - self._seen[1]
        if tries >= LOOK:
            self._seen = (self._line.tries, self._line.failures)
            if 4 * failures > tries:
                self.halve()
        return max(min(least, start), start >> self.halvings)

    def halve(self) -> None:
        """Make later requests half as long."""
        self.halvings += 1
        self._line.counters["batch_halvings"] += 1

    def run(self, count: int, start: int, least: int, send: Callable[[slice], None], *, idempotent: bool) -> None:
        """Call ``send`` for one piece after another of ``count`` entries.

        A piece that was lost for good is sent in shorter ones where that cannot drive anything twice: where the
        board says that it was not executed, or where the operation is ``idempotent``.
        """
        done = 0
        while done < count:
            size = min(count - done, self.size(start, least))
            try:
                send(slice(done, done + size))
            except GaveUpError as error:
                if size <= least or not (idempotent or error.executed is False):
                    raise
                self.halve()
            else:
                done += size
