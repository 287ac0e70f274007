"""The buttons of a live plot: in words where there is room for them beside the title, else in one menu."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from labctl.gui.roles import set_role

_FROZEN = "\N{HEAVY VERTICAL BAR}\N{HEAVY VERTICAL BAR} Frozen"


class PlotTools(QWidget):
    """Freeze, fit and save; the same actions in the buttons and in the menu."""

    export_wanted = pyqtSignal(str)
    """``png`` or ``csv``."""

    def __init__(self) -> None:
        super().__init__()
        self.freezing = QAction("Freeze", self)
        self.freezing.setCheckable(True)
        self.freezing.setToolTip("keep what is shown; what comes meanwhile is shown afterwards")
        self.freezing.toggled.connect(self._say)
        self.fitting = QAction("Fit", self)
        self.fitting.setToolTip("show everything again after a zoom; zoom with the wheel, drag to move")
        saving = QMenu(self)
        # No lambdas here: one that holds the widget makes a cycle, and pyqtgraph's items do not stand being collected.
        saving.addAction("Picture (PNG)\N{HORIZONTAL ELLIPSIS}", self._want_picture)
        saving.addAction("Data (CSV)\N{HORIZONTAL ELLIPSIS}", self._want_data)
        everything = QMenu(self)
        everything.addActions((self.freezing, self.fitting))
        everything.addActions(saving.actions())
        self.freeze, self.fit, self.export, self.more = (QToolButton() for _ in range(4))
        self.freeze.setDefaultAction(self.freezing)
        self.fit.setDefaultAction(self.fitting)
        for button, text, menu, tip in (
            (self.export, "Save", saving, "keep what is shown as a picture or as data"),
            (self.more, "\N{HORIZONTAL ELLIPSIS}", everything, "freeze, fit, save"),
        ):
            button.setText(text)
            button.setToolTip(tip)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            button.setMenu(menu)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for button in (self.freeze, self.fit, self.export, self.more):
            set_role(button, "small")
            layout.addWidget(button)
        self.more.hide()

    def fit_into(self, room: int) -> None:
        """Show the buttons in words where they fit into so many pixels, else the one with the menu."""
        words = (self.freeze, self.fit, self.export)
        layout = self.layout()
        apart = layout.spacing() if layout is not None else 0
        small = sum(button.sizeHint().width() + apart for button in words) > room
        self.more.setVisible(small)
        for button in words:
            button.setVisible(not small)
        if layout is not None:  # before it is shown, Qt does not notice
            layout.invalidate()
        self.updateGeometry()

    def _say(self, frozen: bool) -> None:
        self.freezing.setText(_FROZEN if frozen else "Freeze")

    def _want_picture(self) -> None:
        self.export_wanted.emit("png")

    def _want_data(self) -> None:
        self.export_wanted.emit("csv")
