"""Integrate and fire: how many pulses a diffusive memristor behind an RC circuit needs to fire (NEURON-C to F)."""

from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import firing
from labctl.capabilities import CurrentMonitor, Digitizer, FastIVResult, Floats, Pulse, PulseSource
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import Plot, Trace
from labctl.protocol import Amps, Count, Farads, Note, Ohms, Plan, Protocol, Seconds, Step, Steps, Volts, Wait
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData
from labctl.units import format_quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EDGE = 1e-7
"""Edges of the pulses, in s; *assumed*."""
LEAST_ON_RESISTANCE = 1e3
"""Lowest resistance that a memristor switches to, in Ohm, for the estimate of the current; *assumed*."""
TALK = 0.05
"""Time in s that instruments take to be set up for a train, for the estimate of the duration; *assumed*."""
MARGIN = 5e-3
"""How well the host's clock tells when the pulses were given, in s; *assumed*."""


class Train(Row):
    """One train of pulses on a memristor at rest."""

    time: float = column("s", "time since the run began")
    train: int = column(doc="number of the train, from 0")
    level: int = column(doc="number of the level, from 0")
    amplitude: float = column("V", "height of the pulses")
    width: float = column("s", "width of the pulses")
    interval: float = column("s", "time at 0 V between pulses")
    resistance: float = column("ohm", "R_a as fitted")
    capacitance: float = column("F", "C_m as fitted")
    pulses: int = column(doc="number of the pulse that fired, 0 for none")
    voltage: float = column("V", "voltage across the memristor when it fired")
    rc: float = column("s", "time constant of the charging")
    rc_error: float = column("s", "standard error of the time constant")
    peak_current: float = column("A", "highest current through the memristor")
    spike: bool = column(doc="whether the current went above fire_current")


class Voltage(Row):
    """One sample of the oscilloscope."""

    train: int = column(doc="number of the train, from 0")
    time: float = column("s", "time since the first edge")
    source: float = column("V", "generator's output")
    membrane: float = column("V", "voltage across the memristor")


class Current(Row):
    """One measurement of the current."""

    train: int = column(doc="number of the train, from 0")
    time: float = column("s", "time since the first edge, by the host's clock")
    current: float = column("A", "current through the memristor")


class Level(NamedTuple):
    """Pulses of one level: V, s, s."""

    amplitude: float
    width: float
    interval: float


class IntegrateFire(Protocol):
    """Give trains of equal pulses to a memristor at rest, level by level, and count the pulses until it fires."""

    name: ClassVar[str] = "integrate-fire"
    title: ClassVar[str] = "Integrate and fire"
    source: ClassVar[str] = "NEURON-C to F: Wang et al., Nat. Electron. 1, 137 (2018), Fig. 2"
    station: ClassVar[str] = "neuron"
    device: ClassVar[str] = "Diffusive memristor"
    purpose: ClassVar[str] = "Neurons"
    rows: ClassVar[tuple[type[Row], ...]] = (Train, Voltage, Current)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Voltage, "time", "membrane", "Voltage across the memristor", group="train", latest=True),
        Trace(Current, "time", "current", "Current through the memristor", group="train", latest=True),
        Trace(Train, "train", "pulses", "Pulses to fire"),
    )

    amplitude: Volts = Field(default=1.0, gt=0.0, le=10.0, description="height of the pulses")
    amplitude_end: Volts = Field(default=0.0, ge=0.0, le=10.0, description="height at the last level; 0: the same")
    width: Seconds = Field(default=70e-6, ge=1e-6, le=1.0, description="width of the pulses")
    width_end: Seconds = Field(default=200e-6, ge=0.0, le=1.0, description="width at the last level; 0: the same")
    interval: Seconds = Field(default=100e-6, ge=1e-6, le=1.0, description="time at 0 V between pulses")
    interval_end: Seconds = Field(default=0.0, ge=0.0, le=1.0, description="interval at the last level; 0: the same")
    levels: int = Field(default=5, ge=1, le=200, description="evenly spaced from the first values to the last")
    repeats: Count = Field(default=4, le=100_000, description="trains of each level")
    pulses: Count = Field(default=20, le=10_000, description="pulses of a train; the memristor may fire at any")
    resistance: Ohms = Field(default=50e3, gt=0.0, le=1e9, description="R_a as it is fitted")
    capacitance: Farads = Field(default=5e-9, ge=0.0, le=1.0, description="C_m as it is fitted")
    threshold: Volts = Field(
        default=0.0,
        ge=0.0,
        le=10.0,
        description="firing voltage, if known: what cannot reach it is refused; 0: unknown",
    )
    recovery: Seconds = Field(
        default=1.0, ge=0.0, le=3600.0, description="rest before each train, for C_m to discharge"
    )
    fire_current: Amps = Field(default=50e-6, gt=0.0, le=1.0, description="current that counts as a spike")
    sampling: Seconds = Field(default=5e-6, ge=1e-7, le=1e-2, description="between two measurements of the current")
    lead: Seconds = Field(default=0.05, ge=0.0, le=10.0, description="current measured before the pulses can come")
    traced: int = Field(default=1, ge=0, description="trains of each level of which voltages and current are kept")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.amplitude_end or self.width_end or self.interval_end) and self.levels > 1:
            raise ValueError("levels is more than 1, but neither amplitude_end, width_end nor interval_end is given")
        return self

    def conditions(self) -> list[Level]:
        """Return the pulses of each level."""
        pairs = (
            (self.amplitude, self.amplitude_end), (self.width, self.width_end), (self.interval, self.interval_end)
        )  # fmt: skip
        columns = [np.linspace(first, last or first, self.levels) for first, last in pairs]
        times = [np.round(values, 9) for values in columns[1:]]
        return [Level(*map(float, row)) for row in zip(columns[0], *times, strict=True)]

    def plan(self, pulser: PulseSource, scope: Digitizer, monitor: CurrentMonitor) -> Plan:
        """Return what a run will do; refuse levels that cannot fire, where the firing voltage is known."""
        levels = self.conditions()
        highest = 0.0
        for level in levels:
            reached = firing.highest_voltage(**level._asdict(), rc=self.resistance * self.capacitance)
            highest = max(highest, reached)
            if reached < self.threshold:
                asked, most = format_quantity(self.threshold, "V"), format_quantity(reached, "V", 3)
                words = ", ".join(
                    format_quantity(value, unit) for value, unit in zip(level, ("V", "s", "s"), strict=True)
                )
                raise ConfigError(f"pulses of {words} charge C_m to {most} at most: that never fires at {asked}")
        each = [self.lead + 2.0 * self._length(level) + self.recovery + TALK for level in levels]
        volts = max(level.amplitude for level in levels)
        return Plan(
            duration=self.repeats * sum(each),
            pulses_per_device=self.levels * self.repeats * self.pulses,
            voltage=volts,
            current=highest / LEAST_ON_RESISTANCE,
            charge=self.repeats * self.pulses * sum(
                level.amplitude * (level.width / self.resistance + self.capacitance) for level in levels
            ),
            work=self.levels * self.repeats,
        )  # fmt: skip

    def run(
        self, pulser: PulseSource, scope: Digitizer, monitor: CurrentMonitor, clock: Clock, resume: Step | None = None
    ) -> Steps:
        """Give train after train; each is a step, and each finds the memristor at rest."""
        levels = self.conditions()
        highest = max(level.amplitude for level in levels)
        scope.show_channel(1, low=0.0, high=highest)
        scope.show_channel(2, low=0.0, high=highest if not self.capacitance else 0.7 * highest)
        for train in range(resume.done if resume else 0, self.levels * self.repeats):
            yield Wait(self.recovery)
            number = train // self.repeats
            yield from self._train(train, number, levels[number], pulser, scope, monitor, clock)
            yield Step(train + 1, self.levels * self.repeats)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return RC constant, firing voltage, and pulses to fire beside the closed form."""
        return firing.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw voltages and current over time as in the paper's Fig. 2, and pulses to fire against what was swept."""
        from labctl.figures.firing import draw

        return draw(run)

    def _length(self, level: Level) -> float:
        return self.pulses * (level.width + level.interval)

    def _train(
        self, train: int, number: int, level: Level, pulser: PulseSource, scope: Digitizer, monitor: CurrentMonitor,
        clock: Clock,
    ) -> Steps:  # fmt: skip
        length = self._length(level)
        scope.arm(duration=2.0 * length, level=0.5 * level.amplitude)
        begun = clock.now()
        window = np.ceil((self.lead + length + MARGIN) / self.sampling) * self.sampling
        monitor.start_currents(float(window), interval=self.sampling, averaging=self.sampling)
        pulse = Pulse(height=level.amplitude, width=level.width, rise=EDGE, fall=EDGE)
        pulser.send_pulses(pulse, count=self.pulses, period=level.width + level.interval)
        given = clock.now() - begun - length
        if given > self.lead:
            yield Note(f"train {train}: the current was measured too early, by {given - self.lead:.2g} s: raise lead")
        measured = monitor.fetch_currents()
        source, membrane = scope.fetch_waveform(1), scope.fetch_waveform(2)
        found = firing.digest(
            membrane.times, source.volts, membrane.volts, **level._asdict(), rc=self.resistance * self.capacitance
        )
        peak = float(np.max(measured.currents))
        if train % self.repeats < self.traced:
            yield from self._trace(train, source.times, source.volts, membrane.volts, measured, given, length)
        yield Train(
            time=clock.now(), train=train, level=number, **level._asdict(), resistance=self.resistance,
            capacitance=self.capacitance, pulses=found.pulse, voltage=found.voltage, rc=found.rc,
            rc_error=found.rc_error, peak_current=peak, spike=peak > self.fire_current,
        )  # fmt: skip

    @staticmethod
    def _trace(
        train: int, times: Floats, source: Floats, membrane: Floats, measured: FastIVResult, given: float, length: float
    ) -> Steps:
        kept = (times > -0.02 * length) & (times <= length)
        yield Voltage.block(train=train, time=times[kept], source=source[kept], membrane=membrane[kept])
        moments = measured.times - given
        near = (moments > -0.02 * length) & (moments <= length)
        if near.any():
            yield Current.block(train=train, time=moments[near], current=measured.currents[near])
