"""Time bins: one file holds an RDM of each, with its area and its seconds."""

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.artefacts import provenance, read_array, write_array
from isomorph.cli.show import describe
from isomorph.rdms import DISTANCES, geometry_of_features, rdm_dataset
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.level import Level, regrouped
from isomorph.responses.sessions import placed_in_time

STIMULI = ["a", "b", "c", "d", "e"]
BINS = [(0.0, 0.05), (0.05, 0.1), (0.1, 0.15)]


def session(seed, bins=BINS):
    """Six units in two areas, counted in every bin, as the responses stage lays them out."""
    rng = np.random.default_rng(seed)
    areas = np.array(["V1", "V1", "V1", "IT", "IT", "IT"])
    labels = np.concatenate([np.char.add(areas, f" {1000 * a:g}-{1000 * b:g}ms") for a, b in bins])
    n_units = len(labels)
    return xr.Dataset(
        {"response": (("presentation", "unit"), rng.poisson(5, (15, n_units)))},
        coords={
            "stimulus": ("presentation", np.tile(STIMULI, 3).astype(object)),
            "repetition": ("presentation", np.repeat(np.arange(3), 5)),
            "unit": ("unit", np.arange(n_units).astype(str)),
            "region": ("unit", labels.astype(object)),
            **placed_in_time(np.tile(areas, len(bins)), np.repeat(bins, 6, axis=0)),
        },
    )


def written(tmp_path, sessions):
    rows, left_out = rdms_of_responses(
        sessions, STIMULI, ["correlation"], subject="m", transform="none"
    )
    file = tmp_path / "brain.nc"
    write_array(file, rdm_dataset(rows, STIMULI, left_out), "rdms", provenance("rdms"))
    return file


def test_a_file_holds_an_rdm_of_every_area_and_bin(tmp_path):
    data = session(0)
    found = read_array(written(tmp_path, {"1": data}), "rdms")
    assert found.sizes["representation"] == 6
    assert found["time_start"].attrs["units"] == "s"
    for area in ("V1", "IT"):
        rows = found.isel(representation=(found["area"] == area).values).sortby("time_start")
        np.testing.assert_allclose(rows["time_start"], [a for a, _ in BINS])
        np.testing.assert_allclose(rows["time_stop"], [b for _, b in BINS])
        for place, (start, _) in enumerate(BINS):
            units = ((data["area"] == area) & (data["time_start"] == start)).values
            means = data["response"].values[:, units].reshape(3, 5, -1).mean(axis=0)
            expected = DISTANCES["correlation"].compute(geometry_of_features(means))
            np.testing.assert_allclose(rows["rdm"][place], expected)


def test_what_a_file_shows_says_areas_and_bins(tmp_path):
    said = describe(written(tmp_path, {"1": session(1)}))
    assert "2 areas in 3 windows from 0 to 0.15 s after onset: IT, V1" in said
    assert "time_start" in said


def test_regions_of_one_window_are_no_time_course(tmp_path):
    assert "windows from" not in describe(written(tmp_path, {"1": session(2, BINS[:1])}))


def test_sessions_that_disagree_about_the_window_have_none(tmp_path):
    other = session(3)
    other = other.assign_coords(time_start=("unit", other["time_start"].values - 0.01))
    found = read_array(written(tmp_path, {"1": session(3), "2": other}), "rdms")
    assert np.isnan(found["time_start"]).all()
    assert set(found["area"].values) == {"V1", "IT"}


def test_responses_without_windows_have_their_region_as_area(tmp_path):
    plain = session(4).drop_vars(["area", "time_start", "time_stop"])
    found = read_array(written(tmp_path, {"1": plain}), "rdms")
    assert found["area"].values.tolist() == found["region"].values.tolist()
    assert np.isnan(found["time_stop"]).all()


def test_averaging_categories_keeps_the_windows():
    groups = {name: name.upper() for name in STIMULI}
    found = regrouped(session(5), Level(sorted(groups.values()), groups, pd.DataFrame()))
    assert found["time_start"].dims == ("unit",)
    assert set(found["area"].values) == {"V1", "IT"}
