"""The compiled part of the diffusive memristor; ``diffusive.py`` tells the physics.

A circuit solver calls `advance` for each step of each cell: it moves one cell on at a constant voltage and returns the
conductance at the end. At a constant voltage it is exact whatever the step. `follow` does it for one cell behind a
resistor with a capacitor in parallel.
"""

from math import exp, log, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics.compiled import compiled
from simulated_instruments.physics.random_streams import normal

FloatArray = NDArray[np.float64]

CELL = np.dtype([
    ("progress", np.float64),  # of the silver on its way
    ("need", np.float64),  # progress at which this firing comes; around 1
    ("filament", np.float64),  # log of the conductance between off (0) and on (1)
    ("on", np.bool_),
    ("threshold", np.float64),  # V of this firing
    ("hold", np.float64),  # V of this firing
    ("relaxation", np.float64),  # s of this firing
    ("fired_at", np.float64),  # s, start of the step in which it last fired; below 0 before the first
    ("firings", np.int64),
    ("log_off", np.float64),  # ln of the conductance, S
    ("log_on", np.float64),
    ("mean_threshold", np.float64),
    ("mean_hold", np.float64),
    ("state", np.uint64),  # of the cell's random stream
    ("stride", np.uint64),
])  # fmt: skip
"""One cell. Make them by `diffusive.DiffusiveCells`, which draws what differs from cell to cell."""


class Law(NamedTuple):
    """Constants of the kernel, SI units."""

    steepness: float  # V by which the rate grows e-fold
    memory: float  # s in which progress is forgotten
    relaxation: float  # s, median
    hold_width: float  # V
    broken: float  # filament below which the cell is off again
    threshold_cycle: float  # V
    hold_cycle: float  # V
    relaxation_cycle: float  # of ln
    need_cycle: float
    rested: float  # progress below which the cell has forgotten, and begins anew


@compiled
def conductance(cell: Any) -> float:
    """Return the cell's conductance (S) now."""
    return float(exp(cell["log_off"] + cell["filament"] * (cell["log_on"] - cell["log_off"])))


@compiled
def draw_anew(cell: Any, law: Law) -> None:
    """Draw the threshold, the need, the hold voltage and the relaxation time of the next firing."""
    deviate, cell["state"] = normal(cell["state"], cell["stride"])
    cell["threshold"] = max(cell["mean_threshold"] + law.threshold_cycle * deviate, 0.05 * cell["mean_threshold"])
    deviate, cell["state"] = normal(cell["state"], cell["stride"])
    cell["need"] = max(1.0 + law.need_cycle * deviate, 0.05)
    deviate, cell["state"] = normal(cell["state"], cell["stride"])
    cell["hold"] = max(cell["mean_hold"] + law.hold_cycle * deviate, 0.05 * cell["mean_hold"])
    deviate, cell["state"] = normal(cell["state"], cell["stride"])
    cell["relaxation"] = law.relaxation * exp(law.relaxation_cycle * deviate)


@compiled
def wait_off(cell: Any, start: float, dt: float, volts: float, law: Law) -> float:
    """Advance a cell that is off by ``dt`` (s), or until it fires; return the time (s) that is left."""
    goal = exp(min((abs(volts) - cell["threshold"]) / law.steepness, 60.0))
    need = max(cell["need"], cell["progress"])
    if goal > need:
        until = law.memory * log((goal - cell["progress"]) / (goal - need))
        if until <= dt:
            cell["on"] = True
            cell["progress"] = need
            cell["filament"] = 1.0
            cell["fired_at"] = start + until
            cell["firings"] += 1
            return float(dt - until)
    before = cell["progress"]
    cell["progress"] = goal + (before - goal) * exp(-dt / law.memory)
    cell["filament"] *= exp(-dt / cell["relaxation"])
    if before > law.rested >= cell["progress"]:
        draw_anew(cell, law)
    return 0.0


@compiled
def wait_on(cell: Any, dt: float, volts: float, law: Law) -> float:
    """Advance a cell that is on by ``dt`` (s), or until its filament breaks; return the time (s) that is left."""
    goal = 1.0 / (1.0 + exp(min(max((cell["hold"] - abs(volts)) / law.hold_width, -60.0), 60.0)))
    if goal < law.broken:
        until = cell["relaxation"] * log((cell["filament"] - goal) / (law.broken - goal))
        if until <= dt:
            cell["on"] = False
            cell["filament"] = law.broken
            cell["progress"] = law.broken
            draw_anew(cell, law)
            return float(dt - until)
    cell["filament"] = goal + (cell["filament"] - goal) * exp(-dt / cell["relaxation"])
    return 0.0


@compiled
def advance(cell: Any, start: float, dt: float, volts: float, law: Law) -> float:
    """Advance one cell by ``dt`` (s) from ``start`` (s) at constant ``volts`` (V); return its conductance (S) then."""
    left = dt
    while left > 0.0:
        if cell["on"]:
            left = wait_on(cell, left, volts, law)
        else:
            left = wait_off(cell, start + dt - left, left, volts, law)
    return conductance(cell)


@compiled
def load_line(source: float, ohms: float, limit: float, siemens: float) -> float:
    """Return the voltage (V) on a conductance behind a resistor (Ohm) and a current limit (A)."""
    if np.isinf(ohms):
        return 0.0
    volts = source / (1.0 + ohms * siemens)
    return min(max(volts, -limit / siemens), limit / siemens)


@compiled
def charge(volts: float, source: float, ohms: float, limit: float, siemens: float, farads: float, dt: float) -> float:
    """Return the capacitor's voltage (V) after ``dt`` (s): exact for constant source and conductance."""
    if np.isinf(ohms):
        return float(volts * exp(-dt * siemens / farads))
    if ohms <= 0.0 or abs(source - volts) > limit * ohms:
        goal = min(max(source, -limit / siemens), limit / siemens)
        current = min(max((source - volts) * (np.inf if ohms <= 0.0 else 1.0 / ohms), -limit), limit)
        if np.isinf(current) or np.isnan(current):
            return goal
        settled = current / siemens
        after = settled + (volts - settled) * exp(-dt * siemens / farads)
        return float(min(after, goal) if volts < goal else max(after, goal))
    gain = 1.0 / (1.0 + ohms * siemens)
    settled = source * gain
    after = settled + (volts - settled) * exp(-dt / (ohms * farads * gain))
    return float(after)


@compiled
def step_of(cell: Any, volts: float, law: Law, tau: float, smallest: float) -> float:
    """Return a step (s) over which the cell's voltage and conductance may be taken as constant."""
    if cell["on"]:
        return float(max(min(0.02 * cell["relaxation"], 0.02 * tau), smallest))
    goal = exp(min((abs(volts) - cell["threshold"]) / law.steepness, 60.0))
    if goal < 1e-6 and cell["filament"] < 1e-3:
        return 1e9
    return max(min(0.02 * tau, 0.02 * law.memory / max(sqrt(goal), 1.0)), smallest)


@compiled
def follow(
    cell: Any, charged: float, times: FloatArray, sources: FloatArray, ohms: float, limit: float, farads: float,
    leak: float, connected: bool, smallest: float, law: Law, volts: FloatArray, amps: FloatArray, through: FloatArray,
) -> float:  # fmt: skip
    """Drive one cell from ``sources`` (n,) V at ``times`` (n,) s through ``ohms``, with ``farads`` parallel to it.

    Args:
        cell: The cell.
        charged: V on the capacitor at first.
        times: (n,) s.
        sources: (n,) V, linear in between.
        ohms: Ohm; infinite for no source.
        limit: A, of the source.
        farads: F; 0 for no capacitor.
        leak: S, parallel to the cell, for good: probes.
        connected: Whether the cell's other end is at 0 V rather than open.
        smallest: s, of a step.
        law: Of the cell.
        volts: (n,) filled with V across cell and capacitor.
        amps: (n,) filled with A out of the source.
        through: (n,) filled with A through the cell.

    Returns:
        V on the capacitor at the end.
    """
    siemens = conductance(cell)
    across = charged
    for index in range(times.size):
        if index > 0 and times[index] > times[index - 1]:
            begin, length = times[index - 1], times[index] - times[index - 1]
            slope = (sources[index] - sources[index - 1]) / length
            done = 0.0
            while done < length:
                early = sources[index - 1] + slope * done
                at = across if farads > 0.0 else load_line(early, ohms, limit, leak + siemens)
                load = leak + (siemens if connected else 0.0)
                tau = length if farads <= 0.0 else farads / (load + (0.0 if ohms <= 0.0 else 1.0 / ohms))
                dt = min(step_of(cell, at if connected else 0.0, law, tau, smallest), length - done)
                if slope != 0.0:
                    dt = min(dt, max(length / 16.0, smallest))
                if length - done < 1.5 * dt:
                    dt = length - done
                middle = sources[index - 1] + slope * (done + 0.5 * dt)
                if farads > 0.0:
                    half = charge(across, middle, ohms, limit, load, farads, 0.5 * dt)
                    across = charge(across, middle, ohms, limit, load, farads, dt)
                else:
                    half = load_line(middle, ohms, limit, load)
                siemens = advance(cell, begin + done, dt, half if connected else 0.0, law)
                done = length if dt == length - done else done + dt
        load = leak + (siemens if connected else 0.0)
        if farads <= 0.0:
            across = load_line(sources[index], ohms, limit, load)
        volts[index] = across
        through[index] = across * siemens if connected else 0.0
        if np.isinf(ohms):
            amps[index] = 0.0
        elif farads > 0.0 and ohms > 0.0:
            amps[index] = min(max((sources[index] - across) / ohms, -limit), limit)
        else:
            amps[index] = across * load
    return across
