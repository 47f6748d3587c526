"""Covariances against their definitions, however they are estimated and whitened."""

import numpy as np
import pytest

from isomorph.geometry import GramSums, geometry_of_features, squared_distances
from isomorph.geometry.covariance import SHRINKAGE, Moments, to_identity


def residuals(n_rows=30, n_units=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n_rows, n_units)) @ rng.standard_normal((n_units, n_units))


@pytest.mark.parametrize("shrinkage", SHRINKAGE)
@pytest.mark.parametrize("n_units", [8, 50])
def test_any_root_of_the_precision_gives_its_inner_products(shrinkage, n_units):
    covariance = SHRINKAGE[shrinkage](residuals(n_units=n_units), 25)
    if shrinkage == "none" and n_units > 30:
        assert covariance.is_singular(25, 1e-12)
        return
    assert not covariance.is_singular(25, 1e-12)
    patterns = np.random.default_rng(1).standard_normal((5, n_units))
    white, turned = covariance.whiten(patterns), covariance.whiten_anyhow(patterns)
    expected = patterns @ np.linalg.inv(covariance.matrix()) @ patterns.T
    np.testing.assert_allclose(white @ white.T, expected, rtol=1e-8)
    np.testing.assert_allclose(turned @ turned.T, expected, rtol=1e-8)


@pytest.mark.parametrize("n_rows", [5, 8, 300])
def test_samples_seen_once_are_shrunk_as_those_at_hand(n_rows):
    rows = residuals(n_rows)
    moments = Moments(8)
    for part in np.array_split(rows, 3):
        moments.add(part)
    np.testing.assert_allclose(moments.shrunk(), to_identity(rows, n_rows).matrix(), rtol=1e-9)


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("lowered", [False, True])
def test_sums_over_blocks_are_those_of_all_features(single, lowered):
    features = np.random.default_rng(0).standard_normal((6, 40)) + 30
    sums = GramSums(6, single=single, lowered=lowered)
    for start in range(0, 40, 7):
        sums.add(features[:, start : start + 7])
    found, left = sums.result(), features - sums.offset
    assert (sums.offset != 0) == lowered
    assert found.n_features == 40
    np.testing.assert_allclose(found.raw, left @ left.T, rtol=1e-5 if single else 1e-10)
    np.testing.assert_allclose(found.stimulus_mean, left.mean(axis=1), rtol=1e-10, atol=1e-13)
    distances = squared_distances(geometry_of_features(features).gram)
    np.testing.assert_allclose(
        distances, ((features[:, None] - features) ** 2).sum(axis=2), atol=1e-10
    )
