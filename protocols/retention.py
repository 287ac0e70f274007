"""How well written levels hold over time: reads at times that grow evenly in the logarithm (CNN-G, EAPU-G)."""

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import ageing
from labctl.capabilities import CellArray, Floats
from labctl.clock import Clock
from labctl.plots import ArrayMap, Plot, Trace
from labctl.protocol import Note, Plan, Seconds, Step, Steps, Wait
from labctl.results import Results
from labctl.rows import Row
from labctl.runfile.reader import RunData
from labctl.units import format_duration
from protocols.ageing import Ageing, Reading, Written, start_of, start_state
from protocols.rram_array import READ_SECONDS

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Retention(Ageing):
    """Write cells or weights to levels, then read them at times spaced evenly in the logarithm, up to 30 days."""

    name: ClassVar[str] = "retention"
    title: ClassVar[str] = "Retention of levels"
    source: ClassVar[str] = (
        "CNN-G: Yao et al., Nature 577, 641 (2020), Extended Data; EAPU-G: Nat. Commun. 16, 11494 (2025)"
    )
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Retention"
    rows: ClassVar[tuple[type[Row], ...]] = (Written, Reading)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Reading, "elapsed", "value", "Levels over time", log_x=True, group="item"),
        ArrayMap(Reading, "cell", "value", "Newest read"),
    )

    first: Seconds = Field(default=1.0, gt=0.0, le=1e6, description="second read, counted from the first at 0")
    duration: Seconds = Field(default=30 * 86400.0, gt=0.0, le=3.2e7, description="last read")
    points: int = Field(default=19, ge=2, le=1000, description="reads of each cell, the one at 0 included")

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        if self.first >= self.duration and self.points > 2:
            raise ValueError(f"first ({self.first:g} s) must be below duration ({self.duration:g} s)")
        return self

    def times(self) -> Floats:
        """Return the (points,) times of the reads, in s since the settling was over."""
        later = np.geomspace(self.first, self.duration, self.points - 1) if self.points > 2 else [self.duration]
        return np.concatenate([[0.0], later])

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse cells that are not there."""
        reads = self.points * self.items * self.each * self.averages * READ_SECONDS
        pulses = self.points * self.averages
        return self.plan_of(
            array, duration=max(self.duration, reads), pulses=pulses, voltage=self.read_voltage, width=READ_SECONDS,
            work=self.points,
        )  # fmt: skip

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Write batch after batch, then read at each time; each is a step. A time that has passed is read at once."""
        cells, levels = self.cells(array.geometry), self.drawn_levels(rng)
        already, total = resume.done if resume else 0, self.write_steps + self.points
        yield from self.write_items(array, clock, cells, levels, total, already)
        start = start_of(resume, clock)
        for point in range(max(already - self.write_steps, 0), self.points):
            yield Wait(max(start + float(self.times()[point]) - clock.now(), 0.0))
            yield self.read_items(array, clock, cells, levels, point, start)
            yield Note(f"read {point + 1} of {self.points}, {format_duration(clock.now() - start)} after the first")
            yield Step(self.write_steps + point + 1, total, start_state(start))

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return how levels, spread and tails change with time."""
        return ageing.analyse(run, "elapsed")

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the mean of each level over time, the spread, and the distribution at both ends."""
        from labctl.figures.ageing import draw

        return draw(run, "elapsed")
