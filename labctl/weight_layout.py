"""Where the weights of a network lie on the arrays: rows for any network, and the layers of the CNN paper.

There each weight is a pair of cells in two rows of one column, G+ and G-. Source: Yao et al., Nature 577, 641 (2020),
Methods: C1 on 16 rows of PE1, C3 on the rest of PE1 and on PE3, the fully connected layer on 120 rows each of PE5 and
PE7. That the rows of a pair are neighbours is *assumed*.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from labctl.capabilities import ArrayGeometry, Cells
from labctl.errors import ConfigError
from labctl.plots import ArrayMap
from labctl.rows import Block, Row, column


class Placed(Row):
    """What one cell is for."""

    cell: int = column(doc="linear index of the cell over all arrays")
    layer: int = column(doc="layer of the network, from 0; a reference column for all layers is the one after the last")
    copy: int = column(doc="number of the copy, from 0, where a layer is written more than once")
    map_row: int = column(doc="row of the weight in the layer's map")
    map_column: int = column(doc="column of the weight in the layer's map")
    part: int = column(doc="+1 or -1: sign with which the cell's conductance is in the weight; 0 reference")


class Part(NamedTuple):
    """The cells of one layer that have one part in their weights.

    Attributes:
        layer: Number of the layer in the network.
        cells: (rows, columns) linear indices, as the layer's map.
        sign: As ``Placed.part``.
        copy: As ``Placed.copy``.
    """

    layer: int
    cells: Cells
    sign: int = 1
    copy: int = 0


def placed(parts: Iterable[Part]) -> Block:
    """Return a row for each cell of a network."""
    every = list(parts)
    shapes = [np.indices(part.cells.shape).reshape(2, -1) for part in every]
    sizes = [part.cells.size for part in every]
    return Placed.block(
        cell=np.concatenate([part.cells.reshape(-1) for part in every]),
        layer=np.repeat([part.layer for part in every], sizes),
        copy=np.repeat([part.copy for part in every], sizes),
        map_row=np.concatenate([rows for rows, _ in shapes]),
        map_column=np.concatenate([columns for _, columns in shapes]),
        part=np.repeat([part.sign for part in every], sizes),
    )


def layers_map(rows: int = 128, columns: int = 16) -> ArrayMap:
    """Return the plot of the layers on arrays of so many word and bit lines."""
    return ArrayMap(Placed, "cell", "layer", "Layers on the arrays", rows, columns)


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
