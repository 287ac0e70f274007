"""The history as the operator sees it: filters, the list, the preview, and what can be done with a run."""

import datetime as dt
from pathlib import Path

from PyQt6.QtCore import QDate, Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDateEdit,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from labctl.gui.history.facts import Preview, RunFacts, read_preview
from labctl.gui.history.folder import RunFolder
from labctl.gui.history.model import COLUMNS, STATUSES, Filter, HistoryModel, HistoryView
from labctl.gui.history.preview import RunPreview

_ANY_PROTOCOL, _ANY_STATUS = "any protocol", "any status"
_NO_DAY = QDate(2000, 1, 1)
PREVIEW_DELAY_MS = 120
"""A run is read when the choice has rested for so long, so that arrow keys run through the list."""


class HistoryPanel(QWidget):
    """Shows a `RunFolder`; what is to be done with a run is told by name and paths."""

    wanted = pyqtSignal(str, list)
    """What is to be done, and the files: ``open``, ``overlay``, ``compare``, ``take``, ``again``, ``resume``, ``csv``,
    ``parquet`` or ``picture``."""
    previewed = pyqtSignal(object)
    """The file whose preview is shown, so that its figure can be drawn."""

    def __init__(self, folder: RunFolder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self.model = HistoryModel(folder, self)
        self.view = HistoryView(self.model)
        self.words, self.sample, self.operator = (_entry(text) for text in ("search", "sample", "operator"))
        self.protocol, self.status = QComboBox(), QComboBox()
        self.protocol.setMaximumWidth(130)
        self.protocol.addItem(_ANY_PROTOCOL)
        self.status.addItems([_ANY_STATUS, *STATUSES])
        self.since, self.until = _day(), _day()
        self.count = QLabel()
        self.count.setProperty("role", "hint")
        self.table = _table(self.view)
        self.preview = RunPreview()
        self.actions_by_name = self._buttons()
        self._shown: Path | None = None
        self._chosen: set[Path] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PREVIEW_DELAY_MS)
        self._timer.timeout.connect(self._read)
        self._arrange()
        self._connect()
        self._follow()

    @property
    def chosen(self) -> list[RunFacts]:
        """The runs that are chosen, in the order of the list."""
        selection = self.table.selectionModel()
        rows = sorted(index.row() for index in selection.selectedRows()) if selection is not None else []
        return [self.view.run_at(row) for row in rows]

    def choose(self, path: Path) -> None:
        """Choose a run by its file."""
        selection = self.table.selectionModel()
        for row in range(self.view.rowCount()):
            if self.view.run_at(row).path == path and selection is not None:
                # Not selectRow: that one adds to the choice while a modifier key is down.
                flags = selection.SelectionFlag
                selection.setCurrentIndex(self.view.index(row, 0), flags.ClearAndSelect | flags.Rows)

    def _connect(self) -> None:
        for entry in (self.words, self.sample, self.operator):
            entry.textChanged.connect(self._filter)
        for box in (self.protocol, self.status):
            box.currentIndexChanged.connect(lambda _: self._filter())
        for day in (self.since, self.until):
            day.dateChanged.connect(lambda _: self._filter())
        self.model.modelReset.connect(self._follow)
        self.table.doubleClicked.connect(lambda _: self._want("open"))
        selection = self.table.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(lambda *_: self._choice_changed())

    def _buttons(self) -> dict[str, QPushButton]:
        buttons: dict[str, QPushButton] = {}
        for name, text, tip in (
            ("open", "Open", "show it in the Result tab"),
            ("overlay", "Overlay", "draw the chosen runs over one another"),
            ("compare", "Compare", "parameters side by side; one run is compared with the form"),
            ("take", "Take parameters", "into the form"),
            ("again", "Run again", "with the same parameters, now"),
            ("resume", "Resume", "go on with a run that was cut short, in the same file"),
            ("export", "Export", "as CSV, Parquet or picture"),
        ):
            buttons[name] = QPushButton(text)
            buttons[name].setToolTip(tip)
            if name != "export":
                buttons[name].clicked.connect(lambda _, name=name: self._want(name))
        menu = QMenu(buttons["export"])
        for name, text in (
            ("csv", "CSV, a file for each stream"),
            ("parquet", "Parquet, a file for each stream"),
            ("picture", "Picture of the figure"),
        ):
            menu.addAction(text, lambda name=name: self._want(name))
        buttons["export"].setMenu(menu)
        return buttons

    def _want(self, what: str) -> None:
        paths = [run.path for run in self.chosen]
        if paths:
            self.wanted.emit(what, paths)

    def _filter(self) -> None:
        self.view.show_only(
            Filter(
                protocol="" if self.protocol.currentIndex() <= 0 else self.protocol.currentText(),
                status="" if self.status.currentIndex() <= 0 else self.status.currentText(),
                words=self.words.text(),
                sample=self.sample.text().strip(),
                operator=self.operator.text().strip(),
                since=_date_of(self.since),
                until=_date_of(self.until),
            )
        )
        self._show_count()

    def _follow(self) -> None:
        """Show another list, and keep what was chosen."""
        names = sorted({run.protocol for run in self.model.runs if run.protocol})
        if names != [self.protocol.itemText(i) for i in range(1, self.protocol.count())]:
            kept = self.protocol.currentText()
            self.protocol.blockSignals(True)
            self.protocol.clear()
            self.protocol.addItems([_ANY_PROTOCOL, *names])
            self.protocol.setCurrentText(kept if kept in names else _ANY_PROTOCOL)
            self.protocol.blockSignals(False)
            self._filter()
        selection = self.table.selectionModel()
        kept_paths = set(self._chosen)
        if selection is not None and kept_paths:
            flags = selection.SelectionFlag
            for row in range(self.view.rowCount()):
                if self.view.run_at(row).path in kept_paths:
                    selection.select(self.view.index(row, 0), flags.Select | flags.Rows)
        self._show_count()
        self._choice_changed()

    def _show_count(self) -> None:
        self.count.setText(f"{self.view.rowCount():,} of {len(self.model.runs):,} runs")

    def _choice_changed(self) -> None:
        chosen = self.chosen
        self._chosen = {run.path for run in chosen}
        readable = bool(chosen) and all(run.protocol for run in chosen)
        for name, button in self.actions_by_name.items():
            enough = len(chosen) == 1 or name in {"overlay", "export", "compare"}
            button.setEnabled(readable and enough and (name != "resume" or chosen[0].can_resume))
        if len(chosen) == 1 and readable:
            self._timer.start()
        elif not chosen:
            self._shown = None
            self.preview.clear_preview()

    def _read(self) -> None:
        chosen = self.chosen
        if len(chosen) != 1:
            return
        path = chosen[0].path

        def take(preview: Preview) -> None:
            if self._chosen == {path}:
                self.preview.show_preview(preview)
                if self._shown != path:
                    self._shown = path
                    self.preview.figure.show_words("drawing the figure \N{HORIZONTAL ELLIPSIS}")
                    self.previewed.emit(path)

        self.folder.background(lambda: read_preview(path), take)

    def _arrange(self) -> None:
        filters, verbs = QHBoxLayout(), QHBoxLayout()
        for text, widget in (
            ("", self.words), ("", self.protocol), ("", self.status), ("", self.sample),
            ("", self.operator), ("from", self.since), ("to", self.until),
        ):  # fmt: skip
            if text:
                caption = QLabel(text)
                caption.setProperty("role", "hint")
                filters.addWidget(caption)
            filters.addWidget(widget, 1 if widget is self.words else 0)
        for button in self.actions_by_name.values():
            verbs.addWidget(button)
        verbs.addStretch(1)
        verbs.addWidget(self.count)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(filters)
        column.addWidget(self.table, 1)
        column.addLayout(verbs)
        halves = QSplitter(Qt.Orientation.Horizontal)
        halves.addWidget(left)
        halves.addWidget(self.preview)
        halves.setSizes([600, 300])
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addWidget(halves)


def _entry(text: str) -> QLineEdit:
    entry = QLineEdit()
    entry.setPlaceholderText(text)
    entry.setClearButtonEnabled(True)
    if text != "search":
        entry.setFixedWidth(64)
    else:
        entry.setMinimumWidth(70)
    return entry


def _day() -> QDateEdit:
    day = QDateEdit(_NO_DAY)
    day.setMinimumDate(_NO_DAY)
    day.setSpecialValueText("any day")
    day.setCalendarPopup(True)
    day.setDisplayFormat("yyyy-MM-dd")
    return day


def _date_of(entry: QDateEdit) -> dt.date | None:
    date = entry.date()
    return None if date == _NO_DAY else dt.date(date.year(), date.month(), date.day())


def _table(view: HistoryView) -> QTableView:
    table = QTableView()
    table.setModel(view)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSortingEnabled(True)
    table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    table.setTabKeyNavigation(False)
    header, side = table.horizontalHeader(), table.verticalHeader()
    if header is not None and side is not None:
        for column, width in enumerate((150, 96, 88, 76, 66, 72)):
            table.setColumnWidth(column, width)
        header.setSectionResizeMode(COLUMNS.index("file"), QHeaderView.ResizeMode.Stretch)
        side.setVisible(False)
        side.setDefaultSectionSize(22)
    return table
