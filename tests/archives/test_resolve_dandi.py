import hashlib

import dandi_archive
import pytest
from canned import answer, patch_answers
from dandi_archive import Fault

from isomorph.archives.dandi_asset import find_asset
from isomorph.archives.lock import LockedFile
from isomorph.archives.pace import session
from isomorph.archives.resolve.dandisets import resolve
from isomorph.errors import IsomorphError
from isomorph.study.pinned import DandiArchive

INSTANCE = "https://api.dandiarchive.org"
FILES = {
    "sub-1/sub-1_ses-1_ecephys+image.nwb": b"session 1 of person 1",
    "sub-1/sub-1_ses-2_ecephys+image.nwb": b"session 2 of person 1",
    "sub-2/sub-2_ses-1_ecephys+image.nwb": b"session 1 of person 2",
}


@pytest.fixture
def dandi(tmp_path, monkeypatch, no_proxy):
    """An archive of one dandiset, asked in place of the public one."""
    for version in ("draft", "0.240123.1806"):
        for path, content in FILES.items():
            place = tmp_path / "000469" / version / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    with dandi_archive.serve(tmp_path) as server:
        monkeypatch.setenv("ISOMORPH_MIRRORS", f"{INSTANCE}={server.url}")
        yield server


def resolved(include=("sub-{subject}/*_ses-1_*.nwb",), subjects=("1", "2"), **changes):
    archive = {"kind": "dandi", "dandiset": "000469", "version": "0.240123.1806"} | changes
    return resolve(DandiArchive(**archive, include=include), subjects, "f.yaml: archive")


def refusal(call, *parts):
    with pytest.raises(IsomorphError) as caught:
        call()
    sentence = str(caught.value)
    assert "\n" not in sentence
    for part in parts:
        assert part in sentence


def test_an_asset_is_pinned_by_its_sha256_and_its_id(dandi):
    found = resolved()
    assert [file.path for file in found.files] == [path for path in FILES if "ses-1" in path]
    assets = {one.path: one for one in dandi.assets() if one.version != "draft"}
    for file in found.files:
        content = FILES[file.path]
        assert (file.size, file.algorithm) == (len(content), "sha256")
        assert file.hash == hashlib.sha256(content).hexdigest()
        assert file.url == f"{INSTANCE}/api/assets/{assets[file.path].id}/download/"
    assert dict(found.subjects) == dict(zip([f.path for f in found.files], "12", strict=True))
    assert found.notes == (
        "dandiset 000469 0.240123.1806: "
        f"{INSTANCE}/api/dandisets/000469/versions/0.240123.1806, 2 assets",
    )


def test_only_chosen_assets_are_asked_about(dandi):
    resolved(subjects=["2"])
    described = [one.path for one in dandi.log if one.path.rstrip("/").count("/") == 7]
    assert len(described) == 1


def test_a_listing_of_many_pages_is_read_to_its_end(dandi, monkeypatch):
    monkeypatch.setattr("isomorph.archives.resolve.dandisets.PAGE", "1")
    assert len(resolved(include=["**"]).files) == len(FILES)
    pages = [one for one in dandi.log if one.path.endswith("/assets/")]
    assert len(pages) == len(FILES)


def test_a_draft_is_pinned_too(dandi):
    assert len(resolved(version="draft").files) == 2


def test_an_asset_without_sha256_yet_is_refused(dandi):
    asset = next(one for one in dandi.assets() if one.version == "draft")
    dandi.fail(f"/api/dandisets/000469/versions/draft/assets/{asset.id}/", Fault(digest=True))
    refusal(
        lambda: resolved(include=["**"], version="draft"),
        f"has not computed the sha256 of {asset.path} yet",
        "run again later",
    )


def test_a_published_asset_without_sha256_promises_nothing(dandi):
    asset = next(one for one in dandi.assets() if one.version != "draft")
    place = f"/api/dandisets/000469/versions/{asset.version}/assets/{asset.id}/"
    dandi.fail(place, Fault(digest=True))
    with pytest.raises(IsomorphError) as caught:
        resolved(include=["**"], version=asset.version)
    message = str(caught.value)
    assert f"states no sha256 of {asset.path} in {asset.version}, a published version" in message
    assert "within a day" not in message


def test_an_unknown_version_names_the_nearest(dandi):
    refusal(
        lambda: resolved(version="0.240123.1860"),
        'f.yaml: archive.version: dandiset 000469 has no version "0.240123.1860"',
        'did you mean "0.240123.1806"?',
    )


def test_an_unknown_dandiset_is_refused(dandi):
    refusal(lambda: resolved(dandiset="000999"), "archive.dandiset", "has no dandiset 000999")


def test_a_pattern_that_matches_no_asset_names_the_nearest(dandi):
    refusal(lambda: resolved(include=["sub-{subject}/*_ses-3_*"]), "no file matches", "sub-")


def test_an_archive_out_of_order_is_waited_for(dandi, waits):
    dandi.fail("/api/dandisets/000469/versions/", Fault(status=503), Fault(status=429))
    assert len(resolved().files) == 2
    assert waits == [1.0, 2.0]


def test_an_address_that_is_no_archive_is_refused(dandi):
    refusal(lambda: resolved(instance=f"{INSTANCE}/api/info"), "has no dandiset 000469")
    blob = next(iter(dandi.assets())).blob_path
    for elsewhere in ("/api/info/", blob):
        dandi.fail("/api/dandisets/000469/versions/", Fault(redirect=dandi.url + elsewhere))
        refusal(resolved, "f.yaml: archive: ", "does not answer as the DANDI archive does")


def test_an_embargoed_dandiset_is_pinned_with_its_key(dandi, monkeypatch):
    dandi.embargo = "secret"
    monkeypatch.delenv("DANDI_API_KEY", raising=False)
    refusal(resolved, "is not open to everyone", "set DANDI_API_KEY")
    monkeypatch.setenv("DANDI_API_KEY", "secret")
    assert len(resolved().files) == 2


def test_a_key_is_not_shown_where_the_next_page_is_said_to_be(monkeypatch):
    def answers(path, query):
        if path.endswith("/versions/"):
            return {"results": [], "next": "https://evil.org/api/page/"}
        return answer(b"", 401)

    monkeypatch.delenv("ISOMORPH_MIRRORS", raising=False)
    monkeypatch.setenv("DANDI_API_KEY", "secret")
    shown = patch_answers(monkeypatch, answers)
    refusal(resolved, "is not open to everyone")
    assert [one.url.split("/")[2] for one in shown] == ["api.dandiarchive.org", "evil.org"]
    assert not any(one.headers.get("Authorization") for one in shown)


def test_an_asset_of_which_only_the_path_is_known_is_found_by_it(dandi):
    archive = DandiArchive(kind="dandi", dandiset="000469", version="draft", include=("**",))
    asset = next(one for one in dandi.assets() if one.version == "draft")
    listing = f"{INSTANCE}/api/dandisets/000469/versions/draft/assets/?path={asset.path}"
    line = LockedFile(asset.path, asset.size, "sha256", asset.sha256, listing)
    absent = LockedFile("sub-9/a.nwb", 1, "sha256", asset.sha256, listing)
    with session() as http:
        assert find_asset(http, archive, line, "lock it").id == asset.id
        refusal(lambda: find_asset(http, archive, absent, "lock it"), "is gone", "not in version")
