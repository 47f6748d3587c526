"""Shuffled responses are correlated with predictions as each order by itself would be."""

import numpy as np
import pytest

from isomorph.prediction import (
    Components,
    Ridge,
    ShuffledLayer,
    ShuffledUnits,
    correlations,
    folds_of,
    held_out,
    moments,
    pooled,
    root_of,
    spectra,
    summed,
)
from isomorph.prediction import shuffles as module

N, UNITS, ORDERS = 40, 9, 7


def made(kind, rng):
    features = {
        "wide": rng.standard_normal((N, 100)),
        "narrow": rng.standard_normal((N, 5)),
        "two categories": np.eye(2)[np.arange(N) % 2],
        "nothing": np.ones((N, 3)),
    }[kind]
    features = features - features.mean(axis=0)
    return features @ features.T


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def folds(rng):
    return folds_of(rng.permutation(N) % 4)


@pytest.fixture(params=[2**18, 1])
def block(request, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", request.param)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("kind", ["wide", "narrow", "two categories", "nothing"])
def test_units_in_shuffled_orders_score_as_one_order_at_a_time(kind, rng, folds):
    responses = rng.poisson(4.0, (N, UNITS)).astype(float)
    responses[:, 0] = 2.0  # says the same of every stimulus
    responses[:, 1] = np.arange(N) == 3  # says the same of most training stimuli
    kept = np.ones((len(folds), UNITS), dtype=bool)
    kept[1, 4] = kept[:, 5] = False
    orders = np.array([rng.permutation(N) for _ in range(ORDERS)])
    layer, by = spectra(made(kind, rng), folds), Ridge()
    found = ShuffledUnits.of(responses, kept, orders, folds).correlations(layer, by)
    expected = [
        correlations(moments(held_out(layer, responses[order], by).masked(kept)))[0]
        for order in orders
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert np.isnan(found[:, [0, 5]]).all()
    assert np.isfinite(found[:, 2:5]).all() != (kind == "nothing")


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("kind", ["wide", "narrow", "two categories"])
def test_layers_in_shuffled_orders_score_as_one_order_at_a_time(kind, rng, folds):
    orders = np.array([rng.permutation(N) for _ in range(ORDERS)])
    regions = [spectra(made(own, rng), folds) for own in ("wide", "narrow", "nothing")]
    root, by = root_of(made(kind, rng)), Ridge()
    found = ShuffledLayer.of(root, orders).r(regions, by)
    one = np.zeros(root.shape[1], dtype=np.intp)
    expected = [
        [pooled(held_out(region, root[order], by, one)).r()[0] for order in orders]
        for region in regions
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert np.isfinite(found[:2]).all()
    assert np.isnan(found[2]).all()


def test_a_response_without_any_relation_to_two_categories_has_no_correlation():
    # Each category has the responses 0 to 4 four times among the training stimuli of every part,
    # so that what is predicted of both is their mean, but for rounding.
    categories, values = np.arange(50) % 2, np.arange(50) // 2 % 5
    folds = folds_of(np.arange(50) // 10)
    features = categories[:, None] - 0.5
    held = held_out(spectra(features @ features.T, folds), values[:, None] / 3.0, Ridge())
    assert np.isnan(correlations(moments(held))).all()


def test_sums_are_enough_for_ridge_without_groups_alone(folds):
    grouped = folds_of(np.arange(N) % 4, np.arange(N) // 2)
    assert summed(Ridge(), folds)
    assert not summed(Ridge(), grouped)
    assert not summed(Ridge(inner="loo"), folds)
    assert not summed(Components(3), folds)
