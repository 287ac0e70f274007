"""The figure of a hybrid training: the error trace as in Fig. 3f of its paper, stages, updates and weight changes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import hybrid
from labctl.figures.confusion import draw_confusion
from labctl.runfile.reader import RunData

_COLOURS = ("#c2571a", "#3b6ea5", "#4f8a3c")


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
    figure.suptitle(
        f"{run.header.title}{simulated}: data {run.parameters['data']}, seed {run.header.seed}", fontsize=11
    )
    return figure


def _trace(axes: Axes, run: RunData) -> None:
    error = run.arrays("error")
    for group in np.unique(error["group"]):
        mine = (error["group"] == group) & (error["stage"] >= 2)
        name = f"group {group + 1}, " if error["group"].max() else ""
        axes.plot(error["iteration"][mine], error["test_error"][mine], "o-", ms=3, color=_COLOURS[group],
                  label=f"{name}test")  # fmt: skip
        axes.plot(error["iteration"][mine], error["train_error"][mine], ":", color=_COLOURS[group],
                  label=f"{name}training")  # fmt: skip
    axes.set(xlabel="iteration", ylabel="error rate (%)")
    axes.set_ylim(bottom=0.0)
    axes.set_title("hybrid training", fontsize=10)
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
    iteration = run.arrays("iteration")
    axes.semilogy(iteration["iteration"], np.maximum(iteration["updated"], 0.5), ".", ms=3, color="#5a6472")
    axes.set(xlabel="iteration", ylabel="weights written (0 shown at 0.5)")
    axes.set_title("updates", fontsize=10)
    axes.grid(alpha=0.25)


def _changes(axes: Axes, run: RunData) -> None:
    change = hybrid.changes(run) * 1e6
    axes.hist(change, bins=81, color="#3b6ea5", log=True)
    axes.set(xlabel="change of a weight of the last layer (uS)", ylabel="weights")
    axes.set_title("last layer, after minus before", fontsize=10)
