"""Corrections over families of questions, and clusters in time."""

import numpy as np
import pandas as pd
import pytest

from isomorph.inference.clusters import cluster_masses, cluster_p, largest_masses, neighbours
from isomorph.inference.families import Questions, answered
from isomorph.inference.multiplicity import by_largest, corrected
from isomorph.inference.permutation import Null, make_orders, permutation_null
from isomorph.measures import MEASURES
from isomorph.study import Inference


def questions(rng, region, n=4, distance="correlation", n_draws=199):
    observed = rng.standard_normal(n)
    observed[0] += 3
    null = Null(observed, rng.standard_normal((n_draws, n)))
    statistic, draws = null.standardised()
    rows = pd.DataFrame({"region": region, "distance": distance, "measure": "pearson", "p": null.p})
    return null, Questions(rows, statistic, draws.max(axis=1))


def test_max_t_of_one_question_is_its_own_p():
    rng = np.random.default_rng(0)
    null, one = questions(rng, "V1", n=1)
    table = answered([one], Inference(correction="max_t"))
    assert table["p_corrected"].item() == null.p.item()


def test_max_t_equals_a_plain_loop_over_the_family():
    rng = np.random.default_rng(1)
    (first, one), (second, other) = questions(rng, "V1"), questions(rng, "IT", n=3)
    table = answered([one, other], Inference(correction="max_t"))
    statistic, draws = (
        np.concatenate(parts, axis=-1)
        for parts in zip(first.standardised(), second.standardised(), strict=True)
    )
    for row, own in zip(table.to_dict("records"), statistic, strict=True):
        as_large = sum(draw.max() >= own - 1e-9 for draw in draws)
        assert row["p_corrected"] == (1 + as_large) / 200
        assert row["p_corrected"] >= row["p"]
        assert row["family_size"] == 7


@pytest.mark.parametrize(
    ("family", "sizes"),
    [("region", [4, 3, 4]), ("dataset", [7, 7, 4]), ("settings", [11, 11, 11])],
)
def test_families_are_corrected_apart(family, sizes):
    rng = np.random.default_rng(2)
    parts = [
        questions(rng, "V1")[1],
        questions(rng, "IT", n=3)[1],
        questions(rng, "V1", distance="euclidean")[1],
    ]
    table = answered(parts, Inference(correction="holm", family=family))
    found = table.groupby(["distance", "region"], sort=False)["family_size"].first().tolist()
    assert found == sizes
    assert set(table["family"]) == {family}
    if family == "region":
        expected = corrected(parts[1].rows["p"].to_numpy(), "holm")
        np.testing.assert_array_equal(table.loc[table["region"] == "IT", "p_corrected"], expected)


def test_questions_without_a_p_are_no_part_of_the_family():
    rows = pd.DataFrame({"region": "V1", "distance": "d", "measure": "m", "p": [np.nan, 0.01]})
    part = Questions(rows, np.array([np.nan, 2.5]), np.array([0.1, 1.0, 3.0]))
    for correction in ("max_t", "fdr_bh"):
        table = answered([part], Inference(correction=correction))
        assert np.isnan(table["p_corrected"][0])
        assert np.isfinite(table["p_corrected"][1])
        assert (table["family_size"] == 1).all()
    assert answered([], Inference()).empty


def test_a_candidate_that_chance_does_not_move_stands_at_nothing():
    rng = np.random.default_rng(3)
    rdms = rng.random((2, 45))
    candidates = np.stack([rng.random(45), np.ones(45)])
    orders = make_orders(10, 99, rng)
    null = permutation_null(rdms, candidates, MEASURES["pearson"], orders)
    statistic, draws = null.standardised()
    assert statistic[1] == 0
    assert (draws[:, 1] == 0).all()
    assert null.p[1] == 1
    assert by_largest(statistic, draws.max(axis=1))[1] == 1


@pytest.mark.parametrize("name", ["pearson", "tau_a"])
def test_the_null_is_the_measure_of_shuffled_stimuli(name):
    """Also where regions share the orders, measures that are inner products or not."""
    rng = np.random.default_rng(4)
    rdms, candidates = rng.random((2, 28)), rng.random((3, 28))
    orders = make_orders(8, 7, rng)
    null = permutation_null(rdms, candidates, MEASURES[name], orders)
    i, j = np.triu_indices(8, 1)
    for order, found in zip(orders, null.shuffled, strict=True):
        square = np.zeros((2, 8, 8))
        square[:, i, j] = square[:, j, i] = rdms
        again = square[:, order][:, :, order][:, i, j]
        expected = MEASURES[name].compare(again, candidates).mean(axis=0)
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_clusters_are_runs_of_neighbouring_bins():
    start = np.array([0.0, 0.1, 0.2, 0.5, 0.6])
    joined = neighbours(start, start + 0.1)
    assert joined.tolist() == [False, True, True, False, True]
    statistic = np.array([[2.0, 0.0], [3.0, 2.0], [2.0, 0.0], [4.0, 5.0], [0.0, 2.0]])
    cluster, mass = cluster_masses(statistic, joined)
    assert cluster.T.tolist() == [[1, 1, 1, 2, 0], [0, 1, 0, 2, 2]]
    np.testing.assert_array_equal(mass.T, [[7, 7, 7, 4, np.nan], [np.nan, 2, np.nan, 7, 7]])
    largest = largest_masses([row[None] for row in statistic], joined)
    assert largest.tolist() == [[7, 7]]


def timed(rng, signal, n_bins=12, n_layers=3, n_stimuli=14, n_draws=99):
    """The nulls of one area over time; the first layer is in bins 4 to 7."""
    n_pairs = n_stimuli * (n_stimuli - 1) // 2
    layers = rng.standard_normal((n_layers, n_pairs))
    # noise that lasts from bin to bin, as it does in responses
    noise = rng.standard_normal((n_bins + 2, 2, n_pairs))
    noise = noise[:-2] + noise[1:-1] + noise[2:]
    orders = make_orders(n_stimuli, n_draws, rng)
    nulls = [
        permutation_null(
            noise[at] + signal * layers[0] * (4 <= at < 8), layers, MEASURES["pearson"], orders
        ).standardised()
        for at in range(n_bins)
    ]
    start = 0.02 * np.arange(n_bins)
    observed, shuffled = zip(*nulls, strict=True)
    joined = neighbours(start, start + 0.02)
    return cluster_p(np.stack(observed), shuffled, joined, {"net": np.arange(n_layers)})


def test_a_planted_stretch_of_time_is_found():
    cluster, p = timed(np.random.default_rng(5), signal=1.5)
    assert (p[4:8, 0] == 1 / 100).all()
    assert len(set(cluster[4:8, 0])) == 1
    assert np.isnan(p[cluster == 0]).all()


def test_no_model_has_false_clusters_more_often_than_the_level_says():
    found = []
    for seed in range(80):
        _, p = timed(np.random.default_rng(seed), signal=0.0)
        found.append(np.nanmin(np.append(p.ravel(), 1.0)) <= 0.1)
    assert 0.01 < np.mean(found) < 0.2
