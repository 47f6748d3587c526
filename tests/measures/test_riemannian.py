"""Riemannian distances against definitions, rsatoolbox and deletions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rsatoolbox.rdm import RDMs, compare
from scipy.linalg import eigh, helmert
from scipy.optimize import minimize

from isomorph.measures import MEASURES, Stack
from isomorph.measures.deleted import log_sums_without
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.noise_added import best_noise, mixed
from isomorph.measures.pairs import pair_indices


def stack_of(*features):
    i, j = pair_indices(len(features[0]))
    return Stack(np.stack([((x[i] - x[j]) ** 2).mean(axis=1) for x in features]))


def related(seed, n, p, q):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 4))
    return [
        shared @ rng.standard_normal((4, size)) + 0.7 * rng.standard_normal((n, size))
        for size in (p, q)
    ]


def shrunk(x, shrinkage):
    """Of the differences between stimuli, on as many dimensions as there are."""
    gram = helmert(len(x)) @ x @ x.T @ helmert(len(x)).T
    gram *= len(gram) / np.trace(gram)
    return (1 - shrinkage) * gram + shrinkage * np.eye(len(gram))


@pytest.mark.parametrize("shrinkage", [0.1, 0.01, 1])
@pytest.mark.parametrize(("n", "p", "q"), [(15, 4, 6), (15, 40, 60), (15, 60, 3)])
def test_riemannian_is_the_distance_of_shrunk_gram_matrices(shrinkage, n, p, q):
    x, y = related(0, n, p, q)
    logs = np.log(eigh(shrunk(x, shrinkage), shrunk(y, shrinkage), eigvals_only=True))
    name = "riemannian" if shrinkage == 0.1 else f"riemannian({shrinkage})"
    value = MEASURES[name].pair(stack_of(x), stack_of(y))
    np.testing.assert_allclose(value, np.exp(-np.sqrt((logs**2).mean())), atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16), sizes=st.tuples(*[st.integers(1, 20)] * 3))
def test_riemannian_distances_obey_the_triangle_inequality(seed, sizes):
    rng = np.random.default_rng(seed)
    every = stack_of(*(rng.standard_normal((10, size)) for size in sizes))
    distance = -np.log(MEASURES["riemannian"].compare(every, every))
    assert distance[0, 2] <= distance[0, 1] + distance[1, 2] + 1e-9


@pytest.mark.parametrize(("n", "p", "q"), [(6, 20, 20), (8, 8, 30), (10, 3, 40), (10, 200, 30)])
def test_neg_riem_dist_is_that_of_rsatoolbox(n, p, q):
    for seed in range(3):
        first, second = map(stack_of, related(seed, n, p, q))
        theirs = compare(RDMs(first.rdms), RDMs(second.rdms), method="neg_riem_dist")[0, 0]
        value = MEASURES["neg_riem_dist"].pair(first, second)
        np.testing.assert_allclose(value, theirs, atol=1e-6)


def test_neg_riem_dist_has_no_value_where_the_second_lacks_dimensions():
    x, y = related(1, 12, 30, 5)
    measure = MEASURES["neg_riem_dist"]
    assert np.isnan(measure.pair(stack_of(x), stack_of(y)))
    assert measure.pair(stack_of(y), stack_of(x)) < 0


@pytest.mark.parametrize("noise", [1e-6, 0.3, 1e4])
def test_the_noise_that_suits_best_is_that_of_a_search_in_the_open(noise):
    """Little of it, much of it, and all but nothing else."""
    rng = np.random.default_rng(2)
    n = 7
    target = np.diag(np.exp(rng.normal(size=n)))
    signal = np.sqrt(1 / noise) * rng.standard_normal((n, 4 if noise > 1e-3 else n))
    over = 1 / np.sqrt(np.diag(target))
    spread, variance = best_noise((over[:, None] * signal)[None], over[None])

    def squared(u):
        logs = np.log(eigh(signal @ signal.T + np.exp(u) * np.eye(n), target, eigvals_only=True))
        return ((logs - logs.mean()) ** 2).sum()

    literal = min(
        minimize(lambda u: squared(u[0]), [start], method="Nelder-Mead").fun
        for start in (-20.0, -10.0, 0.0, 10.0, 20.0)
    )
    np.testing.assert_allclose(spread[0], literal, rtol=1e-5)
    logs = np.log(np.linalg.eigvalsh(
        mixed((over[:, None] * signal)[None], over[None], variance)[0]
    ))  # fmt: skip
    np.testing.assert_allclose(((logs - logs.mean()) ** 2).sum(), spread[0], rtol=1e-9)


def test_log_sums_without_a_direction_are_those_of_restricted_forms():
    rng = np.random.default_rng(3)
    values = np.exp(3 * rng.standard_normal((2, 8)))
    directions = rng.standard_normal((2, 8, 5))
    squares, sums = log_sums_without(values, directions)
    for form in range(2):
        for k in range(5):
            rest = np.linalg.svd(directions[form, :, k : k + 1])[0][:, 1:]
            logs = np.log(np.linalg.eigvalsh(rest.T @ np.diag(values[form]) @ rest))
            np.testing.assert_allclose(squares[form, k], (logs**2).sum(), atol=1e-5)
            np.testing.assert_allclose(sums[form, k], logs.sum(), atol=1e-10)


@pytest.mark.parametrize("name", ["riemannian", "riemannian(0.5)", "neg_riem_dist"])
@pytest.mark.parametrize(("p", "q"), [(8, 6), (100, 80)])
def test_influences_are_those_of_deletions(name, p, q):
    first, second = map(stack_of, related(4, 30, p, q))
    form = MEASURES[name].form
    found = form.influence(first, second)[0, 0]
    deleted = Jackknifed.influence(form, first, second)[0, 0]
    if name == "neg_riem_dist" and q < 29:
        assert np.isnan(found).all()
        assert np.isnan(deleted).all()
    else:
        assert np.corrcoef(found, deleted)[0, 1] > 0.998
        np.testing.assert_allclose(found.std(), deleted.std(), rtol=0.05)


def test_what_the_best_value_of_0_means_for_calibrated_values():
    """Below chance is below 0, at chance is 0, and nothing is above 1."""
    x, y = related(5, 12, 40, 40)
    noise = np.random.default_rng(5).standard_normal((12, 40))
    measure = MEASURES["neg_riem_dist"]
    value, calibrated = measure.calibrated(stack_of(x, noise), stack_of(y))
    assert (value < 0).all()
    assert 0.1 < calibrated[0, 0] < 1
    assert abs(calibrated[1, 0]) < 0.1
