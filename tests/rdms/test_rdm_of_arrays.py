"""RDMs of arrays in hand: what `isomorph.rdm` takes, gives and refuses."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import calc_rdm

import isomorph as iso
from isomorph.rdms.collection import available

RNG = np.random.default_rng(0)
FEATURES = RNG.standard_normal((12, 30))
REPEATED = FEATURES + RNG.standard_normal((4, 12, 30))
NAMES = [f"s{k:02d}" for k in range(12)]


def vector(data, name="correlation"):
    return data[name].values.ravel()


def test_one_pattern_per_stimulus_is_the_plain_distance():
    data = iso.rdm(FEATURES, region="IT", subject="m1")
    expected = (1 - np.corrcoef(FEATURES))[np.triu_indices(12, 1)]
    np.testing.assert_allclose(vector(data), expected, atol=1e-9)
    assert data.sel(region="IT", subject="m1")["n_units"].item() == 30


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")  # rsatoolbox's own
def test_repetitions_give_crossed_distances_as_rsatoolbox_has_them_and_halves():
    data = iso.rdm(REPEATED, ["crossvalidated_euclidean", "correlation"])
    described = {
        "obs_descriptors": {"stimulus": np.tile(NAMES, 4), "run": np.repeat(np.arange(4), 12)}
    }
    theirs = calc_rdm(
        Dataset(REPEATED.reshape(-1, 30), **described),
        "crossnobis", descriptor="stimulus", cv_descriptor="run",
    )  # fmt: skip
    np.testing.assert_allclose(
        vector(data, "crossvalidated_euclidean"), theirs.get_vectors()[0], atol=1e-9
    )
    assert "correlation_half" in data
    assert iso.noise_ceiling(data, resamples=20).table["ceiling_upper"].notna().all()


def test_rows_that_name_a_stimulus_again_are_its_repetitions():
    rows = REPEATED.reshape(-1, 30)
    once = iso.rdm(REPEATED, "crossnobis", stimuli=NAMES)
    order = RNG.permutation(len(rows))
    again = iso.rdm(rows[order], "crossnobis", stimuli=np.tile(NAMES, 4)[order])
    place = [again["stimulus"].values.tolist().index(name) for name in NAMES]
    square = np.zeros((12, 12))
    square[np.triu_indices(12, 1)] = vector(again, "crossnobis")
    square += square.T
    expected = square[np.ix_(place, place)][np.triu_indices(12, 1)]
    # Which repetition is crossed with which depends on the order; the truth they estimate does not.
    assert np.corrcoef(expected, vector(once, "crossnobis"))[0, 1] > 0.9


def test_runs_are_crossed_where_they_are_told():
    runs = np.repeat([1, 1, 2, 2], 12)
    data = iso.rdm(REPEATED, "crossvalidated_euclidean", run=runs)
    assert data["fold"].item() == "run"
    assert data["n_folds"].item() == 2


def test_a_repetition_may_lack_stimuli():
    lacking = REPEATED.copy()
    lacking[0, :3] = np.nan
    data = iso.rdm(lacking, ["correlation", "crossvalidated_euclidean"])
    assert all(available(data, name).all() for name in ("correlation", "crossvalidated_euclidean"))


def test_named_dimensions_are_brought_into_order():
    named = xr.DataArray(FEATURES.T, dims=("unit", "stimulus"), coords={"stimulus": NAMES})
    np.testing.assert_array_equal(vector(iso.rdm(named)), vector(iso.rdm(FEATURES)))
    assert iso.rdm(named)["stimulus"].values.tolist() == NAMES
    assert iso.rdm(pd.DataFrame(FEATURES, index=NAMES))["stimulus"].values.tolist() == NAMES
    stacked = xr.DataArray(REPEATED, dims=("repetition", "stimulus", "unit"))
    moved = stacked.transpose("unit", "stimulus", "repetition")
    np.testing.assert_array_equal(
        vector(iso.rdm(moved, "crossnobis"), "crossnobis"),
        vector(iso.rdm(REPEATED, "crossnobis"), "crossnobis"),
    )


def test_regions_of_units_are_told_apart():
    regions = ["V1"] * 10 + ["IT"] * 20
    data = iso.rdm(FEATURES, region=regions)
    np.testing.assert_array_equal(
        data.sel(region="V1")["correlation"].values.ravel(), vector(iso.rdm(FEATURES[:, :10]))
    )


def test_a_recording_as_the_pipeline_has_it():
    session = xr.Dataset(
        {"response": (("presentation", "unit"), REPEATED.reshape(-1, 30))},
        coords={
            "stimulus": ("presentation", np.tile(NAMES, 4)),
            "repetition": ("presentation", np.repeat(np.arange(4), 12)),
            "unit": np.arange(30).astype(str),
            "region": ("unit", np.repeat("IT", 30)),
        },
        attrs={"session": "a", "subject": "m2"},
    )
    data = iso.rdm(session, "crossnobis")
    plain = iso.rdm(REPEATED, "crossnobis", stimuli=NAMES)
    np.testing.assert_allclose(vector(data, "crossnobis"), vector(plain, "crossnobis"))
    assert data["subject"].item() == "m2"
    both = iso.rdm({"a": session, "b": session.assign(response=-session["response"])}, "crossnobis")
    assert both["n_units"].item() == 60


def test_layers_are_features_without_noise():
    data = iso.rdm(
        {"early": FEATURES, "late": np.swapaxes(REPEATED, 0, 1)}, "crossnobis", model="net"
    )
    assert data["layer"].values.tolist() == ["early", "late"]
    assert next(iter(data.data_vars)) == "squared_euclidean"
    assert data["n_units"].values.tolist() == [30, 4 * 30]


def test_activations_are_taken_as_they_are():
    images = RNG.random((6, 16, 16, 3))
    found = iso.rdm(iso.activations("baseline/pixels", images, stimuli=NAMES[:6]))
    assert found["layer"].values.tolist() == ["pixels"]
    assert found["stimulus"].values.tolist() == NAMES[:6]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (lambda: iso.rdm(FEATURES[0]), r"x: is of shape \(30,\), expected \(stimulus, unit\)"),
        (lambda: iso.rdm(FEATURES[:3]), "3 stimuli are too few for a geometry, at least 4"),
        (lambda: iso.rdm(FEATURES, "corelation"), 'unknown distance "corelation": did you mean'),
        (lambda: iso.rdm(FEATURES, "crossnobis"), "no stimulus was shown twice"),
        (lambda: iso.rdm(FEATURES, transform="zscore"), 'unknown transform "zscore": did you mean'),
        (lambda: iso.rdm(FEATURES, per="sesion"), 'per: unknown "sesion", did you mean "session"'),
        (lambda: iso.rdm(FEATURES, stimuli=NAMES[:5]), "5 stimuli are named, and it has 12 rows"),
        (lambda: iso.rdm(FEATURES, region=["IT"] * 3), "region names 3 units, and there are 30"),
        (lambda: iso.rdm(FEATURES, run=[1, 2]), "run names 2 runs for 12 rows"),
        (lambda: iso.rdm(1 - np.corrcoef(FEATURES)), "is symmetric with 0 on its diagonal"),
        (lambda: iso.rdm("responses.nc"), "x: is str, expected responses as an array of numbers"),
        (lambda: iso.rdm({"a": FEATURES, "b": FEATURES[:5]}), r'"b" has 5 stimuli and .*"a" 12'),
        (lambda: iso.rdm({}), "has no layers, expected at least one"),
        (lambda: iso.rdm({"a": np.full((5, 3), np.inf)}), r'layer "a": \[0, 0\] is inf'),
        (
            lambda: iso.rdm(xr.DataArray(FEATURES, dims=("image", "neuron"))),
            r"its dimensions are \(image, neuron\), expected \(stimulus, unit\)",
        ),
        (lambda: iso.rdm(xr.Dataset({"rdm": ("pair", [1.0])})), "holds rdm, expected responses"),
        (lambda: iso.rdm(np.ones((6, 4))), "all distances are equal|same value in every feature"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(asked, message):
    with pytest.raises(iso.IsomorphError, match=message) as told:
        asked()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("place", "of"), [((3, 4), FEATURES), ((2, 3, 4), REPEATED)])
def test_a_value_that_is_missing_is_named(place, of):
    broken = of.copy()
    broken[place] = np.nan
    with pytest.raises(iso.IsomorphError, match=rf"x: \[{', '.join(map(str, place))}\] is nan"):
        iso.rdm(broken)
