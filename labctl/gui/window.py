"""The main window: what its parts tell each other, what it remembers, and how it closes."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QSettings, QTimer
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QFileDialog

from labctl.gui.cells.desk import CellDesk
from labctl.gui.chooser import load_protocols
from labctl.gui.conductor import Conductor
from labctl.gui.form import ProtocolForm
from labctl.gui.frame import Frame
from labctl.gui.history.desk import HistoryDesk
from labctl.gui.history.folder import RunFolder
from labctl.gui.labels import Offers
from labctl.gui.live.desk import LiveDesk
from labctl.gui.messages import LogBridge
from labctl.gui.off_key import OffKey
from labctl.gui.plan_words import plan_words
from labctl.gui.queue.desk import QueueDesk
from labctl.gui.queue.runner import QueueRunner
from labctl.gui.remembered import Remembered
from labctl.gui.roles import set_role
from labctl.gui.run_bar import RunEntries
from labctl.gui.run_display import RunDisplay
from labctl.protocol import Protocol
from labctl.stations.station import Station

if TYPE_CHECKING:
    from labctl.runfile.reader import RunData

DEFAULT_STATION = "pe-board"
FIRST_PROTOCOL = "write-verify"
"""What the form shows when there is nothing to remember: it runs on the default station."""
_PASSING_MS = 10_000
_LAYOUT = 3
"""Goes up when the docks change, so that an older remembered layout is not applied."""


class MainWindow(Frame):
    """Everything an operator sees.

    Args:
        output: Folder for run files; the remembered one if not given.
        store: Where the window remembers things; the user's own settings if not given.
    """

    def __init__(self, *, output: Path | None = None, store: QSettings | None = None) -> None:
        conductor, remembered = Conductor(), Remembered(store)
        self.queue = QueueRunner(conductor, remembered.settings_folder() / "queue.json")
        self.runs = RunFolder(output or remembered.folder())
        super().__init__(conductor, self.queue, self.runs, remembered)
        for part in (conductor, self.queue, self.runs):
            part.setParent(self)
        self.conductor = conductor
        self.queue_desk = QueueDesk(self.queue_panel, self, self._failed)
        self.laboratory, self.session = self.conductor.laboratory, self.conductor.session
        self.output = self.queue.output = self.runs.folder
        self.presets.desk = self
        self.display = RunDisplay(self, conductor, self.queue)
        self.offers = Offers(self.run_bar.labels, remembered)
        self.live_desk = LiveDesk(self.live, conductor.files, self.display.shown_file, self._failed, self.say)
        self.cell_desk = CellDesk(conductor, self, remembered, self)
        self.history_desk = HistoryDesk(self.history, conductor, self)
        self.confirm: Callable[[str, str], bool] = self.ask
        self.log_bridge = LogBridge(self)
        self.forms: dict[type[Protocol], ProtocolForm] = {}
        self._seed: int | None = None
        self._station_sample = ""
        self._closing = self._may_close = False
        self._off_key = OffKey(self.run_bar.actions_by_name["off"], self)
        self._connect()
        self._mark_excluded()
        self._recall()
        self._show_plan()
        self.conductor.load_protocols(load_protocols, self._take_protocols)
        self.runs.look()

    def open_station(self, name: str, *, simulate: bool, seed: int | None = None) -> None:
        """Take a station, by name or file."""
        self._seed = seed
        self.station_panel.show_choice(name, simulate=simulate)
        self._station_wanted(name, simulate)

    def current_protocol(self) -> Protocol | None:
        """Return what the form says, ``None`` where it is wrong."""
        return self.form.protocol if self.form is not None else None

    def take_protocol(self, protocol: Protocol) -> None:
        """Show a protocol in its form."""
        self.chooser.choose(protocol.name)
        self._show_protocol(type(protocol))
        self.forms[type(protocol)].show_protocol(protocol)

    def show_run(self, run: "RunData") -> None:
        """Show a run that was read from its file in the Result tab, and draw its figure."""
        self.display.show_run(run)

    def run_entries(self) -> RunEntries | None:
        """Return what goes into the run file besides the parameters, ``None`` where it is wrong."""
        return self.run_bar.entries()

    def report_crash(self, words: str, details: str) -> None:
        """Show that the program itself failed, and leave no output on."""
        self.conductor.report_crash(words, details)

    def close_without_asking(self) -> None:
        """Close as after a signal from the system: a run is aborted, the hardware left safe."""
        # Yes to ending the run; no, for a second signal, to closing before it is known to be safe.
        self.confirm = lambda title, question: not self._closing
        self.close()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Ask while a run is under way; leave the hardware safe; then close."""
        if event is None or self._may_close:
            self._forget_nothing()
            return
        event.ignore()
        if self._closing:
            if self.confirm("Close now?", "The instruments are not known to be safe yet. Close all the same?"):
                self._close_for_good([])
            return
        if self.session.is_active and not self.confirm(
            "A run is under way", "Closing aborts the run and makes the instruments safe. Close?"
        ):
            return
        self._closing = True
        self.say("Closing: instruments are being made safe \N{HORIZONTAL ELLIPSIS}")
        self.conductor.close(self._close_for_good)

    # -- events ---------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.file_menu.addAction("Data &folder\N{HORIZONTAL ELLIPSIS}", self._choose_folder)
        self.file_menu.addAction("&Quit", "Ctrl+Q", self.close)
        actions = self.run_bar.actions_by_name
        actions["run"].triggered.connect(self._run)
        actions["pause"].triggered.connect(lambda: self.session.pause())
        actions["resume"].triggered.connect(lambda: self.session.resume())
        actions["stop"].triggered.connect(lambda: self.session.stop())
        actions["abort"].triggered.connect(lambda: self.session.abort())
        actions["off"].triggered.connect(lambda: self.conductor.outputs_off())
        self.run_bar.entries_changed.connect(self._show_plan)
        self.chooser.chosen.connect(self._show_protocol)
        self.chooser.station_wanted.connect(self._take_offer)
        self.station_panel.station_wanted.connect(self._station_wanted)
        self.station_panel.manual_wanted.connect(self.manual.show_role)
        self.station_panel.manual_wanted.connect(lambda _: self.raise_dock("By hand"))
        self.laboratory.chosen.connect(self._station_chosen)
        self.laboratory.changed.connect(self._show_plan)
        self.session.state_changed.connect(lambda _: self._show_plan())
        self.conductor.planned.connect(self._show_plan)
        self.conductor.told.connect(self.log.add)
        self.conductor.failed.connect(self._failed)
        self.log_bridge.logged.connect(self.log.add)
        self.runs.failed.connect(self._failed)
        self.cell_desk.excluded_changed.connect(self._mark_excluded)
        self.laboratory.chosen.connect(lambda _: self._mark_excluded())

    def _mark_excluded(self) -> None:
        self.live.mark_excluded(self.cell_desk.excluded)

    def _take_protocols(self, protocols: Any) -> None:
        self.chooser.show_protocols(protocols, self.remembered.text("protocol", FIRST_PROTOCOL))

    def _show_protocol(self, protocol: type[Protocol]) -> None:
        form = self.forms.get(protocol)
        if form is None:
            form = ProtocolForm(protocol)
            self.forms[protocol] = form
            form.changed.connect(self._form_changed)
            form.map_wanted.connect(self.cell_desk.open)
            self.add_form(form)
        self.presets.show_kind(protocol)
        self.show_form(list(self.forms).index(protocol))
        if not self.session.is_active:
            self.live.show_protocol(protocol)
        self._form_changed()

    def _form_changed(self) -> None:
        form = self.form
        self.conductor.set_protocol(form.protocol if form is not None else None)

    def _station_wanted(self, name: str, simulate: bool) -> None:
        self.say(f"opening the station {name} \N{HORIZONTAL ELLIPSIS}")
        self.laboratory.choose(name, simulate=simulate, seed=self._seed)

    def _station_chosen(self, station: Station) -> None:
        simulated = station.options.simulate
        kind = "SIMULATED LAB" if simulated else "REAL INSTRUMENTS"
        self.setWindowTitle(f"labctl \N{EM DASH} {station.name} \N{EM DASH} {kind}")
        self.kind.setText(kind)
        set_role(self.kind, "simulated" if simulated else "real")
        if self.run_bar.sample.text() in {"", self._station_sample}:
            self.run_bar.sample.setText(station.file.sample.name)
            self.run_bar.sample.setCursorPosition(0)
        self._station_sample = station.file.sample.name
        self.remembered.store(station=self.station_panel.chooser.currentText(), simulate=simulated)
        self.say(f"the station {station.name} is ready to be connected", _PASSING_MS)
        self.log.add(logging.INFO, f"station {station.name}, {kind.lower()}")

    def _run(self) -> None:
        entries = self.run_bar.entries()
        if entries is None or self.form is None or not self.conductor.can_run:
            return
        self.offers.keep(entries.labels())
        self.messages.clear()
        self.conductor.start(entries, self.output)

    def _failed(self, words: str, details: str) -> None:
        self.messages.tell(words, details)
        self.log.add(logging.ERROR, words)

    def _show_plan(self) -> None:
        """Show the verbs that there are, and beside them what a run would do or why there can be none."""
        conductor = self.conductor
        entries = self.run_bar.entries()
        # Between two runs the last one's state stays in sight.
        state = conductor.session.state
        self.run_bar.show_state(state, can_run=conductor.can_run and entries is not None)
        self.station_panel.set_running(self.session.is_active)
        self.manual.set_running(self.session.is_active)
        words, wrong = plan_words(conductor, self.form, seed_is_wrong=entries is None)
        self.run_bar.show_plan(words, wrong=wrong)
        self._offer_station()

    def _offer_station(self) -> None:
        """Offer the protocol's own station where the one that is taken lacks an instrument."""
        plan, form, station = self.conductor.plan, self.form, self.laboratory.station
        if plan is None or form is None or station is None:
            return
        wanted = form.protocol_class.station
        lacks = (
            plan.lacks_instrument and not self.session.is_active and wanted != self.station_panel.chooser.currentText()
        )
        self.chooser.offer_station(wanted if lacks else "", f"The station {station.name} lacks an instrument for it.")

    def _take_offer(self, name: str) -> None:
        self.open_station(name, simulate=self.station_panel.simulated.isChecked(), seed=self._seed)

    # -- memory and the end ---------------------------------------------------------------------------------------

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for run files", str(self.output))
        if chosen:
            self.output = self.queue.output = Path(chosen)
            self.runs.show_folder(self.output)
            self.remembered.store(folder=chosen)
            self.say(f"run files go to {chosen}")

    def _recall(self) -> None:
        self.restoreGeometry(self.remembered.bytes("geometry"))
        self.restoreState(self.remembered.bytes("layout"), _LAYOUT)
        self.offers.recall()
        self.say(f"run files go to {self.output.resolve()}")

    def _forget_nothing(self) -> None:
        protocol = self.form.protocol_class.name if self.form is not None else ""
        self.remembered.store(
            geometry=self.saveGeometry(),
            layout=self.saveState(_LAYOUT),
            protocol=protocol,
            folder=str(self.output.resolve()),
        )

    def _close_for_good(self, failures: list[str]) -> None:
        if failures:
            self._closing = False
            self.conductor.failed.emit("\n".join(failures), "")
            if not self.confirm("Not safe", "\n".join((*failures, "", "Close all the same?"))):
                return
        self._may_close = True
        self.log_bridge.close()
        self.queue.store_now()
        self.runs.close()
        self.conductor.stop_threads()
        QTimer.singleShot(0, self.close)  # Qt closes no window from within its own close event
