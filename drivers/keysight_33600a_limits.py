"""What a 33600A can put out, and pulses and waveforms turned into its terms. All voltages are at the declared load.

Source: "Keysight 33500/33600 series operating and service guide" as drivers and limit tables cite it; figures that no
source confirms say *unconfirmed*.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.capabilities import Floats, Pulse
from labctl.errors import ConfigError, LimitError
from labctl.instrument import SampleLimits
from labctl.units import Unit, format_quantity, parse_quantity

SOURCE_RESISTANCE = 50.0
HIGHEST_EMF = 10.0
"""Either way, in V: 5 V into 50 ohm."""
LEAST_EMF_SPAN = 2e-3
"""Peak to peak, in V: 1 mV into 50 ohm. Unconfirmed."""
FAST_EMF_SPAN = 8.0
"""Peak to peak, in V (4 V into 50 ohm): above it edges are slower and frequencies lower."""
LEAST_WIDTH = 5e-9
"""Of a pulse, in s. Unconfirmed."""
LEAST_EDGE, LEAST_EDGE_AT_HIGH_SPAN = 2.9e-9, 3.3e-9
"""10 % to 90 %, in s, up to and above `FAST_EMF_SPAN`. Unconfirmed."""
LONGEST_EDGE = 1e-6
LONGEST_PERIOD = 1e6
MOST_CYCLES = 100_000_000
"""Of a burst. Unconfirmed."""
LEAST_POINTS, MOST_POINTS = 32, 4_000_000
"""Of an arbitrary waveform; without the memory option, which makes it 64 million. The upper bound is unconfirmed."""
LOWEST_RATE = 1e-6
FULL_SCALE = 32767
EDGE_SHARE = 0.8
"""The instrument's edges go from 10 % to 90 %, those of a `Pulse` from 0 to 100 %."""
SAMPLES_PER_SEGMENT = 16
"""Samples of the shortest piece of a waveform, so that its ramp is smooth (assumed to be enough)."""
SMOOTH_POINTS = 1000
"""Points of a waveform at least, where the sample rate allows (assumed to be enough)."""
LOADS = (1.0, 10e3)
"""Of a declared load, in ohm. Unconfirmed."""
HIGH_IMPEDANCE = "high impedance"


class Model(NamedTuple):
    """What differs between the models.

    Attributes:
        channels: How many.
        bandwidth: Of a sine, in Hz.
        pulse_frequency: Highest for pulses up to `FAST_EMF_SPAN`, in Hz; half of it above.
        sample_rate: Highest, in Sa/s.
    """

    channels: int
    bandwidth: float
    pulse_frequency: float
    sample_rate: float


# Pulse frequency (assumed) and sample rate (unconfirmed) of the 80 MHz models are not in any source we have.
MODELS = {
    "33611A": Model(1, 80e6, 80e6, 660e6),
    "33612A": Model(2, 80e6, 80e6, 660e6),
    "33621A": Model(1, 120e6, 100e6, 1e9),
    "33622A": Model(2, 120e6, 100e6, 1e9),
}


class WirePulse(NamedTuple):
    """A pulse as the instrument takes it: levels in V, times in s, edges from 10 % to 90 %."""

    high: float
    low: float
    inverted: bool
    lead: float
    trail: float
    width: float
    period: float


class WireWaveform(NamedTuple):
    """An arbitrary waveform: (n,) codes between ``low`` and ``high`` (V) at ``rate`` (Sa/s)."""

    codes: NDArray[np.int16]
    rate: float
    high: float
    low: float

    @property
    def duration(self) -> float:
        """In s."""
        return len(self.codes) / self.rate


def parse_load(text: str) -> float:
    """Return the resistance, in ohm, that ``"50 ohm"`` or ``"high impedance"`` stands for.

    Raises:
        ConfigError: Neither.
        LimitError: Beyond what can be declared.
    """
    if text == HIGH_IMPEDANCE:
        return math.inf
    ohms = parse_quantity(text, "ohm")
    if not LOADS[0] <= ohms <= LOADS[1]:
        raise LimitError(f"a load goes from 1 ohm to 10 kohm or is {HIGH_IMPEDANCE!r}, but is to be {text}")
    return ohms


def load_text(ohms: float) -> str:
    """Return the words for a load, as `parse_load` reads them."""
    return HIGH_IMPEDANCE if math.isinf(ohms) else f"{ohms:g} ohm"


class OutputLimits:
    """What one output can give at its declared load and what the sample stands; everything else is refused."""

    def __init__(self, where: str, model: Model, load: float, sample: SampleLimits) -> None:
        self._where = where
        self.model = model
        self.share = 1.0 if math.isinf(load) else load / (load + SOURCE_RESISTANCE)
        stands = [bound for bound in (sample.voltage, sample.device_voltage) if bound is not None]
        self.level = min(HIGHEST_EMF * self.share, *stands) if stands else HIGHEST_EMF * self.share

    @property
    def span(self) -> tuple[float, float]:
        """Smallest and largest amplitude, in V peak to peak."""
        return LEAST_EMF_SPAN * self.share, min(2.0 * HIGHEST_EMF * self.share, 2.0 * self.level)

    def levels(self, high: float, low: float) -> None:
        """Refuse levels (V) beyond what the output gives or the sample stands, or too close together."""
        self.within("high level", high, -self.level, self.level, "V")
        self.within("low level", low, -self.level, self.level, "V")
        self.within("amplitude from low to high level", high - low, *self.span, "V")

    def is_fast(self, span: float) -> bool:
        """Whether ``span`` (V peak to peak) allows the fastest edges."""
        return span <= FAST_EMF_SPAN * self.share * (1.0 + 1e-9)

    def highest_frequency(self, shape: str, span: float) -> float:
        """Return the highest frequency, in Hz, of a shape (the instrument's short name) of ``span`` V peak to peak."""
        if shape in {"SIN", "NOIS"}:
            # 120 MHz up to 4 V, 80 MHz up to 8 V, 60 MHz up to 10 V, into 50 ohm
            steps = ((8.0, 120e6), (16.0, 80e6), (20.0, 60e6))
            emf = span / self.share * (1.0 - 1e-9)
            return min(self.model.bandwidth, next((hertz for bound, hertz in steps if emf <= bound), 60e6))
        if shape in {"SQU", "PULS"}:
            return self.model.pulse_frequency * (1.0 if self.is_fast(span) else 0.5)
        return 800e3 if shape in {"RAMP", "TRI"} else self.model.bandwidth

    def pulse(self, pulse: Pulse, count: int, period: float | None) -> WirePulse:
        """Return ``pulse`` as the instrument takes it; without a period, half of it is pause.

        Raises:
            LimitError: Beyond the output, the sample or the period.
        """
        high, low = max(pulse.height, pulse.base), min(pulse.height, pulse.base)
        self.levels(high, low)
        self.within("number of pulses", count, 1, MOST_CYCLES, "")
        shortest = 1.0 / self.highest_frequency("PULS", high - low)
        spacing = max(2.0 * pulse.duration, shortest) if period is None else period
        edge = LEAST_EDGE if self.is_fast(high - low) else LEAST_EDGE_AT_HIGH_SPAN
        for name, whole in (("rise", pulse.rise), ("fall", pulse.fall)):
            self.within(f"{name} (0 to 100 %)", whole, edge / EDGE_SHARE, LONGEST_PERIOD, "s")
        self.within("width", pulse.width, max(LEAST_WIDTH, (pulse.rise + pulse.fall) / 2.0), LONGEST_PERIOD, "s")
        self.within("period", spacing, shortest, LONGEST_PERIOD, "s")
        least = max(pulse.duration, pulse.width + LEAST_WIDTH)
        self.within("period of such a pulse", spacing, least, LONGEST_PERIOD, "s")
        lead, trail = EDGE_SHARE * pulse.rise, EDGE_SHARE * pulse.fall
        return WirePulse(high, low, pulse.height < pulse.base, lead, trail, pulse.width, spacing)

    def slow_pulse(self, pulse: Pulse, period: float) -> WireWaveform:
        """Return one period of a pulse whose edges are too long for the pulse function."""
        corners = np.cumsum([0.0, pulse.rise, pulse.width - (pulse.rise + pulse.fall) / 2.0, pulse.fall])
        volts = np.array([pulse.base, pulse.height, pulse.height, pulse.base])
        return self._sampled(corners, volts, period, closed=False)

    def waveform(self, times: Floats, volts: Floats) -> WireWaveform:
        """Return the samples of the piecewise-linear waveform ``volts`` (n,) V at ``times`` (n,) s.

        Raises:
            ConfigError: No such waveform: times that do not begin at 0 and rise, or too few.
            LimitError: Beyond the output, the sample or the memory.
        """
        when, what = np.asarray(times, np.float64), np.asarray(volts, np.float64)
        if when.ndim != 1 or when.shape != what.shape or len(when) < 2:
            raise ConfigError(f"{self._where}: a waveform is two or more times and as many voltages")
        if when[0] != 0.0 or not np.all(np.diff(when) > 0.0):
            raise ConfigError(f"{self._where}: the times of a waveform begin at 0 and rise")
        return self._sampled(when, what, float(when[-1]), closed=True)

    def within(self, what: str, value: float, low: float, high: float, unit: Unit) -> None:
        """Refuse a value outside of ``low`` to ``high``, allowing for rounding; nan is outside."""
        if not low - abs(low) * 1e-9 <= value <= high + abs(high) * 1e-9:
            asked, least, most = (format_quantity(v, unit) for v in (value, low, high))
            raise LimitError(
                f"{self._where}: {what} is to be {asked}, but goes from {least} to {most}; nothing was sent"
            )

    def _sampled(self, times: Floats, volts: Floats, duration: float, *, closed: bool) -> WireWaveform:
        low, high = float(np.min(volts)), float(np.max(volts))
        middle, span = (high + low) / 2.0, max(high - low, self.span[0])
        self.levels(middle + span / 2.0, middle - span / 2.0)
        steps = np.diff(times)
        shortest = float(np.min(steps[steps > 0.0]))
        wanted = max(SAMPLES_PER_SEGMENT / shortest, SMOOTH_POINTS / duration)
        rate = min(wanted, self.model.sample_rate, (MOST_POINTS - 1) / duration)
        self.within("shortest piece of the waveform", shortest, 1.0 / rate, LONGEST_PERIOD, "s")
        if closed:
            points = max(math.ceil(duration * rate * (1.0 - 1e-12)) + 1, LEAST_POINTS)
        else:
            points = max(math.floor(duration * rate * (1.0 + 1e-12)), LEAST_POINTS)
            rate = points / duration
        self.within("sample rate", rate, LOWEST_RATE, self.model.sample_rate, "Sa/s")
        sampled = np.interp(np.arange(points) / rate, times, volts)
        codes = np.round((sampled - middle) / (span / 2.0) * FULL_SCALE).astype(np.int16)
        return WireWaveform(codes, rate, middle + span / 2.0, middle - span / 2.0)
