"""The simulated cell prober: needles that land on one cell of many, behind a line of text.

Its wire language is that of docs/instruments/cell-prober.md, which is labctl's own: no real prober speaks it.
"""

from collections.abc import Callable, Mapping

from simulated_instruments.frontend import Clock
from simulated_instruments.terminals import Terminal

TRAVEL = 0.5
"""Time in s from one cell to another, lifting and landing included; *assumed*."""
LIFT = 0.1
"""Time in s in which the needles leave the cell; *assumed*."""
LONGEST_LINE = 80
UNKNOWN, BAD_NUMBER, NO_SUCH_CELL, TOO_LONG = 1, 2, 3, 4


class SimulatedCellProber:
    """The prober, sans I/O.

    Args:
        clock: The bench's clock; a move takes its time on it.
        seed: Ignored: nothing here is random.
        cells: How many cells it reaches, numbered from 0.
        terminals: ``needles``: the node that the chosen cell is connected to.
    """

    terminal_names: Mapping[str, str] = {"needles": "needles"}

    def __init__(
        self, clock: Clock, *, seed: int = 0, cells: int = 1, terminals: Mapping[str, Terminal] | None = None
    ) -> None:
        if cells < 1:
            raise ValueError(f"cells must be at least 1, got {cells}")
        self.cells = cells
        self.cell: int | None = None
        self._clock = clock
        self._needles = (terminals or {}).get("needles")
        self._buffer = b""
        self._connect(None)

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        """Take bytes and return the answer to each line that they complete."""
        *lines, self._buffer = (self._buffer + data + (b"\n" if end and not data.endswith(b"\n") else b"")).split(b"\n")
        answers = [self._answer(line) for line in lines]
        if len(self._buffer) > LONGEST_LINE:
            self._buffer = self._buffer[: LONGEST_LINE + 1]
        return b"".join(answer.encode("ascii") + b"\n" for answer in answers)

    def clear(self) -> None:
        """Device clear: drop the line that has begun; the needles stay."""
        self._buffer = b""

    def _answer(self, line: bytes) -> str:
        if len(line) > LONGEST_LINE:
            return _error(TOO_LONG, f"a line has {LONGEST_LINE} characters at most")
        words = line.decode("ascii", "replace").split()
        actions: dict[str, Callable[[], str]] = {
            "*IDN?": lambda: "labctl,cell prober,SIM0001,1.0",
            "CELLS?": lambda: f"OK {self.cells}",
            "CELL?": lambda: "OK NONE" if self.cell is None else f"OK {self.cell}",
            "LIFT": self._lift,
        }
        match words:
            case ["MOVE", number]:
                return self._move(number)
            case [name] if name in actions:
                return actions[name]()
        return _error(UNKNOWN, "there are *IDN?, CELLS?, CELL?, MOVE n and LIFT")

    def _move(self, number: str) -> str:
        if not (number.isascii() and number.isdigit() and len(number) <= 9):
            return _error(BAD_NUMBER, "MOVE takes the number of a cell")
        cell = int(number)
        if cell >= self.cells:
            return _error(NO_SUCH_CELL, f"there are the cells 0 to {self.cells - 1}")
        if cell != self.cell:
            self._connect(None)
            self._clock.wait(TRAVEL)
            self._connect(cell)
        return f"OK {cell}"

    def _lift(self) -> str:
        if self.cell is not None:
            self._connect(None)
            self._clock.wait(LIFT)
        return "OK"

    def _connect(self, cell: int | None) -> None:
        self.cell = cell
        if self._needles is not None:
            self._needles.connect(cell)


def _error(code: int, words: str) -> str:
    return f"ERROR {code} {words}"
