"""RDM files: regions pooled over sessions, layers left out with a reason, exchange."""

import numpy as np
import pytest
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.rdms import (
    DISTANCES,
    LayerRdm,
    RdmRow,
    brain_rdms,
    flat,
    from_rsatoolbox,
    geometry_of_features,
    model_rdms,
    to_rsatoolbox,
)
from isomorph.rdms.brain import rdms_of_responses

STIMULI = ["a", "b", "c", "d", "e"]


def session(rng, n_repetitions=4, regions=("V1", "V1", "V1", "V4", "V4"), stimuli=STIMULI):
    order = np.concatenate([rng.permutation(len(stimuli)) for _ in range(n_repetitions)])
    repetition = np.repeat(np.arange(n_repetitions), len(stimuli))
    return xr.Dataset(
        {"response": (("presentation", "unit"), rng.poisson(5, (len(order), len(regions))))},
        coords={
            "stimulus": ("presentation", np.array(stimuli)[order]),
            "repetition": ("presentation", repetition),
            "unit": [f"u{i}" for i in range(len(regions))],
            "region": ("unit", list(regions)),
        },
        attrs={"session": "1"},
    )


def condition_means(data, region):
    chosen = data["response"].isel(unit=(data["region"] == region).values)
    return chosen.groupby("stimulus").mean().sel(stimulus=STIMULI).values


def test_rdms_of_regions_are_those_of_condition_means():
    data = session(np.random.default_rng(0))
    rows, left_out = rdms_of_responses(
        {"1": data}, STIMULI, ["euclidean"], subject="m", transform="none"
    )
    assert not left_out
    assert [row.region for row in rows] == ["V1", "V4"]
    for row in rows:
        geometry = geometry_of_features(condition_means(data, row.region))
        np.testing.assert_allclose(row.rdm, DISTANCES["euclidean"].compute(geometry))
        assert row.halves.shape == (3, 2, 10)  # four repetitions have three halvings


def test_sessions_stand_side_by_side():
    rng = np.random.default_rng(1)
    one, two = session(rng), session(rng, n_repetitions=3)
    rows, _ = rdms_of_responses(
        {"1": one, "2": two}, STIMULI, ["correlation", "crossvalidated_euclidean"],
        subject="m", transform="none",
    )  # fmt: skip
    both = np.concatenate([condition_means(one, "V1"), condition_means(two, "V1")], axis=1)
    expected = DISTANCES["correlation"].compute(geometry_of_features(both))
    np.testing.assert_allclose(rows[0].rdm, expected)
    assert rows[0].n_units == 6


def test_a_session_without_a_stimulus_is_left_out_and_said():
    rng = np.random.default_rng(2)
    rows, left_out = rdms_of_responses(
        {"1": session(rng), "2": session(rng, stimuli=STIMULI[:4])},
        STIMULI, ["euclidean"], subject="m", transform="none",
    )  # fmt: skip
    assert left_out == {"m | session 2": "1 of 5 stimuli were never shown, such as e"}
    assert rows[0].n_units == 3


def test_one_repetition_has_no_halves_and_no_crossvalidated_distance():
    rows, _ = rdms_of_responses(
        {"1": session(np.random.default_rng(3), n_repetitions=1)},
        STIMULI, ["euclidean", "crossvalidated_euclidean"], subject="m", transform="none",
    )  # fmt: skip
    assert all(row.halves is None for row in rows)
    assert {row.distance: row.status for row in rows} == {
        "euclidean": "no_halves",
        "crossvalidated_euclidean": "undefined",
    }
    assert all("at least two repetitions" in row.reason for row in rows if row.rdm is None)


def rows_of(rng):
    return [
        RdmRow("IT", "s1", "correlation", rng.random(10), n_units=7),
        RdmRow("IT", "s2", "correlation", rng.random(10), n_units=9),
    ]


def test_to_rsatoolbox_and_back():
    data = brain_rdms(rows_of(np.random.default_rng(4)), STIMULI, left_out={"x": "why"})
    theirs = to_rsatoolbox(data)
    assert theirs.pattern_descriptors["stimulus"] == STIMULI
    ours = from_rsatoolbox(theirs, "correlation")
    xr.testing.assert_identical(ours.assign_attrs(data.attrs), data)
    square = theirs.get_matrices()[0]
    pair = (data["stimulus_a"] == "b") & (data["stimulus_b"] == "d")
    assert square[1, 3] == data["correlation"].values[0, pair.values]


def test_bins_and_sessions_go_to_rsatoolbox_and_back():
    rng = np.random.default_rng(6)
    rows = [
        RdmRow("IT", "s1", "correlation", rng.random(10), session=session, time=time)
        for session in "12" for time in range(2)
    ]  # fmt: skip
    data = brain_rdms(rows[:-1], STIMULI, times=np.array([[0.0, 0.1], [0.1, 0.2]]))
    theirs = to_rsatoolbox(data)
    assert theirs.rdm_descriptors["time_start"] == [0.0, 0.1, 0.0]
    ours = from_rsatoolbox(theirs, "correlation")
    np.testing.assert_array_equal(ours["correlation"], data["correlation"])
    assert np.isnan(ours["correlation"].sel(session="2").values[0, 1]).all()


def test_layers_go_to_rsatoolbox_and_back():
    rng = np.random.default_rng(7)
    rows = [
        LayerRdm(layer, "cosine", rng.random(10), depth=place, n_units=4)
        for place, layer in enumerate(["conv", "fc"])
    ]
    rows.append(LayerRdm("out", "cosine", depth=2, n_units=4, reason="flat"))
    theirs = to_rsatoolbox(model_rdms("net", rows, STIMULI))
    assert theirs.rdm_descriptors["layer"] == ["conv", "fc"]
    ours = from_rsatoolbox(theirs, "cosine")
    assert ours["model"].item() == "net"
    np.testing.assert_array_equal(ours["cosine"].sel(layer="fc"), rows[1].rdm)


def test_rdms_without_descriptors_are_numbered():
    from rsatoolbox.rdm import RDMs

    theirs = RDMs(np.random.default_rng(8).random((2, 10)),
                  pattern_descriptors={"stimulus": STIMULI})  # fmt: skip
    assert from_rsatoolbox(theirs, "cosine")["subject"].values.tolist() == ["1", "2"]


@pytest.mark.parametrize("given", [None, np.zeros((4, 4)), xr.Dataset()])
def test_what_are_no_rdms_do_not_come_from_rsatoolbox(given):
    with pytest.raises(IsomorphError, match="expected RDMs of rsatoolbox, got "):
        from_rsatoolbox(given)


def test_rdms_whose_stimuli_have_no_name_or_one_twice_do_not_come_from_rsatoolbox():
    from rsatoolbox.rdm import RDMs

    rdms = np.random.default_rng(8).random((2, 10))
    for named, said in (
        ({"image": STIMULI}, "only image, index; copy the one that does"),
        ({"stimulus": [*STIMULI[:4], STIMULI[0]]}, f'name the stimulus "{STIMULI[0]}" twice'),
    ):
        with pytest.raises(IsomorphError, match=said):
            from_rsatoolbox(RDMs(rdms, pattern_descriptors=named), "cosine")


def test_several_distances_must_be_told_apart():
    rng = np.random.default_rng(5)
    rows = [*rows_of(rng), RdmRow("IT", "s1", "euclidean", rng.random(10))]
    with pytest.raises(IsomorphError, match="name one of: correlation, euclidean"):
        to_rsatoolbox(brain_rdms(rows, STIMULI))


def test_rdms_as_files_hold_them_go_to_rsatoolbox_too():
    data = brain_rdms(rows_of(np.random.default_rng(4)), STIMULI)
    theirs, flattened = to_rsatoolbox(data), to_rsatoolbox(flat(data))
    np.testing.assert_allclose(theirs.dissimilarities, flattened.dissimilarities, rtol=1e-6)


@pytest.mark.parametrize(
    ("given", "said"),
    [("brain.nc", 'isomorph.load gives them, got "brain.nc"'),
     (np.zeros((3, 3)), "got ndarray"),
     (xr.Dataset(), "got a Dataset without distances")],
)  # fmt: skip
def test_what_are_no_rdms_does_not_go_to_rsatoolbox(given, said):
    with pytest.raises(IsomorphError, match=said):
        to_rsatoolbox(given)


def test_a_distance_that_is_not_there_names_those_that_are():
    data = brain_rdms(rows_of(np.random.default_rng(4)), STIMULI)
    with pytest.raises(IsomorphError, match=r'no RDMs of corelation, .*"correlation"'):
        to_rsatoolbox(data, "corelation")


@pytest.mark.parametrize("given", [5, np.ones((3, 6)), None])
def test_what_is_not_of_rsatoolbox_is_refused(given):
    with pytest.raises(IsomorphError, match=f"RDMs of rsatoolbox, got {type(given).__name__}"):
        from_rsatoolbox(given)
