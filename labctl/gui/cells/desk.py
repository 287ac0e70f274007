"""Choosing cells for the form: which array, what is stuck, what was excluded before."""

from typing import Protocol as Interface

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from labctl.capabilities import ArrayGeometry, CellArray, DefectMap
from labctl.errors import ConfigError
from labctl.gui.cells.dialog import CellDialog
from labctl.gui.cells.selection import CellSelection, Mask
from labctl.gui.conductor import Conductor
from labctl.gui.fields import CellsEditor
from labctl.gui.form import ProtocolForm
from labctl.gui.remembered import Remembered
from labctl.stations.station import Station
from labctl.units import format_cells, parse_cells

_USUAL = ArrayGeometry(8, 128, 16)
"""Shown where the station has no array."""
_UNKNOWN = 3
"""What a defect map says of a cell that was never looked at; it can be chosen."""


class Desk(Interface):
    """What is asked of the window."""

    @property
    def form(self) -> ProtocolForm | None:
        """The form that is shown."""


class CellDesk(QObject):
    """Opens the map for an entry of the form, and takes what was chosen back to it.

    Args:
        conductor: Has the station.
        desk: The window.
        remembered: Keeps which cells are excluded, by sample and array.
        parent: Of the dialog.
    """

    excluded_changed = pyqtSignal()

    def __init__(self, conductor: Conductor, desk: Desk, remembered: Remembered, parent: QWidget) -> None:
        super().__init__(parent)
        self.dialog: CellDialog | None = None
        self._conductor, self._desk, self._remembered, self._parent = conductor, desk, remembered, parent

    def excluded(self, array: int, rows: int, columns: int) -> tuple[int, ...]:
        """Return the cells of an array that are excluded; none where the station's arrays have another size."""
        geometry = geometry_of(self._conductor.laboratory.station)
        if (geometry.rows, geometry.columns) != (rows, columns):
            return ()
        try:
            cells = parse_cells(self._remembered.text(self._key(array)))
        except ConfigError:
            return ()
        return tuple(cell for cell in cells if cell < rows * columns)

    def open(self, editor: CellsEditor) -> None:
        """Open the map with what the entry says now."""
        station = self._conductor.laboratory.station
        geometry = geometry_of(station)
        array = self._array()
        selection = CellSelection(geometry.rows, geometry.columns)
        dialog = CellDialog(selection, f"Cells of array {array}", self._parent)
        self.dialog = dialog
        key = self._key(array)
        try:
            dialog.exclude(parse_cells(self._remembered.text(key)))
            selection.set_text(editor.raw())
        except ConfigError as error:
            dialog.at.setText(f"\N{WARNING SIGN} {error}")
        dialog.show_stuck(selection.stuck)
        dialog.accepted.connect(lambda: self._take(editor, dialog, key))
        dialog.finished.connect(lambda _: self._forget(dialog))
        dialog.open()
        self._read_stuck(dialog, station, array)

    def _array(self) -> int:
        form = self._desk.form
        row = form.rows.get(("array",)) if form is not None else None
        text = str(row.editor.raw()) if row is not None else "0"
        return int(text) if text.isdecimal() else 0

    def _key(self, array: int) -> str:
        station = self._conductor.laboratory.station
        sample = station.file.sample.name if station is not None else ""
        return f"excluded/{sample.replace('/', ' ')}/{array}"

    def _read_stuck(self, dialog: CellDialog, station: Station | None, array: int) -> None:
        if station is None or self._conductor.is_occupied:
            dialog.at.setText("Which cells are stuck is not read while instruments are in use.")
            return

        def take(found: tuple[Mask, str]) -> None:
            if self.dialog is dialog:
                dialog.show_stuck(*found)

        self._conductor.laboratory.read(lambda: stuck_cells(station, array), take)

    def _take(self, editor: CellsEditor, dialog: CellDialog, key: str) -> None:
        self._remembered.store(**{key: format_cells(dialog.excluded())})
        self.excluded_changed.emit()
        editor.show_value(dialog.selection.cells())

    def _forget(self, dialog: CellDialog) -> None:
        dialog.deleteLater()
        self.dialog = None


def geometry_of(station: Station | None) -> ArrayGeometry:
    """Return the size of the station's array; no instrument is asked."""
    for instrument in station.instruments.values() if station is not None else ():
        if isinstance(instrument, CellArray):
            return instrument.geometry
    return _USUAL


def stuck_cells(station: Station, array: int) -> tuple[Mask, str]:
    """Return which cells the instrument knows to be stuck, and words about it; called in a thread.

    Raises:
        LabctlError: It does not answer.
    """
    geometry = geometry_of(station)
    none = np.zeros((geometry.rows, geometry.columns), np.bool_)
    for instrument in station.instruments.values():
        if isinstance(instrument, DefectMap):
            if not instrument.is_open:
                return none, f"Connect {instrument.role} to see which cells are stuck."
            found = instrument.stuck_map(array)
            return (found != 0) & (found != _UNKNOWN), ""
    return none, "This station does not know which cells are stuck."
