"""The live trace: one column against another, all groups or the newest one, with the level that it heads for."""

import math

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPointF, Qt
from typing_extensions import override

from labctl.gui import theme
from labctl.gui.live.buffers import Floats, SlidingColumns, thinned
from labctl.gui.live.panel import Columns, PlotPanel, Rows, floats, plain, words
from labctl.plots import Trace
from labctl.units import format_quantity

CAPACITY = 1_000_000
"""Points that are kept; the file has them all."""
_SYMBOLS = 80
"""So few points are drawn as points, too."""
_MOST_GROUPS = len(theme.LINE_STYLES)
"""So many groups have a line of their own; more are one line, broken where the group changes."""


class TracePanel(PlotPanel):
    """Draws a `Trace`."""

    def __init__(self, trace: Trace) -> None:
        super().__init__(trace.row, trace.title)
        self.trace = trace
        self._buffer = SlidingColumns(4, CAPACITY)
        self._group: object = None
        self._groups: dict[object, int] = {}
        self.curves = [self.item.plot(connect="finite") for _ in range(_MOST_GROUPS)]
        for curve in self.curves:
            curve.setSymbolPen(None)
            curve.setSymbolSize(5)
        self.goal_line = pg.InfiniteLine(angle=0)
        self.goal_curve = self.item.plot(connect="finite")
        self.colour()
        self.goal_line.setVisible(False)
        self.item.addItem(self.goal_line, ignoreBounds=True)
        self.item.setLogMode(x=trace.log_x, y=trace.log_y)
        self.label_axis("bottom", trace.x, log=trace.log_x)
        self.label_axis("left", trace.y, log=trace.log_y)

    @override
    def colour(self) -> None:
        super().colour()
        colours = theme.current()
        lines = (colours.accent, colours.warning, colours.good, colours.text)
        for curve, colour, style in zip(self.curves, lines, theme.LINE_STYLES.values(), strict=True):
            curve.setPen(pg.mkPen(colour, width=1, style=style))
            curve.setSymbolBrush(colour)
        goal_pen = pg.mkPen(colours.warning, width=1, style=Qt.PenStyle.DashLine)
        self.goal_line.setPen(goal_pen)
        # Where the level is a line across, the curve is there for the range of the axis alone.
        self.goal_curve.setPen(None if self.trace.latest else goal_pen)

    @override
    def shown(self) -> Columns:
        x, y, goal, _ = self._buffer.columns().copy()
        trace = self.trace
        found = {trace.x: (x, self.column(trace.x).unit), trace.y: (y, self.column(trace.y).unit)}
        return {**found, trace.goal: (goal, self.column(trace.goal).unit)} if trace.goal else found

    @override
    def clear(self) -> None:
        self._buffer.clear()
        self._group = None
        self._groups.clear()
        for curve in (*self.curves, self.goal_curve):
            curve.clear()
        self.goal_line.setVisible(False)
        self.say("")
        self.is_stale = False

    @override
    def add(self, rows: Rows) -> None:
        trace = self.trace
        if not len(rows):
            return
        if trace.group is not None and trace.latest:
            rows = self._newest_group(rows, trace.group)
        x = floats(rows, trace.x, log=trace.log_x)
        y = floats(rows, trace.y, log=trace.log_y)
        goal = floats(rows, trace.goal, log=trace.log_y) if trace.goal else np.full(len(rows), math.nan)
        columns = np.stack((x, y, goal, np.zeros(len(rows))))
        if trace.group is not None and not trace.latest:
            columns = self._broken_at_groups(columns, rows, trace.group)
        self._buffer.add(columns)
        self.is_stale = True

    @override
    def draw(self) -> None:
        x, y, goal, group = self._buffer.columns()
        pieces = max(200, self.plot.width())
        lines = [(x, y)]
        if self._is_apart:
            chosen = [(group == number) | np.isnan(group) for number in range(len(self._groups))]
            lines = [(x[mine], y[mine]) for mine in chosen]
        lines += [(x[:0], y[:0])] * (len(self.curves) - len(lines))
        for curve, line in zip(self.curves, lines, strict=True):
            curve.setSymbol("o" if len(x) <= _SYMBOLS else None)
            curve.setData(*thinned(*line, pieces))
        if self.trace.goal and self.trace.latest:
            self._show_goal_level(float(goal[-1]))
        elif self.trace.goal:
            self.goal_curve.setData(*thinned(x, goal, pieces))
        self._say(len(x), float(y[-1]), float(goal[-1]))

    @override
    def read_at(self, point: QPointF) -> str:
        trace = self.trace
        parts = (
            self.text_at(trace.x, point.x(), log=trace.log_x),
            self.text_at(trace.y, point.y(), log=trace.log_y),
        )
        return ", ".join(parts)

    def _newest_group(self, rows: Rows, group: str) -> Rows:
        numbers = rows[group]
        newest = plain(numbers[-1])
        if newest != self._group:
            self._buffer.clear()
            self._group = newest
        others = np.flatnonzero(numbers != numbers[-1])
        if len(others):
            self._buffer.clear()
            return rows[others[-1] + 1 :]
        return rows

    @property
    def _is_apart(self) -> bool:
        return 1 < len(self._groups) <= _MOST_GROUPS

    def _broken_at_groups(self, columns: Floats, rows: Rows, group: str) -> Floats:
        numbers = rows[group]
        if len(self._groups) <= _MOST_GROUPS:
            for value in np.unique(numbers):
                columns[3, numbers == value] = self._groups.setdefault(plain(value), len(self._groups))
        breaks = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
        if self._group is not None and self._group != plain(numbers[0]):
            breaks = np.concatenate(([0], breaks))
        self._group = plain(numbers[-1])
        return np.insert(columns, breaks, math.nan, axis=1) if len(breaks) else columns

    def _show_goal_level(self, goal: float) -> None:
        known = math.isfinite(goal)
        self.goal_line.setVisible(known)
        if known:
            self.goal_line.setValue(math.log10(goal) if self.trace.log_y else goal)
            # The level belongs into view even before the trace has come near it.
            self.goal_curve.setData(self._buffer.columns()[0][[0, -1]], np.array([goal, goal]))

    def _say(self, points: int, value: float, goal: float) -> None:
        trace = self.trace
        unit = self.column(trace.y).unit
        parts = [f"{points:,} points" if not (trace.group and trace.latest) else f"{words(trace.group)} {self._group}"]
        if trace.group and self._is_apart:
            styles = zip(self._groups, theme.LINE_STYLES, strict=False)
            parts.append(f"{words(trace.group)} " + ", ".join(f"{value} {style}" for value, style in styles))
        if math.isfinite(value):
            parts.append(f"now {format_quantity(value, unit, 4)}")
        if math.isfinite(goal):
            parts.append(f"goal {format_quantity(goal, unit, 4)} (dashed)")
        self.say(" \N{MIDDLE DOT} ".join(parts))
