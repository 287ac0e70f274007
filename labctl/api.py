"""The Python interface: run a protocol on a station, dry-run it, resume a run that was cut short."""

import contextlib
import dataclasses
import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import labctl
from labctl import plugins
from labctl.errors import DataFileError, InstrumentError, LimitError, RunStoppedError
from labctl.events import RunState
from labctl.instrument import Instrument, SampleLimits, make_all_safe
from labctl.protocol import Plan, Protocol, Step, unit_of
from labctl.resources import choose_instruments
from labctl.runfile.finish import cut_to_last_step, recover
from labctl.runfile.header import RunHeader
from labctl.runfile.reader import RunData
from labctl.runfile.writer import RunFileWriter
from labctl.runner import Listener, Run, split_state, timestamp
from labctl.stations.station import OpenOptions, Station, station_from_text
from labctl.units import format_quantity

DEFAULT_FOLDER = Path("runs")


def dry_run(protocol: Protocol, station: Station) -> Plan:
    """Return what a run would do; touches no instrument, and needs none connected.

    Raises:
        LimitError: It would break a limit of the sample or of an instrument.
        ConfigError: The station lacks what the protocol needs.
    """
    plan = protocol.plan(**choose_instruments(type(protocol), station.instruments))
    check_limits(plan, station.file.sample.limits())
    return plan


def check_limits(plan: Plan, limits: SampleLimits) -> None:
    """Refuse a plan that the sample does not stand.

    Raises:
        LimitError: Names the figure and the bound.
    """
    checks = (
        ("the highest line voltage", plan.voltage, limits.voltage, "V"),
        ("the highest device voltage", plan.device_voltage, limits.device_voltage, "V"),
        ("the highest current", plan.current, limits.current, "A"),
    )
    for what, value, bound, unit in checks:
        if value is not None and bound is not None and value > bound:
            given, allowed = format_quantity(value, unit), format_quantity(bound, unit)
            raise LimitError(f"{what} would be {given}, but the station's sample stands {allowed}")
    if plan.conductances and limits.conductance:
        (low, high), (least, most) = plan.conductances, limits.conductance
        if low < least or high > most:
            asked = " to ".join(format_quantity(g, "S") for g in (low, high))
            window = " to ".join(format_quantity(g, "S") for g in (least, most))
            raise LimitError(f"cells would be written to {asked}, but the station's sample is for {window}")


def prepare(
    protocol: Protocol,
    station: Station,
    *,
    seed: int | None = None,
    output: str | Path = DEFAULT_FOLDER,
    operator: str = "",
    sample: str | None = None,
    die: str = "",
    device: str = "",
    note: str = "",
) -> Run:
    """Return a run that is ready to start, dry-run and checked; the station must be open.

    Args:
        protocol: What to run.
        station: Where.
        seed: Of the run's random numbers; drawn, and recorded, if not given.
        output: Folder for the run file.
        operator: Goes into the file.
        sample: Name of the sample, where it is another than the station file's.
        die: Which die of the sample.
        device: Which device on the die.
        note: What is to be said of the run.

    Raises:
        LimitError: As `dry_run`.
        ConfigError: As `dry_run`.
    """
    dry_run(protocol, station)
    chosen = choose_instruments(type(protocol), station.instruments)
    drawn = secrets.randbits(31) if seed is None else seed
    labels = {"sample": station.file.sample.name if sample is None else sample, "die": die, "device": device}
    labels |= {"operator": operator, "note": note}

    def open_file() -> RunFileWriter:
        header = _header(protocol, station, chosen, drawn, labels)
        return RunFileWriter.create(_file_name(Path(output), protocol), header, type(protocol).rows)

    devices = _devices_of(protocol, station, chosen)
    return Run(protocol, chosen, clock=station.clock, seed=drawn, open_file=open_file, devices=devices)


def run(
    protocol: Protocol,
    station: Station,
    *,
    seed: int | None = None,
    output: str | Path = DEFAULT_FOLDER,
    operator: str = "",
    sample: str | None = None,
    die: str = "",
    device: str = "",
    note: str = "",
    listener: Listener | None = None,
) -> Run:
    """Run a protocol to its end; arguments as `prepare`.

    An interrupt (Ctrl-C) aborts the run, leaves the instruments safe, and is raised again.

    Raises:
        LabctlError: The run failed; its rows are in its file, and the instruments are as safe as they could be made.
    """
    prepared = prepare(
        protocol, station, seed=seed, output=output,
        operator=operator, sample=sample, die=die, device=device, note=note,
    )  # fmt: skip
    return drive(prepared, listener)


def drive(prepared: Run, listener: Listener | None = None) -> Run:
    """Start a prepared run and wait for it, as `run` does."""
    if listener is not None:
        prepared.listen(listener)
    prepared.start()
    try:
        while not prepared.join(0.2):
            pass
    except BaseException:
        _abort(prepared)
        raise
    return prepared.result()


def _abort(prepared: Run) -> None:
    """Abort a run and wait until its instruments are safe, however often the user interrupts meanwhile."""
    while True:
        try:
            with contextlib.suppress(labctl.StateError):
                prepared.abort()
            ended = prepared.join()
        except (KeyboardInterrupt, RunStoppedError):
            ended = False
        if ended:
            return


def resume(file: str | Path, *, station: Station | None = None) -> Run:
    """Return a run, ready to start, that goes on from the last step of a run that was cut short, in the same file.

    Args:
        file: The run file.
        station: The open station; must be the one that the run was begun on.

    Raises:
        DataFileError: It cannot be resumed: damaged, done, aborted, or still being written.
        ConfigError: As `dry_run`.
    """
    path = Path(file)
    data = resumable(path)
    if station is None:
        raise TypeError("resume needs the open station: labctl.station_of(file)")
    protocol_class: type[Protocol] = plugins.load("protocols", data.protocol)
    protocol = protocol_class.from_mapping(data.parameters)
    dry_run(protocol, station)
    chosen = choose_instruments(protocol_class, station.instruments)
    stored = data.last_step()
    step = Step(stored["done"], stored["total"], data.step_state(stored)) if stored else None
    devices = _devices_of(protocol, station, chosen)
    if step and protocol.keeps_devices:
        lab_state, own = split_state(step.state)
        step = dataclasses.replace(step, state=own)
        if station.lab is not None and lab_state:
            station.lab.load(lab_state)

    def open_file() -> RunFileWriter:
        cut_to_last_step(path, timestamp())
        if start is None:
            for instrument in chosen.values():  # as when it was begun first: it takes its time on a simulated line
                instrument.snapshot()
        lengths = RunData(path).lengths
        return RunFileWriter(path, protocol_class.rows, lengths)

    start = (step, float(stored["time"])) if step and stored else None
    return Run(
        protocol, chosen, clock=station.clock, seed=data.header.seed, open_file=open_file, resume=start, devices=devices
    )


def _devices_of(protocol: Protocol, station: Station, chosen: dict[str, Instrument]) -> Callable[[], bytes] | None:
    """Return what brings simulated devices to a point that a resumed run can begin at too, and gives their state.

    There every output is idle, as after opening, and the clock stands at a full second: an unbroken run and a resumed
    one go on alike to the last bit. Real devices keep their own state.
    """
    if not protocol.keeps_devices:
        return None
    lab = station.lab
    if lab is None:
        return bytes

    def keep() -> bytes:
        _, failures = make_all_safe(chosen)
        if failures:
            raise InstrumentError("station", "make safe", 0, "; ".join(failures))
        lab.settle()
        return lab.saved()

    return keep


def resumable(path: Path) -> RunData:
    """Recover a run file if need be, and return it if its run can be resumed.

    Raises:
        DataFileError: It cannot.
    """
    status = recover(path)
    if status == RunState.DONE:
        raise DataFileError(f"{path}: this run is done, there is nothing to resume")
    if status == RunState.ABORTED:
        raise DataFileError(f"{path}: this run was aborted; an aborted run is not resumed, start a new one")
    return RunData(path)


def station_of(file: str | Path) -> Station:
    """Return the station that a run was begun on, simulated or real as it was then; ``with`` it to connect.

    Raises:
        DataFileError: The file cannot be read.
    """
    header = RunData(file).header
    return station_from_text(header.station_text, f"station in {file}", OpenOptions(**header.options))


def parameter_units(model: type[Any], prefix: str = "") -> dict[str, str]:
    """Return the unit of each parameter that has one, by dotted name."""
    units = {}
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and hasattr(field.annotation, "model_fields"):
            units.update(parameter_units(field.annotation, f"{prefix}{name}."))
        if unit := unit_of(field):
            units[prefix + name] = unit
    return units


def _header(
    protocol: Protocol, station: Station, chosen: dict[str, Instrument], seed: int, labels: Mapping[str, str]
) -> RunHeader:
    facts = {
        instrument.role: {
            "driver": station.file.instruments[instrument.role].driver,
            "link": instrument.link.name,
            "idle": str(instrument.idle),
            "identity": dataclasses.asdict(instrument.identity) if instrument.identity else {},
            "settings_before": instrument.snapshot(),
        }
        for instrument in chosen.values()
    }
    return RunHeader(
        protocol=protocol.name,
        title=protocol.title,
        source=protocol.source,
        parameters=protocol.model_dump(mode="json"),
        units=parameter_units(type(protocol)),
        seed=seed,
        simulated=station.options.simulate or bool(station.options.replay),
        station=station.name,
        station_text=station.text,
        started=timestamp(),
        version=labctl.__version__,
        instruments=facts,
        options=dataclasses.asdict(station.options),
        **labels,
    )


def _file_name(folder: Path, protocol: Protocol) -> Path:
    now = dt.datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    return folder / f"{now}_{protocol.name}_{secrets.token_hex(3)}.h5"
