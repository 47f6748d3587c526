"""Shape measures against features rotated literally, and what metrics owe to geometry."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rsatoolbox.rdm import RDMs, compare
from scipy.linalg import orthogonal_procrustes, subspace_angles

from isomorph.measures import MEASURES, Stack
from isomorph.measures.aligned import nuclear_norms
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.pairs import pair_indices
from isomorph.measures.shape import ShapeForm

SIZES = [(20, 7, 4), (20, 50, 30), (20, 60, 5)]


def stack_of(*features):
    i, j = pair_indices(len(features[0]))
    return Stack(np.stack([((x[i] - x[j]) ** 2).mean(axis=1) for x in features]))


def related(seed, n, p, q, noise=0.7):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 4))
    return [
        shared @ rng.standard_normal((4, size)) + noise * rng.standard_normal((n, size)) + 2
        for size in (p, q)
    ]


def scaled(x, weights=None):
    """Centred features of norm 1, under weights of the stimuli."""
    weights = np.full(len(x), 1 / len(x)) if weights is None else weights
    centred = np.sqrt(weights)[:, None] * (x - weights @ x)
    return centred / np.linalg.norm(centred)


def whitened(x, alpha, weights=None):
    x = scaled(x, weights)
    values, vectors = np.linalg.eigh(x.T @ x)
    kept = values > 1e-9
    values, vectors = values[kept], vectors[:, kept]
    x = x @ vectors @ np.diag(alpha + (1 - alpha) * values**-0.5) @ vectors.T
    return x / np.linalg.norm(x)


def cosine(x, y):
    return np.linalg.svd(x.T @ y, compute_uv=False).sum()


@pytest.mark.parametrize(("n", "p", "q"), SIZES)
def test_procrustes_is_what_is_left_after_the_best_rotation_of_features(n, p, q):
    x, y = related(0, n, p, q)
    unit = [np.pad(scaled(one), ((0, 0), (0, max(p, q) - one.shape[1]))) for one in (x, y)]
    rotation, _ = orthogonal_procrustes(*unit)
    distance = np.linalg.norm(unit[0] @ rotation - unit[1])
    first, second = stack_of(x), stack_of(y)
    value = MEASURES["procrustes"].pair(first, second)
    np.testing.assert_allclose(value, 1 - distance**2 / 2, atol=1e-12)
    angle = MEASURES["procrustes_angular"].pair(first, second)
    np.testing.assert_allclose(angle, 1 - 2 / np.pi * np.arccos(value), atol=1e-12)


@pytest.mark.parametrize(("n", "p", "q"), SIZES)
def test_three_names_of_one_number_and_rsatoolbox_has_it_too(n, p, q):
    features = related(1, n, p, q)
    first, second = map(stack_of, features)
    theirs = compare(RDMs(first.rdms), RDMs(second.rdms), method="bures")[0, 0]
    for name in ("procrustes", "bures", "nbs"):
        np.testing.assert_allclose(MEASURES[name].pair(first, second), theirs, atol=1e-7)


def test_partial_whitening_is_that_of_features():
    x, y = related(2, 30, 6, 8)
    first, second = stack_of(x), stack_of(y)
    for alpha in (0.2, 0.5, 0.9):
        name = "shape_alpha" if alpha == 0.5 else f"shape_alpha({alpha})"
        expected = 1 - 2 / np.pi * np.arccos(cosine(whitened(x, alpha), whitened(y, alpha)))
        np.testing.assert_allclose(MEASURES[name].pair(first, second), expected, atol=1e-10)


def test_the_ends_of_partial_whitening_are_procrustes_and_canonical_correlation():
    x, y = related(3, 30, 6, 8)
    first, second = stack_of(x), stack_of(y)
    np.testing.assert_allclose(
        MEASURES["shape_alpha(1)"].pair(first, second),
        MEASURES["procrustes_angular"].pair(first, second),
        atol=1e-12,
    )
    canonical = np.cos(subspace_angles(x - x.mean(axis=0), y - y.mean(axis=0)))
    white = ShapeForm(alpha=0.0, angular=False).compare(first, second)[0, 0]
    np.testing.assert_allclose(white, canonical.sum() / np.sqrt(6 * 8), atol=1e-10)
    near = ShapeForm(alpha=1e-6).compare(first, second)[0, 0]
    np.testing.assert_allclose(near, 1 - 2 / np.pi * np.arccos(white), atol=1e-5)


@pytest.mark.parametrize("name", ["procrustes_angular", "shape_alpha", "shape_alpha(0.1)"])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**16), sizes=st.tuples(*[st.integers(1, 25)] * 3))
def test_angles_obey_the_triangle_inequality(name, seed, sizes):
    rng = np.random.default_rng(seed)
    # One between the two others, where the inequality is nearest to failing.
    shared = rng.standard_normal((12, max(sizes)))
    features = [
        (shared + t * rng.standard_normal(shared.shape))[:, :size]
        for t, size in zip((0.5, 0, 0.5), sizes, strict=True)
    ]
    every = stack_of(*features)
    angle = 1 - MEASURES[name].compare(every, every)
    assert angle[0, 2] <= angle[0, 1] + angle[1, 2] + 1e-6


def numerical_influence(of_weights, n, step=1e-5):
    """Derivatives toward each stimulus of a function of weights that sum to 1."""
    even = np.full(n, 1 / n)
    return np.array(
        [
            (of_weights(even + step * (one - even)) - of_weights(even - step * (one - even)))
            / (2 * step)
            for one in np.eye(n)
        ]
    )


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("angular", [False, True])
def test_influences_are_the_derivatives_by_the_weights_of_stimuli(alpha, angular):
    x, y = related(4, 25, 6, 9)

    def of_weights(weights):
        value = cosine(whitened(x, alpha, weights), whitened(y, alpha, weights))
        return 1 - 2 / np.pi * np.arccos(value) if angular else value

    form = ShapeForm(alpha, angular)
    found = form.influence(stack_of(x), stack_of(y))[0, 0]
    np.testing.assert_allclose(found, numerical_influence(of_weights, 25), atol=1e-5)


@pytest.mark.parametrize("name", ["procrustes", "procrustes_angular"])
@pytest.mark.parametrize(("n", "p", "q"), [(60, 8, 6), (30, 100, 8), (30, 200, 300)])
def test_influences_agree_with_deletions(name, n, p, q):
    first, second = map(stack_of, related(5, n, p, q))
    form = MEASURES[name].form
    found = form.influence(first, second)[0, 0]
    deleted = Jackknifed.influence(form, first, second)[0, 0]
    assert abs(found.mean()) < 1e-10
    assert np.corrcoef(found, deleted)[0, 1] > 0.93
    np.testing.assert_allclose(found.std(), deleted.std(), rtol=0.15)


@pytest.mark.parametrize("name", ["procrustes", "procrustes_angular", "shape_alpha"])
@pytest.mark.parametrize(("p", "q"), [(8, 6), (200, 300)])
def test_influences_tell_how_values_vary_between_sets_of_stimuli(name, p, q):
    """With whitening they do so better than deletions, which overstate it up to twice."""
    rng = np.random.default_rng(6)
    maps = [rng.standard_normal((4, size)) for size in (p, q)]
    values, errors = [], []
    for k in range(120):
        shared = rng.standard_normal((40, 4))
        x, y = (stack_of(shared @ one + 0.7 * rng.standard_normal((40, one.shape[1])))
                for one in maps)  # fmt: skip
        values.append(MEASURES[name].pair(x, y))
        if k < 30:
            influence = MEASURES[name].form.influence(x, y)[0, 0]
            errors.append(influence.std() / np.sqrt(40))
    np.testing.assert_allclose(np.mean(errors), np.std(values), rtol=0.25)


def test_an_angle_of_nothing_does_not_vary():
    first = stack_of(*related(7, 12, 5, 5))
    angular = MEASURES["procrustes_angular"].form
    own = np.diagonal(angular.influence(first, first)).T
    np.testing.assert_allclose(own, 0, atol=1e-6)


def test_representations_of_many_ranks_are_compared_as_each_alone():
    rng = np.random.default_rng(8)
    features = [rng.standard_normal((15, p)) for p in (1, 3, 40)]
    stack = stack_of(*features, np.ones((15, 2)))
    for name in ("procrustes", "shape_alpha"):
        form = MEASURES[name].form
        value, influence = form.compare(stack, stack), form.influence(stack, stack)
        assert np.isnan(value[3]).all()
        assert np.isnan(influence[3]).all()
        for a, x in enumerate(features):
            for b, y in enumerate(features):
                pair = stack_of(x), stack_of(y)
                np.testing.assert_allclose(value[a, b], form.compare(*pair)[0, 0], atol=1e-10)
                np.testing.assert_allclose(influence[a, b], form.influence(*pair)[0, 0], atol=1e-5)


@pytest.mark.parametrize("q", [2, 9, 12, 13, 20, 40])
def test_nuclear_norms_are_sums_of_singular_values_whatever_the_shape(q):
    rng = np.random.default_rng(q)
    one = rng.standard_normal((25, 13))
    others = rng.standard_normal((4, 25, q))
    others[1, :, 1:] *= 1e-7  # singular values that a Gram matrix would lose
    others[2, :, 1:] = others[2, :, :1]
    others[3] = 0
    expected = [np.linalg.svd(one.T @ other, compute_uv=False).sum() for other in others]
    np.testing.assert_allclose(nuclear_norms(one, others), expected, rtol=1e-11)


def test_a_representation_without_an_axis_has_no_nuclear_norm():
    assert nuclear_norms(np.ones((5, 2)), np.ones((3, 5, 0))).tolist() == [0, 0, 0]
