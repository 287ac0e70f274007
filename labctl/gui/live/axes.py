"""Axes whose numbers stand apart and whose names fit, and the plots and colour scales that have them."""

import math
from typing import Any

import pyqtgraph as pg
from PyQt6.QtGui import QFontMetricsF
from typing_extensions import override

from labctl.gui import theme

_PLAIN_DECADES = range(-3, 4)
"""Powers of ten that are written out on a logarithmic axis."""
_SUPERSCRIPTS = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")
_APART = 3.0
"""Numbers of an axis are at least so many pixels apart."""
_TOP = 7
"""Room, in pixels, for the upper half of a number at the end of an axis."""
_MARGIN = 2
"""Room, in pixels, that the name of an axis leaves at its ends."""


class PlotAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis for plots of any height."""

    @override
    def logTickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        """Return the numbers: written out near 1, as powers of ten elsewhere."""
        return [power_text(value + math.log10(scale)) for value in values]

    @override
    def generateDrawSpecs(self, p: Any) -> Any:
        """Leave out the numbers that would run into one that matters more."""
        specs = super().generateDrawSpecs(p)
        if specs is None:
            return specs
        kept: list[Any] = []
        for text in specs[2]:  # those that matter more come first
            room = text[0].adjusted(-_APART, -_APART, _APART, _APART)
            if not any(room.intersects(other[0]) for other in kept):
                kept.append(text)
        return specs[0], specs[1], kept

    @override
    def labelString(self) -> str:
        """Return the name with its unit, the name shortened to the length of the axis."""
        whole: str = super().labelString()
        size = self.size()
        length = (size.height() if self.orientation in {"left", "right"} else size.width()) - 2 * _MARGIN
        name = self.labelText
        metrics = QFontMetricsF(self.label.font())
        unit = f" ({self.labelUnitPrefix}{self.labelUnits})" if self.labelUnits else ""
        if length <= 0.0 or not name or metrics.horizontalAdvance(name + unit) <= length:
            return whole
        room = max(0.0, length - metrics.horizontalAdvance(unit + "\N{HORIZONTAL ELLIPSIS}"))
        shown = next(name[:end] for end in range(len(name), -1, -1) if metrics.horizontalAdvance(name[:end]) <= room)
        return whole.replace(name, f"{shown.rstrip()}\N{HORIZONTAL ELLIPSIS}" if shown else "", 1)

    @override
    def resizeEvent(self, ev: Any = None) -> None:
        if self.label is not None:
            self.label.setHtml(self.labelString())
        super().resizeEvent(ev)


def power_text(exponent: float) -> str:
    """Return ten to the power of ``exponent`` with one digit: ``"0.02"``, ``"300"``, ``"10⁷"``, ``"2·10⁷"``."""
    whole = math.floor(exponent + 1e-9)
    digit = round(10.0 ** (exponent - whole))
    if digit >= 10:
        digit, whole = 1, whole + 1
    if whole in _PLAIN_DECADES:
        return f"{digit * 10.0**whole:.{max(0, -whole)}f}"
    power = f"10{str(whole).translate(_SUPERSCRIPTS)}"
    return power if digit == 1 else f"{digit}\N{MIDDLE DOT}{power}"


def plot_widget() -> pg.PlotWidget:
    """Return an empty plot in the colours of the theme."""
    plot = pg.PlotWidget(axisItems={side: PlotAxis(side) for side in ("left", "bottom")})
    plot.getPlotItem().layout.setContentsMargins(1, _TOP, 1, 1)
    return plot


def colour_bar(colours: pg.ColorMap) -> pg.ColorBarItem:
    """Return a colour scale with its numbers on the right."""
    bar = pg.ColorBarItem(values=(0, 1), colorMap=colours, interactive=False, width=12)
    bar.axis = PlotAxis("right")
    bar.setAxisItems({"right": bar.axis})
    bar.axis.unlinkFromView()
    bar.axis.setRange(*bar.values)
    bar.axis.setStyle(showValues=True)
    return bar


def colour(plot: pg.PlotWidget) -> None:
    """Give a plot the colours of the theme."""
    colours = theme.current()
    plot.setBackground(colours.base)
    for side in ("left", "bottom", "right", "top"):
        colour_axis(plot.getPlotItem().getAxis(side))


def colour_axis(axis: pg.AxisItem) -> None:
    """Give the line, the numbers and the name of an axis the colour of the theme."""
    axis.setPen(theme.current().text)
    axis.setTextPen(theme.current().text)
