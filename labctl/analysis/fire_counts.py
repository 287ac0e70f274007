"""Analysis of repeated trains of sub-threshold pulses: the distribution of the pulse that fires, beside a Gaussian."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from labctl.analysis.firing import interval
from labctl.results import Results, Table
from labctl.runfile.reader import RunData

Floats = NDArray[np.float64]
LEAST_EXPECTED = 5.0
"""Trains that a class of the chi-square test expects, at least."""


def fired_pulse(
    times: Floats, currents: Floats, *, edge: float, period: float, pulses: int, fire_current: float
) -> int:
    """Return the number of the pulse, from 1, in which the current (n,) A first exceeds ``fire_current``; 0 for none.

    Args:
        times: (n,) s.
        currents: (n,) A.
        edge: s, when the first pulse begins.
        period: s.
        pulses: How many there are.
        fire_current: A.
    """
    during = (times >= edge) & (times < edge + pulses * period)
    above = np.flatnonzero(currents[during] > fire_current)
    return int((times[during][above[0]] - edge) / period) + 1 if len(above) else 0


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the stream ``repeat``.

    The summary has ``repeats``, ``fired_share``, ``mean_pulses`` with its 95 % interval (``_low``, ``_high``),
    ``sd_pulses``, ``relative_spread``, ``skewness`` (0 for a Gaussian; its standard error is ``skewness_error``),
    ``gaussian_p`` (probability that a Gaussian with this mean and spread fits no better, by chi-square), ``memory``
    (correlation of one number with the next: 0 where the rest makes the device forget) and ``memory_error``.
    """
    pulses = run.arrays("repeat")["pulse"]
    fired = pulses[pulses > 0].astype(float)
    mean, low, high = interval(fired)
    spread = float(fired.std(ddof=1)) if len(fired) > 1 else math.nan
    summary: dict[str, float | int] = {
        "repeats": len(pulses),
        "fired_share": float(np.mean(pulses > 0)),
        "mean_pulses": mean,
        "mean_pulses_low": low,
        "mean_pulses_high": high,
        "sd_pulses": spread,
        "relative_spread": spread / mean,
        "skewness": float(np.mean((fired - mean) ** 3) / spread**3) if len(fired) > 2 and spread else math.nan,
        "skewness_error": math.sqrt(6.0 / len(fired)) if len(fired) else math.nan,
        "gaussian_p": gaussian_p(fired),
        "memory": correlation_of_neighbours(pulses),
        "memory_error": 1.0 / math.sqrt(len(pulses)),
    }
    return Results(summary, {"histogram": _histogram(fired, mean, spread)}, "histogram", printed="histogram")


def gaussian_p(numbers: Floats) -> float:
    """Return the p-value of the chi-square test of whole ``numbers`` (n,) against a Gaussian fitted to them."""
    if len(numbers) < 8 * LEAST_EXPECTED or np.ptp(numbers) == 0.0:
        return math.nan
    bounds, expected = _classes(numbers)
    counts = np.diff(np.searchsorted(np.sort(numbers), np.concatenate([[-np.inf], bounds, [np.inf]])))
    freedom = len(counts) - 3
    return float(chi2.sf(np.sum((counts - expected) ** 2 / expected), freedom)) if freedom > 0 else math.nan


def correlation_of_neighbours(pulses: NDArray[np.int64]) -> float:
    """Return the correlation of the numbers (n,) with the next ones, where both fired."""
    both = (pulses[:-1] > 0) & (pulses[1:] > 0)
    first, second = pulses[:-1][both], pulses[1:][both]
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _classes(numbers: Floats) -> tuple[Floats, Floats]:
    """Return bounds (k,) between whole numbers, and the trains (k + 1,) that a Gaussian has in each class."""
    gaussian = norm(numbers.mean(), numbers.std(ddof=1))
    bounds: list[float] = []
    below = 0.0
    for bound in np.arange(math.floor(numbers.min()) - 0.5, numbers.max() + 1.0):
        share = float(gaussian.cdf(bound))
        if (share - below) * len(numbers) >= LEAST_EXPECTED and (1.0 - share) * len(numbers) >= LEAST_EXPECTED:
            bounds.append(float(bound))
            below = share
    shares = np.diff(np.concatenate([[0.0], gaussian.cdf(bounds), [1.0]]))
    return np.array(bounds), shares * len(numbers)


def _histogram(fired: Floats, mean: float, spread: float) -> Table:
    numbers = np.arange(1, int(fired.max()) + 1) if len(fired) else np.arange(1, 2)
    trains = np.array([np.count_nonzero(fired == number) for number in numbers])
    gaussian = np.zeros(len(numbers))
    if spread > 0.0:
        gaussian = len(fired) * np.diff(norm(mean, spread).cdf(np.append(numbers - 0.5, numbers[-1] + 0.5)))
    columns = {"pulse": numbers, "trains": trains, "gaussian": gaussian}
    return Table(columns, {}, "trains", "pulse", ("gaussian",))
