"""Remote NWB files of which only the wanted objects are read."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from allen_layout import write_recording
from dandi_archive import Fault, serve
from dandi_study import locked, patch_network, patch_waits, refused
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.base import Images
from pynwb.image import GrayscaleImage, IndexSeries
from pynwb.ophys import ImageSegmentation

from isomorph.archives.dandi import bring
from isomorph.archives.lock import Lock, lock_file, write_lock
from isomorph.archives.streaming import choose, copy_choice
from isomorph.artefacts import provenance, read_responses, write_table
from isomorph.stages.fetch import run as fetch_dataset
from isomorph.stages.responses import run as prepare_responses

PATH = "sub-707296975/sub-707296975_ses-721123822.nwb"
KEEP = (
    "units/spike_times*",
    "units/peak_channel_id",
    "units/quality",
    "intervals/natural_scenes_presentations",
)
SPEC = {
    "kind": "dandi",
    "dandiset": "000021",
    "version": "draft",
    "include": ["**"],
    "access": "stream",
    "keep": list(KEEP),
}
LFP = 1_500_000


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A recording of 13 MB, nearly all of it what nobody asks for."""
    file = tmp_path_factory.mktemp("recording") / "full.nwb"
    write_recording(file, lfp=LFP)
    return file


@pytest.fixture
def archive(tmp_path, recording, monkeypatch):
    place = tmp_path / "served" / "000021" / "draft" / PATH
    place.parent.mkdir(parents=True)
    os.link(recording, place)
    with serve(tmp_path / "served") as server:
        patch_network(monkeypatch, server.url)
        yield server


@pytest.fixture
def asset(archive):
    return archive.asset(f"000021/draft/{PATH}")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "files"


@pytest.fixture
def no_waits(monkeypatch):
    return patch_waits(monkeypatch)


@pytest.fixture
def stream(make_layout, asset, folder):
    """Stream the recording and return where it stands."""

    def streamed(spec=SPEC, **changes):
        bring(make_layout(spec), "objects", [locked(asset, **changes)], folder)
        return folder / PATH

    return streamed


def slim(full, keep, target):
    with h5py.File(full) as source, h5py.File(target, "w") as copy:
        choice = choose(source, keep, "full.nwb")
        copy_choice(source, choice, copy)
    return choice


def content(file):
    """Return every dataset of a file but those of the schema, by path."""
    found = {}

    def visit(name, one):
        if isinstance(one, h5py.Dataset) and not name.startswith("specifications"):
            found[name] = one[()]

    with h5py.File(file) as opened:
        opened.visititems(visit)
    return found


# ------------------------------------------------------------------------- what is kept


def test_the_slim_file_holds_what_was_asked_for_bit_by_bit_and_reads_as_nwb(stream, recording):
    place = stream()
    kept, whole = content(place), content(recording)
    assert {name for name in kept if name.startswith(("units", "intervals"))} == {
        "units/id", "units/spike_times", "units/spike_times_index", "units/peak_channel_id",
        "units/quality",
        *(f"intervals/natural_scenes_presentations/{name}" for name in (
            "id", "start_time", "stop_time", "frame", "stimulus_block", "tags", "tags_index")),
    }  # fmt: skip
    assert not [name for name in kept if name.startswith(("acquisition", "processing", "stimulus"))]
    for name in kept.keys() - {"general/extracellular_ephys/electrodes/group"}:
        np.testing.assert_array_equal(kept[name], whole[name])
        assert np.asarray(kept[name]).dtype == np.asarray(whole[name]).dtype
    with NWBHDF5IO(str(place), "r") as io, NWBHDF5IO(str(recording), "r") as full:
        ours, theirs = io.read(), full.read()
        assert ours.units.colnames == ("spike_times", "peak_channel_id", "quality")
        assert ours.identifier == theirs.identifier == "721123822"
        assert ours.session_start_time == theirs.session_start_time
        assert "timeseries" not in ours.intervals["natural_scenes_presentations"].colnames
        pd.testing.assert_frame_equal(
            ours.electrodes.to_dataframe().drop(columns="group"),
            theirs.electrodes.to_dataframe().drop(columns="group"),
        )
        group = ours.electrodes["group"][3]
        assert group is ours.electrode_groups["probeA"]
        assert group.device is ours.devices["probeA"]
        for unit in range(len(theirs.units)):
            np.testing.assert_array_equal(
                ours.units["spike_times"][unit], theirs.units["spike_times"][unit]
            )


def test_spike_counts_are_those_of_the_full_file(stream, recording, make_layout, tmp_path):
    place = stream()
    counts = {}
    for name, file in (("slim", place), ("full", recording)):
        kept = tmp_path / name
        kept.mkdir()
        os.link(file, kept / "one.nwb")
        layout = make_layout(
            {"kind": "local", "path": str(kept)},
            responses={
                "kind": "nwb",
                "files": "*.nwb",
                "presentations": {
                    "table": "natural_scenes_presentations",
                    "stimulus": "frame",
                    "blank": ["-1"],
                },
                "electrode": "peak_channel_id",
                "region": "location",
                "quality": {"quality": {"allowed": ["good"]}},
                "window": [0.0, 0.25],
            },
        )
        table = pd.DataFrame({"stimulus": [str(k) for k in range(7)], "file": "", "sha256": ""})
        write_table(layout.stimuli("objects"), table, "stimuli", provenance("stimuli"))
        fetch_dataset(layout, "objects")
        prepare_responses(layout, "objects", "one")
        (counts[name],) = read_responses(layout.responses("objects", "one")).values()
    assert counts["slim"]["response"].sum() > 100
    assert set(counts["slim"]["region"].values) <= {"VISp", "VISl", "LGd", "None"}
    xr.testing.assert_equal(counts["slim"], counts["full"])


def test_far_less_is_read_than_there_is_and_it_is_said(stream, archive, asset, capfd):
    stream()
    out, err = capfd.readouterr()
    assert out == ""
    read = sum(
        int(last) - int(first) + 1
        for first, last in (
            request.range.removeprefix("bytes=").split("-")
            for request in archive.asked(asset.blob_path)
        )
    )
    assert asset.size > 12_000_000
    assert read < 0.1 * asset.size
    assert f"read {read / 1e6:.1f} of {asset.size / 1e6:.1f} MB" in err
    assert "left out intervals/natural_scenes_presentations/timeseries" in err


def test_the_same_reading_gives_the_same_bytes(recording, tmp_path):
    hashes = []
    for name in ("one.nwb", "two.nwb"):
        slim(recording, KEEP, tmp_path / name)
        hashes.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
        time.sleep(0.6)  # dates in HDF5 are of whole seconds
    assert hashes[0] == hashes[1]


def test_a_column_whose_references_are_kept_too_stays(recording, tmp_path):
    target = tmp_path / "slim.nwb"
    choice = slim(recording, [*KEEP, "processing/stimulus"], target)
    assert choice.left_out == []
    with NWBHDF5IO(str(target), "r") as io, NWBHDF5IO(str(recording), "r") as full:
        ours, theirs = (
            one.read().intervals["natural_scenes_presentations"]["timeseries"][5][0]
            for one in (io, full)
        )
        assert ours.idx_start == theirs.idx_start
        np.testing.assert_array_equal(ours.data, theirs.data)


@pytest.mark.parametrize(
    ("pattern", "columns"),
    [
        ("units", {"spike_times", "spike_amplitudes", "waveform_mean", "peak_channel_id",
                   "quality", "amplitude_cutoff"}),
        ("units/*_index", {"spike_times", "spike_amplitudes"}),
        ("**/spike_times", {"spike_times"}),
        ("units/[pq]*", {"peak_channel_id", "quality"}),
        ("/units/quality", {"quality"}),
        ("units/id", set()),
    ],
)  # fmt: skip
def test_columns_are_kept_whole_whatever_part_of_them_is_named(
    recording, tmp_path, pattern, columns
):
    target = tmp_path / "slim.nwb"
    slim(recording, [pattern], target)
    with NWBHDF5IO(str(target), "r") as io:
        units = io.read().units
        assert set(units.colnames) == columns
        assert len(units) == 12


def test_a_time_series_of_which_the_data_are_named_keeps_its_clock(recording, tmp_path):
    target = tmp_path / "slim.nwb"
    slim(recording, ["processing/running/running_speed/data"], target)
    with NWBHDF5IO(str(target), "r") as io:
        speed = io.read().processing["running"]["running_speed"]
        assert (speed.rate, speed.unit, len(speed.data)) == (60.0, "cm/s", 5000)


@pytest.fixture
def pointing(tmp_path):
    """A recording whose objects point at each other: rows of a table, links."""
    nwb = NWBFile(
        session_description="test",
        identifier="pointing",
        session_start_time=datetime(2020, 1, 1, tzinfo=UTC),
    )
    pictures = [
        GrayscaleImage(name=f"NaturalScene{k}", data=np.full((4, 4), k, np.uint8)) for k in range(3)
    ]
    template = Images(name="natural_scenes_template", images=pictures, description="scenes")
    nwb.add_stimulus_template(template)
    shown = IndexSeries(
        name="natural_scenes_stimulus",
        data=np.array([2, 0, 1], np.uint32),
        indexed_images=template,
        timestamps=[0.0, 1.0, 2.0],
        unit="N/A",
    )
    nwb.add_stimulus(shown)
    device = nwb.create_device("microscope")
    channel = [{"name": "green", "description": "x", "emission_lambda": 520.0}]
    from pynwb.ophys import DfOverF, OpticalChannel

    plane = nwb.create_imaging_plane(
        name="ImagingPlane",
        optical_channel=OpticalChannel(**channel[0]),
        description="x",
        device=device,
        excitation_lambda=910.0,
        indicator="GCaMP6f",
        location="VISp",
    )
    module = nwb.create_processing_module("ophys", "x")
    segmentation = ImageSegmentation()
    module.add(segmentation)
    rois = segmentation.create_plane_segmentation(
        name="PlaneSegmentation", description="x", imaging_plane=plane
    )
    rois.add_column("global_roi_id", "x")
    for k in range(4):
        masks = {"image_mask": np.zeros((50, 50)), "pixel_mask": [(k, k, 1.0)]}
        rois.add_roi(**masks, global_roi_id=f"roi{k}")
    signal = DfOverF()
    module.add(signal)
    signal.create_roi_response_series(
        name="DfOverF",
        data=np.arange(20.0).reshape(5, 4),
        rois=rois.create_roi_table_region(region=[0, 1, 2, 3], description="x"),
        unit="n.a.",
        rate=30.0,
    )
    nwb.add_acquisition(TimeSeries(name="other", data=np.zeros(9), rate=1.0, unit="V"))
    file = tmp_path / "pointing.nwb"
    with NWBHDF5IO(str(file), "w") as io:
        io.write(nwb)
    return file


def test_what_a_kept_object_links_to_is_kept(pointing, tmp_path):
    target = tmp_path / "slim.nwb"
    slim(pointing, ["stimulus/presentation/*"], target)
    with NWBHDF5IO(str(target), "r") as io:
        nwb = io.read()
        images = nwb.stimulus["natural_scenes_stimulus"].indexed_images
        assert images is nwb.stimulus_template["natural_scenes_template"]
        assert images["NaturalScene2"].data[0, 0] == 2
        assert not nwb.processing
        assert not nwb.acquisition


def test_a_table_whose_rows_are_pointed_at_is_kept_with_what_it_needs_and_what_is_named(
    pointing, tmp_path
):
    target = tmp_path / "slim.nwb"
    slim(pointing, ["processing/ophys/DfOverF/DfOverF/data", "**/global_roi_id"], target)
    with NWBHDF5IO(str(target), "r") as io:
        series = io.read().processing["ophys"]["DfOverF"]["DfOverF"]
        table = series.rois.table
        assert set(table.colnames) == {"pixel_mask", "global_roi_id"}  # not the larger masks
        assert list(table["pixel_mask"][1][0])[:2] == [1, 1]
        assert list(table["global_roi_id"][:]) == ["roi0", "roi1", "roi2", "roi3"]
        assert table.imaging_plane.location == "VISp"
        np.testing.assert_array_equal(series.data[:], np.arange(20.0).reshape(5, 4))
    slim(pointing, ["processing/ophys/DfOverF"], target)
    with NWBHDF5IO(str(target), "r") as io:
        table = io.read().processing["ophys"]["DfOverF"]["DfOverF"].rois.table
        assert (table.colnames, len(table)) == (("pixel_mask",), 4)


def test_a_pattern_that_matches_nothing_is_told_with_the_nearest(stream, folder):
    spec = SPEC | {"keep": ["units/spike_tims"]}
    refused(
        lambda: stream(spec), PATH, 'archive.keep: "units/spike_tims"',
        'did you mean "units/spike_times"?',
    )  # fmt: skip
    assert not list(folder.rglob("*.nwb"))


def test_what_is_left_must_still_be_nwb(stream, folder, monkeypatch):
    monkeypatch.setattr("isomorph.archives.streaming.choice.ALWAYS", ("general",))
    monkeypatch.setattr("isomorph.archives.streaming.choice.PLACES", ())

    def without_identifier(self):
        self._group("")

    monkeypatch.setattr(
        "isomorph.archives.streaming.choice._Chooser.keep_what_must_be", without_identifier
    )
    refused(stream, PATH, "cannot be read as NWB")
    assert not list(folder.rglob("*.nwb"))


# ------------------------------------------------------------------------- when it is read again


def test_a_file_is_read_again_only_when_it_must_be(stream, archive, monkeypatch):
    place = stream()
    first, asked = place.read_bytes(), len(archive.log)
    assert stream().read_bytes() == first
    assert len(archive.log) == asked
    with monkeypatch.context() as patch:
        patch.setattr("isomorph.archives.stream.reading_code", lambda _archive: "new code")
        assert stream().read_bytes() == first
    assert len(archive.log) > asked
    asked = len(archive.log)
    place.write_bytes(first[:-1] + b"?")  # damaged
    assert stream().read_bytes() == first
    assert len(archive.log) > asked
    more = stream(SPEC | {"keep": [*KEEP, "units/amplitude_cutoff"]})
    assert "units/amplitude_cutoff" in content(more)
    (place.parents[1] / ".streamed.json").write_text("{")
    assert "units/amplitude_cutoff" not in content(stream())


def test_the_manifest_is_of_the_slim_file(make_layout, asset):
    from dataclasses import astuple

    from isomorph.archives import read_manifest
    from isomorph.archives.lock import Lock, lock_file, write_lock

    layout = make_layout(SPEC | {"include": ["**/*.nwb"]})
    write_lock(lock_file(layout.study, "objects"), Lock((locked(asset),), ("test",)))
    fetch_dataset(layout, "objects")
    ((path, size, digest),) = map(astuple, read_manifest(layout, "objects").files)
    slim_file = layout.archive("objects") / PATH
    assert (path, size) == (PATH, slim_file.stat().st_size)
    assert digest == hashlib.sha256(slim_file.read_bytes()).hexdigest() != asset.sha256


# ------------------------------------------------------------------------- bad weather

PASSING = {
    "503": [Fault(), Fault(503), Fault(503)],
    "429": [Fault(), Fault(429, retry_after="1")],
    "truncated": [Fault(), Fault(), Fault(truncate=1000)],
    "truncated, then 500": [Fault(), Fault(truncate=10), Fault(500), Fault(truncate=0)],
    "whole file in place of a part": [Fault(), Fault(), Fault(ignore_range=True)],
    "503 at once": [Fault(503)],
    "expired address": [Fault(), Fault(), Fault(403)],
}


@pytest.mark.parametrize("name", PASSING)
def test_weather_that_passes_leaves_the_right_objects(
    stream, archive, asset, recording, no_waits, name
):
    archive.fail(asset.blob_path, *PASSING[name])
    kept, whole = content(stream()), content(recording)
    assert not archive.faults[asset.blob_path]
    np.testing.assert_array_equal(kept["units/spike_times"], whole["units/spike_times"])
    if name == "expired address":
        assert len(archive.asked(asset.download_path)) == 2


LASTING = {
    "503": (Fault(503), "503"),
    "truncated": (Fault(truncate=0), "cannot be read on"),
    "gone": (Fault(404), "went away"),
    "closed": (Fault(403), "403"),
}


@pytest.mark.parametrize("name", LASTING)
def test_weather_that_lasts_is_told_in_one_sentence(stream, archive, asset, folder, no_waits, name):
    fault, said = LASTING[name]
    lasting = Fault(**{**vars(fault), "always": True})
    archive.fail(asset.blob_path, Fault(), Fault(), lasting)
    refused(stream, PATH, said)
    assert not list(folder.rglob("*.nwb"))
    archive.faults.clear()
    stream()


def test_a_server_without_ranges_is_told_before_the_whole_file_comes(stream, archive, asset):
    archive.fail(asset.blob_path, Fault(ignore_range=True, always=True))
    refused(stream, PATH, "only whole files", "archive.access: download")
    assert len(archive.asked(asset.blob_path)) == 1


def test_an_asset_of_another_size_or_hash_than_locked_is_refused(stream, archive, asset):
    refused(lambda: stream(size=asset.size + 1), f"{asset.size + 1:,}", "isomorph lock")
    refused(lambda: stream(hash="0" * 64), "0" * 64, "isomorph lock")
    assert not archive.asked(asset.blob_path)


def test_a_bucket_that_has_another_file_is_refused(stream, archive, asset):
    other = archive.root / "000021" / "draft" / "other.nwb"
    other.write_bytes(b"something else")
    there = archive.asset("000021/draft/other.nwb").blob_path
    archive.fail(asset.download_path, Fault(redirect=f"{archive.url}{there}"))
    refused(stream, PATH, "not the file that was locked")


def test_a_file_that_is_no_hdf5_is_told(make_layout, archive, folder):
    (archive.root / "000021" / "draft" / "notes.nwb").write_bytes(bytes(5000))
    asset = archive.asset("000021/draft/notes.nwb")
    layout = make_layout(SPEC)
    refused(lambda: bring(layout, "objects", [locked(asset)], folder), "notes.nwb", "read as HDF5")


def test_an_embargo_is_opened_by_a_key_that_the_bucket_never_sees(
    stream, archive, asset, monkeypatch
):
    archive.embargo = "secret"
    refused(stream, PATH, "DANDI_API_KEY")
    monkeypatch.setenv("DANDI_API_KEY", "secret")
    stream()
    assert {request.authorization for request in archive.asked(asset.blob_path)} == {None}


PROGRAM = """
import sys
from pathlib import Path
from isomorph.layout import Layout
from isomorph.stages.fetch import run
from isomorph.study import load_study
study = Path(sys.argv[1])
run(Layout(load_study(study), study.parents[1]), "objects")
"""


@pytest.fixture
def started(make_layout, asset):
    """Start to fetch the asset in a process of its own; return the layout and the process."""
    layout = make_layout(SPEC | {"include": ["**/*.nwb"]})
    write_lock(lock_file(layout.study, "objects"), Lock((locked(asset),), ("test",)))

    def start():
        command = [sys.executable, "-c", PROGRAM, str(layout.study.path)]
        return layout, subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    return start


def test_a_killed_reading_leaves_nothing_under_the_final_name(started, archive, asset):
    archive.bandwidth = 1e6
    layout, process = started()
    end = time.monotonic() + 30
    while len(archive.asked(asset.blob_path)) < 4:
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (layout.archive("objects") / PATH).exists()
    assert not layout.manifest("objects").exists()
    archive.bandwidth = None
    fetch_dataset(layout, "objects")
    assert "units/spike_times" in content(layout.archive("objects") / PATH)


def test_a_process_whose_reading_breaks_off_ends_with_its_own_status(started, archive, asset):
    archive.fail(asset.blob_path, Fault(), Fault(), Fault(404, always=True))
    _, process = started()
    said = process.communicate(timeout=60)[1]
    assert "went away while it was read" in said
    assert process.returncode == 1  # not that of a crash in HDF5


def test_a_full_disk_is_told(stream, folder):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        refused(stream, PATH, "it grows larger than the disk")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(folder.rglob("*.nwb"))


def test_a_disk_without_locks_is_read_into_too(stream, monkeypatch):
    def no_locks(handle, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    stream()
