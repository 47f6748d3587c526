"""Time bins: responses and RDMs have them as a dimension, with its seconds."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isomorph.artefacts import provenance, read_array, write_array
from isomorph.cli.show import describe
from isomorph.errors import IsomorphError
from isomorph.rdms import DISTANCES, brain_rdms, flat, geometry_of_features, indexed
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.level import Level, regrouped
from isomorph.rdms.unit_choice import reliable_units
from isomorph.responses.times import bins_of, common_times, time_coordinates, times_of
from isomorph.study.dataset import UnitFilter

STIMULI = ["a", "b", "c", "d", "e"]
BINS = np.array([(0.0, 0.05), (0.05, 0.1), (0.1, 0.15)])


def session(seed, bins=BINS, repetitions=3):
    """Six units in two regions, counted in every bin."""
    rng = np.random.default_rng(seed)
    shape = (5 * repetitions, 6, *np.shape(bins)[:-1])
    return xr.Dataset(
        {"response": (("presentation", "unit", "time")[: len(shape)], rng.poisson(5, shape))},
        coords={
            "stimulus": ("presentation", np.array(STIMULI * repetitions, dtype=object)),
            "repetition": ("presentation", np.repeat(np.arange(repetitions), 5)),
            "unit": ("unit", np.arange(6).astype(str)),
            "region": ("unit", np.array(["V1", "V1", "V1", "IT", "IT", "IT"], dtype=object)),
            **time_coordinates(bins),
        },
    )


def written(tmp_path, sessions):
    rows, left_out = rdms_of_responses(
        sessions, STIMULI, ["correlation"], subject="m", transform="none"
    )
    file, times = tmp_path / "brain.nc", common_times(sessions)
    data = brain_rdms(rows, STIMULI, times=times, left_out=left_out)
    write_array(file, flat(data), "rdms", provenance("rdms"))
    return file


def test_a_file_holds_an_rdm_of_every_region_and_bin(tmp_path):
    data = session(0)
    found = indexed(read_array(written(tmp_path, {"1": data}), "rdms"))
    assert found.sizes["representation"] == 2
    assert found.sizes["time"] == 3
    np.testing.assert_allclose(times_of(found), BINS)
    assert found["time_start"].attrs["units"] == "s"
    for region in ("V1", "IT"):
        units = (data["region"] == region).values
        rdms = found["correlation"].sel(region=region, subject="m").squeeze()
        for place, one in enumerate(bins_of(data)):
            means = one["response"].values[:, units].reshape(3, 5, -1).mean(axis=0)
            expected = DISTANCES["correlation"].compute(geometry_of_features(means))
            np.testing.assert_allclose(rdms[place], expected, atol=1e-6)
    assert found["n_units"].values.tolist() == [3, 3]  # units, not units × bins


def test_what_a_file_shows_says_regions_and_bins(tmp_path):
    said = describe(written(tmp_path, {"1": session(1)}))
    assert "2 regions in 3 time bins from 0 to 0.15 s after onset: IT, V1" in said
    assert "time_start" in said


def test_one_window_is_no_time_course(tmp_path):
    file = written(tmp_path, {"1": session(2, BINS[0])})
    assert "time bins" not in describe(file)
    found = read_array(file, "rdms")
    assert found["correlation"].dims == ("representation", "pair")
    assert float(found["time_stop"]) == 0.05


def test_sessions_of_other_bins_are_refused():
    with pytest.raises(IsomorphError, match="2: its time bins are not those of 1"):
        common_times({"1": session(3), "2": session(3, BINS - 0.01)})
    with pytest.raises(IsomorphError, match="2: its time bins are not those of 1"):
        common_times({"1": session(3), "2": session(3, BINS[0])})


def test_responses_without_a_window_have_none():
    plain = session(4, BINS[0]).drop_vars(["time_start", "time_stop"])
    assert times_of(plain) is None
    assert common_times({"1": plain, "2": plain}) is None


def test_averaging_categories_keeps_the_bins():
    groups = {name: name.upper() for name in STIMULI}
    data = session(5)
    found = regrouped(data, Level(sorted(groups.values()), groups, pd.DataFrame()))
    np.testing.assert_array_equal(times_of(found), BINS)
    assert found["response"].dims == ("presentation", "unit", "time")
    for one, whole in zip(bins_of(found), bins_of(data), strict=True):
        again = regrouped(whole, Level(sorted(groups.values()), groups, pd.DataFrame()))
        np.testing.assert_array_equal(one["response"], again["response"])


def test_a_unit_is_chosen_once_over_all_bins():
    """One unit is tuned in the first bin alone, others in none: it stays, in every bin."""
    rng = np.random.default_rng(6)
    data = session(6, repetitions=12)
    values = rng.standard_normal(data["response"].shape)
    values[:, 0, 0] += np.tile(6 * rng.standard_normal(5), 12)
    data["response"] = (data["response"].dims, values)
    wanted = UnitFilter(minimum_reliability=0.8, seed=1)
    found, left_out = reliable_units({"1": data}, STIMULI, wanted, subject="m", where="d.yaml")
    assert found["1"]["unit"].values.tolist() == ["0"]
    assert found["1"].sizes["time"] == 3
    assert left_out["V1 | m | units"].startswith("2 of 3 units")
