"""The preview of one run: its headline figures, parameters and facts, and its figure."""

from collections.abc import Mapping

from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QTabWidget, QWidget

from labctl.gui.history.facts import Preview
from labctl.gui.result_view import FigureLabel, figure_text, name_and_unit

_NOTHING = "Choose a run: what came out of it appears here."


class RunPreview(QTabWidget):
    """Shows a `Preview`; the figure comes later, when it is drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.summary, self.parameters, self.facts = _table(), _table(), _table()
        self.figure = FigureLabel(_NOTHING)
        self.figure.setMinimumSize(200, 70)  # the plots above it need the height more
        for title, widget in (
            ("Summary", self.summary),
            ("Figure", self.figure),
            ("Parameters", self.parameters),
            ("File", self.facts),
        ):
            self.addTab(widget, title)
        self.setDocumentMode(True)

    def show_preview(self, preview: Preview) -> None:
        """Show what is known of a run."""
        named = {
            name: figure_text(value) + unit
            for key, value in preview.summary.items()
            for name, unit in (name_and_unit(key),)
        }
        fill(self.summary, named or {"no analysis": "the run gave none"})
        fill(self.parameters, preview.parameters)
        fill(self.facts, preview.facts)

    def clear_preview(self) -> None:
        """Show nothing."""
        for table in (self.summary, self.parameters, self.facts):
            table.setRowCount(0)
        self.figure.show_words(_NOTHING)


def fill(table: QTableWidget, values: Mapping[str, str]) -> None:
    """Show names and values."""
    table.setRowCount(len(values))
    for row, (name, value) in enumerate(values.items()):
        for column, text in enumerate((name, value)):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            table.setItem(row, column, item)


def _table() -> QTableWidget:
    table = QTableWidget(0, 2)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    header, side = table.horizontalHeader(), table.verticalHeader()
    if header is not None and side is not None:
        header.setVisible(False)
        side.setVisible(False)
        side.setDefaultSectionSize(20)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    return table
