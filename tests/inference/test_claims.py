"""What tables say was done is what was done, also at the edges."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from calibrated.drawn import compared, distances, few, scored, stimuli_of
from isomorph.inference.bootstrap import Resampled, draw
from isomorph.inference.chosen_layers import AGAINST_CHANCE
from isomorph.inference.confidence_sets import RIVALS, p_best
from isomorph.inference.differences import SAME_SCORES
from isomorph.inference.explain.material import Material, Roles
from isomorph.inference.explain.partial_similarity import partial_rows
from isomorph.inference.explain.similarities import draw_all, similarities
from isomorph.inference.families import Hypotheses, answered, by_largest, corrected
from isomorph.inference.gather import Candidates, Region, regions_of
from isomorph.inference.members import ModelFamily
from isomorph.inference.permutation import Null
from isomorph.inference.region_pairs import compare_regions
from isomorph.inference.setting import Setting, make_draws
from isomorph.inference.stimulus_splits import halved
from isomorph.measures import MEASURES
from isomorph.rdms import RdmRow, brain_rdms
from isomorph.study import Inference

MEASURE = MEASURES["pearson"]
SETTING = Setting("data", True, "correlation", MEASURE, Inference())


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
        [Hypotheses(rows, np.array([np.inf]), np.zeros(9))], Inference(correction="max_t")
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
        scores = scored(rdms, candidates, resamples=300)
        p.append(p_best(scores.plain.mean(axis=0), scores.calibrated())[:6])
    np.testing.assert_allclose(p[0], p[1], atol=1e-6)
    assert (p[1][2:] < 0.05).all()


def test_of_very_many_layers_some_are_set_against_all():
    """Memory and time grow with the layers, not with their square; clear losers are found."""
    rng = np.random.default_rng(2)
    n = 4 * RIVALS
    drawn = Resampled(0.1 * rng.standard_normal((100, n)), None, None, 92, 1)
    estimate = np.where(np.arange(n) < n // 2, 1.0, 0.0)
    p = p_best(estimate, drawn)
    assert (p[: n // 2] > 0.5).all()
    assert (p[n // 2 :] < 0.05).all()


def test_models_that_never_differ_have_no_p_and_the_reason_is_said():
    rng = np.random.default_rng(3)
    rdms, layers = planted_layers(rng)
    candidates = np.stack([layers[2], 0.3 * layers[2], layers[0]])
    (every,) = compared(rdms, candidates, ["a", "b", "c"]).differences
    rows = every.rows.set_index(["model_a", "model_b"])
    row = rows.loc[("a", "b")]
    assert (row["difference"], row["standard_error"]) == (0, 0)
    assert np.isnan(row["p"])
    assert row["reason"] == SAME_SCORES
    others = rows.drop(index=("a", "b"))
    assert (others["status"] == "ok").all()
    assert np.isfinite(others["p"]).all()
    (alone,) = compared(rdms, candidates[[0, 2]], ["a", "c"]).differences
    assert (every.largest >= alone.largest).all()
    assert every.largest.max() < 5  # no quotient of rounding errors


def test_pairs_without_a_p_have_no_part_in_the_largest_difference():
    """One seed says nothing of others, so neither do the draws of its differences."""
    rng = np.random.default_rng(6)
    rdms, layers = planted_layers(rng)
    families = [ModelFamily("a", ("a",)), ModelFamily("b", ("b",)), ModelFamily("c", ("c",), True)]
    every, alone = (
        compared(rdms, layers[[0, 2, 4]][:n], list("abc")[:n], families=families[:n]).differences[0]
        for n in (3, 2)
    )
    assert np.isfinite(every.rows["p"]).tolist() == [True, False, False]
    np.testing.assert_array_equal(every.largest, alone.largest)
    rest = {"distance": "d", "measure": "m", "region": "IT"}
    both = [
        answered([replace(part, rows=part.rows.assign(**rest))], Inference())
        for part in (every, alone)
    ]
    assert both[0]["p_corrected"][0] == both[1]["p_corrected"][0]
    assert set(both[0]["family_size"]) == {1}


def test_explanations_say_holm_where_holm_is_done():
    rows = pd.DataFrame({"measure": "pearson", "statistic": "partial", "p": [0.01, 0.04]})
    table = answered([Hypotheses(rows)], Inference(correction="max_t"), "partial")
    assert (table["correction"] == "holm").all()
    np.testing.assert_array_equal(table["p_corrected"], corrected(np.array([0.01, 0.04]), "holm"))


def test_explanations_of_which_none_has_a_number_have_no_p():
    rows = pd.DataFrame(
        {"measure": "pearson", "statistic": ["plain"], "status": "undefined", "reason": "why"}
    )
    table = answered([Hypotheses(rows)], Inference(), "partial")
    assert table[["p", "p_corrected"]].isna().all().all()
    assert table["family_size"].item() == 0


def explained(measure, seed=0):
    """Partial similarities of a model that has nothing but its control with a noisy region."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((30, 8))

    def beside(scale=1.0):
        return distances(np.hstack([shared, scale * rng.standard_normal((30, 8))]))

    brains = np.stack([beside() for _ in range(2)])
    table = pd.DataFrame({"model": ["net", "control"], "layer": ["l", "l"], "depth": [0, 0]})
    drawn = draw(30, 100, rng)
    material = Material(
        [Region("IT", brains, ("a", "b"), None, None)],
        Candidates(table, np.stack([beside(0.3), distances(shared)])),
        [],
        drawn,
        halved(drawn, np.arange(30), rng),
        {"IT": None},
        np.arange(30),
        Setting("d", True, "squared_euclidean", MEASURE, Inference(interval=0.9999)),
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
    draws = make_draws({"V1": 1, "IT": 1}, stimuli_of(3), few(resamples=200), [0])
    regions = [Region(name, rng.random((1, 3)), (name,), 5, None) for name in ("V1", "IT")]
    row = compare_regions(regions, draws, SETTING)[0].rows.iloc[0]
    assert row["reason"] == "half of the resamples or more are degenerate"
    assert np.isnan([row["standard_error"], row["interval_low"], row["interval_high"]]).all()


def test_scores_of_measures_that_are_positive_by_chance_are_set_against_it():
    """Biased CKA of a true layer is .66 on 40 stimuli and .86 on parts of 8, of noise .5 and .8."""
    rng = np.random.default_rng(5)
    patterns = rng.standard_normal((40, 20))
    rdms = distances(patterns + rng.standard_normal((1, 40, 20)))
    layers = distances(
        np.stack(
            [patterns, *rng.standard_normal((2, 40, 20)), *5 * rng.standard_normal((1, 40, 20))]
        )
    )
    rows = {
        name: {row["model"]: row for row in compared(rdms, layers, list("abbc"), name).selection}
        for name in ("cka", "cka_biased")
    }
    for model, tolerance in (("a", 0.1), ("b", 0.12), ("c", 0.12)):
        score = rows["cka"][model]["score"]
        assert rows["cka_biased"][model]["score"] == pytest.approx(score, abs=tolerance)
    assert rows["cka_biased"]["b"]["maximum"] > 0.3
    assert rows["cka_biased"]["b"]["score_note"] == AGAINST_CHANCE
    assert rows["cka"]["b"]["score_note"] == ""


def test_what_the_noise_of_a_distance_rests_on_is_told_with_the_region():
    rng = np.random.default_rng(7)
    rows = [
        RdmRow(region, subject, distance, rng.random(6), note=note)
        for region, subject, distance, note in (
            ("IT", "a", "crossnobis", ""), ("IT", "b", "crossnobis", "pooled"),
            ("IT", "a", "correlation", ""), ("IT", "b", "correlation", ""),
            ("V1", "a", "crossnobis", "another"),
        )
    ]  # fmt: skip
    brain = brain_rdms(rows, list("wxyz"))
    told = {name: regions_of(brain, name)[0].noise_note for name in ("crossnobis", "correlation")}
    assert told == {"crossnobis": "pooled", "correlation": ""}
