"""Layers planted in simulated data: how alike the data are to what is asked, and what is found."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import binomtest

from isomorph.inference.gather import Candidates, Region
from isomorph.inference.members import ModelFamily
from isomorph.inference.permutation import shuffled
from isomorph.inference.planted import recover as found_again
from isomorph.inference.setting import Setting
from isomorph.inference.stimulus_splits import pairs_among
from isomorph.inference.trust import planted_layers, simulated_scores
from isomorph.inference.trust.layers import Layers
from isomorph.inference.trust.measured_data import MeasuredData, measured_data
from isomorph.inference.trust.noise_level import (
    NOISE,
    calibrated,
    embedded,
    measured_reliability,
    simulated,
)
from isomorph.inference.trust.noise_level import agreement as alike
from isomorph.inference.trust.rates import confusion_rows, power_row
from isomorph.inference.trust.simulated_scores import recover, sizes
from isomorph.inference.trust.told_apart import Terms
from isomorph.inference.trust.winners import relations_of, shares
from isomorph.measures import MEASURES
from isomorph.simulation.gaussian import SimulatedDesign, draw, mix
from isomorph.simulation.planting import PLANTINGS, root
from isomorph.study import Inference
from isomorph.study.archive import PlantedRegion
from isomorph.study.recovery import Recovery

N = 16
PEARSON = MEASURES["pearson"]
DISTANCES = ("correlation", "cosine", "euclidean", "squared_euclidean")
METRICS = dict(zip(DISTANCES, ("correlation", "cosine", "euclidean", "sqeuclidean"), strict=True))


def layers(rng, n_layers, n_stimuli=N, distance="squared_euclidean", n_features=60):
    """Return candidates with independent geometries, one layer a model."""
    rdms = [
        pdist(rng.standard_normal((n_stimuli, n_features // 10)), METRICS[distance])
        for _ in range(n_layers)
    ]
    table = pd.DataFrame({"model": [f"m{i}" for i in range(n_layers)], "layer": "only", "depth": 0})
    return Candidates(table, np.array(rdms))


def observed(reliability, n_subjects=3, units=30, distance="squared_euclidean", n_stimuli=N):
    region = Region("V1", np.zeros((n_subjects, 1)), tuple("abcdefgh"[:n_subjects]), None, None)
    design = SimulatedDesign(n_stimuli, (units,) * n_subjects, 1, False, PLANTINGS[distance])
    return MeasuredData(region, design, reliability, True, "")


def terms_of(candidates, n_stimuli, groups=None, **recovery):
    inference = Inference.model_validate({"recovery": recovery})
    families = [ModelFamily(name, (name,)) for name in dict.fromkeys(candidates.table["model"])]
    table = pd.DataFrame({"stimulus": [f"s{k}" for k in range(n_stimuli)]})
    groups = np.arange(n_stimuli) if groups is None else groups
    setting = Setting("data", True, "squared_euclidean", PEARSON, inference)
    return Terms(setting, families, table, groups, "study.yaml")


def recovered(reliability, candidates, planted=(0,), n=40, measures=(PEARSON,), seed=(1,), **more):
    n_stimuli, groups = more.pop("n_stimuli", N), more.pop("groups", None)
    settings = {"simulations": n, "tested": more.pop("tested", 0), "tested_under": "all"}
    terms = terms_of(candidates, n_stimuli, groups, **settings)
    data = observed(reliability, n_stimuli=n_stimuli, **more)
    return recover(data, Layers(candidates, measures, terms, seed), planted, seed=seed)


# ---------------------------------------------------------------- simulated data


@pytest.mark.parametrize("distance", DISTANCES)
def test_the_root_of_an_rdm_has_that_rdm(distance):
    features = np.random.default_rng(0).standard_normal((N, 9)) + 3
    rdm = pdist(features, METRICS[distance])
    found = root(rdm, PLANTINGS[distance])
    metric = "cosine" if distance == "correlation" else METRICS[distance]
    again = pdist(found, metric)
    np.testing.assert_allclose(again / again.mean(), rdm / rdm.mean(), atol=1e-9)
    assert np.square(found).sum() == pytest.approx(N)


def test_an_rdm_without_geometry_has_no_root():
    assert root(np.zeros(N * (N - 1) // 2), PLANTINGS["squared_euclidean"]).shape[1] == 0


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("halved", [False, True])
def test_mixtures_are_the_distances_of_mixed_patterns(distance, halved):
    rng = np.random.default_rng(1)
    planting = PLANTINGS[distance]
    features = root(pdist(rng.standard_normal((N, 5)), METRICS[distance]), planting)
    draws = draw(SimulatedDesign(N, (7, 12), 5, halved, planting), 3, rng)
    whole, halves = mix(features, draws)
    metric = "cosine" if distance == "correlation" else METRICS[distance]
    for angle in (0.3, 1.2):
        signal = np.cos(angle) * features @ draws.mixing[:, :, : features.shape[1]]
        patterns = signal + np.sin(angle) * draws.whole.patterns
        np.testing.assert_allclose(
            whole.rdms(angle)[2, 1], pdist(patterns[2, 1], metric), rtol=1e-9
        )
        if halved:
            patterns = signal + np.sin(angle) * draws.parts.patterns[1]
            np.testing.assert_allclose(
                halves.rdms(angle)[1, 2, 0], pdist(patterns[2, 0], metric), rtol=1e-9
            )
    assert (halves is None) is not halved


@pytest.mark.parametrize("units", [6, 40])
@pytest.mark.parametrize("halved", [False, True])
def test_crossvalidated_distances_are_distributed_as_over_single_repetitions(units, halved):
    """Mean, variance and covariance with the halves, against repetitions drawn one by one."""
    rng = np.random.default_rng(2)
    n_stimuli, n, n_repetitions, angle = 5, 3000, 5, 0.9
    planting = PLANTINGS["crossvalidated_euclidean"]
    features = root(pdist(rng.standard_normal((n_stimuli, 3)), "sqeuclidean"), planting)
    design = SimulatedDesign(n_stimuli, (units,), n_repetitions, halved, planting)
    whole, halves = mix(features, draw(design, n, rng))
    signal = features @ rng.standard_normal((n, features.shape[1], units))
    noise = rng.standard_normal((n_repetitions, n, n_stimuli, units))
    shown = np.cos(angle) * signal + np.sin(angle) * noise

    def crossed(repetitions):
        total, count = repetitions.sum(axis=0), len(repetitions)
        gram = total @ total.swapaxes(1, 2)
        gram = (gram - (repetitions @ repetitions.swapaxes(2, 3)).sum(axis=0)) / count / (count - 1)
        diagonal = np.diagonal(gram, axis1=1, axis2=2)
        square = diagonal[:, :, None] + diagonal[:, None] - 2 * gram
        first, second = np.triu_indices(n_stimuli, 1)
        return square[:, first, second]

    expected, found = crossed(shown), whole.rdms(angle)[:, 0]
    scale = expected.std(axis=0)
    np.testing.assert_array_less(
        np.abs(found.mean(axis=0) - expected.mean(axis=0)), 5 * scale * np.sqrt(2 / n)
    )
    np.testing.assert_allclose(found.var(axis=0), expected.var(axis=0), rtol=0.2)
    if halved:
        odd = halves.rdms(angle)[0, :, 0]
        one = crossed(shown[0::2])
        np.testing.assert_allclose(odd.var(axis=0), one.var(axis=0), rtol=0.2)
        covariance = [((a - a.mean(0)) * (b - b.mean(0))).mean() for a, b in
                      ((odd, found), (one, expected))]  # fmt: skip
        assert covariance[0] == pytest.approx(covariance[1], rel=0.2)


def test_without_noise_many_units_have_the_planted_rdm():
    rng = np.random.default_rng(3)
    rdm = pdist(rng.standard_normal((N, 40)), "correlation")
    planting = PLANTINGS["correlation"]
    draws = draw(SimulatedDesign(N, (50_000,), 1, False, planting), 2, rng)
    found = mix(root(rdm, planting), draws)[0].rdms(0)[:, 0]
    assert draws.mixing.shape[-1] == 2 * N  # not as wide as there are units
    assert np.corrcoef(rdm, found[0])[0, 1] > 0.99


@pytest.mark.parametrize("kind", ["subjects", "halves"])
@pytest.mark.parametrize("distance", ["correlation", "crossvalidated_euclidean"])
@pytest.mark.parametrize("name", ["rho_a", "pearson"])
def test_simulated_data_are_as_reliable_as_the_measured(kind, distance, name):
    rng = np.random.default_rng(4)
    planting, measure = PLANTINGS[distance], MEASURES[name]
    features = root(pdist(rng.standard_normal((24, 6)), "correlation"), planting)
    n_subjects = 1 if kind == "halves" else 4
    design = SimulatedDesign(24, (40,) * n_subjects, 4, kind == "halves", planting)
    truth = mix(features, draw(design, 150, rng))
    target = simulated(*truth, 1.1, measure.embed).mean()
    found = calibrated(features, draw(design, 150, rng), target, measure)
    assert found.reached
    again = simulated(*mix(features, draw(design, 150, rng)), found.angle, measure.embed)
    error = again.std() / np.sqrt(150)
    assert again.mean() == pytest.approx(target, abs=0.003 + 4 * np.sqrt(3) * error)


def test_no_reliability_is_noise_alone_and_too_much_is_said_to_be_out_of_reach():
    rng = np.random.default_rng(5)
    planting = PLANTINGS["correlation"]
    features = root(pdist(rng.standard_normal((N, 6)), "correlation"), planting)
    draws = draw(SimulatedDesign(N, (10, 10), 1, False, planting), 20, rng)
    assert calibrated(features, draws, 0.0, PEARSON).angle == NOISE
    assert calibrated(features, draws, -0.1, PEARSON).noise_share == 1
    few = calibrated(features, draws, 0.99, PEARSON)
    assert not few.reached
    assert few.noise_share == 0


def test_agreement_is_the_mean_over_couples():
    rng = np.random.default_rng(6)
    rdms = rng.random((4, N * (N - 1) // 2))
    each = [np.corrcoef(rdms[i], rdms[j])[0, 1] for i in range(4) for j in range(i)]
    region = Region("V1", rdms, tuple("abcd"), 3, None)
    assert measured_reliability(region, PEARSON) == pytest.approx(np.mean(each))
    two = np.stack([rdms[:2], rdms[[0, 2]]])[:, :, None]
    halves = Region("V1", rdms[:1], ("a",), 3, two)
    assert measured_reliability(halves, PEARSON) == pytest.approx(np.mean(each[:2]))
    assert measured_reliability(Region("V1", rdms[:1], ("a",), 3, None), PEARSON) is None
    stacked = embedded(rdms[None], PEARSON.embed)
    assert alike(stacked)[0] == pytest.approx(np.mean(each))


# ---------------------------------------------------------------- what is found


def test_a_distinct_layer_is_recovered_from_reliable_data_and_claimed_above_the_others():
    candidates = layers(np.random.default_rng(7), 6)
    result = recovered(0.7, candidates, planted=(0, 3), tested=20)
    related = relations_of(candidates.table, {})
    for index in (0, 3):
        row = power_row(result.tallies["pearson", index, (N, 3)], index, related)
        assert row["recovery_exact"] == 1
        assert row["power_zero"] == 1
        assert row["power_runner_up"] > 0.9
        assert row["reliability_simulated"] == pytest.approx(0.7, abs=0.06)


def test_without_reliability_every_layer_wins_as_often_as_any_other():
    rng = np.random.default_rng(8)
    candidates = layers(rng, 8)
    result = recovered(0.0, candidates, n=600, planted=(2,))
    scores = np.concatenate(result.tallies["pearson", 2, (N, 3)].scores)
    wins = shares(scores).sum(axis=0)
    assert binomtest(round(wins[2]), 600, 1 / 8).pvalue > 1e-3
    assert wins.sum() == pytest.approx(600)
    row = power_row(result.tallies["pearson", 2, (N, 3)], 2, relations_of(candidates.table, {}))
    assert binomtest(round(600 * row["power_zero"]), 600, 0.05).pvalue > 1e-3


@pytest.mark.parametrize("name", ["pearson", "rho_a", "whitened_correlation"])
def test_false_positives_are_as_many_as_the_level_says(name):
    candidates = layers(np.random.default_rng(9), 5)
    result = recovered(0.4, candidates, n=500, planted=(1, 2, 4), measures=(MEASURES[name],))
    claims = [
        np.concatenate(result.tallies[name, index, (N, 3)].claims["false_positive"])
        for index in (1, 2, 4)
    ]
    count, total = int(np.sum(claims)), np.size(claims)
    assert total == 3 * 200
    assert binomtest(count, total, 0.05).pvalue > 1e-3


def test_power_grows_with_stimuli_and_with_subjects():
    candidates = layers(np.random.default_rng(10), 8, n_stimuli=40, n_features=200)
    result = recovered(0.03, candidates, n=90, n_subjects=4, n_stimuli=40)
    related = relations_of(candidates.table, {})
    rows = {size: power_row(result.tallies["pearson", 0, size], 0, related) for size in
            sizes(40, 4)}  # fmt: skip
    assert list(rows) == [(40, 4), (20, 4), (10, 4), (40, 2), (40, 1)]
    for effect in ("recovery_exact", "power_zero"):
        assert rows[40, 4][effect] > rows[20, 4][effect] > rows[10, 4][effect]
        assert rows[40, 4][effect] > rows[40, 1][effect]


def test_two_identical_layers_share_what_is_found():
    candidates = layers(np.random.default_rng(11), 4)
    rdms = np.concatenate([candidates.rdms, candidates.rdms[:1]])
    table = pd.DataFrame({"model": ["a", "b", "c", "d", "a"], "layer": [*"xxxxy"],
                          "depth": [0, 0, 0, 0, 1]})  # fmt: skip
    doubled = Candidates(table, rdms)
    result = recovered(0.7, doubled)
    scores = result.tallies["pearson", 0, (N, 3)].scores
    rows = confusion_rows(scores, ("a", "x"), doubled)
    assert [(row["found_layer"], row["count"]) for row in rows] == [("x", 20), ("y", 20)]
    row = power_row(result.tallies["pearson", 0, (N, 3)], 0, relations_of(table, {}))
    assert row["recovery_exact"] == 0.5
    assert row["recovery_neighbour"] == row["recovery_family"] == 1


def test_the_same_seed_finds_the_same_and_another_another():
    candidates = layers(np.random.default_rng(12), 5)
    scores = [
        np.concatenate(recovered(0.2, candidates, seed=seed).tallies["pearson", 0, (N, 3)].scores)
        for seed in ((1, 2), (1, 2), (1, 3))
    ]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert np.abs(scores[0] - scores[2]).max() > 1e-3


def test_what_does_not_fit_at_once_is_simulated_in_blocks(monkeypatch):
    candidates = layers(np.random.default_rng(13), 5)
    monkeypatch.setattr(simulated_scores, "BLOCK", 1)
    result = recovered(0.5, candidates, n=20)
    tally = result.tallies["pearson", 0, (N, 3)]
    assert len(tally.scores) > 3
    assert len(np.concatenate(tally.scores)) == 20
    assert len(np.unique(np.concatenate(tally.scores), axis=0)) == 20


def test_a_measure_that_is_no_inner_product_recovers_and_leaves_tests_out():
    candidates = layers(np.random.default_rng(14), 4)
    result = recovered(0.6, candidates, n=10, measures=(MEASURES["tau_a"],))
    row = power_row(result.tallies["tau_a", 0, (N, 3)], 0, relations_of(candidates.table, {}))
    assert row["recovery_exact"] == 1
    if MEASURES["tau_a"].embed is None:
        assert np.isnan([row["power_zero"], row["error_power_zero"], row["false_positive"]]).all()
        assert row["n_power_zero"] == row["n_false_positive"] == 0


def test_a_layer_without_geometry_is_not_planted():
    candidates = layers(np.random.default_rng(15), 3)
    candidates.rdms[1] = 0
    result = recovered(0.5, candidates, planted=(0, 1), n=10)
    assert set(result.calibrations) == {0}


def test_places_put_stimuli_in_another_order():
    rng = np.random.default_rng(17)
    rdms = rng.random((2, N * (N - 1) // 2))
    orders = rng.permuted(np.tile(np.arange(N), (3, 1)), axis=1)
    np.testing.assert_array_equal(
        rdms[0][pairs_among(orders, orders.shape[1])], shuffled(rdms, orders)[:, 0]
    )


def test_kin_are_neighbours_in_depth_and_seeds_of_one_network():
    table = pd.DataFrame(
        {
            "model": ["n0", "n0", "n0", "n1", "p"],
            "layer": ["a", "b", "c", "a", "pixels"],
            "depth": [2, 5, 9, 2, 0],
        }
    )
    found = relations_of(table, {"n0": "net", "n1": "net"})
    assert found.family.tolist() == [0, 0, 0, 0, 1]
    assert found.neighbours[1].tolist() == [True, True, True, False, False]
    assert found.neighbours[0].tolist() == [True, True, False, False, False]


def test_the_best_layer_of_each_model_is_planted_or_every_layer():
    rng = np.random.default_rng(19)
    candidates = layers(rng, 5)
    related = relations_of(candidates.table, {"m0": "net", "m1": "net", "m2": "net"})
    estimate = PEARSON.compare(candidates.rdms[[1]], candidates.rdms)[0]
    assert planted_layers(estimate, related, Recovery()) == [1, 3, 4]
    every = Recovery(candidates="all")
    assert planted_layers(estimate, related, every) == [0, 1, 2, 3, 4]


# ---------------------------------------------------------------- what is assumed


def test_what_is_not_known_of_the_data_is_assumed_and_said():
    rdms = np.random.default_rng(20).random((2, N * (N - 1) // 2))
    planting = PLANTINGS["correlation"]
    two = Region("V1", rdms, ("a", "b"), 16, None, subject_units=(7, 9), n_folds=3)
    known = measured_data(two, planting, PEARSON, Recovery(), N)
    assert known.assumed == ""
    assert known.design.units == (7, 9)
    assert known.design.repetitions == 3
    unpublished = replace(two, n_units=None, subject_units=(None, None))
    published = measured_data(unpublished, planting, PEARSON, Recovery(units=60), N)
    assert published.design.units == (60, 60)
    assert published.assumed == "60 units per subject, as none are published"
    one = Region("V1", rdms[:1], ("a",), 5, None, subject_units=(5,))
    alone = measured_data(one, planting, PEARSON, Recovery(reliability=0.3), N)
    assert not alone.reliability_known
    assert alone.reliability == 0.3
    assert "halves that agree at 0.3" in alone.assumed
    assert alone.design.halved
    assert alone.design.parts == (1, 1)
    crossed = PLANTINGS["crossvalidated_euclidean"]
    assert measured_data(one, crossed, PEARSON, Recovery(), N).design.parts == (2, 2)


def test_one_subject_is_simulated_with_halves_as_reliable_as_the_measured():
    rng = np.random.default_rng(22)
    candidates = layers(rng, 4, n_stimuli=8)
    crossed = PLANTINGS["crossvalidated_euclidean"]
    features = root(candidates.rdms[2], crossed)
    truth = mix(features, draw(SimulatedDesign(8, (50,), 12, True, crossed), 1, rng))
    halves = truth[1].rdms(0.9)[:, 0, 0]
    region = Region("V1", truth[0].rdms(0.9)[0], ("a",), 50, halves[None, :, None],
                    subject_units=(50,), n_folds=12)  # fmt: skip
    found = measured_data(region, crossed, PEARSON, Recovery(), 8)
    assert found.reliability == pytest.approx(np.corrcoef(halves)[0, 1])
    related = relations_of(candidates.table, {})
    terms = terms_of(candidates, 8, simulations=60, tested=0)
    measures = (PEARSON, MEASURES["cka"])
    result = recover(found, Layers(candidates, measures, terms, (3,)), (2,), seed=(3,))
    row = power_row(result.tallies["pearson", 2, (8, 1)], 2, related)
    assert row["reliability_simulated"] == pytest.approx(found.reliability, abs=0.06)
    assert row["recovery_exact"] > 0.9
    assert list(result.tallies) == [("pearson", 2, (8, 1)), ("cka", 2, (8, 1))]


def test_a_planted_layer_that_ties_with_a_copy_is_found():
    table = pd.DataFrame(
        {
            "dataset": "toy",
            "region": "IT",
            "time_start": np.nan,
            "time_stop": np.nan,
            "distance": "correlation",
            "measure": "pearson",
            "model": ["a", "a", "b"],
            "layer": ["relu", "dropout", "x"],
            "depth": [0, 1, 0],
            "estimate": [0.5, 0.5, 0.2],
            "interval_low": 0.0,
            "interval_high": 1.0,
        }
    )
    for layer in ("relu", "dropout"):
        (row,) = found_again(table, {"IT": PlantedRegion(model="a", layer=layer, units=1)}).to_dict(
            "records"
        )
        assert (row["recovered"], row["rank"], row["found_layer"]) == ("exact", 1, layer)
    (row,) = found_again(table, {"IT": PlantedRegion(model="b", layer="x", units=1)}).to_dict(
        "records"
    )
    assert (row["recovered"], row["rank"], row["found_layer"]) == ("no", 3, "relu")
