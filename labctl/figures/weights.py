"""The figure of a weight transfer: each layer's map as wanted and as read, and the error of the cells."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from labctl.analysis import weights
from labctl.runfile.reader import RunData


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the streams ``written`` and ``weight``."""
    results = weights.analyse(run)
    figure = Figure(figsize=(10.0, 8.5), layout="constrained")
    names = [f"{layer} {what}" for layer in weights.LAYER_NAMES for what in ("wanted", "read")]
    mosaic: Any = [names, ["errors"] * 3 + ["levels"] * 3]
    axes = figure.subplot_mosaic(mosaic, height_ratios=(1.5, 1.0))
    weight = run.arrays("weight")
    span = float(np.abs(weight["target"]).max()) * 1e6
    image: Any = None
    for layer, name in enumerate(weights.LAYER_NAMES):
        for what, values in (("wanted", weight["target"]), ("read", weight["value"])):
            image = _map(axes[f"{name} {what}"], weight, values, layer, span)
            axes[f"{name} {what}"].set_title(f"{name} {what}", fontsize=9)
    if image is not None:
        figure.colorbar(image, ax=axes[names[-1]], label="weight (uS)")
    _errors(axes["errors"], results.tables["errors"].columns, results.summary)
    _levels(axes["levels"], results.tables["by_level"].columns)
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.sample}, {run.header.started[:10]}", fontsize=11)
    return figure


def _map(axes: Axes, weight: Any, values: NDArray[np.float64], layer: int, span: float) -> Any:
    mine = weight["layer"] == layer
    axes.set_xticks([])
    if not mine.any():
        return None
    rows, columns = weight["map_row"][mine], weight["map_column"][mine]
    picture = np.full((rows.max() + 1, columns.max() + 1), np.nan)
    picture[rows, columns] = values[mine] * 1e6
    return axes.imshow(picture, cmap="RdBu_r", vmin=-span, vmax=span, aspect="auto", interpolation="nearest")


def _errors(axes: Axes, table: Any, summary: Any) -> None:
    error = table["error"] * 1e9
    axes.bar(error, table["density"] * 1e-9, width=error[1] - error[0], color="#3b6ea5", label="cells")
    sd = summary["cell_error_std_nA"]
    axes.plot(error, table["normal"] * 1e-9, color="#7a2048", label=f"normal, sd {sd:.0f} nA")
    axes.set_xlabel("current minus target (nA)")
    axes.set_ylabel("probability density (1/nA)")
    axes.legend(fontsize=8)
    axes.set_title(f"programming error of {2 * summary['weights']:,} cells", fontsize=10)


def _levels(axes: Axes, table: Any) -> None:
    axes.errorbar(table["target"] * 1e6, table["mean"] * 1e6, table["sd"] * 1e6, fmt="o", ms=3, capsize=2)
    axes.plot(table["target"] * 1e6, table["target"] * 1e6, lw=0.8, color="0.5")
    axes.set_xlabel("weight that was wanted (uS)")
    axes.set_ylabel("weight that was read (uS)")
    axes.grid(alpha=0.25)
    axes.set_title(f"{len(table['level'])} levels, mean and sd", fontsize=10)
