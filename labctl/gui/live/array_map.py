"""The live array map: the newest value of each cell as colour, word lines across, bit lines up."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainterPath
from PyQt6.QtWidgets import QComboBox, QLabel
from typing_extensions import override

from labctl.gui import theme
from labctl.gui.live import axes
from labctl.gui.live.panel import Columns, PlotPanel, Rows, floats, label, words
from labctl.plots import ArrayMap
from labctl.units import format_quantity

Excluded = Callable[[int, int, int], Sequence[int]]
"""Gives the excluded cells of an array, from 0, by its number, rows and columns."""
_MARGIN = 0.02
"""The colour scale goes so far beyond the values, so that it need not move for each new one."""


class MapPanel(PlotPanel):
    """Draws an `ArrayMap`: one image for each array that has data, one of them shown."""

    cell_clicked = pyqtSignal(object, int)
    """The `ArrayMap`, and the linear index of the cell over all arrays."""

    def __init__(self, array_map: ArrayMap) -> None:
        super().__init__(array_map.row, array_map.title)
        self.array_map = array_map
        self.images: dict[int, NDArray[np.float32]] = {}
        self.levels: tuple[float, float] | None = None
        self._excluded_of: Excluded = _none
        self._excluded: dict[int, NDArray[np.int64]] = {}
        self.strokes = pg.ScatterPlotItem(symbol=_stroke(), size=8, brush=None)
        self.chooser = QComboBox()
        self.chooser.setToolTip("array that is shown")
        self.chooser.currentIndexChanged.connect(self._choose)
        self._chooser_label = QLabel("&array")
        self._chooser_label.setBuddy(self.chooser)
        for index, widget in enumerate((self._chooser_label, self.chooser)):
            widget.setVisible(False)
            self.header.insertWidget(1 + index, widget)
        rows, columns = array_map.rows, array_map.columns
        self.image = pg.ImageItem(axisOrder="col-major")
        self.item.addItem(self.image)
        self.item.addItem(self.strokes, ignoreBounds=True)
        self._area = QRectF(-0.5, -0.5, rows, columns)
        view = self.item.getViewBox()
        view.setRange(self._area, padding=0.0)
        view.setLimits(xMin=-0.5, xMax=rows - 0.5, yMin=-0.5, yMax=columns - 0.5)
        self.bar = axes.colour_bar(pg.colormap.get("viridis"))
        self.bar.setImageItem(self.image, insert_in=self.item)
        label(self.bar.axis, words(array_map.value), self.column(array_map.value).unit)
        self.bar.axis.setWidth(58)
        label(self.item.getAxis("bottom"), "word line (row)", "")
        label(self.item.getAxis("left"), "bit line (col.)", "")
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        self.colour()

    @override
    def colour(self) -> None:
        super().colour()
        self.item.getViewBox().setBackgroundColor(QColor(theme.current().border))
        self.strokes.setPen(pg.mkPen(theme.current().alarm, width=1))
        axes.colour_axis(self.bar.axis)

    def mark_excluded(self, excluded: Excluded) -> None:
        """Strike out the cells that ``excluded`` gives; they count from 0 in each array."""
        self._excluded_of = excluded
        self._excluded.clear()
        self.is_stale = bool(self.images)

    def _excluded_here(self) -> NDArray[np.int64]:
        if self.number not in self._excluded:
            cells = self._excluded_of(self.number, self.array_map.rows, self.array_map.columns)
            self._excluded[self.number] = np.asarray(cells, np.int64)
        return self._excluded[self.number]

    @override
    def show_all(self) -> None:
        self.item.getViewBox().setRange(self._area, padding=0.0)

    @override
    def shown(self) -> Columns:
        if not self.images:
            return {"cell": (np.empty(0), ""), self.array_map.value: (np.empty(0), "")}
        image = self.images[self.number].reshape(-1)
        cells = np.flatnonzero(np.isfinite(image))
        values = (image[cells], self.column(self.array_map.value).unit)
        return {"cell": (cells + self.number * image.size, ""), self.array_map.value: values}

    def cell_at(self, point: QPointF) -> int | None:
        """Return the linear index, over all arrays, of the cell at a point of the plot."""
        row, column = math.floor(point.x() + 0.5), math.floor(point.y() + 0.5)
        if not self.images or not (0 <= row < self.array_map.rows and 0 <= column < self.array_map.columns):
            return None
        return (self.number * self.array_map.rows + row) * self.array_map.columns + column

    def _clicked(self, event: Any) -> None:
        view = self.item.getViewBox()
        if event.button() == Qt.MouseButton.LeftButton and view.sceneBoundingRect().contains(event.scenePos()):
            cell = self.cell_at(view.mapSceneToView(event.scenePos()))
            if cell is not None:
                self.cell_clicked.emit(self.array_map, cell)

    @override
    def clear(self) -> None:
        self.images.clear()
        self.levels = None
        self.image.clear()
        self.strokes.clear()
        self.chooser.clear()
        self._show_chooser()
        self.say("")
        self.is_stale = False

    @override
    def add(self, rows: Rows) -> None:
        cells = rows[self.array_map.cell].astype(np.int64)
        values = floats(rows, self.array_map.value)
        size = self.array_map.rows * self.array_map.columns
        arrays = cells // size
        for number in np.unique(arrays).tolist():
            chosen = arrays == number
            image = self._image_of(number)
            row, column = np.divmod(cells[chosen] % size, self.array_map.columns)
            image[row, column] = values[chosen]
        finite = values[np.isfinite(values)]
        if len(finite):
            self._widen(float(finite.min()), float(finite.max()))
        self.is_stale = True

    @override
    def draw(self) -> None:
        if self.levels is None or not self.images:
            return
        image = self.images[self.number]
        self.image.setImage(image, levels=self.levels, autoLevels=False)
        self.image.setRect(self._area)
        self.bar.setLevels(self.levels)
        measured = int(np.isfinite(image).sum())
        left = image.size - measured
        grey = f" \N{MIDDLE DOT} {left:,} not measured (grey)" if left else ""
        excluded = self._excluded_here()
        self.strokes.setData(*np.divmod(excluded, self.array_map.columns))
        struck = f" \N{MIDDLE DOT} {len(excluded):,} excluded (/)" if len(excluded) else ""
        self.say(f"array {self.number} \N{MIDDLE DOT} {measured:,} of {image.size:,} cells{grey}{struck}")

    @property
    def number(self) -> int:
        """Number of the array that is shown."""
        chosen = self.chooser.currentData()
        return int(chosen) if chosen is not None else min(self.images)

    @override
    def read_at(self, point: QPointF) -> str:
        row, column = math.floor(point.x() + 0.5), math.floor(point.y() + 0.5)
        if not (0 <= row < self.array_map.rows and 0 <= column < self.array_map.columns):
            return ""
        number = self.number if self.images else 0
        cell = (number * self.array_map.rows + row) * self.array_map.columns + column
        value = float(self.images[number][row, column]) if self.images else math.nan
        unit = self.column(self.array_map.value).unit
        read = format_quantity(value, unit, 4) if math.isfinite(value) else "not measured"
        struck = bool(self.images) and cell % (self.array_map.rows * self.array_map.columns) in self._excluded_here()
        return f"row {row}, column {column}, cell {cell}: {read}" + (", excluded" if struck else "")

    def _image_of(self, number: int) -> NDArray[np.float32]:
        if number not in self.images:
            self.images[number] = np.full((self.array_map.rows, self.array_map.columns), np.nan, np.float32)
            position = sorted(self.images).index(number)
            self.chooser.insertItem(position, str(number), number)
            self._show_chooser()
        return self.images[number]

    def _show_chooser(self) -> None:
        for widget in (self._chooser_label, self.chooser):
            widget.setVisible(self.chooser.count() > 1)
        self.fit_header()

    def _choose(self, index: int) -> None:
        if index >= 0 and self.images:
            self.is_stale = True

    def _widen(self, low: float, high: float) -> None:
        """Let the colour scale take in new values; it never shrinks during a run, so a colour keeps its meaning."""
        if self.levels is not None and self.levels[0] <= low and high <= self.levels[1]:
            return
        if self.levels is not None:
            low, high = min(low, self.levels[0]), max(high, self.levels[1])
        margin = _MARGIN * (high - low) or abs(high) * _MARGIN or 1.0
        self.levels = (low - margin, high + margin)


def _none(number: int, rows: int, columns: int) -> Sequence[int]:
    return ()


def _stroke() -> QPainterPath:
    """Return the stroke through an excluded cell, as on the map where cells are chosen."""
    path = QPainterPath(QPointF(-0.5, 0.5))
    path.lineTo(0.5, -0.5)
    return path
