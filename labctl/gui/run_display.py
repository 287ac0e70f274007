"""What the window shows of a run: its plots and progress while it goes, its result when it has ended."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from labctl.events import Ended, LogLine, Progress, RunState
from labctl.gui.conductor import Conductor
from labctl.gui.frame import Frame
from labctl.gui.notify import Notifier
from labctl.gui.queue.runner import QueueRunner

if TYPE_CHECKING:
    from labctl.runfile.reader import RunData
    from labctl.runner import Run


class RunDisplay(QObject):
    """Follows the session.

    Args:
        frame: The window.
        conductor: Has the session, and draws figures.
        queue: While it goes, the Live tab stays in sight.
    """

    def __init__(self, frame: Frame, conductor: Conductor, queue: QueueRunner) -> None:
        super().__init__(frame)
        self.notifier = Notifier(frame)
        self._frame, self._conductor, self._queue = frame, conductor, queue
        self._session = conductor.session
        self._progress: Progress | None = None
        session = conductor.session
        session.began.connect(self._run_began)
        session.rows_added.connect(frame.live.add)
        session.progressed.connect(self._progressed)
        session.logged.connect(self._log_line)
        session.ended.connect(self._run_ended)
        conductor.figure_drawn.connect(self._figure_drawn)

    def _run_began(self, run: "Run") -> None:
        self._frame.live.show_protocol(type(run.protocol))
        self._frame.tabs.setCurrentWidget(self._frame.live)
        self._progress = None
        self._frame.run_bar.show_progress(None)

    def _run_ended(self, ended: Ended) -> None:
        self._frame.result.show_ended(ended)
        self.notifier.tell(ended, self._session.run.protocol.title if self._session.run is not None else "")
        self._frame.run_bar.show_progress(self._progress, over=True)
        if ended.state in {RunState.DONE, RunState.STOPPED} and ended.summary:
            self._frame.result.figure.show_words("drawing the figure \N{HORIZONTAL ELLIPSIS}")
            if not self._queue.is_going:
                self._frame.tabs.setCurrentWidget(self._frame.result)
        if self._session.rows_left_out:
            self._frame.log.add(
                logging.WARNING, f"{self._session.rows_left_out:,} rows were not shown live; they are in the file"
            )
        if ended.file is not None:
            self._frame.log.add(logging.INFO, f"run file: {ended.file.resolve()}")
            self._frame.say(f"last run file: {ended.file.resolve()}")

    def _figure_drawn(self, png: bytes) -> None:
        if png:
            self._frame.result.figure.show_png(png)
        else:
            self._frame.result.figure.show_words("The figure could not be drawn; the log says why.")

    def _progressed(self, progress: Progress) -> None:
        self._progress = progress
        self._frame.run_bar.show_progress(progress)
        run = self._session.run
        if run is not None and run.file is not None:
            self._frame.say(f"writing {run.file.resolve()}")

    def _log_line(self, line: LogLine) -> None:
        self._frame.log.add(line.level, line.message)

    def shown_file(self) -> Path | None:
        """Return the file of the run that is shown live."""
        return self._session.run.file if self._session.run is not None else None

    def show_run(self, run: "RunData") -> None:
        """Show a run that was read from its file in the Result tab, and draw its figure."""
        self._frame.result.show_run(run.status, run.path, run.reason, run.summary)
        self._frame.result.figure.show_words("drawing the figure \N{HORIZONTAL ELLIPSIS}")
        self._frame.tabs.setCurrentWidget(self._frame.result)
        self._conductor.draw(run.path)
