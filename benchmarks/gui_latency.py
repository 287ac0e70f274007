"""How quickly the window answers while a run streams, and how many frames a second a long trace gets.

    python benchmarks/gui_latency.py [--seconds 5] [--rate 10000]

The latency is how late a 5 ms timer of the event loop comes while the live view is shown at 1000 x 700 and drawn.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from labctl.clock import RealClock
from labctl.plots import ArrayMap, CumulativeDistribution, Plot, Trace
from labctl.protocol import Count, Plan, Protocol, Step, Steps, Wait
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.header import RunHeader
from labctl.runfile.reader import RunData
from labctl.runfile.writer import RunFileWriter
from labctl.runner import Run

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


class Reading(Row):
    """One read of one cell."""

    time: float = column("s", "time")
    cell: int = column(doc="cell")
    level: int = column(doc="level")
    current: float = column("A", "current")


class Streaming(Protocol):
    """Rows one by one at a steady rate."""

    name: ClassVar[str] = "streaming"
    title: ClassVar[str] = "Streaming"
    source: ClassVar[str] = "benchmark"
    rows: ClassVar[tuple[type[Row], ...]] = (Reading,)
    plots: ClassVar[tuple[Plot, ...]] = (
        ArrayMap(Reading, "cell", "current", "Map"),
        CumulativeDistribution(Reading, "current", "level", "Levels"),
        Trace(Reading, "time", "current", "All reads"),
    )
    rate: Count = 10_000
    seconds: Count = 5

    def plan(self) -> Plan:
        return Plan(self.seconds, 0, 0.0, 0.0, 0.0, self.seconds * 100)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        return Results({"rows": run.lengths["reading"]})

    def run(self, rng: np.random.Generator) -> Steps:
        clock, batch, number = RealClock(), self.rate // 100, 0
        for step in range(self.seconds * 100):
            for current in rng.normal(1e-6, 1e-8, batch).tolist():
                yield Reading(time=clock.now(), cell=number % 2048, level=number % 32, current=current)
                number += 1
            yield Wait(max(0.0, (step + 1) / 100 - clock.now()))
            yield Step(step + 1, self.seconds * 100)


class LongStreaming(Streaming):
    """Blocks of rows, one a second of the run's clock, which may be virtual."""

    name: ClassVar[str] = "long-streaming"
    rate: Count = 100
    seconds: Count = 28_800

    def run(self, rng: np.random.Generator) -> Steps:
        for step in range(self.seconds):
            number = step * self.rate + np.arange(self.rate)
            times, current = number / self.rate, rng.normal(1e-6, 1e-8, self.rate)
            yield Reading.block(time=times, cell=number % 2048, level=number % 32, current=current)
            yield Wait(1.0)
            yield Step(step + 1, self.seconds)


def latency(seconds: int, rate: int) -> None:
    """Print percentiles of how late the event loop comes round, in ms."""
    from PyQt6.QtCore import QElapsedTimer, Qt, QTimer

    from labctl.gui.live.view import LiveView
    from labctl.gui.session import RunSession

    view, session = LiveView(), RunSession()
    late: list[float] = []
    view.resize(1000, 700)
    view.show_protocol(Streaming)
    view.show()
    session.rows_added.connect(view.add)
    elapsed, timer = QElapsedTimer(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)

    def note() -> None:
        late.append(elapsed.nsecsElapsed() / 1e6 - 5.0)
        elapsed.restart()

    timer.timeout.connect(note)
    with tempfile.TemporaryDirectory() as folder:
        protocol = Streaming(seconds=seconds, rate=rate)
        header = RunHeader("streaming", "", "", {}, {}, 1, True, "", "", "", "", "", "", {}, {})
        path = Path(folder) / "run.h5"
        run = Run(
            protocol, {}, clock=RealClock(), seed=1,
            open_file=lambda: RunFileWriter.create(path, header, protocol.rows),
        )  # fmt: skip
        session.begin(run)
        elapsed.start()
        timer.start(5)
        begun = time.monotonic()
        while session.is_active:
            application().processEvents()
            time.sleep(0.0005)
        took = time.monotonic() - begun
    timer.stop()
    shares = np.percentile(late, (50, 95, 99, 100))
    told = ", ".join(
        f"{name} {value:.1f} ms" for name, value in zip(("median", "95 %", "99 %", "worst"), shares, strict=True)
    )
    print(f"event loop at {rate * seconds / took:,.0f} rows/s: late by {told}")


def frames() -> None:
    """Print how many frames a second a trace gets that grows by 1,000 points a frame."""
    from labctl.gui.live.trace import TracePanel

    for points in (10_000, 100_000, 1_000_000):
        panel = TracePanel(Streaming.plots[2])  # type: ignore[arg-type]
        panel.resize(1000, 500)
        panel.show()
        rng = np.random.default_rng(1)
        columns = {"cell": 0, "level": 0}
        panel.add(Reading.block(time=np.arange(points) * 1e-3, current=rng.normal(size=points), **columns).rows)
        more = Reading.block(time=points * 1e-3 + np.arange(1000) * 1e-3, current=rng.normal(size=1000), **columns).rows
        panel.redraw()
        panel.grab()
        begun, count = time.perf_counter(), 0
        while time.perf_counter() - begun < 1.0:
            panel.add(more)
            panel.redraw()
            panel.grab()
            count += 1
        print(f"trace of {points:>9,} points: {count / (time.perf_counter() - begun):6.0f} frames/s, widget and all")
        panel.deleteLater()


def application() -> "QApplication":
    """Return the application."""
    from PyQt6.QtWidgets import QApplication

    running = QApplication.instance()
    return running if isinstance(running, QApplication) else QApplication([])


def main() -> None:
    """Run both."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=int, default=5)
    arguments.add_argument("--rate", type=int, default=10_000)
    given = arguments.parse_args()
    keep = application()
    from labctl.gui import theme

    theme.apply(keep)
    latency(given.seconds, given.rate)
    frames()


if __name__ == "__main__":
    main()
