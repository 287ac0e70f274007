"""The figure of a training with and without drift: accuracy, pinning scan, sparsity, confusion, consistency."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import sparse_learning as analysis
from labctl.figures.confusion import draw_confusion
from labctl.runfile.reader import RunData

_COLOURS = ("#8a94a3", "#c2571a")


def draw(run: RunData) -> Figure:
    """Return the figure of a run of ``train-ssl``."""
    figure = Figure(figsize=(14.0, 9.0), layout="constrained")
    above, below = ("accuracy", "accuracy", "pins", "maps"), ("sparsity", "digits", "confusion", "confusion")
    axes = figure.subplot_mosaic([[*above], [*below]])
    summary = analysis.analyse(run).summary
    _curves(axes["accuracy"], run)
    _pins(axes["pins"], run)
    _sparsity(axes["sparsity"], run)
    _digits(axes["digits"], run)
    _maps(figure, axes["maps"], run)
    draw_confusion(axes["confusion"], run)
    gain = f", drift {summary['gain_points']:+.2f} points" if "gain_points" in summary else ""
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}: data {run.parameters['data']}{gain}", fontsize=11)
    return figure


def _curves(axes: Axes, run: RunData) -> None:
    epoch = run.arrays("epoch")
    for scheme in np.unique(epoch["scheme"]):
        mine = epoch["scheme"] == scheme
        name, colour = analysis.NAMES[scheme], _COLOURS[scheme]
        axes.plot(epoch["epoch"][mine], epoch["test_accuracy"][mine], color=colour, lw=1.6, label=f"{name}, test")
        axes.plot(epoch["epoch"][mine], epoch["train_accuracy"][mine], color=colour, lw=1.0, ls=":", label="training")
    axes.set(xlabel="epoch", ylabel="accuracy (%)")
    axes.set_title("accuracy on the array", fontsize=10)
    axes.legend(fontsize=8, loc="lower right")
    axes.grid(alpha=0.25)


def _pins(axes: Axes, run: RunData) -> None:
    pinned = run.arrays("pinned")
    for scheme in np.unique(pinned["scheme"]):
        mine = pinned["scheme"] == scheme
        axes.plot(
            pinned["pin"][mine], pinned["test_accuracy"][mine], "o-", ms=3, color=_COLOURS[scheme],
            label=analysis.NAMES[scheme],
        )  # fmt: skip
    axes.axvline(1.4, color="#5a6472", lw=0.8, ls="--", label="paper: 1.4")
    axes.set(xlabel="weight that replaces +1 + delta", ylabel="test accuracy (%)")
    axes.set_title("pinned weights", fontsize=10)
    axes.legend(fontsize=8)
    axes.grid(alpha=0.25)


def _sparsity(axes: Axes, run: RunData) -> None:
    epoch = run.arrays("epoch")
    for scheme in np.unique(epoch["scheme"]):
        mine = epoch["scheme"] == scheme
        for name, style in (("low_input", "-"), ("low_output", "--")):
            label = f"{analysis.NAMES[scheme]}, {name.removeprefix('low_')} side"
            axes.plot(epoch["epoch"][mine], 100 * epoch[name][mine], style, color=_COLOURS[scheme], lw=1.2, label=label)
    axes.set(xlabel="epoch", ylabel="share of -1 weights (%)")
    axes.set_title("sparsity", fontsize=10)
    axes.legend(fontsize=7)
    axes.grid(alpha=0.25)


def _digits(axes: Axes, run: RunData) -> None:
    answer = run.arrays("answer")
    schemes = np.unique(answer["scheme"])
    for place, scheme in enumerate(schemes):
        mine = answer["scheme"] == scheme
        table = analysis.confusion({name: values[mine] for name, values in answer.items()})
        wrong = table.sum(axis=1) - np.diag(table)
        offset = (place - (len(schemes) - 1) / 2) * 0.4
        axes.bar(np.arange(10) + offset, wrong, width=0.38, color=_COLOURS[scheme], label=analysis.NAMES[scheme])
    axes.set(xlabel="digit", ylabel="images answered wrongly")
    axes.set_xticks(range(10))
    axes.set_title("mispredictions of each digit", fontsize=10)
    axes.legend(fontsize=8)


def _maps(figure: Figure, axes: Axes, run: RunData) -> None:
    word = run.arrays("word")
    schemes = np.unique(word["scheme"])
    maps = [np.abs(analysis.consistency(word, s, last=True)[: analysis.INPUT_WEIGHTS]) for s in schemes]
    shown = maps[-1] if len(maps) == 1 else maps[1] - maps[0]
    image = shown.reshape(28, 28, analysis.HIDDEN).mean(axis=2)
    bound = max(float(np.abs(image).max()), 1e-9)
    drawn = axes.imshow(image, cmap="PuOr_r", vmin=-bound, vmax=bound)
    figure.colorbar(drawn, ax=axes, shrink=0.75, label="epochs")
    axes.set_title(
        "consistency of the input weights,\n" + ("drift minus conventional" if len(maps) > 1 else "last epochs"),
        fontsize=10,
    )
    axes.set_xticks([])
    axes.set_yticks([])
