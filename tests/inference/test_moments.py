"""Exact moments over all orders of the stimuli, and the p-values that follow from them."""

import warnings
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import gammaln

from isomorph.inference.families import answered
from isomorph.inference.independence import (
    BY_MOMENTS,
    MISFIT,
    against_independence,
    independence_p,
    smallest_p,
)
from isomorph.inference.moments import Moments, moments, signatures
from isomorph.inference.pearson import FAR, LEAST_SKEWNESS, LITTLE, pearson_tail
from isomorph.inference.permutation import Null, make_orders, permutation_null, shuffled
from isomorph.inference.region_pairs import moments_of_crossed
from isomorph.measures import MEASURES
from isomorph.measures.pairs import pair_indices, squareform
from isomorph.study import Inference


def distances(patterns):
    i, j = pair_indices(patterns.shape[-2])
    return ((patterns[..., i, :] - patterns[..., j, :]) ** 2).mean(axis=-1)


def in_orders(first, second, orders):
    """Return the sum of products over parts and pairs, order by order: `(order, a, b)`."""
    n = orders.shape[1]
    i, j = pair_indices(n)
    found = []
    for order in orders:
        square = np.stack([squareform(one, n) for one in first])
        found.append(np.einsum("akp,bkp->ab", square[:, :, order[i], order[j]], second))
    return np.array(found)


@pytest.mark.parametrize("n_parts", [1, 2, 3])
@pytest.mark.parametrize("n_stimuli", [3, 4, 5, 6, 7])
def test_moments_are_those_of_all_orders(n_stimuli, n_parts):
    rng = np.random.default_rng(n_stimuli)
    size = n_stimuli * (n_stimuli - 1) // 2
    first = rng.gamma(0.5, size=(2, n_parts, size))
    second = np.round(rng.gamma(0.5, size=(3, n_parts, size)))  # ties
    second[2] = rng.standard_normal((n_parts, size)) - 5
    found = moments(signatures(first), signatures(second))
    values = in_orders(first, second, np.array(list(permutations(range(n_stimuli)))))
    away = values - values.mean(axis=0)
    np.testing.assert_allclose(found.mean, values.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(found.variance, (away**2).mean(axis=0), rtol=1e-10, atol=1e-12)
    scale = (away**2).mean(axis=0).max() ** 1.5
    np.testing.assert_allclose(found.third, (away**3).mean(axis=0), atol=1e-10 * scale, rtol=0)


@pytest.mark.parametrize("name", ["rho_a", "whitened_cosine"])
def test_moments_are_those_of_many_shuffles(name):
    rng = np.random.default_rng(0)
    measure = MEASURES[name]
    region, layers = distances(rng.exponential(size=(2, 12, 3))), rng.gamma(0.7, size=(3, 66))
    null = permutation_null(region, layers, measure, make_orders(12, 100_000, rng), exact=True)
    known = null.moments
    error = np.sqrt(known.variance / 1e5)
    assert (np.abs(null.shuffled.mean(axis=0) - known.mean) < 4 * error).all()
    np.testing.assert_allclose(null.shuffled.var(axis=0), known.variance, rtol=0.03)
    np.testing.assert_allclose(stats.skew(null.shuffled), known.skewness, atol=0.06)
    np.testing.assert_array_equal(null.chance, known.mean)
    np.testing.assert_allclose(known.mean, measure.chance(region, layers).mean(axis=0), atol=1e-12)


def test_the_variance_is_that_of_mantel():
    """Mantel (1967), of sums over ordered pairs."""
    rng = np.random.default_rng(1)
    n = 9
    x, y = rng.random((2, 36))
    found = moments(signatures(x[None, None]), signatures(y[None, None]))
    terms = []
    for values in (x, y):
        square = squareform(values[None], n)[0]
        a, b = square.sum() ** 2, (square**2).sum()
        d = (square.sum(axis=1) ** 2).sum()
        terms.append((a, b, d - b, a + 2 * b - 4 * d))
    (ax, bx, dx, ex), (ay, by, dy, ey) = terms
    variance = (
        2 * bx * by
        + 4 * dx * dy / (n - 2)
        + ex * ey / ((n - 2) * (n - 3))
        - ax * ay / (n * (n - 1))
    ) / (n * (n - 1))
    assert found.variance.item() == pytest.approx(variance / 4, rel=1e-10)


def test_single_precision_of_many_stimuli_changes_no_p():
    rng = np.random.default_rng(2)
    n = 140
    x, y = rng.gamma(0.5, size=(2, n * (n - 1) // 2))
    found = moments(signatures(x[None, None]), signatures(y[None, None]))
    square = [squareform((each - each.mean())[None], n)[0] for each in (x, y)]
    sums = [float(np.sum((each @ each) * each)) for each in square]
    # The traces are all that is not in double precision: put back what they lack.
    for part, known in zip((x, y), sums, strict=True):
        assert signatures(part[None, None]).three[0, 2].item() == pytest.approx(known, rel=1e-4)
    assert abs(found.skewness.item()) < 1


def test_what_no_order_changes_has_no_p_and_raises_no_warning():
    rng = np.random.default_rng(3)
    first = np.concatenate([rng.random((1, 1, 28)), np.full((1, 1, 28), 0.3), np.zeros((1, 1, 28))])
    i, j = pair_indices(8)
    place = rng.random(8)
    additive = (place[i] + place[j])[None, None]
    rest = MEASURES["cka"].embed(rng.random((1, 28)))[None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = moments(signatures(first), signatures(rng.random((2, 1, 28))))
        p = found.upper_p(np.full((3, 2), 0.5))
        apart = moments(signatures(additive), signatures(rest))
        assert np.isnan(apart.upper_p(np.zeros((1, 1)))).all()
        assert np.isnan(found.upper_p(np.full((3, 2), np.nan))).all()
    assert np.isfinite(p[0]).all()
    assert np.isnan(p[1:]).all()
    assert (found.skewness[1:] == 0).all()


@pytest.mark.parametrize("skewness", [3.0, 1.0, 0.3, 0.05, 0.019, 1e-3, 1e-5, 0.0, -1e-4, -0.3])
def test_the_tail_is_that_of_a_shifted_gamma_distribution(skewness):
    """To the digits that a quadrature of the density has, down to 1e-12."""
    for z in (-1.0, 0.0, 1.6, 3.0, 5.0, 6.8):
        found = float(pearson_tail(np.array(z), np.array(skewness)))
        expected = stats.norm.sf(z) if skewness == 0 else gamma_tail(z, skewness)
        if skewness < 0 and expected < FAR:
            expected = max(expected, min(FAR, stats.norm.sf(z)))
        assert found == pytest.approx(expected, rel=2e-8), z


def gamma_tail(z, skewness):
    shape = 4 / skewness**2
    # By Stirling's series, as the logarithm of a large gamma function has no digits to spare.
    log_scale = -np.log(2 * np.pi) / 2 - 1 / (12 * shape)
    if shape < 1000:
        log_scale = (shape - 0.5) * np.log(shape) - shape - gammaln(shape)

    def density(value):
        share = skewness * value / 2
        if share <= -1:
            return 0.0
        return np.exp(shape * (np.log1p(share) - share) - np.log1p(share) + log_scale)

    end = z + 40 * max(1 / max(z, 1), skewness)
    return quad(density, z, end, epsabs=0, epsrel=1e-10, limit=500)[0]


def test_the_tail_never_ends_and_rises_with_skewness():
    z = np.linspace(2, 30, 200)
    for skewness in (-3.0, LEAST_SKEWNESS, -LITTLE, -1e-7, 0.0, 1e-7, LITTLE, 0.5, 2.0):
        tail = pearson_tail(z, np.full(200, skewness))
        assert (tail > 0).all()
        assert (np.diff(tail) <= 0).all()
    far = [float(pearson_tail(np.array(5.0), np.array(one))) for one in (-0.5, 0.0, 0.1, 0.5)]
    assert sorted(far) == far
    beyond = Moments(np.zeros(1), np.ones(1), np.full(1, 0.1), 6).upper_p(np.array([9.0]))
    assert beyond.item() == pytest.approx(1 / 720)  # the observed order is one of them
    beyond = Moments(np.zeros(1), np.ones(1), np.full(1, 0.1), 900).upper_p(np.array([900.0]))
    assert 0 < beyond.item() < 1e-300


@pytest.mark.parametrize("n_stimuli", [20, 40, 92])
@pytest.mark.parametrize("name", ["pearson", "rho_a", "cka", "whitened_cosine"])
def test_unrelated_data_are_called_so_as_often_as_they_should(name, n_stimuli):
    """Brain RDMs of few subjects against layers, both skewed as distances are."""
    rng = np.random.default_rng(n_stimuli)
    embed, found = MEASURES[name].embed, []
    for _ in range({20: 24, 40: 10, 92: 4}[n_stimuli]):
        regions = embed(distances(rng.standard_normal((80, n_stimuli, 8))))
        layers = embed(distances(np.maximum(rng.standard_normal((80, n_stimuli, 30)), 0)))
        known = moments(signatures(regions[:, None]), signatures(layers[:, None]))
        found.append(known.upper_p(regions @ layers.T).ravel())
    p = np.concatenate(found)
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.006)
    assert (p <= 0.01).mean() == pytest.approx(0.01, abs=0.003)
    assert (p <= 0.001).mean() < 0.0016


@pytest.mark.parametrize("name", ["pearson", "rho_a", "cka", "whitened_correlation"])
@pytest.mark.parametrize("sides", ["one", "two"])
def test_p_is_what_is_counted_of_many_shuffles(name, sides):
    rng = np.random.default_rng(4)
    layers = distances(rng.standard_normal((40, 20, 5)))
    region = distances(rng.standard_normal((2, 20, 5))) + 0.2 * layers[:2]
    orders = make_orders(20, 4000, rng)
    null = permutation_null(region, layers, MEASURES[name], orders, exact=True)
    p, note = independence_p(null, Inference(sides=sides))
    counted, plain = independence_p(null, Inference(sides=sides, tail="none"))
    assert (note == BY_MOMENTS).all()
    assert (plain == "").all()
    often = counted > 0.01
    error = np.sqrt(counted * 2 / 4000)
    np.testing.assert_array_less((np.abs(p - counted) / (4 * error + 0.05 * counted))[often], 1)
    assert smallest_p(100, Inference(), exact=True) == 0
    assert smallest_p(100, Inference()) == 1 / 101


def test_more_shuffles_as_large_than_moments_account_for_are_counted():
    rng = np.random.default_rng(5)
    draws = rng.standard_t(2, (999, 2))
    known = Moments(np.zeros(2), np.ones(2), np.zeros(2), 30)
    null = Null(np.array([4.5, 0.3]), draws, known)
    p, note = independence_p(null, Inference())
    assert note.tolist() == [MISFIT, BY_MOMENTS]
    assert p[0] == null.p[0] > 0.005
    assert p[1] == pytest.approx(stats.norm.sf(0.3))
    constant = Moments(np.zeros(2), np.zeros(2), np.zeros(2), 30)
    p, note = independence_p(Null(np.zeros(2), np.zeros((99, 2)), constant), Inference())
    assert p.tolist() == [1, 1]
    assert note.tolist() == ["", ""]


@pytest.mark.parametrize("correction", ["max_t", "bonferroni"])
def test_without_shuffles_p_is_from_moments_and_holm_stands_for_the_largest(correction):
    rng = np.random.default_rng(6)
    layers = distances(rng.standard_normal((6, 20, 5)))
    null = permutation_null(
        layers[:1] + rng.random((1, 190)), layers, MEASURES["rho_a"], make_orders(20, 0, rng),
        exact=True,
    )  # fmt: skip
    inference = Inference(permutations=0, correction=correction)
    rows = pd.DataFrame({"region": ["IT"] * 6, "distance": "d", "measure": "m"})
    table = answered([against_independence(rows, null, inference)], inference)
    assert set(table["correction"]) == {"holm" if correction == "max_t" else "bonferroni"}
    assert set(table["p_note"]) == {BY_MOMENTS}
    assert table["p"][0] < 1e-9
    assert table["p_corrected"][0] == pytest.approx(6 * table["p"][0])


def test_moments_of_crossed_regions_are_those_of_all_orders():
    rng = np.random.default_rng(7)
    drawn = [rng.gamma(0.5, size=(2, 4, 10)), rng.gamma(0.5, size=(2, 2, 10))]
    found = moments_of_crossed(drawn)
    orders = np.array(list(permutations(range(5))))
    values = sum(in_orders(one, one[:, ::-1], orders) for one in drawn)
    away = values - values.mean(axis=0)
    np.testing.assert_allclose(found.mean, values.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(found.variance, (away**2).mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(found.third, (away**3).mean(axis=0), rtol=1e-8)


@pytest.mark.parametrize("name", ["pearson", "cosine", "rho_a", "mutual_knn(3)"])
def test_an_order_that_changes_nothing_counts_as_large_in_single_precision_too(name):
    """And all regions at once are what each is alone, to rounding."""
    rng = np.random.default_rng(8)
    n = 130
    place = np.repeat(rng.random((65, 6)), 2, axis=0)  # stimuli in pairs that are the same
    layers = distances(np.stack([place, *rng.random((2, n, 6))]))
    regions = [layers[:1] + 1e-3 * layers[1:2], distances(rng.random((2, n, 6)))]
    orders = make_orders(n, 20, rng)
    orders[0] = np.arange(n)
    orders[1] = np.arange(n).reshape(-1, 2)[:, ::-1].ravel()
    measure = MEASURES[name]
    for region in regions:
        null = permutation_null(region, layers, measure, orders)
        assert (null.shuffled[0] >= null.observed - 1e-12).all()
        direct = np.stack(
            [measure.compare(one, layers).mean(axis=0) for one in shuffled(region, orders)]
        )
        np.testing.assert_allclose(null.shuffled, direct, atol=2e-7)
    assert permutation_null(layers[:1], layers, measure, orders).shuffled[1, 0] == pytest.approx(
        measure.compare(layers[:1], layers)[0, 0], abs=1e-12
    )
