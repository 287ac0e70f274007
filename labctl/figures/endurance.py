"""The figure of an endurance run: both resistances against the number of cycles."""

from matplotlib.figure import Figure

from labctl.analysis import endurance
from labctl.analysis.switching import RESET, SET
from labctl.figures.phase_change import COLOURS, heading
from labctl.runfile.reader import RunData


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the stream ``sampled``."""
    rows, summary = run.arrays("sampled"), endurance.analyse(run).summary
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    axes = figure.subplots()
    for name, state in (("reset", RESET), ("set", SET)):
        ohms = rows[f"{name}_resistance"]
        axes.plot(rows["cycle"], ohms, "o-", ms=4.0, lw=0.8, color=COLOURS[state], label=f"after {name.upper()}")
    if summary["stuck_at"]:
        axes.axvline(float(summary["stuck_at"]), color="black", ls="--", lw=1.0, label="stuck")
    axes.set(xscale="log", yscale="log", xlabel="cycle", ylabel="resistance (Ohm)")
    axes.set_title(f"{summary['cycles']:,} cycles, least ratio {summary['least_ratio']:,.0f}", fontsize=10)
    axes.legend(fontsize=8, loc="center left")
    axes.grid(alpha=0.25)
    figure.suptitle(heading(run), fontsize=11)
    return figure
