"""How measures vary with the stimuli, to first order."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import multivariate_normal

from isomorph.measures import MEASURES
from isomorph.measures.first_order import FINE, signs_of
from isomorph.measures.linear import LinearForm

KNOWN = [measure for measure in MEASURES.values() if measure.to_first_order]
EXACT = [
    measure
    for measure in KNOWN
    if not (measure.name.startswith("cka_rbf") or "monotone" in measure.invariances)
]
"""Whose vectors are fits to the weighted pairs, not ranks nor kernels of a set width."""

SIGNS = signs_of(np.arange(24))


def rdms_of(seed, n=24, n_rdms=2):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 4))
    return np.stack(
        [
            pdist(shared @ rng.standard_normal((4, 6)) + rng.standard_normal((n, 6)), "sqeuclidean")
            for _ in range(n_rdms)
        ]
    )


def derivative(function, n, step=1e-4):
    """Return the derivative by the weight of every stimulus, of mean 0, times their number."""
    up, down = (np.ones((n, n)) + sign * step * np.eye(n) for sign in (1, -1))
    found = n * (function(up) - function(down)) / (2 * step)
    return found - found.mean(axis=0)


def test_the_measures_of_pairs_have_a_first_order():
    assert {measure.name for measure in KNOWN} == {
        "pearson", "cosine", "whitened_cosine", "whitened_correlation", "spearman", "rho_a",
        "cka", "cka_biased", "cka_rbf", "cka_rbf_biased", "distance_correlation", "hsic",
    }  # fmt: skip


@pytest.mark.parametrize("measure", KNOWN, ids=lambda measure: measure.name)
def test_values_are_those_of_the_measure(measure):
    x, y = rdms_of(0), rdms_of(1, n_rdms=3)
    value, calibrated = measure.first_order(x, y, SIGNS)
    plain, against_chance = measure.calibrated(x, y)
    assert np.allclose(value.value, plain, atol=1e-12)
    assert np.allclose(calibrated.value, against_chance, atol=1e-12)
    assert np.allclose(value.influence.mean(axis=0), 0, atol=1e-10)


@pytest.mark.parametrize("measure", EXACT, ids=lambda measure: measure.name)
def test_influences_are_derivatives_by_the_weight_of_a_stimulus(measure):
    x, y = rdms_of(2), rdms_of(3, n_rdms=3)
    value, calibrated = measure.first_order(x, y, SIGNS)
    plain = derivative(lambda weights: measure.form.resampled(x, y, weights), 24)
    assert np.abs(value.influence - plain).max() < 1e-6 * np.abs(plain).max()
    against_chance = derivative(lambda weights: measure.calibrated(x, y, weights)[1], 24)
    assert np.abs(calibrated.influence - against_chance).max() < 1e-6 * np.abs(plain).max()


@pytest.mark.parametrize("name", ["spearman", "rho_a", "cka_rbf"])
def test_influences_go_with_leaving_a_stimulus_out(name):
    measure, n = MEASURES[name], 60
    x, y = rdms_of(4, n, 1), rdms_of(5, n, 1)
    kept = 1 - np.eye(n, dtype=int)
    left_out = measure.resampled(x, y, kept)[:, 0, 0]
    by_deletion = -(n - 1) * (left_out - left_out.mean())
    found = measure.first_order(x, y, signs_of(np.arange(n)))[0].influence[:, 0, 0]
    assert np.corrcoef(found, by_deletion)[0, 1] > 0.97
    assert found.std() == pytest.approx(by_deletion.std(), rel=0.12)


def test_ties_cost_rho_a_as_much_of_its_spread_as_of_its_value():
    x, y = rdms_of(6, n_rdms=1), np.round(rdms_of(7, n_rdms=1) / 20)
    rho_a, spearman = (MEASURES[name].first_order(x, y, SIGNS)[0] for name in ("rho_a", "spearman"))
    ratio = rho_a.value / spearman.value
    assert ratio < 1
    assert np.allclose(rho_a.influence, ratio * spearman.influence)


@pytest.mark.parametrize("centre", [True, False])
@pytest.mark.parametrize("ridge", [0.0, 2.0, np.inf])
def test_products_vary_as_their_derivatives_say(centre, ridge):
    form, x = LinearForm(centre, ridge), rdms_of(8, n_rdms=3)
    found = form.first_order_products(x, SIGNS)
    once = np.ones((1, 24))
    assert np.allclose(found.value, form.products(x, x, once)[0][0])
    plain = derivative(lambda weights: form.products(x, x, weights)[0], 24)
    assert np.abs(found.influence - plain).max() < 1e-6 * np.abs(plain).max()


def test_draws_are_linear_in_how_often_stimuli_come():
    x, y = rdms_of(9), rdms_of(10)
    found, _ = MEASURES["pearson"].first_order(x, y, SIGNS)
    rng = np.random.default_rng(0)
    one, other = rng.multinomial(24, np.full(24, 1 / 24), size=(2, 5))
    drawn = [found.resampled(counts) for counts in (one, other, one + other)]
    assert np.allclose((drawn[0] + drawn[1]) / 2, drawn[2])
    assert np.allclose(found.resampled(np.full(24, 3)), found.value)
    assert np.array_equal(MEASURES["pearson"].resampled(x, y, one, SIGNS), drawn[0])


def test_too_few_stimuli_and_constant_rdms_have_no_draws():
    x, y = rdms_of(11), np.concatenate([rdms_of(12, n_rdms=1), np.ones((1, 276))])
    found, _ = MEASURES["pearson"].first_order(x, y, SIGNS)
    counts = np.zeros((2, 24), dtype=int)
    counts[0, :2], counts[1, :3] = 12, 8
    drawn = found.resampled(counts)
    assert np.isnan(drawn[0]).all()
    assert np.isfinite(drawn[1, :, 0]).all()
    assert np.isnan(drawn[1, :, 1]).all()
    assert found.value[0, 1] == 0


def test_large_sets_are_as_small_ones_but_for_rounding(monkeypatch):
    x, y = rdms_of(13), rdms_of(14)
    fine, _ = MEASURES["whitened_correlation"].first_order(x, y, SIGNS)
    monkeypatch.setattr("isomorph.measures.first_order.FINE", 10)
    monkeypatch.setattr("isomorph.measures.first_order.ROOM", 24**2)
    coarse, _ = MEASURES["whitened_correlation"].first_order(x, y, SIGNS)
    assert FINE > 24
    assert coarse.influence.dtype == np.float32
    scale = np.abs(fine.influence).max()
    assert np.abs(fine.influence - coarse.influence).max() < 1e-5 * scale
    assert np.abs(fine.of_pairs - coarse.of_pairs).max() < 1e-5 * scale


@pytest.mark.parametrize("n", [5, 8, 24, 101])
def test_every_group_has_as_many_signs_of_either_kind(n):
    signs = signs_of(np.arange(n))
    assert np.array_equal(signs, signs.T)
    assert not signs.diagonal().any()
    assert not signs.sum(axis=1).any()
    assert np.count_nonzero(signs, axis=1).min() >= n - 5


def test_stimuli_of_a_group_have_its_signs():
    groups = np.repeat(np.arange(9), 2)
    signs = signs_of(groups)
    assert np.array_equal(signs[::2], signs[1::2])
    assert np.array_equal(signs[::2, ::2], signs_of(np.arange(9)))
    assert not signs[0, 1]


def test_what_is_of_pairs_is_told_from_what_is_of_stimuli():
    """With nothing but noise of its own in every pair, half of the draws' variance is too much."""
    rng, n = np.random.default_rng(15), 80
    signs, ratios, errors = signs_of(np.arange(n)), [], []
    values = []
    for _ in range(300):
        x, y = rng.standard_normal((2, 1, n * (n - 1) // 2))
        found, _ = MEASURES["pearson"].first_order(x, y, signs)
        values.append(found.value.item())
        squares = np.square(found.influence).sum() / n**2
        of_pairs = np.square(found.of_pairs).sum() / n**2
        ratios.append(of_pairs / squares)
        errors.append(squares - of_pairs / 2)
    assert np.mean(ratios) == pytest.approx(1, abs=0.03)
    assert np.mean(errors) == pytest.approx(np.var(values), rel=0.2)


def test_of_stimuli_alone_nothing_is_of_pairs():
    """Where a pair has nothing of its own, draws vary as they should."""
    rng, n = np.random.default_rng(16), 80
    one, other = np.triu_indices(n, 1)
    point = multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]]).rvs(n, random_state=rng)
    x, y = (point[one, side] + point[other, side] for side in (0, 1))
    found, _ = MEASURES["pearson"].first_order(x[None], y[None], signs_of(np.arange(n)))
    of_pairs = np.square(found.of_pairs).sum() / np.square(found.influence).sum()
    assert of_pairs < 0.06
