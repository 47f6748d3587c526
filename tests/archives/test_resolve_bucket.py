import hashlib
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from objects import FORBIDDEN, Fault

from isomorph.archives.patterns import matches
from isomorph.archives.resolve.bucket import _search, resolve
from isomorph.archives.resolve.s3 import Listing, Stored, _region, bucket_address
from isomorph.errors import IsomorphError
from isomorph.study.pinned import BucketArchive, BucketFiles

FILES = {
    "scenes/000.tiff": b"first scene",
    "scenes/more/001 (a+b).tiff": b"second scene",
    "scenes/read.me": b"text",
    "scenes_old/000.tiff": b"not of the folder",
}


@pytest.fixture
def pictures(objects):
    """A bucket "pictures" on the loopback interface."""
    for key, content in FILES.items():
        place = objects.root / "pictures" / key
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return objects


def resolved(bucket="pictures", prefix="scenes", include=("**/*.tiff",), into="scenes"):
    files = BucketFiles(kind="bucket", bucket=bucket, prefix=prefix, include=include, into=into)
    return resolve(files, ("1",), "f.yaml: also.0")


def refusal(call, *parts):
    with pytest.raises(IsomorphError) as caught:
        call()
    sentence = str(caught.value)
    assert "\n" not in sentence
    for part in parts:
        assert part in sentence


@pytest.mark.parametrize("prefix", ["scenes", "scenes/"])
def test_files_are_hashed_and_stand_in_their_folder(pictures, prefix):
    found = resolved(prefix=prefix)
    contents = {"scenes/000.tiff": b"first scene", "scenes/more/001 (a+b).tiff": b"second scene"}
    assert {file.path: (file.algorithm, file.hash) for file in found.files} == {
        path: ("md5", hashlib.md5(content).hexdigest()) for path, content in contents.items()
    }
    assert [file.url for file in found.files] == [
        "https://pictures.s3.amazonaws.com/scenes/000.tiff",
        "https://pictures.s3.amazonaws.com/scenes/more/001%20%28a%2Bb%29.tiff",
    ]
    assert found.notes == (
        "bucket pictures: https://pictures.s3.amazonaws.com/scenes/, 2 files whose md5 the bucket "
        "lists",
    )


def test_the_smallest_file_alone_is_downloaded_to_see_that_the_bucket_lists_md5s(pictures):
    resolved()
    assert len(pictures.asked("/pictures/scenes/000.tiff")) == 1
    assert not pictures.asked("/pictures/scenes/more/001 (a+b).tiff")


def test_a_bucket_whose_etags_are_no_md5s_has_every_file_hashed(pictures, monkeypatch):
    monkeypatch.setattr(type(pictures), "etag", lambda *_: "0" * 32)
    found = resolved()
    assert {file.path: (file.algorithm, file.hash) for file in found.files} == {
        f"scenes/{key}": ("sha256", hashlib.sha256(FILES[f"scenes/{key}"]).hexdigest())
        for key in ("000.tiff", "more/001 (a+b).tiff")
    }
    assert "2 files downloaded and hashed here" in found.notes[0]


@pytest.mark.parametrize("pieces", [[4, 4, 3], [6, 5], [11]])
def test_a_file_uploaded_in_pieces_is_pinned_by_their_md5s(pictures, pieces):
    pictures.pieces["/pictures/scenes/000.tiff"] = pieces
    (file,) = resolved(include=["000.tiff"]).files
    starts = range(0, 11, pieces[0])
    parts = [b"first scene"[start : start + pieces[0]] for start in starts]
    whole = hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest()
    assert (file.algorithm, file.hash) == (f"md5/{pieces[0]}", whole)
    assert [one.method for one in pictures.asked("/pictures/scenes/000.tiff")] == ["HEAD"]


def test_a_file_of_unequal_pieces_is_downloaded_and_hashed(pictures):
    pictures.pieces["/pictures/scenes/000.tiff"] = [2, 5, 4]
    (file,) = resolved(include=["000.tiff"]).files
    assert (file.algorithm, file.hash) == ("sha256", hashlib.sha256(b"first scene").hexdigest())


def test_no_more_is_listed_than_patterns_ask_for(pictures):
    for key in ("a/x/1.h5", "a/y/1.h5", "a/y/deep/1.h5", "b/1.h5", "c/lots/1.h5", "c/lots/2.h5"):
        place = pictures.root / "pictures" / key
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(key.encode())
    archive = BucketArchive(
        kind="bucket", bucket="pictures", include=["a/*/1.h5", "{subject}/1.h5", "scenes_*/**"]
    )
    found = resolve(archive, ("b",), "f.yaml: archive")
    paths = ["a/x/1.h5", "a/y/1.h5", "b/1.h5", "scenes_old/000.tiff"]
    assert [file.path for file in found.files] == paths
    assert found.subjects["b/1.h5"] == "b"
    prefixes = {one.prefix for one in pictures.log if one.prefix is not None}
    assert prefixes == {"a/", "a/x/1.h5", "a/y/1.h5", "b/1.h5", "scenes_", "scenes_old/"}


def test_a_bucket_of_another_region_is_asked_there(pictures, monkeypatch):
    pictures.regions["pictures"] = "eu-central-1"
    monkeypatch.setenv("ISOMORPH_MIRRORS", pictures.mirrors("pictures"))
    (file,) = resolved(include=["000.tiff"]).files
    assert file.url == "https://pictures.s3.eu-central-1.amazonaws.com/scenes/000.tiff"


def test_a_region_that_sends_on_again_is_refused(pictures, monkeypatch):
    monkeypatch.setenv("ISOMORPH_MIRRORS", pictures.mirrors("pictures"))
    pictures.regions["pictures"] = "eu-central-1"
    whole = pictures.mirrors("pictures").replace("/@eu-central-1", "/@eu-west-1")
    monkeypatch.setenv("ISOMORPH_MIRRORS", whole)
    refusal(resolved, "sent on from eu-central-1 to eu-central-1")


def test_cold_storage_is_refused(pictures):
    pictures.storage["/pictures/scenes/000.tiff"] = "DEEP_ARCHIVE"
    refusal(resolved, "scenes/000.tiff lies in cold storage (DEEP_ARCHIVE)", "exclude")


def test_a_bucket_that_nobody_may_list_is_refused(pictures):
    pictures.fail("/pictures/", FORBIDDEN)
    refusal(resolved, "also.0.bucket", "403 AccessDenied", "whoever reads it pays", "kind: local")


def test_a_prefix_that_lists_nothing_names_the_nearest(pictures):
    refusal(
        lambda: resolved(prefix="scene"),
        'also.0.prefix: the bucket "pictures" lists nothing below "scene/"',
        'did you mean "scenes/"?',
    )


def test_an_empty_bucket_is_refused(objects):
    (objects.root / "pictures").mkdir(parents=True)
    refusal(resolved, 'also.0.bucket: the bucket "pictures" lists nothing')


@pytest.mark.parametrize(
    ("header", "endpoint", "region"),
    [
        ("us-gov-west-1", "", "us-gov-west-1"),
        ("evil.org/", "", ""),
        ("", "a.b.s3.eu-west-1.amazonaws.com", "eu-west-1"),
        ("", "s3-ap-southeast-2.amazonaws.com", "ap-southeast-2"),
        ("", "s3.amazonaws.com", ""),
    ],
)
def test_a_region_is_read_from_header_or_endpoint(header, endpoint, region):
    error = ET.fromstring(f"<Error><Endpoint>{endpoint}</Endpoint></Error>")
    assert _region(header, error) == region


@pytest.mark.parametrize("name", ["s3://pictures", "Pictures", "pictures/scenes", "https://x.org"])
def test_what_is_no_name_of_a_bucket_is_refused(name):
    with pytest.raises(ValueError, match="name of a bucket alone"):
        resolved(bucket=name)


def test_a_listing_of_many_pages_is_read_to_its_end(pictures):
    pictures.page = 1
    assert len(resolved(include=["**"]).files) == 3


def test_a_broken_line_is_hashed_anew(pictures):
    pictures.fail("/pictures/scenes/000.tiff", Fault(truncate=3), Fault(status=503))
    assert resolved().files[0].hash == hashlib.md5(b"first scene").hexdigest()


def test_a_file_of_another_size_than_listed_is_no_file_of_the_bucket(pictures):
    pictures.fail("/pictures/scenes/000.tiff", *[Fault(replace=b"{}")] * 5)
    refusal(resolved, "2 bytes came, the bucket lists 11", "run again later")


def test_an_unknown_bucket_is_refused(pictures):
    refusal(lambda: resolved(bucket="openneuro.org"), "f.yaml: also.0.bucket", "no public bucket")


def test_a_private_file_is_refused(pictures):
    pictures.fail("/pictures/scenes/000.tiff", FORBIDDEN)
    refusal(resolved, "/pictures/scenes/000.tiff", "403")


def test_a_pattern_that_matches_nothing_names_the_nearest(pictures):
    refusal(lambda: resolved(include=["*.tif"]), "also.0.include", '"*.tif"', "000.tiff")


def test_a_page_that_is_no_listing_is_refused(pictures):
    pictures.listing = lambda *_: b"<html><p></html>"
    refusal(resolved, "no listing of a bucket")


def test_a_bucket_with_a_dot_has_no_host_of_its_own():
    assert bucket_address("openneuro.org") == "https://s3.amazonaws.com/openneuro.org"


def test_a_file_that_cannot_stand_in_a_lock_is_told(pictures):
    odd = pictures.root / "pictures" / "scenes" / "manifest.json"
    odd.write_bytes(b"{}")
    refusal(lambda: resolved(include=["**"], into=""), "manifest.json", "exclude")
    assert len(resolved(include=["**"], into="scenes").files) == 4


class Held:
    """A bucket of keys that are at hand."""

    def __init__(self, keys):
        self.keys = keys

    def listing(self, prefix, delimiter="", whole=True):
        found = {key: key.removeprefix(prefix) for key in self.keys if key.startswith(prefix)}
        deeper = {key: rest for key, rest in found.items() if delimiter and delimiter in rest}
        folders = {prefix + rest.partition(delimiter)[0] + delimiter for rest in deeper.values()}
        objects = {key: Stored(0, "", "") for key in found if key not in deeper}
        return Listing(objects, tuple(sorted(folders)))


@given(
    st.lists(st.text("ab/[", min_size=1, max_size=6), max_size=12),
    st.text("ab/*?[]", min_size=1, max_size=6),
)
def test_what_is_listed_holds_all_that_a_pattern_matches(names, pattern):
    keys = [f"top/{name}" for name in names if "" not in name.split("/")]
    listed = {key.removeprefix("top/") for key, _ in _search(Held(keys), "top/", pattern)}
    paths = [key.removeprefix("top/") for key in keys]
    if pattern in paths and "[" in pattern:
        assert pattern in listed  # by its very name, whatever else the pattern could mean
    else:
        assert set(matches(pattern, paths)) == set(matches(pattern, listed))


def listed(*entries, truncated="false", token=""):
    """Return a page of a listing as a server at fault writes it."""
    contents = "".join(
        f"<Contents><Key>{key}</Key><Size>{size}</Size></Contents>" for key, size in entries
    )
    more = token and f"<NextContinuationToken>{token}</NextContinuationToken>"
    page = f"<IsTruncated>{truncated}</IsTruncated>{more}{contents}"
    return f"<ListBucketResult>{page}</ListBucketResult>".encode()


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (listed(("scenes/000.tiff", 11), truncated="true", token="t"), "in a circle"),
        (listed(("scenes/000.tiff", 11), truncated="true"), "it breaks off"),
        (listed(("scenes/000.tiff", "x")), "'x' bytes"),
        (listed(("scenes/000.tiff", "²")), "bytes"),
        (listed(("other/000.tiff", 11)), "'other/000.tiff'"),
        (listed(("scenes/../a.tiff", 1)), "cannot stand in a lock"),
        (b'<?xml version="1.0" encoding="foo"?><a/>', "no listing of a bucket"),
    ],
)
def test_a_listing_at_fault_is_refused(pictures, page, said):
    pictures.listing = lambda *_: page
    refusal(lambda: resolved(include=["**"]), said)
    assert len(pictures.log) < 4
