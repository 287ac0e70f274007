"""Analysis of levels that are read again and again: means, spread, tails and order of the levels over time or reads."""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from labctl.analysis.weights import standard_error_of_sd
from labctl.results import Results, Table
from labctl.runfile.reader import RunData

Axis = Literal["elapsed", "reads"]
TAIL_SD = 4.0
"""An item is a tail when its change is beyond this many robust sd of all changes; *assumed*."""
MAD_TO_SD = 1.4826
"""Of a normal distribution."""
Floats = NDArray[np.float64]


class Aged(NamedTuple):
    """Values as a matrix.

    Attributes:
        axis: (points,) time in s or number of reads.
        level: (items,) each item's level.
        target: (items,) in S.
        values: (points, items) in S.
        control: (items,) whether it was left alone.
    """

    axis: Floats
    level: NDArray[np.int64]
    target: Floats
    values: Floats
    control: NDArray[np.bool_]


def aged(run: RunData, axis: Axis) -> Aged:
    """Return the complete points of a run with the stream ``reading``."""
    reading = run.arrays("reading")
    items = int(reading["item"].max()) + 1
    points = len(reading["item"]) // items
    kept = {name: values[: points * items].reshape(points, items) for name, values in reading.items()}
    return Aged(
        kept[axis].max(axis=1).astype(float), kept["level"][0], kept["target"][0], kept["value"],
        kept["control"][0].astype(bool),
    )  # fmt: skip


def analyse(run: RunData, axis: Axis) -> Results:
    """Return headline figures and tables of a run with the stream ``reading``.

    All changes are from the first read to the last. The summary has ``items``, ``levels``, ``points``, ``span_s`` or
    ``reads``; ``mean_change_uS`` with ``mean_change_se_uS``; ``largest_level_change_uS`` (of the means of the levels);
    ``change_std_uS`` with its standard error, ``change_robust_std_uS``, ``tail_share``; ``error_std_uS`` and
    ``error_std_offset_uS`` at the end (read minus target, as it is and after the mean shift of each level is taken
    off); ``levels_out_of_order`` (neighbours whose means have come closer than half a step); ``sd_slope_uS_per_decade``
    with ``sd_slope_se_uS_per_decade`` over time; ``control_change_uS`` with its standard error and
    ``control_change_std_uS``, and ``disturb_p_value`` (two-sample Kolmogorov-Smirnov test, changes of the read items
    against those of the control: a disturb that cancels in the mean of pairs still widens them).
    """
    data = aged(run, axis)
    read = ~data.control
    change = data.values[-1] - data.values[0]
    mine = change[read]
    summary: dict[str, float | int] = {
        "items": int(read.sum()),
        "levels": len(np.unique(data.level)),
        "points": len(data.axis),
        "span_s" if axis == "elapsed" else "reads": float(data.axis[-1]),
        "mean_change_uS": float(mine.mean() * 1e6),
        "mean_change_se_uS": _se(mine) * 1e6,
        "largest_level_change_uS": float(np.abs(_level_means(data, mine, read)).max() * 1e6),
        "change_std_uS": float(mine.std() * 1e6),
        "change_std_se_uS": standard_error_of_sd(mine) * 1e6 if mine.std() else 0.0,
        "change_robust_std_uS": robust_sd(mine) * 1e6,
        "tail_share": tail_share(mine),
        **_errors(data, read),
        **_slope(data, axis, read),
        **_against_control(change, data.control),
    }
    tables = {"levels": _over_axis(data, axis, read), "spread": _spread(data, axis, read)}
    return Results(summary, tables, "levels", printed="spread")


def robust_sd(values: Floats) -> float:
    """Return the sd of the bulk, from the median absolute deviation."""
    return float(MAD_TO_SD * np.median(np.abs(values - np.median(values))))


def tail_share(changes: Floats) -> float:
    """Return the share of changes beyond `TAIL_SD` robust sd of the median."""
    bulk = robust_sd(changes)
    return float(np.mean(np.abs(changes - np.median(changes)) > TAIL_SD * bulk)) if bulk else 0.0


def _se(values: Floats) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def _level_means(data: Aged, values: Floats, read: NDArray[np.bool_]) -> Floats:
    present = np.unique(data.level[read])
    return np.array([values[data.level[read] == level].mean() for level in present])


def _errors(data: Aged, read: NDArray[np.bool_]) -> dict[str, float | int]:
    if np.isnan(data.target).any():
        return {}
    level, final = data.level[read], data.values[-1][read]
    error = final - data.target[read]
    offset = np.zeros(len(error))
    for number in np.unique(level):
        offset[level == number] = error[level == number].mean()
    means, targets = _level_means(data, final, read), _level_means(data, data.target[read], read)
    close = np.diff(means) < 0.5 * np.diff(targets)
    return {
        "error_std_uS": float(np.sqrt(np.mean(error**2)) * 1e6),
        "error_std_offset_uS": float((error - offset).std() * 1e6),
        "levels_out_of_order": int(np.count_nonzero(close)),
    }


def _slope(data: Aged, axis: Axis, read: NDArray[np.bool_]) -> dict[str, float | int]:
    """Return the growth of the sd of the change per decade of time."""
    later = data.axis > 0.0
    if axis == "reads" or later.sum() < 3:
        return {}
    spread = (data.values[later] - data.values[0])[:, read].std(axis=1) * 1e6
    fit = stats.linregress(np.log10(data.axis[later]), spread)
    return {"sd_slope_uS_per_decade": float(fit.slope), "sd_slope_se_uS_per_decade": float(fit.stderr)}


def _against_control(change: Floats, control: NDArray[np.bool_]) -> dict[str, float | int]:
    if control.sum() < 2 or (~control).sum() < 2:
        return {}
    test = stats.ks_2samp(change[~control], change[control])
    return {
        "control_change_uS": float(change[control].mean() * 1e6),
        "control_change_se_uS": _se(change[control]) * 1e6,
        "control_change_std_uS": float(change[control].std() * 1e6),
        "disturb_p_value": float(test.pvalue),
    }


def _over_axis(data: Aged, axis: Axis, read: NDArray[np.bool_]) -> Table:
    """Return the mean of each level at each point."""
    present = np.unique(data.level[read])
    names = [f"level_{int(number):+03d}" for number in present]
    means = {
        name: data.values[:, read & (data.level == number)].mean(axis=1)
        for name, number in zip(names, present, strict=True)
    }
    units: dict[str, Any] = dict.fromkeys(names, "S") | ({axis: "s"} if axis == "elapsed" else {})
    return Table({axis: data.axis, **means}, units, names[0], axis, tuple(names[1:]))


def _spread(data: Aged, axis: Axis, read: NDArray[np.bool_]) -> Table:
    change = (data.values - data.values[0])[:, read]
    columns = {
        axis: data.axis,
        "mean_change": change.mean(axis=1),
        "sd_change": change.std(axis=1),
        "robust_sd_change": np.array([robust_sd(row) for row in change]),
        "tail_share": np.array([tail_share(row) for row in change]),
    }
    units = dict.fromkeys(("mean_change", "sd_change", "robust_sd_change"), "S")
    return Table(columns, units | ({axis: "s"} if axis == "elapsed" else {}), "sd_change", axis)
