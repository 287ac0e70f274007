"""Colours, palettes and the style sheet: light by default, dark on request; no state is told by colour alone."""

import dataclasses
from collections.abc import Iterable

import pyqtgraph as pg
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PyQt6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleOption, QWidget
from typing_extensions import override


@dataclasses.dataclass(frozen=True)
class Theme:
    """The colours of the window, as ``#rrggbb``."""

    window: str
    base: str
    text: str
    faint: str
    border: str
    accent: str
    alarm: str
    good: str
    warning: str


LIGHT = Theme("#f3f4f6", "#ffffff", "#1b1f24", "#5b6470", "#c9ced6", "#1f5fae", "#b3141f", "#1c6b36", "#8a5200")
DARK = Theme("#23262b", "#1a1c20", "#e6e8eb", "#a3abb5", "#454b54", "#6ea8ec", "#ff6b73", "#6fce8c", "#f0b35a")

LINE_STYLES = {
    "solid": Qt.PenStyle.SolidLine,
    "dashed": Qt.PenStyle.DashLine,
    "dotted": Qt.PenStyle.DotLine,
    "dash-dotted": Qt.PenStyle.DashDotLine,
}
"""Lines of one plot that are told apart without their colour, by name."""

_current = [LIGHT]


def current() -> Theme:
    """Return the theme that `apply` has set."""
    return _current[0]


def apply(app: QApplication, *, dark: bool = False) -> Theme:
    """Give the application its palette, style sheet and plot colours; plots made from now on follow it."""
    theme = DARK if dark else LIGHT
    _current[0] = theme
    app.setStyle(_Style(theme.text))
    app.setPalette(_palette(theme))
    app.setStyleSheet(_style_sheet(theme))
    pg.setConfigOptions(background=theme.base, foreground=theme.text, antialias=False, imageAxisOrder="row-major")
    return theme


class _Style(QProxyStyle):
    """Fusion, whose signs in the titles of docks are dark whatever the palette, with signs in a given colour."""

    def __init__(self, colour: str) -> None:
        super().__init__("Fusion")
        self._icons = {
            QStyle.StandardPixmap.SP_TitleBarCloseButton: _sign(colour, ((4, 4, 11, 11), (11, 4, 4, 11))),
            QStyle.StandardPixmap.SP_TitleBarNormalButton: _sign(
                colour, ((6, 3, 12, 3), (12, 3, 12, 9), (3, 6, 9, 6), (9, 6, 9, 12), (9, 12, 3, 12), (3, 12, 3, 6))
            ),
        }

    @override
    def standardIcon(
        self,
        standardIcon: QStyle.StandardPixmap,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> QIcon:
        return self._icons.get(standardIcon) or super().standardIcon(standardIcon, option, widget)


def _sign(colour: str, strokes: Iterable[tuple[int, int, int, int]]) -> QIcon:
    """Draw a sign of 16 x 16 pixels from strokes."""
    pixmap = QPixmap(16, 16)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setPen(QColor(colour))
    for stroke in strokes:
        painter.drawLine(*stroke)
    painter.end()
    return QIcon(pixmap)


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for colour, names in (
        (theme.window, (roles.Window, roles.Button, roles.ToolTipBase)),
        (theme.base, (roles.Base, roles.AlternateBase)),
        (theme.text, (roles.WindowText, roles.Text, roles.ButtonText, roles.ToolTipText)),
        (theme.faint, (roles.PlaceholderText,)),
        (theme.accent, (roles.Highlight, roles.Link)),
        ("#ffffff" if theme is LIGHT else "#101215", (roles.HighlightedText,)),
    ):
        for role in names:
            palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.faint))
    return palette


def _style_sheet(theme: Theme) -> str:
    return f"""
    QToolTip {{ color: {theme.text}; background: {theme.base}; border: 1px solid {theme.border}; padding: 3px; }}
    QDockWidget {{ font-weight: bold; }}
    QDockWidget::title {{ padding: 4px 6px; background: {theme.border}; }}
    QGroupBox {{ border: 1px solid {theme.border}; border-radius: 4px; margin-top: 9px; padding-top: 6px; }}
    QGroupBox::title {{ subcontrol-origin: margin; left: 8px; padding: 0 3px; }}
    QLabel[role="hint"] {{ color: {theme.faint}; }}
    QLabel[role="error"] {{ color: {theme.alarm}; font-weight: bold; }}
    QLabel[role="heading"] {{ font-weight: bold; }}
    QLabel[role="good"] {{ color: {theme.good}; font-weight: bold; }}
    QLabel[role="caution"] {{ color: {theme.warning}; font-weight: bold; }}
    QLineEdit {{ border: 1px solid {theme.border}; border-radius: 3px; padding: 2px; background: {theme.base}; }}
    QLineEdit:focus {{ border: 1px solid {theme.accent}; }}
    QCheckBox::indicator:unchecked {{ border: 1px solid {theme.faint}; border-radius: 2px; background: {theme.base};
        width: 11px; height: 11px; }}
    QLineEdit[wrong="true"] {{ border: 2px solid {theme.alarm}; }}
    QFrame[role="card"] {{ background: {theme.base}; border: 1px solid {theme.border}; border-radius: 5px; }}
    QLabel[role="simulated"] {{ border: 2px dashed {theme.warning}; color: {theme.warning}; font-weight: bold;
        padding: 1px 5px; }}
    QLabel[role="real"] {{ border: 2px solid {theme.text}; color: {theme.text}; font-weight: bold; padding: 1px 5px; }}
    QFrame[role="message"] {{ border: 2px solid {theme.alarm}; border-radius: 4px; background: {theme.base}; }}
    QFrame[role="offer"] {{ border: 1px solid {theme.accent}; border-radius: 4px; background: {theme.base}; }}
    QPushButton {{ padding: 4px 9px; }}
    QToolButton {{ padding: 4px 7px; }}
    QToolButton[role="small"] {{ padding: 1px 5px; }}
    QToolButton[role="off"] {{ background: #b3141f; color: #ffffff; font-weight: bold; padding: 6px 14px;
        border: 1px solid #7d0d15; border-radius: 4px; }}
    QToolButton[role="off"]:pressed {{ background: #7d0d15; }}
    QToolButton[role="off"]:focus {{ border: 2px solid {theme.text}; }}
    """
