"""Volumes of one run, when they were taken, and what is of no interest."""

import gzip
import json
from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import pytest
from nibabel.arrayproxy import ArrayProxy

from isomorph.errors import IsomorphError
from isomorph.responses.bids.bold import has_variance, open_bold, percent_change
from isomorph.responses.bids.confounds import read_confounds
from isomorph.responses.bids.run_files import RunFiles
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


def write_afni(folder, data, factors):
    """Write a run as AFNI does, a factor for each volume: signals are `data * factors`."""
    x, y, z, scans = data.shape
    attributes = {
        ("integer", "DATASET_RANK"): (3, scans, *[0] * 6),
        ("integer", "DATASET_DIMENSIONS"): (x, y, z, 0, 0),
        ("integer", "BRICK_TYPES"): (1,) * scans,
        ("float", "BRICK_FLOAT_FACS"): factors,
        ("float", "DELTA"): (1.0, 1.0, 1.0),
        ("float", "IJK_TO_DICOM_REAL"): (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0),
    }
    parts = [
        f"type = {kind}-attribute\nname = {name}\ncount = {len(values)}\n"
        + " ".join(map(str, values))
        for (kind, name), values in attributes.items()
    ]
    parts.append("type = string-attribute\nname = BYTEORDER_STRING\ncount = 10\n'LSB_FIRST~")
    head = folder / "sub-1_task-x_bold+orig.HEAD"
    head.write_text("\n" + "\n\n".join(parts) + "\n")
    head.with_suffix(".BRIK").write_bytes(data.astype("<i2").tobytes(order="F"))
    return head


def test_each_volume_of_afni_is_scaled_by_its_own_factor(tmp_path):
    data = np.random.default_rng(0).integers(1, 1000, (4, 3, 2, 3))
    factors = np.array([0.5, 1.5, 2.5])
    file = write_afni(tmp_path, data, factors)
    run = open_bold([file])
    run.refuse_cut_short()
    units = np.array([0, 7, 23])
    np.testing.assert_allclose(
        run.read(units).scaled(), (data * factors).reshape(24, 3)[units].T, rtol=1e-6
    )
    brik = file.with_suffix(".BRIK")
    brik.write_bytes(brik.read_bytes()[:-10])
    with pytest.raises(IsomorphError, match="cannot be read as a whole image"):
        open_bold([file]).refuse_cut_short()


def test_afni_without_factors_is_as_stored(tmp_path):
    data = np.random.default_rng(0).integers(1, 1000, (4, 3, 2, 3))
    run = open_bold([write_afni(tmp_path, data, (0, 0, 0))])
    assert run.read(np.arange(24)).scaled().tolist() == data.reshape(24, 3).T.tolist()


def test_a_pair_of_files_is_measured_by_the_one_that_holds_the_data(tmp_path, monkeypatch):
    data = np.random.default_rng(0).integers(1, 1000, (20, 3, 2, 3)).astype(np.int16)
    nib.save(nib.Nifti1Pair(data, np.eye(4)), tmp_path / "run_bold.img")
    for name in ("run_bold.hdr", "run_bold.img"):
        with monkeypatch.context() as patched:
            patched.setattr(ArrayProxy, "get_unscaled", None)  # the size is enough
            open_bold([tmp_path / name]).refuse_cut_short()
    image = tmp_path / "run_bold.img"
    image.write_bytes(image.read_bytes()[:-10])
    with pytest.raises(IsomorphError, match="cannot be read as a whole image"):
        open_bold([tmp_path / "run_bold.hdr"]).refuse_cut_short()


def test_minc_files_of_several_volumes_are_refused(tmp_path):
    with h5py.File(tmp_path / "run_bold.mnc", "w") as minc:
        info = minc.create_group("minc-2.0")
        shape = {"time": 3, "zspace": 2, "yspace": 4, "xspace": 5}
        for name in shape:
            axis = info.create_dataset(f"dimensions/{name}", data=0)
            axis.attrs["spacing"] = np.bytes_("regular__")
        values = np.ones(tuple(shape.values()), dtype=np.int16)
        image = info.create_dataset("image/0/image", data=values)
        image.attrs["dimorder"] = np.bytes_(",".join(shape))
        for name in ("image-min", "image-max"):
            info.create_dataset(f"image/0/{name}", data=1.0)
    with pytest.raises(IsomorphError, match=r"MINC file of shape \(3, 2, 4, 5\).* to NIfTI"):
        open_bold([tmp_path / "run_bold.mnc"])


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


MOTION = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]


@pytest.mark.parametrize(
    ("column", "spec"),
    [
        ("fd", BidsConfounds(files="*.tsv", columns=("fd",))),
        ("fd", BidsConfounds(files="*.tsv", columns=("x*",))),
        ("non_steady_state_outlier00", None),
        ("\t".join(MOTION), BidsConfounds(strategy=("motion",))),
    ],
)
def test_a_table_of_confounds_without_rows_is_refused(tmp_path, column, spec):
    run = RunFiles(tmp_path / "sub-1_task-x_desc-preproc_bold.nii.gz", Path(), "")
    nib.save(nib.Nifti1Image(np.ones((2, 2, 2, 5)), np.eye(4)), run.bold)
    table = tmp_path / "sub-1_task-x_desc-confounds_timeseries.tsv"
    table.write_text(column + "\n")
    with pytest.raises(
        IsomorphError, match=r"timeseries\.tsv: 0 rows of confounds, expected 5 vol"
    ):
        read_confounds(run, [table], spec, 5)


def test_the_table_that_flags_volumes_is_the_one_named(bold, tmp_path):
    """A study's own table is not fMRIPrep's beside the run, and the sentence says which it is."""
    run = RunFiles(bold[0], Path(), "")
    beside = tmp_path / "sub-1_task-x_run-1_desc-confounds_timeseries.tsv"
    own = tmp_path / "sub-1_task-x_run-1_motion.tsv"
    single = np.eye(5, dtype=int)
    one = BidsConfounds(files="*.tsv", columns=("spike*",))

    def write(file, name, flags):
        names = [f"{name}{number:02}" for number in range(len(flags))]
        lines = ["\t".join(names), *("\t".join(map(str, row)) for row in flags.T)]
        file.write_text("\n".join(lines) + "\n")

    def refusal():
        with pytest.raises(IsomorphError, match=r"leaves \d of the 5 volumes") as refused:
            read_confounds(run, [own], one, 5)
        return str(refused.value).partition(": leaves")[0]

    write(beside, "fd", single[:1])
    write(own, "spike", single[:4])
    assert refusal() == str(own)
    write(beside, "non_steady_state_outlier", single[:2])
    write(own, "spike", single[2:])
    assert refusal() == f"{beside} and {own}"
    write(beside, "non_steady_state_outlier", single[:4])
    write(own, "spike", np.array([[1, 2, 3, 4, 5]]))
    assert refusal() == str(beside)


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
