"""The figure of many phase-change cells: histograms over the cells, and standard deviations against means."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import extraction
from labctl.analysis.population import QUANTITIES, Population
from labctl.figures.phase_change import COLOURS, heading
from labctl.results import Table
from labctl.runfile.reader import RunData

LABELS = {"set": "log10 R_set (Ohm)", "reset": "log10 R_reset at 1 s (Ohm)", "drift": "drift exponent d"}
_COLOURS = {"set": COLOURS[1], "reset": COLOURS[2], "drift": "#4a7c4e"}


def draw(run: RunData) -> Figure:
    """Return the figure of a run of ``parameter-extraction``."""
    results = extraction.analyse(run)
    table = results.tables["cells"]
    known = all(f"{name}_M" in results.summary for name in QUANTITIES)
    population = Population.from_summary(results.summary) if known else None
    figure = Figure(figsize=(10.0, 6.4), layout="constrained")
    axes = figure.subplots(2, 3)
    for column, name in enumerate(QUANTITIES):
        _histogram(axes[0, column], table, name, population)
        _pairs(axes[1, column], table, name, population)
    figure.suptitle(f"{heading(run)}: {results.summary['cells']} cells", fontsize=11)
    return figure


def _histogram(axes: Axes, table: Table, name: str, population: Population | None) -> None:
    values = table.columns[name][np.isfinite(table.columns[name])]
    axes.hist(values, bins="auto", density=True, color=_COLOURS[name], alpha=0.6)
    if population is not None:
        of = getattr(population, name)
        x = np.linspace(values.min(), values.max(), 200)
        width = max(of.mean_spread, 1e-9)
        curve = np.exp(-0.5 * ((x - of.mean) / width) ** 2) / (width * np.sqrt(2.0 * np.pi))
        axes.plot(x, curve, color="black", lw=1.2)
        axes.set_title(f"M = {of.mean:.4g}, Sigma = {of.mean_spread:.2g}", fontsize=10)
    axes.set_xlabel(f"mean of {LABELS[name]}")
    axes.set_ylabel("probability density")


def _pairs(axes: Axes, table: Table, name: str, population: Population | None) -> None:
    axes.plot(table.columns[name], table.columns[f"{name}_sd"], ".", ms=4.0, color=_COLOURS[name], label="measured")
    if population is not None:
        of = getattr(population, name)
        ranks = np.array([-2.5, 2.5])
        line = np.maximum(of.spread + ranks * of.spread_spread, 0.0)
        axes.plot(of.mean + ranks * of.mean_spread, line, color="black", lw=1.2, label="rank coupling")
        axes.set_title(f"M = {of.spread:.2g}, Sigma = {of.spread_spread:.2g}", fontsize=10)
    axes.set_xlabel(f"mean of {LABELS[name]}")
    axes.set_ylabel("sd over switchings")
    axes.set_ylim(bottom=0.0)
    axes.legend(fontsize=8)
    axes.grid(alpha=0.25)
