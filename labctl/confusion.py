"""Confusion of a classifier: its stream, one shape for every training, the live plot, and accuracy class by class."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labctl.plots import Matrix
from labctl.results import Table
from labctl.rows import Block, Row, column
from labctl.runfile.reader import RunData

CLASSES = 10


class Confusion(Row):
    """How often one class was taken for another at one evaluation on the test inputs; a row for each pair."""

    stage: str = column(doc="stage of the training, or its scheme")
    iteration: int = column(doc="iterations or epochs so far")
    truth: int = column(doc="class that the inputs are of")
    answer: int = column(doc="class that the network says")
    count: int = column(doc="test inputs")


CONFUSION = Matrix(
    Confusion, "truth", "answer", "count", "Confusion", rows=CLASSES, columns=CLASSES, moment=("stage", "iteration")
)
"""The live plot: the newest evaluation."""


class Evaluation(NamedTuple):
    """One evaluation: accuracies or errors (%) on test and training inputs, and (n,) classes answered on the test."""

    test: float
    train: float
    answers: NDArray[np.int64]


def confusion(truth: ArrayLike, answers: ArrayLike, *, stage: str, iteration: int) -> Block:
    """Return the rows of one evaluation; every pair of classes has one, also where the count is 0.

    Args:
        truth: (n,) classes.
        answers: (n,) classes that the network says.
        stage: As in `Confusion`.
        iteration: As in `Confusion`.
    """
    table = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(table, (np.asarray(truth, np.int64), np.asarray(answers, np.int64)), 1)
    down, across = np.indices(table.shape).reshape(2, -1)
    return Confusion.block(stage=stage, iteration=iteration, truth=down, answer=across, count=table.reshape(-1))


def last_of(run: RunData) -> dict[str, NDArray[np.int64]]:
    """Return the (classes, classes) counts, truth down and answer across, of the last evaluation of each stage."""
    if Confusion.stream not in run.streams:
        return {}  # a file from before there was this stream
    columns = run.arrays(Confusion.stream)
    size = CLASSES * CLASSES
    # Rows come by whole evaluations, so that the last of a stage is where its name was seen last.
    ends = {bytes(stage).decode(): size * (n + 1) for n, stage in enumerate(columns["stage"][size - 1 :: size])}
    return {
        stage: columns["count"][end - size : end].reshape(CLASSES, CLASSES).astype(np.int64)
        for stage, end in ends.items()
    }


def by_class(tables: Mapping[str, NDArray[np.int64]], label: str = "digit") -> Table:
    """Return the accuracy of each class at each stage.

    Args:
        tables: Counts of each stage, as `last_of` gives them.
        label: What a class is called.
    """
    columns: dict[str, NDArray[Any]] = {label: np.arange(CLASSES)}
    for stage, table in tables.items():
        given = table.sum(axis=1)
        columns[f"{stage}_accuracy"] = 100.0 * np.diag(table) / np.maximum(given, 1)
    accuracies = [name for name in columns if name != label]
    signal = accuracies[-1] if accuracies else label
    return Table(columns, dict.fromkeys(accuracies, "%"), signal, label, tuple(accuracies[:-1]))
