"""What drift does to a training: accuracy, pinned weights, sparsity, consistency, confusion and selectivity."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

LAST = 5
"""Epochs at the end that an accuracy is averaged over; *assumed*."""
NAMES = ("conventional", "drift")
INPUT_WEIGHTS, HIDDEN, DIGITS = 784 * 256, 256, 10

Columns = Mapping[str, NDArray[Any]]


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run of ``train-ssl``.

    For each training that was made, ``NAME`` being ``conventional`` or ``drift``: ``NAME_test_accuracy`` and
    ``NAME_train_accuracy`` (%, mean of the last 5 epochs), ``NAME_best_pin`` and ``NAME_best_pin_accuracy``,
    ``NAME_inference_accuracy`` (%), ``NAME_low_input`` and ``NAME_low_output`` (share of -1), ``NAME_mean_delta``.
    With both: ``gain_points``, ``low_input_change_points``, ``low_output_change_points``, ``selectivity`` (images on
    which the drift network's largest output is above the conventional one's, for one on which it is below), and the
    mispredictions ``as_3_conventional``, ``as_3_drift``, ``of_8_conventional``, ``of_8_drift``. ``stuck_cells`` did not
    answer to their pulses.
    """
    epoch, pinned, answer = run.arrays("epoch"), run.arrays("pinned"), run.arrays("answer")
    inference = run.arrays("inference")
    summary: dict[str, float | int] = {"stuck_cells": run.lengths.get("stuck", 0)}
    present = [scheme for scheme in (0, 1) if np.any(answer["scheme"] == scheme)]
    for scheme in present:
        name = NAMES[scheme]
        mine = _of(epoch, scheme)
        for accuracy in ("test_accuracy", "train_accuracy"):
            summary[f"{name}_{accuracy}"] = float(mine[accuracy][-LAST:].mean())
        for share in ("low_input", "low_output"):
            summary[f"{name}_{share}"] = float(mine[share][-1])
        summary[f"{name}_mean_delta"] = float(mine["delta_input"][-1])
        pins = _of(pinned, scheme)
        if len(pins["pin"]):
            best = int(np.argmax(pins["test_accuracy"]))
            summary[f"{name}_best_pin"] = float(pins["pin"][best])
            summary[f"{name}_best_pin_accuracy"] = float(pins["test_accuracy"][best])
        summary[f"{name}_inference_accuracy"] = float(_of(inference, scheme)["test_accuracy"][-1])
    if len(present) == 2:
        summary["gain_points"] = summary["drift_test_accuracy"] - summary["conventional_test_accuracy"]
        for share in ("low_input", "low_output"):
            change = float(summary[f"drift_{share}"]) - float(summary[f"conventional_{share}"])
            summary[f"{share}_change_points"] = change * 100.0
        summary["selectivity"] = selectivity(_of(answer, 0), _of(answer, 1))
        for scheme in present:
            table = confusion(_of(answer, scheme))
            wrong = table - np.diag(np.diag(table))
            summary[f"as_3_{NAMES[scheme]}"] = int(wrong[:, 3].sum())
            summary[f"of_8_{NAMES[scheme]}"] = int(wrong[8].sum())
    return Results(summary, _tables(epoch, pinned, answer, present), "epochs", printed="by_digit")


def confusion(answer: Columns) -> NDArray[np.int64]:
    """Return (10, 10) counts of images, by what they are (row) and what the network says (column)."""
    table = np.zeros((DIGITS, DIGITS), dtype=np.int64)
    np.add.at(table, (answer["label"], answer["predicted"]), 1)
    return table


def selectivity(first: Columns, second: Columns) -> float:
    """Return how many images the second network answers with a larger output, for one with a smaller output."""
    above = int(np.sum(second["top"] > first["top"]))
    below = int(np.sum(second["top"] < first["top"]))
    return above / below if below else math.inf


def consistency(word: Columns, scheme: int, *, last: bool) -> NDArray[np.int64]:
    """Return the sum of the +-1 weights (weights,) over the first or the last epochs that were kept, at most ten."""
    mine = word["scheme"] == scheme
    epochs = np.unique(word["epoch"][mine])
    chosen = epochs[-10:] if last else epochs[:10]
    total = np.zeros(int(word["word"][mine].max()) * 64 + 64, dtype=np.int64)
    for epoch in chosen:
        bits = word["bits"][mine & (word["epoch"] == epoch)].astype("<i8")
        total += 2 * np.unpackbits(bits.view(np.uint8), bitorder="little").astype(np.int64) - 1
    return total


def _of(columns: Columns, scheme: int) -> dict[str, NDArray[Any]]:
    mine = columns["scheme"] == scheme
    return {name: values[mine] for name, values in columns.items()}


def _tables(epoch: Columns, pinned: Columns, answer: Columns, present: list[int]) -> dict[str, Table]:
    names = ("scheme", "epoch", "test_accuracy", "train_accuracy", "loss", "low_input", "low_output")
    units = {"test_accuracy": "%", "train_accuracy": "%"}
    tables = {
        "epochs": Table({n: epoch[n] for n in names}, units, "test_accuracy", "epoch"),
        "pins": Table({n: pinned[n] for n in ("scheme", "pin", "test_accuracy")}, units, "test_accuracy", "pin"),
    }
    columns: dict[str, NDArray[Any]] = {"digit": np.arange(DIGITS)}
    for scheme in present:
        table = confusion(_of(answer, scheme))
        attempts, right, given = table.sum(axis=0), np.diag(table), table.sum(axis=1)
        columns[f"{NAMES[scheme]}_accuracy"] = 100.0 * right / np.maximum(given, 1)
        columns[f"{NAMES[scheme]}_wrong_as"] = attempts - right
        columns[f"{NAMES[scheme]}_wrong_of"] = given - right
    units = {name: "%" for name in columns if name.endswith("_accuracy")}
    last = f"{NAMES[present[-1]]}_accuracy" if present else "digit"
    tables["by_digit"] = Table(columns, units, last, "digit")
    return tables
