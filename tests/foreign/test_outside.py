"""Files that name others, such as GIfTI with its values elsewhere."""

import nibabel
import numpy as np
import pytest
from nibabel.gifti import GiftiDataArray, GiftiImage

from isomorph.errors import IsomorphError
from isomorph.foreign.brain_images import open_image
from isomorph.foreign.outside import files_named_by, refuse_outside_files


def gifti_of(name):
    """Return a GIfTI file whose 16 values stand in another file."""
    array = GiftiDataArray(np.zeros(16, np.uint8), intent="NIFTI_INTENT_NONE", datatype=2)
    text = GiftiImage(darrays=[array]).to_xml().decode()
    start, stop = text.index("<Data>"), text.index("</Data>") + len("</Data>")
    text = text[:start] + "<Data></Data>" + text[stop:]
    text = text.replace('ExternalFileName=""', f'ExternalFileName="{name}"')
    return text.replace('Encoding="GZipBase64Binary"', 'Encoding="ExternalFileBinary"')


def test_values_of_a_private_file_are_told(tmp_path):
    key = b"PRIVATE KEY BYTE"
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "id_rsa").write_bytes(key)
    folder = tmp_path / "data"
    folder.mkdir()
    file = folder / "a.func.gii"
    file.write_text(gifti_of("../home/id_rsa"))
    with pytest.raises(IsomorphError, match="outside the folder"):
        open_image(file)
    image = nibabel.load(file)
    assert image.darrays[0].data.tobytes() == key  # so would it be read
    with pytest.raises(IsomorphError, match=r"a\.func\.gii: names another file, .*id_rsa"):
        refuse_outside_files(file, files_named_by(image))
    refuse_outside_files(file, files_named_by(image), within=tmp_path)
    (folder / "raw").write_bytes(key)
    file.write_text(gifti_of("raw"))
    refuse_outside_files(file, files_named_by(nibabel.load(file)))
    (folder / "raw").unlink()
    (folder / "raw").symlink_to(tmp_path / "home" / "id_rsa")
    with pytest.raises(IsomorphError, match="outside the folder"):
        refuse_outside_files(file, files_named_by(nibabel.load(file)))


def test_an_image_that_holds_its_values_names_nothing():
    assert files_named_by(GiftiImage(darrays=[GiftiDataArray(np.zeros(3, np.float32))])) == []
    assert files_named_by(nibabel.Nifti1Image(np.zeros((2, 2, 2)), np.eye(4))) == []


def test_content_that_git_annex_keeps_is_inside(tmp_path):
    folder = tmp_path / "sub-1"
    content = tmp_path / ".git" / "annex" / "objects" / "x" / "key"
    content.parent.mkdir(parents=True)
    content.write_bytes(b"x")
    folder.mkdir()
    (folder / "a.eeg").symlink_to("../.git/annex/objects/x/key")
    refuse_outside_files(folder / "a.vhdr", ["a.eeg"])
    (tmp_path / ".git" / "config").write_text("a token")
    with pytest.raises(IsomorphError, match="outside the folder"):
        refuse_outside_files(folder / "a.vhdr", ["../.git/config"])


DAMAGED = {
    "a negative side": (np.zeros((2, 2, 2)), 42, b"\xff\xff", "which holds no value"),
    "a terabyte": (np.zeros((2, 2, 2)), 42, b"\xff\x7f" * 3, "of memory, more than"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_shapes_are_checked_before_values_are_read(tmp_path, damage):
    values, at, new, said = DAMAGED[damage]
    file = tmp_path / "a.nii"
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), file)
    content = file.read_bytes()
    file.write_bytes(content[:at] + new + content[at + len(new) :])
    with pytest.raises(IsomorphError, match=said):
        open_image(file)
