"""Canonical correlations against scikit-learn, against their definitions, and against chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cross_decomposition import CCA

from isomorph.measures import MEASURES, Stack
from isomorph.measures.canonical import CanonicalForm
from isomorph.measures.crossed_canonical import CrossedForm, folds
from isomorph.measures.pairs import pair_indices
from isomorph.measures.principal import different


def stack_of(*features):
    i, j = pair_indices(len(features[0]))
    rdms = np.stack([((x[i] - x[j]) ** 2).mean(axis=1) for x in features])
    return Stack(rdms, None, {"features": features})


def related(seed, n, p, q, noise=0.7):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 3))
    return [
        shared @ rng.standard_normal((3, size)) + noise * rng.standard_normal((n, size)) + 2
        for size in (p, q)
    ]


def basis(x, weights=None):
    weights = np.full(len(x), 1 / len(x)) if weights is None else weights
    centred = np.sqrt(weights)[:, None] * (x - weights @ x)
    left, spreads, _ = np.linalg.svd(centred, full_matrices=False)
    return left[:, spreads > 1e-9 * spreads[0]]


def correlations(x, y):
    return np.linalg.svd(basis(x).T @ basis(y), compute_uv=False)


def test_mean_canonical_correlation_is_that_of_scikit_learn():
    x, y = related(0, 40, 5, 4)
    theirs = CCA(n_components=4, max_iter=50_000, tol=1e-12, scale=False).fit(x, y)
    first, second = theirs.transform(x, y)
    expected = np.mean([np.corrcoef(first[:, k], second[:, k])[0, 1] for k in range(4)])
    value = MEASURES["cca"].pair(stack_of(x), stack_of(y))
    np.testing.assert_allclose(value, expected, atol=1e-6)
    np.testing.assert_allclose(value, correlations(x, y).mean(), atol=1e-12)


@pytest.mark.parametrize(("p", "q"), [(5, 6), (12, 13), (17, 5), (17, 18), (4, 14), (18, 3)])
def test_canonical_correlations_are_the_same_from_either_side_of_the_spans(p, q):
    # Of 20 stimuli; more than 19 dimensions together have some in common.
    x, y = related(p, 20, p, q)
    order = np.random.default_rng(0).permutation(20)
    first, second = stack_of(x), stack_of(y)
    value = MEASURES["cca"].compare(first, second)
    np.testing.assert_allclose(value, correlations(x, y).mean(), atol=1e-12)
    value = MEASURES["cca"].compare(first.chosen(order), second)
    np.testing.assert_allclose(value, correlations(x[order], y).mean(), atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16), p=st.integers(1, 8), q=st.integers(1, 8))
def test_canonical_correlation_does_not_see_invertible_maps(seed, p, q):
    rng = np.random.default_rng(seed)
    x, y = related(seed, 20, p, q)
    other = x @ (np.eye(p) + 0.3 * rng.standard_normal((p, p))), y @ np.diag(np.arange(1, q + 1))
    before = MEASURES["cca"].pair(stack_of(x), stack_of(y))
    after = MEASURES["cca"].pair(*map(stack_of, other))
    np.testing.assert_allclose(after, before, atol=1e-7)


def test_svcca_is_canonical_correlation_of_the_axes_with_most_of_the_variance():
    x, y = related(1, 60, 10, 50, noise=0.1)
    kept = []
    for one in (x, y):
        left, spreads, _ = np.linalg.svd(one - one.mean(axis=0), full_matrices=False)
        share = np.cumsum(spreads**2) / (spreads**2).sum()
        kept.append({v: left[:, : int((share < v).sum()) + 1] for v in (0.9, 0.99)})
    for name, variance in (("svcca", 0.99), ("svcca(0.9)", 0.9)):
        first, second = (one[variance] for one in kept)
        expected = np.linalg.svd(first.T @ second, compute_uv=False).mean()
        value = MEASURES[name].pair(stack_of(x), stack_of(y))
        np.testing.assert_allclose(value, expected, atol=1e-10)
    np.testing.assert_allclose(
        MEASURES["svcca(1)"].pair(stack_of(x), stack_of(y)),
        MEASURES["cca"].pair(stack_of(x), stack_of(y)),
    )


def test_pwcca_weighs_variates_by_their_projections_on_the_features():
    x, y = related(2, 40, 5, 7)
    left, correlation, _ = np.linalg.svd(basis(x).T @ basis(y), full_matrices=False)
    weights = np.zeros(len(correlation))
    for k, variate in enumerate((basis(x) @ left).T):
        for feature in (x - x.mean(axis=0)).T:
            weights[k] += abs(variate @ feature)
    expected = (weights * correlation).sum() / weights.sum()
    np.testing.assert_allclose(MEASURES["pwcca"].pair(stack_of(x), stack_of(y)), expected)


def test_pwcca_sees_past_noise_dimensions_of_little_variance():
    """What it was made for: a mean gives directions of noise the weight of the rest."""
    rng = np.random.default_rng(3)
    x, y = related(3, 80, 6, 6, noise=0.05)
    noisy = [np.hstack([one, 0.05 * rng.standard_normal((80, 10))]) for one in (x, y)]
    first, second = map(stack_of, noisy)
    assert MEASURES["pwcca"].pair(first, second) > MEASURES["cca"].pair(first, second) + 0.2


@pytest.mark.parametrize("name", ["cca", "svcca(1)", "pwcca"])
def test_as_many_dimensions_as_stimuli_allow_agree_with_anything_and_have_no_value(name):
    x, y = related(4, 12, 40, 3)
    full, few = stack_of(x), stack_of(y)
    measure = MEASURES[name]
    assert np.isnan(measure.pair(full, few))
    assert np.isnan(measure.pair(few, full))
    assert np.isfinite(measure.pair(few, few))
    np.testing.assert_allclose(correlations(x, y), 1)
    counts = np.random.default_rng(4).multinomial(12, np.full(12, 1 / 12), size=3)
    assert np.isnan(measure.resampled(full, few, counts)).all()


@pytest.mark.parametrize("name", ["cca", "svcca(1)", "pwcca"])
def test_copies_of_stimuli_allow_no_more_dimensions(name):
    x, y = related(4, 6, 40, 3)
    twice = np.repeat(np.arange(6), 2)
    full, few = stack_of(x[twice]), stack_of(y[twice])
    noisy = stack_of(y[twice] + 0.1 * np.random.default_rng(1).standard_normal((12, 3)))
    measure = MEASURES[name]
    for first, second in ((full, full), (full, few), (full, noisy), (noisy, full)):
        assert np.isnan(measure.pair(first, second))
    assert np.isfinite(measure.pair(few, noisy))
    assert different(x[twice]) == 6
    np.testing.assert_array_equal(different(np.stack([x[twice][:, :3], x[:, :3].repeat(2, 0)])), 6)


def test_squared_canonical_correlations_of_nothing_sum_to_what_is_said():
    rng = np.random.default_rng(5)
    n, p, q = 30, 6, 9
    found = [
        (correlations(rng.standard_normal((n, p)), rng.standard_normal((n, q))) ** 2).sum()
        for _ in range(200)
    ]
    np.testing.assert_allclose(np.mean(found), p * q / (n - 1), rtol=0.05)


def test_influences_are_the_derivatives_by_the_weights_of_stimuli():
    x, y = related(6, 25, 4, 7)

    def of_weights(weights):
        cross = basis(x, weights).T @ basis(y, weights)
        return np.linalg.svd(cross, compute_uv=False).mean()

    even, step = np.full(25, 1 / 25), 1e-5
    expected = [
        (of_weights(even + step * (one - even)) - of_weights(even - step * (one - even)))
        / (2 * step)
        for one in np.eye(25)
    ]
    found = CanonicalForm().influence(stack_of(x), stack_of(y))[0, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("name", ["cca", "svcca", "pwcca", "cca_ridge"])
def test_influences_tell_how_values_vary_between_sets_of_stimuli(name):
    rng = np.random.default_rng(7)
    maps = [rng.standard_normal((3, size)) for size in (20, 15)]
    values, errors = [], []
    for k in range(100):
        shared = rng.standard_normal((80, 3))
        x, y = (stack_of(shared @ one + 0.7 * rng.standard_normal((80, one.shape[1])))
                for one in maps)  # fmt: skip
        values.append(MEASURES[name].pair(x, y))
        if k < 20:
            errors.append(MEASURES[name].form.influence(x, y)[0, 0].std() / np.sqrt(80))
    assert 0.75 < np.mean(errors) / np.std(values) < 1.7


def test_held_out_canonical_correlation_is_its_definition():
    """In the space of features, fold by fold and variate by variate."""
    x, y = related(8, 23, 5, 40)
    penalty = 0.3
    sums = np.zeros(3)
    for held in folds(np.arange(23)):
        training = np.delete(np.arange(23), held)
        sides = []
        for one in (x, y):
            centred = one - one[training].mean(axis=0)
            centred /= np.linalg.norm(centred[training])
            covariance = centred[training].T @ centred[training]
            values, vectors = np.linalg.eigh(
                (1 - penalty) * covariance + penalty / (len(training) - 1) * np.eye(len(covariance))
            )
            sides.append(centred @ vectors @ np.diag(values**-0.5) @ vectors.T)
        u, r, vt = np.linalg.svd(sides[0][training].T @ sides[1][training], full_matrices=False)
        for i in held:
            for k in range(len(r)):
                a, b = sides[0][i] @ u[:, k], sides[1][i] @ vt[k]
                sums += r[k] * np.array([a * b, a * a, b * b])
    expected = sums[0] / np.sqrt(sums[1] * sums[2])
    value = MEASURES["cca_ridge(0.3)"].pair(stack_of(x), stack_of(y))
    np.testing.assert_allclose(value, expected, atol=1e-10)


@pytest.mark.parametrize("p", [5, 400])
@pytest.mark.parametrize("penalty", [0.05, 1.0])
def test_held_out_canonical_correlation_of_nothing_is_0_and_of_the_same_1(p, penalty):
    rng = np.random.default_rng(9)
    form = CrossedForm(penalty)
    values = [
        form.compare(*(stack_of(rng.standard_normal((30, p)) + 1) for _ in range(2)))[0, 0]
        for _ in range(150)
    ]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(150)
    first, second = map(stack_of, related(10, 30, p, p))
    np.testing.assert_allclose(form.compare(first, first), 1)
    assert form.compare(first, second)[0, 0] > 3 * np.std(values)


def test_folds_hold_out_each_stimulus_once():
    for n in (4, 5, 23):
        parts = list(folds(np.arange(n)))
        np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(n))
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_fold_that_leaves_one_pattern_to_train_on_adds_nothing():
    rng = np.random.default_rng(0)
    alone, other = np.zeros((20, 3)), rng.standard_normal((20, 6))
    alone[7] = 1, 2, 3
    first, second = stack_of(alone, other), stack_of(other, rng.standard_normal((20, 2)))
    found = MEASURES["cca_ridge"].compare(first, second)
    assert np.isfinite(found).all()
    assert found[1, 0] == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(MEASURES["cca_ridge"].compare(second, first).T, found, atol=1e-9)
    for seed in range(2):
        order = np.random.default_rng(seed).permutation(20)
        assert np.isfinite(MEASURES["cca_ridge"].compare(first.chosen(order), second)).all()
