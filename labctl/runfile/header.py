"""What a run file says about its run, apart from rows: written at the start, completed at the end."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from labctl.results import Results
from labctl.runfile.layout import ENTRY


@dataclasses.dataclass(frozen=True)
class RunHeader:
    """Known when a run starts.

    Attributes:
        protocol: Short name.
        title: The protocol's title.
        source: The paper that it comes from.
        parameters: Every parameter in plain values.
        units: Unit of each parameter that has one, by dotted name.
        seed: Of the run's random numbers.
        simulated: Whether the instruments were simulated.
        station: Name of the station.
        station_text: The station file, whole.
        sample: Name of the sample.
        operator: Who ran it.
        started: Wall-clock time, ISO 8601.
        version: Of labctl.
        instruments: For each role ``{"identity": {...}, "link": ..., "driver": ..., "settings_before": {...}}``.
        options: How the station was opened, so that a resume opens it alike.
        die: Which die of the sample; empty in files of before there was one.
        device: Which device on the die; likewise.
        note: What the operator has to say of the run; likewise.
    """

    protocol: str
    title: str
    source: str
    parameters: Mapping[str, Any]
    units: Mapping[str, str]
    seed: int
    simulated: bool
    station: str
    station_text: str
    sample: str
    operator: str
    started: str
    version: str
    instruments: Mapping[str, Mapping[str, Any]]
    options: Mapping[str, Any]
    die: str = ""
    device: str = ""
    note: str = ""


@dataclasses.dataclass(frozen=True)
class RunEnding:
    """Known when a run ends.

    Attributes:
        status: ``done``, ``stopped``, ``aborted``, ``failed`` or ``interrupted``.
        reason: Why, in words, where it is not ``done``.
        ended: Wall-clock time, ISO 8601.
        settings_after: Snapshot of each instrument, by role.
        safe_state: What was read back after everything was made safe, by role.
        link_counters: What the lines counted (retries, bad frames), by role.
        results: The analysis, where there is one.
    """

    status: str
    reason: str = ""
    ended: str = ""
    settings_after: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    safe_state: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    link_counters: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    results: Results | None = None


def write_header(file: h5py.File, header: RunHeader) -> None:
    """Write the groups that say what the run is."""
    file.attrs["NX_class"] = "NXroot"
    file.attrs["default"] = "entry"
    file.attrs["creator"] = "labctl"
    file.attrs["creator_version"] = header.version
    entry = group(file, ENTRY, "NXentry")
    entry.attrs["labctl_header"] = json.dumps(dataclasses.asdict(header), default=_plain)
    entry.attrs["labctl_status"] = "running"
    entry["title"] = f"{header.title} on {header.station}"
    entry["start_time"] = header.started
    entry["program_name"] = "labctl"
    entry["program_name"].attrs["version"] = header.version
    entry["experiment_description"] = header.source
    if header.operator:
        group(entry, "user", "NXuser")["name"] = header.operator
    sample = group(entry, "sample", "NXsample")
    sample["name"] = header.sample or "unnamed"
    for name, value in (("die", header.die), ("device", header.device)):
        if value:
            sample[name] = value
    if header.note:
        group(entry, "notes", "NXnote")["data"] = header.note
    parameters = group(entry, "parameters", "NXcollection")
    _write_values(parameters, header.parameters, header.units)
    parameters["seed"] = header.seed
    instruments = group(entry, "instrument", "NXinstrument")
    instruments["name"] = header.station
    for role, facts in header.instruments.items():
        _write_values(group(instruments, role.replace("-", "_"), "NXcollection"), facts, {})


def write_ending(file: h5py.File, ending: RunEnding) -> None:
    """Write what is known at the end; replaces what an earlier end of the same run said."""
    entry = file[ENTRY]
    entry.attrs["labctl_status"] = ending.status
    entry.attrs["labctl_reason"] = ending.reason
    if ending.ended:
        _replace(entry, "end_time", ending.ended)
    for name, values in (
        ("settings_after", ending.settings_after),
        ("safe_state", ending.safe_state),
        ("link_counters", ending.link_counters),
    ):
        for role, facts in values.items():
            owner = entry["instrument"].require_group(role.replace("-", "_"))
            owner.attrs.setdefault("NX_class", "NXcollection")
            if name in owner:
                del owner[name]
            _write_values(group(owner, name, "NXcollection"), facts, {})
    entry.attrs["labctl_safe_state"] = json.dumps(ending.safe_state, default=_plain)
    entry.attrs["labctl_link_counters"] = json.dumps(ending.link_counters, default=_plain)
    if ending.results is not None:
        write_results(file, ending.results)


def write_results(file: h5py.File, results: Results) -> None:
    """Write an analysis beside the raw streams, in place of an earlier one."""
    entry = file[ENTRY]
    if "analysis" in entry:
        del entry["analysis"]
    process = group(entry, "analysis", "NXprocess")
    process["program"] = "labctl"
    process.attrs["labctl_summary"] = json.dumps(results.plain_summary())
    process.attrs["labctl_printed"] = results.printed
    _write_values(group(process, "summary", "NXcollection"), results.plain_summary(), {})
    for name, table in results.tables.items():
        data = group(process, name, "NXdata")
        data.attrs["signal"] = table.signal
        data.attrs["axes"] = table.axes
        if table.auxiliary:
            data.attrs["auxiliary_signals"] = list(table.auxiliary)
        data.attrs["labctl_columns"] = list(table.columns)
        for column, values in table.columns.items():
            data[column] = values
            if column in table.units:
                data[column].attrs["units"] = table.units[column]
    if results.default:
        process.attrs["default"] = results.default
        entry.attrs["default"] = "analysis"


def group(parent: h5py.Group, name: str, nx_class: str) -> h5py.Group:
    """Make a group of a NeXus class."""
    made = parent.create_group(name)
    made.attrs["NX_class"] = nx_class
    return made


def _write_values(parent: h5py.Group, values: Mapping[str, Any], units: Mapping[str, str], prefix: str = "") -> None:
    for name, value in values.items():
        if isinstance(value, Mapping):
            _write_values(group(parent, name, "NXcollection"), value, units, f"{prefix}{name}.")
            continue
        if value is None:
            parent[name] = ""
        elif isinstance(value, (list, tuple)) and (not value or not isinstance(value[0], (int, float))):
            parent[name] = json.dumps(value, default=_plain)
        else:
            parent[name] = value
        if unit := units.get(prefix + name):
            parent[name].attrs["units"] = unit


def _replace(parent: h5py.Group, name: str, value: Any) -> None:
    if name in parent:
        del parent[name]
    parent[name] = value


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)
