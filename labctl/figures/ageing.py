"""The figure of levels that are read again and again: their means, single items with tails, and the spread."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import ageing
from labctl.analysis.ageing import Aged, Axis
from labctl.runfile.reader import RunData

LABELS = {"elapsed": "time since the first read (s)", "reads": "read pulses"}
SHOWN_TAILS = 12


def draw(run: RunData, axis: Axis) -> Figure:
    """Return the figure of a run with the stream ``reading``."""
    results, data = ageing.analyse(run, axis), ageing.aged(run, axis)
    figure = Figure(figsize=(10.0, 8.0), layout="constrained")
    axes = figure.subplot_mosaic([["means", "tails"], ["ends", "spread"]])
    _means(axes["means"], data, axis)
    _tails(axes["tails"], data, axis, results.summary)
    _ends(axes["ends"], data)
    _spread(axes["spread"], results.tables["spread"].columns, axis)
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.sample}, {run.header.started[:10]}", fontsize=11)
    return figure


def _abscissa(axes: Axes, data: Aged, axis: Axis) -> None:
    positive = data.axis[data.axis > 0.0]
    axes.set_xscale("symlog", linthresh=float(positive[0]) if len(positive) else 1.0)
    axes.set_xlabel(LABELS[axis])
    axes.grid(alpha=0.25)


def _means(axes: Axes, data: Aged, axis: Axis) -> None:
    present = np.unique(data.level)
    colours = colormaps["coolwarm"](np.linspace(0.0, 1.0, len(present)))
    for number, colour in zip(present, colours, strict=True):
        mine = data.values[:, ~data.control & (data.level == number)] * 1e6
        axes.errorbar(data.axis, mine.mean(axis=1), mine.std(axis=1), color=colour, fmt="o-", ms=3, lw=1, capsize=2)
    _abscissa(axes, data, axis)
    axes.set_ylabel("value (uS)")
    axes.set_title("mean and sd of each level", fontsize=10)


def _tails(axes: Axes, data: Aged, axis: Axis, summary: Any) -> None:
    change = (data.values - data.values[0])[:, ~data.control] * 1e6
    order = np.argsort(-np.abs(change[-1]))
    for item in order[SHOWN_TAILS :: max(1, len(order) // 60)]:
        axes.plot(data.axis, change[:, item], color="0.7", lw=0.6)
    for item in order[:SHOWN_TAILS]:
        axes.plot(data.axis, change[:, item], color="#7a2048", lw=0.9)
    _abscissa(axes, data, axis)
    axes.set_ylabel("change since the first read (uS)")
    axes.set_title(f"the {SHOWN_TAILS} largest changes among others; tails: {summary['tail_share']:.1%}", fontsize=10)


def _ends(axes: Axes, data: Aged) -> None:
    read = ~data.control
    bins = np.linspace(data.values[:, read].min(), data.values[:, read].max(), 76) * 1e6
    axes.hist(data.values[0][read] * 1e6, bins.tolist(), alpha=0.65, color="#3b6ea5", label="first read")
    axes.hist(data.values[-1][read] * 1e6, bins.tolist(), histtype="step", color="#7a2048", label="last read")
    axes.set_xlabel("value (uS)")
    axes.set_ylabel("items")
    axes.legend(fontsize=8)
    axes.set_title(f"{read.sum():,} items on {len(np.unique(data.level))} levels", fontsize=10)


def _spread(axes: Axes, table: Any, axis: Axis) -> None:
    axes.plot(table[axis], table["sd_change"] * 1e6, "o-", ms=3, color="#3b6ea5", label="sd")
    axes.plot(table[axis], table["robust_sd_change"] * 1e6, "s--", ms=3, color="#3b6ea5", label="robust sd")
    axes.plot(table[axis], table["mean_change"] * 1e6, "^-", ms=3, color="#c98b2b", label="mean")
    positive = table[axis][table[axis] > 0.0]
    axes.set_xscale("symlog", linthresh=float(positive[0]) if len(positive) else 1.0)
    axes.set_xlabel(LABELS[axis])
    axes.set_ylabel("change since the first read (uS)")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8)
    axes.set_title("change of all items", fontsize=10)
