"""The compiled part of the array of synapses and neurons; ``neuron_array.py`` tells the physics.

Within a step every conductance is constant, so that a column's charge follows its sources exactly; the devices then
move on at the voltages of the middle of the step.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics import diffusive_kernels as neurons
from simulated_instruments.physics import drift_memristor as synapses
from simulated_instruments.physics.compiled import compiled

FloatArray = NDArray[np.float64]
SWEEPS = 200
"""Most rounds in which rows and columns that are not held settle on each other."""
SETTLED = 1e-9
"""V by which the last round may still have moved them."""
LEAD = 1e-3
"""Ohm of an output without any, as it meets a column; *assumed*."""
QUIET = 0.5
"""Part of its threshold below which a neuron's progress need not be followed closely."""
LEAK = 1e-15
"""S from every node to ground, so that none is without a voltage; *assumed*."""


@compiled
def _node(conductance: float, current: float, volts: float, ohms: float) -> float:
    """Return the voltage of a node with a source (infinite ohms: none) and ``current`` (A) into ``conductance`` (S)."""
    if ohms <= 0.0:
        return volts
    source = 0.0 if np.isinf(ohms) else 1.0 / ohms
    return (current + volts * source) / (conductance + source + LEAK)


@compiled
def settle_rows(
    siemens: FloatArray, volts: FloatArray, ohms: FloatArray, columns: FloatArray, rows: FloatArray
) -> None:
    """Fill ``rows`` (R,) with the rows' voltages, from their sources and the columns' voltages."""
    for row in range(siemens.shape[0]):
        total, current = 0.0, 0.0
        for column in range(siemens.shape[1]):
            total += siemens[row, column]
            current += siemens[row, column] * columns[column]
        rows[row] = _node(total, current, volts[row], ohms[row])


@compiled
def load_of(
    column: int, siemens: FloatArray, rows: FloatArray, neuron: float, load: float, bottom: FloatArray, line: FloatArray
) -> tuple[float, float]:
    """Return what is on a column: its conductance (S) to everything, and the current (A) into it at 0 V.

    ``bottom`` (2, K) and ``line`` (2, K) are V and Ohm of the sources at the neurons' bottoms and on the column lines.
    """
    total, current = load + LEAK, 0.0
    for row in range(siemens.shape[0]):
        total += siemens[row, column]
        current += siemens[row, column] * rows[row]
    if not np.isinf(bottom[1, column]):
        path = 1.0 / (1.0 / neuron + bottom[1, column])
        total += path
        current += path * bottom[0, column]
    if not np.isinf(line[1, column]):
        wire = 1.0 / max(line[1, column], LEAD)
        total += wire
        current += wire * line[0, column]
    return total, current


@compiled
def solve(
    siemens: FloatArray, on: FloatArray, load: float, farads: float, dt: float, row_volts: FloatArray,
    row_ohms: FloatArray, bottom: FloatArray, line: FloatArray, before: FloatArray, rows: FloatArray,
    columns: FloatArray,
) -> None:  # fmt: skip
    """Fill ``rows`` and ``columns`` with the voltages ``dt`` (s) after the columns had ``before`` (K,).

    ``on`` (K,) are the neurons' conductances, ``load`` (S) and ``farads`` hang on every column. A column whose line is
    held by an output without resistance follows it at once.
    """
    for _ in range(SWEEPS):
        moved = 0.0
        settle_rows(siemens, row_volts, row_ohms, columns, rows)
        for column in range(siemens.shape[1]):
            total, current = load_of(column, siemens, rows, on[column], load, bottom, line)
            after = current / total
            if farads > 0.0 and line[1, column] > LEAD:
                after += (before[column] - after) * np.exp(-dt * total / farads)
            moved = max(moved, abs(after - columns[column]))
            columns[column] = after
        if moved < SETTLED:
            break


@compiled
def _at_rest(cell: Any, volts: float) -> bool:
    """Return whether a neuron is off, has lost its filament and is below its threshold."""
    return bool(not cell["on"] and cell["filament"] < 1e-3 and abs(volts) < cell["threshold"])


@compiled
def longest_step(
    cells: Any, law: Any, weights: Any, drift: Any, siemens: FloatArray, on: FloatArray, load: float, farads: float,
    rows: FloatArray, columns: FloatArray, bottom: FloatArray, line: FloatArray, left: float, share: float,
) -> float:  # fmt: skip
    """Return a step (s) within which nothing moves far: at most ``share`` of a time constant, at most ``left``."""
    step = left
    for column in range(siemens.shape[1]):
        tau = left
        if farads > 0.0 and line[1, column] > LEAD:
            total, current = load_of(column, siemens, rows, on[column], load, bottom, line)
            tau = farads / total
            if abs(current / total - columns[column]) > 1e-3:
                step = min(step, 5.0 * share * tau)
        if not np.isinf(bottom[1, column]):
            across = columns[column] - bottom[0, column]
            if _at_rest(cells[column], across):
                if abs(across) > QUIET * cells[column]["threshold"]:
                    step = min(step, share * law.memory)
            else:
                step = min(step, 50.0 * share * neurons.step_of(cells[column], across, law, tau, 1e-9))
        for row in range(siemens.shape[0]):
            pace = synapses.rate(weights[row, column], rows[row] - columns[column], drift)
            if pace > 0.0:
                step = min(step, 2.0 * share / pace)
    return max(step, min(left, 1e-9))


@compiled
def note(
    records: FloatArray, count: int, time: float, siemens: FloatArray, on: FloatArray, rows: FloatArray,
    columns: FloatArray, bottom: FloatArray, line: FloatArray,
) -> None:  # fmt: skip
    """Write one record: time, rows V, rows A (out of their sources), columns V, lines A, bottoms V, neurons A."""
    height, width = siemens.shape
    records[count, 0] = time
    for row in range(height):
        current = 0.0
        for column in range(width):
            current += siemens[row, column] * (rows[row] - columns[column])
        records[count, 1 + row] = rows[row]
        records[count, 1 + height + row] = current
    base = 1 + 2 * height
    for column in range(width):
        wire = 0.0 if np.isinf(line[1, column]) else 1.0 / max(line[1, column], LEAD)
        records[count, base + column] = columns[column]
        records[count, base + width + column] = wire * (line[0, column] - columns[column])
        if np.isinf(bottom[1, column]):
            records[count, base + 2 * width + column] = columns[column]
            records[count, base + 3 * width + column] = 0.0
        else:
            path = 1.0 / (1.0 / on[column] + bottom[1, column])
            current = path * (columns[column] - bottom[0, column])
            records[count, base + 2 * width + column] = bottom[0, column] + current * bottom[1, column]
            records[count, base + 3 * width + column] = current


@compiled
def follow(
    cells: Any, law: Any, weights: Any, drift: Any, load: float, farads: float, share: float, times: FloatArray,
    row_drives: FloatArray, row_ohms: FloatArray, bottom_drives: FloatArray, bottom_ohms: FloatArray,
    line_drives: FloatArray, line_ohms: FloatArray, charged: FloatArray, begun: float, records: FloatArray,
) -> tuple[int, float]:  # fmt: skip
    """Drive the array along ``times`` (n,) s from ``begun`` (s) on until its end or until ``records`` are full.

    Args:
        cells: (K,) neurons.
        law: Theirs.
        weights: (R, K) synapses.
        drift: Their law.
        load: S of every column to ground.
        farads: F of every column to ground.
        share: Of a time constant that a step may take.
        times: (n,) s.
        row_drives: (R, n) V, linear in between, behind ``row_ohms`` (R,); infinite for none.
        row_ohms: Ohm.
        bottom_drives: (K, n) V at the neurons' bottoms, behind ``bottom_ohms`` (K,).
        bottom_ohms: Ohm.
        line_drives: (K, n) V on the column lines, behind ``line_ohms`` (K,).
        line_ohms: Ohm.
        charged: (K,) V of the columns; moves on in place.
        begun: s.
        records: (m, 1 + 2 R + 4 K), see `note`.

    Returns:
        How many records there are, and the time (s) that was reached.
    """
    height, width = weights.shape
    siemens, on = np.empty((height, width)), np.empty(width)
    for column in range(width):
        on[column] = neurons.conductance(cells[column])
        for row in range(height):
            siemens[row, column] = synapses.siemens(weights[row, column])
    rows, columns, middle = np.zeros(height), charged.copy(), charged.copy()
    drives, bottom, line = np.empty(height), np.empty((2, width)), np.empty((2, width))
    bottom[1], line[1] = bottom_ohms, line_ohms
    count, now = 0, begun
    piece = 1
    while True:
        while piece < times.size - 1 and now >= times[piece]:
            piece += 1
        left, length = times[piece] - now, times[piece] - times[piece - 1]
        steepest = 0.0
        for row in range(height):
            steepest = max(steepest, abs(row_drives[row, piece] - row_drives[row, piece - 1]))
        for column in range(width):
            steepest = max(steepest, abs(line_drives[column, piece] - line_drives[column, piece - 1]))
        place = 1.0 if length <= 0.0 else 1.0 - left / length
        _present(place, piece, row_drives, bottom_drives, line_drives, drives, bottom, line)
        solve(siemens, on, load, farads, 0.0, drives, row_ohms, bottom, line, charged, rows, columns)
        note(records, count, now, siemens, on, rows, columns, bottom, line)
        count += 1
        if left <= 0.0 or count >= records.shape[0]:
            return count, now
        dt = longest_step(
            cells, law, weights, drift, siemens, on, load, farads, rows, columns, bottom, line, left, share
        )  # fmt: skip
        if steepest > 1e-3:
            dt = min(dt, max(length * 0.5 * share / steepest, 1e-9))
        if left < 1.5 * dt:
            dt = left
        place = 1.0 if length <= 0.0 else 1.0 - (left - 0.5 * dt) / length
        _present(place, piece, row_drives, bottom_drives, line_drives, drives, bottom, line)
        middle[:] = columns
        solve(siemens, on, load, farads, 0.5 * dt, drives, row_ohms, bottom, line, charged, rows, middle)
        solve(siemens, on, load, farads, dt, drives, row_ohms, bottom, line, charged, rows, columns)
        settle_rows(siemens, drives, row_ohms, middle, rows)
        for column in range(width):
            across = 0.0 if np.isinf(bottom[1, column]) else middle[column] - bottom[0, column]
            on[column] = neurons.advance(cells[column], now, dt, across, law)
            for row in range(height):
                siemens[row, column] = synapses.expose(weights[row, column], dt, rows[row] - middle[column], drift)
        charged[:] = columns
        now = times[piece] if dt == left else now + dt


@compiled
def _present(
    place: float, piece: int, row_drives: FloatArray, bottom_drives: FloatArray, line_drives: FloatArray,
    rows: FloatArray, bottom: FloatArray, line: FloatArray,
) -> None:  # fmt: skip
    for row in range(rows.size):
        rows[row] = row_drives[row, piece - 1] + place * (row_drives[row, piece] - row_drives[row, piece - 1])
    for column in range(bottom.shape[1]):
        before, after = bottom_drives[column, piece - 1], bottom_drives[column, piece]
        bottom[0, column] = before + place * (after - before)
        before, after = line_drives[column, piece - 1], line_drives[column, piece]
        line[0, column] = before + place * (after - before)
