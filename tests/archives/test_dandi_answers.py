"""Answers of an archive that is at fault, or means harm: one sentence, and nothing is used."""

import hashlib

import pytest
from canned import answer, patch_answers
from dandi_study import refused

from isomorph.archives.dandi import bring
from isomorph.archives.lock import LockedFile
from isomorph.archives.resolve.dandisets import resolve
from isomorph.study.pinned import DandiArchive

ID = "224b57e5-c9a3-46ef-85db-966713f3ccbe"
SHA256 = hashlib.sha256(b"hello").hexdigest()
SPEC = {"kind": "dandi", "dandiset": "000469", "version": "0.1", "include": ["**"]}
LINE = LockedFile(
    "a.nwb", 5, "sha256", SHA256, f"https://api.dandiarchive.org/api/assets/{ID}/download/"
)


def described(**changes):
    """Return the metadata of an asset."""
    return {"path": "a.nwb", "contentSize": 5, "digest": {"dandi:sha2-256": SHA256}} | changes


def listing(*results, following=None):
    return {"results": list(results), "next": following}


LISTED = {"path": "a.nwb", "asset_id": ID}


@pytest.fixture(autouse=True)
def no_mirrors(monkeypatch):
    monkeypatch.delenv("ISOMORPH_MIRRORS", raising=False)


@pytest.mark.parametrize(
    "metadata",
    [
        [],
        described(digest="x"),
        described(digest={"dandi:sha2-256": "zz\tq"}),
        described(contentSize="6"),
        described(contentSize=True),
        described(contentSize=-5),
    ],
)
def test_metadata_that_is_none_is_no_assets(monkeypatch, make_layout, tmp_path, metadata):
    patch_answers(monkeypatch, lambda path, query: metadata)
    said = "does not answer as the DANDI archive does"
    refused(lambda: bring(make_layout(SPEC), "objects", [LINE], tmp_path / "files"), "a.nwb", said)

    def lock(path, query):
        if path.endswith("/versions/"):
            return listing({"version": "0.1"})
        return listing(LISTED) if path.endswith("/assets/") else metadata

    patch_answers(monkeypatch, lock)
    refused(lambda: resolve(DandiArchive(**SPEC), ("1",), "f.yaml: archive"), said)


@pytest.mark.parametrize(
    "page",
    [
        {"results": None},
        {"results": ["x"]},
        {"results": "ab", "next": None},
        listing({"path": "a.nwb"}),
        listing({"asset_id": ID}),
        listing(LISTED | {"metadata": [1]}),
        listing(LISTED, following=7),
        listing(LISTED | {"asset_id": "x\ty"}),
        listing(LISTED | {"asset_id": "../../../../ESCAPED/evil", "metadata": described()}),
        listing(LISTED | {"asset_id": "/ESCAPED/evil", "metadata": described()}),
    ],
)
def test_a_listing_that_is_none_leads_nowhere(monkeypatch, make_layout, tmp_path, page):
    def gone(path, query):
        return page if path.startswith("/api/dandisets") else answer(b"", 404)

    patch_answers(monkeypatch, gone)
    folder = tmp_path / "deep" / "er" / "still" / "files"
    refused(
        lambda: bring(make_layout(SPEC), "objects", [LINE], folder),
        "does not answer as the DANDI archive does",
    )
    assert not [path for path in tmp_path.rglob("*") if "ESCAPED" in str(path)]

    def lock(path, query):
        return listing({"version": "0.1"}) if path.endswith("/versions/") else page

    patch_answers(monkeypatch, lock)
    refused(
        lambda: resolve(DandiArchive(**SPEC), ("1",), "f.yaml: archive"),
        "does not answer as the DANDI archive does",
    )


@pytest.mark.parametrize("where", ["versions", "assets"])
def test_pages_that_lead_in_a_circle_end(monkeypatch, where):
    def lock(path, query):
        if path.endswith(f"/{where}/"):
            again = f"https://api.dandiarchive.org{path}?page=1"
            return listing(following=again)
        return listing({"version": "0.1"})

    asked = patch_answers(monkeypatch, lock)
    refused(lambda: resolve(DandiArchive(**SPEC), ("1",), "f.yaml: archive"), "in a circle")
    assert len(asked) < 5


def test_a_sha256_of_null_is_one_the_archive_does_not_state(monkeypatch):
    def lock(path, query):
        if path.endswith("/versions/"):
            return listing({"version": "0.1"})
        return listing(LISTED) if path.endswith("/assets/") else described(digest=None)

    patch_answers(monkeypatch, lock)
    refused(lambda: resolve(DandiArchive(**SPEC), ("1",), "f.yaml: archive"), "states no sha256")


@pytest.mark.parametrize(
    ("version", "said"),
    [("0.1", "states no sha256 of"), ("draft", "has not computed the sha256 of")],
)
def test_what_is_read_in_parts_is_never_told_by_its_size_alone(
    monkeypatch, make_layout, tmp_path, version, said
):
    patch_answers(
        monkeypatch,
        lambda path, query: (
            listing(LISTED | {"metadata": described(digest=None)})
            if path.startswith("/api/dandisets")
            else answer(b"", 404)
        ),
    )
    spec = SPEC | {"access": "stream", "keep": ["units"], "version": version}
    refused(lambda: bring(make_layout(spec), "objects", [LINE], tmp_path / "files"), "a.nwb", said)


@pytest.mark.parametrize("instance", ["http://[x/api", "http://a.org:x/api", "nowhere", "https://"])
def test_an_instance_that_is_no_address_is_told(make_layout, tmp_path, instance):
    spec = SPEC | {"instance": instance}
    refused(lambda: bring(make_layout(spec), "objects", [LINE], tmp_path / "files"), "a.nwb")
    refused(lambda: resolve(DandiArchive(**spec), ("1",), "f.yaml: archive"))
