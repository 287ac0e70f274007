"""A line of text that is shortened to the room that there is, whole in its tool tip."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QLabel, QSizePolicy, QWidget


class ElidedLabel(QLabel):
    """A label that never asks for more width than it gets."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setText(text or " ")

    def setText(self, text: str | None) -> None:  # noqa: N802
        """Show ``text`` and have it whole in the tool tip; a blank keeps the line's height."""
        super().setText(text or " ")
        self.setToolTip((text or "").strip())

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draw as much as there is room for."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.contentsRect(), int(self.alignment()), shown)
        painter.end()
