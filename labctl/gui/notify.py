"""Desktop notifications: when a run has ended, for an operator who looks elsewhere."""

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QApplication, QStyle, QSystemTrayIcon, QWidget

from labctl.events import Ended, RunState

SHOWN_MS = 15_000
_TITLES = {
    RunState.DONE: "Run done",
    RunState.STOPPED: "Run stopped",
    RunState.ABORTED: "Run aborted",
    RunState.FAILED: "Run FAILED",
}


class Notifier(QObject):
    """Tells of the end of a run through the system's tray, and marks the window in the task bar.

    Args:
        window: The window; no note is shown while it is the active one.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._tray: QSystemTrayIcon | None = None

    def tell(self, ended: Ended, title: str) -> None:
        """Tell how a run ended."""
        if self._window.isActiveWindow():
            return
        QApplication.alert(self._window)
        self.show_note(*words_of(ended, title), failed=ended.state is RunState.FAILED)

    def show_note(self, title: str, text: str, *, failed: bool) -> None:
        """Show a note where the system has a place for it."""
        style = self._window.style()
        if not QSystemTrayIcon.isSystemTrayAvailable() or style is None:
            return
        icons = QSystemTrayIcon.MessageIcon
        if self._tray is None:
            picture = style.standardIcon(QStyle.StandardPixmap.SP_ComputerIcon)
            self._tray = QSystemTrayIcon(picture, self)
            self._tray.show()
        self._tray.showMessage(title, text, icons.Critical if failed else icons.Information, SHOWN_MS)


def words_of(ended: Ended, title: str) -> tuple[str, str]:
    """Return heading and text of a note."""
    parts = (title, ended.reason.splitlines()[0] if ended.reason else "", ended.file.name if ended.file else "")
    return f"labctl: {_TITLES.get(ended.state, str(ended.state))}", "\n".join(filter(None, parts))
