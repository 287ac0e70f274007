"""Reading whole rows: one request an array on a quiet line.

Source: docs/pe-board-wire.md, section 8, READ_ARRAY.
"""

import numpy as np

from drivers.pe_board_wire import answers, requests
from drivers.pe_board_wire.connection import READ_TRIES, Connection
from drivers.pe_board_wire.requests import Cells, WireRead
from labctl.capabilities import ArrayGeometry, Floats, Ints


def rows_in(numbers: Cells, geometry: ArrayGeometry, longest: int) -> list[tuple[int, int]] | None:
    """Return ``numbers``, in any order, as runs of whole rows: (first row through all arrays, count) each.

    Args:
        numbers: (n,) cells through all arrays.
        geometry: Of the board.
        longest: Most cells in a list.

    Returns:
        ``None`` where they are no whole rows, name a cell twice, or lists take fewer requests.
    """
    if len(numbers) % geometry.columns:
        return None
    wanted = np.zeros(geometry.cells, dtype=np.bool_)
    wanted[numbers] = True
    rows = np.flatnonzero(wanted[:: geometry.columns])
    if not len(rows) * geometry.columns == len(numbers) == np.count_nonzero(wanted):
        return None
    if not wanted.reshape(-1, geometry.columns)[rows].all():
        return None
    starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
    if len(starts) > -(-len(numbers) // longest):
        return None
    return list(zip(rows[starts].tolist(), np.diff(starts, append=len(rows)).tolist(), strict=True))


def read_rows(connection: Connection, geometry: ArrayGeometry, first: int, count: int, read: WireRead) -> Floats:
    """Return the (count, columns) currents of rows counted through all arrays, in A."""
    found = np.empty((count, geometry.columns))
    done = 0
    while done < count:
        array, row = divmod(first + done, geometry.rows)
        here = min(count - done, geometry.rows - row)
        _read_within(connection, (array, row), geometry.rows, read, found[done : done + here])
        done += here
    return found


def _read_within(connection: Connection, where: tuple[int, int], longest: int, read: WireRead, found: Floats) -> None:
    """Fill ``found`` with the rows of one array."""
    array, first = where
    columns = found.shape[1]

    def send(part: slice) -> None:
        count = part.stop - part.start
        request = requests.read_array(array, first + part.start, count, columns, read)
        payload = connection.read(request, can_be_split=count > 1)
        found[part] = answers.currents(payload, count * columns).reshape(count, columns)

    connection.split(len(found), longest, 1, send, idempotent=True)


def read_states(connection: Connection, geometry: ArrayGeometry, array: int) -> Ints:
    """Return the (rows, columns) stored defects of one array."""
    _, rows, columns = geometry
    found = np.empty((rows, columns), dtype=np.int64)

    def send(part: slice) -> None:
        count = part.stop - part.start
        request = requests.stuck_map(array, part.start, count, columns)
        payload = connection.ask(request, tries=READ_TRIES if count > 1 else None)
        found[part] = answers.states(payload, count, columns)

    connection.split(rows, rows, 1, send, idempotent=True)
    return found
