"""MULTIPLY: the bit-serial product. Source: docs/pe-board-wire.md, section 8."""

import struct

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.pe_board_firmware.arguments import Arguments
from simulated_instruments.pe_board_firmware.codes import (
    CELLS_PER_ARRAY,
    COLUMNS,
    NOT_MEASURED_SUM,
    OVERRANGE_SUM,
    ROWS,
    T_CONVERT,
    T_SETTLE,
)
from simulated_instruments.pe_board_firmware.machine import Machine, Run
from simulated_instruments.physics.crossbar import Crossbar

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def multiply(machine: Machine, arguments: Arguments, run: Run) -> bytes:
    """Multiply the vectors by the chosen rows, one vector after the other."""
    rows = np.array(arguments.column("rows"), dtype=np.int64)
    first = arguments["array"] * CELLS_PER_ARRAY
    cells = (first + rows[:, None] * COLUMNS + np.arange(COLUMNS)).ravel()
    vectors = np.array(arguments.column("codes"), dtype=np.int64).reshape(-1, COLUMNS)
    passed = _passed(machine, cells, run.now)
    sums: list[int] = []
    done = 0
    for vector in vectors:
        product = None if run.interrupted() else _product(machine, arguments, run, cells, passed, vector)
        if product is None:
            break
        sums += product
        done += 1
    sums += [NOT_MEASURED_SUM] * (len(vectors) * len(rows) - len(sums))
    return struct.pack(f"<H{len(sums)}q", done, *sums)


def _passed(machine: Machine, cells: IntArray, now: float) -> FloatArray:
    """Return the share of each cell's current that the lines' resistance leaves, (rows, columns).

    It is that of the conductances at ``now`` and of the chosen rows alone; the read noise of a conversion and the
    relaxation within the operation do not change it, to first order.
    """
    conductances = machine.cells.conductance(cells, now=now).reshape(-1, COLUMNS)
    if not any(machine.lines):
        return np.ones_like(conductances)
    whole = np.zeros((ROWS, COLUMNS))
    chosen = cells.reshape(-1, COLUMNS)[:, 0] % CELLS_PER_ARRAY // COLUMNS
    whole[chosen] = conductances
    transfer = Crossbar(whole, machine.lines).transfer[chosen]
    return np.divide(transfer, conductances, out=np.ones_like(transfer), where=conductances > 0.0)


def _product(
    machine: Machine, arguments: Arguments, run: Run, cells: IntArray, passed: FloatArray, vector: IntArray
) -> list[int] | None:
    """Return the sums of one vector, (rows,) in pA or OVERRANGE, or None if the run was interrupted."""
    count = arguments["row_count"]
    sums = np.zeros(count, dtype=np.int64)
    saturated = np.zeros(count, dtype=np.bool_)
    signs = (1, -1) if (vector < 0).any() else (1,)
    for sign in signs:
        magnitudes = np.maximum(sign * vector, 0)
        for bit in range(arguments["bits"]):
            if run.interrupted():
                return None
            driven = (magnitudes >> bit & 1).astype(np.float64)
            codes = _convert(machine, arguments, cells, passed, driven, run.now)
            run.spend(T_SETTLE + count * T_CONVERT)
            saturated |= codes == machine.coarse.max_code
            sums += sign * (codes << bit)
    sums *= machine.coarse.step_pa
    return [OVERRANGE_SUM if over else int(value) for value, over in zip(sums, saturated, strict=True)]


def _convert(
    machine: Machine, arguments: Arguments, cells: IntArray, passed: FloatArray, driven: FloatArray, now: float
) -> IntArray:
    """Convert every row once with the ``driven`` columns (16,) at the read voltage; return codes (rows,).

    Each conversion sees the read noise of its own cells.
    """
    currents = machine.cells.current(cells, voltage=arguments["read_mv"] * 1e-3, averages=1, now=now)
    machine.counters.reads += arguments["row_count"]
    return machine.coarse.codes((currents.reshape(-1, COLUMNS) * passed) @ driven)
