"""Read a fresh phase-change cell, then switch it to and fro and read each state (SSL-A to D)."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from labctl.analysis import switching
from labctl.capabilities import Pulse, PulseSource, SourceMeter
from labctl.clock import Clock
from labctl.errors import LimitError
from labctl.plots import Plot, Trace
from labctl.protocol import Count, Plan, Seconds, Step, Steps
from labctl.results import Results
from labctl.rows import Row
from labctl.runfile.reader import RunData
from labctl.units import format_quantity
from protocols.phase_change import READING, RESET, SET, WRITING, Cell, PcmProtocol, Read

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Cycling(PcmProtocol):
    """Read a fresh cell, switch it between SET and RESET, and read its resistance some times after each switching."""

    name: ClassVar[str] = "cycling"
    title: ClassVar[str] = "SET/RESET cycling"
    source: ClassVar[str] = "SSL-A to D: Lim et al., Nat. Commun. 12, 319 (2021)"
    purpose: ClassVar[str] = "Switching"
    rows: ClassVar[tuple[type[Row], ...]] = (Read,)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Read, "time", "resistance", "Resistance of each state", log_y=True, group="state"),
    )

    switches: Count = Field(default=20, le=100_000, description="switchings, SET and RESET in turn")
    reads: Count = Field(default=10, le=10_000, description="reads after each switching")
    interval: Seconds = Field(default=1.0, ge=0.0, le=3600.0, description="from read to read; assumed")
    first: Literal["reset", "set"] = Field(default="reset", description="what a cell is switched to first")
    read_pulse: Pulse = Field(
        default=Pulse(height=1.0, rise=5e-9, width=60e-9, fall=5e-9),
        description="given before anything else, as the paper reads a fresh cell; it is to change nothing",
    )

    def plan(self, pulser: PulseSource, smu: SourceMeter) -> Plan:
        """Return what a run will do; refuse pulses that cannot be given and reads that would write."""
        weakest = min(abs(self.reset_pulse.height), abs(self.set_pulse.height))
        if abs(self.read_pulse.height) >= weakest:
            read, least = format_quantity(self.read_pulse.height, "V"), format_quantity(weakest, "V")
            raise LimitError(f"read_pulse is {read} high, but a read must stay below the weakest pulse ({least})")
        once = WRITING + READING + (self.reads - 1) * max(self.interval, READING)
        return self.planned(
            pulser,
            duration=(self.switches + 1) * once,
            pulses=self.switches + 1,
            work=self.switches + 1,
            others=(self.read_pulse,),
        )

    def run(self, pulser: PulseSource, smu: SourceMeter, clock: Clock, resume: Step | None = None) -> Steps:
        """Read the cell as it is, then switch after switch; each is a step."""
        done = resume.done if resume else 0
        cell = Cell(self, pulser, smu, clock, switch=max(done - 1, 0))
        if done == 0:
            pulser.send_pulses(self.read_pulse)
            yield cell.read(self.reads, self.interval)
            yield Step(1, self.switches + 1)
        order = (RESET, SET) if self.first == "reset" else (SET, RESET)
        for number in range(max(done - 1, 0), self.switches):
            cell.write(order[number % 2])
            yield cell.read(self.reads, self.interval)
            yield Step(number + 2, self.switches + 1)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return both bands, their spread from switching to switching, and how far they are apart."""
        return switching.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw resistance against read number with the bands of both states, and their histograms."""
        from labctl.figures.phase_change import draw_cycling

        return draw_cycling(run)
