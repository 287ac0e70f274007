"""READ_CELLS, READ_ARRAY and PULSE_CELLS. Source: docs/pe-board-wire.md, sections 5 and 8."""

import struct

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.pe_board_firmware.arguments import Arguments
from simulated_instruments.pe_board_firmware.codes import CELLS_PER_ARRAY, COLUMNS, NOT_MEASURED, T_PULSE, T_READ
from simulated_instruments.pe_board_firmware.layouts import SET
from simulated_instruments.pe_board_firmware.machine import Machine, Run

Cells = list[int] | NDArray[np.int64]
"""Whole rows come as an array, for they name no cell twice."""


def read(machine: Machine, cells: Cells, read_mv: int, averages: int, now: float) -> list[int]:
    """Read ``cells``, none named twice, at the time ``now`` (s); return pA or OVERRANGE."""
    values: list[int] = _read(machine, cells, read_mv, averages, now).tolist()
    return values


def _read(machine: Machine, cells: Cells, read_mv: int, averages: int, now: float) -> NDArray[np.int64]:
    """Read as `read` does; return an array."""
    currents = machine.cells.current(np.asarray(cells), voltage=read_mv * 1e-3, averages=averages, now=now)
    machine.counters.reads += len(cells) * averages
    return machine.fine.averaged_codes(currents, averages)


def pulse(
    machine: Machine,
    cells: list[int],
    lines: tuple[int, int, int, int],
    now: float,
    *,
    is_set: bool,
    pulses: int = 1,
    period: float = 0.0,
) -> None:
    """Give ``cells`` pulses of ``lines`` (word, bit, source: mV, width: ns) from ``now`` on, ``period`` apart (s)."""
    word, bit, source, width = lines
    machine.cells.pulse(
        np.array(cells),
        word_line=word * 1e-3,
        bit_line=bit * 1e-3,
        source_line=source * 1e-3,
        width=width * 1e-9,
        now=now,
        count=pulses,
        period=period,
    )
    if is_set:
        machine.counters.set_pulses += len(cells) * pulses
    else:
        machine.counters.reset_pulses += len(cells) * pulses


def read_cells(machine: Machine, arguments: Arguments, run: Run) -> bytes:
    """Read the listed cells."""
    return _read_all(machine, arguments.column("cells"), arguments, run)


def read_array(machine: Machine, arguments: Arguments, run: Run) -> bytes:
    """Read whole rows of an array."""
    first = arguments["array"] * CELLS_PER_ARRAY + arguments["first_row"] * COLUMNS
    return _read_all(machine, np.arange(first, first + arguments["row_count"] * COLUMNS), arguments, run)


def _read_all(machine: Machine, cells: Cells, arguments: Arguments, run: Run) -> bytes:
    averages, done = arguments["averages"], 0
    currents = np.full(len(cells), NOT_MEASURED, dtype="<i4")
    while done < len(cells) and not run.interrupted():
        chunk = cells[done : done + run.chunk(averages * T_READ)]
        if isinstance(chunk, list):
            chunk = _without_repeat(chunk)
        currents[done : done + len(chunk)] = _read(machine, chunk, arguments["read_mv"], averages, run.now)
        run.spend(len(chunk) * averages * T_READ)
        done += len(chunk)
    return struct.pack("<H", done) + currents.tobytes()


def _without_repeat(cells: list[int]) -> list[int]:
    """Return the head of the list that names no cell twice."""
    if len(set(cells)) == len(cells):
        return cells
    seen: set[int] = set()
    for count, cell in enumerate(cells):
        if cell in seen:
            return cells[:count]
        seen.add(cell)
    return cells


def _done_and_currents(currents: list[int], count: int) -> bytes:
    padded = currents + [NOT_MEASURED] * (count - len(currents))
    return struct.pack(f"<H{count}i", len(currents), *padded)


def pulse_cells(machine: Machine, arguments: Arguments, run: Run) -> bytes:
    """Pulse the listed cells, and read each after its pulses if that is asked for."""
    cells, verify, averages = arguments.column("cells"), arguments["flags"], arguments["averages"]
    pulse_time = arguments["width_ns"] * 1e-9 + T_PULSE
    cell_time = arguments["pulses"] * pulse_time + averages * T_READ
    done = 0
    currents: list[int] = []
    while done < len(cells) and not run.interrupted():
        chunk = cells[done : done + run.chunk(cell_time)]
        at = _pulse_chunk(machine, arguments, run, chunk, pulse_time)
        if at is None:
            break
        if verify:
            currents += read(machine, chunk, arguments["read_mv"], averages, at)
            run.spend(len(chunk) * averages * T_READ)
        done += len(chunk)
    return _done_and_currents(currents, len(cells)) if verify else struct.pack("<H", done)


def _pulse_chunk(machine: Machine, arguments: Arguments, run: Run, chunk: list[int], pulse_time: float) -> float | None:
    """Give each cell of the chunk its pulses; return the time (s) at which each has them, or None if interrupted.

    Every cell of a chunk begins at the chunk's beginning. Between the pulses of a cell there is an end only where the
    cell is its own chunk, because a longer chunk is no longer than a round.
    """
    lines = (arguments["word_mv"], arguments["bit_mv"], arguments["source_mv"], arguments["width_ns"])
    at, left = run.now, arguments["pulses"]
    while left:
        if len(chunk) == 1 and run.interrupted():
            return None
        train = min(left, run.until_next_look(pulse_time)) if len(chunk) == 1 else left
        pulse(machine, chunk, lines, at, is_set=arguments["kind"] == SET, pulses=train, period=pulse_time)
        at += train * pulse_time
        left -= train
        run.spend(len(chunk) * train * pulse_time)
    return at
