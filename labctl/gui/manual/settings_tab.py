"""Settings of one instrument: a switch, a choice or a number each, with unit and range; read-only shown so."""

from collections.abc import Iterable

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from labctl.gui.elided import ElidedLabel
from labctl.gui.manual.work import SettingEntry

Editor = QCheckBox | QComboBox | QLineEdit | ElidedLabel


class SettingsTab(QWidget):
    """Shows `SettingEntry`; tells what is to be read or set."""

    write_wanted = pyqtSignal(str, str)
    """Name, and the value as text."""
    read_wanted = pyqtSignal(str)
    """Name; all that can be read undisturbed where it is empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editors: dict[str, Editor] = {}
        self.entries: dict[str, SettingEntry] = {}
        self.refresh = QPushButton("Read all")
        self.refresh.clicked.connect(lambda: self.read_wanted.emit(""))
        inside = QWidget()
        self._grid = QGridLayout()
        self._grid.setVerticalSpacing(2)
        self._grid.setHorizontalSpacing(4)
        column = QVBoxLayout(inside)
        column.setContentsMargins(2, 4, 2, 4)
        column.addLayout(self._grid)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.refresh)
        layout.addWidget(scroll, 1)

    def show_entries(self, entries: Iterable[SettingEntry]) -> None:
        """Show settings; those that are not among them stay as they are."""
        for entry in entries:
            if entry.name not in self.editors:
                self._add(entry)
            self.entries[entry.name] = entry
            self._show(entry)

    def clear(self) -> None:
        """Forget every setting."""
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        self.editors.clear()
        self.entries.clear()

    def _add(self, entry: SettingEntry) -> None:
        row = 2 * len(self.editors)
        editor = self._editor(entry)
        self.editors[entry.name] = editor
        name = QLabel(entry.name.replace("_", " "))
        name.setBuddy(editor)
        for widget in (name, editor):
            widget.setToolTip("\n".join(filter(None, (entry.doc, entry.range and f"range: {entry.range}"))))
        hint = ElidedLabel(entry.range if entry.writable else "read only")
        hint.setProperty("role", "hint")
        hint.setAlignment(Qt.AlignmentFlag.AlignRight)
        # Names and values can both be long: the value has a line of its own.
        above = QWidget()
        line = QHBoxLayout(above)
        line.setContentsMargins(0, 2, 0, 0)
        line.addWidget(name)
        line.addWidget(hint, 1)
        self._grid.addWidget(above, row, 0, 1, 2)
        self._grid.addWidget(editor, row + 1, 0, 1, 1 if entry.disturbs else 2)
        if entry.disturbs:
            button = QPushButton("Measure")
            button.setToolTip("reading this acts on the device")
            button.clicked.connect(lambda: self.read_wanted.emit(entry.name))
            self._grid.addWidget(button, row + 1, 1)
        self._grid.setColumnStretch(0, 1)

    def _editor(self, entry: SettingEntry) -> Editor:
        name = entry.name
        if not entry.writable:
            return ElidedLabel()
        if entry.choices:
            combo = QComboBox()
            combo.addItems(entry.choices)
            combo.textActivated.connect(lambda text: self.write_wanted.emit(name, text))
            return combo
        if entry.kind == "bool":
            box = QCheckBox()
            box.clicked.connect(lambda on: self.write_wanted.emit(name, "yes" if on else "no"))
            return box
        line = QLineEdit()
        line.returnPressed.connect(lambda: self.write_wanted.emit(name, line.text()))
        line.setPlaceholderText(f"value in {entry.unit}, then Enter" if entry.unit else "value, then Enter")
        return line

    def _show(self, entry: SettingEntry) -> None:
        editor, value = self.editors[entry.name], entry.value
        if isinstance(editor, QComboBox):
            editor.setCurrentText(value or "")
        elif isinstance(editor, QCheckBox):
            editor.setChecked(value == "yes")
            editor.setText("on" if value == "yes" else "off" if value == "no" else "not known")
        else:
            editor.setText(value or "")
            if isinstance(editor, QLineEdit):
                editor.setCursorPosition(0)
