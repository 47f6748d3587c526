"""What is claimed of p-values, intervals and nested scores holds in simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from isomorph.inference.bootstrap import draw
from isomorph.inference.families import Questions, answered
from isomorph.inference.permutation import Null, make_orders, one_sided, permutation_null
from isomorph.inference.selection import Scores, choose, choose_all
from isomorph.inference.splits import Stimuli, make_splits
from isomorph.measures import MEASURES
from isomorph.measures.pairs import pair_indices
from isomorph.study import Inference
from isomorph.study.inference import Selection

pytestmark = pytest.mark.slow

MEASURE = MEASURES["pearson"]
N_STIMULI = 30


def distances(patterns):
    i, j = pair_indices(patterns.shape[-2])
    return ((patterns[..., i, :] - patterns[..., j, :]) ** 2).mean(axis=-1)


def scores_of(rng, rdms, layers, n=150):
    names = pd.DataFrame({"stimulus": [str(k) for k in range(N_STIMULI)]})
    splits = make_splits(Stimuli(names, [], ""), Selection(repeats=4), rng)
    drawn = [
        MEASURE.resampled(rdms, layers, counts)
        for counts in (draw(N_STIMULI, n, rng), splits.chosen_on, splits.scored_on)
    ]
    return Scores(MEASURE.compare(rdms, layers), *drawn, draw(len(rdms), n, rng), N_STIMULI)


def test_nested_scores_of_noise_are_nothing_where_their_maximum_is_not():
    """Twenty layers of noise, 30 stimuli: the maximum reaches .136 in one of 20 studies."""
    nested, optimism, maxima = [], [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        pairs = N_STIMULI * (N_STIMULI - 1) // 2
        scores = scores_of(rng, rng.random((1, pairs)), rng.random((20, pairs)), n=2)
        choice = choose(scores, np.arange(20))
        nested.append(choice.score.mean())
        optimism.append(choice.optimism)
        maxima.append(scores.plain.max())
    assert abs(np.mean(nested)) < 3 * np.std(nested) / np.sqrt(150)
    assert np.quantile(maxima, 0.95) == pytest.approx(0.136, abs=0.012)
    assert np.mean(optimism) == pytest.approx(np.mean(maxima), abs=0.02)


def test_the_p_of_a_maximum_over_layers_is_uniform_under_independence():
    p = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        layers = distances(rng.standard_normal((6, 20, 8)))
        rdms = distances(rng.standard_normal((2, 20, 8)))
        null = permutation_null(rdms, layers, MEASURE, make_orders(20, 199, rng))
        p.append(one_sided(null.observed.max()[None], null.shuffled.max(axis=1)[:, None])[0])
    assert kstest(p, "uniform").pvalue > 0.01


@pytest.mark.parametrize("alike", [True, False])
def test_nested_intervals_cover_the_mean_over_experiments(alike):
    """Layers nearly alike, so that the choice wavers, and layers apart, so that it does not."""
    weights = np.random.default_rng(99).standard_normal((10, 8, 12))
    if alike:
        weights = weights[0] + 0.04 * np.arange(10)[:, None, None] * weights[1]
    means, intervals = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        latent = rng.standard_normal((N_STIMULI, 8))
        features = np.tanh(latent @ weights)
        gains = rng.uniform(0.5, 1.5, (6, 1, 12))
        noise = rng.standard_normal((6, N_STIMULI, 12))
        scores = scores_of(rng, distances(gains * features[3] + noise), distances(features))
        chosen = choose_all(scores, {"net": np.arange(10)}, other_subjects=False)
        means.append(chosen.known()["net"].score.mean())
        spread = chosen.resampled(scores).spread()
        ends = spread.interval(np.array([means[-1]]), 0.9, MEASURE.range)
        intervals.append(np.concatenate(ends))
    low, high = np.transpose(intervals)
    covered = ((low < np.mean(means)) & (np.mean(means) < high)).mean()
    assert 0.8 < covered <= 1.0


def test_max_t_makes_any_false_claim_as_often_as_its_level_says():
    """Two regions against ten layers that say much the same, where Bonferroni is too strict."""
    claims = {"max_t": 0, "bonferroni": 0}
    n_studies = 150
    for seed in range(n_studies):
        rng = np.random.default_rng(seed)
        shared = rng.standard_normal((1, 16, 8))
        layers = distances(shared + 0.4 * rng.standard_normal((10, 16, 8)))
        orders = make_orders(16, 199, rng)
        parts = []
        for region in ("V1", "IT"):
            rdms = distances(rng.standard_normal((2, 16, 8)))
            null: Null = permutation_null(rdms, layers, MEASURE, orders)
            statistic, draws = null.standardised()
            rows = pd.DataFrame({"region": region, "distance": "d", "measure": "m", "p": null.p})
            parts.append(Questions(rows, statistic, draws.max(axis=1)))
        for correction in claims:
            table = answered(parts, Inference(correction=correction))
            claims[correction] += (table["p_corrected"] <= 0.1).any()
    assert 0.05 < claims["max_t"] / n_studies < 0.16
    assert claims["bonferroni"] < claims["max_t"]
