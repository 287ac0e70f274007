"""The frame of the main window: its parts, docks, menus and status line; what they do is in `labctl.gui.window`."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import (
    QDockWidget,
    QFrame,
    QLabel,
    QMainWindow,
    QMessageBox,
    QScrollArea,
    QStackedWidget,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from labctl.errors import ConfigError
from labctl.gui.chooser import ProtocolChooser
from labctl.gui.conductor import Conductor
from labctl.gui.form import ProtocolForm
from labctl.gui.live.view import LiveView
from labctl.gui.messages import LogView, MessageArea
from labctl.gui.remembered import Remembered
from labctl.gui.result_view import ResultView
from labctl.gui.run_bar import RunBar
from labctl.gui.station_panel import StationPanel


class Frame(QMainWindow):
    """Protocol on the left, live plots in the middle, station on the right, log below, the run bar above."""

    def __init__(self, conductor: Conductor, remembered: Remembered) -> None:
        super().__init__()
        self.remembered = remembered
        self.run_bar = RunBar()
        self.messages = MessageArea()
        self.log = LogView()
        self.live = LiveView()
        self.result = ResultView()
        self.chooser = ProtocolChooser()
        self.station_panel = StationPanel(conductor.laboratory)
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
        self.resize(1280, 800)
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
        left = QWidget()
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(0, 0, 0, 0)
        left_layout.setSpacing(0)
        left_layout.addWidget(self.chooser)
        left_layout.addWidget(self._form_stack, 1)
        areas = Qt.DockWidgetArea
        self.docks = [
            self._dock("Protocol", left, areas.LeftDockWidgetArea),
            self._dock("Station", self.station_panel, areas.RightDockWidgetArea),
            self._dock("Log", self.log, areas.BottomDockWidgetArea),
        ]
        self.setCorner(Qt.Corner.BottomLeftCorner, areas.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, areas.RightDockWidgetArea)
        self.resizeDocks(self.docks[:2], [352, 262], Qt.Orientation.Horizontal)
        self.resizeDocks(self.docks[2:], [110], Qt.Orientation.Vertical)
        status = self.statusBar()
        if status is not None:
            status.addPermanentWidget(self.kind)
        self._make_menus()

    def _dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(title)
        dock.setWidget(widget)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        self.addDockWidget(area, dock)
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
        dark = QAction("&Dark theme (from the next start)", self)
        dark.setCheckable(True)
        dark.setChecked(self.remembered.flag("dark"))
        dark.toggled.connect(lambda on: self.remembered.store(dark=on))
        view.addAction(dark)


def _scrolling(widget: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(widget)
    return scroll
