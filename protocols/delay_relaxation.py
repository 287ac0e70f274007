"""Delay and relaxation of a volatile switch: a pulse above its threshold, then low read pulses (NEURON-A)."""

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import switching_times
from labctl.capabilities import FastIV, Floats
from labctl.clock import Clock
from labctl.plots import Plot, Trace
from labctl.protocol import Amps, Count, Ohms, Plan, Protocol, Seconds, Step, Steps, Volts, Wait
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EDGE = 1e-7
"""Edges of the pulses, in s; *assumed*."""
START = 5e-6
"""Time at 0 V before the pulse, in s; *assumed*."""
TALK = 0.05
"""Time in s that the instrument takes to be set up for a cycle, for the estimate of the duration; *assumed*."""


class Cycle(Row):
    """One pulse and its reads."""

    time: float = column("s", "time since the run began")
    cycle: int = column(doc="number of the cycle, from 0")
    level: int = column(doc="number of the level, from 0")
    amplitude: float = column("V", "height of the pulse")
    delay: float = column("s", "from the pulse's edge to the current's rise; nan: it did not fire")
    relaxation: float = column("s", "from the pulse's end until the read current is half of the first; nan: none")
    on_current: float = column("A", "current at the end of the pulse")


class Measurement(Row):
    """One measurement of the current."""

    cycle: int = column(doc="number of the cycle, from 0")
    time: float = column("s", "time since the waveform began")
    voltage: float = column("V", "voltage that is forced")
    current: float = column("A", "current")


class DelayRelaxation(Protocol):
    """Switch a memristor on with a pulse, and read at a low voltage how it relaxes, cycle after cycle."""

    name: ClassVar[str] = "delay-relaxation"
    title: ClassVar[str] = "Delay and relaxation"
    source: ClassVar[str] = "NEURON-A: Wang et al., Nat. Electron. 1, 137 (2018), Fig. 1"
    station: ClassVar[str] = "neuron-bare"
    device: ClassVar[str] = "Diffusive memristor"
    purpose: ClassVar[str] = "Switching"
    rows: ClassVar[tuple[type[Row], ...]] = (Cycle, Measurement)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Measurement, "time", "current", "Current", group="cycle", latest=True),
        Trace(Cycle, "cycle", "delay", "Delay", log_y=True),
    )

    amplitude: Volts = Field(default=0.46, gt=0.0, le=10.0, description="height of the pulse")
    amplitude_end: Volts = Field(default=0.58, ge=0.0, le=10.0, description="height at the last level; 0: the same")
    levels: int = Field(default=4, ge=1, le=200, description="evenly spaced heights")
    cycles: Count = Field(default=10, le=100_000, description="cycles of each level")
    width: Seconds = Field(default=100e-6, ge=1e-6, le=1.0, description="width of the pulse")
    read_voltage: Volts = Field(default=0.1, gt=0.0, le=1.0, description="height of the read pulses")
    read_width: Seconds = Field(default=2e-6, ge=5e-7, le=1.0, description="plateau of a read pulse")
    read_period: Seconds = Field(default=4e-6, ge=1e-6, le=1.0, description="from one read pulse to the next")
    reads: int = Field(default=60, ge=2, le=500, description="read pulses after a pulse")
    rest: Seconds = Field(default=2e-3, ge=0.0, le=3600.0, description="time at rest before each cycle")
    resistance: Ohms = Field(default=50e3, gt=0.0, le=1e9, description="resistor in series, as it is fitted")
    fire_current: Amps = Field(default=3e-6, gt=0.0, le=1.0, description="current that counts as switched on")
    sampling: Seconds = Field(default=2e-7, ge=1e-8, le=1e-2, description="between two measurements of the current")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.read_period < self.read_width + 2.0 * EDGE + self.sampling:
            raise ValueError("read_period has no room for a read pulse, its edges of 100 ns and one measurement")
        if self.read_width < 2.0 * self.sampling:
            raise ValueError("read_width is to be at least two times sampling")
        if self.fire_current * self.resistance >= min(self.amplitude, self.amplitude_end or self.amplitude):
            raise ValueError("fire_current is more than the pulse can drive through the resistor in series")
        return self

    def amplitudes(self) -> Floats:
        """Return the (levels,) heights, in V."""
        return np.round(np.linspace(self.amplitude, self.amplitude_end or self.amplitude, self.levels), 6)

    def waveform(self, amplitude: float) -> tuple[Floats, Floats]:
        """Return times (s) and voltages (V) of one cycle, on a grid of 10 ns."""
        points = [(0.0, 0.0), *_trapezoid(START, self.width, amplitude)]
        for start in self.read_starts():
            points += _trapezoid(start, self.read_width, self.read_voltage)
        points.append((points[-1][0] + self.read_period, 0.0))
        times, volts = np.array(points).T
        return np.round(times, 8), volts

    def read_starts(self) -> Floats:
        """Return when each read pulse (reads,) begins to rise, in s."""
        starts: Floats = START + self.width + 4.0 * EDGE + self.read_period * np.arange(self.reads, dtype=np.float64)
        return starts

    def plan(self, source: FastIV) -> Plan:
        """Return what a run will do."""
        highest, work = float(self.amplitudes().max()), self.levels * self.cycles
        length = float(self.waveform(highest)[0][-1])
        current = highest / self.resistance
        return Plan(
            duration=work * (length + self.rest + TALK),
            pulses_per_device=work * (1 + self.reads),
            voltage=highest,
            current=current,
            charge=work * (current * self.width + self.reads * self.read_voltage / self.resistance * self.read_width),
            work=work,
        )

    def run(self, source: FastIV, clock: Clock, resume: Step | None = None) -> Steps:
        """Give cycle after cycle; each is a step, and each finds the memristor at rest."""
        total, heights = self.levels * self.cycles, self.amplitudes()
        for cycle in range(resume.done if resume else 0, total):
            yield Wait(self.rest)
            level = cycle // self.cycles
            times, volts = self.waveform(float(heights[level]))
            seen = source.measure_waveform(times, volts, interval=self.sampling, averaging=self.sampling)
            yield Measurement.block(cycle=cycle, time=seen.times, voltage=seen.voltages, current=seen.currents)
            yield self._digest(cycle, level, float(heights[level]), seen.times, seen.currents, clock.now())
            yield Step(cycle + 1, total)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return delay against voltage, and relaxation."""
        return switching_times.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw one cycle as in the paper's Fig. 1, delays against voltage, and relaxation."""
        from labctl.figures.switching_times import draw

        return draw(run)

    def _digest(self, cycle: int, level: int, amplitude: float, times: Floats, currents: Floats, now: float) -> Cycle:
        edge, end = START + 0.5 * EDGE, START + EDGE + self.width
        delay = switching_times.delay_of(times, currents, edge=edge, end=end, fire_current=self.fire_current)
        last = (times > end - 0.05 * self.width - self.sampling) & (times < end - self.sampling)
        relaxation = np.nan
        if np.isfinite(delay):
            starts = self.read_starts()
            reads = np.array([self._read(times, currents, start) for start in starts])
            moments = starts + EDGE + 0.75 * self.read_width - end
            relaxation = switching_times.relaxation_of(moments, reads)
        return Cycle(
            time=now, cycle=cycle, level=level, amplitude=amplitude, delay=delay, relaxation=relaxation,
            on_current=float(np.mean(currents[last])),
        )  # fmt: skip

    def _read(self, times: Floats, currents: Floats, start: float) -> float:
        """Return the mean current over the second half of a read pulse."""
        low, high = start + EDGE + 0.5 * self.read_width, start + EDGE + self.read_width
        return float(np.mean(currents[(times > low) & (times < high)]))


def _trapezoid(start: float, width: float, height: float) -> list[tuple[float, float]]:
    """Return the corners of a pulse with a plateau of ``width`` (s) and edges of `EDGE`."""
    top, end = start + EDGE, start + EDGE + width
    return [(start, 0.0), (top, height), (end, height), (end + EDGE, 0.0)]
