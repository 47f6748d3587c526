"""Identifiability: planted sources, independent implementations and limits."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression

from isomorph.measures import MEASURES, Stack
from isomorph.measures.components import _cumulants, independent
from isomorph.measures.pairs import pair_indices


def stack_of(*features):
    i, j = pair_indices(len(features[0]))
    return Stack(np.stack([((x[i] - x[j]) ** 2).sum(axis=1) for x in features]))


def value(name, x, y):
    return MEASURES[name].pair(stack_of(x), stack_of(y))


def white(x):
    centred = x - x.mean(axis=0)
    u, _, v = np.linalg.svd(centred, full_matrices=False)
    return u * np.sqrt(len(x)), v


def sources(seed, gaussian, n=300, k=4):
    rng = np.random.default_rng(seed)
    if gaussian:
        return rng.standard_normal((n, k))
    return np.column_stack([rng.laplace(size=(n, k // 2)), rng.uniform(-1, 1, (n, k - k // 2))])


def mixed(s, seed, noise=0.05):
    """Sources in 12 units, each at a strength of its own, and noise."""
    rng = np.random.default_rng(seed)
    mixing = np.linalg.qr(rng.standard_normal((12, 4)))[0].T * rng.uniform(1, 2, (4, 1))
    return (s / s.std(axis=0)) @ mixing + noise * rng.standard_normal((len(s), 12))


def test_sources_under_two_mixings_are_found_unless_they_are_gaussian():
    found = {}
    for gaussian in (False, True):
        both = [
            [mixed(sources(seed, gaussian), at, noise=0.3) for at in (1, 2)] for seed in range(5)
        ]
        found[gaussian] = np.mean([value("mcc(4)", x, y) for x, y in both])
        # A linear map is found all the same.
        assert min(value("linear_identifiability(4)", x, y) for x, y in both) > 0.9
    assert found[False] > 0.93
    assert found[True] < found[False] - 0.06


def test_independent_components_are_those_of_fastica():
    s = sources(3, gaussian=False, n=1000)
    x, _ = white(mixed(s, 3))
    ours = independent(x[None, :, :4])[0]
    np.testing.assert_allclose(ours.T @ ours / len(s), np.eye(4), atol=1e-9)
    found = []
    with warnings.catch_warnings():
        # Some starts do not converge, others under another kernel of BLAS.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for start in range(10):
            peer = FastICA(4, whiten="unit-variance", fun="cube", random_state=start)
            r = np.abs(np.corrcoef(ours.T, peer.fit_transform(mixed(s, 3)).T)[:4, 4:])
            found.append(r.max(axis=1).min())
    assert max(found) > 0.98
    truth = np.abs(np.corrcoef(ours.T, s.T)[:4, 4:])
    assert truth.max(axis=1).min() > 0.98


def test_cumulants_are_moments_less_those_of_gaussians():
    k = 3
    x = white(sources(4, gaussian=False, n=50))[0][:, :k]
    found = _cumulants(x[None])
    same = np.eye(k)
    for at, (p, q) in enumerate(zip(*np.triu_indices(k), strict=True)):
        for i, j in np.ndindex(k, k):
            expected = (x[:, p] * x[:, q] * x[:, i] * x[:, j]).mean()
            expected -= same[p, q] * same[i, j]
            expected -= same[p, i] * same[q, j] + same[p, j] * same[q, i]
            expected *= 1 if p == q else np.sqrt(2)
            assert found[i, j, at, 0] == pytest.approx(expected, abs=1e-9)


def test_independent_components_have_the_most_diagonal_cumulants():
    """No turn of any two of them makes the squares on the diagonals add up to more."""
    x = white(np.random.default_rng(5).laplace(size=(200, 3)))[0]
    y = independent(np.stack([x, x[:, ::-1] * [1, -1, 1]]))

    def on_diagonals(z):
        return np.square(np.einsum("iimr->imr", _cumulants(z[None]))).sum()

    best = on_diagonals(y[0])
    assert on_diagonals(x) < best
    for p, q in ((0, 1), (0, 2), (1, 2)):
        for angle in np.linspace(-0.7, 0.7, 14):
            turn = np.eye(3)
            turn[[p, p, q, q], [p, q, p, q]] = (
                np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle))  # fmt: skip
            assert on_diagonals(y[0] @ turn) < best
    # Another order or direction of what they are found from leads to the same.
    np.testing.assert_allclose(np.abs(y[0].T @ y[1]).max(axis=1), 200, rtol=1e-5)


@pytest.mark.parametrize("name", ["mcc", "linear_identifiability"])
def test_an_invertible_map_of_all_components_is_not_seen(name):
    rng = np.random.default_rng(5)
    x = rng.laplace(size=(80, 4))
    assert value(name, x, x @ rng.standard_normal((4, 9)) + 2) == pytest.approx(1, abs=1e-6)
    assert value(name, x, rng.laplace(size=(80, 4))) < 0.6


def literal_linear(x, y, k):
    """Least squares with each stimulus left out, both ways."""
    cosines = []
    for one, other in ((x, y), (y, x)):
        u, v = (white(z)[0][:, :k] for z in (one, other))
        there, predicted = [], []
        for i in range(len(u)):
            rest = np.delete(np.arange(len(u)), i)
            fitted = LinearRegression().fit(u[rest], v[rest])
            predicted.append(fitted.predict(u[i : i + 1])[0] - v[rest].mean(axis=0))
            there.append(v[i] - v[rest].mean(axis=0))
        left, right = np.ravel(there), np.ravel(predicted)
        cosines.append(left @ right / np.sqrt(left @ left * (right @ right)))
    return np.mean(cosines)


@pytest.mark.parametrize("k", [2, 4])
def test_linear_identifiability_holds_each_stimulus_out_by_a_loop(k):
    rng = np.random.default_rng(6)
    x = rng.standard_normal((25, 8)) * np.arange(1, 9)
    y = x @ rng.standard_normal((8, 7)) + 3 * rng.standard_normal((25, 7))
    name = f"linear_identifiability({k})"
    assert value(name, x, y) == pytest.approx(literal_linear(x, y, k), abs=1e-9)


def test_with_many_components_only_what_is_held_out_tells_that_nothing_is_shared():
    rng = np.random.default_rng(7)
    values = []
    for _ in range(60):
        x, y = rng.standard_normal((2, 24, 30))
        (u, _), (v, _) = white(x), white(y)
        canonical = np.linalg.svd(u[:, :10].T @ v[:, :10] / 24, compute_uv=False)
        assert canonical.mean() > 0.4
        values.append(value("linear_identifiability(10)", x, y))
    assert abs(np.mean(values)) < max(0.02, 4 * np.std(values) / np.sqrt(60))


@pytest.mark.parametrize("name", ["mcc", "linear_identifiability"])
def test_one_unit_is_its_correlation(name):
    rng = np.random.default_rng(9)
    x, y = rng.standard_normal((2, 60, 1))
    y += x
    r = np.corrcoef(x[:, 0], y[:, 0])[0, 1]
    assert value(name, x, y) == pytest.approx(r, abs=1e-9 if name == "mcc" else 0.03)


@pytest.mark.parametrize("name", ["mcc", "linear_identifiability"])
def test_components_that_cannot_be_told_apart_or_do_not_vary_have_no_value(name):
    x = np.random.default_rng(10).standard_normal((14, 20))
    still, alike = np.ones((14, 3)), np.eye(14)
    found = MEASURES[name].compare(stack_of(x), Stack(stack_of(still, alike, x).rdms))
    np.testing.assert_array_equal(np.isnan(found[0]), [True, True, False])
    for n, p in ((3, 5), (3, 1), (4, 2)):
        x, y = np.random.default_rng(11).standard_normal((2, n, p))
        assert -1 <= value(name, x, y) <= 1


@pytest.mark.parametrize("name", ["mcc", "linear_identifiability"])
def test_one_stimulus_that_stands_alone_has_a_value(name):
    """Its direction is in no other stimulus, hence in nothing that is learned without it."""
    x, y = np.random.default_rng(12).standard_normal((2, 12, 3))
    x[:, 0] = 0
    x[4, 0] = 50
    assert -1 <= value(name, x, y) <= 1


def test_a_component_that_one_representation_lacks_lowers_the_held_out_cosine():
    x = np.random.default_rng(13).laplace(size=(90, 4))
    assert value("mcc", x[:, :2], x) > 0.6
    # One way both of two are predicted, the other way two of four.
    expected = (1 + np.sqrt(0.5)) / 2
    assert value("linear_identifiability", x[:, :2], x) == pytest.approx(expected, abs=0.02)
