"""Endurance: both states against the number of cycles, their trend, and when the cell was stuck."""

import numpy as np
from numpy.typing import NDArray

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

FEWEST = 4
"""Samples that a trend needs."""


def analyse(run: RunData) -> Results:
    """Return headline figures and the table of a run with the stream ``sampled``.

    The summary has ``cycles`` (the last that was read), ``samples``, ``set_median_ohm``, ``reset_median_ohm``,
    ``ratio`` (median), ``least_ratio``, ``stuck`` (1 if the last sample is), ``stuck_at`` (first cycle of the stuck
    samples that go on to the end; 0 for none) and, of log10 R over the logarithm of the cycles, the trend of either
    state and its standard error (``set_trend``, ``set_trend_error``: decades of R a decade of cycles).
    """
    rows = run.arrays("sampled")
    good = np.isfinite(rows["set_resistance"]) & np.isfinite(rows["reset_resistance"])
    stuck = rows["stuck"].astype(bool)
    working = np.flatnonzero(~stuck)
    since = int(working[-1]) + 1 if len(working) else 0
    summary: dict[str, float | int] = {
        "cycles": int(rows["cycle"][-1]),
        "samples": len(stuck),
        "ratio": float(np.median(rows["ratio"])),
        "least_ratio": float(rows["ratio"].min()),
        "stuck": int(stuck[-1]),
        "stuck_at": int(rows["cycle"][since]) if since < len(stuck) else 0,
    }
    for name in ("set", "reset"):
        ohms = rows[f"{name}_resistance"][good]
        if len(ohms):
            summary[f"{name}_median_ohm"] = float(np.median(ohms))
        if len(ohms) >= FEWEST:
            slope, error = _trend(np.log10(rows["cycle"][good]), np.log10(ohms))
            summary[f"{name}_trend"], summary[f"{name}_trend_error"] = slope, error
    table = Table(
        {name: rows[name] for name in ("cycle", "set_resistance", "reset_resistance", "ratio")},
        {"set_resistance": "ohm", "reset_resistance": "ohm"},
        signal="reset_resistance",
        axes="cycle",
        auxiliary=("set_resistance",),
    )
    return Results(summary, {"samples": table}, "samples", printed="samples")


def _trend(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return the slope of a straight line and its standard error."""
    x = x - x.mean()
    square = float(np.sum(x**2))
    slope = float(np.sum(x * y)) / square
    rest = y - y.mean() - slope * x
    return slope, float(np.sqrt(np.sum(rest**2) / (len(x) - 2) / square))
