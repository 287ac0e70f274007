"""What an analysis gives back: headline figures by name, and tables that a figure is drawn from."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True)
class Table:
    """Columns of one length, as they go into the file as one ``NXdata``.

    Attributes:
        columns: Arrays of shape (n,), by name.
        units: Unit of each column that has one.
        signal: The column that a plotter shows by default.
        axes: The column that it shows it against.
        auxiliary: Further columns that it shows with the signal.
    """

    columns: Mapping[str, NDArray[Any]]
    units: Mapping[str, str]
    signal: str
    axes: str
    auxiliary: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Results:
    """The outcome of an analysis.

    Attributes:
        summary: Headline figures by name; a name carries its unit where it is not SI, such as ``error_std_nA``.
        tables: What the figures are drawn from, by name.
        default: The table that a NeXus plotter shows first.
        printed: The table that a terminal shows.
    """

    summary: Mapping[str, float | int]
    tables: Mapping[str, Table] = dataclasses.field(default_factory=dict)
    default: str = ""
    printed: str = ""

    def plain_summary(self) -> dict[str, float | int]:
        """Return the summary in Python's own numbers, as JSON wants them."""
        return {k: int(v) if isinstance(v, (int, np.integer)) else float(v) for k, v in self.summary.items()}
