"""What is done with live plots besides looking: kept as picture or data, and a cell's history read from the file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QBuffer, QIODevice, QObject
from PyQt6.QtWidgets import QDialog, QFileDialog, QLabel, QVBoxLayout, QWidget

from labctl.errors import ConfigError
from labctl.gui import theme
from labctl.gui.background import Background
from labctl.gui.facts import describe, trace_of
from labctl.gui.live import axes
from labctl.gui.live.panel import Columns, PlotPanel, label, words
from labctl.gui.live.view import LiveView
from labctl.plots import ArrayMap

History = tuple[NDArray[np.float64], NDArray[np.float64]]


class CellHistory(QDialog):
    """Every value of one cell in the run, in the order in which they came."""

    def __init__(self, array_map: ArrayMap, cell: int, history: History, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Cell {cell}: its history")
        self.resize(560, 360)
        per_array = array_map.rows * array_map.columns
        row, column = divmod(cell % per_array, array_map.columns)
        times, values = history
        self.words = QLabel(f"array {cell // per_array}, row {row}, column {column}: {len(values):,} values")
        self.words.setProperty("role", "hint")
        self.plot = axes.plot_widget()
        accent = theme.current().accent
        self.curve = self.plot.plot(times, values, pen=pg.mkPen(accent), symbol="o", symbolSize=5, symbolBrush=accent)
        units = {column.name: column.unit for column in array_map.row.columns}
        item = self.plot.getPlotItem()
        label(item.getAxis("left"), words(array_map.value), units[array_map.value])
        in_time = "time" in units
        label(item.getAxis("bottom"), "time" if in_time else "number of the value", units.get("time", ""))
        layout = QVBoxLayout(self)
        layout.addWidget(self.words)
        layout.addWidget(self.plot, 1)


class LiveDesk(QObject):
    """Keeps what a panel shows, and opens the history of a cell; files are read and written in a thread.

    Args:
        view: The live view.
        thread: Does the work on files.
        run_file: Returns the file of the run that is shown.
        complain: Shows words and details.
        say: Shows words in passing.
    """

    def __init__(
        self,
        view: LiveView,
        thread: Background,
        run_file: Callable[[], Path | None],
        complain: Callable[[str, str], None],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(view)
        self.history: CellHistory | None = None
        self.ask_path: Callable[[str], str] = self._ask_path
        self._view, self._thread, self._run_file = view, thread, run_file
        self._complain, self._say = complain, say
        view.export_wanted.connect(self._export)
        view.cell_wanted.connect(self._show_cell)

    def _export(self, panel: PlotPanel, what: str) -> None:
        chosen = self.ask_path(what)
        if not chosen:
            return
        path = Path(chosen).with_suffix(f".{what}")
        # A picture of a widget can be taken on the GUI thread alone; writing it need not be.
        data = picture_of(panel) if what == "png" else None
        columns = panel.shown() if data is None else {}
        self._do(lambda: _write(path, data, columns), lambda _: self._say(f"written: {path}"))

    def _show_cell(self, array_map: ArrayMap, cell: int) -> None:
        file = self._run_file()
        if file is None:
            self._complain("There is no run file that the history of a cell could be read from.", "")
            return

        def show(history: History) -> None:
            if self.history is not None:
                self.history.close()
                self.history.deleteLater()
            self.history = CellHistory(array_map, cell, history, self._view.window())
            self.history.show()

        self._do(lambda: history_of(file, array_map, cell), show)

    def _do(self, work: Callable[[], object], then: Callable[..., None]) -> None:
        self._thread.submit(work, then, lambda error: self._complain(describe(error), trace_of(error)))

    def _ask_path(self, what: str) -> str:
        kinds = {"png": "Pictures (*.png)", "csv": "Tables (*.csv)"}
        return QFileDialog.getSaveFileName(self._view, "Keep what is shown", f"plot.{what}", kinds[what])[0]


def history_of(file: Path, array_map: ArrayMap, cell: int) -> History:
    """Return times (or numbers, where the stream has no time) and values of one cell.

    Raises:
        DataFileError: The file cannot be read.
    """
    from labctl.runfile.reader import RunData

    columns = RunData(file).arrays(array_map.row.stream)
    mine = columns[array_map.cell] == cell
    values = columns[array_map.value][mine].astype(np.float64)
    return (columns["time"][mine] if "time" in columns else np.arange(len(values), dtype=np.float64)), values


def picture_of(widget: QWidget) -> bytes:
    """Return a widget as a PNG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().save(buffer, "PNG")
    return bytes(buffer.data().data())


def _write(path: Path, picture: bytes | None, columns: Columns) -> None:
    import pandas as pd

    try:
        if picture is not None:
            path.write_bytes(picture)
        else:
            named = {f"{name} ({unit})" if unit else name: values for name, (values, unit) in columns.items()}
            pd.DataFrame(named).to_csv(path, index=False)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error}") from error
