"""Starting the window."""

import contextlib
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from PyQt6.QtCore import QSettings, QTimer
from PyQt6.QtWidgets import QApplication

from labctl.gui import theme
from labctl.gui.remembered import Remembered
from labctl.gui.window import DEFAULT_STATION, MainWindow

_SIGNAL_LOOK_MS = 200
"""Python's signal handlers run only when Python does: so often it gets the chance."""


def main(
    station: str = "",
    simulate: bool = False,
    seed: int | None = None,
    output: Path | None = None,
    *,
    store: QSettings | None = None,
) -> int:
    """Open the operator's window and return when it is closed.

    Args:
        station: Name or file; the last one used if empty.
        simulate: Use the simulated lab.
        seed: Of the simulated lab.
        output: Folder for run files; the last one used if ``None``.
        store: Where the window remembers things; the user's own settings if not given.

    Returns:
        Exit status.
    """
    running = QApplication.instance()
    app = running if isinstance(running, QApplication) else QApplication(sys.argv[:1])
    remembered = Remembered(store)
    theme.apply(app, dark=remembered.flag("dark"))
    window = MainWindow(output=output, store=store)
    last = remembered.text("station")
    simulated = simulate or (not station and bool(last) and remembered.flag("simulate"))
    window.show()
    window.open_station(station or last or DEFAULT_STATION, simulate=simulated, seed=seed)
    with catch_crashes(window), _close_on_signals(window):
        return app.exec()


@contextlib.contextmanager
def catch_crashes(window: MainWindow) -> Iterator[None]:
    """Have the window show what no one catches, in whichever thread, and switch the outputs off."""

    def in_main(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        details = "".join(traceback.format_exception(kind, error, trace))
        window.report_crash(f"{kind.__name__}: {error}", details)

    def in_thread(caught: threading.ExceptHookArgs) -> None:
        details = "".join(traceback.format_exception(caught.exc_type, caught.exc_value, caught.exc_traceback))
        # From another thread the window is told by a signal, which Qt delivers in its own.
        window.conductor.crashed.emit(f"{caught.exc_type.__name__}: {caught.exc_value}", details)

    before = sys.excepthook, threading.excepthook
    sys.excepthook, threading.excepthook = in_main, in_thread
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = before


@contextlib.contextmanager
def _close_on_signals(window: MainWindow) -> Iterator[None]:
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda *_: window.close_without_asking()) for number in numbers}
    timer = QTimer(window)
    timer.timeout.connect(lambda: None)
    timer.start(_SIGNAL_LOOK_MS)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
