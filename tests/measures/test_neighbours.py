"""Measures of nearest neighbours: literal definitions, ties, chance, deletions, shuffles."""

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy.special import digamma
from scipy.stats import hypergeom

from isomorph.inference.permutation import make_orders, permutation_null
from isomorph.inference.setting import Draws
from isomorph.measures import MEASURES, Stack
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.nearest import nearest
from isomorph.measures.pairs import pair_indices, pair_positions, squareform

NAMES = ["mutual_knn", "knn_jaccard", "rank_similarity", "second_order_cosine"]


def stack(seed, n=14, size=2, shared=None, ties=False):
    rng = np.random.default_rng(seed)
    i, j = pair_indices(n)
    features = rng.standard_normal((size, n, 5))
    if shared is not None:
        features = np.concatenate([features, [shared] * size], axis=2)
    rdms = ((features[:, i] - features[:, j]) ** 2).mean(axis=2)
    return Stack(np.ceil(rdms) if ties else rdms)


def literal(name, k, one, other):
    """By sets of neighbours, a stimulus at a time; for RDMs without ties."""
    n = len(one)
    values = []
    for i in range(n):
        others = [j for j in range(n) if j != i]
        near = [sorted(others, key=lambda j, d=d: d[i, j])[:k] for d in (one, other)]
        both, either = set(near[0]) & set(near[1]), sorted(set(near[0]) | set(near[1]))
        if name == "mutual_knn":
            value = len(both) / k
        elif name == "knn_jaccard":
            value = len(both) / len(either)
        elif name == "rank_similarity":
            ranks = [[side.index(j) + 1 for side in near] for j in both]
            value = sum(2 / ((1 + abs(r - s)) * (r + s)) for r, s in ranks)
            value /= sum(1 / m for m in range(1, len(both) + 1)) or 1
        else:
            x, y = one[i, either], other[i, either]
            value = x @ y / np.sqrt((x @ x) * (y @ y))
        values.append(value)
    return np.mean(values)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("k", [1, 4, 11])
def test_without_ties_it_is_the_literal_definition(name, k):
    first, second = stack(1), stack(2, size=3)
    x, y = (squareform(one.rdms, 14) for one in (first, second))
    found = MEASURES[f"{name}({k})"].compare(first, second)
    expected = [[literal(name, k, one, other) for other in y] for one in x]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_ties_at_the_edge_count_as_broken_at_random():
    """Of mutual k-NN exactly: it is linear in the weights of either side."""
    tied, other = stack(3, n=7, size=1, ties=True), stack(4, n=7, size=1)
    rng = np.random.default_rng(5)
    broken = Stack(tied.rdms + 1e-6 * rng.random((4000, 21)))
    found = MEASURES["mutual_knn(2)"].compare(broken, other)[:, 0]
    exact = MEASURES["mutual_knn(2)"].pair(tied, other)
    assert found.std() > 0.01
    assert abs(found.mean() - exact) < 4 * found.std() / np.sqrt(len(found))


def test_shares_of_ties_add_up_to_k():
    tied = stack(6, n=12, ties=True)
    for k in range(1, 11):
        near = nearest(tied, k)
        np.testing.assert_allclose(near.weights().sum(axis=2), k)
        for gone in (0, 7):
            left = np.delete(near.without(gone, near.weights()), gone, axis=1)
            np.testing.assert_allclose(left.sum(axis=2), k)
            own = nearest(tied.chosen(np.delete(np.arange(12), gone)), k).weights()
            np.testing.assert_allclose(np.delete(left, gone, axis=2), own)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_stimuli_never_matters(name):
    first, second = stack(7, ties=True), stack(8, ties=True)
    order = np.random.default_rng(9).permutation(14)
    measure = MEASURES[f"{name}(4)"]
    np.testing.assert_allclose(
        measure.compare(first.chosen(order), second.chosen(order)),
        measure.compare(first, second),
        atol=1e-12,
    )


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_chance_of_mutual_neighbours_is_k_of_all_others(k, ties):
    first, second = stack(10, n=6, ties=ties), stack(11, n=6, ties=ties)
    measure = MEASURES[f"mutual_knn({k})"]
    position = pair_positions(6)
    i, j = pair_indices(6)
    orders = [np.array(order) for order in permutations(range(6))]
    every = [measure.compare(first.rdms[:, position[o[i], o[j]]], second) for o in orders]
    np.testing.assert_allclose(np.mean(every, axis=0), k / 5, atol=1e-12)
    np.testing.assert_allclose(measure.chance(first, second), k / 5, atol=1e-12)


def test_independent_neighbours_are_shared_as_balls_drawn_from_an_urn():
    n, k = 40, 5
    first, second = stack(12, n=n, size=40), stack(13, n=n, size=40)
    shared = np.arange(k + 1)
    share = hypergeom(n - 1, k, k).pmf(shared)
    mutual = MEASURES["mutual_knn(5)"].compare(first, second)
    jaccard = MEASURES["knn_jaccard(5)"].compare(first, second)
    assert share @ shared / k == pytest.approx(k / (n - 1))
    for found, expected in ((mutual, k / (n - 1)), (jaccard, share @ (shared / (2 * k - shared)))):
        # Representations are compared with several others, so errors are those of 40, not 1600.
        error = found.mean(axis=0).std() / np.sqrt(40) + found.mean(axis=1).std() / np.sqrt(40)
        assert abs(found.mean() - expected) < 4 * error + 1e-3
    orders = MEASURES["knn_jaccard(5)"].chance(first, second)
    assert orders.mean() == pytest.approx(share @ (shared / (2 * k - shared)), abs=0.005)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shared_is_found(name):
    shared = np.random.default_rng(14).standard_normal((40, 10))
    measure = MEASURES[name]
    alike = measure.compare(stack(15, 40, 8, shared), stack(16, 40, 8, shared))
    unrelated = measure.compare(stack(15, 40, 8), stack(16, 40, 8))
    assert alike.min() > unrelated.max()
    assert measure.calibrated(stack(15, 40, 8), stack(16, 40, 8))[1].mean() == pytest.approx(
        0, abs=0.03
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("n", "k"), [(12, 3), (14, 5), (9, 1), (7, 5), (8, 7)])
@pytest.mark.parametrize("ties", [False, True])
def test_influences_in_one_pass_are_those_of_deletions(name, n, k, ties, monkeypatch):
    monkeypatch.setattr("isomorph.measures.nearest.BLOCK", 4000)  # a few rows at a time
    first, second = stack(17, n, 2, ties=ties), stack(18, n, 3, ties=ties)
    form = MEASURES[f"{name}({k})"].form
    found = form.influence(first, second)
    np.testing.assert_allclose(found, Jackknifed.influence(form, first, second), atol=1e-10)
    # of stimuli that all are neighbours sets say nothing
    assert np.isfinite(found).all() == (k < n - 1 - form.by_set)


@pytest.mark.parametrize("name", NAMES)
def test_as_many_neighbours_as_stimuli_have_no_value(name):
    first, second = stack(19, n=10), stack(20, n=10)
    assert np.isnan(MEASURES[name].compare(first, second)).all()
    assert np.isnan(MEASURES[f"{name}(12)"].compare(first, second)).all()
    # where all others are neighbours, any two representations agree on that
    every = MEASURES[f"{name}(9)"].compare(first, second)
    assert np.isnan(every).all() == (name in {"mutual_knn", "knn_jaccard"})
    assert (np.isnan(every) | (every < 1)).all()
    resampled = MEASURES[name].resampled(first, second, np.ones((1, 10), dtype=int))
    assert np.isnan(resampled).all()


@pytest.mark.parametrize("name", NAMES)
def test_unknown_distances_have_no_value_and_touch_no_other(name):
    first, second = stack(21), stack(22, size=3)
    holes = first.rdms.copy()
    holes[0, 4] = np.nan
    measure = MEASURES[f"{name}(3)"]
    found = measure.compare(Stack(holes), second)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1], measure.compare(first, second)[1])
    influence = measure.form.influence(Stack(holes), second)
    assert np.isnan(influence[0]).all()
    assert np.isfinite(influence[1]).all()


def test_a_constant_rdm_shares_neighbours_by_chance():
    constant, other = Stack(np.ones((1, 91))), stack(23, size=1)
    assert MEASURES["mutual_knn(3)"].pair(constant, other) == pytest.approx(3 / 13)
    assert MEASURES["mutual_knn(3)"].pair(constant, constant) == pytest.approx(3 / 13)
    shared = 9 / 13
    assert MEASURES["knn_jaccard(3)"].pair(constant, other) == pytest.approx(shared / (6 - shared))
    # All ranks are 7, the middle of 1 to 13.
    expected = sum(3 / 13 * 2 / ((8 - r) * (r + 7)) for r in (1, 2, 3))
    expected /= digamma(shared + 1) + np.euler_gamma
    assert MEASURES["rank_similarity(3)"].pair(constant, other) == pytest.approx(expected)
    nowhere = Stack(np.zeros((1, 91)))
    assert np.isnan(MEASURES["second_order_cosine(3)"].pair(nowhere, other))


def test_a_stimulus_whose_neighbours_are_copies_has_no_second_order_cosine():
    features = np.random.default_rng(24).standard_normal((10, 4))
    features[:4] = features[0]
    i, j = pair_indices(10)
    copies = Stack(((features[i] - features[j]) ** 2).sum(axis=1)[None])
    assert np.isnan(MEASURES["second_order_cosine(3)"].pair(copies, copies))
    assert MEASURES["second_order_cosine(4)"].pair(copies, copies) == pytest.approx(1)


def test_rank_similarity_of_tied_ranks_stays_within_its_range():
    for seed in range(20):
        one, other = stack(seed, n=9, ties=True), stack(seed + 100, n=9, ties=True)
        for k in range(1, 9):
            found = MEASURES[f"rank_similarity({k})"].compare(one, other)
            assert (found <= 1 + 1e-12).all()


def test_shuffles_of_matrices_are_comparisons_of_shuffled_stimuli():
    region, candidates = stack(25, size=3, ties=True), stack(26, size=4)
    measure = MEASURES["mutual_knn(3)"]
    orders = make_orders(14, 6, np.random.default_rng(27))
    null = permutation_null(region, candidates, measure, orders)
    expected = [measure.compare(region.chosen(o), candidates).mean(axis=0) for o in orders]
    np.testing.assert_allclose(null.shuffled, expected, atol=1e-12)
    draws = Draws(np.empty((0, 14)), {}, orders, None, np.arange(14), n_costly=2)
    assert len(draws.orders_for(measure)) == 6
    assert len(draws.orders_for(MEASURES["knn_jaccard"])) == 2


def test_the_parameter_in_the_name_is_a_whole_number():
    assert MEASURES["mutual_knn(25)"].form.k == 25
    assert "mutual_knn(10)" not in MEASURES
    assert "mutual_knn(2.5)" not in MEASURES
    assert "whole number" in MEASURES.suggestion("mutual_knn(2.5)")


def test_every_pair_of_neighbours_is_found_in_a_ring():
    """Neighbours on a ring of 12 are known: half shared by a ring turned by one place per step."""
    n = 12
    apart = np.array([min(j - i, n - j + i) for i, j in combinations(range(n), 2)], dtype=float)
    steps = np.array([min(5 * (j - i) % n, -5 * (j - i) % n) for i, j in combinations(range(n), 2)])
    ring, stepped = Stack(apart[None]), Stack(steps[None].astype(float))
    assert MEASURES["mutual_knn(2)"].pair(ring, ring) == 1
    assert MEASURES["mutual_knn(2)"].pair(ring, stepped) == 0
    # Two of four: at 1 and 2 places from a stimulus against 5 and 2 (5 x 2 = 10 = -2).
    assert MEASURES["mutual_knn(4)"].pair(ring, stepped) == 0.5
