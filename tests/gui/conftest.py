"""A tiny lab for the window: one simulated instrument, its driver, and a protocol that goes on only when it is let."""

import functools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

import numpy as np
import pytest
from matplotlib.figure import Figure
from pydantic import BaseModel, ConfigDict, Field, model_validator
from PyQt6.QtCore import QEvent, QSettings, QTimer
from PyQt6.QtWidgets import QApplication, QWidget

from labctl import plugins
from labctl.capabilities import ArrayGeometry, CellArray
from labctl.errors import LimitError
from labctl.gui import theme
from labctl.gui.app import main
from labctl.gui.window import MainWindow
from labctl.instrument import Identity, Instrument
from labctl.plots import ArrayMap, CumulativeDistribution, Plot, Trace
from labctl.protocol import Amps, CellList, Count, Note, Plan, Protocol, Seconds, Step, Steps, Volts, Wait
from labctl.results import Results
from labctl.rows import Row, column
from labctl.settings import Setting

PATIENCE = 60_000
"""ms until what a test waits for has failed to come, on however busy a machine."""

STATION = """
name = "tiny"
[sample]
name = "die 7"
voltage = "3 V"
[instruments.array]
driver = "tiny"
link = "TCPIP::192.0.2.1::5025::SOCKET"
timeout = "0.2 s"
"""


class TinyTwin:
    """Answers four questions; ``broken`` makes it answer none."""

    broken = False
    output = "1"
    settings: ClassVar[dict[str, str]] = {}
    asked: ClassVar[list[str]] = []

    def __init__(self, clock: Any, *, seed: int = 0) -> None:
        self._line = b""

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        self._line += data
        answer = b""
        while b"\n" in self._line:
            line, self._line = self._line.split(b"\n", 1)
            answer += self._answer(line.decode())
        return answer

    def clear(self) -> None:
        self._line = b""

    def _answer(self, line: str) -> bytes:
        TinyTwin.asked.append(line)
        if TinyTwin.broken:
            return b""
        if line.startswith("OUT "):
            TinyTwin.output = line[4:]
        name, _, value = line.partition(" ")
        if value and name in TinyTwin.settings:
            TinyTwin.settings[name] = value
        if line.endswith("?") and line[:-1] in TinyTwin.settings:
            return TinyTwin.settings[line[:-1]].encode() + b"\n"
        return {
            "ID?": b"Acme,Tiny,7,1.0\n",
            "OUT?": TinyTwin.output.encode() + b"\n",
            "T?": b"300.5\n",
            "I?": b"1.5e-6\n",
        }.get(line, b"")


class TinyDriver(Instrument):
    """A cell array that can only be identified, switched and asked for its temperature."""

    vendor = "Acme"
    models = ("Tiny",)
    gain = Setting(
        "V", "of the amplifier", read=lambda self: float(self.link.query("GAIN?")),
        write=lambda self, value: self.link.write(f"GAIN {value!r}"), limits=(0.0, 2.0),
    )  # fmt: skip
    mode = Setting(
        "", "how it reads", read=lambda self: self.link.query("MODE?"), choices=("fast", "slow"), kind="str",
        write=lambda self, value: self.link.write(f"MODE {value}"),
    )  # fmt: skip
    lamp = Setting(
        "", "the lamp", read=lambda self: self.link.query("LAMP?") == "1", kind="bool",
        write=lambda self, value: self.link.write(f"LAMP {int(value)}"),
    )  # fmt: skip
    current = Setting("A", "measured now", read=lambda self: float(self.link.query("I?")), disturbs=True)
    temperature = Setting("K", "of the board", read=lambda self: float(self.link.query("T?")))

    def identify(self) -> Identity:
        return Identity(*self.link.query("ID?").split(","))

    def make_safe(self) -> dict[str, float | int | bool | str]:
        self.link.discard_input()
        self.link.write("OUT 0")
        return {"output": self.link.query("OUT?")}

    def link_counters(self) -> dict[str, int]:
        return {"retries": 0}

    @property
    def geometry(self) -> ArrayGeometry:
        return ArrayGeometry(2, 128, 16)

    def switch_on(self) -> None:
        self.link.write("OUT 1")
        self.link.query("OUT?")

    def _none(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    def stuck_map(self, array: int) -> np.ndarray[Any, Any]:
        self.link.query("ID?")
        stuck = np.zeros((128, 16), np.int64)
        stuck[array, 0], stuck[5, 5] = 1, 3
        return stuck

    def read_cells(self, cells: Any, *, voltage: float, averages: int = 1) -> Any:
        self.link.write("OUT 1")
        return np.full(len(cells), 1e-6 * voltage)

    def pulse_and_read_cells(self, cells: Any, pulse: Any, *, voltage: float, averages: int = 1) -> Any:
        if pulse.bit_line > 4.0:
            raise LimitError("4 V is the most")
        self.link.write("OUT 1")
        return np.full(len(cells), 2e-6 * voltage)

    pulse_cells = write_cells = write_traced = write_duration = _none


class CellRead(Row):
    """A made-up read of a cell."""

    time: float = column("s", "time since the run began")
    cell: int = column(doc="linear index")
    level: int = column(doc="number of the target")
    goal: float = column("A", "target")
    current: float = column("A", "what was read")


class Bias(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    height: Volts = Field(default=1.0, ge=0.0, le=5.0, description="how high")
    width: Seconds = Field(default=50e-9, gt=0.0, le=1e-3, description="how long")


class Ramp(Protocol):
    """Read cells level by level.

    A second paragraph that the chooser does not show.
    """

    name: ClassVar[str] = "ramp"
    title: ClassVar[str] = "Ramp of levels"
    source: ClassVar[str] = "made up for tests"
    device: ClassVar[str] = "Test device"
    purpose: ClassVar[str] = "Testing"
    rows: ClassVar[tuple[type[Row], ...]] = (CellRead,)
    plots: ClassVar[tuple[Plot, ...]] = (
        CumulativeDistribution(CellRead, "current", "level", "Levels"),
        ArrayMap(CellRead, "cell", "current", "Map"),
        Trace(CellRead, "time", "current", "Newest level", group="level", latest=True, goal="goal"),
    )

    steps: Count = Field(default=3, le=100_000, description="steps in all")
    top: Amps = Field(default=2e-6, gt=0.0, le=1e-3, description="highest level")
    order: Literal["up", "down"] = Field(default="up", description="which way")
    twice: bool = Field(default=False, description="read twice")
    gain: int | None = Field(default=None, ge=1, description="left out if empty")
    points: list[float] = Field(default=[1.0, 2.5], description="points")
    bias: Bias = Field(default=Bias(), description="the bias")
    array: int = Field(default=0, ge=0, description="array of the chosen cells")
    chosen: CellList = Field(default=(), description="cells")
    fail: bool = Field(default=False, description="lose the instrument at the second step")

    gate: ClassVar[threading.Semaphore]
    hangs: ClassVar[threading.Event] = threading.Event()

    @model_validator(mode="after")
    def _check(self) -> "Ramp":
        if self.bias.height > 4.0 and self.twice:
            raise ValueError("above 4 V a cell is not read twice")
        return self

    def plan(self, array: CellArray) -> Plan:
        if self.steps > 50_000:
            raise LimitError("so many steps are not good for the sample")
        return Plan(65.0, self.steps, self.bias.height, self.top, 1e-12, self.steps)

    def run(self, array: CellArray, rng: np.random.Generator) -> Steps:
        assert isinstance(array, TinyDriver)
        array.switch_on()
        while self.hangs.is_set():
            threading.Event().wait(0.005)
        for level in range(self.steps):
            while not self.gate.acquire(timeout=0.005):
                yield Wait(0.0)
            TinyTwin.broken = TinyTwin.broken or (self.fail and level == 1)
            array.switch_on()
            goal = self.top * (level + 1)
            cells = np.arange(20) + 2048 * (level % 2)
            current = goal + rng.normal(0.0, 1e-8, 20)
            yield CellRead.block(time=level + np.arange(20) / 20, cell=cells, level=level, goal=goal, current=current)
            yield Note(f"level {level} is read")
            yield Step(level + 1, self.steps)

    @classmethod
    def analyse(cls, run: Any) -> Results:
        return Results({"cells": len(run.arrays("cell_read")["cell"]), "mean_uA": 1.25})

    @classmethod
    def figure(cls, run: Any) -> Figure:
        figure = Figure(figsize=(2, 2))
        figure.subplots().plot(run.arrays("cell_read")["current"])
        return figure


_TABLES: dict[str, dict[str, type]] = {
    "drivers": {"tiny": TinyDriver},
    "simulated_instruments": {"tiny": TinyTwin},
    "protocols": {"ramp": Ramp},
}


def _is_ours(widget: QWidget) -> bool:
    return type(widget).__module__.startswith("labctl.")


@pytest.fixture(autouse=True)
def no_widget_left_behind(qapp: QApplication) -> Iterator[None]:
    before = set(qapp.topLevelWidgets())
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    # pyqtgraph's menus hang on its Python objects, which the test's own arguments hold until it is torn down.
    left = [w for w in qapp.topLevelWidgets() if w not in before and (w.isVisible() or _is_ours(w))]
    assert not left, f"the test left widgets: {left}"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """The tiny lab: ``station`` (its file), ``gate`` (one step a release), ``twin``, ``protocol``."""
    monkeypatch.setattr(plugins, "table", lambda kind: dict.fromkeys(_TABLES[kind], ""))
    monkeypatch.setattr(plugins, "load", lambda kind, name: _TABLES[kind][name])
    Ramp.gate = threading.Semaphore(0)
    TinyTwin.broken, TinyTwin.output = False, "1"
    TinyTwin.asked.clear()
    TinyTwin.settings = {"GAIN": "0.5", "MODE": "fast", "LAMP": "0"}
    station = tmp_path / "tiny.toml"
    station.write_text(STATION)
    Ramp.hangs.clear()
    yield SimpleNamespace(station=station, gate=Ramp.gate, twin=TinyTwin, protocol=Ramp, row=CellRead)
    TinyTwin.broken = False


@pytest.fixture
def qtbot(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The plugin's own, but patient: how fast a window is, is measured in benchmarks/."""
    monkeypatch.setattr(qtbot, "waitUntil", functools.partial(qtbot.waitUntil, timeout=PATIENCE))
    return qtbot


@pytest.fixture
def store(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def light(qapp: QApplication) -> None:
    theme.apply(qapp)


@pytest.fixture
def make_window(qtbot: Any, lab: SimpleNamespace, store: QSettings, tmp_path: Path, light: None) -> Iterator[Any]:
    """Makes windows on the tiny lab, and closes them when the test has ended."""
    windows: list[MainWindow] = []

    def make(*, connect: bool = True) -> MainWindow:
        window = MainWindow(output=tmp_path / "runs", store=store)
        windows.append(window)
        window.confirm = lambda title, question: True
        window.show()
        window.open_station(str(lab.station), simulate=True, seed=1)
        qtbot.waitUntil(lambda: window.laboratory.station is not None and window.form is not None)
        if connect:
            window.station_panel.connect_all.click()
            qtbot.waitUntil(lambda: window.conductor.can_run)
        return window

    yield make
    lab.twin.broken = False
    lab.protocol.hangs.clear()
    for window in windows:
        window.close()
        qtbot.waitUntil(lambda window=window: not window.isVisible())
        window.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def run_through(lab: SimpleNamespace, qtbot: Any) -> Callable[..., None]:
    """Runs what a window's form says, ``steps`` steps and to its end, however that is."""

    def run(window: MainWindow, steps: int = 3) -> None:
        before = window.session.run
        qtbot.waitUntil(lambda: window.conductor.can_run)
        window.run_bar.buttons["run"].click()
        lab.gate.release(steps)
        qtbot.waitUntil(lambda: window.session.run is not before and not window.session.is_active)
        qtbot.waitUntil(lambda: not window.laboratory.is_busy)

    return run


@pytest.fixture
def program(qapp: QApplication, store: QSettings, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Runs the whole program until its station is open; returns what a look at its window gave, and the exit code."""

    def run(station: str, look: Callable[[MainWindow], Any], *, simulate: bool) -> tuple[Any, int]:
        seen = []

        def when_open() -> None:
            (window,) = [w for w in qapp.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible()]
            if window.laboratory.station is None:
                QTimer.singleShot(50, when_open)
                return
            seen.append(look(window))
            window.close()

        QTimer.singleShot(50, when_open)
        end = main(station, simulate, 1, tmp_path / "data", store=store)
        (found,) = seen
        return found, end

    yield run
    for widget in qapp.topLevelWidgets():
        if isinstance(widget, MainWindow):
            widget.deleteLater()


@pytest.fixture
def window(make_window: Callable[..., MainWindow]) -> MainWindow:
    """A window with the tiny lab connected."""
    return make_window()
