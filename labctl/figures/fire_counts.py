"""The figure of repeated sub-threshold trains: current over time, and the histogram with its Gaussian."""

import numpy as np
from matplotlib.figure import Figure

from labctl.analysis import fire_counts
from labctl.runfile.reader import RunData

SHOWN = 3
"""Trains that are drawn."""


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the streams ``repeat`` and ``measurement``."""
    results, repeat = fire_counts.analyse(run), run.arrays("repeat")
    measured = run.arrays("measurement")
    shown = np.unique(measured["repeat"])[:SHOWN]
    figure = Figure(figsize=(10.0, 7.5), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.0, 1.1), squeeze=False).flat
    for axes, number in zip(np.atleast_1d(upper.subplots(1, max(len(shown), 1), sharey=True)), shown, strict=False):
        mine = measured["repeat"] == number
        axes.plot(measured["time"][mine] * 1e6, measured["current"][mine] * 1e6, color="#c0392b", lw=0.8)
        pulse = repeat["pulse"][repeat["repeat"] == number][0]
        axes.set_title(f"train {number}: " + (f"fires at pulse {pulse}" if pulse else "does not fire"), fontsize=9)
        length = run.parameters["pulses"] * (run.parameters["width"] + run.parameters["interval"])
        axes.set(xlabel="time (us)", ylabel="current (uA)" if number == shown[0] else "")
        axes.set_xlim(-0.05 * length * 1e6, 1.15 * length * 1e6)
    table, summary = results.tables["histogram"].columns, results.summary
    axes = lower.subplots()
    axes.bar(table["pulse"], table["trains"], color="#c98b2b", alpha=0.8, width=0.9, label="trains")
    axes.plot(table["pulse"], table["gaussian"], color="#7a2048", lw=1.6, label="Gaussian")
    axes.set(xlabel="pulse that fires", ylabel="trains")
    axes.legend(fontsize=8)
    axes.set_title(
        f"{summary['repeats']} trains, {summary['fired_share']:.1%} fire: {summary['mean_pulses']:.1f} pulses, sd "
        f"{summary['sd_pulses']:.1f}, skewness {summary['skewness']:.2f}; Gaussian p = {summary['gaussian_p']:.2g}",
        fontsize=10,
    )
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.sample}, {run.header.started[:10]}", fontsize=11)
    return figure
