"""The compiled loops of the analogue RRAM cell; ``rram.py`` says what they model and checks what they are given."""

from math import log10, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics.cell_rows import WORKS, FloatArray, IntArray
from simulated_instruments.physics.compiled import compiled
from simulated_instruments.physics.random_streams import GOLDEN_STRIDE, mixed, normal, uniform

# numba notices a change of this file, but not of a file that it calls into: after a change of random_streams.py delete
# the cached code.

CellArray = NDArray[np.void]

READ, SET, RESET = 0, 1, 2

#: All that is known of one cell.
CELL = np.dtype(
    [
        ("conductance", np.float64),  # S, as the last pulse left it
        ("pulsed_at", np.float64),  # s, when that was
        ("key", np.uint64),  # of the relaxation that began then
        ("stream", np.uint64),  # state of the cell's random numbers
        ("stride", np.uint64),
        ("low", np.float64),  # S, soft bound of RESET
        ("high", np.float64),  # S, soft bound of SET with the gate fully open
        ("set_rate", np.float64),  # share of the way to the bound per reference pulse (-ln of what is left of it)
        ("reset_rate", np.float64),
        ("stuck", np.int64),
    ]
)


#: How far a cell's walk was followed at the last look, so that the next one need not begin anew; no part of its state.
WALK = np.dtype(
    [
        ("key", np.uint64),  # of the relaxation
        ("stream", np.uint64),  # after so many steps
        ("steps", np.int64),  # whole decades, 0 where nothing is known
        ("amplitude", np.float64),
        ("length", np.float64),
    ]
)


class Law(NamedTuple):
    """The constants of the kernels, in SI units; derived from ``RramParameters``."""

    quantum: float
    bound_spread: float
    floor: float
    relaxation_start: float
    drift: float
    walk: float
    tail_share: float
    tail_factor: float
    mean_shift: float
    relaxation_knee: float
    white_noise: float
    flicker_noise: float


class Drive(NamedTuple):
    """What a pulse does to every cell alike."""

    polarity: int
    exposure: float  # in reference pulses
    ceiling: float  # share of a cell's upper bound that the gate lets a SET reach


@compiled
def decades_after(delay: float, law: Law) -> float:
    """Return how many decades of time have passed so long (s) after programming, counted from the start."""
    return log10(1.0 + max(delay, 0.0) / law.relaxation_start)


@compiled
def begun(key: np.uint64, law: Law) -> tuple[float, np.uint64]:
    """Return the amplitude of a relaxation's drift and the stream that its walk goes on with."""
    amplitude, stream = normal(key, GOLDEN_STRIDE)
    chance, stream = uniform(stream, GOLDEN_STRIDE)
    if chance < law.tail_share:
        amplitude *= law.tail_factor
    return amplitude, stream


@compiled
def shifted(conductance: float, amplitude: float, walk: float, decades: float, law: Law) -> float:
    """Return the conductance that has drifted and walked so far."""
    shift = law.drift * amplitude * decades + law.walk * walk - law.mean_shift * decades * decades * decades
    square = conductance * conductance
    weight = square / (square + law.relaxation_knee * law.relaxation_knee)
    return max(conductance + weight * shift, law.floor)


@compiled
def relaxed(conductance: float, key: np.uint64, decades: float, law: Law) -> float:
    """Return the conductance so many decades of time after programming; a function of its arguments alone."""
    amplitude, stream = begun(key, law)
    walk = 0.0
    left = decades
    while left > 0.0:
        step, stream = normal(stream, GOLDEN_STRIDE)
        walk += step * min(left, 1.0)
        left -= 1.0
    return shifted(conductance, amplitude, walk, decades, law)


@compiled
def remembered(cell: Any, walk: Any, now: float, law: Law) -> float:
    """Return what `present` does; ``walk`` (`WALK`) keeps the whole decades of the walk from one look to the next."""
    conductance: float = cell.conductance
    if cell.stuck != WORKS:
        return conductance
    decades = decades_after(now - cell.pulsed_at, law)
    whole = int(decades)
    if walk.steps == 0 or walk.key != cell.key or walk.steps > whole:
        walk.amplitude, walk.stream = begun(cell.key, law)
        walk.key, walk.steps, walk.length = cell.key, 0, 0.0
    while walk.steps < whole:
        step, walk.stream = normal(walk.stream, GOLDEN_STRIDE)
        walk.length += step
        walk.steps += 1
    step, _ = normal(walk.stream, GOLDEN_STRIDE)
    return shifted(conductance, walk.amplitude, walk.length + step * (decades - whole), decades, law)


@compiled
def present(cell: Any, now: float, law: Law) -> float:
    """Return the cell's conductance at ``now``, in S."""
    conductance: float = cell.conductance
    if cell.stuck != WORKS:
        return conductance
    return relaxed(conductance, cell.key, decades_after(now - cell.pulsed_at, law), law)


@compiled
def switched(conductance: float, bound: float, share: float, deviate: float, law: Law) -> float:
    """Return the conductance after a pulse that goes ``share`` of the way to ``bound`` in the mean."""
    gap = bound - conductance
    variance = law.quantum * abs(gap) * share * (1.0 - share) + (law.bound_spread * bound * share) ** 2
    return max(conductance + share * gap + sqrt(variance) * deviate, law.floor)


@compiled
def reading(conductance: float, spread: float, deviate: float) -> float:
    """Return the conductance as read with a relative error of ``spread`` times ``deviate``."""
    return conductance * (1.0 + spread * deviate)


@compiled
def read_spread(averages: int, law: Law) -> float:
    """Return the relative sd of a read that averages so many."""
    return sqrt(law.white_noise**2 / averages + law.flicker_noise**2)


@compiled
def present_kernel(cells: CellArray, chosen: IntArray, now: float, law: Law, values: FloatArray) -> None:
    """Put the true conductances into ``values``."""
    for place in range(chosen.size):
        values[place] = present(cells[chosen[place]], now, law)


@compiled
def read_kernel(
    cells: CellArray, walks: CellArray, chosen: IntArray, now: float, averages: int, law: Law, values: FloatArray
) -> None:
    """Put noisy conductances into ``values``."""
    spread = read_spread(averages, law)
    for place in range(chosen.size):
        cell = cells[chosen[place]]
        deviate, cell.stream = normal(cell.stream, cell.stride)
        values[place] = reading(remembered(cell, walks[chosen[place]], now, law), spread, deviate)


@compiled
def pulse_kernel(cells: CellArray, chosen: IntArray, now: float, drive: Drive, law: Law) -> None:
    """Give each chosen cell one pulse."""
    for place in range(chosen.size):
        cell = cells[chosen[place]]
        conductance = present(cell, now, law)
        is_set = drive.polarity == SET
        bound = cell.high * drive.ceiling if is_set else cell.low
        if cell.stuck != WORKS or (is_set and conductance >= bound):
            continue
        rate = cell.set_rate if is_set else cell.reset_rate
        deviate, stream = normal(cell.stream, cell.stride)
        cell.conductance = switched(conductance, bound, -np.expm1(-rate * drive.exposure), deviate, law)
        cell.stream = stream + cell.stride
        cell.key = mixed(cell.stream)
        cell.pulsed_at = now


class Verify(NamedTuple):
    """How a closed-loop write goes about it."""

    set_drive: Drive
    reset_drive: Drive
    pulse_limit: int
    averages: int
    now: float
    pulse_time: float
    read_time: float


class Results(NamedTuple):
    """What a closed-loop write fills in, (n,) each, and the trace of a single cell, or empty arrays."""

    set_pulses: IntArray
    reset_pulses: IntArray
    readings: FloatArray
    converged: NDArray[np.bool_]
    trace: FloatArray
    kinds: NDArray[np.int8]


@compiled
def write_kernel(
    cells: CellArray,
    chosen: IntArray,
    targets: FloatArray,
    tolerances: FloatArray,
    verify: Verify,
    law: Law,
    start: int,
    stop: int,
    results: Results,
) -> None:
    """Write the cells ``chosen[start:stop]`` one after the other; targets and tolerances are conductances."""
    spread = read_spread(verify.averages, law)
    cycle = verify.pulse_time + verify.read_time
    cycle_decades = decades_after(cycle, law)
    for place in range(start, stop):
        cell = cells[chosen[place]]
        target, tolerance = targets[place], tolerances[place]
        works = cell.stuck == WORKS
        set_bound = cell.high * verify.set_drive.ceiling
        set_share = -np.expm1(-cell.set_rate * verify.set_drive.exposure)
        reset_share = -np.expm1(-cell.reset_rate * verify.reset_drive.exposure)
        stream, stride = cell.stream, cell.stride
        conductance = present(cell, verify.now + verify.read_time, law)
        programmed, key, last, moved = conductance, cell.key, 0, False
        sets, resets, kind = 0, 0, READ
        while True:
            deviate, stream = normal(stream, stride)
            value = reading(conductance, spread, deviate)
            if results.trace.size > 0:
                results.trace[sets + resets] = value
                results.kinds[sets + resets] = kind
            error = value - target
            if abs(error) <= tolerance or sets + resets == verify.pulse_limit:
                break
            if error < 0.0:
                sets, kind, bound, share = sets + 1, SET, set_bound, set_share
            else:
                resets, kind, bound, share = resets + 1, RESET, cell.low, reset_share
            if not works or (kind == SET and conductance >= bound) or share == 0.0:
                continue
            deviate, stream = normal(stream, stride)
            programmed = switched(conductance, bound, share, deviate, law)
            stream = stream + stride
            key = mixed(stream)
            conductance = relaxed(programmed, key, cycle_decades, law)
            last, moved = sets + resets, True
        cell.stream = stream
        if moved:
            cell.conductance, cell.key = programmed, key
            cell.pulsed_at = verify.now + verify.read_time + (last - 1) * cycle
        results.set_pulses[place], results.reset_pulses[place] = sets, resets
        results.readings[place] = value
        results.converged[place] = abs(value - target) <= tolerance
