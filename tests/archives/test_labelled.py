"""Volumes with labels, laid out as BIDS."""

import nibabel as nib
import numpy as np
import pytest

from isomorph import archives
from isomorph.archives.labelled import arrange
from isomorph.errors import IsomorphError
from isomorph.stages import fetch
from isomorph.study.archive import LabelledVolumes, PackageArchive

SPEC = LabelledVolumes(
    bold="bold.nii.gz", labels="labels.txt", subject="1", task="viewing", repetition_time=2.5
)
LABELS = ["rest 0", "cat 0", "cat 0", "rest 0", "shoe 1", "rest 1", "cat 1", "cat 1"]


@pytest.fixture
def folder(tmp_path):
    values = np.arange(2 * 3 * 1 * 8, dtype=np.int16).reshape(2, 3, 1, 8)
    nib.save(nib.Nifti1Image(values, np.diag([3.0, 3, 3, 1])), tmp_path / "bold.nii.gz")
    (tmp_path / "labels.txt").write_text("\n".join(LABELS) + "\n")
    return tmp_path


def test_runs_and_blocks_are_cut_where_the_labels_change(folder):
    written = arrange(folder, SPEC)
    assert written == [
        "task-viewing_bold.json",
        "sub-1/func/sub-1_task-viewing_run-01_bold.nii",
        "sub-1/func/sub-1_task-viewing_run-01_events.tsv",
        "sub-1/func/sub-1_task-viewing_run-02_bold.nii",
        "sub-1/func/sub-1_task-viewing_run-02_events.tsv",
    ]
    whole = np.asarray(nib.load(folder / "bold.nii.gz").dataobj)
    for path, part in ((written[1], whole[..., :4]), (written[3], whole[..., 4:])):
        image = nib.load(folder / path)
        assert image.get_data_dtype() == np.int16
        assert np.array_equal(np.asarray(image.dataobj), part)
    head = "onset\tduration\ttrial_type\n"
    assert (folder / written[2]).read_text() == head + "2.5\t5\tcat\n"
    assert (folder / written[4]).read_text() == head + "0\t2.5\tshoe\n5\t5\tcat\n"


def test_a_second_time_nothing_is_touched_and_the_bytes_are_the_same(folder):
    files = [folder / path for path in arrange(folder, SPEC)]
    before = [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]
    arrange(folder, SPEC)
    assert before == [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]
    files[1].write_bytes(b"damaged")
    arrange(folder, SPEC)
    assert files[1].read_bytes() == before[1][0]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (LABELS[:-1], r"expected 7 volumes, the lines of labels\.txt"),
        ([*LABELS[:-1], "cat"], "line 8 holds 1 words, expected a condition and a run"),
        ([*LABELS[:-1], "cat 0"], "run 0 comes back after another run"),
    ],
)
def test_labels_that_do_not_fit_are_refused(folder, labels, said):
    (folder / "labels.txt").write_text("\n".join(labels) + "\n")
    with pytest.raises(IsomorphError, match=said):
        arrange(folder, SPEC)


def test_an_image_that_is_none_is_refused(folder):
    (folder / "bold.nii.gz").write_text("no image")
    with pytest.raises(IsomorphError, match="cannot be read as an image"):
        arrange(folder, SPEC)


def test_what_is_arranged_must_be_a_member():
    with pytest.raises(ValueError, match=r"arrange: bold\.nii\.gz is not among the members"):
        PackageArchive(
            kind="package", project="p", version="1", sha256="0" * 64, members=("labels.txt",),
            arrange=SPEC,
        )  # fmt: skip


def test_a_package_is_arranged_on_arrival_and_the_manifest_lists_it_all(folder, index, make_layout):
    from distributions import tar_bytes

    members = ["bold.nii.gz", "labels.txt"]
    content = tar_bytes({f"toy-1.0/{name}": (folder / name).read_bytes() for name in members})
    archive = {
        "kind": "package", "project": "toy", "version": "1.0", "members": members,
        "sha256": index.add("toy", "toy-1.0.tar.gz", content), "arrange": SPEC.model_dump(),
    }  # fmt: skip
    layout = make_layout({**archive, "arrange": {**archive["arrange"], "rest": ["rest"]}})
    fetch.run(layout, "objects")
    assert {record.path for record in archives.read_manifest(layout, "objects").files} == {
        *members, *arrange(folder, SPEC)
    }  # fmt: skip
    before = layout.manifest("objects").read_bytes(), layout.manifest("objects").stat().st_mtime_ns
    fetch.run(layout, "objects")
    after = layout.manifest("objects").read_bytes(), layout.manifest("objects").stat().st_mtime_ns
    assert before == after
