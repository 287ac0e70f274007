"""The numbers of the drift-diffusion cell; ``rram_kinetics.py`` tells the physics."""

from dataclasses import dataclass, fields
from math import exp, expm1, isfinite

from simulated_instruments.physics import rram_kinetics_kernels as kernels
from simulated_instruments.physics.checks import check_finite, check_not_negative
from simulated_instruments.physics.rram_parameters import PulseLines

#: Beyond it the exponential is 0 or infinite for every purpose here.
_LARGEST_EXPONENT = 700.0


@dataclass(frozen=True)
class KineticParameters:
    """The numbers of the cell, SI units. Spreads ``*_spread`` are the sd of the natural logarithm.

    Raises:
        ValueError: a parameter that is negative or not finite, or one of those that divide that is 0.
    """

    low: float = 6.1e-6  # S, without a filament. Source: Nat. Commun. 16, 913 (2025), range 6.1 .. 202.1 uS
    low_spread: float = 0.05  # over cells; *assumed*
    virgin_low: float = 100e-6  # S, cells start with a whole filament, uniform between these; *assumed*
    virgin_high: float = 202.1e-6  # S. Source: as ``low``
    gate_threshold: float = 0.5  # V; *assumed*, usual for 180 nm
    transconductance: float = 3e-4  # A/V^2 of the 180 nm transistor; *assumed*: takes a third from a cell of 5 kOhm
    mobility: float = 1.5e5  # mu/L^2, 1/(V s); *assumed*: tens of pulses of 2.5 V and 100 ns reach the steady state
    reset_onset: float = (
        1.6  # V on the cell at which half of the vacancies hop; *assumed*: nearly none at 2 V on 5 kOhm
    )
    onset_width: float = 0.058  # V, how sharp that is; calibrated to the d.c. RESET from about -1.25 V
    set_onset: float = 2.30  # V; calibrated to the d.c. SET near 1.4 V at 10 ms a point (*assumed*)
    set_rate: float = 1e8  # 1/s, growth of the filament once it is bridged; *assumed*: abrupt, as the paper says
    gate_slope: float = 98e-6  # S/V, conductance that a SET reaches per volt of gate. Source: public code of Nat.
    # Commun. 16, 11494 (2025), for another array of the same materials
    diffusion: float = 9.0e3  # D/L^2, 1/s; *assumed*: gives an alpha of about 0.008 a pulse
    mobile_time: float = 1e-6  # s, for which vacancies still diffuse after a pulse; *assumed*
    device_spread: float = 0.08  # of mobility, diffusion and ceiling over cells; *assumed*
    cycle_spread: float = 0.04  # of mobility and diffusion from SET to SET; *assumed*
    pulse_spread: float = 0.01  # relative sd of a RESET pulse's dose; *assumed*
    threshold: float = 0.4  # V, a read stays below it; *assumed*
    step: float = 0.005  # share of the filament that one step of the integration may move
    white_noise: float = 0.01  # of G per single read. Source: aihwkit's note on short reads, about 1 %
    flicker_noise: float = 0.002  # of G, not averaged away; *assumed*
    stuck_share: float = 2e-3  # of the cells. Source: yield of 99.8 % of 1T1R arrays, Li et al., Nat. Electron. 1, 52

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (isfinite(value) and value >= 0.0):
                raise ValueError(f"{field.name} must be finite and not negative, got {value:g}")
        for name in ("low", "transconductance", "onset_width", "diffusion", "mobile_time", "threshold", "step"):
            if getattr(self, name) == 0.0:
                raise ValueError(f"{name} must be above 0")
        if not self.low < self.virgin_low <= self.virgin_high:
            raise ValueError("low, virgin_low and virgin_high must rise")

    def law(self) -> kernels.Law:
        """Return the constants of the kernels."""
        return kernels.Law(
            transconductance=self.transconductance,
            mobility=self.mobility,
            reset_onset=self.reset_onset,
            onset_width=self.onset_width,
            diffusion=self.diffusion,
            mobile_time=self.mobile_time,
            step=self.step,
            pulse_spread=self.pulse_spread,
            mobility_spread=self.cycle_spread,
            diffusion_spread=self.cycle_spread,
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
        voltage = abs(lines.bit_line - lines.source_line)
        opening = lines.word_line - min(lines.bit_line, lines.source_line) - self.gate_threshold
        if voltage < self.threshold or opening <= 0.0 or lines.width == 0.0:
            return kernels.Drive(kernels.NOTHING, voltage, max(opening, 0.0), lines.width, 0.0, 0.0)
        is_set = lines.bit_line > lines.source_line
        exponent = min((self.set_onset - voltage) / self.onset_width, _LARGEST_EXPONENT)
        growth = -expm1(-self.set_rate * lines.width / (1.0 + exp(exponent)))
        polarity = kernels.SET if is_set else kernels.RESET
        return kernels.Drive(polarity, voltage, opening, lines.width, growth, self.gate_slope * opening)


DEFAULT_KINETICS = KineticParameters()
