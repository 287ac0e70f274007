"""Fits of alpha and beta: the recursion itself, the batched solver beside scipy's, and blind recovery. Seeds stated."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from labctl.analysis.recursion import fit_many, fit_one, intervals, recursion, sensitivities

Floats = NDArray[np.float64]


def cells(count: int, seed: int, points: int = 101) -> tuple[Floats, Floats, Floats]:
    """Return alpha, beta (count,) and noisy traces (count, points) of drawn cells, normalised by their first read."""
    rng = np.random.default_rng(seed)
    alpha = rng.uniform(0.004, 0.05, count)
    beta = rng.uniform(0.4, 0.9, count) * np.sqrt(2.0 * alpha)  # the recursion is stable below sqrt(2 alpha)
    clean = np.array([recursion(a, b, np.ones(points)) for a, b in zip(alpha, beta, strict=True)])
    noisy = clean * (1.0 + 0.005 * rng.standard_normal(clean.shape))
    return alpha, beta, noisy / noisy[:, :1]


def test_the_recursion_is_the_published_one() -> None:
    x = np.array([0.5, 1.0, 0.0, 0.25, 9.0])
    expected = [1.0]
    for value in x[:-1]:
        expected.append(expected[-1] + 0.1 / expected[-1] - 0.4 * value)
    assert recursion(0.1, 0.4, x) == pytest.approx(expected, rel=1e-15)


def test_for_a_constant_input_it_settles_where_drift_equals_diffusion() -> None:
    assert recursion(0.02, 0.1, np.ones(400))[-1] == pytest.approx(0.2, rel=1e-9)
    assert np.ptp(recursion(0.02, 0.25, np.ones(400))[-20:]) > 0.01  # (beta x)^2 > 2 alpha: not stable


def test_repeated_patterns_answer_at_their_start_alone_or_alike_at_several_inputs() -> None:
    # DDK, Fig. 1d, e: the unambiguous pattern answers most at its start alone, the ambiguous one nearly alike at its
    # inputs 1, 4 and 6. The bits stand in the figure only; these are *assumed*. The answer of an input is the state
    # that it finds, and nearly alike is within 15 %.
    for bits, strongest in (([1, 1, 1, 1, 0, 0, 0, 0], {1}), ([1, 0, 0, 1, 0, 1, 0, 0], {1, 4, 6})):
        states = recursion(0.1, 0.3, np.tile(np.asarray(bits, float), 4))[-8:]
        answers = np.where(bits, states, 0.0)
        assert set((np.flatnonzero(answers > 0.85 * answers.max()) + 1).tolist()) == strongest


def test_the_derivatives_are_those_of_the_recursion() -> None:
    x, step = np.linspace(0.0, 1.0, 50), 1e-6
    found = sensitivities(0.03, 0.1, x)
    by_alpha = (recursion(0.03 + step, 0.1, x) - recursion(0.03 - step, 0.1, x)) / (2.0 * step)
    by_beta = (recursion(0.03, 0.1 + step, x) - recursion(0.03, 0.1 - step, x)) / (2.0 * step)
    assert found[:, 0] == pytest.approx(by_alpha, rel=1e-5, abs=1e-7)
    assert found[:, 1] == pytest.approx(by_beta, rel=1e-5, abs=1e-7)


def test_many_fits_at_once_are_those_of_scipy() -> None:
    rng = np.random.default_rng(1)
    _, _, traces = cells(25, seed=2)
    fits = fit_many(traces, np.ones(101))
    assert fits.converged.all()
    for place, trace in enumerate(traces):
        alpha, beta, residual = fit_one(trace, np.ones(101), rng, starts=8)
        assert residual >= fits.residual[place] * (1.0 - 1e-9)
        if residual < fits.residual[place] * (1.0 + 1e-6):
            assert (alpha, beta) == pytest.approx((fits.alpha[place], fits.beta[place]), abs=1e-6)
    for place in range(3):  # and from a start in the right valley always
        alone = fit_one(traces[place], np.ones(101), rng, starts=40)
        assert alone[:2] == pytest.approx((fits.alpha[place], fits.beta[place]), abs=1e-6)


def test_inputs_may_differ_from_trace_to_trace() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(0.0, 1.0, (40, 101))
    clean = np.array([recursion(0.02, 0.08, row) for row in x])
    fits = fit_many(clean, x)
    assert fits.alpha == pytest.approx(0.02, abs=1e-9)
    assert fits.beta == pytest.approx(0.08, abs=1e-9)
    assert fits.residual.max() < 1e-15


def test_bounds_are_kept_and_reached() -> None:
    rng = np.random.default_rng(4)
    rising = np.linspace(1.0, 1.4, 60) + 0.001 * rng.standard_normal(60)
    rising[0] = 1.0
    fits = fit_many(rising[None], np.ones(60))
    alpha, beta, residual = fit_one(rising, np.ones(60), rng, starts=10)
    assert fits.beta[0] == 0.0
    assert fits.residual[0] == pytest.approx(residual, rel=1e-9)
    assert (fits.alpha[0], fits.beta[0]) == pytest.approx((alpha, beta), abs=1e-6)


def test_traces_that_no_recursion_fits_still_end_within_the_bounds() -> None:
    rng = np.random.default_rng(5)
    fits = fit_many(rng.uniform(-1.0, 1.0, (64, 40)), np.ones(40))
    for found in (fits.alpha, fits.beta):
        assert np.all((found >= 0.0) & (found <= 1.0))
    assert np.isfinite(fits.residual).all()


def test_blind_recovery_covers_alpha_and_beta_at_the_stated_rate() -> None:
    alpha, beta, traces = cells(2000, seed=6)
    fits = fit_many(traces, np.ones(101))
    for level in (0.68, 0.95):
        half = intervals(traces, np.ones(101), fits, level)
        for truth, found, width in ((alpha, fits.alpha, half.alpha), (beta, fits.beta, half.beta)):
            covered = int(np.count_nonzero(np.abs(found - truth) <= width))
            # Within 4 standard errors of a binomial, and 1 % for residuals that are counted, not known.
            spread = 4.0 * np.sqrt(level * (1.0 - level) / 2000) + 0.01
            assert abs(covered / 2000 - level) < spread


def test_recovery_is_without_bias() -> None:
    alpha, beta, traces = cells(2000, seed=7)
    fits = fit_many(traces, np.ones(101))
    for truth, found in ((alpha, fits.alpha), (beta, fits.beta)):
        assert stats.ttest_1samp((found - truth) / truth, 0.0).pvalue > 1e-3


@pytest.mark.parametrize(
    ("states", "inputs", "says"),
    [
        (np.ones(10), np.ones(10), "are to be"),
        (np.ones((2, 4)), np.ones(4), "k above 4"),
        (np.ones((2, 10)), np.ones(9), "inputs are to be"),
        (np.full((2, 10), np.nan), np.ones(10), "finite"),
    ],
)
def test_wrong_shapes_and_numbers_are_refused(states: Floats, inputs: Floats, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        fit_many(states, inputs)
