"""The dialog for a series: up to three parameters, each with its values, and how many runs that makes."""

from pydantic.fields import FieldInfo
from PyQt6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from labctl.errors import LabctlError
from labctl.gui.queue.series import parameters_of, parse_values, protocols_of
from labctl.gui.roles import set_role
from labctl.gui.texts import range_text
from labctl.protocol import Protocol

AXES = 3
_NONE = "\N{EN DASH}"
_HELP = "values: 1 V, 2 V   or   0.5 V to 3 V in 6   or   1u to 1m in 4 log   or, for whole numbers and cells, 0-15"


class SeriesDialog(QDialog):
    """Makes protocols from one; ``protocols`` has them when it is accepted."""

    def __init__(self, base: Protocol, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.base = base
        self.protocols: list[Protocol] = []
        self.setWindowTitle(f"Series of {base.title}")
        self._fields = parameters_of(type(base))
        self.names = [self._name_box() for _ in range(AXES)]
        self.values = [QLineEdit() for _ in range(AXES)]
        self.count = QLabel()
        self.count.setWordWrap(True)
        ok, cancel = QDialogButtonBox.StandardButton.Ok, QDialogButtonBox.StandardButton.Cancel
        self.buttons = QDialogButtonBox(ok | cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._ok = self.buttons.button(ok)
        self._arrange()
        self._check()

    def _name_box(self) -> QComboBox:
        box = QComboBox()
        box.addItems([_NONE, *self._fields])
        box.currentIndexChanged.connect(lambda _: self._check())
        return box

    def _check(self) -> None:
        self.protocols = []
        try:
            axes = {}
            for name, entry in zip(self.names, self.values, strict=True):
                field = self._fields.get(name.currentText())
                entry.setEnabled(field is not None)
                entry.setPlaceholderText(_placeholder(field))
                if field is not None:
                    axes[name.currentText()] = parse_values(entry.text(), field)
            self.protocols = list(protocols_of(self.base, axes)) if axes else []
            plural = "" if len(self.protocols) == 1 else "s"
            words = f"{len(self.protocols):,} run{plural}: every combination, the last parameter changing fastest"
            self.count.setText(words if axes else "Choose a parameter.")
            set_role(self.count, "hint")
        except LabctlError as error:
            self.count.setText(f"\N{WARNING SIGN} {error}")
            set_role(self.count, "error")
        if self._ok is not None:
            self._ok.setEnabled(bool(self.protocols))

    def _arrange(self) -> None:
        grid = QGridLayout()
        for row, (name, entry) in enumerate(zip(self.names, self.values, strict=True)):
            grid.addWidget(QLabel(f"parameter &{row + 1}"), row, 0)
            grid.addWidget(name, row, 1)
            grid.addWidget(entry, row, 2)
            entry.textChanged.connect(self._check)
            caption = grid.itemAtPosition(row, 0)
            label = caption.widget() if caption is not None else None
            if isinstance(label, QLabel):
                label.setBuddy(name)
        grid.setColumnStretch(2, 1)
        hint = QLabel(_HELP)
        hint.setProperty("role", "hint")
        layout = QVBoxLayout(self)
        layout.addLayout(grid)
        layout.addWidget(hint)
        layout.addWidget(self.count)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(620)


def _placeholder(field: FieldInfo | None) -> str:
    return "" if field is None else range_text(field) or "values, with commas"
