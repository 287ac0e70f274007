"""The map of an array to choose cells on: every state has its own colour and its own sign."""

from PyQt6.QtCore import QPoint, QPointF, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from labctl.gui import theme
from labctl.gui.cells.selection import CellSelection

MARGIN = 26
"""Room, in pixels, for the numbers of rows and columns, which can be clicked."""
Cell = tuple[int, int]


class CellMap(QWidget):
    """Rows across, columns up. Click or drag chooses, with Ctrl it drops, with Shift it excludes; arrows and space too.

    Args:
        selection: What is shown and changed.
    """

    changed = pyqtSignal()
    pointed = pyqtSignal(object)
    """The (row, column) under the cursor, or ``None``."""

    def __init__(self, selection: CellSelection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.selection = selection
        self.cursor_cell: Cell = (0, 0)
        self._from: Cell | None = None
        self._to: Cell | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(MARGIN + 3 * selection.rows, MARGIN + 9 * selection.columns))

    def place_of(self, cell: Cell) -> QPoint:
        """Return the middle of a cell, in pixels."""
        box = self._box(cell, cell)
        return box.center()

    def cell_at(self, point: QPointF) -> Cell | None:
        """Return the (row, column) at a point, -1 for the margin of a row or a column; ``None`` outside."""
        width, height = self._step()
        row = int((point.x() - MARGIN) // width) if point.x() >= MARGIN else -1
        column = self.selection.columns - 1 - int(point.y() // height) if point.y() < self.height() - MARGIN else -1
        inside = -1 <= row < self.selection.rows and -1 <= column < self.selection.columns
        return (row, column) if inside and (row, column) != (-1, -1) else None

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Begin a box, or take a whole row or column where its number is clicked."""
        cell = self.cell_at(event.position()) if event is not None else None
        if cell is None:
            return
        if cell[1] == -1:
            self.selection.toggle_row(cell[0])
            self._told()
        elif cell[0] == -1:
            self.selection.toggle_column(cell[1])
            self._told()
        else:
            self._from = self._to = self.cursor_cell = cell
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Widen the box, and tell what the cursor is at."""
        cell = self.cell_at(event.position()) if event is not None else None
        inside = cell if cell is not None and -1 not in cell else None
        self.pointed.emit(inside)
        if self._from is not None and inside is not None:
            self._to = inside
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Choose, drop or exclude what is in the box; a click on one chosen cell drops it."""
        first, last = self._from, self._to
        self._from = self._to = None
        if event is None or first is None or last is None:
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.selection.exclude(first, last)
        else:
            drop = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            drop = drop or (first == last and bool(self.selection.chosen[first]))
            self.selection.choose_box(first, last, on=not drop)
        self._told()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Move with the arrows, choose with space, exclude with X."""
        key = event.key() if event is not None else 0
        steps = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
        }  # fmt: skip
        if key in steps:
            row, column = (a + b for a, b in zip(self.cursor_cell, steps[Qt.Key(key)], strict=True))
            self.cursor_cell = (
                min(max(row, 0), self.selection.rows - 1),
                min(max(column, 0), self.selection.columns - 1),
            )
            self.pointed.emit(self.cursor_cell)
            self.update()
        elif key == Qt.Key.Key_Space:
            self.selection.choose_box(
                self.cursor_cell, self.cursor_cell, on=not self.selection.chosen[self.cursor_cell]
            )
            self._told()
        elif key == Qt.Key.Key_X:
            self.selection.exclude(self.cursor_cell, self.cursor_cell)
            self._told()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draw the cells: filled where chosen, crossed where stuck, struck through where excluded."""
        colours = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.base))
        self._paint_numbers(painter)
        border, accent = QPen(QColor(colours.border)), QColor(colours.accent)
        alarm, faint = QPen(QColor(colours.alarm), 1.5), QPen(QColor(colours.faint), 1.5)
        part = self.selection
        for row in range(part.rows):
            for column in range(part.columns):
                box = self._box((row, column), (row, column)).adjusted(0, 0, -1, -1)
                painter.setPen(border)
                painter.drawRect(box)
                inner = box.adjusted(1, 1, 0, 0)
                if part.stuck[row, column]:
                    painter.setPen(alarm)
                    painter.drawLine(inner.topLeft(), inner.bottomRight())
                    painter.drawLine(inner.topRight(), inner.bottomLeft())
                elif part.excluded[row, column]:
                    painter.setPen(faint)
                    painter.drawLine(inner.bottomLeft(), inner.topRight())
                elif part.chosen[row, column]:
                    painter.fillRect(inner, accent)
        self._paint_box(painter)
        painter.end()

    def _paint_numbers(self, painter: QPainter) -> None:
        painter.setPen(QColor(theme.current().text))
        metrics = painter.fontMetrics()
        apart = max(1, -(-2 * metrics.horizontalAdvance("000") // max(1, round(self._step()[0]))))
        for row in range(0, self.selection.rows, apart if self.selection.rows > apart else 1):
            at = self._box((row, 0), (row, 0))
            left = min(at.left(), self.width() - metrics.horizontalAdvance(str(row)))
            painter.drawText(left, self.height() - MARGIN + metrics.height(), str(row))
        for column in range(self.selection.columns):
            at = self._box((0, column), (0, column))
            painter.drawText(QRect(0, at.top(), MARGIN - 4, at.height()), 0x0082, str(column))

    def _paint_box(self, painter: QPainter) -> None:
        painter.setPen(QPen(QColor(theme.current().text), 2, Qt.PenStyle.DashLine))
        if self._from is not None and self._to is not None:
            painter.drawRect(self._box(self._from, self._to))
        elif self.hasFocus():
            painter.drawRect(self._box(self.cursor_cell, self.cursor_cell))

    def _step(self) -> tuple[float, float]:
        return (
            (self.width() - MARGIN - 1) / self.selection.rows,
            (self.height() - MARGIN - 1) / self.selection.columns,
        )

    def _box(self, first: Cell, last: Cell) -> QRect:
        width, height = self._step()
        left, right = min(first[0], last[0]), max(first[0], last[0]) + 1
        low, high = min(first[1], last[1]), max(first[1], last[1]) + 1
        top = self.selection.columns - high
        return QRect(
            QPoint(round(MARGIN + left * width), round(top * height)),
            QPoint(round(MARGIN + right * width) - 1, round((self.selection.columns - low) * height) - 1),
        )

    def _told(self) -> None:
        self.update()
        self.changed.emit()
