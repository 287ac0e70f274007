"""Analysis of an update scheme: pulses per device and per updated cell, the share updated, and the errors left."""

import numpy as np
from numpy.typing import NDArray

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

Floats = NDArray[np.float64]
NORMAL_95 = 1.959964
"""Quantile of the normal distribution for a two-sided interval of 95 %."""


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the streams ``load``, ``update`` and ``iteration``.

    The summary has ``cells``, ``iterations``, ``updates``, the share of cells updated per iteration (``updated_share``,
    R_up, with half the width of its 95 % interval), the pulses of an updated cell (``pulses_per_updated_cell``,
    N_cell, with its standard error), of a device and iteration (``pulses_per_device``, N_up = N_cell R_up, with its
    standard error), ``yield`` (updates within tolerance), ``error_std_uS`` (read after the update minus wanted) and,
    of the load, ``load_pulses``, ``load_yield`` and ``load_error_std_uS``.

    Source: EAPU, Nat. Commun. 16, 11494 (2025), eq. (9) and (10).
    """
    load, update, iteration = (run.arrays(name) for name in ("load", "update", "iteration"))
    cells = len(load["cell"])
    rounds = len(iteration["iteration"])
    share = len(update["cell"]) / (cells * rounds) if rounds else 0.0
    each_round = iteration["pulses_per_device"]
    summary: dict[str, float | int] = {
        "cells": cells,
        "iterations": rounds,
        "updates": len(update["cell"]),
        "updated_share": share,
        "updated_share_half_width": NORMAL_95 * np.sqrt(share * (1.0 - share) / max(cells * rounds, 1)),
        "pulses_per_updated_cell": _mean(update["pulses"]),
        "pulses_per_updated_cell_error": _standard_error(update["pulses"]),
        "pulses_per_device": _mean(each_round),
        "pulses_per_device_error": _standard_error(each_round),
        "yield": _mean(update["converged"]),
        "error_std_uS": _std((update["conductance"] - update["target"]) * 1e6),
        "load_pulses": _mean(load["pulses"]),
        "load_yield": _mean(load["converged"]),
        "load_error_std_uS": _std((load["conductance"] - load["target"]) * 1e6),
    }
    tables = {"pulses": _histogram(update["pulses"]), "iterations": _iterations(iteration)}
    return Results(summary, tables, "iterations", printed="pulses")


def _mean(values: Floats) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _std(values: Floats) -> float:
    return float(np.std(values)) if len(values) else float("nan")


def _standard_error(values: Floats) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def _histogram(pulses: NDArray[np.int64]) -> Table:
    """Return how many updates took how many pulses."""
    numbers, counts = np.unique(pulses, return_counts=True)
    columns = {"pulses": numbers, "updates": counts, "share": counts / max(len(pulses), 1)}
    return Table(columns, {}, signal="share", axes="pulses")


def _iterations(iteration: dict[str, NDArray[np.generic]]) -> Table:
    columns = {name: iteration[name] for name in ("iteration", "pulses_per_device", "updated")}
    return Table(columns, {}, signal="pulses_per_device", axes="iteration")
