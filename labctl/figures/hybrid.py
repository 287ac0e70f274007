"""The figure of a hybrid training: the error trace as in Fig. 3f of its paper, stages, updates and weight changes."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import hybrid
from labctl.figures.confusion import draw_confusion
from labctl.runfile.reader import RunData

_COLOURS = ("#c2571a", "#3b6ea5", "#4f8a3c")
_SOFTWARE = ("float", "at its levels")


def draw(run: RunData) -> Figure:
    """Return the figure of a run of ``train-cnn``."""
    figure = Figure(figsize=(12.0, 8.0), layout="constrained")
    axes = figure.subplot_mosaic([["trace", "trace", "stages"], ["updates", "changes", "confusion"]])
    _trace(axes["trace"], run)
    _stages(axes["stages"], run)
    _updates(axes["updates"], run)
    _changes(axes["changes"], run)
    draw_confusion(axes["confusion"], run)
    simulated = ", simulated" if run.header.simulated else ""
    data, trained = Path(str(run.parameters["data"])).name, run.parameters["trained"]
    figure.suptitle(
        f"{run.header.title}{simulated}: {trained} in situ, data {data}, seed {run.header.seed}", fontsize=11
    )
    return figure


def _trace(axes: Axes, run: RunData) -> None:
    """Errors against iterations, as in Fig. 3f of the paper, between those of the float network and of its levels."""
    error = run.arrays("error")
    for group in np.unique(error["group"]):
        mine = (error["group"] == group) & (error["stage"] >= 2)
        name = f"group {group + 1}, " if error["group"].max() else ""
        for which, style in (("test", "o-"), ("train", "s:")):
            axes.plot(error["iteration"][mine], error[f"{which}_error"][mine], style, ms=3, color=_COLOURS[group],
                      mfc=_COLOURS[group] if which == "test" else "white",
                      label=f"{name}{'training' if which == 'train' else which} images")  # fmt: skip
    for stage, style in ((0, ":"), (1, "--")):
        before = error["test_error"][error["stage"] == stage]
        axes.axhline(before[0], color="#8a94a3", ls=style, lw=1.0, label=f"test, in software, {_SOFTWARE[stage]}")
    axes.set(xlabel="iteration", ylabel="error rate (%)")
    axes.set_xlim(left=0.0)
    axes.set_title("error rate, weights read from the array", fontsize=10)
    axes.legend(fontsize=8)
    axes.grid(alpha=0.25)


def _stages(axes: Axes, run: RunData) -> None:
    table = hybrid.analyse(run).tables["stages"].columns
    names = [hybrid.STAGES[stage] for stage in table["stage"]]
    bars = axes.bar(names, table["test_error"], color="#8a94a3")
    axes.bar_label(bars, fmt="%.2f", fontsize=8)
    axes.set_ylabel("test error (%)")
    axes.tick_params(axis="x", labelsize=8, rotation=20)
    axes.set_title("stages", fontsize=10)


def _updates(axes: Axes, run: RunData) -> None:
    """Weights written so far, and the pulses that their cells took."""
    iteration = run.arrays("iteration")
    axes.step(iteration["iteration"], np.cumsum(iteration["updated"]), where="post", color="#c2571a")
    axes.set(xlabel="iteration")
    axes.set_ylabel("weights written so far", color="#c2571a")
    other = axes.twinx()
    other.step(iteration["iteration"], np.cumsum(iteration["pulses"]), where="post", color="#3b6ea5", ls="--")
    other.set_ylabel("pulses so far", color="#3b6ea5")
    axes.set_ylim(bottom=0.0)
    other.set_ylim(bottom=0.0)
    axes.set_title("updates", fontsize=10)
    axes.grid(alpha=0.25)


def _changes(axes: Axes, run: RunData) -> None:
    change = hybrid.changes(run) * 1e6
    axes.hist(change, bins=81, color="#3b6ea5", log=True)
    axes.set(xlabel="change of a weight of the last layer (\N{MICRO SIGN}S)", ylabel="weights")
    axes.set_title("last layer: after the training minus before\n(what was not written relaxed)", fontsize=10)
