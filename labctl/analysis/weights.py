"""Analysis of a weight transfer: programming error of the cells, error of the weights, share of right levels."""

import numpy as np
from numpy.typing import NDArray

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

LAYER_NAMES = ("C1", "C3", "FC")
BINS = 81
Floats = NDArray[np.float64]


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the streams ``written`` and ``weight``.

    The summary has ``weights``, ``levels``, ``yield`` (writes within tolerance), ``mean_pulses``,
    ``cell_error_mean_nA`` and ``cell_error_std_nA`` (current minus target of each cell after the wait) with its
    standard error, ``weight_error_std_uS``, ``right_level_share`` (of all weights, those that are nearest to their own
    level) and ``maps_read``. Errors are those of writes that converged: a stuck cell is told by the yield.
    """
    written, weight = run.arrays("written"), run.arrays("weight")
    both = np.stack([weight["positive_error"], weight["negative_error"]], axis=1)
    good = written["converged"][: both.size].astype(bool).reshape(both.shape)
    errors = both[good]
    wrong = (weight["value"] - weight["target"])[good.all(axis=1)]
    step = _step(run)
    summary: dict[str, float | int] = {
        "weights": len(both),
        "levels": len(np.unique(weight["level"])),
        "yield": float(written["converged"].mean()),
        "mean_pulses": float(written["pulses"].mean()),
        "cell_error_mean_nA": float(errors.mean() * 1e9),
        "cell_error_std_nA": float(errors.std(ddof=1) * 1e9),
        "cell_error_std_se_nA": standard_error_of_sd(errors) * 1e9,
        "weight_error_std_uS": float(wrong.std(ddof=1) * 1e6),
        "right_level_share": float((np.rint(weight["value"] / step) == weight["level"]).mean()),
        "maps_read": len(np.unique(weight["layer"])),
    }
    return Results(summary, {"by_level": _by_level(weight), "errors": _histogram(errors)}, "errors", "by_level")


def standard_error_of_sd(values: Floats) -> float:
    """Return the standard error of the sample's sd, from its fourth moment, so that heavy tails count."""
    centred = values - values.mean()
    variance = float(np.mean(centred**2))
    fourth = float(np.mean(centred**4))
    return float(np.sqrt(max(fourth - variance**2, 0.0) / len(values)) / (2.0 * np.sqrt(variance)))


def _step(run: RunData) -> float:
    chosen = run.parameters
    return float((chosen["highest"] - chosen["lowest"]) / (chosen["levels"] - 1))


def _by_level(weight: dict[str, NDArray[np.generic]]) -> Table:
    present = np.unique(weight["level"])
    mine = [weight["value"][weight["level"] == level] for level in present]
    targets = np.array([weight["target"][weight["level"] == level][0] for level in present])
    return Table(
        {
            "level": present,
            "target": targets,
            "weights": np.array([len(values) for values in mine]),
            "mean": np.array([values.mean() for values in mine]),
            "sd": np.array([values.std() for values in mine]),
        },
        {"target": "S", "mean": "S", "sd": "S"},
        signal="mean",
        axes="target",
    )


def _histogram(errors: Floats) -> Table:
    span = 4.5 * float(errors.std())
    counts, edges = np.histogram(errors, np.linspace(-span, span, BINS))
    middles = 0.5 * (edges[1:] + edges[:-1])
    sd = float(errors.std())
    normal = np.exp(-0.5 * ((middles - errors.mean()) / sd) ** 2) / np.sqrt(2.0 * np.pi) / sd
    density = counts / len(errors) / np.diff(edges)
    columns = {"error": middles, "density": density, "normal": normal}
    return Table(columns, {"error": "A"}, signal="density", axes="error", auxiliary=("normal",))
