"""The settings of one channel, as they are after ``*RST``.

Source: a public dump of every setting of a real 33622A after a reset.
"""

import math
from dataclasses import dataclass

from simulated_instruments.keysight_33600a_parts.limits import OUTPUT_OHMS

DEFAULT_ARB = "INT:\\BUILTIN\\EXP_RISE.ARB"


@dataclass
class Channel:
    """One channel; volts are open-circuit (EMF), so that the declared load only scales what is shown."""

    number: int = 1
    function: str = "SIN"
    frequency: float = 1e3
    frequency_mode: str = "CW"
    amplitude: float = 0.2
    offset: float = 0.0
    limit_high: float = 10.0
    limit_low: float = -10.0
    limits_on: bool = False
    auto_range: bool = True
    unit: str = "VPP"
    load: float = OUTPUT_OHMS
    phase: float = 0.0
    tracking: str = "OFF"
    combine: str = "NONE"

    pulse_width: float = 1e-4
    pulse_hold: str = "WIDT"
    lead: float = 4e-9
    trail: float = 4e-9
    square_duty: float = 50.0
    ramp_symmetry: float = 100.0
    noise_bandwidth: float = 1e5
    prbs_rate: float = 1e3
    prbs_data: str = "PN7"
    prbs_edge: float = 4e-9

    arb: str = DEFAULT_ARB
    sample_rate: float = 4e4
    arb_filter: str = "STEP"
    arb_advance: str = "SRAT"
    arb_ptp: float = 0.1
    arb_phase: float = 0.0

    burst: bool = False
    burst_mode: str = "TRIG"
    burst_cycles: float = 1.0
    burst_period: float = 0.01
    burst_phase: float = 0.0
    gate_polarity: str = "NORM"

    trigger_source: str = "IMM"
    trigger_slope: str = "POS"
    trigger_count: float = 1.0
    trigger_delay: float = 0.0
    trigger_timer: float = 1.0
    trigger_level: float = 3.3
    continuous: bool = True

    output: bool = False
    polarity: str = "NORM"
    output_mode: str = "NORM"
    sync: bool = True
    sync_mode: str = "NORM"
    sync_polarity: str = "NORM"

    start_frequency: float = 100.0
    stop_frequency: float = 1000.0
    sweep_time: float = 1.0
    sweep_hold_time: float = 0.0
    sweep_return_time: float = 0.0
    sweep_spacing: str = "LIN"
    marker_cycle: float = 2.0
    marker_frequency: float = 500.0
    marker_point: float = 10.0
    list_dwell: float = 1.0
    am_depth: float = 100.0
    am_frequency: float = 100.0
    fm_deviation: float = 100.0
    fm_frequency: float = 10.0
    pm_deviation: float = 180.0
    pwm_deviation: float = 1e-5
    pwm_duty_deviation: float = 1.0
    bpsk_rate: float = 10.0
    bpsk_phase: float = 180.0
    fsk_frequency: float = 100.0
    fsk_rate: float = 10.0
    sum_amplitude: float = 0.1

    @property
    def gain(self) -> float:
        """Shown volts per open-circuit volt under the declared load."""
        return 1.0 if math.isinf(self.load) else self.load / (self.load + OUTPUT_OHMS)

    @property
    def period(self) -> float:
        """Of every function but the arbitrary one, in s."""
        return 1.0 / self.frequency

    @property
    def high(self) -> float:
        """Shown high level in V."""
        return (self.offset + self.amplitude / 2) * self.gain

    @property
    def low(self) -> float:
        """Shown low level in V."""
        return (self.offset - self.amplitude / 2) * self.gain

    @property
    def vpp_into_50(self) -> float:
        """Amplitude into 50 Ohm in V peak to peak, which the frequency limits go by."""
        return self.amplitude / 2
