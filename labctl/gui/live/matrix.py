"""The live matrix: the newest value for each row and column, as colour and as a number where there is room for it."""

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QTransform
from typing_extensions import override

from labctl.gui import theme
from labctl.gui.live.buffers import Floats
from labctl.gui.live.panel import Columns, PlotPanel, Rows, floats, label, plain, words
from labctl.plots import Matrix
from labctl.units import format_quantity

NUMBERED = 16
"""A matrix of at most so many rows and columns has a number in each cell, and a name at each row and column."""
LEAST_HEIGHT = 264
"""Of a panel, in pixels: the cells of ten rows, and of an image's 28, are then high enough."""
_SMALLEST, _LARGEST = 7, 15
"""Height of the numbers in pixels; where a cell has no room for the smallest there is none."""
_SHADES = 256


class MatrixPanel(PlotPanel):
    """Draws a `Matrix`."""

    def __init__(self, matrix: Matrix) -> None:
        super().__init__(matrix.row, matrix.title)
        self.matrix = matrix
        self.values: Floats = np.full((matrix.rows, matrix.columns), math.nan)
        self.outside = 0
        self._counts = self.column(matrix.value).dtype == "<i8"
        self._moment: tuple[Any, ...] = ()
        self._area = QRectF(-0.5, -0.5, matrix.columns, matrix.rows)
        self.image = pg.ImageItem(axisOrder="row-major")
        self.numbers = Numbers(self._area)
        for item in (self.image, self.numbers):
            self.item.addItem(item)
        view = self.item.getViewBox()
        view.invertY(True)
        view.setRange(self._area, padding=0.0)
        view.setLimits(xMin=-0.5, xMax=matrix.columns - 0.5, yMin=-0.5, yMax=matrix.rows - 0.5)
        for side, name, count in (("bottom", matrix.across, matrix.columns), ("left", matrix.down, matrix.rows)):
            label(self.item.getAxis(side), words(name), "")
            self.item.getAxis(side).setStyle(tickLength=0)
            if count <= NUMBERED:
                self.item.getAxis(side).setTicks([[(float(n), str(n)) for n in range(count)]])
        self.bar: pg.ColorBarItem | None = None
        if not self.is_numbered:
            self.bar = pg.ColorBarItem(values=(0, 1), interactive=False, width=12)
            self.bar.setImageItem(self.image, insert_in=self.item)
            label(self.bar.axis, words(matrix.value), self.column(matrix.value).unit)
            self.bar.axis.setWidth(58)
        self.colour()

    @property
    def is_numbered(self) -> bool:
        """Whether the cells have numbers in them; otherwise there is a colour scale."""
        return max(self.matrix.rows, self.matrix.columns) <= NUMBERED

    @override
    def colour(self) -> None:
        super().colour()
        colours = theme.current()
        self.item.getViewBox().setBackgroundColor(QColor(colours.border))
        shades = pg.ColorMap([0.0, 1.0], [QColor(colours.base), QColor(colours.accent)])
        self.image.setLookupTable(shades.getLookupTable(nPts=_SHADES))
        if self.bar is not None:
            self.bar.setColorMap(shades)
            self.bar.axis.setPen(colours.text)
            self.bar.axis.setTextPen(colours.text)
        self.numbers.update()

    @override
    def show_all(self) -> None:
        self.item.getViewBox().setRange(self._area, padding=0.0)

    @override
    def shown(self) -> Columns:
        matrix = self.matrix
        down, across = np.nonzero(np.isfinite(self.values))
        values = self.values[down, across].astype(np.int64 if self._counts else np.float64)
        unit = self.column(matrix.value).unit
        return {matrix.down: (down, ""), matrix.across: (across, ""), matrix.value: (values, unit)}

    @override
    def clear(self) -> None:
        self.values[:] = math.nan
        self.outside, self._moment = 0, ()
        self.image.clear()
        self.numbers.show_values(self.values, [])
        self.say("")
        self.is_stale = False

    @override
    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        matrix = self.matrix
        down, across = rows[matrix.down].astype(np.int64), rows[matrix.across].astype(np.int64)
        inside = (down >= 0) & (down < matrix.rows) & (across >= 0) & (across < matrix.columns)
        self.outside += int(len(rows) - inside.sum())
        self.values[down[inside], across[inside]] = floats(rows, matrix.value)[inside]
        self._moment = tuple(plain(rows[name][-1]) for name in matrix.moment)
        self.is_stale = True

    @override
    def draw(self) -> None:
        largest = float(np.nanmax(self.values, initial=0.0)) or 1.0
        # Where there are numbers the colour goes with the root, so that a few beside many are seen, too.
        image = np.sqrt(np.maximum(self.values, 0.0)) if self.is_numbered else self.values
        top = math.sqrt(largest) if self.is_numbered else largest
        self.image.setImage(image, levels=(0.0, top), autoLevels=False)
        self.image.setRect(self._area)
        if self.bar is not None:
            self.bar.setLevels((0.0, top))
        else:
            self.numbers.show_values(self.values, [[self._number(v) for v in row] for row in self.values.tolist()])
        self.say(self._words())

    @override
    def read_at(self, point: QPointF) -> str:
        matrix = self.matrix
        down, across = math.floor(point.y() + 0.5), math.floor(point.x() + 0.5)
        if not (0 <= down < matrix.rows and 0 <= across < matrix.columns):
            return ""
        place = f"{words(matrix.down)} {down}, {words(matrix.across)} {across}"
        value = float(self.values[down, across])
        if not math.isfinite(value):
            return f"{place}: nothing yet"
        if not self._counts:
            return f"{place}: {format_quantity(value, self.column(matrix.value).unit, 4)}"
        of_row = float(np.nansum(self.values[down]))
        share = f" ({100.0 * value / of_row:.1f} % of {words(matrix.down)} {down})" if of_row > 0.0 else ""
        return f"{place}: {words(matrix.value)} {value:,.0f}{share}"

    def _number(self, value: float) -> str:
        if not math.isfinite(value):
            return ""
        return f"{value:.0f}" if self._counts else f"{value:.3g}"

    def _words(self) -> str:
        named = zip(self.matrix.moment, self._moment, strict=True)
        parts = [value if isinstance(value, str) else f"{words(name)} {value}" for name, value in named]
        missing = int(np.isnan(self.values).sum())
        parts += [f"{missing:,} without a value (grey)"] if missing else []
        total = float(np.nansum(self.values))
        if self._counts and self.matrix.rows == self.matrix.columns and total > 0.0:
            parts.append(f"{100.0 * np.nansum(np.diag(self.values)) / total:.1f} % on the diagonal")
        parts += [f"{self.outside:,} beyond the matrix"] if self.outside else []
        return " \N{MIDDLE DOT} ".join(parts)


class Numbers(pg.GraphicsObject):  # type: ignore[misc]
    """A text in the middle of each cell, as large as the cells on the screen allow.

    Args:
        area: Of the matrix, each cell one by one.
    """

    def __init__(self, area: QRectF) -> None:
        super().__init__()
        self._area = area
        self._texts: list[list[str]] = []
        self._shades: NDArray[np.float64] = np.empty((0, 0))

    def show_values(self, values: Floats, texts: list[list[str]]) -> None:
        """Show (rows, columns) texts; the values tell how dark it is behind each."""
        self._texts = texts
        largest = float(np.nanmax(values, initial=0.0)) or 1.0
        self._shades = np.sqrt(np.maximum(values, 0.0) / largest)
        self.update()

    def height_on(self, to_screen: QTransform) -> int:
        """Return the height of the texts on the screen, in pixels; 0 where the cells have no room for them."""
        longest = max((text for row in self._texts for text in row), key=len, default="")
        cell = to_screen.mapRect(QRectF(0.0, 0.0, 1.0, 1.0)) if longest else QRectF()
        height = min(int(0.8 * cell.height()), _LARGEST)
        while height >= _SMALLEST and QFontMetricsF(_font(height)).horizontalAdvance(longest) > 0.92 * cell.width():
            height -= 1
        return height if height >= _SMALLEST else 0

    @override
    def boundingRect(self) -> QRectF:
        return self._area

    @override
    def paint(self, painter: QPainter, *_: Any) -> None:
        to_screen = painter.transform()
        height = self.height_on(to_screen)
        if not height:
            return
        painter.save()
        painter.resetTransform()
        painter.setFont(_font(height))
        for row, texts in enumerate(self._texts):
            for column, text in enumerate(texts):
                painter.setPen(_readable(float(self._shades[row, column]), faint=text == "0"))
                cell = to_screen.mapRect(QRectF(column - 0.5, row - 0.5, 1.0, 1.0))
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()


def _font(height: int) -> QFont:
    font = QFont()
    font.setPixelSize(height)
    return font


def _readable(shade: float, *, faint: bool) -> QColor:
    """Return the colour that stands out from the cell, which is ``shade`` of the way from ground to accent."""
    colours = theme.current()
    if faint or not math.isfinite(shade):
        return QColor(colours.faint)
    ground, accent = QColor(colours.base), QColor(colours.accent)
    mixed = [
        (1.0 - shade) * low + shade * high for low, high in zip(ground.getRgbF()[:3], accent.getRgbF()[:3], strict=True)
    ]
    text, other = QColor(colours.text), QColor(colours.base)
    behind = _luminance(mixed)
    contrasts = [_contrast(behind, _luminance(each.getRgbF()[:3])) for each in (text, other)]
    return text if contrasts[0] >= contrasts[1] else other


def _luminance(rgb: Any) -> float:
    """Return the relative luminance of a colour. Source: WCAG 2.1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])


def _contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
