"""Several channels at once: what each of them does in one run on the lines of an array."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from drivers.wgfmu import limits, programme
from drivers.wgfmu.codes import MEASURE_CURRENT_RANGES, MEASURE_VOLTAGE_RANGES, MeasureMode, OperationMode
from drivers.wgfmu.programme import Track
from labctl.capabilities import Floats
from labctl.errors import ConfigError, LimitError
from labctl.instrument import SampleLimits
from labctl.units import format_quantity


class Sampling(NamedTuple):
    """How currents are measured: every ``interval`` s, averaged over ``averaging`` s, in a range of so many A."""

    interval: float
    averaging: float
    current_range: float


def tracks(
    where: str,
    channels: Mapping[str, int],
    times: Floats,
    volts: Mapping[str, Floats],
    measured: Sequence[str],
    sample: SampleLimits,
    sampling: Sampling,
) -> tuple[Track, ...]:
    """Return what the channels do that ``volts`` names; ``measured`` are those of them whose current is measured.

    Raises:
        ConfigError: A line that there is none of, or one that is measured but not driven.
        LimitError: It cannot be made, or the sample does not stand it.
    """
    for name in (*volts, *measured):
        if name not in channels:
            raise ConfigError(f"{where}: there is no line {name!r}; there are {', '.join(channels) or 'none'}")
    if missing := [name for name in measured if name not in volts]:
        raise ConfigError(f"{where}: {missing[0]} is to be measured, but nothing is forced there")
    if not measured:
        raise ConfigError(f"{where}: no line is to be measured")
    if sampling.current_range not in MEASURE_CURRENT_RANGES:
        raise LimitError(f"{where}: there is no current range of {format_quantity(sampling.current_range, 'A')}")
    check_sample(where, volts, sample)
    made = []
    for name, levels in volts.items():
        pattern = programme.from_points(where, times, levels)
        force = limits.force_range(where, pattern.volts, "auto", OperationMode.FASTIV)
        event, kind, scale = None, MeasureMode.VOLTAGE, MEASURE_VOLTAGE_RANGES[5.0]
        if max(abs(force.lowest), force.highest) > 5.0:
            scale = MEASURE_VOLTAGE_RANGES[10.0]
        if name in measured:
            event = programme.event_along(where, pattern, sampling.interval, sampling.averaging)
            kind, scale = MeasureMode.CURRENT, MEASURE_CURRENT_RANGES[sampling.current_range]
        made.append(Track(channels[name], pattern, OperationMode.FASTIV, force.code, kind, scale, event=event))
    return tuple(made)


def check_sample(where: str, volts: Mapping[str, Floats], sample: SampleLimits) -> None:
    """Raise `LimitError` where a line, or the difference of two, is beyond what the sample stands."""
    levels = np.array([*volts.values(), np.zeros(len(next(iter(volts.values()))))])
    highest, widest = float(np.max(np.abs(levels))), float(np.max(np.ptp(levels, axis=0)))
    for name, found, bound in (
        ("terminal", highest, sample.voltage),
        ("device", widest, sample.device_voltage),
    ):
        if bound is not None and found > bound:
            asked, most = format_quantity(found, "V"), format_quantity(bound, "V")
            raise LimitError(f"{where}: {asked} is more than the sample's {name} stands, {most}")
