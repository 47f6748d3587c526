"""Whitened measures of patterns whose noise covaries between stimuli."""

import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.measures import MEASURES, Stack
from isomorph.measures.pairs import pair_indices
from isomorph.measures.whitened import pattern_covariance, with_sigma

NAMES = ["whitened_cosine", "whitened_correlation"]


def rdms(seed, n=8, count=2):
    rng = np.random.default_rng(seed)
    i, j = pair_indices(n)
    x = rng.standard_normal((1, n, 3)) + 0.8 * rng.standard_normal((count, n, 3))
    return ((x[:, i] - x[:, j]) ** 2).sum(axis=2)


def covariance(seed, n=8):
    root = np.random.default_rng(seed).standard_normal((n, n))
    return root @ root.T + 0.3 * np.eye(n)


def literal(x, y, sigma, centre):
    """The cosine under the inverse of the covariance of pairs, pair by pair."""
    n = len(sigma)
    i, j = pair_indices(n)
    contrasts = np.eye(n)[i] - np.eye(n)[j]
    inverse = np.linalg.inv((contrasts @ sigma @ contrasts.T) ** 2)
    x, y = (one - one.mean() * centre for one in (x, y))
    return x @ inverse @ y / np.sqrt((x @ inverse @ x) * (y @ inverse @ y))


@pytest.mark.parametrize("name", NAMES)
def test_equal_to_the_covariance_of_pairs_and_to_rsatoolbox(name):
    from rsatoolbox.rdm import RDMs, compare

    first, second, sigma = rdms(0), rdms(1), covariance(2)
    ours = with_sigma(sigma, MEASURES[name]).compare(first, second)
    centre = name == "whitened_correlation"
    expected = [[literal(x, y, sigma, centre) for y in second] for x in first]
    np.testing.assert_allclose(ours, expected, atol=1e-10)
    method = {"whitened_cosine": "cosine_cov", "whitened_correlation": "corr_cov"}[name]
    theirs = compare(RDMs(first), RDMs(second), method=method, sigma_k=sigma)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)  # theirs is an iteration


@pytest.mark.parametrize("name", NAMES)
def test_white_patterns_are_the_measure_of_the_registry(name):
    first, second, n = rdms(3), rdms(4), 8
    plain = MEASURES[name].compare(first, second)
    white = 2.5 * np.eye(n)
    np.testing.assert_allclose(with_sigma(white, MEASURES[name]).compare(first, second), plain)
    # Noise that all stimuli share is in no distance, nor is what it covaries with.
    shared = np.random.default_rng(5).standard_normal(n)
    white = white + 9 + shared[:, None] + shared
    found = with_sigma(white, MEASURES[name]).compare(first, second)
    np.testing.assert_allclose(found, plain, atol=1e-10)


def test_names_of_the_registry_stay_and_ranges_hold():
    measure = with_sigma(covariance(6))
    assert measure.name == "whitened_cosine_sigma"
    assert measure.name not in MEASURES
    assert measure.costly
    x = rdms(7)
    np.testing.assert_allclose(np.diag(measure.compare(x, x)), 1)
    np.testing.assert_allclose(measure.compare(3 * x, x), measure.compare(x, x))
    np.testing.assert_allclose(measure.compare(x, rdms(8)), measure.compare(rdms(8), x).T)


@pytest.mark.parametrize("name", NAMES)
def test_resamples_follow_from_leaving_out_each_stimulus_with_its_noise(name):
    n, sigma = 8, covariance(9)
    measure = with_sigma(sigma, MEASURES[name])
    first, second = Stack(rdms(10)), Stack(rdms(11))
    centre = name == "whitened_correlation"
    without = []
    for left in range(n):
        kept = np.delete(np.arange(n), left)
        one, other = (stack.chosen(kept).rdms[0] for stack in (first, second))
        without.append(literal(one, other, sigma[np.ix_(kept, kept)], centre))
    influence = -(n - 1) * (np.array(without) - np.mean(without))
    counts = np.random.default_rng(12).multinomial(n, np.full(n, 1 / n), size=4)
    expected = measure.pair(first.rdms[:1], second.rdms[:1]) + counts @ influence / n
    enough = (counts > 0).sum(axis=1) >= 4
    found = measure.resampled(first, second, counts)[:, 0, 0]
    np.testing.assert_allclose(found[enough], np.clip(expected, -1, 1)[enough], atol=1e-9)
    ones = np.ones((1, n), dtype=int)
    np.testing.assert_allclose(
        measure.resampled(first, second, ones)[0], measure.compare(first, second)
    )


def test_what_a_measure_does_not_see_is_0():
    constant = np.ones((1, 28))
    measure = with_sigma(covariance(13), MEASURES["whitened_correlation"])
    np.testing.assert_array_equal(measure.compare(0.1 * constant, rdms(14)), 0)
    zero = with_sigma(covariance(13)).compare(0 * constant, rdms(14))
    np.testing.assert_array_equal(zero, 0)


def test_the_covariance_of_noise_is_found_again_from_repetitions():
    rng, n = np.random.default_rng(15), 6
    sigma = covariance(16, n)
    root = np.linalg.cholesky(sigma)
    signal = 5 * rng.standard_normal((n, 1, 400))
    repetitions = signal + np.einsum("ij,jrf->irf", root, rng.standard_normal((n, 12, 400)))
    for shrinkage in ("none", "diagonal", "identity"):
        found = pattern_covariance(repetitions, shrinkage)
        np.testing.assert_allclose(found, sigma, atol=0.1 * sigma.max())
    plain = pattern_covariance(repetitions, "none")
    by_feature = [np.cov(repetitions[:, :, f]) for f in range(400)]
    np.testing.assert_allclose(plain, np.mean(by_feature, axis=0), atol=1e-10)


def test_weights_of_the_noise_make_a_measure_more_precise():
    """With runs of very different noise, the right weights bring distances nearer to the truth."""
    rng, n, p = np.random.default_rng(17), 10, 60
    deviation = np.repeat([0.2, 3.0], n // 2)
    truth = rng.standard_normal((n, p))
    other = truth + 1.5 * rng.standard_normal((n, p))
    i, j = pair_indices(n)

    def distances(x, y):
        return ((x[i] - x[j]) * (y[i] - y[j])).sum(axis=1)[None]

    def scores(measure):
        rng, found = np.random.default_rng(18), []
        for _ in range(60):
            folds = truth + deviation[:, None] * rng.standard_normal((2, n, p))
            data = distances(*folds)  # cross-validated
            found.append(measure.pair(data, distances(truth, truth))
                         - measure.pair(data, distances(other, other)))  # fmt: skip
        return np.mean(found) / np.std(found)

    assert scores(with_sigma(np.diag(deviation**2))) > 1.3 * scores(MEASURES["whitened_cosine"])


def test_what_is_no_covariance_is_refused():
    with pytest.raises(IsomorphError, match=r'"pearson" takes no covariance'):
        with_sigma(np.eye(4), MEASURES["pearson"])
    with pytest.raises(IsomorphError, match=r"shape \(4, 3\)"):
        with_sigma(np.ones((4, 3)))
    with pytest.raises(IsomorphError, match="finite and symmetric"):
        with_sigma(np.triu(np.ones((4, 4))))
    with pytest.raises(IsomorphError, match="1 of 3 contrasts of stimuli have no noise"):
        with_sigma(np.diag([1.0, 1, 0, 0]) + 1)
    with pytest.raises(IsomorphError, match="covariance of 5 stimuli, but 8 are compared"):
        with_sigma(np.eye(5)).compare(rdms(19), rdms(20))
    with pytest.raises(IsomorphError, match="at least two repetitions"):
        pattern_covariance(np.ones((4, 1, 3)))
    broken = np.random.default_rng(0).standard_normal((4, 2, 3))
    with pytest.raises(IsomorphError, match="all are the same"):
        pattern_covariance(np.where(np.arange(4)[:, None, None] == 2, 1.0, broken))
    broken[1, 0, 2] = np.nan
    with pytest.raises(IsomorphError, match="some responses are missing"):
        pattern_covariance(broken)
    few = np.random.default_rng(1).standard_normal((9, 2, 3))
    with pytest.raises(IsomorphError, match="estimate it with shrinkage"):
        with_sigma(pattern_covariance(few, "none"))
    assert 0 < with_sigma(pattern_covariance(few)).pair(rdms(2, 9, 1), rdms(3, 9, 1)) < 1
