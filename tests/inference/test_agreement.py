"""Whether settings agree: orders, winners, families of measures, and how surely."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau, spearmanr

import isomorph as iso
from isomorph.artefacts.schemas import check_table
from isomorph.catalogue import ordered
from isomorph.inference import orders as orders_module
from isomorph.inference.agreement import agreement
from isomorph.inference.model_scores import model_scores, winners
from isomorph.inference.orders import orders, tau_b
from isomorph.measures import FAMILIES, MEASURES

NO_BINS = {"time_start": np.nan, "time_stop": np.nan}
ABOUT = {"dataset": "d", "simulated": False, "region": "V1", **NO_BINS}


def tables(scores, *, seeds=(), p=(), contrasts=()):
    """Return the tables of a comparison from scores by setting and model; one layer a model."""
    rows = [
        {**ABOUT, "distance": distance, "measure": measure, "model": model, "value": value}
        for (distance, measure), own in scores.items()
        for model, value in own.items()
    ]
    long = pd.DataFrame(rows)
    comparisons = long.rename(columns={"value": "estimate"}).assign(layer="only")
    selection = long.rename(columns={"value": "score"}).assign(chosen_on="other stimuli")
    selection["score_calibrated"] = selection["score"] / 2
    selection["reason"] = np.where(selection["score"].isna(), "too few stimuli", "")
    both = selection.assign(chosen_on="other stimuli and subjects", score=-9.0)
    pairs = [{**ABOUT, "distance": d, "measure": m, "model_a": a, "model_b": b, "p_corrected": q}
             for d, m, a, b, q in p]  # fmt: skip
    controls = [{**ABOUT, "distance": d, "measure": m, "model": a, "control": b, "p_corrected": q}
                for d, m, a, b, q in contrasts]  # fmt: skip
    return {
        "comparisons": comparisons, "selection": pd.concat([selection, both]),
        "differences": pd.DataFrame(pairs), "contrasts": pd.DataFrame(controls),
    }  # fmt: skip


def settings_of(found, over="models"):
    return found[(found["over"] == over) & (found["compared"] == "settings")]


# ---------------------------------------------------------------- orders


@pytest.mark.parametrize("block", [2**23, 40])
def test_orders_are_those_of_scipy_whatever_is_missing_and_ties(monkeypatch, block):
    monkeypatch.setattr(orders_module, "BLOCK", block)
    rng = np.random.default_rng(1)
    values = rng.integers(0, 5, (12, 6)).astype(float)
    values[[0, 3], 1] = np.nan
    values[7, 2:4] = np.nan
    values[:, 5] = 2
    found = orders(values)
    for a in range(6):
        for b in range(6):
            both = np.isfinite(values[:, a]) & np.isfinite(values[:, b])
            one, other = values[both, a], values[both, b]
            assert found.n_candidates[a, b] == both.sum()
            if 5 in (a, b):
                assert np.isnan([found.tau_b[a, b], found.spearman[a, b]]).all()
                continue
            assert found.tau_b[a, b] == pytest.approx(kendalltau(one, other).statistic)
            assert found.spearman[a, b] == pytest.approx(spearmanr(one, other).statistic)
            tops = [set(np.flatnonzero(side == side.max())) for side in (one, other)]
            assert found.same_winner[a, b] == bool(tops[0] & tops[1])


def test_fewer_than_two_candidates_in_common_have_no_order():
    values = np.array([[1, np.nan], [2, 5.0], [np.nan, 6]])
    found = orders(values)
    assert found.n_candidates[0, 1] == 1
    assert np.isnan(found.tau_b[0, 1])
    assert not found.same_winner[0, 1]
    assert np.isnan(tau_b(np.ones((3, 1)), np.arange(3.0)[:, None])).all()


# ---------------------------------------------------------------- the table


def test_models_are_ordered_by_held_out_scores_and_layers_by_estimates():
    given = tables(
        {("e", "rho_a"): {"a": 3, "b": 2, "c": 1}, ("e", "cka"): {"a": 1, "b": 2, "c": 3}}
    )
    given["comparisons"]["estimate"] = [3, 2, 1, 3, 2, 1]
    found = agreement(given, {})
    check_table(ordered(found, "agreement"), "agreement", "here")
    (models,) = settings_of(found).to_dict("records")
    (layers,) = settings_of(found, "layers").to_dict("records")
    assert models["kendall_tau_b"] == pytest.approx(-1)
    assert layers["kendall_tau_b"] == pytest.approx(1)
    assert (models["winner_a"], models["winner_b"], models["same_winner"]) == ("a", "c", "no")
    assert (layers["winner_a"], layers["same_winner"]) == ("a: only", "yes")
    assert (models["family_a"], models["family_b"]) == ("rsa", "kernel")


def test_seeds_of_a_network_are_one_model_with_their_mean():
    scores = {"net": 0.3, "u-0": 0.5, "u-1": 0.0}
    given = tables({("e", "rho_a"): scores, ("e", "cka"): scores})
    owners = {"net": "net", "u-0": "u", "u-1": "u"}
    (row,) = settings_of(agreement(given, owners)).to_dict("records")
    assert (row["winner_a"], row["n_candidates"]) == ("net", 2)
    told = model_scores(given["selection"], owners).set_index("candidate").loc["u"]
    assert told["value"].tolist() == [0.25, 0.25]
    assert told["calibrated"].tolist() == [0.125, 0.125]
    given["selection"].loc[given["selection"]["model"] == "u-1", "score"] = np.nan
    assert model_scores(given["selection"], owners).query("candidate == 'u'")["value"].isna().all()


def test_a_winner_is_told_apart_by_its_difference_from_the_second():
    scores = {"a": 3, "b": 2, "c": 1}
    given = tables(
        {("e", "rho_a"): scores, ("e", "cka"): scores, ("e", "cosine"): scores},
        p=[("e", "rho_a", "b", "a", 0.01), ("e", "rho_a", "a", "c", 0.9),
           ("e", "cosine", "a", "b", np.nan)],
        contrasts=[("e", "cka", "a", "b", 0.2)],
    )  # fmt: skip
    found = settings_of(agreement(given, {})).set_index(["measure_a", "measure_b"])
    assert found.loc[("rho_a", "cka"), "told_apart_a"] == "yes"
    assert found.loc[("rho_a", "cka"), "told_apart_b"] == "no"
    assert found.loc[("rho_a", "cosine"), "told_apart_b"] == ""
    first = winners(given, {}).set_index("measure").loc["rho_a"]
    assert (first["winner"], first["second"], first["told_apart"]) == ("a", "b", "yes")


def test_who_wins_only_because_another_has_no_value_is_not_told_apart():
    given = tables(
        {("e", "rho_a"): {"a": 3, "b": 2, "c": 1}, ("e", "cka"): {"b": 2, "c": 1}},
        p=[("e", "rho_a", "a", "b", 0.01), ("e", "cka", "b", "c", 0.01)],
    )
    (row,) = settings_of(agreement(given, {})).to_dict("records")
    assert (row["winner_a"], row["told_apart_a"], row["told_apart_b"]) == ("b", "", "yes")


def test_pairs_of_families_have_the_means_over_the_pairs_of_their_settings():
    rng = np.random.default_rng(3)
    measures = ("cka", "rho_a", "cosine", "cka_biased")
    given = tables({("e", m): dict(zip("abcdef", rng.random(6), strict=True)) for m in measures})
    found = agreement(given, {})
    for over in ("models", "layers"):
        own = settings_of(found, over)
        of = found[(found["over"] == over) & (found["compared"] == "families")]
        assert list(zip(of["family_a"], of["family_b"], strict=True)) == [
            ("rsa", "kernel"), ("kernel", "kernel"), ("rsa", "rsa"),
        ]  # fmt: skip
        assert of["n_pairs"].tolist() == [4, 1, 1]
        crossed = own[own["family_a"] != own["family_b"]]
        first = of.iloc[0]
        for column in ("kendall_tau_b", "spearman", "share_same_winner"):
            assert first[column] == pytest.approx(crossed[column].mean())
    within = tables({("e", m): {"a": 1, "b": 2} for m in ("rho_a", "cosine")})
    assert (agreement(within, {})["compared"] == "settings").all()


def test_time_bins_and_distances_are_compared_each_by_itself():
    given = tables({("e", "rho_a"): {"a": 3, "b": 2}, ("e", "cosine"): {"a": 1, "b": 2}})
    later = {name: table.copy() for name, table in given.items()}
    for name, column in (("comparisons", "estimate"), ("selection", "score")):
        later[name][column] = later[name][column].to_numpy() * np.tile([1, 1, -1, -1],
            len(later[name]) // 4)  # fmt: skip
    both = {
        name: pd.concat([one[name].assign(time_start=at, time_stop=at + 0.1)
                         for at, one in ((0.0, given), (0.1, later))])
        for name in given
    }  # fmt: skip
    found = settings_of(agreement(both, {})).set_index("time_start")
    assert found["same_winner"].to_dict() == {0.0: "no", 0.1: "yes"}


def test_settings_that_cannot_be_compared_say_why():
    given = tables(
        {("e", "rho_a"): {"a": 3, "b": np.nan}, ("e", "cosine"): {"a": 1, "b": 2},
         ("f", "cosine"): {"a": 2, "b": 2}, ("f", "rho_a"): {"a": np.nan, "b": np.nan}}
    )  # fmt: skip
    found = settings_of(agreement(given, {})).set_index(
        ["distance_a", "measure_a", "distance_b", "measure_b"]
    )
    few, tie = "fewer than two candidates in both", "all candidates tie under one of the two"
    assert found.loc[("e", "rho_a", "e", "cosine"), "reason"] == few
    assert found.loc[("e", "cosine", "f", "cosine"), "reason"] == tie
    assert found.loc[("e", "cosine", "f", "cosine"), "same_winner"] == "yes"
    unscored = found.loc[("e", "cosine", "f", "rho_a")]
    assert (unscored["reason"], unscored["same_winner"]) == ("too few stimuli", "")
    empty = {name: table.head(0) for name, table in given.items()}
    assert agreement(empty, {}).empty


def test_every_measure_is_of_a_family_that_has_a_title_and_a_question():
    assert {measure.family for measure in MEASURES.values()} <= set(FAMILIES)
    assert len({one.title for one in FAMILIES.values()}) == len(FAMILIES)
    assert all(one.asks.endswith("?") for one in FAMILIES.values())


# ---------------------------------------------------------------- from the library


def test_a_comparison_under_several_measures_says_whether_they_agree():
    rng = np.random.default_rng(5)
    truth, other, third = rng.standard_normal((3, 24, 30))
    models = {name: iso.rdm({"only": x}, "squared_euclidean") for name, x in
              (("right", truth), ("wrong", other), ("half", truth + 2 * third))}  # fmt: skip
    brain = [iso.rdm(truth + rng.standard_normal(truth.shape), "squared_euclidean", subject=s)
             for s in "abc"]  # fmt: skip
    found = iso.compare(brain, models, ["rho_a", "cka_biased", "cosine"], resamples=60,
                        permutations=99)  # fmt: skip
    models_ = settings_of(found.agreement)
    assert len(models_) == 3
    assert (models_["winner_a"] == "right").all()
    assert (models_["same_winner"] == "yes").all()
    assert (models_["told_apart_a"] == "yes").all()
    alone = iso.compare(brain[0], models, "rho_a", resamples=20, permutations=19)
    assert alone.agreement.empty
    assert "kendall_tau_b" in alone.agreement
    # Under every measure the score lies between chance and a perfect match.
    selection = found.selection.query("chosen_on == 'other stimuli'").set_index(
        ["measure", "model"]
    )
    calibrated = selection["score_calibrated"]
    assert ((calibrated >= 0) & (calibrated <= 1)).all()
    # Of models with one layer, the score is the estimate, so it is calibrated as that is.
    estimates = found.comparisons.set_index(["measure", "model"])
    near = 0.02  # chance is taken from the whole, not subject by subject
    np.testing.assert_allclose(calibrated, estimates["calibrated"][calibrated.index], atol=near)
    plain = [name for name in calibrated.index if name[0] == "rho_a"]
    np.testing.assert_allclose(calibrated[plain], estimates.loc[plain, "calibrated"], atol=1e-9)
