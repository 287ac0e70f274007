"""Resistance drift: R = R0 (t/t0)^d as a straight line in log-log, with confidence intervals."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST = 4
"""Reads that a fit needs: two for the line, the rest for its error."""
CONFIDENCE = 0.95


class PowerLaw(NamedTuple):
    """A fit of R = R0 (t/t0)^d.

    Attributes:
        exponent: d.
        exponent_error: Its standard error.
        exponent_low: Lower end of its 95 % interval.
        exponent_high: Upper end.
        level: log10 of R0, R0 in Ohm.
        level_error: Its standard error.
        scatter: Standard deviation of log10 R around the line.
        correlation: Of the residuals of successive reads.
    """

    exponent: float
    exponent_error: float
    exponent_low: float
    exponent_high: float
    level: float
    level_error: float
    scatter: float
    correlation: float

    def resistance(self, ages: Floats, start: float) -> Floats:
        """Return the line in Ohm at ``ages`` (n,) s, for the ``start`` (s) of the fit."""
        line: Floats = 10.0**self.level * (ages / start) ** self.exponent
        return line


def fit_power_law(ages: Floats, ohms: Floats, *, start: float = 1.0) -> PowerLaw:
    """Fit a power law by least squares of log10 R over log10 t, all reads alike.

    Read noise is a share of R, so that its scatter in log10 R is even and least squares are right. Where the residuals
    of successive reads are correlated beyond chance (noise that is slower than the reads), the standard errors are
    widened by sqrt((1 + r) / (1 - r)), r the correlation: an estimate for a first-order process.

    Args:
        ages: (n,) s since the cell was last molten, above 0.
        ohms: (n,) Ohm, above 0.
        start: t0 in s.

    Raises:
        ValueError: Fewer than four reads, all of one age, or a value that is not above 0.

    Source: Nat. Commun. 12, 319 (2021), Eq. (1); the intervals are Student's.
    """
    from scipy import special

    if len(ages) < FEWEST or len(ages) != len(ohms):
        raise ValueError(f"a power law needs {FEWEST} or more ages and as many resistances, got {len(ages)}")
    if not (np.all(ages > 0.0) and np.all(ohms > 0.0)):
        raise ValueError("a power law needs ages and resistances above 0")
    x, y = np.log10(ages / start), np.log10(ohms)
    middle = float(x.mean())
    square = float(np.sum((x - middle) ** 2))
    if square == 0.0:
        raise ValueError("a power law needs reads of more than one age")
    slope = float(np.sum((x - middle) * y)) / square
    residuals = y - y.mean() - slope * (x - middle)
    scatter = math.sqrt(float(np.sum(residuals**2)) / (len(x) - 2))
    correlation = _correlation(residuals)
    wider = math.sqrt((1.0 + correlation) / (1.0 - correlation)) if correlation > 2.0 / math.sqrt(len(x)) else 1.0
    error = wider * scatter / math.sqrt(square)
    level = float(y.mean()) - slope * middle
    level_error = wider * scatter * math.sqrt(1.0 / len(x) + middle**2 / square)
    reach = float(special.stdtrit(len(x) - 2, 0.5 + 0.5 * CONFIDENCE)) * error
    return PowerLaw(slope, error, slope - reach, slope + reach, level, level_error, scatter, correlation)


def _correlation(residuals: Floats) -> float:
    power = float(np.sum(residuals**2))
    return min(float(np.sum(residuals[1:] * residuals[:-1])) / power, 0.99) if power else 0.0
