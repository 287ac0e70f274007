"""What each model of the 33600A series can do, and the numbers behind its limits.

Source: the 33500/33600 series operating and service guide as quoted by public notes and drivers; where nobody quotes
it, the number is marked *unconfirmed*.
"""

from dataclasses import dataclass

OUTPUT_OHMS = 50.0
SETTING_TIME = 1e-3
"""What passes, in s, before an output that plays a burst obeys a message: *assumed* (relays take milliseconds)."""
MAX_EMF = 10.0
"""Open-circuit peak in V: 5 V into 50 Ohm."""
MIN_EMF_VPP = 2e-3
"""Least open-circuit amplitude in V peak to peak: 1 mVpp into 50 Ohm, *unconfirmed*."""
MIN_LOAD, MAX_LOAD = 1.0, 10e3
"""Declared load in Ohm, *unconfirmed*."""

MIN_FREQUENCY = 1e-6
SINE_STEPS = ((4.0, 120e6), (8.0, 80e6), (10.0, 60e6))
"""Vpp into 50 Ohm up to which a sine may have a frequency in Hz."""
SQUARE_STEPS = ((4.0, 100e6), (10.0, 50e6))
PRBS_STEPS = ((4.0, 200e6), (10.0, 100e6))
"""Likewise in bit/s."""
RAMP_FREQUENCY = 800e3

MIN_PULSE_WIDTH = 5e-9
"""In s, *unconfirmed*."""
MIN_EDGE, MIN_EDGE_LARGE = 2.9e-9, 3.3e-9
"""10 % to 90 % in s, up to 4 Vpp into 50 Ohm and above, *unconfirmed*."""
LARGE_VPP = 4.0
MAX_EDGE = 1e-6
MAX_PERIOD = 1e6
EDGE_SHARE = 0.8
"""Share of a straight edge that lies between 10 % and 90 %."""

MIN_BURST_PERIOD, MAX_BURST_PERIOD = 1e-6, 8000.0
BURST_OVERHEAD = 1e-6
"""What the internal burst period must exceed the burst by, in s, *unconfirmed*."""
MAX_CYCLES = 100_000_000
"""*Unconfirmed*."""

MIN_TRIGGER_LEVEL, MAX_TRIGGER_LEVEL = 0.9, 3.8
"""In V, *assumed*: only the reset value of 3.3 V is known."""
MAX_TRIGGER_DELAY = 1000.0
MIN_TRIGGER_TIMER, MAX_TRIGGER_TIMER = 1e-6, 8000.0
MAX_TRIGGER_COUNT = 1_000_000
MIN_NOISE_BANDWIDTH = MIN_BIT_RATE = 1e-3
"""In Hz and bit/s, *assumed*."""
MIN_ARB_PTP, MAX_ARB_PTP = 1e-3, 20.0
"""In V, *assumed*."""

MIN_ARB_POINTS = 32
STANDARD_MEMORY = 4_000_000
LARGE_MEMORY = 64_000_000
"""Points a channel, without and with the memory option, *unconfirmed*."""
MAX_NAME = 12
"""Characters of an arb's name, *unconfirmed*; paths may be longer."""
MAX_SEGMENTS = 1024
"""Of a sequence, *unconfirmed*."""
UNFILTERED_RATE = 250e6
"""Highest sample rate with the filter off, in Sa/s, *unconfirmed*: a quarter of the full rate, as on the 33500."""
MIN_SAMPLE_RATE = 1e-6
DAC_FULL_SCALE = 32767


@dataclass(frozen=True)
class Model:
    """One model of the series.

    Args:
        name: As in ``*IDN?``.
        channels: Outputs.
        bandwidth: Highest sine frequency, in Hz.
        sample_rate: Highest arbitrary sample rate, in Sa/s; 660 MSa/s for the 80 MHz models is *unconfirmed*.
    """

    name: str
    channels: int
    bandwidth: float
    sample_rate: float


MODELS = {
    model.name: model
    for model in (
        Model("33611A", 1, 80e6, 660e6),
        Model("33612A", 2, 80e6, 660e6),
        Model("33621A", 1, 120e6, 1e9),
        Model("33622A", 2, 120e6, 1e9),
    )
}


def step(steps: tuple[tuple[float, float], ...], vpp: float) -> float:
    """Return the bound of the first step whose amplitude is not exceeded."""
    return next((bound for limit, bound in steps if vpp <= limit * (1 + 1e-9)), steps[-1][1])


def max_frequency(model: Model, function: str, vpp: float) -> float:
    """Return the highest frequency (Hz) of ``function`` at ``vpp`` (V peak to peak into 50 Ohm)."""
    if function in ("RAMP", "TRI"):
        return RAMP_FREQUENCY
    if function in ("SQU", "PULS"):
        return min(step(SQUARE_STEPS, vpp), model.bandwidth)
    return min(step(SINE_STEPS, vpp), model.bandwidth)
