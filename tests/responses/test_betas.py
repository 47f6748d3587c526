"""Ready betas: CIFTI and NIfTI files written by nibabel, read back by name."""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pytest
from cifti_files import surface, with_voxels, write_labels, write_scalars

from isomorph.artefacts import read_attributes, read_responses
from isomorph.errors import IsomorphError
from isomorph.responses.betas.maps import open_maps
from isomorph.stages import responses

N = 116
STIMULI = [f"n0{i}_{i}{i}" for i in range(6)]
LABELS = {0: "???", 1: "FFA", 2: "OFA"}


def keys():
    """Return label keys in which units 10-19 are FFA, 70-74 OFA."""
    found = np.zeros(N, dtype=int)
    found[10:20], found[70:75] = 1, 2
    return found


def settings(**changes):
    return {
        "kind": "betas",
        "files": "{subject}/*_beta.dscalar.nii",
        "labels": "{subject}/*_label.txt",
        "name": "{stem}",
        "regions": [{"file": "{subject}/faces.dlabel.nii"}],
    } | changes


@pytest.fixture
def two_runs(files):
    """Write betas of two runs, images 0 1 2 and 3 4 5, in an order of their own; return them."""
    rng = np.random.default_rng(1)
    folder = files / "s1"
    betas = {}
    for run, shown in (("2", [2, 0, 1]), ("10", [5, 3, 4])):
        values = rng.normal(size=(3, N)).astype(np.float32)
        stem = f"ses-a_task-x_run-{run}"
        names = [f"{STIMULI[i]}.JPEG" for i in shown]
        write_scalars(folder / f"{stem}_beta.dscalar.nii", values, names)
        # As published, one run names the folder too and no file ends with a new line.
        prefix = "n0/" if run == "2" else ""
        (folder / f"{stem}_label.txt").write_text("\n".join(prefix + name for name in names))
        betas |= {STIMULI[i]: row for i, row in zip(shown, values, strict=True)}
    write_labels(folder / "faces.dlabel.nii", keys(), LABELS)
    return betas


def read(layout):
    responses.run(layout, "toy", "s1")
    (data,) = read_responses(layout.responses("toy", "s1")).values()
    return data


def test_betas_are_found_by_name_and_runs_in_the_order_of_their_numbers(make_study, two_runs):
    data = read(make_study(settings(), STIMULI))
    shown = data["stimulus"].values.tolist()
    assert shown == [STIMULI[i] for i in (2, 0, 1, 5, 3, 4)]
    assert data["run"].values.tolist() == ["2"] * 3 + ["10"] * 3
    assert data["repetition"].values.tolist() == [0] * 6
    expected = np.stack([two_runs[name] for name in shown])[:, [*range(10, 20), *range(70, 75)]]
    np.testing.assert_array_equal(data["response"].values, expected)
    assert data["region"].values.tolist() == ["FFA"] * 10 + ["OFA"] * 5
    # 56 left vertices from 8 on, then right ones from 4 on
    assert data["unit"].values[[0, 10]].tolist() == ["FFA:cortex left 18", "OFA:cortex right 18"]


def test_both_files_of_an_image_are_inputs(make_study, files):
    (files / "s1").mkdir(exist_ok=True)
    values = np.random.default_rng(0).normal(size=(2, 2, 2, 6)).astype(np.float32)
    for name, held in (("run-1_beta.hdr", values), ("all.hdr", np.ones((2, 2, 2), np.uint8))):
        nibabel.save(nibabel.Nifti1Pair(held, np.eye(4)), files / "s1" / name)
    (files / "s1" / "run-1_label.txt").write_text("\n".join(STIMULI))
    region = {"file": "{subject}/all.hdr", "name": "all"}
    layout = make_study(settings(files="{subject}/*_beta.hdr", regions=[region]), STIMULI)
    read(layout)
    told = json.loads(read_attributes(layout.responses("toy", "s1"))["provenance"])["inputs"]
    names = {name.rpartition("/")[2] for name in told}
    assert {"run-1_beta.hdr", "run-1_beta.img", "all.hdr", "all.img"} <= names


def test_names_come_from_the_maps_where_there_is_no_list(make_study, two_runs):
    listed = read(make_study(settings(), STIMULI))
    layout = make_study(settings(labels=None), STIMULI)
    np.testing.assert_array_equal(read(layout)["response"].values, listed["response"].values)


def test_images_outside_the_set_are_counted(make_study, two_runs):
    data = read(make_study(settings(), STIMULI[:4]))
    assert data["stimulus"].values.tolist() == [STIMULI[i] for i in (2, 0, 1, 3)]
    assert '"presentations of a stimulus that is not in the set": 2' in data.attrs["dropped"]


def test_runs_can_be_centred_or_z_scored_each_for_itself(make_study, two_runs):
    plain = read(make_study(settings(), STIMULI))["response"].values
    centred = read(make_study(settings(within_run="centre"), STIMULI))["response"].values
    scored = read(make_study(settings(within_run="z_score"), STIMULI))["response"].values
    for rows in (slice(0, 3), slice(3, 6)):
        away = plain[rows] - plain[rows].mean(axis=0)
        np.testing.assert_allclose(centred[rows], away, atol=1e-6)
        np.testing.assert_allclose(scored[rows], away / plain[rows].std(axis=0), atol=1e-5)


def test_a_region_by_bounds_of_a_map_and_units_in_two_regions(make_study, two_runs, files):
    strength = np.linspace(0, 100, N)
    maps = [np.zeros(N), strength]
    write_scalars(files / "s1" / "params.dscalar.nii", maps, ["angle", "R2"])
    regions = [
        {"file": "{subject}/faces.dlabel.nii", "name": "faces"},
        {"file": "{subject}/params.dscalar.nii", "name": "strong", "map": "R2", "min": 60},
    ]
    data = read(make_study(settings(regions=regions), STIMULI))
    strong = np.flatnonzero(strength >= 60)
    assert (data["region"] == "faces").sum() == 15
    assert (data["region"] == "strong").sum() == len(strong)
    both = len({*strong.tolist()} & {*range(10, 20), *range(70, 75)})
    assert both == 5
    assert f'"units that count in two regions": {both}' in data.attrs["noted"]
    assert len(set(data["unit"].values)) == data.sizes["unit"]


def test_regions_on_more_grayordinates_are_found_by_vertex(make_study, two_runs, files):
    """A file over all vertices and some voxels marks the same units, and two without betas."""
    whole = with_voxels(surface(range(64), range(64)))
    marked = np.zeros(len(whole), dtype=int)
    marked[8 + 10 : 8 + 20] = 1  # left vertices 18-27
    marked[64 + 4 + 14 : 64 + 4 + 19] = 2
    marked[3] = marked[130] = 1  # medial wall, and a voxel
    write_labels(files / "s1" / "faces.dlabel.nii", marked, LABELS, whole)
    data = read(make_study(settings(), STIMULI))
    assert data["region"].values.tolist() == ["FFA"] * 10 + ["OFA"] * 5
    assert data["unit"].values[[0, 10]].tolist() == ["FFA:cortex left 18", "OFA:cortex right 18"]
    assert '"units of a region without betas": 2' in data.attrs["dropped"]


def test_units_without_a_beta_in_some_run_are_left_out(make_study, two_runs, files):
    stem = files / "s1" / "ses-a_task-x_run-2_beta.dscalar.nii"
    old = open_maps(stem)
    values = old.read(np.arange(N))
    values[1, 12], values[:, 13] = np.nan, 3.25
    write_scalars(stem, values, old.names)
    data = read(make_study(settings(within_run="z_score"), STIMULI))
    assert data.sizes["unit"] == 13
    assert (
        '"units with a beta that is not a number, or the same in a whole file": 2'
        in (data.attrs["dropped"])
    )


def test_events_of_the_run_must_name_the_same_images(make_study, two_runs, files):
    events = {"files": "raw/*_events.tsv", "column": "stim_file"}
    (files / "raw").mkdir()
    for run, shown in (("02", [0, 1, 2]), ("10", [3, 4, 5])):
        rows = [f"1.0\tn0/{STIMULI[i]}.JPEG" for i in shown]
        file = files / "raw" / f"sub-1_ses-a_task-x_run-{run}_events.tsv"
        file.write_text("\n".join(["onset\tstim_file", *rows]) + "\n")
    assert read(make_study(settings(events=events), STIMULI)).sizes["presentation"] == 6
    file.write_text(file.read_text().replace(STIMULI[3], STIMULI[0]))
    with pytest.raises(IsomorphError, match=r"names 3 stimuli, .*_events.tsv 3, and 2 such as"):
        read(make_study(settings(events=events), STIMULI))


def test_a_list_in_another_order_than_the_maps_is_refused(make_study, two_runs, files):
    file = files / "s1" / "ses-a_task-x_run-2_label.txt"
    file.write_text("\n".join(sorted(file.read_text().splitlines())))
    with pytest.raises(IsomorphError, match=r'calls map 0 "n00_00", .* itself "n02_22"'):
        read(make_study(settings(), STIMULI))


def test_a_list_of_another_length_is_refused(make_study, two_runs, files):
    (files / "s1" / "ses-a_task-x_run-2_label.txt").write_text("one\ntwo")
    with pytest.raises(IsomorphError, match="names 2 maps, the betas have 3"):
        read(make_study(settings(), STIMULI))


def test_a_run_without_a_list_says_which_run(make_study, two_runs, files):
    (files / "s1" / "ses-a_task-x_run-2_label.txt").unlink()
    with pytest.raises(
        IsomorphError, match="no files of labels belong to it, expected one of ses a, task x, run 2"
    ):
        read(make_study(settings(), STIMULI))


def test_a_surface_of_another_resolution_is_refused_with_both_sizes(make_study, two_runs, files):
    coarse = surface(range(32), range(32), vertices=32)
    write_labels(files / "s1" / "faces.dlabel.nii", np.ones(64), LABELS, coarse)
    with pytest.raises(IsomorphError, match=r"surface of 32 vertices, in .* of 64; regions"):
        read(make_study(settings(), STIMULI))


def test_runs_on_different_units_are_refused(make_study, two_runs, files):
    other = surface(range(10, 64))
    write_scalars(
        files / "s1" / "ses-a_task-x_run-10_beta.dscalar.nii",
        np.ones((3, len(other))), STIMULI[3:], other,
    )  # fmt: skip
    with pytest.raises(IsomorphError, match=r"has 114 units that are not those of .* has 116"):
        read(make_study(settings(labels=None), STIMULI))


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ({"file": "{subject}/params.dscalar.nii"}, "has no labels, so regions"),
        ({"file": "{subject}/params.dscalar.nii", "name": "a", "map": "r2"},
         'no map "r2", did you mean "R2"'),
        ({"file": "{subject}/params.dscalar.nii", "name": "a", "map": 2}, "no map 2, it has 2"),
        ({"file": "{subject}/params.dscalar.nii", "name": "a", "map": 1, "min": 101},
         'marks no unit of .* as "a"'),
        ({"file": "{subject}/*.nii", "name": "a"}, "4 files match the regions' file"),
        ({"file": "{subject}/none.dlabel.nii"}, "no label but the background's"),
    ],
)  # fmt: skip
def test_regions_that_cannot_be_had_say_why(make_study, two_runs, files, region, words):
    maps = [np.zeros(N), np.linspace(0, 100, N)]
    write_scalars(files / "s1" / "params.dscalar.nii", maps, ["angle", "R2"])
    if "none" in region["file"]:
        write_labels(files / "s1" / "none.dlabel.nii", np.zeros(N), LABELS)
    with pytest.raises(IsomorphError, match=words):
        read(make_study(settings(regions=[region]), STIMULI))


def test_what_is_no_map_of_grayordinates_is_refused(make_study, two_runs, files):
    file = files / "s1" / "ses-a_task-x_run-2_beta.dscalar.nii"
    file.write_bytes(b"nothing")
    with pytest.raises(IsomorphError, match="cannot be read as a CIFTI or NIfTI file"):
        read(make_study(settings(), STIMULI))


@pytest.mark.parametrize("value", [0.0, 3.25])
def test_units_that_were_not_measured_in_some_run_are_left_out(make_study, two_runs, files, value):
    stem = files / "s1" / "ses-a_task-x_run-2_beta.dscalar.nii"
    old = open_maps(stem)
    values = old.read(np.arange(N))
    values[:, 13] = value
    write_scalars(stem, values, old.names)
    data = read(make_study(settings(), STIMULI))
    assert data.sizes["unit"] == 14
    assert (
        '"units with a beta that is not a number, or the same in a whole file": 1'
        in (data.attrs["dropped"])
    )


@pytest.fixture
def volumes(files):
    """Write two runs of NIfTI betas and a mask of five voxels; return the betas by stimulus."""
    rng = np.random.default_rng(2)
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    mask = np.zeros((4, 5, 3), dtype=np.uint8)
    mask[1, 2:4, 0] = mask[3, 0, :] = 1
    nibabel.Nifti1Image(mask, affine).to_filename(str(files / "s1_roi.nii.gz"))
    betas = {}
    for run in (1, 2):
        values = rng.normal(size=(4, 5, 3, 6)).astype(np.float32)
        nibabel.Nifti1Image(values, affine).to_filename(str(files / f"s1_run-{run}_beta.nii.gz"))
        (files / f"s1_run-{run}_names.txt").write_text("\n".join(STIMULI))
        betas |= {(name, run): values[..., i] for i, name in enumerate(STIMULI)}
    return betas, mask.astype(bool)


VOLUMES = {
    "kind": "betas",
    "files": "{subject}_*_beta.nii.gz",
    "labels": "{subject}_*_names.txt",
    "regions": [{"file": "{subject}_roi.nii.gz", "name": "roi"}],
}


def test_betas_in_volumes(make_study, volumes):
    betas, mask = volumes
    data = read(make_study(VOLUMES, STIMULI))
    assert data["unit"].values.tolist() == [
        f"roi:{x}-{y}-{z}" for x, y, z in zip(*np.nonzero(mask), strict=True)
    ]
    assert data["repetition"].values.tolist() == [0] * 6 + [1] * 6
    for row, stimulus, run in zip(
        data["response"].values, data["stimulus"].values, data["run"].values, strict=True
    ):
        np.testing.assert_array_equal(row, betas[stimulus, int(run)][mask])


def test_volumes_need_names_and_one_grid(make_study, volumes, files):
    with pytest.raises(IsomorphError, match="its maps have no names; give"):
        read(make_study({**VOLUMES, "labels": None}, STIMULI))
    shifted = nibabel.Nifti1Image(np.ones((4, 5, 3), dtype=np.uint8), np.eye(4))
    shifted.to_filename(str(files / "s1_roi.nii.gz"))
    with pytest.raises(IsomorphError, match=r"on a grid \(4, 5, 3\), .* that lies elsewhere"):
        read(make_study(VOLUMES, STIMULI))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"regions": []}, "regions: must name at least one"),
        ({"regions": [{"file": "x", "min": 1}]}, "name: is required with min or max"),
        ({"within_run": "zscore"}, 'did you mean "z_score"?'),
        ({"name": "x"}, 'must hold "{}" or "{stem}" once'),
    ],
)
def test_settings_that_cannot_be(make_study, changes, words):
    with pytest.raises(IsomorphError) as error:
        make_study(settings(**changes), STIMULI)
    assert words in str(error.value)
