"""Where the weights of a network lie on the arrays: each a pair of cells in two rows of one column, G+ and G-.

Source: Yao et al., Nature 577, 641 (2020), Methods: C1 on 16 rows of PE1, C3 on the rest of PE1 and on PE3, the fully
connected layer on 120 rows each of PE5 and PE7. That the rows of a pair are neighbours is *assumed*.
"""

from typing import NamedTuple

import numpy as np

from labctl.capabilities import ArrayGeometry, Cells
from labctl.errors import ConfigError


class Layer(NamedTuple):
    """The weights of one layer.

    Attributes:
        name: As in the paper.
        rows: Pairs of rows.
        columns: Columns that are used in each.
        blocks: (array, first row, pairs of rows) of each block.
    """

    name: str
    rows: int
    columns: int
    blocks: tuple[tuple[int, int, int], ...]

    def pairs(self, geometry: ArrayGeometry) -> Cells:
        """Return (rows, columns, 2) linear indices of the cells of each weight, G+ first."""
        starts = np.concatenate(
            [array * geometry.cells_per_array + (first + 2 * np.arange(count)) * geometry.columns
             for array, first, count in self.blocks]
        )  # fmt: skip
        sides = np.array([0, geometry.columns])
        cells: Cells = starts[:, None, None] + np.arange(self.columns)[None, :, None] + sides
        return cells.astype(np.int64)


LAYERS = (
    Layer("c1", 8, 9, ((0, 0, 8),)),
    Layer("c3", 96, 9, ((0, 16, 56), (2, 0, 40))),
    Layer("fc", 120, 16, ((4, 0, 60), (6, 0, 60))),
)
"""The network of the paper: 2,856 weights, 5,712 cells."""


def consecutive_pairs(geometry: ArrayGeometry, array: int, count: int) -> Cells:
    """Return (count, 2) linear indices of pairs, column by column and two rows at a time, from ``array`` on.

    Raises:
        ConfigError: There are not so many.
    """
    columns = geometry.columns
    rows, column = np.divmod(np.arange(count), columns)
    positive = array * geometry.cells_per_array + 2 * rows * columns + column
    if count and positive[-1] + columns >= geometry.cells:
        raise ConfigError(f"{count} pairs do not fit on the arrays from {array} on")
    pairs: Cells = np.stack([positive, positive + columns], axis=1).astype(np.int64)
    return pairs
