"""The form of a protocol, made from its fields and checked as typed by the protocol itself."""

from typing import Any

import pydantic
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QFormLayout, QGridLayout, QGroupBox, QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from labctl.gui.elided import ElidedLabel
from labctl.gui.fields import CellsEditor, FieldEditor, editor_for
from labctl.gui.texts import plain_type, range_text
from labctl.protocol import Protocol, complaints, unit_of

Place = tuple[int | str, ...]


class FormRow(QWidget):
    """An editor with its range beside it, and below what is wrong with the entry."""

    def __init__(self, field: FieldInfo) -> None:
        super().__init__()
        self.editor: FieldEditor = editor_for(field)
        self.range = ElidedLabel(range_text(field))
        self.range.setProperty("role", "hint")
        self.error = QLabel()
        self.error.setProperty("role", "error")
        self.error.setWordWrap(True)
        self.error.setMinimumWidth(150)
        self.editor.setFixedWidth(170 if isinstance(self.editor, CellsEditor) else 104)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.setHorizontalSpacing(6)
        layout.addWidget(self.editor, 0, 0)
        layout.addWidget(self.range, 0, 1)
        layout.addWidget(self.error, 2, 0, 1, 2)
        layout.setColumnStretch(1, 1)
        self._grid, self._is_below = layout, False
        self.complain("")

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the range below the editor where there is no room beside it."""
        super().resizeEvent(event)
        wanted = self.range.fontMetrics().horizontalAdvance(self.range.text())
        below = self.editor.width() + self._grid.horizontalSpacing() + wanted > self.width()
        if below != self._is_below:
            self._is_below = below
            self._grid.addWidget(self.range, int(below), int(not below), 1, 2 if below else 1)

    def complain(self, words: str) -> None:
        """Say what is wrong; empty for nothing."""
        self.error.setText(f"\N{WARNING SIGN} {words}" if words else "")
        self.error.setVisible(bool(words))
        self.editor.mark_wrong(bool(words))


class ModelForm(QWidget):
    """Fields of a pydantic model; change the entries and ``model`` follows, call `show_model` and they follow.

    Args:
        model: The model's class.
    """

    changed = pyqtSignal()
    """An entry changed; ``model`` is new, or ``None`` where the entries are wrong."""

    map_wanted = pyqtSignal(object)
    """Cells are to be chosen on the map for this editor."""

    def __init__(self, model: type[BaseModel], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model_class = model
        self.model: BaseModel | None = None
        self.rows: dict[Place, FormRow] = {}
        self.general = QLabel()
        self.general.setProperty("role", "error")
        self.general.setWordWrap(True)
        self._filling = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.general)
        self._add_fields(layout, model, ())
        layout.addStretch(1)
        self.show_defaults()

    def show_defaults(self) -> None:
        """Show each field's default; a field without one is left empty."""
        self._fill(self.model_class, None, ())

    def show_model(self, model: BaseModel) -> None:
        """Show the values of ``model``."""
        self._fill(self.model_class, model, ())

    def stops(self) -> list[QWidget]:
        """Return what the Tab key stops at, from the top."""
        return [stop for row in self.rows.values() for stop in row.editor.stops()]

    def values(self) -> dict[str, Any]:
        """Return the entries, unchecked, nested as the model is."""
        values: dict[str, Any] = {}
        for place, row in self.rows.items():
            at = values
            for part in place[:-1]:
                at = at.setdefault(str(part), {})
            at[str(place[-1])] = row.editor.raw()
        return values

    def _add_fields(self, layout: QVBoxLayout, model: type[BaseModel], place: Place) -> None:
        form: QFormLayout | None = None
        for name, field in model.model_fields.items():
            nested = _nested_model(field)
            if nested is not None:
                form = None
                group = QGroupBox(_label(name))
                group.setToolTip(_tip(field))
                inner = QVBoxLayout(group)
                inner.setContentsMargins(6, 4, 6, 6)
                self._add_fields(inner, nested, (*place, name))
                layout.addWidget(group)
                continue
            if form is None:
                form = QFormLayout()
                form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
                form.setHorizontalSpacing(6)
                form.setVerticalSpacing(4)
                layout.addLayout(form)
            form.addRow(*self._row(name, field, (*place, name)))

    def _row(self, name: str, field: FieldInfo, place: Place) -> tuple[QLabel, FormRow]:
        row = FormRow(field)
        self.rows[place] = row
        label = QLabel(_label(name))
        label.setFixedWidth(82)
        label.setWordWrap(True)
        label.setBuddy(row.editor.widget)
        for widget in (label, row):
            widget.setToolTip(_tip(field))
        row.editor.edited.connect(self._check)
        if isinstance(row.editor, CellsEditor):
            row.editor.map_wanted.connect(lambda: self.map_wanted.emit(row.editor))
        return label, row

    def _fill(self, model: type[BaseModel], values: BaseModel | None, place: Place) -> None:
        self._filling = True
        for name, field in model.model_fields.items():
            value = getattr(values, name) if values is not None else field.get_default(call_default_factory=True)
            nested = _nested_model(field)
            if nested is not None:
                self._fill(nested, value if isinstance(value, nested) else None, (*place, name))
            elif values is not None or not field.is_required():
                self.rows[(*place, name)].editor.show_value(value)
        if not place:
            self._filling = False
            self._check()

    def _check(self) -> None:
        if self._filling:
            return
        found: dict[Place, str] = {}
        try:
            self.model = self.model_class.model_validate(self.values())
        except pydantic.ValidationError as error:
            self.model = None
            for place, words in complaints(self.model_class, error):
                at = self._nearest(place)
                words = words.removeprefix(f"{'.'.join(map(str, place))}: ")
                item = "".join(f"item {part + 1}: " for part in place[len(at) :] if isinstance(part, int))
                found[at] = "\n".join(filter(None, (found.get(at), item + words)))
        for place, row in self.rows.items():
            row.complain(found.get(place, ""))
        self.general.setText(found.get((), ""))
        self.general.setVisible(() in found)
        self.changed.emit()

    def _nearest(self, place: Place) -> Place:
        """Return the row that a complaint is about, () where it is about several."""
        return next((place[:end] for end in range(len(place), 0, -1) if place[:end] in self.rows), ())


class ProtocolForm(ModelForm):
    """Parameters of one protocol.

    Args:
        protocol: The protocol's class.
    """

    def __init__(self, protocol: type[Protocol], parent: QWidget | None = None) -> None:
        self.protocol_class = protocol
        super().__init__(protocol, parent)

    @property
    def protocol(self) -> Protocol | None:
        """What the entries say, ``None`` where they are wrong."""
        return self.model if isinstance(self.model, Protocol) else None

    def show_protocol(self, protocol: Protocol) -> None:
        """Show the parameters of ``protocol``."""
        self.show_model(protocol)


def _nested_model(field: FieldInfo) -> type[BaseModel] | None:
    kind, optional = plain_type(field.annotation)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) and not optional else None


def _label(name: str) -> str:
    return name.replace("_", " ")


def _tip(field: FieldInfo) -> str:
    parts = (field.description or "", f"range: {text}" if (text := range_text(field)) else "")
    unit = unit_of(field)
    return "\n".join(filter(None, (*parts, f"unit: {unit}" if unit else "")))
