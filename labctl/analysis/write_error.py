"""Analysis of the error of written conductances: programming noise, relaxation, and both together."""

import numpy as np
from numpy.typing import NDArray

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

MICRO = 1e6
NORMAL_95 = 1.959964
"""Quantile of the normal distribution for a two-sided interval of 95 %."""
MAD_TO_SD = 1.482602
"""Sd of a normal distribution over the median of the distances from its median."""
MAD_ERROR = 1.1664
"""Standard error of that sd, times sqrt(n), over the sd: the asymptotic efficiency of 37 % for a normal bulk."""
TAIL = 3.0
"""What lies further from the mean than so many sd counts as a tail."""

Floats = NDArray[np.float64]


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the streams ``written`` and ``relaxed``.

    Of the writes that converged: programming = verify read - target, relaxation = last read - verify read, error = last
    read - target. The summary has the sd of each in the first turn, in uS (``programming_sd_uS``, ``relaxation_sd_uS``,
    ``error_sd_uS``, with half the width of a 95 % interval each), ``relaxation_share`` (of the variance of the error),
    ``relaxation_mean_uS``, ``relaxation_robust_sd_uS`` (from the median distance, with half its 95 %
    interval), ``tail_share`` beyond three sd,
    ``relaxation_per_decade_uS`` (growth of its sd with the decade of the delay), ``yield``, ``mean_pulses``, and the
    programming noise and the error at the widest tolerance (``programming_sd_widest_uS``, ``error_sd_widest_uS``).

    Source: EAPU, Nat. Commun. 16, 11494 (2025): eps_cell = programming noise + relaxation.
    """
    written, relaxed = run.arrays("written"), run.arrays("relaxed")
    turns = np.array([turn for turn in np.unique(written["turn"]) if np.any(relaxed["turn"] == turn)])
    by_turn = [_parts(written, relaxed, turn) for turn in turns]
    first, last = by_turn[0], by_turn[-1]
    relaxation = first["relaxation"]
    decades = _by_delay(written, relaxed, turns[0])
    summary: dict[str, float | int] = {
        "cells": len(np.unique(written["cell"])),
        "yield": float(written["converged"].mean()),
        "mean_pulses": float(written["pulses"].mean()),
        "programming_sd_uS": float(first["programming"].std()),
        "programming_sd_half_width_uS": half_width(first["programming"]),
        "relaxation_sd_uS": float(relaxation.std()),
        "relaxation_sd_half_width_uS": half_width(relaxation),
        "relaxation_mean_uS": float(relaxation.mean()),
        "relaxation_robust_sd_uS": robust_sd(relaxation),
        "relaxation_robust_sd_half_width_uS": NORMAL_95 * MAD_ERROR * robust_sd(relaxation) / np.sqrt(len(relaxation)),
        "tail_share": float(np.mean(np.abs(relaxation - relaxation.mean()) > TAIL * relaxation.std())),
        "relaxation_per_decade_uS": _growth(decades),
        "error_sd_uS": float(first["error"].std()),
        "error_sd_half_width_uS": half_width(first["error"]),
        "relaxation_share": float(relaxation.var() / first["error"].var()),
        "programming_sd_widest_uS": float(last["programming"].std()),
        "error_sd_widest_uS": float(last["error"].std()),
    }
    tables = {
        "by_tolerance": _by_tolerance(written, by_turn, turns),
        "by_level": _by_level(written, relaxed, turns[0]),
        "by_delay": decades,
    }
    return Results(summary, tables, "by_delay", printed="by_tolerance")


def half_width(values: Floats) -> float:
    """Return half the width of the 95 % interval of the sd of ``values`` (n,), whatever their distribution.

    The standard error of the variance is sqrt((m4 - var^2) / n), m4 the fourth central moment.
    """
    if len(values) < 2 or not values.std():
        return float("nan")
    fourth = float(np.mean((values - values.mean()) ** 4))
    error = np.sqrt(max(fourth - values.var() ** 2, 0.0) / len(values)) / (2.0 * values.std())
    return NORMAL_95 * float(error)


def robust_sd(values: Floats) -> float:
    """Return the sd of the bulk of ``values`` (n,), which a few tails do not change."""
    return float(MAD_TO_SD * np.median(np.abs(values - np.median(values))))


def parts(run: RunData, turn: int) -> dict[str, Floats]:
    """Return programming, relaxation and error of one turn's converged writes, (n,) each, in uS."""
    return _parts(run.arrays("written"), run.arrays("relaxed"), turn)


def _parts(
    written: dict[str, NDArray[np.generic]], relaxed: dict[str, NDArray[np.generic]], turn: int, read: int | None = None
) -> dict[str, Floats]:
    mine, later = written["turn"] == turn, relaxed["turn"] == turn
    number = relaxed["read"][later].max() if read is None else read
    later &= relaxed["read"] == number
    good = mine & written["converged"].astype(bool)
    target, now = written["target"][good].astype(np.float64), written["conductance"][good].astype(np.float64)
    place = {cell: index for index, cell in enumerate(relaxed["cell"][later].tolist())}
    found = relaxed["conductance"][later].astype(np.float64)[[place[cell] for cell in written["cell"][good].tolist()]]
    return {
        "level": written["level"][good].astype(np.float64),
        "programming": (now - target) * MICRO,
        "relaxation": (found - now) * MICRO,
        "error": (found - target) * MICRO,
    }


def _by_tolerance(
    written: dict[str, NDArray[np.generic]], by_turn: list[dict[str, Floats]], turns: NDArray[np.int64]
) -> Table:
    mine = [written["turn"] == turn for turn in turns]
    columns = {
        "tolerance": np.array([written["tolerance"][mask][0] for mask in mine]) * MICRO,
        "mean_pulses": np.array([written["pulses"][mask].mean() for mask in mine]),
        **{f"{name}_sd": np.array([each[name].std() for each in by_turn]) for name in ("programming", "relaxation")},
        "error_sd": np.array([each["error"].std() for each in by_turn]),
        "error_sd_half_width": np.array([half_width(each["error"]) for each in by_turn]),
    }
    units = {name: "uS" for name in columns if name != "mean_pulses"}
    return Table(columns, units, "error_sd", "tolerance", ("programming_sd", "relaxation_sd"))


def _by_level(written: dict[str, NDArray[np.generic]], relaxed: dict[str, NDArray[np.generic]], turn: int) -> Table:
    values = _parts(written, relaxed, turn)
    levels = np.unique(values["level"])
    targets = [written["target"][written["level"] == level][0] * MICRO for level in levels]
    columns = {"target": np.array(targets)}
    for name in ("programming", "relaxation", "error"):
        columns[f"{name}_sd"] = np.array([values[name][values["level"] == level].std() for level in levels])
    return Table(columns, dict.fromkeys(columns, "uS"), "error_sd", "target", ("programming_sd", "relaxation_sd"))


def _by_delay(written: dict[str, NDArray[np.generic]], relaxed: dict[str, NDArray[np.generic]], turn: int) -> Table:
    """Return mean and sd of the relaxation against the geometric mean of the delays."""
    rows = []
    for read in np.unique(relaxed["read"][relaxed["turn"] == turn]):
        shift = _parts(written, relaxed, turn, read)["relaxation"]
        here = (relaxed["turn"] == turn) & (relaxed["read"] == read)
        rows.append((np.exp(np.log(relaxed["delay"][here]).mean()), shift.mean(), shift.std(), half_width(shift)))
    delay, mean, sd, width = np.array(rows, np.float64).T
    columns = {"delay": delay, "mean": mean, "sd": sd, "sd_half_width": width}
    units = {"delay": "s", "mean": "uS", "sd": "uS", "sd_half_width": "uS"}
    return Table(columns, units, "sd", "delay", ("mean",))


def _growth(decades: Table) -> float:
    if len(decades.columns["delay"]) < 2:
        return float("nan")
    return float(np.polyfit(np.log10(decades.columns["delay"]), decades.columns["sd"], 1)[0])
