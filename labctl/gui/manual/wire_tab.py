"""The wire of one instrument: what went over it, and a line to send, with those that were sent before."""

import datetime as dt

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from labctl.gui.manual.work import wire_text
from labctl.links.link import Link, TranscriptEntry

LOOK_MS = 200
SHOWN_LINES = 2000
_SHOWN_LENGTH = 400
"""Of a long message so many characters are shown."""


class HistoryLine(QLineEdit):
    """A line that finds with Up and Down what was entered before."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[str] = []
        self._at = 0

    def keep(self) -> str:
        """Return what stands in the line, keep it, and empty the line."""
        text = self.text()
        if text and self.before[-1:] != [text]:
            self.before.append(text)
        self._at = len(self.before)
        self.clear()
        return text

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Go through what was entered before."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0) if event is not None else 0
        if not step or not self.before:
            super().keyPressEvent(event)
            return
        self._at = min(max(self._at + step, 0), len(self.before))
        self.setText(self.before[self._at] if self._at < len(self.before) else "")


class WireTab(QWidget):
    """Shows a link's transcript while it can be seen; tells what is to be sent."""

    line_wanted = pyqtSignal(str, bool)
    """A line, and whether an answer is expected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.link: Link | None = None
        self._last: TranscriptEntry | None = None
        self.transcript = QPlainTextEdit()
        self.transcript.setReadOnly(True)
        self.transcript.setMaximumBlockCount(SHOWN_LINES)
        self.line = HistoryLine()
        self.line.setPlaceholderText("a line, or hex: 02 ff 00; Up and Down find earlier ones")
        self.line.returnPressed.connect(lambda: self._send(answer=self.line.text().rstrip().endswith("?")))
        self.send, self.ask = QPushButton("Send"), QPushButton("Ask")
        self.send.setToolTip("send it, and expect no answer")
        self.ask.setToolTip("send it, and wait for the line that answers")
        self.send.clicked.connect(lambda: self._send(answer=False))
        self.ask.clicked.connect(lambda: self._send(answer=True))
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(self.send)
        row.addWidget(self.ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.transcript, 1)
        layout.addLayout(row)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def show_link(self, link: Link | None) -> None:
        """Show another link's transcript."""
        self.link = link
        self._last = None
        self.transcript.clear()

    def look(self) -> None:
        """Show what is new."""
        if self.link is None or not self.isVisible():
            return
        entries = list(self.link.transcript)
        start = next((i + 1 for i in range(len(entries) - 1, -1, -1) if entries[i] is self._last), 0)
        if entries[start:]:
            self._last = entries[-1]
            self.transcript.appendPlainText("\n".join(map(_line, entries[start:])))

    def _send(self, *, answer: bool) -> None:
        text = self.line.keep()
        if text:
            self.line_wanted.emit(text, answer)


def _line(entry: TranscriptEntry) -> str:
    text = wire_text(entry)
    shown = text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]} \N{HORIZONTAL ELLIPSIS}"
    return f"{dt.datetime.fromtimestamp(entry.time).isoformat(timespec='milliseconds')[11:]} {entry.direction} {shown}"
