"""Bit-serial products: vectors, and on a noisy line rows, split over requests.

Source: docs/pe-board-wire.md, section 8, MULTIPLY.
"""

import numpy as np

from drivers.pe_board_wire import answers, requests
from drivers.pe_board_wire.connection import Connection
from drivers.pe_board_wire.hello import Capabilities
from labctl.capabilities import Floats, Ints

LEAST_ROWS = 4
"""Rows in one request on a noisy line (assumed)."""


def multiply(
    connection: Connection, board: Capabilities, array: int, bits: int, read_mv: int, rows: Ints, codes: Ints
) -> Floats:
    """Return the (n, rows) bit-weighted sums of (n, columns) ``codes``, in A."""
    sums = np.empty((len(codes), len(rows)))

    def send_rows(chosen: slice) -> None:
        count = chosen.stop - chosen.start

        def send(part: slice) -> None:
            vectors = part.stop - part.start
            request = requests.multiply(array, bits, read_mv, rows[chosen], codes[part])
            payload = connection.read(request, can_be_split=vectors > 1 or count > LEAST_ROWS)
            sums[part, chosen] = answers.sums(payload, vectors, count)

        connection.split(len(codes), min(board.max_vectors, board.max_results // count), 1, send, idempotent=True)

    connection.split(len(rows), len(rows), LEAST_ROWS, send_rows, idempotent=True)
    return sums
