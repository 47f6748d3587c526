"""RDM files: regions pooled over sessions, layers left out with a reason, exchange."""

import json

import numpy as np
import pytest
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.rdms import (
    DISTANCES,
    from_rsatoolbox,
    geometry_of_features,
    rdm_dataset,
    to_rsatoolbox,
)
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.table import RdmRow

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
    assert rows[0].session == "2 pooled"


def test_a_session_without_a_stimulus_is_left_out_and_said():
    rng = np.random.default_rng(2)
    rows, left_out = rdms_of_responses(
        {"1": session(rng), "2": session(rng, stimuli=STIMULI[:4])},
        STIMULI, ["euclidean"], subject="m", transform="none",
    )  # fmt: skip
    assert left_out == {"m | session 2": "1 of 5 stimuli were never shown, such as e"}
    assert rows[0].n_units == 3


def test_one_repetition_has_no_halves_and_no_crossvalidated_distance():
    rows, left_out = rdms_of_responses(
        {"1": session(np.random.default_rng(3), n_repetitions=1)},
        STIMULI, ["euclidean", "crossvalidated_euclidean"], subject="m", transform="none",
    )  # fmt: skip
    assert all(row.halves is None for row in rows)
    assert "at least two repetitions" in left_out["V1 | m | crossvalidated_euclidean"]


def rows_of(rng):
    return [
        RdmRow("IT | s1", "correlation", rng.random(10), region="IT", subject="s1", n_units=7),
        RdmRow("IT | s2", "correlation", rng.random(10), region="IT", subject="s2", n_units=9),
    ]


def test_to_rsatoolbox_and_back():
    data = rdm_dataset(rows_of(np.random.default_rng(4)), STIMULI, {"x": "why"})
    assert json.loads(data.attrs["left_out"]) == {"x": "why"}
    theirs = to_rsatoolbox(data)
    assert theirs.pattern_descriptors["stimulus"] == STIMULI
    ours = from_rsatoolbox(theirs, "correlation")
    np.testing.assert_array_equal(ours["rdm"], data["rdm"])
    assert ours["subject"].values.tolist() == ["s1", "s2"]
    square = theirs.get_matrices()[0]
    pair = (data["stimulus_a"] == "b") & (data["stimulus_b"] == "d")
    assert square[1, 3] == data["rdm"].values[0, pair.values]


def test_several_distances_must_be_told_apart():
    rng = np.random.default_rng(5)
    rows = [*rows_of(rng), RdmRow("IT | s1", "euclidean", rng.random(10))]
    with pytest.raises(IsomorphError, match="name one of: correlation, euclidean"):
        to_rsatoolbox(rdm_dataset(rows, STIMULI, {}))
