"""The figure of an image-mending network trained in situ: images, loss, SSIM and updates."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import restoration
from labctl.runfile.reader import RunData

_KINDS = (("input", 0), ("float", 1), ("in situ", 2), ("target", 3))
_COLOURS = ("#8a94a3", "#3b6ea5", "#c2571a")
_SHOWN = ("input", "float", "in situ")
SIDE = 28


def draw(run: RunData) -> Figure:
    """Return the figure of a run of ``train-autoencoder`` or ``train-srnet``."""
    figure = Figure(figsize=(11.0, 8.0), layout="constrained")
    axes = figure.subplot_mosaic([["images", "images", "bars"], ["loss", "ssim", "updates"]])
    _images(axes["images"], run)
    _bars(axes["bars"], run)
    _loss(axes["loss"], run)
    _ssim(axes["ssim"], run)
    _updates(axes["updates"], run)
    simulated = ", simulated" if run.header.simulated else ""
    how = f"{run.parameters['scheme']}, {'EaPU' if run.parameters['rule'] == 'eapu' else 'every change made'}"
    figure.suptitle(
        f"{run.header.title}{simulated}: {how}; data {run.parameters['data']}, seed {run.header.seed}", fontsize=11
    )
    return figure


def _images(axes: Axes, run: RunData) -> None:
    picture = run.arrays("picture")
    count = int(picture["image"].max(initial=-1)) + 1
    sheet = np.ones((4 * (SIDE + 2), max(count, 1) * (SIDE + 2)))
    for row, (_, who) in enumerate(_KINDS):
        values = picture["value"][picture["who"] == who].reshape(-1, SIDE, SIDE)
        for place, image in enumerate(values):
            sheet[row * (SIDE + 2) :, place * (SIDE + 2) :][:SIDE, :SIDE] = image
    axes.imshow(sheet, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([(row + 0.5) * (SIDE + 2) for row in range(4)], [name for name, _ in _KINDS])
    axes.set_title("test images", fontsize=10)


def _bars(axes: Axes, run: RunData) -> None:
    summary = restoration.analyse(run).summary
    there = [(n, name) for n, name in enumerate(restoration.NAMES) if f"{name}_ssim" in summary]
    values = [float(summary[f"{name}_ssim"]) for _, name in there]
    bars = axes.bar([_SHOWN[n] for n, _ in there], values, color=[_COLOURS[n] for n, _ in there])
    axes.bar_label(bars, fmt="%.3f", fontsize=9)
    axes.set_ylim(min(0.0, *values), 1.05)
    axes.set_ylabel("SSIM (11 x 11 uniform, range 1)")
    axes.set_title("at the end", fontsize=10)


def _loss(axes: Axes, run: RunData) -> None:
    iteration = run.arrays("iteration")
    for who in (1, 2):
        mine = iteration["who"] == who
        axes.semilogy(iteration["iteration"][mine], iteration["loss"][mine], lw=0.8, color=_COLOURS[who],
                      label=_SHOWN[who])  # fmt: skip
    axes.set(xlabel="mini-batch", ylabel="loss")
    axes.legend(fontsize=8)
    axes.set_title("training", fontsize=10)
    axes.grid(alpha=0.25, which="both")


def _ssim(axes: Axes, run: RunData) -> None:
    validation = run.arrays("validation")
    for who in (1, 2):
        mine = validation["who"] == who
        axes.plot(validation["iteration"][mine], validation["ssim"][mine], "o-", color=_COLOURS[who], label=_SHOWN[who])
    if len(validation["ssim"]):
        axes.axhline(validation["ssim"][0], ls="--", color=_COLOURS[0], label="input")
    axes.set(xlabel="mini-batch", ylabel="SSIM (11 x 11 uniform, range 1)")
    axes.legend(fontsize=8)
    axes.set_title("test images", fontsize=10)
    axes.grid(alpha=0.25)


def _updates(axes: Axes, run: RunData) -> None:
    summary, iteration = restoration.analyse(run).summary, run.arrays("iteration")
    mine = iteration["who"] == 2
    share = iteration["updated"][mine] / max(int(summary["weights"]), 1)
    axes.plot(iteration["iteration"][mine], 100.0 * share, ".", ms=3, color=_COLOURS[2])
    axes.set(xlabel="mini-batch", ylabel="weights updated (%)")
    axes.set_ylim(bottom=0.0)
    if "pulses_per_device" in summary:
        axes.set_title(
            f"N_up {summary['pulses_per_device']:.2g}; {summary['pulses_per_updated_cell']:.1f} pulses an update",
            fontsize=10,
        )
    axes.grid(alpha=0.25)
