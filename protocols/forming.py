"""Forming of a fresh cell: the voltage goes up until the current jumps, under a current limit."""

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from labctl.analysis import forming
from labctl.capabilities import BiasSource, Floats, SmuReadings, SourceMeter
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import Plot, Trace
from labctl.protocol import Amps, Note, Plan, Protocol, Siemens, Step, Steps, Volts
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GATE_COMPLIANCE = 1e-6
"""Of the gate's source, in A; *assumed*: a gate draws nothing."""
POINT_SECONDS = 30e-3
"""Of one voltage, for the estimate of the duration; *assumed*."""
BEFORE, DURING, AFTER = 0, 1, 2


class Point(Row):
    """One voltage and its current."""

    time: float = column("s", "time since the run began")
    phase: int = column(doc="0 read before, 1 forming, 2 read after")
    point: int = column(doc="number of the voltage")
    voltage: float = column("V", "voltage that was forced on the drain")
    current: float = column("A", "measured current")
    in_compliance: bool = column(doc="whether the limit held the source")


class Forming(Protocol):
    """Raise the voltage on a fresh cell step by step until its current jumps or is limited, and stop there."""

    name: ClassVar[str] = "forming"
    title: ClassVar[str] = "Forming with a current limit"
    source: ClassVar[str] = (
        "a step that fresh cells need before CNN-E; not described in Yao et al., Nature 577, 641 (2020)"
    )
    station: ClassVar[str] = "rram-cell-fresh"
    device: ClassVar[str] = "RRAM cell"
    purpose: ClassVar[str] = "Switching"
    rows: ClassVar[tuple[type[Row], ...]] = (Point,)
    plots: ClassVar[tuple[Plot, ...]] = (Trace(Point, "voltage", "current", "Forming", log_y=True, group="phase"),)

    start: Volts = Field(default=1.0, gt=0.0, le=10.0, description="first voltage")
    stop: Volts = Field(default=3.6, gt=0.0, le=10.0, description="last voltage, if nothing happens")
    step: Volts = Field(default=0.05, ge=1e-3, le=1.0, description="between two voltages")
    gate: Volts = Field(default=2.0, ge=0.0, le=5.0, description="gate during the forming")
    compliance: Amps = Field(default=30e-6, ge=1e-9, le=0.1, description="current limit of the drain's source")
    jump: float = Field(default=10.0, gt=1.0, le=1e6, description="growth of the conductance in a step that is a jump")
    nplc: float = Field(default=1.0, ge=0.01, le=10.0, description="integration of a measurement, in mains periods")
    read_voltage: Volts = Field(default=0.2, gt=0.0, le=0.5, description="of the reads before and after")
    formed_from: Siemens = Field(
        default=80e-9, gt=0.0, le=1.0, description="conductance from which a cell counts as formed"
    )

    @model_validator(mode="after")
    def _check_ends(self) -> Self:
        if self.start >= self.stop:
            raise ValueError(f"start ({self.start:g} V) must be below stop ({self.stop:g} V)")
        return self

    def voltages(self) -> Floats:
        """Return the (n,) voltages that are tried, rising."""
        return np.linspace(self.start, self.stop, max(2, round((self.stop - self.start) / self.step) + 1))

    def plan(self, analyzer: SourceMeter, gate: BiasSource) -> Plan:
        """Return what a run will do at most; refuse a station whose gate nothing drives."""
        if not gate.has_bias:
            raise ConfigError("the gate has no source of its own: name its SMU in the station file (bias_smu)")
        points = len(self.voltages())
        return Plan(
            duration=(points + 2) * POINT_SECONDS,
            pulses_per_device=points,
            voltage=max(self.stop, self.gate),
            device_voltage=self.stop,
            current=self.compliance,
            charge=points * POINT_SECONDS * self.compliance,
            work=2,
        )

    def run(self, analyzer: SourceMeter, gate: BiasSource, clock: Clock, resume: Step | None = None) -> Steps:
        """Read, form unless the cell is formed already, and read again; a resumed run begins with a new read."""
        gate.hold_bias(self.gate, compliance=GATE_COMPLIANCE)
        try:
            before = self._measure(analyzer, self.read_voltage)
            yield self._point(clock, BEFORE, 0, before)
            if resume is None:
                yield Step(1, 2)
            if before.currents[0] / self.read_voltage >= self.formed_from:
                yield Note("the cell is formed already: nothing is done")
            else:
                yield from self._form(analyzer, clock, float(before.currents[0]) / self.read_voltage)
            yield self._point(clock, AFTER, 0, self._measure(analyzer, self.read_voltage))
            yield Step(2, 2)
        finally:
            gate.release_bias()

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return whether, at which voltage and to which conductance the cell was formed."""
        return forming.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the current against the voltage."""
        from labctl.figures.iv import draw_forming

        return draw_forming(run)

    def _form(self, analyzer: SourceMeter, clock: Clock, conductance: float) -> Steps:
        for number, voltage in enumerate(self.voltages().tolist()):
            readings = self._measure(analyzer, voltage)
            yield self._point(clock, DURING, number, readings)
            fresh = float(readings.currents[0]) / voltage
            jumped = fresh > self.jump * max(conductance, 1e-12) and fresh >= self.formed_from
            if jumped or readings.in_compliance[0]:
                yield Note(f"the current jumped at {voltage:.3g} V")
                return
            conductance = fresh
        yield Note(f"no jump up to {self.stop:g} V")

    def _measure(self, analyzer: SourceMeter, voltage: float) -> SmuReadings:
        return analyzer.measure_current(voltage, compliance=self.compliance, nplc=self.nplc)

    @staticmethod
    def _point(clock: Clock, phase: int, number: int, readings: SmuReadings) -> Point:
        return Point(
            time=clock.now(), phase=phase, point=number, voltage=float(readings.voltages[0]),
            current=float(readings.currents[0]), in_compliance=bool(readings.in_compliance[0]),
        )  # fmt: skip
