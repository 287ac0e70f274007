"""Statistics of many phase-change cells, and new cells drawn from them.

Three quantities, each normal: log10 R_set, log10 R_reset (R in Ohm, at t0 = 1 s) and the drift exponent d. A cell has a
mean mu and a standard deviation sigma of each over its switchings; mu and sigma have a mean (M) and a standard
deviation (Sigma) over the cells. Source: Nat. Commun. 12, 319 (2021), its device model; that resistances are normal in
log10 R is *assumed*.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

QUANTITIES = ("set", "reset", "drift")
BOOTSTRAPS = 400
"""Samples with replacement for the standard errors: 400 give them within 4 %."""
_BOOTSTRAP_SEED = 0
FEWEST_CELLS = 3


class Quantity(NamedTuple):
    """How a quantity is spread over cells and over switchings.

    Attributes:
        mean: M of the cells' means.
        mean_spread: Sigma of the cells' means.
        spread: M of the cells' standard deviations over switchings.
        spread_spread: Sigma of these.
    """

    mean: float
    mean_spread: float
    spread: float
    spread_spread: float


class Cells(NamedTuple):
    """New cells: ``means`` and ``spreads`` (n, 3) over switchings, columns in the order of `QUANTITIES`."""

    means: Floats
    spreads: Floats


class Population(NamedTuple):
    """What cells are drawn from: log10 R_set, log10 R_reset (Ohm) and d.

    ``Population.from_summary(run.summary)`` takes the figures of a ``parameter-extraction``.
    """

    set: Quantity
    reset: Quantity
    drift: Quantity

    @classmethod
    def from_summary(cls, summary: Mapping[str, float | int]) -> "Population":
        """Return the population whose figures are in the summary of a ``parameter-extraction``."""
        return cls(
            *(
                Quantity(*(float(summary[f"{name}_{figure}"]) for figure in ("M", "Sigma", "sd_M", "sd_Sigma")))
                for name in QUANTITIES
            )
        )

    def draw_cells(self, count: int, rng: np.random.Generator) -> Cells:
        """Draw ``count`` cells with rank coupling.

        One uniform number a quantity gives mu, and sigma at the same cumulative probability; neither sigma nor d is
        below 0.
        """
        ranks = rng.standard_normal((count, 3))  # the quantile of a uniform number
        table = np.array(self)
        means = table[:, 0] + ranks * table[:, 1]
        means[:, 2] = np.maximum(means[:, 2], 0.0)
        return Cells(means, np.maximum(table[:, 2] + ranks * table[:, 3], 0.0))

    def model_options(self) -> dict[str, float]:
        """Return the population as options of the simulated device ``pcm``, for a station file."""
        options = {
            "set_resistance": 10.0**self.set.mean, "reset_resistance": 10.0**self.reset.mean, "drift": self.drift.mean,
        }  # fmt: skip
        for name in QUANTITIES:
            of: Quantity = getattr(self, name)
            options[f"{name}_spread"] = of.mean_spread
            options[f"{name}_cycle_spread"] = of.spread
            options[f"{name}_cycle_variation_spread"] = of.spread_spread
        return options


def switch_cells(cells: Cells, rng: np.random.Generator) -> Floats:
    """Switch each cell once: return (n, 3) log10 R_set, log10 R_reset (Ohm) and d, drawn anew from N(mu, sigma)."""
    drawn: Floats = cells.means + cells.spreads * rng.standard_normal(cells.means.shape)
    drawn[:, 2] = np.maximum(drawn[:, 2], 0.0)
    return drawn


class Samples(NamedTuple):
    """What was measured of one quantity on each of n cells.

    Attributes:
        means: (n,) sample means.
        deviations: (n,) sample standard deviations.
        counts: (n,) switchings that they are taken over.
        noise: (n,) mean variance of one value by its measurement alone.
    """

    means: Floats
    deviations: Floats
    counts: Floats
    noise: Floats


def estimate(samples: Samples) -> tuple[Quantity, Quantity]:
    """Return the population of a quantity, and its standard errors by bootstrap over the cells.

    What the measurement adds to the spreads is taken off: the noise of a value from a cell's variance, the error of a
    cell's mean from the spread of the means, and the sampling error of a standard deviation from the spread of those.

    Raises:
        ValueError: Fewer than three cells.
    """
    count = len(samples.means)
    if count < FEWEST_CELLS:
        raise ValueError(f"a population needs {FEWEST_CELLS} or more cells, got {count}")
    ratio = _unbiased(samples.counts)
    chosen = np.random.default_rng(_BOOTSTRAP_SEED).integers(0, count, (BOOTSTRAPS, count))
    drawn = _estimate(Samples(*(column[chosen] for column in samples)), ratio[chosen])
    figures = _estimate(samples, ratio)
    return Quantity(*map(float, figures)), Quantity(*(float(each.std(ddof=1)) for each in drawn))


def _estimate(samples: Samples, ratio: Floats) -> tuple[Floats, ...]:
    """Return the four figures of the cells along the last axis; ``ratio`` is `_unbiased` of their counts."""
    total = np.maximum(samples.deviations**2, 1e-300)
    variances = np.maximum(total - samples.noise, 0.0)
    spreads = np.sqrt(variances) / ratio
    # A sample standard deviation of n values scatters by sigma sqrt(1/c4^2 - 1); taking the noise off widens that.
    scatter = total * (1.0 / ratio**2 - 1.0) * total / np.maximum(variances, 0.1 * total)
    between = samples.means.var(axis=-1, ddof=1) - (total / samples.counts).mean(axis=-1)
    beyond = spreads.var(axis=-1, ddof=1) - scatter.mean(axis=-1)
    return (
        samples.means.mean(axis=-1),
        np.sqrt(np.maximum(between, 0.0)),
        spreads.mean(axis=-1),
        np.sqrt(np.maximum(beyond, 0.0)),
    )


def _unbiased(counts: Floats) -> Floats:
    """Return c4: the mean of a sample standard deviation over the true one, for normal values."""
    from scipy import special

    ratio: Floats = np.sqrt(2.0 / (counts - 1.0)) * np.exp(
        special.gammaln(counts / 2) - special.gammaln((counts - 1) / 2)
    )
    return ratio
