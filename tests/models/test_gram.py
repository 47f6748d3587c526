"""Gram matrices against the features they stand for."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from isomorph.geometry import GramSums, effective_dimensionality, spectrum, squared_distances
from isomorph.geometry.gram import TILE
from isomorph.models import fold as fold_module
from isomorph.models.fold import (
    LayerGram,
    UnusableLayerError,
    fold,
)


def features(seed: int, n: int, p: int, offset: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((n, p)) + offset * rng.standard_normal(p)).astype(np.float32)


def direct(x: np.ndarray) -> LayerGram:
    """The definition, all in double precision and at once."""
    x = x.astype(np.float64)
    mean = x.mean(axis=0)
    centred = x - mean
    return LayerGram(
        centred @ centred.T, centred @ mean, float(mean @ mean), x.mean(axis=1), x.shape[1]
    )


def assert_same(found: LayerGram, expected: LayerGram, tolerance: float) -> None:
    scale = np.abs(expected.gram).max()
    np.testing.assert_allclose(found.gram, expected.gram, rtol=0, atol=tolerance * scale)
    norms = np.sqrt(scale * expected.mean_norm)
    np.testing.assert_allclose(
        found.mean_projection, expected.mean_projection, rtol=0, atol=tolerance * norms
    )
    assert found.mean_norm == pytest.approx(expected.mean_norm, rel=tolerance)
    means = np.abs(expected.stimulus_mean).max()
    np.testing.assert_allclose(
        found.stimulus_mean, expected.stimulus_mean, rtol=0, atol=tolerance * means
    )
    assert found.n_features == expected.n_features


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000), st.integers(2, 9), st.integers(3, 60), st.integers(1, 70),
    st.sampled_from([0.0, 1.0, 100.0]),
)  # fmt: skip
def test_folding_in_blocks_is_the_definition(seed, n, p, width, offset):
    x = features(seed, n, p, offset)
    assert_same(fold(x, width=width), direct(x), 1e-12)


def test_many_features_lose_nothing():
    x = features(0, 6, 200_000, offset=30.0)
    assert_same(fold(x), direct(x), 1e-12)


def test_an_offset_would_ruin_a_gram_centred_afterwards():
    x = features(1, 8, 5000, offset=300.0)
    raw = (x @ x.T).astype(np.float64)
    centring = np.eye(8) - 1 / 8
    afterwards = centring @ raw @ centring
    truth = direct(x).gram
    error = np.abs(afterwards - truth).max() / truth.max()
    assert error > 1e-4
    assert np.abs(fold(x).gram - truth).max() / truth.max() < 1e-12


def test_the_raw_matrix_comes_back():
    x = features(2, 7, 300, offset=2.0)
    np.testing.assert_allclose(fold(x).raw, x.astype(np.float64) @ x.T, rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e20, 1e30])
def test_squares_neither_over_nor_underflow(scale):
    x = features(3, 6, 400) * np.float32(scale)
    assert_same(fold(x), direct(x), 1e-12)


def test_correlation_distance_needs_no_features():
    x = features(4, 20, 900, offset=1.5) + np.arange(20, dtype=np.float32)[:, None]
    g = fold(x)
    rows = g.raw - g.n_features * np.outer(g.stimulus_mean, g.stimulus_mean)
    norms = np.sqrt(np.diag(rows))
    found = 1 - rows / np.outer(norms, norms)
    expected = squareform(pdist(x.astype(np.float64), "correlation"))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_a_tensor_is_folded_as_an_array_is():
    x = features(5, 9, 500, offset=3.0)
    assert_same(fold(torch.from_numpy(x), width=64), fold(x, width=64), 1e-12)
    assert_same(fold(torch.from_numpy(x).double()), direct(x), 1e-12)


def test_nearly_equal_stimuli_keep_their_distance():
    x = features(11, 6, 3000, offset=10.0)
    x[1] = x[0] + features(12, 1, 3000)[0] * np.float32(1e-3)
    gram = fold(x).gram
    found = gram[0, 0] + gram[1, 1] - 2 * gram[0, 1]
    assert found == pytest.approx(np.sum((x[0].astype(np.float64) - x[1]) ** 2), rel=1e-6)


def test_integers_and_half_precision_are_folded_too():
    x = np.arange(40).reshape(5, 8) ** 2 % 17
    assert_same(fold(x), direct(x), 1e-12)
    assert_same(fold(torch.from_numpy(x).half()), direct(x), 1e-12)


def test_order_and_rotation_of_features_do_not_matter():
    x = features(6, 8, 30).astype(np.float64)
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 30)))[0]
    np.testing.assert_allclose(fold(x @ rotation).gram, fold(x).gram, atol=1e-12)


def test_order_of_stimuli_permutes_the_matrix():
    x = features(7, 9, 200)
    order = np.random.default_rng(1).permutation(9)
    np.testing.assert_allclose(
        fold(x[order]).gram, fold(x).gram[np.ix_(order, order)], rtol=0, atol=1e-10
    )


def test_spectrum_is_that_of_the_covariance():
    x = features(8, 12, 5)
    values = spectrum(fold(x).gram)
    expected = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1] * 12
    np.testing.assert_allclose(values[:5], expected, rtol=1e-5)
    np.testing.assert_allclose(values[5:], 0, atol=1e-10)
    assert (values >= 0).all()


def test_a_matrix_with_a_negative_eigenvalue_is_refused():
    with pytest.raises(ValueError, match="eigenvalues reach -1"):
        spectrum(np.diag([1.0, -1.0]))


@pytest.mark.parametrize("as_tensor", [False, True])
def test_more_stimuli_than_a_tile_fold_into_a_symmetric_matrix(as_tensor):
    x = features(2 * TILE + 7, 3, 50).astype(np.float32)
    gram = fold(torch.from_numpy(x) if as_tensor else x, width=20).gram
    centred = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
    np.testing.assert_array_equal(gram, gram.T)
    np.testing.assert_allclose(gram, centred @ centred.T, atol=1e-10 * gram.max())


@pytest.mark.parametrize("k", [1, 3, 7])
def test_effective_dimensionality_counts_equal_directions(k):
    simplex = np.eye(k + 1)
    assert effective_dimensionality(fold(simplex).gram) == pytest.approx(k)
    values = spectrum(fold(features(9, 10, 4)).gram)
    ratio = values.sum() ** 2 / (values**2).sum()
    assert effective_dimensionality(fold(features(9, 10, 4)).gram) == pytest.approx(ratio)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda x: np.where(np.arange(50) == 49, np.nan, x), "not finite"),
        (lambda x: np.where(np.arange(50) == 3, np.inf, x), "not finite"),
        (lambda x: x[:, :0], "no features"),
        (np.zeros_like, "does not tell the stimuli apart"),
        (lambda x: np.broadcast_to(x[0], x.shape), "does not tell the stimuli apart"),
        (lambda x: x[:1] + x * np.float32(1e-8), "does not tell the stimuli apart"),
    ],
)
@pytest.mark.parametrize("as_tensor", [False, True])
def test_a_layer_without_geometry_says_why(spoil, reason, as_tensor):
    x = np.ascontiguousarray(spoil(features(10, 4, 50))).astype(np.float32)
    with pytest.raises(UnusableLayerError, match=reason):
        fold(torch.from_numpy(x) if as_tensor else x, width=20)


# ---------------------------------------------------------------- single precision


@pytest.fixture
def single(monkeypatch):
    """Let few stimuli count as many, and tell which layers were folded twice."""
    precisions: list[bool] = []
    real = fold_module.GramSums

    def noted(n_stimuli: int, *, single: bool = False) -> GramSums:
        precisions.append(single)
        return real(n_stimuli, single=single)

    monkeypatch.setattr(fold_module, "SINGLE_FROM", 2)
    monkeypatch.setattr(fold_module, "GramSums", noted)
    return precisions


def distances(layer: LayerGram) -> np.ndarray:
    return squared_distances(layer.gram)[np.triu_indices(len(layer.gram), 1)]


def correlations(layer: LayerGram) -> np.ndarray:
    """Correlations of the features as they are, from what is kept of them."""
    covariance = layer.raw - layer.n_features * np.outer(layer.stimulus_mean, layer.stimulus_mean)
    norms = np.sqrt(np.diag(covariance))
    return (covariance / np.outer(norms, norms))[np.triu_indices(len(norms), 1)]


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_many_stimuli_are_folded_in_single_precision(offset, single):
    x = features(4, 40, 5000, offset)
    found = fold(x, width=512)
    assert single == [True]
    expected = direct(x)
    assert_same(found, expected, 1e-6)
    np.testing.assert_allclose(distances(found), distances(expected), rtol=1e-5)
    np.testing.assert_allclose(correlations(found), correlations(expected), atol=1e-5)


@pytest.mark.parametrize("apart", [1e-3, 1e-5, 0.0])
def test_near_duplicates_among_many_are_folded_in_double_precision(apart, single):
    x = features(5, 40, 2000).astype(np.float64)
    x[7] = x[3] + apart * x[8]
    x = x.astype(np.float32)
    found = fold(x)
    assert single == [True, False]
    expected = distances(direct(x))
    np.testing.assert_allclose(distances(found), expected, rtol=1e-7, atol=1e-9)


def test_stimuli_that_differ_in_their_means_most_are_folded_in_double_precision(single):
    rng = np.random.default_rng(6)
    x = (rng.standard_normal((40, 2000)) + 300 * rng.standard_normal((40, 1))).astype(np.float32)
    found = fold(x)
    assert single == [True, False]
    np.testing.assert_allclose(correlations(found), correlations(direct(x)), atol=1e-8)


def test_double_precision_and_few_stimuli_stay_double(single, monkeypatch):
    fold(features(7, 40, 300).astype(np.float64))
    monkeypatch.setattr(fold_module, "SINGLE_FROM", 41)
    fold(features(7, 40, 300))
    assert single == [False, False]
