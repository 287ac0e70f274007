"""Analysis of multi-level writes: distribution of each level, overlap of neighbours, yield, pulses and errors."""

import numpy as np
from numpy.typing import NDArray

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

TAIL = 0.005
"""Two neighbouring levels overlap when the lower one's quantile 1 - TAIL is not below the upper one's quantile TAIL.
That a few outliers do not count as overlap follows CNN-B ("few outliers"); the share is *assumed*."""

CURVE_POINTS = 1000
"""Points of the common axis that distributions are drawn on."""

Floats = NDArray[np.float64]


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the streams ``write`` and ``relaxed``.

    The summary has ``cells``, ``levels``, ``writes``, ``yield`` (share of writes that ended within tolerance),
    ``overlapping_levels`` (pairs of neighbours), ``mean_pulses``, ``median_pulses``, ``error_std_nA`` (last
    verify minus target, writes that converged) and, where a second read was made, ``relaxed_error_mean_nA`` and
    ``relaxed_error_std_nA`` (second read minus target of the same writes).
    """
    write = run.arrays("write")
    present = np.unique(write["level"])
    converged = write["converged"].astype(bool)
    error = (write["current"] - write["target"])[converged] * 1e9
    overlapping = _overlapping(write["level"], write["current"], present)
    summary: dict[str, float | int] = {
        "cells": len(np.unique(write["cell"])),
        "levels": len(present),
        "writes": len(write["cell"]),
        "yield": float(converged.mean()),
        "overlapping_levels": overlapping,
        "mean_pulses": float(write["pulses"].mean()),
        "median_pulses": float(np.median(write["pulses"])),
        "error_std_nA": float(error.std()),
    }
    relaxed_error = _relaxed_error(run, write)
    if len(relaxed_error):
        summary["relaxed_error_mean_nA"] = float(relaxed_error.mean())
        summary["relaxed_error_std_nA"] = float(relaxed_error.std())
    tables = {
        "curves": curves(write["level"], write["current"], present),
        "distributions": distributions(write["level"], write["current"], present),
        "by_level": _by_level(run, present),
    }
    return Results(summary, tables, "curves", printed="by_level")


def distributions(level: NDArray[np.int64], current: Floats, present: NDArray[np.int64]) -> Table:
    """Return the cumulative distributions end to end: sorted currents, and the share of their level up to each."""
    parts = [(number, np.sort(current[level == number])) for number in present]
    return Table(
        {
            "level": np.concatenate([np.full(len(values), number) for number, values in parts]),
            "current": np.concatenate([values for _, values in parts]),
            "probability": np.concatenate([np.arange(1, len(values) + 1) / len(values) for _, values in parts]),
        },
        {"current": "A"},
        signal="probability",
        axes="current",
    )


def curves(level: NDArray[np.int64], current: Floats, present: NDArray[np.int64]) -> Table:
    """Return the cumulative distributions on one axis of currents, as NeXus plotters draw them together."""
    span = current.max() - current.min()
    grid = np.linspace(current.min() - 0.02 * span, current.max() + 0.02 * span, CURVE_POINTS)
    shares = {
        f"level_{number:03d}": np.searchsorted(np.sort(current[level == number]), grid, side="right")
        / np.count_nonzero(level == number)
        for number in present
    }
    first, *others = shares
    return Table({"current": grid, **shares}, {"current": "A"}, first, "current", tuple(others))


def _overlapping(level: NDArray[np.int64], current: Floats, present: NDArray[np.int64]) -> int:
    quantiles = np.array([np.quantile(current[level == number], (TAIL, 1.0 - TAIL)) for number in present])
    return int(np.count_nonzero(quantiles[:-1, 1] >= quantiles[1:, 0]))


def _relaxed_error(run: RunData, write: dict[str, NDArray[np.generic]]) -> Floats:
    """Return second read minus target, in nA, of the writes that converged."""
    relaxed = run.arrays("relaxed")
    ok = {(c, lv) for c, lv, good in zip(write["cell"], write["level"], write["converged"], strict=True) if good}
    kept = np.array([key in ok for key in zip(relaxed["cell"], relaxed["level"], strict=True)], bool)
    error: Floats = (relaxed["current"] - relaxed["target"])[kept] * 1e9
    return error


def _by_level(run: RunData, present: NDArray[np.int64]) -> Table:
    write, relaxed = run.arrays("write"), run.arrays("relaxed")
    at = [write["level"] == number for number in present]
    later = [relaxed["level"] == number for number in present]

    def each(values: Floats, masks: list[NDArray[np.bool_]], how: str) -> Floats:
        return np.array([getattr(values[mask], how)() if mask.any() else np.nan for mask in masks])

    error, relaxed_error = write["current"] - write["target"], relaxed["current"] - relaxed["target"]
    return Table(
        {
            "level": present,
            "target": each(write["target"], at, "mean"),
            "writes": np.array([mask.sum() for mask in at]),
            "yield": each(write["converged"].astype(float), at, "mean"),
            "mean_pulses": each(write["pulses"], at, "mean"),
            "max_pulses": each(write["pulses"], at, "max"),
            "distance": each(np.abs(write["start"] - write["target"]), at, "mean"),
            "error_mean": each(error, at, "mean"),
            "error_std": each(error, at, "std"),
            "relaxed_error_mean": each(relaxed_error, later, "mean"),
            "relaxed_error_std": each(relaxed_error, later, "std"),
        },
        dict.fromkeys(
            ("target", "distance", "error_mean", "error_std", "relaxed_error_mean", "relaxed_error_std"), "A"
        ),
        signal="mean_pulses",
        axes="target",
    )
