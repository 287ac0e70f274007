"""Reading run files: parameters, tidy DataFrames with units, results; of runs that are finished, alive or killed."""

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from labctl.errors import DataFileError
from labctl.results import Table
from labctl.runfile.header import RunHeader
from labctl.runfile.journal import is_being_written
from labctl.runfile.stored import StoredRun

if TYPE_CHECKING:
    import pandas as pd


class RunData:
    """A run, read from its file.

    ``run["write"]`` is the stream ``write`` as a DataFrame, one row a row, its columns' units in ``attrs["units"]``.

    Args:
        path: The run file.

    Attributes:
        status: ``running``, ``done``, ``stopped``, ``aborted``, ``failed``, or ``interrupted`` where its program ended
            without closing the file.

    Raises:
        DataFileError: Not there, damaged, or no run file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        is_alive = is_being_written(self.path)  # asked first: a run that ends meanwhile is then found ended
        with StoredRun(self.path) as run:
            self.header = RunHeader(**json.loads(run.header_text))
            self.status = "interrupted" if run.status == "running" and not is_alive else run.status
            self.reason = str(run.entry.attrs.get("labctl_reason", ""))
            self.streams = [name for name in run.stream_names if name not in {"log", "steps", "step_state"}]
            self.lengths = {name: run.length(name) for name in run.stream_names}
            self.gaps: list[dict[str, Any]] = json.loads(str(run.entry.attrs.get("labctl_gaps", "[]")))
            self.safe_state: dict[str, dict[str, Any]] = json.loads(str(run.entry.attrs.get("labctl_safe_state", "{}")))
            self.link_counters: dict[str, dict[str, Any]] = json.loads(
                str(run.entry.attrs.get("labctl_link_counters", "{}"))
            )
            analysis = run.entry.get("analysis")
            self.summary: dict[str, float | int] = (
                {} if analysis is None else json.loads(str(analysis.attrs["labctl_summary"]))
            )

            self.printed_table = "" if analysis is None else str(analysis.attrs["labctl_printed"])

    def __getitem__(self, stream: str) -> "pd.DataFrame":
        import pandas as pd

        columns, units = self._read(stream)
        frame = pd.DataFrame({n: _text(v) if v.dtype.kind == "S" else v for n, v in columns.items()})
        frame.attrs["units"] = units
        frame.attrs["stream"] = stream
        return frame

    def __repr__(self) -> str:
        rows = ", ".join(f"{name}: {self.lengths[name]:,} rows" for name in self.streams)
        return f"<run {self.path.name}: {self.header.protocol}, {self.status}; {rows}>"

    def arrays(self, stream: str) -> dict[str, NDArray[Any]]:
        """Return a stream's columns as arrays, by name."""
        return self._read(stream)[0]

    def kinds(self, stream: str) -> dict[str, tuple[str, str]]:
        """Return numpy's kind (such as ``"f"`` or ``"S"``) and the unit of a stream's columns; reads no row."""
        with StoredRun(self.path) as run:
            units = run.units(stream)
            return {n: (run.column(stream, n, 0).dtype.kind, units.get(n, "")) for n in run.columns(stream)}

    @property
    def parameters(self) -> dict[str, Any]:
        """The protocol's parameters, in SI units."""
        return dict(self.header.parameters)

    @property
    def protocol(self) -> str:
        """The protocol's short name."""
        return self.header.protocol

    @functools.cached_property
    def log(self) -> "pd.DataFrame":
        """The run's log: time (s), wall_time (s), level, message."""
        return self["log"]

    def last_step(self) -> dict[str, Any] | None:
        """Return the last step, or ``None``."""
        with StoredRun(self.path) as run:
            return run.last_step()

    def step_state(self, step: dict[str, Any]) -> bytes:
        """Return what the protocol kept with ``step``."""
        with StoredRun(self.path) as run:
            start = step["state_offset"]
            return run.column("step_state", "byte")[start : start + step["state_bytes"]].tobytes()

    def table(self, name: str) -> Table:
        """Return a table of the analysis.

        Raises:
            DataFileError: There is none of that name.
        """
        with StoredRun(self.path) as run:
            group = run.entry.get(f"analysis/{name}")
            if group is None:
                raise DataFileError(f"{self.path} has no table {name!r}; run: labctl analyse {self.path}")
            columns = {str(key): np.asarray(group[key]) for key in group.attrs["labctl_columns"]}
            units = {key: str(group[key].attrs["units"]) for key in group if "units" in group[key].attrs}
            auxiliary = tuple(str(name) for name in group.attrs.get("auxiliary_signals", ()))
            return Table(columns, units, str(group.attrs["signal"]), str(group.attrs["axes"]), auxiliary)

    def _read(self, stream: str) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
        with StoredRun(self.path) as run:
            if stream not in run.stream_names:
                raise DataFileError(f"{self.path} has no stream {stream!r}; there are {', '.join(run.stream_names)}")
            length = min(run.length(stream), self.lengths[stream])
            return {n: run.column(stream, n, length) for n in run.columns(stream)}, run.units(stream)


def load(path: str | Path) -> RunData:
    """Read a run file, finished, still growing, or left by a crash.

    Raises:
        DataFileError: Not there, damaged, or no run file.
    """
    return RunData(path)


def _text(values: NDArray[Any]) -> NDArray[Any]:
    return np.char.decode(values, "utf-8", "replace").astype(object)
