"""The compiled loops of the drift-diffusion cell; ``rram_kinetics.py`` says what they model and checks their arguments.

numba notices a change of this file, but not of a file that it calls into: after a change of random_streams.py delete
the cached code.
"""

from math import exp, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics.cell_rows import WORKS, FloatArray, IntArray
from simulated_instruments.physics.compiled import compiled
from simulated_instruments.physics.random_streams import normal

CellArray = NDArray[np.void]

NOTHING, SET, RESET = 0, 1, 2
#: A step of the integration that changes w^2 by less than this has reached the steady state of its pulse.
_STEADY = 1e-12

#: All that is known of one cell.
CELL = np.dtype(
    [
        ("area", np.float64),  # S, conductance of the whole filament, on top of ``low``
        ("fill", np.float64),  # w, as the last pulse left it
        ("low", np.float64),  # S, without a filament
        ("pulsed_at", np.float64),  # s, end of the last pulse
        ("mobile", np.float64),  # share of vacancies that hopped then
        ("mobility", np.float64),  # factors of this cell ...
        ("diffusion", np.float64),
        ("ceiling", np.float64),
        ("cycle_mobility", np.float64),  # ... and of the filament that the last SET formed
        ("cycle_diffusion", np.float64),
        ("stream", np.uint64),  # state of the cell's random numbers
        ("stride", np.uint64),
        ("stuck", np.int64),
    ]
)


class Law(NamedTuple):
    """The constants of the kernels, in SI units; derived from ``KineticParameters``."""

    transconductance: float
    mobility: float
    reset_onset: float
    onset_width: float
    diffusion: float
    mobile_time: float
    step: float
    pulse_spread: float
    mobility_spread: float
    diffusion_spread: float
    white_noise: float
    flicker_noise: float


class Drive(NamedTuple):
    """What a pulse does to every cell alike."""

    polarity: int
    voltage: float  # over cell and transistor, V
    opening: float  # gate above the far end of the cell and the threshold, V
    width: float  # s
    growth: float  # share of the way to its ceiling that a filament grows in a SET
    ceiling: float  # S, what the gate lets a SET reach in the median cell


@compiled
def cell_voltage(conductance: float, drive: Drive, law: Law) -> float:
    """Return the voltage over the cell alone, in V: transistor and cell carry one current."""
    applied = min(drive.voltage, drive.opening)
    half = drive.opening + conductance / law.transconductance
    return half - sqrt(max(half * half - 2.0 * applied * (drive.opening - 0.5 * applied), 0.0))


@compiled
def hopping(volts: float, law: Law) -> float:
    """Return the share of vacancies that hop at a voltage on the cell."""
    return 1.0 / (1.0 + exp(-(volts - law.reset_onset) / law.onset_width))


@compiled
def motion(fill: float, cell: Any, drive: Drive, law: Law) -> tuple[float, float]:
    """Return D and the drift velocity in a RESET at the state ``fill``, both in 1/s."""
    volts = cell_voltage(cell.low + cell.area * fill, drive, law)
    mobile = hopping(volts, law)
    diffusion = law.diffusion * cell.diffusion * cell.cycle_diffusion * mobile
    return diffusion, law.mobility * cell.mobility * cell.cycle_mobility * volts * mobile


@compiled
def fill_at(cell: Any, now: float, law: Law) -> float:
    """Return w at ``now``: after a pulse diffusion goes on until the vacancies are immobile again."""
    since = max(now - cell.pulsed_at, 0.0)
    rate = law.diffusion * cell.diffusion * cell.cycle_diffusion * cell.mobile
    gain = 2.0 * rate * law.mobile_time * -np.expm1(-since / law.mobile_time)
    fill: float = sqrt(min(cell.fill * cell.fill + gain, 1.0))
    return fill


@compiled
def present(cell: Any, now: float, law: Law) -> float:
    """Return the cell's conductance at ``now``, in S."""
    if cell.stuck != WORKS:
        stuck: float = cell.low
        return stuck
    conductance: float = cell.low + cell.area * fill_at(cell, now, law)
    return conductance


@compiled
def reset_fill(cell: Any, fill: float, drive: Drive, width: float, law: Law) -> float:
    """Return w after a RESET: d(w^2)/dt = 2 D - 2 w drift by the classical Runge-Kutta method, in steps of its own."""
    square = fill * fill
    left = width
    while left > 0.0:
        rate, fastest = motion(sqrt(square), cell, drive, law)
        step = left
        if fastest * left > 0.0:
            step = min(left, law.step / fastest * min(1.0, 50.0 * rate / fastest))
        slopes = np.zeros(4)
        for stage in range(4):
            ahead = 0.0 if stage == 0 else (step if stage == 3 else 0.5 * step)
            root = sqrt(max(square + ahead * slopes[stage - 1], 0.0))
            rate, fall = motion(root, cell, drive, law)
            slopes[stage] = 2.0 * (rate - root * fall)
        change = step / 6.0 * (slopes[0] + 2.0 * slopes[1] + 2.0 * slopes[2] + slopes[3])
        square = min(max(square + change, 0.0), 1.0)
        left -= step
        if abs(change) < _STEADY:
            break
    return sqrt(square)


@compiled
def set_cell(cell: Any, conductance: float, drive: Drive, law: Law) -> None:
    """Bridge the filament again and let it grow towards what the gate allows, if that is more than there is."""
    ceiling = drive.ceiling * cell.ceiling
    if conductance >= ceiling or drive.growth == 0.0:
        return
    cell.area = conductance + (ceiling - conductance) * drive.growth - cell.low
    cell.fill = 1.0
    cell.mobile = 0.0
    stream = cell.stream
    deviate, stream = normal(stream, cell.stride)
    cell.cycle_mobility = exp(law.mobility_spread * deviate)
    deviate, stream = normal(stream, cell.stride)
    cell.cycle_diffusion = exp(law.diffusion_spread * deviate)
    cell.stream = stream


@compiled
def pulse_kernel(cells: CellArray, chosen: IntArray, now: float, drive: Drive, law: Law) -> None:
    """Give each chosen cell one pulse that begins at ``now``."""
    for place in range(chosen.size):
        cell = cells[chosen[place]]
        if cell.stuck != WORKS:
            continue
        fill = fill_at(cell, now, law)
        if drive.polarity == SET:
            set_cell(cell, cell.low + cell.area * fill, drive, law)
        else:
            deviate, stream = normal(cell.stream, cell.stride)
            cell.stream = stream
            width = drive.width * max(1.0 + law.pulse_spread * deviate, 0.0)
            cell.fill = reset_fill(cell, fill, drive, width, law)
            cell.pulsed_at = now + drive.width
            cell.mobile = hopping(cell_voltage(cell.low + cell.area * cell.fill, drive, law), law)


@compiled
def read_kernel(cells: CellArray, chosen: IntArray, now: float, averages: int, law: Law, values: FloatArray) -> None:
    """Put noisy conductances into ``values``."""
    spread = sqrt(law.white_noise**2 / averages + law.flicker_noise**2)
    for place in range(chosen.size):
        cell = cells[chosen[place]]
        deviate, stream = normal(cell.stream, cell.stride)
        cell.stream = stream
        values[place] = present(cell, now, law) * (1.0 + spread * deviate)


@compiled
def present_kernel(cells: CellArray, chosen: IntArray, now: float, law: Law, values: FloatArray) -> None:
    """Put the true conductances into ``values``."""
    for place in range(chosen.size):
        values[place] = present(cells[chosen[place]], now, law)
