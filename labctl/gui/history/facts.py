"""What the history knows of the run files in a folder; reads only those that changed. No Qt in here."""

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labctl import plugins
from labctl.errors import LabctlError
from labctl.gui.texts import LABELS, shown_values
from labctl.protocol import Protocol

BATCH = 40
"""Files that are read before the list is shown again."""
DAMAGED = "damaged"
Stamp = tuple[int, int]


@dataclasses.dataclass(frozen=True)
class RunFacts:
    """One run file, as its list shows it.

    Attributes:
        path: The file.
        stamp: Time of its last change, in ns, and its size: another stamp, another reading.
        protocol: Short name; empty of a damaged file.
        title: Of the protocol.
        status: ``done``, ``stopped``, ``aborted``, ``failed``, ``interrupted``, ``running`` or ``damaged``.
        started: When it was begun, in local time; ``None`` of a damaged file.
        sample: Name of the sample.
        operator: Who ran it.
        die: Which die of the sample.
        device: Which device on the die.
        note: What was said of it.
        simulated: Whether the lab was.
        reason: Why it ended as it did.
    """

    path: Path
    stamp: Stamp
    protocol: str = ""
    title: str = ""
    status: str = DAMAGED
    started: dt.datetime | None = None
    sample: str = ""
    operator: str = ""
    simulated: bool = False
    reason: str = ""
    die: str = ""
    device: str = ""
    note: str = ""

    @property
    def can_resume(self) -> bool:
        """Whether it may be gone on with."""
        return self.status in {"stopped", "failed", "interrupted"}


@dataclasses.dataclass(frozen=True)
class Preview:
    """What is shown of one run.

    Attributes:
        path: The file.
        summary: Headline figures by name.
        parameters: In words, by dotted name.
        facts: Seed, station, rows, gaps and the like, in words by name.
    """

    path: Path
    summary: Mapping[str, float | int]
    parameters: Mapping[str, str]
    facts: Mapping[str, str]


def scan(folder: Path, known: Mapping[Path, RunFacts]) -> tuple[dict[Path, RunFacts], bool]:
    """Return what is in a folder, reading at most `BATCH` files that are new or changed.

    Returns:
        The facts by path, and whether there is more to read. A folder that is not there is empty.
    """
    found: dict[Path, RunFacts] = {}
    read = 0
    for path in sorted(folder.glob("*.h5"), reverse=True):
        try:
            status = path.stat()
        except OSError:  # taken away meanwhile
            continue
        stamp = (status.st_mtime_ns, status.st_size)
        before = known.get(path)
        if before is not None and before.stamp == stamp and before.status != "running":
            found[path] = before
            continue
        if read == BATCH:
            if before is not None:
                found[path] = before
            continue
        found[path] = read_facts(path, stamp)
        read += 1
    return found, read == BATCH


def read_facts(path: Path, stamp: Stamp) -> RunFacts:
    """Read one file; one that cannot be read is ``damaged``, and says why."""
    from labctl.runfile.reader import RunData

    try:
        run = RunData(path)
        started = dt.datetime.fromisoformat(run.header.started).astimezone()
    except (LabctlError, OSError, ValueError, KeyError, TypeError) as error:
        return RunFacts(path, stamp, reason=str(error))
    header = run.header
    return RunFacts(
        path, stamp, header.protocol, header.title, run.status, started,
        header.sample, header.operator, header.simulated, run.reason, header.die, header.device, header.note,
    )  # fmt: skip


def read_preview(path: Path) -> Preview:
    """Read what is shown of one run.

    Raises:
        DataFileError: It cannot be read.
    """
    from labctl.runfile.reader import RunData

    run = RunData(path)
    header = run.header
    facts = {
        "status": run.status + (f": {run.reason}" if run.reason else ""),
        "started": header.started,
        "station": header.station + (", simulated" if header.simulated else ""),
        **{name: getattr(header, name) for name in LABELS},
        "seed": str(header.seed),
        "source": header.source,
        **{f"rows of {name}": f"{run.lengths[name]:,}" for name in run.streams},
        **{f"gap {i + 1}": f"after step {gap['after_step']}, {gap['resumed']}" for i, gap in enumerate(run.gaps)},
        "labctl": header.version,
        "file": str(path),
    }
    return Preview(path, run.summary, parameters_in_words(run.protocol, run.parameters), facts)


def parameters_in_words(protocol: str, parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters with their units where the protocol still has them, or else as they are stored."""
    with contextlib.suppress(LabctlError):
        kind: type[Protocol] = plugins.load("protocols", protocol)
        return shown_values(kind.from_mapping(parameters))
    return {name: str(value) for name, value in parameters.items()}
