"""Whether reading moves what is read: up to a million read pulses on written levels (CNN-F)."""

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from labctl.analysis import ageing
from labctl.capabilities import CellArray, Cells, LinePulse
from labctl.clock import Clock
from labctl.plots import ArrayMap, Plot, Trace
from labctl.protocol import Note, Plan, Seconds, Step, Steps, Volts
from labctl.results import Results
from labctl.rows import Row
from labctl.runfile.reader import RunData
from protocols.ageing import Ageing, Reading, Written, start_of, start_state

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_AT_ONCE = 10_000
"""Read pulses of one request."""
OVERHEAD = 5e-6
"""Of one read pulse, for the estimate of the duration, in s; *assumed*."""


class ReadDisturb(Ageing):
    """Write cells or weights to levels, give them read pulses, and read them after 1, 1e5, 5e5 and 1e6 of these."""

    name: ClassVar[str] = "read-disturb"
    title: ClassVar[str] = "Read disturb"
    source: ClassVar[str] = "CNN-F: Yao et al., Nature 577, 641 (2020), Extended Data"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Reading"
    rows: ClassVar[tuple[type[Row], ...]] = (Written, Reading)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Reading, "reads", "value", "Levels over the reads", group="item"),
        ArrayMap(Reading, "cell", "value", "Newest read"),
    )

    reads: tuple[int, ...] = Field(
        default=(1, 100_000, 500_000, 1_000_000), min_length=2, description="numbers of read pulses, rising"
    )
    pulse_voltage: Volts = Field(default=0.2, ge=-4.0, le=4.0, description="of the read pulses; negative resets")
    pulse_width: Seconds = Field(default=50e-9, gt=0.0, le=1e-3, description="of the read pulses")
    word_line: Volts = Field(default=4.5, ge=0.0, le=5.0, description="gate during the read pulses")
    control: int = Field(
        default=104, ge=0, description="items more that get no read pulses, to tell disturb from ageing"
    )

    @model_validator(mode="after")
    def _check_reads(self) -> Self:
        if self.reads[0] < 0 or any(b <= a for a, b in zip(self.reads, self.reads[1:], strict=False)):
            raise ValueError("reads must be rising numbers from 0 on")
        if self.reads[-1] > 10_000_000:
            raise ValueError("reads must end at 10,000,000 at most")
        if self.control >= self.items:
            raise ValueError(f"control ({self.control}) must be below items ({self.items})")
        return self

    items: int = Field(default=1040, ge=1, description="cells, or pairs of cells, the control included")

    @property
    def pulse(self) -> LinePulse:
        """The read pulse."""
        high = abs(self.pulse_voltage)
        bit, source = (high, 0.0) if self.pulse_voltage >= 0.0 else (0.0, high)
        return LinePulse(word_line=self.word_line, bit_line=bit, source_line=source, width=self.pulse_width)

    def stretches(self) -> list[tuple[int, bool]]:
        """Return the read pulses of each step, and whether a read of all items follows."""
        found: list[tuple[int, bool]] = []
        done = 0
        for goal in self.reads:
            while goal - done > MOST_AT_ONCE:
                found.append((MOST_AT_ONCE, False))
                done += MOST_AT_ONCE
            found.append((goal - done, True))
            done = goal
        return found

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse cells that are not there."""
        cells = (self.items - self.control) * self.each
        return self.plan_of(
            array, duration=self.reads[-1] * cells * (self.pulse_width + OVERHEAD), pulses=self.reads[-1],
            voltage=max(abs(self.pulse_voltage), self.read_voltage), width=self.pulse_width, work=len(self.stretches()),
        )  # fmt: skip

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Write batch after batch, then give the read pulses in stretches; each is a step."""
        cells, levels, control = self.cells(array.geometry), self.drawn_levels(rng), self._control(rng)
        stretches = self.stretches()
        already, total = resume.done if resume else 0, self.write_steps + len(stretches)
        yield from self.write_items(array, clock, cells, levels, total, already)
        start = start_of(resume, clock)
        disturbed: Cells = cells[~control].reshape(-1)
        begin = max(already - self.write_steps, 0)
        given = sum(count for count, _ in stretches[:begin])
        point = sum(is_point for _, is_point in stretches[:begin])
        for number in range(begin, len(stretches)):
            count, is_point = stretches[number]
            if count:
                array.pulse_cells(disturbed, self.pulse, count=count)
            given += count
            if is_point:
                yield self.read_items(array, clock, cells, levels, point, start, given, control)
                yield Note(f"{given:,} read pulses are given")
                point += 1
            yield Step(self.write_steps + number + 1, total, start_state(start))

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return how levels and spread change with the reads, against the control."""
        return ageing.analyse(run, "reads")

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the mean of each level over the reads, the spread, and the distribution at both ends."""
        from labctl.figures.ageing import draw

        return draw(run, "reads")

    def _control(self, rng: np.random.Generator) -> NDArray[np.bool_]:
        control = np.zeros(self.items, dtype=np.bool_)
        control[rng.choice(self.items, self.control, replace=False)] = True
        return control
