"""What the window has done in threads: dry run, preparing a run, drawing its figure. No Qt in here.

What is heavy to import is imported here when it is first used, so that the window is there before it.
"""

import contextlib
import dataclasses
import io
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labctl import plugins
from labctl.errors import ConfigError, LabctlError, StateError
from labctl.protocol import Plan, Protocol
from labctl.resources import choose_instruments
from labctl.stations.station import Station

if TYPE_CHECKING:
    from labctl.gui.run_bar import RunEntries
    from labctl.runfile.reader import RunData
    from labctl.runner import Run

_DPI = 160


@dataclasses.dataclass(frozen=True)
class DryRun:
    """What a run would do, or why it cannot.

    Attributes:
        plan: ``None`` where it cannot be run.
        roles: The instruments that it needs.
        refusal: Why it cannot be run, in words.
        lacks_instrument: Whether it cannot be run because the station lacks an instrument.
    """

    plan: Plan | None
    roles: tuple[str, ...] = ()
    refusal: str = ""
    lacks_instrument: bool = False


def dry_run(protocol: Protocol, station: Station) -> DryRun:
    """Return what a run would do; touches no instrument."""
    from labctl import api

    try:
        roles = roles_of(type(protocol), station)
    except LabctlError as error:
        return DryRun(None, refusal=str(error), lacks_instrument=True)
    try:
        return DryRun(api.dry_run(protocol, station), roles)
    except LabctlError as error:
        return DryRun(None, refusal=str(error))


def roles_of(protocol: type[Protocol], station: Station) -> tuple[str, ...]:
    """Return the instruments that a protocol needs."""
    return tuple(instrument.role for instrument in choose_instruments(protocol, station.instruments).values())


def duration_of(make: Callable[[], Protocol], station: Station) -> float | None:
    """Return how long a run would take, in s; ``None`` where it cannot be run on this station."""
    from labctl import api

    with contextlib.suppress(LabctlError):
        return api.dry_run(make(), station).duration
    return None


def prepare(
    protocol: Protocol, station: Station, entries: "RunEntries", output: Path, ready: Collection[str]
) -> tuple["Run", tuple[str, ...]]:
    """Return a run that is ready to start, and the instruments that it has.

    Raises:
        LabctlError: As `labctl.prepare`.
        StateError: An instrument that it needs is not in ``ready``.
    """
    from labctl import api

    roles = _checked_roles(type(protocol), station, ready)
    run = api.prepare(protocol, station, seed=entries.seed, output=output, **entries.labels())
    return run, roles


def prepare_resume(file: Path, station: Station, ready: Collection[str]) -> tuple["Run", tuple[str, ...]]:
    """Return a run that goes on with ``file``, and the instruments that it has.

    Raises:
        LabctlError: As `labctl.resume`.
        StateError: The run was begun on another station, or an instrument that it needs is not in ``ready``.
    """
    from labctl import api
    from labctl.runfile.reader import RunData

    if not is_station_of(file, station):
        raise StateError(f"{file.name} was begun on another station; take that station first")
    roles = _checked_roles(plugins.load("protocols", RunData(file).protocol), station, ready)
    return api.resume(file, station=station), roles


def is_station_of(file: Path, station: Station) -> bool:
    """Return whether a run was begun on this station, in the same way simulated or real."""
    from labctl.runfile.reader import RunData

    header = RunData(file).header
    return header.station_text == station.text and bool(header.options["simulate"]) == station.options.simulate


def _checked_roles(protocol: type[Protocol], station: Station, ready: Collection[str]) -> tuple[str, ...]:
    roles = roles_of(protocol, station)
    if missing := [role for role in roles if role not in ready]:
        raise StateError(
            f"{protocol.title} needs {', '.join(missing)}: not connected, or not known to be safe. "
            "Connect it, or read the station again."
        )
    return roles


def figure_png(protocol: type[Protocol], file: Path) -> bytes:
    """Draw the figure of a run, as a PNG.

    Raises:
        LabctlError: The file cannot be read.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from labctl.runfile.reader import RunData

    figure = protocol.figure(RunData(file))
    data = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(data, format="png", dpi=_DPI)
    return data.getvalue()


def figure_of(file: Path) -> bytes:
    """Draw the figure of any run, as a PNG.

    Raises:
        LabctlError: The file cannot be read, or its protocol has no figure.
    """
    from labctl.export import protocol_of

    return figure_png(protocol_of(load_run(file)), file)


def load_run(file: Path) -> "RunData":
    """Read a run file.

    Raises:
        DataFileError: It cannot be read.
    """
    from labctl.runfile.reader import RunData

    return RunData(file)


def protocol_in(file: Path) -> Protocol:
    """Return the protocol of a run, with the parameters that it had.

    Raises:
        LabctlError: The file cannot be read, or the protocol takes other parameters now.
    """
    from labctl.export import protocol_of

    run = load_run(file)
    return protocol_of(run).from_mapping(run.parameters)


def export(what: str, files: Sequence[Path], folder: Path) -> list[Path]:
    """Write runs as ``csv``, ``parquet`` or ``picture``; return what was written.

    Raises:
        LabctlError: A file cannot be read, or nothing can be written.
    """
    from labctl.export import export_streams

    written: list[Path] = []
    try:
        for file in files:
            if what == "picture":
                target = folder / f"{file.stem}.png"
                target.write_bytes(figure_of(file))
                written.append(target)
            else:
                written += export_streams(file, what, folder)
    except OSError as error:
        raise ConfigError(f"nothing can be written into {folder}: {error}") from error
    return written
