"""Analysis of conductance against gate voltage: each cell's slope and offset, and the spread from cycle to cycle."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

EXPECTED_SLOPE = 125e-6
"""S/V; the upper end of what public code of gate-tuned arrays uses (98 to 125 uS/V). Only for estimates."""

Floats = NDArray[np.float64]


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the stream ``response``.

    Each cell gets a line conductance = slope x (gate - offset), fitted with weights 1/conductance^2, since the spread
    from cycle to cycle is a share of the conductance; intervals are of 95 % from Student's t. The summary has
    ``cells``, ``fitted`` (cells whose slope is above 0 beyond its interval), ``slope_uS_per_V`` (mean of those, with
    its standard error), ``slope_sd_uS_per_V`` from cell to cell, ``offset_V`` and ``cycle_spread`` (relative sd of a
    cell at one gate voltage, with its standard error).
    """
    response = run.arrays("response")
    cells = np.unique(response["cell"])
    fits = np.array([_line(*_of(response, cell)) for cell in cells])
    slope, half_width, offset, offset_half_width, spread = fits.T
    good = slope - half_width > 0.0
    freedom = len(response["cell"]) / len(cells) - 2.0
    pooled = float(np.sqrt(np.mean(spread[good] ** 2))) if good.any() else float("nan")
    count = max(int(good.sum()), 1)
    summary: dict[str, float | int] = {
        "cells": len(cells),
        "fitted": int(good.sum()),
        "slope_uS_per_V": float(slope[good].mean()) * 1e6,
        "slope_error_uS_per_V": float(slope[good].std(ddof=1) / np.sqrt(count)) * 1e6,
        "slope_sd_uS_per_V": float(slope[good].std(ddof=1)) * 1e6,
        "offset_V": float(offset[good].mean()),
        "cycle_spread": pooled,
        "cycle_spread_error": pooled / np.sqrt(2.0 * freedom * count),
    }
    per_cell = Table(
        {
            "cell": cells,
            "slope": slope,
            "slope_half_width": half_width,
            "offset": offset,
            "offset_half_width": offset_half_width,
            "cycle_spread": spread,
        },
        {"slope": "S/V", "slope_half_width": "S/V", "offset": "V", "offset_half_width": "V"},
        signal="slope",
        axes="cell",
    )
    return Results(summary, {"cells": per_cell, "gates": _by_gate(response)}, "gates", printed="gates")


def _of(response: dict[str, NDArray[np.generic]], cell: int) -> tuple[Floats, Floats]:
    mine = response["cell"] == cell
    return response["gate"][mine].astype(np.float64), response["conductance"][mine].astype(np.float64)


def _line(gates: Floats, conductances: Floats) -> tuple[float, float, float, float, float]:
    """Return slope, half width of its interval, offset, half width of its, and the relative sd about the line.

    Two passes: the weights are first those of the readings, then those of the line through them, which does not
    favour readings that are low by chance.
    """
    expected = conductances
    for _ in range(2):
        weights = 1.0 / np.maximum(expected, 0.1 * np.median(conductances))
        design = np.stack([gates, np.ones_like(gates)], axis=1) * weights[:, None]
        (slope, start), *_ = np.linalg.lstsq(design, conductances * weights, rcond=None)
        expected = slope * gates + start
    freedom = len(gates) - 2
    residual = (conductances - expected) * weights
    spread = float(np.sqrt(residual @ residual / freedom))
    covariance = np.linalg.inv(design.T @ design) * spread**2
    quantile = float(stats.t.ppf(0.975, freedom))
    offset = -start / slope
    towards = np.array([start / slope**2, -1.0 / slope])
    offset_error = float(np.sqrt(towards @ covariance @ towards))
    return float(slope), quantile * float(np.sqrt(covariance[0, 0])), float(offset), quantile * offset_error, spread


def _by_gate(response: dict[str, NDArray[np.generic]]) -> Table:
    gates = np.unique(response["gate"])
    at = [response["conductance"][response["gate"] == gate].astype(np.float64) for gate in gates]
    columns = {
        "gate": gates,
        "mean": np.array([values.mean() for values in at]),
        "std": np.array([values.std() for values in at]),
        "low": np.array([np.quantile(values, 0.025) for values in at]),
        "high": np.array([np.quantile(values, 0.975) for values in at]),
    }
    units = {"gate": "V", "mean": "S", "std": "S", "low": "S", "high": "S"}
    return Table(columns, units, signal="mean", axes="gate", auxiliary=("low", "high"))
