"""Working with one instrument by hand: its settings, its cells, its wire."""

from collections.abc import Callable

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from labctl.gui.form import ModelForm
from labctl.gui.laboratory import Laboratory
from labctl.gui.manual import work
from labctl.gui.manual.settings_tab import SettingsTab
from labctl.gui.manual.wire_tab import WireTab
from labctl.gui.roles import set_role
from labctl.instrument import Instrument


class ActionForm(QWidget):
    """One action with its form, its button and what came of it."""

    def __init__(self, action: work.Action) -> None:
        super().__init__()
        self.action = action
        self.form = ModelForm(action.form)
        self.button = QPushButton(action.title)
        self.result = QLabel()
        self.result.setWordWrap(True)
        self.result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.form.changed.connect(lambda: self.button.setEnabled(self.form.model is not None))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        for widget in (self.form, self.button, self.result):
            layout.addWidget(widget)


class ManualPanel(QWidget):
    """One instrument at a time; locked while a run has the station."""

    def __init__(self, laboratory: Laboratory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.laboratory = laboratory
        self.roles = QComboBox()
        self.kind = QLabel()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.settings, self.wire = SettingsTab(), WireTab()
        self.action_forms: dict[str, ActionForm] = {}
        self._action_box = QVBoxLayout()
        self._locked = False
        self._was_read = False
        self.tabs = QTabWidget()
        self._arrange()
        self.roles.currentIndexChanged.connect(lambda _: self._role_changed())
        self.settings.read_wanted.connect(self._read)
        self.settings.write_wanted.connect(self._write)
        self.wire.line_wanted.connect(self._send)
        laboratory.chosen.connect(lambda _: self._station_chosen())
        laboratory.changed.connect(self._follow)
        self._follow()

    @property
    def instrument(self) -> Instrument | None:
        """The instrument that is shown."""
        station = self.laboratory.station
        return station.instruments.get(self.roles.currentText()) if station is not None else None

    def show_role(self, role: str) -> None:
        """Show an instrument by its role."""
        self.roles.setCurrentText(role)

    def set_running(self, running: bool) -> None:
        """Lock while a run has the instruments."""
        self._locked = running
        self._follow()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Read the settings when they come into sight."""
        super().showEvent(event)
        self._follow()

    def _station_chosen(self) -> None:
        self.roles.blockSignals(True)
        self.roles.clear()
        self.roles.addItems(self.laboratory.facts)
        self.roles.blockSignals(False)
        self._role_changed()

    def _role_changed(self) -> None:
        self.settings.clear()
        instrument = self.instrument
        self.wire.show_link(instrument.link if instrument is not None else None)
        for form in self.action_forms.values():
            form.setParent(None)
            form.deleteLater()
        self.action_forms = {}
        for action in work.actions_of(instrument) if instrument is not None else ():
            form = ActionForm(action)
            form.button.clicked.connect(lambda _, form=form: self._act(form))
            self.action_forms[action.title] = form
            self._action_box.insertWidget(self._action_box.count() - 1, form)
        self._was_read = False
        self._follow()

    def _follow(self) -> None:
        facts = self.laboratory.facts.get(self.roles.currentText())
        connected = facts is not None and facts.connected
        free = connected and not self._locked and not self.laboratory.is_busy
        self.kind.setText("" if facts is None else "SIMULATED" if facts.simulated else "REAL INSTRUMENT")
        set_role(self.kind, "simulated" if facts is not None and facts.simulated else "real")
        self.kind.setVisible(facts is not None)
        words = (
            "no station" if facts is None else "not connected" if not connected
            else "a run has the instruments" if self._locked else f"outputs: {facts.outputs}"
        )  # fmt: skip
        self.words.setText(words + (f"\n\N{WARNING SIGN} {facts.error}" if facts is not None and facts.error else ""))
        for part in (self.settings, self.wire.line, self.wire.send, self.wire.ask):
            part.setEnabled(free)
        for form in self.action_forms.values():
            form.setEnabled(free)
        if not connected:
            self._was_read = False
        elif free and not self._was_read and self.isVisible():
            self._was_read = True
            self._read("")

    def _read(self, name: str) -> None:
        facts = self.laboratory.facts.get(self.roles.currentText())
        if facts is None or not facts.connected or self._locked or self.laboratory.is_busy:
            return
        role = self.roles.currentText()
        if name:
            self.laboratory.by_hand(role, lambda i: work.read_one(i, name), self._shower(role))
        else:
            station = self.laboratory.station
            if station is not None:
                instrument = station.instruments[role]
                self.laboratory.read(lambda: work.read_settings(instrument), self._shower(role))

    def _write(self, name: str, text: str) -> None:
        role = self.roles.currentText()
        self.laboratory.by_hand(role, lambda i: work.write_one(i, name, text), self._shower(role), failed=self._restore)

    def _restore(self) -> None:
        """Show again what was read last where nothing was set."""
        self.settings.show_entries(list(self.settings.entries.values()))

    def _shower(self, role: str) -> Callable[[tuple[work.SettingEntry, ...]], None]:
        """Return what shows settings that were read, unless another instrument is shown by then."""

        def show(entries: tuple[work.SettingEntry, ...]) -> None:
            if self.roles.currentText() == role:
                self.settings.show_entries(entries)

        return show

    def _send(self, text: str, answer: bool) -> None:
        role = self.roles.currentText()
        self.laboratory.by_hand(role, lambda i: work.send_line(i, text, answer=answer), lambda _: self.wire.look())

    def _act(self, form: ActionForm) -> None:
        given, action = form.form.model, form.action
        if given is not None:
            form.result.setText("under way \N{HORIZONTAL ELLIPSIS}")
            role = self.roles.currentText()
            self.laboratory.by_hand(
                role, lambda i: action.do(i, given), form.result.setText, make_safe=True,
                failed=lambda: form.result.setText("\N{WARNING SIGN} it failed; the message says why"),
            )  # fmt: skip

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.roles, 1)
        head.addWidget(self.kind)
        cells = QWidget()
        cells.setLayout(self._action_box)
        self._action_box.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(cells)
        for title, widget in (("Settings", self.settings), ("Cell", scroll), ("Wire", self.wire)):
            self.tabs.addTab(widget, title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addLayout(head)
        layout.addWidget(self.words)
        layout.addWidget(self.tabs, 1)
