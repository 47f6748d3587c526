"""Topology: divergence by linear algebra, known shapes, diagrams, what is refused."""

import sys
from itertools import combinations, pairwise

import numpy as np
import pytest
from persim import wasserstein as persim_wasserstein
from scipy.spatial.distance import pdist
from scipy.stats import kendalltau

from isomorph.errors import IsomorphError
from isomorph.measures import MEASURES, Stack
from isomorph.measures.pairs import squareform
from isomorph.measures.topology import _diagrams, rtd_divergence, wasserstein


def rank_over_two(matrix):
    """The rank of a matrix of 0 and 1, where 1 + 1 = 0."""
    rows = [int("".join(map(str, row)), 2) for row in matrix]
    rank = 0
    while rows:
        pivot = rows.pop()
        if pivot:
            rank += 1
            lowest = pivot & -pivot
            rows = [row ^ pivot if row & lowest else row for row in rows]
    return rank


def literal_length(w, v):
    """The integral over scales of the dimension of the first homology of one complex of the
    stimuli, that of the smaller of both distances, relative to the complex of the first."""
    n = len(w)
    smaller = np.minimum(w, v)
    edges = list(combinations(range(n), 2))
    triangles = list(combinations(range(n), 3))
    scales = np.unique(np.concatenate([w.ravel(), v.ravel()]))
    total = 0.0
    for scale, after in pairwise(scales):

        def there(simplex, distances, scale=scale):
            return all(distances[i, j] <= scale for i, j in combinations(simplex, 2))

        own = [e for e in edges if there(e, smaller) and not there(e, w)]
        filled = [t for t in triangles if there(t, smaller) and not there(t, w)]
        boundary = [[int(set(e) <= set(t)) for e in own] for t in filled]
        loops = len(own) - (rank_over_two(boundary) if own and filled else 0)
        total += loops * (after - scale)
    return total


def points(seed, n=8, size=1):
    return [pdist(x) for x in np.random.default_rng(seed).standard_normal((size, n, 3))]


@pytest.mark.parametrize("seed", range(4))
def test_the_divergence_is_that_of_relative_homology(seed):
    (first,), (second,) = points(seed), points(seed + 50)
    if seed == 3:  # ties, and stimuli in the same place
        first, second = np.round(first), np.round(second)
    w, v = (squareform(one[None], 8)[0] / np.quantile(one, 0.9) for one in (first, second))
    expected = (literal_length(w, v) + literal_length(v, w)) / 2
    assert expected > 0.5
    assert rtd_divergence(first, second) == pytest.approx(expected, abs=1e-12)
    assert rtd_divergence(second, first) == pytest.approx(expected, abs=1e-12)


def test_the_divergence_of_clusters_pulled_apart_is_how_much_later_they_join():
    """Two pairs of stimuli at distance 1; only the gap between the pairs differs."""

    def two_pairs(gap):
        return pdist([[0.0], [1.0], [1.0 + gap], [2.0 + gap]])

    near, far = two_pairs(2.0), two_pairs(6.0)
    scales = [np.quantile(one, 0.9) for one in (near, far)]
    ends = [(1 / scale, gap / scale) for scale, gap in zip(scales, (2.0, 6.0), strict=True)]
    # Scaled, the far ones join inside a pair earlier, and between the pairs later. Each join of
    # the one that the other has not made yet is a bar.
    expected = (2 * abs(ends[0][0] - ends[1][0]) + abs(ends[0][1] - ends[1][1])) / 2
    assert rtd_divergence(near, far) == pytest.approx(expected, abs=1e-12)


def test_the_divergence_of_equal_distances_is_0_whatever_their_scale():
    (one,) = points(10, n=30)
    assert rtd_divergence(one, one) == 0
    assert rtd_divergence(one, 7 * one) == pytest.approx(0, abs=1e-12)
    order = np.random.default_rng(11).permutation(30)
    (other,) = points(12, n=30)
    pair = [Stack(x[None]).chosen(order).rdms[0] for x in (one, other)]
    assert rtd_divergence(*pair) == pytest.approx(rtd_divergence(one, other), abs=1e-12)


def clusters(n, many):
    """A cloud, and the same points as ever more clusters around a ring (Barannikov et al. 2022)."""
    cloud = np.random.RandomState(7).standard_normal((n, 2))
    made = [cloud]
    for k in many:
        angle = 2 * np.pi * (np.arange(n) % k) / k
        made.append(cloud + 10 * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return made


@pytest.mark.parametrize(("n", "many"), [(100, [2, 3, 4, 5, 6, 10]), (300, [10, 12])])
def test_the_more_clusters_the_larger_the_divergence(n, many):
    """Published for 300 points and 2, 3, 4, 5, 6, 10 and 12 clusters, here for some of these."""
    clouds = clusters(n, many)
    rdms = [pdist(x) for x in clouds]
    found = [rtd_divergence(rdms[0], one) for one in rdms[1:]]
    assert kendalltau(found, many).statistic == pytest.approx(1)


def test_a_similarity_falls_as_the_divergence_grows():
    x, y = np.array(points(13, n=12, size=2)), np.array(points(14, n=12, size=3))
    divergence = [[rtd_divergence(one, other) for other in y] for one in x]
    np.testing.assert_allclose(MEASURES["rtd"].compare(x, y), 1 / (1 + np.array(divergence)))


def test_diagrams_are_those_of_known_shapes():
    """A ring of 12 has one loop, born at a side, that is filled by triangles across a third."""
    angle = 2 * np.pi * np.arange(12) / 12
    ring = pdist(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    scale = np.quantile(ring, 0.9)
    joins, loops = _diagrams(Stack(ring[None]))[0]
    side, across = 2 * np.sin(np.pi / 12), 2 * np.sin(np.pi / 3)
    np.testing.assert_allclose(joins, [[0, side / scale]] * 11, atol=1e-12)
    np.testing.assert_allclose(loops, [[side / scale, across / scale]], atol=1e-12)
    line = pdist(np.arange(12.0)[:, None])
    assert not len(_diagrams(Stack(line[None]))[0][1])
    nothing_shared = MEASURES["persistence"].pair(ring[None], line[None])
    assert nothing_shared < MEASURES["persistence"].pair(ring[None], ring[None] ** 1.1)


def test_matching_is_that_of_persim():
    rng = np.random.default_rng(15)
    for n, m in ((6, 4), (3, 9), (5, 0), (1, 1)):
        first, second = (np.sort(rng.random((size, 2)), axis=1) for size in (n, m))
        expected = persim_wasserstein(first, second) if m else np.sum(np.diff(first)) / np.sqrt(2)
        assert wasserstein(first, second) == pytest.approx(expected)
        assert wasserstein(second, first) == pytest.approx(expected)


def test_persistence_does_not_see_which_stimulus_is_which():
    first, second = (Stack(np.array(points(seed, n=12, size=2))) for seed in (16, 17))
    measure = MEASURES["persistence"]
    value = measure.compare(first, second)
    order = np.random.default_rng(18).permutation(12)
    np.testing.assert_array_equal(measure.compare(first.chosen(order), second), value)
    np.testing.assert_array_equal(measure.calibrated(first, second)[1], value)


@pytest.mark.parametrize("name", ["rtd", "persistence"])
def test_rdms_without_a_scale_have_no_topology(name):
    fine = np.array(points(19, n=8, size=2))
    negative, unknown, nowhere, mostly = (fine[:1].copy() for _ in range(4))
    negative[0, 3], unknown[0, 3] = -0.1, np.nan
    nowhere[:] = 0
    mostly[0, 1:] = 0  # more than 9 of 10 are 0
    wrong = np.concatenate([negative, unknown, nowhere, mostly])
    found = MEASURES[name].compare(np.concatenate([wrong, fine]), fine)
    assert np.isnan(found[:4]).all()
    assert np.isfinite(found[4:]).all()
    constant = MEASURES[name].compare(np.ones((1, 28)), fine)
    assert ((constant > 0) & (constant < 1)).all()
    few = MEASURES[name].compare(fine[:, :1], fine[:, :1])  # two stimuli
    np.testing.assert_allclose(few, 1)
    assert not MEASURES[name].accepts("crossnobis")


@pytest.mark.parametrize("name", ["rtd", "persistence"])
def test_too_many_stimuli_are_refused_unless_asked_for(name):
    most = MEASURES[name].form.most_stimuli
    n = most + 1
    rdm = pdist(np.random.default_rng(20).standard_normal((n, 3)))[None]
    with pytest.raises(IsomorphError, match=rf'{n} stimuli .* write "{name}\({n}\)"'):
        MEASURES[name].pair(rdm, rdm)
    asked = MEASURES[f"{name}({n})"]
    assert asked.title.endswith(f"most stimuli {n}")
    assert asked.pair(rdm[:, :45], rdm[:, :45]) == 1


def test_cost_grows_with_pairs_and_stimuli():
    form = MEASURES["rtd"].form
    assert form.seconds(92) == pytest.approx(0.046)
    assert form.seconds(92, 2000) == pytest.approx(92)
    assert form.seconds(368) == pytest.approx(32 * 0.046)


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ripser", None)
    (one,) = points(21)
    with pytest.raises(IsomorphError, match=r"needs ripser, which is not installed; .*topology"):
        rtd_divergence(one, one)
