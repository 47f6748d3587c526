"""Dynamical similarity: what it is blind to, what it tells apart, and another implementation."""

import numpy as np
import pytest
from scipy.linalg import block_diag

from isomorph.dynamics import FIELD_DISTANCES, angular, dsa, vector_field, wasserstein
from isomorph.errors import IsomorphError

METHODS = sorted(FIELD_DISTANCES)


def turning(*speeds, decay=0.99):
    """A linear system of planes that turn by so many radians in a time bin."""
    planes = [[[np.cos(s), -np.sin(s)], [np.sin(s), np.cos(s)]] for s in speeds]
    return decay * block_diag(*planes)


def trajectories(system, seed, n_times=40, n_units=10, n_conditions=6, noise=0.05):
    """Conditions of a linear system driven by noise, seen by units that are rotations of it."""
    rng = np.random.default_rng(seed)
    states = [rng.standard_normal((n_conditions, len(system)))]
    for _ in range(n_times - 1):
        states.append(states[-1] @ system.T + noise * rng.standard_normal(states[-1].shape))
    axes = np.linalg.qr(rng.standard_normal((n_units, n_units)))[0][: len(system)]
    return np.stack(states, axis=1) @ axes


def ring(speed, n_times=60):
    """Three starts on a ring, turning."""
    angle = speed * np.arange(n_times) + np.arange(3)[:, None]
    return np.stack([np.cos(angle), np.sin(angle)], axis=2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("delays", [1, 3])
def test_a_system_is_at_no_distance_from_itself_rotated_shifted_and_scaled(method, delays):
    rng = np.random.default_rng(1)
    x = trajectories(turning(0.3, 0.8), 1)
    turned = x @ np.linalg.qr(rng.standard_normal((10, 10)))[0]
    for other in (x, turned, 3 * x + rng.standard_normal(10), x[::-1], x[:, :, ::-1]):
        assert dsa(x, other, delays=delays, distance=method).distance < 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_rings_of_one_geometry_are_told_apart_by_their_speed(method):
    same = dsa(ring(0.1), ring(0.1) @ turning(1.0, decay=1)).distance
    slower, faster = (dsa(ring(0.1), ring(s), distance=method).distance for s in (0.2, 0.6))
    assert same < 1e-3
    assert 0.05 < slower < faster
    # two planes that turn by 0.1 and 0.6 are 0.5 apart as rotations of one plane
    angle = dsa(ring(0.1), ring(0.6), distance="angular").distance
    assert angle == pytest.approx(0.5, abs=0.01)


def test_delays_tell_apart_what_one_unit_does_not_show_at_a_time():
    """Through one unit, a rotation is no law of one bin; its past makes it one of two."""
    slow, fast = (ring(speed)[..., :1] for speed in (0.1, 0.6))
    with pytest.raises(IsomorphError, match="a rank of 1 has no angle but 0 or pi"):
        dsa(slow, fast)
    assert dsa(slow, fast, delays=2).distance == pytest.approx(0.5, abs=0.05)


def test_only_the_eigenvalues_count_in_one_and_the_angles_between_modes_in_the_other():
    field, stretched = turning(0.4, 0.9), np.diag([1.0, 2.0, 0.5, 3.0])
    other = stretched @ field @ np.linalg.inv(stretched)
    assert wasserstein(field, other) == pytest.approx(0, abs=1e-6)
    assert angular(field, other) > 0.2


@pytest.mark.parametrize("rank", [2, 5, 10])
def test_distances_are_symmetric_and_zero_for_the_same_field(rank):
    rng = np.random.default_rng(rank)
    a, b = rng.standard_normal((2, rank, rank))
    axes = np.linalg.qr(rng.standard_normal((rank, rank)))[0]
    for distance in FIELD_DISTANCES.values():
        assert distance(a, axes @ a @ axes.T) == pytest.approx(0, abs=1e-6)
        assert distance(a, b) == pytest.approx(distance(b, a), abs=1e-6)
    for whole in (axes, a - a.T, a + a.T):
        turned = np.linalg.qr(b)[0]
        assert angular(whole, turned @ whole @ turned.T) == pytest.approx(0, abs=1e-4)


# What dsa-metric 2.0.2 gives of the two systems below, with two delays and rank 4.
LAWS = (
    [[0.6869, 0.7145, 0.006, 0.0054], [0.7157, 0.6935, 0.0054, 0.0018],
     [0.0091, 0.0041, 0.9479, 0.284], [0.0007, 0.004, 0.3152, 0.9524]],
    [[0.7413, 0.3985, 0.3883, 0.0908], [0.5916, 0.658, 0.3434, 0.0731],
     [0.1812, 0.5437, 0.7083, 0.3601], [0.0774, 0.2472, 0.307, 0.8722]],
)  # fmt: skip
ANGLES = (0.08473, 0.08595, 0.08532)
"""Of three seeds, after 1500 steps each; its defaults give .0866, .0863 and .0865."""
EIGENVALUES = 0.00726548
"""Mean squared distance."""


def test_against_dsa_metric():
    """The laws are the same, but for signs; the angle is no larger than its searches reach."""
    x, y = trajectories(turning(0.3, 0.8), 1), trajectories(turning(0.35, 0.9, decay=0.95), 2)
    for one, theirs in zip((x, y), LAWS, strict=True):
        own = vector_field(one, delays=2, rank=4).matrix
        np.testing.assert_allclose(np.abs(own), theirs, atol=2e-4)
    angle, apart = (dsa(x, y, delays=2, rank=4, distance=name).distance for name in METHODS)
    assert min(ANGLES) - 5e-4 < angle <= min(ANGLES)
    assert apart == pytest.approx(np.sqrt(EIGENVALUES), rel=1e-3)


def test_shuffled_time_is_farther_and_another_system_is_not_nearer_than_the_same():
    x, again = (trajectories(turning(0.3, 0.8), seed) for seed in (1, 2))
    found = dsa(x, again, rank=4, shuffles=19, resamples=10, seed=3)
    assert found.p == 1 / 20
    assert found.shuffled.min() > 5 * found.distance
    assert 0 < found.se < 0.2
    other = dsa(x, trajectories(turning(1.5, 2.2), 4), rank=4)
    assert other.distance > 10 * found.distance
    assert np.isnan(other.se)
    once, twice = (
        dsa(x, again, rank=4, distance="wasserstein", shuffles=19, resamples=10, seed=3)
        for _ in range(2)
    )
    assert (once.p, once.se) == (twice.p, twice.se)


def test_systems_may_have_other_numbers_of_units_conditions_and_bins():
    x = trajectories(turning(0.3, 0.8), 1, noise=0)
    y = trajectories(turning(0.3, 0.8), 2, n_times=70, n_units=25, n_conditions=9, noise=0)
    found = dsa(x, y, rank=4)
    assert found.distance < 0.15
    assert all(field.fit > 0.99 and field.variance > 0.99 for field in found.fields)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first": np.zeros((5, 3))}, "what has no time axis, such as features of images, has no"),
        ({"second": np.ones((5, 1, 3))}, "second: has one time bin"),
        ({"second": np.ones(5)}, "expected trajectories (condition, time, unit)"),
        ({"first": np.full((2, 9, 2), np.nan)}, "first: holds NaN"),
        ({"first": np.ones((2, 9, 2))}, "first: nothing varies over time or conditions"),
        ({"delays": 9}, "first: 9 delays need at least 10 time bins, and there are 9; use 1 to 8"),
        ({"delays": 0}, "0 delays need"),
        ({"rank": 7}, "a rank of 7 was asked for, and its delayed trajectories have 2 coordinates"),
        ({"delays": 7, "rank": 2}, "2 steps from bin to bin do not determine a law of rank 2"),
        ({"distance": "angluar"}, 'did you mean "angular"'),
        ({"resamples": 5, "first": "one condition"}, "resamples draw conditions, and a system has"),
    ],
)
def test_what_has_no_dynamics_is_refused_in_one_sentence(changes, message):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 9, 2))
    given = {"first": x, "second": rng.standard_normal((1, 9, 2)), **changes}
    if isinstance(given["first"], str):
        given["first"] = x
    with pytest.raises(IsomorphError) as caught:
        dsa(**given)
    assert message in str(caught.value)
