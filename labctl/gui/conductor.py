"""What happens when: checks the form, starts runs, makes safe, and brings the window to its end; knows no layout."""

import logging
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from labctl.events import Ended, RunState
from labctl.gui import jobs
from labctl.gui.background import Background
from labctl.gui.facts import Outputs, describe, trace_of
from labctl.gui.jobs import DryRun
from labctl.gui.laboratory import Laboratory
from labctl.gui.launching import Launcher
from labctl.gui.run_bar import RunEntries
from labctl.gui.session import RunSession
from labctl.protocol import Protocol

PLAN_DELAY_MS = 150
"""A dry run is made when the form has been left alone for so long."""
OFF_PATIENCE_MS = 3000
"""A run that was aborted by "outputs off" gets so long to make its instruments safe itself."""


class Conductor(QObject):
    """Ties station, session and figure together."""

    planned = pyqtSignal()
    """``plan`` or what hangs on it changed."""
    figure_drawn = pyqtSignal(bytes)
    held = pyqtSignal()
    """Outputs off or the end of the program was asked for: nothing further is to be started."""
    told = pyqtSignal(int, str)
    """A line for the log."""
    failed = pyqtSignal(str, str)
    """What went wrong in words, and the details."""
    crashed = pyqtSignal(str, str)
    """The same for an error that nobody expected; may be emitted in any thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.laboratory = Laboratory(self)
        self.session = RunSession(self)
        self.plan: DryRun | None = None
        self.protocol: Protocol | None = None
        self._planner = Background("dry run", self)
        self.painter = Background("figure", self)
        self.files = Background("files", self)
        """For the small files of the program's own: queue, presets."""
        self.launcher = Launcher(self.laboratory, self.session, self._planner)
        self.launcher.setParent(self)
        self.launcher.told.connect(self.told)
        self.launcher.failed.connect(self.failed)
        self.launcher.changed.connect(self.planned)
        self._turn = 0
        self._off_wanted = False
        self._plan_timer = QTimer(self)
        self._plan_timer.setSingleShot(True)
        self._plan_timer.setInterval(PLAN_DELAY_MS)
        self._plan_timer.timeout.connect(self._make_plan)
        self._off_timer = QTimer(self)
        self._off_timer.setSingleShot(True)
        self._off_timer.setInterval(OFF_PATIENCE_MS)
        self._off_timer.timeout.connect(self.laboratory.outputs_off)
        self.crashed.connect(self.report_crash)
        self.session.ended.connect(self._run_ended)
        self.laboratory.chosen.connect(lambda _: self.set_protocol(self.protocol))
        self.laboratory.failed.connect(self.failed)
        self.laboratory.made_safe.connect(self._outputs_are_off)

    @property
    def missing(self) -> list[str]:
        """The instruments that the protocol needs and that are not connected."""
        facts = self.laboratory.facts
        return [
            role for role in (self.plan.roles if self.plan else ()) if not (role in facts and facts[role].connected)
        ]

    @property
    def doubtful(self) -> list[str]:
        """The instruments that the protocol needs and of whose outputs nothing is known."""
        facts = self.laboratory.facts
        roles = self.plan.roles if self.plan else ()
        return [role for role in roles if role in facts and facts[role].outputs in {Outputs.UNKNOWN, Outputs.BY_HAND}]

    @property
    def can_run(self) -> bool:
        """Whether a run can be started now."""
        ready = self.plan is not None and self.plan.plan is not None and not self.missing and not self.doubtful
        return ready and not self.is_occupied

    @property
    def is_occupied(self) -> bool:
        """Whether no run can be started now, whatever it is."""
        return self.launcher.is_occupied

    def set_protocol(self, protocol: Protocol | None) -> None:
        """Take what the form says; ``None`` where it is wrong."""
        self.protocol = protocol
        self.plan = None
        self._turn += 1
        self._plan_timer.start()
        self.planned.emit()

    def load_protocols(self, load: Callable[[], object], then: Callable[[object], None]) -> None:
        """Import the protocols in a thread."""
        self._planner.submit(load, then, self._job_failed)

    def start(self, entries: RunEntries, output: Path) -> None:
        """Start a run of what the form says."""
        protocol = self.protocol
        if protocol is not None and self.can_run:
            self.launcher.start(lambda: protocol, entries, output)

    def when_free(self, then: Callable[[], None]) -> None:
        """Call ``then`` as soon as a run can be started."""

        def look() -> None:
            if not self.is_occupied:
                self.planned.disconnect(look)
                self.laboratory.changed.disconnect(look)
                then()

        self.planned.connect(look)
        self.laboratory.changed.connect(look)
        look()

    def outputs_off(self) -> None:
        """Abort a run if there is one, and make every instrument safe."""
        self.launcher.call_off()
        self.held.emit()
        self.told.emit(logging.WARNING, "outputs off was asked for")
        if self.session.is_active:
            self._off_wanted = True
            self.session.abort()
            self._off_timer.start()
        else:
            self.laboratory.outputs_off()

    def report_crash(self, words: str, details: str) -> None:
        """Show that the program itself failed, and leave no output on."""
        self.failed.emit(f"The program failed: {words}. The outputs are being switched off.", details)
        self.outputs_off()

    def close(self, then: Callable[[list[str]], None]) -> None:
        """End a run if there is one, make safe, disconnect; then call ``then`` with what could not be made safe."""
        self.launcher.call_off()
        self.held.emit()
        if not self.session.is_active:
            self.laboratory.close(then)
            return

        def go_on(_: object) -> None:
            self.session.ended.disconnect(go_on)
            self.laboratory.close(then)

        self.session.ended.connect(go_on)
        self.session.abort()

    def stop_threads(self) -> None:
        """End every thread, after what it is at."""
        self._plan_timer.stop()
        self._off_timer.stop()
        self.laboratory.stop_threads()
        self._planner.close()
        self.painter.close()
        self.files.close(drop=False)

    def _make_plan(self) -> None:
        protocol, station, turn = self.protocol, self.laboratory.station, self._turn
        if protocol is None or station is None:
            return

        def take(plan: DryRun) -> None:
            if turn == self._turn:
                self.plan = plan
                self.planned.emit()

        self._planner.submit(lambda: jobs.dry_run(protocol, station), take, self._job_failed)

    def _run_ended(self, ended: Ended) -> None:
        self._off_timer.stop()
        self.laboratory.set_in_use(())
        if ended.state is not RunState.FAILED:
            self.told.emit(logging.INFO, f"the run is {ended.state}" + (f": {ended.reason}" if ended.reason else ""))
        else:
            error = self.session.run.error if self.session.run is not None else None
            self.failed.emit(f"The run failed: {ended.reason}", trace_of(error) if error is not None else "")
        if self._off_wanted:
            self._off_wanted = False
            self.laboratory.outputs_off()
        else:
            self.laboratory.refresh()
        self._draw_figure(ended)
        self.planned.emit()

    def draw(self, file: Path) -> None:
        """Draw the figure of a run file; `figure_drawn` has it when it is there."""
        self.painter.submit(lambda: jobs.figure_of(file), self.figure_drawn.emit, self._figure_failed)

    def _draw_figure(self, ended: Ended) -> None:
        if ended.file is not None and ended.state in {RunState.DONE, RunState.STOPPED} and ended.summary:
            self.draw(ended.file)

    def _figure_failed(self, error: Exception) -> None:
        self.told.emit(logging.WARNING, f"the figure could not be drawn: {describe(error)}")
        self.figure_drawn.emit(b"")

    def _job_failed(self, error: Exception) -> None:
        self.failed.emit(describe(error), trace_of(error))

    def _outputs_are_off(self, all_safe: bool) -> None:
        if not self.laboratory.is_connected:
            self.told.emit(logging.INFO, "no instrument is connected")
        elif all_safe:
            self.told.emit(logging.INFO, "every connected instrument is safe, read back")
        else:
            self.failed.emit("Not every instrument is known to be safe: check the outputs by hand.", "")
