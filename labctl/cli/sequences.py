"""``labctl sequence``."""

import dataclasses
import json as json_module
import sys
from collections.abc import Mapping
from pathlib import Path

from labctl.cli.running import progress
from labctl.sequence.model import Sequence, read_sequence
from labctl.sequence.running import RUNNING, Entry, plan_sequence, run_sequence
from labctl.stations.station import Station, open_station
from labctl.units import format_duration, format_quantity


@dataclasses.dataclass(frozen=True)
class Request:
    """What the command line asked for besides the file."""

    station: str
    simulate: bool
    seed: int | None
    output: Path
    labels: Mapping[str, str]
    resume: bool
    json: bool


def run(file: Path, request: Request, *, dry: bool) -> None:
    """Run the sequence in ``file``, or only say what it would do."""
    sequence = read_sequence(file).labelled(request.labels)
    station = open_station(request.station or sequence.place(), simulate=request.simulate, seed=request.seed)
    if dry:
        _print_plan(sequence, station, json=request.json)
        return
    with station, progress(shown=sys.stderr.isatty() and not request.json) as listener:
        entries = run_sequence(
            sequence, station, request.output, name=file.stem, seed=request.seed, resume=request.resume,
            listener=listener, tell=_say_nothing if request.json else _tell,
        )  # fmt: skip
    if request.json:
        print(json_module.dumps({"status": "done", "stages": [dataclasses.asdict(entry) for entry in entries]}))


def _print_plan(sequence: Sequence, station: Station, *, json: bool) -> None:
    planned = plan_sequence(sequence, station)
    if json:
        stages = [{"point": dict(p), "stage": s.label, "plan": dataclasses.asdict(plan)} for p, s, plan in planned]
        print(json_module.dumps({"status": "dry-run", "stages": stages}))
        return
    for point, stage, plan in planned:
        values = " ".join(f"{name}={value}" for name, value in point.items())
        facts = f"{format_duration(plan.duration):>10}  {plan.pulses_per_device:>12,} pulses per device"
        print(f"{stage.label:<24} {values:<24} {facts}  up to {format_quantity(plan.voltage, 'V', 4)}")
    print(f"at most {format_duration(sum(plan.duration for _, _, plan in planned))} in all, if every condition holds")


def _tell(entry: Entry) -> None:
    values = " ".join(f"{name}={value}" for name, value in entry.point.items())
    outcome = "begins" if entry.outcome == RUNNING else entry.outcome + (f": {entry.reason}" if entry.reason else "")
    print(f"{entry.stage:<24} {values:<24} {outcome}  {entry.file}".rstrip())


def _say_nothing(entry: Entry) -> None:
    pass
