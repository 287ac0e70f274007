"""The figure of a training of the drift-diffusion network: schemes, training on the board, writes and sweeps."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import ddk_training
from labctl.figures.confusion import draw_confusion
from labctl.runfile.reader import RunData

_NAMES = ("software", "imprecise\ninference", "noise-trained,\nsoftware", "noise-trained", "hybrid")
_SWEPT = {0: ("trained without noise", "#3b6ea5"), 2: ("trained with noise", "#c2571a")}


def draw(run: RunData) -> Figure:
    """Return the figure of a run of ``train-ddk``."""
    figure = Figure(figsize=(14.0, 8.0), layout="constrained")
    above, below = ("schemes", "trace", "confusion"), ("written", "kinetics", "synapses", "bits")
    axes = figure.subplot_mosaic([[name for name in above for _ in range(4)], [name for name in below for _ in "abc"]])
    _schemes(axes["schemes"], run)
    _trace(axes["trace"], run)
    draw_confusion(axes["confusion"], run, "speaker" if run.parameters["task"] == "voices" else "digit")
    _written(axes["written"], run)
    _varied(axes["kinetics"], run, "kinetics", 1.0, "deviation of alpha and beta")
    _varied(axes["synapses"], run, "synapses", 1e6, "deviation of conductances (uS)")
    _bits(axes["bits"], run)
    simulated = ", simulated" if run.header.simulated else ""
    digits = f"digits ({run.parameters['data']})"
    data = "synthetic voices" if run.parameters["task"] == "voices" else digits
    figure.suptitle(f"{run.header.title}{simulated}: {data}, seed {run.header.seed}", fontsize=11)
    return figure


def _schemes(axes: Axes, run: RunData) -> None:
    table = ddk_training.analyse(run).tables["schemes"].columns
    colours = ["#8a94a3" if scheme in {0, 2} else "#3b6ea5" for scheme in table["scheme"]]
    bars = axes.bar([_NAMES[scheme] for scheme in table["scheme"]], table["test_accuracy"], color=colours)
    axes.bar_label(bars, fmt="%.1f", fontsize=8)
    axes.set(ylabel="test accuracy (%)", ylim=(0.0, 108.0))
    axes.tick_params(axis="x", labelsize=7)
    axes.set_title("schemes (blue: on hardware)", fontsize=10)


def _trace(axes: Axes, run: RunData) -> None:
    iteration, table = run.arrays("iteration"), ddk_training.analyse(run).tables["trace"].columns
    axes.plot(iteration["iteration"], iteration["batch_accuracy"], ".", ms=3, color="#c9ced6", label="batch")
    axes.plot(table["iteration"], table["train_accuracy"], ":", color="#c2571a", label="training")
    axes.plot(table["iteration"], table["test_accuracy"], "o-", ms=3, color="#c2571a", label="test")
    axes.set(xlabel="iteration", ylabel="accuracy (%)")
    axes.set_title("training on the board", fontsize=10)
    axes.legend(fontsize=8)
    axes.grid(alpha=0.25)


def _written(axes: Axes, run: RunData) -> None:
    written = run.arrays("written")
    volts = float(run.parameters["read_voltage"])
    axes.plot(written["target"] / volts * 1e6, written["current"] / volts * 1e6, ".", ms=2, color="#3b6ea5")
    ends = np.array([run.parameters["lowest"], run.parameters["highest"]]) * 1e6
    axes.plot(ends, ends, "-", lw=0.8, color="#5a6472")
    axes.set(xlabel="target (uS)", ylabel="read (uS)")
    axes.set_title("classifier as written", fontsize=10)


def _varied(axes: Axes, run: RunData, which: str, scale: float, label: str) -> None:
    varied, other = run.arrays("varied"), "synapses" if which == "kinetics" else "kinetics"
    for scheme, (name, colour) in _SWEPT.items():
        mine = (varied["scheme"] == scheme) & (varied[other] == 0.0)
        axes.plot(varied[which][mine] * scale, varied["test_accuracy"][mine], "o-", ms=3, color=colour, label=name)
    axes.set(xlabel=label, ylabel="test accuracy (%)", ylim=(0.0, 102.0))
    axes.set_title("variation, calculated", fontsize=10)
    axes.legend(fontsize=7)
    axes.grid(alpha=0.25)


def _bits(axes: Axes, run: RunData) -> None:
    quantised = run.arrays("quantised")
    axes.plot(quantised["bits"], quantised["test_accuracy"], "o-", ms=3, color="#3b6ea5")
    axes.set(xlabel="bits of a weight", ylabel="test accuracy (%)")
    axes.set_title("quantised, calculated", fontsize=10)
    axes.grid(alpha=0.25)
