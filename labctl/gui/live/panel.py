"""What every live plot has: title, caption, a read-out under the cursor, and drawing only what is new."""

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, pyqtSignal
from PyQt6.QtGui import QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from labctl.gui.elided import ElidedLabel
from labctl.gui.live import axes
from labctl.gui.live.tools import PlotTools
from labctl.rows import Column, Row
from labctl.units import format_quantity

Rows = NDArray[Any]
Columns = dict[str, tuple[NDArray[Any], str]]
"""What a plot shows: values and unit by name."""

_PREFIXED = {"s", "V", "A", "ohm", "S", "W", "J", "C", "F", "H", "Hz", "Sa/s", "V/s"}
_HEADER_MARGIN = 6
_SIGNS = {"ohm": "\N{GREEK CAPITAL LETTER OMEGA}"}


class PlotPanel(QWidget):
    """A live plot of one stream; `add` takes rows at any rate, `redraw` brings them to the screen.

    Args:
        row: The row type that it is drawn from.
        title: What the operator sees above it.
    """

    export_wanted = pyqtSignal(object, str)
    """The panel itself, and ``png`` or ``csv``."""

    def __init__(self, row: type[Row], title: str) -> None:
        super().__init__()
        self.stream = row.stream
        self.title = ElidedLabel(title)
        self.title.setProperty("role", "heading")
        self.caption = ElidedLabel()
        self.caption.setProperty("role", "hint")
        self.plot = axes.plot_widget()
        self.item = self.plot.getPlotItem()
        self.item.hideButtons()
        self.item.getAxis("left").setWidth(58)
        self.item.getAxis("bottom").setHeight(40)
        self.is_stale = self.is_frozen = False
        self._columns = {column.name: column for column in row.columns}
        self._log = (False, False)
        self.header = QHBoxLayout()
        self.header.addWidget(self.title, 1)
        self.tools = PlotTools()
        self.freeze, self.fit, self.export = self.tools.freeze, self.tools.fit, self.tools.export
        self.tools.freezing.toggled.connect(self._freeze)
        self.tools.fitting.triggered.connect(self.show_all)
        self.tools.export_wanted.connect(self._want)
        self.header.addWidget(self.tools)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_HEADER_MARGIN, 4, _HEADER_MARGIN, 2)
        layout.setSpacing(2)
        layout.addLayout(self.header)
        layout.addWidget(self.caption)
        layout.addWidget(self.plot, 1)
        self._status = ""
        self.readout = ""
        self.plot.scene().sigMouseMoved.connect(self._hover)

    def say(self, words: str) -> None:
        """Say below the title what is shown; the cursor's read-out takes its place while there is one."""
        self._status = words
        self._caption()

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self.readout = ""
        self.say(self._status)
        super().leaveEvent(event)

    def colour(self) -> None:
        """Take the colours of the theme."""
        axes.colour(self.plot)

    def shown(self) -> Columns:
        """Return what is drawn, as columns of one length."""
        raise TypeError(f"{type(self).__name__} shows nothing")

    def show_all(self) -> None:
        """Undo every zoom."""
        self.item.enableAutoRange()

    def _want(self, what: str) -> None:
        self.export_wanted.emit(self, what)

    def _freeze(self, on: bool) -> None:
        self.is_frozen = on
        self.say(self._status)
        self.redraw()

    def add(self, rows: Rows) -> None:
        """Take new rows of the stream."""
        raise TypeError(f"{type(self).__name__} takes no rows")

    def draw(self) -> None:
        """Bring what `add` took to the screen."""
        raise TypeError(f"{type(self).__name__} draws nothing")

    def clear(self) -> None:
        """Forget every row."""
        raise TypeError(f"{type(self).__name__} forgets nothing")

    def redraw(self) -> bool:
        """Draw if there is something new and somebody can see it; return whether it was drawn."""
        if not self.is_stale or self.is_frozen or not self.isVisible():
            return False
        self.is_stale = False
        self.draw()
        return True

    def column(self, name: str) -> Column:
        """Return a column of the row type."""
        return self._columns[name]

    def label_axis(self, side: str, name: str, *, log: bool = False) -> None:
        """Name an axis after a column, with its unit and SI prefix."""
        label(self.item.getAxis(side), words(name), self.column(name).unit, log=log)

    def read_at(self, point: QPointF) -> str:
        """Return what the cursor is at, in words; empty for nothing."""
        raise TypeError(f"{type(self).__name__} cannot be read")

    def text_at(self, name: str, value: float, *, log: bool = False) -> str:
        """Return a value on an axis in words."""
        return f"{words(name)} {format_quantity(10.0**value if log else value, self.column(name).unit, 4)}"

    def _hover(self, position: QPointF) -> None:
        view = self.item.getViewBox()
        inside = view.sceneBoundingRect().contains(position)
        self.readout = self.read_at(view.mapSceneToView(position)) if inside else ""
        self._caption()

    def _caption(self) -> None:
        frozen = "\N{HEAVY VERTICAL BAR}\N{HEAVY VERTICAL BAR} frozen" if self.is_frozen else ""
        status = " \N{MIDDLE DOT} ".join(filter(None, (frozen, self._status)))
        self.caption.setText(self.readout or status)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.fit_header()

    @override
    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.fit_header()

    def fit_header(self) -> None:
        """Give the title its room before the buttons get theirs."""
        self.tools.fit_into(self.width() - self._beside_tools())

    def _beside_tools(self) -> int:
        """Return the width, in pixels, of everything in the header but the buttons."""
        width = self.title.fontMetrics().horizontalAdvance(self.title.text()) + 2 * _HEADER_MARGIN
        for index in range(self.header.count()):
            item = self.header.itemAt(index)
            widget = item.widget() if item is not None else None
            if widget is not None and widget not in (self.title, self.tools) and not widget.isHidden():
                width += widget.sizeHint().width() + self.header.spacing()
        return width


def words(name: str) -> str:
    """Return a column's name as people read it."""
    return name.replace("_", " ")


def plain(value: Any) -> Any:
    """Return a value of a row as Python's own: a number, or text."""
    value = value.item() if isinstance(value, np.generic) else value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def label(axis: pg.AxisItem, text: str, unit: str, *, log: bool = False) -> None:
    """Name an axis; a unit that takes SI prefixes is scaled by pyqtgraph, one on a log axis is only named."""
    shown = _SIGNS.get(unit, unit)
    if unit in _PREFIXED and not log:
        axis.setLabel(text, units=shown)
    else:
        axis.enableAutoSIPrefix(False)
        axis.setLabel(f"{text} ({shown})" if shown else text)


def floats(rows: Rows, name: str, *, log: bool = False) -> NDArray[np.float64]:
    """Return a column as floats; on a log axis what has no logarithm is NaN."""
    values = rows[name].astype(np.float64)
    if log:
        values[values <= 0.0] = math.nan
    return values
