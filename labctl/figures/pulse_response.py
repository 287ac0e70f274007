"""The figure of trains of identical pulses: currents of single cells over all pulses, and the mean of each train."""

import numpy as np
from matplotlib.figure import Figure

from labctl.analysis import pulse_response
from labctl.runfile.reader import RunData

SHOWN_CELLS = 24


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the stream ``response``."""
    results = pulse_response.analyse(run)
    response = run.arrays("response")
    figure = Figure(figsize=(9.5, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.6, 1.0))
    for cell in np.unique(response["cell"])[:SHOWN_CELLS]:
        mine = response["cell"] == cell
        left.plot(response["count"][mine], response["current"][mine] * 1e6, lw=0.6, alpha=0.5, color="#3b6ea5")
    left.set_xlabel("pulse")
    left.set_ylabel("read current (uA)")
    left.set_title("single cells: SET and RESET trains in turn", fontsize=9)
    table = results.tables["mean"].columns
    right.plot(table["pulse"], table["after_set"] * 1e6, color="#c98b2b", label="SET")
    right.plot(table["pulse"], table["after_reset"] * 1e6, color="#7a2048", label="RESET")
    right.set_xlabel("pulse of the train")
    right.set_ylabel("mean read current (uA)")
    right.legend(fontsize=8)
    bends = (results.summary["set_nonlinearity"], results.summary["reset_nonlinearity"])
    right.set_title(f"{results.summary['cells']} cells; non-linearity {bends[0]:.2f} / {bends[1]:.2f}", fontsize=9)
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.sample}, {run.header.started[:10]}", fontsize=11)
    return figure
