"""The list of run files as a Qt model, and what of it is shown."""

import dataclasses
import datetime as dt
import re
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, QSortFilterProxyModel, Qt
from typing_extensions import override

from labctl.gui.history.facts import RunFacts
from labctl.gui.history.folder import RunFolder

COLUMNS = ("started", "protocol", "status", "sample", "operator", "lab", "file")
STATUSES = ("done", "stopped", "aborted", "failed", "interrupted", "running", "damaged")
SORTED_BY = Qt.ItemDataRole.UserRole
"""What is shown; where runs were begun in the same second the one that was written to last is the newest."""
RANDOM_END = re.compile(r"(?<![0-9a-z])[0-9a-f]{6}(?=(\.h5)?$)")
"""What `labctl.api` ends a file's name with; in a word that is searched for it counts only whole."""
SIGNS = {
    "done": "\N{CHECK MARK}",
    "stopped": "\N{BLACK SQUARE}",
    "aborted": "\N{MULTIPLICATION X}",
    "failed": "\N{WARNING SIGN}",
    "interrupted": "\N{WARNING SIGN}",
    "running": "\N{BLACK RIGHT-POINTING TRIANGLE}",
    "damaged": "\N{WARNING SIGN}",
}


class HistoryModel(QAbstractTableModel):
    """Every run of a `RunFolder`, the newest first."""

    def __init__(self, folder: RunFolder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runs: list[RunFacts] = []
        self._folder = folder
        folder.changed.connect(self._follow)

    def _follow(self) -> None:
        self.beginResetModel()
        self.runs = list(self._folder.runs.values())
        self.endResetModel()

    @override
    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.runs)

    @override
    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        return COLUMNS[section]

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        run, column = self.runs[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(filter(None, (run.title, run.reason, str(run.path))))
        if role == SORTED_BY:
            text = shown(run, column)
            return f"{text} {run.stamp[0]:020}" if column == "started" else text
        return shown(run, column) if role == Qt.ItemDataRole.DisplayRole else None


def shown(run: RunFacts, column: str) -> str:
    """Return what a column shows of a run."""
    match column:
        case "started":
            return f"{run.started:%Y-%m-%d %H:%M:%S}" if run.started is not None else ""
        case "status":
            return f"{SIGNS.get(run.status, '')} {run.status}"
        case "lab":
            return "simulated" if run.simulated else "real" if run.protocol else ""
        case "file":
            return run.path.name
        case "sample":
            return " / ".join(filter(None, (run.sample, run.die, run.device)))
    return str(getattr(run, column))


@dataclasses.dataclass(frozen=True)
class Filter:
    """What is to be shown; empty and ``None`` let everything pass.

    Attributes:
        protocol: Short name.
        status: As in `RunFacts`.
        words: Parts of sample, die, device, operator, note, title or file name, in whichever case; each must be there.
            The random digits that end a file's name are found whole alone, as a die "C5" must not find them.
        sample: Part of the sample's name.
        operator: Part of the operator's name.
        since: First day.
        until: Last day.
    """

    protocol: str = ""
    status: str = ""
    words: str = ""
    sample: str = ""
    operator: str = ""
    since: dt.date | None = None
    until: dt.date | None = None

    def passes(self, run: RunFacts) -> bool:
        """Whether a run is shown."""
        day = run.started.date() if run.started is not None else None
        labels = (run.sample, run.die, run.device, run.operator, run.note)
        name, words = run.path.name.casefold(), self.words.casefold().split()
        text = " ".join((*labels, run.title, run.protocol, RANDOM_END.sub("", name))).casefold()
        return (
            self.protocol in {"", run.protocol}
            and self.status in {"", run.status}
            and self.sample.casefold() in run.sample.casefold()
            and self.operator.casefold() in run.operator.casefold()
            and all(word in text or (word in name and RANDOM_END.search(word)) for word in words)
            and (self.since is None or (day is not None and day >= self.since))
            and (self.until is None or (day is not None and day <= self.until))
        )


class HistoryView(QSortFilterProxyModel):
    """The runs that pass a `Filter`."""

    def __init__(self, source: HistoryModel) -> None:
        super().__init__(source)
        self._source = source
        self._filter = Filter()
        self.setSourceModel(source)
        self.setSortRole(SORTED_BY)

    def show_only(self, wanted: Filter) -> None:
        """Take another filter."""
        self._filter = wanted
        self.invalidateFilter()

    def run_at(self, row: int) -> RunFacts:
        """Return the run in a row of what is shown."""
        return self._source.runs[self.mapToSource(self.index(row, 0)).row()]

    @override
    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex) -> bool:
        return self._filter.passes(self._source.runs[source_row])
