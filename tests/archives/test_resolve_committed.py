"""The locks that stand in the repository: what they hold is what their datasets ask for."""

import re
from pathlib import Path

import pytest

from isomorph.archives.lock import lock_beside, read_lock_file
from isomorph.archives.resolve import RESOLVERS
from isomorph.archives.resolve.openneuro import repository_address
from isomorph.archives.resolve.selection import choose
from isomorph.study import DatasetSpec, read_spec

DATASETS = Path(__file__).parents[2] / "config" / "datasets"
LOCKS = sorted(DATASETS.glob("*.lock.tsv"))
ASSET = re.compile(r"https://api\.dandiarchive\.org/api/assets/[0-9a-f-]{36}/download/")
LISTING = "https://api.dandiarchive.org/api/dandisets/{}/versions/{}/assets/?path={}"


@pytest.fixture(params=LOCKS, ids=lambda file: file.name.split(".")[0])
def locked(request):
    """A lock and the dataset it belongs to."""
    file = request.param.with_name(request.param.name.replace(".lock.tsv", ".yaml"))
    assert lock_beside(file) == request.param
    return read_spec(file, DatasetSpec), read_lock_file(request.param, "isomorph lock")


def sources(dataset):
    """Yield folder, included and excluded patterns of everything a lock must pin."""
    for one in [*getattr(dataset.archive, "sources", [dataset.archive]), *dataset.also]:
        if one in dataset.also and one.kind == "requested":
            continue
        yield getattr(one, "into", "").strip("/"), one.include, getattr(one, "exclude", ())


def test_a_lock_stands_only_where_one_is_read(locked):
    dataset, _ = locked
    assert dataset.archive.kind in RESOLVERS


def test_a_lock_holds_just_what_its_dataset_asks_for(locked):
    dataset, lock = locked
    paths = [file.path for file in lock.files]
    folders = [into for into, _, _ in sources(dataset)]
    asked = set()
    for into, include, exclude in sources(dataset):
        top = f"{into}/" if into else ""
        deeper = tuple(f"{one}/" for one in folders if one and one != into)
        inside = [
            path.removeprefix(top)
            for path in paths
            if path.startswith(top) and not (not top and path.startswith(deeper))
        ]
        # refuses a pattern that matches nothing, and a subject without a row
        chosen = choose(inside, include, exclude, dataset.subjects, dataset.name)
        assert chosen.remarks == ()
        asked |= {top + path for path in chosen.subjects}
    assert asked == set(paths)


def test_every_address_is_one_of_the_datasets_archive(locked):
    dataset, lock = locked
    if dataset.archive.kind == "dandi":
        archive = dataset.archive
        for file in lock.files:
            listing = LISTING.format(archive.dandiset, archive.version, file.path)
            assert ASSET.fullmatch(file.url) or file.url == listing
        return
    for file in lock.files:
        [source] = [
            one
            for one in dataset.archive.sources
            if re.match(rf"https://[^?]*/{one.dataset}/", file.url)
        ]
        path = file.path.removeprefix(source.into).strip("/")
        assert file.url.partition("?versionId=")[0].endswith(f"/{source.dataset}/{path}")


def test_the_notes_say_where_a_lock_was_resolved(locked):
    dataset, lock = locked
    said = "\n".join(lock.notes)
    for one in getattr(dataset.archive, "sources", ()):
        assert f"{one.dataset} {one.version}: {repository_address(one.dataset)}" in said
    if dataset.archive.kind == "dandi":
        assert f"dandiset {dataset.archive.dandiset} {dataset.archive.version}: " in said


@pytest.mark.parametrize(
    ("name", "files", "size"),
    [
        ("ds000105", 100, 24_981 + 210_364_712),
        ("ds001246", 96, 1_768_210_947),
        ("ds004496", 1039, 273_543_286),
        ("dandi000469", 20, 4_218_177_124),
    ],
)
def test_files_and_bytes_are_those_counted_in_the_archives(name, files, size):
    lock = read_lock_file(DATASETS / f"{name}.lock.tsv", "isomorph lock")
    assert (len(lock.files), lock.size) == (files, size)
