"""What is claimed of p-values, intervals and nested scores holds in simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from calibrated.drawn import compared, distances, equal_layers, scored, stimuli_of
from calibrated.sets import graded
from isomorph.inference.confidence_sets import p_best
from isomorph.inference.families import Hypotheses, answered
from isomorph.inference.nested import choose
from isomorph.inference.permutation import Null, make_orders, one_sided, permutation_null
from isomorph.measures import MEASURES
from isomorph.study import Inference

pytestmark = pytest.mark.slow

MEASURE = MEASURES["pearson"]
N_STIMULI = 30


def test_nested_scores_of_noise_are_nothing_where_their_maximum_is_not():
    """Twenty layers of noise, 30 stimuli: the maximum reaches .136 in one of 20 studies."""
    nested, optimism, maxima = [], [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        pairs = N_STIMULI * (N_STIMULI - 1) // 2
        scores = scored(rng.random((1, pairs)), rng.random((20, pairs)), seed=seed, resamples=50)
        choice = choose(scores, np.arange(20))
        nested.append(choice.score)
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
        scores = scored(distances(gains * features[3] + noise), distances(features), seed=seed)
        choice = choose(scores, np.arange(10))
        means.append(choice.score)
        ends = choice.draws.spread().interval(np.array([choice.score]), 0.9, MEASURE.range)
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
            parts.append(Hypotheses(rows, statistic, draws.max(axis=1)))
        for correction in claims:
            table = answered(parts, Inference(correction=correction))
            claims[correction] += (table["p_corrected"] <= 0.1).any()
    assert 0.05 < claims["max_t"] / n_studies < 0.16
    assert claims["bonferroni"] < claims["max_t"]


@pytest.mark.parametrize(
    ("n_stimuli", "n_layers", "n_subjects"), [(30, 10, 1), (60, 30, 1), (30, 10, 4)]
)
def test_equal_models_are_rarely_told_apart_and_their_scores_covered(
    n_stimuli, n_layers, n_subjects
):
    """With layers taken as given .13 and .22 of data sets with one subject told them apart."""
    n, p, covered = 60, [], []
    for seed in range(n):
        rng = np.random.default_rng([seed, n_stimuli])
        data = equal_layers(rng, n_stimuli, n_layers, n_subjects)
        found = compared(*data, seed=seed, permutations=0, correction="holm", minimum_subjects=4)
        p.append(found.differences[0].rows["p"].item())
        rows = [row for row in found.selection if row["chosen_on"] == "other stimuli"]
        covered += [row["interval_low"] < 0.5 < row["interval_high"] for row in rows]
    assert np.mean(np.array(p) <= 0.05) <= 0.1
    assert np.mean(covered) >= 0.89


@pytest.mark.parametrize("measure", ["cosine", "whitened_cosine", "cka_biased"])
def test_unrelated_models_do_not_differ_because_their_chance_levels_do(measure):
    """As raw cosines a broad and a narrow RDM differ in every data set."""
    p, inside = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        rdms = distances(rng.standard_normal((1, 30, 10)))
        layers = distances(np.stack([rng.standard_normal((30, 40)) for _ in range(3)]))
        narrow = distances(np.stack([rng.standard_normal((30, 2)) for _ in range(3)]))
        found = compared(rdms, np.concatenate([layers, narrow]), list("aaabbb"), measure, seed,
                         permutations=0, correction="holm")  # fmt: skip
        p.append(found.differences[0].rows["p"].item())
        inside.append([row["n_in_set"] == 3 for row in found.layers_in_set])
    assert np.mean(np.array(p) <= 0.05) <= 0.1
    assert np.mean(inside) >= 0.85


def test_variants_of_one_object_are_one_draw():
    """20 objects in four variants: taken as 80 stimuli coverage was .715, false positives .475."""
    covered, p, estimates = [], [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)

        def variants(rng=rng):
            objects = np.repeat(rng.standard_normal((20, 8)), 4, axis=0)
            return objects + 0.5 * rng.standard_normal((80, 8))

        truth, unrelated = variants(), variants()
        rdms = distances(truth + 0.5 * rng.standard_normal((1, 80, 8)))
        layers = distances(np.stack([np.hstack([truth, variants()]), np.tile(unrelated, 2)]))
        stimuli = stimuli_of(80, [layers], ("object",), object=[f"o{k // 4}" for k in range(80)])
        found = compared(rdms, layers, ["a", "b"], seed=seed, stimuli=stimuli)
        rows = found.comparisons[0].rows
        covered.append(rows.loc[0, ["interval_low", "interval_high"]].tolist())
        estimates.append(rows["estimate"][0])
        p.append(rows["p"][1])
    low, high = np.transpose(covered)
    truth = np.mean(estimates)
    assert ((low < truth) & (truth < high)).mean() >= 0.85
    assert np.mean(np.array(p) <= 0.05) <= 0.1


def test_calibrated_values_of_noise_are_positive_in_one_of_twenty():
    positive = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        rdms, layers = (distances(rng.standard_normal((k, 16, 6))) for k in (1, 4))
        found = compared(
            rdms, layers, list("aaaa"), "cosine", seed, permutations=199, resamples=50, tail="none"
        )
        rows = found.comparisons[0].rows
        positive.append([*(rows["calibrated"] > 0), found.selection[0]["maximum_calibrated"] > 0])
        np.testing.assert_array_equal(rows["calibrated"] > 0, rows["p"] <= 0.05)
    share = np.mean(positive, axis=0)
    assert abs(share[:4].mean() - 0.05) < 0.03
    assert share[4] < 0.1


def test_a_score_on_parts_is_on_the_scale_of_all_stimuli():
    """Whitened correlation of a true layer is lower on parts than on all stimuli."""
    off = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        truth = rng.standard_normal((40, 8))
        rdms = distances(np.hstack([truth, rng.standard_normal((40, 8))])[None])
        features = np.concatenate([truth[None], 3 * rng.standard_normal((3, 40, 8))])
        scores = scored(rdms, distances(features), "whitened_correlation", seed, resamples=50)
        whole, parts = scores.estimate[0, 0], scores.parts.scored_on[..., 0].mean()
        off.append((choose(scores, np.arange(4)).score - whole, parts - whole))
    shifted, plain = np.mean(off, axis=0)
    assert abs(shifted) < 0.003
    assert plain < -0.005


@pytest.mark.parametrize("n_subjects", [1, 4])
def test_the_best_layers_are_in_their_set_and_a_much_worse_one_is_not(n_subjects):
    """Five layers equally good and one worse by some four standard errors."""
    held, left_out, apart = [], [], []
    for seed in range(30):
        rng = np.random.default_rng([seed, n_subjects])
        rdms, layers, _ = graded(rng, 60, n_subjects, np.array([1, 1, 1, 1, 1, 1.6]))
        scores = scored(rdms, layers, seed=seed, resamples=200, minimum_subjects=4)
        estimate, drawn = scores.plain.mean(axis=0), scores.calibrated()
        p = p_best(estimate, drawn)
        error = drawn.spread_of_differences(np.array([0])).standard_error[-1, 0]
        held.append(p[:-1] > 0.05)
        left_out.append(p[-1] <= 0.05)
        apart.append((estimate[0] - estimate[-1], error))
    gap, error = np.mean(apart, axis=0)
    assert 3 < gap / error < 6
    assert np.mean(held) >= 0.93
    assert np.mean(left_out) >= 0.8
