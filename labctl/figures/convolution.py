"""The figure of a convolution: a feature map for each kernel, and the sums against those of single reads."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from labctl.analysis import convolution
from labctl.runfile.reader import RunData

SHOWN = 8


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the streams ``kernel`` and ``sum``."""
    summary, maps = convolution.analyse(run).summary, convolution.feature_maps(run) * 1e6
    sums = run.arrays("sum")
    shown = maps[:SHOWN]
    figure = Figure(figsize=(11.0, 5.6), layout="constrained")
    mosaic: Any = [
        [f"map {n}" for n in range(4)] + ["sums", "sums"],
        [f"map {n}" for n in range(4, 8)] + ["sums", "sums"],
    ]
    axes = figure.subplot_mosaic(mosaic)
    span = float(np.nanmax(np.abs(shown)))
    image: Any = None
    for number in range(SHOWN):
        place = axes[f"map {number}"]
        place.set_axis_off()
        if number < len(shown):
            image = place.imshow(shown[number], cmap="RdBu_r", vmin=-span, vmax=span, interpolation="nearest")
            place.set_title(f"kernel {number}", fontsize=9)
    figure.colorbar(image, ax=[axes["map 4"], axes["map 5"], axes["map 6"], axes["map 7"]], orientation="horizontal",
                    shrink=0.5, label="weighted sum (uA)")  # fmt: skip
    place = axes["sums"]
    place.plot(sums["expected"] * 1e6, sums["difference"] * 1e6, ".", ms=2, alpha=0.4, color="#3b6ea5")
    ends = np.array([sums["expected"].min(), sums["expected"].max()]) * 1e6
    place.plot(ends, ends, lw=0.8, color="0.4")
    place.set_xlabel("sum of cells read one by one (uA)")
    place.set_ylabel("sum read in one go (uA)")
    place.grid(alpha=0.25)
    place.set_title(f"correlation {summary['correlation']:.4f}, error {summary['error_std_nA']:.0f} nA sd", fontsize=9)
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.started[:10]}", fontsize=11)
    return figure
