"""One piece of the window's work, measured in a process of its own; `gui_compare.py` calls it.

    python benchmarks/gui_work.py start | frames POINTS | stream SECONDS RATE | memory HOURS RATE

Prints one JSON object on its last line.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

if TYPE_CHECKING:
    from labctl.gui.window import MainWindow
    from labctl.runner import Run

GROWTH = 1000
"""Points that a trace grows by from one frame to the next."""


def memory() -> float:
    """Return the resident memory of this process, in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise OSError("this system does not tell how much memory a process has")


def window_in(folder: Path) -> "MainWindow":
    """Return the window, shown, with a store of its own."""
    from PyQt6.QtCore import QSettings
    from PyQt6.QtWidgets import QApplication

    from labctl.gui import theme
    from labctl.gui.window import MainWindow

    running = QApplication.instance()
    app = running if isinstance(running, QApplication) else QApplication([])
    window_in.app = app  # type: ignore[attr-defined]
    theme.apply(app)
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    window = MainWindow(output=folder, store=store)
    window.show()
    window.grab()
    return window


def start(folder: Path) -> dict[str, float]:
    """Show the window; whoever called measures how long that takes."""
    window_in(folder)
    return {}


def frames(folder: Path, points: int) -> dict[str, float]:
    """Measure how many frames a second a trace gets that grows."""
    import numpy as np
    from gui_latency import Reading, Streaming, application

    from labctl.gui.live.trace import TracePanel

    keep = application()
    panel = TracePanel(Streaming.plots[2])  # type: ignore[arg-type]
    panel.resize(1000, 500)
    panel.show()
    rng, columns = np.random.default_rng(1), {"cell": 0, "level": 0}
    panel.add(Reading.block(time=np.arange(points) * 1e-3, current=rng.normal(size=points), **columns).rows)
    panel.redraw()
    panel.grab()
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < 2.0:
        times = (points + count * GROWTH + np.arange(GROWTH)) * 1e-3
        panel.add(Reading.block(time=times, current=rng.normal(size=GROWTH), **columns).rows)
        panel.redraw()
        panel.grab()
        keep.processEvents()
        count += 1
    return {"rate": count / (time.perf_counter() - begun)}


def stream(folder: Path, seconds: int, rate: int) -> dict[str, float]:
    """Measure how late the event loop comes round while rows stream into the whole window."""
    from gui_latency import Streaming
    from gui_lateness import Lateness

    from labctl.clock import RealClock

    window = window_in(folder)
    run = _run(folder, Streaming(seconds=seconds, rate=rate), RealClock())
    late = Lateness()
    begun = time.monotonic()
    window.session.begin(run)
    while window.session.is_active:
        window_in.app.processEvents()  # type: ignore[attr-defined]
        late.rest()
    return {**late.shares(), "rate": rate * seconds / (time.monotonic() - begun)}


def long_stream(folder: Path, hours: int, rate: int) -> dict[str, float]:
    """Measure how the memory grows over hours of virtual time."""
    from gui_latency import LongStreaming

    from labctl.clock import VirtualClock

    window = window_in(folder)
    protocol = LongStreaming(seconds=hours * 3600, rate=rate)
    run = _run(folder, protocol, VirtualClock())
    found: dict[str, float] = {}
    rows, total = [0], protocol.seconds * rate
    window.session.rows_added.connect(lambda stream, more: rows.__setitem__(0, rows[0] + len(more)))
    window.session.begin(run)
    while window.session.is_active:
        window_in.app.processEvents()  # type: ignore[attr-defined]
        for part in ("1/8", "1/4", "1/2", "1/1"):
            top, below = part.split("/")
            if part not in found and rows[0] >= total * int(top) // int(below):
                found[part] = memory()
        time.sleep(0.001)
    return {"rows": rows[0], "left out": window.session.rows_left_out, **found, "end": memory()}


def _run(folder: Path, protocol: object, clock: object) -> "Run":
    from labctl.runfile.header import RunHeader
    from labctl.runfile.writer import RunFileWriter
    from labctl.runner import Run

    header = RunHeader("streaming", "", "", {}, {}, 1, True, "", "", "", "", "2026-01-01T00:00:00+00:00", "", {}, {})
    return Run(
        protocol, {}, clock=clock, seed=1,  # type: ignore[arg-type]
        open_file=lambda: RunFileWriter.create(folder / "run.h5", header, type(protocol).rows),  # type: ignore[attr-defined]
    )  # fmt: skip


WORK = {"start": start, "frames": frames, "stream": stream, "memory": long_stream}

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    with tempfile.TemporaryDirectory() as made:
        result = WORK[sys.argv[1]](Path(made), *map(int, sys.argv[2:]))  # type: ignore[operator]
        print(json.dumps(result), flush=True)
        os._exit(0)  # windows and threads end with the process
