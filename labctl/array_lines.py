"""Work on an array of synapses and neurons by its lines: waveforms, reading and writing of single synapses.

Lines are named as stations name them: ``row...`` for rows, ``column1`` for the lines between synapses and neurons,
``neuron1`` for the neurons' bottoms. To write and to read, the neurons float.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from labctl.capabilities import Floats, MultiChannelFastIV
from labctl.errors import ConfigError

EDGE = 1e-6
"""Of a rectangular pulse, in s."""
READ_TIME = 200e-6
"""Of a read pulse, in s: enough for a range of 100 uA to settle."""
READ_RANGE = 1e-4
"""Of a read current, in A."""
WRITE_TIME = 100e-6
"""Of a writing pulse, in s."""
ON_RESISTANCE = 200.0
"""Of a neuron that fires, in Ohm, for the plan's highest current; *assumed*."""
CALL_TIME = 30e-3
"""What sending, running and fetching one measurement takes beside the waveform, in s; *assumed*."""
GRID = 10e-9
"""On which times are put, in s."""


class Shape(NamedTuple):
    """A waveform of height 1: ``times`` (n,) s, ``levels`` (n,)."""

    times: Floats
    levels: Floats


class Firing(NamedTuple):
    """What a neuron did: when its current first exceeded the level (s, NaN for never), and the largest current (A)."""

    time: float
    peak: float


def triangle(width: float, rest: float) -> Shape:
    """Return a triangle of ``width`` (s), then 0 for ``rest`` (s)."""
    half = on_grid(width / 2.0)
    return Shape(np.array([0.0, half, 2.0 * half, on_grid(2.0 * half + rest)]), np.array([0.0, 1.0, 0.0, 0.0]))


def spikes(width: float, gap: float, count: int, rest: float) -> Shape:
    """Return ``count`` rectangular pulses of ``width`` (s), ``gap`` (s) apart, then 0 for ``rest`` (s)."""
    times, levels = [0.0], [0.0]
    for index in range(count):
        start = index * (width + gap)
        times += [on_grid(start + EDGE), on_grid(start + width - EDGE), on_grid(start + width)]
        levels += [1.0, 1.0, 0.0]
        times.append(on_grid(start + width + (gap if index < count - 1 else rest)))
        levels.append(0.0)
    return Shape(np.array(times), np.array(levels))


def on_grid(seconds: float) -> float:
    """Return the nearest time on the grid."""
    return round(seconds / GRID) * GRID


def names(array: MultiChannelFastIV, kind: str) -> tuple[str, ...]:
    """Return the lines whose name begins with ``kind``.

    Raises:
        ConfigError: There are none.
    """
    found = tuple(name for name in array.lines if name.startswith(kind))
    if not found:
        raise ConfigError(f"the station's array has no line {kind}...; it has {', '.join(array.lines) or 'none'}")
    return found


def read_weights(array: MultiChannelFastIV, voltage: float) -> Floats:
    """Return the conductances (row lines, columns) in S: one row at ``voltage`` (V), everything else at 0 V."""
    rows, columns = names(array, "row"), names(array, "column")
    times = np.array([0.0, EDGE, READ_TIME, READ_TIME + EDGE])
    found = np.zeros((len(rows), len(columns)))
    for index, active in enumerate(rows):
        volts = {name: np.zeros(4) for name in (*rows, *columns)}
        volts[active] = voltage * np.array([0.0, 1.0, 1.0, 0.0])
        result = array.measure_lines(
            times, volts, measured=columns, interval=READ_TIME / 2.0, averaging=READ_TIME / 4.0,
            current_range=READ_RANGE,
        )  # fmt: skip
        found[index] = [-result.currents[name][1] / voltage for name in columns]
    return found


def pulse_rows(
    array: MultiChannelFastIV, rows: Mapping[str, float], columns: Mapping[str, float], width: float = WRITE_TIME
) -> None:
    """Give row lines and column lines one rectangular pulse each, of so many V; others float, as all neurons do."""
    times = np.array([0.0, EDGE, on_grid(width), on_grid(width + EDGE), on_grid(width + 10.0 * EDGE)])
    shape = np.array([0.0, 1.0, 1.0, 0.0, 0.0])
    volts = {name: level * shape for name, level in {**rows, **columns}.items()}
    array.measure_lines(times, volts, measured=tuple(columns), interval=on_grid(width), averaging=0.0)


def write_weight(
    array: MultiChannelFastIV, target: float, *, up: bool, lowest: float, highest: float, step: float, voltage: float
) -> tuple[float, int]:
    """Write the only synapse of an array until it is above (``up``) or below ``target`` (S); read it at ``voltage``.

    The pulses begin at ``lowest`` (V) and rise by ``step`` up to ``highest``.

    Returns:
        Its conductance (S), and the number of pulses.
    """
    (row,), (column,) = names(array, "row"), names(array, "column")
    siemens = float(read_weights(array, voltage)[0, 0])
    sign = 1.0 if up else -1.0
    count = 0
    for level in np.arange(lowest, highest + 0.5 * step, step):
        if sign * (siemens - target) >= 0.0:
            break
        pulse_rows(array, {row: sign * float(level)}, {column: 0.0})
        siemens = float(read_weights(array, voltage)[0, 0])
        count += 1
    return siemens, count


def firing(times: Floats, amps: Floats, level: float) -> Firing:
    """Return when a neuron's current out of the network first exceeded ``level`` (A), and the largest current."""
    above = np.flatnonzero(amps > level)
    return Firing(float(times[above[0]]) if len(above) else float("nan"), float(amps.max()))


def present(
    array: MultiChannelFastIV, shape: Shape, heights: Mapping[str, float], neurons: Sequence[str], interval: float
) -> tuple[Floats, dict[str, Floats]]:
    """Give row lines their ``heights`` (V) along ``shape``, ``neurons`` being connected; other lines float.

    Returns:
        Times (n,) in s and the current (n,) in A out of the network through each of ``neurons``.
    """
    volts = {name: height * shape.levels for name, height in heights.items()}
    volts |= {name: np.zeros(len(shape.times)) for name in neurons}
    result = array.measure_lines(shape.times, volts, measured=neurons, interval=interval, averaging=interval)
    return result.times, {name: -result.currents[name] for name in neurons}
