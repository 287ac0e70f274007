"""Go through an operator's day in the real window, off screen, and take its pictures.

    python setup/operator_pictures.py                       refresh the pictures in docs/images
    python setup/operator_pictures.py --all FOLDER          every moment, light and dark, at both sizes, to be looked at

The simulated lab has a seed, so that the same pictures come again but for times of day and file names.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import QItemSelectionModel, QSettings
from PyQt6.QtWidgets import QApplication, QDialog, QWidget

from labctl.gui import theme
from labctl.gui.window import MainWindow

IMAGES = Path(__file__).parents[1] / "docs" / "images"
IN_DOCS = {
    ("live-write-verify", False): "gui.png",
    ("live-write-verify", True): "operator-live-dark.png",
    ("cells", False): "operator-cells.png",
    ("history", False): "operator-history.png",
    ("overlay", False): "operator-overlay.png",
}
"""Moment and whether it is dark -> the picture in the documents, at the smaller size."""
SIZES = ((1280, 800), (1920, 1080))
PATIENCE = 120.0
"""Longest time, in s, that anything of the day takes."""
_DROP = QItemSelectionModel.SelectionFlag.Deselect | QItemSelectionModel.SelectionFlag.Rows
_REST = 0.4
"""So long, in s, the window is left to draw before a picture is taken."""


class Day:
    """The window, what an operator does to it, and its pictures.

    Args:
        folder: For settings and run files.
        size: Of the window, in pixels.
        keep: Takes the name of a moment, whether it is dark, and what is seen.
    """

    def __init__(self, folder: Path, size: tuple[int, int], keep: Callable[[str, bool, QWidget], None]) -> None:
        self._keep = keep
        self.folder = folder
        store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        self.window = MainWindow(output=folder / "runs", store=store)
        self.window.confirm = lambda title, question: True
        self.window.resize(*size)
        self.window.show()

    def until(self, what: Callable[[], bool]) -> None:
        """Let the window work until something is so."""
        end = time.monotonic() + PATIENCE
        while not what():
            QApplication.processEvents()
            time.sleep(0.002)
            if time.monotonic() > end:
                self._give_up()

    def rest(self, seconds: float = _REST) -> None:
        """Let the window work for so long."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end)

    def shoot(self, name: str, widget: QWidget | None = None) -> None:
        """Take a picture, light and dark, of the window or of a dialog of it."""
        for dark in (False, True):
            self.window.dark.setChecked(dark)
            self.rest()
            self._keep(name, dark, widget or self.window)
        self.window.dark.setChecked(False)

    def station(self, name: str, protocol: str) -> None:
        """Take a station, connect it and choose a protocol."""
        window = self.window
        window.open_station(name, simulate=True, seed=1)
        self.until(lambda: window.laboratory.station is not None and window.laboratory.station.name == name)
        self.until(lambda: not window.laboratory.is_busy and window.form is not None)
        window.station_panel.connect_all.click()
        self.choose(protocol)

    def choose(self, protocol: str, **texts: str) -> None:
        """Choose a protocol, and fill in its form."""
        self.window.chooser.choose(protocol)
        form = self.window.form
        for name, text in texts.items():
            if form is not None:
                form.rows[(name,)].editor.widget.setText(text)  # type: ignore[attr-defined]
        self.until(lambda: self.window.conductor.can_run)
        self.rest(0.1)

    def press(self, name: str) -> None:
        """Press a button of the run bar."""
        self.until(self.window.run_bar.buttons[name].isEnabled)
        self.window.run_bar.buttons[name].click()

    def run(self) -> None:
        """Start a run."""
        before = self.window.session.run
        self.press("run")
        self.until(lambda: self.window.session.run is not before)

    def reach(self, share: int) -> None:
        """Let the run go on to so many thousandths."""
        self.until(lambda: self.window.run_bar.progress.value() >= share or not self.window.session.is_active)

    def finish(self) -> None:
        """Let the run come to its end."""
        self.until(lambda: not self.window.session.is_active and not self.window.laboratory.is_busy)
        self.rest()

    def close(self) -> None:
        """Close the window."""
        self.window.close()
        self.until(lambda: not self.window.isVisible())

    def _give_up(self) -> NoReturn:
        stuck = Path(tempfile.gettempdir()) / "operator-pictures-stuck.png"
        self.window.grab().save(str(stuck))
        sys.exit(f"this took longer than {PATIENCE:g} s; {stuck} shows the window")


def morning(day: Day) -> None:
    """Open, connect, cycle a PCM cell, follow its drift, and look at instruments."""
    window = day.window
    day.until(lambda: window.form is not None)
    day.shoot("opened")
    for name, text in (("operator", "Ada"), ("die", "C4"), ("device", "D17"), ("note", "first day")):
        window.run_bar.labels[name].setText(text)
    window.run_bar.seed.setText("1")
    day.station("pcm-cell", "cycling")
    day.shoot("connected")
    day.choose("cycling", switches="1000")
    day.run()
    day.reach(300)
    day.press("pause")
    day.until(window.run_bar.buttons["resume"].isEnabled)
    day.shoot("live-cycling-paused")
    day.press("stop")
    day.finish()
    day.until(lambda: "drawing" not in window.result.figure.text())
    day.shoot("result-cycling")
    day.choose("drift", reads="400", block="4")
    day.run()
    day.reach(700)
    day.press("pause")
    day.until(window.run_bar.buttons["resume"].isEnabled)
    day.shoot("live-drift-paused")
    day.press("resume")
    day.finish()
    instruments(day)


def instruments(day: Day) -> None:
    """Go through what can be done by hand."""
    window = day.window
    window.raise_dock("By hand")
    for role in ("smu", "pulser"):
        window.manual.show_role(role)
        for index in range(window.manual.tabs.count()):
            if window.manual.tabs.isTabEnabled(index):
                window.manual.tabs.setCurrentIndex(index)
                day.until(lambda: not window.laboratory.is_busy)
                day.shoot(f"by-hand-{role}-{window.manual.tabs.tabText(index).lower().replace(' ', '-')}")
    window.manual.tabs.setCurrentIndex(0)
    window.raise_dock("Station")


def noon(day: Day) -> None:
    """Write levels to cells chosen on the map, then a queue."""
    window = day.window
    day.station("pe-board", "write-verify")
    form = window.form
    if form is not None:
        form.rows[("chosen",)].editor.map.click()  # type: ignore[attr-defined]
    dialog = window.cell_desk.dialog
    if dialog is None:
        sys.exit("the dialog for cells did not open")
    day.until(lambda: not window.laboratory.is_busy)
    dialog.exclude(range(640, 720))
    dialog.rule.setCurrentText("checkerboard")
    dialog.apply.click()
    day.shoot("cells", dialog)
    dialog.accept()
    day.choose("write-verify")
    day.run()
    day.reach(600)
    day.shoot("live-write-verify")
    day.finish()
    day.until(lambda: "drawing" not in window.result.figure.text())
    day.shoot("result-write-verify")
    window.live_desk._show_cell(window.live.panels[1].array_map, 32)  # type: ignore[attr-defined] # noqa: SLF001
    day.until(lambda: window.live_desk.history is not None)
    day.shoot("cell-history", window.live_desk.history)
    _close(window.live_desk.history)
    queue(day)


def queue(day: Day) -> None:
    """Queue runs, one of which is aborted."""
    window = day.window
    for traced in ("1", "2", "3"):
        day.choose("write-verify", levels="4", wait="1 s", chosen="0-63", traced=traced)
        window.queue_panel.add.click()
    window.raise_dock("Queue")
    window.queue_panel.series.click()
    series = window.queue_desk.dialog
    if series is not None:
        series.names[0].setCurrentText("levels")
        series.values[0].setText("2, 4, 8")
        series.names[1].setCurrentIndex(3)
        series.values[1].setText("nonsense")
        day.shoot("series", series)
        _close(series)
    window.queue_panel.start.click()
    day.until(lambda: window.queue.model.entries[0].state == "done")
    day.until(lambda: window.session.is_active or not window.queue.is_going)
    day.press("abort")
    day.until(lambda: not window.queue.is_going and not window.session.is_active)
    day.shoot("queue-held")
    window.queue_panel.start.click()
    day.until(lambda: not window.queue.is_going and not window.session.is_active)


def evening(day: Day) -> None:
    """Look back over the runs, and lose an instrument."""
    window = day.window
    window.raise_dock("History")
    day.rest(1.0)
    window.history.table.selectRow(window.history.view.rowCount() - 1)
    window.history.actions_by_name["open"].click()
    window.raise_dock("By hand")
    day.rest(3.0)
    day.until(lambda: "drawing" not in window.result.figure.text())
    day.shoot("history")
    window.raise_dock("Station")
    window.history.words.setText(".h5 write-verify")
    window.history.table.selectAll()
    for row in range(3, window.history.view.rowCount()):
        window.history.table.selectionModel().select(window.history.view.index(row, 0), _DROP)  # type: ignore[union-attr]
    for name, of in (("overlay", "overlay"), ("compare", "comparison")):
        window.history.actions_by_name[name].click()
        day.until(lambda of=of: getattr(window.history_desk, of) is not None)  # type: ignore[misc]
        overlay = window.history_desk.overlay
        day.until(lambda overlay=overlay: overlay is None or bool(overlay.curves))  # type: ignore[misc]
        if overlay is not None and name == "overlay":
            overlay.stream.setCurrentText("pulse")
            overlay.x_box.setCurrentText("pulse")
            day.rest(1.5)
        shown: QDialog | None = getattr(window.history_desk, of)
        day.shoot(name, shown)
        _close(shown)
    window.raise_dock("Log")
    day.choose("write-verify", chosen="", levels="32")
    day.run()
    day.reach(200)
    lab = window.laboratory.station.lab if window.laboratory.station is not None else None
    if lab is not None:
        next(iter(lab.hosted.values())).line.connected = False
    day.finish()
    day.shoot("failure")
    window.messages.unfold.setChecked(True)
    day.shoot("failure-details")


def _close(dialog: QDialog | None) -> None:
    if dialog is not None:
        dialog.close()


def take(size: tuple[int, int], keep: Callable[[str, bool, QWidget], None]) -> None:
    """Go through the whole day in a window of a size."""
    with tempfile.TemporaryDirectory() as made:
        day = Day(Path(made), size, keep)
        day.window.open_station("pe-board", simulate=True, seed=1)
        morning(day)
        noon(day)
        evening(day)
        day.close()


def main() -> None:
    """Take the pictures that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="take every moment, to be looked at")
    folder = parser.parse_args().all
    app = QApplication([])
    theme.apply(app)

    def to_docs(name: str, dark: bool, widget: QWidget) -> None:
        if (name, dark) in IN_DOCS:
            widget.grab().save(str(IMAGES / IN_DOCS[name, dark]))

    if folder is None:
        take(SIZES[0], to_docs)
        return
    folder.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        begun = time.monotonic()

        def to_folder(name: str, dark: bool, widget: QWidget, width: int = size[0]) -> None:
            widget.grab().save(str(folder / f"{width}-{'dark' if dark else 'light'}-{name}.png"))

        take(size, to_folder)
        print(f"{size[0]} x {size[1]}: {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
