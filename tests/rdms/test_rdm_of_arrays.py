"""RDMs of arrays in hand: what `isomorph.rdm` takes, gives and refuses."""

import numpy as np
import pandas as pd
import pytest
import torch
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


def test_whatever_holds_the_same_numbers_gives_the_same_rdm():
    whole = np.round(FEATURES * 50)
    expected = vector(iso.rdm(whole))
    masked = np.ma.masked_array(whole, np.zeros_like(whole, dtype=bool))
    tensor = torch.tensor(whole, requires_grad=True)
    table = pd.DataFrame(whole)
    for given in (
        whole.astype(int), whole.astype(np.int16), whole.tolist(), list(whole), table, masked,
        table.astype(int).astype("Int64"), tensor, tensor.to(torch.bfloat16).float(),
    ):  # fmt: skip
        np.testing.assert_allclose(vector(iso.rdm(given)), expected, atol=1e-9)
        np.testing.assert_allclose(vector(iso.rdm({"a": given})), expected, atol=1e-9)
    assert iso.rdm(FEATURES, subject=0)["subject"].item() == "0"


def test_an_array_that_names_its_rows_keeps_their_names():
    """Whatever order is asked for, a pair is of the two stimuli whose names it bears."""
    table = pd.DataFrame(FEATURES, NAMES)
    order = NAMES[::-1]
    turned = vector(iso.rdm(FEATURES[::-1]))
    named = xr.DataArray(FEATURES, dims=("stimulus", "unit"), coords={"stimulus": NAMES})
    for given in (table, named, {"a": table}, {"a": FEATURES, "b": table}, {"a": named}):
        found = iso.rdm(given, stimuli=order)
        assert found["stimulus"].values.tolist() == order
        if not isinstance(given, dict) or len(given) == 1:
            np.testing.assert_allclose(vector(found), turned, atol=1e-9)
    layers = iso.rdm({"a": table, "b": table.iloc[::-1], "c": named[::-1]})
    for layer in ("b", "c"):
        np.testing.assert_allclose(
            layers["correlation"].sel(layer=layer), layers["correlation"].sel(layer="a"), atol=1e-9
        )
    counted = pd.DataFrame(FEATURES).iloc[::-1]
    assert iso.rdm(counted)["stimulus"].values.tolist() == [str(k) for k in range(11, -1, -1)]
    some = iso.rdm(table, stimuli=NAMES[2:8])
    np.testing.assert_allclose(vector(some), vector(iso.rdm(FEATURES[2:8])), atol=1e-9)


def test_coordinates_of_a_named_array_are_heeded():
    rows = xr.DataArray(
        REPEATED.reshape(-1, 30), dims=("presentation", "unit"),
        coords={
            "stimulus": ("presentation", NAMES * 4),
            "region": ("unit", ["V1"] * 10 + ["IT"] * 20),
            "run": ("presentation", np.repeat([1, 1, 2, 2], 12)),
        },
    )  # fmt: skip
    data = iso.rdm(rows, "crossvalidated_euclidean")
    assert data["region"].values.tolist() == ["IT", "V1"]
    assert set(data["fold"].values) == {"run"}
    plain = iso.rdm(rows.values, "crossvalidated_euclidean", stimuli=NAMES * 4,
                    run=np.repeat([1, 1, 2, 2], 12), region=["V1"] * 10 + ["IT"] * 20)  # fmt: skip
    np.testing.assert_array_equal(
        data["crossvalidated_euclidean"], plain["crossvalidated_euclidean"]
    )
    stacked = xr.DataArray(REPEATED, dims=("repetition", "stimulus", "unit"),
                           coords={"run": ("repetition", [1, 1, 2, 2])})  # fmt: skip
    found = iso.rdm(stacked, "crossvalidated_euclidean")
    assert (found["fold"].item(), found["n_folds"].item()) == ("run", 2)
    images = RNG.standard_normal((12, 3, 4, 5))
    maps = xr.DataArray(images, dims=("stimulus", "channel", "y", "x")).transpose("x", ...)
    np.testing.assert_allclose(
        vector(iso.rdm({"a": maps})), vector(iso.rdm({"a": images})), atol=1e-9
    )


def test_a_stimulus_without_a_name_is_not_left_out_in_silence():
    """Of two subjects who lack different stimuli, the others would be lined up by place."""
    for lacking in (FEATURES.copy(), REPEATED.copy()):
        lacking[..., 3, :] = np.nan
        with pytest.raises(iso.IsomorphError, match="stimulus 04 was never shown"):
            iso.rdm(lacking)
        named = iso.rdm(lacking, stimuli=NAMES)
        assert named["stimulus"].values.tolist() == NAMES[:3] + NAMES[4:]


def test_activations_come_in_the_order_asked_for():
    images = RNG.random((6, 8, 8, 3))
    found = iso.activations("baseline/pixels", images, stimuli=NAMES[:6])
    turned = iso.rdm(found, stimuli=NAMES[5::-1])
    again = iso.activations("baseline/pixels", images[::-1], stimuli=NAMES[5::-1])
    assert turned["stimulus"].values.tolist() == NAMES[5::-1]
    np.testing.assert_allclose(vector(turned), vector(iso.rdm(again)), atol=1e-9)


def test_regions_of_units_are_told_apart():
    regions = ["V1"] * 10 + ["IT"] * 20
    data = iso.rdm(FEATURES, region=regions)
    np.testing.assert_array_equal(
        data.sel(region="V1")["correlation"].values.ravel(), vector(iso.rdm(FEATURES[:, :10]))
    )


def session():
    return xr.Dataset(
        {"response": (("presentation", "unit"), REPEATED.reshape(-1, 30))},
        coords={
            "stimulus": ("presentation", np.tile(NAMES, 4)),
            "repetition": ("presentation", np.repeat(np.arange(4), 12)),
            "unit": np.arange(30).astype(str),
            "region": ("unit", np.repeat("IT", 30)),
        },
        attrs={"session": "a", "subject": "m2"},
    )


def test_a_recording_as_the_pipeline_has_it():
    one = session()
    data = iso.rdm(one, "crossnobis")
    plain = iso.rdm(REPEATED, "crossnobis", stimuli=NAMES)
    np.testing.assert_allclose(vector(data, "crossnobis"), vector(plain, "crossnobis"))
    assert data["subject"].item() == "m2"
    both = iso.rdm({"a": one, "b": one.assign(response=-one["response"])}, "crossnobis")
    assert both["n_units"].item() == 60


def test_layers_are_features_without_noise():
    data = iso.rdm(
        {"early": FEATURES, "late": np.swapaxes(REPEATED, 0, 1)}, "crossnobis", model="net"
    )
    assert data["layer"].values.tolist() == ["early", "late"]
    assert next(iter(data.data_vars)) == "squared_euclidean"
    assert data["n_units"].values.tolist() == [30, 4 * 30]


def test_what_there_is_to_choose_from_is_seen_by_name():
    for some in (iso.MEASURES, iso.DISTANCES, iso.TRANSFORMS, iso.CORRECTIONS, iso.SOURCES):
        assert repr(some).endswith(": " + ", ".join(some))
    assert "rho_a" in repr(iso.MEASURES)


def test_images_without_names_are_named_afterwards():
    images = np.random.default_rng(3).random((6, 8, 8))
    counted = iso.activations("baseline/pixels", images)
    named = iso.rdm(iso.activations("baseline/pixels", images, stimuli=NAMES[:6]))
    xr.testing.assert_identical(iso.rdm(counted, stimuli=NAMES[:6]), named)
    with pytest.raises(iso.IsomorphError, match="over different stimuli, 6 and 5"):
        iso.rdm(counted, stimuli=NAMES[:5])


def test_a_keyword_that_is_not_known_is_met_with_the_nearest():
    with pytest.raises(iso.IsomorphError, match='subjct: unknown keyword, did you mean "subject"'):
        iso.rdm(np.eye(6), subjct="a")


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
        (lambda: iso.rdm(np.empty((0, 0))), r"x: is of shape \(0, 0\), expected"),
        (lambda: iso.rdm(FEATURES + 1j), "x: is ndarray of complex128, expected responses"),
        (lambda: iso.rdm(FEATURES.astype(object)), "x: is ndarray of object, expected responses"),
        (lambda: iso.rdm([FEATURES, FEATURES[:5]]), "x: is list, expected responses"),
        (lambda: iso.rdm(FEATURES * 1e200), "too large to be squared"),
        (lambda: iso.rdm(FEATURES * 1e-200), "e-200, too small to be squared"),
        (lambda: iso.rdm(pd.DataFrame(FEATURES).assign(stimulus=NAMES)),
         'x: its column "stimulus" holds .*, expected responses'),
        (lambda: iso.rdm(pd.DataFrame(FEATURES, [None, *NAMES[1:]])), r"index: \[0\] is missing"),
        (lambda: iso.rdm(np.ma.masked_less(FEATURES, -2.5)), r"x: \[.*\] is nan"),
        (lambda: iso.rdm(np.stack([1 - np.corrcoef(one) for one in REPEATED])), "RDM already"),
        (lambda: iso.rdm({"a": 1 - np.corrcoef(FEATURES)}), 'layer "a": .* is an RDM already'),
        (lambda: iso.rdm(FEATURES, 3), "distance: is int, expected a name or a list of names"),
        (lambda: iso.rdm(FEATURES, [["cosine"]]), "distance: is list, expected a name or a list"),
        (lambda: iso.rdm(FEATURES, []), "distance: none is named, expected at least one"),
        (lambda: iso.rdm(FEATURES, ["cosine", "cosine"]), 'distance: "cosine" is named twice'),
        (lambda: iso.rdm(FEATURES, transform=None), "transform: is NoneType, expected a name"),
        (lambda: iso.rdm(FEATURES, stimuli="abcdefghijkl"), "stimuli: is str, expected a list"),
        (lambda: iso.rdm(FEATURES, stimuli=12), "stimuli: is int, expected a list of names"),
        (lambda: iso.rdm(FEATURES, stimuli=[None, *NAMES[1:]]), r"stimuli: \[0\] is missing"),
        (lambda: iso.rdm(FEATURES, stimuli=[NAMES] * 12), r"stimuli: \[0\] is list, expected"),
        (lambda: iso.rdm(FEATURES, region=3), "x: region: is int, expected a list of names"),
        (lambda: iso.rdm(REPEATED, run=3), "x: run: is int, expected a list of names"),
        (lambda: iso.rdm(REPEATED, run=[np.nan] * 48), r"x: run: \[0\] is missing"),
        (lambda: iso.rdm({"a": FEATURES}, region="IT"), "region: is about responses, and x"),
        (lambda: iso.rdm({"a": FEATURES}, subject="m1"), "subject: is about responses"),
        (lambda: iso.rdm({"a": FEATURES}, run=range(12)), "run: is about responses"),
        (lambda: iso.rdm({"a": FEATURES}, transform="z_score"), "transform: is about responses"),
        (lambda: iso.rdm({"a": FEATURES}, "crossnobis", per="run"), "per: is about responses"),
        (lambda: iso.rdm({"a": FEATURES}, stimuli=NAMES[:6] * 2), 'stimuli: "s00" is named twice'),
        (lambda: iso.rdm({"a": pd.DataFrame(FEATURES, NAMES[:6] * 2)}), '"s00" comes twice'),
        (lambda: iso.rdm({1: FEATURES, "1": FEATURES}), 'two layers are called "1"'),
        (lambda: iso.rdm({"a": iso.rdm(FEATURES)}), 'layer "a": is Dataset, expected features'),
        (lambda: iso.rdm({"a": pd.DataFrame(FEATURES, NAMES)}, stimuli=[*NAMES[1:], "t"]),
         'layer "a": its stimulus "s00" is not among those of stimuli'),
        (lambda: iso.rdm({"a": xr.DataArray(REPEATED, dims=("repetition", "stimulus", "unit"))}),
         "features have no repetitions"),
        (lambda: iso.rdm(session().drop_vars("region")), r"has no coordinate region \(unit\)"),
        (lambda: iso.rdm(session().drop_vars("stimulus")), r"no coordinate stimulus \(present"),
        (lambda: iso.rdm({"a": session().drop_vars("repetition")}), 'session "a": has no coord'),
        (lambda: iso.rdm(session().rename(presentation="row")), r"its response is \(row, unit\)"),
        (lambda: iso.rdm(session(), region="V1"), "region: a recording says its own"),
        (lambda: iso.rdm(session(), stimuli=NAMES + NAMES), 'stimuli: "s00" is named twice'),
        (lambda: iso.rdm(session(), stimuli=[*NAMES, "t"]), "1 of 13 stimuli were never shown"),
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
