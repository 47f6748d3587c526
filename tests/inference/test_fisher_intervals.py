"""Intervals on Fisher's scale: at the limits of a measure, near them, and far from them."""

from dataclasses import replace

import numpy as np
import pytest

from isomorph.inference.bootstrap import Resampled, draw
from isomorph.inference.spread import EDGE, on_fishers_scale, spread_over_stimuli
from isomorph.measures import MEASURES
from isomorph.measures.pairs import pair_indices

LIMITS = (-1.0, 1.0)


def distances(patterns):
    i, j = pair_indices(patterns.shape[-2])
    return ((patterns[..., i, :] - patterns[..., j, :]) ** 2).mean(axis=-1)


@pytest.mark.parametrize("name", ["pearson", "spearman", "cosine", "cka"])
def test_a_model_equal_to_the_data_has_no_width_and_not_all_of_it(name):
    """Ranks of few stimuli agree wholly in some resamples of a model that is not the data."""
    rng = np.random.default_rng(0)
    measure, rdm = MEASURES[name], distances(rng.standard_normal((9, 5)))[None]
    candidates = np.concatenate([rdm, rdm * (1 + 1e-3 * rng.standard_normal(rdm.shape))])
    drawn = measure.resampled(rdm, candidates, draw(9, 300, rng))[:, 0]
    estimate = measure.compare(rdm, candidates)[0]
    low, high = spread_over_stimuli(drawn, 9, measure.range).interval(estimate, 0.95, LIMITS)
    np.testing.assert_allclose([low[0], high[0]], 1, atol=1e-9)
    assert low[1] > 0.5
    assert low[1] <= estimate[1] <= high[1] <= 1


def test_resamples_at_a_limit_stand_half_as_far_from_it_as_the_nearest_that_are_not():
    values = np.array([[0.9, 1.0], [1.0, 1.0], [-1.0, 1.0], [np.nan, 1.0]])
    (scaled,), edge = on_fishers_scale([values], LIMITS)
    np.testing.assert_allclose(edge, [0.05, EDGE])
    np.testing.assert_allclose(np.tanh(scaled[:, 0]), [0.9, 0.95, -0.95, np.nan])
    assert scaled[:, 1].std() == 0


def test_other_limits_are_another_unit():
    rng = np.random.default_rng(1)
    values = np.tanh(rng.normal(1, 0.4, (200, 3)))
    estimate = np.tanh(np.array([0.8, 1.0, 1.2]))
    here = spread_over_stimuli(values, 20, LIMITS).interval(estimate, 0.9, LIMITS)
    there = spread_over_stimuli((values + 1) / 2, 20, (0.0, 1.0)).interval(
        (estimate + 1) / 2, 0.9, (0.0, 1.0)
    )
    np.testing.assert_allclose(np.array(here), 2 * np.array(there) - 1)


def test_the_error_on_fishers_scale_is_the_error_of_values_brought_there():
    """Whatever is resampled; and it follows the same formulas."""
    rng = np.random.default_rng(2)
    scaled = [rng.normal(0.5, width, (100, 4)) for width in (0.2, 0.1, 0.25)]
    stimuli, subjects, both = map(np.tanh, scaled)
    for given, brought in (
        ((stimuli, None, None), (scaled[0], None, None)),
        ((stimuli, subjects, both), tuple(scaled)),
    ):
        found = Resampled(*given, 20, 6).spread(LIMITS)
        expected = Resampled(*brought, 20, 6).spread()
        np.testing.assert_allclose(found.fisher_error, expected.standard_error)
        np.testing.assert_allclose(
            found.standard_error, Resampled(*given, 20, 6).spread().standard_error
        )


def test_degenerate_estimates_have_no_interval():
    spread = spread_over_stimuli(np.full((5, 1), 0.3), 12, LIMITS)
    assert spread.interval(np.array([0.3]), 0.95, LIMITS) == (0.3, 0.3)
    spread = replace(spread, standard_error=np.array([np.nan]))
    assert np.isnan(spread.interval(np.array([0.3]), 0.95, LIMITS)).all()


@pytest.mark.parametrize(("noise", "mean"), [(0.1, 0.99), (0.25, 0.94), (1.0, 0.5)])
def test_intervals_cover_near_the_limit_and_far_from_it(noise, mean):
    measure, n_stimuli = MEASURES["pearson"], 30
    estimates, intervals, by_slope = [], [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        truth = rng.standard_normal((n_stimuli, 8))
        rdms = distances(truth + noise * rng.standard_normal((1, n_stimuli, 8)))
        model = distances(truth)[None]
        drawn = measure.resampled(rdms, model, draw(n_stimuli, 150, rng))[:, 0]
        estimate = measure.compare(rdms, model)[0]
        spread = spread_over_stimuli(drawn, n_stimuli, LIMITS)
        estimates.append(estimate)
        intervals.append(np.concatenate(spread.interval(estimate, 0.95, LIMITS)))
        slope = replace(spread, fisher_error=None)
        by_slope.append(np.concatenate(slope.interval(estimate, 0.95, LIMITS)))
    assert np.mean(estimates) == pytest.approx(mean, abs=0.02)
    low, high = np.transpose(intervals)
    covered = ((low < np.mean(estimates)) & (np.mean(estimates) < high)).mean()
    assert 0.91 <= covered <= 0.99
    np.testing.assert_allclose(np.mean(intervals, axis=0), np.mean(by_slope, axis=0), atol=0.01)
