"""Features, repetitions and categories reach the measures that ask for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from isomorph import rdm
from isomorph.inference.analysis import Analysis
from isomorph.inference.ceilings import ceiling
from isomorph.inference.comparing import comparison_tables
from isomorph.inference.featured import (
    GRAM,
    NO_HALVES,
    Features,
    candidates_of_features,
    lacking,
    pooled,
    regions_of_features,
    squared_distances_of,
)
from isomorph.inference.gather import candidates_of, regions_of
from isomorph.inference.given import joined
from isomorph.inference.given_controls import families_of
from isomorph.inference.nested import choose
from isomorph.inference.scores import scores_of
from isomorph.measures import MEASURES, Stack
from isomorph.measures.jackknifed import Jackknifed
from isomorph.study import Inference

CORRECTED = MEASURES["cka_feature_corrected"]
N = 16
NAMES = [f"s{k:02d}" for k in range(N)]
RNG = np.random.default_rng(1)
LATENT = RNG.standard_normal((2, N, 3))
SHALLOW, DEEP = LATENT @ RNG.standard_normal((2, 3, 40))
SUBJECTS = {
    name: DEEP[:, : 30 - k] + RNG.standard_normal((N, 30 - k)) for k, name in enumerate("abc")
}
LAYERS = {"net": {"shallow": SHALLOW, "deep": DEEP}}
CATEGORIES = np.arange(N) % 3
QUICK = Inference(resamples=30, permutations=30, costly_permutations=20, minimum_subjects=3)


def features(**more):
    layers = [rdm(own, GRAM, model=name, stimuli=NAMES) for name, own in LAYERS.items()]
    return Features(**{"brain": {"IT": SUBJECTS}, "layers": layers, "models": LAYERS, **more})


def analysis(measures, given, stimuli=None, distances=("correlation",)):
    brain = joined([rdm(x, distances, subject=s, region="IT", stimuli=NAMES)
                    for s, x in SUBJECTS.items()], "brain")  # fmt: skip
    models = [rdm(own, distances, model=name, stimuli=NAMES) for name, own in LAYERS.items()]
    table = pd.DataFrame({"stimulus": NAMES}) if stimuli is None else stimuli
    return Analysis(
        brain, models, families_of(list(LAYERS), {}), table, list(distances), list(measures),
        QUICK, "d", features=given,
    )  # fmt: skip


class SameCategory(Jackknifed):
    """How far distances within categories, of the second's labels, are alike."""

    def compare(self, first, second):
        same = [np.equal.outer(one, one)[np.triu_indices(len(one), 1)]
                for one in second.fact("labels")]  # fmt: skip
        assert len(first.fact("labels")) == len(first)
        return np.array([[np.corrcoef(x, x * ~y)[0, 1] for y in same] for x in first.rdms])


OF_LABELS = replace(
    CORRECTED, name="same_category", form=SameCategory(), needs=("rdm", "labels"),
    independence="positive", range=(-1.0, 1.0), with_itself=None,
)  # fmt: skip


class Trials(Jackknifed):
    """How many repetitions the two have, and how large their features are."""

    def compare(self, first, second):
        return np.array([
            [x.shape[1] + y.shape[1] / 10 for y in second.fact("repetitions")]
            for x in first.fact("repetitions")
        ])  # fmt: skip


OF_TRIALS = replace(
    CORRECTED, name="trials", form=Trials(), needs=("features", "repetitions"),
    independence="positive", range=(0.0, np.inf),
)  # fmt: skip


@pytest.fixture
def more_measures(monkeypatch):
    for one in (OF_LABELS, OF_TRIALS):
        monkeypatch.setitem(MEASURES._members, one.name, one)


def test_regions_and_layers_are_compared_by_their_features():
    given = analysis(["pearson", "cka_feature_corrected"], features())
    tables, left_out = comparison_tables(given)
    rows = tables["comparisons"]
    assert left_out == []
    assert list(zip(rows["distance"], rows["measure"], strict=True)) == [
        ("correlation", "pearson"), ("correlation", "pearson"),
        ("features", "cka_feature_corrected"), ("features", "cka_feature_corrected"),
    ]  # fmt: skip
    own = rows[rows["distance"] == "features"].set_index("layer")
    for layer, x in LAYERS["net"].items():
        side = Stack(np.zeros((1, N * (N - 1) // 2)), facts={"features": [x]})
        each = [
            CORRECTED.pair(Stack(side.rdms, facts={"features": [subject]}), side)
            for subject in SUBJECTS.values()
        ]
        assert own.loc[layer, "estimate"] == pytest.approx(np.mean(each))
    assert own.loc["deep", "p"] < 0.05 < own.loc["shallow", "p"]
    assert own["interval_low"].notna().all()
    assert (own["n_units"] == 30 + 29 + 28).all()
    assert own.loc["deep", "ceiling_kind"] == "leave one subject out"
    selected = tables["selection"]
    assert set(selected.loc[selected["distance"] == "features", "chosen_layer"]) == {"deep"}


def test_once_for_all_distances_and_not_of_two_regions():
    two = {"IT": SUBJECTS, "V1": {s: x[:, ::2] for s, x in SUBJECTS.items()}}
    given = analysis(["cka", "cka_feature_corrected"], features(brain=two),
                     distances=("squared_euclidean", "euclidean"))  # fmt: skip
    # a region of features need not have RDMs
    given = replace(given, brain=joined([
        rdm(x, ["squared_euclidean", "euclidean"], subject=s, region=r, stimuli=NAMES)
        for r, own in two.items() for s, x in own.items()], "brain"))  # fmt: skip
    tables, left_out = comparison_tables(given)
    rows = tables["comparisons"]
    assert len(rows[rows["measure"] == "cka_feature_corrected"]) == 2 * 2
    assert left_out == ["cka of euclidean", f"cka_feature_corrected of two regions: {NO_HALVES}"]
    assert set(tables["regions"]["measure"]) == {"cka"}


def test_ceilings_stand_other_subjects_side_by_side_with_equal_power():
    loud = {s: x * 10.0**k + 5 for k, (s, x) in enumerate(SUBJECTS.items())}
    (region,) = regions_of_features(features(brain={"IT": loud}), CORRECTED)
    others = pooled(region.stack.rows([1, 2]), CORRECTED)
    (joint,) = others.fact("features")
    for part in (joint[:, :29], joint[:, 29:]):
        assert np.linalg.norm(part - part.mean(axis=0)) == pytest.approx(1)
    np.testing.assert_allclose(others.rdms[0], squared_distances_of(joint))
    found = ceiling(region, "features", CORRECTED)
    plain = ceiling(regions_of_features(features(), CORRECTED)[0], "features", CORRECTED)
    assert (found.lower, found.upper) == pytest.approx((plain.lower, plain.upper))
    without = [pooled(region.stack.rows(np.arange(3) != s), CORRECTED) for s in range(3)]
    each = [CORRECTED.pair(region.stack.rows([s]), other) for s, other in enumerate(without)]
    assert found.lower == pytest.approx(np.mean(each))


def test_one_subject_has_no_ceiling_for_a_reason():
    (region,) = regions_of_features(features(brain={"IT": {"a": SUBJECTS["a"]}}), CORRECTED)
    found = ceiling(region, "features", CORRECTED)
    assert np.isnan(found.upper)
    assert found.reason == f"one subject, and {NO_HALVES}"


def test_draws_of_units_and_time_bins_are_regions_of_their_own():
    timed = {s: np.stack([x, 2 * x + 1, x**2], axis=-1) for s, x in SUBJECTS.items()}
    draws = {"IT": {s: [np.arange(5), np.arange(3, 8)] for s in SUBJECTS}}
    times = np.array([[0, 0.1], [0.1, 0.2], [0.2, 0.3]])
    given = features(brain={"IT": timed}, draws=draws, times=times)
    found = regions_of_features(given, CORRECTED)
    assert [one.time_start for one in found] == [0, 0.1, 0.2]
    last = found[2]
    assert len(last.measured) == 2
    assert last.n_recorded == 28
    assert last.subject_units == (5, 5, 5)
    assert {one.time_stop for one in last.measured} == {0.3}
    np.testing.assert_array_equal(last.draws[1].facts["features"][0], SUBJECTS["a"][:, 3:8] ** 2)
    np.testing.assert_allclose(last.rdms, np.mean([one.rdms for one in last.draws], axis=0))


def test_measures_content_with_gram_matrices_of_models_get_their_roots():
    content = replace(CORRECTED, needs=("features",))
    object.__setattr__(content, "model_needs", ("gram",))
    given = features(models={})
    assert lacking(given, None, content, "features") == ("", "")
    assert lacking(given, None, CORRECTED, "features")[0] == "no features of net were kept"
    found = candidates_of_features(given, content)
    deep = DEEP - DEEP.mean(axis=0)
    root = found.facts["features"][1]
    np.testing.assert_allclose(root @ root.T, deep @ deep.T / 40, atol=1e-10)
    np.testing.assert_array_equal(found.rdms, candidates_of(given.layers, GRAM).rdms)


def test_repetitions_are_of_subjects_that_have_them(more_measures):
    trials = {"IT": {s: np.repeat(x[:, None], 2 + (s == "b"), axis=1)
                     for s, x in SUBJECTS.items() if s != "c"}}  # fmt: skip
    given = features(repetitions=trials)
    (region,) = regions_of_features(given, OF_TRIALS)
    assert region.subjects == ("a", "b")
    tables, _ = comparison_tables(analysis(["trials"], given))
    rows = tables["comparisons"]
    # two and three repetitions, and one of a layer
    np.testing.assert_allclose(rows["estimate"], 2.5 + 0.1)
    assert (rows["n_subjects"] == 2).all()
    # pooled: as many as the fewest
    assert rows["ceiling_upper"].to_numpy() == pytest.approx(2.5 + 0.2)
    _, left_out = comparison_tables(analysis(["pearson", "trials"], features()))
    assert left_out == ["trials of features: no region has repetitions"]


def test_categories_reach_rdms_ceilings_and_pairs_of_regions(more_measures):
    table = pd.DataFrame({"stimulus": NAMES, "category": [f"c{k}" for k in CATEGORIES]})
    given = analysis(["same_category"], None, table)
    two = joined([
        rdm(x, "correlation", subject=s, region=region, stimuli=NAMES)
        for s, x in SUBJECTS.items() for region in ("IT", "V1")], "brain")  # fmt: skip
    tables, left_out = comparison_tables(replace(given, brain=two))
    assert left_out == []
    same = np.equal.outer(CATEGORIES, CATEGORIES)[np.triu_indices(N, 1)]
    rdms = regions_of(given.brain, "correlation")[0].rdms
    expected = np.mean([np.corrcoef(x, x * ~same)[0, 1] for x in rdms])
    np.testing.assert_allclose(tables["comparisons"]["estimate"], expected)
    assert tables["comparisons"]["ceiling_upper"].to_numpy() == pytest.approx(expected)
    assert np.isfinite(tables["regions"]["estimate"]).all()
    _, left_out = comparison_tables(analysis(["pearson", "same_category"], None))
    assert left_out == ["same_category of correlation: the stimuli have no categories"]


def test_labels_are_in_every_draw_of_units():
    given = features(draws={"IT": {s: [np.arange(5), np.arange(3, 8)] for s in SUBJECTS}})
    region = regions_of_features(given, CORRECTED)[0].told("labels", CATEGORIES)
    candidates = candidates_of_features(given, CORRECTED).told("labels", CATEGORIES)
    for one in (region, *region.draws, candidates):
        assert all(np.array_equal(own, CATEGORIES) for own in one.stack.fact("labels"))


def test_a_layer_without_a_value_on_all_stimuli_is_not_chosen():
    given = analysis(["cka_feature_corrected"], features())
    draws = given.draws().with_subjects({"IT": 3}, 3, [0])
    regions = regions_of_features(features(), CORRECTED)
    candidates = candidates_of_features(features(), CORRECTED)
    (scores,) = scores_of(regions, candidates.stack, draws, CORRECTED)
    assert choose(scores, np.arange(2)).favourite[0] == 1
    plain = scores.plain.copy()
    plain[0, 1] = np.nan
    found = choose(replace(scores, plain=plain), np.arange(2))
    assert found.layers.tolist() == [0]
    assert np.isfinite(found.score)
    nothing = replace(scores, plain=np.full_like(plain, np.nan))
    assert choose(nothing, np.arange(2)) == "a model has no layer that can be scored"
