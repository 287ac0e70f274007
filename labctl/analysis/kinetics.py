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
CHECKED = 10
"""Trains that are fitted by scipy, too, as the paper did; *assumed* to be enough for a check."""
STARTS = 8
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

    The summary has ``trains``, ``left_out`` (not ready), ``undetermined`` (an interval that reaches 0: a train that
    hardly falls tells beta - alpha alone; not in any mean), ``alpha`` and ``beta`` (means over the others),
    ``alpha_span`` (highest minus lowest mean of a value, over their mean), ``beta_span`` likewise, ``beta_gain`` (last
    value's mean over the first's), ``beta_rises`` (share of steps from value to value in which the mean of beta rises),
    ``residual_rms``, and what `trf_check` adds. A sweep of the initial resistance that reaches beyond 15 kOhm adds
    ``beta_rise_below`` and ``beta_rise_beyond``, the relative rise of beta's mean from the first value to 15 kOhm, and
    from there to the last.
    """
    found = evaluate(run)
    if found.fits is None:
        return Results(found.summary)
    states = trains_of(run).states
    checked = trf_check(states, np.ones(states.shape[1]), found.fits, np.flatnonzero(found.told))
    return Results({**found.summary, **checked}, found.tables, "by_value", printed="by_value")


class Evaluation(NamedTuple):
    """What the batched solver finds in a run; ``fits`` is ``None`` where nothing could be fitted."""

    summary: dict[str, float | int]
    tables: Mapping[str, Table]
    fits: recursion.Fits | None
    told: NDArray[np.bool_]


def evaluate(run: RunData) -> Evaluation:
    """Return all that `analyse` does but the check against scipy."""
    trains, values = trains_of(run), values_of(run)
    if not len(trains.states):
        return Evaluation({"trains": 0, "left_out": trains.left_out}, {}, None, np.zeros(0, bool))
    inputs = np.ones(trains.states.shape[1])
    fits = recursion.fit_many(trains.states, inputs)
    half = recursion.intervals(trains.states, inputs, fits)
    told = (half.alpha < fits.alpha) & (half.beta < fits.beta)
    if not told.any():
        counts = {"trains": len(told), "left_out": trains.left_out, "undetermined": len(told)}
        return Evaluation({**counts}, {}, None, told)
    by_value = _by_value(trains, values, fits, told, UNITS[run.parameters["vary"]])
    columns = by_value.columns
    summary: dict[str, float | int] = {
        "trains": len(trains.states),
        "left_out": trains.left_out,
        "undetermined": int(np.count_nonzero(~told)),
        "alpha": float(fits.alpha[told].mean()),
        "beta": float(fits.beta[told].mean()),
        "alpha_span": _span(columns["alpha"]),
        "beta_span": _span(columns["beta"]),
        "beta_gain": float(columns["beta"][-1] / columns["beta"][0]),
        "beta_rises": float((np.diff(columns["beta"]) > 0.0).mean()) if len(columns["beta"]) > 1 else float("nan"),
        "residual_rms": float(np.sqrt(fits.residual.mean() / (trains.states.shape[1] - 1))),
    }
    if run.parameters["vary"] == "initial_resistance":
        summary |= rises(columns["value"], columns["beta"])
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
    return Evaluation(summary, {"by_value": by_value, "fits": each}, fits, told)


def trf_check(states: Floats, inputs: Floats, fits: recursion.Fits, among: NDArray[np.int64]) -> dict[str, float | int]:
    """Compare with scipy's trust-region-reflective method from random starts, over `CHECKED` trains ``among`` these.

    Returns:
        ``trf_difference``, the largest distance of alpha or beta where scipy finds a minimum as deep, and
        ``trf_misses``, how many trains it ended in a less deep one from all starts.
    """
    rng = np.random.default_rng(0)
    worst, misses = 0.0, 0
    for place in among[np.unique(np.linspace(0, len(among) - 1, CHECKED).astype(int))]:
        x = inputs if inputs.ndim == 1 else inputs[place]
        alpha, beta, residual = recursion.fit_one(states[place], x, rng, starts=STARTS)
        if residual > fits.residual[place] * (1.0 + 1e-6) + 1e-12:
            misses += 1
        else:
            worst = max(worst, abs(alpha - fits.alpha[place]), abs(beta - fits.beta[place]))
    return {"trf_difference": float(worst), "trf_misses": misses}


def rises(resistances: Floats, betas: Floats) -> dict[str, float]:
    """Return the relative rise of beta to 15 kOhm and beyond; nothing where the sweep has no values on both sides."""
    if not resistances.min() < SATURATION < resistances.max():
        return {}
    order = np.argsort(resistances)
    knee = float(np.interp(SATURATION, resistances[order], betas[order]))
    return {
        "beta_rise_below": knee / float(betas[order[0]]) - 1.0,
        "beta_rise_beyond": float(betas[order[-1]]) / knee - 1.0,
    }


def _span(means: Floats) -> float:
    return float((means.max() - means.min()) / means.mean())


def _by_value(trains: Trains, values: Floats, fits: recursion.Fits, told: NDArray[np.bool_], unit: str) -> Table:
    """Return for each swept value the means, their standard errors over cells, and the 95 % bands over trains."""
    present = np.unique(trains.level[told])
    columns: dict[str, list[float]] = {name: [] for name in ("value", "resistance", "trains")}
    for level in present:
        mine = told & (trains.level == level)
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
