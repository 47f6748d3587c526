"""What tables say was done is what was done, also at the edges."""

import numpy as np
import pandas as pd
import pytest

from isomorph.inference.bootstrap import Resampled, draw, resampled_means
from isomorph.inference.differences import ALIKE, ModelFamily, differences
from isomorph.inference.explain import _joined
from isomorph.inference.explain.material import Material, Roles, draw_all, similarities
from isomorph.inference.explain.partial import partial_rows
from isomorph.inference.families import Questions, answered
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.layers import RIVALS, p_beaten
from isomorph.inference.multiplicity import by_largest, corrected
from isomorph.inference.permutation import Null, make_orders, permutation_null
from isomorph.inference.regions import compare_regions
from isomorph.inference.selection import (
    HIGHER,
    Scores,
    choose_all,
    members_of,
    selection_rows,
)
from isomorph.inference.setting import Setting, make_draws
from isomorph.inference.splits import Stimuli, make_splits
from isomorph.measures import MEASURES
from isomorph.measures.pairs import pair_indices
from isomorph.study import Inference
from isomorph.study.inference import Selection

MEASURE = MEASURES["pearson"]
SETTING = Setting("data", True, "correlation", MEASURE, Inference())


def distances(patterns):
    i, j = pair_indices(patterns.shape[-2])
    return ((patterns[..., i, :] - patterns[..., j, :]) ** 2).mean(axis=-1)


def scores_of(rng, rdms, candidates, n_stimuli, n=300):
    names = pd.DataFrame({"stimulus": [str(k) for k in range(n_stimuli)]})
    splits = make_splits(Stimuli(names, [], ""), Selection(repeats=4), rng)
    drawn = [
        MEASURE.resampled(rdms, candidates, counts)
        for counts in (draw(n_stimuli, n, rng), splits.chosen_on, splits.scored_on)
    ]
    plain = MEASURE.compare(rdms, candidates)
    return Scores(plain, *drawn, draw(len(rdms), n, rng), n_stimuli)


def test_max_t_holds_its_level_with_few_shuffles():
    """Nine shuffles, 20 layers: what was found stands among them as one draw of ten."""
    rng = np.random.default_rng(0)
    claims = []
    for _ in range(1500):
        statistic, shuffled = Null(
            rng.standard_normal(20), rng.standard_normal((9, 20))
        ).standardised()
        claims.append(by_largest(statistic, shuffled.max(axis=1)).min() <= 0.1)
    assert np.mean(claims) == pytest.approx(0.1, abs=3 * np.sqrt(0.09 / 1500))


def test_a_statistic_beyond_all_bounds_is_the_smallest_p_and_not_none():
    """Where a p is too small for a number, its statistic is infinite."""
    p = by_largest(np.array([np.inf, np.nan, -np.inf]), np.zeros(9))
    np.testing.assert_array_equal(p, [0.1, np.nan, 1.0])
    rows = pd.DataFrame({"p": [0.0], "distance": "d", "measure": "m", "region": "V1"})
    table = answered(
        [Questions(rows, np.array([np.inf]), np.zeros(9))], Inference(correction="max_t")
    )
    assert table["p_corrected"].item() == 0.1


def planted_layers(rng):
    truth = rng.standard_normal((40, 10))
    rdms = distances(truth + 0.5 * rng.standard_normal((5, 40, 10)))
    noise = rng.standard_normal((6, 40, 10))
    return rdms, distances(np.array([2.0, 2.0, 0, 0, 0, 0])[:, None, None] * truth + noise)


def test_layers_that_differ_by_rounding_hide_no_other():
    """A layer and its copies times a constant, as dropout and identity leave them."""
    rng = np.random.default_rng(8)
    rdms, layers = planted_layers(rng)
    copies = np.concatenate([layers, *(layers * scale for scale in (1.1, 0.7, 3.3, 1e-3))])
    p = []
    for candidates in (layers, copies):
        scores = scores_of(np.random.default_rng(1), rdms, candidates, 40)
        resampled = resampled_means(scores.drawn, scores.plain, scores.subject_draws, 40)
        p.append(p_beaten(scores.plain.mean(axis=0), resampled)[:6])
    np.testing.assert_allclose(p[0], p[1], atol=1e-6)
    assert (p[1][2:] < 0.05).all()


def test_of_very_many_layers_some_are_set_against_all():
    """Memory and time grow with the layers, not with their square; clear losers are found."""
    rng = np.random.default_rng(2)
    n = 4 * RIVALS
    drawn = Resampled(0.1 * rng.standard_normal((100, n)), None, None, 92, 1)
    estimate = np.where(np.arange(n) < n // 2, 1.0, 0.0)
    p = p_beaten(estimate, drawn)
    assert (p[: n // 2] > 0.5).all()
    assert (p[n // 2 :] < 0.05).all()


def test_models_that_never_differ_have_no_p_and_the_reason_is_said():
    rng = np.random.default_rng(3)
    rdms, layers = planted_layers(rng)
    candidates = np.stack([layers[2], 0.3 * layers[2], layers[0]])
    scores = scores_of(rng, rdms, candidates, 40)
    names = ["a", "b", "c"]
    chosen = choose_all(scores, members_of(names), other_subjects=False)
    families = [ModelFamily(name, (name,)) for name in names]
    every, _ = differences(scores, chosen, families, ["x"] * 3, SETTING, {"reason": ""})
    rows = every.rows.set_index(["model_a", "model_b"])
    row = rows.loc[("a", "b")]
    assert (row["difference"], row["standard_error"]) == (0, 0)
    assert np.isnan(row["p"])
    assert row["status"] == ALIKE
    others = rows.drop(index=("a", "b"))
    assert (others["status"] == "ok").all()
    assert np.isfinite(others["p"]).all()
    two = [ModelFamily(name, (name,)) for name in "ac"]
    alone, _ = differences(scores, chosen, two, ["x"] * 3, SETTING, {"reason": ""})
    assert (every.largest >= alone.largest).all()
    assert every.largest.max() < 5  # no quotient of rounding errors


def test_explanations_say_holm_where_holm_is_done():
    rows = pd.DataFrame({"measure": "pearson", "statistic": "partial", "p": [0.01, 0.04]})
    table = _joined([rows], "partial", "max_t")
    assert (table["correction"] == "holm").all()
    np.testing.assert_array_equal(table["p_corrected"], corrected(np.array([0.01, 0.04]), "holm"))


def explained(measure, seed=0):
    """Partial similarities of a model that has nothing but its control with a noisy region."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((30, 8))

    def beside(scale=1.0):
        return distances(np.hstack([shared, scale * rng.standard_normal((30, 8))]))

    brains = np.stack([beside() for _ in range(2)])
    table = pd.DataFrame({"model": ["net", "control"], "layer": ["l", "l"], "depth": [0, 0]})
    material = Material(
        [Region("IT", brains, ("a", "b"), None, None)],
        Candidates(table, np.stack([beside(0.3), distances(shared)])),
        [],
        draw(30, 100, rng),
        {"IT": None},
        Inference(interval=0.9999),
        {"dataset": "d", "simulated": True, "distance": "squared_euclidean"},
    )
    roles = Roles(("net",), ("control",), ())
    found = similarities(material, measure)
    assert found is not None
    return partial_rows(found, roles, draw_all(found, roles)).set_index("statistic")


@pytest.mark.parametrize("measure", ["cosine", "whitened_cosine", "cka_biased"])
def test_a_measure_that_is_positive_by_chance_has_no_p_against_nothing(measure):
    rows = explained(measure)
    assert rows["p"].isna().all()
    assert np.isfinite(rows["interval_low"]).all()


def test_intervals_of_partials_stay_within_what_they_can_be():
    rows = explained("pearson")
    assert np.isfinite(rows["p"]).all()
    assert (rows["interval_low"] > -1).all()
    assert (rows["interval_high"] < 1).all()


def test_regions_whose_resamples_are_degenerate_say_so():
    """Of three stimuli, most resamples draw but two different ones, whose one pair says nothing."""
    rng = np.random.default_rng(4)
    names = pd.DataFrame({"stimulus": list("abc")})
    splits = make_splits(Stimuli(names, [], ""), Selection(), rng)
    draws = make_draws({"V1": 1, "IT": 1}, splits, Inference(resamples=200), rng)
    regions = [Region(name, rng.random((1, 3)), (name,), 5, None) for name in ("V1", "IT")]
    row = compare_regions(regions, draws, SETTING)[0].rows.iloc[0]
    assert row["status"] == "half of the resamples or more are degenerate"
    assert np.isnan([row["standard_error"], row["interval_low"], row["interval_high"]]).all()


def test_scores_of_measures_that_fewer_stimuli_raise_say_whose_they_are():
    """Biased CKA of a true layer is .66 on 40 stimuli and .86 on parts of 8."""
    rng = np.random.default_rng(5)
    patterns = rng.standard_normal((40, 20))
    rdms = distances(patterns + rng.standard_normal((1, 40, 20)))
    layers = distances(np.stack([patterns, rng.standard_normal((40, 20))]))
    splits = make_splits(
        Stimuli(pd.DataFrame({"stimulus": [str(k) for k in range(40)]}), [], ""), Selection(), rng
    )
    table = pd.DataFrame({"model": ["net", "net"], "layer": ["a", "b"]})
    rows = {}
    for name in ("cka", "cka_biased"):
        measure = MEASURES[name]
        drawn = [
            measure.resampled(rdms, layers, counts)
            for counts in (draw(40, 50, rng), splits.chosen_on, splits.scored_on)
        ]
        scores = Scores(measure.compare(rdms, layers), *drawn, None, 40)
        chosen = choose_all(scores, {"net": np.arange(2)}, other_subjects=False)
        null = permutation_null(rdms, layers, measure, make_orders(40, 9, rng))
        setting = Setting("data", True, "squared_euclidean", measure, Inference())
        (rows[name],) = selection_rows(scores, table, null, chosen, setting, {"reason": ""})
    assert rows["cka_biased"]["score"] > rows["cka_biased"]["maximum"] + 0.1
    assert rows["cka_biased"]["score_note"] == HIGHER
    assert rows["cka"]["score"] == pytest.approx(rows["cka"]["maximum"], abs=0.05)
    assert rows["cka"]["score_note"] == ""
