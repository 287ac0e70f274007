"""The figure of an update scheme: pulses of each iteration and of each updated cell, and what was written."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from labctl.analysis import updates
from labctl.runfile.reader import RunData

Columns = Mapping[str, NDArray[Any]]


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the streams ``load``, ``update`` and ``iteration``."""
    results = updates.analyse(run)
    load, update = run.arrays("load"), run.arrays("update")
    figure = Figure(figsize=(9.5, 7.6), layout="constrained")
    axes = figure.subplot_mosaic([["rounds", "pulses"], ["written", "errors"]])
    _rounds(axes["rounds"], results.tables["iterations"].columns, results.summary)
    _pulses(axes["pulses"], results.tables["pulses"].columns, results.summary)
    _written(axes["written"], load, update)
    _errors(axes["errors"], load, update, float(run.parameters["tolerance"]) * 1e6)
    simulated = ", simulated" if run.header.simulated else ""
    rule = {"eapu": "error-aware rule", "every": "every change made"}[run.parameters["rule"]]
    figure.suptitle(f"{run.header.title}, {rule}{simulated}, {run.header.sample}", fontsize=11)
    return figure


def _rounds(axes: Axes, table: Columns, summary: Mapping[str, float]) -> None:
    axes.plot(table["iteration"], table["pulses_per_device"], "o-", color="#3b6ea5", lw=1.2, ms=4)
    axes.axhline(summary["pulses_per_device"], color="#7a2048", lw=1.0, ls="--")
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("iteration")
    axes.set_ylabel("pulses per device")
    axes.set_title(
        f"N_up = {summary['pulses_per_device']:.3g}; {summary['updated_share']:.1%} of the cells updated", fontsize=10
    )
    axes.grid(alpha=0.25)


def _pulses(axes: Axes, table: Columns, summary: Mapping[str, float]) -> None:
    axes.bar(table["pulses"], table["share"] * 100.0, width=0.8, color="#c98b2b")
    axes.set_xlim(left=0.0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("pulses of an updated cell")
    axes.set_ylabel("share of the updates (%)")
    axes.set_title(f"mean {summary['pulses_per_updated_cell']:.2f} pulses of an updated cell", fontsize=10)
    axes.grid(axis="y", alpha=0.25)


def _written(axes: Axes, load: Columns, update: Columns) -> None:
    axes.plot(load["target"] * 1e6, load["conductance"] * 1e6, ".", ms=3, color="#9aa5b1", label="load")
    axes.plot(update["target"] * 1e6, update["conductance"] * 1e6, ".", ms=3, color="#3b6ea5", label="updates")
    axes.axline((50.0, 50.0), slope=1.0, color="black", lw=0.8)
    axes.set_xlabel("wanted (uS)")
    axes.set_ylabel("read right after (uS)")
    axes.legend(fontsize=8)
    axes.set_title("conductances", fontsize=10)
    axes.grid(alpha=0.25)


def _errors(axes: Axes, load: Columns, update: Columns, tolerance: float) -> None:
    loaded, updated = ((part["conductance"] - part["target"]) * 1e6 for part in (load, update))
    span = max(2.0 * tolerance, float(np.quantile(np.abs(np.concatenate([loaded, updated])), 0.995)))
    bins = np.linspace(-span, span, 61).tolist()
    axes.hist(loaded, bins, density=True, color="#9aa5b1", alpha=0.7, label=f"load, sd {loaded.std():.2g} uS")
    if len(updated):
        label = f"updates, sd {updated.std():.2g} uS"
        axes.hist(updated, bins, density=True, histtype="step", lw=1.6, color="#3b6ea5", label=label)
    for bound in (-tolerance, tolerance):
        axes.axvline(bound, color="#7a2048", lw=0.9, ls=":")
    axes.set_xlabel("read right after, minus wanted (uS)")
    axes.set_ylabel("probability density (1/uS)")
    axes.set_ylim(top=axes.get_ylim()[1] * 1.25)
    axes.legend(fontsize=8)
    axes.set_title("errors; dotted: tolerance", fontsize=10)
