import os
import threading
from pathlib import Path

import numpy as np
import pytest

from labctl.errors import DataFileError
from labctl.runfile.journal import Journal, JournalContent, JournalCutError, lock

TYPES = [("a", np.dtype([("x", "<f8"), ("n", "<i8")])), ("b", np.dtype([("text", "S5")]))]


def rows(stream: int, count: int) -> np.ndarray:
    made = np.zeros(count, TYPES[stream][1])
    if stream == 0:
        made["n"] = np.arange(count)
    else:
        made["text"] = b"hello"
    return made


@pytest.fixture
def journal_file(tmp_path: Path) -> Path:
    journal = Journal(tmp_path / "j", TYPES, [7, 0])
    for row in rows(0, 3):
        journal.append(0, row.tobytes())
    journal.append_many(1, rows(1, 4).tobytes(), 4)
    journal.append(0, rows(0, 1).tobytes())
    journal.close()
    return tmp_path / "j"


def test_a_journal_gives_back_what_was_appended(journal_file: Path) -> None:
    content = JournalContent(journal_file)
    assert content.base == [7, 0]
    assert content.rows[0]["n"].tolist() == [0, 1, 2, 0]
    assert content.rows[1]["text"].tolist() == [b"hello"] * 4


def test_a_journal_cut_anywhere_gives_back_its_whole_rows(journal_file: Path) -> None:
    raw = journal_file.read_bytes()
    start = len(raw) - (4 * 17 + 1 + 4 + 4 * 5)
    for end in range(start, len(raw)):
        journal_file.write_bytes(raw[:end])
        content = JournalContent(journal_file)
        whole = min((end - start) // 17, 3)
        assert len(content.rows[0]) == whole
        assert len(content.rows[1]) == (4 if end - start >= 3 * 17 + 1 + 4 + 20 else 0)


def test_a_row_costs_one_byte_more_than_its_columns(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", TYPES, [0, 0])
    before = (tmp_path / "j").stat().st_size
    journal.append(0, rows(0, 1).tobytes())
    journal.close()
    assert (tmp_path / "j").stat().st_size - before == TYPES[0][1].itemsize + 1


def test_something_else_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"something else entirely")
    with pytest.raises(DataFileError, match="is no journal"):
        JournalContent(tmp_path / "j")


def test_a_journal_cut_within_its_header_has_no_rows_and_says_so(journal_file: Path) -> None:
    raw = journal_file.read_bytes()
    for end in (0, 3, 8, 11, 12, 40):
        journal_file.write_bytes(raw[:end])
        with pytest.raises(JournalCutError, match="cut before its first row"):
            JournalContent(journal_file)


def test_a_new_journal_outlasts_one_who_looks_whether_it_is_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listing of run files takes each journal's lock for a moment; a run that starts then must not fail of it."""
    original = os.open
    timers = []

    def open_and_look(path: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = original(path, flags, mode)
        looking = original(path, os.O_RDWR)
        lock(looking)
        timers.append(threading.Timer(0.2, os.close, [looking]))
        timers[-1].start()
        return descriptor

    monkeypatch.setattr(os, "open", open_and_look)
    Journal(tmp_path / "j", TYPES, [0, 0]).close()
    (timer,) = timers
    timer.join()
