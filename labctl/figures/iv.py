"""The figures of d.c. sweeps and of forming: current against voltage, and the switching voltages of all cycles."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from labctl.analysis import iv
from labctl.runfile.reader import RunData

LEAST_CURRENT = 1e-9
"""Shown at least, in A, on a logarithmic axis."""


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the stream ``point``, sweeps in cycles."""
    results, point = iv.analyse(run), run.arrays("point")
    figure = Figure(figsize=(10.5, 4.4), layout="constrained")
    linear, logarithmic, voltages = figure.subplots(1, 3, width_ratios=(1.2, 1.2, 0.9))
    for sweep in np.unique(point["sweep"]):
        mine = point["sweep"] == sweep
        colour = "#3b6ea5" if point["kind"][mine][0] == iv.SET else "#7a2048"
        volts, amps = point["voltage"][mine], point["current"][mine]
        linear.plot(volts, amps * 1e6, lw=0.7, alpha=0.6, color=colour)
        logarithmic.semilogy(volts, np.maximum(np.abs(amps), LEAST_CURRENT) * 1e6, lw=0.7, alpha=0.6, color=colour)
    for axes, label in ((linear, "current (uA)"), (logarithmic, "|current| (uA)")):
        axes.set_xlabel("voltage on the drain (V)")
        axes.set_ylabel(label)
        axes.grid(alpha=0.25)
    summary = results.summary
    peak = f"RESET up to {summary['reset_current_uA']:.0f} uA at {summary['reset_peak_voltage']:.2f} V"
    linear.set_title(f"SET {summary['set_current_uA']:.0f} uA at 1.5 V, {peak}", fontsize=8)
    states = f"{summary['low_uS']:.2g} and {summary['high_uS']:.3g} uS"
    logarithmic.set_title(f"gate {run.parameters['gate_set']:g} V; {states}", fontsize=8)
    _voltages(voltages, results.tables["by_cycle"].columns, summary)
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.sample}, {run.header.started[:10]}", fontsize=11)
    return figure


def _voltages(axes: Any, table: Any, summary: Any) -> None:
    for name, colour in (("set_voltage", "#3b6ea5"), ("reset_voltage", "#7a2048")):
        values = np.sort(table[name][np.isfinite(table[name])])
        share = np.arange(1, len(values) + 1) / max(len(values), 1) * 100.0
        words = f"{name.split('_')[0].upper()} {summary[name]:.3f} +- {summary[f'{name}_ci95']:.3f} V"
        axes.plot(np.abs(values), share, "o-", ms=3, color=colour, label=words)
    axes.set_xlabel("|switching voltage| (V)")
    axes.set_ylabel("cycles (%)")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=7)
    axes.set_title(f"{summary['cycles']} cycles", fontsize=8)


def draw_forming(run: RunData) -> Figure:
    """Return the figure of a forming: current against voltage, one line a cell."""
    point = run.arrays("point")
    figure = Figure(figsize=(6.0, 4.4), layout="constrained")
    axes = figure.subplots()
    for phase, marker, label in ((0, "v", "read before"), (1, "o-", "forming"), (2, "^", "read after")):
        mine = point["phase"] == phase
        amps = np.maximum(np.abs(point["current"][mine]), 1e-12)
        axes.semilogy(
            point["voltage"][mine], amps, marker, ms=4, color="#3b6ea5" if phase == 1 else "#c98b2b", label=label
        )
    limit = run.parameters["compliance"]
    axes.axhline(limit, color="#7a2048", lw=0.9, ls="--", label=f"compliance {limit * 1e6:g} uA")
    axes.set_xlabel("voltage on the drain (V)")
    axes.set_ylabel("|current| (A)")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, loc="center left")
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.started[:10]}", fontsize=11)
    return figure
