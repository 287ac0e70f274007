"""Reading whole rows: one request an array on a quiet line.

Source: docs/pe-board-wire.md, section 8, READ_ARRAY.
"""

from typing import NamedTuple

import numpy as np

from drivers.pe_board_wire import answers, requests
from drivers.pe_board_wire.connection import READ_TRIES, Connection
from drivers.pe_board_wire.requests import Cells, WireRead
from labctl.capabilities import ArrayGeometry, Floats, Ints


class WholeRows(NamedTuple):
    """What a list of cells is in whole rows: (first row through all arrays, count) each, and the list's order."""

    runs: list[tuple[int, int]]
    order: Cells


def rows_in(numbers: Cells, columns: int, longest: int) -> WholeRows | None:
    """Return ``numbers``, in any order, as whole rows; ``None`` where they are none or lists take fewer requests.

    Args:
        numbers: (n,) cells through all arrays.
        columns: Of a row.
        longest: Most cells in a list.
    """
    if len(numbers) % columns:
        return None
    order = np.argsort(numbers, kind="stable")
    rows = numbers[order].reshape(-1, columns)
    if (rows[:, 0] % columns).any() or (rows != rows[:, :1] + np.arange(columns)).any():
        return None
    firsts = rows[:, 0] // columns
    runs = [(int(run[0]), len(run)) for run in np.split(firsts, np.flatnonzero(np.diff(firsts) != 1) + 1)]
    return WholeRows(runs, order) if len(runs) <= -(-len(numbers) // longest) else None


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
