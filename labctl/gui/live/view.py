"""The live view: the plots that a protocol declares, maps across the top, the others below."""

import time

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from labctl.gui.live.array_map import Excluded, MapPanel
from labctl.gui.live.distribution import DistributionPanel
from labctl.gui.live.histogram import HistogramPanel
from labctl.gui.live.matrix import LEAST_HEIGHT, MatrixPanel
from labctl.gui.live.panel import PlotPanel, Rows
from labctl.gui.live.trace import TracePanel
from labctl.plots import ArrayMap, CumulativeDistribution, Histogram, Matrix, Plot, Trace
from labctl.protocol import Protocol

REDRAW_MS = 50
"""Each plot is drawn at most so often."""
_SHORTEST_MS = 10
_REST = 2.0
"""After a redraw that took t the next one is at least so many t away, so that the window stays free."""


class LiveView(QWidget):
    """Shows the plots of one protocol at a time; draws at most 20 times a second, and only what is new."""

    export_wanted = pyqtSignal(object, str)
    """A panel, and ``png`` or ``csv``."""
    cell_wanted = pyqtSignal(object, int)
    """An `ArrayMap` and the cell whose history is wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panels: list[PlotPanel] = []
        self._protocol: type[Protocol] | None = None
        self._free_at = 0.0
        self._excluded: Excluded | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._content: QWidget = QLabel("Choose a protocol: its live plots appear here.")
        self._layout.addWidget(self._content)
        self._timer = QTimer(self)
        self._timer.setInterval(REDRAW_MS)
        self._turn = 0
        self._timer.timeout.connect(self._draw_next)
        self._timer.start()

    def show_protocol(self, protocol: type[Protocol]) -> None:
        """Make the plots of a protocol, or empty them where they are there already."""
        if protocol is self._protocol:
            self.clear()
            return
        self._protocol = protocol
        self.panels = [panel_for(plot) for plot in protocol.plots]
        self._timer.setInterval(max(_SHORTEST_MS, REDRAW_MS // max(len(self.panels), 1)))
        for panel in self.panels:
            panel.export_wanted.connect(self.export_wanted)
            if isinstance(panel, MapPanel):
                panel.cell_clicked.connect(self.cell_wanted)
                if self._excluded is not None:
                    panel.mark_excluded(self._excluded)
        fresh = self._arranged() if self.panels else QLabel("This protocol declares no live plots.")
        self._layout.replaceWidget(self._content, fresh)
        self._content.setParent(None)
        self._content.deleteLater()
        self._content = fresh

    def clear(self) -> None:
        """Empty every plot, for a new run."""
        for panel in self.panels:
            panel.clear()

    def add(self, stream: str, rows: Rows) -> None:
        """Take new rows of a stream."""
        for panel in self.panels:
            if panel.stream == stream:
                panel.add(rows)

    def mark_excluded(self, excluded: Excluded) -> None:
        """Strike out the excluded cells on every map, now and from now on."""
        self._excluded = excluded
        for panel in self.panels:
            if isinstance(panel, MapPanel):
                panel.mark_excluded(excluded)

    def colour(self) -> None:
        """Take the colours of the theme."""
        for panel in self.panels:
            panel.colour()

    def redraw(self) -> None:
        """Draw everything that is new, at once."""
        for panel in self.panels:
            while panel.redraw():
                pass

    def _draw_next(self) -> None:
        """Draw the next plot that has something new, one at a time, so that the window stays free in between."""
        start = time.monotonic()
        if start < self._free_at:
            return
        for _ in self.panels:
            self._turn = (self._turn + 1) % len(self.panels)
            if self.panels[self._turn].redraw():
                self._free_at = start + _REST * (time.monotonic() - start)
                return

    def _arranged(self) -> QWidget:
        whole = QSplitter(Qt.Orientation.Vertical)
        whole.setChildrenCollapsible(False)
        others = [panel for panel in self.panels if not isinstance(panel, MapPanel)]
        for panel in self.panels:
            if isinstance(panel, MapPanel):
                panel.setMinimumHeight(190)
                whole.addWidget(panel)
        for start in range(0, len(others), 2):
            pair = QSplitter(Qt.Orientation.Horizontal)
            pair.setChildrenCollapsible(False)
            for panel in others[start : start + 2]:
                panel.setMinimumSize(200, LEAST_HEIGHT if isinstance(panel, MatrixPanel) else 160)
                pair.addWidget(panel)
            whole.addWidget(pair)
        maps = [panel for panel in self.panels if isinstance(panel, MapPanel)]
        if len(maps) > 1:  # several would leave the others no room: they go below them
            for panel in maps:
                whole.addWidget(panel)
        for index in range(whole.count()):
            whole.setStretchFactor(index, 2 if isinstance(whole.widget(index), MapPanel) else 3)
        return whole


def panel_for(plot: Plot) -> PlotPanel:
    """Return the panel that draws a plot."""
    match plot:
        case Trace():
            return TracePanel(plot)
        case CumulativeDistribution():
            return DistributionPanel(plot)
        case ArrayMap():
            return MapPanel(plot)
        case Histogram():
            return HistogramPanel(plot)
        case Matrix():
            return MatrixPanel(plot)
