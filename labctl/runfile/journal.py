"""The journal: a raw append-only file beside a run file, so that each accepted row is durable with one ``write``.

Layout: magic, length (u32) and JSON header ``{"streams": [[name, [[column, dtype], ...]], ...], "base": [rows, ...]}``,
then records. A record is one byte, the stream's number, and one packed row; or, with bit 7 set, the number, a row count
(u32) and the rows. ``base`` is how many rows of each stream the run file held when this journal was begun; a row that
both hold is the same row.
"""

import contextlib
import json
import os
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from labctl.errors import DataFileError

MAGIC = b"LABCTLJ1"
SUFFIX = ".journal"
PATIENCE = 2.0
"""s that a new run and a reader wait for a lock: each of them has it for a moment."""
_MANY = 0x80
_LOCKED_BYTE = 1 << 30
_LENGTH = struct.Struct("<I")

T = TypeVar("T")
StreamTypes = Sequence[tuple[str, np.dtype[Any]]]


def journal_path(file: Path) -> Path:
    """Return where the journal of a run file is."""
    return file.with_name(file.name + SUFFIX)


class Journal:
    """Appends rows; holds a lock on the file, so that nobody recovers a run that is alive.

    Args:
        path: Where it goes; must not exist.
        streams: Name and row dtype of each stream.
        base: Rows of each stream that the run file holds already.

    Raises:
        OSError: It cannot be made (read-only folder).
        DataFileError: It cannot be written (full disk).
    """

    def __init__(self, path: Path, streams: StreamTypes, base: Sequence[int]) -> None:
        self.path = path
        self.size = self._torn = 0
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)
        try:
            patiently(lambda: lock(self._file))
            header = json.dumps({"streams": [[name, dtype.descr] for name, dtype in streams], "base": list(base)})
            self._write(MAGIC + _LENGTH.pack(len(header)) + header.encode())
        except BaseException:
            os.close(self._file)
            raise

    def append(self, stream: int, row: bytes) -> None:
        """Append one packed row.

        Raises:
            DataFileError: The disk is full or gone; nothing of the row is kept.
        """
        self._write(bytes((stream,)) + row)

    def append_many(self, stream: int, rows: bytes, count: int) -> None:
        """Append ``count`` packed rows at once; raises as `append`."""
        self._write(bytes((stream | _MANY,)) + _LENGTH.pack(count) + rows)

    def sync(self) -> None:
        """Bring it to the disk, past a power failure."""
        os.fsync(self._file)

    def close(self) -> None:
        """Close it; the file stays."""
        os.close(self._file)

    def _write(self, data: bytes) -> None:
        try:
            written = os.write(self._file, data)
            while written < len(data):
                data = data[written:]
                self._torn += written
                written = os.write(self._file, data)
        except OSError as error:
            self._drop_torn()
            raise DataFileError(
                f"{self.path} cannot be written: {error.strerror or error}. What was written before is safe: make room "
                f"or bring the disk back, then go on with the run (labctl resume {str(self.path).removesuffix(SUFFIX)})"
            ) from error
        self.size += self._torn + written
        self._torn = 0

    def _drop_torn(self) -> None:
        """Take away the part of a record that was written, so that what may still be written after it can be read."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, self.size)
            os.lseek(self._file, self.size, os.SEEK_SET)
        self._torn = 0


class JournalCutError(DataFileError):
    """A journal ends within its header: its run was killed before the first row, and nothing is missing."""


class JournalContent:
    """What a journal holds, up to a record that a crash has cut.

    Attributes:
        streams: Name and dtype of each stream.
        base: Rows that the run file held before, by stream.
        rows: The journal's rows, by stream, as structured arrays.
    """

    def __init__(self, path: Path) -> None:
        raw = path.read_bytes()
        start = len(MAGIC) + _LENGTH.size
        if raw[: len(MAGIC)] != MAGIC[: len(raw)]:
            raise DataFileError(f"{path} is no journal of a run")
        if len(raw) < start:
            raise JournalCutError(f"{path}: the journal was cut before its first row")
        end = start + _LENGTH.unpack_from(raw, len(MAGIC))[0]
        if len(raw) < end:
            raise JournalCutError(f"{path}: the journal was cut before its first row")
        try:
            header = json.loads(raw[start:end])
        except ValueError as error:
            raise DataFileError(f"{path}: the journal's header is damaged") from error
        self.streams = [(name, np.dtype([tuple(c) for c in columns])) for name, columns in header["streams"]]
        self.base: list[int] = header["base"]
        self.rows = self._split(raw, end)

    def _split(self, raw: bytes, at: int) -> list[NDArray[Any]]:
        pieces: list[list[bytes]] = [[] for _ in self.streams]
        sizes = [dtype.itemsize for _, dtype in self.streams]
        while at < len(raw):
            stream, many = raw[at] & ~_MANY, raw[at] & _MANY
            if stream >= len(sizes):
                break
            body = at + 1
            count = 1
            if many:
                if body + _LENGTH.size > len(raw):
                    break
                count = _LENGTH.unpack_from(raw, body)[0]
                body += _LENGTH.size
            at = body + count * sizes[stream]
            if at > len(raw):
                break
            pieces[stream].append(raw[body:at])
        return [np.frombuffer(b"".join(p), dtype) for p, (_, dtype) in zip(pieces, self.streams, strict=True)]


def lock(descriptor: int) -> None:
    """Take the lock on an open file.

    Raises:
        BlockingIOError: Another process holds it.
    """
    if sys.platform == "win32":
        import msvcrt

        try:
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)  # far beyond the rows, so that a viewer can read them
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from error
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def patiently(take: Callable[[], T]) -> T:
    """Return what ``take`` returns, and wait a little for one who only looks at the file.

    Raises:
        BlockingIOError: Another process has it locked for longer.
    """
    pause, ends = threading.Event(), time.monotonic() + PATIENCE
    while True:
        try:
            return take()
        except BlockingIOError:
            if time.monotonic() > ends:
                raise
            pause.wait(0.005)


def is_being_written(file: Path) -> bool:
    """Return whether a live process is writing this run file; so does one whose journal may not be opened."""
    with contextlib.suppress(FileNotFoundError):
        try:
            descriptor = os.open(journal_path(file), os.O_RDWR)
        except PermissionError:
            return True
        try:
            lock(descriptor)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False
