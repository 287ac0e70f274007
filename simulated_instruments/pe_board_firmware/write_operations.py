"""WRITE_CELLS and WRITE_TRACED: requests and answers. Source: docs/pe-board-wire.md, section 8."""

import struct

from simulated_instruments.pe_board_firmware.arguments import Arguments
from simulated_instruments.pe_board_firmware.machine import Machine, Run
from simulated_instruments.pe_board_firmware.write_loop import NOT_FINISHED, Result, Write


def write_cells(machine: Machine, arguments: Arguments, run: Run) -> bytes:
    """Write the listed cells to their targets, one after the other."""
    write = Write(machine, arguments, run)
    cells, targets = arguments.column("cells"), arguments.column("cells", 1)
    size = write.chunk_size() if write.compiled() else 1
    results: list[Result] = []
    while len(results) < len(cells) and not run.interrupted():
        part = slice(len(results), len(results) + size)
        if write.compiled():
            results += write.chunk(cells[part], targets[part])
        else:
            results.append(write.step_by_step(cells[len(results)], targets[len(results)]))
    done = sum(result.outcome != NOT_FINISHED for result in results)
    results += [Result()] * (len(cells) - len(results))
    return struct.pack("<H", done) + b"".join(
        struct.pack("<HHBi", result.sets, result.resets, result.outcome, result.current) for result in results
    )


def write_traced(machine: Machine, arguments: Arguments, run: Run) -> bytes:
    """Write one cell to its target and tell every read."""
    write = Write(machine, arguments, run)
    ((cell, target),) = arguments.lists["cells"]
    result = write.traced(cell, target) if write.compiled() else write.step_by_step(cell, target)
    head = struct.pack(
        "<HHHBiH",
        result.outcome != NOT_FINISHED,
        result.sets,
        result.resets,
        result.outcome,
        result.current,
        len(result.trace),
    )
    return head + b"".join(struct.pack("<Bi", kind, current) for kind, current in result.trace)
