"""Giving a widget the role that the style sheet knows it by."""

from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QApplication, QWidget


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet looks at, and have the widget drawn by it."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    style = widget.style()
    if style is not None:
        style.unpolish(widget)
        style.polish(widget)
        # Or else a label goes on without room for the border and the padding that it has now.
        QApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget its role: ``heading``, ``hint``, ``good``, ``caution``, ``error`` and so on."""
    set_property(widget, "role", role)
