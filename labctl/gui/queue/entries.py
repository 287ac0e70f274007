"""What waits in the queue, and the file that keeps it from one day to the next. No Qt in here."""

import dataclasses
import enum
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from labctl import plugins
from labctl.errors import ConfigError, DataFileError
from labctl.gui.texts import LABELS, differing_values
from labctl.protocol import Protocol
from labctl.stations.station import Station


class EntryState(enum.StrEnum):
    """Where an entry is, in the words that the operator reads."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    ABORTED = "aborted"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclasses.dataclass(frozen=True)
class QueueEntry:
    """One protocol with its parameters, run ``repeat`` times.

    Attributes:
        protocol: Short name.
        parameters: In plain values.
        repeat: Runs in all.
        done: Runs that are done.
        state: Where it is.
        sample: Goes into the run file.
        operator: Goes into the run file.
        die: Goes into the run file.
        device: Goes into the run file.
        note: Goes into the run file.
        seed: Of the first run, each further run has the next; ``None`` draws one for each.
        file: The newest run file; empty where there is none.
        reason: Why it failed.
        words: What of its parameters is not the default, as people read it.
        duration: Estimated time of one run, in s; ``None`` where it is not known yet.
        station: Name of the only one that it is to be run on; empty for whichever is there.
        simulate: Whether that station is to be simulated; ``None`` for either.
    """

    protocol: str
    parameters: Mapping[str, Any]
    repeat: int = 1
    done: int = 0
    state: EntryState = EntryState.WAITING
    sample: str = ""
    operator: str = ""
    seed: int | None = None
    file: str = ""
    reason: str = ""
    words: str = ""
    duration: float | None = None
    die: str = ""
    device: str = ""
    note: str = ""
    station: str = ""
    simulate: bool | None = None

    def labels(self) -> dict[str, str]:
        """Return what goes into the run file besides the parameters and the seed, by name."""
        return {name: getattr(self, name) for name in LABELS}

    def made(self) -> Protocol:
        """Return the protocol.

        Raises:
            ConfigError: It is not installed any more, or its parameters have changed.
        """
        kind: type[Protocol] = plugins.load("protocols", self.protocol)
        return kind.from_mapping(self.parameters)

    def fits(self, station: Station) -> bool:
        """Whether it may be run on a station."""
        return self.station in {"", station.name} and self.simulate in {None, station.options.simulate}

    @property
    def place(self) -> str:
        """The station that it is for, in words."""
        kind = {None: "", True: "simulated", False: "real"}[self.simulate]
        return ", ".join(filter(None, (self.station, kind)))

    @property
    def next_seed(self) -> int | None:
        """The seed of the next run."""
        return None if self.seed is None else self.seed + self.done

    def changed(self, **values: Any) -> "QueueEntry":
        """Return it with other values."""
        return dataclasses.replace(self, **values)


def entry_of(protocol: Protocol, **values: Any) -> QueueEntry:
    """Return the entry of a protocol."""
    words = ", ".join(f"{name} {value}" for name, value in differing_values(protocol).items())
    return QueueEntry(protocol.name, protocol.model_dump(mode="json"), words=words or "defaults", **values)


def read_entries(path: Path) -> list[QueueEntry]:
    """Read the queue; what was under way when the program ended is ``interrupted``. No file is an empty queue.

    Raises:
        DataFileError: The file is damaged.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        entries = [QueueEntry(**{**entry, "state": EntryState(entry["state"])}) for entry in stored["entries"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataFileError(f"the queue in {path} cannot be read and is left as it is: {error}") from error
    return [
        entry.changed(state=EntryState.INTERRUPTED) if entry.state is EntryState.RUNNING else entry for entry in entries
    ]


def write_entries(path: Path, entries: Iterable[QueueEntry]) -> None:
    """Replace the file whole, so that a crash leaves the old or the new one.

    Raises:
        ConfigError: It cannot be written.
    """
    text = json.dumps({"entries": [dataclasses.asdict(entry) for entry in entries]}, indent=1) + "\n"
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise ConfigError(f"the queue cannot be kept in {path}: {error}") from error
