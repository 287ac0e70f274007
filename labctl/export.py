"""Taking a run out of its file: streams as CSV or Parquet, the figure as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING

from labctl import plugins
from labctl.errors import ConfigError
from labctl.protocol import Protocol
from labctl.runfile.reader import RunData

if TYPE_CHECKING:
    import pandas as pd

PICTURES = (".png", ".pdf", ".svg")


def protocol_of(run: RunData) -> type[Protocol]:
    """Return the protocol that a run is of.

    Raises:
        ConfigError: It is not installed.
    """
    protocol: type[Protocol] = plugins.load("protocols", run.protocol)
    return protocol


def draw_figure(file: Path, output: Path) -> None:
    """Draw a run's figure into a picture file.

    Raises:
        ConfigError: The name is not that of a picture, or the protocol has no figure.
        DataFileError: The run cannot be read.
    """
    if output.suffix.lower() not in PICTURES:
        raise ConfigError(f"{output} is no picture that can be drawn: use .png, .pdf or .svg")
    run = RunData(file)
    protocol_of(run).figure(run).savefig(output, dpi=150)


def export_streams(file: Path, to: str, folder: Path) -> list[Path]:
    """Write each stream as CSV, with units in the column names, or as Parquet; return what was written.

    Raises:
        ConfigError: Another format.
        DataFileError: The run cannot be read.
    """
    if to not in {"csv", "parquet"}:
        raise ConfigError(f"--to is {to!r}, but there are csv and parquet")
    run = RunData(file)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for stream in run.streams:
        target = folder / f"{file.stem}_{stream}.{to}"
        if to == "csv":
            with_units(run[stream]).to_csv(target, index=False)
        else:
            run[stream].to_parquet(target)
        written.append(target)
    return written


def with_units(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the frame of a stream with each column's unit in its name."""
    units = frame.attrs["units"]
    return frame.rename(columns={n: f"{n} ({units[n]})" if n in units else n for n in frame})
