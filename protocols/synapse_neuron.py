"""A synapse drives a neuron: a small weight does not fire it, a large one does (NEURON-G)."""

from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from labctl import array_lines
from labctl.analysis import neuron_array
from labctl.array_lines import CALL_TIME, ON_RESISTANCE, Shape
from labctl.capabilities import MultiChannelFastIV
from labctl.clock import Clock
from labctl.plots import Plot, Trace
from labctl.protocol import Amps, Count, Note, Plan, Protocol, Seconds, Siemens, Step, Steps, Volts, Wait
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Course(Row):
    """The neuron's current along the input, for one weight."""

    case: int = column(doc="0 for the small weight, 1 for the large one")
    repeat: int = column(doc="number of the repetition, from 0")
    time: float = column("s", "time since the input began")
    input: float = column("V", "voltage at the synapse's row")
    current: float = column("A", "current out of the network through the neuron")


class Outcome(Row):
    """What one presentation did."""

    case: int = column(doc="0 for the small weight, 1 for the large one")
    repeat: int = column(doc="number of the repetition, from 0")
    before: float = column("S", "the synapse's conductance before")
    after: float = column("S", "the synapse's conductance after")
    pulses: int = column(doc="pulses that wrote the weight")
    fired: bool = column(doc="whether the neuron fired")
    delay: float = column("s", "from the input's begin to the firing; NaN without")
    peak: float = column("A", "largest current through the neuron")


class SynapseNeuron(Protocol):
    """Write a synapse to a small and to a large weight, and give its neuron the same input through it each time."""

    name: ClassVar[str] = "synapse-neuron"
    title: ClassVar[str] = "Synapse drives neuron"
    source: ClassVar[str] = "NEURON-G: Wang et al., Nat. Electron. 1, 137 (2018), Fig. 3"
    station: ClassVar[str] = "neuron-synapse"
    device: ClassVar[str] = "Crossbar"
    purpose: ClassVar[str] = "Neurons"
    rows: ClassVar[tuple[type[Row], ...]] = (Course, Outcome)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Course, "time", "current", "Current through the neuron", group="case"),
        Trace(Outcome, "repeat", "peak", "Largest current", group="case"),
    )

    small: Siemens = Field(default=15e-6, gt=0.0, le=1e-3, description="small weight; the synapse is brought below")
    large: Siemens = Field(default=105e-6, gt=0.0, le=1e-3, description="large weight; the synapse is brought above")
    shape: Literal["spikes", "triangle"] = Field(default="spikes", description="what the row gets")
    amplitude: Volts = Field(default=0.62, gt=0.0, le=2.0, description="height of the input")
    width: Seconds = Field(default=100e-6, ge=10e-6, le=0.1, description="of a spike, or of the triangle")
    interval: Seconds = Field(default=100e-6, ge=1e-6, le=0.1, description="between two spikes")
    pulses: Count = Field(default=8, le=200, description="spikes of an input")
    rest: Seconds = Field(default=300e-6, ge=0.0, le=1.0, description="recorded after the input")
    repeats: Count = Field(default=3, le=1000, description="inputs for each weight")
    fire_level: Amps = Field(default=100e-6, gt=0.0, le=1e-2, description="current above which a neuron has fired")
    sampling: Seconds = Field(default=1e-6, ge=10e-9, le=1e-3, description="between two samples of the current")
    read_voltage: Volts = Field(default=0.1, gt=0.0, le=0.3, description="at which the synapse is read")
    write_step: Volts = Field(default=0.02, gt=0.0, le=0.5, description="by which writing pulses rise")
    write_highest: Volts = Field(default=1.4, gt=0.5, le=3.0, description="highest writing pulse")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.small >= self.large:
            raise ValueError(f"small ({self.small:g} S) must be below large ({self.large:g} S)")
        return self

    def plan(self, array: MultiChannelFastIV) -> Plan:
        """Return what a run will do; refuse a station without a row, a neuron and a column line."""
        for kind in ("row", "neuron", "column"):
            array_lines.names(array, kind)
        writes = round((self.write_highest - 0.5) / self.write_step) + 2
        inputs = 2 * self.repeats
        highest = max(self.amplitude, self.write_highest)
        return Plan(
            duration=2 * writes * 2 * CALL_TIME + inputs * (3 * CALL_TIME + float(self._shape.times[-1])),
            pulses_per_device=2 * writes + inputs * self.pulses,
            voltage=highest,
            current=max(self.amplitude / ON_RESISTANCE, highest * self.large * 1.5),
            charge=inputs * self.pulses * self.amplitude * self.large * self.width,
            work=inputs,
        )

    def run(self, array: MultiChannelFastIV, clock: Clock, resume: Step | None = None) -> Steps:
        """Write each weight and give the inputs; each input is a step."""
        (row,), neurons = array_lines.names(array, "row"), array_lines.names(array, "neuron")[:1]
        done = 0
        for case, target in enumerate((self.small, self.large)):
            for repeat in range(self.repeats):
                done += 1
                if resume is not None and done <= resume.done:
                    continue
                before, count = array_lines.write_weight(
                    array, target, up=case == 1, lowest=0.5, highest=self.write_highest, step=self.write_step,
                    voltage=self.read_voltage,
                )  # fmt: skip
                if repeat == 0:
                    yield Note(f"the synapse has {before * 1e6:.1f} uS after {count} pulses")
                yield Wait(1e-3)
                times, currents = array_lines.present(array, self._shape, {row: self.amplitude}, neurons, self.sampling)
                amps = currents[neurons[0]]
                found = array_lines.firing(times, amps, self.fire_level)
                after = float(array_lines.read_weights(array, self.read_voltage)[0, 0])
                levels = self.amplitude * np.interp(times, *self._shape)
                yield Course.block(case=case, repeat=repeat, time=times, input=levels, current=amps)
                yield Outcome(
                    case=case, repeat=repeat, before=before, after=after, pulses=count,
                    fired=not np.isnan(found.time), delay=found.time, peak=found.peak,
                )  # fmt: skip
                yield Step(done, 2 * self.repeats)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return how often each weight fired the neuron, and when."""
        return neuron_array.synapse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw input and current for both weights."""
        from labctl.figures.neuron_array import draw_synapse

        return draw_synapse(run)

    @property
    def _shape(self) -> Shape:
        if self.shape == "triangle":
            return array_lines.triangle(self.width, self.rest)
        return array_lines.spikes(self.width, self.interval, self.pulses, self.rest)
