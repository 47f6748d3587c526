"""BOLD of surfaces and grayordinates gives what volumes of the same series give."""

import json

import nibabel as nib
import numpy as np
import pytest
import surfaces
from replica_studies import replica_study

from isomorph import slices
from isomorph.artefacts import read_attributes, read_responses
from isomorph.errors import IsomorphError
from isomorph.responses.bids.bold import open_bold
from isomorph.responses.bids.labels import read_marks, side_of
from isomorph.responses.places import Vertices
from isomorph.stages import responses

FUNC = "derivatives/fmriprep/sub-{subject}/func/"
SIDES = {"L": slice(0, 4), "R": slice(4, 8)}
"""Halves of the volumes, by x, whose voxels become the vertices of a hemisphere."""
NAMES = {0: "???", 1: "pericalcarine", 2: "fusiform"}


def runs_of(files):
    return sorted(files.glob("**/*_space-T1w_desc-preproc_bold.nii.gz"))


def halves(values):
    """Return a series (scan, vertex), or labels (vertex,), of each half of a volume."""
    flat = {side: values[half] for side, half in SIDES.items()}
    if values.ndim == 3:
        return {side: half.ravel() for side, half in flat.items()}
    return {side: half.reshape(-1, values.shape[3]).T for side, half in flat.items()}


def keys(files):
    """Return the labels of both halves: two parcels, each in both hemispheres."""
    (parcels, *_) = sorted(files.glob("**/*_desc-aparcaseg_dseg.nii.gz"))
    volume = np.asarray(nib.load(parcels).dataobj)
    return halves(np.select([np.isin(volume, [1021, 2021]), np.isin(volume, [1007, 2007])], [1, 2]))


def stem(run):
    return run.name.split("_space-")[0]


def to_gifti(files, one_array=False):
    for run in runs_of(files):
        for side, series in halves(np.asarray(nib.load(run).dataobj)).items():
            name = f"{stem(run)}_hemi-{side}_space-fsaverage5_bold.func.gii"
            surfaces.write_series(run.parent / name, series, one_array)
    for side, labels in keys(files).items():
        surfaces.write_labels(run.parent / f"hemi-{side}_regions.label.gii", labels, NAMES)
        surfaces.write_annotation(
            run.parent / f"{side.lower()}h.regions.annot", labels - 1, list(NAMES.values())[1:]
        )


KEPT = {"L": np.arange(10, 192), "R": np.arange(150)}
"""Vertices of CIFTI files; the others have no label."""


def to_cifti(files):
    axis = surfaces.grayordinates(KEPT["L"], KEPT["R"], 192)
    for run in runs_of(files):
        both = halves(np.asarray(nib.load(run).dataobj))
        series = np.concatenate([both[side][:, KEPT[side]] for side in "LR"], axis=1)
        name = f"{stem(run)}_space-fsLR_den-91k_bold.dtseries.nii"
        surfaces.write_dense_series(run.parent / name, series, axis, 2.5)
    labels = keys(files)
    # the labels' file has other vertices: more of the left, fewer of the right
    right, left = np.arange(145), np.arange(2, 192)
    other = surfaces.grayordinates(left, right, 192)
    own = np.concatenate([labels["L"][left], labels["R"][right]])
    surfaces.write_dense_labels(run.parent / "regions.dlabel.nii", own, NAMES, other)
    for side in "LR":
        surfaces.write_labels(run.parent / f"hemi-{side}_regions.label.gii", labels[side], NAMES)


LABELLED = {"regions": {"fusiform": ["fusiform"], "pericalcarine": ["peri*"]}, "kind": "labels"}
GIFTI = FUNC + "*_hemi-[LR]_space-fsaverage5_bold.func.gii"
CIFTI = FUNC + "*_bold.dtseries.nii"


def responses_of(replica, change, **settings):
    layout, files = replica("ds000105", change, **settings)
    responses.run(layout, "ds000105", "1")
    (data,) = read_responses(layout.responses("ds000105", "1")).values()
    return data, files


@pytest.fixture(scope="module")
def of_volumes(tmp_path_factory):
    """Return the responses of the same runs as volumes, of two parcels."""
    make = replica_study(tmp_path_factory.mktemp("volumes"))
    regions = {
        name: [f"ctx-{side}-{name}" for side in ("lh", "rh")]
        for name in ("fusiform", "pericalcarine")
    }
    table = "derivatives/fmriprep/desc-aparcaseg_dseg.tsv"
    file = FUNC + "*_space-T1w_desc-aparcaseg_dseg.nii.gz"
    labels = {"kind": "labels", "file": file, "table": table, "regions": regions}
    return responses_of(make, None, regions=labels)[0]


def assert_same(data, of_volumes):
    for name in ("stimulus", "repetition", "run", "region", "onset"):
        assert data[name].values.tolist() == of_volumes[name].values.tolist(), name
    # The same series in another order of voxels: products of other shapes, in double precision.
    expected = of_volumes["response"].values
    atol = 1e-10 * np.abs(expected).max()
    np.testing.assert_allclose(data["response"].values, expected, rtol=0, atol=atol)


def test_surfaces_give_what_volumes_give(replica, of_volumes):
    data, _ = responses_of(
        replica,
        to_gifti,
        bold=GIFTI,
        regions={**LABELLED, "file": FUNC + "hemi-?_regions.label.gii"},
    )
    assert_same(data, of_volumes)
    assert data["unit"].values[0].startswith("fusiform:left-")
    assert data["unit"].values[-1].startswith("pericalcarine:right-")


def test_annotations_and_series_in_one_array_do_so_too(replica, of_volumes):
    data, _ = responses_of(
        replica,
        lambda files: to_gifti(files, one_array=True),
        bold=GIFTI,
        regions={**LABELLED, "file": FUNC + "?h.regions.annot"},
    )
    assert_same(data, of_volumes)


def silent_json(files):
    """Remove every JSON file that gives a repetition time."""
    for file in files.glob("**/*_bold.json"):
        file.unlink()


@pytest.mark.parametrize("labels", ["regions.dlabel.nii", "hemi-?_regions.label.gii"])
def test_grayordinates_give_what_volumes_give(replica, of_volumes, labels):
    """Labels over other vertices are matched by number; the file itself says its time."""

    def change(files):
        to_cifti(files)
        silent_json(files)

    data, _ = responses_of(replica, change, bold=CIFTI, regions={**LABELLED, "file": FUNC + labels})
    assert_same(data, of_volumes)
    assert data["unit"].values[0].startswith("fusiform:cortex left ")


def test_masks_of_surfaces_mark_regions(replica, of_volumes):
    def change(files):
        to_gifti(files)
        folder = runs_of(files)[0].parent
        for side, labels in keys(files).items():
            mask = (labels == 2).astype(np.float32)
            surfaces.write_series(folder / f"hemi-{side}_mask-fusiform.shape.gii", mask[None])

    data, _ = responses_of(
        replica,
        change,
        bold=GIFTI,
        regions={
            "kind": "masks", "files": FUNC + "*_mask-*.shape.gii",
            "region": r"mask-(.+?)\.shape\.gii",
        },
    )  # fmt: skip
    fusiform = of_volumes.isel(unit=of_volumes["region"].values == "fusiform")
    assert_same(data, fusiform)


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("sub-L_hemi-R_x.label.gii", "right"), ("lh.aparc.annot", "left"),
        ("fs_LR.R.label.gii", "right"), ("left.aparc.a2009s.annot", "left"),
    ],
)  # fmt: skip
def test_names_say_the_hemisphere(tmp_path, name, side):
    assert side_of(tmp_path / name) == side


def test_a_name_that_says_none_is_refused(tmp_path):
    with pytest.raises(IsomorphError, match="its name says no hemisphere"):
        side_of(tmp_path / "sub-L_aparc.annot")


def test_labels_of_another_surface_or_kind_are_refused(tmp_path):
    place = Vertices(5, 6)
    surfaces.write_labels(tmp_path / "lh.x.label.gii", np.zeros(4), NAMES)
    with pytest.raises(IsomorphError, match=r"of 4 vertices, the left hemisphere .* of 5"):
        read_marks(tmp_path / "lh.x.label.gii", place, resample=False)
    nib.save(nib.Nifti1Image(np.ones((2, 2, 2), dtype=np.uint8), np.eye(4)), tmp_path / "m.nii")
    with pytest.raises(IsomorphError, match="is a volume, the BOLD runs are surfaces of 5"):
        read_marks(tmp_path / "m.nii", place, resample=True)
    axis = surfaces.grayordinates(np.arange(5), np.arange(6), 8)
    surfaces.write_dense_labels(tmp_path / "x.dlabel.nii", np.zeros(11), NAMES, axis)
    with pytest.raises(IsomorphError, match="has grayordinates, the BOLD runs are surfaces"):
        read_marks(tmp_path / "x.dlabel.nii", place, resample=False)
    with pytest.raises(IsomorphError, match="expected a series over time by grayordinates"):
        open_bold([tmp_path / "x.dlabel.nii"])


def test_hemispheres_of_different_length_and_files_that_are_no_series_are_refused(tmp_path):
    left, right = tmp_path / "hemi-L_bold.func.gii", tmp_path / "hemi-R_bold.func.gii"
    surfaces.write_series(left, np.ones((5, 3)))
    surfaces.write_series(right, np.ones((4, 3)))
    with pytest.raises(IsomorphError, match=r"has 4 volumes, hemi-L_bold\.func\.gii 5"):
        open_bold([left, right])
    surfaces.write_series(right, np.ones((1, 3)))
    with pytest.raises(IsomorphError, match="expected one of all vertices for each volume"):
        open_bold([left, right])
    right.write_text("<no xml")
    with pytest.raises(IsomorphError, match="cannot be read as an image"):
        open_bold([left, right])


def test_runs_in_other_spaces_are_refused(replica):
    def change(files):
        to_gifti(files)
        (run,) = files.glob("**/*run-2_hemi-R_space-fsaverage5_bold.func.gii")
        surfaces.write_series(run, np.ones((121, 7)))

    layout, _ = replica(
        "ds000105", change, bold=GIFTI,
        regions={**LABELLED, "file": FUNC + "hemi-?_regions.label.gii"},
    )  # fmt: skip
    with pytest.raises(IsomorphError, match=r"192 .left. and 7 .right. vertices.*one space"):
        responses.run(layout, "ds000105", "1")
    assert not layout.responses("ds000105", "1").exists()


def test_labels_of_one_hemisphere_are_refused(replica):
    layout, _ = replica(
        "ds000105", to_gifti, bold=GIFTI,
        regions={**LABELLED, "file": FUNC + "hemi-L_regions.label.gii"},
    )  # fmt: skip
    with pytest.raises(IsomorphError, match="no file of the right hemisphere stands beside it"):
        responses.run(layout, "ds000105", "1")


def test_labels_beside_the_dataset_are_its_own(replica, of_volumes, tmp_path):
    layout, files = replica(
        "ds000105", to_gifti, bold=GIFTI, regions={**LABELLED, "file": "own.?h.annot"}
    )
    with pytest.raises(IsomorphError, match=r'no file matches "own\.\?h\.annot"'):
        responses.run(layout, "ds000105", "1")
    before = slices.responses(layout.study, "ds000105", "1")
    for file in files.glob("**/?h.regions.annot"):
        beside = tmp_path / "config" / "datasets" / f"own.{file.name[:2]}.annot"
        beside.write_bytes(file.read_bytes())
    assert slices.responses(layout.study, "ds000105", "1") != before
    responses.run(layout, "ds000105", "1")
    (data,) = read_responses(layout.responses("ds000105", "1")).values()
    assert_same(data, of_volumes)
    inputs = json.loads(read_attributes(layout.responses("ds000105", "1"))["provenance"])["inputs"]
    assert beside.relative_to(tmp_path).as_posix() in inputs
