"""The live histogram: how often each value came, over the range that was seen."""

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor
from typing_extensions import override

from labctl.gui import theme
from labctl.gui.live.buffers import Floats, SlidingColumns
from labctl.gui.live.panel import Columns, PlotPanel, Rows, floats, label
from labctl.plots import Histogram

CAPACITY = 1_000_000
"""Newest values that are kept; the file has them all."""


class HistogramPanel(PlotPanel):
    """Draws a `Histogram`."""

    def __init__(self, histogram: Histogram) -> None:
        super().__init__(histogram.row, histogram.title)
        self.histogram = histogram
        self.counts: Floats = np.empty(0)
        self.edges: Floats = np.empty(0)
        self._buffer = SlidingColumns(1, CAPACITY)
        self.curve = pg.PlotCurveItem(np.zeros(2), np.zeros(1), stepMode="center", fillLevel=0.0)
        self.item.addItem(self.curve)
        self.item.setLogMode(x=histogram.log_x, y=False)
        self.label_axis("bottom", histogram.x, log=histogram.log_x)
        label(self.item.getAxis("left"), "number of values", "")
        self.colour()

    @override
    def colour(self) -> None:
        super().colour()
        fill = QColor(theme.current().accent)
        self.curve.setPen(pg.mkPen(fill))
        fill.setAlpha(90)
        self.curve.setBrush(fill)

    @override
    def clear(self) -> None:
        self._buffer.clear()
        self.counts = self.edges = np.empty(0)
        self.curve.setData(np.zeros(2), np.zeros(1), stepMode="center")
        self.say("")
        self.is_stale = False

    @override
    def add(self, rows: Rows) -> None:
        values = floats(rows, self.histogram.x, log=self.histogram.log_x)
        values = values[np.isfinite(values)]
        if self.histogram.log_x:
            values = np.log10(values)
        if len(values):
            self._buffer.add(values[None, :])
            self.is_stale = True

    @override
    def draw(self) -> None:
        values = self._buffer.columns()[0]
        self.counts, self.edges = counted(values, self.histogram.bins)
        self.curve.setData(self.edges, self.counts, stepMode="center")
        dropped = f", the newest of {len(values) + self._buffer.dropped:,}" if self._buffer.dropped else ""
        self.say(f"{len(values):,} values{dropped}")

    @override
    def read_at(self, point: QPointF) -> str:
        at = int(np.searchsorted(self.edges, point.x(), side="right")) - 1
        if not 0 <= at < len(self.counts):
            return ""
        ends = (self.text_at(self.histogram.x, float(e), log=self.histogram.log_x) for e in self.edges[at : at + 2])
        return f"{' to '.join(ends)}: {int(self.counts[at]):,}"

    @override
    def shown(self) -> Columns:
        values = 10.0**self.edges if self.histogram.log_x else self.edges
        unit = self.column(self.histogram.x).unit
        return {"from": (values[:-1].copy(), unit), "to": (values[1:].copy(), unit), "count": (self.counts.copy(), "")}


def counted(values: Floats, bins: int) -> tuple[Floats, Floats]:
    """Return the (bins,) counts and the (bins + 1,) edges; equal values get an interval of their own."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        margin = abs(low) * 0.01 or 1.0
        low, high = low - margin, high + margin
    counts, edges = np.histogram(values, bins, (low, high))
    return counts.astype(np.float64), edges
