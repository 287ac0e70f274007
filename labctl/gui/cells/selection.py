"""Which cells of an array are chosen: by click, box, row, column, list or rule; stuck and excluded ones left out."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from labctl.errors import ConfigError
from labctl.units import format_cells, parse_cells

Mask = NDArray[np.bool_]
RULES = ("every n-th", "checkerboard", "n at random", "all")


class CellSelection:
    """The chosen cells of one array of ``rows`` x ``columns``.

    Args:
        rows: Word lines.
        columns: Bit lines.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.chosen: Mask = np.zeros((rows, columns), np.bool_)
        self.stuck: Mask = np.zeros((rows, columns), np.bool_)
        self.excluded: Mask = np.zeros((rows, columns), np.bool_)

    @property
    def usable(self) -> Mask:
        """Cells that can be chosen."""
        return ~(self.stuck | self.excluded)

    def cells(self) -> list[int]:
        """Return the chosen cells by linear index within the array."""
        found: list[int] = np.flatnonzero(self.chosen & self.usable).tolist()
        return found

    def set_cells(self, cells: Iterable[int]) -> int:
        """Choose these and no others; return how many of them are stuck or excluded, and so are left out.

        Raises:
            ConfigError: A cell is beyond the array.
        """
        numbers = np.fromiter(cells, np.int64)
        if len(numbers) and numbers.max() >= self.chosen.size:
            raise ConfigError(f"cell {numbers.max()} is beyond the array, whose cells are 0 to {self.chosen.size - 1}")
        self.chosen[:] = False
        self.chosen.reshape(-1)[numbers] = True
        return int((self.chosen & ~self.usable).sum())

    def choose_box(self, first: tuple[int, int], last: tuple[int, int], *, on: bool = True) -> None:
        """Choose, or drop, every cell between two corners given as (row, column), both included."""
        low, high = np.minimum(first, last), np.maximum(first, last) + 1
        self.chosen[low[0] : high[0], low[1] : high[1]] = on

    def toggle_row(self, row: int) -> None:
        """Choose a whole row; drop it where all of it was chosen."""
        self.chosen[row] = not (self.chosen | ~self.usable)[row].all()

    def toggle_column(self, column: int) -> None:
        """Choose a whole column; drop it where all of it was chosen."""
        self.chosen[:, column] = not (self.chosen | ~self.usable)[:, column].all()

    def exclude(self, first: tuple[int, int], last: tuple[int, int]) -> None:
        """Exclude the cells of a box, or take them in again where all of them were excluded."""
        low, high = np.minimum(first, last), np.maximum(first, last) + 1
        part = self.excluded[low[0] : high[0], low[1] : high[1]]
        part[:] = not part.all()

    def apply_rule(self, rule: str, number: int, seed: int = 0) -> None:
        """Choose by a rule among the cells that can be chosen, and drop all others.

        Args:
            rule: One of `RULES`.
            number: The n of the rule.
            seed: Of the rule that draws.

        Raises:
            ConfigError: There are not so many cells.
        """
        usable = np.flatnonzero(self.usable)
        if rule == "n at random":
            if number > len(usable):
                raise ConfigError(f"{number:,} cells are asked for, but only {len(usable):,} can be chosen")
            usable = np.random.default_rng(seed).choice(usable, number, replace=False)
        elif rule == "every n-th":
            usable = usable[:: max(1, number)]
        elif rule == "checkerboard":
            usable = usable[(usable // self.columns + usable % self.columns) % 2 == 0]
        self.chosen[:] = False
        self.chosen.reshape(-1)[usable] = True

    def text(self) -> str:
        """Return the chosen cells as a list that can be typed."""
        return format_cells(self.cells())

    def set_text(self, text: str) -> int:
        """Choose what a list says; as `set_cells`."""
        return self.set_cells(parse_cells(text))
