"""The frame of the main window: its parts, docks, menus and status line; what they do is in `labctl.gui.window`."""

import itertools

import pyqtgraph as pg
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QAction, QShowEvent
from PyQt6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFrame,
    QLabel,
    QMainWindow,
    QMessageBox,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from labctl.errors import ConfigError
from labctl.gui import theme
from labctl.gui.chooser import ProtocolChooser
from labctl.gui.conductor import Conductor
from labctl.gui.form import ProtocolForm
from labctl.gui.history.folder import RunFolder
from labctl.gui.history.panel import HistoryPanel
from labctl.gui.live import axes
from labctl.gui.live.view import LiveView
from labctl.gui.manual.panel import ManualPanel
from labctl.gui.messages import LogView, MessageArea
from labctl.gui.presets.bar import PresetBar
from labctl.gui.presets.store import PresetStore
from labctl.gui.queue.panel import QueuePanel
from labctl.gui.queue.runner import QueueRunner
from labctl.gui.remembered import Remembered
from labctl.gui.result_view import ResultView
from labctl.gui.run_bar import RunBar
from labctl.gui.station_panel import StationPanel

_AREAS = {
    "Protocol": Qt.DockWidgetArea.LeftDockWidgetArea,
    "Station": Qt.DockWidgetArea.RightDockWidgetArea,
    "By hand": Qt.DockWidgetArea.RightDockWidgetArea,
}
"""Where docks are at first; the others are below, one on the other."""


_SMALLEST = 1280, 800
"""A window of this size, in pixels, is what the docks are laid out for; a larger one shares out what is more."""
_NEAR = 8
"""A tab bar belongs to the dock whose lower edge is within so many pixels of it."""


class Frame(QMainWindow):
    """Protocol on the left, live plots in the middle, station on the right, the others below, the run bar above."""

    def __init__(self, conductor: Conductor, queue: QueueRunner, runs: RunFolder, remembered: Remembered) -> None:
        super().__init__()
        self.remembered = remembered
        self.run_bar = RunBar()
        self.messages = MessageArea()
        self.log = LogView()
        self.live = LiveView()
        self.result = ResultView()
        self.chooser = ProtocolChooser()
        self.station_panel = StationPanel(conductor.laboratory)
        self.manual = ManualPanel(conductor.laboratory)
        self.queue_panel = QueuePanel(queue)
        self.history = HistoryPanel(runs)
        presets = PresetStore(remembered.settings_folder() / "presets")
        self.presets = PresetBar(presets, conductor.files, conductor.failed.emit)
        self.docks: dict[str, QDockWidget] = {}
        self.tabs = QTabWidget()
        self.kind = QLabel()
        self._form_stack = QStackedWidget()
        self._arrange()

    @property
    def form(self) -> ProtocolForm | None:
        """The form that is shown."""
        shown = self._form_stack.currentWidget()
        form = shown.widget() if isinstance(shown, QScrollArea) else None
        return form if isinstance(form, ProtocolForm) else None

    def add_form(self, form: ProtocolForm) -> None:
        """Make room for a form."""
        self._form_stack.addWidget(_scrolling(form))
        for before, stop in itertools.pairwise((self.presets.more, *form.stops())):
            self.setTabOrder(before, stop)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002, N802
        """Move the keyboard on, past docks that lie behind others: for Qt those can be seen."""
        start = self.focusWidget()
        moved = super().focusNextPrevChild(next)
        while moved and self._is_behind(at := self.focusWidget()) and at is not start:
            moved = super().focusNextPrevChild(next)
        return moved

    def _is_behind(self, widget: QWidget | None) -> bool:
        docks = (dock for dock in self.docks.values() if widget is not None and dock.isAncestorOf(widget))
        return any(dock.visibleRegion().isEmpty() for dock in docks)

    def show_form(self, index: int) -> None:
        """Show the form that was added as number ``index``."""
        self._form_stack.setCurrentIndex(index)

    def say(self, words: str, milliseconds: int = 0) -> None:
        """Show words in the status line, for so long or until the next."""
        status = self.statusBar()
        if status is not None:
            status.showMessage(words, milliseconds)

    def ask(self, title: str, question: str) -> bool:
        """Ask a question that is answered with yes or no."""
        answer = QMessageBox.question(self, title, question)
        return answer == QMessageBox.StandardButton.Yes

    def _arrange(self) -> None:
        self.setWindowTitle("labctl")
        self.resize(*_SMALLEST)
        bar = QToolBar("Run")
        bar.setObjectName("run")
        bar.setMovable(False)
        bar.addWidget(self.run_bar)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, bar)
        self.addActions(self.run_bar.actions_by_name.values())
        self.tabs.addTab(self.live, "Live")
        self.tabs.addTab(self.result, "Result")
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.messages)
        layout.addWidget(self.tabs, 1)
        self.setCentralWidget(centre)
        form = QWidget()
        form_layout = QVBoxLayout(form)
        form_layout.setContentsMargins(0, 0, 0, 0)
        form_layout.setSpacing(0)
        form_layout.addWidget(self.presets)
        form_layout.addWidget(self._form_stack, 1)
        left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(self.chooser)
        left.addWidget(form)
        left.setSizes([240, 400])
        left.setStretchFactor(1, 1)
        left.setChildrenCollapsible(False)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        for title, widget in (
            ("Protocol", left),
            ("Station", self.station_panel),
            ("By hand", self.manual),
            ("Log", self.log),
            ("Queue", self.queue_panel),
            ("History", self.history),
        ):
            self.docks[title] = self._dock(title, widget)
        self._place_docks()
        status = self.statusBar()
        if status is not None:
            status.addPermanentWidget(self.kind)
        self._make_menus()

    def show_theme(self, dark: bool) -> None:
        """Show everything light or dark, at once."""
        self.remembered.store(dark=dark)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, dark=dark)
        for plot in self.findChildren(pg.PlotWidget):  # of open dialogs, too
            axes.colour(plot)
        self.live.colour()
        self.log.colour()

    def _find(self) -> None:
        self.docks["Protocol"].setVisible(True)
        self.chooser.search.setFocus()
        self.chooser.search.selectAll()

    def arrange_docks(self) -> None:
        """Put every dock where it was at first."""
        self.restoreState(self._first_layout)
        QTimer.singleShot(0, self._hide_stray_tabs)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Show the window without the tab bars that Qt leaves behind."""
        if not self.remembered.bytes("layout"):
            self._size_docks()
        super().showEvent(event)
        self.chooser.search.setFocus()
        QTimer.singleShot(0, self._hide_stray_tabs)

    def _hide_stray_tabs(self) -> None:
        """Hide tab bars that belong to no dock: Qt leaves them behind when docks are moved before they are shown."""
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            titles = [bar.tabText(i) for i in range(bar.count())]
            docks = [self.docks[title] for title in titles if title in self.docks]
            front = next((dock for dock in docks if not dock.visibleRegion().isEmpty()), None)
            beside = front is not None and abs(bar.geometry().top() - front.geometry().bottom()) < _NEAR
            if docks and not beside and front is not None:
                bar.hide()

    def _place_docks(self) -> None:
        firsts: dict[Qt.DockWidgetArea, QDockWidget] = {}
        for title, dock in self.docks.items():
            area = _AREAS.get(title, Qt.DockWidgetArea.BottomDockWidgetArea)
            # Qt leaves a second tab bar behind where a dock is first added beside another and then laid on it.
            if area in firsts:
                self.tabifyDockWidget(firsts[area], dock)
            else:
                self.addDockWidget(area, dock)
                firsts[area] = dock
        for dock in firsts.values():
            dock.raise_()
        self._size_docks()
        self._first_layout = self.saveState()

    def _size_docks(self) -> None:
        left, right, below = self.docks["Protocol"], self.docks["Station"], self.docks["Log"]
        beyond = max(0, self.width() - _SMALLEST[0])
        self.resizeDocks([left, right], [352 + beyond // 10, 286 + beyond // 5], Qt.Orientation.Horizontal)
        self.resizeDocks([below], [172 + max(0, self.height() - _SMALLEST[1]) // 3], Qt.Orientation.Vertical)

    def raise_dock(self, title: str) -> None:
        """Bring a dock into sight and give it the keyboard."""
        dock = self.docks[title]
        dock.setVisible(True)
        dock.raise_()
        inside = dock.widget()
        if inside is not None:
            inside.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _dock(self, title: str, widget: QWidget) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(title)
        dock.setWidget(widget)
        return dock

    def _make_menus(self) -> None:
        menus = self.menuBar()
        if menus is None:
            return
        file, run, view = menus.addMenu("&File"), menus.addMenu("&Run"), menus.addMenu("&View")
        if file is None or run is None or view is None:
            raise ConfigError("this platform gives the window no menus")
        self.file_menu = file
        run.addActions(self.run_bar.actions_by_name.values())
        for number, (title, dock) in enumerate(self.docks.items(), 1):
            shown = dock.toggleViewAction()
            if shown is not None:
                view.addAction(shown)
            raising = QAction(f"Go to {title}", self)
            raising.setShortcut(f"Ctrl+{number}")
            raising.triggered.connect(lambda _, title=title: self.raise_dock(title))
            self.addAction(raising)
        view.addSeparator()
        view.addAction("&Arrange as at first", self.arrange_docks)
        self.dark = QAction("&Dark theme", self)
        self.dark.setCheckable(True)
        self.dark.setChecked(self.remembered.flag("dark"))
        self.dark.toggled.connect(self.show_theme)
        view.addAction(self.dark)
        find = QAction("Find a protocol", self)
        find.setShortcut("Ctrl+F")
        find.triggered.connect(self._find)
        self.addAction(find)


def _scrolling(widget: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the entry that has the keyboard
    scroll.setWidget(widget)
    return scroll
