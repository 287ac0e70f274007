"""Several runs drawn over one another: any column of a stream that they all have, against any other."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from labctl.gui import theme
from labctl.gui.history.folder import RunFolder
from labctl.gui.live import axes
from labctl.gui.live.buffers import Floats, thinned
from labctl.gui.live.panel import label, words

if TYPE_CHECKING:
    from labctl.runfile.reader import RunData

PIECES = 2000
"""A line is drawn with so many runs of points, each with its peak and its dip."""
_MOST = 6 * PIECES
"""So many points of a line that starts over are drawn at most."""
_STYLES = tuple(theme.LINE_STYLES.values())
_SYMBOLS = ("o", "s", "t", "d")


@dataclasses.dataclass(frozen=True)
class Streams:
    """What several runs have in common: for each stream its numeric columns, each with its unit."""

    columns: dict[str, dict[str, str]]
    names: list[str]


class Line(NamedTuple):
    """A run's line; where it is broken by NaN x starts over, and every ``every``-th point is drawn."""

    x: Floats
    y: Floats
    starts_over: bool = False
    every: int = 1


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


def lines(paths: Sequence[Path], stream: str, x: str, y: str, *, log: tuple[bool, bool]) -> list[Line]:
    """Return each run's line, thinned to what a screen can show; on a log axis what has no logarithm is left out."""
    from labctl.runfile.reader import RunData

    found = []
    for path in paths:
        columns = RunData(path).arrays(stream)
        pair = [columns[name].astype(np.float64) for name in (x, y)]
        for values, is_log in zip(pair, log, strict=True):
            if is_log:
                values[values <= 0.0] = np.nan
        found.append(_line(pair[0], pair[1]))
    return found


def _line(x: Floats, y: Floats) -> Line:
    breaks = restarts(x)
    if not len(breaks):
        return Line(*thinned(x, y, PIECES))
    # Peaks and dips of a stretch would be drawn where it begins, which may be in another round: points are left out.
    every = -(-len(x) // _MOST)
    if every > 1:
        x, y = x[::every], y[::every]
        breaks = restarts(x)
    return Line(np.insert(x, breaks, np.nan), np.insert(y, breaks, np.nan), True, every)


def restarts(x: Floats) -> NDArray[np.int64]:
    """Return where x starts over, as the time in each of many pulses: one step back, and on as before.

    A sweep there and back does not start over: several of its steps go back.
    """
    steps = np.nan_to_num(np.diff(x))
    at = np.flatnonzero(steps)
    signs = np.sign(steps[at])
    onward = 1.0 if signs.sum() >= 0.0 else -1.0
    around = np.pad(signs, 1, constant_values=onward)
    is_single = (around[:-2] == onward) & (signs == -onward) & (around[2:] == onward)
    found: NDArray[np.int64] = at[is_single] + 1
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

        def take(found: list[Line]) -> None:
            if turn == self._turn:
                self._draw(found, x, y, log)

        self._folder.background(lambda: lines(paths, stream, x, y, log=log), take)

    def _draw(self, found: list[Line], x: str, y: str, log: tuple[bool, bool]) -> None:
        item = self.plot.getPlotItem()
        for curve in self.curves:
            item.removeItem(curve)
        item.setLogMode(*log)
        units = self._streams.columns[self.stream.currentText()]
        for side, name, is_log in (("bottom", x, log[0]), ("left", y, log[1])):
            label(item.getAxis(side), words(name), units[name], log=is_log)
        self.curves = []
        for number, (name, line) in enumerate(zip(self._streams.names, found, strict=True)):
            colour = _colour(number)
            pen = pg.mkPen(colour, width=1, style=_STYLES[number % len(_STYLES)])
            curve = item.plot(line.x, line.y, pen=pen, name=name, connect="finite")
            if line.starts_over:  # a round may be a single point
                curve.setSymbolBrush(colour)
                curve.setSymbolPen(None)
                curve.setSymbolSize(4)
                curve.setSymbol(_SYMBOLS[number % len(_SYMBOLS)])
            self.curves.append(curve)
        self.words.setText(
            f"{len(found)} runs{_how(found, x)}; zoom with the wheel, drag to move, right button for more"
        )

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


def _how(found: Sequence[Line], x: str) -> str:
    """Say what is not drawn of lines that start over."""
    if not any(line.starts_over for line in found):
        return ""
    every = max(line.every for line in found)
    left_out = f", one point in {every:,} is drawn" if every > 1 else ""
    return f", broken where {words(x)} starts over{left_out}"


def _colour(number: int) -> str:
    colours = theme.current()
    return (colours.accent, colours.warning, colours.good, colours.alarm, colours.text, colours.faint)[number % 6]
