"""How the last run ended: in words, its file, its headline figures and its figure."""

import re
from collections.abc import Mapping
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, QUrl
from PyQt6.QtGui import QDesktopServices, QGuiApplication, QMouseEvent, QPixmap, QResizeEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from labctl.events import Ended, RunState
from labctl.gui.roles import set_role
from labctl.units import UNITS

_UNIT = re.compile(f"[fpnumkMGT]?({'|'.join(filter(str.isalpha, UNITS))})|%")
_ROLES: dict[str, str] = {
    RunState.DONE: "good",
    RunState.STOPPED: "caution",
    RunState.ABORTED: "caution",
    RunState.FAILED: "error",
}


class ResultView(QWidget):
    """Shows an `Ended` event, and the figure when it is drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outcome = QLabel("No run has ended yet.")
        self.outcome.setWordWrap(True)
        self.path = QLineEdit()
        self.path.setReadOnly(True)
        self.path.setPlaceholderText("the run file")
        self.copy = QPushButton("Copy path")
        self.copy.clicked.connect(self._copy)
        self.folder = QPushButton("Open folder")
        self.folder.clicked.connect(self._open_folder)
        self.summary = QTableWidget(0, 2)
        self.summary.setHorizontalHeaderLabels(["result", "value"])
        self.summary.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        for header in (self.summary.verticalHeader(), self.summary.horizontalHeader()):
            if header is not None:
                header.setVisible(header is self.summary.horizontalHeader())
                header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.summary.setFixedWidth(250)
        self.figure = FigureLabel("The figure is drawn when a run has ended.")
        self.larger = QPushButton("Enlarge figure")
        self.larger.setToolTip("in a window of its own (double click)")
        self.larger.clicked.connect(self.figure.enlarge)
        self._arrange()
        self._enable_file(None)

    def show_ended(self, ended: Ended) -> None:
        """Show how a run ended."""
        self.show_run(ended.state, ended.file, ended.reason, ended.summary)

    def show_run(self, status: str, file: Path | None, reason: str, summary: Mapping[str, float | int]) -> None:
        """Show any run; its figure is drawn later."""
        self.outcome.setText(f"The run is {status}." + (f"\n{reason}" if reason else ""))
        set_role(self.outcome, _ROLES.get(status, "heading"))
        self._enable_file(file)
        self.summary.setRowCount(len(summary))
        for row, (name, value) in enumerate(summary.items()):
            words, unit = name_and_unit(name)
            self.summary.setItem(row, 0, QTableWidgetItem(words))
            shown = QTableWidgetItem(figure_text(value) + unit)
            shown.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.summary.setItem(row, 1, shown)
        self.figure.show_words("")

    def _enable_file(self, file: Path | None) -> None:
        self.path.setText(str(file.resolve()) if file is not None else "")
        self.copy.setEnabled(file is not None)
        self.folder.setEnabled(file is not None)

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.path.text())

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self.path.text()).parent)))

    def _arrange(self) -> None:
        file = QHBoxLayout()
        file.addWidget(self.path, 1)
        file.addWidget(self.copy)
        file.addWidget(self.folder)
        file.addWidget(self.larger)
        below = QHBoxLayout()
        below.addWidget(self.summary)
        below.addWidget(self.figure, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.outcome)
        layout.addLayout(file)
        layout.addLayout(below, 1)


def figure_text(value: float) -> str:
    """Return a headline figure as it is shown."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def name_and_unit(name: str) -> tuple[str, str]:
    """Split a figure's name from the unit that it may carry: ``"error_std_nA"`` gives ``("error std", " nA")``."""
    stem, _, last = name.rpartition("_")
    if stem and _UNIT.fullmatch(last):
        return stem.replace("_", " "), f" {last}"
    return name.replace("_", " "), ""


class FigureLabel(QLabel):
    """A picture as large as there is room for."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumSize(QSize(200, 150))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.pixels: QPixmap | None = None

    def show_png(self, data: bytes) -> None:
        """Show a PNG."""
        picture = QPixmap()
        picture.loadFromData(data, "PNG")
        self.pixels = picture
        self._fit()

    def show_words(self, words: str) -> None:
        """Show words in place of a picture."""
        self.pixels = None
        self.setText(words)

    def enlarge(self) -> None:
        """Show the picture in a window of its own, as large as it was drawn."""
        if self.pixels is None:
            return
        window = QDialog(self)
        window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        window.setWindowTitle("Figure")
        whole = FigureLabel("")
        whole.pixels = self.pixels
        layout = QVBoxLayout(window)
        layout.addWidget(whole)
        screen = self.screen()
        room = screen.availableSize() if screen is not None else self.pixels.size()
        window.resize((self.pixels.size() + QSize(24, 24)).boundedTo(room))
        window.show()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Show the picture in a window of its own."""
        self.enlarge()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Fit the picture."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self.pixels is not None:
            keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            ratio = self.devicePixelRatioF()  # above 1 on a high-density screen
            fitted = self.pixels.scaled(self.size() * ratio, keep, smooth)
            fitted.setDevicePixelRatio(ratio)
            self.setPixmap(fitted)
