"""What else explains a similarity: against regressions and rsatoolbox, and with planted truth."""

import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls
from scipy.stats import pearsonr, rankdata

from isomorph.inference.bootstrap import draw
from isomorph.inference.explain.matches import best_matches, model_rows, representations
from isomorph.inference.explain.material import Material, Roles
from isomorph.inference.explain.nonnegative import (
    components_of,
    predictors_of,
    reweighted,
    solve,
)
from isomorph.inference.explain.partial_similarity import (
    HELD_WHOLLY,
    NOTHING_HELD,
    partial_rows,
    partials,
)
from isomorph.inference.explain.shared_variance import (
    commonality,
    explained,
    partition_rows,
    subsets,
)
from isomorph.inference.explain.similarities import draw_all, similarities
from isomorph.inference.explain.weighted_models import weighted_rows
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.groups import draw_groups, groups_of
from isomorph.inference.permutation import shuffled
from isomorph.inference.setting import Setting
from isomorph.inference.stimulus_splits import TOO_FEW, halved, halves, pairs_among
from isomorph.measures import MEASURES
from isomorph.measures.linear import LinearForm
from isomorph.measures.pairs import pair_indices, squareform
from isomorph.stages.explain import roles_of
from isomorph.study import Inference, StudyError, load_study
from isomorph.study.explain import Explain

CONFIG = Path(__file__).parents[2] / "config"


def squared(features):
    """Squared Euclidean RDM of features, the mean over them."""
    i, j = pair_indices(len(features))
    return ((features[i] - features[j]) ** 2).mean(axis=1)


def geometries(rng, n_models, n_stimuli=40, n_features=12):
    """RDMs of unrelated features."""
    return np.array(
        [squared(rng.standard_normal((n_stimuli, n_features))) for _ in range(n_models)]
    )


def standardised(rdms):
    rdms = np.asarray(rdms)
    return (rdms - rdms.mean(axis=-1, keepdims=True)) / rdms.std(axis=-1, keepdims=True)


def material_of(brains, models, *, seed=0, explain=None, groups=None, **inference):
    """Lay one region `(subject, pair)` and models `{name: (layer, pair)}` out for explanation."""
    rng = np.random.default_rng(seed)
    n_stimuli = (1 + int(np.sqrt(1 + 8 * brains.shape[1]))) // 2
    explain = explain or Explain(resamples=100)
    settings = Inference(explain=explain, **inference)
    table = pd.DataFrame(
        [{"model": name, "layer": f"l{k}", "depth": k}
         for name, rdms in models.items() for k in range(len(rdms))]
    )  # fmt: skip
    region = Region("IT", brains, tuple(f"s{k}" for k in range(len(brains))), None, None)
    groups = np.arange(n_stimuli) if groups is None else groups
    drawn = draw_groups(groups, explain.resamples, rng)
    subjects = None
    if len(brains) >= settings.minimum_subjects:
        subjects = draw(len(brains), explain.resamples, rng)
    return Material(
        [region], Candidates(table, np.concatenate(list(models.values()))),
        halves(groups, explain.splits, rng), drawn, halved(drawn, groups, rng),
        {"IT": subjects}, groups,
        Setting("d", True, "squared_euclidean", MEASURES["pearson"], settings),
    )  # fmt: skip


def partial_table(material, roles, measure="pearson"):
    found = similarities(material, measure)
    return partial_rows(found, roles, draw_all(found, roles))


def partition_table(material, roles, measure="pearson"):
    found = similarities(material, measure)
    rng = np.random.default_rng(5)
    return partition_rows(found, roles, draw_all(found, roles), rng)


def estimates(table, value="estimate", by="statistic"):
    return table.set_index(by)[value]


# ---------------------------------------------------------------- halves of the stimuli


def test_duplicates_stay_in_one_half():
    table = pd.DataFrame(
        {"stimulus": [f"s{k}" for k in range(14)],
         "duplicate_of": ["", "s0", *[""] * 12],
         "near_duplicate_of": [*[""] * 4, "s1", *[""] * 9]}
    )  # fmt: skip
    groups = groups_of(table, (), "")
    assert groups[0] == groups[1] == groups[4]
    assert len(np.unique(groups)) == 12
    found = halves(groups, 20, np.random.default_rng(0))
    assert len(found) == 40
    for fitted, scored in found:
        assert sorted([*fitted, *scored]) == list(range(14))
        assert len({0, 1, 4} & set(fitted.tolist())) in (0, 3)


def test_too_few_stimuli_have_no_halves():
    assert halves(np.arange(11), 3, np.random.default_rng(0)) == []
    assert halves(np.zeros(40, dtype=int), 3, np.random.default_rng(0)) == []


def test_pairs_among_some_stimuli_are_those_of_their_own_rdm():
    rng = np.random.default_rng(1)
    features, chosen = rng.standard_normal((9, 4)), np.array([0, 3, 4, 8])
    np.testing.assert_allclose(
        squared(features)[pairs_among(chosen, 9)], squared(features[chosen]), atol=1e-14
    )


# ---------------------------------------------------------------- partial similarity


def residuals(y, controls):
    """What least squares with an intercept leaves of y."""
    design = np.vstack([np.ones(y.shape[-1]), *controls]).T
    return y - design @ np.linalg.lstsq(design, y, rcond=None)[0]


@pytest.mark.parametrize("measure", ["pearson", "spearman", "rho_a"])
def test_partials_are_correlations_of_residuals(measure):
    rng = np.random.default_rng(2)
    rdms = geometries(rng, 5, 15) @ np.eye(105)
    brain, model, *controls = rdms
    mixed = brain + 0.5 * controls[0] + 0.3 * model
    found = similarities(
        material_of(mixed[None], {"m": model[None], "c": np.array(controls)}), measure
    )
    y, x, *held = rdms if measure == "pearson" else rankdata(rdms, axis=1)
    y = mixed if measure == "pearson" else rankdata(mixed)
    got = partials(found.whole, np.array([0]), np.array([1]), np.array([2, 3, 4]))[0, 0]
    left = residuals(y, held), residuals(x, held)
    expected = [pearsonr(y, x)[0], pearsonr(*left)[0], pearsonr(y, left[1])[0]]
    np.testing.assert_allclose(got, expected, atol=1e-10)


def test_partial_whitened_correlation_is_that_of_generalised_least_squares():
    rng = np.random.default_rng(3)
    n = 9
    y, x, c = geometries(rng, 3, n)
    i, j = pair_indices(n)
    incidence = np.zeros((len(i), n))
    incidence[np.arange(len(i)), i] = incidence[np.arange(len(i)), j] = 1
    root = np.linalg.inv(np.linalg.cholesky(2 * np.eye(len(i)) + incidence @ incidence.T))
    white = [root @ (one - one.mean()) for one in (y, x, c)]
    left = [one - white[2] * (one @ white[2]) / (white[2] @ white[2]) for one in white[:2]]
    expected = left[0] @ left[1] / np.linalg.norm(left[0]) / np.linalg.norm(left[1])
    found = similarities(material_of(y[None], {"m": x[None], "c": c[None]}), "whitened_correlation")
    got = partials(found.whole, np.array([0]), np.array([1]), np.array([2]))
    assert got[0, 0, 1] == pytest.approx(expected, abs=1e-10)


@given(seed=st.integers(0, 10_000), measure=st.sampled_from(["pearson", "spearman", "cka"]))
def test_without_controls_partial_is_plain_and_scale_and_order_do_not_matter(seed, measure):
    rng = np.random.default_rng(seed)
    rdms = geometries(rng, 4, 10)
    none, held = np.array([], dtype=int), np.array([2, 3])
    gram = MEASURES[measure].compare(rdms, rdms)
    free = partials(gram, np.array([0]), np.array([1]), none)[0, 0]
    np.testing.assert_allclose(free, free[0], atol=1e-12)
    scaled = rdms * rng.uniform(0.1, 10, (4, 1))
    turned = shuffled(scaled, rng.permutation(10)[None])[0]
    other = MEASURES[measure].compare(turned, turned)
    np.testing.assert_allclose(
        partials(other, np.array([0]), np.array([1]), held),
        partials(gram, np.array([0]), np.array([1]), held), atol=1e-10,
    )  # fmt: skip


def test_partials_of_a_resample_are_those_of_the_repeated_rdms():
    """A resample is a matrix with rows repeated, pairs of copies left out."""
    rng = np.random.default_rng(4)
    n, rdms = 12, geometries(rng, 5, 12)
    counts = draw(n, 6, rng)
    gram = MEASURES["pearson"].resampled(rdms, rdms, counts)
    got = partials(gram, np.array([0]), np.array([1]), np.array([2, 3, 4]))[:, 0, 0, 1]
    square = squareform(rdms, n)
    for row, count in zip(got, counts, strict=True):
        index = np.repeat(np.arange(n), count)
        a, b = pair_indices(n)
        kept = index[a] != index[b]
        y, x, *held = square[:, index[a][kept], index[b][kept]]
        assert row == pytest.approx(pearsonr(residuals(y, held), residuals(x, held))[0], abs=1e-10)


def test_collinear_controls_count_once():
    rdms = geometries(np.random.default_rng(5), 3, 12)
    twice = np.vstack([rdms, rdms[2], 3 * rdms[2]])
    gram = MEASURES["pearson"].compare(twice, twice)
    one, all_three = (
        partials(gram, np.array([0]), np.array([1]), np.array(held)) for held in ([2], [2, 3, 4])
    )
    np.testing.assert_allclose(one, all_three, atol=1e-10)


def planted(rng, weights, n_subjects=1, n_stimuli=40, noise=0.5):
    """Return brains that mix unrelated RDMs by weights, with noise, and those RDMs."""
    parts = standardised(geometries(rng, len(weights), n_stimuli))
    mixed = np.asarray(weights) @ parts
    own = standardised(geometries(rng, n_subjects, n_stimuli, 40))
    return mixed + noise * own, parts


def test_a_copy_of_a_control_has_no_partial_and_a_noisy_copy_next_to_none():
    rng = np.random.default_rng(6)
    brains, (control, own) = planted(rng, [1.0, 0.6])
    noise = 0.4 * standardised(geometries(rng, 1))[0]
    models = {
        "copy": control[None], "noisy": (control + noise)[None], "own": own[None],
        "c": 2 * control[None] + 1,
    }  # fmt: skip
    roles = Roles(("copy", "noisy", "own", "c"), ("c",), ())
    table = partial_table(material_of(brains, models), roles).set_index(["model", "statistic"])
    assert table.loc[("copy", "plain"), "estimate"] > 0.6
    assert table.loc[("copy", "partial"), "reason"] == HELD_WHOLLY
    assert np.isnan(table.loc[("copy", "partial"), "p"])
    assert table.loc[("noisy", "plain"), "estimate"] > 0.6
    assert abs(table.loc[("noisy", "partial"), "estimate"]) < 0.1
    assert table.loc[("noisy", "partial"), "p"] > 0.05
    # what the mixture is made of: 0.6 against noise of 0.5
    expected = 0.6 / np.hypot(0.6, 0.5)
    assert table.loc[("own", "partial"), "estimate"] == pytest.approx(expected, abs=0.06)
    assert table.loc[("own", "partial"), "p"] < 0.001
    semi = 0.6 / np.sqrt(1 + 0.6**2 + 0.5**2)
    assert table.loc[("own", "semi_partial"), "estimate"] == pytest.approx(semi, abs=0.06)
    assert table.loc["c"]["controls"].eq("").all()


def test_p_of_a_partial_without_effect_is_seldom_small():
    small = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        brains, (control,) = planted(rng, [1.0], n_stimuli=20)
        models = {"m": (control + standardised(geometries(rng, 1, 20))[0])[None],
                  "c": control[None]}  # fmt: skip
        table = partial_table(
            material_of(brains, models, seed=seed), Roles(("m",), ("c",), ())
        ).set_index("statistic")
        small += table.loc["partial", "p"] < 0.05
    assert small <= 8  # 3 expected; 9 or more once in 300 at the right level


def test_the_layer_is_chosen_on_the_other_half_and_said():
    rng = np.random.default_rng(7)
    brains, (own,) = planted(rng, [1.0], n_subjects=3)
    layers = np.vstack([geometries(rng, 3), own[None], geometries(rng, 2)])
    table = partial_table(material_of(brains, {"net": layers}), Roles(("net",), (), ()))
    assert set(table["layer"]) == {"l3"}
    assert set(table["chosen_share"]) == {1.0}
    every = material_of(brains, {"net": layers}, explain=Explain(layers="all", resamples=50))
    rows = partial_table(every, Roles(("net",), (), ()))
    assert rows.groupby("layer").size().to_dict() == {f"l{k}": 3 for k in range(6)}


def test_noise_layers_are_not_flattered_by_choosing_among_them():
    """The best of 30 noise layers scores 0 on average where it was not chosen."""
    scores = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        rdms = geometries(rng, 31, 24)
        table = partial_table(
            material_of(rdms[:1], {"net": rdms[1:]}, seed=seed), Roles(("net",), (), ())
        )
        scores.append(estimates(table)["plain"])
        best = max(pearsonr(rdms[0], rdm)[0] for rdm in rdms[1:])
        assert scores[-1] < best
    assert abs(np.mean(scores)) < 3 * np.std(scores) / np.sqrt(len(scores))


def test_too_few_stimuli_to_choose_are_said_and_single_layers_still_scored():
    rng = np.random.default_rng(8)
    rdms = geometries(rng, 4, 8)
    table = partial_table(
        material_of(rdms[:1], {"net": rdms[1:3], "one": rdms[3:]}), Roles(("net", "one"), (), ())
    ).set_index(["model", "statistic"])
    assert table.loc[("net", "partial"), "reason"] == TOO_FEW
    assert table.loc[("one", "plain"), "status"] == "ok"


def test_a_model_that_is_the_only_control_has_no_partial():
    rng = np.random.default_rng(8)
    rdms = geometries(rng, 3, 20)
    material = material_of(rdms[:1], {"net": rdms[1:2], "pixels": rdms[2:]})
    roles = Roles(("net", "pixels"), ("pixels",), ())
    table = partial_table(material, roles).set_index(["model", "statistic"])
    assert (table.loc["net", "status"] == "ok").all()
    assert table.loc[("pixels", "plain"), "status"] == "ok"
    for statistic in ("partial", "semi_partial"):
        row = table.loc[("pixels", statistic)]
        assert row["status"] == "undefined"
        assert row["reason"] == NOTHING_HELD
        assert np.isnan(row["estimate"])


def test_subjects_are_resampled_where_there_are_enough():
    rng = np.random.default_rng(9)
    brains, (own,) = planted(rng, [1.0], n_subjects=5)
    few = partial_table(material_of(brains, {"m": own[None]}, minimum_subjects=6),
                        Roles(("m",), (), ()))  # fmt: skip
    many = partial_table(material_of(brains, {"m": own[None]}), Roles(("m",), (), ()))
    few, many = (table[table["statistic"] == "plain"] for table in (few, many))
    assert set(few["scheme"]) == {"stimuli"}
    assert set(many["scheme"]) == {"stimuli and subjects"}
    np.testing.assert_allclose(few["estimate"], many["estimate"])


# ---------------------------------------------------------------- shares of variance


@given(seed=st.integers(0, 10_000), n=st.integers(2, 4))
def test_explained_variance_is_that_of_regressions_and_its_parts_add_up(seed, n):
    rng = np.random.default_rng(seed)
    rdms = geometries(rng, n + 1, 12)
    gram = MEASURES["pearson"].compare(rdms, rdms)
    got = explained(gram[:1, 1:], gram[1:, 1:])[0]
    for chosen, share in zip(subsets(n), got, strict=True):
        left = residuals(rdms[0], rdms[1:][list(chosen)])
        assert share == pytest.approx(1 - left.var() / rdms[0].var(), abs=1e-10)
    parts = commonality(n) @ got
    assert parts.sum() == pytest.approx(got[-1], abs=1e-12)
    # a unique part is what the whole loses without that predictor
    without_first = subsets(n).index(tuple(range(1, n)))
    assert parts[0] == pytest.approx(got[-1] - got[without_first], abs=1e-12)


def test_planted_shares_come_out():
    """Two models of their own, and one that is in both predictors: unique 1 and 1, shared 2."""
    rng = np.random.default_rng(10)
    a, b, both, noise = standardised(geometries(rng, 4, 60, 40))
    brain = a + b + np.sqrt(2) * both + np.sqrt(2) * noise
    models = {"a": np.array([a, both]), "b": np.array([b])}
    named = {"first": (a + both)[None], "second": (b + both)[None]}
    roles = Roles((), (), (("first", "second"),))
    table = partition_table(material_of(brain[None], named), roles)
    found = estimates(table, "variance", "part")
    gram = MEASURES["pearson"].compare(
        np.array([brain, named["first"][0], named["second"][0]]),
        np.array([brain, named["first"][0], named["second"][0]]),
    )
    expected = commonality(2) @ explained(gram[:1, 1:], gram[1:, 1:])[0]
    np.testing.assert_allclose(found[["first", "second", "first & second"]], expected, atol=0.02)
    assert found["all"] == pytest.approx(expected.sum(), abs=0.02)
    assert found["first & second"] > found["first"] > 0.05
    assert list(table["kind"]) == ["unique", "unique", "shared", "total"]
    # a model by its two layers and one of its parts: nothing but its own part is unique
    own = partition_table(material_of(brain[None], models), Roles((), (), (("a", "b"),)))
    assert estimates(own, "variance", "part")["b"] == pytest.approx(1 / 6, abs=0.05)


def test_a_suppressor_has_a_negative_shared_part():
    rng = np.random.default_rng(11)
    signal, hidden = standardised(geometries(rng, 2, 60, 40))
    models = {"m": (signal + hidden)[None], "suppressor": hidden[None]}
    table = partition_table(
        material_of(signal[None], models), Roles((), (), (("m", "suppressor"),))
    )
    found = estimates(table, "variance", "part")
    assert found["m & suppressor"] < -0.3
    assert found["suppressor"] > 0.3
    assert table["status"].eq("ok").all()


def test_noise_predictors_explain_nothing_once_adjusted():
    totals = []
    for seed in range(15):
        rng = np.random.default_rng(seed)
        rdms = geometries(rng, 5, 14, 3)
        models = {f"m{k}": rdm[None] for k, rdm in enumerate(rdms[1:])}
        table = partition_table(material_of(rdms[:1], models, seed=seed),
                                Roles((), (), (tuple(models),)))  # fmt: skip
        gram = MEASURES["pearson"].compare(rdms, rdms)
        plain = explained(gram[:1, 1:], gram[1:, 1:])[0, -1]
        totals.append((estimates(table, "variance", "part")["all"], plain))
    adjusted, plain = np.mean(totals, axis=0)
    assert plain > 0.03
    assert abs(adjusted) < plain / 3


def test_collinear_predictors_are_refused_in_words():
    rng = np.random.default_rng(12)
    x, y, z = geometries(rng, 3)
    models = {"a": x[None], "b": 2 * x[None] + 1, "c": z[None]}
    table = partition_table(material_of(y[None], models), Roles((), (), (("a", "b", "c"),)))
    assert table["reason"].str.startswith("a and b are collinear (similarity 1.0000)").all()
    assert "variance" not in table or table["variance"].isna().all()
    models = {"a": x[None], "b": z[None], "c": (standardised(x) + standardised(z))[None]}
    table = partition_table(material_of(y[None], models), Roles((), (), (("a", "b", "c"),)))
    assert table["reason"].str.startswith("one predictor is a combination").all()


# ---------------------------------------------------------------- weighted models

RSATOOLBOX = {"pearson": "corr", "cosine": "cosine", "whitened_correlation": "corr_cov",
              "whitened_cosine": "cosine_cov"}  # fmt: skip


@pytest.mark.parametrize("name", RSATOOLBOX)
def test_weights_equal_rsatoolbox(name):
    from rsatoolbox.model import ModelWeighted
    from rsatoolbox.model.fitter import fit_optimize_positive, fit_regress_nn
    from rsatoolbox.rdm import RDMs

    rng = np.random.default_rng(13)
    # With larger numbers their loop, which ends below a fixed rounding error, may never end.
    predictors = 1e-3 * geometries(rng, 4, 12)
    brain = np.array([1.0, 0.5, 0, 0]) @ predictors - 0.3 * predictors[3]
    brain = (brain + 1e-3 * geometries(rng, 1, 12)[0])[None]
    form = MEASURES[name].form
    assert isinstance(form, LinearForm)
    normal = predictors_of(predictors, form).toward(brain, form)
    ours = solve(normal.among, normal.toward)
    model = ModelWeighted("w", RDMs(predictors))
    theirs = fit_regress_nn(model, RDMs(brain), method=RSATOOLBOX[name])
    np.testing.assert_allclose(ours / np.linalg.norm(ours), theirs, atol=1e-6)
    assert (ours >= 0).all()
    assert (ours == 0).any()  # on the boundary
    np.random.seed(0)
    slow = fit_optimize_positive(model, RDMs(brain), method=RSATOOLBOX[name])
    scores = [MEASURES[name].compare(brain, (w @ predictors)[None]).item() for w in (ours, slow)]
    assert scores[0] >= scores[1] - 1e-6
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 6))
def test_weights_from_inner_products_are_those_of_least_squares(seed, n):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((n, 30)), rng.standard_normal(30)
    np.testing.assert_allclose(solve(x @ x.T, x @ y), nnls(x.T, y)[0], atol=1e-8)


def test_nothing_positive_gives_no_weight_and_equal_predictors_any_that_fit():
    x = np.random.default_rng(14).standard_normal((2, 20))
    assert (solve(x @ x.T, -np.abs(x @ x[0])) == 0).all()
    assert (solve(np.zeros((2, 2)), np.zeros(2)) == 0).all()
    twice = x[[0, 0]]
    weights = solve(twice @ twice.T, twice @ (3 * x[0]))
    assert weights.sum() == pytest.approx(3)
    assert (weights >= 0).all()


def test_planted_weights_come_out_and_gain_over_the_best_layer():
    rng = np.random.default_rng(15)
    brains, parts = planted(rng, [0.8, 0.0, 0.6], n_subjects=2, noise=0.3)
    material = material_of(brains, {"net": parts})
    roles = Roles(("net",), (), ())
    table = weighted_rows(material, roles, "pearson", "euclidean", np.random.default_rng(0))
    row = table.set_index("kind").loc["layers"]
    assert row["layer"] == "l0"
    assert row["gain"] == pytest.approx(row["score"] - row["single"])
    assert row["interval_low"] > 0.05
    assert row["p"] < 0.001
    shares = dict(text.split() for text in row["weights"].split("; "))
    assert float(shares["l0"]) == pytest.approx(0.8 / 1.4, abs=0.08)
    assert float(shares["l2"]) == pytest.approx(0.6 / 1.4, abs=0.08)
    # the noise is the only thing a perfect mixture cannot predict
    assert row["score"] == pytest.approx(1 / np.sqrt(1 + 0.3**2), abs=0.03)
    other = table.set_index("kind").loc["features", "reason"]
    assert other == "components need a squared Euclidean distance"


def test_where_no_model_can_be_combined_every_row_says_why():
    brains, (own,) = planted(np.random.default_rng(16), [1.0], n_subjects=2)
    table = weighted_rows(
        material_of(brains, {"one": own[None]}), Roles(("one",), (), ()), "pearson", "euclidean",
        np.random.default_rng(0),
    )  # fmt: skip
    assert table["reason"].tolist() == ["components need a squared Euclidean distance"]
    assert table["status"].tolist() == ["undefined"]


def test_weights_of_noise_layers_gain_nothing():
    gains = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        brains, (own,) = planted(rng, [1.0], n_stimuli=24)
        layers = np.vstack([own[None], geometries(rng, 12, 24)])
        table = weighted_rows(
            material_of(brains, {"net": layers}, seed=seed), Roles(("net",), (), ()), "rho_a",
            "euclidean", np.random.default_rng(0),
        ).set_index("kind")  # fmt: skip
        gains.append(table.loc["layers", "gain"])
        assert table.loc["layers", "fitted_by"] == "pearson"
    assert -0.1 < np.mean(gains) < 0.01


def test_components_add_up_to_the_rdm():
    rng = np.random.default_rng(16)
    features = rng.standard_normal((15, 30)) * np.geomspace(3, 0.1, 30)
    found = components_of(squared(features), 15, 5).rdms
    assert found.shape == (6, 105)
    np.testing.assert_allclose(found.sum(axis=0), squared(features), atol=1e-10)
    centred = features - features.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(found[0], squared(u[:, :1] * s[0]) / 30, atol=1e-10)
    low_rank = components_of(squared(features[:, :3]), 15, 5).rdms
    assert len(low_rank) == 3
    assert isinstance(components_of(squared(features) ** 2, 15, 5), str)


def test_as_many_equal_components_as_stimuli_fit_into_memory():
    """Where all stimuli are as far from each other."""
    n = 300
    tracemalloc.start()
    found = components_of(np.full(n * (n - 1) // 2, 2.0), n, 5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_allclose(found.rdms, 2.0)
    assert peak < 30 * 8 * n**2


def test_components_of_one_variance_are_one_whatever_the_last_bit():
    kinds = np.repeat(np.eye(4), 5, axis=0)  # three components of the same variance
    features = np.hstack([kinds, 0.2 * np.repeat(np.eye(2), 10, axis=0)])
    rdm = squared(features)
    shaken = rdm + 1e-13 * np.random.default_rng(0).standard_normal(rdm.shape)
    parts = components_of(rdm, 20, 5).rdms
    np.testing.assert_allclose(components_of(shaken, 20, 5).rdms, parts, atol=1e-6)
    np.testing.assert_allclose(parts.sum(axis=0), rdm, atol=1e-10)
    assert len(components_of(squared(kinds), 20, 5).rdms) == 1
    assert "no components" in components_of(np.zeros(190), 20, 5)


def test_a_large_ridge_leaves_the_representation_as_it_is():
    rng = np.random.default_rng(17)
    features = rng.standard_normal((20, 6))
    brain = squared(features * np.array([3, 1, 1, 0, 0, 0.5]))[None]
    parts = components_of(squared(features), 20, 10).rdms
    form = MEASURES["pearson"].form
    normal = predictors_of(parts, form).toward(brain, form)
    loose, tight = reweighted(normal, [1e-6, 1e9])
    np.testing.assert_allclose(tight / tight.mean(), 1, rtol=1e-5)
    free = solve(normal.among, normal.toward)
    np.testing.assert_allclose(loose, free, atol=1e-3 * free.max())


def test_features_the_brain_weighs_otherwise_are_found():
    rng = np.random.default_rng(18)
    raw = rng.standard_normal((40, 6))
    axes = np.linalg.qr(raw - raw.mean(axis=0))[0]  # the components are the features themselves
    features = np.sqrt(40) * axes * np.array([3, 2.5, 2, 1.5, 1, 0.5])
    brain = squared(features * np.array([0, 0, 1, 0, 3, 0]))
    noise = 0.3 * standardised(geometries(rng, 1, 40, 40))
    brains = standardised(brain)[None] + noise
    table = weighted_rows(
        material_of(brains, {"net": squared(features)[None]}), Roles(("net",), (), ()),
        "pearson", "squared_euclidean", np.random.default_rng(0),
    ).set_index("kind")  # fmt: skip
    assert list(table.index) == ["features"]
    assert table.loc["features", "interval_low"] > 0.1
    assert table.loc["features", "score"] > 0.85
    assert table.loc["features", "ridge"] < 1
    same = weighted_rows(
        material_of(standardised(squared(features))[None] + noise,
                    {"net": squared(features)[None]}),
        Roles(("net",), (), ()), "pearson", "squared_euclidean", np.random.default_rng(0),
    ).set_index("kind")  # fmt: skip
    assert abs(same.loc["features", "gain"]) < 0.02


# ---------------------------------------------------------------- everything against everything


def test_regions_and_layers_stand_in_one_symmetric_matrix():
    rng = np.random.default_rng(19)
    brains, (own, other) = planted(rng, [1.0, 0.5], n_subjects=3)
    data = representations(
        material_of(brains, {"a": own[None], "b": other[None]}), ["pearson", "rho_a"]
    )
    assert data["representation"].values.tolist() == ["IT", "a | l0", "b | l0"]
    assert data["depth"].values.tolist() == [-1, 0, 0]
    matrix = data["similarity"].sel(measure="pearson").values
    np.testing.assert_allclose(matrix, matrix.T)
    np.testing.assert_allclose(np.diag(matrix), 1)
    pooled = MEASURES["pearson"].pool(brains)
    assert matrix[0, 1] == pytest.approx(pearsonr(pooled, own)[0])


def test_best_matches_are_chosen_where_told_and_scored_elsewhere():
    similarity = np.array([[0.1, 0.9, 0.2], [0.8, 0.3, 0.4]])
    to_b, to_a = best_matches(similarity, similarity)
    assert to_b == pytest.approx((0.9 + 0.8) / 2)
    assert to_a == pytest.approx((0.8 + 0.9 + 0.4) / 3)
    assert best_matches(similarity, -similarity)[0] == pytest.approx((0.1 + 0.3) / 2)


def test_a_model_inside_another_matches_one_way_only():
    rng = np.random.default_rng(20)
    large = geometries(rng, 4)
    table = model_rows(material_of(geometries(rng, 1), {"large": large, "small": large[:1]}),
                       ("large", "small"), "pearson")  # fmt: skip
    (row,) = table.to_dict("records")
    assert row["b_to_a"] == pytest.approx(1)
    assert row["a_to_b"] < 0.5
    assert row["interval_low"] < row["similarity"] < row["interval_high"]
    assert model_rows(material_of(large[:1], {"one": large}), ("one",), "pearson").empty


# ---------------------------------------------------------------- roles


def test_roles_follow_from_what_the_models_are():
    study = load_study(CONFIG / "demo.yaml")
    roles = roles_of(study, "kriegeskorte92")
    assert roles.controls == ("gabor", "pixels", "categories92")
    assert roles.models[:2] == ("efficientnet-lite0", "efficientnet-lite0-untrained-seed0")
    assert roles.partitions == (("efficientnet-lite0", "gabor", "pixels", "categories92"),)
    assert all("seed1" not in name for name in roles.models)
    blind = roles_of(study, "haxby2001")
    assert "categories92" not in blind.models


def test_unknown_names_are_told_with_what_is_known(tmp_path):
    shutil.copytree(CONFIG, tmp_path / "config")
    file = tmp_path / "config" / "demo.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["inference"]["explain"] = {
        "models": ["efficientnet-lite0"], "controls": ["pixel"], "partition": ["gabor"],
        "weighted": ["spearman"],
    }  # fmt: skip
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(StudyError) as error:
        load_study(file)
    assert len(error.value.mistakes) == 3
    text = str(error.value)
    assert 'inference.explain.controls.0: no model "pixel" in the study' in text
    assert 'did you mean "pixels"?' in text
    assert 'inference.explain.weighted.0: "spearman" is none of the study\'s measures' in text
    assert "inference.explain.partition: one model shares with no other" in text
