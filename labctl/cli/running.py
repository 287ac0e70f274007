"""``labctl run`` and ``labctl resume``."""

import contextlib
import dataclasses
import json as json_module
import sys
from collections.abc import Iterator
from pathlib import Path

from labctl import api
from labctl.cli.files import print_run
from labctl.errors import ConfigError, RunStoppedError
from labctl.events import Event, LogLine, Progress, RunState
from labctl.export import draw_figure
from labctl.protocol import Protocol
from labctl.resources import choose_instruments
from labctl.runner import Listener, Run
from labctl.stations.station import Station, open_station


@dataclasses.dataclass(frozen=True)
class Request:
    """What the command line asked for besides protocol and parameters."""

    station: str
    simulate: bool
    transport: str | None
    seed: int | None
    output: Path
    operator: str
    figure: bool
    json: bool
    record: Path | None = None
    replay: Path | None = None
    replay_mode: str = "strict"
    sample: str | None = None
    die: str = ""
    device: str = ""
    note: str = ""


def run(protocol: Protocol, request: Request, *, dry: bool) -> None:
    """Run ``protocol``, or only say what it would do."""
    station = _station(request)
    plan = api.dry_run(protocol, station)
    if dry:
        touched = list(choose_instruments(type(protocol), station.instruments).values())
        facts = {"instruments": ", ".join(i.role for i in touched), **plan.describe()}
        if request.json:
            print(json_module.dumps({"status": "dry-run", "plan": {**dataclasses.asdict(plan), **facts}}))
        else:
            for name, value in facts.items():
                print(f"{name:>22}  {value}")
        return
    with station:
        prepared = api.prepare(
            protocol, station, seed=request.seed, output=request.output, operator=request.operator,
            sample=request.sample, die=request.die, device=request.device, note=request.note,
        )  # fmt: skip
        _drive(prepared, figure=request.figure, json=request.json)


def resume(file: Path, *, figure: bool, json: bool) -> None:
    """Go on with the run in ``file``."""
    api.resumable(file)
    with api.station_of(file) as station:
        _drive(api.resume(file, station=station), figure=figure, json=json)


def _drive(prepared: Run, *, figure: bool, json: bool) -> None:
    with progress(shown=sys.stderr.isatty() and not json) as listener:
        try:
            api.drive(prepared, listener)
        except RunStoppedError as error:
            raise RunStoppedError(f"{error}; the run is {prepared.state}, its rows are in {prepared.file}") from None
    if prepared.file is None:
        raise ConfigError("the run left no file")
    if figure:
        draw_figure(prepared.file, prepared.file.with_suffix(".png"))
    print_run(prepared.file, json=json, brief=True)
    if figure and not json:
        print(f"figure   {prepared.file.with_suffix('.png')}")


def _station(request: Request) -> Station:
    if request.transport not in {None, "in-process", "serial"}:
        raise ConfigError(f"--transport is {request.transport!r}, but there are in-process and serial")
    return open_station(
        request.station,
        simulate=request.simulate,
        seed=request.seed,
        transport=request.transport,  # type: ignore[arg-type]
        record=request.record,
        replay=request.replay,
        replay_mode=request.replay_mode,  # type: ignore[arg-type]
    )


@contextlib.contextmanager
def progress(*, shown: bool) -> Iterator[Listener]:
    """Yield a listener that draws a progress bar with remaining time on a terminal, and nothing elsewhere."""
    if not shown:
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(None), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("starting", total=None)

        def listener(event: Event) -> None:
            match event:
                case Progress():
                    bar.update(task, completed=event.done, total=event.total, description=str(RunState.RUNNING))
                case LogLine() if event.level >= 30:
                    bar.console.print(event.message)

        yield listener


def _silent(event: Event) -> None:
    if isinstance(event, LogLine) and event.level >= 30:
        print(event.message, file=sys.stderr)
