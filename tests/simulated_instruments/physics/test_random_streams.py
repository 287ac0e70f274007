"""The random streams: their distribution, their independence and their reproducibility."""

import numpy as np
import pytest
from scipy import stats

from simulated_instruments.physics.random_streams import advance_uniforms, fill_normals, seed_streams

STREAMS, DRAWS = 1000, 1000
SEED = 20


@pytest.fixture(scope="module")
def deviates():
    states, strides = seed_streams(STREAMS, SEED)
    values = np.empty((STREAMS, DRAWS))
    fill_normals(states, strides, values)
    return values


def test_normal_deviates_have_the_moments_of_a_normal_distribution(deviates):
    # Five standard errors of each moment's estimate from n independent deviates.
    n = deviates.size
    assert abs(deviates.mean()) < 5 / np.sqrt(n)
    assert abs(deviates.var() - 1.0) < 5 * np.sqrt(2 / n)
    assert abs(stats.skew(deviates.ravel())) < 5 * np.sqrt(6 / n)
    assert abs(stats.kurtosis(deviates.ravel())) < 5 * np.sqrt(24 / n)


def test_normal_deviates_pass_a_kolmogorov_smirnov_test(deviates):
    assert stats.kstest(deviates.ravel(), "norm").pvalue > 1e-3


@pytest.mark.parametrize("beyond", [2.0, 3.0, 3.6541528853610088, 4.0])
def test_the_tail_beyond_the_last_layer_has_its_share(deviates, beyond):
    expected = 2 * stats.norm.sf(beyond) * deviates.size
    assert abs(np.count_nonzero(np.abs(deviates) > beyond) - expected) < 5 * np.sqrt(expected)


def test_neighbouring_streams_and_successive_draws_are_uncorrelated(deviates):
    across = np.mean(deviates[:-1] * deviates[1:])
    along = np.mean(deviates[:, :-1] * deviates[:, 1:])
    assert abs(across) < 5 / np.sqrt(deviates.size)
    assert abs(along) < 5 / np.sqrt(deviates.size)


def test_a_stream_depends_on_seed_and_index_but_not_on_the_count(deviates):
    states, strides = seed_streams(3, SEED)
    values = np.empty((3, DRAWS))
    fill_normals(states, strides, values)
    assert np.array_equal(values, deviates[:3])
    other_states, _ = seed_streams(3, SEED + 1)
    assert not np.any(other_states == seed_streams(3, SEED)[0])


def test_draws_may_be_taken_in_any_portions(deviates):
    states, strides = seed_streams(STREAMS, SEED)
    parts = [np.empty((STREAMS, size)) for size in (1, 600, 399)]
    for part in parts:
        fill_normals(states, strides, part)
    assert np.array_equal(np.hstack(parts), deviates)


def test_strides_are_odd_so_that_a_stream_visits_every_state():
    _, strides = seed_streams(10_000, SEED)
    assert np.all(strides % 2 == 1)
    assert np.unique(strides).size == strides.size


def test_uniforms_are_uniform_and_move_on():
    states, strides = seed_streams(100_000, SEED)
    first = advance_uniforms(states, strides)
    second = advance_uniforms(states, strides)
    assert stats.kstest(first, "uniform").pvalue > 1e-3
    assert first.min() >= 0.0
    assert first.max() < 1.0
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / np.sqrt(first.size)


@pytest.mark.parametrize(("count", "seed", "message"), [(-1, 0, "negative"), (1, -1, "seed"), (1, 2**64, "seed")])
def test_a_count_or_seed_out_of_range_is_refused(count, seed, message):
    with pytest.raises(ValueError, match=message):
        seed_streams(count, seed)
