"""Populations: rings, tori, lines and clusters from spikes; what is left out and refused."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from isomorph.errors import IsomorphError
from isomorph.simulation.navigation import (
    grid_cells,
    grid_phases,
    heading_cells,
    line_cells,
    random_heading,
    random_path,
    random_states,
    shifted,
    state_cells,
)
from isomorph.study.topology import Topology
from isomorph.topology import topology_of
from isomorph.topology.chain import Cloud, phases_of
from isomorph.topology.decoding import decoded
from isomorph.topology.points import kept, principal, standardised

pytest.importorskip("ripser")

STEP = 0.1
LOOPS = Topology(dimensions=1, points=120, shuffles=39, sampling="density")


def counted(rates, rng, smoothing=1.0):
    return gaussian_filter1d(rng.poisson(rates * STEP) / STEP, smoothing, axis=0)


@pytest.fixture(scope="module")
def ring():
    rng = np.random.default_rng(1)
    heading = random_heading(4000, STEP, rng)
    preferred = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    rates = counted(heading_cells(heading, preferred), rng)
    rates = np.column_stack([rates, np.full(4000, 2.0), np.full(4000, np.nan)])
    rates[:5] = np.nan
    found = topology_of(
        rates, LOOPS, variables={"heading": heading}, periods={"heading": 2 * np.pi}, rng=rng
    )
    return rates, found


def test_head_direction_cells_make_a_ring_that_follows_the_heading(ring):
    _, found = ring
    assert found.signature.name == "ring"
    assert found.signature.betti == (1, 1)
    assert found.signature.p <= 0.05
    first, second, *_ = found.of(1)
    assert first.length > 3 * found.null.maximum[1]
    assert second.length < found.null.maximum[1]
    assert found.no_coordinates == ""
    (one,) = found.decoded
    assert one.error <= 12
    assert one.correlation > 0.9
    assert one.p == pytest.approx(1 / 40)


def test_what_was_left_out_is_counted(ring):
    rates, found = ring
    assert (found.units, found.units_constant, found.units_unknown) == (60, 1, 1)
    assert (found.points, found.points_unknown, found.points_zero) == (3995, 5, 0)
    assert found.scores.shape == (4000, 6)
    for one in (found.scores, found.coordinates.phases):
        np.testing.assert_array_equal(np.isnan(one).any(axis=1), np.isnan(rates).all(axis=1))
    assert len(found.chosen) == 120
    assert found.chosen.min() >= 5
    assert 0.5 < found.variance < 1


def test_neither_order_nor_scale_of_units_matters(ring):
    rates, found = ring
    rng = np.random.default_rng(0)
    own = np.nan_to_num(rates[5:, :60])
    other = (own * rng.uniform(1, 9, 60))[:, rng.permutation(60)]
    settings = LOOPS.model_copy(update={"shuffles": 0})
    untested = topology_of(other, settings, rng=rng)
    np.testing.assert_allclose(
        [bar.death for bar in untested.of(1)[:3]], [bar.death for bar in found.of(1)[:3]], rtol=1e-4
    )
    assert untested.signature.name == "untested"
    assert np.isnan(untested.signature.p)
    assert untested.coordinates is None
    assert "0 are too few to say which loops" in untested.no_coordinates


def test_a_line_and_states_are_no_ring():
    """The line bends: its loop is long, but closes late for its length."""
    rng = np.random.default_rng(2)
    place = random_path(2000, STEP, rng, dimensions=1)[0].reshape(-1)
    line = counted(line_cells(place, np.linspace(0, 1, 50), width=0.1), rng)
    found = topology_of(line, LOOPS, rng=rng, variables={"place": place})
    assert found.of(1)[0].length > found.null.maximum[1]
    assert found.signature.name == "none"
    assert "no ring to have a coordinate on" in found.no_coordinates
    assert found.decoded == ()
    states = state_cells(random_states(2000, STEP, rng, states=4), 50, rng)
    found = topology_of(counted(states, rng), LOOPS, rng=rng)
    assert found.signature.name == "clusters"
    assert found.signature.betti[0] >= 3


def module(rng, n):
    place = random_path(n, STEP, rng, side=1.5)[0]
    return place, grid_cells(place, grid_phases(120, 0.5, rng), 0.5)


def test_a_grid_module_makes_a_torus_that_unfolds_over_the_place():
    rng = np.random.default_rng(1)
    place, rates = module(rng, 8000)
    rates = counted(rates, rng, 1.5)
    settings = Topology(points=160, shuffles=2, sampling="density")
    found = topology_of(rates, settings, rng=rng)
    beyond = [sum(bar.p < 0.5 for bar in found.of(dimension)) for dimension in range(3)]
    assert beyond == [0, 2, 1]
    cloud = Cloud.of(kept(rates, root=True).values, settings)
    loops = cloud.bars(settings.model_copy(update={"dimensions": 1}), cocycles=True)
    phases, _ = phases_of(cloud, loops, [0, 1], settings)
    two = decoded(phases, {"x": place[:, 0], "y": place[:, 1]}, {}, 0, rng)
    assert max(one.error for one in two) < 18
    waves = np.array([one.frequency for one in two])
    np.testing.assert_allclose(np.linalg.norm(waves, axis=1), 2 / np.sqrt(3) / 0.5, rtol=0.04)


def test_the_same_cells_shifted_against_one_another_make_none():
    rng = np.random.default_rng(1)
    _, rates = module(rng, 4000)
    settings = Topology(dimensions=1, points=160, shuffles=9, sampling="density")
    found = topology_of(counted(shifted(rates, rng), rng, 1.5), settings, rng=rng)
    assert found.of(1)[0].p > 0.1
    assert found.of(1)[0].length < 1.2 * found.null.maximum[1]


def test_principal_components_are_the_same_from_units_and_from_points():
    rng = np.random.default_rng(3)
    values = standardised(rng.standard_normal((12, 30)))
    few, share = principal(values, 4)
    left, sizes, _ = np.linalg.svd(values, full_matrices=False)
    np.testing.assert_allclose(np.abs(few), np.abs(left * sizes)[:, :4])
    assert share == pytest.approx((sizes[:4] ** 2).sum() / (sizes**2).sum())
    many, _ = principal(standardised(values.T), 4)
    assert many.shape == (30, 4)


def test_stimuli_are_permuted_and_are_not_rooted():
    rng = np.random.default_rng(4)
    angles = 2 * np.pi * np.arange(36) / 36
    responses = np.cos(angles[:, None] - rng.uniform(0, 2 * np.pi, 25))
    settings = Topology(of="stimuli", dimensions=1, shuffles=39, components=2)
    found = topology_of(
        responses,
        settings,
        permuted=True,
        rng=rng,
        variables={"a": angles},
        periods={"a": 2 * np.pi},
    )
    assert found.signature.name == "ring"
    assert len(found.chosen) == 36
    (one,) = found.decoded
    assert one.error < 3
    assert np.isnan([one.p, one.chance]).all()


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        (np.ones((50, 9)), "0 units vary, fewer than the 6 dimensions"),
        (np.eye(19), "19 points have activity, expected at least 20"),
        (-np.eye(30), "a rate of -1 is negative"),
        (np.full((30, 9), np.inf), "infinite"),
        (np.ones(9), r"shape \(point, unit\), not \(9,\)"),
        (np.full((30, 9), np.nan), "0 points have activity"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(rates, said):
    with pytest.raises(IsomorphError, match=said):
        topology_of(rates, LOOPS, rng=np.random.default_rng(0))


def test_segments_of_another_length_are_refused():
    with pytest.raises(IsomorphError, match=r"segments have shape \(3,\).* each of 30 points"):
        topology_of(np.eye(30), LOOPS, segments=np.zeros(3), rng=np.random.default_rng(0))
