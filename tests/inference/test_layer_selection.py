"""Layers chosen on some stimuli and scored on others; models against each other."""

from dataclasses import replace

import numpy as np
import pytest

import isomorph as iso
from calibrated.drawn import compared, distances, equal_layers, few, scored, stimuli_of
from isomorph.errors import IsomorphError
from isomorph.inference.confidence_sets import p_best
from isomorph.inference.families import answered
from isomorph.inference.groups import draw_groups, exchanged, groups_of
from isomorph.inference.members import ModelFamily
from isomorph.inference.nested import choose
from isomorph.inference.setting import make_draws
from isomorph.inference.stimulus_splits import make_splits
from isomorph.inference.ties import rounded
from isomorph.measures import MEASURES
from isomorph.study.inference import Selection

MEASURE = MEASURES["pearson"]


def split(stimuli, selection, seed=0):
    rng = np.random.default_rng(seed)
    drawn = draw_groups(stimuli.groups, 20, rng)
    return make_splits(stimuli, selection, drawn, rng), drawn


def flat(counts):
    return counts.reshape(-1, counts.shape[-1])


def test_duplicates_and_named_columns_are_one_group():
    stimuli = stimuli_of(
        40,
        keep_together=("scene",),
        duplicate_of=["", "s0", *[""] * 38],
        near_duplicate_of=["", "", "s1", *[""] * 37],
        scene=["", *np.repeat(list("abcdefghijklm"), 3)],
    )
    groups = stimuli.groups
    assert (groups[:4] == groups[0]).all()  # through the scene of the duplicates, s3 too
    for start in range(1, 40, 3):
        assert (groups[start : start + 3] == groups[start]).all()
    splits, drawn = split(stimuli, Selection(repeats=6))
    for counts in (flat(splits.sides.scored_on), drawn, flat(splits.redrawn.scored_on)):
        for group in np.unique(groups):
            own = counts[:, groups == group]
            assert (own == own[:, :1]).all()
    sides = splits.sides
    np.testing.assert_array_equal(flat(sides.chosen_on + sides.scored_on), 1)
    np.testing.assert_array_equal(sides.scored_on.sum(axis=(0, 2)), 1)
    assert splits.told == "random, 5 parts drawn 6 times"
    with pytest.raises(IsomorphError, match=r'study\.yaml: inference\.keep_together: no '
                       r'column "kategory".*scene'):  # fmt: skip
        groups_of(stimuli.table, ("kategory",), "study.yaml")


def test_no_copy_of_a_drawn_stimulus_is_on_both_sides():
    splits, drawn = split(stimuli_of(60), Selection(resamples=50))
    redrawn = splits.redrawn
    assert not (redrawn.chosen_on * redrawn.scored_on).any()
    whole = redrawn.chosen_on + redrawn.scored_on
    there = redrawn.scored_on.any(axis=-1)
    assert there.sum(axis=-1).min() >= 3
    np.testing.assert_array_equal(
        whole[there], np.broadcast_to(drawn[:, None, None], whole.shape)[there]
    )


def test_whole_groups_of_one_size_change_places():
    groups = np.array([0, 0, 1, 2, 2, 3, 4, 4, 5])
    orders = exchanged(groups, 200, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(orders, axis=1), np.broadcast_to(np.arange(9), (200, 9)))
    moved = groups[orders]
    assert (moved[:, [0, 3, 6]] == moved[:, [1, 4, 7]]).all()
    assert (orders[:, [0, 3, 6]] < orders[:, [1, 4, 7]]).all()  # the order within a group stays
    assert set(moved[:, 0]) == {0, 2, 4}
    assert set(moved[:, 2]) == {1, 3, 5}
    alone = exchanged(np.arange(5), 3000, np.random.default_rng(1))
    _, counts = np.unique(alone, axis=0, return_counts=True)
    assert len(counts) == 120
    assert counts.min() > 5


def test_categories_and_clusters_are_held_out_whole():
    rng = np.random.default_rng(1)
    kinds = np.repeat(["animal", "face", "place", "tool"], 10)
    splits, _ = split(stimuli_of(40, category=kinds), Selection(kind="category"))
    assert splits.told == "category, 4 parts"  # as many as categories: drawing again is the same
    for side in flat(splits.sides.scored_on):
        assert len(set(kinds[side == 1])) == 1
    for side in flat(splits.redrawn.scored_on):
        assert len(set(kinds[side > 0])) <= 1
    patterns = 10 * np.repeat(rng.standard_normal((4, 20)), 10, axis=0)
    patterns += rng.standard_normal((40, 20))
    found, _ = split(
        stimuli_of(40, [distances(patterns)[None]]), Selection(kind="cluster", folds=4)
    )
    assert {tuple(side) for side in flat(found.sides.scored_on)} == {
        tuple(side) for side in flat(splits.sides.scored_on)
    }


def test_splits_that_cannot_be_made_say_why():
    assert "too few stimuli" in split(stimuli_of(6), Selection())[0].reason
    alike = stimuli_of(20, category=["x"] * 20)
    assert "belong together" in split(alike, Selection(kind="category"))[0].reason
    with pytest.raises(IsomorphError, match=r'inference\.selection\.column: no column "kind"'):
        split(alike, Selection(kind="category", column="kind"))


def test_nested_scores_equal_a_plain_loop():
    rng = np.random.default_rng(3)
    rdms, layers = rng.random((3, 190)), rng.random((6, 190))
    scores = scored(rdms, layers)
    members = np.array([1, 3, 4])
    choice, by_others = choose(scores, members), choose(scores, members, other_subjects=True)
    chosen_on, scored_on = scores.parts.chosen_on[0], scores.parts.scored_on[0]
    expected, others = [], []
    level = scores.plain - scored_on.mean(axis=(0, 1))  # from parts to all stimuli
    for chosen, on in zip(chosen_on, scored_on, strict=True):
        for part in range(len(chosen)):
            best = max(members, key=lambda layer, c=chosen[part]: c[:, layer].mean())
            expected.append((on[part] + level)[:, best].mean())
            row = []
            for subject in range(3):
                rest = [s for s in range(3) if s != subject]
                best = max(members, key=lambda layer, c=chosen[part], r=rest: c[r, layer].mean())
                row.append((on[part] + level)[subject, best])
            others.append(np.mean(row))
    assert choice.score == pytest.approx(np.mean(expected))
    assert by_others.score == pytest.approx(np.mean(others))
    assert choice.share.sum() == pytest.approx(1)


def test_the_score_of_one_layer_is_its_value_in_every_resample():
    """So its standard error is that of the estimate: no choice, nothing added for it."""
    rng = np.random.default_rng(4)
    rdms, layers = distances(rng.standard_normal((4, 40, 8))), rng.random((2, 780))
    scores = scored(rdms, layers)
    choice = choose(scores, np.array([1]))
    assert choice.score == pytest.approx(scores.plain[:, 1].mean(), abs=1e-12)
    assert choice.optimism == pytest.approx(0, abs=1e-12)
    whole = scores.estimates().spread().standard_error[1]
    assert choice.draws.spread().standard_error[0] == pytest.approx(whole, rel=1e-9)


def test_a_planted_layer_is_chosen_and_a_dead_one_never():
    rng = np.random.default_rng(4)
    truth = rng.standard_normal((30, 10))
    rdms = distances(truth + rng.standard_normal((4, 30, 10)))
    candidates = distances(rng.standard_normal((6, 30, 10)))
    candidates[2] = distances(truth)
    candidates[4] = 1.0  # Pearson sees nothing in it
    scores = scored(rdms, candidates)
    choice = choose(scores, np.arange(6))
    assert choice.favourite == (2, 1.0)
    assert choice.score > 0.4
    assert choose(scores, np.array([4])) == "a model has no layer that can be scored"


def test_selection_rows_hold_the_maximum_and_what_it_is_by_chance():
    rng = np.random.default_rng(5)
    rdms = distances(rng.standard_normal((2, 20, 10)))
    layers = distances(rng.standard_normal((5, 20, 10)))
    found = compared(rdms, layers, list("aaabb"), minimum_subjects=3)
    first, second = found.selection
    rows = found.comparisons[0].rows
    estimate = rows["estimate"].to_numpy()
    assert first["maximum"] == pytest.approx(estimate[:3].max())
    assert first["maximum_layer"] == f"layer{estimate[:3].argmax()}"
    assert first["optimism"] == pytest.approx(first["maximum"] - first["score"])
    assert second["maximum_p"] >= rows["p"][3:].min()
    assert second["maximum_calibrated"] <= rows["calibrated"][3:].max()
    assert first["interval_low"] < first["score"] < first["interval_high"]
    few_stimuli = compared(rdms[:, :15], layers[:, :15], list("aaabb"), minimum_subjects=3)
    assert {row["reason"][:30] for row in few_stimuli.selection} == {
        "too few stimuli to choose a la"
    }
    assert np.isnan([row["score"] for row in few_stimuli.selection]).all()


@pytest.mark.parametrize("last", [False, True])
def test_layers_that_are_alike_tie_whatever_rounding_makes_of_them(last):
    """A processor may put either of two copies of the best layer higher by a rounding error."""
    rng = np.random.default_rng(8)
    rdms = distances(rng.standard_normal((2, 20, 10)))
    candidates = distances(rng.standard_normal((3, 20, 10)))[[0, 1, 1, 2]]
    candidates[1:3] += rdms.mean(axis=0)
    moved = np.array([0.0, 0.0, 1e-14, 0.0] if last else [0.0, 1e-14, 0.0, 0.0])
    scores = scored(rdms, candidates, minimum_subjects=3)
    parts = replace(scores.parts, chosen_on=scores.parts.chosen_on + moved)
    choice = choose(replace(scores, plain=scores.plain + moved, parts=parts), np.arange(4))
    assert choice.favourite == (1, 1.0)
    found = compared(rdms, candidates, ["a"] * 4, minimum_subjects=3)
    assert found.selection[0]["maximum_layer"] == "layer1"
    values = np.array([[0.5, np.nan], [-np.inf, 0.5 + 1e-13]])
    np.testing.assert_array_equal(rounded(values), [[0.5, np.nan], [-np.inf, 0.5]])
    np.testing.assert_allclose(rounded(scores.plain), scores.plain, rtol=0, atol=1e-9)
    assert (rounded(np.zeros(3)) == 0).all()


def models_against(rng, effect, n_controls=3, n_stimuli=24, n_layers=4, shared=0.0):
    """A trained model with one planted layer, its controls, and a baseline of one layer."""
    truth = rng.standard_normal((n_stimuli, 10))
    own = distances(truth)
    rdms = distances(truth + 0.7 * rng.standard_normal((6, n_stimuli, 10)))
    names = ["net", *(f"untrained-seed{k}" for k in range(n_controls))]
    layers = distances(rng.standard_normal((n_layers * len(names) + 1, n_stimuli, 10)))
    own_share = np.repeat(rng.uniform(0, 2, len(names)), n_layers)[:, None]
    layers[:-1] += shared * own_share * own
    layers[2] = (1 - effect) * layers[2] + effect * own
    models = [*np.repeat(names, n_layers), "pixels"]
    families = [
        ModelFamily("net", ("net",)),
        ModelFamily("untrained", tuple(names[1:]), seeded=True, control_of="net"),
        ModelFamily("pixels", ("pixels",)),
    ]
    found = compared(rdms, layers, models, families=families)
    return found.differences[0], found.contrasts[0]


def test_every_two_models_are_compared_and_a_planted_difference_is_found():
    every, against = models_against(np.random.default_rng(6), effect=1.0, n_controls=5)
    rows = every.rows.set_index(["model_a", "model_b"])
    assert list(rows.index) == [("net", "pixels"), ("untrained", "pixels")]  # control: a contrast
    assert rows.loc[("net", "pixels"), "difference"] > 0.3
    assert rows.loc[("net", "pixels"), "p"] < 0.05
    assert rows.loc[("net", "pixels"), "layer_a"] == "layer2"
    assert rows.loc[("untrained", "pixels"), "p"] > 0.05
    assert rows.loc[("net", "pixels"), "scheme"] == "stimuli and subjects"
    assert rows.loc[("untrained", "pixels"), "scheme"] == "stimuli and subjects and seeds"
    (contrast,) = against.rows.to_dict("records")
    assert (contrast["model"], contrast["control"]) == ("net", "untrained")
    assert contrast["difference"] > 0.3
    assert contrast["p"] < 0.05
    assert contrast["chosen_layer"] == "layer2"


@pytest.mark.parametrize("shared", [0.0, 0.7])
def test_without_an_effect_of_training_the_contrast_is_rarely_significant(shared):
    """A trained model that is one more draw from its controls differs from them at most as often
    as the level says, also where single draws differ by far more than stimuli and subjects do."""
    p = [
        models_against(
            np.random.default_rng(seed), 0.0, n_controls=5, n_stimuli=30, shared=shared
        )[1].rows["p"].item()
        for seed in range(50)
    ]  # fmt: skip
    assert np.mean(np.array(p) < 0.05) <= 0.12


def test_one_seed_says_nothing_of_other_seeds():
    every, against = models_against(np.random.default_rng(7), effect=1.0, n_controls=1)
    row = against.rows.iloc[0]
    assert row["difference"] > 0.3
    assert np.isnan(row["p"])
    assert row["reason"] == "one seed says nothing of other seeds"
    assert np.isfinite(every.rows.set_index(["model_a", "model_b"]).loc[("net", "pixels"), "p"])


def test_a_layer_that_is_clearly_worse_is_not_in_the_set():
    rng = np.random.default_rng(8)
    truth = rng.standard_normal((40, 10))
    rdms = distances(truth + 0.5 * rng.standard_normal((5, 40, 10)))
    noise = rng.standard_normal((6, 40, 10))
    layers = distances(np.array([2.0, 2.0, 0, 0, 0, 0])[:, None, None] * truth + noise)
    scores = scored(rdms, layers, resamples=400)
    p = p_best(scores.plain.mean(axis=0), scores.calibrated())
    assert p[:2].max() > 0.5
    assert (p[2:] < 0.05).all()
    alone = scores.calibrated().mapped(lambda means: means[:, :1])
    assert np.isnan(p_best(scores.plain.mean(axis=0)[:1], alone)).all()
    found = compared(rdms, layers, ["net"] * 6, resamples=400)
    (row,) = found.layers_in_set
    inside = found.comparisons[0].rows["in_set"].tolist()
    assert inside[2:] == ["no"] * 4
    assert row["n_in_set"] == inside.count("yes")
    assert row["layers"].split("; ") == [f"layer{k}" for k in range(2) if inside[k] == "yes"]
    assert row["best_layer"] in row["layers"]


def test_groups_too_few_to_tell_say_so():
    rng = np.random.default_rng(9)
    rdms, layers, models = equal_layers(rng, 21, 3)
    objects = [f"o{k // 3}" for k in range(21)]
    found = compared(
        rdms, layers, models, stimuli=stimuli_of(21, [layers], ("object",), object=objects)
    )
    rows = found.comparisons[0].rows
    assert rows["reason"].str.startswith("7 groups of stimuli cannot tell").all()
    assert rows[["p", "standard_error", "interval_low", "p_best"]].isna().all().all()
    assert rows["estimate"].notna().all()
    assert all("7 groups of stimuli" in row["reason"] for row in found.selection)
    assert all("7 groups of stimuli" in row["reason"] for row in found.layers_in_set)
    assert found.differences[0].rows["p"].isna().all()
    uneven = [f"o{k}" for k in np.repeat(np.arange(9), np.arange(1, 10))]
    rdms, layers, models = equal_layers(rng, 45, 2)
    stimuli = stimuli_of(45, [layers], ("object",), object=uneven)
    draws = make_draws({"IT": 1}, stimuli, few(), [0])
    assert "differ in size" in draws.untested(MEASURE)
    assert not len(draws.orders)


def test_one_group_of_all_stimuli_says_so():
    rng = np.random.default_rng(10)
    rdms, layers, models = equal_layers(rng, 12, 2, n_subjects=3)
    stimuli = stimuli_of(12, [layers], ("object",), object=["o"] * 12)
    found = compared(rdms, layers, models, stimuli=stimuli)
    rows = found.comparisons[0].rows
    assert rows["reason"].str.startswith("1 group of stimuli cannot tell").all()
    assert rows[["p", "standard_error", "interval_low"]].isna().all().all()


def test_scores_have_no_error_where_most_resamples_cannot_be_split():
    """Those that can are the ones with the most stimuli: models that are equally good differed at
    .05 in a third of data sets of 9 stimuli."""
    rng = np.random.default_rng(11)
    rdms, layers, models = equal_layers(rng, 9, 1)
    found = compared(rdms, layers, models)
    for row in found.selection:
        assert np.isfinite(row["score"])
        assert np.isnan(row["standard_error"])
        assert "half of the resamples" in row["reason"]
    assert found.differences[0].rows["p"].isna().all()
    assert found.comparisons[0].rows["standard_error"].notna().all()


def test_a_subject_drawn_alone_chooses_for_itself():
    """Not the first layer, which is of nothing here: with two subjects half of the draws are so."""
    rng = np.random.default_rng(12)
    truth = rng.standard_normal((40, 10))
    rdms = distances(truth + 0.5 * rng.standard_normal((2, 40, 10)))
    layers = distances(
        np.array([0.0, 2.0])[:, None, None] * truth + rng.standard_normal((2, 40, 10))
    )
    scores = scored(rdms, layers)
    errors = [
        choose(scores, np.arange(2), other_subjects=others).draws.spread().standard_error[0]
        for others in (False, True)
    ]
    assert errors[1] == pytest.approx(errors[0], rel=0.05)


def test_a_set_holds_layers_that_have_a_number_alone():
    rng = np.random.default_rng(13)
    rdms, layers, _ = equal_layers(rng, 30, 1, n_models=2)
    flat_rdm = np.ones((1, layers.shape[1]))
    every = np.concatenate([layers[:1], flat_rdm, flat_rdm, layers[1:]])
    models = ["net", "net", "flat", "one"]
    found = compared(rdms, every, models, measure="tau_b")
    assert found.comparisons[0].rows["in_set"].tolist() == ["yes", "", "", "yes"]
    rows = {row["model"]: row for row in found.layers_in_set}
    assert [rows[name]["n_in_set"] for name in ("net", "flat", "one")] == [1, 0, 1]
    assert rows["net"]["layers"] == rows["net"]["best_layer"] == "layer0"
    assert rows["flat"]["status"] != "ok"
    nothing = compared(rdms, flat_rdm, ["flat"], measure="tau_b")
    assert nothing.selection[0]["reason"] == "a model has no layer that can be scored"


def test_a_region_without_a_score_does_not_stop_the_others():
    rng = np.random.default_rng(14)
    rdms, layers, models = equal_layers(rng, 20, 2)
    parts = [compared(one, layers, models).differences[0] for one in (rdms, np.ones_like(rdms))]
    table = answered(parts, few(correction="max_t"))
    assert table["family_size"].tolist() == [1, 1]
    assert np.isfinite(table["p_corrected"][0])
    assert np.isnan(table["p_corrected"][1])
    assert table["reason"][1] == "a model has no layer that can be scored"


@pytest.mark.parametrize("measure", ["procrustes", "mutual_knn(3)", "cosine"])
def test_a_score_at_chance_has_an_interval_on_either_side(measure):
    """Set against chance it is near 0, which is no limit, though a measure be none below it."""
    rng = np.random.default_rng(3)
    models = {
        name: iso.rdm({layer: rng.standard_normal((16, 9)) for layer in "ab"}, "squared_euclidean")
        for name in ("one", "two")
    }
    brain = iso.rdm(rng.standard_normal((16, 9)), "squared_euclidean")
    found = iso.compare(brain, models, measure, resamples=60, permutations=9)
    rows = found.tables["selection"]
    for every, value in ((rows, "score"), (found.tables["differences"], "difference")):
        table = every[every["status"].isin(["ok", "untested"])]
        assert len(table)
        wide = table["interval_high"] - table["interval_low"]
        assert (wide < 6 * table["standard_error"]).all()
        assert (table["interval_low"] < table[value]).all()
        assert (table[value] < table["interval_high"]).all()
    assert (rows["score"].abs() < 0.4).all()
