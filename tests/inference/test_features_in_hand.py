"""Responses and features in hand are compared in place of RDMs, in whatever form they come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import isomorph as iso
from isomorph.errors import IsomorphError
from isomorph.measures import MEASURES, Stack
from isomorph.measures.jackknifed import Jackknifed
from isomorph.models import activations

QUICK = {"resamples": 30, "permutations": 30, "features": True}
CORRECTED = "cka_feature_corrected"
N = 14
NAMES = [f"s{k:02d}" for k in range(N)]
RNG = np.random.default_rng(2)
LATENT = RNG.standard_normal((2, N, 3))
SHALLOW, DEEP = LATENT @ RNG.standard_normal((2, 3, 40))
SUBJECTS = [DEEP[:, : 30 - k] + RNG.standard_normal((4, N, 30 - k)) / 2 for k in range(3)]
MODELS = {"net": {"shallow": SHALLOW, "deep": DEEP.reshape(N, 2, 20)}}
ORDER = RNG.permutation(N)


def estimates(brain, models=MODELS, measure=CORRECTED, **more):
    found = iso.compare(brain, models, measure, **{**QUICK, **more})
    return found.table["estimate"].to_numpy()


def by_hand(subjects):
    each = [
        [
            MEASURES[CORRECTED].pair(
                *(Stack(np.zeros((1, N * (N - 1) // 2)), facts={"features": [one]})
                  for one in (x.mean(axis=0), y))
            )
            for y in (SHALLOW, DEEP)
        ]
        for x in subjects
    ]  # fmt: skip
    return np.mean(each, axis=0)


def named(x, order=ORDER):
    """Repetitions as an array that says its stimuli, in an order of its own."""
    own = {"stimulus": [NAMES[at] for at in order]}
    return xr.DataArray(x[:, order], dims=("repetition", "stimulus", "unit"), coords=own)


def test_estimates_are_those_of_means_over_repetitions():
    expected = by_hand(SUBJECTS)
    np.testing.assert_allclose(estimates(SUBJECTS), expected)
    np.testing.assert_allclose(estimates([x.mean(axis=0) for x in SUBJECTS]), expected)
    np.testing.assert_allclose(estimates({"IT": SUBJECTS}), expected)
    np.testing.assert_allclose(estimates(SUBJECTS[0]), by_hand(SUBJECTS[:1]))
    found = iso.compare({"IT": SUBJECTS, "V1": SUBJECTS[:2]}, MODELS, CORRECTED, **QUICK)
    rows = found.table.set_index(["region", "layer"])
    assert rows.loc[("V1", "deep"), "n_subjects"] == 2
    np.testing.assert_allclose(rows.loc["V1", "estimate"], by_hand(SUBJECTS[:2]))


@pytest.mark.parametrize("brain_named", ["all", "first", "last", "none"])
@pytest.mark.parametrize("models_named", [False, True])
@pytest.mark.parametrize("table", [False, True])
def test_stimuli_are_lined_up_by_name_as_those_of_rdms(brain_named, models_named, table):
    other = RNG.permutation(N)
    which = {"all": (0, 1, 2), "first": (0,), "last": (2,), "none": ()}[brain_named]
    brain = [named(x, ORDER if k else other) if k in which else x for k, x in enumerate(SUBJECTS)]
    models = MODELS
    if models_named:
        models = {"net": {name: pd.DataFrame(x.reshape(N, -1)[other], [NAMES[at] for at in other])
                          for name, x in MODELS["net"].items()}}  # fmt: skip
    stimuli = [NAMES[at] for at in RNG.permutation(N)] if table else None
    try:
        rdms = [iso.rdm(x, "squared_euclidean", subject=str(k)) for k, x in enumerate(brain)]
        layers = {name: iso.rdm(own, "squared_euclidean") for name, own in models.items()}
        plain = iso.compare(rdms, layers, "cka", stimuli=stimuli, resamples=30, permutations=30)
        expected = plain.table["estimate"].to_numpy()
    except IsomorphError:
        with pytest.raises(IsomorphError):
            estimates(brain, models, "cka", stimuli=stimuli)
        return
    # both from the same order of stimuli, be it right or not
    found = iso.compare(brain, models, ["cka", CORRECTED], stimuli=stimuli, **QUICK).table
    np.testing.assert_allclose(found.loc[found["measure"] == "cka", "estimate"], expected)
    ours = found.loc[found["measure"] == CORRECTED, "estimate"].to_numpy()
    right = np.allclose(ours, by_hand(SUBJECTS))
    assert right == np.allclose(expected, estimates(SUBJECTS, MODELS, "cka"))


def test_recordings_with_sessions_regions_and_time_bins():
    sessions = {}
    for name, x in (("a", SUBJECTS[0]), ("b", SUBJECTS[1])):
        shown = np.tile(np.array(NAMES, dtype=object), 4)
        rows = x.reshape(-1, x.shape[2])
        sessions[name] = xr.Dataset(
            {"response": (("presentation", "unit", "time"), np.stack([rows, 3 * rows], axis=2))},
            coords={
                "stimulus": ("presentation", shown),
                "repetition": ("presentation", np.repeat(np.arange(4), N)),
                "unit": ("unit", np.arange(x.shape[2]).astype(str).astype(object)),
                "region": ("unit", np.resize(np.array(["IT", "V1"], object), x.shape[2])),
                "time_start": ("time", [0.0, 0.1]), "time_stop": ("time", [0.1, 0.2]),
            },
            attrs={"subject": "m1"},
        )  # fmt: skip
    rows = iso.compare(sessions, MODELS, CORRECTED, **QUICK).table
    assert set(rows["region"]) == {"IT", "V1"}
    assert sorted(set(rows["time_start"])) == [0, 0.1]
    joint = np.concatenate([x.mean(axis=0)[:, ::2] for x in SUBJECTS[:2]], axis=1)
    own = rows[rows["region"] == "IT"]
    for _, one in own.groupby("time_start"):
        np.testing.assert_allclose(one["estimate"], by_hand([joint[None]]))
    assert (own["n_units"] == joint.shape[1]).all()


def test_measures_of_rdms_stand_beside_under_the_distance_they_take():
    def distances(measure, **more):
        return list(dict.fromkeys(iso.compare(SUBJECTS, MODELS, measure, **QUICK, **more)
                                  .table["distance"]))  # fmt: skip

    assert distances(["rho_a", CORRECTED]) == ["correlation", "features"]
    assert distances(["cka", CORRECTED]) == ["squared_euclidean", "features"]
    assert distances("rho_a", distance=["cosine", "euclidean"]) == ["cosine", "euclidean"]
    rdms = [iso.rdm(x, subject=str(k)) for k, x in enumerate(SUBJECTS, start=1)]
    layers = {name: iso.rdm(own) for name, own in MODELS.items()}
    plain = iso.compare(rdms, layers, "rho_a", resamples=30, permutations=30).table
    ours = iso.compare(SUBJECTS, MODELS, "rho_a", **QUICK).table
    pd.testing.assert_frame_equal(ours, plain)


def test_layers_chosen_and_ceilings_of_features():
    chosen = iso.select_layer(SUBJECTS, MODELS, CORRECTED, folds=3, **QUICK).table
    assert chosen["chosen_layer"].item() == "deep"
    found = iso.noise_ceiling(SUBJECTS, ["rho_a", CORRECTED], **QUICK).table
    assert found["distance"].tolist() == ["correlation", "features"]
    assert (found["ceiling_kind"] == "leave one subject out").all()
    compared = iso.compare(SUBJECTS, MODELS, CORRECTED, **QUICK).table
    assert compared["ceiling_lower"].iloc[0] == pytest.approx(found["ceiling_lower"].iloc[1])


@pytest.mark.parametrize(
    ("measure", "reason"),
    [
        ("pwcca", "subjects pooled have more dimensions than any one"),
        ("permutation", "subjects pooled have more units than any one"),
    ],
)
def test_a_ceiling_that_bounds_nothing_is_undefined(measure, reason):
    """Units side by side are many: too many dimensions, or without a partner to match."""
    row = iso.noise_ceiling(SUBJECTS, measure, **QUICK).table.iloc[0]
    assert row["ceiling_status"] == "undefined"
    assert row["ceiling_reason"].startswith(reason)
    assert np.isnan(row[["ceiling_lower", "ceiling_upper"]].astype(float)).all()


def test_activations_that_keep_their_features_and_those_that_do_not():
    images = RNG.random((N, 8, 8, 3))
    kept = activations("baseline/pixels", images, preprocessing={"size": 4}, features="all")
    pixels = {"pixels": {"pixels": kept["features"].values.T.astype(float)}}
    np.testing.assert_allclose(estimates(SUBJECTS, kept), estimates(SUBJECTS, pixels))
    np.testing.assert_allclose(estimates(SUBJECTS, {"own": kept}), estimates(SUBJECTS, pixels))
    bare = activations("baseline/pixels", images, preprocessing={"size": 4})
    assert np.isfinite(estimates(SUBJECTS, bare, "cka")).all()
    with pytest.raises(IsomorphError, match=r'no features of baseline.* were kept; give .*"all"'):
        estimates(SUBJECTS, bare)


class Counting(Jackknifed):
    """How many repetitions the first has."""

    def compare(self, first, second):
        every = [np.full(len(second), float(x.shape[1])) for x in first.fact("repetitions")]
        return np.array(every)


def test_repetitions_and_categories_are_handed_on(monkeypatch):
    trials = replace(
        MEASURES[CORRECTED], name="trials", form=Counting(), needs=("features", "repetitions"),
        independence="positive", range=(0.0, 9.0),
    )  # fmt: skip
    monkeypatch.setitem(MEASURES._members, "trials", trials)
    np.testing.assert_array_equal(estimates(SUBJECTS, measure="trials"), 4)
    with pytest.raises(IsomorphError, match=r"trials: no region has repetitions; give .*repetiti"):
        estimates([x[0] for x in SUBJECTS], measure="trials")
    labelled = replace(trials, name="labelled", needs=("rdm", "labels"))
    monkeypatch.setitem(MEASURES._members, "labelled", labelled)
    with pytest.raises(
        IsomorphError, match=r"labelled: .* no categories; give stimuli as a table "
    ):
        iso.compare(iso.rdm(SUBJECTS[0]), {"net": iso.rdm(MODELS["net"])}, "labelled")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: estimates(np.corrcoef(DEEP) * 0), "brain: is symmetric with 0 on its diagonal"),
        (lambda: estimates([SUBJECTS[0], SUBJECTS[1][:, :5]]), "expected the same"),
        (lambda: estimates(SUBJECTS, {"net": {"a": DEEP[:5]}}), "has 5 stimuli"),
        (lambda: estimates(SUBJECTS, DEEP), "models: is ndarray, expected a mapping of models"),
(lambda: estimates(SUBJECTS, {}), "models: there are none"),
        (lambda: estimates({"IT": {"V1": SUBJECTS[0]}}), 'brain "IT": holds V1, expected respon'),
        (lambda: estimates([SUBJECTS[0], DEEP[0]]), r"brain\[1\]: is of shape"),
        (lambda: estimates(SUBJECTS, distance="cosin"), 'unknown distance "cosin": did you mean'),
        (lambda: iso.compare(iso.rdm(DEEP), {"net": iso.rdm(MODELS["net"])}, CORRECTED),
         "needs features, which no RDM holds; isomorph.compare takes responses"),
        (lambda: estimates(iso.rdm(DEEP)), "brain: holds correlation"),
    ],
)  # fmt: skip
def test_what_is_no_response_is_refused_in_a_sentence(call, said):
    with pytest.raises(IsomorphError, match=said):
        call()
