"""The figure of a volatile switch: current over time as in NEURON's Fig. 1, delay against voltage, relaxation."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import switching_times
from labctl.results import Results
from labctl.runfile.reader import RunData


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the streams ``cycle`` and ``measurement``."""
    results = switching_times.analyse(run)
    figure = Figure(figsize=(10.0, 8.0), layout="constrained")
    axes = figure.subplot_mosaic([["cycle", "cycle"], ["delay", "relaxation"]])
    _cycle(axes["cycle"], run)
    _delays(axes["delay"], run, results)
    _relaxations(axes["relaxation"], run, results)
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.sample}, {run.header.started[:10]}", fontsize=11)
    return figure


def _cycle(axes: Axes, run: RunData) -> None:
    cycle, sample = run.arrays("cycle"), run.arrays("measurement")
    fired = cycle["cycle"][np.isfinite(cycle["delay"])]
    if not len(fired):
        return
    mine = sample["cycle"] == fired[0]
    times, row = sample["time"][mine] * 1e6, int(np.flatnonzero(cycle["cycle"] == fired[0])[0])
    axes.plot(times, sample["current"][mine] * 1e6, color="#c0392b", lw=0.9)
    other = axes.twinx()
    other.plot(times, sample["voltage"][mine], color="#9aa7b5", lw=0.9)
    other.set_ylabel("V_in (V)", color="#6b7785")
    axes.set(xlabel="time (us)", ylabel="current (uA)")
    relaxation = cycle["relaxation"][row]
    told = f", relaxation {relaxation * 1e6:.0f} us" if np.isfinite(relaxation) else ""
    axes.set_title(
        f"a pulse of {cycle['amplitude'][row]:.3g} V: delay {cycle['delay'][row] * 1e6:.3g} us{told}", fontsize=10
    )


def _delays(axes: Axes, run: RunData, results: Results) -> None:
    cycle, table, summary = run.arrays("cycle"), results.tables["levels"].columns, results.summary
    axes.semilogy(cycle["amplitude"], cycle["delay"] * 1e6, ".", color="#3b6ea5", alpha=0.5, label="cycles")
    axes.semilogy(table["amplitude"], table["delay"] * 1e6, "o-", color="#7a2048", mfc="none", label="median")
    axes.set(xlabel="height of the pulse (V)", ylabel="delay (us)")
    axes.set_title(f"delay falls e-fold in {summary['steepness'] * 1e3:.0f} mV", fontsize=10)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8)


def _relaxations(axes: Axes, run: RunData, results: Results) -> None:
    values = run.arrays("cycle")["relaxation"]
    values = values[np.isfinite(values)] * 1e6
    if len(values):
        axes.hist(values, bins="auto", color="#c98b2b", alpha=0.8)
    axes.set(xlabel="until the read current is half of the first (us)", ylabel="cycles")
    axes.set_title(f"relaxation {results.summary['relaxation'] * 1e6:.1f} us", fontsize=10)
