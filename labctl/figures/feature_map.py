"""The figure of feature maps: for each sound the pooled waveform and the map of conductances."""

import numpy as np
from matplotlib.figure import Figure

from labctl.analysis import feature_map
from labctl.runfile.reader import RunData

LABELLED = 8
"""Utterances up to which every row of a map has its number."""


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the stream ``point``."""
    maps = feature_map.maps_of(run)
    results = feature_map.evaluate(run)
    count = max(len(maps.names), 1)
    figure = Figure(figsize=(10.0, 1.3 + 1.9 * count), layout="constrained")
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.sample}, {run.header.started[:10]}", fontsize=11)
    axes = figure.subplots(count, 2, squeeze=False, gridspec_kw={"width_ratios": (1.0, 1.7)})
    means = np.nanmean(maps.conductances, axis=2)[..., 1:] * 1e6
    span = (float(means.min()), float(means.max())) if means.size else (0.0, 1.0)
    for number, name in enumerate(maps.names):
        wave, image = axes[number]
        title = name.replace("synthetic", "SYNTHETIC", 1) if name.startswith("synthetic ") else name
        wave.plot(maps.inputs[number].ravel(), color="#3b6ea5", lw=0.6)
        wave.set_ylim(-0.05, 1.05)
        wave.margins(x=0.0)
        wave.set_ylabel("input x")
        wave.set_title(f"{title}, pooled", fontsize=10)
        rows, pulses = means[number].shape
        shown = image.imshow(
            means[number], aspect="auto", cmap="viridis", vmin=span[0], vmax=span[1],
            extent=(0.5, pulses + 0.5, rows + 0.5, 0.5), interpolation="nearest",
        )  # fmt: skip
        if rows <= LABELLED:
            image.set_yticks(range(1, rows + 1))
        image.set_ylabel("utterance")
        residual = results.tables["by_sound"].columns["squared_residuals"][number] if results.tables else np.nan
        image.set_title(f"{rows} x {pulses} map; sum of squared residuals of a fit {residual:.3f}", fontsize=10)
        figure.colorbar(shown, ax=image, label="G (uS)")
    axes[-1][0].set_xlabel("pulse, all utterances")
    axes[-1][1].set_xlabel("pulse of the utterance")
    return figure
