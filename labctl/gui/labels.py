"""Sample, die, device, operator and note: entries that offer what was used last."""

from collections.abc import Mapping

from PyQt6.QtCore import QPoint, QStringListModel, Qt
from PyQt6.QtGui import QAction, QColor, QIcon, QKeyEvent, QPainter, QPixmap, QPolygon
from PyQt6.QtWidgets import QCompleter, QLineEdit, QWidget
from typing_extensions import override

from labctl.gui.remembered import Remembered

MOST_OFFERED = 20
_GREY = "#808890"
"""Stands out from either theme's ground."""


class LabelEntry(QLineEdit):
    """A line of text; offers earlier ones as it is typed, and all of them at the arrow or the Down key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.offered = QStringListModel(self)
        self._as_typed = self._completer(QCompleter.CompletionMode.PopupCompletion)
        self._all = self._completer(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.setCompleter(self._as_typed)
        self.arrow = QAction(_arrow(), "those used last (Down)", self)
        self.addAction(self.arrow, QLineEdit.ActionPosition.TrailingPosition)
        self.arrow.triggered.connect(self.offer)

    def offer(self) -> None:
        """Open the list of everything that was used before."""
        self._all.setWidget(self)
        self._all.setCompletionPrefix("")
        self._all.complete()

    @property
    def offers(self) -> list[str]:
        """What is offered, the newest first."""
        return self.offered.stringList()

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Down and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.offer()
            return
        super().keyPressEvent(event)

    def _completer(self, mode: QCompleter.CompletionMode) -> QCompleter:
        completer = QCompleter(self.offered, self)
        completer.setCompletionMode(mode)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.activated.connect(self.setText)
        return completer


class Offers:
    """Keeps what was used last, and shows it again on the next day.

    Args:
        entries: By name.
        remembered: Where it is kept.
    """

    def __init__(self, entries: Mapping[str, LabelEntry], remembered: Remembered) -> None:
        self._entries, self._remembered = entries, remembered

    def recall(self) -> None:
        """Show what was used last and offer what was used before; a note is only offered."""
        for name, entry in self._entries.items():
            entry.offered.setStringList(self._remembered.texts(f"used/{name}"))
            if name != "note":
                entry.setText(self._remembered.text(name))
                entry.setCursorPosition(0)

    def keep(self, labels: Mapping[str, str]) -> None:
        """Take what a run is started with."""
        for name, text in labels.items():
            entry = self._entries[name]
            if text:
                entry.offered.setStringList([text, *(other for other in entry.offers if other != text)][:MOST_OFFERED])
            self._remembered.store(**{name: text, f"used/{name}": entry.offers})


def _arrow() -> QIcon:
    """Draw an arrow that points down."""
    pixmap = QPixmap(16, 16)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setBrush(QColor(_GREY))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawPolygon(QPolygon([QPoint(4, 6), QPoint(12, 6), QPoint(8, 11)]))
    painter.end()
    return QIcon(pixmap)
