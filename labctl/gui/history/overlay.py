"""Several runs drawn over one another: any column of a stream that they all have, against any other."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from labctl.gui import theme
from labctl.gui.history.folder import RunFolder
from labctl.gui.live import axes
from labctl.gui.live.buffers import Floats, thinned
from labctl.gui.live.panel import label

if TYPE_CHECKING:
    from labctl.runfile.reader import RunData

PIECES = 2000
"""A line is drawn with so many runs of points, each with its peak and its dip."""
_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


@dataclasses.dataclass(frozen=True)
class Streams:
    """What several runs have in common: for each stream its numeric columns, each with its unit."""

    columns: dict[str, dict[str, str]]
    names: list[str]


def common_streams(paths: Sequence[Path]) -> Streams:
    """Return what the runs have in common.

    Raises:
        DataFileError: One cannot be read.
    """
    from labctl.runfile.reader import RunData

    shared: dict[str, dict[str, str]] | None = None
    names = []
    for path in paths:
        run = RunData(path)
        names.append(f"{run.header.started[:19].replace('T', ' ')} {run.header.sample or run.protocol}")
        mine = {stream: _numeric(run, stream) for stream in run.streams}
        if shared is None:
            shared = mine
        shared = {
            stream: {name: unit for name, unit in columns.items() if mine[stream].get(name) == unit}
            for stream, columns in shared.items()
            if stream in mine
        }
    return Streams({stream: columns for stream, columns in (shared or {}).items() if len(columns) > 1}, names)


def lines(paths: Sequence[Path], stream: str, x: str, y: str, *, log: tuple[bool, bool]) -> list[tuple[Floats, Floats]]:
    """Return each run's line, thinned to what a screen can show; on a log axis what has no logarithm is left out."""
    from labctl.runfile.reader import RunData

    found = []
    for path in paths:
        columns = RunData(path).arrays(stream)
        pair = [columns[name].astype(np.float64) for name in (x, y)]
        for values, is_log in zip(pair, log, strict=True):
            if is_log:
                values[values <= 0.0] = np.nan
        found.append(thinned(pair[0], pair[1], PIECES))
    return found


def _numeric(run: "RunData", stream: str) -> dict[str, str]:
    return {name: unit for name, (kind, unit) in run.kinds(stream).items() if kind in "fiub"}


class OverlayWindow(QDialog):
    """Draws the chosen column of each run; lines differ in colour and in dashes."""

    def __init__(self, folder: RunFolder, paths: Sequence[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"{len(paths)} runs over one another")
        self.resize(900, 560)
        self.paths = list(paths)
        self.curves: list[pg.PlotDataItem] = []
        self._folder = folder
        self._streams = Streams({}, [])
        self._turn = 0
        self.stream, self.x_box, self.y_box = QComboBox(), QComboBox(), QComboBox()
        self.log_x, self.log_y = QCheckBox("log x"), QCheckBox("log y")
        self.words = QLabel("reading \N{HORIZONTAL ELLIPSIS}")
        self.words.setProperty("role", "hint")
        self.plot = axes.plot_widget()
        self.legend = self.plot.getPlotItem().addLegend(offset=(-10, 10), brush=theme.current().base)
        self._arrange()
        self.stream.currentIndexChanged.connect(lambda _: self._show_columns())
        for box in (self.x_box, self.y_box):
            box.currentIndexChanged.connect(lambda _: self._read())
        for switch in (self.log_x, self.log_y):
            switch.toggled.connect(lambda _: self._read())
        chosen = self.paths
        folder.background(lambda: common_streams(chosen), self._take)

    def _take(self, streams: Streams) -> None:
        self._streams = streams
        self.stream.addItems(streams.columns)
        if not streams.columns:
            self.words.setText("These runs have no stream in common.")

    def _show_columns(self) -> None:
        names = list(self._streams.columns.get(self.stream.currentText(), {}))
        for box, preferred in ((self.x_box, names[0]), (self.y_box, names[-1])):
            box.blockSignals(True)
            box.clear()
            box.addItems(names)
            box.setCurrentText(preferred)
            box.blockSignals(False)
        self._read()

    def _read(self) -> None:
        self._turn += 1
        turn, stream, x, y = self._turn, self.stream.currentText(), self.x_box.currentText(), self.y_box.currentText()
        log, paths = (self.log_x.isChecked(), self.log_y.isChecked()), self.paths

        def take(found: list[tuple[Floats, Floats]]) -> None:
            if turn == self._turn:
                self._draw(found, x, y, log)

        self._folder.background(lambda: lines(paths, stream, x, y, log=log), take)

    def _draw(self, found: list[tuple[Floats, Floats]], x: str, y: str, log: tuple[bool, bool]) -> None:
        item = self.plot.getPlotItem()
        for curve in self.curves:
            item.removeItem(curve)
        item.setLogMode(*log)
        units = self._streams.columns[self.stream.currentText()]
        for side, name, is_log in (("bottom", x, log[0]), ("left", y, log[1])):
            label(item.getAxis(side), name.replace("_", " "), units[name], log=is_log)
        self.curves = []
        for number, (name, line) in enumerate(zip(self._streams.names, found, strict=True)):
            pen = pg.mkPen(_colour(number), width=1, style=_STYLES[number % len(_STYLES)])
            self.curves.append(item.plot(*line, pen=pen, name=name, connect="finite"))
        self.words.setText(f"{len(found)} runs; zoom with the wheel, drag to move, right button for more")

    def _arrange(self) -> None:
        row = QHBoxLayout()
        for text, widget in (("s&tream", self.stream), ("&x", self.x_box), ("&y", self.y_box)):
            caption = QLabel(text)
            caption.setBuddy(widget)
            row.addWidget(caption)
            row.addWidget(widget)
        row.addWidget(self.log_x)
        row.addWidget(self.log_y)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.words)


def _colour(number: int) -> str:
    colours = theme.current()
    return (colours.accent, colours.warning, colours.good, colours.alarm, colours.text, colours.faint)[number % 6]
