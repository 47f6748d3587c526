"""Layers chosen on some stimuli and scored on others; models against each other."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from isomorph.errors import IsomorphError
from isomorph.inference.bootstrap import draw
from isomorph.inference.differences import ModelFamily, differences
from isomorph.inference.layers import p_beaten
from isomorph.inference.permutation import make_orders, permutation_null
from isomorph.inference.selection import Scores, choose, choose_all, members_of, selection_rows
from isomorph.inference.setting import Setting
from isomorph.inference.splits import Stimuli, make_splits
from isomorph.inference.ties import rounded
from isomorph.measures import MEASURES
from isomorph.measures.pairs import pair_indices
from isomorph.study import Inference
from isomorph.study.inference import Selection

MEASURE = MEASURES["pearson"]
SETTING = Setting("data", True, "correlation", MEASURE, Inference())


def distances(patterns):
    """Squared distances of patterns `(..., stimulus, unit)`."""
    i, j = pair_indices(patterns.shape[-2])
    return ((patterns[..., i, :] - patterns[..., j, :]) ** 2).mean(axis=-1)


def stimuli_of(n, **columns):
    names = [f"s{k}" for k in range(n)]
    return Stimuli(pd.DataFrame({"stimulus": names, **columns}), [], "study.yaml")


def scores_of(rng, rdms, candidates, n_stimuli, n=150, subjects=True, splits=None):
    """Scores as the stage makes them."""
    if splits is None:
        splits = make_splits(stimuli_of(n_stimuli), Selection(repeats=4), rng)
    resampled = [
        MEASURE.resampled(rdms, candidates, counts)
        for counts in (draw(n_stimuli, n, rng), splits.chosen_on, splits.scored_on)
    ]
    draws = draw(len(rdms), n, rng) if subjects else None
    return Scores(MEASURE.compare(rdms, candidates), *resampled, draws, n_stimuli)


def test_duplicates_and_named_columns_stay_on_one_side():
    rng = np.random.default_rng(0)
    table = stimuli_of(
        40,
        duplicate_of=["", "s0", *[""] * 38],
        near_duplicate_of=["", "", "s1", *[""] * 37],
        scene=["", *np.repeat(list("abcdefghijklm"), 3)],
    )
    splits = make_splits(table, Selection(repeats=6, keep_together=("scene",)), rng)
    sides = splits.scored_on
    assert (sides[:, [0]] == sides[:, 1:4]).all()  # through the scene of the duplicates, s3 too
    for start in range(1, 40, 3):
        assert (sides[:, [start]] == sides[:, start : start + 3]).all()
    np.testing.assert_array_equal(splits.chosen_on + sides, 1)
    per_repeat = sides.reshape(6, 5, 40).sum(axis=1)
    np.testing.assert_array_equal(per_repeat, 1)
    assert splits.told == "random, 5 parts drawn 6 times"


def test_categories_and_clusters_are_held_out_whole():
    rng = np.random.default_rng(1)
    kinds = np.repeat(["animal", "face", "place", "tool"], 10)
    splits = make_splits(stimuli_of(40, category=kinds), Selection(kind="category"), rng)
    assert splits.told == "category, 4 parts"  # as many as categories: drawing anew is the same
    for side in splits.scored_on:
        assert len(set(kinds[side == 1])) == 1
    patterns = 10 * np.repeat(rng.standard_normal((4, 20)), 10, axis=0)
    patterns += rng.standard_normal((40, 20))
    known = stimuli_of(40)
    found = make_splits(
        Stimuli(known.table, [distances(patterns)[None]], ""),
        Selection(kind="cluster", folds=4), rng,
    )  # fmt: skip
    assert {tuple(side) for side in found.scored_on} == {tuple(side) for side in splits.scored_on}


def test_splits_that_cannot_be_made_say_why():
    rng = np.random.default_rng(2)
    assert "too few stimuli" in make_splits(stimuli_of(6), Selection(), rng).reason
    alike = stimuli_of(20, category=["x"] * 20)
    assert "belong together" in make_splits(alike, Selection(kind="category"), rng).reason
    with pytest.raises(IsomorphError, match=r"study\.yaml: inference\.selection\.keep_together: no "
                       r'column "kategory".*category'):  # fmt: skip
        make_splits(alike, Selection(keep_together=("kategory",)), rng)


def test_nested_scores_equal_a_plain_loop():
    rng = np.random.default_rng(3)
    rdms, candidates = rng.random((3, 190)), rng.random((6, 190))
    scores = scores_of(rng, rdms, candidates, 20, n=5)
    choice = choose(scores, np.array([1, 3, 4]))
    by_others = choose(scores, np.array([1, 3, 4]), other_subjects=True)
    expected, others = [], []
    for chosen_on, scored_on in zip(scores.chosen_on, scores.scored_on, strict=True):
        best = max((1, 3, 4), key=lambda layer: chosen_on[:, layer].mean())
        expected.append(scored_on[:, best])
        row = []
        for subject in range(3):
            rest = [s for s in range(3) if s != subject]
            best = max((1, 3, 4), key=lambda layer: chosen_on[rest, layer].mean())
            row.append(scored_on[subject, best])
        others.append(row)
    np.testing.assert_allclose(choice.score, np.mean(expected, axis=0))
    np.testing.assert_allclose(by_others.score, np.mean(others, axis=0))
    np.testing.assert_allclose(choice.share.sum(axis=1), 1)
    one_layer = choose(scores, np.array([2]))
    assert one_layer.optimism == pytest.approx(0, abs=1e-12)


def test_a_planted_layer_is_chosen_and_a_dead_one_never():
    rng = np.random.default_rng(4)
    truth = rng.standard_normal((30, 10))
    rdms = distances(truth + rng.standard_normal((4, 30, 10)))
    candidates = distances(rng.standard_normal((6, 30, 10)))
    candidates[2] = distances(truth)
    candidates[4] = 1.0  # Pearson sees nothing in it
    scores = scores_of(rng, rdms, candidates, 30)
    choice = choose(scores, np.arange(6))
    assert choice.favourite == (2, 1.0)
    assert choice.score.mean() > 0.4
    assert choose(scores, np.array([4])) == "a model has no layer that can be scored"


def test_selection_rows_hold_the_maximum_and_what_it_is_by_chance():
    rng = np.random.default_rng(5)
    rdms = distances(rng.standard_normal((2, 20, 10)))
    candidates = distances(rng.standard_normal((5, 20, 10)))
    table = pd.DataFrame({"model": ["a", "a", "a", "b", "b"], "layer": list("vwxyz")})
    scores = scores_of(rng, rdms, candidates, 20, subjects=False)
    null = permutation_null(rdms, candidates, MEASURE, make_orders(20, 199, rng))
    members = members_of(table["model"].tolist())
    chosen = choose_all(scores, members, other_subjects=False)
    first, second = selection_rows(scores, table, null, chosen, SETTING, {"reason": ""})
    estimate = scores.plain.mean(axis=0)
    assert first["maximum"] == pytest.approx(estimate[:3].max(), rel=1e-12)
    assert first["maximum_layer"] == table["layer"][int(estimate[:3].argmax())]
    largest = null.shuffled[:, 3:].max(axis=1)
    assert second["maximum_chance"] == np.quantile(largest, 0.95)
    assert second["maximum_p"] == (1 + (largest >= estimate[3:].max()).sum()) / 200
    assert first["interval_low"] < first["score"] < first["interval_high"]
    empty = Scores(scores.plain, scores.drawn, scores.chosen_on[:0], scores.scored_on[:0], None, 20)
    chosen = choose_all(empty, members, other_subjects=False)
    rows = selection_rows(empty, table, null, chosen, SETTING, {"reason": "undefined: too few"})
    assert [row["status"] for row in rows] == ["undefined: too few"] * 2
    assert np.isnan([row["score"] for row in rows]).all()


@pytest.mark.parametrize("last", [False, True])
def test_layers_that_are_alike_tie_whatever_rounding_makes_of_them(last):
    """A processor may put either of two copies of the best layer higher by a rounding error."""
    rng = np.random.default_rng(8)
    rdms = distances(rng.standard_normal((2, 20, 10)))
    candidates = distances(rng.standard_normal((3, 20, 10)))[[0, 1, 1, 2]]
    candidates[1:3] += rdms.mean(axis=0)
    scores = scores_of(rng, rdms, candidates, 20, n=5, subjects=False)
    moved = np.array([0.0, 0.0, 1e-14, 0.0] if last else [0.0, 1e-14, 0.0, 0.0])
    scores = replace(
        scores, plain=scores.plain + moved, chosen_on=rounded(scores.chosen_on + moved)
    )
    members = {"a": np.arange(4)}
    chosen = choose_all(scores, members, other_subjects=False)
    assert chosen.choices["a"].favourite == (1, 1.0)
    table = pd.DataFrame({"model": ["a"] * 4, "layer": list("wxyz")})
    null = permutation_null(rdms, candidates, MEASURE, make_orders(20, 19, rng))
    (row,) = selection_rows(scores, table, null, chosen, SETTING, {"reason": ""})
    assert row["maximum_layer"] == "x"
    values = np.array([[0.5, np.nan], [-np.inf, 0.5 + 1e-13]])
    np.testing.assert_array_equal(rounded(values), [[0.5, np.nan], [-np.inf, 0.5]])
    np.testing.assert_allclose(rounded(scores.plain), scores.plain, rtol=0, atol=1e-9)
    assert (rounded(np.zeros(3)) == 0).all()


def models_against(rng, effect, n_twins=3, n_stimuli=24, n_layers=4, shared=0.0):
    """A trained model with one planted layer, its twins, and a baseline of one layer."""
    truth = rng.standard_normal((n_stimuli, 10))
    own = distances(truth)
    rdms = distances(truth + 0.7 * rng.standard_normal((6, n_stimuli, 10)))
    names = ["net", *(f"twin-seed{k}" for k in range(n_twins))]
    layers = distances(rng.standard_normal((n_layers * len(names) + 1, n_stimuli, 10)))
    own_share = np.repeat(rng.uniform(0, 2, len(names)), n_layers)[:, None]
    layers[:-1] += shared * own_share * own
    layers[2] = (1 - effect) * layers[2] + effect * own
    models = [*np.repeat(names, n_layers), "pixels"]
    scores = scores_of(rng, rdms, layers, n_stimuli)
    chosen = choose_all(scores, members_of(models), other_subjects=False)
    families = [
        ModelFamily("net", ("net",)),
        ModelFamily("twin", tuple(names[1:]), seeded=True, twin_of="net"),
        ModelFamily("pixels", ("pixels",)),
    ]
    labels = [f"layer{k % n_layers}" for k in range(len(layers))]
    return differences(scores, chosen, families, labels, SETTING, {"reason": ""})


def test_every_two_models_are_compared_and_a_planted_difference_is_found():
    every, against = models_against(np.random.default_rng(6), effect=1.0, n_twins=5)
    rows = every.rows.set_index(["model_a", "model_b"])
    assert list(rows.index) == [("net", "twin"), ("net", "pixels"), ("twin", "pixels")]
    for pair in (("net", "twin"), ("net", "pixels")):
        assert rows.loc[pair, "difference"] > 0.3
        assert rows.loc[pair, "p"] < 0.05
        assert rows.loc[pair, "layer_a"] == "layer2"
    assert rows.loc[("twin", "pixels"), "p"] > 0.05
    assert rows.loc[("net", "pixels"), "scheme"] == "stimuli and subjects"
    assert rows.loc[("net", "twin"), "scheme"] == "stimuli and subjects and seeds"
    (contrast,) = against.rows.to_dict("records")
    assert (contrast["model"], contrast["twins"]) == ("net", "twin")
    assert contrast["difference"] == pytest.approx(rows.loc[("net", "twin"), "difference"])
    assert contrast["p"] == pytest.approx(rows.loc[("net", "twin"), "p"])


@pytest.mark.parametrize("shared", [0.0, 0.7])
def test_without_an_effect_of_training_the_contrast_is_rarely_significant(shared):
    """A trained model that is one more draw from its twins is told from them at most as often
    as the level says, also where single draws differ by far more than stimuli and subjects do."""
    p = [
        models_against(
            np.random.default_rng(seed), 0.0, n_twins=5, n_stimuli=30, shared=shared
        )[1].rows["p"].item()
        for seed in range(50)
    ]  # fmt: skip
    assert np.mean(np.array(p) < 0.05) <= 0.12


def test_one_seed_says_nothing_of_other_seeds():
    every, against = models_against(np.random.default_rng(7), effect=1.0, n_twins=1)
    row = against.rows.iloc[0]
    assert row["difference"] > 0.3
    assert np.isnan(row["p"])
    assert row["status"] == "one seed says nothing of other seeds"
    assert np.isfinite(every.rows.set_index(["model_a", "model_b"]).loc[("net", "pixels"), "p"])


def test_layers_that_others_beat_are_told_from_those_they_do_not():
    rng = np.random.default_rng(8)
    truth = rng.standard_normal((40, 10))
    rdms = distances(truth + 0.5 * rng.standard_normal((5, 40, 10)))
    noise = rng.standard_normal((6, 40, 10))
    layers = distances(np.array([2.0, 2.0, 0, 0, 0, 0])[:, None, None] * truth + noise)
    scores = scores_of(rng, rdms, layers, 40, n=400)
    from isomorph.inference.comparisons import resampled_of

    p = p_beaten(scores.plain.mean(axis=0), resampled_of(scores))
    assert p[:2].max() > 0.5
    assert (p[2:] < 0.05).all()
    alone = resampled_of(scores).mapped(lambda means: means[:, :1])
    assert np.isnan(p_beaten(scores.plain.mean(axis=0)[:1], alone)).all()
