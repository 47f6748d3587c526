"""Which voxels belong to which region."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from pydantic import TypeAdapter

from isomorph.errors import IsomorphError
from isomorph.responses.bids.regions import RegionSource, read_regions
from isomorph.responses.places import Grid
from isomorph.study.bids import BidsRegions

AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
GRID = Grid((4, 3, 2), AFFINE)


@pytest.fixture
def save(tmp_path):
    def write(name: str, voxels, shape=GRID.shape, affine=AFFINE):
        values = np.zeros(shape, dtype=np.uint8)
        for voxel in voxels:
            values[voxel] = 1
        nib.save(nib.Nifti1Image(values, affine), tmp_path / name)

    return write


@pytest.fixture
def read(tmp_path):
    def of(**settings):
        spec = TypeAdapter(BidsRegions).validate_python(settings)
        return read_regions(
            spec, RegionSource(lambda pattern: sorted(tmp_path.glob(pattern)), GRID)
        )

    return of


def where(regions, name):
    return sorted(map(tuple, GRID.indices(regions.units[regions.members[name]]).T.tolist()))


def test_masks_of_hemispheres_are_joined_and_overlaps_said(save, read):
    save("s_mask_LH_V1.nii.gz", [(0, 0, 0)])
    save("s_mask_RH_V1.nii.gz", [(3, 0, 0), (3, 1, 0)])
    save("s_mask_LH_HVC.nii.gz", [(3, 1, 0), (2, 2, 1)])
    regions = read(kind="masks", files="*.nii.gz", region=r"_[LR]H_(.+?)\.nii")
    assert where(regions, "V1") == [(0, 0, 0), (3, 0, 0), (3, 1, 0)]
    assert where(regions, "HVC") == [(2, 2, 1), (3, 1, 0)]
    assert len(regions.units) == 4
    assert regions.noted["voxels in both HVC and V1"] == 1
    ids = [unit for name in regions.members for unit in regions.unit_ids(name, GRID)]
    assert len(set(ids)) == 5
    assert "V1:3-1-0" in ids
    assert "HVC:3-1-0" in ids


def test_patterns_may_be_named_and_an_empty_region_is_said(save, read):
    save("a.nii", [(1, 1, 1)])
    save("b.nii", [(2, 1, 1)])
    save("c.nii", [])
    named = {"both": ["a.nii", "b.nii"], "nothing": ["c.nii"]}
    with pytest.raises(IsomorphError, match=r"region nothing has no voxel.*empty: drop"):
        read(kind="masks", named=named)
    regions = read(kind="masks", named=named, empty="drop")
    assert where(regions, "both") == [(1, 1, 1), (2, 1, 1)]
    assert list(regions.members) == ["both"]
    assert regions.noted["region nothing without a voxel"] == 1
    with pytest.raises(IsomorphError, match="region nothing has no voxel among"):
        read(kind="masks", named={"nothing": ["c.nii"]}, empty="drop")


def test_labels_are_found_by_name(tmp_path, read):
    labels = np.zeros(GRID.shape, dtype=np.int32)
    labels[0, 0, 0], labels[1, 1, 1], labels[2, 2, 0] = 1007, 2007, 1011
    nib.save(nib.Nifti1Image(labels, AFFINE), tmp_path / "dseg.nii.gz")
    (tmp_path / "dseg.tsv").write_text(
        "index\tname\tcolor\n1007\tctx-lh-fusiform\t#1\n2007\tctx-rh-fusiform\t#2\n"
    )
    settings = {"kind": "labels", "file": "dseg*.nii.gz", "table": "dseg.tsv"}
    names = ["ctx-lh-fusiform", "ctx-rh-fusiform"]
    regions = read(**settings, regions={"fusiform": names})
    assert where(regions, "fusiform") == [(0, 0, 0), (1, 1, 1)]
    with pytest.raises(IsomorphError, match=r'has no "ctx-lh-fusifrom".*did you mean'):
        read(**settings, regions={"fusiform": ["ctx-lh-fusifrom"]})
    nib.save(nib.Nifti1Image(labels + 1, AFFINE), tmp_path / "dseg2.nii.gz")
    with pytest.raises(IsomorphError, match=r"dseg2.nii.gz: differs from dseg.nii.gz"):
        read(**settings, regions={"fusiform": names})


def test_a_mask_of_each_run_is_whole_where_all_agree(save, read):
    save("run1.nii", [(0, 0, 0), (1, 0, 0)])
    save("run2.nii", [(1, 0, 0), (2, 0, 0)])
    assert where(read(kind="whole", file="run*.nii", region="brain"), "brain") == [(1, 0, 0)]


def test_another_grid_is_refused_or_resampled(save, read):
    # twice as fine and turned round: voxel (i, j, k) of the volumes is (7 - 2i, 2j, 2k) here
    fine = np.array([[-1.0, 0, 0, 7], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    save("fine.nii", [(7 - 2 * 2, 2, 0), (0, 5, 3)], shape=(8, 6, 4), affine=fine)
    settings = {"kind": "whole", "file": "fine.nii", "region": "r"}
    with pytest.raises(IsomorphError, match=r"8×6×4 voxels .* have 4×3×2 voxels .*resample: true"):
        read(**settings)
    assert where(read(**settings, resample=True), "r") == [(2, 1, 0)]


def test_a_mask_shifted_by_half_a_voxel_is_another_grid(save, read):
    shifted = AFFINE.copy()
    shifted[0, 3] = 1.0
    save("m.nii", [(0, 0, 0)], affine=shifted)
    with pytest.raises(IsomorphError, match="affine"):
        read(kind="whole", file="m.nii", region="r")


def test_a_file_without_a_region_in_its_name_is_refused(save, read):
    save("brain.nii", [(0, 0, 0)])
    with pytest.raises(IsomorphError, match="finds no region in its name"):
        read(kind="masks", files="*.nii", region=r"_(V1)\.nii")


def test_an_image_that_is_none_is_refused(tmp_path, read):
    Path(tmp_path / "m.nii").write_text("no image")
    with pytest.raises(IsomorphError, match="cannot be read as an image"):
        read(kind="whole", file="m.nii", region="r")
