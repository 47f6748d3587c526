"""Bars: known spaces, what does not change them, what little changes change, what is refused."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isomorph.errors import IsomorphError
from isomorph.topology import seconds
from isomorph.topology.persistence import METRICS, persistence
from isomorph.topology.sampling import SAMPLINGS, farthest

pytest.importorskip("ripser")

EUCLIDEAN, COSINE = METRICS["euclidean"], METRICS["cosine"]


def turned(n, offset=0.0):
    angles = 2 * np.pi * np.arange(n) / n + offset
    return np.column_stack([np.cos(angles), np.sin(angles)])


def sphere(n):
    """Points spread evenly along a spiral."""
    height = 1 - (2 * np.arange(n) + 1) / n
    angles = np.pi * (1 + np.sqrt(5)) * np.arange(n)
    wide = np.sqrt(1 - height**2)
    return np.column_stack([wide * np.cos(angles), wide * np.sin(angles), height])


def torus(n):
    one = turned(n)
    return np.array([[*first, *second] for first in one for second in one])


SPACES = {
    "circle": (turned(30), (1, 1, 0)),
    "torus": (torus(10), (1, 2, 1)),
    "sphere": (sphere(60), (1, 0, 1)),
    "figure eight": (np.vstack([turned(24), np.add(turned(24, np.pi)[1:], [2, 0])]), (1, 2, 0)),
    "interval": (np.column_stack([np.linspace(0, 1, 40), np.zeros(40)]), (1, 0, 0)),
    "two pieces": (np.vstack([turned(20), np.add(turned(20), [9, 0])]), (2, 2, 0)),
}


@pytest.mark.parametrize("name", SPACES)
def test_known_spaces_have_their_loops_and_voids(name):
    points, betti = SPACES[name]
    found = persistence(EUCLIDEAN.between(points), 2, 47)
    lasting = [int((one[:, 1] - one[:, 0] > 0.65).sum()) for one in found.bars]
    assert tuple(lasting) == betti


def test_bars_of_a_circle_are_where_geometry_says():
    (birth, death), *others = persistence(EUCLIDEAN.between(turned(30)), 1, 47).bars[1]
    assert birth == pytest.approx(2 * np.sin(np.pi / 30), rel=1e-6)
    assert death == pytest.approx(np.sqrt(3), rel=1e-6)  # the side of the triangle within
    assert not others
    (birth, death), *_ = persistence(COSINE.between(turned(30)), 1, 47).bars[1]
    assert death == pytest.approx(1.5, rel=1e-6)
    assert birth == pytest.approx(1 - np.cos(2 * np.pi / 30), rel=1e-5)


def test_twisted_loop_is_one_only_with_coefficients_modulo_two():
    angles = np.arccos(np.minimum(np.abs(sphere(70) @ sphere(70).T), 1))
    np.fill_diagonal(angles, 0)
    by_two, by_three = (persistence(angles, 1, prime).bars[1][0] for prime in (2, 3))
    assert np.diff(by_two) > 0.6
    assert np.diff(by_three) < 0.25


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_neither_rotation_nor_order_matter_scale_scales_and_little_changes_little(seed):
    rng = np.random.default_rng(seed)
    points = turned(16) + 0.2 * rng.standard_normal((16, 2))
    points = np.column_stack([points, 0.1 * rng.standard_normal((16, 2))])
    rotation = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    distances = EUCLIDEAN.between(points)
    plain = persistence(distances, 1, 47).bars[1]
    other = persistence(EUCLIDEAN.between(3 * rng.permutation(points) @ rotation), 1, 47).bars[1]
    np.testing.assert_allclose(other, 3 * plain, rtol=1e-5, atol=1e-6)
    noise = rng.uniform(-0.02, 0.02, distances.shape)
    noise = np.triu(noise, 1) + np.triu(noise, 1).T
    moved = persistence(np.maximum(distances + noise, 0), 1, 47).longest()
    assert np.abs(moved - persistence(distances, 1, 47).longest()).max() <= 0.04 + 1e-6


def test_farthest_points_are_those_of_the_literal_rule_in_any_order():
    rng = np.random.default_rng(1)
    points = rng.standard_normal((60, 3))
    distances = EUCLIDEAN.between(points)
    chosen = [int(np.linalg.norm(points - points.mean(axis=0), axis=1).argmax())]
    while len(chosen) < 12:
        chosen.append(int(distances[:, chosen].min(axis=1).argmax()))
    assert farthest(points, 12).tolist() == chosen
    order = rng.permutation(60)
    assert order[farthest(points[order], 12)].tolist() == chosen
    assert sorted(farthest(points, 99)) == list(range(60))
    assert len(set(farthest(np.ones((5, 2)), 4).tolist())) == 4


def test_outliers_are_left_out_where_sampling_is_by_density():
    rng = np.random.default_rng(2)
    points = np.vstack([turned(300) + 0.02 * rng.standard_normal((300, 2)), np.zeros((6, 2))])
    points[300:] += 0.3 * rng.standard_normal((6, 2))
    assert (SAMPLINGS["farthest"](points, 40) >= 300).any()
    chosen = SAMPLINGS["density"](points, 40)
    assert len(chosen) == 40
    assert (chosen < 300).all()
    assert set(range(300)) < set(SAMPLINGS["density"](points, 305).tolist())
    assert sorted(SAMPLINGS["density"](points, 400)) == list(range(306))
    with pytest.raises(IsomorphError, match=r'unknown sampling "densty": did you mean "density"'):
        SAMPLINGS["densty"]


@pytest.mark.parametrize("number", [1, 46, 49])
def test_what_is_no_prime_is_refused(number):
    with pytest.raises(IsomorphError, match=f"{number} is no prime.*47 is usual"):
        persistence(EUCLIDEAN.between(turned(5)), 1, number)


def test_without_ripser_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "ripser", None)
    with pytest.raises(IsomorphError, match=r"needs ripser, which is not installed; .*topology"):
        persistence(EUCLIDEAN.between(turned(5)), 1, 47)


def test_cost_grows_with_points_dimensions_and_shuffles():
    assert seconds(300, 2, 99) == pytest.approx(100 * seconds(300, 2, 0))
    assert 8 < seconds(600, 2, 0) / seconds(300, 2, 0) < 16
    assert seconds(300, 2, 0) > 5 * seconds(300, 1, 0)
