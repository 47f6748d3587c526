"""Graphs of neighbours: literal definitions, networkx, chance, deletions, labels."""

from itertools import permutations

import networkx as nx
import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.inference.permutation import make_orders, permutation_null
from isomorph.measures import MEASURES, Stack
from isomorph.measures.graphs import modularity
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.nearest import nearest
from isomorph.measures.pairs import pair_indices, squareform

NAMES = ["gbs", "modularity"]


def stack(seed, n=14, size=2, apart=0.0, categories=3, ties=False, labelled=True):
    """Representations in which categories are so far apart."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % categories
    features = rng.standard_normal((size, n, 5))
    features[:, np.arange(n), labels] += apart
    i, j = pair_indices(n)
    rdms = ((features[:, i] - features[:, j]) ** 2).mean(axis=2)
    facts = {"labels": [labels] * size} if labelled else {}
    return Stack(np.ceil(rdms) if ties else rdms, None, facts)


def literal_graph(distances, k):
    n = len(distances)
    graph = np.zeros((n, n))
    for i in range(n):
        for j in sorted(set(range(n)) - {i}, key=lambda j: distances[i, j])[:k]:
            graph[i, j] += 0.5
            graph[j, i] += 0.5
    return graph


@pytest.mark.parametrize("k", [1, 4, 12])
def test_graph_based_similarity_is_its_literal_definition(k):
    first, second = stack(1), stack(2, size=3)
    x, y = (
        [literal_graph(square, k) for square in squareform(side.rdms, 14)]
        for side in (first, second)
    )

    def cosine(u, v):
        return u @ v / np.linalg.norm(u) / np.linalg.norm(v)

    expected = [[np.mean(list(map(cosine, g, h))) for h in y] for g in x]
    found = MEASURES["gbs" if k == 5 else f"gbs({k})"].compare(first, second)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_chance_of_graphs_is_the_mean_over_all_orders_of_the_stimuli():
    first, second = stack(3, n=6), stack(4, n=6, ties=True)
    measure = MEASURES["gbs(2)"]
    orders = [np.array(order) for order in permutations(range(6))]
    every = [measure.compare(first.chosen(order), second) for order in orders]
    np.testing.assert_allclose(measure.chance(first, second), np.mean(every, axis=0), atol=1e-12)


def test_modularity_is_that_of_networkx():
    one = stack(5, apart=1.5)
    graphs = [literal_graph(square, 4) for square in squareform(one.rdms, 14)]
    members = np.eye(3)[np.arange(14) % 3]
    parts = [set(np.flatnonzero(column)) for column in members.T]
    expected = [
        nx.community.modularity(nx.from_numpy_array(graph), parts, weight="weight")
        for graph in graphs
    ]
    np.testing.assert_allclose(modularity(np.array(graphs), members), expected, atol=1e-12)
    other = stack(6)
    values = [
        nx.community.modularity(nx.from_numpy_array(literal_graph(square, 4)), parts)
        for square in squareform(other.rdms, 14)
    ]
    found = MEASURES["modularity(4)"].compare(one, other)
    gap = np.abs(np.subtract.outer(expected, values))
    np.testing.assert_allclose(found, 1 - gap / 1.5, atol=1e-12)


def test_representations_that_cluster_alike_are_alike():
    clustered, too, loose = (stack(s, 30, 4, apart) for s, apart in ((7, 6), (8, 6), (9, 0)))
    measure = MEASURES["modularity"]
    assert measure.compare(clustered, too).min() > 0.95
    assert measure.compare(clustered, loose).max() < 0.75
    orders = make_orders(30, 99, np.random.default_rng(10))
    assert permutation_null(clustered, too, measure, orders).p.max() == 0.01
    assert permutation_null(loose, clustered, measure, orders).p.min() > 0.01


def test_perfect_categories_have_the_modularity_of_separate_cliques():
    labels = np.repeat(np.arange(4), 5)
    i, j = pair_indices(20)
    rdm = (labels[i] != labels[j]).astype(float)[None]
    graph = nearest(Stack(rdm), 4).weights()
    np.testing.assert_allclose(modularity(graph, np.eye(4)[labels]), 1 - 1 / 4)
    constant = nearest(Stack(np.ones((1, 190))), 4).weights()
    within = 4 / 19  # of all others, as many are of one's own category
    np.testing.assert_allclose(modularity(constant, np.eye(4)[labels]), within - 1 / 4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("n", "k"), [(12, 3), (9, 1), (8, 7)])
@pytest.mark.parametrize("ties", [False, True])
def test_influences_are_those_of_deletions(name, n, k, ties):
    first, second = stack(11, n, ties=ties), stack(12, n, 3, apart=2, ties=ties)
    form = MEASURES[f"{name}({k})"].form
    found = form.influence(first, second)
    np.testing.assert_allclose(found, Jackknifed.influence(form, first, second), atol=1e-10)
    assert np.isfinite(found).all() == (k < n - 1)


def test_shuffles_of_graphs_are_comparisons_of_shuffled_stimuli():
    region, candidates = stack(13, size=3, ties=True), stack(14, size=4)
    orders = make_orders(14, 5, np.random.default_rng(15))
    for name in ("gbs", "modularity(4)"):
        measure = MEASURES[name]
        null = permutation_null(region, candidates, measure, orders)
        expected = [measure.compare(region.chosen(o), candidates).mean(axis=0) for o in orders]
        np.testing.assert_allclose(null.shuffled, expected, atol=1e-12)
        assert null.shuffled.std() > 0.001


def test_labels_of_either_side_will_do_and_none_are_refused():
    measure = MEASURES["modularity(4)"]
    first, second = stack(16), stack(17, size=3, apart=1)
    expected = measure.compare(first, second)
    bare = [stack(16, labelled=False), stack(17, size=3, apart=1, labelled=False)]
    np.testing.assert_allclose(measure.compare(first, bare[1]), expected)
    np.testing.assert_allclose(measure.compare(bare[0], second), expected)
    words = Stack(bare[0].rdms, None, {"labels": [np.array(list("abcabcabcabcab"))] * 2})
    np.testing.assert_allclose(measure.compare(words, bare[1]), expected)
    with pytest.raises(IsomorphError, match="needs labels"):
        measure.compare(*bare)


def test_each_representation_can_have_categories_of_its_own():
    measure = MEASURES["modularity(4)"]
    first, second = stack(18), stack(19, size=2)
    halves = np.repeat([0, 1], 7)
    mixed = Stack(second.rdms, None, {"labels": [second.fact("labels")[0], halves]})
    alone = Stack(second.rdms, None, {"labels": [halves] * 2})
    found = measure.compare(first, mixed)
    np.testing.assert_allclose(found[:, 0], measure.compare(first, second)[:, 0])
    np.testing.assert_allclose(found[:, 1], measure.compare(first, alone)[:, 1])


@pytest.mark.parametrize("labels", [np.zeros(14), np.arange(14)])
def test_labels_that_make_no_categories_have_no_modularity(labels):
    first = stack(20, labelled=False)
    second = Stack(first.rdms, None, {"labels": [labels] * 2})
    measure = MEASURES["modularity(4)"]
    assert np.isnan(measure.compare(first, second)).all()
    assert np.isnan(measure.form.influence(first, second)).all()


@pytest.mark.parametrize("name", NAMES)
def test_too_many_neighbours_and_unknown_distances_have_no_value(name):
    first, second = stack(21), stack(22)
    assert np.isnan(MEASURES[f"{name}(14)"].compare(first, second)).all()
    holes = first.rdms.copy()
    holes[1, 0] = np.nan
    found = MEASURES[f"{name}(3)"].compare(Stack(holes, None, first.facts), second)
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[0]).all()


@pytest.mark.parametrize("name", ["gbs", "modularity"])
def test_a_graph_of_all_edges_has_no_value_and_one_of_nearly_all_no_influences(name):
    rng = np.random.default_rng(3)
    rdms = rng.uniform(1, 2, (2, 45))
    one = Stack(rdms, None, {"labels": [np.arange(10) % 3] * 2})
    for k, known, told in ((9, False, False), (8, True, False), (7, True, True)):
        measure = MEASURES[f"{name}({k})"]
        assert np.isfinite(measure.compare(one, one)).all() == known
        influence = measure.form.influence(one, one)
        assert np.isfinite(influence).all() == told
        assert np.isnan(influence).all() != told
