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


@dataclasses.dataclass(frozen=True)
class Matrix:
    """The newest value for each pair of a row and a column, as colour and, where there is room, as a number.

    What is not declared to be there, a row or column beyond the last, is left out.

    Attributes:
        row: The row type that it is drawn from.
        down: Column with the matrix row, from 0 at the top.
        across: Column with the matrix column, from 0 at the left.
        value: Column that is shown: a count, or a share.
        title: What the operator sees above it.
        rows: Rows of the matrix.
        columns: Columns of the matrix.
        moment: Columns whose newest values say below the title which numbers these are.
    """

    row: type[Row]
    down: str
    across: str
    value: str
    title: str
    rows: int = 10
    columns: int = 10
    moment: tuple[str, ...] = ()


Plot = Trace | CumulativeDistribution | ArrayMap | Histogram | Matrix
