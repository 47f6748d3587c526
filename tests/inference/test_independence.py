"""p-values against independence: one side or two, few shuffles and many questions."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from isomorph.inference.families import answered
from isomorph.inference.independence import against_independence, independence_p, smallest_p
from isomorph.inference.permutation import Null, make_orders, permutation_null
from isomorph.inference.tail import FITTED, LEAST_DRAWS
from isomorph.measures import MEASURES
from isomorph.measures.pairs import pair_indices
from isomorph.study import Inference


def distances(patterns):
    i, j = pair_indices(patterns.shape[-2])
    return ((patterns[..., i, :] - patterns[..., j, :]) ** 2).mean(axis=-1)


def rows(n, region="IT"):
    return pd.DataFrame({"region": [region] * n, "distance": "d", "measure": "m"})


def skewed(rng, n_draws, n):
    """Chance that reaches far up and hardly down, as that of measures that are positive by it."""
    return Null(rng.chisquare(3, n), rng.chisquare(3, (n_draws, n)))


def test_a_two_sided_p_is_twice_that_of_the_nearer_side():
    rng = np.random.default_rng(0)
    null = skewed(rng, 199, 50)
    found, note = independence_p(null, Inference(sides="two"))
    for p, own, draws in zip(found, null.observed, null.shuffled.T, strict=True):
        above, below = sum(draws >= own), sum(draws <= own)
        assert p == min(1.0, 2 * (1 + min(above, below)) / 200)
    assert (note == "").all()
    one, _ = independence_p(null, Inference())
    np.testing.assert_array_equal(one, null.p)


@pytest.mark.parametrize("tail", ["none", "pareto"])
def test_two_sided_p_are_uniform_where_chance_is_not_symmetric(tail):
    rng = np.random.default_rng(1)
    p, _ = independence_p(
        skewed(rng, 999, 4000), Inference(sides="two", tail=tail, permutations=999)
    )
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_less_alike_than_by_chance_is_found_by_two_sides_alone():
    rng = np.random.default_rng(2)
    truth = distances(rng.standard_normal((16, 6)))
    null = permutation_null(
        -truth[None], truth[None], MEASURES["pearson"], make_orders(16, 99, rng)
    )
    one, two = (
        answered([against_independence(rows(1), null, inference)], inference)
        for inference in (Inference(), Inference(sides="two"))
    )
    assert (one["p"].item(), one["sides"].item()) == (1.0, "one")
    assert (two["p"].item(), two["sides"].item()) == (2 / 100, "two")
    assert two["p_corrected"].item() == 2 / 100


def test_two_sided_max_t_holds_its_level_under_skewed_chance():
    rng = np.random.default_rng(3)
    inference = Inference(sides="two", correction="max_t")
    claims = []
    for _ in range(400):
        part = against_independence(rows(10), skewed(rng, 99, 10), inference)
        claims.append((answered([part], inference)["p_corrected"] <= 0.1).any())
    assert np.mean(claims) < 0.1 + 3 * np.sqrt(0.09 / 400)
    assert np.mean(claims) > 0.03


def test_a_value_that_is_none_has_no_p_and_no_part_in_the_largest_of_others():
    rng = np.random.default_rng(4)
    observed, draws = np.array([3.0, np.nan]), rng.standard_normal((99, 2))
    draws[:, 1] = np.nan
    for inference in (Inference(), Inference(sides="two"), Inference(tail="pareto")):
        table = answered(
            [against_independence(rows(2), Null(observed, draws), inference)], inference
        )
        alone = answered(
            [against_independence(rows(1), Null(observed[:1], draws[:, :1]), inference)], inference
        )
        assert np.isnan(table[["p", "p_corrected"]].to_numpy()[1]).all()
        assert table["p_corrected"][0] == alone["p_corrected"][0]
        assert (table["family_size"] == 1).all()


def one_true_layer_among_300(rng):
    """Ten regions, 30 layers; one layer is one region with little noise."""
    orders = make_orders(30, 1000, rng)
    layers = distances(rng.standard_normal((30, 30, 8)))
    regions = distances(rng.standard_normal((10, 30, 8)))
    regions[0] = layers[0] + 0.2 * layers[0].std() * rng.standard_normal(layers.shape[1])
    return [permutation_null(rdm[None], layers, MEASURES["pearson"], orders) for rdm in regions]


def test_1000_shuffles_and_300_questions_need_max_t_or_a_tail():
    nulls = one_true_layer_among_300(np.random.default_rng(5))
    assert nulls[0].observed[0] > 0.95

    def table(**settings):
        inference = Inference(**settings)
        return answered(
            [against_independence(rows(30, str(at)), null, inference)
             for at, null in enumerate(nulls)], inference
        )  # fmt: skip

    counted = table(correction="bonferroni")
    assert counted["p_corrected"][0] == pytest.approx(300 / 1001)
    assert set(counted["p_note"]) == {
        "1000 permutations cannot give one question among 300 a corrected p below .30: ask for at "
        "least 6000, for correction: max_t or for tail: pareto"
    }
    by_largest = table()
    assert by_largest["correction"][0] == "max_t"
    assert by_largest["p_corrected"][0] == 1 / 1001
    assert set(by_largest["p_note"]) == {""}
    fitted = table(correction="fdr_bh", tail="pareto")
    assert fitted["p_corrected"][0] < 0.01
    assert fitted["p_corrected"].drop(index=0).min() > 0.05
    assert not fitted["p_note"].str.contains("cannot").any()
    told = fitted["p_note"].str.startswith((FITTED, "at most"))
    assert told[0]
    assert told.mean() < 0.05


@pytest.mark.parametrize("sides", ["one", "two"])
@pytest.mark.parametrize("correction", ["max_t", "holm", "bonferroni", "fdr_bh", "fdr_by"])
def test_as_many_permutations_as_are_asked_for_are_enough_and_one_fewer_is_not(correction, sides):
    """In a family of one clear question and others that say nothing."""
    inference = Inference(correction=correction, sides=sides)

    def asked(n_draws, n=7):
        draws = np.tile(np.linspace(-1, 1, n_draws)[:, None], n)
        null = Null(np.r_[9.0, np.zeros(n - 1)], draws)
        return answered([against_independence(rows(n), null, inference)], inference)

    few = asked(15)
    needed = int(few["p_note"][0].split("at least ")[1].split(",")[0])
    enough, short = asked(needed), asked(needed - 1)
    assert enough["p_note"][0] == ""
    assert enough["p_corrected"][0] < 0.05
    assert "cannot give" in short["p_note"][0]
    assert short["p_corrected"][0] >= 0.05 - 1e-12


def test_the_smallest_p_is_what_the_test_can_give():
    draws = np.random.default_rng(6).standard_normal((LEAST_DRAWS, 1))
    for sides in ("one", "two"):
        for tail in ("none", "pareto"):
            inference = Inference(sides=sides, tail=tail)
            p, _ = independence_p(Null(np.array([99.0]), draws), inference)
            assert p.item() == pytest.approx(smallest_p(LEAST_DRAWS, inference))


def test_without_shuffles_there_is_no_p():
    null = Null(np.array([0.3, 0.4]), np.empty((0, 2)))
    for inference in (Inference(permutations=0), Inference(permutations=0, correction="holm")):
        table = answered([against_independence(rows(2), null, inference)], inference)
        assert table[["p", "p_corrected"]].isna().all().all()
        assert (table["p_note"] == "").all()
