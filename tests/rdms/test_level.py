"""Categories in place of stimuli: brain and model are averaged, and alike."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from isomorph.errors import IsomorphError
from isomorph.rdms import DISTANCES, geometry_of_features
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.fold_geometry import geometry_of_layer
from isomorph.rdms.level import Level, averaged, averaging, level_of, regrouped


def level(groups):
    stimuli = [f"s{place}" for place in range(len(groups))]
    members = {s: g for s, g in zip(stimuli, groups, strict=True) if g}
    return stimuli, Level(sorted(set(members.values())), members, pd.DataFrame())


def layer(features):
    """The activations of one layer, computed from its features."""
    mean = features.mean(axis=0)
    centred = features - mean
    stimuli = [f"s{place}" for place in range(len(features))]
    return xr.Dataset(
        {
            "gram": (("stimulus", "stimulus_b"), centred @ centred.T),
            "mean_projection": ("stimulus", centred @ mean),
            "mean_norm": float(mean @ mean),
            "stimulus_mean": ("stimulus", features.mean(axis=1)),
            "n_features": features.shape[1],
        },
        coords={"stimulus": stimuli, "stimulus_b": stimuli},
    )


@given(
    groups=st.lists(st.sampled_from(["a", "b", "c", "d", ""]), min_size=8, max_size=20),
    offset=st.sampled_from([0.0, 3.0, 1000.0]),
    seed=st.integers(0, 2**16),
)
def test_averaging_the_gram_is_averaging_the_features(groups, offset, seed):
    stimuli, wanted = level([*groups, "a", "b", "c", "d"])
    features = np.random.default_rng(seed).standard_normal((len(stimuli), 30)) + offset
    geometry = geometry_of_layer(averaged(layer(features), wanted))
    direct = geometry_of_features(averaging(stimuli, wanted) @ features)
    for name in ("squared_euclidean", "correlation"):
        np.testing.assert_allclose(
            DISTANCES[name].compute(geometry), DISTANCES[name].compute(direct), rtol=1e-6, atol=1e-9
        )


def test_single_stimuli_are_left_as_they_are():
    stimuli = ["s0", "s1", "s2"]
    single = Level(stimuli, {s: s for s in stimuli}, pd.DataFrame())
    one = layer(np.eye(3))
    assert averaged(one, single) is one


def session(stimulus, response, **coords):
    n_units = np.shape(response)[1]
    return xr.Dataset(
        {"response": (("presentation", "unit"), np.asarray(response, dtype=float))},
        coords={
            "stimulus": ("presentation", np.array(stimulus, dtype=object)),
            "repetition": ("presentation", np.zeros(len(stimulus), dtype=int)),
            "unit": ("unit", [f"u{unit}" for unit in range(n_units)]),
            "region": ("unit", ["IT"] * n_units),
            **{name: ("presentation", np.array(values)) for name, values in coords.items()},
        },
    )


def test_each_stimulus_of_a_group_counts_once_however_often_it_was_shown():
    _, wanted = level(["a", "a", "b", ""])
    found = regrouped(session(["s0", "s2", "s1", "s3", "s0"], [[1], [5], [9], [100], [3]]), wanted)
    assert found["stimulus"].values.tolist() == ["a", "b", "a"]
    assert found["response"].values.ravel().tolist() == [2, 5, 9]
    assert len(set(found["repetition"].values.tolist())) == 3


def test_within_a_run_stimuli_are_averaged_and_the_run_is_the_repetition():
    _, wanted = level(["a", "a", "b"])
    shown = session(["s0", "s1", "s2", "s1", "s2"], [[1], [3], [5], [7], [9]], run=[1, 1, 1, 2, 2])
    found = regrouped(shown, wanted)
    assert found["stimulus"].values.tolist() == ["a", "b", "a", "b"]
    assert found["response"].values.ravel().tolist() == [2, 5, 7, 9]
    assert found["repetition"].values.tolist() == [0, 0, 1, 1]


def test_brain_and_model_are_averaged_alike():
    rng = np.random.default_rng(5)
    stimuli, wanted = level(list("aaaabbbbccccddddeeee"))
    features = rng.standard_normal((len(stimuli), 40)) + 2.0
    often = [name for place, name in enumerate(stimuli) for _ in range(1 + place % 2)]
    place = [stimuli.index(name) for name in often]
    brain, _ = rdms_of_responses(
        {"1": regrouped(session(often, features[place]), wanted)}, wanted.names,
        ["correlation", "squared_euclidean"], subject="one", transform="none",
    )  # fmt: skip
    model = geometry_of_layer(averaged(layer(features), wanted))
    for row in brain:
        np.testing.assert_allclose(row.rdm, DISTANCES[row.distance].compute(model), rtol=1e-9)


def test_noise_that_runs_share_does_not_pass_for_distance():
    rng = np.random.default_rng(8)
    counts = {"a": 6, "b": 1, "c": 1, "d": 6}  # stimuli of each group in a run
    groups = [name for name, count in counts.items() for _ in range(count)]
    stimuli, wanted = level(groups)
    found = []
    for _ in range(60):
        runs = np.repeat(np.arange(6), len(stimuli))
        offset = 2 * rng.standard_normal((6, 1, 20))
        noise = offset + rng.standard_normal((6, len(stimuli), 20))
        one = regrouped(session(stimuli * 6, noise.reshape(-1, 20), run=runs), wanted)
        rows, _ = rdms_of_responses(
            {"1": one}, wanted.names, ["crossvalidated_euclidean"], subject="s", transform="none"
        )
        found.append(rows[0].rdm)
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(len(found))
    assert (np.abs(mean) < 4 * error).all(), (mean, error)


TABLE = pd.DataFrame(
    {
        "stimulus": ["x1", "x2", "y1", "z"],
        "file": ["images/x1.png", "images/x2.png", "images/y1.png", "images/z.png"],
        "sha256": ["1", "2", "3", "4"],
        "category": ["x", "x", "y", None],
        "colour": ["red", "red", "blue", "green"],
        "pose": ["left", "right", "left", "left"],
    }
)


def test_a_level_keeps_what_is_constant_and_the_first_image():
    found = level_of(TABLE, "category")
    assert found.names == ["x", "y"]
    assert found.members == {"x1": "x", "x2": "x", "y1": "y"}
    assert found.table["stimulus"].tolist() == ["x", "y"]
    assert found.table["file"].tolist() == ["images/x1.png", "images/y1.png"]
    assert found.table["colour"].tolist() == ["red", "blue"]
    assert "pose" not in found.table


def test_an_unknown_level_names_the_columns():
    with pytest.raises(IsomorphError, match=r'level: no column "categry".*"category"'):
        level_of(TABLE, "categry")
