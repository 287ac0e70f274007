"""The closed loop of a write run from the host: read, compare, pulse, until each cell is within tolerance."""

import numpy as np

from labctl.capabilities import CellArray, Cells, Floats, WriteResult, WriteSettings, WriteTrace


def write_from_host(
    array: CellArray, cells: Cells, targets: Floats, settings: WriteSettings
) -> tuple[WriteResult, list[WriteTrace]]:
    """Write ``cells`` to ``targets`` as the board's own loop does: too low gets a SET pulse, too high a RESET pulse.

    All cells that need the same pulse get it in one request, so a round costs two requests at most.

    Args:
        array: What the cells are in.
        cells: (n,) linear indices, none twice.
        targets: (n,) currents, in A.
        settings: Pulses, tolerance, limit and reads.

    Returns:
        The result, and for each cell every read of its write.

    Source: CNN-B, Yao et al., Nature 577, 641 (2020): closed-loop writing with identical pulses.
    """
    count = len(cells)
    pulses = np.zeros((2, count), np.int64)
    currents = array.read_cells(cells, voltage=settings.read_voltage, averages=settings.averages)
    kinds: list[list[int]] = [[0] for _ in range(count)]
    reads: list[list[float]] = [[float(current)] for current in currents]
    active = np.arange(count)
    while True:
        error = currents[active] - targets[active]
        more = (np.abs(error) > settings.tolerance) & (pulses[:, active].sum(axis=0) < settings.pulse_limit)
        active, error = active[more], error[more]
        if not len(active):
            break
        for kind, pulse, chosen in (
            (1, settings.set_pulse, active[error < 0.0]),
            (2, settings.reset_pulse, active[error > 0.0]),
        ):
            if not len(chosen):
                continue
            fresh = array.pulse_and_read_cells(
                cells[chosen], pulse, voltage=settings.read_voltage, averages=settings.averages
            )
            currents[chosen] = fresh
            pulses[kind - 1, chosen] += 1
            for index, current in zip(chosen.tolist(), fresh.tolist(), strict=True):
                kinds[index].append(kind)
                reads[index].append(current)
    converged = np.abs(currents - targets) <= settings.tolerance
    traces = [WriteTrace(np.array(k), np.array(r)) for k, r in zip(kinds, reads, strict=True)]
    return WriteResult(pulses[0], pulses[1], currents, converged), traces
