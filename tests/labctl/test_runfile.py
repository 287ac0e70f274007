import fcntl
import itertools
import os
import resource
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from labctl.clock import RealClock
from labctl.errors import DataFileError
from labctl.protocol import Step
from labctl.runfile import journal as journal_module
from labctl.runfile import writer as writer_module
from labctl.runfile.finish import recover
from labctl.runfile.header import RunEnding, RunHeader
from labctl.runfile.journal import journal_path
from labctl.runfile.reader import load
from labctl.runfile.writer import RunFileWriter


@pytest.fixture
def write(tmp_path: Path, counting: Any, header: Callable[..., RunHeader]) -> Callable[[], RunFileWriter]:
    return lambda: RunFileWriter.create(tmp_path / "run.h5", header(counting()), counting.rows)


def test_a_viewer_follows_a_run_that_is_being_written(write: Callable[[], RunFileWriter], reading: Any) -> None:
    writer = write()
    for number in range(5):
        writer.append(reading(time=float(number), number=number, resistance=1.0))
    assert load(writer.path).arrays("reading")["number"].tolist() == [0, 1, 2, 3, 4]
    writer.flush()
    with h5py.File(writer.path, "r", swmr=True) as viewer:
        assert viewer["entry/reading/number"][:].tolist() == [0, 1, 2, 3, 4]
        writer.append(reading(time=5.0, number=5, resistance=1.0))
        writer.flush()
        viewer["entry/reading/number"].refresh()
        assert viewer["entry/reading/number"][:].tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(DataFileError, match="is being written by a running program"):
        recover(writer.path)
    writer.close(RunEnding("done"))
    assert load(writer.path).status == "done"


def locked(file: Path) -> Callable[[], None]:
    viewer = os.open(file, os.O_RDONLY)
    fcntl.flock(viewer, fcntl.LOCK_SH)
    return lambda: os.close(viewer)


def read_in_this_program(file: Path) -> Callable[[], None]:
    viewer = h5py.File(file, "r")
    return lambda: viewer.close()


@pytest.mark.parametrize("look", [locked, read_in_this_program])
def test_a_viewer_that_opens_a_new_file_at_once_does_not_make_its_run_fail(
    write: Callable[[], RunFileWriter], monkeypatch: pytest.MonkeyPatch, look: Callable[[Path], Callable[[], None]]
) -> None:
    """A viewer locks what it opens, for reading; a run whose file it finds first waits until it has looked."""
    replace, timers = os.replace, []

    def replace_and_be_seen(source: Path, target: Path) -> None:
        replace(source, target)
        timers.append(threading.Timer(0.2, look(target)))
        timers[-1].start()

    monkeypatch.setattr(writer_module.os, "replace", replace_and_be_seen)
    writer = write()
    monkeypatch.undo()
    writer.close(RunEnding("done"))
    for timer in timers:
        timer.join()
    assert load(writer.path).status == "done"


def test_a_reader_outlasts_a_program_that_opens_the_file(write: Callable[[], RunFileWriter]) -> None:
    writer = write()
    writer.close(RunEnding("done"))
    opening = os.open(writer.path, os.O_RDWR)
    fcntl.flock(opening, fcntl.LOCK_EX)
    threading.Timer(0.2, os.close, [opening]).start()
    assert load(writer.path).status == "done"


def test_a_file_that_stays_locked_is_not_called_damaged(
    write: Callable[[], RunFileWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "PATIENCE", 0.05)
    writer = write()
    writer.close(RunEnding("done"))
    with writer.path.open("r+b") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        with pytest.raises(DataFileError, match=r"run\.h5 cannot be read now: another program has it open for writing"):
            load(writer.path)


def test_a_long_run_begins_its_journal_anew_and_loses_nothing(
    write: Callable[[], RunFileWriter], reading: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "JOURNAL_BYTES", 2000)
    writer = write()
    for number in range(300):
        writer.append(reading(time=0.0, number=number, resistance=1.0))
        if number % 100 == 99:
            writer.flush()
    assert journal_path(writer.path).stat().st_size < 2000
    for number in range(300, 310):
        writer.append(reading(time=0.0, number=number, resistance=1.0))
    writer.abandon()
    assert recover(writer.path) == "interrupted"
    assert np.array_equal(load(writer.path).arrays("reading")["number"], np.arange(310))


def test_an_existing_file_is_not_overwritten(write: Callable[[], RunFileWriter]) -> None:
    write().close(RunEnding("done"))
    with pytest.raises(DataFileError, match="exists already"):
        write()


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty", "other"])
def test_a_damaged_file_is_named_and_left_as_it_is(write: Callable[[], RunFileWriter], damage: str) -> None:
    writer = write()
    writer.close(RunEnding("done"))
    raw = writer.path.read_bytes()
    if damage == "other":
        with h5py.File(writer.path, "w") as file:
            file["x"] = 1
    else:
        writer.path.write_bytes({"cut": raw[: len(raw) // 2], "garbage": b"\0garbage" * 99, "empty": b""}[damage])
    before = writer.path.read_bytes()
    for use in (load, recover):
        with pytest.raises(DataFileError, match=r"run\.h5"):
            use(writer.path)
    assert writer.path.read_bytes() == before


def test_a_stream_that_is_not_there_is_named_with_those_that_are(write: Callable[[], RunFileWriter]) -> None:
    writer = write()
    writer.close(RunEnding("done"))
    with pytest.raises(DataFileError, match="no stream 'readings'; there are reading, event"):
        load(writer.path)["readings"]


def test_a_long_log_message_is_kept_whole(write: Callable[[], RunFileWriter]) -> None:
    writer = write()
    writer.log(0.0, 20, "x" * 1000)
    writer.step(0.0, Step(1, 1))
    writer.close(RunEnding("done"))
    assert "".join(load(writer.path).log["message"]) == "x" * 1000


def test_a_quota_that_is_used_up_is_told_before_the_file_is_harmed(
    write: Callable[[], RunFileWriter], reading: Any
) -> None:
    """The system refuses to let files grow, as a quota does; the free space of the disk does not show it."""
    writer = write()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (writer.path.stat().st_size + (300 << 10), before[1]))
    written = []

    def write_for_ever() -> None:
        for number in itertools.count():
            writer.append(reading(time=0.0, number=number, resistance=1.0))
            written.append(number)
            if number % 100 == 0:
                writer.flush()

    try:
        with pytest.raises(DataFileError, match="cannot grow: File too large"):
            write_for_ever()
        writer.abandon()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert load(writer.path).status == "interrupted"
    assert np.array_equal(load(writer.path).arrays("reading")["number"], written)
    assert recover(writer.path) == "interrupted"
    assert np.array_equal(load(writer.path).arrays("reading")["number"], written)


def test_space_that_was_claimed_and_not_needed_is_given_back(write: Callable[[], RunFileWriter], reading: Any) -> None:
    writer = write()
    sizes = []
    for number in range(50):
        writer.append(reading(time=0.0, number=number, resistance=1.0))
        writer.flush()
        sizes.append(writer.path.stat().st_size)
    assert sizes[-1] - sizes[0] < 64 << 10
    writer.close(RunEnding("done"))


def test_a_full_disk_ends_the_run_in_words_and_keeps_what_was_accepted(
    make_run: Callable[..., Any], counting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    left = iter(range(5, -1, -1))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=next(left, 0) << 22))
    run = make_run(counting(steps=200, wait=0.03), clock=RealClock())
    run.start()
    with pytest.raises(DataFileError, match=r"the disk with .* is full"):
        run.result()
    numbers = load(run.file).arrays("reading")["number"]
    monkeypatch.undo()
    assert recover(run.file) == "interrupted"
    assert len(numbers) > 3
    assert np.array_equal(load(run.file).arrays("reading")["number"], numbers)
