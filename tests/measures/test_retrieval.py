"""Stimuli found again by relative representations: ranks, chance and influences."""

import numpy as np
import pytest
from scipy.stats import norm

from isomorph.measures import MEASURES, Stack
from isomorph.measures.anchored import drawn_anchors, relative, standardised
from isomorph.measures.asif import _added, _of_held_out, _passing
from isomorph.measures.pairs import pair_indices
from isomorph.measures.retrieval import (
    SCORES,
    accuracy,
    chance_accuracy,
    chance_reciprocal_rank,
    reciprocal_rank,
    retrieved,
)

NAMES = ["asif_accuracy", "asif_mrr"]


def stack_of(*features):
    i, j = pair_indices(len(features[0]))
    return Stack(np.stack([((x[i] - x[j]) ** 2).sum(axis=1) for x in features]))


def two(seed, n=16, p=9, noise=1.0):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 4))
    return [z @ rng.standard_normal((4, p)) + noise * rng.standard_normal((n, p)) for _ in range(2)]


def by_hand(x, y, name):
    """The mean over draws and both ways, without ties."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    values = []
    for anchors, others in drawn_anchors(len(x), 0.5):
        u, v = (relative(one[others], one[anchors], "cosine") for one in (x, y))
        alike = np.corrcoef(u, v)[: len(others), len(others) :]
        for way in (alike, alike.T):
            ranks = [1 + sum(row > row[i]) for i, row in enumerate(way)]
            scored = {"asif_accuracy": [r == 1 for r in ranks], "asif_mrr": [1 / r for r in ranks]}
            values.append(np.mean(scored[name]))
    return np.mean(values)


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_those_of_ranks_counted_by_hand(name):
    x, y = two(0)
    expected = by_hand(x, y, name)
    assert 0.15 < expected < 0.95
    assert MEASURES[name].pair(stack_of(x), stack_of(y)) == pytest.approx(expected, abs=1e-12)


def test_ties_share_their_ranks():
    nearer, as_near = np.array([0, 0, 2, 1]), np.array([1, 3, 1, 2])
    np.testing.assert_allclose(accuracy(nearer, as_near), [1, 1 / 3, 0, 0])
    expected = [1, (1 + 1 / 2 + 1 / 3) / 3, 1 / 3, (1 / 2 + 1 / 3) / 2]
    np.testing.assert_allclose(reciprocal_rank(nearer, as_near), expected)


def test_chance_is_that_of_a_random_order():
    rng, m = np.random.default_rng(1), 7
    ranks = np.array([1 + np.flatnonzero(rng.permutation(m) == 0)[0] for _ in range(20000)])
    assert np.mean(ranks == 1) == pytest.approx(chance_accuracy(m), abs=0.01)
    assert np.mean(1 / ranks) == pytest.approx(chance_reciprocal_rank(m), abs=0.01)
    # All equally near: what is known of each is no more than chance.
    alike = np.ones((m, 3))
    assert retrieved(alike, alike, "accuracy") == pytest.approx((1 / m, 1 / m))
    assert retrieved(alike, alike, "mrr")[0] == pytest.approx(chance_reciprocal_rank(m))


@pytest.mark.parametrize("name", NAMES)
def test_unrelated_representations_are_at_chance_and_calibrated_0(name):
    measure, rng = MEASURES[name], np.random.default_rng(2)
    x, y = (stack_of(*rng.standard_normal((20, 24, 8))) for _ in range(2))
    value, calibrated = measure.calibrated(x, y)
    chance = measure.chance(x, y)
    assert (chance == chance[0, 0]).all()
    assert chance[0, 0] == pytest.approx(1 / 12 if name == "asif_accuracy" else 0.258601, abs=1e-6)
    assert value.mean() == pytest.approx(chance[0, 0], abs=0.01)
    assert calibrated.mean() == pytest.approx(0, abs=0.015)
    np.testing.assert_allclose(np.diag(measure.calibrated(x, x)[1]), 1)


@pytest.mark.parametrize("name", NAMES)
def test_influences_of_held_out_stimuli_are_those_of_leaving_them_out(name):
    score, rng, m = SCORES[name.removeprefix("asif_")][0], np.random.default_rng(3), 8
    cosines = rng.uniform(-1, 1, (2, m, m)) + 0.7 * np.eye(m)
    cosines[1, 2, 5] = cosines[1, 2, 2]  # a tie

    def mean_score(square):
        nearer, as_near = (
            f(square, np.diag(square)[:, None]).sum(1) for f in (np.greater, np.equal)
        )
        return score(nearer, as_near).mean()

    def without(square, i):
        kept = np.delete(np.arange(m), i)
        return mean_score(square[np.ix_(kept, kept)])

    left = np.array([[without(square, i) for i in range(m)] for square in cosines])
    expected = left.mean(axis=1, keepdims=True) - left
    np.testing.assert_allclose(_of_held_out(score, cosines), expected, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_influences_of_anchors_are_derivatives_of_smoothed_ranks(name):
    measure, (x, y), n = MEASURES[name], two(7), 16
    found = measure.form.influence(stack_of(x), stack_of(y))[0, 0]
    np.testing.assert_allclose(found.mean(), 0, atol=1e-12)
    anchors, others = drawn_anchors(n, 0.5)[0]
    score = SCORES[measure.form.score][0]
    u, v = (relative(one[others], one[anchors], "cosine")
            for one in (x - x.mean(axis=0), y - y.mean(axis=0)))  # fmt: skip

    def correlations(weights):
        a, b = (z - (z @ weights)[:, None] / weights.sum() for z in (u, v))
        a, b = (z / np.sqrt(z**2 @ weights)[:, None] for z in (a, b))
        return (a * weights) @ b.T

    at_first = correlations(np.ones(8))
    changes = _passing(score, at_first[None])[0]
    for i, row in enumerate(at_first):
        rank = int((row > row[i]).sum())
        margins = at_first - np.diag(at_first)[:, None]
        width = 0.2 * np.sqrt((margins**2).sum() / (8 * 7))
        for j in set(range(8)) - {i}:
            worth = abs(float(score(np.array(rank), np.array(1)))
                        - float(score(np.array(rank + (1 if row[j] < row[i] else -1)),
                                      np.array(1))))  # fmt: skip
            assert changes[i, j] == pytest.approx(
                -worth * norm.pdf(row[j] - row[i], scale=width) / 8, abs=1e-12
            )
    np.testing.assert_allclose(changes.sum(axis=1), 0, atol=1e-12)
    sides = standardised(u)[None], standardised(v)[None]
    own = _added(score, at_first[None], *sides, (anchors, others))[0]
    for at, anchor in enumerate(anchors):
        step = 1e-5 * np.eye(8)[at]
        change = (correlations(1 + step) - correlations(1 - step)) / 2e-5
        assert own[anchor] == pytest.approx(n * (changes * change).sum(), abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_deviations_from_influences_are_those_of_fresh_stimuli_or_wider(name):
    measure, rng, n = MEASURES[name], np.random.default_rng(8), 30
    mixing = rng.standard_normal((2, 4, 20))
    values, deviations = [], []
    for _ in range(60):
        z = rng.standard_normal((n, 4))
        x, y = (stack_of(z @ m + 2 * rng.standard_normal((n, 20))) for m in mixing)
        values.append(measure.pair(x, y))
        deviations.append(np.sqrt((measure.form.influence(x, y) ** 2).sum()) / n)
    ratio = np.sqrt(np.mean(np.square(deviations))) / np.std(values)
    assert 0.85 < ratio < 1.6


def test_a_copied_stimulus_is_found_half_the_time():
    rng = np.random.default_rng(4)
    x = np.repeat(rng.standard_normal((6, 5)), 2, axis=0)
    u = standardised(relative(x, rng.standard_normal((8, 5)), "cosine"))
    assert retrieved(u, u, "accuracy") == pytest.approx((0.5, 0.5))
    assert retrieved(u, u, "mrr") == pytest.approx((0.75, 0.75))


def test_the_two_ways_differ_where_one_stimulus_is_near_to_all():
    first = np.array([[1.0, 0.0], [0.9, 0.1], [0.8, 0.3]])
    second = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    assert retrieved(first, second, "accuracy") == pytest.approx((1 / 3, 2 / 3))
    forth, back = retrieved(first, second, "mrr")
    assert forth == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert back == pytest.approx((1 + 1 / 2 + 1) / 3)


def test_turned_scaled_and_moved_stimuli_are_all_found():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((40, 12))
    y = 3 * x @ np.linalg.qr(rng.standard_normal((12, 12)))[0] + 7
    for name in NAMES:
        assert MEASURES[name].pair(stack_of(x), stack_of(y)) == pytest.approx(1, abs=1e-12)
    absolute, by_anchors = (
        retrieved(*pair, "mrr")[0]
        for pair in (
            (x, y),
            [relative(one - one.mean(axis=0), (one - one.mean(axis=0))[:10], "cosine")
             for one in (x, y)],
        )
    )  # fmt: skip
    assert absolute < 0.3
    assert by_anchors == pytest.approx(1)


def test_too_few_stimuli_have_no_value():
    x, y = (stack_of(one) for one in two(6, 5))
    few = np.array([0, 1, 2])
    for name in NAMES:
        assert np.isfinite(MEASURES[name].pair(x, y))
        assert np.isnan(MEASURES[name].pair(x.chosen(few), y.chosen(few)))
        assert np.isnan(MEASURES[name].chance(x.chosen(few), y.chosen(few))).all()
