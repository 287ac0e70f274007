"""The error-aware probabilistic update against its definition."""

import numpy as np
import pytest

from labctl.updates.rule import probabilistic, update_threshold

SEED = 5


def test_the_mean_of_what_is_made_is_what_is_wanted():
    wanted = np.array([-3.0, -1.0, -0.3, -0.01, 0.0, 0.02, 0.5, 0.999, 1.0, 4.0])
    draws = 200_000
    uniforms = np.random.default_rng(SEED).random((draws, len(wanted)))
    made = probabilistic(np.broadcast_to(wanted, uniforms.shape), 1.0, uniforms)
    share = np.minimum(np.abs(wanted), 1.0)
    # Five standard errors of a Bernoulli mean.
    assert np.all(np.abs(made.mean(axis=0) - wanted) <= 5.0 * np.sqrt(share * (1.0 - share) / draws) + 1e-12)


def test_a_change_is_made_as_it_is_or_as_large_as_the_threshold_or_not_at_all():
    wanted = np.random.default_rng(SEED).normal(0.0, 1.0, 10_000)
    made = probabilistic(wanted, 0.8, np.random.default_rng(SEED + 1).random(10_000))
    large = np.abs(wanted) >= 0.8
    assert np.array_equal(made[large], wanted[large])
    assert set(np.unique(np.abs(made[~large]))) == {0.0, 0.8}
    assert np.array_equal(np.sign(made[made != 0.0]), np.sign(wanted[made != 0.0]))


def test_nothing_is_made_of_no_change_even_at_the_uniform_number_of_zero():
    assert probabilistic(np.zeros(3), 1.0, np.zeros(3)).tolist() == [0.0, 0.0, 0.0]


def test_a_threshold_of_zero_makes_every_change():
    wanted = np.array([1e-9, -2.0, 0.0])
    assert np.array_equal(probabilistic(wanted, 0.0, np.full(3, 0.99)), wanted)


def test_the_threshold_is_the_papers():
    # EAPU: SD of 2 uS and R_wg of 1/80 per uS give 0.025.
    assert update_threshold(2e-6, 1.0 / 80e-6) == pytest.approx(0.025)


def test_a_negative_threshold_is_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        probabilistic(np.ones(1), -1.0, np.zeros(1))
