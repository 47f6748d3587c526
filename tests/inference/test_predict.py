"""Predictions of single units in hand: what is planted is found, and chance is not."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

import isomorph as iso
from isomorph.errors import IsomorphError

N, P = 60, 12
QUICK = {"permutations": 19, "resamples": 60}


def made(seed=0, n=N, units=8, noise=3.0, repetitions=0):
    """Responses of units to what the layer `high` holds, and two models."""
    rng = np.random.default_rng(seed)
    low, high, other = rng.standard_normal((3, n, P))
    signal = high @ rng.standard_normal((P, units))
    shape = (repetitions, n, units) if repetitions else (n, units)
    responses = signal + noise * rng.standard_normal(shape)
    models = {"net": {"low": low, "high": high}, "other": {"a": other, "b": other + 0.5 * high}}
    return responses, models


def rows_of(found, **wanted):
    table = found.table
    for name, value in wanted.items():
        table = table[table[name] == value]
    return table


@pytest.fixture(scope="module")
def several():
    """Three subjects, every method."""
    subjects = {name: made(seed=0, repetitions=4)[0] + 0.0 for name in "abc"}
    rng = np.random.default_rng(9)
    subjects = {name: one + 2 * rng.standard_normal(one.shape) for name, one in subjects.items()}
    return iso.predict(
        subjects, made()[1], ["ridge", "ridge_reverse", "pls(3)", "stitching(6)"],
        minimum_subjects=3, **QUICK,
    )  # fmt: skip


def test_the_layer_that_responses_are_made_of_is_found_by_every_method(several):
    for method, rows in several.table.groupby("measure"):
        layers = rows[rows["kind"] == "layer"].set_index("layer")
        assert layers["estimate"].idxmax() == "high", method
        assert layers.loc["high", "estimate"] > 0.4
        assert abs(layers.loc["low", "estimate"]) < 0.25
        assert layers.loc["high", "p_corrected"] == 0.05
        assert layers.loc["high", "interval_low"] > layers.loc["low", "interval_high"]
        chosen = rows[rows["kind"] == "chosen"].set_index("model")
        assert chosen.loc["net", "layer"] == "high"
        assert chosen.loc["net", "chosen_share"] == 1
        for told in ("estimate", "standard_error", "interval_low", "interval_high"):
            assert chosen.loc["net", told] == pytest.approx(layers.loc["high", told], rel=1e-9)
        assert (rows["scheme"] == "stimuli and subjects").all()


def test_models_are_told_apart_on_the_same_draws(several):
    differences = several.prediction_differences.set_index("measure")
    assert (differences["model_a"] == "net").all()
    assert (differences["difference"] > 0).all()
    np.testing.assert_allclose(
        differences["difference"], differences["score_a"] - differences["score_b"]
    )
    assert differences.loc["ridge", "p_corrected"] < 0.05
    assert set(differences["layer_a"]) == {"high"}


def test_units_have_scores_of_their_own_whose_quartiles_are_those_of_the_region(several):
    units = several.units
    row = rows_of(several, measure="ridge", layer="high", kind="layer").iloc[0]
    own = units.query("measure == 'ridge' and layer == 'high' and kind == 'layer'")
    assert len(own) == row["n_units"] == 24
    assert set(own["subject"]) == set("abc")
    expected = np.percentile(own["r"], [25, 50, 75])
    np.testing.assert_allclose(row[["r_lower", "r_median", "r_upper"]].astype(float), expected)
    assert row["estimate"] == pytest.approx(own.groupby("subject")["r"].median().mean())
    np.testing.assert_allclose(own["normalised"], own["r"] / np.sqrt(own["reliability"]))
    assert own["reliability"].between(0.3, 1).all()
    assert (own["r2"] <= own["r"] ** 2 + 0.1).all()


def test_reliability_is_that_of_the_mean_over_repetitions():
    """Of pure noise it is 0, of known signal and noise what they say, and of single trials none."""
    rng = np.random.default_rng(0)
    signal = rng.standard_normal((200, 40))
    responses = signal + 2 * rng.standard_normal((4, 200, 40))
    x = {"net": {"a": signal[:, :10]}}
    found = iso.predict(responses, x, **QUICK).units
    assert found["reliability"].mean() == pytest.approx(1 / (1 + 4 / 4), abs=0.04)
    assert iso.predict(responses[0], x, **QUICK).units["reliability"].isna().all()


def test_one_subject_is_resampled_by_stimuli_and_units():
    responses, models = made(3)
    found = iso.predict(responses, models, **QUICK)
    row = rows_of(found, layer="high", kind="layer").iloc[0]
    assert row["scheme"] == "stimuli and units"
    alone = iso.predict(responses[:, :1], models, **QUICK)
    assert rows_of(alone, layer="high", kind="layer").iloc[0]["scheme"] == "stimuli"


def test_a_region_and_a_layer_of_one_geometry_are_predicted_alike_either_way():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((40, 6))
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    wide = np.hstack([x, rng.standard_normal((40, 12))])
    models = {"net": {"same": x @ turn, "wide": wide}}
    found = iso.predict(x, models, ["ridge", "ridge_reverse"], **QUICK)
    rows = rows_of(found, measure="ridge", kind="layer").set_index("layer")
    assert rows.loc["same", "asymmetry"] == pytest.approx(0, abs=1e-6)
    assert rows.loc["wide", "asymmetry_low"] > 0.2
    reverse = rows_of(found, measure="ridge_reverse", kind="layer").set_index("layer")
    np.testing.assert_allclose(rows["pooled"] - reverse["estimate"], rows["asymmetry"], atol=1e-8)
    assert iso.predict(x, models, **QUICK).table["asymmetry"].isna().all()


def test_intervals_hold_what_other_stimuli_would_predict():
    """With predictions held fixed standard errors were two thirds of the true ones."""
    rng, weights = np.random.default_rng(4), np.random.default_rng(5).standard_normal((P, 10))
    told, found = [], []
    for _ in range(40):
        layer = rng.standard_normal((40, P))
        units = layer @ weights + 3 * rng.standard_normal((40, 10))
        table = iso.predict(
            units, {"net": {"a": layer}}, ["ridge", "ridge_reverse"], permutations=0, resamples=60,
            correction="holm",
        ).table.query("kind == 'layer'").set_index("measure")  # fmt: skip
        found.append([table.loc["ridge_reverse", "estimate"], table.loc["ridge", "asymmetry"]])
        low, high = table.loc["ridge", ["asymmetry_low", "asymmetry_high"]]
        told.append([table.loc["ridge_reverse", "standard_error"], (high - low) / 4])
    ratio = np.sqrt(np.mean(np.square(told), axis=0)) / np.std(found, axis=0, ddof=1)
    assert (ratio > 0.8).all()
    assert (ratio < 1.7).all()


def test_groups_of_stimuli_are_held_out_as_one():
    """Copies of what is fitted would be predicted whatever the layer is."""
    rng = np.random.default_rng(5)
    objects = np.repeat(np.arange(20), 3)
    x = rng.standard_normal((20, 30))[objects] + 0.05 * rng.standard_normal((60, 30))
    y = rng.standard_normal((20, 10))[objects] + 0.05 * rng.standard_normal((60, 10))
    table = pd.DataFrame({"stimulus": [f"s{k}" for k in range(60)], "object": objects})
    split = iso.predict(y, {"net": {"a": x}}, stimuli=table, **QUICK)
    whole = iso.predict(y, {"net": {"a": x}}, stimuli=table, keep_together=["object"], **QUICK)
    first, second = (rows_of(one, kind="layer").iloc[0] for one in (split, whole))
    assert first["estimate"] > 0.9
    assert abs(second["estimate"]) < 0.35
    assert second["p"] > 0.05


def test_categories_are_held_out_where_the_selection_says_so():
    rng = np.random.default_rng(6)
    of = np.repeat(np.arange(6), 10)
    x = 5 * rng.standard_normal((6, 8))[of] + rng.standard_normal((60, 8))
    table = pd.DataFrame({"stimulus": np.arange(60).astype(str), "category": of.astype(str)})
    found = iso.predict(
        x, {"net": {"a": x}}, stimuli=table, selection={"kind": "category"}, **QUICK
    )
    assert (found.table["n_parts"] == 5).all()


def test_units_are_chosen_on_the_stimuli_that_predict():
    rng = np.random.default_rng(7)
    high = rng.standard_normal((80, P))
    signal = np.hstack([high @ rng.standard_normal((P, 6)), np.zeros((80, 6))])
    responses = signal + rng.standard_normal((4, 80, 12))
    found = iso.predict(responses, {"net": {"a": high}}, minimum_reliability=0.5, **QUICK)
    own = found.units.query("kind == 'chosen'").set_index("unit")
    assert (own.loc[[str(k) for k in range(6)], "status"] == "ok").all()
    silent = own.loc[[str(k) for k in range(6, 12)]]
    assert (silent["reason"] == "not reliable enough").all()
    assert (found.table["n_units"] == 6).all()
    models = {"net": {"a": high}}
    once = iso.predict(responses[0], models, minimum_reliability=0.5, **QUICK).table
    assert once["reason"].str.contains("shown every stimulus once").all()
    silent = iso.predict(responses, models, minimum_reliability=0.5, region=["x"] * 6 + ["y"] * 6,
                         **QUICK).table.query("region == 'y'")  # fmt: skip
    assert silent["reason"].tolist() == ["1: no unit is reliable enough"]


def test_choosing_among_many_layers_does_not_raise_the_score():
    """What the best of thirty has by chance, the layer chosen in training has not."""
    rng, chosen, best = np.random.default_rng(8), [], []
    for seed in range(12):
        y = rng.standard_normal((40, 3))
        layers = {f"l{k}": x for k, x in enumerate(rng.standard_normal((30, 40, 5)))}
        found = iso.predict(y, {"net": layers}, permutations=0, resamples=10, seed=seed)
        chosen.append(rows_of(found, kind="chosen")["estimate"].iloc[0])
        best.append(rows_of(found, kind="layer")["estimate"].max())
    assert np.mean(best) > 0.2
    assert abs(np.mean(chosen)) < 3 * np.std(chosen) / np.sqrt(12) + 0.02


def test_shuffled_stimuli_give_small_p_as_rarely_as_they_should():
    rng, p = np.random.default_rng(10), []
    for seed in range(40):
        y, x = rng.standard_normal((24, 6)), rng.standard_normal((24, 8))
        found = iso.predict(y, {"net": {"a": x}}, permutations=19, resamples=10, seed=seed)
        p.append(rows_of(found, kind="layer")["p"].iloc[0])
    assert binomtest(int((np.array(p) <= 0.1).sum()), 40, 0.1).pvalue > 0.01
    assert np.mean(p) == pytest.approx(0.525, abs=0.15)


def test_the_same_seed_gives_the_same_numbers_and_the_order_of_models_none():
    responses, models = made(11)
    first = iso.predict(responses, models, **QUICK).table
    again = iso.predict(responses, models, **QUICK).table
    pd.testing.assert_frame_equal(first, again)
    turned = iso.predict(responses, dict(reversed(models.items())), **QUICK).table
    keys = ["model", "layer", "kind"]
    pd.testing.assert_frame_equal(
        first.sort_values(keys, ignore_index=True), turned.sort_values(keys, ignore_index=True)
    )


def test_stimuli_are_lined_up_by_name():
    responses, models = made(12)
    names = [f"s{k}" for k in range(N)]
    order = np.random.default_rng(0).permutation(N)
    plain = iso.predict(responses, models, stimuli=names, **QUICK)
    named = {
        model: iso.rdm({k: x[order] for k, x in layers.items()}, "squared_euclidean",
                       stimuli=[names[at] for at in order])
        for model, layers in models.items()
    }  # fmt: skip
    turned = iso.predict(responses, named, stimuli=names, **QUICK)
    np.testing.assert_allclose(plain.table["estimate"], turned.table["estimate"], atol=1e-7)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"method": "rigde"}, 'unknown "rigde", did you mean "ridge"'),
        ({"method": "pearson"}, 'unknown "pearson"'),
        ({"methods": ["ridge"]}, "methods are named by method"),
        ({"folds": 1}, "folds"),
        ({"fold": 3}, "unknown keyword fold"),
    ],
)
def test_mistakes_are_answered_in_a_sentence(arguments, said):
    responses, models = made()
    with pytest.raises(IsomorphError, match=said):
        iso.predict(responses, models, **arguments)


def test_what_cannot_be_predicted_is_told():
    responses, models = made()
    with pytest.raises(IsomorphError, match="there is no geometry to compare"):
        iso.predict(np.ones((N, 2)), models)
    with pytest.raises(IsomorphError, match=r"different stimuli|expected the same"):
        iso.predict(responses[:50], models)
    with pytest.raises(IsomorphError, match=r'"V1" holds a list of 2 arrays.* names subjects'):
        iso.predict({"V1": [responses, responses]}, models)
    with pytest.raises(IsomorphError, match="give features, or RDMs of squared_euclidean"):
        iso.predict(responses, {"net": iso.rdm(models["net"], "correlation")})
    few = iso.predict(responses[:6], {"net": {"a": models["net"]["low"][:6]}}, **QUICK).table
    assert (few["status"] == "undefined").all()
    constant = {"net": {"flat": np.ones((N, 3)) * 0.1, "high": models["net"]["high"]}}
    found = rows_of(iso.predict(responses, constant, **QUICK), kind="layer")
    assert set(found["layer"]) == {"high"}  # a constant layer has no RDM


def test_what_models_add_alone_and_share_is_told_of_units():
    rng = np.random.default_rng(13)
    shared, first, second = rng.standard_normal((3, 120, 6))
    y = np.hstack([shared, first, second]) @ rng.standard_normal((18, 10))
    models = {
        "a": {"x": np.hstack([shared, first])}, "b": {"y": 9 * np.hstack([shared, second])},
        "c": {"z": rng.standard_normal((120, 6))},
    }  # fmt: skip
    settings = {"permutations": 0, "resamples": 40}
    found = iso.predict([y, y + 0.1], models, bands=["a", "b"], minimum_subjects=2, **settings)
    rows = found.prediction_partition.set_index("part")
    parts = rows.loc[["a", "b", "a & b"], "variance"]
    assert parts.sum() == pytest.approx(rows.loc["all", "variance"])
    assert rows.loc["all", "variance"] > 0.95
    np.testing.assert_allclose(parts, 1 / 3, atol=0.12)
    assert (rows["interval_low"] > 0).all()
    assert (rows["scheme"] == "stimuli and subjects").all()
    one = iso.predict(y, models, bands=["a", "c"], **settings).prediction_partition
    one = one.set_index("part")
    assert (one["scheme"] == "stimuli and units").all()
    assert abs(one.loc["c", "variance"]) < 0.05
    assert one.loc["a", "variance"] > 0.4


@pytest.mark.parametrize(
    ("bands", "said"),
    [(["net", "ohter"], 'no model "ohter", did you mean'), (["net"], "one model")],
)
def test_bands_are_models_that_are_there(bands, said):
    responses, models = made()
    with pytest.raises(IsomorphError, match=said):
        iso.predict(responses, models, bands=bands)
