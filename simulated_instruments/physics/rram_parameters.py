"""The numbers of the analogue RRAM cell and the pulses that it knows; ``rram.py`` tells the physics."""

from dataclasses import dataclass, fields
from math import exp, isfinite, sqrt
from typing import NamedTuple

from simulated_instruments.physics import rram_kernels as kernels
from simulated_instruments.physics.checks import check_finite, check_not_negative

#: Keeps the rate finite at absurd voltages; e^60 reference rates switch anything at once.
_LARGEST_EXPONENT = 60.0


class PulseLines(NamedTuple):
    """One pulse on a cell's three lines: V, V, V and s."""

    word_line: float
    bit_line: float
    source_line: float
    width: float


#: Source: Yao et al., Nature 577, 641 (2020), Methods.
SET_PULSE = PulseLines(word_line=1.8, bit_line=2.0, source_line=0.0, width=50e-9)
RESET_PULSE = PulseLines(word_line=4.7, bit_line=0.0, source_line=1.8, width=50e-9)

#: After this delay, *assumed*, the error of a cell written from an unrelated level has the published sd.
REFERENCE_DELAY = 60.0
#: In S: 108 nA at 0.2 V. Source: Yao et al., N(0, 108 nA). The relaxation is calibrated to it.
REFERENCE_ERROR = 108e-9 / 0.2


@dataclass(frozen=True)
class RramParameters:
    """The numbers of the cell, SI units. Spreads ``*_spread`` are the sd of the natural logarithm over cells.

    Raises:
        ValueError: a parameter that is negative or not finite, one of those that divide that is 0, or a reference
            voltage that does not exceed the threshold.
    """

    low: float = 0.8e-6  # S, median lower bound; *assumed*, below the 2 uS of the usable window
    low_spread: float = 0.2  # *assumed*
    high: float = 60e-6  # S, median upper bound; *assumed*, above the 40 uS of the paper's d.c. SET (60 uA at 1.5 V)
    high_spread: float = 0.15  # *assumed*
    set_rate: float = 0.012  # per reference pulse (2.0 V, 50 ns); *assumed*: steps near the +-0.25 uS of the verify
    reset_rate: float = 0.05  # per reference pulse (1.8 V, 50 ns); *assumed*, as above
    rate_spread: float = 0.35  # *assumed*, half of the 0.7 of aihwkit's ReRAM presets, which have 10 % bad devices
    set_voltage: float = 2.0  # V, reference. Source: Yao et al.
    reset_voltage: float = 1.8  # V, reference. Source: Yao et al.
    reference_width: float = 50e-9  # s. Source: Yao et al.
    threshold: float = 1.0  # V, both polarities; *assumed*: half of the SET voltage leaves half-selected cells alone
    voltage_scale: float = 0.065  # V per e-fold of the rate; from d.c. against pulse voltages, see the module's text
    gate_threshold: float = 0.8  # V; *assumed*
    gate_slope: float = 98.0e-6  # S/V. Source: public code of Nat. Commun. 16, 11494, its CNN setting
    quantum: float = 0.05e-6  # S, size of one switching event; *assumed*: 0.3 of a step at 0.5 uS steps
    bound_spread: float = 0.05  # relative sd of the bound from pulse to pulse; *assumed*
    floor: float = 0.1e-6  # S, no conductance falls below; *assumed*
    virgin_low: float = 2e-6  # S, formed cells start uniform between these; *assumed*: the usable window
    virgin_high: float = 20e-6  # S
    formed_before: float = 2.592e6  # s, age of the cells at time 0; *assumed*: 30 days
    relaxation_start: float = 1e-3  # s; *assumed*, fits technology C
    relaxation_sd: float = 0.197e-6  # S, one decade after the start (10 ms); calibrated to REFERENCE_ERROR
    drift_share: float = 0.15  # of that variance; from technology C, see the module's text
    tail_share: float = 0.01  # of the programmings; *assumed* ("a few tail cells", Yao et al.)
    tail_factor: float = 7.0  # of a tail's drift; *assumed*, so that a tail cell drifts clearly within 30 days
    mean_shift: float = 0.55e-9  # S per decade cubed; *assumed*: near technology C's 1.45 uS at 1e5 s, scaled
    relaxation_knee: float = 1.5e-6  # S, below it relaxation is small; *assumed*, as in technology C near 0
    white_noise: float = 0.01  # of G per single read. Source: aihwkit's note on short reads, about 1 %
    flicker_noise: float = 0.002  # of G, not averaged away; *assumed*
    stuck_share: float = 1e-4  # of the cells, half low, half high. Source: yield of 99.99 %, Yao et al.
    stuck_low: float = 0.1e-6  # S; *assumed*
    stuck_high: float = 60e-6  # S; *assumed*

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (isfinite(value) and value >= 0.0):
                raise ValueError(f"{field.name} must be finite and not negative, got {value:g}")
        for name in ("high", "reference_width", "voltage_scale", "relaxation_start", "relaxation_knee"):
            if getattr(self, name) == 0.0:
                raise ValueError(f"{name} must be above 0")
        for name in ("set_voltage", "reset_voltage"):
            if getattr(self, name) <= self.threshold:
                raise ValueError(
                    f"{name} must exceed the threshold of {self.threshold:g} V, got {getattr(self, name):g} V"
                )

    def law(self) -> kernels.Law:
        """Return the constants of the kernels."""
        tails = sqrt(1.0 - self.tail_share + self.tail_share * self.tail_factor**2)
        return kernels.Law(
            quantum=self.quantum,
            bound_spread=self.bound_spread,
            floor=self.floor,
            relaxation_start=self.relaxation_start,
            drift=self.relaxation_sd * sqrt(self.drift_share) / tails,
            walk=self.relaxation_sd * sqrt(1.0 - self.drift_share),
            tail_share=self.tail_share,
            tail_factor=self.tail_factor,
            mean_shift=self.mean_shift,
            relaxation_knee=self.relaxation_knee,
            white_noise=self.white_noise,
            flicker_noise=self.flicker_noise,
        )

    def drive(self, lines: PulseLines) -> kernels.Drive:
        """Return what a pulse on these lines does to every cell alike.

        Raises:
            ValueError: a line that is not finite, or a negative width.
        """
        for name in ("word_line", "bit_line", "source_line"):
            check_finite(name, getattr(lines, name), "V")
        check_not_negative("width", lines.width, "s")
        is_set = lines.bit_line > lines.source_line
        opening = lines.word_line - self.gate_threshold - min(lines.bit_line, lines.source_line)
        voltage = abs(lines.bit_line - lines.source_line)
        voltage = voltage if is_set else min(voltage, opening)
        reference = self.set_voltage if is_set else self.reset_voltage
        exposure = 0.0
        if voltage > self.threshold and opening > 0.0:
            exponent = min((voltage - self.threshold) / self.voltage_scale, _LARGEST_EXPONENT)
            acceleration = (exp(exponent) - 1.0) / (exp((reference - self.threshold) / self.voltage_scale) - 1.0)
            exposure = acceleration * lines.width / self.reference_width
        ceiling = min(self.gate_slope * max(opening, 0.0) / self.high, 1.0)
        return kernels.Drive(kernels.SET if is_set else kernels.RESET, exposure, ceiling)


DEFAULT_PARAMETERS = RramParameters()

#: The gate-tuned array of Nat. Commun. 16, 11494 (2025): a wider window (200 uS, start at 50 .. 100 uS, from its
#: public code) and a relaxation calibrated to its sd of about 2 uS at REFERENCE_DELAY. Yield of 99.8 %: Li et al., Nat.
#: Electron. 1, 52 (2018). Rates and quantum *assumed*, for steps near that paper's tolerance of 1 uS.
EAPU_PARAMETERS = RramParameters(
    high=200e-6,
    set_rate=0.006,
    reset_rate=0.025,
    quantum=0.2e-6,
    virgin_low=50e-6,
    virgin_high=100e-6,
    relaxation_sd=0.75e-6,
    mean_shift=2.1e-9,
    stuck_share=2e-3,
)
