"""Volumes of one run, when they were taken, and what is of no interest."""

import gzip
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.responses.bids.bold import has_variance, open_bold, percent_change
from isomorph.responses.bids.confounds import read_confounds
from isomorph.responses.bids.files import RunFiles
from isomorph.responses.bids.timing import timing
from isomorph.study.bids import BidsConfounds, BidsResponses


def settings(**keys):
    return BidsResponses.model_validate(
        {
            "kind": "bids", "bold": "x", "events": {"files": "x"},
            "regions": {"kind": "whole", "file": "m", "region": "r"}, **keys,
        }
    )  # fmt: skip


@pytest.fixture
def bold(tmp_path):
    """A scaled run of 5 volumes, and its values."""
    stored = np.random.default_rng(0).integers(0, 1000, (20, 15, 10, 5)).astype(np.int16)
    image = nib.Nifti1Image(stored, np.eye(4))
    image.header.set_slope_inter(0.5, 10)
    file = tmp_path / "sub-1_task-x_run-01_bold.nii.gz"
    content = image.to_bytes()
    file.write_bytes(gzip.compress(content))
    return file, np.asanyarray(nib.load(file).dataobj)


def test_some_voxels_are_read_as_nibabel_scales_them(bold):
    file, values = bold
    voxels = np.array([[3, 2, 1], [0, 0, 0], [1, 2, 0]])
    units = np.ravel_multi_index(tuple(voxels.T), (20, 15, 10))
    stored = open_bold([file]).read(units)
    assert stored.values.dtype == np.int16  # as small and as exact as in the file
    np.testing.assert_allclose(stored.scaled(), values[tuple(voxels.T)].T)
    np.testing.assert_allclose(stored.scaled(np.array([2])), values[1, 2, 0][:, None])


def test_a_file_cut_short_is_refused(bold):
    file, _ = bold
    file.write_bytes(file.read_bytes()[:-400])
    with pytest.raises(IsomorphError, match="cannot be read as a whole image"):
        open_bold([file]).read(np.array([0]))


def test_a_single_volume_is_no_run(tmp_path):
    file = tmp_path / "mask.nii"
    nib.save(nib.Nifti1Image(np.ones((2, 2, 2), dtype=np.uint8), np.eye(4)), file)
    with pytest.raises(IsomorphError, match="expected volumes"):
        open_bold([file])


def test_percent_change_has_mean_zero_and_knows_where_there_is_no_signal():
    values = np.array([[90.0, 0.0, 5.0, np.nan], [110.0, 0.0, 5.0, 1.0]])
    assert has_variance(values).tolist() == [True, False, False, False]
    change, signal = percent_change(values[:, :3])
    assert change.tolist() == [[-10.0, 0.0, 0.0], [10.0, 0.0, 0.0]]
    assert signal.tolist() == [True, False, True]


def test_times_come_from_json_files_nearest_last(bold):
    file, _ = bold
    task = file.with_name("task-x_bold.json")
    own = file.with_name("sub-1_task-x_run-01_bold.json")
    task.write_text(json.dumps({"RepetitionTime": 3, "StartTime": 1.5}))
    own.write_text(json.dumps({"RepetitionTime": 2.5}))
    clock = timing(file, [task, own], settings(repetition_time=9))
    assert (clock.repetition, clock.start) == (2.5, 1.5)
    assert clock.frames(3).tolist() == [1.5, 4.0, 6.5]
    clock = timing(file, [], settings(repetition_time=2.0, start_time=0.5))
    assert (clock.repetition, clock.start) == (2.0, 0.5)
    with pytest.raises(IsomorphError, match=r"give responses\.repetition_time in seconds"):
        timing(file, [], settings())
    own.write_text(json.dumps({"RepetitionTime": "2.5 s"}))
    with pytest.raises(IsomorphError, match=r"RepetitionTime is '2.5 s', expected seconds"):
        timing(file, [own], settings())


def test_json_files_of_another_derivative_do_not_count(tmp_path):
    def write(place, time):
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"RepetitionTime": time}))
        return file

    run = tmp_path / "raw" / "sub-1" / "func" / "sub-1_task-x_bold.nii.gz"
    other = write("raw/derivatives/slow/sub-1/func/sub-1_task-x_bold.json", 4)
    top = write("raw/task-x_bold.json", 2)
    assert timing(run, [other, top], settings()).repetition == 2
    # what is all there is counts, if it is of one mind
    assert timing(run, [other], settings()).repetition == 4
    more = write("raw/derivatives/fast/sub-1/func/sub-1_task-x_bold.json", 1)
    with pytest.raises(IsomorphError, match=r"fast.* says 1 s, .*slow.* 4 s; say which"):
        timing(run, [more, other], settings())
    assert timing(run, [more, other], settings(repetition_time=3)).repetition == 3
    assert timing(run, [more, other, top], settings()).source == top


def test_a_header_that_contradicts_the_json_file_is_refused(bold):
    file, _ = bold
    own = file.with_name("sub-1_task-x_run-01_bold.json")
    own.write_text(json.dumps({"RepetitionTime": 3.0}))
    image = nib.load(file)
    for unit, time, said in (
        ("sec", 2.0, 2.0), ("msec", 2000.0, 2.0), ("sec", 1.0, None), ("sec", 0.0, None),
        ("unknown", 2.0, 2.0), ("unknown", 2000.0, None), ("hz", 2.0, None),
    ):  # fmt: skip
        image.header.set_xyzt_units("mm", unit)
        image.header["pixdim"][4] = time
        other = file.with_name(f"{unit}{time}_bold.nii")
        other.write_bytes(nib.Nifti1Image(image.get_fdata(), None, image.header).to_bytes())
        assert open_bold([other]).header == said
    content = bytearray(other.read_bytes())
    content[123] = 7 * 8  # a unit of time that NIfTI does not know
    other.write_bytes(content)
    assert open_bold([other]).header is None
    with pytest.raises(IsomorphError, match=r"header says .* 2 s, .*bold\.json one of 3 s; say"):
        timing(file, [own], settings(), header=2.0)
    clock = timing(file, [own], settings(repetition_time=2.0), header=2.0)
    assert (clock.repetition, clock.source) == (2.0, "responses.repetition_time")
    assert timing(file, [own], settings(repetition_time=2.0), header=3.001).repetition == 3


def test_times_of_volumes_are_taken_where_they_are_equally_far_apart(bold):
    file, _ = bold
    own = file.with_name("sub-1_task-x_run-01_bold.json")
    own.write_text(json.dumps({"VolumeTiming": [1.0, 3.0, 5.0, 7.0, 9.0]}))
    clock = timing(file, [own], settings(repetition_time=9))
    assert (clock.repetition, clock.start, clock.source) == (2.0, 1.0, own)
    for wrong in ([0.0, 2.0, 4.0, 9.0, 11.0], [0.0], "fast"):
        own.write_text(json.dumps({"VolumeTiming": wrong}))
        with pytest.raises(IsomorphError, match="VolumeTiming"):
            timing(file, [own], settings(repetition_time=2.0))


def test_confounds_by_column_start_with_a_difference_that_has_no_value(bold, tmp_path):
    run = RunFiles(bold[0], Path(), "")
    table = tmp_path / "sub-1_task-x_run-1_confounds.tsv"
    table.write_text("fd\tx\nn/a\t1\n.5\t2\n.5\t3\n.5\t4\n.5\t5\n")
    spec = BidsConfounds(files="*.tsv", columns=("fd", "x"))
    found = read_confounds(run, [table], spec, 5).regressors
    assert found[:2].tolist() == [[0.0, 1.0], [0.5, 2.0]]
    with pytest.raises(IsomorphError, match="5 rows of confounds, expected 6 volumes"):
        read_confounds(run, [table], spec, 6)
    table.write_text("fd\tx\nn/a\t1\nn/a\t2\n")
    with pytest.raises(IsomorphError, match='line 3: fd is "n/a", expected a number'):
        read_confounds(run, [table], spec, 2)


def test_confounds_of_fmriprep_that_are_not_there_are_one_sentence(bold):
    run = RunFiles(bold[0], Path(), "")
    with pytest.raises(IsomorphError, match="with confounds beside them") as refusal:
        read_confounds(run, [], BidsConfounds(strategy=("motion",)), 5)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"confounds": {"strategy": ["motion", "high_pass"]}}, "model drift twice"),
        ({"confounds": {"files": "*.tsv", "columns": ["cosine00"]}}, "model drift twice"),
        ({"confounds": {"strategy": ["compcor"]}, "drift": "none"}, "needs high_pass"),
        ({"confounds": {}}, "give strategy"),
        ({"estimate": "lss", "noise_model": "ar1"}, "goes with noise_model: ols"),
        ({"regions": {"kind": "masks"}}, "give files"),
        ({"regions": {"kind": "masks", "files": "*", "region": "x"}}, "one group"),
        ({"events": {"files": "x", "name": "a"}}, "must hold"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(keys, said):
    with pytest.raises(ValueError, match=said):
        settings(**keys)
