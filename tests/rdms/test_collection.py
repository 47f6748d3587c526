"""RDMs of many representations: one dataset with real indexes, in memory and on disk."""

import json

import numpy as np
import pytest
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.rdms.collecting import brain_rdms, model_rdms
from isomorph.rdms.collection import (
    FINE,
    available,
    distances_of,
    flat,
    indexed,
    notes_of,
    undefined_of,
)
from isomorph.rdms.rdm_rows import LayerRdm, RdmRow, Status

STIMULI = ["a", "b", "c", "d"]
TIMES = np.array([[0.0, 0.05], [0.05, 0.1]])


def rows_of(rng, **more):
    return [
        RdmRow(region, subject, "correlation", rng.random(6), n_units=n, **more)
        for region, subject, n in (("IT", "s1", 7), ("IT", "s2", 9), ("V1", "s1", 5))
    ]


def through_a_file(tmp_path, data):
    file = tmp_path / "rdms.nc"
    flat(data).to_netcdf(file, engine="h5netcdf")
    with xr.open_dataset(file, engine="h5netcdf") as found:
        return indexed(found.load())


def test_regions_and_subjects_are_selected_by_name():
    rows = rows_of(np.random.default_rng(0))
    data = brain_rdms(rows, STIMULI)
    one = data.sel(region="IT", subject="s2")
    np.testing.assert_array_equal(one["correlation"].values.ravel(), rows[1].rdm)
    assert data.sel(region="IT").sizes["subject"] == 2
    assert data["n_units"].values.tolist() == [7, 9, 5]
    assert data["correlation"].attrs["title"]
    assert data["correlation"].attrs["units"]
    assert data.indexes["representation"].names == ["region", "subject"]


def test_what_does_not_apply_is_not_there():
    data = brain_rdms([RdmRow("IT", "s1", "correlation", np.arange(6.0))], STIMULI)
    absent = {"session", "n_units", "fold", "n_folds", "n_recorded", "time_start", "draw"}
    assert not absent & set(data.variables)
    assert distances_of(data) == ["correlation"]
    assert set(data.data_vars) == {"correlation", "correlation_status", "correlation_reason"}


def test_sessions_are_a_level_where_rdms_come_by_session():
    rng = np.random.default_rng(1)
    rows = [RdmRow("IT", "s1", "correlation", rng.random(6), session=one) for one in "12"]
    data = brain_rdms(rows, STIMULI)
    found = data.sel(region="IT", subject="s1", session="2")["correlation"]
    np.testing.assert_array_equal(found.values.ravel(), rows[1].rdm)


def test_bins_and_draws_are_dimensions():
    rng = np.random.default_rng(2)
    rows = [
        RdmRow("IT", "s1", "correlation", rng.random(6), time=time, draw=draw, n_recorded=30)
        for time in range(2) for draw in range(3)
    ]  # fmt: skip
    data = brain_rdms(rows, STIMULI, times=TIMES)
    assert data["correlation"].dims == ("representation", "draw", "time", "pair")
    np.testing.assert_array_equal(data["correlation"].values[0, 2, 1], rows[5].rdm)
    assert data["n_recorded"].values.tolist() == [30]
    np.testing.assert_array_equal(data["time_stop"], [0.05, 0.1])
    assert data["time_stop"].attrs["units"] == "s"


def test_one_window_is_no_dimension():
    data = brain_rdms(rows_of(np.random.default_rng(3)), STIMULI, times=TIMES[1])
    assert "time" not in data.dims
    assert (float(data["time_start"]), float(data["time_stop"])) == (0.05, 0.1)


def test_a_file_holds_what_memory_does(tmp_path):
    rng = np.random.default_rng(4)
    rows = rows_of(rng, halves=rng.random((3, 2, 6)), half_norm=rng.random(4), fold="run",
                   n_folds=4, note="few runs")  # fmt: skip
    data = brain_rdms(rows, STIMULI, times=TIMES[0], left_out={"V4": "no unit"})
    found = through_a_file(tmp_path, data)
    assert found["correlation_half"].dtype == np.float32
    xr.testing.assert_identical(found, data)  # to the last bit, on which ties depend
    found = through_a_file(tmp_path, found)  # what was read can be written and read again
    assert found.sel(region="V1", subject="s1")["n_folds"].item() == 4
    assert json.loads(found.attrs["left_out"]) == {"V4": "no unit"}


def test_why_there_is_no_rdm_stands_beside_it():
    rows = [
        RdmRow("IT", "s1", "correlation", status=Status.UNDEFINED, reason="a flat pattern", time=1),
        RdmRow("IT", "s1", "correlation", np.arange(6.0), note="runs lack stimuli"),
        RdmRow("IT", "s1", "euclidean", np.arange(6.0), status=Status.NO_HALVES, reason="one run"),
        RdmRow("V1", "s1", "euclidean", np.arange(6.0)),
    ]
    data = brain_rdms(rows, STIMULI, times=TIMES, left_out={"V4 | s1": "no unit"})
    assert available(data, "correlation").tolist() == [[True, False], [False, False]]
    assert np.isnan(data["correlation"].values[0, 1]).all()
    assert data["correlation_status"].values.tolist() == [["ok", "undefined"], ["absent"] * 2]
    assert data["euclidean_status"].values.tolist() == [["no_halves", "absent"], ["ok", "absent"]]
    assert undefined_of(data) == {
        "V4 | s1": "no unit",
        "IT | s1 | 50 to 100 ms | correlation": "a flat pattern",
    }
    assert notes_of(data) == {"IT | s1 | 0 to 50 ms | correlation": "runs lack stimuli"}


def test_what_has_no_rdm_at_all_is_left_out_and_told():
    rows = [
        RdmRow("IT", "s1", "correlation", np.arange(6.0)),
        RdmRow("LP", "s1", "correlation", status=Status.UNDEFINED, reason="one unit"),
    ]
    data = brain_rdms(rows, STIMULI, left_out={"V4 | s1": "no unit"})
    assert data["region"].values.tolist() == ["IT"]
    assert json.loads(data.attrs["left_out"]) == {
        "V4 | s1": "no unit",
        "LP | s1 | correlation": "one unit",
    }
    assert brain_rdms(rows[1:], STIMULI).sizes["representation"] == 0


def test_fewer_halvings_than_others_are_nan():
    rng = np.random.default_rng(5)
    rows = [
        RdmRow("IT", "s1", "correlation", rng.random(6), halves=rng.random((3, 2, 6))),
        RdmRow("V1", "s1", "correlation", rng.random(6), halves=rng.random((1, 2, 6))),
    ]
    halves = brain_rdms(rows, STIMULI)["correlation_half"]
    assert halves.dims == ("halving", "half", "representation", "pair")
    assert (
        np.isfinite(halves.values).all(axis=(1, 3)).tolist() == [[True] * 2] + [[True, False]] * 2
    )


def test_one_rdm_comes_once():
    row = RdmRow("IT", "s1", "correlation", np.arange(6.0))
    with pytest.raises(IsomorphError, match=r"two correlation RDMs are of IT \| s1"):
        brain_rdms([row, row], STIMULI)


def test_layers_of_a_model(tmp_path):
    rng = np.random.default_rng(6)
    rows = [
        LayerRdm(layer, "correlation", rng.random(6), depth=depth, n_units=10)
        for depth, layer in enumerate(["conv1", "conv2"])
    ]
    rows += [LayerRdm("conv1", "cosine", depth=0, n_units=10, reason="all zero"),
             LayerRdm("conv2", "cosine", rng.random(6), depth=1, n_units=10)]  # fmt: skip
    data = through_a_file(tmp_path, model_rdms("net", rows, STIMULI, left_out={"fc": "too large"}))
    assert data["model"].item() == "net"
    np.testing.assert_allclose(data["correlation"].sel(layer="conv2"), rows[1].rdm, rtol=1e-6)
    assert data["depth"].values.tolist() == [0, 1]
    assert available(data, "cosine").tolist() == [False, True]
    assert undefined_of(data) == {"fc": "too large", "conv1 | cosine": "all zero"}


@pytest.mark.parametrize(("n_stimuli", "kind"), [(FINE, np.float64), (FINE + 1, np.float32)])
def test_files_of_many_stimuli_are_in_single_precision(n_stimuli, kind):
    rdm = np.random.default_rng(0).random(n_stimuli * (n_stimuli - 1) // 2) + 1
    rows = [LayerRdm("a", "correlation", rdm), LayerRdm("b", "correlation", 3 * rdm)]
    stored = flat(model_rdms("net", rows, [f"s{k}" for k in range(n_stimuli)]))
    assert stored["correlation"].dtype == kind
    read = indexed(stored)["correlation"].values
    assert read.dtype == np.float64
    np.testing.assert_allclose(read[0], rdm, rtol=6e-8 if kind == np.float32 else 0)
    # A copy times a constant is still a copy to a measure.
    assert 1 - np.corrcoef(read)[0, 1] < 1e-12
