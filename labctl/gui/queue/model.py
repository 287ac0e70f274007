"""The queue as a Qt model: a table that views follow, and the verbs that change it."""

from collections.abc import Iterable, Sequence
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, pyqtSignal
from typing_extensions import override

from labctl.gui.queue.entries import EntryState, QueueEntry
from labctl.units import format_duration

COLUMNS = ("state", "protocol", "parameters", "runs", "sample", "station", "duration")
SIGNS = {
    EntryState.WAITING: "\N{WHITE CIRCLE}",
    EntryState.RUNNING: "\N{BLACK RIGHT-POINTING TRIANGLE}",
    EntryState.DONE: "\N{CHECK MARK}",
    EntryState.STOPPED: "\N{BLACK SQUARE}",
    EntryState.ABORTED: "\N{MULTIPLICATION X}",
    EntryState.FAILED: "\N{WARNING SIGN}",
    EntryState.INTERRUPTED: "\N{WARNING SIGN}",
}


class QueueModel(QAbstractTableModel):
    """The entries in order; only what waits can be changed."""

    entries_changed = pyqtSignal()
    """Whenever something is to be stored."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[QueueEntry] = []

    def reset(self, entries: Iterable[QueueEntry]) -> None:
        """Take other entries, such as the stored ones."""
        self.beginResetModel()
        self.entries = list(entries)
        self.endResetModel()

    def add(self, entries: Sequence[QueueEntry]) -> None:
        """Add at the end."""
        start = len(self.entries)
        self.beginInsertRows(QModelIndex(), start, start + len(entries) - 1)
        self.entries.extend(entries)
        self.endInsertRows()
        self.entries_changed.emit()

    def replace(self, row: int, entry: QueueEntry) -> None:
        """Put another entry in a row's place."""
        self.entries[row] = entry
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))
        self.entries_changed.emit()

    def remove(self, rows: Iterable[int]) -> None:
        """Take rows out, all but the one that is running."""
        for row in sorted(rows, reverse=True):
            if self.entries[row].state is EntryState.RUNNING:
                continue
            self.beginRemoveRows(QModelIndex(), row, row)
            del self.entries[row]
            self.endRemoveRows()
        self.entries_changed.emit()

    def move(self, row: int, by: int) -> int:
        """Move a row up (-1) or down (1); return where it is then."""
        target = row + by
        if not (0 <= row < len(self.entries) and 0 <= target < len(self.entries)):
            return row
        self.beginMoveRows(QModelIndex(), row, row, QModelIndex(), target + (1 if by > 0 else 0))
        self.entries[row], self.entries[target] = self.entries[target], self.entries[row]
        self.endMoveRows()
        self.entries_changed.emit()
        return target

    def again(self, row: int) -> None:
        """Have an entry that has ended wait once more."""
        if self.entries[row].state is not EntryState.RUNNING:
            self.replace(row, self.entries[row].changed(state=EntryState.WAITING, done=0, reason=""))

    def next_waiting(self) -> int | None:
        """Return the row that is to run next."""
        return next((row for row, entry in enumerate(self.entries) if entry.state is EntryState.WAITING), None)

    def running(self) -> int | None:
        """Return the row that is running."""
        return next((row for row, entry in enumerate(self.entries) if entry.state is EntryState.RUNNING), None)

    def remaining(self) -> float:
        """Return the estimated time, in s, of everything that waits and of which it is known."""
        waiting = [entry for entry in self.entries if entry.state is EntryState.WAITING]
        return sum((entry.duration or 0.0) * (entry.repeat - entry.done) for entry in waiting)

    def set_duration(self, entry: QueueEntry, seconds: float | None) -> None:
        """Take the estimated time of one run of an entry, wherever it is now."""
        for row, kept in enumerate(self.entries):
            if kept.parameters is entry.parameters and kept.duration != seconds:
                self.replace(row, kept.changed(duration=seconds))

    @override
    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.entries)

    @override
    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return COLUMNS[section] if orientation is Qt.Orientation.Horizontal else section + 1

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(filter(None, (entry.words, entry.reason, entry.file)))
        return self._shown(entry, COLUMNS[index.column()]) if role == Qt.ItemDataRole.DisplayRole else None

    def _shown(self, entry: QueueEntry, column: str) -> str:
        match column:
            case "state":
                return f"{SIGNS[entry.state]} {entry.state}" + (f": {entry.reason}" if entry.reason else "")
            case "protocol":
                return entry.protocol
            case "parameters":
                return entry.words
            case "runs":
                return f"{entry.done} of {entry.repeat}"
            case "sample":
                return " / ".join(filter(None, (entry.sample, entry.die, entry.device)))
            case "station":
                return entry.place
        return "" if entry.duration is None else format_duration(entry.duration * entry.repeat)
