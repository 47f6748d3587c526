"""Categories in place of stimuli: brain and model are averaged, and alike."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from isomorph.errors import IsomorphError
from isomorph.rdms import DISTANCES, geometry_of_features
from isomorph.rdms.geometry import geometry_of_layer
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


def test_every_presentation_of_a_group_is_a_repetition_of_it():
    _, wanted = level(["a", "a", "b", ""])
    session = xr.Dataset(
        {"response": (("presentation", "unit"), np.arange(10.0).reshape(5, 2))},
        coords={
            "stimulus": ("presentation", np.array(["s0", "s2", "s1", "s3", "s0"], dtype=object)),
            "repetition": ("presentation", [0, 0, 0, 0, 1]),
        },
    )
    found = regrouped(session, wanted)
    assert found["stimulus"].values.tolist() == ["a", "b", "a", "a"]
    assert found["repetition"].values.tolist() == [0, 0, 1, 2]
    np.testing.assert_array_equal(
        found["response"].values, session["response"].values[[0, 1, 2, 4]]
    )


def study(tmp_path, table, column):
    file = tmp_path / "stimuli.csv"
    table.to_csv(file, index=False)
    fake = SimpleNamespace(
        level=lambda _: column, stimulus_set=lambda name: name, dataset_files={"d": "d.yaml"}
    )
    return SimpleNamespace(study=fake, stimuli=lambda _: file)


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


def test_a_level_keeps_what_is_constant_and_the_first_image(tmp_path):
    found = level_of(study(tmp_path, TABLE, "category"), "d")
    assert found.names == ["x", "y"]
    assert found.members == {"x1": "x", "x2": "x", "y1": "y"}
    assert found.table["stimulus"].tolist() == ["x", "y"]
    assert found.table["file"].tolist() == ["images/x1.png", "images/y1.png"]
    assert found.table["colour"].tolist() == ["red", "blue"]
    assert "pose" not in found.table


def test_an_unknown_level_names_the_columns(tmp_path):
    with pytest.raises(IsomorphError, match=r'level: no column "categry".*"category"'):
        level_of(study(tmp_path, TABLE, "categry"), "d")
