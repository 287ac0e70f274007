"""Switch many phase-change cells, follow their drift, and take the statistics of the population (SSL-F)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from labctl.analysis import extraction
from labctl.capabilities import Prober, PulseSource, SourceMeter
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import CumulativeDistribution, Plot, Trace
from labctl.protocol import Count, Plan, Seconds, Step, Steps
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData
from protocols.phase_change import READING, RESET, SET, WRITING, Cell, PcmProtocol, Read

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOVING = 1.0
"""Time in s from cell to cell, for the estimate of the duration; *assumed*."""


class Figures(Row):
    """What one cell gave, as soon as it is known."""

    cell: int = column(doc="number of the cell")
    state: int = column(doc="1 after SET, 2 after RESET")
    mean: float = column(doc="mean of log10 R (R in ohm, after RESET at an age of 1 s) over switchings")
    sd: float = column(doc="standard deviation of that over switchings")
    exponent: float = column(doc="drift exponent of the longest capture; 0 after SET")


class ParameterExtraction(PcmProtocol):
    """Switch each of many cells to and fro, follow its drift after the last RESET, and go to the next."""

    name: ClassVar[str] = "parameter-extraction"
    title: ClassVar[str] = "Parameter extraction"
    source: ClassVar[str] = "SSL-F: Lim et al., Nat. Commun. 12, 319 (2021), device model"
    station: ClassVar[str] = "pcm-wafer"
    purpose: ClassVar[str] = "Switching"
    rows: ClassVar[tuple[type[Row], ...]] = (Read, Figures)
    plots: ClassVar[tuple[Plot, ...]] = (
        CumulativeDistribution(Figures, "mean", "state", "log10 R of each state over the cells"),
        Trace(Read, "age", "resistance", "Last capture", log_x=True, log_y=True, group="capture", latest=True),
    )

    cells: Count = Field(default=120, le=1_000_000, description="cells, one after the other")
    first_cell: int = Field(default=0, ge=0, description="number of the first")
    switches: int = Field(default=20, ge=2, le=100_000, description="switchings of each cell; the last is a RESET")
    reads: Count = Field(default=10, le=10_000, description="reads after each switching")
    drift_reads: int = Field(default=1000, ge=4, le=100_000, description="reads after the last RESET")
    repeats: int = Field(
        default=3, ge=0, le=1000, description="further RESETs that are followed, for the spread of d over switchings"
    )
    repeat_reads: int = Field(default=100, ge=4, le=100_000, description="reads after each of these")
    interval: Seconds = Field(default=1.0, gt=0.0, le=3600.0, description="from read to read")

    def plan(self, pulser: PulseSource, smu: SourceMeter, prober: Prober) -> Plan:
        """Return what a run will do; refuse cells that the prober does not reach, and what `cycling` refuses."""
        if self.first_cell + self.cells > prober.cells:
            raise ConfigError(
                f"cells {self.first_cell} to {self.first_cell + self.cells - 1} are to be measured, "
                f"but the prober has the cells 0 to {prober.cells - 1}"
            )
        pause = max(self.interval, READING)
        reads = self.switches * (self.reads - 1) + self.drift_reads + self.repeats * self.repeat_reads
        writes = self.switches + self.repeats
        once = MOVING + reads * pause + writes * (WRITING + READING)
        return self.planned(pulser, duration=self.cells * once, pulses=writes, work=self.cells)

    def run(
        self, pulser: PulseSource, smu: SourceMeter, prober: Prober, clock: Clock, resume: Step | None = None
    ) -> Steps:
        """Measure cell after cell; each is a step, and a cell that was broken off is measured anew."""
        for done in range(resume.done if resume else 0, self.cells):
            number = self.first_cell + done
            prober.move_to(number)
            blocks = []
            for item in self._measure(Cell(self, pulser, smu, clock, number=number)):
                blocks.append(item)
                yield item
            yield from _figures(blocks)
            yield Step(done + 1, self.cells)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return six numbers a cell, and the population's with standard errors."""
        return extraction.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the histograms of R_set, R_reset and d, and means against standard deviations."""
        from labctl.figures.population import draw

        return draw(run)

    def _measure(self, cell: Cell) -> Steps:
        """Switch and read as SSL-D, follow the last RESET as SSL-E, then the further ones."""
        for number in range(self.switches - 1):
            cell.write(SET if (self.switches - number) % 2 == 0 else RESET)
            yield cell.read(self.reads, self.interval)
        cell.write(RESET)
        yield from cell.follow(1, self.drift_reads, self.interval, self.drift_reads)
        for capture in range(2, self.repeats + 2):
            cell.write(RESET)
            yield from cell.follow(capture, self.repeat_reads, self.interval, self.repeat_reads)


def _figures(blocks: Sequence[object]) -> Steps:
    rows = np.concatenate([getattr(block, "rows") for block in blocks])  # noqa: B009 - blocks alone are measured
    found = extraction.cell_statistics({name: rows[name] for name in rows.dtype.names or ()})
    exponent = found.laws[0].exponent if found.laws else 0.0
    yield Figures.block(
        cell=found.cell, state=np.array([SET, RESET]), mean=np.array([found.set.mean, found.reset.mean]),
        sd=np.array([found.set.spread, found.reset.spread]), exponent=np.array([0.0, exponent]),
    )  # fmt: skip
