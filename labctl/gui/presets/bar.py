"""The line above the form: presets to load, save, compare and delete."""

from collections.abc import Callable
from typing import Protocol as Interface

from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QInputDialog, QMenu, QToolButton, QWidget

from labctl.gui.background import Background
from labctl.gui.facts import describe, trace_of
from labctl.gui.presets.compare import CompareDialog
from labctl.gui.presets.store import PresetStore
from labctl.gui.texts import shown_values
from labctl.protocol import Protocol

_PROMPT = "presets \N{HORIZONTAL ELLIPSIS}"


class Desk(Interface):
    """What is asked of the window."""

    confirm: Callable[[str, str], bool]

    def current_protocol(self) -> Protocol | None:
        """Return what the form says, ``None`` where it is wrong."""

    def take_protocol(self, protocol: Protocol) -> None:
        """Show a protocol in its form."""


class PresetBar(QWidget):
    """Presets of the protocol that the form is of; files are read and written in a thread.

    Args:
        store: The presets.
        thread: Does the work on files.
        complain: Shows words and details.
    """

    def __init__(self, store: PresetStore, thread: Background, complain: Callable[[str, str], None]) -> None:
        super().__init__()
        self.store = store
        self.desk: Desk | None = None
        self.ask_name: Callable[[str], str] = self._ask_name
        self.dialog: CompareDialog | None = None
        self._thread, self._complain = thread, complain
        self._kind: type[Protocol] | None = None
        self.box = QComboBox()
        self.box.setToolTip("parameters kept by name")
        self.box.activated.connect(self._picked)
        self.more = QToolButton()
        self.more.setText("\N{HORIZONTAL ELLIPSIS}")
        self.more.setToolTip("save, compare or delete a preset")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        self.actions_by_name = {
            name: menu.addAction(text, call)
            for name, text, call in (
                ("save", "&Save the form as a preset\N{HORIZONTAL ELLIPSIS}", self.save),
                ("compare", "&Compare the form with this preset", self.compare),
                ("defaults", "Compare the form with the &defaults", self.compare_defaults),
                ("fill", "&Fill in the defaults", self.fill_defaults),
                ("delete", "De&lete this preset", self.delete),
            )
        }
        self.more.setMenu(menu)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 0)
        layout.addWidget(self.box, 1)
        layout.addWidget(self.more)

    @property
    def chosen(self) -> str:
        """The preset that is chosen, empty for none."""
        return self.box.currentText() if self.box.currentIndex() > 0 else ""

    def show_kind(self, kind: type[Protocol]) -> None:
        """Show the presets of a protocol."""
        if kind is not self._kind:
            self._kind = kind
            self._do(lambda: self.store.names(kind.name), self._names(kind))

    def save(self) -> None:
        """Ask for a name and keep what the form says."""
        protocol = self.desk.current_protocol() if self.desk is not None else None
        if protocol is None:
            self._complain("The form has entries that are wrong; they are marked in it. Nothing was saved.", "")
            return
        name = self.ask_name(self.chosen).strip()
        names = [self.box.itemText(i) for i in range(1, self.box.count())]
        replace = name in names and name != self.chosen
        if name and (
            not replace or (self.desk and self.desk.confirm("Replace", f"There is a preset {name!r}. Replace it?"))
        ):
            self._do(lambda: self.store.save(protocol, name), self._names(type(protocol), name))

    def delete(self) -> None:
        """Take the chosen preset away."""
        name, kind = self.chosen, self._kind
        if name and kind is not None and self.desk and self.desk.confirm("Delete", f"Delete the preset {name!r}?"):
            self._do(lambda: self.store.delete(kind.name, name), self._names(kind))

    def compare(self) -> None:
        """Show the form beside the chosen preset."""
        name, kind = self.chosen, self._kind
        if name and kind is not None:
            self._do(lambda: self.store.load(kind, name), lambda preset: self._compare(name, preset))

    def compare_defaults(self) -> None:
        """Show the form beside the defaults."""
        if self._kind is not None:
            self._compare("defaults", self._kind.from_mapping({}))

    def fill_defaults(self) -> None:
        """Show the defaults in the form."""
        if self._kind is not None and self.desk is not None:
            self.desk.take_protocol(self._kind.from_mapping({}))

    def _picked(self, index: int) -> None:
        kind, name = self._kind, self.box.itemText(index)
        if index > 0 and kind is not None and self.desk is not None:
            self._do(lambda: self.store.load(kind, name), self.desk.take_protocol)

    def _compare(self, name: str, other: Protocol) -> None:
        protocol = self.desk.current_protocol() if self.desk is not None else None
        if protocol is None or type(protocol) is not type(other):
            self._complain("The form has entries that are wrong; they are marked in it.", "")
            return
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = CompareDialog([("form", shown_values(protocol)), (name, shown_values(other))], self.window())
        self.dialog.show()

    def _names(self, kind: type[Protocol], chosen: str = "") -> Callable[[list[str]], None]:
        def show(names: list[str]) -> None:
            if kind is self._kind:
                self.box.clear()
                self.box.addItems([_PROMPT, *names])
                self.box.setCurrentText(chosen or _PROMPT)

        return show

    def _do(self, work: Callable[[], object], then: Callable[..., None]) -> None:
        self._thread.submit(work, then, lambda error: self._complain(describe(error), trace_of(error)))

    def _ask_name(self, proposed: str) -> str:
        name, accepted = QInputDialog.getText(self, "Save as a preset", "name", text=proposed)
        return name if accepted else ""
