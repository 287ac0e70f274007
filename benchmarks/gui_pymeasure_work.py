"""The same pieces of work with PyMeasure's managed window; `gui_compare.py` calls it with an interpreter that has it.

python benchmarks/gui_pymeasure_work.py start | frames POINTS | stream SECONDS RATE | memory HOURS RATE
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from pymeasure.display.Qt import QtWidgets
from pymeasure.display.windows import ManagedWindow
from pymeasure.experiment import IntegerParameter, Procedure, Results

GROWTH = 1000
COLUMNS = ["time", "cell", "level", "current"]


class Streaming(Procedure):  # type: ignore[misc]
    """Rows one by one at a steady rate; rate 0 is as fast as it goes."""

    rows = IntegerParameter("Rows", default=1000)
    rate = IntegerParameter("Rate", default=10_000)
    DATA_COLUMNS = COLUMNS

    def execute(self) -> None:
        """Emit the rows."""
        rng, begun = np.random.default_rng(1), time.monotonic()
        batch = max(self.rate // 100, 1) if self.rate else 1000
        for first in range(0, self.rows, batch):
            for number, current in enumerate(rng.normal(1e-6, 1e-8, batch).tolist(), first):
                now = time.monotonic() - begun if self.rate else number * 0.01
                row = (now, number % 2048, number % 32, current)
                self.emit("results", dict(zip(COLUMNS, row, strict=True)))
            if self.rate:
                time.sleep(max(0.0, (first + batch) / self.rate - (time.monotonic() - begun)))
            if self.should_stop():
                return


class Window(ManagedWindow):  # type: ignore[misc]
    """A managed window on the procedure."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Streaming, x_axis="time", y_axis="current", inputs=["rows", "rate"], displays=["rows"])
        self.folder = folder

    def begin(self, rows: int, rate: int) -> object:
        """Queue one run and return its experiment."""
        procedure = Streaming()
        procedure.rows, procedure.rate = rows, rate
        results = Results(procedure, str(self.folder / "run.csv"))
        experiment = self.new_experiment(results)
        self.manager.queue(experiment)
        return experiment


def memory() -> float:
    """Return the resident memory of this process, in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise OSError("this system does not tell how much memory a process has")


def window_in(folder: Path) -> tuple[QtWidgets.QApplication, Window]:
    """Return the application and the window, shown."""
    app = QtWidgets.QApplication([])
    window = Window(folder)
    window.resize(1280, 800)
    window.show()
    window.grab()
    return app, window


KEPT: list[object] = []
"""Windows that must outlive the function that showed them."""


def start(folder: Path) -> dict[str, float]:
    """Show the window."""
    KEPT.append(window_in(folder))
    return {}


def frames(folder: Path, points: int) -> dict[str, float]:
    """Measure how many frames a second the plot gets while its file grows."""
    app, window = window_in(folder)
    procedure = Streaming()
    path = folder / "run.csv"
    results = Results(procedure, str(path))
    rng = np.random.default_rng(1)

    def append(first: int, count: int) -> None:
        with path.open("a") as file:
            for number, current in enumerate(rng.normal(size=count).tolist(), first):
                file.write(f"{number * 1e-3!r},0,0,{current!r}\n")

    append(0, points)
    widget = window.plot_widget
    widget.resize(1000, 500)
    curve = widget.new_curve(results)
    widget.load(curve)
    curve.update_data()
    widget.grab()
    spent, count = 0.0, 0
    while spent < 2.0:
        append(points + count * GROWTH, GROWTH)
        begun = time.perf_counter()
        curve.update_data()
        widget.grab()
        app.processEvents()
        spent += time.perf_counter() - begun
        count += 1
    return {"rate": count / spent}


def stream(folder: Path, seconds: int, rate: int) -> dict[str, float]:
    """Measure how late the event loop comes round while rows stream in."""
    from gui_lateness import Lateness

    app, window = window_in(folder)
    late, begun = Lateness(), time.monotonic()
    window.begin(seconds * rate, rate)
    while window.manager.is_running():
        app.processEvents()
        late.rest()
    return {**late.shares(), "rate": seconds * rate / (time.monotonic() - begun)}


def long_stream(folder: Path, rows: int, _: int) -> dict[str, float]:
    """Measure how the memory grows with rows that come as fast as it takes them."""
    app, window = window_in(folder)
    before = memory()
    window.begin(rows, 0)
    while window.manager.is_running():
        app.processEvents()
        time.sleep(0.001)
    return {"rows": rows, "start": before, "end": memory()}


WORK: dict[str, Callable[..., dict[str, float]]] = {
    "start": start,
    "frames": frames,
    "stream": stream,
    "memory": long_stream,
}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        result = WORK[sys.argv[1]](Path(made), *map(int, sys.argv[2:]))
        print(json.dumps(result), flush=True)
        os._exit(0)
