"""Circular coordinates: angles come back, whole steps only, the shortest of loops."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import coo_matrix, diags_array
from scipy.sparse.linalg import lsqr

from isomorph.errors import IsomorphError
from isomorph.topology.coordinates import (
    Graph,
    circular_coordinates,
    extended,
    lifted,
    reduced,
    smoothest,
)
from isomorph.topology.persistence import METRICS, persistence

pytest.importorskip("ripser")

EUCLIDEAN = METRICS["euclidean"]


def on_circles(*angles):
    return np.column_stack([wave(one) for one in angles for wave in (np.cos, np.sin)])


def off(phases, angles):
    """The absolute differences when direction and beginning are fitted, radians."""
    best = None
    for sign in (1, -1):
        rest = np.exp(1j * (phases - sign * angles))
        away = np.abs(np.angle(rest / rest.mean()))
        best = away if best is None or away.mean() < best.mean() else best
    return best


def coordinates_of(points, loops=1, prime=47):
    distances = EUCLIDEAN.between(points)
    found = persistence(distances, 1, prime, cocycles=True)
    graph = Graph.of(distances, found.bars[1][:loops])
    cocycles = found.cocycles[:loops]
    return circular_coordinates(graph, cocycles, prime), graph, cocycles


@pytest.mark.parametrize("prime", [3, 47])
def test_of_a_circle_without_noise_the_phase_is_the_angle(prime):
    angles = 2 * np.pi * np.arange(40) / 40
    phases, *_ = coordinates_of(on_circles(angles), prime=prime)
    assert phases.shape == (40, 1)
    assert ((phases >= 0) & (phases < 2 * np.pi)).all()
    assert off(phases[:, 0], angles).max() < 1e-6


def test_neither_order_nor_rotation_nor_scale_changes_a_phase():
    rng = np.random.default_rng(1)
    angles = rng.uniform(0, 2 * np.pi, 80)
    points = on_circles(angles) + 0.05 * rng.standard_normal((80, 2))
    first, *_ = coordinates_of(points)
    order = rng.permutation(80)
    rotation = np.linalg.qr(rng.standard_normal((2, 2)))[0]
    second, *_ = coordinates_of(7 * points[order] @ rotation)
    assert off(second[:, 0], first[order, 0]).max() < 1e-3


def test_the_phase_runs_evenly_where_points_do_not_lie_evenly():
    rng = np.random.default_rng(2)
    angles = rng.vonmises(0, 1, 250)
    phases, graph, cocycles = coordinates_of(on_circles(angles))
    every = rng.vonmises(0, 1, 200)
    others = EUCLIDEAN.distances(on_circles(every), on_circles(angles))
    between = extended(others, phases, graph)
    for found, truth in ((phases, angles), (between, every)):
        assert np.degrees(np.median(off(found[:, 0], truth))) < 10
    plain = replace(graph, weights=graph.adjacent.astype(float))
    uneven = circular_coordinates(plain, cocycles, 47)
    assert np.degrees(np.median(off(uneven[:, 0], angles))) > 20


def test_the_loops_of_a_torus_are_its_circles():
    rng = np.random.default_rng(3)
    grid = np.stack(np.meshgrid(*[np.arange(12)] * 2), axis=-1).reshape(-1, 2)
    angles = 2 * np.pi * (grid + rng.uniform(-0.2, 0.2, grid.shape)) / 12
    phases, *_ = coordinates_of(on_circles(*angles.T), loops=2)
    error = np.degrees(
        [[np.median(off(phases[:, one], angles[:, two])) for two in (0, 1)] for one in (0, 1)]
    )
    assert sorted(error.argmin(axis=1)) == [0, 1]
    assert error.min(axis=1).max() < 4


@pytest.mark.parametrize("seed", range(5))
def test_loops_are_reduced_to_the_shortest(seed):
    rng = np.random.default_rng(seed)
    short = np.array([[1.0, 0.5], [0.5, 1.1]])  # a rhombus, which no whole combination shortens
    mixed = np.eye(2, dtype=int)
    for _ in range(6):
        one = rng.integers(2)
        mixed[one] += rng.integers(-2, 3) * mixed[1 - one]
    basis = reduced(mixed @ short @ mixed.T)
    assert round(abs(np.linalg.det(basis))) == 1
    found = basis @ mixed @ short @ mixed.T @ basis.T
    np.testing.assert_allclose(np.sort(np.diag(found)), [1, 1.1])


def test_numbers_that_are_no_whole_steps_are_refused():
    adjacent = ~np.eye(3, dtype=bool)
    whole = np.array([[1, 0, 16], [2, 1, 16], [2, 0, 32]])
    assert lifted(whole[:, [0, 1, 2]], 97, adjacent)[2, 0] == 32
    with pytest.raises(IsomorphError, match=r"modulo 47 .* no whole steps .* another prime"):
        lifted(np.array([[1, 0, 16], [2, 1, 16], [2, 0, 32]]), 47, adjacent)


def test_without_a_ring_there_is_no_coordinate():
    distances = EUCLIDEAN.between(np.eye(4))
    with pytest.raises(IsomorphError, match="no ring to have a coordinate on"):
        Graph.of(distances, np.empty((0, 2)))
    with pytest.raises(IsomorphError, match=r"appears at 0\.8 when another is filled at 0\.5"):
        Graph.of(distances, np.array([[0.1, 0.5], [0.8, 0.9]]))


def test_the_phase_is_that_of_sparse_least_squares():
    """Literally: one row for each edge, as in de Silva et al. 2011."""
    rng = np.random.default_rng(5)
    angles = rng.uniform(0, 2 * np.pi, 50)
    points = on_circles(angles) + 0.08 * rng.standard_normal((50, 2))
    _, graph, (cocycle,) = coordinates_of(points)
    steps = lifted(cocycle, 47, graph.adjacent)
    edges = np.argwhere(np.triu(graph.adjacent))
    rows = np.repeat(np.arange(len(edges)), 2)
    values = np.tile([-1.0, 1.0], len(edges))
    boundary = coo_matrix((values, (rows, edges.ravel())), (len(edges), 50))
    root = diags_array(np.sqrt(graph.weights[tuple(edges.T)]))
    f = lsqr(root @ boundary, root @ steps[tuple(edges.T)], atol=1e-14, btol=1e-14)[0]
    turns, change = smoothest(steps, graph)
    np.testing.assert_allclose(turns - turns.mean(), -(f - f.mean()), atol=1e-6)
    expected = steps[tuple(edges.T)] - boundary @ f
    np.testing.assert_allclose(change[tuple(edges.T)], expected, atol=1e-6)
