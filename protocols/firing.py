"""Pulses to fire: trains of sub-threshold pulses with a rest in between, again and again (NEURON-B)."""

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import fire_counts
from labctl.capabilities import FastIV, Floats
from labctl.clock import Clock
from labctl.plots import Plot, Trace
from labctl.protocol import Amps, Count, Ohms, Plan, Protocol, Seconds, Step, Steps, Volts
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EDGE = 1e-7
"""Edges of the pulses, in s; *assumed*."""
START = 5e-6
"""Time at 0 V before the first train, in s; *assumed*."""
MOST_VECTORS = 2000
"""Lines of one waveform, at most; *assumed*: fast units have some 2,048."""
TALK = 0.05
"""Time in s that the instrument takes to be set up for a waveform, for the estimate of the duration; *assumed*."""


class Repeat(Row):
    """One train."""

    time: float = column("s", "time since the run began, at the end of its batch")
    repeat: int = column(doc="number of the train, from 0")
    pulse: int = column(doc="number of the pulse that fired, 0 for none")
    peak_current: float = column("A", "highest current in the train")


class Measurement(Row):
    """One measurement of the current."""

    repeat: int = column(doc="number of the train, from 0")
    time: float = column("s", "time since the train's first edge")
    voltage: float = column("V", "voltage that is forced")
    current: float = column("A", "current")


class Firing(Protocol):
    """Give trains of sub-threshold pulses with a rest after each, and count the pulses until the memristor fires."""

    name: ClassVar[str] = "firing"
    title: ClassVar[str] = "Pulses to fire"
    source: ClassVar[str] = "NEURON-B: Wang et al., Nat. Electron. 1, 137 (2018), Fig. 1"
    station: ClassVar[str] = "neuron-bare"
    device: ClassVar[str] = "Diffusive memristor"
    purpose: ClassVar[str] = "Neurons"
    rows: ClassVar[tuple[type[Row], ...]] = (Repeat, Measurement)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Repeat, "repeat", "pulse", "Pulse that fired"),
        Trace(Measurement, "time", "current", "Current", group="repeat", latest=True),
    )

    amplitude: Volts = Field(default=0.5, gt=0.0, le=10.0, description="height of the pulses")
    width: Seconds = Field(default=5e-7, ge=2e-7, le=1.0, description="plateau of a pulse")
    interval: Seconds = Field(default=5e-7, ge=3e-7, le=1.0, description="from a plateau to the next")
    pulses: int = Field(default=60, ge=1, le=450, description="pulses of a train")
    rest: Seconds = Field(default=200e-6, ge=1e-6, le=100.0, description="time at 0 V after each train")
    repeats: Count = Field(default=240, le=1_000_000, description="trains")
    batch: Count = Field(default=8, le=100, description="trains of one waveform, which is a step")
    resistance: Ohms = Field(default=50e3, gt=0.0, le=1e9, description="resistor in series, as it is fitted")
    fire_current: Amps = Field(default=4e-6, gt=0.0, le=1.0, description="current that counts as fired")
    sampling: Seconds = Field(default=2.5e-7, ge=1e-8, le=1e-2, description="between two measurements of the current")
    traced: int = Field(default=8, ge=0, description="trains of which the current is kept, from the first")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.interval < 2.0 * EDGE:
            raise ValueError("interval has no room for the edges of 100 ns")
        if self.sampling > self.width:
            raise ValueError("sampling is to be no longer than the pulses' width")
        if self.fire_current * self.resistance >= self.amplitude:
            raise ValueError("fire_current is more than the pulses can drive through the resistor in series")
        if self.batch * (4 * self.pulses + 1) > MOST_VECTORS:
            most = MOST_VECTORS // (4 * self.pulses + 1)
            raise ValueError(f"{self.batch} trains of {self.pulses} pulses are too much for one waveform: batch {most}")
        return self

    @property
    def period(self) -> float:
        """From one pulse to the next, in s."""
        return self.width + self.interval

    @property
    def train(self) -> float:
        """From one train to the next, in s."""
        return self.pulses * self.period + self.rest

    def waveform(self, trains: int) -> tuple[Floats, Floats]:
        """Return times (s) and voltages (V) of so many trains, on a grid of 10 ns."""
        starts = START + self.train * np.arange(trains)[:, None] + self.period * np.arange(self.pulses)
        corners = starts.ravel()[:, None] + np.array([0.0, EDGE, EDGE + self.width, 2.0 * EDGE + self.width])
        times = np.concatenate([[0.0], corners.ravel(), [START + trains * self.train]])
        volts = np.concatenate([[0.0], np.tile([0.0, 1.0, 1.0, 0.0], starts.size), [0.0]]) * self.amplitude
        times, volts = np.round(times, 8), np.asarray(volts)
        new = np.concatenate([[True], np.diff(times) > 0.0])  # pulses that follow each other share a corner
        return times[new], volts[new]

    def plan(self, source: FastIV) -> Plan:
        """Return what a run will do."""
        current = self.amplitude / self.resistance
        steps = -(-self.repeats // self.batch)
        return Plan(
            duration=self.repeats * self.train + steps * TALK,
            pulses_per_device=self.repeats * self.pulses,
            voltage=self.amplitude,
            current=current,
            charge=self.repeats * self.pulses * current * self.width,
            work=steps,
        )

    def run(self, source: FastIV, clock: Clock, resume: Step | None = None) -> Steps:
        """Give batch after batch of trains; each is a step, and the rest makes each train begin anew."""
        total = -(-self.repeats // self.batch)
        for step in range(resume.done if resume else 0, total):
            first = step * self.batch
            trains = min(self.batch, self.repeats - first)
            seen = source.measure_waveform(*self.waveform(trains), interval=self.sampling, averaging=self.sampling)
            for index in range(trains):
                edge = START + index * self.train
                mine = (seen.times >= edge - START) & (seen.times < edge + self.train - START)
                times, currents = seen.times[mine] - edge, seen.currents[mine]
                if first + index < self.traced:
                    yield Measurement.block(
                        repeat=first + index, time=times, voltage=seen.voltages[mine], current=currents
                    )
                yield Repeat(clock.now(), first + index, self._fired(times, currents), float(currents.max()))
            yield Step(step + 1, total)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return the distribution of the pulse that fires."""
        return fire_counts.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw trains, and the histogram with its Gaussian, as in the paper's Fig. 1."""
        from labctl.figures.fire_counts import draw

        return draw(run)

    def _fired(self, times: Floats, currents: Floats) -> int:
        return fire_counts.fired_pulse(
            times, currents, edge=0.0, period=self.period, pulses=self.pulses, fire_current=self.fire_current
        )
