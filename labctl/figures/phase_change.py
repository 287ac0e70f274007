"""Figures of one phase-change cell: both bands against read number with their histograms, and drift in log-log."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import drift, switching
from labctl.analysis.switching import FRESH, RESET, SET, Columns
from labctl.runfile.reader import RunData

COLOURS = {FRESH: "#777777", SET: "#3b6ea5", RESET: "#b5442e"}
WORDS = {FRESH: "fresh", SET: "SET", RESET: "RESET"}


def heading(run: RunData) -> str:
    """Return the figure's title: what, simulated or not, of which sample, when."""
    simulated = ", simulated" if run.header.simulated else ""
    return f"{run.header.title}{simulated}, {run.header.sample}, {run.header.started[:10]}"


def draw_cycling(run: RunData) -> Figure:
    """Return the figure of a run of ``cycling``."""
    reads = run.arrays("read")
    summary = switching.analyse(run).summary
    figure = Figure(figsize=(9.0, 4.6), layout="constrained")
    trace, histogram = figure.subplots(1, 2, width_ratios=(2.6, 1.0), sharey=True)
    _against_read(trace, reads)
    trace.set_title(
        f"{summary['switches']} switchings: RESET over SET {summary.get('ratio', np.nan):,.0f} in the median",
        fontsize=10,
    )
    good = switching.usable(reads)
    logs = np.log10(reads["resistance"][good])
    bins = (10.0 ** np.linspace(logs.min() - 0.1, logs.max() + 0.1, 90)).tolist()
    for state, colour in COLOURS.items():
        mine = good & (reads["state"] == state)
        if mine.any():
            histogram.hist(reads["resistance"][mine], bins, orientation="horizontal", color=colour, label=WORDS[state])
    histogram.set_xlabel("reads")
    histogram.set_title("histogram", fontsize=10)
    histogram.legend(fontsize=8, loc="center right")
    figure.suptitle(heading(run), fontsize=11)
    return figure


def draw_drift(run: RunData) -> Figure:
    """Return the figure of a run of ``drift``."""
    reads = run.arrays("read")
    found = drift.captures(reads, earliest=float(run.parameters["fit_from"]))
    figure = Figure(figsize=(9.0, 4.8), layout="constrained")
    laws, number = figure.subplots(1, 2)
    for state in (RESET, SET):
        capture = drift.last_of(found, state)
        if capture is None:
            continue
        law = found[capture][1]
        mine = switching.usable(reads) & (reads["capture"] == capture) & (reads["read"] > 0)
        ages = reads["age"][mine]
        laws.plot(ages, reads["resistance"][mine], ".", ms=2.5, color=COLOURS[state], alpha=0.5)
        ends = np.array([ages.min(), ages.max()])
        label = f"after {WORDS[state]}: d = {law.exponent:.4f} ({law.exponent_low:.4f} .. {law.exponent_high:.4f})"
        laws.plot(ends, law.resistance(ends, drift.START), color=COLOURS[state], lw=1.5, label=label)
    laws.set(xscale="log", yscale="log", xlabel="time since the pulse (s)", ylabel="resistance (Ohm)")
    laws.set_ylim(top=laws.get_ylim()[1] * 8.0)
    laws.legend(fontsize=8, loc="upper left")
    laws.set_title("R = R(1 s) (t / 1 s)^d with 95 % interval", fontsize=10)
    laws.grid(alpha=0.25, which="both")
    _against_read(number, reads)
    number.set_title("as read", fontsize=10)
    figure.suptitle(heading(run), fontsize=11)
    return figure


def _against_read(axes: Axes, reads: Columns) -> None:
    good = switching.usable(reads)
    index = np.arange(len(good))
    for state, colour in COLOURS.items():
        mine = good & (reads["state"] == state)
        if mine.any():
            axes.plot(index[mine], reads["resistance"][mine], ".", ms=3.0, color=colour, label=WORDS[state])
    axes.set(yscale="log", xlabel="number of the read", ylabel="resistance (Ohm)")
    axes.grid(alpha=0.25)
