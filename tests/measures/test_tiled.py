"""Comparison of many stimuli equals the comparison of RDMs, at a size where both can be had."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from isomorph.errors import IsomorphError
from isomorph.measures import MEASURES
from isomorph.measures.first_order import Signs, signs_of
from isomorph.measures.tiled import Representation, compared, graph_sums, graphs, kind_of, values
from isomorph.measures.tiled.graphs import DEGREES

SCIPY = {
    "squared_euclidean": "sqeuclidean", "euclidean": "euclidean", "correlation": "correlation",
    "cosine": "cosine",
}  # fmt: skip
ABLE = [measure for measure in MEASURES.values() if kind_of(measure)]
BINNED = {"spearman", "rho_a"}


def features(n, seed=0, n_representations=7):
    """Of three layers, a region of one subject, and one of three."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 8))
    return [
        shared @ rng.standard_normal((8, 20 + k)) + rng.standard_normal((n, 20 + k)) + 1
        for k in range(n_representations)
    ]


def found(given, distance, measures, groups):
    made = [Representation(x.astype(np.float32), distance) for x in given]
    return compared(made[:3], [made[3:4], made[4:]], measures, Signs(groups))


def rdms(given, distance):
    return np.stack([pdist(x, SCIPY[distance]) for x in given])


def off(ours, theirs):
    """The largest error as a share of the largest value."""
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


def within(ours, theirs, tolerances):
    assert np.abs(ours.value - theirs.value).max() < tolerances[0]
    for name, tolerance in zip(("influence", "of_pairs"), tolerances[1:], strict=True):
        assert off(getattr(ours, name), getattr(theirs, name)) < tolerance, name


def test_every_linear_and_rank_measure_is_able():
    assert {measure.name for measure in ABLE} == {
        "pearson", "cosine", "whitened_cosine", "whitened_correlation", "cka", "cka_biased",
        "distance_correlation", *BINNED,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("distance", "n", "room"),
    [
        ("squared_euclidean", 60, 2**25),
        ("squared_euclidean", 300, 200_001),
        ("euclidean", 151, 100_000),
        ("correlation", 151, 2**25),
        ("correlation", 60, 9000),
        ("cosine", 60, 2**25),
    ],
)
def test_values_and_first_orders_are_those_of_rdms(monkeypatch, distance, n, room):
    monkeypatch.setattr(values, "ROOM", room)
    given, groups = features(n), np.arange(n) // 2
    whole, signs = rdms(given, distance), signs_of(groups)
    measures = [measure for measure in ABLE if measure.accepts(distance)]
    tiled = found(given, distance, measures, groups)
    for measure in measures:
        ours = tiled[measure.name]
        value, calibrated = measure.first_order(whole[3:], whole[:3], signs)
        # Bins are the finer against the spread over stimuli the more pairs there are.
        exact = (2e-5, 5e-4, 1e-3) if measure.name in BINNED else (1e-6, 5e-5, 5e-5)
        within(ours.value, value, exact)
        within(ours.calibrated, calibrated, exact)
        np.testing.assert_allclose(ours.chance, measure.chance(whole[3:], whole[:3]), atol=1e-6)
        subjects = whole[4:]
        pooled = [measure.pool(np.delete(subjects, left, axis=0)) for left in range(3)]
        every = np.concatenate([subjects, [*pooled, measure.pool(subjects)]])
        assert ours.within[0] is None
        within(ours.within[1], measure.first_order(subjects, every, signs)[0], exact)


@pytest.mark.parametrize("name", ["pearson", "rho_a", "cka", "whitened_cosine"])
@pytest.mark.parametrize("n", [60, 260])
def test_sums_over_graphs_are_those_of_embedded_matrices(monkeypatch, name, n):
    monkeypatch.setattr(values, "ROOM", 70_000)
    measure, given = MEASURES[name], features(n)
    ours = found(given, "squared_euclidean", [measure], np.arange(n))[name]
    vectors = measure.embed(rdms(given, "squared_euclidean"))
    vectors = [*vectors[:3], vectors[3], vectors[4:].mean(axis=0)]
    for sums, vector in zip([*ours.layers, *ours.regions], vectors, strict=True):
        whole = squareform(vector - vector.mean())
        by_stimulus, squares = whole.sum(axis=1), (whole**2).sum(axis=1)
        expected = {
            "mean": vector.mean(),
            "squares": squares.sum(),
            "inner": by_stimulus @ by_stimulus,
            "cubes": (whole**3).sum(),
            "double": squares @ by_stimulus,
            "star": (by_stimulus**3).sum(),
            "path": by_stimulus @ whole @ by_stimulus,
            "triangle": np.trace(whole @ whole @ whole),
        }
        # No sum of products is larger than the power of the length that it grows with.
        for key, value in expected.items():
            scale = n if key == "star" else 1.0
            assert getattr(sums, key) == pytest.approx(value, abs=1e-4 * scale, rel=1e-3), key
            grown = getattr(sums.times(2.0), key)
            assert grown == getattr(sums, key) * 2 ** DEGREES[key]


def test_sums_over_graphs_need_not_hold_the_matrix(monkeypatch):
    rng = np.random.default_rng(3)
    whole = squareform(rng.standard_normal(50 * 49 // 2)).astype(np.float32)
    held = graph_sums(lambda some: whole[some].copy(), 50, 13)
    monkeypatch.setattr(graphs, "HELD", 100)
    again = graph_sums(lambda some: whole[some].copy(), 50, 13)
    assert again.triangle == pytest.approx(held.triangle, rel=1e-5)
    assert again.path == pytest.approx(held.path, rel=1e-5)


@pytest.mark.parametrize("distance", SCIPY)
@pytest.mark.parametrize("size", [64, 77, 150])
def test_rows_are_distances_up_to_a_factor(distance, size):
    given = features(150)[0]
    one = Representation(given, distance)
    whole = np.concatenate([one.rows(slice(k, min(k + size, 150))) for k in range(0, 150, size)])
    theirs = squareform(rdms([given], distance)[0])
    np.testing.assert_allclose(whole / whole.mean(), theirs / theirs.mean(), rtol=1e-9, atol=1e-12)
    assert (np.diag(whole) == 0).all()


def test_ties_are_ties_whatever_rounding_does():
    rng = np.random.default_rng(1)
    kinds = rng.standard_normal((4, 9))[rng.integers(4, size=120)]  # seven levels
    given = [kinds, *features(120, seed=2)]
    whole = rdms(given, "squared_euclidean")
    whole[0] = np.round(whole[0], 9)
    made = [Representation(x.astype(np.float32)) for x in given]
    both = [MEASURES[name] for name in sorted(BINNED)]
    tiled = compared(made[:1], [made[1:2]], both, Signs(np.arange(120)))
    for measure in both:
        value, _ = measure.first_order(whole[1:2], whole[:1], signs_of(np.arange(120)))
        within(tiled[measure.name].value, value, (2e-5, 3e-4, 1e-3))


@pytest.mark.parametrize("measure", ABLE, ids=lambda measure: measure.name)
def test_what_cannot_be_seen_is_0_and_does_not_vary_in_a_known_way(measure):
    given = [np.eye(30), *features(30)[:2]]  # all distances the same
    made = [Representation(x.astype(np.float32)) for x in given]
    ours = compared(made[:1], [made[1:2]], [measure], Signs(np.arange(30)))[measure.name].value
    whole = rdms(given, "squared_euclidean")
    theirs, _ = measure.first_order(whole[1:2], whole[:1], signs_of(np.arange(30)))
    assert np.allclose(ours.value, theirs.value, atol=1e-6)
    assert np.array_equal(np.isnan(ours.influence), np.isnan(theirs.influence))


def test_what_cannot_be_is_said():
    given = features(30)
    with pytest.raises(IsomorphError, match="30 stimuli cannot be compared with 40"):
        compared(
            [Representation(given[0])], [[Representation(features(40)[0])]], ABLE,
            Signs(np.arange(30)),
        )  # fmt: skip
    one = Representation(given[0])
    with pytest.raises(IsomorphError, match="tau_a takes whole RDMs"):
        compared([one], [[one]], [MEASURES["tau_a"]], Signs(np.arange(30)))
    flat = np.full((5, 7), 0.1)  # whose mean is so but for rounding
    with pytest.raises(IsomorphError, match="5 of 5 stimuli have the same value"):
        Representation(flat, "correlation")
    with pytest.raises(IsomorphError, match="5 of 5 stimuli are 0"):
        Representation(0 * flat, "cosine")
    with pytest.raises(IsomorphError, match="unknown distance between many stimuli"):
        Representation(flat, "cosin")
