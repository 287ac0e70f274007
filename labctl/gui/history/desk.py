"""What is done with runs of the history: open, overlay, take over, run again, go on with, export."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Protocol as Interface

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog, QWidget

from labctl.gui import jobs
from labctl.gui.conductor import Conductor
from labctl.gui.history.facts import parameters_in_words
from labctl.gui.history.overlay import OverlayWindow
from labctl.gui.history.panel import HistoryPanel
from labctl.gui.presets.compare import CompareDialog
from labctl.gui.run_bar import RunEntries
from labctl.gui.texts import LABELS, shown_values
from labctl.protocol import Protocol

if TYPE_CHECKING:
    from labctl.runfile.reader import RunData


class Desk(Interface):
    """What is asked of the window."""

    output: Path
    confirm: Callable[[str, str], bool]

    def current_protocol(self) -> Protocol | None:
        """Return what the form says, ``None`` where it is wrong."""

    def take_protocol(self, protocol: Protocol) -> None:
        """Show a protocol in its form."""

    def show_run(self, run: "RunData") -> None:
        """Show a run that was read from its file."""

    def say(self, words: str, milliseconds: int = 0) -> None:
        """Show words in the status line."""


class HistoryDesk(QObject):
    """Does what the panel asks for; everything that touches a file is done in the history's thread.

    Args:
        panel: The history.
        conductor: Starts runs, draws figures.
        desk: The window.
    """

    def __init__(self, panel: HistoryPanel, conductor: Conductor, desk: Desk) -> None:
        super().__init__(panel)
        self.panel, self.folder = panel, panel.folder
        self.overlay: OverlayWindow | None = None
        self.comparison: CompareDialog | None = None
        self.ask_folder: Callable[[], str] = self._ask_folder
        self._conductor, self._desk = conductor, desk
        panel.wanted.connect(self._do)
        panel.previewed.connect(self._draw)
        conductor.session.ended.connect(lambda _: self.folder.look())

    def _do(self, what: str, paths: list[Path]) -> None:
        match what:
            case "open":
                self.folder.background(functools.partial(jobs.load_run, paths[0]), self._desk.show_run)
            case "overlay":
                self.open_overlay(paths)
            case "compare":
                self.folder.background(lambda: [jobs.load_run(path) for path in paths], self._compare)
            case "take":
                self.folder.background(functools.partial(jobs.protocol_in, paths[0]), self._desk.take_protocol)
            case "again":
                self.folder.background(functools.partial(jobs.load_run, paths[0]), self._run_again)
            case "resume":
                self.resume(paths[0])
            case "csv" | "parquet" | "picture":
                self._export(what, paths)

    def open_overlay(self, paths: list[Path]) -> None:
        """Draw runs over one another, in a window of their own."""
        if self.overlay is not None:
            self.overlay.close()
            self.overlay.deleteLater()
        parent = self.panel.window()
        self.overlay = OverlayWindow(self.folder, paths, parent if isinstance(parent, QWidget) else None)
        self.overlay.show()

    def _compare(self, runs: list["RunData"]) -> None:
        sets = [(_heading(run), parameters_in_words(run.protocol, run.parameters)) for run in runs]
        protocol = self._desk.current_protocol()
        if len(sets) == 1 and protocol is not None:
            sets.insert(0, ("form", shown_values(protocol)))
        if self.comparison is not None:
            self.comparison.deleteLater()
        self.comparison = CompareDialog(sets, self.panel.window())
        self.comparison.show()

    def resume(self, path: Path) -> None:
        """Go on with a run; where it was begun on another station, offer to take that one first."""
        station = self._conductor.laboratory.station

        def judge(fits: bool) -> None:
            if fits:
                self._conductor.launcher.resume(path)
            elif self._desk.confirm("Another station", f"{path.name} was begun on another station. Take that station?"):
                laboratory = self._conductor.laboratory
                laboratory.choose_of(path, lambda: laboratory.connect_instruments(then=lambda: self._go_on(path)))

        self.folder.background(lambda: station is not None and jobs.is_station_of(path, station), judge)

    def _go_on(self, path: Path) -> None:
        # The laboratory counts as busy until this call has returned.
        self._conductor.when_free(lambda: self._conductor.launcher.resume(path))

    def _run_again(self, run: "RunData") -> None:
        entries = RunEntries(**{name: getattr(run.header, name) for name in LABELS})
        path = run.path
        self._conductor.launcher.start(lambda: jobs.protocol_in(path), entries, self._desk.output)

    def _export(self, what: str, paths: list[Path]) -> None:
        chosen = self.ask_folder()
        if chosen:
            self._desk.say("exporting \N{HORIZONTAL ELLIPSIS}")
            self.folder.background(lambda: jobs.export(what, paths, Path(chosen)), self._exported)

    def _exported(self, written: list[Path]) -> None:
        self._desk.say(f"written: {', '.join(path.name for path in written)} in {written[0].parent}" if written else "")

    def _draw(self, path: Path) -> None:
        def show(png: bytes) -> None:
            if [run.path for run in self.panel.chosen] == [path]:
                self.panel.preview.figure.show_png(png)

        def fail(error: Exception) -> None:
            if [run.path for run in self.panel.chosen] == [path]:
                self.panel.preview.figure.show_words(f"There is no figure: {error}")

        self._conductor.painter.submit(lambda: jobs.figure_of(path), show, fail)

    def _ask_folder(self) -> str:
        return QFileDialog.getExistingDirectory(self.panel, "Folder for the export", str(self.folder.folder))


def _heading(run: "RunData") -> str:
    return f"{run.header.started[:19].replace('T', ' ')}\n{run.header.sample}"
