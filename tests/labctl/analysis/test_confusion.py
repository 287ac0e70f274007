"""Confusion: counts of pairs, the last evaluation of each stage, and accuracy class by class."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from labctl.confusion import CONFUSION, Confusion, by_class, confusion, last_of


def run_of(*blocks: Any) -> Any:
    rows = np.concatenate([block.rows for block in blocks])
    return SimpleNamespace(
        streams=["confusion"], arrays=lambda _: {name: rows[name] for name in rows.dtype.names or ()}
    )


def test_every_pair_of_classes_has_a_row_and_its_count() -> None:
    rows = confusion([3, 3, 3, 9], [3, 8, 8, 9], stage="drift", iteration=7).rows
    assert len(rows) == 100
    seen = {(row["truth"], row["answer"]): row["count"] for row in rows if row["count"]}
    assert seen == {(3, 3): 1, (3, 8): 2, (9, 9): 1}
    assert set(rows["stage"]) == {b"drift"}
    assert set(rows["iteration"]) == {7}


def test_the_last_evaluation_of_each_stage_is_found_and_half_an_evaluation_is_not_taken() -> None:
    early, late = (confusion([0] * n, [1] * n, stage="trained", iteration=n) for n in (1, 2))
    half = confusion([0] * 3, [1] * 3, stage="trained", iteration=3)
    run = run_of(confusion([5], [5], stage="float", iteration=0), early, late, SimpleNamespace(rows=half.rows[:50]))
    found = last_of(run)
    assert list(found) == ["float", "trained"]
    assert found["float"][5, 5] == found["float"].sum() == 1
    assert found["trained"][0, 1] == found["trained"].sum() == 2


def test_a_file_without_the_stream_has_no_confusion() -> None:
    assert last_of(SimpleNamespace(streams=["epoch"])) == {}  # type: ignore[arg-type]
    assert by_class({}).columns.keys() == {"digit"}


def test_accuracy_class_by_class_is_the_right_share_of_each_row() -> None:
    table = np.zeros((10, 10), np.int64)
    table[2, 2], table[2, 4], table[7, 7] = 3, 1, 5
    made = by_class({"trained": table}, "speaker")
    assert made.columns["trained_accuracy"].tolist() == pytest.approx([0, 0, 75, 0, 0, 0, 0, 100, 0, 0])
    assert (made.units, made.signal, made.axes) == ({"trained_accuracy": "%"}, "trained_accuracy", "speaker")


def test_the_live_plot_is_that_of_the_stream() -> None:
    assert CONFUSION.row is Confusion
    assert (CONFUSION.down, CONFUSION.across) == ("truth", "answer")
