"""The dialog in which cells are chosen: the map, the list, the rules, and what cannot be chosen."""

from collections.abc import Iterable

import numpy as np
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from labctl.errors import ConfigError
from labctl.gui.cells.map_view import CellMap
from labctl.gui.cells.selection import RULES, CellSelection, Mask
from labctl.gui.roles import set_property, set_role

_HELP = (
    "Click or drag to choose, with Ctrl to drop, with Shift to exclude; click a number for a whole row or column. "
    "Filled: chosen, \N{MULTIPLICATION X}: stuck, /: excluded. Keys: arrows, space, X."
)


class CellDialog(QDialog):
    """Chooses cells of one array; ``selection`` has them at any time.

    Args:
        selection: What is shown at first.
        title: Which array it is.
    """

    def __init__(self, selection: CellSelection, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(920, 430)
        self.selection = selection
        self.map = CellMap(selection)
        self.list = QLineEdit()
        self.list.setPlaceholderText("cells, such as 0-15, 32, 64-127/2")
        self.rule, self.number = QComboBox(), QSpinBox()
        self.rule.addItems(RULES)
        self.number.setRange(1, selection.chosen.size)
        self.number.setValue(2)
        self.apply = QPushButton("Choose by rule")
        self.none = QPushButton("None")
        self.take_in = QPushButton("Exclude none")
        self.count = QLabel()
        self.at = QLabel()
        self.at.setWordWrap(True)
        self.at.setProperty("role", "hint")
        self.at.setFixedHeight(2 * self.at.fontMetrics().lineSpacing())
        ok, cancel = QDialogButtonBox.StandardButton.Ok, QDialogButtonBox.StandardButton.Cancel
        self.buttons = QDialogButtonBox(ok | cancel)
        self._arrange()
        self._connect()
        self._follow()

    def show_stuck(self, stuck: Mask, words: str = "") -> None:
        """Show which cells are stuck; they cannot be chosen."""
        self.selection.stuck = stuck
        if words:
            self.at.setText(words)
        self._follow()

    def exclude(self, cells: Iterable[int]) -> None:
        """Show cells that were excluded before."""
        numbers = np.fromiter(cells, np.int64)
        self.selection.excluded[:] = False
        self.selection.excluded.reshape(-1)[numbers[numbers < self.selection.excluded.size]] = True
        self._follow()

    def excluded(self) -> list[int]:
        """Return the excluded cells by linear index."""
        found: list[int] = np.flatnonzero(self.selection.excluded).tolist()
        return found

    def _connect(self) -> None:
        self.map.changed.connect(self._follow)
        self.map.pointed.connect(self._point)
        self.list.textEdited.connect(self._typed)
        self.apply.clicked.connect(self._apply)
        self.none.clicked.connect(self._choose_none)
        self.take_in.clicked.connect(lambda: self.exclude(()))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _typed(self, text: str) -> None:
        try:
            self.selection.set_text(text)
            set_property(self.list, "wrong", False)
            self._show_count()
            self.map.update()
        except ConfigError as error:
            set_property(self.list, "wrong", True)
            self.count.setText(f"\N{WARNING SIGN} {error}")
            set_role(self.count, "error")

    def _apply(self) -> None:
        try:
            self.selection.apply_rule(self.rule.currentText(), self.number.value())
            self._follow()
        except ConfigError as error:
            self.count.setText(f"\N{WARNING SIGN} {error}")
            set_role(self.count, "error")

    def _choose_none(self) -> None:
        self.selection.chosen[:] = False
        self._follow()

    def _follow(self) -> None:
        """Show on map, list and count what is chosen."""
        self.list.setText(self.selection.text())
        self.list.setCursorPosition(0)
        set_property(self.list, "wrong", False)
        self._show_count()
        self.map.update()

    def _show_count(self) -> None:
        part = self.selection
        lost = int((part.chosen & ~part.usable).sum())
        parts = [f"{len(part.cells()):,} of {part.chosen.size:,} cells chosen", f"{int(part.stuck.sum())} stuck"]
        parts.append(f"{int(part.excluded.sum())} excluded")
        if lost:
            parts.append(f"{lost} that were named cannot be chosen")
        self.count.setText(" \N{MIDDLE DOT} ".join(parts))
        set_role(self.count, "hint")

    def _point(self, cell: tuple[int, int] | None) -> None:
        if cell is None:
            self.at.setText(_HELP)
            return
        part = self.selection
        state = (
            "stuck" if part.stuck[cell] else "excluded" if part.excluded[cell]
            else "chosen" if part.chosen[cell] else "not chosen"
        )  # fmt: skip
        self.at.setText(f"row {cell[0]}, column {cell[1]}, cell {cell[0] * part.columns + cell[1]}: {state}")

    def _arrange(self) -> None:
        rules, words = QHBoxLayout(), QHBoxLayout()
        for widget in (self.rule, QLabel("n"), self.number, self.apply, self.none, self.take_in):
            rules.addWidget(widget)
        rules.addStretch(1)
        rules.addWidget(self.count)
        words.addWidget(self.at, 1)
        words.addWidget(self.buttons)
        layout = QVBoxLayout(self)
        layout.addWidget(self.map, 1)
        layout.addWidget(self.list)
        layout.addLayout(rules)
        layout.addLayout(words)
        self.at.setText(_HELP)
