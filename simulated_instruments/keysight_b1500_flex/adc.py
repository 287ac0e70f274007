"""The A/D converters: how long a measurement takes, and its noise.

Source: the FLEX sheet, set-up commands (``AIT``, ``AV``, ``AZ``). Every time and noise figure below that the sheet does
not give is *assumed*.
"""

import math

POWER_LINE_PERIOD = 0.02
SAMPLES_PER_PLC = 128
SAMPLE_TIME = 2e-6  # s, the default of AIT 0,3
HR_UNIT_TIME = 80e-6  # s an HR averaging step takes in manual mode, assumed
OVERHEAD = 100e-6  # s a measurement takes besides integration, assumed
# In auto mode the converter spends longer on small ranges: (lowest range in A, seconds for N = 1), assumed.
AUTO_TIMES = ((10e-6, 20e-6), (100e-9, 500e-6), (1e-9, 2e-3), (0.0, 10e-3))
HS_NOISE = 50e-6  # rms of one sample, in units of the range, assumed
HR_NOISE = 2e-6  # rms at one PLC, in units of the range, assumed
HS_STEPS = 50_000  # counts of a range, as in the 4-byte data
HR_STEPS = 1_000_000  # counts of a range, as in the 8-byte data
HIGH_SPEED, HIGH_RESOLUTION, HIGH_SPEED_PULSED = 0, 1, 2
AUTO, MANUAL, PLC, TIME = 0, 1, 2, 3
_DEFAULTS = {
    (HIGH_SPEED, AUTO): 1.0, (HIGH_SPEED, MANUAL): 1.0, (HIGH_SPEED, PLC): 1.0, (HIGH_SPEED, TIME): SAMPLE_TIME,
    (HIGH_RESOLUTION, AUTO): 6.0, (HIGH_RESOLUTION, MANUAL): 3.0, (HIGH_RESOLUTION, PLC): 1.0,
    (HIGH_SPEED_PULSED, AUTO): 1.0, (HIGH_SPEED_PULSED, MANUAL): 1.0, (HIGH_SPEED_PULSED, PLC): 1.0,
    (HIGH_SPEED_PULSED, TIME): SAMPLE_TIME,
}  # fmt: skip
_HIGHEST = {AUTO: 1023.0, MANUAL: 1023.0, PLC: 100.0, TIME: 0.02}


def default_parameter(kind: int, mode: int) -> float | None:
    """Return N of ``AIT kind,mode`` when it is left out; ``None`` where that mode does not exist."""
    return _DEFAULTS.get((kind, mode))


def parameter_limits(kind: int, mode: int) -> tuple[float, float]:
    """Return the lowest and highest N of ``AIT kind,mode``."""
    if mode == TIME:
        return SAMPLE_TIME, _HIGHEST[TIME]
    return 1.0, 127.0 if kind == HIGH_RESOLUTION and mode != PLC else _HIGHEST[mode]


class Converters:
    """The settings that all units share: ``AIT`` for each kind of converter, and ``AZ``."""

    def __init__(self) -> None:
        self.modes: dict[int, tuple[int, float]] = {HIGH_SPEED: (AUTO, 1.0), HIGH_RESOLUTION: (AUTO, 6.0)}
        self.modes[HIGH_SPEED_PULSED] = (AUTO, 1.0)
        self.auto_zero = False

    def integration(self, kind: int, scale: float) -> float:
        """Return the integration time (s) on range ``scale`` (V or A)."""
        mode, n = self.modes[kind]
        if mode == PLC:
            time = n * POWER_LINE_PERIOD
        elif mode == TIME:
            time = n
        elif mode == MANUAL:
            time = n * (HR_UNIT_TIME if kind == HIGH_RESOLUTION else SAMPLE_TIME)
        else:
            time = n * next(seconds for lowest, seconds in AUTO_TIMES if scale >= lowest)
        return time * (2.0 if kind == HIGH_RESOLUTION and self.auto_zero else 1.0)

    def noise(self, kind: int, scale: float) -> float:
        """Return the rms noise (V or A) of one measurement on range ``scale``."""
        time = self.integration(kind, scale)
        if kind == HIGH_RESOLUTION:
            return HR_NOISE * scale * math.sqrt(POWER_LINE_PERIOD / time)
        mode, n = self.modes[kind]
        samples = n * SAMPLES_PER_PLC if mode == PLC else time / SAMPLE_TIME
        return HS_NOISE * scale / math.sqrt(max(samples, 1.0))

    def step(self, kind: int, scale: float) -> float:
        """Return what one count is on range ``scale``."""
        return scale / (HR_STEPS if kind == HIGH_RESOLUTION else HS_STEPS)
