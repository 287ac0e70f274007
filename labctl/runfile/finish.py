"""Closing a run file for good, after a run's end or after a crash: one way for both.

Everything is written anew into a file beside it, compressed, and takes the old one's place in one move. So a plain
reader opens it (a file that was killed while open for SWMR is refused by plain readers), and a crash while this is
going on loses nothing.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import h5py

from labctl.errors import DataFileError
from labctl.results import Results
from labctl.runfile.header import RunEnding, write_ending, write_results
from labctl.runfile.journal import is_being_written, journal_path
from labctl.runfile.layout import ENTRY
from labctl.runfile.stored import StoredRun

Fill = Callable[[StoredRun, h5py.File], None]
"""Fills the new file from the old one."""

_COMPRESSION = {"compression": "gzip", "compression_opts": 1, "shuffle": True}


def finish(path: Path, ending: RunEnding) -> None:
    """Close the file of a run that has ended.

    Raises:
        OSError: It cannot be written; file and journal are as they were.
    """
    _rewrite(path, lambda run, file: _copy(run, file, {s: run.length(s) for s in run.stream_names}), ending)


def recover(path: Path) -> str:
    """Mend the file of a run that was killed; a file that is whole is left as it is.

    Returns:
        The run's status, ``interrupted`` where it had none.

    Raises:
        DataFileError: It is damaged beyond that, or a live process is writing it.
    """
    _refuse_if_alive(path)
    with StoredRun(path) as run:
        status = run.status
    if status == "running":
        status = "interrupted"
        finish(path, RunEnding(status, "its program ended before the file was closed"))
    journal_path(path).unlink(missing_ok=True)
    _fresh(path).unlink(missing_ok=True)
    return status


def cut_to_last_step(path: Path, resumed: str) -> None:
    """Drop what came after the last step, so that the run can go on from there, and record the gap.

    Args:
        path: A recovered run file.
        resumed: Wall-clock time of the resumption, ISO 8601.
    """
    _refuse_if_alive(path)

    def cut(run: StoredRun, file: h5py.File) -> None:
        step = run.last_step()
        lengths = {name: run.length(name) for name in run.stream_names}
        keep = {
            name: int(step[f"rows_{name}"]) if step else 0 for name in lengths if f"rows_{name}" in run.columns("steps")
        }
        state = int(step["state_offset"] + step["state_bytes"]) if step else 0
        _copy(run, file, {**lengths, **keep, "step_state": state})
        gaps = json.loads(str(run.entry.attrs.get("labctl_gaps", "[]")))
        gaps.append(
            {
                "after_step": int(step["done"]) if step else 0,
                "last_step_wall_time": step["wall_time"] if step else None,
                "resumed": resumed,
                "rows_dropped": {name: lengths[name] - kept for name, kept in keep.items()},
            }
        )
        file[ENTRY].attrs["labctl_gaps"] = json.dumps(gaps)
        file[ENTRY].attrs["labctl_status"] = "running"

    _rewrite(path, cut, None)
    journal_path(path).unlink(missing_ok=True)


def replace_results(path: Path, results: Results) -> None:
    """Store a new analysis in a finished file."""
    _refuse_if_alive(path)

    def store(run: StoredRun, file: h5py.File) -> None:
        _copy(run, file, {s: run.length(s) for s in run.stream_names})
        write_results(file, results)

    _rewrite(path, store, None)


def _refuse_if_alive(path: Path) -> None:
    if not path.is_file():
        raise DataFileError(f"{path} is not there")
    if is_being_written(path):
        raise DataFileError(f"{path} is being written by a running program; stop that run first")


def _rewrite(path: Path, fill: Fill, ending: RunEnding | None) -> None:
    fresh = _fresh(path)
    fresh.unlink(missing_ok=True)
    try:
        with StoredRun(path) as run, h5py.File(fresh, "w", libver="latest") as file:
            fill(run, file)
            if ending is not None:
                write_ending(file, ending)
        with open(fresh, "rb") as written:
            os.fsync(written.fileno())
        os.replace(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _fresh(path: Path) -> Path:
    """Return where a file is written anew before it takes the old one's place."""
    return path.with_name(path.name + ".new")


def _copy(run: StoredRun, file: h5py.File, lengths: dict[str, int]) -> None:
    """Copy everything; of each stream so many rows."""
    for name, value in run.file.attrs.items():
        file.attrs[name] = value
    entry = file.create_group(ENTRY)
    for name, value in run.entry.attrs.items():
        entry.attrs[name] = value
    for name in run.entry:
        if name not in lengths:
            run.file.copy(run.entry[name], entry)
            continue
        group = entry.create_group(name)
        for key, value in run.entry[name].attrs.items():
            group.attrs[key] = value
        for column in run.columns(name):
            _copy_column(run, name, column, group, lengths[name])


def _copy_column(run: StoredRun, stream: str, column: str, group: h5py.Group, count: int) -> None:
    source = run.entry[stream][column]
    target = group.create_dataset(
        column, shape=(count,), maxshape=(None,), dtype=source.dtype, chunks=source.chunks, **_COMPRESSION
    )
    for key, value in source.attrs.items():
        target.attrs[key] = value
    at = 0
    for part in run.batches(stream, column, count):
        target[at : at + len(part)] = part
        at += len(part)
