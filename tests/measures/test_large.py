"""Comparison of many stimuli equals the comparison of RDMs, at a size where both can be had."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from isomorph.errors import IsomorphError
from isomorph.measures import MEASURES
from isomorph.measures.large import (
    Representation,
    moments_of_features,
    moments_of_tiles,
    rank_correlation,
    sampled_pearson,
    tiles,
)
from isomorph.measures.pairs import pair_indices

SCIPY = {"squared_euclidean": "sqeuclidean", "euclidean": "euclidean", "correlation": "correlation"}


def features(seed=0, n_stimuli=300, sizes=(20, 35)):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n_stimuli, 10))
    return [
        shared @ rng.standard_normal((10, size)) + 3 * rng.standard_normal((n_stimuli, size)) + 5
        for size in sizes
    ]


def rdms(given, distance):
    """RDMs by scipy, which adds up over features."""
    return [pdist(x, SCIPY[distance])[None] for x in given]


def represented(given, distance):
    return [Representation(x, distance) for x in given]


@pytest.mark.parametrize("distance", SCIPY)
@pytest.mark.parametrize("size", [64, 300, 77])
def test_tiles_hold_every_pair_once(distance, size):
    given = features(n_stimuli=150)
    found = np.full((150, 150), np.nan)
    for rows, columns, d, _ in tiles(*represented(given, distance), size):
        assert np.isnan(found[rows, columns][d != 0]).all()
        found[rows, columns] = np.where(d != 0, d, found[rows, columns])
    upper = found[pair_indices(150)]
    ours = upper / upper.mean()
    theirs = rdms(given, distance)[0][0]
    np.testing.assert_allclose(ours, theirs / theirs.mean(), rtol=1e-9)
    assert np.isnan(found[np.tril_indices(150)]).all()


@pytest.mark.parametrize("distance", SCIPY)
def test_moments_give_what_the_dense_measures_give(distance):
    given = features()
    first, second = rdms(given, distance)
    ways = [moments_of_tiles(*represented(given, distance), size=128)]
    if distance != "euclidean":
        ways.append(moments_of_features(*represented(given, distance)))
    for moments in ways:
        for name, ours in (
            ("pearson", moments.pearson()),
            ("cosine", moments.cosine()),
            ("cka", moments.debiased_cka()),
        ):
            dense = MEASURES[name].pair(first, second)
            assert ours == pytest.approx(dense, abs=1e-10), name


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 1000),
    n_stimuli=st.integers(5, 60),
    measure=st.sampled_from(["pearson", "cosine"]),
)
def test_the_jackknife_is_that_of_leaving_stimuli_out_one_by_one(seed, n_stimuli, measure):
    given = features(seed, n_stimuli)
    first, second = rdms(given, "squared_euclidean")
    counts = 1 - np.eye(n_stimuli, dtype=int)
    without = MEASURES[measure].resampled(first, second, counts)[:, 0, 0]
    error = np.sqrt((n_stimuli - 1) / n_stimuli * ((without - without.mean()) ** 2).sum())
    for moments in (
        moments_of_features(*represented(given, "squared_euclidean")),
        moments_of_tiles(*represented(given, "squared_euclidean"), size=16),
    ):
        estimate, ours = moments.jackknife(measure)
        assert estimate == pytest.approx(MEASURES[measure].pair(first, second), abs=1e-10)
        assert ours == pytest.approx(error, rel=1e-8)


@pytest.mark.parametrize("distance", SCIPY)
def test_binned_ranks_give_the_rank_correlations(distance):
    given = features()
    first, second = rdms(given, distance)
    for name, ties_cost in (("spearman", False), ("rho_a", True)):
        ours = rank_correlation(*represented(given, distance), ties_cost=ties_cost, size=128)
        assert ours == pytest.approx(MEASURES[name].pair(first, second), abs=1e-6)


def test_ties_are_ties_in_bins():
    rng = np.random.default_rng(1)
    kinds = np.eye(4)[rng.integers(4, size=90)]
    other = rng.standard_normal((90, 6))
    first, second = rdms([kinds, other], "squared_euclidean")
    for name, ties_cost in (("spearman", False), ("rho_a", True)):
        ours = rank_correlation(Representation(kinds), Representation(other), ties_cost, size=40)
        assert ours == pytest.approx(MEASURES[name].pair(first, second), abs=1e-5)
    constant = Representation(np.zeros((90, 3)))
    assert np.isnan(rank_correlation(constant, Representation(other)))


def test_float32_features_keep_six_digits():
    given = features()
    exact = moments_of_features(*represented(given, "squared_euclidean")).pearson()
    small = [x.astype(np.float32) for x in given]
    for way in (moments_of_features, moments_of_tiles):
        moments = way(*represented(small, "squared_euclidean"))
        assert moments.pearson() == pytest.approx(exact, abs=1e-6)


def test_sampled_pairs_err_as_much_as_they_say():
    given = represented(features(), "squared_euclidean")
    exact = moments_of_features(*given).pearson()
    found = [sampled_pearson(*given, n_pairs=4000, seed=seed) for seed in range(120)]
    off = np.array([(one.estimate - exact) / one.standard_error for one in found])
    assert abs(off.mean()) < 0.35
    assert 0.8 < off.std() < 1.2
    assert sampled_pearson(*given, n_pairs=4000, seed=7) == found[7]


def test_what_cannot_be_is_said():
    given = features()
    with pytest.raises(IsomorphError, match="euclidean distances have no sums without their pairs"):
        moments_of_features(*represented(given, "euclidean"))
    with pytest.raises(IsomorphError, match="300 stimuli cannot be compared with 20"):
        moments_of_tiles(Representation(given[0]), Representation(given[0][:20]))
    with pytest.raises(IsomorphError, match="3 pairs are too few"):
        sampled_pearson(*represented(given, "correlation"), n_pairs=3)
    with pytest.raises(IsomorphError, match='no jackknife without the pairs for "spearman"'):
        moments_of_features(*represented(given, "correlation")).jackknife("spearman")
    flat = np.full((5, 7), 0.1)  # whose mean is so but for rounding
    with pytest.raises(IsomorphError, match="5 of 5 stimuli have the same value"):
        Representation(flat, "correlation")
    with pytest.raises(IsomorphError, match="unknown distance between many stimuli"):
        Representation(flat, "cosin")
