"""Editors for the parameters of a protocol: one for each kind of field, all with the same four methods."""

import enum
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QToolButton, QWidget
from typing_extensions import override

from labctl.gui.roles import set_property
from labctl.gui.texts import exact_text, plain_type
from labctl.protocol import is_cell_list, unit_of
from labctl.units import format_cells


class FieldEditor(QWidget):
    """The entry of one parameter; `raw` is what the model is to check, `show_value` the way back."""

    edited = pyqtSignal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.widget = widget
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(widget)

    def raw(self) -> Any:
        """Return the entry, unchecked."""
        raise TypeError(f"{type(self).__name__} has no entry")

    def show_value(self, value: Any) -> None:
        """Show a checked value."""
        raise TypeError(f"{type(self).__name__} shows no value")

    def stops(self) -> list[QWidget]:
        """Return what the Tab key stops at."""
        return [self.widget]

    def mark_wrong(self, wrong: bool) -> None:
        """Frame the entry, or take the frame away."""
        set_property(self.widget, "wrong", wrong)


class TextEditor(FieldEditor):
    """A number with SI prefix and unit, a text, or a list with commas; empty for ``None`` where that is allowed."""

    def __init__(self, field: FieldInfo) -> None:
        self._line = QLineEdit()
        super().__init__(self._line)
        kind, self._optional = plain_type(field.annotation)
        self._is_list = get_origin(kind) in {list, tuple, set, frozenset}
        self._unit = unit_of(field)
        if self._optional:
            self._line.setPlaceholderText("none")
        self._line.textChanged.connect(self.edited)

    @override
    def raw(self) -> Any:
        text = self._line.text().strip()
        if self._optional and not text:
            return None
        if self._is_list:
            return [part.strip() for part in text.split(",") if part.strip()]
        return text

    @override
    def show_value(self, value: Any) -> None:
        self._line.setText(exact_text(value, self._unit))


class CellsEditor(FieldEditor):
    """Cells of an array: typed as a list, or chosen on the map."""

    map_wanted = pyqtSignal()

    def __init__(self) -> None:
        self._line = QLineEdit()
        super().__init__(self._line)
        self.map = QToolButton()
        self.map.setText("Map\N{HORIZONTAL ELLIPSIS}")
        self.map.setToolTip("choose cells on the map of the array")
        self.map.clicked.connect(self.map_wanted)
        layout = self.layout()
        if layout is not None:
            layout.addWidget(self.map)
        self._line.setPlaceholderText("none")
        self._line.textChanged.connect(self.edited)

    @override
    def stops(self) -> list[QWidget]:
        return [self.widget, self.map]

    @override
    def raw(self) -> str:
        return self._line.text().strip()

    @override
    def show_value(self, value: Any) -> None:
        self._line.setText(format_cells(value))
        self._line.setCursorPosition(0)


class SwitchEditor(FieldEditor):
    """On or off, said in words beside the box."""

    def __init__(self) -> None:
        self._box = QCheckBox("off")
        super().__init__(self._box)
        self._box.toggled.connect(self._say)
        self._box.toggled.connect(self.edited)

    @override
    def raw(self) -> bool:
        return self._box.isChecked()

    @override
    def show_value(self, value: Any) -> None:
        self._box.setChecked(bool(value))

    def _say(self, on: bool) -> None:
        self._box.setText("on" if on else "off")


class ChoiceEditor(FieldEditor):
    """One of several values."""

    def __init__(self, values: list[Any]) -> None:
        self._combo = QComboBox()
        super().__init__(self._combo)
        self._values = values
        for value in values:
            self._combo.addItem("none" if value is None else str(getattr(value, "value", value)))
        self._combo.currentIndexChanged.connect(lambda _: self.edited.emit())

    @override
    def raw(self) -> Any:
        return self._values[self._combo.currentIndex()]

    @override
    def show_value(self, value: Any) -> None:
        self._combo.setCurrentIndex(self._values.index(value))


def editor_for(field: FieldInfo) -> FieldEditor:
    """Return the editor that suits a field."""
    kind, optional = plain_type(field.annotation)
    none = [None] if optional else []
    if is_cell_list(field):
        return CellsEditor()
    if kind is bool and not optional:
        return SwitchEditor()
    if get_origin(kind) is Literal:
        return ChoiceEditor([*none, *get_args(kind)])
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return ChoiceEditor([*none, *kind])
    return TextEditor(field)
