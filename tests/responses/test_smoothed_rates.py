"""Smoothing over bins: its width, where it goes, and what it leaves as it was."""

import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.geometry.crossvalidated import fold_gram
from isomorph.responses.rates.session import rates
from isomorph.responses.rates.smoothing import smoothing_of
from isomorph.stimuli.variable.bins import grid
from isomorph.study.rates import RateResponses


def settings(smoothing):
    return RateResponses(kind="rates", files="*", smoothing=smoothing)


def ring(n=36):
    return grid({"heading": np.linspace(0, 360, n + 1)}, {"heading": 360.0})


def spread_of(table, smoothing, visited=None):
    visited = np.ones(len(table), dtype=bool) if visited is None else visited
    return smoothing_of(table, settings(smoothing), visited, "here").toarray()


def test_it_is_a_gaussian_of_the_width_asked_for_that_wraps_at_the_period():
    for asked in ({"heading": 20.0}, {"heading": "2 bins"}, "2 bins"):
        spread = spread_of(ring(), asked)
        off = (np.arange(36) + 18) % 36 - 18
        np.testing.assert_allclose(spread[0], np.roll(spread[10], -10), atol=1e-9)
        assert spread[0] @ off**2 == pytest.approx(4.0, rel=1e-3)
        gauss = np.exp(-(off**2) / 8) / np.exp(-(off**2) / 8).sum()
        assert np.abs(spread[0] - gauss).max() < 0.02
        np.testing.assert_allclose(spread.sum(axis=1), 1)


def test_along_a_line_nothing_wraps():
    table = grid({"x": np.linspace(0, 1, 21)}, {"x": None})
    assert spread_of(table, {"x": 0.1})[0, -1] == 0


def test_variables_have_widths_of_their_own():
    edges = {"x": np.linspace(0, 1, 12), "y": np.linspace(0, 1, 12)}
    table = grid(edges, {"x": None, "y": None})
    spread = spread_of(table, {"x": "2 bins"})[5 * 11 + 5].reshape(11, 11)
    assert spread[:, 5].sum() == pytest.approx(1)
    assert spread[3, 5] > 0.1


def test_it_goes_round_what_nobody_visited_and_not_across():
    """A wall of unvisited bins with a gap at one end: both sides are near by the gap alone."""
    edges = {"x": np.linspace(0, 1, 12), "y": np.linspace(0, 1, 12)}
    table = grid(edges, {"x": None, "y": None})
    wall = np.ones((11, 11), dtype=bool)
    wall[5, :9] = False
    spread = spread_of(table, "1.5 bins", wall.ravel())
    far, near = spread[4 * 11].reshape(11, 11), spread[4 * 11 + 9].reshape(11, 11)
    assert far[6, 0] == 0
    assert near[6, 9] > 0.03
    assert far[5, 0] == 0


def test_rates_are_smoothed_spikes_over_smoothed_time():
    table, rng = ring(12), np.random.default_rng(0)
    counts, dwell = rng.poisson(5, (3, 2, 12)), rng.uniform(0.5, 3, (2, 12))
    spread = smoothing_of(table, settings("1 bins"), np.ones(12, dtype=bool), "here")
    dense = spread.toarray()
    found = rates(counts, dwell, spread)
    np.testing.assert_allclose(found, (counts @ dense) / (dwell @ dense))
    # where rates are the same everywhere, time that is unequal makes no bump
    flat = rates(7 * dwell, dwell, spread)
    np.testing.assert_allclose(flat, 7)
    assert np.isnan(rates(counts, np.where(np.arange(12) == 3, 0, dwell), None)[..., 3]).all()


def test_crossed_repetitions_stay_unbiased_when_they_are_smoothed_apart():
    """Without tuning, cross-validated distances are 0 on average, smoothed or not."""
    rng = np.random.default_rng(1)
    dwell = rng.uniform(1, 4, (2, 12))
    counts = rng.poisson(5 * dwell, (400, 2, 12))
    spread = smoothing_of(ring(12), settings("1.5 bins"), np.ones(12, dtype=bool), "here")
    pairs = np.triu_indices(12, k=1)
    for kernel in (None, spread):
        folds = np.moveaxis(rates(counts, dwell, kernel), 0, 2)  # (repetition, stimulus, unit)
        crossed = [fold_gram(folds[..., [unit]], np.ones((2, 12), dtype=bool))
                   for unit in range(400)]  # fmt: skip
        each = np.array([(np.add.outer(one.diagonal(), one.diagonal()) - 2 * one)[pairs].mean()
                         for one in crossed])  # fmt: skip
        plain = ((folds[0][pairs[0]] - folds[0][pairs[1]]) ** 2).mean()
        assert abs(each.mean()) < 3 * each.std() / np.sqrt(400)
        assert plain > 10 * abs(each.mean())


@pytest.mark.parametrize("smoothing", ["4 bins", {"heading": 93.0}])
def test_smoothing_that_would_leave_nothing_is_refused(smoothing):
    every = np.ones(12, dtype=bool)
    with pytest.raises(IsomorphError, match=r"of 12 in all, would leave nothing .* at most 90"):
        smoothing_of(ring(12), settings(smoothing), every, "here")
    part = ring(36)[:5]  # of a period that is mostly not visited
    assert smoothing_of(part, settings("2 bins"), every[:5], "here") is not None
