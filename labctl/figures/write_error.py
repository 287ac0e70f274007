"""The figure of the writing error: its two parts, their sd against tolerance and target, and relaxation in time."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter
from numpy.typing import NDArray

from labctl.analysis import write_error
from labctl.results import Results, Table
from labctl.runfile.reader import RunData

PARTS = {"programming": "#c98b2b", "relaxation": "#3b6ea5", "error": "#7a2048"}


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the streams ``written`` and ``relaxed``."""
    results = write_error.analyse(run)
    figure = Figure(figsize=(9.5, 7.6), layout="constrained")
    axes = figure.subplot_mosaic([["histogram", "delay"], ["tolerance", "level"]])
    _histogram(axes["histogram"], run, results)
    _delay(axes["delay"], results.tables["by_delay"])
    _sds(axes["tolerance"], results.tables["by_tolerance"], "tolerance", "tolerance (uS)")
    _sds(axes["level"], results.tables["by_level"], "target", "target (uS)")
    axes["tolerance"].set_xticks(results.tables["by_tolerance"].columns["tolerance"])
    axes["tolerance"].set_title("each tolerance", fontsize=10)
    axes["level"].set_title("each target, first tolerance", fontsize=10)
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.sample}", fontsize=11)
    return figure


def _histogram(axes: Axes, run: RunData, results: Results) -> None:
    values = write_error.parts(run, 0)
    span = max(4.0 * float(values["error"].std()), 1.0)
    bins = np.linspace(-span, span, 81).tolist()
    for name, colour in PARTS.items():
        label = f"{name}, sd {values[name].std():.2f} uS"
        axes.hist(values[name], bins, density=True, histtype="step", lw=1.5, color=colour, label=label)
    axes.set_xlabel("shift (uS)")
    axes.set_ylabel("probability density (1/uS)")
    axes.set_yscale("log")
    axes.legend(fontsize=8)
    axes.set_title(
        f"tolerance {float(run.parameters['tolerance']) * 1e6:g} uS, read again after "
        f"{float(run.parameters['wait']):g} s: {results.summary['relaxation_share']:.0%} is relaxation",
        fontsize=10,
    )


def _delay(axes: Axes, table: Table) -> None:
    columns = table.columns
    axes.errorbar(
        columns["delay"], columns["sd"], columns["sd_half_width"], fmt="o-", ms=4, color=PARTS["relaxation"],
        capsize=2, label="sd, with 95 % intervals",
    )  # fmt: skip
    axes.plot(columns["delay"], columns["mean"], "s--", ms=4, color="#4f8a5b", label="mean")
    axes.set_xscale("log")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_xticks([10.0**power for power in _decades(columns["delay"])])
    axes.set_xlabel("time since the writes (s)")
    axes.set_ylabel("relaxation (uS)")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.25)
    axes.set_title("relaxation in time", fontsize=10)


def _decades(delays: NDArray[np.float64]) -> range:
    """Return the powers of ten around the delays."""
    return range(int(np.floor(np.log10(delays.min()))), int(np.ceil(np.log10(delays.max()))) + 1)


def _sds(axes: Axes, table: Table, x: str, label: str) -> None:
    for name, colour in PARTS.items():
        axes.plot(table.columns[x], table.columns[f"{name}_sd"], "o-", ms=4, color=colour, label=name)
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel(label)
    axes.set_ylabel("sd (uS)")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.25)
