"""What the operator is told: a message area for errors, details folded away, and the log."""

import collections
import datetime as dt
import html
import logging

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from labctl.gui import theme

LOG_LINES = 5000
_SHOWN_AT_ONCE = 3
"""So many messages are in sight; the log has them all."""


class MessageArea(QFrame):
    """Errors in words; the technical details unfold on request."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "message")
        self._messages: list[tuple[str, str]] = []
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setMaximumHeight(100)
        self.unfold = QPushButton("Details")
        self.unfold.setCheckable(True)
        self.unfold.toggled.connect(self.details.setVisible)
        self.dismiss = QPushButton("Dismiss")
        self.dismiss.clicked.connect(self.clear)
        row = QHBoxLayout()
        row.addWidget(self.words, 1)
        row.addWidget(self.unfold, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.dismiss, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addLayout(row)
        layout.addWidget(self.details)
        self.clear()

    def tell(self, words: str, details: str = "") -> None:
        """Show an error until it is dismissed."""
        self._messages.append((words, details))
        self._messages = self._messages[-_SHOWN_AT_ONCE:]
        self.words.setText("\n".join(f"\N{WARNING SIGN} {text}" for text, _ in self._messages))
        everything = "\n".join(filter(None, (more for _, more in self._messages)))
        self.details.setPlainText(everything)
        self.unfold.setVisible(bool(everything))
        self.setVisible(True)

    def clear(self) -> None:
        """Take every message away."""
        self._messages.clear()
        self.words.clear()
        self.details.clear()
        self.unfold.setChecked(False)
        self.details.setVisible(False)
        self.setVisible(False)


class LogView(QPlainTextEdit):
    """The log: time of day, level and words, the newest at the bottom."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setMaximumBlockCount(LOG_LINES)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self._lines: collections.deque[tuple[dt.datetime, int, str]] = collections.deque(maxlen=LOG_LINES)

    def add(self, level: int, words: str) -> None:
        """Add a line; levels as in ``logging``."""
        self._lines.append((dt.datetime.now(), level, words))
        self._show(*self._lines[-1])

    def colour(self) -> None:
        """Take the colours of the theme."""
        self.clear()
        for line in self._lines:
            self._show(*line)

    def _show(self, when: dt.datetime, level: int, words: str) -> None:
        shown = html.escape(words).replace("\n", "<br>")
        line = f"{when:%H:%M:%S} &nbsp;{logging.getLevelName(level).lower()} &nbsp;{shown}"
        if level >= logging.WARNING:
            line = f'<span style="color: {theme.current().alarm}; font-weight: bold">{line}</span>'
        self.appendHtml(line)


class LogBridge(QObject):
    """Brings what labctl logs in any thread to the GUI thread."""

    logged = pyqtSignal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._handler = _Handler(self)
        self._logger = logging.getLogger("labctl")
        self._logger.addHandler(self._handler)

    def close(self) -> None:
        """Stop listening."""
        self._logger.removeHandler(self._handler)


class _Handler(logging.Handler):
    def __init__(self, bridge: LogBridge) -> None:
        super().__init__(logging.WARNING)
        self._bridge = bridge

    def emit(self, record: logging.LogRecord) -> None:
        self._bridge.logged.emit(record.levelno, self.format(record))
