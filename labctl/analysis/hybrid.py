"""What hybrid training of a convolutional network gives: errors before and after, updates, pulses, and ageing."""

import numpy as np
from numpy.typing import NDArray

from labctl.confusion import by_class, last_of
from labctl.results import Results, Table
from labctl.runfile.reader import RunData

WEIGHTS = {"C1": 72, "C3": 864, "FC": 1920}
STAGES = ("float", "levels", "transferred", "trained")


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run of ``train-cnn``.

    The summary has ``cells``, ``yield`` and ``cell_error_std_nA`` (of the cells that reached their target) of the
    transfer; ``stuck_cells`` and ``drifted_cells`` that the training found; for each stage (float, levels,
    transferred, trained) ``STAGE_test_error`` and ``STAGE_train_error`` in % (the first group's, and those of each
    further group with ``_g2``, ``_g3``), and ``STAGE_test_accuracy``; ``won_back`` (share of what the transfer lost
    against 15 levels that training won back; not where it lost nothing), ``training_gain`` (test error that training
    took off, in points), ``trained_over_levels`` (test error after the training less that at the levels, in points);
    ``updated_share`` (weights written in an iteration), ``pulses``; and for each later look
    ``aged_MINUTESmin_test_error``.
    """
    written, iteration, error, fault = (
        run.arrays("written"),
        run.arrays("iteration"),
        run.arrays("error"),
        run.arrays("fault"),
    )
    aged = run.arrays("aged")
    trained = sum(WEIGHTS[name] for name in str(run.parameters["trained"]).split("+"))
    summary: dict[str, float | int] = {
        "cells": len(written["cell"]),
        "yield": float(written["converged"].mean()),
        "cell_error_std_nA": float(
            (written["relaxed"] - written["target"])[written["converged"].astype(bool)].std() * 1e9
        ),
        "stuck_cells": len(np.unique(fault["cell"][fault["kind"] == 0])),
        "drifted_cells": len(np.unique(fault["cell"][fault["kind"] == 1])),
        "iterations": len(iteration["iteration"]),
        "updated_share": float(iteration["updated"].sum() / max(len(iteration["updated"]), 1) / trained),
        "pulses": int(iteration["pulses"].sum()),
    }
    groups = np.unique(error["group"])
    for stage, name in enumerate(STAGES):
        for group in groups:
            mine = (error["stage"] == stage) & (error["group"] == group)
            if not mine.any():
                continue
            suffix = f"_g{group + 1}" if group else ""
            for which in ("test", "train"):
                summary[f"{name}_{which}_error{suffix}"] = float(error[f"{which}_error"][mine][-1])
            summary[f"{name}_test_accuracy{suffix}"] = 100.0 - float(error["test_error"][mine][-1])
    if "trained_test_error" in summary:
        levels, before, after = (float(summary[f"{name}_test_error"]) for name in STAGES[1:])
        summary["training_gain"] = before - after
        summary["trained_over_levels"] = after - levels
        if before > levels:
            summary["won_back"] = (before - after) / (before - levels)
    for minutes, value in zip(aged["minutes"], aged["test_error"], strict=True):
        summary[f"aged_{minutes:g}min_test_error"] = float(value)
    return Results(summary, _tables(run), "trace", printed="stages")


def changes(run: RunData) -> NDArray[np.float64]:
    """Return how far training moved each weight of the last layer (1920,), in S; empty before its end."""
    weight = run.arrays("weight")
    before, after = (weight["value"][weight["moment"] == moment] for moment in (0, 1))
    return np.asarray(after - before if len(after) else np.zeros(0))


def _tables(run: RunData) -> dict[str, Table]:
    error = run.arrays("error")
    change = changes(run)
    along = error["stage"] >= 2
    names = ("iteration", "group", "test_error", "train_error")
    units = {"test_error": "%", "train_error": "%"}
    last = [np.flatnonzero((error["stage"] == s) & (error["group"] == 0)) for s in range(len(STAGES))]
    kept = np.array([indices[-1] for indices in last if len(indices)], dtype=np.int64)
    return {
        "by_digit": by_class(last_of(run)),
        "trace": Table({n: error[n][along] for n in names}, units, "test_error", "iteration", ("train_error",)),
        "stages": Table({n: error[n][kept] for n in ("stage", *names[2:])}, units, "test_error", "stage"),
        "changes": Table({"place": np.arange(len(change)), "change": change}, {"change": "S"}, "change", "place"),
    }  # fmt: skip
