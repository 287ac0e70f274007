"""What the measurements of phase-change cells have in common: the paper's pulses, and how cells are read."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from labctl.analysis.switching import FRESH, RESET, SET
from labctl.capabilities import Floats, Pulse, PulseSource, SmuReadings, SourceMeter
from labctl.clock import Clock
from labctl.errors import LimitError
from labctl.protocol import Amps, Ohms, Plan, Protocol, Steps, Volts
from labctl.rows import Block, Row, column
from labctl.units import format_quantity

READING = 0.06
"""Time in s of one reading of the source meter, for the estimate of the duration; *assumed* (1 power line cycle)."""
FASTER = 1.5
"""From this ratio of the source meter's time to ours on, it is taken that the lab's clock runs faster; *assumed*."""
WRITING = 0.02
"""Time in s of one write, for the estimate of the duration; *assumed*."""


class Read(Row):
    """One resistance read."""

    time: float = column("s", "time since the run began, at the read")
    cell: int = column(doc="number of the cell")
    switch: int = column(doc="number of the switching that it follows, from 1; 0 before the first")
    state: int = column(doc="0 fresh, 1 after SET, 2 after RESET")
    capture: int = column(doc="number of the capture of drift that it belongs to, from 1; 0 for none")
    read: int = column(doc="number of the read in a row, from 0 right after the pulse")
    age: float = column("s", "time since the end of the last pulse")
    resistance: float = column("ohm", "resistance; infinite where none or too much current was read")
    current: float = column("A", "current")
    in_compliance: bool = column(doc="whether the compliance held the source: the read is no measurement")


class PcmProtocol(Protocol):
    """A measurement of a phase-change cell: a generator writes, a source meter reads."""

    device: ClassVar[str] = "PCM cell"
    station: ClassVar[str] = "pcm-cell"

    reset_pulse: Pulse = Field(
        default=Pulse(height=5.0, rise=5e-9, width=60e-9, fall=5e-9), description="melts and quenches: high resistance"
    )
    set_pulse: Pulse = Field(
        default=Pulse(height=3.0, rise=5e-9, width=400e-9, fall=300e-9), description="crystallises: low resistance"
    )
    read_voltage: Volts = Field(
        default=0.2, gt=0.0, le=10.0, description="at which resistances are read; assumed, below the paper's read pulse"
    )
    compliance: Amps = Field(default=1e-4, gt=0.0, le=1.0, description="highest current of a read")
    nplc: float = Field(default=1.0, ge=0.001, le=25.0, description="integration of a read, in cycles of the mains")
    lowest_resistance: Ohms = Field(
        default=1e3, gt=0.0, le=1e9, description="of the cell during a pulse, for the estimate of the current; assumed"
    )

    def planned(
        self, pulser: PulseSource, *, duration: float, pulses: int, work: int, others: tuple[Pulse, ...] = ()
    ) -> Plan:
        """Return the plan of ``pulses`` pulses in ``duration`` s; refuse pulses that make no sense or cannot be given.

        Raises:
            LimitError: A pulse that the generator cannot give, or a read as strong as a pulse.
        """
        written = (self.reset_pulse, self.set_pulse)
        for pulse in (*written, *others):
            pulser.check_pulses(pulse)
        weakest = min(abs(pulse.height) for pulse in written)
        if self.read_voltage >= weakest:
            read, least = format_quantity(self.read_voltage, "V"), format_quantity(weakest, "V")
            raise LimitError(f"read_voltage is {read}, but a read must stay below the weakest pulse ({least})")
        highest = max(abs(pulse.height) for pulse in (*written, *others))
        current = max(highest / self.lowest_resistance, self.compliance)
        longest = max(pulse.duration for pulse in (*written, *others))
        return Plan(
            duration=duration,
            pulses_per_device=pulses,
            voltage=max(highest, self.read_voltage),
            current=current,
            charge=pulses * longest * current + duration * self.compliance,
            work=work,
        )


class Cell:
    """One cell under the two instruments: writes and reads it, and keeps count and time.

    Args:
        protocol: The pulses and how to read.
        pulser: Writes.
        smu: Reads.
        clock: The run's.
        number: Of the cell, for its rows.
        switch: Switchings so far.
    """

    def __init__(
        self, protocol: PcmProtocol, pulser: PulseSource, smu: SourceMeter, clock: Clock, *, number: int = 0,
        switch: int = 0,
    ) -> None:  # fmt: skip
        self.switch = switch
        self._protocol, self._pulser, self._smu, self._clock = protocol, pulser, smu, clock
        self._number = number
        self._state = FRESH
        self._written = clock.now()
        self._rate = 1.0

    def write(self, state: int) -> None:
        """SET or RESET it."""
        self._pulser.send_pulses(self._protocol.set_pulse if state == SET else self._protocol.reset_pulse)
        self.mark(state)

    def mark(self, state: int, switchings: int = 1) -> None:
        """Note that it has just been written by other means."""
        self._written = self._clock.now()
        self._state = state
        self.switch += switchings

    def read(self, count: int, interval: float = 0.0) -> Block:
        """Read ``count`` times, ``interval`` (s) apart as the source meter times it."""
        waited, readings, lead = self._measure(count, interval)
        return self._rows(readings, waited + lead)

    def follow(self, capture: int, reads: int, interval: float, block: int) -> Steps:
        """Read once now and ``reads`` times ``interval`` (s) apart, in blocks.

        Within a block the source meter keeps the time, and a block begins with a read right after the one before: only
        short times rest on our clock.
        """
        done, before = 0, 0.0
        while done < reads:
            taken = min(block, reads - done)
            waited, readings, lead = self._measure(taken + 1, interval)
            first = waited + lead if done == 0 else before + lead
            rows = self._rows(readings, first, capture=capture, number=done)
            yield rows if done == 0 else Block(rows.row_type, rows.rows[1:])
            before = first + float(readings.times[-1]) + lead
            done += taken

    def _measure(self, count: int, interval: float) -> tuple[float, SmuReadings, float]:
        """Read; return the time from the last pulse to the call, the readings, and the time from the call to the first.

        The latter is to the middle of the reading: half of what the readings do not explain. A lab whose clock runs
        faster than ours, a served simulation, shows it by readings that span more than our clock does: our times are
        then stretched to its own.
        """
        of, began = self._protocol, self._clock.now()
        readings = self._smu.measure_repeatedly(
            of.read_voltage, count, compliance=of.compliance, interval=interval, nplc=of.nplc
        )
        elapsed, span = self._clock.now() - began, float(readings.times[-1])
        if span > FASTER * elapsed:
            self._rate = max(span / max(elapsed, 1e-9), 1.0)
        return (began - self._written) * self._rate, readings, max(elapsed * self._rate - span, 0.0) / 2.0

    def _rows(self, readings: SmuReadings, first: float, *, capture: int = 0, number: int = 0) -> Block:
        ages = first + readings.times
        return Read.block(
            time=self._written + ages,
            cell=self._number,
            switch=self.switch,
            state=self._state,
            capture=capture,
            read=number + np.arange(len(ages)),
            age=ages,
            resistance=resistances(readings),
            current=readings.currents,
            in_compliance=readings.in_compliance,
        )


def resistances(readings: SmuReadings) -> Floats:
    """Return (n,) Ohm; infinite where the current is not above 0, or overflowed its range."""
    flows = (readings.currents > 0.0) & np.isfinite(readings.currents)
    ohms: Floats = np.where(flows, readings.voltages / np.where(flows, readings.currents, 1.0), np.inf)
    return ohms


__all__ = ["FRESH", "READING", "RESET", "SET", "WRITING", "Cell", "PcmProtocol", "Read", "resistances"]
