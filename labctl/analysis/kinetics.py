"""Analysis of RESET trains: alpha and beta of each, their means and 95 % bands against what was swept."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.analysis import recursion
from labctl.results import Results, Table
from labctl.runfile.reader import RunData

UNITS = {"amplitude": "V", "width": "s", "initial_resistance": "ohm"}
SATURATION = 15e3
"""Ohm. Initial resistance from which beta is flat, in the paper."""
CHECKED = 20
"""Trains that are fitted by scipy, too, as the paper did; *assumed* to be enough for a check."""
STARTS = 12
"""Random starts of such a fit."""

Floats = NDArray[np.float64]


class Trains(NamedTuple):
    """The trains of a run whose cells were ready.

    Attributes:
        level: (n,) number of the swept value.
        cycle: (n,).
        cell: (n,).
        resistance: (n,) initial resistance, in ohm.
        states: (n, k) normalised conductance, the first 1.
        left_out: How many trains were not ready, or began no higher than what counts as 0.
    """

    level: NDArray[np.int64]
    cycle: NDArray[np.int64]
    cell: NDArray[np.int64]
    resistance: Floats
    states: Floats
    left_out: int


def trains_of(run: RunData) -> Trains:
    """Return the normalised trains: y = (G - lowest)/(G_1 - lowest).

    Source: the paper normalises to 0..1; that the first is 1 follows from the recursion, what is 0 is *assumed*.
    """
    start, pulse, lowest = run.arrays("start"), run.arrays("pulse"), run.parameters["lowest"]
    points = run.parameters["pulses"] + 1
    conductance = pulse["conductance"].reshape(-1, points) - lowest
    good = start["ready"].astype(bool) & (conductance[:, 0] > 0.0) & np.isfinite(conductance).all(axis=1)
    chosen = {name: values[good] for name, values in start.items()}
    states = conductance[good] / conductance[good, :1]
    return Trains(
        chosen["level"], chosen["cycle"], chosen["cell"], chosen["resistance"], states, int(np.count_nonzero(~good))
    )


def values_of(run: RunData) -> Floats:
    """Return the swept values, in V, s or ohm."""
    return np.asarray(run.parameters[f"{run.parameters['vary']}s"], dtype=np.float64)


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the streams ``start`` and ``pulse``.

    The summary has ``trains``, ``left_out``, ``alpha`` and ``beta`` (means over all), ``alpha_span`` (highest minus lowest
    mean of a value, over their mean), ``beta_span`` likewise, ``beta_gain`` (last value's mean over the first's),
    ``beta_rises`` (share of steps from value to value in which the mean of beta rises), ``residual_rms`` and
    ``trf_difference`` (largest distance of alpha or beta from scipy's answer, over some trains). A sweep of the initial
    resistance that reaches beyond 15 kOhm adds ``saturation`` (slope of beta above 15 kOhm over that below).
    """
    trains, values = trains_of(run), values_of(run)
    if not len(trains.states):
        return Results({"trains": 0, "left_out": trains.left_out})
    inputs = np.ones(trains.states.shape[1])
    fits = recursion.fit_many(trains.states, inputs)
    half = recursion.intervals(trains.states, inputs, fits)
    by_value = _by_value(trains, values, fits, UNITS[run.parameters["vary"]])
    columns = by_value.columns
    summary: dict[str, float | int] = {
        "trains": len(trains.states),
        "left_out": trains.left_out,
        "alpha": float(fits.alpha.mean()),
        "beta": float(fits.beta.mean()),
        "alpha_span": _span(columns["alpha"]),
        "beta_span": _span(columns["beta"]),
        "beta_gain": float(columns["beta"][-1] / columns["beta"][0]),
        "beta_rises": float((np.diff(columns["beta"]) > 0.0).mean()) if len(columns["beta"]) > 1 else float("nan"),
        "residual_rms": float(np.sqrt(fits.residual.mean() / (trains.states.shape[1] - 1))),
        "trf_difference": trf_difference(trains.states, inputs, fits),
    }
    if run.parameters["vary"] == "initial_resistance":
        summary["saturation"] = saturation(columns["value"], columns["beta"])
    each = Table(
        {
            "value": values[trains.level], "cycle": trains.cycle, "cell": trains.cell,
            "resistance": trains.resistance, "alpha": fits.alpha, "alpha_half_width": half.alpha, "beta": fits.beta,
            "beta_half_width": half.beta, "residual": fits.residual, "converged": fits.converged,
        },
        {"resistance": "ohm", "value": UNITS[run.parameters["vary"]]},
        signal="beta",
        axes="value",
    )  # fmt: skip
    return Results(summary, {"by_value": by_value, "fits": each}, "by_value", printed="by_value")


def trf_difference(states: Floats, inputs: Floats, fits: recursion.Fits) -> float:
    """Return the largest distance of alpha or beta from what scipy finds, over `CHECKED` trains evenly drawn."""
    rng = np.random.default_rng(0)
    worst = 0.0
    for place in np.unique(np.linspace(0, len(states) - 1, CHECKED).astype(int)):
        x = inputs if inputs.ndim == 1 else inputs[place]
        alpha, beta, _ = recursion.fit_one(states[place], x, rng, starts=STARTS)
        worst = max(worst, abs(alpha - fits.alpha[place]), abs(beta - fits.beta[place]))
    return float(worst)


def saturation(resistances: Floats, betas: Floats) -> float:
    """Return the mean slope of beta above 15 kOhm over that below; NaN where the sweep has not two values on each side."""
    below, above = resistances <= SATURATION, resistances >= SATURATION
    if below.sum() < 2 or above.sum() < 2:
        return float("nan")
    slopes = [np.polyfit(resistances[side], betas[side], 1)[0] for side in (below, above)]
    return float(slopes[1] / slopes[0])


def _span(means: Floats) -> float:
    return float((means.max() - means.min()) / means.mean())


def _by_value(trains: Trains, values: Floats, fits: recursion.Fits, unit: str) -> Table:
    """Return for each swept value the means, their standard errors over cells, and the 95 % bands over trains."""
    present = np.unique(trains.level)
    columns: dict[str, list[float]] = {name: [] for name in ("value", "resistance", "trains")}
    for level in present:
        mine = trains.level == level
        columns["value"].append(values[level])
        columns["resistance"].append(float(trains.resistance[mine].mean()))
        columns["trains"].append(int(mine.sum()))
        for name, found in (("alpha", fits.alpha[mine]), ("beta", fits.beta[mine])):
            low, high = np.quantile(found, (0.025, 0.975))
            facts = {"": found.mean(), "_error": _error(found, trains.cell[mine]), "_low": low, "_high": high}
            for suffix, value in facts.items():
                columns.setdefault(name + suffix, []).append(float(value))
    units: Mapping[str, str] = {"value": unit, "resistance": "ohm"}
    arrays: dict[str, NDArray[Any]] = {name: np.array(found) for name, found in columns.items()}
    return Table(arrays, units, signal="beta", axes="value", auxiliary=("alpha",))


def _error(found: Floats, cells: NDArray[np.int64]) -> float:
    """Return the standard error of the mean; cells are independent of each other, cycles of one cell are not."""
    means = np.array([found[cells == cell].mean() for cell in np.unique(cells)])
    return float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else float("nan")
