"""The live cumulative distributions: one curve for each value of the group, coloured by it."""

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPointF
from typing_extensions import override

from labctl.gui import theme
from labctl.gui.live import axes
from labctl.gui.live.buffers import Floats, SlidingColumns
from labctl.gui.live.panel import Columns, PlotPanel, Rows, floats, label, plain, words
from labctl.plots import CumulativeDistribution

CAPACITY = 100_000
"""Newest values of each group that are kept; the file has them all."""
_AT_ONCE = 8
"""So many curves are drawn anew at once, the others with the next picture: the window stays free in between."""
_POINTS = 400
"""A curve is drawn with so many points at most."""
_SHADES = (0.0, 0.88)
"""The part of the colour map that stands out from a light ground; from a dark one it is taken from the other end."""


Group = float | str


class DistributionPanel(PlotPanel):
    """Draws a `CumulativeDistribution`."""

    def __init__(self, distribution: CumulativeDistribution) -> None:
        super().__init__(distribution.row, distribution.title)
        self.distribution = distribution
        self.curves: dict[Group, pg.PlotDataItem] = {}
        self._values: dict[Group, SlidingColumns] = {}
        self._stale: dict[Group, None] = {}
        """The groups that have something new, the one that waits longest first."""
        self._count = 0
        self._map = _readable_map()
        self.bar = axes.colour_bar(self._map)
        label(self.bar.axis, words(distribution.group), self.column(distribution.group).unit)
        self.bar.axis.setWidth(40)
        self.item.layout.addItem(self.bar, 2, 5)
        self.item.layout.setColumnFixedWidth(4, 5)
        self.item.setYRange(0.0, 1.0, padding=0.06)
        self.label_axis("bottom", distribution.x)
        self.colour()
        label(self.item.getAxis("left"), "share", "")

    @override
    def colour(self) -> None:
        super().colour()
        self._map = _readable_map()
        self.bar.setColorMap(self._map)
        axes.colour_axis(self.bar.axis)
        self._pen_curves()

    @override
    def show_all(self) -> None:
        super().show_all()
        self.item.setYRange(0.0, 1.0, padding=0.06)

    @override
    def shown(self) -> Columns:
        parts = [(number, curve.xData, curve.yData) for number, curve in self.curves.items() if curve.xData is not None]
        x = np.concatenate([part[1] for part in parts]) if parts else np.empty(0)
        share = np.concatenate([part[2] for part in parts]) if parts else np.empty(0)
        groups = np.repeat([part[0] for part in parts], [len(part[1]) for part in parts]) if parts else np.empty(0)
        name, group = self.distribution.x, self.distribution.group
        units = (self.column(group).unit, self.column(name).unit)
        return {group: (groups, units[0]), name: (x, units[1]), "share": (share, "")}

    @override
    def clear(self) -> None:
        for curve in self.curves.values():
            self.item.removeItem(curve)
        self.curves.clear()
        self._values.clear()
        self._stale.clear()
        self._count = 0
        self.say("")
        self.is_stale = False

    @override
    def add(self, rows: Rows) -> None:
        groups = rows[self.distribution.group]
        values = floats(rows, self.distribution.x)
        finite = np.isfinite(values)
        groups, values = groups[finite], values[finite]
        order = np.argsort(groups, kind="stable")
        present, starts = np.unique(groups[order], return_index=True)
        for found, part in zip(present, np.split(values[order], starts[1:]), strict=True):
            number = plain(found)
            self._values.setdefault(number, SlidingColumns(1, CAPACITY)).add(part[None, :])
            self._stale.setdefault(number)
        self._count += len(values)
        self.is_stale = True

    @override
    def draw(self) -> None:
        if self._stale.keys() - self.curves.keys():
            self._add_curves()
        for number in list(self._stale)[:_AT_ONCE]:
            self.curves[number].setData(*cumulative(self._values[number].columns()[0]))
            del self._stale[number]
        self.is_stale = bool(self._stale)
        name = words(self.distribution.group)
        plural = "" if len(self.curves) == 1 else "s"
        self.say(f"{len(self.curves)} {name}{plural} \N{MIDDLE DOT} {self._count:,} values")

    @override
    def read_at(self, point: QPointF) -> str:
        parts = [self.text_at(self.distribution.x, point.x()), f"share {point.y():.3f}"]
        nearest = self._nearest(point)
        if nearest is not None:
            parts.insert(0, f"{words(self.distribution.group)} {nearest}")
        return ", ".join(parts)

    def _nearest(self, point: QPointF) -> Group | None:
        """Return the group whose curve passes nearest to the cursor at its height."""
        share = min(max(point.y(), 0.0), 1.0)
        distances = {
            number: abs(float(np.quantile(curve.xData, share)) - point.x())
            for number, curve in self.curves.items()
            if curve.xData is not None and len(curve.xData)
        }
        return min(distances, key=distances.__getitem__) if distances else None

    def _add_curves(self) -> None:
        for number in sorted(self._stale.keys() - self.curves.keys(), key=str):
            self.curves[number] = self.item.plot()
        self._pen_curves()

    def _pen_curves(self) -> None:
        shares = self._shares() if self.curves else {}
        for number, curve in self.curves.items():
            curve.setPen(pg.mkPen(self._map.map(shares[number], mode="qcolor"), width=1))

    def _shares(self) -> dict[Group, float]:
        """Return where on the colour map each group is: by its value, or by its order where it is a text."""
        groups = list(self.curves)
        values = [
            float(group) if not isinstance(group, str) else sorted(map(str, groups)).index(group) for group in groups
        ]
        low, high = min(values), max(values)
        self.bar.setVisible(not isinstance(groups[0], str))
        if high > low:
            self.bar.setLevels((low, high))
        return {group: (value - low) / ((high - low) or 1.0) for group, value in zip(groups, values, strict=True)}


def cumulative(values: Floats) -> tuple[Floats, Floats]:
    """Return the sorted values and the share of values up to each, thinned to what a screen can show."""
    ordered = np.sort(values)
    count = len(ordered)
    ranks = np.arange(count) if count <= _POINTS else np.linspace(0, count - 1, _POINTS).round().astype(np.int64)
    return ordered[ranks], (ranks + 1) / count


def _readable_map() -> pg.ColorMap:
    low, high = _SHADES if theme.current() is theme.LIGHT else (1.0 - _SHADES[1], 1.0)
    shades = pg.colormap.get("viridis").map(np.linspace(low, high, 64))
    return pg.ColorMap(np.linspace(0.0, 1.0, 64), shades)
