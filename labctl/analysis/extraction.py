"""Six numbers of each of many phase-change cells, and the population that they come from."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.analysis import drift
from labctl.analysis.population import FEWEST_CELLS, QUANTITIES, Samples, estimate
from labctl.analysis.power_law import PowerLaw
from labctl.analysis.switching import RESET, SET, Columns, Levels, levels, quick_exponent
from labctl.results import Results, Table
from labctl.runfile.reader import RunData

Floats = NDArray[np.float64]


class CellStatistics(NamedTuple):
    """What was measured of one cell.

    Attributes:
        cell: Its number.
        set: log10 R_set (Ohm) of each switching.
        reset: log10 R_reset (Ohm) of each switching, at an age of 1 s.
        laws: The power law of each capture after RESET, the longest first.
    """

    cell: int
    set: Levels
    reset: Levels
    laws: tuple[PowerLaw, ...]

    @property
    def exponents(self) -> Levels:
        """The exponents of the captures and their errors, as levels are given."""
        return Levels(
            np.array([law.exponent for law in self.laws]), np.array([law.exponent_error for law in self.laws])
        )


def cell_statistics(reads: Columns) -> CellStatistics:
    """Return what the reads (columns of the stream ``read``) of one cell give."""
    found = [law for state, law in drift.captures(reads).values() if state == RESET]
    laws = tuple(sorted(found, key=lambda law: law.exponent_error))
    exponent = laws[0].exponent if laws else quick_exponent(reads)
    read, errors = levels(reads, RESET, exponent=exponent, start=drift.START)
    fitted, their_errors = np.array([law.level for law in laws]), np.array([law.level_error for law in laws])
    reset = Levels(np.concatenate([read, fitted]), np.concatenate([errors, their_errors]))
    return CellStatistics(int(reads["cell"][0]), levels(reads, SET), reset, laws)


def each_cell(reads: Columns) -> list[CellStatistics]:
    """Return the statistics of each cell of the stream ``read``, in the order of their numbers."""
    order = np.argsort(reads["cell"], kind="stable")
    bounds = np.flatnonzero(np.diff(reads["cell"][order])) + 1
    parts = np.split(order, bounds)
    return [cell_statistics({name: column[part] for name, column in reads.items()}) for part in parts]


def analyse(run: RunData) -> Results:
    """Return the population and the table of cells of a run with the stream ``read``.

    For each of ``set``, ``reset`` (log10 of Ohm, at an age of 1 s) and ``drift`` (d) the summary has the mean M and
    standard deviation Sigma over cells of the cells' means (``drift_M``, ``drift_Sigma``), and of their standard
    deviations over switchings (``drift_sd_M``, ``drift_sd_Sigma``), each with its standard error (``drift_M_error``).
    Further ``cells``, ``set_median_ohm``, ``reset_median_ohm``, ``ratio`` and ``stuck`` (cells whose bands overlap;
    they are left out).
    """
    cells = each_cell(run.arrays("read"))
    working = [cell for cell in cells if len(cell.set.values) and len(cell.reset.values) and _switches(cell)]
    summary: dict[str, float | int] = {"cells": len(cells), "stuck": len(cells) - len(working)}
    for name in QUANTITIES:
        samples = _samples([_values(cell, name) for cell in working])
        if len(samples.means) >= FEWEST_CELLS:
            found, errors = estimate(samples)
            for figure, value, error in zip(("M", "Sigma", "sd_M", "sd_Sigma"), found, errors, strict=True):
                summary[f"{name}_{figure}"] = value
                summary[f"{name}_{figure}_error"] = error
    if working:
        low, high = (float(np.median([_values(cell, name).mean for cell in working])) for name in ("set", "reset"))
        summary |= {"set_median_ohm": 10.0**low, "reset_median_ohm": 10.0**high, "ratio": 10.0 ** (high - low)}
    return Results(summary, {"cells": table(cells)}, "cells", printed="cells")


def _switches(cell: CellStatistics) -> bool:
    return float(cell.reset.values.min()) > float(cell.set.values.max())


def _values(cell: CellStatistics, name: str) -> Levels:
    found: Levels = cell.exponents if name == "drift" else getattr(cell, name)
    return found


def _samples(of: list[Levels]) -> Samples:
    """Return mean, deviation, number and noise of each cell that was switched twice or more."""
    of = [found for found in of if len(found.values) > 1]
    return Samples(
        np.array([found.mean for found in of]),
        np.array([found.spread for found in of]),
        np.array([float(len(found.values)) for found in of]),
        np.array([float(np.nanmean(found.errors**2)) if np.isfinite(found.errors).any() else 0.0 for found in of]),
    )


def table(cells: list[CellStatistics]) -> Table:
    """Return the six numbers of each cell with the standard errors of mean, sd / sqrt(n), and of d by its fit."""
    columns: dict[str, NDArray[np.generic]] = {"cell": np.array([cell.cell for cell in cells])}
    for name in QUANTITIES:
        found = [_values(cell, name) for cell in cells]
        columns[name] = np.array([values.mean for values in found])
        columns[f"{name}_error"] = np.array([_error(values) for values in found])
        columns[f"{name}_sd"] = np.array([values.spread for values in found])
    return Table(columns, {}, signal="drift", axes="cell")


def _error(of: Levels) -> float:
    if len(of.values) > 1:
        return of.spread / math.sqrt(len(of.values))
    return float(of.errors[0]) if len(of.values) else math.nan
