"""The station: which one, simulated or real, and a card for each instrument with what is known about it."""

import itertools

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from labctl.gui.elided import ElidedLabel
from labctl.gui.facts import InstrumentFacts, Outputs
from labctl.gui.laboratory import Laboratory
from labctl.gui.roles import set_role
from labctl.stations.model import shipped_stations

_OTHER = "Other file\N{HORIZONTAL ELLIPSIS}"
_OUTPUT_ROLES = {
    Outputs.SAFE: "good",
    Outputs.IN_USE: "caution",
    Outputs.BY_HAND: "caution",
    Outputs.UNKNOWN: "error",
    Outputs.UNCONNECTED: "hint",
}
_OUTPUT_SIGNS = {
    Outputs.SAFE: "\N{CHECK MARK} ",
    Outputs.IN_USE: "\N{HIGH VOLTAGE SIGN} ",
    Outputs.BY_HAND: "\N{HIGH VOLTAGE SIGN} ",
    Outputs.UNKNOWN: "\N{WARNING SIGN} ",
    Outputs.UNCONNECTED: "\N{EN DASH} ",
}


class InstrumentCard(QFrame):
    """One instrument; `show_facts` is the only way in, the button's signal the only way out."""

    connection_wanted = pyqtSignal(str, bool)
    """Role, and whether it is to be connected."""
    manual_wanted = pyqtSignal(str)
    """Role of the instrument that is to be worked by hand."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.role = role
        self.setProperty("role", "card")
        self.kind = QLabel()
        self.name = QLabel(role)
        self.name.setProperty("role", "heading")
        self.button = QPushButton("Connect")
        self.button.clicked.connect(self._clicked)
        self.manual = QPushButton("By hand\N{HORIZONTAL ELLIPSIS}")
        self.manual.setToolTip("settings, cells and wire of this instrument")
        self.manual.clicked.connect(lambda: self.manual_wanted.emit(self.role))
        self.details: dict[str, QLabel] = {
            name: _wrapped() for name in ("connection", "outputs", "read back", "idle policy", "identity")
        }
        self.details["link"] = ElidedLabel()
        self.error = _wrapped()
        self.error.setProperty("role", "error")
        self.settings_title = QLabel("Settings as last read")
        self.settings_title.setProperty("role", "heading")
        self.settings = QFormLayout()
        self._connected = False
        self._arrange()

    def show_facts(self, facts: InstrumentFacts, *, locked: bool) -> None:
        """Show what is known; ``locked`` while instruments are being spoken to or a run has them."""
        self._connected = facts.connected
        self.kind.setText("SIMULATED" if facts.simulated else "REAL INSTRUMENT")
        set_role(self.kind, "simulated" if facts.simulated else "real")
        values = {
            "connection": _connection(facts),
            "outputs": _OUTPUT_SIGNS[facts.outputs] + facts.outputs,
            "read back": facts.readback,
            "idle policy": facts.idle,
            "identity": facts.identity,
            "link": facts.link,
        }
        for name, value in values.items():
            self.details[name].setText(value or "\N{EN DASH}")
        set_role(self.details["outputs"], _OUTPUT_ROLES[facts.outputs])
        self.error.setText(f"\N{WARNING SIGN} {facts.error}" if facts.error else "")
        self.error.setVisible(bool(facts.error))
        self.button.setText("Disconnect" if facts.connected else "Connect")
        self.button.setEnabled(not locked)
        self._show_settings(facts)

    def _show_settings(self, facts: InstrumentFacts) -> None:
        while self.settings.rowCount():
            self.settings.removeRow(0)
        for setting in facts.settings:
            value = ElidedLabel(setting.value)
            value.setToolTip(f"{setting.value}\n{setting.doc}")
            name = QLabel(setting.name.replace("_", " "))
            name.setProperty("role", "hint")
            name.setToolTip(setting.doc)
            self.settings.addRow(name, value)
        self.settings_title.setVisible(bool(facts.settings))

    def _clicked(self) -> None:
        self.connection_wanted.emit(self.role, not self._connected)

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.kind)
        layout.addLayout(head)
        form = QFormLayout()
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(2)
        for name, value in self.details.items():
            title = QLabel(name)
            title.setProperty("role", "hint")
            form.addRow(title, value)
        layout.addLayout(form)
        layout.addWidget(self.error)
        verbs = QHBoxLayout()
        verbs.addWidget(self.button, 1)
        verbs.addWidget(self.manual, 1)
        layout.addLayout(verbs)
        layout.addWidget(self.settings_title)
        self.settings.setHorizontalSpacing(8)
        self.settings.setVerticalSpacing(1)
        layout.addLayout(self.settings)


class StationPanel(QWidget):
    """Chooses the station and shows its cards."""

    station_wanted = pyqtSignal(str, bool)
    """Name or file, and whether it is to be simulated."""
    manual_wanted = pyqtSignal(str)
    """Role of the instrument that is to be worked by hand."""

    def __init__(self, laboratory: Laboratory) -> None:
        super().__init__()
        self.laboratory = laboratory
        self.cards: dict[str, InstrumentCard] = {}
        self._running = False
        self.chooser = QComboBox()
        self.chooser.addItems([*shipped_stations(), _OTHER])
        self.chooser.activated.connect(self._station_picked)
        self.simulated = QCheckBox("simulated lab")
        self.simulated.setToolTip("use the simulated twins of the instruments; nothing real is touched")
        self.simulated.clicked.connect(self._ask_for_station)
        self.connect_all = QPushButton("Connect all")
        self.connect_all.clicked.connect(lambda: laboratory.connect_instruments())
        self.disconnect_all = QPushButton("Disconnect all")
        self.disconnect_all.clicked.connect(lambda: laboratory.disconnect_instruments())
        self.refresh = QPushButton("Read again")
        self.refresh.setToolTip("make the connected instruments safe and read them back")
        self.refresh.clicked.connect(lambda: laboratory.reach())
        self._name = ""
        self._arrange()
        laboratory.chosen.connect(self._station_chosen)
        laboratory.changed.connect(self._show)
        self._show()

    def show_choice(self, name: str, *, simulate: bool) -> None:
        """Show which station is meant, before it is there."""
        self._name = name
        if self.chooser.findText(name) < 0:
            self.chooser.insertItem(self.chooser.count() - 1, name)
        self.chooser.setCurrentText(name)
        self.simulated.setChecked(simulate)

    def set_running(self, running: bool) -> None:
        """Lock what must not be touched while a run has the instruments."""
        self._running = running
        self._show()

    def _station_picked(self, index: int) -> None:
        if self.chooser.itemText(index) == _OTHER:
            path, _ = QFileDialog.getOpenFileName(self, "Station file", "", "Station files (*.toml)")
            if not path:
                self.chooser.setCurrentText(self._name)
                return
            self.show_choice(path, simulate=self.simulated.isChecked())
        self._ask_for_station()

    def _ask_for_station(self) -> None:
        self._name = self.chooser.currentText()
        self.station_wanted.emit(self._name, self.simulated.isChecked())

    def _station_chosen(self) -> None:
        for card in self.cards.values():
            card.setParent(None)
            card.deleteLater()
        self.cards = {role: InstrumentCard(role) for role in self.laboratory.facts}
        for index, card in enumerate(self.cards.values()):
            card.connection_wanted.connect(self._connection_wanted)
            card.manual_wanted.connect(self.manual_wanted)
            self._card_layout.insertWidget(index, card)
        stops = (stop for card in self.cards.values() for stop in (card.button, card.manual))
        for before, stop in itertools.pairwise((self.disconnect_all, *stops)):
            self.setTabOrder(before, stop)
        self._show()

    def _connection_wanted(self, role: str, connect: bool) -> None:
        if connect:
            self.laboratory.connect_instruments([role])
        else:
            self.laboratory.disconnect_instruments([role])

    def _show(self) -> None:
        laboratory = self.laboratory
        locked = self._running or laboratory.is_busy
        if self.cards.keys() != laboratory.facts.keys():  # another station was chosen, and its cards come in a moment
            return
        for role, card in self.cards.items():
            card.show_facts(laboratory.facts[role], locked=locked)
        connected = [facts.connected for facts in laboratory.facts.values()]
        self.connect_all.setEnabled(not locked and not all(connected))
        self.disconnect_all.setEnabled(not locked and any(connected))
        self.refresh.setEnabled(not locked and any(connected))
        self.chooser.setEnabled(not locked)
        self.simulated.setEnabled(not locked)

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(6)
        layout.addWidget(self.chooser)
        layout.addWidget(self.simulated)
        buttons = QHBoxLayout()
        buttons.addWidget(self.connect_all)
        buttons.addWidget(self.disconnect_all)
        layout.addLayout(buttons)
        cards = QWidget()
        self._card_layout = QVBoxLayout(cards)
        self._card_layout.setContentsMargins(0, 0, 0, 0)
        self._card_layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(cards)
        layout.addWidget(scroll, 1)
        layout.addWidget(self.refresh)


def _wrapped() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setMinimumWidth(60)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _connection(facts: InstrumentFacts) -> str:
    if not facts.connected:
        return "not connected"
    return "open, but the last try failed" if facts.error and facts.outputs is Outputs.UNKNOWN else "connected"
