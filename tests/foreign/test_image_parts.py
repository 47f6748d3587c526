"""Images of several files: all of them are known, as nibabel reads them."""

import nibabel
import numpy as np
import pytest

from isomorph.foreign.brain_images import files_of, halves_of, open_image

VALUES = np.arange(24, dtype=np.int16).reshape(2, 3, 4)


def written(folder, kind, name):
    nibabel.save(kind(VALUES, np.diag([2.0, 3.0, 4.0, 1.0])), folder / name)
    return sorted(folder.iterdir())


@pytest.mark.parametrize(
    ("kind", "name", "count"),
    [
        (nibabel.Nifti1Pair, "a.hdr", 2),
        (nibabel.Nifti1Pair, "a.0.img.gz", 2),
        (nibabel.Spm99AnalyzeImage, "a.img", 3),
        (nibabel.Nifti1Image, "a.nii", 1),
        (nibabel.Nifti1Image, "a.nii.gz", 1),
        (nibabel.MGHImage, "a.mgz", 1),
    ],
)
def test_every_file_of_an_image(tmp_path, kind, name, count):
    files = written(tmp_path, kind, name)
    assert len(files) == count
    others = [file for file in files if file.suffix != ".mat"]
    for file in others:
        found = files_of(file, open_image(file))
        assert found[0] == file
        assert sorted(found) == files
    if kind is not nibabel.Spm99AnalyzeImage:
        (tmp_path / "a.mat").write_bytes(b"of another program")
        assert set(files_of(files[0], open_image(files[0]))) == set(files)


def test_the_values_of_a_surface_that_stand_in_a_file_of_their_own(tmp_path):
    values = np.ones(4, np.float32)
    (tmp_path / "values").write_bytes(values.tobytes())
    image = nibabel.GiftiImage(darrays=[nibabel.gifti.GiftiDataArray(values)])
    image.darrays[0].ext_fname, image.darrays[0].ext_offset = "values", 0
    assert files_of(tmp_path / "a.gii", image) == (tmp_path / "a.gii", tmp_path / "values")


@pytest.mark.parametrize(
    ("path", "half", "is_one"),
    [
        ("f/a_bold.img", "f/a_bold.hdr", True),
        ("f/a_bold.hdr", "f/a_bold.img.gz", True),
        ("f/a+orig.BRIK.gz", "f/a+orig.HEAD", True),
        ("f/a.mat", "f/a.img", True),
        ("f/a.img", "f/a.mat", False),
        ("f/a.img", "g/a.hdr", False),
        ("f/b.img", "f/a.hdr", False),
        ("f/a.img", "f/a.img", False),
        ("f/a.nii", "f/a.hdr", False),
        ("f/a.0.img", "f/a.1.hdr", False),
    ],
)
def test_halves_by_their_names(path, half, is_one):
    assert halves_of(path, [half]) == ([half] if is_one else [])
