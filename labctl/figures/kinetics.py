"""The figure of RESET trains: normalised conductance along the train, and alpha and beta against what was swept."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from labctl.analysis import kinetics
from labctl.analysis.recursion import recursion
from labctl.runfile.reader import RunData
from labctl.units import format_quantity

_COLOURS = colormaps["viridis"]
_AXES = {
    "amplitude": ("pulse amplitude (V)", 1.0),
    "width": ("pulse width (ns)", 1e9),
    "initial_resistance": ("initial resistance (kOhm)", 1e-3),
}


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the streams ``start`` and ``pulse``."""
    figure = Figure(figsize=(9.0, 8.0), layout="constrained")
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.sample}, {run.header.started[:10]}", fontsize=11)
    results = kinetics.evaluate(run)
    if not results.tables:
        figure.subplots().set_title("no cell reached its initial resistance")
        return figure
    axes = figure.subplot_mosaic([["trains"] * 2, ["alpha", "beta"]], height_ratios=(1.15, 1.0))
    table = results.tables["by_value"].columns
    _trains(axes["trains"], run, table)
    label, scale = _AXES[run.parameters["vary"]]
    for name, colour in (("alpha", "#3b6ea5"), ("beta", "#b0413e")):
        _parameter(axes[name], table, name, colour, label, scale)
        axes[name].set_title(f"{name}, means differ by {results.summary[f'{name}_span']:.0%}", fontsize=10)
    if run.parameters["vary"] == "initial_resistance":
        axes["beta"].axvline(kinetics.SATURATION * scale, color="0.6", lw=1.0, ls=":")
    return figure


def _trains(axes: Axes, run: RunData, table: Mapping[str, NDArray[Any]]) -> None:
    trains, values = kinetics.trains_of(run), kinetics.values_of(run)
    unit = kinetics.UNITS[run.parameters["vary"]]
    pulses = np.arange(trains.states.shape[1])
    present = np.flatnonzero(np.isin(values, table["value"]))
    for place, level in enumerate(present):
        mine = trains.states[trains.level == level]
        colour = _COLOURS(0.9 * place / max(len(present) - 1, 1))
        low, high = np.quantile(mine, (0.025, 0.975), axis=0)
        axes.fill_between(pulses, low, high, color=colour, alpha=0.15, lw=0.0)
        axes.plot(pulses, mine.mean(axis=0), color=colour, lw=1.8, label=format_quantity(float(values[level]), unit, 3))
        fitted = recursion(table["alpha"][place], table["beta"][place], np.ones(len(pulses)))
        axes.plot(pulses, fitted, color="black", lw=0.9, ls="--")
    axes.plot([], [], color="black", lw=0.9, ls="--", label="recursion with the mean alpha, beta")
    axes.set_xlabel("RESET pulses")
    axes.set_ylabel("normalised conductance y")
    axes.set_ylim(0.0, 1.05)
    axes.margins(x=0.01)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, loc="upper right", title="mean and 95 % of trains", title_fontsize=8)
    axes.set_title(f"{len(trains.states):,} trains of {len(pulses) - 1} pulses", fontsize=10)


def _parameter(axes: Axes, table: Mapping[str, NDArray[Any]], name: str, colour: str, label: str, scale: float) -> None:
    value = table["value"] * scale
    axes.fill_between(value, table[f"{name}_low"], table[f"{name}_high"], color=colour, alpha=0.18, lw=0.0)
    axes.plot(value, table[name], "o-", color=colour, ms=4, lw=1.6, label="mean, and 95 % of trains")
    axes.set_ylim(0.0, 1.25 * float(table[f"{name}_high"].max()))
    axes.set_xlabel(label)
    axes.set_ylabel(f"{name} (per pulse)")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, loc="upper left")
