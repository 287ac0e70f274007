"""The live view: the plots that a protocol declares, maps across the top, the others below."""

import collections
import time

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFrame, QLabel, QScrollArea, QSplitter, QVBoxLayout, QWidget

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
        self._panels: list[PlotPanel] = []
        self._unmade: collections.deque[Plot] = collections.deque()
        self._protocol: type[Protocol] | None = None
        self._free_at = 0.0
        self._excluded: Excluded | None = None
        self._scroll = QScrollArea()
        """Plots that find no room are scrolled to: the window never grows beyond the screen for them."""
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidget(_words("Choose a protocol: its live plots appear here."))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)
        self._timer = QTimer(self)
        self._timer.setInterval(REDRAW_MS)
        self._turn = 0
        self._timer.timeout.connect(self._draw_next)
        self._timer.start()
        self._maker = QTimer(self)
        self._maker.timeout.connect(self._make_next)

    def show_protocol(self, protocol: type[Protocol]) -> None:
        """Make the plots of a protocol, or empty them where they are there already.

        A plot takes some 20 ms to make: each has its own turn of the event loop.
        """
        if protocol is self._protocol:
            self.clear()
            return
        self._protocol = protocol
        self._panels, self._unmade = [], collections.deque(protocol.plots)
        self._timer.setInterval(max(_SHORTEST_MS, REDRAW_MS // max(len(self._unmade), 1)))
        if self._unmade:
            self._maker.start()
        else:
            self._show(_words("This protocol declares no live plots."))

    @property
    def panels(self) -> list[PlotPanel]:
        """The plots; those that wait to be made are made now."""
        while self._unmade:
            self._make_next()
        return self._panels

    def _make_next(self) -> None:
        panel = panel_for(self._unmade.popleft())
        panel.export_wanted.connect(self.export_wanted)
        if isinstance(panel, MapPanel):
            panel.cell_clicked.connect(self.cell_wanted)
            if self._excluded is not None:
                panel.mark_excluded(self._excluded)
        self._panels.append(panel)
        if not self._unmade:
            self._maker.stop()
            self._show(self._arranged())

    def _show(self, widget: QWidget) -> None:
        before = self._scroll.takeWidget()
        if before is not None:
            before.deleteLater()
        self._scroll.setWidget(widget)

    def clear(self) -> None:
        """Empty every plot, for a new run."""
        for panel in self._panels:
            panel.clear()

    def add(self, stream: str, rows: Rows) -> None:
        """Take new rows of a stream."""
        for panel in self.panels:
            if panel.stream == stream:
                panel.add(rows)

    def mark_excluded(self, excluded: Excluded) -> None:
        """Strike out the excluded cells on every map, now and from now on."""
        self._excluded = excluded
        for panel in self._panels:
            if isinstance(panel, MapPanel):
                panel.mark_excluded(excluded)

    def colour(self) -> None:
        """Take the colours of the theme."""
        for panel in self._panels:
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
        for _ in self._panels:
            self._turn = (self._turn + 1) % len(self._panels)
            if self._panels[self._turn].redraw():
                self._free_at = start + _REST * (time.monotonic() - start)
                return

    def _arranged(self) -> QWidget:
        whole = QSplitter(Qt.Orientation.Vertical)
        whole.setChildrenCollapsible(False)
        others = [panel for panel in self._panels if not isinstance(panel, MapPanel)]
        for panel in self._panels:
            if isinstance(panel, MapPanel):
                panel.setMinimumHeight(212)
                whole.addWidget(panel)
        for start in range(0, len(others), 2):
            pair = QSplitter(Qt.Orientation.Horizontal)
            pair.setChildrenCollapsible(False)
            for panel in others[start : start + 2]:
                panel.setMinimumSize(200, LEAST_HEIGHT if isinstance(panel, MatrixPanel) else 160)
                pair.addWidget(panel)
            pair.setSizes([self.width()] * pair.count())  # alike, whatever they would like
            whole.addWidget(pair)
        maps = [panel for panel in self.panels if isinstance(panel, MapPanel)]
        if len(maps) > 1:  # several would leave the others no room: they go below them
            for panel in maps:
                whole.addWidget(panel)
        for index in range(whole.count()):
            whole.setStretchFactor(index, 2 if isinstance(whole.widget(index), MapPanel) else 3)
        return whole


def _words(words: str) -> QLabel:
    label = QLabel(words)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


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
