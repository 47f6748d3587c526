"""The null: what shifts keep, which p come out, how often chance is called something."""

import numpy as np
import pytest

from isomorph.topology.null import Null, fewest_shuffles, independent, shifted, stretches
from isomorph.topology.signature import signature_of


def test_shifts_keep_the_course_of_each_unit_within_its_stretch():
    rng = np.random.default_rng(1)
    values = np.arange(90.0).reshape(30, 3)
    moved = shifted(values, [slice(0, 12), slice(12, 30)], rng)
    for part in (slice(0, 12), slice(12, 30)):
        for before, after in zip(values[part].T, moved[part].T, strict=True):
            np.testing.assert_array_equal(np.roll(after, -after.argmin()), before)
    assert not np.array_equal(np.diff(moved, axis=1), np.diff(values, axis=1))
    np.testing.assert_array_equal(np.sort(independent(values, rng), axis=0), values)


def test_short_stretches_are_joined():
    segments = np.repeat([0, 1, 2, 3], [5, 20, 3, 2])
    assert stretches(segments, shortest=4) == [slice(0, 5), slice(5, 25), slice(25, 30)]
    assert stretches(segments, shortest=6) == [slice(0, 30)]
    assert stretches(segments, shortest=5) == [slice(0, 5), slice(5, 25), slice(25, 30)]
    assert stretches(np.zeros(3, dtype=int)) == [slice(0, 3)]


def test_a_bar_counts_when_it_is_both_long_and_wide():
    null = Null(np.tile([0.1, 0.2], (19, 1)), np.tile([np.inf, 1.5], (19, 1)))
    bars = np.array([[0.1, 0.9], [1.0, 1.4], [0.01, 0.1], [0.5, 0.6]])
    assert null.p(bars, 1) == pytest.approx([0.05, 1.0, 1.0, 1.0])
    pieces = np.array([[0, np.inf], [0, 0.3], [0, 0.05]])
    assert null.p(pieces, 0) == pytest.approx([np.nan, 0.05, 1.0], nan_ok=True)
    assert null.maximum.tolist() == [0.1, 0.2]
    none = Null(np.empty((0, 2)), np.empty((0, 2)))
    assert np.isnan(
        [*none.maximum, *none.p(bars, 1), *none.corrected(np.ones(2), np.ones(2))]
    ).all()


def test_over_dimensions_chance_is_called_something_as_often_as_said():
    """With data that are drawn as their shuffles are, any p is at most .05 in no more of them."""
    rng = np.random.default_rng(2)
    called, uncorrected = [], []
    for _ in range(600):
        shared = rng.gamma(2, size=(60, 1))
        longest = shared * 0.3 + rng.gamma(2, size=(60, 3))
        null = Null(longest[1:], np.ones((59, 3)))
        p = np.array([
            null.p(np.array([[0.0, length]]), dimension)[0]
            for dimension, length in enumerate(longest[0])
        ])  # fmt: skip
        uncorrected.append(p.min() <= 0.05)
        called.append(null.corrected(p, longest[0]).min() <= 0.05)
    assert np.mean(called) < 0.05 + 2 * 0.009
    assert np.mean(called) > 0.02
    assert np.mean(uncorrected) > 0.08


@pytest.mark.parametrize(
    ("p", "name", "betti"),
    [
        (([], [0.2, 1.0], [0.5]), "none", (1, 0, 0)),
        (([], [0.02, 1.0], [0.5]), "ring", (1, 1, 0)),
        (([1.0], [0.02, 0.03], [0.01, 1]), "torus", (1, 2, 1)),
        (([], [1.0], [0.04]), "sphere", (1, 0, 1)),
        (([0.02, 0.04], [1.0], [1.0]), "clusters", (3, 0, 0)),
        (([], [0.02, 0.03], [1.0]), "other", (1, 2, 0)),
        (([], [0.02, 1.0]), "ring", (1, 1)),
    ],
)
def test_signatures_are_named_with_the_p_all_their_bars_have(p, name, betti):
    p = [np.array([np.nan, *one]) if at == 0 else np.array(one) for at, one in enumerate(p)]
    found = signature_of(p, shuffles=99)
    assert (found.name, found.betti) == (name, betti)
    every = np.concatenate(p)
    claimed = every[every <= 0.05]
    assert found.p == (claimed.max() if len(claimed) else np.nanmin(every))


def test_a_space_is_named_where_every_loop_that_counts_is_clear_of_the_shuffles():
    torus = [np.array([np.nan]), np.array([0.01, 0.02, 0.5]), np.array([0.02])]
    assert signature_of(torus, 99, np.array([True, True, False])).name == "torus"
    unclear = signature_of(torus, 99, np.array([True, False, False]))
    assert (unclear.name, unclear.betti, unclear.p) == ("unclear", (1, 2, 1), 0.02)
    nothing = [np.array([np.nan]), np.array([0.5]), np.array([])]
    assert signature_of(nothing, 99, np.array([False])).name == "none"


def test_too_few_shuffles_name_nothing():
    assert fewest_shuffles(2) == 59
    one = [np.array([np.nan]), np.array([0.02]), np.array([])]
    assert signature_of(one, 59).name == "ring"
    assert signature_of(one, 58).name == "untested"
