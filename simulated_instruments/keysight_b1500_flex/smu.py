"""One source-monitor unit: its output, its measurement ranges, one measurement."""

import math
from dataclasses import dataclass, field

import numpy as np

from simulated_instruments.frontend import Clock
from simulated_instruments.keysight_b1500_flex.adc import OVERHEAD, Converters
from simulated_instruments.keysight_b1500_flex.data_format import DUMMY, Datum, channel_letter
from simulated_instruments.keysight_b1500_flex.errors import FlexError, FlexErrorCode
from simulated_instruments.keysight_b1500_flex.ranges import INTERLOCK_VOLTS, SmuModel, choose_range
from simulated_instruments.terminals import Floats, Terminal

INITIAL_COMPLIANCE = 100e-6  # A, after CN; unconfirmed
SERIES_RESISTOR = 1e6
AT_COMPLIANCE = 0.9995  # share of the limit from which on the unit says so, assumed
SENSE_TIME_SHARE = 0.5  # a measurement is taken in the middle of its integration


@dataclass(frozen=True)
class Output:
    """What a unit forces: ``kind`` "V" or "I", its value (V or A), the limit of the other (A or V), range indices."""

    kind: str = "V"
    value: float = 0.0
    compliance: float = INITIAL_COMPLIANCE
    range_index: int = 0
    polarity: int = 0
    compliance_range_index: int = 0


@dataclass
class Settings:
    """What ``*RST`` and ``IN`` put back to its initial value."""

    output: Output = field(default_factory=Output)
    remembered: Output | None = None
    range_index: dict[str, int] = field(default_factory=lambda: {"V": 0, "I": 0})
    operation: int = 0
    converter: int = 0
    filtered: bool = False
    series: bool = False
    ranging: tuple[int, int] = (1, 50)
    reset_timer: bool = False


class SourceMonitorUnit:
    """One SMU in a slot, wired to a terminal."""

    def __init__(
        self, slot: int, model: SmuModel, terminal: Terminal, clock: Clock, noise: np.random.Generator
    ) -> None:
        self.slot = slot
        self.model = model
        self.on = False
        self.settings = Settings()
        self._terminal = terminal
        self._clock = clock
        self._noise = noise

    def reset(self) -> None:
        """Open the output switch and forget every setting."""
        self.switch(on=False)
        self.settings = Settings()

    def switch(self, *, on: bool) -> None:
        """Close or open the output switch; closing it forces 0 V."""
        if on == self.on:
            return
        self.on = on
        self.settings.output = Output()
        self.settings.remembered = None
        if on:
            self.force(self.settings.output)
        else:
            self._terminal.release()

    def check(self, output: Output, *, interlock_closed: bool) -> None:
        """Refuse an ``output`` that the unit cannot give.

        Raises:
            FlexError: 200, 202, 120 or 123; nothing is changed.
        """
        if not self.on:
            raise FlexError(FlexErrorCode.SWITCH_OFF)
        volts, amps = (output.value, output.compliance) if output.kind == "V" else (output.compliance, output.value)
        if abs(output.value) > (self.model.max_volts if output.kind == "V" else self.model.max_amps):
            raise FlexError(FlexErrorCode.PARAMETER_VALUE)
        if output.compliance == 0.0 or abs(volts) > self.model.max_volts or abs(amps) > self.model.amps_at(volts):
            raise FlexError(FlexErrorCode.COMPLIANCE_VALUE)
        if max(abs(volts), 0.0) > INTERLOCK_VOLTS and not interlock_closed:
            raise FlexError(FlexErrorCode.INTERLOCK_OPEN)

    def force(self, output: Output) -> None:
        """Force ``output`` from now on."""
        self.settings.output = output
        limit = abs(output.compliance)
        if output.kind == "V":
            self._terminal.force(output.value, ohms=SERIES_RESISTOR if self.settings.series else 0.0, limit=limit)
        else:
            self._terminal.force_current(output.value, limit=limit)

    def at_compliance(self) -> bool:
        """Return whether the unit is at its limit now."""
        if not self.on:
            return False
        volts, amps = self._terminal.sense()
        return self._limited(volts, amps)

    def measured_kinds(self) -> str:
        """Return which of "I" and "V" an ``XE`` measures here, in order (``CMM``)."""
        other, forced = ("I", "V") if self.settings.output.kind == "V" else ("V", "I")
        return {0: other, 1: "I", 2: "V", 3: forced, 4: "IV"}[self.settings.operation]

    def measure(self, kind: str, index: int, converters: Converters, others_limited: bool) -> Datum:
        """Take one measurement of ``kind`` "V" or "I" with ranging ``index``; the clock goes on by its duration.

        Returns:
            N, or T where another unit is at its limit, C where this one is, V with the dummy over a fixed range.
        """
        scale, _ = choose_range(self.model, kind, index, self._value(kind, *self._terminal.sense()))
        duration = converters.integration(self.settings.converter, scale)
        self._clock.wait(duration * SENSE_TIME_SHARE)
        volts, amps = self._terminal.sense()
        self._clock.wait(duration * (1.0 - SENSE_TIME_SHARE) + OVERHEAD)
        return self.datum(kind, index, volts, amps, converters, others_limited)

    def datum(
        self, kind: str, index: int, volts: float, amps: float, converters: Converters, others_limited: bool
    ) -> Datum:
        """Return what the unit reports for a node at ``volts`` (V) with ``amps`` (A) out of the terminal."""
        value = self._value(kind, volts, amps)
        scale, over = choose_range(self.model, kind, index, value)
        letter = channel_letter(self.slot)
        if over:
            return Datum("V", letter, kind, DUMMY, scale)
        status = "C" if self._limited(volts, amps) else "T" if others_limited else "N"
        step = converters.step(self.settings.converter, scale)
        noisy = value + float(self._noise.normal(0.0, converters.noise(self.settings.converter, scale)))
        return Datum(status, letter, kind, round(noisy / step) * step, scale)

    def trace(self, times: Floats) -> tuple[list[float], list[float]]:
        """Return the node's voltages (V) and currents (A) at bench ``times`` (s)."""
        volts, amps = self._terminal.trace(times)
        return [float(v) for v in volts], [float(a) for a in amps]

    def _limited(self, volts: float, amps: float) -> bool:
        output = self.settings.output
        held = amps if output.kind == "V" else volts
        wanted = volts if output.kind == "V" else amps
        if abs(held) < AT_COMPLIANCE * abs(output.compliance):
            return False
        ohms = SERIES_RESISTOR if self.settings.series and output.kind == "V" else 0.0
        return not math.isclose(wanted + ohms * amps, output.value, rel_tol=1e-6, abs_tol=1e-15)

    @staticmethod
    def _value(kind: str, volts: float, amps: float) -> float:
        return volts if kind == "V" else amps
