"""Levels of a cell that is switched to and fro: what each switching gave, and how far both bands are apart."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.analysis.power_law import FEWEST, fit_power_law
from labctl.results import Results, Table
from labctl.runfile.reader import RunData

Floats = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]

FRESH, SET, RESET = 0, 1, 2
"""States in the column ``state``."""
NAMES = {FRESH: "fresh", SET: "set", RESET: "reset"}


class Levels(NamedTuple):
    """What each switching to one state gave.

    Attributes:
        values: (n,) log10 of the resistance (Ohm), at t0 for a state that drifts.
        errors: (n,) standard error of each, from the scatter of its reads.
    """

    values: Floats
    errors: Floats

    @property
    def mean(self) -> float:
        """Sample mean, in log10 Ohm."""
        return float(self.values.mean()) if len(self.values) else float("nan")

    @property
    def spread(self) -> float:
        """Sample standard deviation from switching to switching, in log10 Ohm."""
        return float(self.values.std(ddof=1)) if len(self.values) > 1 else float("nan")


def usable(reads: Columns) -> NDArray[np.bool_]:
    """Return which reads are measurements: a finite resistance, and no compliance."""
    good: NDArray[np.bool_] = np.isfinite(reads["resistance"]) & ~reads["in_compliance"].astype(bool)
    return good


def levels(reads: Columns, state: int, *, exponent: float = 0.0, start: float = 1.0) -> Levels:
    """Return the level of each switching to ``state``.

    Args:
        reads: Columns of the stream ``read``, of one cell.
        state: `SET` or `RESET`.
        exponent: d, with which each read is brought to the age ``start``.
        start: t0 in s.

    The first read after a pulse is left out where there are others: its age is known to half a reading only.
    """
    mine = usable(reads) & (reads["state"] == state) & (reads["capture"] == 0)
    values, errors = [], []
    for switch in np.unique(reads["switch"][mine]):
        chosen = mine & (reads["switch"] == switch)
        later = chosen & (reads["read"] > 0)
        chosen = later if later.any() else chosen
        logs = np.log10(reads["resistance"][chosen]) - exponent * np.log10(reads["age"][chosen] / start)
        values.append(float(logs.mean()))
        errors.append(float(logs.std(ddof=1) / np.sqrt(len(logs))) if len(logs) > 1 else float("nan"))
    return Levels(np.array(values), np.array(errors))


def quick_exponent(reads: Columns) -> float:
    """Return d from the few reads after each RESET: the mean of what each gives, or 0 where there are too few."""
    mine = usable(reads) & (reads["state"] == RESET) & (reads["read"] > 0) & (reads["capture"] == 0)
    fits = []
    for switch in np.unique(reads["switch"][mine]):
        chosen = mine & (reads["switch"] == switch)
        if np.count_nonzero(chosen) >= FEWEST:
            fits.append(fit_power_law(reads["age"][chosen], reads["resistance"][chosen]).exponent)
    return float(np.mean(fits)) if fits else 0.0


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the stream ``read`` of one cell.

    The summary has ``reads``, ``switches``, ``fresh_ohm`` (where it was read), for each of ``set`` and ``reset`` mean
    and standard deviation over all reads as the paper has them (``set_mean_ohm``, ``set_sd_ohm``), the mean of log10 R
    over switchings with its standard error and spread (``set_log10``, ``set_log10_error``, ``set_log10_sd``),
    ``reset`` also at an age of 1 s (``reset_1s_log10`` ...), ``ratio`` of the medians, ``overlap`` (1 where the bands
    overlap) and ``left_out`` (reads without a current or in compliance).
    """
    reads = run.arrays("read")
    good = usable(reads)
    summary: dict[str, float | int] = {
        "reads": len(good),
        "switches": len(np.unique(reads["switch"][reads["switch"] > 0])),
        "left_out": int(np.count_nonzero(~good)),
    }
    bands = {state: reads["resistance"][good & (reads["state"] == state)] for state in NAMES}
    if len(bands[FRESH]):
        summary["fresh_ohm"] = float(np.median(bands[FRESH]))
    for state in (SET, RESET):
        summary |= _band(NAMES[state], bands[state]) | _switchings(NAMES[state], levels(reads, state))
    summary |= _switchings("reset_1s", levels(reads, RESET, exponent=quick_exponent(reads)))
    if len(bands[SET]) and len(bands[RESET]):
        summary["ratio"] = float(np.median(bands[RESET]) / np.median(bands[SET]))
        summary["overlap"] = int(bands[RESET].min() <= bands[SET].max())
    return Results(summary, {"switchings": _table(reads)}, "switchings", printed="switchings")


def _band(name: str, ohms: Floats) -> dict[str, float | int]:
    if not len(ohms):
        return {}
    return {f"{name}_mean_ohm": float(ohms.mean()), f"{name}_sd_ohm": float(ohms.std(ddof=1) if len(ohms) > 1 else 0.0)}


def _switchings(name: str, found: Levels) -> dict[str, float | int]:
    count = len(found.values)
    if not count:
        return {}
    summary: dict[str, float | int] = {f"{name}_log10": found.mean}
    if count > 1:
        summary[f"{name}_log10_error"] = found.spread / float(np.sqrt(count))
        summary[f"{name}_log10_sd"] = found.spread
    return summary


def _table(reads: Columns) -> Table:
    good = usable(reads)
    switches = np.unique(reads["switch"])
    each = [good & (reads["switch"] == switch) for switch in switches]
    ohms = [reads["resistance"][mask] for mask in each]
    return Table(
        {
            "switch": switches,
            "state": np.array([reads["state"][reads["switch"] == switch][0] for switch in switches]),
            "reads": np.array([len(values) for values in ohms]),
            "mean": np.array([values.mean() if len(values) else np.nan for values in ohms]),
            "sd": np.array([values.std(ddof=1) if len(values) > 1 else np.nan for values in ohms]),
        },
        {"mean": "ohm", "sd": "ohm"},
        signal="mean",
        axes="switch",
    )
