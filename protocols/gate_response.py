"""Conductance after RESET and SET against the gate voltage of the SET: what every gate-tuned scheme stands on."""

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import gate_response
from labctl.capabilities import CellArray, Floats, LinePulse
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import ArrayMap, CumulativeDistribution, Plot, Trace
from labctl.protocol import Count, Plan, Protocol, Step, Steps, Volts
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData
from labctl.updates.gates import GatePulses
from protocols.updating import CELL_SECONDS, FULL_RESET, FULL_SET, REQUEST_SECONDS, check_gate_pulses

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Response(Row):
    """One cell after one RESET and one SET."""

    time: float = column("s", "time since the run began")
    cell: int = column(doc="linear index of the cell over all arrays")
    turn: int = column(doc="number of the sweep over the gate voltages, from 0")
    step: int = column(doc="number of the gate voltage, from 0")
    gate: float = column("V", "gate voltage of the SET")
    conductance: float = column("S", "conductance read right after it")


class Sweep(Row):
    """All cells at one gate voltage."""

    time: float = column("s", "time since the run began")
    turn: int = column(doc="number of the sweep over the gate voltages, from 0")
    gate: float = column("V", "gate voltage of the SET")
    mean: float = column("S", "mean conductance of the cells")
    std: float = column("S", "sd of the cells")


class GateResponse(Protocol):
    """Reset and set cells at one gate voltage after another, several times over, and fit each cell's slope."""

    name: ClassVar[str] = "gate-response"
    title: ClassVar[str] = "Conductance against gate voltage"
    source: ClassVar[str] = "EAPU-B: Nat. Commun. 16, 11494 (2025)"
    station: ClassVar[str] = "eapu-array"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Switching"
    rows: ClassVar[tuple[type[Row], ...]] = (Response, Sweep)
    plots: ClassVar[tuple[Plot, ...]] = (
        CumulativeDistribution(Response, "conductance", "step", "Distribution at each gate voltage"),
        ArrayMap(Response, "cell", "conductance", "Conductance map"),
        Trace(Sweep, "gate", "mean", "Mean conductance", group="turn"),
    )

    array: int = Field(default=0, ge=0, description="array that the cells are drawn from")
    cells: Count = Field(default=256, description="cells drawn at random")
    lowest_gate: Volts = Field(default=1.0, ge=0.0, le=5.0, description="first gate voltage")
    highest_gate: Volts = Field(default=1.7, ge=0.0, le=5.0, description="last gate voltage")
    gates: int = Field(default=8, ge=2, le=256, description="evenly spaced gate voltages")
    turns: int = Field(default=4, ge=1, le=1000, description="sweeps over the gate voltages")
    read_voltage: Volts = Field(default=0.2, gt=0.0, le=0.3, description="at which conductances are read")
    averages: int = Field(default=4, ge=1, le=1000, description="reads averaged for each read")
    reset_pulse: LinePulse = Field(default=FULL_RESET, description="leads a cell to its lowest conductance")
    set_pulse: LinePulse = Field(default=FULL_SET, description="SET; its word line is the gate voltage")

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_gate_pulses(self.reset_pulse, self.set_pulse)
        if self.lowest_gate >= self.highest_gate:
            raise ValueError(
                f"lowest_gate ({self.lowest_gate:g} V) must be below highest_gate ({self.highest_gate:g} V)"
            )
        if self.gates * self.turns < 3:
            raise ValueError(
                f"a line needs 3 readings of a cell, but {self.gates} gates x {self.turns} turns are fewer"
            )
        return self

    def voltages(self) -> Floats:
        """Return the (gates,) gate voltages, in V, on the board's steps of 1 mV."""
        return np.round(np.linspace(self.lowest_gate, self.highest_gate, self.gates), 3)

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse an array or cells that are not there."""
        geometry = array.geometry
        if self.array >= geometry.arrays:
            raise ConfigError(f"array is {self.array}, but the arrays are 0 to {geometry.arrays - 1}")
        if self.cells > geometry.cells_per_array:
            raise ConfigError(f"cells is {self.cells}, but an array has {geometry.cells_per_array}")
        highest = self.set_pulse.model_copy(update={"word_line": self.highest_gate})
        across = max(abs(self.reset_pulse.device_voltage), self.set_pulse.device_voltage)
        cycles = self.gates * self.turns
        current = across * gate_response.EXPECTED_SLOPE * self.highest_gate
        return Plan(
            duration=cycles * 2 * (-(-self.cells // 64) * REQUEST_SECONDS + self.cells * CELL_SECONDS),
            pulses_per_device=2 * cycles,
            voltage=max(self.reset_pulse.highest_voltage, highest.highest_voltage),
            device_voltage=across,
            current=current,
            charge=cycles * current * (self.reset_pulse.width + self.set_pulse.width),
            work=cycles,
        )

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Sweep the gate voltage, turn after turn; each voltage is a step."""
        first = self.array * array.geometry.cells_per_array
        cells = first + rng.choice(array.geometry.cells_per_array, self.cells, replace=False).astype(np.int64)
        pulses = GatePulses(array, self.reset_pulse, self.set_pulse, self.read_voltage, self.averages)
        total = self.gates * self.turns
        for done in range(resume.done if resume else 0, total):
            turn, step = divmod(done, self.gates)
            gate = float(self.voltages()[step])
            conductances = pulses.cycle(cells, np.full(self.cells, gate))
            yield Response.block(
                time=clock.now(), cell=cells, turn=turn, step=step, gate=gate, conductance=conductances
            )
            spread = float(conductances.std())
            yield Sweep(time=clock.now(), turn=turn, gate=gate, mean=float(conductances.mean()), std=spread)
            yield Step(done + 1, total)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return each cell's slope and offset with 95 % intervals, and the spread from cycle to cycle."""
        return gate_response.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the conductances against the gate voltage, and the slopes of the cells."""
        from labctl.figures.gate_response import draw

        return draw(run)
