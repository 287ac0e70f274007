"""Unsupervised learning with lateral inhibition by 8 x 3 synapses and three neurons (NEURON-J)."""

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from labctl import array_lines
from labctl.analysis import neuron_array
from labctl.analysis.neuron_array import PAIRS
from labctl.array_lines import CALL_TIME, ON_RESISTANCE
from labctl.capabilities import Floats, MultiChannelFastIV
from labctl.errors import ConfigError
from labctl.plots import Plot, Trace
from labctl.protocol import Amps, Count, Note, Plan, Protocol, Seconds, Step, Steps, Volts
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HIGHEST_WEIGHT = 150e-6
"""S, for the plan's charge; *assumed*."""


class Attempt(Row):
    """One triangle at one amplitude, until a neuron fires."""

    cycle: int = column(doc="number of the pattern, from 0")
    amplitude: float = column("V", "height of the largest input")
    neuron: int = column(doc="number of the neuron, from 1")
    delay: float = column("s", "from the input's begin to the firing; NaN without")
    peak: float = column("A", "largest current through the neuron")


class Cycle(Row):
    """One pattern: what it was, and who won."""

    cycle: int = column(doc="number of the pattern, from 0")
    letter: str = column(doc="the letter that it was made of")
    amplitude: float = column("V", "height of the largest input at which a neuron fired")
    winner: int = column(doc="number of the neuron that fired first, from 1; 0 for none")
    fired: int = column(doc="how many neurons fired at that amplitude")
    input1: float = column(doc="input of rows 1 and 2, in parts of the largest")
    input2: float = column(doc="input of rows 3 and 4")
    input3: float = column(doc="input of rows 5 and 6")
    input4: float = column(doc="input of rows 7 and 8")


class Weight(Row):
    """The mean of the two synapses of one pair of rows."""

    cycle: int = column(doc="number of the patterns before this reading")
    neuron: int = column(doc="number of the neuron, from 1")
    pair: int = column(doc="number of the pair of rows, from 1")
    conductance: float = column("S", "mean conductance of the two synapses")


class Unsupervised8x3(Protocol):
    """Let three neurons compete for patterns; the first to fire learns, the others are floated meanwhile."""

    name: ClassVar[str] = "unsupervised-8x3"
    title: ClassVar[str] = "Unsupervised learning with lateral inhibition, 8 x 3"
    source: ClassVar[str] = "NEURON-J: Wang et al., Nat. Electron. 1, 137 (2018), Fig. 6"
    station: ClassVar[str] = "neuron-8x3"
    device: ClassVar[str] = "Crossbar"
    purpose: ClassVar[str] = "Neurons"
    rows: ClassVar[tuple[type[Row], ...]] = (Attempt, Cycle, Weight)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Cycle, "cycle", "amplitude", "Amplitude at the first firing"),
        Trace(Weight, "cycle", "conductance", "Synapses", group="neuron"),
    )

    patterns: Count = Field(default=30, le=1000, description="patterns, drawn from the letters U, M, A, S")
    background: float = Field(
        default=0.35, ge=0.0, lt=1.0, description="input of what is off, in parts of what is on; assumed"
    )
    noise: float = Field(default=0.05, ge=0.0, le=0.5, description="sd of the noise added to each input; assumed")
    start: Volts = Field(default=0.5, gt=0.0, le=1.5, description="height of the largest input at first")
    step: Volts = Field(default=0.02, gt=0.0, le=0.5, description="by which it rises until a neuron fires")
    highest: Volts = Field(default=1.4, gt=0.0, le=1.8, description="where it ends, fired or not")
    width: Seconds = Field(default=500e-6, ge=10e-6, le=0.1, description="of a triangle")
    rest: Seconds = Field(default=500e-6, ge=0.0, le=0.1, description="between two triangles")
    training: Count = Field(default=5, le=1000, description="triangles that the winner gets alone")
    overdrive: float = Field(default=1.25, ge=1.0, le=2.0, description="of these, in parts of the firing amplitude")
    low: float = Field(default=0.6, gt=0.0, lt=1.0, description="inputs below this part of the largest are inactive")
    reset: Volts = Field(default=0.85, gt=0.0, le=2.0, description="height of the RESET pulse of inactive synapses")
    reset_width: Seconds = Field(default=100e-6, ge=5e-6, le=0.1, description="of the RESET pulse")
    fire_level: Amps = Field(default=200e-6, gt=0.0, le=1e-2, description="current above which a neuron has fired")
    sampling: Seconds = Field(default=2e-6, ge=10e-9, le=1e-3, description="between two samples of the currents")
    read_voltage: Volts = Field(default=0.1, gt=0.0, le=0.3, description="at which synapses are read")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.start >= self.highest:
            raise ValueError(f"start ({self.start:g} V) must be below highest ({self.highest:g} V)")
        return self

    def plan(self, array: MultiChannelFastIV) -> Plan:
        """Return what a run will do; refuse an array of another size."""
        for kind, count in (("row", 4), ("neuron", 3), ("column", 3)):
            if len(found := array_lines.names(array, kind)) != count:
                raise ConfigError(f"this needs {count} lines {kind}..., but the station's array has {len(found)}")
        most = int((self.highest - self.start) / self.step) + 2 + self.training
        highest = max(self.overdrive * self.highest, self.reset)
        return Plan(
            duration=self.patterns * (0.4 * most * (self.width + self.rest + CALL_TIME) + 5 * CALL_TIME),
            pulses_per_device=self.patterns * (most + 1),
            voltage=highest,
            current=self.overdrive * self.highest / ON_RESISTANCE,
            charge=self.patterns * most * highest * HIGHEST_WEIGHT * self.width,
            work=self.patterns,
        )

    def run(self, array: MultiChannelFastIV, rng: np.random.Generator, resume: Step | None = None) -> Steps:
        """Present each pattern until a neuron fires, let the winner learn, read the synapses; a pattern is a step."""
        letters, inputs = self._inputs(rng)
        already = resume.done if resume else 0
        if not already:
            yield from self._weights(array, 0)
        for cycle in range(already, self.patterns):
            amplitude, fired, attempts = self._raise(array, cycle, inputs[cycle])
            yield from attempts
            winner = min(fired, key=lambda number: fired[number]) if fired else 0
            if winner:
                self._learn(array, inputs[cycle], amplitude, winner)
            else:
                yield Note(f"pattern {cycle + 1}: no neuron fired up to {self.highest:g} V")
            values = {f"input{number}": float(part) for number, part in enumerate(inputs[cycle], 1)}
            yield Cycle(
                cycle=cycle, letter=letters[cycle], amplitude=amplitude, winner=winner, fired=len(fired), **values
            )
            yield from self._weights(array, cycle + 1)
            yield Step(cycle + 1, self.patterns)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return which prototypes the neurons have learned, after how many patterns, and how the amplitude fell."""
        return neuron_array.unsupervised_8x3(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the synapses of each neuron over the patterns, the winners and the amplitude."""
        from labctl.figures.neuron_array import draw_8x3

        return draw_8x3(run)

    def _inputs(self, rng: np.random.Generator) -> tuple[list[str], Floats]:
        """Return the letters, and their inputs (patterns, 4) scaled to a largest of 1."""
        letters = [str(letter) for letter in rng.choice(list(PAIRS), self.patterns)]
        on = np.array([[int(bit) for bit in PAIRS[letter]] for letter in letters], dtype=np.float64)
        noisy = self.background + (1.0 - self.background) * on + rng.normal(0.0, self.noise, on.shape)
        clipped = np.maximum(noisy, 0.0)
        return letters, clipped / clipped.max(axis=1, keepdims=True)

    def _heights(self, array: MultiChannelFastIV, inputs: Floats, amplitude: float) -> dict[str, float]:
        return {
            row: amplitude * part for row, part in zip(array_lines.names(array, "row"), inputs.tolist(), strict=True)
        }

    def _raise(
        self, array: MultiChannelFastIV, cycle: int, inputs: Floats
    ) -> tuple[float, dict[int, float], list[Attempt]]:
        """Raise the amplitude until a neuron fires; return it, and when each neuron fired that did."""
        neurons = array_lines.names(array, "neuron")
        shape = array_lines.triangle(self.width, self.rest)
        fired: dict[int, float] = {}
        attempts, amplitude = [], self.start
        while True:
            times, currents = array_lines.present(
                array, shape, self._heights(array, inputs, amplitude), neurons, self.sampling
            )
            for number, name in enumerate(neurons, 1):
                found = array_lines.firing(times, currents[name], self.fire_level)
                if not np.isnan(found.time):
                    fired[number] = found.time
                attempts.append(Attempt(cycle, amplitude, number, found.time, found.peak))
            if fired or amplitude + self.step > self.highest:
                return amplitude, fired, attempts
            amplitude += self.step

    def _learn(self, array: MultiChannelFastIV, inputs: Floats, amplitude: float, winner: int) -> None:
        """Let the winner fire alone, then reset its synapses whose input was low.

        While they are reset the other column lines are held at half the pulse, so that no other synapse sees more.
        """
        neuron = array_lines.names(array, "neuron")[winner - 1]
        shape = array_lines.triangle(self.width, self.rest)
        heights = self._heights(array, inputs, self.overdrive * amplitude)
        for _ in range(self.training):
            array_lines.present(array, shape, heights, (neuron,), array_lines.on_grid(self.width / 20.0))
        rows, columns = array_lines.names(array, "row"), array_lines.names(array, "column")
        resets = {row: -self.reset * (part < self.low) for row, part in zip(rows, inputs.tolist(), strict=True)}
        held = {name: (0.0 if number == winner else -0.5 * self.reset) for number, name in enumerate(columns, 1)}
        array_lines.pulse_rows(array, resets, held, self.reset_width)

    def _weights(self, array: MultiChannelFastIV, cycle: int) -> Steps:
        for (pair, line), value in np.ndenumerate(array_lines.read_weights(array, self.read_voltage)):
            yield Weight(cycle=cycle, neuron=line + 1, pair=pair + 1, conductance=float(value) / 2.0)
