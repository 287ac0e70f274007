"""Follow the resistance of a phase-change cell after RESET, and after SET as a control (SSL-E)."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from labctl.analysis import drift
from labctl.capabilities import PulseSource, SourceMeter
from labctl.clock import Clock
from labctl.plots import Plot, Trace
from labctl.protocol import Count, Note, Plan, Seconds, Step, Steps
from labctl.results import Results
from labctl.rows import Block, Row
from labctl.runfile.reader import RunData
from protocols.phase_change import READING, RESET, SET, WRITING, Cell, PcmProtocol, Read

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Drift(PcmProtocol):
    """Follow a cell's resistance at even intervals after RESET, then after SET, which is to stay flat."""

    name: ClassVar[str] = "drift"
    title: ClassVar[str] = "Resistance drift"
    source: ClassVar[str] = "SSL-E: Lim et al., Nat. Commun. 12, 319 (2021), Eq. (1)"
    purpose: ClassVar[str] = "Retention"
    rows: ClassVar[tuple[type[Row], ...]] = (Read,)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Read, "age", "resistance", "Drift", log_x=True, log_y=True, group="capture"),
    )

    reads: int = Field(
        default=1000, ge=4, le=100_000, description="reads of each capture, besides one at its beginning"
    )
    interval: Seconds = Field(default=1.0, gt=0.0, le=3600.0, description="from read to read")
    control: bool = Field(default=True, description="capture the state after SET, too")
    block: Count = Field(default=100, le=10_000, description="reads of one step; the source meter keeps their time")
    fit_from: Seconds = Field(default=0.0, ge=0.0, le=1e6, description="age from which on reads are fitted")

    def plan(self, pulser: PulseSource, smu: SourceMeter) -> Plan:
        """Return what a run will do; refuse pulses that cannot be given and reads that would write."""
        states = len(self._states)
        once = WRITING + self.reads * max(self.interval, READING) + self._blocks * READING
        return self.planned(pulser, duration=states * once, pulses=states, work=states * self._blocks)

    def run(self, pulser: PulseSource, smu: SourceMeter, clock: Clock, resume: Step | None = None) -> Steps:
        """Write and follow, state after state; each block of reads is a step.

        A capture that was broken off is begun again, with a new pulse: nobody read the cell in between.
        """
        done = resume.done if resume else 0
        capture = int.from_bytes(resume.state) if resume else 0
        cell = Cell(self, pulser, smu, clock, switch=capture)
        if done % self._blocks:
            yield Note("a capture was broken off; it begins again with a new pulse")
        for number, state in enumerate(self._states[done // self._blocks :], done // self._blocks):
            capture += 1
            cell.write(state)
            finished = number * self._blocks
            for item in cell.follow(capture, self.reads, self.interval, self.block):
                yield item
                if isinstance(item, Block):
                    finished += 1
                    yield Step(finished, len(self._states) * self._blocks, capture.to_bytes(8))

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return the exponent of each state with its interval."""
        return drift.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the captures in log-log, each with its power law, and what the reads are off it."""
        from labctl.figures.phase_change import draw_drift

        return draw_drift(run)

    @property
    def _states(self) -> tuple[int, ...]:
        return (RESET, SET) if self.control else (RESET,)

    @property
    def _blocks(self) -> int:
        return -(-self.reads // self.block)
