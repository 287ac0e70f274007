"""Parameters side by side: what is the same, and what is not."""

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFont
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

_WIDTH, _WIDEST = 210, 1200
"""Width, in pixels, of a column, and of the dialog at most."""
_NONE = "\N{EN DASH}"
Named = tuple[str, Mapping[str, str]]
"""A heading, and parameters in words by dotted name."""


class CompareDialog(QDialog):
    """Shows several sets of parameters; where they differ a sign and bold type say so."""

    def __init__(self, sets: Sequence[Named], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Parameters compared")
        self.sets = list(sets)
        self.resize(min(_WIDTH * (1 + len(self.sets)), _WIDEST), 480)
        self.only_different = QCheckBox("only what &differs")
        self.only_different.setChecked(True)
        self.only_different.toggled.connect(lambda _: self._show())
        self.words = QLabel()
        self.words.setProperty("role", "hint")
        self.table = QTableWidget(0, 1 + len(self.sets))
        self.table.setHorizontalHeaderLabels(["parameter", *(name for name, _ in self.sets)])
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header, side = self.table.horizontalHeader(), self.table.verticalHeader()
        if header is not None and side is not None:
            header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
            side.setVisible(False)
        layout = QVBoxLayout(self)
        for widget in (self.only_different, self.table, self.words):
            layout.addWidget(widget)
        self._show()

    def _show(self) -> None:
        names = list(dict.fromkeys(name for _, values in self.sets for name in values))
        different = [name for name in names if len({values.get(name) for _, values in self.sets}) > 1]
        shown = different if self.only_different.isChecked() else names
        self.table.setRowCount(len(shown))
        for row, name in enumerate(shown):
            differs = name in different
            sign = "\N{NOT EQUAL TO} " if differs else ""
            texts = [sign + name, *(v.get(name, _NONE) for _, v in self.sets)]
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text or _NONE)
                font = QFont(item.font())
                font.setBold(differs)
                item.setFont(font)
                self.table.setItem(row, column, item)
        self.words.setText(f"{len(different)} of {len(names)} parameters differ")
