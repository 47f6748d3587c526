"""Corrections over families of questions, and clusters in time."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from isomorph.inference.clusters import cluster_masses, clusters_of, largest_masses, neighbours
from isomorph.inference.families import Hypotheses, Masses, answered, by_largest, corrected
from isomorph.inference.permutation import Null, make_orders, permutation_null
from isomorph.measures import MEASURES
from isomorph.study import Inference


def questions(rng, region, n=4, distance="correlation", n_draws=199):
    observed = rng.standard_normal(n)
    observed[0] += 3
    null = Null(observed, rng.standard_normal((n_draws, n)))
    statistic, draws = null.standardised()
    rows = pd.DataFrame({"region": region, "distance": distance, "measure": "pearson", "p": null.p})
    return null, Hypotheses(rows, statistic, draws.max(axis=1))


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
    """Nor of the largest statistic: what chance does to them says nothing of the others."""
    rng = np.random.default_rng(7)
    draws = rng.standard_normal((199, 3)) * [10, 1, 1]
    rows = pd.DataFrame({"region": "V1", "distance": "d", "measure": "m", "p": [np.nan, 0.01, 0.5]})
    statistic = np.array([9.0, 2.5, 0.1])
    part = Hypotheses.tested(rows, statistic, draws)
    known = Hypotheses.tested(rows[1:], statistic[1:], draws[:, 1:])
    for correction in ("max_t", "fdr_bh"):
        table = answered([part], Inference(correction=correction))
        alone = answered([known], Inference(correction=correction))
        assert np.isnan(table["p_corrected"][0])
        np.testing.assert_array_equal(table["p_corrected"][1:], alone["p_corrected"])
        assert (table["family_size"] == 2).all()
    none = Hypotheses.tested(rows[:1], statistic[:1], draws[:, :1])
    assert answered([none], Inference())["p_corrected"].isna().all()
    both = answered([none, known], Inference())
    np.testing.assert_array_equal(both["p_corrected"][1:], table_of(known)["p_corrected"])
    assert answered([], Inference()).empty


def table_of(part, **settings):
    return answered([part], Inference(**settings))


@pytest.mark.parametrize(
    ("family", "sizes"), [("region", [2, 2, 2]), ("dataset", [4, 4, 2]), ("settings", [6, 6, 6])]
)
def test_tables_without_draws_have_the_same_families_and_holm_for_max_t(family, sizes):
    """Kinds of question are told apart in every family; rows stay in their order."""
    rows = pd.DataFrame(
        [
            {"region": region, "distance": "d", "measure": measure, "kind": kind, "model": model}
            for region, measure in (("V1", "rho_a"), ("IT", "rho_a"), ("IT", "cka"))
            for model in ("a", "b")
            for kind in ("unique", "shared")
        ]
    )
    rows["p"] = np.random.default_rng(8).random(len(rows)) / 10
    table = answered([Hypotheses(rows)], Inference(family=family), "weighted")
    pd.testing.assert_frame_equal(table[rows.columns], rows)
    assert table.groupby(["measure", "region"], sort=False)["family_size"].first().tolist() == sizes
    assert set(table["correction"]) == {"holm"}
    assert set(table["family"]) == {family}
    keys = {"region": ["region", "measure"], "dataset": ["measure"], "settings": []}[family]
    for _, own in table.groupby([*keys, "kind"]):
        np.testing.assert_array_equal(own["p_corrected"], corrected(own["p"].to_numpy(), "holm"))


def test_pairs_of_regions_are_one_family_under_region_as_under_dataset():
    rng = np.random.default_rng(9)
    parts = [questions(rng, "", n=1)[1] for _ in range(3)]
    parts = [
        replace(part, rows=part.rows.drop(columns="region").assign(region_a="V1", region_b=other))
        for part, other in zip(parts, ("V2", "V4", "IT"), strict=True)
    ]
    one, other = (answered(parts, Inference(family=family)) for family in ("region", "dataset"))
    assert (one["family_size"] == 3).all()
    np.testing.assert_array_equal(one["p_corrected"], other["p_corrected"])


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


START = 0.02 * np.arange(12)
JOINED = neighbours(START, START + 0.02)


def timed(rng, signal, n_layers=3, n_stimuli=14, orders=None):
    """The clusters of one region over time; the first layer is in bins 4 to 7."""
    n_pairs = n_stimuli * (n_stimuli - 1) // 2
    n_bins = len(START)
    layers = rng.standard_normal((n_layers, n_pairs))
    # noise that lasts from bin to bin, as it does in responses
    noise = rng.standard_normal((n_bins + 2, 2, n_pairs))
    noise = noise[:-2] + noise[1:-1] + noise[2:]
    orders = make_orders(n_stimuli, 99, rng) if orders is None else orders
    nulls = [
        permutation_null(
            noise[at] + signal * layers[0] * (4 <= at < 8), layers, MEASURES["pearson"], orders
        ).standardised()
        for at in range(n_bins)
    ]
    observed, shuffled = zip(*nulls, strict=True)
    return clusters_of(np.stack(observed), shuffled, JOINED)


def one_model(found):
    return found.p({"net": np.arange(found.mass.shape[1])})


def test_a_planted_stretch_of_time_is_found():
    found = timed(np.random.default_rng(5), signal=1.5)
    p = one_model(found)
    assert (p[4:8, 0] == 1 / 100).all()
    assert len(set(found.number[4:8, 0])) == 1
    assert np.isnan(p[found.number == 0]).all()


def test_no_model_has_false_clusters_more_often_than_the_level_says():
    found = []
    for seed in range(80):
        p = one_model(timed(np.random.default_rng(seed), signal=0.0))
        found.append(np.nanmin(np.append(p.ravel(), 1.0)) <= 0.1)
    assert 0.01 < np.mean(found) < 0.2


def of_region(region, found, p, distance="d"):
    """The questions of one region: a part per bin, a row per layer."""
    largest = found.largest.max(axis=1)
    return [
        Hypotheses(
            pd.DataFrame(
                {"region": region, "time_start": 0.1 * at, "time_stop": 0.1 * (at + 1),
                 "distance": distance, "measure": "m", "p_cluster": p[at],
                 "p": np.full(found.mass.shape[1], 0.5)}
            ),
            np.zeros(found.mass.shape[1]), np.zeros(len(largest)),
            clusters=Masses(found.mass[at], largest),
        )
        for at in range(len(found.mass))
    ]  # fmt: skip


def test_any_false_cluster_of_a_family_is_as_rare_as_its_level_says():
    """Four models in one region, and in two of them, where the p of one model do not hold it."""
    models = {str(at): np.arange(3 * at, 3 * at + 3) for at in range(4)}
    false = {"one model": 0, "region": 0, "dataset": 0}
    n_studies = 120
    for seed in range(n_studies):
        rng = np.random.default_rng(seed)
        orders = make_orders(14, 99, rng)
        found = [timed(rng, 0.0, n_layers=12, orders=orders) for _ in range(2)]
        p = [own.p(models) for own in found]
        parts = [part for at in range(2) for part in of_region(f"region {at}", found[at], p[at])]
        tables = {
            family: answered(parts if family == "dataset" else parts[:12], Inference(family=family))
            for family in ("region", "dataset")
        }
        false["one model"] += (tables["region"]["p_cluster"] <= 0.05).any()
        for family, table in tables.items():
            assert not (table["p_cluster_corrected"] < table["p_cluster"]).any()
            false[family] += (table["p_cluster_corrected"] <= 0.05).any()
    assert false["one model"] > 0.1 * n_studies
    assert 0 < false["region"] <= 0.07 * n_studies
    assert 0 < false["dataset"] <= 0.07 * n_studies


@pytest.mark.parametrize("family", ["region", "dataset", "settings"])
def test_clusters_are_set_against_the_largest_of_their_family(family):
    """Of the region under one distance; of both regions; of both distances. Others have none."""
    rng = np.random.default_rng(6)
    orders = make_orders(14, 99, rng)
    settings = [("V1", "d"), ("IT", "d"), ("V1", "e")]
    found = [timed(rng, 0.6, orders=orders) for _ in settings]
    parts = [questions(rng, "no bins", n_draws=99)[1]]
    for (region, distance), own in zip(settings, found, strict=True):
        parts += of_region(region, own, one_model(own), distance)
    table = answered(parts, Inference(family=family))
    largest = [own.largest.max(axis=1) for own in found]
    together = {"region": [[0], [1], [2]], "dataset": [[0, 1], [0, 1], [2]],
                "settings": [[0, 1, 2]] * 3}[family]  # fmt: skip
    for (region, distance), own, places in zip(settings, found, together, strict=True):
        rows = table[(table["region"] == region) & (table["distance"] == distance)]
        expected = by_largest(own.mass.ravel(), np.max([largest[at] for at in places], axis=0))
        np.testing.assert_array_equal(rows["p_cluster_corrected"], expected)
    assert table.loc[table["region"] == "no bins", "p_cluster_corrected"].isna().all()


def of_draws(n_draws, measure, n=3):
    """Questions with so many shuffles; with none they have no p."""
    rng = np.random.default_rng(n_draws)
    null = Null(rng.standard_normal(n) + 9, rng.standard_normal((n_draws, n)))
    statistic, draws = null.standardised()
    rows = pd.DataFrame({"region": "V1", "distance": "d", "measure": measure, "p": null.p})
    smallest = 1 / (1 + n_draws)
    return Hypotheses.tested(rows, statistic, draws, smallest=smallest)


def notes(parts, **settings):
    table = answered(parts, Inference(permutations=999, family="settings", **settings))
    return table.groupby("measure", sort=False)["p_note"].unique().map(list).to_dict()


def test_tests_without_draws_do_not_speak_for_the_others():
    parts = [of_draws(999, "cheap"), of_draws(0, "untested")]
    for correction in ("max_t", "holm"):
        assert notes(parts, correction=correction) == {"cheap": [""], "untested": [""]}


def test_few_draws_of_one_measure_are_told_of_those_they_limit():
    parts = [of_draws(999, "cheap"), of_draws(9, "costly"), of_draws(0, "untested")]
    said = "9 costly permutations cannot give a corrected p below .10: ask for at least 20"
    found = notes(parts, correction="max_t")
    assert found == {"cheap": [said], "costly": [said], "untested": [""]}
    found = notes(parts, correction="holm")
    assert found["cheap"] == found["untested"] == [""]
    assert found["costly"][0].startswith("9 costly permutations cannot give one question among 6 a")
    one = notes([of_draws(1, "costly")], correction="max_t")
    assert one["costly"][0].startswith("1 costly permutation cannot give")
