"""Driver of a cell prober: needles that land on one cell of many.

Checked against scripted dialogues and simulation alone; no real prober has spoken to it. The wire language is labctl's
own, small enough to be put in front of a real prober by a script. Source: docs/instruments/cell-prober.md.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from labctl.errors import ConfigError, FrameError, InstrumentError, LimitError
from labctl.instrument import Identity, IdlePolicy, Instrument
from labctl.links import Link
from labctl.settings import Setting, Value

LIFTED = -1
"""The `CellProber.cell` of needles that touch none."""
SLOWEST_MOVE = 30.0
"""Longest wait, in s, for a move (assumed)."""


class CellProber(Instrument):
    """A prober. At rest its needles are lifted: no cell is connected.

    Option of the station file: ``cells``, how many cells the sample has, numbered from 0; the prober must reach them.
    """

    vendor = "labctl"
    models = ("cell prober",)
    idle_policies = frozenset({IdlePolicy.FLOAT})
    options: ClassVar[Mapping[str, type]] = {"cells": int}

    cell = Setting(
        "", "the cell that the needles touch; -1 for none", kind="int", read=lambda prober: prober.ask_cell(),
        write=lambda prober, cell: prober.lift() if cell == LIFTED else prober.move_to(cell),
        limits=lambda prober: (LIFTED, prober.cells - 1),
    )  # fmt: skip

    def __init__(self, link: Link, *, idle: IdlePolicy = IdlePolicy.FLOAT, **keywords: Any) -> None:
        self.cells = 1
        super().__init__(link, idle=idle, **keywords)

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Take ``cells``, at least 1."""
        super().check_options(options)
        if self.cells < 1:
            raise ConfigError(f"{self.role}: cells = {self.cells} is to be at least 1")

    def identify(self) -> Identity:
        """Check that a prober answers and that it reaches every cell of the sample; moves nothing."""
        answer = self.link.query("*IDN?")
        fields = [field.strip() for field in answer.split(",")]
        if len(fields) != 4 or fields[0] != self.vendor or fields[1] not in self.models:
            raise InstrumentError(self.role, "*IDN?", 0, f"{answer!r} is no cell prober")
        reached = self._number("CELLS?")
        if reached < self.cells:
            text = f"it reaches {reached} cells, but the station file has {self.cells}"
            raise InstrumentError(self.role, "CELLS?", 0, text)
        return Identity(*fields)

    def move_to(self, cell: int) -> None:
        """Connect ``cell`` and return when the needles have landed.

        Raises:
            LimitError: There is no such cell; nothing was sent.
            InstrumentError: Refused by the prober; where the needles are is not known.
        """
        if not 0 <= cell < self.cells:
            raise LimitError(f"{self.role}: the cells are 0 to {self.cells - 1}, not {cell}; nothing was sent")
        if (landed := self._number(f"MOVE {cell}")) != cell:
            raise InstrumentError(self.role, f"MOVE {cell}", 0, f"the needles landed on cell {landed}")

    def lift(self) -> None:
        """Lift the needles: no cell is connected."""
        self._ask("LIFT")

    def ask_cell(self) -> int:
        """Return the cell that the needles touch, or `LIFTED`."""
        text = self._ask("CELL?")
        return LIFTED if text == "NONE" else _whole(self.role, "CELL?", text)

    def make_safe(self) -> dict[str, Value]:
        """Lift the needles and read back that they touch nothing."""
        with self.link.lock:
            self.link.forget_cancel()
            self.lift()
            cell = self.ask_cell()
        if cell != LIFTED:
            raise InstrumentError(self.role, "LIFT", 0, f"the needles still touch cell {cell}")
        return {"cell": LIFTED}

    def _number(self, command: str) -> int:
        return _whole(self.role, command, self._ask(command))

    def _ask(self, command: str) -> str:
        """Send a command and return what follows ``OK``."""
        answer = self.link.query(command, timeout=max(SLOWEST_MOVE, self.link.options.timeout))
        first, _, rest = answer.strip().partition(" ")
        if first == "OK":
            return rest
        code, _, words = rest.partition(" ")
        if first == "ERROR" and code.isdigit():
            raise InstrumentError(self.role, command, int(code), words)
        raise FrameError(f"{self.role}: {command!r} was answered by {answer!r}")


def _whole(role: str, command: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise FrameError(f"{role}: {command!r} was answered by {text!r}, which is no number")
    return int(text)
