"""The compiled part of the PCM cell: heat, melting, crystallisation, drift; ``pcm.py`` tells the physics."""

from math import exp, floor, log10
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics.compiled import compiled
from simulated_instruments.physics.random_streams import GOLDEN_STRIDE, mixed, normal

FloatArray = NDArray[np.float64]

CELL = np.dtype([
    ("amorphous", np.float64),  # share of the volume that the current has to cross, 0..1
    ("excess", np.float64),  # temperature above ambient, K
    ("log_set", np.float64),  # log10 of the crystalline resistance of this switching, Ohm
    ("log_reset", np.float64),  # log10 of the amorphous one at t0
    ("drift", np.float64),  # exponent d of this switching
    ("quenched_at", np.float64),  # s, when it last was molten: drift counts from there
    ("hot", np.bool_),  # above the crystallisation onset
    ("mean_set", np.float64),
    ("mean_reset", np.float64),
    ("mean_drift", np.float64),
    ("spread_set", np.float64),  # sd of log_set from switching to switching
    ("spread_reset", np.float64),
    ("spread_drift", np.float64),
    ("state", np.uint64),  # of the cell's random stream
    ("stride", np.uint64),
    ("key", np.uint64),  # of its read noise
])  # fmt: skip


MOLTEN = 1.0 - 1e-9
"""Amorphous share of a cell that has forgotten what it was before it melted."""
FORGETTING = 8
"""Passages in which the cell must have melted wholly before others are skipped; *assumed* to be enough."""


class Law(NamedTuple):
    """Constants of the kernel; SI units, temperatures as excess over ambient."""

    on_resistance: float
    threshold: float
    heating: float  # K/W
    time_constant: float
    onset: float
    melting: float
    peak_rate: float
    melting_time: float
    full_share: float
    drift_start: float
    earliest: float
    read_noise: float
    noise_time: float
    finest: float  # shortest step, as a share of the time constant
    change: float  # K by which the temperature may change in a longer one


@compiled
def resistance(cell: Any, now: float, law: Law) -> float:
    """Return the low-field resistance (Ohm) at ``now`` (s), drift included, noise not."""
    share = min(cell["amorphous"] / law.full_share, 1.0)
    age = max(now - cell["quenched_at"], law.earliest)
    high = cell["log_reset"] + cell["drift"] * log10(age / law.drift_start)
    log: float = cell["log_set"] + share * (high - cell["log_set"])
    return float(10.0**log)


@compiled
def noise_at(cell: Any, now: float, law: Law) -> float:
    """Return the factor of the read noise at ``now``: a function of time, which looking at it cannot change."""
    moment = np.uint64(np.int64(floor(now / law.noise_time)))
    deviate, _ = normal(mixed(cell["key"] + moment * GOLDEN_STRIDE), GOLDEN_STRIDE)
    return max(1.0 + law.read_noise * deviate, 0.1)


@compiled
def load_line(source: float, ohms: float, limit: float, cell: Any, now: float, law: Law) -> tuple[float, float]:
    """Return voltage (V) across the cell and current (A) for a source with a resistance and a current limit."""
    if np.isinf(ohms):
        return 0.0, 0.0
    low_field = resistance(cell, now, law)
    amps = source / (low_field + ohms)
    amps = min(max(amps, -limit), limit)
    if abs(amps * low_field) <= law.threshold or low_field <= law.on_resistance:
        return amps * low_field, amps
    amps = source / (law.on_resistance + ohms)
    amps = min(max(amps, -limit), limit)
    return amps * law.on_resistance, amps


@compiled
def rate(excess: float, law: Law) -> float:
    """Return the rate of crystallisation (1/s): a parabola between onset and melting."""
    if excess <= law.onset or excess >= law.melting:
        return 0.0
    width = law.melting - law.onset
    return law.peak_rate * 4.0 * (excess - law.onset) * (law.melting - excess) / (width * width)


@compiled
def switch_anew(cell: Any, law: Law) -> None:
    """Draw what this switching is going to give."""
    deviate, cell["state"] = normal(cell["state"], cell["stride"])
    cell["log_set"] = cell["mean_set"] + cell["spread_set"] * deviate
    deviate, cell["state"] = normal(cell["state"], cell["stride"])
    cell["log_reset"] = cell["mean_reset"] + cell["spread_reset"] * deviate
    deviate, cell["state"] = normal(cell["state"], cell["stride"])
    cell["drift"] = max(cell["mean_drift"] + cell["spread_drift"] * deviate, 0.0)


@compiled
def warm(cell: Any, start: float, length: float, before: float, after: float, law: Law) -> None:
    """Advance by ``length`` (s): the steady excess goes from ``before`` to ``after`` (K), exact where it is linear."""
    tau = law.time_constant
    slope = (after - before) / length
    decay = exp(-length / tau)
    half = exp(-0.5 * length / tau)
    begin = cell["excess"]
    offset = begin - before + slope * tau
    middle = before + slope * (0.5 * length - tau) + offset * half
    end = after - slope * tau + offset * decay
    crystallised = (rate(begin, law) + 4.0 * rate(middle, law) + rate(end, law)) * length / 6.0
    hot = end > law.onset
    if hot and not cell["hot"]:
        switch_anew(cell, law)
    cell["hot"] = hot
    cell["excess"] = end
    if end > begin:
        cell["amorphous"] *= exp(-crystallised)
        melt(cell, start + length, length * share_above(begin, end, law.melting), law)
    else:
        molten = length * share_above(begin, end, law.melting)
        melt(cell, start + molten, molten, law)
        cell["amorphous"] *= exp(-crystallised)


@compiled
def share_above(begin: float, end: float, level: float) -> float:
    """Return the share of a straight line from ``begin`` to ``end`` that is above ``level``."""
    low, high = min(begin, end), max(begin, end)
    if low >= level:
        return 1.0
    return (high - level) / (high - low) if high > level else 0.0


@compiled
def melt(cell: Any, until: float, length: float, law: Law) -> None:
    """Let the cell be molten for ``length`` (s), to ``until`` (s)."""
    if length > 0.0:
        cell["amorphous"] = 1.0 - (1.0 - cell["amorphous"]) * exp(-length / law.melting_time)
        cell["quenched_at"] = until


@compiled
def follow(
    cells: Any, times: FloatArray, sources: FloatArray, ohms: float, limit: float, law: Law,
    volts: FloatArray, amps: FloatArray,
) -> None:  # fmt: skip
    """Drive all cells with ``sources`` (n,) V at ``times`` (n,) s through ``ohms``; fill ``volts``, ``amps`` (m, n)."""
    for index in range(cells.shape[0]):
        cell = cells[index]
        for step in range(times.size):
            if step > 0 and times[step] > times[step - 1]:
                first, last = sources[step - 1], sources[step]
                segment(
                    cell, times[0], times[step - 1] - times[0], times[step] - times[0], first, last, ohms, limit, law
                )
            across, through = load_line(sources[step], ohms, limit, cell, times[step], law)
            factor = noise_at(cell, times[step], law)
            volts[index, step] = across
            amps[index, step] = through / factor


@compiled
def segment(
    cell: Any, base: float, start: float, stop: float, first: float, last: float, ohms: float, limit: float, law: Law
) -> None:
    """Advance one cell from ``start`` to ``stop`` (s after ``base``), between which the source is linear."""
    finest = law.finest * law.time_constant
    longest = stop - start if first == last else max((stop - start) / 32.0 * law.finest / 0.25, finest)
    quiet = max(abs(first), abs(last)) <= law.threshold
    now = start
    while now < stop:
        if quiet and cell["excess"] < 1e-3:
            cell["excess"] = 0.0
            cell["hot"] = False
            return
        early = first + (last - first) * (now - start) / (stop - start)
        across, through = load_line(early, ohms, limit, cell, base + now, law)
        before = law.heating * across * through
        distance = max(abs(before - cell["excess"]), 1e-9)
        length = min(max(finest, law.change * law.time_constant / distance), longest)
        if stop - now < 1.5 * length:
            length = stop - now
        late = first + (last - first) * (now + length - start) / (stop - start)
        across, through = load_line(late, ohms, limit, cell, base + now + length, law)
        warm(cell, base + now, length, before, law.heating * across * through, law)
        now = now + length


@compiled
def repeat(
    cell: Any, start: float, period: float, count: int, times: FloatArray, sources: FloatArray, ohms: float,
    limit: float, law: Law,
) -> int:  # fmt: skip
    """Drive one cell ``count`` times with ``sources`` (n,) V at ``times`` (n,) s, ``period`` (s) apart.

    Each passage begins and ends cold. A cell that melts wholly forgets what it was: once it has done so in a number of
    passages, the others are skipped except the last, which alone is left in the end. Return how many were followed.
    """
    forgetting, followed, number = 0, 0, 0
    while number < count:
        begin = start + number * period
        molten = False
        for step in range(1, times.size):
            if times[step] > times[step - 1]:
                first, last = sources[step - 1], sources[step]
                segment(cell, begin, times[step - 1], times[step], first, last, ohms, limit, law)
                molten = molten or cell["amorphous"] > MOLTEN
        forgetting = forgetting + 1 if molten else 0
        followed += 1
        number += 1
        if forgetting >= FORGETTING and number < count - 1:
            number = count - 1
    return followed
