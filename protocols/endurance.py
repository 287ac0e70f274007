"""Switch a phase-change cell very often and read both states at cycles spaced evenly in the logarithm."""

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import endurance
from labctl.capabilities import Floats, PulseSource, SourceMeter
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import Plot, Trace
from labctl.protocol import Count, Note, Plan, Seconds, Step, Steps
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData
from protocols.phase_change import READING, RESET, SET, WRITING, Cell, PcmProtocol

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CYCLES = 100_000_000


class Sampled(Row):
    """Both states of one cycle."""

    time: float = column("s", "time since the run began")
    cycle: int = column(doc="number of the cycle, from 1")
    set_resistance: float = column("ohm", "after its SET; infinite where no current was read")
    reset_resistance: float = column("ohm", "after its RESET")
    ratio: float = column(doc="RESET over SET resistance")
    stuck: bool = column(doc="whether the ratio is below the least one")


class Endurance(PcmProtocol):
    """Give SET and RESET in turn, in bursts, and read both states of some cycles, spaced evenly in the logarithm."""

    name: ClassVar[str] = "endurance"
    title: ClassVar[str] = "Endurance"
    source: ClassVar[str] = "No paper's; pulses of SSL-B and C: Lim et al., Nat. Commun. 12, 319 (2021)"
    purpose: ClassVar[str] = "Switching"
    rows: ClassVar[tuple[type[Row], ...]] = (Sampled,)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Sampled, "cycle", "reset_resistance", "Resistance after RESET", log_x=True, log_y=True),
        Trace(Sampled, "cycle", "set_resistance", "Resistance after SET", log_x=True, log_y=True),
    )

    cycles: int = Field(default=1_000_000, ge=1, le=MOST_CYCLES, description="SET and RESET, this often")
    per_decade: int = Field(default=5, ge=1, le=1000, description="cycles of each decade that are read")
    reads: Count = Field(default=3, le=1000, description="reads of each state, of which the median counts")
    pause: Seconds = Field(default=500e-9, ge=50e-9, le=1.0, description="between the pulses of a burst")
    least_ratio: float = Field(default=10.0, gt=1.0, le=1e9, description="below it the cell counts as stuck; assumed")
    stop_when_stuck: bool = Field(default=True, description="end after two stuck samples in a row")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.reset_pulse.base or self.set_pulse.base:
            raise ValueError("a burst begins and ends at 0 V: reset_pulse.base and set_pulse.base must be 0 V")
        return self

    def samples(self) -> list[int]:
        """Return the numbers of the cycles that are read, the first and the last among them."""
        decades = np.log10(self.cycles)
        points = np.logspace(0.0, decades, round(decades * self.per_decade) + 1)
        return sorted({1, self.cycles, *(round(point) for point in points)})

    def waveform(self) -> tuple[Floats, Floats]:
        """Return one cycle as times (n,) in s and volts (n,): SET, pause, RESET, pause."""
        times, volts = [0.0], [0.0]
        for pulse in (self.set_pulse, self.reset_pulse):
            flat = pulse.width - (pulse.rise + pulse.fall) / 2.0
            for length, level in (
                (pulse.rise, pulse.height),
                (flat, pulse.height),
                (pulse.fall, 0.0),
                (self.pause, 0.0),
            ):
                times.append(times[-1] + length)
                volts.append(level)
        return np.array(times), np.array(volts)

    def plan(self, pulser: PulseSource, smu: SourceMeter) -> Plan:
        """Return what a run will do; refuse pulses that cannot be given and reads that would write."""
        for name, pulse in (("set_pulse", self.set_pulse), ("reset_pulse", self.reset_pulse)):
            if pulse.width <= (pulse.rise + pulse.fall) / 2.0:
                raise ConfigError(f"{name}: width must be above half of rise and fall, so that a flat top is left")
        samples = self.samples()
        period = float(self.waveform()[0][-1])
        once = 2.0 * WRITING + 2.0 * self.reads * READING
        return self.planned(
            pulser, duration=self.cycles * period + len(samples) * once, pulses=2 * self.cycles, work=len(samples)
        )

    def run(self, pulser: PulseSource, smu: SourceMeter, clock: Clock, resume: Step | None = None) -> Steps:
        """Give a burst up to each cycle that is read; each of these is a step."""
        times, volts = self.waveform()
        samples = self.samples()
        done = resume.done if resume else 0
        before = samples[done - 1] if done else 0
        stuck = 0
        cell = Cell(self, pulser, smu, clock)
        for number in range(done, len(samples)):
            cycle = samples[number]
            if cycle - before > 1:
                pulser.send_waveform(times, volts, count=cycle - before - 1)
            before = cycle
            row = self._sample(cell, clock, cycle)
            yield row
            stuck = stuck + 1 if row.stuck else 0
            yield Step(number + 1, len(samples))
            if self.stop_when_stuck and stuck > 1:
                yield Note(f"the cell is stuck since before cycle {cycle:,}: its states are less than "
                           f"{self.least_ratio:g} times apart")  # fmt: skip
                return

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return medians, their trend with the logarithm of the cycles, and whether the cell is stuck."""
        return endurance.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw both resistances against the number of cycles."""
        from labctl.figures.endurance import draw

        return draw(run)

    def _sample(self, cell: Cell, clock: Clock, cycle: int) -> Sampled:
        low, high = (self._read_after(cell, state) for state in (SET, RESET))
        ratio = high / low if np.isfinite(low) else 0.0
        return Sampled(clock.now(), cycle, low, high, ratio, bool(ratio < self.least_ratio))

    def _read_after(self, cell: Cell, state: int) -> float:
        cell.write(state)
        return float(np.median(cell.read(self.reads).rows["resistance"]))
