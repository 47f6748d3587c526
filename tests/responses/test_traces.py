"""Calcium traces in windows against a plain loop, and what is left out of them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from isomorph.artefacts import read_responses
from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Clock
from isomorph.responses.nwb import samples
from isomorph.responses.nwb.samples import sums_before
from isomorph.stages.responses import run

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from recordings import create, imaging_plane, points_at, series, table

IMAGES = ["a", "b", "a", "b"]
ONSETS = np.array([2.0, 5.5, 4.0, 8.0])
SIGNAL = "processing/ophys/DfOverF/DfOverF"
FRAME = 0.04


def traces(n_rois=3, n=300, seed=0):
    return np.random.default_rng(seed).standard_normal((n, n_rois))


def write(file, data, times=None, onsets=ONSETS, rois=None, location="VISp", **columns):
    """Write a two-photon recording whose timestamps belong to another series."""
    times = 0.5 + FRAME * np.arange(len(data)) if times is None else times
    rows = np.arange(data.shape[1]) if rois is None else rois
    with create(file, file.stem, "test") as nwb:
        shown = {"start_time": onsets, "stop_time": onsets + 0.25, "image": IMAGES[: len(onsets)]}
        table(nwb, "intervals/trials", np.arange(len(onsets)), shown, kind="TimeIntervals")
        plane = imaging_plane(nwb, "general/optophysiology/ImagingPlane", location)
        ids = 500 + np.arange(max(rows) + 1)
        masks = np.zeros((len(ids), 2, 2))
        rois = table(nwb, "processing/ophys/ImageSegmentation/PlaneSegmentation", ids,
                     {"image_mask": masks, "global": ids * 10, **columns},
                     kind="PlaneSegmentation")  # fmt: skip
        rois["imaging_plane"] = h5py.SoftLink(plane.name)
        corrected = series(nwb, "processing/ophys/Fluorescence/Corrected", data,
                           "RoiResponseSeries", timestamps=times)  # fmt: skip
        series(nwb, "processing/ophys/Fluorescence/Raw", data, "TimeSeries", timestamps=times)
        link = "/processing/ophys/Fluorescence/Corrected/timestamps"
        group = series(nwb, SIGNAL, data, "RoiResponseSeries", timestamps=link, unit="a.u.")
        for one in (corrected, group):
            points_at(one.create_dataset("rois", data=rows), rois)
    return times


@pytest.fixture
def read(make_study):
    """Return a reader of the one recording under some settings."""

    def read(**changes):
        responses = {
            "kind": "traces",
            "files": "{subject}.nwb",
            "presentations": {"stimulus": "image"},
            "signal": SIGNAL,
            "window": [0.0, 0.5],
            **changes,
        }
        layout = make_study(responses, ["a", "b"])
        run(layout, "toy", "s1")
        return next(iter(read_responses(layout.responses("toy", "s1")).values()))

    return read


def plain(data, times, onsets, start, stop):
    """Average as the definition reads."""
    return np.array(
        [np.nanmean(data[(times >= on + start) & (times < on + stop)], axis=0) for on in onsets]
    )


def test_means_of_windows_over_their_baseline(files, read):
    data = traces()
    times = write(files / "s1.nwb", data)
    session = read(baseline=[-0.3, 0.0])
    expected = plain(data, times, ONSETS, 0.0, 0.5) - plain(data, times, ONSETS, -0.3, 0.0)
    assert_allclose(session["response"], expected, atol=1e-12)
    assert session["unit"].values.tolist() == ["500", "501", "502"]
    assert set(session["region"].values) == {"VISp"}
    assert session["repetition"].values.tolist() == [0, 0, 1, 1]
    assert session["response"].attrs["units"] == "a.u."


def test_frames_are_neither_interpolated_nor_evenly_spaced(files, read):
    rng = np.random.default_rng(3)
    times = np.sort(rng.uniform(0, 14, 400))
    data = traces(n=400)
    write(files / "s1.nwb", data, times)
    assert_allclose(read()["response"], plain(data, times, ONSETS, 0.0, 0.5), atol=1e-12)


def test_rois_are_those_the_series_points_at(files, read):
    data = traces()
    write(files / "s1.nwb", data, rois=[4, 0, 2], area=["x", "y", "z", "u", "v"],
          valid=[True, True, False, True, True])  # fmt: skip
    session = read(region="area", unit="global")
    assert session["unit"].values.tolist() == ["5040", "5000", "5020"]
    assert session["region"].values.tolist() == ["v", "x", "z"]
    kept = read(quality={"valid": {"allowed": ["True"]}})
    assert kept["unit"].values.tolist() == ["504", "500"]
    assert json.loads(kept.attrs["dropped"])["units failing valid"] == 1
    assert_allclose(kept["response"], session["response"][:, :2])


def test_missing_samples_are_counted_and_never_spread(files, read):
    data = traces(n_rois=4)
    times = 0.5 + FRAME * np.arange(len(data))
    one = np.flatnonzero(times >= ONSETS[0])[2]
    data[one, 1] = np.nan  # inside a window
    data[5, 2] = np.nan  # outside of every window
    data[(times >= ONSETS[1]) & (times < ONSETS[1] + 0.5), 3] = np.inf  # a whole window
    write(files / "s1.nwb", data, times)
    session = read()
    finite = np.where(np.isfinite(data), data, np.nan)[:, :3]
    assert_allclose(session["response"], plain(finite, times, ONSETS, 0.0, 0.5), atol=1e-12)
    dropped = json.loads(session.attrs["dropped"])
    assert dropped["units with a window of missing samples alone"] == 1
    assert dropped["missing samples in windows of units kept"] == 1


def test_presentations_beyond_the_recording_are_counted(files, read):
    data = traces()
    write(files / "s1.nwb", data, onsets=np.array([2.0, 12.3, 0.2, 8.0]))
    with pytest.raises(IsomorphError, match="covers 2 of the 4 presentations: it lasts"):
        read()
    session = read(uncovered=0.5)  # samples from 0.5 to 12.5 s
    assert session["onset"].values.tolist() == [2.0, 8.0]
    assert json.loads(session.attrs["dropped"])["presentations beyond the recording"] == 2


def test_samples_are_turned_into_their_unit(files, read):
    """Stored as whole numbers: conversion and offset are part of what NWB says of them."""
    data = np.rint(1000 * traces()).astype(np.int16)
    times = write(files / "s1.nwb", data)
    with h5py.File(files / "s1.nwb", "a") as nwb:
        nwb[SIGNAL]["data"].attrs.update({"conversion": 0.001, "offset": 2.0})
    expected = 0.001 * plain(data.astype(float), times, ONSETS, 0.0, 0.5) + 2
    assert_allclose(read()["response"], expected, rtol=1e-6)
    less = read(baseline=[-0.3, 0.0])
    before = 0.001 * plain(data.astype(float), times, ONSETS, -0.3, 0.0) + 2
    assert_allclose(less["response"], expected - before, atol=1e-6)


@pytest.mark.parametrize("region", [{"name": "cortex"}, {"table": "places.csv"}])
def test_regions_the_recording_does_not_say(files, read, tmp_path, region):
    write(files / "s1.nwb", traces())
    (tmp_path / "datasets").mkdir(exist_ok=True)
    (tmp_path / "datasets" / "places.csv").write_text("unit,region\n500,a\n501,b\n502,\n")
    found = read(region=region)["region"].values.tolist()
    assert found == (["cortex"] * 3 if "name" in region else ["a", "b"])


@settings(max_examples=80, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 7)),
    chunks=st.tuples(st.integers(1, 12), st.integers(1, 7)) | st.none(),
    block=st.integers(1, 60),
    places=st.lists(st.integers(0, 40), max_size=12),
    missing=st.integers(0, 8),
    seed=st.integers(0, 99),
)
def test_sums_in_blocks_equal_sums_at_once(shape, chunks, block, places, missing, seed):
    rng = np.random.default_rng(seed)
    data = rng.integers(-9, 9, shape).astype(float)
    data[rng.integers(0, shape[0], missing), rng.integers(0, shape[1], missing)] = np.nan
    chunks = None if chunks is None else tuple(np.minimum(chunks, shape).tolist())
    places = np.minimum(np.array(places, dtype=np.int64), shape[0])
    whole = samples.BLOCK
    try:
        samples.BLOCK = block
        with h5py.File("s.nwb", "w", driver="core", backing_store=False) as file:
            stored = file.create_dataset("x", data=data, chunks=chunks)
            sums, lost = sums_before(stored, places, "here")
    finally:
        samples.BLOCK = whole
    for place, total, gone in zip(places, sums, lost, strict=True):
        np.testing.assert_array_equal(total, np.nansum(data[:place], axis=0))
        np.testing.assert_array_equal(gone, np.isnan(data[:place]).sum(axis=0))


@settings(max_examples=80, deadline=None)
@given(first=st.integers(0, 3000), start=st.integers(0, 400), length=st.integers(1, 500))
def test_an_edge_on_a_regular_sample_takes_it(first, start, length):
    """Milliseconds are not exact in binary; the window still holds as many bins as it is long."""
    clock = Clock(10_000, None, 0.0, 1000.0)
    onset = first / 1000
    lower, upper = clock.before(np.array([onset + start / 1000, onset + (start + length) / 1000]))
    assert (lower, upper) == (first + start, first + start + length)


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"signal": "processing/ophys/DfOverF/DfF"},
         'no "processing/ophys/DfOverF/DfF", nothing called "DfF" in /processing/ophys/DfOverF'),
        ({"signal": "processing/ophys/DfOverF/DfOverF/data"}, "is a dataset, expected a group"),
        ({"signal": "processing/ophys/Fluorescence/Raw"},
         "Raw: is of type TimeSeries, whose columns point at no table of ROIs"),
        ({"window": [0.0, 0.03]}, "has a sample every 0.04 s, so the window [0, 0.03) s may hold"),
        ({"region": "depth"}, 'PlaneSegmentation: no "depth" that names the region'),
        ({"unit": "globle"}, 'no column "globle", did you mean "global"?'),
        ({"regions": {"VISl": ["VISl"]}},
         "none of the 3 units is left (3 units of other regions (VISp))"),
        ({"presentations": {"stimulus": "image", "clock": 1000}},
         "covers none of the 4 presentations: it lasts from 0.5 to 12.5 s"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit(files, read, changes, message):
    write(files / "s1.nwb", traces())
    with pytest.raises(IsomorphError, match=re.escape(message)) as caught:
        read(**changes)
    assert "\n" not in str(caught.value)


def test_times_that_fall_back(files, read):
    times = 0.5 + FRAME * np.arange(300)
    times[7] = times[5]
    write(files / "s1.nwb", traces(), times)
    with pytest.raises(
        IsomorphError, match=r"sample 7 is at 0\.7 s, not after sample 6 at 0\.74 s"
    ):
        read()


def test_data_the_wrong_way_round(files, read):
    write(files / "s1.nwb", traces(n_rois=5, n=300).T.copy(), times=np.arange(5.0))
    with pytest.raises(IsomorphError, match="has a sample every 1 s"):
        read()


def test_an_edge_on_a_sample_is_the_same_by_rate_and_by_times():
    onset = 1 + 0.8 * np.arange(60)
    by_rate = Clock(1040, start=0.0, rate=20.0)
    by_times = Clock(1040, timestamps=np.arange(1040) / 20)
    wanted = 20 + 16 * np.arange(60)
    for clock in (by_rate, by_times):
        np.testing.assert_array_equal(clock.before(onset + 0.05), wanted + 1)
        np.testing.assert_array_equal(clock.before(onset + 0.25), wanted + 5)
