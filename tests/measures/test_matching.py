"""Units matched with units: against every matching there is, linear programmes and deletions."""

import sys
from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import linprog

from isomorph.errors import IsomorphError
from isomorph.measures import MEASURES, Stack
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.matching import PermutationForm, transport
from isomorph.measures.pairs import pair_indices

NAMES = ["permutation", "soft_matching", "one_to_one"]


def stack_of(*features):
    i, j = pair_indices(len(features[0]))
    rdms = [((x[i] - x[j]) ** 2).sum(axis=1) for x in features]
    return Stack(np.stack(rdms), facts={"features": list(features)})


def value(name, x, y):
    return MEASURES[name].pair(stack_of(x), stack_of(y))


def related(seed, n=20, p=6, q=6):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, max(p, q)))
    return (shared[:, :size] + 0.7 * rng.standard_normal((n, size)) for size in (p, q))


def whole(x):
    centred = x - x.mean(axis=0)
    return centred / np.linalg.norm(centred)


@pytest.mark.parametrize(("p", "q"), [(5, 5), (3, 6), (6, 2)])
def test_permutation_is_the_best_of_all_matchings(p, q):
    x, y = related(0, p=p, q=q)
    cross = whole(x).T @ whole(y)
    few, many = sorted((p, q))
    wide = cross if p <= q else cross.T
    best = max(wide[range(few), list(one)].sum() for one in permutations(range(many), few))
    assert value("permutation", x, y) == pytest.approx(best, abs=1e-12)


def test_units_in_another_order_are_the_same_and_units_turned_are_not():
    x, _ = related(1)
    rng = np.random.default_rng(1)
    shuffled = x[:, rng.permutation(6)]
    turned = x @ np.linalg.qr(rng.standard_normal((6, 6)))[0]
    for name in NAMES:
        assert value(name, x, shuffled) == pytest.approx(1)
        assert value(name, x, turned) < 0.9
    assert value("procrustes", x, turned) == pytest.approx(1)


def test_units_left_over_are_unexplained():
    x, extra = (one - one.mean(axis=0) for one in related(2))
    extra -= x @ np.linalg.lstsq(x, extra)[0]  # nothing that could be matched by mistake
    share = np.linalg.norm(x - x.mean(axis=0))
    both = np.concatenate([x, extra], axis=1)
    whole_share = np.linalg.norm(both - both.mean(axis=0))
    assert value("permutation", x, both) == pytest.approx(share / whole_share)


def test_matching_softly_is_matching_where_there_are_as_many_units():
    for seed in range(5):
        x, y = related(seed, p=7, q=7)
        assert value("soft_matching", x, y) == value("permutation", x, y)
        cross = whole(x).T @ whole(y)
        for found in (transport(cross), PermutationForm().coupling(cross)):
            rows, columns, strength = found
            total = (cross[rows, columns] * strength).sum()
            assert total == pytest.approx(value("permutation", x, y), abs=1e-12)


@pytest.mark.parametrize(("p", "q"), [(4, 6), (9, 2), (1, 5)])
def test_soft_matching_is_a_linear_programme(p, q):
    x, y = related(3, p=p, q=q)
    cost = -np.sqrt(p * q) * (whole(x).T @ whole(y))
    rows = [np.kron(np.eye(p), np.ones(q)), np.kron(np.ones(p), np.eye(q))]
    masses = np.concatenate([np.full(p, 1 / p), np.full(q, 1 / q)])
    found = linprog(cost.ravel(), A_eq=np.concatenate(rows), b_eq=masses)
    assert value("soft_matching", x, y) == pytest.approx(-found.fun, abs=1e-9)


def test_each_unit_twice_is_the_same_population():
    x, _ = related(4)
    twice = np.repeat(x, 2, axis=1)
    assert value("soft_matching", x, twice) == pytest.approx(1)
    assert value("permutation", x, twice) == pytest.approx(np.sqrt(0.5))


def test_soft_matching_is_a_distance():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        three = [rng.standard_normal((12, size)) for size in rng.integers(1, 6, 3)]
        a, b, c = (
            np.sqrt(max(0, 2 - 2 * value("soft_matching", three[i], three[j])))
            for i, j in ((0, 1), (1, 2), (0, 2))
        )
        assert c <= a + b + 1e-9


def test_soft_matching_with_equal_variances_is_the_mean_correlation():
    x, y = related(5, p=3, q=6)
    x, y = ((one - one.mean(axis=0)) / one.std(axis=0) for one in (x, y))
    rows, columns, strength = transport(x.T @ y / 20)
    plan = strength / strength.sum()
    correlations = [np.corrcoef(x[:, i], y[:, j])[0, 1] for i, j in zip(rows, columns, strict=True)]
    assert value("soft_matching", x, y) == pytest.approx(plan @ correlations)


def test_without_the_library_the_error_says_what_to_install(monkeypatch):
    x, y = related(6, p=3, q=4)
    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(IsomorphError, match=r"3 and 4 units needs POT, install isomorph\[match"):
        value("soft_matching", x, y)
    assert np.isfinite(value("soft_matching", x, x))


def literal_one_to_one(x, y):
    scores = []
    z = [(one - one.mean(axis=0)) / one.std(axis=0) for one in (x, y)]
    for unit in range(x.shape[1]):
        products = []
        for i in range(len(x)):
            rest = np.delete(np.arange(len(x)), i)
            r = [np.corrcoef(x[rest, unit], y[rest, j])[0, 1] for j in range(y.shape[1])]
            products.append(z[0][i, unit] * z[1][i, np.argmax(r)])
        scores.append(np.mean(products))
    return np.mean(scores)


@pytest.mark.parametrize(("p", "q"), [(4, 4), (1, 3), (5, 1)])
def test_one_to_one_leaves_out_each_stimulus_by_a_loop(p, q):
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((15, p)), rng.standard_normal((15, q))
    y[:, 0] += x[:, 0]
    assert value("one_to_one", x, y) == pytest.approx(literal_one_to_one(x, y), abs=1e-12)


def test_every_unit_of_a_part_has_a_partner_in_the_whole_and_not_the_other_way():
    x, _ = related(8, n=60, p=3, q=3)
    both = np.concatenate([x, np.random.default_rng(8).standard_normal((60, 5))], axis=1)
    assert value("one_to_one", x, both) == pytest.approx(1)
    assert value("one_to_one", both, x) < 0.6


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("p", "q"), [(6, 6), (4, 9)])
def test_influences_are_those_of_deletions(name, p, q):
    x, y = related(9, n=80, p=p, q=q)
    first, second = stack_of(x), stack_of(y)
    form = MEASURES[name].form
    ours = form.influence(first, second)[0, 0]
    deleted = Jackknifed.influence(form, first, second)[0, 0]
    assert ours.sum() == pytest.approx(0, abs=1e-9)
    # Where one of 80 stimuli is enough to change the coupling, a little is missed.
    assert np.corrcoef(ours, deleted)[0, 1] > 0.975
    assert ours.std() == pytest.approx(deleted.std(), rel=0.07)


@pytest.mark.parametrize("name", NAMES)
def test_what_has_no_unit_that_varies_has_no_value(name):
    x, y = related(10, n=8)
    still, unknown = np.full((8, 3), 0.1), np.where(np.arange(6) == 2, np.nan, x)
    first, second = stack_of(x), stack_of(y, still, y)
    second.facts["features"][2] = unknown
    for found in (
        MEASURES[name].compare(first, second)[0],
        MEASURES[name].compare(second, first)[:, 0],
        MEASURES[name].form.influence(first, second)[0].sum(axis=-1),
    ):
        np.testing.assert_array_equal(np.isnan(found), [False, True, True])


@pytest.mark.parametrize("name", ["permutation", "one_to_one"])
def test_units_that_do_not_vary_do_not_matter(name):
    x, y = related(11)
    padded = np.concatenate([x, np.full((20, 3), 7.0)], axis=1)
    for one, other in ((padded, y), (y, padded)):
        pair = (x, y) if one is padded else (y, x)
        assert value(name, one, other) == pytest.approx(value(name, *pair), abs=1e-12)


def test_one_unit_is_its_correlation():
    x, y = related(12, p=1, q=1)
    r = np.corrcoef(x[:, 0], y[:, 0])[0, 1]
    for name in NAMES:
        assert value(name, x, y) == pytest.approx(r)
        assert value(name, x, -y) == pytest.approx(-r)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("n", "p"), [(3, 2), (3, 1), (4, 50)])
def test_few_stimuli_and_many_units_have_values_in_range(name, n, p):
    x, y = related(13, n=n, p=p, q=p)
    assert -1 <= value(name, x, y) <= 1


def test_a_unit_that_moves_at_one_stimulus_has_no_relation_held_out():
    """Without that stimulus it is constant, and no partner can be told."""
    x, y = np.zeros((10, 1)), np.random.default_rng(14).standard_normal((10, 3))
    x[0] = 1
    assert abs(value("one_to_one", x, y)) <= 1
    assert abs(value("one_to_one", y, x)) <= 1


def test_a_unit_that_moves_at_one_stimulus_has_no_partner_there_in_any_order():
    x, y = related(3)
    x[:, 0] = np.arange(20) == 4
    expected = value("one_to_one", x, y)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(20)
        assert value("one_to_one", x[order], y[order]) == pytest.approx(expected, abs=1e-12)
