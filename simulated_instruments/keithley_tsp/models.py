"""The models of the 2600B family: ranges, limits, accuracy, noise and settling.

Source: Series 2600B data sheet pp. 10, 11, 15; SPEC-2602B Rev. B; Reference Manual 2600BS-901-01, command reference.
"""

from dataclasses import dataclass

Accuracy = dict[float, tuple[float, float]]
"""Full scale (V or A) -> share of the reading, and offset (V or A)."""

SOURCE_OVER_RANGE = 1.01
MEASURE_OVER_RANGE = 1.02
OVERFLOW = 9.91e37

VOLT_NOISE_SHARES = (2e-4, 5e-5, 1.7e-5, 1.25e-5)
"""Source noise, peak to peak, as a share of each voltage range: the 2602B's; *assumed* for the 200 V models."""

AMP_NOISE = {
    1e-7: 5e-12,
    1e-6: 25e-12,
    1e-5: 60e-12,
    1e-4: 3e-9,
    1e-3: 6e-9,
    1e-2: 2e-7,
    0.1: 6e-7,
    1.0: 7e-5,
    1.5: 1e-4,
    3.0: 1.5e-4,
}
"""Source noise in A, peak to peak, by range; the 1.5 A figure is *assumed*."""
LOW_AMP_NOISE = {1e-10: 1.5e-14, 1e-9: 4e-14, 1e-8: 4e-13}
"""Noise of the 2634B, 2635B and 2636B's low ranges in A, peak to peak: *assumed*."""

AMP_SETTLING = {
    1e-10: 0.45, 1e-9: 0.36, 1e-8: 0.09, 1e-7: 15e-3, 1e-6: 2.5e-3, 1e-5: 5e-4, 1e-4: 1.5e-4, 1e-3: 1e-4,
    1e-2: 8e-5, 0.1: 8e-5, 1.0: 1.2e-4, 1.5: 1.2e-4, 3.0: 1.2e-4,
}  # fmt: skip
"""Time in s for a current reading to come within 0.1 % of its final value after a step, by range."""
VOLT_SETTLING = 1.5e-4
"""The same for a voltage reading, in s: the slowest range of the 2602B's voltage source; *assumed* for all."""

_AMP_MEASURE: Accuracy = {
    1e-7: (5e-4, 1e-10), 1e-6: (2.5e-4, 5e-10), 1e-5: (2.5e-4, 1.5e-9), 1e-4: (2e-4, 25e-9), 1e-3: (2e-4, 2e-7),
    1e-2: (2e-4, 2.5e-6), 0.1: (2e-4, 2e-5), 1.0: (3e-4, 1.5e-3), 1.5: (5e-4, 3.5e-3), 3.0: (5e-4, 3.5e-3),
}  # fmt: skip
_AMP_SOURCE: Accuracy = {
    1e-7: (6e-4, 1e-10), 1e-6: (3e-4, 8e-10), 1e-5: (3e-4, 5e-9), 1e-4: (3e-4, 6e-8), 1e-3: (3e-4, 3e-7),
    1e-2: (3e-4, 6e-6), 0.1: (3e-4, 3e-5), 1.0: (5e-4, 1.8e-3), 1.5: (6e-4, 4e-3), 3.0: (6e-4, 4e-3),
}  # fmt: skip
_LOW_AMPS: Accuracy = {1e-10: (1.5e-3, 1.2e-13), 1e-9: (1.5e-3, 2.4e-13), 1e-8: (1.5e-3, 3e-12), 1e-7: (6e-4, 4e-11)}
"""The sensitive models' low ranges: *unconfirmed*; the source is *assumed* as good as the meter."""
_VOLT_MEASURE_40: Accuracy = {0.1: (1.5e-4, 1.5e-4), 1.0: (1.5e-4, 2e-4), 6.0: (1.5e-4, 1e-3), 40.0: (1.5e-4, 8e-3)}
_VOLT_SOURCE_40: Accuracy = {0.1: (2e-4, 2.5e-4), 1.0: (2e-4, 4e-4), 6.0: (2e-4, 1.8e-3), 40.0: (2e-4, 1.2e-2)}
_VOLT_MEASURE_200: Accuracy = {
    0.2: (1.5e-4, 2.25e-4),
    2.0: (1.5e-4, 3.5e-4),
    20.0: (1.5e-4, 5e-3),
    200.0: (1.5e-4, 5e-2),
}
"""The 200 V models' meter: *unconfirmed*."""
_VOLT_SOURCE_200: Accuracy = {full: (2e-4, 1.6 * offset) for full, (_, offset) in _VOLT_MEASURE_200.items()}
"""The 200 V models' source: *assumed* in the 2602B's ratio to the meter."""

_DECADES = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0)


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model, in V and A; ``knee`` is the power envelope's corner (voltage, and the current beyond it)."""

    name: str
    channels: int
    volts: tuple[float, ...]
    amps: tuple[float, ...]
    measure_amps: tuple[float, ...]
    least_limit_v: float
    least_limit_i: float
    most_limit_i: float
    limit_v: float
    limit_i: float
    knee: tuple[float, float]
    auto_delay: bool
    digital_io: bool
    volt_source: Accuracy
    volt_meter: Accuracy
    amp_source: Accuracy
    amp_meter: Accuracy

    @property
    def volt_noise(self) -> dict[float, float]:
        """Voltage noise in V, peak to peak, by range."""
        return {full: full * share for full, share in zip(self.volts, VOLT_NOISE_SHARES, strict=True)}


def _model(name: str) -> Model:
    low_voltage, sensitive = name[2] == "0", name[2] == "3"
    top = 3.0 if low_voltage else 1.5
    lowest: tuple[float, ...] = (1e-9, 1e-8) if sensitive else ()
    amps = (*lowest, *_DECADES, top)
    meter = (1e-10, *amps) if name[:4] in {"2635", "2636"} else amps
    low = _LOW_AMPS if sensitive else {}
    return Model(
        name=name,
        channels=2 if int(name[3]) % 2 == 0 else 1,
        volts=(0.1, 1.0, 6.0, 40.0) if low_voltage else (0.2, 2.0, 20.0, 200.0),
        amps=amps,
        measure_amps=meter,
        least_limit_v=0.01 if low_voltage else 0.02,
        least_limit_i=1e-10 if sensitive else 1e-8,
        most_limit_i=1.5 if sensitive else 3.0,
        limit_v=40.0 if low_voltage else 20.0,
        limit_i=1.0 if low_voltage else 0.1,
        knee=(6.06, 1.0) if low_voltage else (20.2, 0.101),
        auto_delay=sensitive,
        digital_io=name[3] != "4",
        volt_source=_VOLT_SOURCE_40 if low_voltage else _VOLT_SOURCE_200,
        volt_meter=_VOLT_MEASURE_40 if low_voltage else _VOLT_MEASURE_200,
        amp_source={full: (low | _AMP_SOURCE)[full] if full > 5e-8 else low[full] for full in amps},
        amp_meter={full: low.get(full) or _AMP_MEASURE[full] for full in meter},
    )


MODELS = {
    name: _model(name) for name in ("2601B", "2602B", "2604B", "2611B", "2612B", "2614B", "2634B", "2635B", "2636B")
}
"""Model name -> its table row."""
