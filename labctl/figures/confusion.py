"""A confusion matrix as a panel of a figure: counts as numbers, colour by their root."""

import numpy as np
from matplotlib.axes import Axes

from labctl.confusion import CLASSES, last_of
from labctl.runfile.reader import RunData


def draw_confusion(axes: Axes, run: RunData, label: str = "digit") -> None:
    """Draw the counts of a run's last evaluation, truth down and answer across.

    Args:
        axes: What it is drawn into.
        run: A training with the stream ``confusion``.
        label: What a class is called.
    """
    tables = last_of(run)
    if not tables:
        axes.set_title("no confusion was kept", fontsize=10)
        axes.set_axis_off()
        return
    stage, table = list(tables.items())[-1]
    top = max(float(np.sqrt(table.max())), 1.0)
    axes.imshow(np.sqrt(table), cmap="Blues", vmin=0.0, vmax=top, aspect="auto")
    for (truth, answer), count in np.ndenumerate(table):
        colour = "white" if np.sqrt(count) > 0.6 * top else "#1b1f24" if count else "#8a94a3"
        axes.text(answer, truth, str(count), ha="center", va="center", fontsize=7, color=colour)
    axes.set(xlabel=f"answer ({label})", ylabel=f"truth ({label})")
    axes.set_xticks(range(CLASSES))
    axes.set_yticks(range(CLASSES))
    axes.set_title(f"answers on the test, {stage.replace('_', '-')}", fontsize=10)
