"""Distance correlation and HSIC against their definitions, and what only the first can see."""

import numpy as np
import pytest

from isomorph.measures import MEASURES, Stack
from isomorph.measures.pairs import pair_indices


def rdm_of(x):
    i, j = pair_indices(len(x))
    return ((x[i] - x[j]) ** 2).mean(axis=1)[None]


def u_centred(matrix):
    n = len(matrix)
    rows = matrix.sum(axis=1)
    centred = (
        matrix - rows[:, None] / (n - 2) - rows[None] / (n - 2) + matrix.sum() / ((n - 1) * (n - 2))
    )
    np.fill_diagonal(centred, 0)
    return centred


def related(seed, n, p, q):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, p))
    return x, np.tanh(x[:, :1] @ rng.standard_normal((1, q))) + rng.standard_normal((n, q))


@pytest.mark.parametrize(("n", "p", "q"), [(12, 3, 4), (30, 100, 5)])
def test_distance_correlation_is_that_of_u_centred_euclidean_distances(n, p, q):
    x, y = related(0, n, p, q)
    a, b = (u_centred(np.linalg.norm(one[:, None] - one[None], axis=2)) for one in (x, y))
    expected = (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())
    value = MEASURES["distance_correlation"].pair(rdm_of(x), rdm_of(y))
    np.testing.assert_allclose(value, expected, atol=1e-12)


def test_distance_correlation_sees_what_has_no_linear_trace():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((200, 1))
    first, second = rdm_of(x), rdm_of(x**2 + 0.1 * rng.standard_normal((200, 1)))
    assert MEASURES["distance_correlation"].pair(first, second) > 0.15
    assert MEASURES["cka"].pair(first, second) < 0.1


@pytest.mark.parametrize(("n", "p", "q"), [(12, 3, 4), (30, 100, 5)])
def test_hsic_is_the_estimator_of_song_of_representations_of_variance_1(n, p, q):
    x, y = related(2, n, p, q)
    kernels = []
    for one in (x, y):
        kernels.append(one @ one.T / one.var(axis=0, ddof=1).sum())
        np.fill_diagonal(kernels[-1], 0)
    k, l = kernels  # noqa: E741
    ones = np.ones(n)
    expected = (
        np.trace(k @ l)
        + (ones @ k @ ones) * (ones @ l @ ones) / ((n - 1) * (n - 2))
        - 2 * (ones @ k @ l @ ones) / (n - 2)
    ) / (n * (n - 3))
    np.testing.assert_allclose(MEASURES["hsic"].pair(rdm_of(x), rdm_of(y)), expected, atol=1e-12)


def test_hsic_over_its_own_is_cka_also_in_resamples():
    x, y = (rdm_of(one) for one in related(3, 15, 4, 6))
    counts = np.random.default_rng(3).multinomial(15, np.full(15, 1 / 15), size=6)
    hsic, cka = MEASURES["hsic"], MEASURES["cka"]
    both = np.concatenate([x, y])
    every = hsic.resampled(both, both, counts)
    ratio = every[:, 0, 1] / np.sqrt(every[:, 0, 0] * every[:, 1, 1])
    np.testing.assert_allclose(ratio, cka.resampled(x, y, counts)[:, 0, 0], atol=1e-10)


def test_hsic_grows_with_what_is_shared_of_all_variance():
    rng = np.random.default_rng(4)
    shared, noise = rng.standard_normal((2, 600, 1))
    values = [
        MEASURES["hsic"].pair(rdm_of(shared), rdm_of(np.hstack([shared, t * noise])))
        for t in (0.0, 1.0, 3.0)
    ]
    np.testing.assert_allclose(values, [1, 1 / 2, 1 / 10], atol=0.1)


@pytest.mark.parametrize("name", ["distance_correlation", "hsic"])
def test_what_is_pooled_is_nearer_to_all_than_they_are_to_each_other(name):
    measure, rng = MEASURES[name], np.random.default_rng(5)
    shared = rng.standard_normal((20, 5))
    rdms = np.concatenate([rdm_of(shared + 0.5 * rng.standard_normal((20, 5))) for _ in range(4)])
    pooled = measure.pool(rdms)
    others = measure.compare(rdms, rdms)[np.triu_indices(4, 1)]
    assert measure.compare(pooled[None], rdms).mean() > others.mean()
    np.testing.assert_allclose(measure.pool(rdms * rng.uniform(1, 9, (4, 1))), pooled)


def test_rounding_below_zero_is_no_distance():
    x, y = related(6, 10, 3, 3)
    rdm = rdm_of(x[[0, 0, *range(2, 10)]])
    rdm[0, 0] = -1e-18
    assert np.isfinite(MEASURES["distance_correlation"].pair(rdm, rdm_of(y)))
    weights = np.ones((1, 10), dtype=int)
    drawn = MEASURES["distance_correlation"].resampled(Stack(rdm), rdm_of(y), weights)
    assert np.isfinite(drawn).all()
