"""What the window has done in threads: dry run, preparing a run, drawing its figure. No Qt in here.

What is heavy to import is imported here when it is first used, so that the window is there before it.
"""

import dataclasses
import io
from pathlib import Path
from typing import TYPE_CHECKING

from labctl.errors import LabctlError
from labctl.protocol import Plan, Protocol
from labctl.resources import choose_instruments
from labctl.stations.station import Station

if TYPE_CHECKING:
    from labctl.runner import Run

_DPI = 160


@dataclasses.dataclass(frozen=True)
class DryRun:
    """What a run would do, or why it cannot.

    Attributes:
        plan: ``None`` where it cannot be run.
        roles: The instruments that it needs.
        refusal: Why it cannot be run, in words.
    """

    plan: Plan | None
    roles: tuple[str, ...] = ()
    refusal: str = ""


def dry_run(protocol: Protocol, station: Station) -> DryRun:
    """Return what a run would do; touches no instrument."""
    from labctl import api

    try:
        plan = api.dry_run(protocol, station)
        return DryRun(plan, roles_of(type(protocol), station))
    except LabctlError as error:
        return DryRun(None, refusal=str(error))


def roles_of(protocol: type[Protocol], station: Station) -> tuple[str, ...]:
    """Return the instruments that a protocol needs."""
    return tuple(instrument.role for instrument in choose_instruments(protocol, station.instruments).values())


def prepare(
    protocol: Protocol, station: Station, *, seed: int | None, output: Path, operator: str, sample: str
) -> tuple["Run", tuple[str, ...]]:
    """Return a run that is ready to start, and the instruments that it has.

    Raises:
        LabctlError: As `labctl.prepare`.
    """
    from labctl import api

    run = api.prepare(protocol, station, seed=seed, output=output, operator=operator, sample=sample)
    return run, roles_of(type(protocol), station)


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
