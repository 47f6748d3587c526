"""Measures as theorems, and against rsatoolbox, scipy and the literal definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, rankdata, spearmanr

from isomorph.errors import IsomorphError
from isomorph.measures import MEASURES
from isomorph.measures.linear import LinearForm
from isomorph.measures.pairs import pair_indices, pair_sums, squareform, stimulus_count

RSATOOLBOX = {
    "pearson": "corr",
    "spearman": "spearman",
    "rho_a": "rho-a",
    "tau_a": "tau-a",
    "tau_b": "tau-b",
    "cosine": "cosine",
    "whitened_cosine": "cosine_cov",
    "whitened_correlation": "corr_cov",
}


def random_rdms(rng, n_rdms, n_stimuli, ties=False):
    """Squared distances of random patterns, optionally rounded into ties."""
    patterns = rng.standard_normal((n_rdms, n_stimuli, 8))
    first, second = pair_indices(n_stimuli)
    rdms = ((patterns[:, first] - patterns[:, second]) ** 2).mean(axis=2)
    return np.round(rdms, 1) if ties else rdms


def rsatoolbox_compare(first, second, method):
    from rsatoolbox.rdm import RDMs, compare

    return compare(RDMs(first), RDMs(second), method=method)


@pytest.mark.parametrize("name", RSATOOLBOX)
@pytest.mark.parametrize("ties", [False, True])
def test_equals_rsatoolbox(name, ties):
    rng = np.random.default_rng(1)
    first, second = random_rdms(rng, 3, 12, ties), random_rdms(rng, 4, 12, ties)
    expected = rsatoolbox_compare(first, second, RSATOOLBOX[name])
    np.testing.assert_allclose(MEASURES[name].compare(first, second), expected, atol=1e-12)


@pytest.mark.parametrize("name", RSATOOLBOX)
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_resampling_equals_rsatoolbox_on_the_same_indices(name, ties):
    from rsatoolbox.rdm import RDMs, compare

    rng = np.random.default_rng(3)
    n_stimuli = 11
    first, second = random_rdms(rng, 2, n_stimuli, ties), random_rdms(rng, 3, n_stimuli, ties)
    drawn = rng.integers(n_stimuli, size=(6, n_stimuli))
    counts = np.array([np.bincount(row, minlength=n_stimuli) for row in drawn])
    ours = MEASURES[name].resampled(first, second, counts)
    for indices, result in zip(drawn, ours, strict=True):
        left = RDMs(first).subsample_pattern("index", indices)
        right = RDMs(second).subsample_pattern("index", indices)
        theirs = compare(left, right, method=RSATOOLBOX[name])
        np.testing.assert_allclose(result, theirs, atol=1e-10)


def unbiased_cka(k, m):
    """Debiased CKA by the formula of Song et al. (2012), from two Gram matrices."""

    def hsic(a, b):
        n = len(a)
        a, b = a - np.diag(np.diag(a)), b - np.diag(np.diag(b))
        return (
            np.trace(a @ b) + a.sum() * b.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (a @ b).sum()
        ) / (n * (n - 3))

    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


def test_cka_is_song_s_unbiased_estimator_on_gram_matrices():
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal((15, 6)), rng.standard_normal((15, 9))
    y[:, :4] += x[:, :4]
    i, j = pair_indices(15)
    distances = [((z[i] - z[j]) ** 2).sum(axis=1)[None] for z in (x, y)]
    expected = unbiased_cka(x @ x.T, y @ y.T)
    assert MEASURES["cka"].compare(*distances)[0, 0] == pytest.approx(expected, abs=1e-12)


def test_biased_cka_is_the_whitened_cosine_of_squared_distances():
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((15, 6)), rng.standard_normal((15, 9))
    i, j = pair_indices(15)
    distances = [((z[i] - z[j]) ** 2).sum(axis=1)[None] for z in (x, y)]
    centred = [z - z.mean(axis=0) for z in (x, y)]
    k, m = (z @ z.T for z in centred)
    cka = (k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum())
    value = MEASURES["whitened_cosine"].compare(*distances)[0, 0]
    assert value == pytest.approx(cka, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16), ridge=st.sampled_from([0.0, 0.7, 2.0, 1e3, np.inf]))
def test_linear_form_is_its_definition(seed, ridge):
    """The closed forms equal the ridge written out with the incidence matrix of the copies."""
    rng = np.random.default_rng(seed)
    n = 9
    first, second = random_rdms(rng, 2, n), random_rdms(rng, 2, n)
    drawn = rng.integers(n, size=n + 3)
    counts = np.bincount(drawn, minlength=n)[None]
    i, j = pair_indices(len(drawn))
    keep = drawn[i] != drawn[j]
    i, j = i[keep], j[keep]
    incidence = np.zeros((len(i), len(drawn)))
    incidence[np.arange(len(i)), i] = incidence[np.arange(len(i)), j] = 1
    gram = incidence.T @ incidence
    x, y = (squareform(rdms, n)[:, drawn[i], drawn[j]] for rdms in (first, second))

    def inner(a, b):
        if np.isinf(ridge):
            return a @ b.T
        solve = np.linalg.lstsq(gram + ridge * np.eye(len(gram)), incidence.T @ b.T, rcond=None)[0]
        return a @ b.T - a @ incidence @ solve

    expected = inner(x, y) / np.sqrt(np.outer(np.diag(inner(x, x)), np.diag(inner(y, y))))
    result = LinearForm(centre=False, ridge=ridge).resampled(first, second, counts)[0]
    np.testing.assert_allclose(result, expected, atol=1e-9)


@pytest.mark.parametrize("ties", [False, True])
def test_rank_measures_against_scipy(ties):
    rng = np.random.default_rng(9)
    x, y = random_rdms(rng, 2, 10, ties)
    assert MEASURES["spearman"].compare(x[None], y[None])[0, 0] == pytest.approx(
        spearmanr(x, y).statistic, abs=1e-12
    )
    concordance = np.sign(x[:, None] - x) * np.sign(y[:, None] - y)
    tau_a = concordance.sum() / (len(x) * (len(x) - 1))
    assert MEASURES["tau_a"].compare(x[None], y[None])[0, 0] == pytest.approx(tau_a, abs=1e-12)
    if not ties:
        assert tau_a == pytest.approx(kendalltau(x, y).statistic, abs=1e-12)


def test_rho_a_is_spearman_averaged_over_ways_to_break_ties():
    rng = np.random.default_rng(10)
    x = rng.integers(0, 3, size=10).astype(float)
    y = rankdata(rng.standard_normal(10)) - 5.5
    broken = rankdata(x + 1e-6 * rng.standard_normal((4000, 10)), axis=1) - 5.5
    mean = (broken @ y).mean() / (y @ y)
    assert MEASURES["rho_a"].compare(x[None], y[None])[0, 0] == pytest.approx(mean, abs=0.02)


def test_small_distances_on_a_large_offset_keep_their_digits():
    rng = np.random.default_rng(12)
    first, second = random_rdms(rng, 1, 10), random_rdms(rng, 1, 10)
    counts = rng.multinomial(10, np.full(10, 0.1), size=5)
    for name in ("pearson", "whitened_correlation", "cka"):
        plain = MEASURES[name].resampled(first, second, counts)
        shifted = MEASURES[name].resampled(first + 1e6, second, counts)
        np.testing.assert_allclose(shifted, plain, atol=1e-8)


@settings(max_examples=20, deadline=None)
@given(n=st.integers(3, 40))
def test_pair_sums_and_counts(n):
    rdms = np.random.default_rng(n).standard_normal((2, n * (n - 1) // 2))
    assert stimulus_count(rdms.shape[1]) == n
    np.testing.assert_allclose(pair_sums(rdms), squareform(rdms, n).sum(axis=2), atol=1e-12)


def test_a_number_of_pairs_that_cannot_be():
    with pytest.raises(IsomorphError, match="5 pairs are not those of any number of stimuli"):
        stimulus_count(5)


def test_an_unknown_measure_is_met_with_a_suggestion():
    with pytest.raises(IsomorphError, match='unknown measure "pearsn": did you mean "pearson"'):
        MEASURES["pearsn"]
