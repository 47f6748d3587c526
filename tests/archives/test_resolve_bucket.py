import hashlib

import pytest
from objects import FORBIDDEN, Fault

from isomorph.archives.resolve.bucket import bucket_address, resolve
from isomorph.errors import IsomorphError
from isomorph.study.archive import BucketFiles

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
    assert {file.path: file.hash for file in found.files} == {
        path: hashlib.sha256(content).hexdigest() for path, content in contents.items()
    }
    assert [file.url for file in found.files] == [
        "https://pictures.s3.amazonaws.com/scenes/000.tiff",
        "https://pictures.s3.amazonaws.com/scenes/more/001%20%28a%2Bb%29.tiff",
    ]
    assert "downloaded and hashed here" in found.notes[0]


def test_each_file_is_downloaded_once(pictures):
    resolved()
    assert len(pictures.asked("/pictures/scenes/000.tiff")) == 1
    assert not pictures.asked("/pictures/scenes/read.me")


def test_a_listing_of_many_pages_is_read_to_its_end(pictures):
    pictures.page = 1
    assert len(resolved(include=["**"]).files) == 3


def test_a_broken_line_is_hashed_anew(pictures):
    pictures.fail("/pictures/scenes/000.tiff", Fault(truncate=3), Fault(status=503))
    assert resolved().files[0].hash == hashlib.sha256(b"first scene").hexdigest()


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


def test_a_file_that_cannot_stand_in_a_lock_is_told_without_naming_a_key_a_bucket_has_not(pictures):
    odd = pictures.root / "pictures" / "scenes" / "manifest.json"
    odd.write_bytes(b"{}")
    refusal(
        lambda: resolved(include=["**"], into=""), "manifest.json", "alone with include",
    )  # fmt: skip


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
