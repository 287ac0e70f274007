"""Writing a run file: each row is in the journal before anybody is told, and in HDF5 within half a second."""

import contextlib
import errno
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5f, h5p
from numpy.typing import NDArray

from labctl.errors import DataFileError
from labctl.protocol import Step
from labctl.rows import Block, Column, Row
from labctl.runfile.finish import finish
from labctl.runfile.header import RunEnding, RunHeader, group, write_header
from labctl.runfile.journal import Journal, journal_path, patiently
from labctl.runfile.layout import CHUNK_BYTES, ENTRY, LOG, LOG_BYTES, STATE, Stream, steps_stream, stream_of

FLUSH_SECONDS = 0.5
"""Rows move into HDF5 at least this often while rows come."""
STEP_FLUSH_SECONDS = 0.1
"""At a step they move at once, unless they did so less than this ago."""
JOURNAL_BYTES = 64 << 20
"""A journal that has grown beyond this is begun anew, after the HDF5 file has been brought to the disk."""

RESERVE_BYTES = 8 << 20
"""A run ends while this much of the disk is still free, so that its file and its log can be closed."""
NOTES_BYTES = 64 << 10
NOTES_BYTES_A_CHUNK = 4 << 10
"""What HDF5 may note of new rows and of each new chunk, at most; assumed, with room to spare."""
READ_HERE = "already open for read-only"
"""What HDF5 says, with no error number, where the program itself reads the file that is to be written."""


class RunFileWriter:
    """One run's file while the run lasts; used from the run's thread alone.

    Make it with `create` or `resume`.
    """

    def __init__(self, path: Path, row_types: Sequence[type[Row]], counts: dict[str, int]) -> None:
        self.path = path
        self._streams = streams_of(row_types)
        self._number = {row_type: i for i, row_type in enumerate(row_types)}
        self._log, self._steps, self._state = (len(row_types) + i for i in range(3))
        self.counts = [counts.get(s.name, 0) for s in self._streams]
        self._in_hdf5 = list(self.counts)
        self._pending = [bytearray() for _ in self._streams]
        self._told = [0] * len(self._streams)
        self._untold: list[tuple[str, NDArray[Any]]] = []
        self._journal = self._new_journal()
        try:
            self._file = patiently(lambda: _open_for_swmr(path))
        except BaseException:
            self._journal.close()
            raise
        self._datasets = [[self._file[f"{ENTRY}/{s.name}/{c.name}"] for c in s.columns] for s in self._streams]
        self._flushed = time.monotonic()

    @classmethod
    def create(cls, path: Path, header: RunHeader, row_types: Sequence[type[Row]]) -> "RunFileWriter":
        """Begin a new file.

        Raises:
            DataFileError: It exists already, or the folder cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                raise DataFileError(f"{path} exists already")
            fresh = path.with_name(path.name + ".new")
            with h5py.File(fresh, "w", libver="latest") as file:
                write_header(file, header)
                _declare(file, streams_of(row_types), len(row_types))
            os.replace(fresh, path)
            return cls(path, row_types, {})
        except OSError as error:
            raise DataFileError(f"{path} cannot be written: {error.strerror or error}") from error

    @property
    def row_count(self) -> int:
        """Rows of all of the protocol's streams together."""
        return sum(self.counts[: self._log])

    def append(self, row: Row) -> None:
        """Write one row; durable when this returns.

        Raises:
            DataFileError: The disk is gone, or full beyond the reserve that `flush` keeps.
        """
        number = self._number[type(row)]
        data = row.to_bytes()
        self._journal.append(number, data)
        self._pending[number] += data
        self.counts[number] += 1

    def append_block(self, block: Block) -> None:
        """Write many rows; durable when this returns."""
        self._append_many(self._number[block.row_type], block.rows)

    def log(self, run_time: float, level: int, message: str) -> None:
        """Write a message to the run's log."""
        encoded = message.encode()
        lines = [encoded[i : i + LOG_BYTES] for i in range(0, max(len(encoded), 1), LOG_BYTES)]
        rows = np.array([(run_time, time.time(), level, line) for line in lines], LOG.dtype)
        self._append_many(self._log, rows)

    def step(self, run_time: float, step: Step) -> None:
        """Write a step, after the rows that belong to it."""
        offset = self.counts[self._state]
        if step.state:
            self._append_many(self._state, np.frombuffer(step.state, STATE.dtype))
        row = (run_time, time.time(), step.done, step.total, offset, len(step.state), *self.counts[: self._log])
        self._append_many(self._steps, np.array([row], self._streams[self._steps].dtype))
        if time.monotonic() - self._flushed > STEP_FLUSH_SECONDS:
            self.flush()

    def flush_if_due(self) -> None:
        """Move rows into HDF5 if it is time."""
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Move all rows into HDF5, where a viewer can follow them.

        Raises:
            DataFileError: The disk is nearly full; nothing was moved, the rows are in the journal.
        """
        self._require_space()
        for number, stream in enumerate(self._streams):
            if not self._pending[number]:
                continue
            rows = np.frombuffer(self._pending[number], stream.dtype)
            self._pending[number] = bytearray()
            if number < self._log and self._told[number] < len(rows):
                self._untold.append((stream.name, rows[self._told[number] :]))
            self._told[number] = 0
            start = self._in_hdf5[number]
            for dataset, column in zip(self._datasets[number], stream.columns, strict=True):
                dataset.resize((start + len(rows),))
                dataset[start:] = rows[column.name]
            self._in_hdf5[number] = start + len(rows)
        self._file.flush()
        if self._journal.size > JOURNAL_BYTES and sys.platform != "win32":  # Windows renames no open file
            with open(self.path, "rb") as stored:
                os.fsync(stored.fileno())
            journal = self._new_journal()
            self._journal.close()
            self._journal = journal
        self._flushed = time.monotonic()

    def take_new(self) -> list[tuple[str, NDArray[Any]]]:
        """Return the protocol's rows since the last call, as (stream, structured array) in the order they came."""
        self._collect_untold()
        new, self._untold = self._untold, []
        return new

    def seal(self) -> None:
        """Move everything into HDF5 and close it there; the run can now be read, and `close` is all that may follow."""
        self.flush()
        self._file.close()

    def close(self, ending: RunEnding) -> None:
        """Close the file for good.

        Raises:
            DataFileError: It could not be completed; what was written is kept, and ``labctl recover`` completes it.
        """
        try:
            if self._file:
                self.seal()
            finish(self.path, ending)
            self._journal.close()
            journal_path(self.path).unlink(missing_ok=True)
        except (OSError, RuntimeError) as error:  # h5py tells of a failed write in either way
            self.abandon()
            raise DataFileError(
                f"{self.path} could not be completed: {error}; its rows are safe, run: labctl recover {self.path}"
            ) from error

    def abandon(self) -> None:
        """Let go of file and journal as they are, as a crash would; ``labctl recover`` completes them."""
        with contextlib.suppress(OSError, RuntimeError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._journal.close()

    def _require_space(self) -> None:
        """Refuse to move rows while the disk is nearly full: HDF5 does not survive a write that fails.

        What these rows take is claimed from the file system beforehand, as quotas do not show in the free space.
        """
        free = shutil.disk_usage(self.path.parent).free
        if free < RESERVE_BYTES:
            raise DataFileError(
                f"the disk with {self.path} is full ({free >> 10:,} KiB left); its rows are safe in its journal: "
                f"make room, then run: labctl resume {self.path}"
            )
        if not hasattr(os, "posix_fallocate"):
            return
        try:
            os.posix_fallocate(self._file.id.get_vfd_handle(), self._file.id.get_filesize(), self._bytes_to_come())
        except OSError as error:
            raise DataFileError(
                f"{self.path} cannot grow: {error.strerror}; its rows are safe in its journal: make room, then run: "
                f"labctl resume {self.path}"
            ) from error

    def _bytes_to_come(self) -> int:
        """Return how much the rows that wait can make the file grow: new chunks, and what HDF5 notes of them."""
        chunks = 0
        for number, stream in enumerate(self._streams):
            start, stop = self._in_hdf5[number], self.counts[number]
            for column in stream.columns:
                per_chunk = rows_of_chunk(column)
                chunks += -(-stop // per_chunk) - -(-start // per_chunk)
        return NOTES_BYTES + chunks * (CHUNK_BYTES + NOTES_BYTES_A_CHUNK)

    def _collect_untold(self) -> None:
        for number in range(self._log):
            stream, told = self._streams[number], self._told[number]
            fresh = bytes(memoryview(self._pending[number])[told * stream.dtype.itemsize :])
            if fresh:
                rows = np.frombuffer(fresh, stream.dtype)
                self._untold.append((stream.name, rows))
                self._told[number] = told + len(rows)

    def _append_many(self, number: int, rows: NDArray[Any]) -> None:
        data = rows.tobytes()
        self._journal.append_many(number, data, len(rows))
        self._pending[number] += data
        self.counts[number] += len(rows)

    def _new_journal(self) -> Journal:
        target = journal_path(self.path)
        if not target.exists():
            return Journal(target, [(s.name, s.dtype) for s in self._streams], self._in_hdf5)
        fresh = target.with_name(target.name + ".new")
        fresh.unlink(missing_ok=True)
        journal = Journal(fresh, [(s.name, s.dtype) for s in self._streams], self._in_hdf5)
        os.replace(fresh, target)
        return journal


def streams_of(row_types: Sequence[type[Row]]) -> tuple[Stream, ...]:
    """Return every stream of a run: the protocol's own, then log, steps and the steps' state."""
    own = tuple(stream_of(row_type) for row_type in row_types)
    return (*own, LOG, steps_stream(own), STATE)


def _declare(file: h5py.File, streams: tuple[Stream, ...], own: int) -> None:
    entry = file[ENTRY]
    entry.attrs["labctl_streams"] = [s.name for s in streams]
    for stream in streams:
        made = group(entry, stream.name, stream.nx_class)
        made.attrs["labctl_columns"] = [c.name for c in stream.columns]
        if stream.signal:
            made.attrs["signal"] = stream.signal
            made.attrs["axes"] = stream.axes
        for column in stream.columns:
            _declare_column(made, column)
    entry.attrs["default"] = streams[0].name if own else "log"


def rows_of_chunk(column: Column) -> int:
    """Return how many values of a column are stored together."""
    return max(1, CHUNK_BYTES // np.dtype(column.dtype).itemsize)


def _declare_column(parent: h5py.Group, column: Column) -> None:
    dtype = np.dtype(column.dtype)
    chunks = (rows_of_chunk(column),)
    dataset = parent.create_dataset(column.name, shape=(0,), maxshape=(None,), dtype=dtype, chunks=chunks)
    if column.unit:
        dataset.attrs["units"] = column.unit
    if column.doc:
        dataset.attrs["long_name"] = f"{column.doc} ({column.unit})" if column.unit else column.doc


def _open_for_swmr(path: Path) -> h5py.File:
    """Open for single-writer, multiple-reader use in one step, so that no crash can fall between open and SWMR.

    Raises:
        BlockingIOError: Somebody looks at the file now: another process, or another thread of this one.
    """
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_libver_bounds(h5f.LIBVER_LATEST, h5f.LIBVER_LATEST)
    try:
        return h5py.File(h5f.open(os.fsencode(path), h5f.ACC_RDWR | h5f.ACC_SWMR_WRITE, fapl=access))
    except OSError as error:
        if READ_HERE in str(error):
            raise BlockingIOError(errno.EAGAIN, str(error)) from error
        raise
