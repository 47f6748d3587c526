"""Rasters beside the file that says what was shown, against plain sums."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from isomorph.artefacts import read_responses
from isomorph.errors import IsomorphError
from isomorph.stages.responses import run

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from recordings import TEXT, create, series, table

UNITS = ["1", "32a", "33", "70"]
ONSETS = np.array([0.5, 2.003, 1.25, 2.6])
SHOWN = np.array([1, 0, 1, 2], dtype=np.uint32)
RASTER = np.random.default_rng(0).poisson(0.05, (3000, 4)).astype(np.uint8)


def write(folder, raster=RASTER, rate=1000.0, onsets=ONSETS):
    """Write the two files of a session as the archive divides them."""
    with create(folder / "s1.nwb", "s1", "rasters") as nwb:
        series(nwb, "processing/ecephys/rasters", raster, "TimeSeries", rate=rate, chunks=(512, 2))
        table(nwb, "processing/ecephys/unit_names", np.arange(4), {"unit_name": UNITS})
    with create(folder / "s1_image.nwb", "s1", "images") as nwb:
        columns = {"start_time": onsets, "stop_time": onsets + 0.3}
        table(nwb, "intervals/presentations", np.arange(4), columns, kind="TimeIntervals")
        series(nwb, "stimulus/presentation/presentations", SHOWN, "IndexSeries", timestamps=onsets)
        paths = ["Stimuli/aa.jpg", "Stimuli/bb.jpg", "Stimuli/cc.jpg"]
        nwb.create_dataset("stimulus/templates/stimuli/external_file", data=paths, dtype=TEXT)


@pytest.fixture
def read(make_study, tmp_path):
    """Return a reader of the session under some settings."""
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "banks.csv").write_text("bank,region\n0,CIT\n1,AIT\n")

    def read(stimuli=("aa", "bb", "cc"), **changes):
        responses = {
            "kind": "rasters",
            "files": "{subject}.nwb",
            "companion": "{stem}_image.nwb",
            "presentations": {
                "table": "presentations",
                "series": "stimulus/presentation/presentations",
                "names": "stimulus/templates/stimuli/external_file",
                "name": "{stem}",
            },
            "window": [0.1, 0.3],
            "raster": "processing/ecephys/rasters",
            "units": "processing/ecephys/unit_names/unit_name",
            "region": {"table": "banks.csv", "unit": "bank", "channels": 32},
            **changes,
        }
        layout = make_study(responses, stimuli)
        run(layout, "toy", "s1")
        return next(iter(read_responses(layout.responses("toy", "s1")).values()))

    return read


def test_sums_of_bins_units_regions_and_images(files, read):
    write(files)
    session = read()
    first = np.rint(1000 * (ONSETS + 0.1)).astype(int)
    expected = [RASTER[k : k + 200, :3].sum(axis=0, dtype=int) for k in first]
    np.testing.assert_array_equal(session["response"], expected)
    assert session["stimulus"].values.tolist() == ["bb", "aa", "bb", "cc"]
    assert session["repetition"].values.tolist() == [0, 0, 1, 0]
    assert session["unit"].values.tolist() == ["1", "32a", "33"]
    assert session["region"].values.tolist() == ["CIT", "CIT", "AIT"]
    assert json.loads(session.attrs["dropped"])["units without a region"] == 1
    rates = read(rate=True)
    np.testing.assert_allclose(rates["response"], np.array(expected) / 0.2)
    assert rates["response"].attrs["units"] == "spikes/s"


def test_an_image_that_is_not_there_is_counted(files, read):
    write(files)
    session = read(stimuli=["bb", "cc"])
    assert session["stimulus"].values.tolist() == ["bb", "bb", "cc"]
    counted = json.loads(session.attrs["dropped"])
    assert counted["presentations of a stimulus that is not in the set"] == 1


def test_presentations_beyond_the_recording_are_counted(files, read):
    write(files, onsets=np.array([0.5, 2.75, 1.25, 2.7]))
    with pytest.raises(IsomorphError, match="covers 3 of the 4 presentations: it lasts from 0 to"):
        read()
    session = read(uncovered=0.25)
    assert session["onset"].values.tolist() == [0.5, 1.25, 2.7]  # the last ends with the recording
    assert json.loads(session.attrs["dropped"])["presentations beyond the recording"] == 1


def test_a_window_that_lacks_bins_is_none_of_fewer_spikes(files, read):
    """The raster was not written from 1.3 to 2 s; bins of a window there are not silence."""
    write(files)
    kept = np.r_[0:1300, 2000:3000]
    with h5py.File(files / "s1.nwb", "a") as nwb:
        group = nwb["processing/ecephys/rasters"]
        del group["data"], group["starting_time"]
        group.create_dataset("data", data=RASTER[kept]).attrs["unit"] = "spike"
        group.create_dataset("timestamps", data=kept / 1000).attrs["unit"] = "seconds"
    session = read(uncovered=0.25)
    assert session["onset"].values.tolist() == [0.5, 2.003, 2.6]
    assert json.loads(session.attrs["dropped"])["presentations beyond the recording"] == 1


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_bins_are_turned_into_spikes(files, read, scale):
    write(files, raster=(RASTER / scale).astype(np.float32))
    with h5py.File(files / "s1.nwb", "a") as nwb:
        nwb["processing/ecephys/rasters/data"].attrs["conversion"] = scale
    scaled = read()["response"].values
    write(files)
    np.testing.assert_array_equal(scaled, read()["response"])


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        ({"raster": RASTER * 0.5}, {}, "holds parts of spikes, expected spikes per bin"),
        ({"raster": np.where(RASTER > 0, np.nan, 0.0)}, {}, "holds bins without a number"),
        ({"raster": RASTER[:, :3]}, {}, "is of shape (3000, 3), expected (time, unit) with the 4"),
        ({"raster": np.zeros_like(RASTER)}, {}, "every unit is silent from 0.1 to 0.3 s after"),
        ({"rate": 2.0}, {}, "has a sample every 0.5 s, so the window [0.1, 0.3) s may hold none"),
        ({}, {"companion": "{stem}_images.nwb"}, "s1_images.nwb: no such file, which holds the"),
        ({}, {"raster": "processing/ecephys/raster"}, 'nothing called "raster" in /processing/'),
        ({}, {"units": "processing/ecephys/unit_names/id"}, "unit \"0\" names no channel"),
        ({"onsets": ONSETS + 100}, {}, "covers none of the 4 presentations"),
    ],
)  # fmt: skip
def test_recordings_that_cannot_be_used(files, read, change, settings, message):
    write(files, **change)
    with pytest.raises(IsomorphError, match=re.escape(message)) as caught:
        read(**settings)
    assert "\n" not in str(caught.value)


def test_two_units_alike(files, read):
    write(files)
    with h5py.File(files / "s1.nwb", "r+") as nwb:
        nwb["processing/ecephys/unit_names/unit_name"][1] = "1"
    with pytest.raises(IsomorphError, match="names two units alike"):
        read()
