"""Running a sequence: each stage is a run with its own run file; what is done is kept in a file beside them."""

import dataclasses
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from labctl import api
from labctl.errors import ConfigError, DataFileError, LabctlError, RunStoppedError
from labctl.events import RunState
from labctl.protocol import Plan
from labctl.runfile.finish import recover
from labctl.runfile.reader import RunData
from labctl.runner import Listener, Run
from labctl.sequence.model import Point, Sequence, Stage
from labctl.stations.station import Station

DONE, SKIPPED, FAILED, RUNNING = "done", "skipped", "failed", "running"


@dataclasses.dataclass
class Entry:
    """One stage at one point, as the progress file keeps it.

    Attributes:
        point: The values of the parameters that the sequence goes through.
        stage: Label of the stage.
        outcome: ``done``, ``skipped``, ``failed`` or ``running``.
        file: Its run file; empty where there is none.
        reason: Why it was skipped or failed.
    """

    point: dict[str, Any]
    stage: str
    outcome: str
    file: str = ""
    reason: str = ""


class ProgressFile:
    """What of a sequence is done, in a JSON file that is replaced whole after each stage.

    Args:
        path: The file.
        sequence: What is run; a file of another sequence is refused.
        seed: Of the first run; each further run has the next.
        resume: Go on with what is in the file.

    Raises:
        DataFileError: There is no file to resume, or it is of another sequence.
    """

    def __init__(self, path: Path, sequence: Sequence, seed: int | None, *, resume: bool) -> None:
        self.path = path
        self._sequence = sequence.model_dump(mode="json")
        self.entries: list[Entry] = []
        self.seed = secrets.randbits(31) if seed is None else seed
        if not resume:
            return
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            stored, self.seed = kept["sequence"], kept["seed"]
            self.entries = [Entry(**entry) for entry in kept["entries"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataFileError(f"{path}: there is no sequence to go on with: {error}") from error
        labels = stored.pop("labels", {})
        if stored != {name: value for name, value in self._sequence.items() if name != "labels"}:
            raise DataFileError(f"{path} is of another sequence; it cannot be gone on with")
        self._sequence["labels"] = {**labels, **sequence.labels.given()}

    @property
    def labels(self) -> dict[str, str]:
        """What goes into each run file; what a sequence was begun with, where nothing else is given now."""
        return {name: text for name, text in self._sequence["labels"].items() if text}

    def find(self, point: Point, stage: str) -> Entry | None:
        """Return what is known of a stage at a point."""
        return next((e for e in self.entries if e.stage == stage and e.point == dict(point)), None)

    def keep(self, entry: Entry) -> None:
        """Add an entry, or take note that it changed, and replace the file."""
        if entry not in self.entries:
            self.entries.append(entry)
        kept = {"sequence": self._sequence, "seed": self.seed, "entries": [dataclasses.asdict(e) for e in self.entries]}
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        os.replace(part, self.path)


def plan_sequence(sequence: Sequence, station: Station) -> list[tuple[Point, Stage, Plan]]:
    """Return what every stage at every point would do, as if every condition held; touches no instrument.

    Raises:
        LimitError: A stage would break a limit.
        ConfigError: The station lacks what a stage needs.
    """
    return [
        (point, stage, api.dry_run(stage.made(point), station))
        for point in sequence.points()
        for stage in sequence.stage
    ]


def run_sequence(
    sequence: Sequence, station: Station, output: Path, *, name: str = "sequence", seed: int | None = None,
    resume: bool = False, listener: Listener | None = None,
    tell: Callable[[Entry], None] = lambda entry: None,
) -> list[Entry]:  # fmt: skip
    """Run a sequence on an open station.

    Args:
        sequence: What to run.
        station: Where; open.
        output: Folder for the run files and for ``NAME.progress.json``.
        name: Of the sequence.
        seed: Of the first run; each further run has the next. Drawn if not given.
        resume: Go on with what was cut short: done stages stay, a run that was cut short is resumed.
        listener: Of the runs' events.
        tell: Called with each entry when its stage begins and when it has ended.

    Returns:
        What became of each stage at each point, those that were not reached left out.

    Raises:
        RunStoppedError: The user stopped a run; the sequence ends with it and can be resumed.
        LabctlError: A run failed and its stage says ``stop``.
    """
    plan_sequence(sequence, station)
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{name}.progress.json"
    if path.exists() and not resume:
        raise ConfigError(f"{path} is there already: go on with it (--resume), or choose another folder")
    progress = ProgressFile(path, sequence, seed, resume=resume)
    worker = _Worker(sequence, station, output, progress, listener, tell)
    for point in sequence.points():
        if not worker.run_point(point):
            break
    return progress.entries


@dataclasses.dataclass
class _Worker:
    sequence: Sequence
    station: Station
    output: Path
    progress: ProgressFile
    listener: Listener | None
    tell: Callable[[Entry], None]

    def run_point(self, point: Point) -> bool:
        """Run the stages at one point; return whether the sequence goes on."""
        summaries: dict[str, dict[str, float | int]] = {}
        for stage, entry in self._entries(point):
            if entry.outcome == RUNNING:
                missing = [
                    text for text, c in zip(stage.when, stage.conditions(), strict=True) if not c.holds(summaries)
                ]
                if missing:
                    entry.outcome, entry.reason = SKIPPED, f"not {' and '.join(missing)}"
                else:
                    self._run(stage, point, entry)
                self._note(entry)
            if entry.outcome == DONE:
                summaries[stage.label] = RunData(entry.file).summary
                continue
            consequence = stage.otherwise if entry.outcome == SKIPPED else stage.if_failed
            if consequence == "stop" and entry.outcome == FAILED:
                raise LabctlError(f"stage {stage.label!r}{_at(point)} failed, the sequence ends: {entry.reason}")
            if consequence != "skip":
                return consequence == "next"
        return True

    def _entries(self, point: Point) -> Iterator[tuple[Stage, Entry]]:
        for stage in self.sequence.stage:
            known = self.progress.find(point, stage.label)
            if known is not None and known.outcome == FAILED and stage.if_failed == "stop":
                known.outcome, known.file, known.reason = RUNNING, "", ""
            yield stage, known or Entry(dict(point), stage.label, RUNNING)

    def _run(self, stage: Stage, point: Point, entry: Entry) -> None:
        prepared = self._prepared(stage, point, entry)
        if prepared is None:
            entry.outcome = DONE
            return
        prepared.listen(self._file_keeper(entry, prepared))
        self._note(entry)
        try:
            if api.drive(prepared, self.listener).state is RunState.DONE:
                entry.outcome = DONE
        except RunStoppedError:
            raise
        except LabctlError as error:
            entry.outcome, entry.reason = FAILED, str(error)
        finally:
            entry.file = str(prepared.file or entry.file)
            self.progress.keep(entry)
        if entry.outcome == RUNNING:
            raise RunStoppedError(f"stage {stage.label!r}{_at(point)} was stopped, the sequence ends with it")

    def _prepared(self, stage: Stage, point: Point, entry: Entry) -> Run | None:
        """Return the stage's run: new, or the one that was cut short; ``None`` if that had come to its end."""
        if entry.file:
            status = recover(Path(entry.file))
            if status == RunState.DONE:
                return None
            if status != RunState.ABORTED:  # an aborted run is not resumed
                return api.resume(entry.file, station=self.station)
            entry.file = ""
        return api.prepare(
            stage.made(point),
            self.station,
            seed=self.progress.seed + len(self.progress.entries),
            output=self.output,
            **self.progress.labels,
        )

    def _file_keeper(self, entry: Entry, prepared: Run) -> Listener:
        """Return a listener that keeps the run file's name as soon as there is one, for the case of a kill."""

        def keep(event: Any) -> None:
            if not entry.file and prepared.file is not None:
                entry.file = str(prepared.file)
                self.progress.keep(entry)

        return keep

    def _note(self, entry: Entry) -> None:
        self.progress.keep(entry)
        self.tell(entry)


def _at(point: Point) -> str:
    return " at " + ", ".join(f"{name} = {value}" for name, value in point.items()) if point else ""
