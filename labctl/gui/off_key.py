"""The key of "outputs off" in dialogs that shut the window out: a modal one takes the window's own keys away."""

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction, QGuiApplication, QShortcut, QWindow
from PyQt6.QtWidgets import QApplication, QWidget

_NAME = "outputs off"


class OffKey(QObject):
    """Gives each modal dialog the key as it comes to the front.

    Args:
        action: Has the key, and is triggered.
        window: Whose dialogs they are.
    """

    def __init__(self, action: QAction, window: QWidget) -> None:
        super().__init__(window)
        self._action, self._window = action, window
        app = QApplication.instance()
        if isinstance(app, QGuiApplication):
            app.focusWindowChanged.connect(self._look)

    def _look(self, _: QWindow | None) -> None:
        dialog = QApplication.activeModalWidget()
        if dialog is None or not self._window.isVisible() or dialog.findChild(QShortcut, _NAME) is not None:
            return
        key = QShortcut(self._action.shortcut(), dialog)
        key.setObjectName(_NAME)
        key.activated.connect(self._action.trigger)
