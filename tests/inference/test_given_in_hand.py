"""Wrong and odd inputs at the front door: each is right, or refused in one sentence."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rsatoolbox.rdm import RDMs

import isomorph as iso

QUICK = {"resamples": 20, "permutations": 20}
N = 12
RNG = np.random.default_rng(3)
SHALLOW, DEEP = RNG.standard_normal((2, N, 30))
REPEATED = DEEP + RNG.standard_normal((4, N, 30))
NAMES = [f"s{k:02d}" for k in range(N)]
UPPER = np.triu_indices(N, 1)
SQUARE = np.stack([1 - np.corrcoef(one) for one in REPEATED])
VECTORS = np.stack([one[UPPER] for one in SQUARE])
LAYERS = {"shallow": 1 - np.corrcoef(SHALLOW), "deep": 1 - np.corrcoef(DEEP)}
OWN = iso.rdm(DEEP + RNG.standard_normal((3, N, 30)), ["correlation", "crossnobis"], stimuli=NAMES)
MODEL = iso.rdm({"shallow": SHALLOW, "deep": DEEP}, ["correlation", "crossnobis"], stimuli=NAMES)
BINNED = xr.Dataset(
    {"response": (("presentation", "unit", "time"), RNG.standard_normal((N, 9, 2)))},
    coords={
        "stimulus": ("presentation", NAMES), "repetition": ("presentation", np.zeros(N, int)),
        "region": ("unit", ["brain"] * 9), "time_start": ("time", [0, 0.1]),
        "time_stop": ("time", [0.1, 0.2]),
    },
)  # fmt: skip
LATER = BINNED.assign_coords(time_start=("time", [0.5, 0.6]), time_stop=("time", [0.6, 0.7]))
OTHER = SQUARE[0]
TABLE = pd.DataFrame(OTHER, NAMES, NAMES)


def compared(brain=VECTORS, models=None, measure="rho_a", **more):
    return iso.compare(brain, {"net": LAYERS} if models is None else models, measure,
                       **{**QUICK, **more})  # fmt: skip


def estimates(*given, **more):
    return compared(*given, **more).table["estimate"].to_numpy()


def test_whatever_holds_the_same_numbers_is_the_same():
    expected = estimates()
    for brain in (
        VECTORS.tolist(), SQUARE.tolist(), pd.DataFrame(VECTORS),
        np.ma.masked_array(VECTORS, np.zeros_like(VECTORS, dtype=bool)),
        xr.DataArray(VECTORS.T, dims=("pair", "subject")), [RDMs(one[None]) for one in VECTORS],
    ):  # fmt: skip
        np.testing.assert_allclose(estimates(brain), expected, atol=1e-9)
    np.testing.assert_allclose(estimates(SQUARE[0].tolist()), estimates(SQUARE[0]), atol=1e-9)
    whole = np.round(VECTORS * 1000).astype(int)
    np.testing.assert_allclose(estimates(whole.astype(np.uint16)), estimates(whole * 1.0))
    table = pd.DataFrame(np.round(OTHER * 1000)).astype(int)
    np.testing.assert_allclose(estimates(table.astype("Int64")), estimates(table.to_numpy()))


def test_one_distance_taken_out_of_a_dataset_still_says_what_it_is_of():
    """Its names of stimuli, layers and subjects, and its distance."""
    order = RNG.permutation(N)
    named = [NAMES[at] for at in order]
    moved = iso.rdm({"shallow": SHALLOW[order], "deep": DEEP[order]}, stimuli=named)
    expected = compared(OWN, {"net": MODEL}, distance="correlation").table
    for brain, model in (
        (OWN["correlation"], MODEL["correlation"]),
        (OWN, moved["correlation"]),
        (OWN["correlation"], moved["correlation"]),
    ):
        found = compared(brain, {"net": model}, distance="correlation").table
        assert found["layer"].tolist() == ["shallow", "deep"]
        assert set(found["distance"]) == {"correlation"}
        np.testing.assert_allclose(found["estimate"], expected["estimate"], atol=1e-9)


def test_the_axes_of_a_dataset_may_stand_in_any_order():
    expected = estimates(OWN, MODEL)
    np.testing.assert_allclose(
        estimates(OWN.transpose("pair", ...), MODEL.transpose("pair", ...)), expected, atol=1e-12
    )
    np.testing.assert_allclose(estimates(OWN, MODEL.drop_vars("depth")), expected, atol=1e-12)


def test_rsatoolbox_may_name_stimuli_by_another_descriptor():
    """As `calc_rdm` does, which sorts them by it."""
    order = RNG.permutation(N)
    rdm = iso.rdm(DEEP[order])["correlation"].values
    for described in (
        {"stimulus": np.array(NAMES)[order]},
        {"conds": np.array(NAMES)[order], "index": np.arange(N)},
        {"conds": np.array(NAMES)[order], "category": ["a", "b"] * (N // 2)},
    ):
        theirs = RDMs(rdm, "correlation", pattern_descriptors=described)
        found = estimates(iso.rdm(DEEP, stimuli=NAMES), {"net": theirs})
        np.testing.assert_allclose(found, [1], atol=1e-9)


def test_subjects_of_whom_more_and_less_is_known_are_compared_together():
    brain = [iso.rdm(REPEATED[0], subject="a"), SQUARE[1], iso.rdm(REPEATED[2:], subject="c")]
    found = compared(brain, distance="correlation").table
    assert set(found["n_subjects"]) == {3}
    assert found["n_units"].isna().all()
    plain = np.stack([*SQUARE[:2], 1 - np.corrcoef(REPEATED[2:].mean(axis=0))])
    np.testing.assert_allclose(found["estimate"], estimates(plain), atol=1e-6)


def without(data, pair):
    """Return RDMs that lack the value of one pair."""
    broken = data["correlation"].values.copy()
    broken[..., pair] = np.nan
    return data.assign(correlation=(data["correlation"].dims, broken))


WRONG = [
    # no RDMs at all
    (lambda: compared([]), r"brain: is of shape \(0,\), there are no RDMs"),
    (lambda: compared(np.empty((0, 66))), "brain: is of shape .*, there are no RDMs"),
    (lambda: compared({}), "brain: there are no RDMs, expected at least one"),
    (lambda: compared(models={"net": np.empty((0, 66))}), 'model "net": is of shape .* no RDMs'),
    (lambda: compared(models={"net": {}}), 'model "net": has no layers'),
    (lambda: iso.compare(VECTORS, None, **QUICK), 'model "model": is NoneType, expected RDMs'),
    (lambda: compared(models=[]), "there are no RDMs"),
    (lambda: compared(None), "brain: is NoneType, expected RDMs"),
    (lambda: compared(VECTORS + 1j), "brain: is ndarray of complex128, expected RDMs"),
    (lambda: compared(VECTORS.astype(object)), "brain: is ndarray of object, expected RDMs"),
    (lambda: compared(-VECTORS), "brain: holds nothing above 0, .* are these similarities?"),
    (lambda: compared(VECTORS * 1e200), "too large to be squared"),
    (lambda: compared(VECTORS * 1e-300), "too small to be squared"),
    (lambda: compared(np.ma.masked_greater(VECTORS, 1.2)), "has no finite value"),
    (lambda: compared(models={"a": {"b": iso.rdm({"x": DEEP})}}),
     'layer "b": is a Dataset, which holds RDMs of several'),
    # stimuli that nobody can line up
    (lambda: compared(TABLE.reset_index(drop=True)), "rows and columns name different stimuli"),
    (lambda: compared(pd.DataFrame(OTHER).iloc[::-1, ::-1]), "numbers them in another order"),
    (lambda: compared(pd.DataFrame(OTHER, NAMES[:6] * 2, NAMES[:6] * 2)), '"s00" comes twice'),
    (lambda: compared(pd.DataFrame(OTHER, [None, *NAMES[1:]], NAMES)), r"index: \[0\] is missing"),
    (lambda: compared(OWN.isel(pair=slice(0, 28)), MODEL), "pairs are not those of"),
    (lambda: compared(OWN.isel(pair=slice(None, None, -1)), MODEL), "its pairs are not those of"),
    (lambda: compared(OWN.isel(stimulus=slice(None, None, -1)), MODEL), "pairs are not those of"),
    (lambda: compared(OWN, MODEL.isel(pair=slice(None, None, -1))), 'model "model": its pairs are'),
    (lambda: compared(OWN["correlation"][:, ::-1], MODEL), "its pairs are not those of"),
    (lambda: compared(OWN[["correlation"]], MODEL), "brain: lacks stimulus.*; give all that"),
    (lambda: compared(stimuli="abcdefghijkl"), "stimuli: is str, expected a list of names"),
    (lambda: compared(stimuli=12), "stimuli: is int, expected a list of names"),
    (lambda: compared(stimuli={"stimulus": NAMES}), "stimuli: is dict, expected a list of names"),
    (lambda: compared(stimuli=pd.DataFrame({"stimulus": [None, *NAMES[1:]]})), r"\[0\] is missing"),
    # RDMs that are not whole
    (lambda: compared(without(OWN, 0), MODEL), "brain: some pairs of correlation have no finite"),
    (lambda: compared(OWN, without(MODEL, 5)), 'model "model": some pairs of correlation have no'),
    (lambda: compared(OWN, MODEL.isel(layer=[0, 0])), "two RDMs are of shallow"),
    (lambda: compared(xr.concat([OWN, OWN], "representation"), MODEL), r"two RDMs are of brain"),
    (lambda: compared([iso.rdm(BINNED), iso.rdm(DEEP, stimuli=NAMES, subject="b")], MODEL),
     r"brain\[1\]: has no time bins, and brain\[0\] 2; expected the same"),
    (lambda: compared([iso.rdm(BINNED), iso.rdm(LATER, subject="b")], MODEL),
     r"brain\[1\]: its time bins are not those of brain\[0\]"),
    # distances
    (lambda: compared(RDMs(VECTORS, "euclidean"), distance="correlation"),
     "brain: has no RDM with distance correlation, only with euclidean"),
    (lambda: compared(models={"net": {"a": RDMs(VECTORS[:1], "correlation"),
                                      "b": RDMs(VECTORS[:1], "euclidean")}}),
     "its layers are of different distances, correlation, euclidean"),
    (lambda: compared(iso.rdm(DEEP), {"a": iso.rdm({"x": DEEP}),
                                      "b": iso.rdm({"x": DEEP}, "euclidean")}),
     'model "b": has no RDM with distance correlation, only with euclidean'),
    # names
    (lambda: compared(measure=None), "measure: is NoneType, expected a name or a list of names"),
    (lambda: compared(measure=[["pearson"]]), "measure: is list, expected a name or a list"),
    (lambda: compared(measure=["cosine", "cosine"]), 'measure: "cosine" is named twice'),
    (lambda: compared(distance=3), "distance: is int, expected a name or a list of names"),
    (lambda: compared(dataset=3), "dataset: is int, expected a name"),
    (lambda: compared(untrained="net"), "untrained: is str, expected a mapping"),
    (lambda: compared(untrained={"net": None}), "untrained: is NoneType, expected a name"),
    (lambda: compared(untrained={"net": "net"}), 'untrained: "net" is named twice'),
    (lambda: compared(models=dict(zip("abu", VECTORS, strict=False)),
                      untrained={"a": "u", "b": "u"}), 'untrained: "u" is named twice'),
    (lambda: iso.partial(OWN, {"net": MODEL}, None), "controls: is NoneType, expected a name"),
    (lambda: iso.partial(OWN, {"net": MODEL}, []), "controls: none is named"),
    (lambda: iso.partial(OWN, {"net": MODEL}, "net", explain={"controls": ["net"]}),
     "partial: explain.controls is for study files"),
    (lambda: iso.partition(OWN, {"net": MODEL}, partition=["net"]), "explain.partition is for"),
    (lambda: iso.weighted(OWN, {"net": MODEL}, weighted=["rho_a"]), "explain.weighted is for"),
    # results
    (lambda: iso.save(OWN, "x"), "save: Dataset is not a result"),
    (lambda: iso.load(3), "path: is int, expected a path"),
    (lambda: iso.open_results(None), "folder: is NoneType, expected a path"),
]  # fmt: skip


@pytest.mark.parametrize("at", range(len(WRONG)))
def test_what_is_wrong_is_said_in_one_sentence(at):
    asked, message = WRONG[at]
    with pytest.raises(iso.IsomorphError, match=message) as told:
        asked()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "asked",
    [
        lambda names: iso.partial(OWN, {"net": MODEL}, "net", names, resamples=20),
        lambda names: iso.recover(OWN, {"net": MODEL}, names, simulations=2, tested=0),
    ],
)
def test_measures_that_are_not_explained_or_simulated_are_said_to_be_left_out(asked):
    found = asked(["pearson", "procrustes"])
    assert set(found.table["measure"]) == {"pearson"}
    assert found.left_out
    assert all(one.startswith("procrustes ") and one in found.summary for one in found.left_out)


def test_a_head_that_was_changed_is_named(tmp_path):
    folder = iso.save(iso.noise_ceiling(SQUARE, **QUICK), tmp_path / "saved")
    (folder / "result.json").write_text("{}")
    with pytest.raises(iso.IsomorphError, match=r"result\.json: its provenance cannot be read"):
        iso.load(folder)
