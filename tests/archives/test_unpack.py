"""Unpacking named members: honest distributions, hostile ones and damaged ones."""

import tarfile
import zipfile

import pytest
from distributions import tar_bytes, zip_bytes

from isomorph.archives.unpack import unpack
from isomorph.errors import IsomorphError


@pytest.fixture
def place(tmp_path):
    """A folder to unpack into, inside one that must stay as it is."""
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    return folder


def written(tmp_path, content):
    file = tmp_path / "toy.sdist"
    file.write_bytes(content)
    return file


def files_below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


HOSTILE = {
    "toy-1.0/../../escaped": b"evil",
    "toy-1.0/../escaped": b"evil",
    "/toy-1.0/escaped": b"evil",
    "../escaped": b"evil",
    "toy-1.0/good": b"good",
}


def test_hostile_members_stay_inside_while_the_named_one_comes(tmp_path, place, pack):
    unpack(written(tmp_path, pack(HOSTILE)), ["good"], place)
    assert files_below(tmp_path / "outer") == ["inner", "inner/good"]
    assert (place / "good").read_bytes() == b"good"


@pytest.mark.parametrize("member", ["../escaped", "../../escaped", "/escaped", "a/../../escaped"])
def test_hostile_member_cannot_be_named(tmp_path, place, pack, member):
    with pytest.raises(IsomorphError, match="leads out of the folder it is unpacked into"):
        unpack(written(tmp_path, pack(HOSTILE)), ["good", member], place)
    assert files_below(tmp_path / "outer") == ["inner"]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_links_and_other_oddities_in_a_tar_are_refused(tmp_path, place, kind):
    content = tar_bytes({"toy-1.0/good": b"good"}, [("toy-1.0/odd", "/etc/passwd", kind)])
    with pytest.raises(IsomorphError, match=r'"odd" of toy\.sdist is a link or a folder, not'):
        unpack(written(tmp_path, content), ["odd"], place)
    assert files_below(place) == []


def test_tar_link_to_a_good_member_is_refused_too(tmp_path, place):
    content = tar_bytes(
        {"toy-1.0/good": b"good"}, [("toy-1.0/odd", "toy-1.0/good", tarfile.LNKTYPE)]
    )
    with pytest.raises(IsomorphError, match="is a link"):
        unpack(written(tmp_path, content), ["odd"], place)


def test_link_in_a_zip_is_refused(tmp_path, place):
    content = zip_bytes({"toy-1.0/good": b"good"}, [("toy-1.0/odd", "/etc/passwd")])
    with pytest.raises(IsomorphError, match=r'"odd" of toy\.sdist is a link'):
        unpack(written(tmp_path, content), ["odd"], place)


def test_link_that_would_redirect_a_later_member_is_never_made(tmp_path, place):
    content = tar_bytes(
        {"toy-1.0/folder/file": b"inside"},
        [("toy-1.0/folder", str(tmp_path / "outer"), tarfile.SYMTYPE)],
    )
    unpack(written(tmp_path, content), ["folder/file"], place)
    assert files_below(tmp_path / "outer") == ["inner", "inner/folder", "inner/folder/file"]


def test_every_missing_member_is_named(tmp_path, place, pack):
    content = pack({"toy-1.0/data/brain.mat": b"1", "toy-1.0/data/model.mat": b"2"})
    with pytest.raises(IsomorphError) as caught:
        unpack(written(tmp_path, content), ["data/brian.mat", "model.mat", "data/model.mat"], place)
    assert 'members: toy.sdist has no "data/brian.mat", did you mean "data/brain.mat"?' in str(
        caught.value
    )
    assert 'no "model.mat", did you mean "data/model.mat"?' in str(caught.value)
    assert files_below(place) == []


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x1f\x8b and no more"])
def test_what_is_no_archive_is_said(tmp_path, place, content):
    with pytest.raises(
        IsomorphError, match=r"toy\.sdist: cannot be read as a source distribution"
    ) as caught:
        unpack(written(tmp_path, content), ["good"], place)
    assert "\n" not in str(caught.value)


def test_cut_off_archive_leaves_no_half_member(tmp_path, place, pack):
    content = pack({"toy-1.0/good": bytes(range(256)) * 400})
    with pytest.raises(IsomorphError, match="cannot be read as a source distribution"):
        unpack(written(tmp_path, content[: len(content) // 2]), ["good"], place)
    assert files_below(place) == []


def test_zip_with_a_damaged_member_is_refused(tmp_path, place):
    content = bytearray(zip_bytes({"toy-1.0/good": b"some bytes to check"}))
    crc = content.index(b"toy-1.0/good") - 16
    content[crc] ^= 0xFF
    directory = content.rindex(b"PK\x01\x02") + 16
    content[directory] ^= 0xFF
    assert zipfile.is_zipfile(written(tmp_path, bytes(content)))
    with pytest.raises(IsomorphError, match="Bad CRC"):
        unpack(tmp_path / "toy.sdist", ["good"], place)
    assert files_below(place) == []


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ("", 'member "" is not the path of a file'),
        (".", 'member "." is not the path of a file'),
        ("a\nb", r'member "a\\nb" is not the path of a file'),
        ("manifest.json", "has a name isomorph itself writes"),
        ("./.Unpacked.json", "has a name isomorph itself writes"),
    ],
)
def test_member_that_is_no_file_or_one_of_ours(tmp_path, place, member, said):
    content = tar_bytes({"toy-1.0/manifest.json": b"theirs"})
    with pytest.raises(IsomorphError, match=said):
        unpack(written(tmp_path, content), [member], place)
    assert files_below(place) == []
