"""The commands of ``labctl``."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from labctl import __version__

app = typer.Typer(
    help="Control a memristor lab's instruments and run its measurements.\n\n"
    "Exit status: 0 done, 1 failed, 2 bad arguments or configuration, 130 stopped by the user.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
StationOption = Annotated[str, typer.Option("--station", metavar="NAME|FILE", help="A shipped station, or a file.")]
Simulate = Annotated[bool, typer.Option("--simulate", help="Use the simulated twins of the instruments.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of the run and of the simulated lab.")]
RunFile = Annotated[Path, typer.Argument(metavar="FILE", help="A run file.")]
Output = Annotated[Path, typer.Option("--output", metavar="DIR", help="Folder for run files.")]


def _version(show: bool) -> None:
    if show:
        print(f"labctl {__version__}")
        raise typer.Exit


@app.callback()
def _labctl(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    protocol: Annotated[str, typer.Argument(metavar="PROTOCOL", help="See: labctl protocols.")],
    station: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="A shipped station, or a file; else the protocol's own.")
    ] = None,
    simulate: Simulate = False,
    transport: Annotated[
        str | None, typer.Option(help="How simulated twins are reached: in-process, or serial (a pseudo-terminal).")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A parameter, such as wait=10s. Repeatable.")
    ] = None,
    parameters: Annotated[Path | None, typer.Option(metavar="TOML", help="Parameters from a file.")] = None,
    seed: Seed = None,
    output: Output = Path("runs"),
    operator: Annotated[str, typer.Option(help="Goes into the run file.")] = "",
    sample: Annotated[str | None, typer.Option(help="Goes into the run file; else what the station says.")] = None,
    die: Annotated[str, typer.Option(help="Which die of the sample; goes into the run file.")] = "",
    device: Annotated[str, typer.Option(help="Which device on the die; goes into the run file.")] = "",
    note: Annotated[str, typer.Option(help="Goes into the run file.")] = "",
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep what goes over every line in a new file.")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Let a recording answer in place of the instruments.")
    ] = None,
    replay_mode: Annotated[str, typer.Option(help="strict (message by message), or lenient.")] = "strict",
    figure: Annotated[bool, typer.Option("--figure", help="Also draw the run's figure, beside its file.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what the run would do, and touch nothing.")] = False,
    json: Json = False,
) -> None:
    """Run a protocol."""
    from labctl.cli import running
    from labctl.cli.parameters import gather

    chosen = gather(protocol, parameters, parameter or [])
    place = station or chosen.station
    request = running.Request(place, simulate, transport, seed, output, operator, figure, json)
    request = dataclasses.replace(request, record=record, replay=replay, replay_mode=replay_mode)
    request = dataclasses.replace(request, sample=sample, die=die, device=device, note=note)
    running.run(chosen, request, dry=dry_run)


@app.command()
def resume(file: RunFile, figure: Annotated[bool, typer.Option("--figure")] = False, json: Json = False) -> None:
    """Go on with a run that was cut short, from its last step, in the same file."""
    from labctl.cli import running

    running.resume(file, figure=figure, json=json)


@app.command()
def recover(file: RunFile, json: Json = False) -> None:
    """Mend the file of a run that was killed, so that any HDF5 reader opens it."""
    from labctl.cli.files import print_run
    from labctl.runfile.finish import recover as recover_file

    recover_file(file)
    print_run(file, json=json)


@app.command()
def show(file: RunFile, json: Json = False) -> None:
    """Show what is in a run file."""
    from labctl.cli.files import print_run

    print_run(file, json=json)


@app.command()
def analyse(file: RunFile, json: Json = False) -> None:
    """Analyse a run again and store the results in its file."""
    from labctl.cli import files

    files.analyse(file)
    files.print_run(file, json=json)


@app.command()
def plot(
    file: RunFile, output: Annotated[Path, typer.Option("-o", "--output", metavar="PNG", help="Where to draw it.")]
) -> None:
    """Draw a run as its paper does."""
    from labctl.export import draw_figure

    draw_figure(file, output)
    print(output)


@app.command()
def export(
    file: RunFile,
    to: Annotated[str, typer.Option(help="csv or parquet.")] = "csv",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Folder; else the file's.")
    ] = None,
) -> None:
    """Export each stream of a run to a table file."""
    from labctl.export import export_streams

    for path in export_streams(file, to, output or file.parent):
        print(path)


@app.command()
def protocols(json: Json = False) -> None:
    """List the protocols, with parameters, units, defaults and limits."""
    from labctl.cli import listing

    listing.show_protocols(json=json)


@app.command()
def drivers(json: Json = False) -> None:
    """List the drivers, with their settings."""
    from labctl.cli import listing

    listing.show_drivers(json=json)


@app.command()
def stations(json: Json = False) -> None:
    """List the stations that ship."""
    from labctl.cli import listing

    listing.show_stations(json=json)


@app.command()
def simulate(
    station: Annotated[str, typer.Argument(metavar="STATION", help="A shipped station, or a file.")] = "pe-board",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    speed: Annotated[float, typer.Option(min=1e-3, help="Seconds of the lab for each real second.")] = 1.0,
    seed: Seed = None,
    json: Json = False,
) -> None:
    """Serve a simulated lab until stopped, so that any program can use it."""
    from labctl.cli.serving import serve

    serve(station, host, speed, seed, json=json)


@app.command()
def sequence(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A sequence (TOML).")],
    station: Annotated[str, typer.Option(metavar="NAME|FILE", help="A shipped station, or a file; else its own.")] = "",
    simulate: Simulate = False,
    seed: Seed = None,
    output: Output = Path("runs"),
    operator: Annotated[str, typer.Option(help="Goes into the run files.")] = "",
    sample: Annotated[str, typer.Option(help="Goes into the run files; else what file or station say.")] = "",
    die: Annotated[str, typer.Option(help="Which die of the sample; goes into the run files.")] = "",
    device: Annotated[str, typer.Option(help="Which device on the die; goes into the run files.")] = "",
    note: Annotated[str, typer.Option(help="Goes into the run files.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a sequence that was cut short.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and touch nothing.")] = False,
    json: Json = False,
) -> None:
    """Run protocols one after the other, each only if earlier ones gave what is asked."""
    from labctl.cli import sequences

    labels = {"sample": sample, "die": die, "device": device, "operator": operator, "note": note}
    request = sequences.Request(station, simulate, seed, output, labels, resume, json)
    sequences.run(file, request, dry=dry_run)


@app.command()
def reproduce(
    papers: Annotated[list[str] | None, typer.Argument(metavar="[PAPER]...", help="Such as ssl; all if none.")] = None,
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="Folder for report and run files.")] = Path(
        "reproduction"
    ),
    data: Annotated[str, typer.Option(metavar="FILE", help="Data set for the protocols that train.")] = "",
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; else one a core.")] = None,
    json: Json = False,
) -> None:
    """Run the papers' protocols on the simulated lab and print each published figure beside the measured one."""
    from labctl.cli import reproducing

    reproducing.run(papers or [], output, data=data, workers=workers, json=json)


@app.command()
def gui(
    station: StationOption = "",
    simulate: Simulate = False,
    seed: Seed = None,
    output: Annotated[Path | None, typer.Option("--output", metavar="DIR", help="Folder for run files.")] = None,
) -> None:
    """Open the operator's window."""
    from labctl.gui.app import main

    raise typer.Exit(main(station=station, simulate=simulate, seed=seed, output=output))
