"""Analysis of the pulses that writes to levels need, against the distance from where they start."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

EDGES = (0, 2, 5, 10, 20, 50, 100, 200, 500, 10_001)
"""Edges of the histogram's classes of pulses; *assumed*, the paper's figure gives no numbers."""
Floats = NDArray[np.float64]


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the stream ``reached``.

    The summary has ``cells``, ``levels``, ``yield``, ``mean_pulses`` with ``mean_pulses_se``,
    ``mean_pulses_nearest`` and ``mean_pulses_farthest`` (highest and lowest level), ``rank_correlation`` (Spearman, of
    a cell's pulses with the distance from its start to its target) and ``falls_with_level`` (share of neighbouring
    levels of which the lower one needs more pulses).
    """
    reached = run.arrays("reached")
    present = np.unique(reached["level"])
    mine = [reached["pulses"][reached["level"] == level].astype(float) for level in present]
    means = np.array([values.mean() for values in mine])
    distance = np.abs(reached["start"] - reached["target"])
    summary: dict[str, float | int] = {
        "cells": len(reached["cell"]),
        "levels": len(present),
        "yield": float(reached["converged"].mean()),
        "mean_pulses": float(reached["pulses"].mean()),
        "mean_pulses_se": float(reached["pulses"].std(ddof=1) / np.sqrt(len(reached["pulses"]))),
        "mean_pulses_nearest": float(means[-1]),
        "mean_pulses_farthest": float(means[0]),
        "rank_correlation": float(stats.spearmanr(distance, reached["pulses"]).statistic),
        "falls_with_level": float(np.mean(np.diff(means) < 0.0)) if len(means) > 1 else 1.0,
    }
    targets = np.array([reached["target"][reached["level"] == level][0] for level in present])
    table = Table(
        {
            "level": present,
            "target": targets,
            "mean_pulses": means,
            "standard_error": np.array([values.std(ddof=1) / np.sqrt(len(values)) for values in mine]),
            "median_pulses": np.array([np.median(values) for values in mine]),
            "max_pulses": np.array([values.max() for values in mine]),
        },
        {"target": "A"},
        signal="mean_pulses",
        axes="target",
    )
    return Results(summary, {"by_level": table, "histogram": _histogram(present, mine)}, "by_level", "by_level")


def _histogram(present: NDArray[np.int64], mine: list[Floats]) -> Table:
    """Return the cells in each class of pulses, a column for each level."""
    counts = {f"level_{n}": np.histogram(v, EDGES)[0] for n, v in zip(present, mine, strict=True)}
    first, *others = counts
    columns = {"from_pulses": np.array(EDGES[:-1]), **counts}
    return Table(columns, {}, signal=first, axes="from_pulses", auxiliary=tuple(others))
