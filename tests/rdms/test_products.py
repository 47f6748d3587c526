"""Gram matrices in blocks and in single precision: the same numbers as plainly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isomorph.geometry import UndefinedDistanceError, fold_gram, geometry_of_features, gram, joined
from isomorph.geometry import features as features_at_hand
from isomorph.rdms import DISTANCES

NAMES = ("correlation", "cosine", "euclidean", "squared_euclidean")


def plain(features, name):
    """The distances of features, from every difference."""
    x = features.astype(float)
    a, b = np.triu_indices(len(x), 1)
    if name.endswith("euclidean"):
        squared = np.square(x[a] - x[b]).mean(axis=1)
        return squared if name.startswith("squared") else np.sqrt(squared)
    x = x - x.mean(axis=1, keepdims=True) if name == "correlation" else x
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return np.square(x[a] - x[b]).sum(axis=1) / 2


@pytest.mark.parametrize("offset", [0.0, 3.0, 100.0, 1e5], ids="{:g}".format)
@pytest.mark.parametrize("name", NAMES)
def test_any_width_of_blocks_gives_the_distances(monkeypatch, name, offset):
    monkeypatch.setattr(gram, "MINIMUM_WIDTH", 7)
    monkeypatch.setattr(gram, "BLOCK_BYTES", {"cpu": 8})
    features = np.random.default_rng(0).standard_normal((12, 100)) + offset
    features += offset * np.linspace(-0.5, 1, 100)
    features -= 0 if name == "cosine" else features.mean(axis=1, keepdims=True) / 2
    found = DISTANCES[name].compute(geometry_of_features(features))
    expected = plain(features, name)
    np.testing.assert_allclose(
        found, expected, rtol=1e-9, atol=2e-11 * max(expected.max(), offset > 99)
    )


@given(seed=st.integers(0, 1000), split=st.integers(1, 29), offset=st.floats(-100, 100))
@settings(max_examples=25, deadline=None)
def test_populations_side_by_side_are_one(seed, split, offset):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((8, 30)) + offset * rng.standard_normal(30)
    parts = [geometry_of_features(features[:, :split]), geometry_of_features(features[:, split:])]
    for name in NAMES:
        np.testing.assert_allclose(
            DISTANCES[name].compute(joined(parts)), plain(features, name), rtol=1e-8, atol=1e-10
        )


@pytest.mark.parametrize("offset", [0.0, 100.0])
@pytest.mark.parametrize("name", ["correlation", "squared_euclidean"])
def test_single_precision_keeps_six_digits_and_near_pairs_all(name, offset):
    """Copies a thousandth away, by distance and by correlation, are told as exactly as others."""
    rng = np.random.default_rng(1)
    features = rng.standard_normal((60, 20_000))
    features[1] = features[0] + 1e-3 * rng.standard_normal(20_000)
    features[3] = features[2] + 1e-5 * rng.standard_normal(20_000)
    features[5] = features[4]
    features[7] = 3 * features[6] + 1e-4 * rng.standard_normal(20_000)
    features += offset * rng.standard_normal(20_000) if name != "correlation" else offset
    expected = plain(features, name)
    found = DISTANCES[name].compute(geometry_of_features(features, single=True))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12 * expected.max())
    if offset:  # a pattern all stimuli share makes all pairs near, and everything double
        return
    rough = DISTANCES[name].formula(geometry_of_features(features, single=True))
    assert not np.array_equal(rough, DISTANCES[name].formula(geometry_of_features(features)))


def test_where_everything_is_near_everything_is_double():
    rng = np.random.default_rng(2)
    features = np.repeat(rng.standard_normal((2, 500)), 20, axis=0)
    features += 1e-4 * rng.standard_normal(features.shape)
    found = DISTANCES["squared_euclidean"].compute(geometry_of_features(features, single=True))
    np.testing.assert_allclose(found, plain(features, "squared_euclidean"), atol=1e-11)


def test_large_products_are_taken_in_single_precision(monkeypatch):
    features = np.random.default_rng(3).standard_normal((30, 200))
    double = geometry_of_features(features).gram
    monkeypatch.setattr(features_at_hand, "LARGE", 30 * 30 * 200)
    single = geometry_of_features(features).gram
    assert not np.array_equal(single, double)
    np.testing.assert_allclose(single, double, atol=1e-6 * np.diag(double).max())


@pytest.mark.parametrize("n_folds", [2, 3, 8, 9])
def test_products_of_different_folds_are_a_plain_loop(n_folds):
    folds = np.random.default_rng(4).standard_normal((n_folds, 5, 6))
    couples = [(r, s) for r in range(n_folds) for s in range(n_folds) if r != s]
    expected = np.mean([folds[r] @ folds[s].T for r, s in couples], axis=0)
    found = fold_gram(folds, np.ones((n_folds, 5), dtype=bool))
    np.testing.assert_allclose(found, expected, atol=1e-13)


def test_a_stimulus_of_nothing_has_no_cosine():
    features = np.random.default_rng(5).standard_normal((5, 40)) + 50
    features[2] = 0
    with pytest.raises(UndefinedDistanceError, match="1 of 5 stimuli are 0 in every feature"):
        DISTANCES["cosine"].compute(geometry_of_features(features))


def test_every_distance_declares_what_it_is():
    for distance in DISTANCES.values():
        low, high = distance.range
        assert low < high
        assert distance.citation
        assert distance.units
        assert distance.needs <= {"gram", "folds", "noise"}
        plainer = DISTANCES[distance.noise_free or distance.name]
        assert plainer.needs == {"gram"}, "a model has nothing but a Gram matrix"
        assert distance.repetitions == (distance.needs != {"gram"})
