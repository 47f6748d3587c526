"""Measures that are computed anew for other stimuli: roots, influences and draws."""

import numpy as np
import pytest

from isomorph.measures import MEASURES, Stack
from isomorph.measures.jackknifed import OfFeatures
from isomorph.measures.pairs import pair_indices


def rdm_of(features):
    i, j = pair_indices(len(features))
    return ((features[i] - features[j]) ** 2).sum(axis=1)


class Mean(OfFeatures):
    """A mean over stimuli, whose influences are known."""

    def of_features(self, first, second):
        return float((first[:, 0] * second[:, 0]).mean())


def pair_of(seed, n=12):
    rng = np.random.default_rng(seed)
    return [Stack(rdm_of(x)[None], facts={"features": [x]}) for x in rng.standard_normal((2, n, 6))]


def test_roots_are_the_centred_features_up_to_a_rotation():
    rng = np.random.default_rng(0)
    for p in (3, 40):
        x = rng.standard_normal((9, p)) + 5
        stack = Stack(rdm_of(x)[None])
        centred = x - x.mean(axis=0)
        np.testing.assert_allclose(stack.grams[0], centred @ centred.T, atol=1e-9)
        np.testing.assert_allclose(stack.roots[0] @ stack.roots[0].T, stack.grams[0], atol=1e-9)
        some = np.array([5, 2, 7, 0])
        own = x[some] - x[some].mean(axis=0)
        root = stack.chosen(some).roots[0]
        np.testing.assert_allclose(root @ root.T, own @ own.T, atol=1e-9)


def test_distances_of_no_features_have_no_root():
    rdm = rdm_of(np.random.default_rng(1).standard_normal((8, 3)))
    rdm[0] += 100  # two stimuli further apart than any third allows
    stack = Stack(np.stack([rdm, np.ones(28)]))
    assert np.isnan(stack.roots[0]).all()
    assert np.isfinite(stack.roots[1]).all()
    value = MEASURES["procrustes"].compare(stack, stack)
    np.testing.assert_array_equal(np.isnan(value), [[True, True], [True, False]])


def test_influences_of_a_mean_are_its_terms_and_draws_its_weighted_means():
    first, second = pair_of(2)
    x, y = (stack.fact("features")[0][:, 0] for stack in (first, second))
    form, rng = Mean(), np.random.default_rng(3)
    np.testing.assert_allclose(
        form.influence(first, second)[0, 0], x * y - (x * y).mean(), atol=1e-12
    )
    counts = rng.multinomial(12, np.full(12, 1 / 12), size=5)
    expected = counts @ (x * y) / 12
    np.testing.assert_allclose(form.resampled(first, second, counts)[:, 0, 0], expected)
    halves = np.repeat([[1, 0]], 6, axis=1)
    np.testing.assert_allclose(
        form.resampled(first, second, halves)[0, 0, 0], (x * y)[halves[0] > 0].mean()
    )


def test_too_few_different_stimuli_have_no_value():
    first, second = pair_of(4)
    counts = np.zeros((2, 12), dtype=int)
    counts[0, :3], counts[1, :4] = 4, 3
    found = MEASURES["procrustes"].resampled(first, second, counts)[:, 0, 0]
    assert np.isnan(found[0])
    assert np.isfinite(found[1])


def test_draws_stay_in_the_range_of_the_measure():
    first, _ = pair_of(5)
    counts = np.random.default_rng(6).multinomial(12, np.full(12, 1 / 12), size=50)
    assert (MEASURES["procrustes"].resampled(first, first, counts) <= 1).all()


@pytest.mark.parametrize("places", [[1], slice(0, 1), np.array([False, True])])
def test_rows_of_a_stack_keep_what_is_known_of_them(places):
    one, other = pair_of(7)
    both = Stack.joined([one, other])
    both.roots  # noqa: B018
    some = both.rows(places)
    at = np.arange(2)[places][0]
    np.testing.assert_array_equal(some.fact("features")[0], both.fact("features")[at])
    np.testing.assert_array_equal(some.roots[0], both.roots[at])
