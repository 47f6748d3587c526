"""Every setting of a dataset's responses reaches its RDMs, from the library and the stage."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from rsatoolbox.data import Dataset
from rsatoolbox.data.noise import cov_from_residuals
from rsatoolbox.rdm import calc_rdm

import isomorph as iso
from isomorph.artefacts import provenance, read_array, write_responses, write_table
from isomorph.layout import Layout
from isomorph.rdms import indexed
from isomorph.stages.rdms import run_brain
from isomorph.study import load_study

N, UNITS = 12, 8
NAMES = [f"s{k:02d}" for k in range(N)]
DISTANCES = ["correlation", "mahalanobis", "crossnobis", "lda_accuracy", "poisson_kl",
             "crossvalidated_poisson_kl"]  # fmt: skip


def session(seed=0, regions=("IT",)):
    """Counts of correlated units in four runs, each of which shows every stimulus twice."""
    rng = np.random.default_rng(seed)
    mixed = rng.standard_normal((UNITS, UNITS)) + np.diag(np.arange(UNITS))
    rates = 12 + 2 * np.tile(rng.standard_normal((N, UNITS)), (8, 1))
    drift = np.repeat(rng.standard_normal((4, 1, UNITS, UNITS)), 2 * N, axis=1).reshape(
        -1, UNITS, UNITS
    )
    noise = np.einsum("pu,puv->pv", rng.standard_normal((8 * N, UNITS)), mixed + drift)
    return xr.Dataset(
        {"response": (("presentation", "unit"), np.abs(rates + 0.7 * noise).round(2))},
        coords={
            "stimulus": ("presentation", np.array(NAMES * 8, dtype=object)),
            "repetition": ("presentation", np.repeat(np.arange(8), N)),
            "run": ("presentation", np.repeat(list("abcd"), 2 * N).astype(object)),
            "unit": ("unit", np.arange(UNITS).astype(str).astype(object)),
            "region": ("unit", np.resize(np.array(regions, dtype=object), UNITS)),
        },
        attrs={"session": "1", "subject": "m"},
    )


def moved(**settings):
    """Return which RDMs, and RDMs of halves, settings change."""
    before, after = iso.rdm(session(), DISTANCES), iso.rdm(session(), DISTANCES, **settings)
    return {
        str(name)
        for name, one in before.data_vars.items()
        if one.dtype.kind == "f" and "pair" in one.dims
        and not np.allclose(one, after[name], rtol=1e-6, atol=1e-9, equal_nan=True)
    }  # fmt: skip


WEIGHED = {"mahalanobis", "crossnobis", "lda_accuracy"}
RATES = {"poisson_kl", "crossvalidated_poisson_kl"}


@pytest.mark.parametrize(
    ("settings", "distances", "halves"),
    [
        ({"shrinkage": "identity"}, WEIGHED, WEIGHED - {"lda_accuracy"}),
        ({"shrinkage": "none"}, WEIGHED, WEIGHED - {"lda_accuracy"}),
        ({"per": "session"}, {"crossnobis"}, set()),
        ({"per": "run"}, {"crossnobis"}, set()),
        ({"prior_rate": 30}, RATES, RATES),
        ({"prior_weight": 2}, RATES, RATES),
        ({"transform": "square_root"}, set(DISTANCES) - {"lda_accuracy"}, {"correlation"}),
        ({"transform": "z_score"}, {"correlation"}, {"correlation"}),
    ],
)
def test_a_setting_moves_the_distances_it_is_about(settings, distances, halves):
    found = {"transform": "none", **settings}
    if found["transform"] == "z_score":  # Poisson rates are none below 0
        plain, other = (iso.rdm(session(), "correlation", transform=one)
                        for one in ("none", "z_score"))  # fmt: skip
        assert not np.allclose(plain["correlation"], other["correlation"])
        return
    changed = moved(**settings)
    assert {name for name in changed if not name.endswith("_half")} >= distances
    assert {f"{name}_half" for name in halves} <= changed
    about = WEIGHED if {"shrinkage", "per"} & set(settings) else RATES
    if "transform" not in settings:
        assert {name.removesuffix("_half") for name in changed} <= about


def test_the_noise_of_runs_is_that_of_others_of_the_session_or_their_own():
    """Three different numbers; that distances are lifted is said of the last two."""
    found = {per: iso.rdm(session(), "crossnobis", per=per) for per in ("others", "session", "run")}
    values = [one["crossnobis"].values for one in found.values()]
    assert not any(np.allclose(values[k], values[k - 1]) for k in range(3))
    assert "crossnobis_note" not in found["others"]
    for per, said in (("session", "the product's own"), ("run", "run")):
        assert (
            said in found[per]["crossnobis_note"].item()
            or "lifts" in found[per]["crossnobis_note"].item()
        )


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")  # rsatoolbox's own
def test_noise_by_run_is_that_of_rsatoolbox():
    """A covariance of each run, two runs weighed by the mean of theirs.

    What a run adds to all its responses is not noise, and takes a degree of freedom.
    """
    rng = np.random.default_rng(3)
    values = rng.standard_normal((5, 6, 4)) @ rng.standard_normal((4, 4))
    noise = [
        np.linalg.inv(cov_from_residuals(one - one.mean(axis=0), dof=5 * 4 / 5,
                                         method="shrinkage_diag"))
        for one in values - values.mean(axis=0)
    ]  # fmt: skip
    theirs = Dataset(
        values.reshape(-1, 4),
        obs_descriptors={"stimulus": np.tile(NAMES[:6], 5), "run": np.repeat(np.arange(5), 6)},
    )
    expected = calc_rdm(
        theirs, "crossnobis", descriptor="stimulus", cv_descriptor="run", noise=noise
    )
    found = iso.rdm(values, "crossnobis", run=np.repeat(list("abcde"), 6), per="run")
    np.testing.assert_allclose(
        found["crossnobis"][0], expected.get_vectors()[0], rtol=0, atol=1e-10
    )


# ---------------------------------------------------------------- the stage


def made(root, subjects=("m",), distances=("crossnobis", "poisson_kl"), data=None, **settings):
    """Return the RDMs that the stage makes of a dataset with such settings."""
    dataset = {
        "name": "toy", "title": "Toy", "citation": "none", "licence": "CC0", "species": "none",
        "subjects": list(subjects), "archive": {"kind": "local", "path": "."},
        "stimuli": {"kind": "folder", "files": "*.png"},
        "responses": {"kind": "arrays", "responses": "{subject}.npy", "presentations": "p.csv",
                      "units": "u.csv"},
        **settings,
    }  # fmt: skip
    model = {"name": "pixels", "title": "Pixels", "source": "baseline/pixels"}
    whole = {"name": "toy", "title": "Toy", "datasets": ["toy"], "models": ["pixels"],
             "distances": list(distances)}  # fmt: skip
    for name, content in {"datasets/toy": dataset, "models/pixels": model, "study": whole}.items():
        file = root / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(content))
    layout = Layout(load_study(root / "study.yaml"), root)
    table = pd.DataFrame({"stimulus": NAMES, "file": "", "sha256": "",
                          "category": np.repeat(list("abcdef"), 2)})  # fmt: skip
    write_table(layout.stimuli("toy"), table, "stimuli", provenance("stimuli"))
    for subject in subjects:
        about = {"dataset": "toy", "subject": subject, "simulated": "false"}
        recorded = {"1": session() if data is None else data}
        write_responses(layout.responses("toy", subject), recorded, about, provenance("responses"))
    run_brain(layout, "toy")
    return indexed(read_array(layout.brain_rdms("toy"), "rdms"))


@pytest.mark.parametrize(
    "settings",
    [
        {}, {"noise": {"per": "run"}}, {"noise": {"per": "session", "shrinkage": "identity"}},
        {"noise": {"prior_rate": 30.0, "prior_weight": 2.0}}, {"transform": "square_root"},
    ],
)  # fmt: skip
def test_the_stage_heeds_the_settings_of_the_dataset(tmp_path, settings):
    found = made(tmp_path, **settings)
    asked = {"transform": settings.get("transform", "none"), **settings.get("noise", {})}
    expected = iso.rdm(session(), ["crossnobis", "poisson_kl"], **asked)
    for name in ("crossnobis", "poisson_kl"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-5, atol=1e-6)


def test_values_of_a_column_are_compared_in_place_of_stimuli(tmp_path):
    found = made(tmp_path, ("m",), ["correlation"], level="category")
    assert found["stimulus"].values.tolist() == list("abcdef")
    values = session()["response"].values.reshape(8, 6, 2, UNITS).mean(axis=(0, 2))
    np.testing.assert_allclose(
        found["correlation"][0], (1 - np.corrcoef(values))[np.triu_indices(6, 1)], atol=1e-5
    )


def test_units_are_chosen_and_drawn_as_the_dataset_says(tmp_path):
    """Equally many, so often, by this seed, for every subject in turn."""
    every = {
        name: made(tmp_path, ("m", "n"), ["euclidean"],
                   units={"equalise": 3, "draws": 4, "seed": 0, **settings})
        for name, settings in {
            "usual": {}, "more": {"equalise": 5}, "often": {"draws": 6}, "other": {"seed": 1},
        }.items()
    }  # fmt: skip
    usual = every["usual"]
    assert set(usual["n_units"].values) == {3}
    assert usual.sizes["draw"] == 4
    assert set(every["more"]["n_units"].values) == {5}
    assert every["often"].sizes["draw"] == 6
    assert not np.allclose(usual["euclidean"], every["other"]["euclidean"])
    assert not np.allclose(usual["euclidean"][0], usual["euclidean"][1])  # the same responses


def test_units_are_chosen_by_reliability_on_the_share_that_the_dataset_says(tmp_path):
    kept = {
        name: made(tmp_path, ("m", "n"), ["euclidean"], session().drop_vars("run"),
                   units={"minimum_reliability": least, **more})
        for name, (least, more) in {
            "few": (0.75, {}), "all": (0.0, {}), "share": (0.0, {"training": 0.25}),
            "other": (0.0, {"seed": 7}), "again": (0.0, {}),
        }.items()
    }  # fmt: skip
    assert 0 < kept["few"]["n_units"].sum() < kept["all"]["n_units"].sum() == 2 * UNITS
    values = {name: one["euclidean"].values for name, one in kept.items()}
    np.testing.assert_array_equal(values["all"], values["again"])
    for name in ("share", "other"):
        assert not np.allclose(values["all"], values[name])
    assert not np.allclose(values["all"][0], values["all"][1])  # others compare
