"""Unsupervised learning of two patterns by 2 x 2 synapses and two neurons (NEURON-H)."""

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from labctl import array_lines
from labctl.analysis import neuron_array
from labctl.array_lines import CALL_TIME, ON_RESISTANCE, Shape
from labctl.capabilities import Floats, MultiChannelFastIV
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import Plot, Trace
from labctl.protocol import Amps, Count, Plan, Protocol, Seconds, Step, Steps, Volts
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PATTERNS = ("10", "11")
HIGHEST_WEIGHT = 150e-6
"""S, for the plan's charge; *assumed*."""


class Course(Row):
    """The neurons' currents along one input."""

    cycle: int = column(doc="number of the input, from 0")
    pattern: str = column(doc="what the rows got")
    neuron: int = column(doc="number of the neuron, from 1")
    time: float = column("s", "time since the input began")
    input: float = column("V", "voltage at the rows that are on")
    current: float = column("A", "current out of the network through the neuron")


class Firing(Row):
    """What one neuron did during one input."""

    cycle: int = column(doc="number of the input, from 0")
    pattern: str = column(doc="what the rows got")
    neuron: int = column(doc="number of the neuron, from 1")
    fired: bool = column(doc="whether it fired")
    delay: float = column("s", "from the input's begin to the first firing; NaN without")
    peak: float = column("A", "largest current")


class Weight(Row):
    """One synapse after an input, or before the first one."""

    cycle: int = column(doc="number of the inputs before this reading")
    row: int = column(doc="number of the row, from 1")
    line: int = column(doc="number of the column, from 1")
    conductance: float = column("S", "its conductance")


class Unsupervised2x2(Protocol):
    """Give the rows the pattern 10 and then 11, and see which neurons fire and which synapses grow by that."""

    name: ClassVar[str] = "unsupervised-2x2"
    title: ClassVar[str] = "Unsupervised learning, 2 x 2"
    source: ClassVar[str] = "NEURON-H: Wang et al., Nat. Electron. 1, 137 (2018), Fig. 4"
    station: ClassVar[str] = "neuron-2x2"
    device: ClassVar[str] = "Crossbar"
    purpose: ClassVar[str] = "Neurons"
    rows: ClassVar[tuple[type[Row], ...]] = (Course, Firing, Weight)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Course, "time", "current", "Current through the neurons", group="neuron"),
        Trace(Weight, "cycle", "conductance", "Synapses", group="line"),
    )

    shape: Literal["triangle", "spikes"] = Field(
        default="triangle", description="what a row that is on gets: a triangle for a large capacitor, or spikes"
    )
    amplitude: Volts = Field(default=0.9, gt=0.0, le=2.0, description="height of the input")
    width: Seconds = Field(default=4e-3, ge=10e-6, le=1.0, description="of the triangle, or of a spike")
    interval: Seconds = Field(default=200e-6, ge=1e-6, le=1.0, description="between two spikes")
    spikes: Count = Field(default=6, le=200, description="spikes of an input")
    rest: Seconds = Field(default=1e-3, ge=0.0, le=1.0, description="recorded after the input")
    repeats: Count = Field(default=1, le=100, description="inputs of each pattern")
    fire_level: Amps = Field(default=5e-6, gt=0.0, le=1e-2, description="current above which a neuron has fired")
    sampling: Seconds = Field(default=4e-6, ge=10e-9, le=1e-3, description="between two samples of the currents")
    read_voltage: Volts = Field(default=0.1, gt=0.0, le=0.3, description="at which synapses are read")

    def plan(self, array: MultiChannelFastIV) -> Plan:
        """Return what a run will do; refuse an array of another size."""
        for kind in ("row", "neuron", "column"):
            if len(found := array_lines.names(array, kind)) != 2:
                raise ConfigError(f"this needs 2 lines {kind}..., but the station's array has {len(found)}")
        inputs = len(PATTERNS) * self.repeats
        seconds = float(self._shape.times[-1])
        return Plan(
            duration=inputs * (seconds + 3 * CALL_TIME) + 2 * CALL_TIME,
            pulses_per_device=inputs * (1 if self.shape == "triangle" else self.spikes),
            voltage=self.amplitude,
            current=self.amplitude / ON_RESISTANCE,
            charge=inputs * seconds * self.amplitude * HIGHEST_WEIGHT,
            work=inputs,
        )

    def run(self, array: MultiChannelFastIV, clock: Clock, resume: Step | None = None) -> Steps:
        """Read the synapses, then give each pattern and read them again; each input is a step."""
        rows, neurons = array_lines.names(array, "row"), array_lines.names(array, "neuron")
        inputs = [pattern for pattern in PATTERNS for _ in range(self.repeats)]
        already = resume.done if resume else 0
        if not already:
            yield from self._weights(0, array_lines.read_weights(array, self.read_voltage))
        for cycle in range(already, len(inputs)):
            pattern = inputs[cycle]
            heights = {row: self.amplitude * int(bit) for row, bit in zip(rows, pattern, strict=True)}
            times, currents = array_lines.present(array, self._shape, heights, neurons, self.sampling)
            levels = self.amplitude * np.interp(times, *self._shape)
            for number, name in enumerate(neurons, 1):
                found = array_lines.firing(times, currents[name], self.fire_level)
                yield Course.block(
                    cycle=cycle, pattern=pattern, neuron=number, time=times, input=levels, current=currents[name]
                )
                yield Firing(
                    cycle=cycle, pattern=pattern, neuron=number, fired=not np.isnan(found.time), delay=found.time,
                    peak=found.peak,
                )  # fmt: skip
            yield from self._weights(cycle + 1, array_lines.read_weights(array, self.read_voltage))
            yield Step(cycle + 1, len(inputs))

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return which neurons fired at each pattern, and by how much each synapse grew."""
        return neuron_array.unsupervised_2x2(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw inputs, currents and the synapses before and after each pattern."""
        from labctl.figures.neuron_array import draw_2x2

        return draw_2x2(run)

    @property
    def _shape(self) -> Shape:
        if self.shape == "triangle":
            return array_lines.triangle(self.width, self.rest)
        return array_lines.spikes(self.width, self.interval, self.spikes, self.rest)

    def _weights(self, cycle: int, siemens: Floats) -> Steps:
        for (row, line), value in np.ndenumerate(siemens):
            yield Weight(cycle=cycle, row=row + 1, line=line + 1, conductance=float(value))
