"""The figure of a pulse count: mean pulses of each level, and the stacked histogram over all cells."""

import itertools

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from labctl.analysis import pulse_count
from labctl.runfile.reader import RunData


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the stream ``reached``."""
    results = pulse_count.analyse(run)
    figure = Figure(figsize=(9.5, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    table = results.tables["by_level"].columns
    target = table["target"] * 1e6
    colours = colormaps["viridis"](np.linspace(0.0, 0.92, len(target)))
    width = 0.8 * float(np.diff(target).min()) if len(target) > 1 else 0.4
    left.bar(target, table["mean_pulses"], width=width, yerr=table["standard_error"], capsize=3, color=colours)
    left.set_xlabel("target current (uA)")
    left.set_ylabel("mean pulses")
    left.set_title(f"from {run.parameters['start'] * 1e6:g} uA; rank correlation with the distance "
                   f"{results.summary['rank_correlation']:.2f}", fontsize=9)  # fmt: skip
    classes = results.tables["histogram"].columns
    places = np.arange(len(classes["from_pulses"]))
    bottom = np.zeros(len(places))
    for number, name in enumerate(key for key in classes if key.startswith("level_")):
        right.bar(places, classes[name], bottom=bottom, color=colours[number], label=f"{target[number]:.1f} uA")
        bottom += classes[name]
    edges = [*pulse_count.EDGES[:-1], None]
    names = [f"{low} to {high - 1}" if high else f"from {low}" for low, high in itertools.pairwise(edges)]
    right.set_xticks(places, names, rotation=45, fontsize=8)
    right.set_xlabel("pulses")
    right.set_ylabel("cells")
    right.legend(fontsize=7, title="target", title_fontsize=7)
    right.set_title(f"{results.summary['cells']} cells, yield {results.summary['yield']:.2%}", fontsize=9)
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.started[:10]}", fontsize=11)
    return figure
