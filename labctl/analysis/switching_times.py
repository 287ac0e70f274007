"""Analysis of a volatile switch: delay from the pulse's edge to the current's rise, and relaxation after the pulse."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import linregress, t

from labctl.analysis.firing import interval
from labctl.results import Results, Table
from labctl.runfile.reader import RunData

Floats = NDArray[np.float64]


def delay_of(times: Floats, currents: Floats, *, edge: float, end: float, fire_current: float) -> float:
    """Return the time (s) from ``edge`` (s) until the current (n,) A stays above ``fire_current``; NaN for never."""
    during = (times >= edge) & (times < end)
    above = currents[during] > fire_current
    stays = np.flatnonzero(above[:-1] & above[1:])
    return float(times[during][stays[0]] - edge) if len(stays) else math.nan


def relaxation_of(moments: Floats, reads: Floats) -> float:
    """Return the time (s) at which ``reads`` (n,) A at ``moments`` (n,) s after the pulse fall to half of the first.

    In between, the logarithm of the current is taken as linear; NaN where they never do.
    """
    level = 0.5 * reads[0]
    below = np.flatnonzero(reads < level)
    if not len(below) or reads[0] <= 0.0:
        return math.nan
    late = int(below[0])
    low, high = math.log(max(reads[late], 1e-12)), math.log(reads[late - 1])
    share = (high - math.log(level)) / (high - low)
    return float(moments[late - 1] + share * (moments[late] - moments[late - 1]))


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the stream ``cycle``.

    The summary has ``cycles``, ``fired_share``, the medians ``delay_first_level`` and ``delay_last_level`` (s), the
    voltage ``steepness`` (V) over which the delay falls by a factor e, from a line through ln(delay) of all cycles,
    with its 95 % interval (``_low``, ``_high``), ``delay_spread`` (standard deviation of ln(delay) within a level),
    ``relaxation`` (s, mean over the cycles that relaxed) with its interval, ``relaxed_share`` (of the cycles that
    fired) and ``on_current`` (A).
    """
    cycle = run.arrays("cycle")
    fired = np.isfinite(cycle["delay"])
    levels = _levels(cycle)
    steepness = _steepness(cycle["amplitude"][fired], np.log(cycle["delay"][fired]))
    relaxation = interval(cycle["relaxation"][np.isfinite(cycle["relaxation"])])
    ok = levels["fired"] > 1
    spread = levels["spread"][ok]
    summary: dict[str, float | int] = {
        "cycles": len(fired),
        "fired_share": float(fired.mean()),
        "delay_first_level": float(levels["delay"][0]),
        "delay_last_level": float(levels["delay"][-1]),
        **dict(zip(("steepness", "steepness_low", "steepness_high"), steepness, strict=True)),
        "delay_spread": float(np.sqrt(np.mean(spread**2))) if len(spread) else math.nan,
        **dict(zip(("relaxation", "relaxation_low", "relaxation_high"), relaxation, strict=True)),
        "relaxed_share": float(np.mean(np.isfinite(cycle["relaxation"][fired]))) if fired.any() else math.nan,
        "on_current": float(np.median(cycle["on_current"][fired])) if fired.any() else math.nan,
    }
    units = {"amplitude": "V", "delay": "s", "relaxation": "s"}
    return Results(summary, {"levels": Table(levels, units, "delay", "amplitude")}, "levels", printed="levels")


def _levels(cycle: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    rows = []
    for level in np.unique(cycle["level"]):
        mine = cycle["level"] == level
        delays = cycle["delay"][mine & np.isfinite(cycle["delay"])]
        relaxed = cycle["relaxation"][mine & np.isfinite(cycle["relaxation"])]
        rows.append({
            "level": int(level), "amplitude": float(cycle["amplitude"][mine][0]), "cycles": int(mine.sum()),
            "fired": len(delays), "delay": float(np.median(delays)) if len(delays) else math.nan,
            "spread": float(np.log(delays).std(ddof=1)) if len(delays) > 1 else math.nan,
            "relaxation": float(relaxed.mean()) if len(relaxed) else math.nan,
        })  # fmt: skip
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def _steepness(volts: Floats, logs: Floats) -> tuple[float, float, float]:
    """Return -dV/d ln(delay) and its 95 % interval; infinite bounds where the slope may be 0."""
    if len(volts) < 3 or np.ptp(volts) == 0.0:
        return math.nan, math.nan, math.nan
    line = linregress(volts, logs)
    half = float(t.ppf(0.975, len(volts) - 2) * line.stderr)
    steep, flat = line.slope - half, line.slope + half
    return -1.0 / line.slope, -1.0 / steep, -1.0 / flat if flat < 0.0 else math.inf
