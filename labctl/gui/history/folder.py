"""The data folder as the window sees it: looked through in a thread whenever something in it changes."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PyQt6.QtCore import QFileSystemWatcher, QObject, QTimer, pyqtSignal

from labctl.gui.background import Background
from labctl.gui.facts import describe, trace_of
from labctl.gui.history.facts import RunFacts, scan

SETTLE_MS = 250
"""A folder is looked through when nothing has changed for so long, ..."""
LOOK_AGAIN_MS = 5000
"""... and as often while it is not there, or has a run that is under way."""
T = TypeVar("T")


class RunFolder(QObject):
    """Keeps the facts of every run file; owns the thread for all work on them."""

    changed = pyqtSignal()
    failed = pyqtSignal(str, str)
    """What went wrong in words, and the details."""

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self.runs: dict[Path, RunFacts] = {}
        self._thread = Background("history", self)
        self._scanning = False
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(lambda _: self._timer.start(SETTLE_MS))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.look)

    def show_folder(self, folder: Path) -> None:
        """Take another folder."""
        self.folder = folder
        self.runs = {}
        self.changed.emit()
        self.look()

    def look(self) -> None:
        """Look through the folder, in the thread."""
        if self._scanning:
            self._timer.start(SETTLE_MS)
            return
        self._scanning = True
        folder, known = self.folder, self.runs
        self.background(lambda: (folder, *scan(folder, known), folder.is_dir()), self._take)

    def background(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do work on run files in the thread; an error is shown."""
        self._thread.submit(work, then, self._fail)

    def close(self) -> None:
        """End the thread."""
        self._timer.stop()
        if self._watcher.directories():
            self._watcher.removePaths(self._watcher.directories())
        self._thread.close()

    def _take(self, found: tuple[Path, dict[Path, RunFacts], bool, bool]) -> None:
        folder, runs, more, is_there = found
        self._scanning = False
        if folder != self.folder:
            self.look()
            return
        watched = self._watcher.directories()
        if is_there and str(folder) not in watched:
            if watched:
                self._watcher.removePaths(watched)
            self._watcher.addPath(str(folder))
        if runs != self.runs:
            self.runs = runs
            self.changed.emit()
        if more:
            self.look()
        elif not is_there or any(run.status == "running" for run in runs.values()):
            self._timer.start(LOOK_AGAIN_MS)

    def _fail(self, error: Exception) -> None:
        self._scanning = False
        self.failed.emit(describe(error), trace_of(error))
