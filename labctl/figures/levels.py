"""The figure of a multi-level write: cumulative distributions as in CNN's Fig. 1c, pulses and errors of each level."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from labctl.analysis import levels
from labctl.runfile.reader import RunData

Columns = Mapping[str, NDArray[Any]]
_COLOURS = colormaps["viridis"]


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the streams ``write`` and ``relaxed``."""
    results = levels.analyse(run)
    figure = Figure(figsize=(9.0, 9.5), layout="constrained")
    axes = figure.subplot_mosaic([["distributions"] * 2, ["pulses", "errors"]], height_ratios=(1.15, 1.0))
    _distributions(axes["distributions"], results.tables["distributions"].columns, results.summary)
    _pulses(axes["pulses"], results.tables["by_level"].columns)
    _errors(axes["errors"], run, results.summary)
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.sample}, {run.header.started[:10]}", fontsize=11)
    return figure


def _distributions(axes: Axes, table: Columns, summary: Mapping[str, float]) -> None:
    present = np.unique(table["level"])
    for number in present:
        mine = table["level"] == number
        share = (number - present[0]) / max(present[-1] - present[0], 1)
        axes.plot(
            table["current"][mine] * 1e6, table["probability"][mine] * 100.0, color=_COLOURS(share * 0.92), lw=1.3
        )
    axes.set_xlabel("read current (uA)")
    axes.set_ylabel("cumulative probability (%)")
    axes.set_ylim(0.0, 100.0)
    axes.margins(x=0.01)
    axes.grid(alpha=0.25)
    axes.set_title(
        f"{summary['levels']} levels, {summary['cells']:,} cells: yield {summary['yield']:.2%}, "
        f"{summary['overlapping_levels']} pairs of neighbours overlap",
        fontsize=10,
    )


def _pulses(axes: Axes, table: Columns) -> None:
    axes.bar(
        table["target"] * 1e6, table["mean_pulses"], width=0.8 * np.diff(table["target"]).min() * 1e6, color="#3b6ea5"
    )
    axes.set_xlabel("target current (uA)")
    axes.set_ylabel("mean pulses for a write")
    axes.grid(axis="y", alpha=0.25)
    axes.set_title("pulses of each level", fontsize=10)


def _errors(axes: Axes, run: RunData, summary: Mapping[str, float]) -> None:
    write, relaxed = run.arrays("write"), run.arrays("relaxed")
    written = (write["current"] - write["target"])[write["converged"].astype(bool)] * 1e9
    later = (relaxed["current"] - relaxed["target"]) * 1e9
    span = max(4.0 * float(np.std(later)) if len(later) else 0.0, 100.0)
    bins = np.linspace(-span, span, 81).tolist()
    axes.hist(
        written,
        bins,
        density=True,
        alpha=0.65,
        color="#c98b2b",
        label=f"as written, sd {summary['error_std_nA']:.0f} nA",
    )
    if len(later):
        wait = run.parameters["wait"]
        label = f"{wait:g} s later, sd {summary['relaxed_error_std_nA']:.0f} nA"
        axes.hist(later, bins, density=True, histtype="step", lw=1.8, color="#7a2048", label=label)
    axes.set_xlabel("current minus target (nA)")
    axes.set_ylabel("probability density (1/nA)")
    axes.set_ylim(top=axes.get_ylim()[1] * 1.3)
    axes.legend(fontsize=8, loc="upper right")
    axes.set_title("error of the writes", fontsize=10)
