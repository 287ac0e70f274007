"""The figure of conductance against gate voltage: some cells' sweeps, all cells' band, and the slopes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import gate_response
from labctl.results import Results
from labctl.runfile.reader import RunData

SHOWN = 4
"""Cells whose every reading is drawn."""
COLOURS = ("#3b6ea5", "#c98b2b", "#4f8a5b", "#7a2048")


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the stream ``response``."""
    results = gate_response.analyse(run)
    figure = Figure(figsize=(9.5, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    _sweeps(left, run, results)
    slopes = results.tables["cells"].columns["slope"] * 1e6
    right.hist(slopes, bins=30, color="#3b6ea5", alpha=0.8)
    right.axvspan(98.0, 125.0, color="#c98b2b", alpha=0.2, label="98 to 125 uS/V in public code")
    right.set_xlabel("slope (uS/V)")
    right.set_ylabel("cells")
    right.set_title(
        f"slope {results.summary['slope_uS_per_V']:.1f} uS/V, sd {results.summary['slope_sd_uS_per_V']:.1f} uS/V",
        fontsize=10,
    )
    right.legend(fontsize=8)
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.sample}", fontsize=11)
    return figure


def _sweeps(axes: Axes, run: RunData, results: Results) -> None:
    response, band = run.arrays("response"), results.tables["gates"].columns
    axes.fill_between(band["gate"], band["low"] * 1e6, band["high"] * 1e6, color="#9aa5b1", alpha=0.35, lw=0)
    axes.plot(band["gate"], band["mean"] * 1e6, color="black", lw=1.2, label="mean and 95 % of the cells")
    cells = results.tables["cells"].columns
    working = np.flatnonzero(cells["slope"] > cells["slope_half_width"])[:SHOWN]
    for colour, place in zip(COLOURS, working, strict=False):
        mine = response["cell"] == cells["cell"][place]
        axes.plot(response["gate"][mine], response["conductance"][mine] * 1e6, ".", ms=4, color=colour)
        line = cells["slope"][place] * (band["gate"] - cells["offset"][place])
        axes.plot(band["gate"], line * 1e6, color=colour, lw=0.9, label=f"cell {cells['cell'][place]}")
    axes.set_xlabel("gate voltage of the SET (V)")
    axes.set_ylabel("conductance (uS)")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.25)
    axes.set_title(f"spread from cycle to cycle {results.summary['cycle_spread']:.1%}", fontsize=10)
