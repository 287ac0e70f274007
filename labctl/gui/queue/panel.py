"""The queue as the operator sees it: the table, and buttons for everything that can be done with it."""

from collections.abc import Callable

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSpinBox,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from labctl.gui.elided import ElidedLabel
from labctl.gui.queue.entries import EntryState
from labctl.gui.queue.model import COLUMNS
from labctl.gui.queue.runner import QueueRunner
from labctl.units import format_duration

MOST_REPEATS = 10_000


class QueuePanel(QWidget):
    """Shows a `QueueRunner`; what is to be added comes from the form, so it is only asked for here."""

    form_wanted = pyqtSignal()
    """The form's protocol is to be added, or to replace the entry that is being edited."""
    series_wanted = pyqtSignal()
    edit_wanted = pyqtSignal(object)
    """The entry that is to be shown in the form."""

    def __init__(self, runner: QueueRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runner = runner
        self.edited: int | None = None
        """The row that the form is to replace."""
        self.table = _table(runner)
        self.start = _button("\N{BLACK RIGHT-POINTING TRIANGLE} Start queue", "Ctrl+F5", "run what waits, from the top")
        self.stop_after = QCheckBox("stop after this one")
        self.add = _button("Add", "Ctrl+Return", "add what the form says")
        self.series = _button("Series\N{HORIZONTAL ELLIPSIS}", "Ctrl+Shift+Return", "a list or a grid of values")
        self.edit = _button("Edit", "F2", "show the entry in the form")
        self.up = _button("\N{UPWARDS ARROW}", "Alt+Up", "run it earlier")
        self.down = _button("\N{DOWNWARDS ARROW}", "Alt+Down", "run it later")
        self.remove = _button("Remove", "Ctrl+Del", "take it out")
        self.again = _button("Again", "", "have it wait once more")
        self.repeat = QSpinBox()
        self.repeat.setRange(1, MOST_REPEATS)
        self.repeat.setPrefix("\N{MULTIPLICATION SIGN} ")
        self.repeat.setToolTip("how often it is run")
        self.summary = ElidedLabel()
        self.summary.setProperty("role", "hint")
        self._arrange()
        self._connect()
        self._follow()

    @property
    def rows(self) -> list[int]:
        """The rows that are chosen."""
        selection = self.table.selectionModel()
        return sorted(index.row() for index in selection.selectedRows()) if selection is not None else []

    def choose(self, row: int) -> None:
        """Choose one row."""
        selection = self.table.selectionModel()
        if selection is not None:
            # Not selectRow: that one adds to the choice while a modifier key is down, as in Alt+Up.
            flags = selection.SelectionFlag
            selection.setCurrentIndex(self.runner.model.index(row, 0), flags.ClearAndSelect | flags.Rows)

    def end_edit(self) -> None:
        """Add again from now on."""
        self.edited = None
        self._follow()

    def _connect(self) -> None:
        runner, model = self.runner, self.runner.model
        self.start.clicked.connect(lambda: runner.hold() if runner.is_going else runner.start())
        self.stop_after.clicked.connect(runner.stop_after_this)
        self.add.clicked.connect(self.form_wanted)
        self.series.clicked.connect(self.series_wanted)
        self.edit.clicked.connect(self._edit)
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.remove.clicked.connect(self._remove)
        self.again.clicked.connect(lambda: self._each(model.again))
        self.repeat.valueChanged.connect(self._repeat)
        self.table.doubleClicked.connect(lambda _: self._edit())
        selection = self.table.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(lambda *_: self._follow())
        for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset, model.dataChanged, runner.changed):
            signal.connect(lambda *_: self._follow())

    def _edit(self) -> None:
        if self.edited is not None:
            self.end_edit()
            return
        rows = self.rows
        if len(rows) == 1 and self.runner.model.entries[rows[0]].state is EntryState.WAITING:
            self.edited = rows[0]
            self.edit_wanted.emit(self.runner.model.entries[rows[0]])
            self._follow()

    def _move(self, by: int) -> None:
        rows = self.rows
        if len(rows) == 1:
            self.choose(self.runner.model.move(rows[0], by))
            self.end_edit()

    def _remove(self) -> None:
        self.runner.model.remove(self.rows)
        self.end_edit()

    def _each(self, change: Callable[[int], None]) -> None:
        for row in self.rows:
            change(row)

    def _repeat(self, times: int) -> None:
        for row in self.rows:
            entry = self.runner.model.entries[row]
            if entry.state is EntryState.WAITING and entry.repeat != times:
                self.runner.model.replace(row, entry.changed(repeat=max(times, entry.done + 1)))

    def _follow(self) -> None:
        """Show what can be done with what is chosen."""
        runner, entries, rows = self.runner, self.runner.model.entries, self.rows
        chosen = [entries[row] for row in rows if row < len(entries)]
        waits = bool(chosen) and all(entry.state is EntryState.WAITING for entry in chosen)
        rests = bool(chosen) and all(entry.state is not EntryState.RUNNING for entry in chosen)
        waiting = sum(entry.state is EntryState.WAITING for entry in entries)
        holds, starts = "\N{HEAVY VERTICAL BAR}\N{HEAVY VERTICAL BAR} Hold", "\N{BLACK RIGHT-POINTING TRIANGLE} Start"
        _rename(self.start, f"{holds if runner.is_going else starts} queue")
        self.start.setEnabled(runner.is_going or waiting > 0)
        self.stop_after.setEnabled(runner.is_going)
        self.stop_after.setChecked(runner.stops_after_this)
        self.edit.setEnabled(self.edited is not None or (waits and len(rows) == 1))
        _rename(self.edit, "Do not change" if self.edited is not None else "Edit")
        _rename(self.add, f"Change no. {self.edited + 1}" if self.edited is not None else "Add")
        self.up.setEnabled(len(rows) == 1 and rows[0] > 0)
        self.down.setEnabled(len(rows) == 1 and rows[0] < len(entries) - 1)
        self.remove.setEnabled(rests)
        self.again.setEnabled(rests and not waits)
        self.repeat.setEnabled(waits)
        if waits:
            self.repeat.blockSignals(True)
            self.repeat.setValue(chosen[0].repeat)
            self.repeat.blockSignals(False)
        left = runner.model.remaining()
        self.summary.setText(f"{waiting} waiting" + (f", about {format_duration(left)} to come" if left else ""))

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.start)
        buttons.addWidget(self.stop_after)
        buttons.addSpacing(12)
        buttons.addWidget(self.summary, 1)
        for widget in (self.add, self.series, self.edit, self.repeat, self.up, self.down, self.again, self.remove):
            buttons.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        layout.addLayout(buttons)
        layout.addWidget(self.table, 1)


def _table(runner: QueueRunner) -> QTableView:
    table = QTableView()
    table.setModel(runner.model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setTabKeyNavigation(False)
    header, side = table.horizontalHeader(), table.verticalHeader()
    if header is not None and side is not None:
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(COLUMNS.index("parameters"), QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        side.setDefaultSectionSize(22)
    return table


def _button(text: str, key: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(f"{tip} ({key})" if key else tip)
    if key:
        button.setShortcut(QKeySequence(key))
    return button


def _rename(button: QPushButton, text: str) -> None:
    """Give a button another text; Qt takes its key away with the old one."""
    key = button.shortcut()
    button.setText(text)
    button.setShortcut(key)
