"""A public bucket as the main archive: locked, announced, fetched, resumed, verified."""

import hashlib

import pytest
from dandi_study import refused
from hypothesis import given
from hypothesis import strategies as st
from objects import Fault
from pinned_set import files_below, noise

from isomorph import archives
from isomorph.archives import hashes
from isomorph.archives.lock import Lock, LockedFile, lock_file, read_lock, write_lock
from isomorph.archives.locking import check_lock, lock_dataset
from isomorph.archives.readiness import bytes_to_come
from isomorph.errors import IsomorphError
from isomorph.stages import fetch

PIECE, LARGE = 1 << 16, 200_000
ARCHIVE = {
    "kind": "bucket",
    "bucket": "pictures",
    "prefix": "nsd",
    "include": ["design.mat", "{subject}/betas_*.hdf5"],
    "exclude": ["**/betas_old.hdf5"],
}
KEPT = ["design.mat", "subj01/betas_1.hdf5", "subj02/betas_1.hdf5"]


@pytest.fixture
def bucket(objects, make_layout):
    """A bucket of two subjects, of whom one's betas were uploaded in pieces, and its layout."""
    for key in ["nsd/design.mat", "other/x", "nsd/subj02/betas_old.hdf5"]:
        _put(objects, key, noise(300, 1))
    for subject in ("subj01", "subj02"):
        _put(objects, f"nsd/{subject}/betas_1.hdf5", noise(LARGE, int(subject[-1])))
    last = LARGE - 3 * PIECE
    objects.pieces["/pictures/nsd/subj01/betas_1.hdf5"] = [PIECE, PIECE, PIECE, last]
    return objects, make_layout(ARCHIVE, subjects=["subj01", "subj02"])


def _put(objects, key, content):
    place = objects.root / "pictures" / key
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def locked(layout):
    study = layout.study
    return lock_dataset(study.dataset("objects"), study.dataset_files["objects"], "isomorph lock")


def test_a_bucket_is_locked_and_fetched(bucket):
    objects, layout = bucket
    said = locked(layout)
    assert "  subj01: 1 file, 200,000 bytes" in said
    lock = read_lock(layout.study, "objects")
    assert {file.path: file.algorithm for file in lock.files} == {
        "design.mat": "md5",
        "subj01/betas_1.hdf5": f"md5/{PIECE}",
        "subj02/betas_1.hdf5": "md5",
    }
    assert readiness_without_patterns(layout) == "3 files, 400.3 kB, 0 bytes of it here"
    objects.log.clear()
    fetch.run(layout, "objects")
    manifest = archives.read_manifest(layout, "objects")
    assert [one.path for one in manifest.files] == KEPT
    for record in manifest.files:
        content = (objects.root / "pictures" / "nsd" / record.path).read_bytes()
        assert record.sha256 == hashlib.sha256(content).hexdigest()
    assert manifest.provenance.source == "bucket pictures/nsd, 3 files, 400.3 kB"
    assert {one.method for one in objects.log} == {"GET"}
    assert bytes_to_come(layout, "objects") == 0


def readiness_without_patterns(layout):
    return archives.archive_kinds.kind_of(layout, "objects").ready(layout, "objects")[0]


def test_a_download_that_broke_off_is_resumed_in_the_middle_of_a_piece(bucket):
    objects, layout = bucket
    locked(layout)
    objects.fail("/pictures/nsd/subj01/betas_1.hdf5", Fault(truncate=100_000))
    objects.log.clear()
    fetch.run(layout, "objects")
    ranges = [one.range for one in objects.asked("/pictures/nsd/subj01/betas_1.hdf5")]
    assert ranges == [None, "bytes=100000-"]
    assert not [name for name in files_below(layout.archive("objects")) if ".part" in name]


def test_other_bytes_than_the_pieces_are_refused(bucket):
    objects, layout = bucket
    locked(layout)
    _put(objects, "nsd/subj01/betas_1.hdf5", noise(LARGE, 9))
    refused(lambda: fetch.run(layout, "objects"), "subj01/betas_1.hdf5", f"has md5/{PIECE}")
    refused(
        lambda: check_lock(
            layout.study.dataset("objects"), layout.study.dataset_files["objects"], "isomorph lock"
        ),
        "1 changed (subj01/betas_1.hdf5)",
    )


def test_a_lock_of_another_bucket_is_refused(bucket, make_layout):
    _, layout = bucket
    locked(layout)
    layout = make_layout(ARCHIVE | {"bucket": "paintings"}, subjects=["subj01", "subj02"])
    refused(lambda: read_lock(layout.study, "objects"), "is of bucket pictures", "paintings")


@pytest.mark.parametrize(
    ("subjects", "said"),
    [
        (("subj01", "subj02"), "3 files, 5.3 GB (subj01 2.0 GB, subj02 3.0 GB, shared 300.0 MB), "),
        ([f"s{n:02}" for n in range(1, 10)], "10 files, 9.3 GB (1.0 GB to 1.0 GB of each of 9 "),
    ],
)
def test_bytes_of_a_large_set_are_told_by_subject(make_layout, subjects, said):
    layout = make_layout(ARCHIVE, subjects=list(subjects))
    many = len(subjects) > 2
    sizes = [1 if many else 2 + number for number in range(len(subjects))]
    files = [_line("design.mat", 300_000_000)]
    files += [
        _line(f"{one}/betas_1.hdf5", size * 10**9)
        for one, size in zip(subjects, sizes, strict=True)
    ]
    write_lock(lock_file(layout.study, "objects"), Lock(tuple(files)))
    assert readiness_without_patterns(layout).startswith(said)


def _line(path, size):
    return LockedFile(path, size, "md5", "0" * 32, f"https://pictures.s3.amazonaws.com/{path}")


@given(st.binary(min_size=1, max_size=200), st.integers(1, 210), st.integers(1, 50))
def test_the_hash_of_pieces_is_the_md5_of_their_md5s_however_the_bytes_come(content, piece, step):
    parts = [content[start : start + piece] for start in range(0, len(content), piece)]
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    running = hashes.begin(f"md5/{piece}", len(content))
    for start in range(0, len(content), step):
        running.update(memoryview(content)[start : start + step])
    assert running.hexdigest() == hashlib.md5(digests).hexdigest()


@pytest.mark.parametrize("algorithm", ["md5/0", "md5/", "md5/x", "sha256/5", "md5/-1"])
def test_a_piece_of_no_size_is_no_algorithm(tmp_path, algorithm):
    line = LockedFile("a", 5, algorithm, "0" * 32, "https://a.org/a")
    with pytest.raises(IsomorphError, match="algorithm: unknown"):
        write_lock(tmp_path / "a.lock.tsv", Lock((line,)))
