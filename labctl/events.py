"""What a run tells its listeners; a listener gets them in the run's thread and must return at once."""

import dataclasses
import enum
from pathlib import Path
from typing import Any

from numpy.typing import NDArray


class RunState(enum.StrEnum):
    """The states of a run.

    ::

        ready --start--> running <--pause/resume--> paused
        running, paused --stop--> stopping --(step finished)--> stopped
        running, paused, stopping --abort--> aborting --(made safe)--> aborted
        running --(last item)--> done         any --(error)--> failed
    """

    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    ABORTING = "aborting"
    DONE = "done"
    STOPPED = "stopped"
    ABORTED = "aborted"
    FAILED = "failed"

    @property
    def has_ended(self) -> bool:
        """Whether the run is over."""
        return self in {RunState.DONE, RunState.STOPPED, RunState.ABORTED, RunState.FAILED}


@dataclasses.dataclass(frozen=True)
class StateChanged:
    """The run is in another state."""

    state: RunState


@dataclasses.dataclass(frozen=True)
class RowsAdded:
    """Rows came, and are in the file's journal already."""

    stream: str
    rows: NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Progress:
    """A step was finished; times in s of wall-clock time."""

    done: int
    total: int
    elapsed: float
    remaining: float


@dataclasses.dataclass(frozen=True)
class LogLine:
    """A line for the log; levels as in ``logging``."""

    time: float
    level: int
    message: str


@dataclasses.dataclass(frozen=True)
class Ended:
    """The run is over, its instruments are as safe as they could be made, its file is closed."""

    state: RunState
    file: Path | None
    reason: str
    summary: dict[str, float | int]


Event = StateChanged | RowsAdded | Progress | LogLine | Ended
