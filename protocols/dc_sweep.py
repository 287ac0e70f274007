"""D.c. current-voltage sweeps of one 1T1R cell: SET up to one voltage, RESET down to another (CNN-E, DDK-A)."""

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import iv
from labctl.capabilities import BiasSource, Floats, SourceMeter
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import Plot, Trace
from labctl.protocol import Amps, Count, Plan, Protocol, Seconds, Siemens, Step, Steps, Volts
from labctl.results import Results
from labctl.rows import Block, Row, column
from labctl.runfile.reader import RunData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SET, RESET = 0, 1
GATE_COMPLIANCE = 1e-6
"""Of the gate's source, in A; *assumed*: a gate draws nothing."""
POINT_SECONDS = 3e-3
"""Of one point beside its delay and its integration, for the estimate of the duration; *assumed*."""
LINE_PERIOD = 0.02
"""Of the mains, in s, for the estimate of the duration."""


class Point(Row):
    """One point of a sweep."""

    time: float = column("s", "time since the run began, at the end of the sweep")
    cycle: int = column(doc="number of the cycle, from 0")
    kind: int = column(doc="0 SET sweep, 1 RESET sweep")
    back: bool = column(doc="whether it is on the way back to 0")
    point: int = column(doc="number of the point in its sweep")
    sweep: int = column(doc="number of the sweep since the run began")
    voltage: float = column("V", "voltage that was forced on the drain")
    current: float = column("A", "measured current")
    in_compliance: bool = column(doc="whether the limit held the source")


class DcSweep(Protocol):
    """Sweep the drain of one 1T1R cell up and back to SET it, then down and back to RESET it, the gate held."""

    name: ClassVar[str] = "dc-sweep"
    title: ClassVar[str] = "D.c. sweeps of one cell"
    source: ClassVar[str] = (
        "CNN-E: Yao et al., Nature 577, 641 (2020), Extended Data; DDK-A: Nat. Commun. 16, 913 (2025)"
    )
    station: ClassVar[str] = "rram-cell"
    device: ClassVar[str] = "RRAM cell"
    purpose: ClassVar[str] = "Switching"
    rows: ClassVar[tuple[type[Row], ...]] = (Point,)
    plots: ClassVar[tuple[Plot, ...]] = (Trace(Point, "voltage", "current", "Current-voltage curve", group="sweep"),)

    set_stop: Volts = Field(default=1.6, gt=0.0, le=5.0, description="highest voltage of the SET sweep")
    reset_stop: Volts = Field(default=-1.4, ge=-5.0, lt=0.0, description="lowest voltage of the RESET sweep")
    step: Volts = Field(default=0.02, ge=1e-3, le=0.5, description="between two points")
    gate_set: Volts = Field(default=1.2, ge=0.0, le=5.0, description="gate in SET sweeps; limits the current")
    gate_reset: Volts = Field(default=1.2, ge=0.0, le=5.0, description="gate in RESET sweeps")
    compliance: Amps = Field(default=500e-6, ge=1e-9, le=0.1, description="current limit of the drain's source")
    delay: Seconds = Field(default=8e-3, ge=0.0, le=10.0, description="from each new voltage to its measurement")
    nplc: float = Field(default=0.1, ge=0.01, le=10.0, description="integration of a measurement, in mains periods")
    cycles: Count = Field(default=10, description="SET sweeps, each with a RESET sweep after it")
    reset_first: bool = Field(default=True, description="begin with a RESET sweep that is not counted as a cycle")
    read_voltage: Volts = Field(default=0.2, gt=0.0, le=0.5, description="at which the states are compared")
    expected: Siemens = Field(
        default=60e-6, gt=0.0, le=0.1, description="conductance of the low state, for the estimate of the current"
    )

    @model_validator(mode="after")
    def _check_sweeps(self) -> Self:
        for name, stop in (("set_stop", self.set_stop), ("reset_stop", self.reset_stop)):
            if abs(stop) < 4.0 * self.step:
                raise ValueError(f"{name} is to be at least four steps of {self.step:g} V away from 0")
        if self.read_voltage >= min(self.set_stop, -self.reset_stop):
            raise ValueError(f"read_voltage ({self.read_voltage:g} V) must be below both ends of the sweeps")
        return self

    def voltages(self, kind: int) -> Floats:
        """Return the (n,) voltages of a sweep, 0 to its end and back."""
        stop = self.set_stop if kind == SET else self.reset_stop
        up = np.linspace(0.0, stop, max(2, round(abs(stop) / self.step) + 1))
        return np.concatenate([up, up[-2::-1]])

    def plan(self, analyzer: SourceMeter, gate: BiasSource) -> Plan:
        """Return what a run will do; refuse a station whose gate nothing drives."""
        if not gate.has_bias:
            raise ConfigError("the gate has no source of its own: name its SMU in the station file (bias_smu)")
        points = len(self.voltages(SET)) + len(self.voltages(RESET))
        each = self.delay + self.nplc * LINE_PERIOD + POINT_SECONDS
        highest = max(self.set_stop, -self.reset_stop)
        current = min(self.compliance, highest * self.expected)
        return Plan(
            duration=self.cycles * points * each,
            pulses_per_device=2 * self.cycles,
            voltage=max(highest, self.gate_set, self.gate_reset),
            device_voltage=highest,
            current=current,
            charge=self.cycles * points * each * current,
            work=2 * self.cycles,
        )

    def run(self, analyzer: SourceMeter, gate: BiasSource, clock: Clock, resume: Step | None = None) -> Steps:
        """Sweep after sweep; each is a step. The gate goes back to its idle policy at the end, whatever ends it."""
        already, total = resume.done if resume else 0, 2 * self.cycles
        try:
            if self.reset_first and not already:
                self._sweep(analyzer, gate, RESET)
            for number in range(already, total):
                yield self._sweep(analyzer, gate, number % 2, clock, number)
                yield Step(number + 1, total)
        finally:
            gate.release_bias()

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return the switching voltages, currents and states, with their spread from cycle to cycle."""
        return iv.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the curves of all cycles and the distribution of the switching voltages."""
        from labctl.figures.iv import draw

        return draw(run)

    def _sweep(
        self, analyzer: SourceMeter, gate: BiasSource, kind: int, clock: Clock | None = None, number: int = 0
    ) -> Block:
        gate.hold_bias(self.gate_set if kind == SET else self.gate_reset, compliance=GATE_COMPLIANCE)
        voltages = self.voltages(kind)
        readings = analyzer.sweep_voltage(voltages, compliance=self.compliance, delay=self.delay, nplc=self.nplc)
        points = np.arange(len(voltages))
        return Point.block(
            time=clock.now() if clock else 0.0, cycle=number // 2, kind=kind, back=points > len(voltages) // 2,
            point=points, sweep=number, voltage=voltages, current=readings.currents,
            in_compliance=readings.in_compliance,
        )  # fmt: skip
