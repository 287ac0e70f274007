"""A run file as it stands on the disk: whole, still growing, or left by a crash with its journal beside it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from labctl.errors import DataFileError
from labctl.runfile.journal import JournalContent, JournalCutError, journal_path, patiently
from labctl.runfile.layout import ENTRY

_BATCH = 1 << 20
"""Rows copied at a time."""


_FLAGS, _SWMR_MARK, _END = 11, 0x04, slice(28, 36)
"""Where an HDF5 superblock of version 3 has its consistency flags, their bit for SWMR writing, and the end of the file.
Source: HDF5 File Format Specification 3.0, II.A."""


class StoredRun:
    """Reads header and streams, HDF5 and journal together; opens nothing for writing.

    Args:
        path: The run file.

    Raises:
        DataFileError: Not there, damaged, no run file of labctl, or locked by another program.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise DataFileError(f"{path} is not there")
        # The journal is read first: what moves from it into HDF5 meanwhile is then in both, never in neither.
        self._journal = self._read_journal()
        try:
            self.file = patiently(lambda: _open(path))  # a run that opens its file has it locked for a moment
        except BlockingIOError as error:
            raise DataFileError(f"{path} cannot be read now: another program has it open for writing") from error
        except OSError as error:
            raise DataFileError(
                f"{path} cannot be read: it is damaged, cut short, or no HDF5 file ({error})"
            ) from error
        try:
            self.entry = self.file[ENTRY]
            self.header_text = str(self.entry.attrs["labctl_header"])
            self.status = str(self.entry.attrs["labctl_status"])
        except KeyError as error:
            self.file.close()
            raise DataFileError(f"{path} is an HDF5 file, but no run file of labctl") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    @property
    def stream_names(self) -> list[str]:
        """Every stream, the protocol's own first."""
        return [str(name) for name in self.entry.attrs["labctl_streams"]]

    def columns(self, stream: str) -> list[str]:
        """Return the names of a stream's columns, in order."""
        return [str(name) for name in self.entry[stream].attrs["labctl_columns"]]

    def units(self, stream: str) -> dict[str, str]:
        """Return the unit of each column that has one."""
        group = self.entry[stream]
        return {n: str(group[n].attrs["units"]) for n in self.columns(stream) if "units" in group[n].attrs}

    def length(self, stream: str) -> int:
        """Return how many rows the stream has, in HDF5 and journal together."""
        return self._in_file(stream) + len(self._beyond(stream))

    def column(self, stream: str, name: str, count: int | None = None) -> NDArray[Any]:
        """Return a whole column, or its first ``count`` values."""
        parts = list(self.batches(stream, name, self.length(stream) if count is None else count))
        return np.concatenate(parts) if parts else np.empty(0, self.entry[stream][name].dtype)

    def batches(self, stream: str, name: str, count: int) -> Iterator[NDArray[Any]]:
        """Yield the first ``count`` values of a column in pieces that fit into memory."""
        stored = min(self._in_file(stream), count)
        dataset = self.entry[stream][name]
        for start in range(0, stored, _BATCH):
            yield dataset[start : min(start + _BATCH, stored)]
        if count > stored:
            yield self._beyond(stream)[name][: count - stored]

    def last_step(self) -> dict[str, Any] | None:
        """Return the last step's row, or ``None`` if there was none."""
        count = self.length("steps")
        if count == 0:
            return None
        return {name: self.column("steps", name)[count - 1].item() for name in self.columns("steps")}

    def _in_file(self, stream: str) -> int:
        # A crash may fall between the columns of one stream: what all of them have is what counts.
        return min(len(self.entry[stream][name]) for name in self.columns(stream))

    def _beyond(self, stream: str) -> NDArray[Any]:
        """Return the journal's rows that HDF5 does not have."""
        if self._journal is None:
            return np.empty(0, [(name, self.entry[stream][name].dtype) for name in self.columns(stream)])
        index = [name for name, _ in self._journal.streams].index(stream)
        missing = self._in_file(stream) - self._journal.base[index]
        if missing < 0:
            raise DataFileError(f"{self.path}: {-missing} rows of {stream} are in neither the file nor its journal")
        return self._journal.rows[index][missing:]

    def _read_journal(self) -> JournalContent | None:
        with contextlib.suppress(FileNotFoundError, JournalCutError):
            return JournalContent(journal_path(self.path))
        return None


def _open(path: Path) -> h5py.File:
    """Open a file that is whole, being written, or was being written when its program was killed."""
    try:
        return h5py.File(path, "r")
    except OSError:
        # A killed run opens with swmr alone; but of a cut file, HDF5 would then read on for ever.
        with path.open("rb") as raw:
            superblock = raw.read(48)
        if len(superblock) < 48 or not superblock[_FLAGS] & _SWMR_MARK:
            raise
        if int.from_bytes(superblock[_END], "little") > path.stat().st_size:
            raise
        return h5py.File(path, "r", swmr=True)
