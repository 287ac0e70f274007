"""Analysis of trains of identical pulses: range, direction and non-linearity of the response."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

SET, RESET = 1, 2
Floats = NDArray[np.float64]


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the stream ``response``.

    The summary has ``cells``, ``cycles``, ``pulses``, ``follow_share`` (trains at whose end the cell is on the side
    that the pulses drive it to), ``low_uA`` and ``high_uA`` (mean current before and after SET trains),
    ``set_nonlinearity`` and ``reset_nonlinearity`` (pulses of a train divided by the constant A of the NeuroSim curve
    that fits the mean response; 0 is a straight line).

    Source: NeuroSim V3, manual: G(P) = B (1 - exp(-P/A)) + G_min.
    """
    response = run.arrays("response")
    curves = {kind: _mean_curve(response, kind) for kind in (SET, RESET)}
    ends = {kind: _ends(response, kind) for kind in (SET, RESET)}
    follow = np.concatenate([ends[SET][:, 1] > ends[SET][:, 0], ends[RESET][:, 1] < ends[RESET][:, 0]])
    pulses = int(response["pulse"].max())
    summary: dict[str, float | int] = {
        "cells": len(np.unique(response["cell"])),
        "cycles": len(np.unique(response["cycle"])),
        "pulses": pulses,
        "follow_share": float(follow.mean()),
        "low_uA": float(ends[SET][:, 0].mean() * 1e6),
        "high_uA": float(ends[SET][:, 1].mean() * 1e6),
        "set_nonlinearity": nonlinearity(curves[SET]),
        "reset_nonlinearity": nonlinearity(curves[RESET]),
    }
    table = Table(
        {"pulse": np.arange(pulses + 1), "after_set": curves[SET], "after_reset": curves[RESET]},
        {"after_set": "A", "after_reset": "A"},
        signal="after_set",
        axes="pulse",
        auxiliary=("after_reset",),
    )
    return Results(summary, {"mean": table}, "mean", "mean")


def _mean_curve(response: dict[str, NDArray[Any]], kind: int) -> Floats:
    """Return the mean current after each pulse of the trains of one kind; NaN where there is none."""
    mine = response["kind"] == kind
    size = int(response["pulse"].max()) + 1
    counts = np.bincount(response["pulse"][mine], minlength=size)
    sums = np.bincount(response["pulse"][mine], response["current"][mine], minlength=size)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _ends(response: dict[str, NDArray[Any]], kind: int) -> Floats:
    """Return (n, 2) first and last current of each train of one kind."""
    mine = response["kind"] == kind
    last = int(response["pulse"].max())
    first = response["current"][mine & (response["pulse"] == 0)]
    final = response["current"][mine & (response["pulse"] == last)]
    count = min(len(first), len(final))
    return np.stack([first[:count], final[:count]], axis=1)


def nonlinearity(curve: Floats) -> float:
    """Return P_max / A of the curve B (1 - exp(-P/A)) + C that fits; NaN where it cannot be fitted."""
    if len(curve) < 4 or not np.isfinite(curve).all() or curve[0] == curve[-1]:
        return float("nan")
    share = np.linspace(0.0, 1.0, len(curve))
    scaled = (curve - curve[0]) / (curve[-1] - curve[0])

    def misfit(bend: float) -> float:
        shape = share if abs(bend) < 1e-6 else np.expm1(-bend * share) / np.expm1(-bend)
        return float(np.sum((shape - scaled) ** 2))

    return float(optimize.minimize_scalar(misfit, bounds=(-10.0, 30.0), method="bounded").x)
