"""What the queue and the form give each other."""

from collections.abc import Callable
from typing import Protocol as Interface

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QWidget

from labctl.errors import LabctlError
from labctl.gui.queue.entries import EntryState, QueueEntry, entry_of
from labctl.gui.queue.panel import QueuePanel
from labctl.gui.queue.series_dialog import SeriesDialog
from labctl.gui.run_bar import RunEntries
from labctl.protocol import Protocol


class Desk(Interface):
    """What is asked of the window."""

    def current_protocol(self) -> Protocol | None:
        """Return what the form says, ``None`` where it is wrong."""

    def take_protocol(self, protocol: Protocol) -> None:
        """Show a protocol in its form."""

    def run_entries(self) -> RunEntries | None:
        """Return what goes into the run file besides the parameters, ``None`` where it is wrong."""


class QueueDesk(QObject):
    """Takes the form's protocol to the queue, and an entry that is to be changed to the form.

    Args:
        panel: The queue.
        desk: The window.
        complain: Shows words and details.
    """

    def __init__(self, panel: QueuePanel, desk: Desk, complain: Callable[[str, str], None]) -> None:
        super().__init__(panel)
        self.panel = panel
        self._desk = desk
        self._complain = complain
        self.dialog: SeriesDialog | None = None
        panel.form_wanted.connect(self.add)
        panel.series_wanted.connect(self.open_series)
        panel.edit_wanted.connect(self._edit)

    def add(self) -> None:
        """Add what the form says, or have it replace the entry that is being changed."""
        protocol, entries = self._wanted()
        if protocol is None or entries is None:
            return
        entry = self._entry(protocol, entries)
        model, row = self.panel.runner.model, self.panel.edited
        if row is None:
            self.panel.runner.add([entry])
        elif row < len(model.entries) and model.entries[row].state is EntryState.WAITING:
            before = model.entries[row]
            model.replace(row, entry.changed(repeat=before.repeat, done=before.done))
            self.panel.runner.estimate([model.entries[row]])
        else:
            self._complain("That entry has begun meanwhile, and is not changed.", "")
        self.panel.end_edit()

    def open_series(self) -> None:
        """Open the dialog for a series made from what the form says."""
        protocol, entries = self._wanted()
        if protocol is None or entries is None:
            return
        parent = self.panel.window()
        self.dialog = SeriesDialog(protocol, parent if isinstance(parent, QWidget) else None)
        self.dialog.accepted.connect(lambda: self._add_series(entries))
        self.dialog.finished.connect(self._forget_dialog)
        self.dialog.open()

    def _wanted(self) -> tuple[Protocol | None, RunEntries | None]:
        protocol, entries = self._desk.current_protocol(), self._desk.run_entries()
        if protocol is None or entries is None:
            self._complain("The form or the seed has entries that cannot be run: they are marked.", "")
        return protocol, entries

    def _add_series(self, entries: RunEntries) -> None:
        if self.dialog is not None:
            self.panel.runner.add([self._entry(protocol, entries) for protocol in self.dialog.protocols])

    def _entry(self, protocol: Protocol, entries: RunEntries) -> QueueEntry:
        """Return an entry for the station that is there now."""
        station = self.panel.runner.conductor.laboratory.station
        place = {} if station is None else {"station": station.name, "simulate": station.options.simulate}
        return entry_of(protocol, seed=entries.seed, **place, **entries.labels())

    def _forget_dialog(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None

    def _edit(self, entry: QueueEntry) -> None:
        try:
            self._desk.take_protocol(entry.made())
        except LabctlError as error:
            self.panel.end_edit()
            self._complain(str(error), "")
