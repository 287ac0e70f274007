"""The figure of a network over time: accuracy, shift of the conductances, and their error at both ends."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import network_retention
from labctl.runfile.reader import RunData
from labctl.units import format_duration


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the streams ``written``, ``reading`` and ``accuracy``."""
    results = network_retention.analyse(run)
    table, summary = results.tables["over_time"].columns, results.summary
    figure = Figure(figsize=(12.0, 4.0), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    hours = table["elapsed"] / 3600.0
    left.plot(hours, table["accuracy"] * 100.0, "o-", ms=4, color="#3b6ea5", label="as it is")
    left.plot(hours, table["offset"] * 100.0, "s--", ms=4, color="#c98b2b", label="mean shift taken off")
    left.axhline(summary["software_accuracy"] * 100.0, color="black", lw=0.9, ls=":", label="weights as wanted")
    left.set_ylim(min(70.0, 100.0 * float(table["accuracy"].min()) - 2.0), 100.0)
    left.set_ylabel("accuracy (%)")
    left.set_title(f"{summary['weights']:,} weights on the array", fontsize=10)
    middle.plot(hours, table["error_mean"], "o-", ms=4, color="#4f8a5b", label="mean")
    middle.plot(hours, table["error_sd"], "s-", ms=4, color="#7a2048", label="sd")
    middle.set_ylabel("read minus target (uS)")
    middle.set_title("shift and spread of the cells", fontsize=10)
    for axes in (left, middle):
        axes.set_xscale("log")
        axes.set_xlabel("time since the writes (h)")
        axes.grid(alpha=0.25)
        axes.legend(fontsize=8)
    _distributions(right, run)
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.sample}", fontsize=11)
    return figure


def _distributions(axes: Axes, run: RunData) -> None:
    error, elapsed = network_retention.errors(run)
    span = float(np.quantile(np.abs(error[-1]), 0.998))
    bins = np.linspace(-span, span, 81).tolist()
    for row, colour in ((0, "#3b6ea5"), (-1, "#7a2048")):
        label = f"{format_duration(elapsed[row])}: mean {error[row].mean():.2f}, sd {error[row].std():.2f} uS"
        axes.hist(error[row], bins, density=True, histtype="step", lw=1.5, color=colour, label=label)
    axes.set_xlabel("read minus target (uS)")
    axes.set_ylabel("probability density (1/uS)")
    axes.set_ylim(top=axes.get_ylim()[1] * 1.25)
    axes.legend(fontsize=8)
    axes.set_title("all cells, first and last read", fontsize=10)
