"""Plots that a protocol declares; the GUI draws them live and figures draw them from the file, by the same names."""

import dataclasses

from labctl.rows import Row


@dataclasses.dataclass(frozen=True)
class Trace:
    """One column against another as a line.

    Attributes:
        row: The row type that it is drawn from.
        x: Column along the abscissa.
        y: Column along the ordinate.
        title: What the operator sees above it.
        log_x: Logarithmic abscissa.
        log_y: Logarithmic ordinate.
        group: Column that starts a new line whenever its value changes.
        latest: Show the newest group only.
        goal: Column with the value that ``y`` is heading for, drawn as a level.
    """

    row: type[Row]
    x: str
    y: str
    title: str
    log_x: bool = False
    log_y: bool = False
    group: str | None = None
    latest: bool = False
    goal: str | None = None


@dataclasses.dataclass(frozen=True)
class CumulativeDistribution:
    """The cumulative distribution of a column, one curve for each value of ``group``."""

    row: type[Row]
    x: str
    group: str
    title: str


@dataclasses.dataclass(frozen=True)
class ArrayMap:
    """The newest value of a column for each cell of an array of ``rows`` x ``columns`` cells.

    Attributes:
        row: The row type that it is drawn from.
        cell: Column with the cell's linear index over all arrays.
        value: Column that is shown as colour.
        title: What the operator sees above it.
        rows: Word lines of one array.
        columns: Bit lines of one array.
    """

    row: type[Row]
    cell: str
    value: str
    title: str
    rows: int = 128
    columns: int = 16


@dataclasses.dataclass(frozen=True)
class Histogram:
    """How often the values of a column fall into each of ``bins`` equal intervals between the lowest and the highest.

    Attributes:
        row: The row type that it is drawn from.
        x: Column that is counted.
        title: What the operator sees above it.
        bins: Intervals.
        log_x: Equal intervals of the logarithm; what has none is left out.
    """

    row: type[Row]
    x: str
    title: str
    bins: int = 50
    log_x: bool = False


Plot = Trace | CumulativeDistribution | ArrayMap | Histogram
