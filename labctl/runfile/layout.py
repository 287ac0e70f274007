"""Where things stand in a run file: NeXus groups and names, and the two streams that every run has."""

import dataclasses
from typing import Any

import numpy as np

from labctl.rows import Column, Row

ENTRY = "/entry"
CHUNK_BYTES = 131072
"""Size of an HDF5 chunk of one column."""

LOG_BYTES = 240
"""Room for a line of the log; a longer message takes several lines."""


@dataclasses.dataclass(frozen=True)
class Stream:
    """One stream as it stands in the file.

    Attributes:
        name: Group below ``/entry``.
        columns: Its columns, in order.
        dtype: One packed row.
        signal: The column that a NeXus plotter shows.
        axes: The column that it shows it against.
        nx_class: NeXus class of the group.
    """

    name: str
    columns: tuple[Column, ...]
    dtype: np.dtype[Any]
    signal: str = ""
    axes: str = ""
    nx_class: str = "NXdata"


def stream_of(row_type: type[Row], signal: str = "", axes: str = "") -> Stream:
    """Return the stream for a row type; by default a plotter shows its last column against its first."""
    columns = row_type.columns
    numbers = [c.name for c in columns if not c.dtype.startswith("S")]
    return Stream(row_type.stream, columns, row_type.dtype, signal or numbers[-1], axes or numbers[0])


def _stream(name: str, columns: tuple[Column, ...]) -> Stream:
    return Stream(name, columns, np.dtype([(c.name, c.dtype) for c in columns]), nx_class="NXcollection")


LOG = _stream(
    "log",
    (
        Column("time", "<f8", "s", "time since the run began"),
        Column("wall_time", "<f8", "s", "time since 1970-01-01T00:00:00Z"),
        Column("level", "<i8", "", "10 debug, 20 info, 30 warning, 40 error"),
        Column("message", f"S{LOG_BYTES}", "", "UTF-8; a message longer than a line goes on in the next"),
    ),
)

STATE = _stream(
    "step_state", (Column("byte", "u1", "", "what the protocol needs to go on from its steps, end to end"),)
)


def steps_stream(streams: tuple[Stream, ...]) -> Stream:
    """Return the stream of steps: how far the run was, and how many rows each stream had then."""
    return _stream(
        "steps",
        (
            Column("time", "<f8", "s", "time since the run began"),
            Column("wall_time", "<f8", "s", "time since 1970-01-01T00:00:00Z"),
            Column("done", "<i8", "", "units of work done"),
            Column("total", "<i8", "", "units of work in all"),
            Column("state_offset", "<i8", "", "where the step's state begins in step_state"),
            Column("state_bytes", "<i8", "", "length of the step's state"),
            *(Column(f"rows_{s.name}", "<i8", "", f"rows of {s.name} at this step") for s in streams),
        ),
    )
