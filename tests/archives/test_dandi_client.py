"""What isomorph finds in a DANDI archive is what the archive's own client finds there."""

import socket

import numpy as np
import pytest
import requests
from dandi.dandiapi import DandiAPIClient
from dandi.exceptions import NotFoundError
from dandi_archive import PART, Fault, dandi_etag, serve
from dandi_study import ARCHIVE, patch_network, patch_waits, refused
from dandischema.digests.dandietag import DandiETag

from isomorph.archives.dandi import bring
from isomorph.archives.dandi_asset import find_asset
from isomorph.archives.lock import LockedFile, lock_file, read_lock
from isomorph.archives.pace import session
from isomorph.cli import main
from isomorph.study.pinned import DandiArchive

DANDISET, PUBLISHED, OLDER = "000469", "0.240123.1806", "0.230406.1234"
SPEC = {"kind": "dandi", "dandiset": DANDISET, "version": PUBLISHED, "include": ["**"]}
ONE = "sub-1/sub-1_ses-1_ecephys+image.nwb"
PATHS = {
    OLDER: [ONE],
    PUBLISHED: [ONE, f"{ONE}.nwb", "sub-2/sub-2_ses-1.nwb", "sub-ü/ses 1 & 2, 100%.nwb"],
    "draft": [ONE, "sub-3/sub-3_ses-1.nwb"],
}
"""Assets by version; the first of all has other bytes in each."""
SIZE = 300_000
KEY = "d41d8cd98f00"


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    """Let nothing ask for any other machine: clients may call home unless told not to."""
    asked = []
    look_up = socket.getaddrinfo

    def guarded(host, *others, **named):
        if host not in ("127.0.0.1", "localhost"):
            asked.append(host)
            raise socket.gaierror(f"{host} is not to be asked")
        return look_up(host, *others, **named)

    monkeypatch.setattr(socket, "getaddrinfo", guarded)
    monkeypatch.setenv("DANDI_NO_ET", "1")
    monkeypatch.setenv("NO_ET", "1")
    yield
    assert not asked


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """An archive of one dandiset of three versions, two assets to a page."""
    rng = np.random.default_rng(0)
    for version, paths in PATHS.items():
        for path in paths:
            file = tmp_path / "served" / DANDISET / version / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(rng.bytes(SIZE + len(path)))
    with serve(tmp_path / "served", page=2) as server:
        patch_network(monkeypatch, server.url)
        patch_waits(monkeypatch)
        yield server


@pytest.fixture
def open_client(archive):
    """Open the archive's own client, with a key or without."""
    opened = []

    def client(key=None):
        opened.append(DandiAPIClient(f"{archive.url}/api", token=key))
        return opened[-1]

    yield client
    for one in opened:
        one.session.close()


@pytest.fixture
def locked(make_layout):
    """Lock a version by the command; return the study's layout and the lines of the lock."""

    def lines(version=PUBLISHED):
        layout = make_layout(SPEC | {"version": version})
        assert main(["lock", "--study", str(layout.study.path)]) == 0
        return layout, read_lock(layout.study, "objects").files

    return lines


@pytest.fixture
def fetched(locked):
    """Lock and fetch a version by the commands; return its folder and the lines of its lock."""

    def folder(version=PUBLISHED):
        layout, lines = locked(version)
        where = ["--study", str(layout.study.path), "--root", str(layout.root)]
        assert main(["fetch", *where, "--dataset", "objects"]) == 0
        return layout.archive("objects"), lines

    return folder


def as_line(asset):
    """Return the line of a lock for an asset as the client describes it."""
    return LockedFile(
        path=asset.path,
        size=asset.size,
        algorithm="sha256",
        hash=asset.get_raw_digest("dandi:sha2-256"),
        url=f"{ARCHIVE}/api/assets/{asset.identifier}/download/",
    )


def listed(client, version=PUBLISHED):
    """Return the assets of a version by their paths, as the client lists them."""
    dandiset = client.get_dandiset(DANDISET, version, lazy=False)
    assert dandiset.version_id == version
    assets = list(dandiset.get_assets())
    by_path = {asset.path: asset for asset in assets}
    assert len(by_path) == len(assets)
    return by_path


def test_a_lock_says_of_every_version_what_the_client_lists(open_client, locked):
    client = open_client()
    versions = [one.identifier for one in client.get_dandiset(DANDISET).get_versions()]
    assert sorted(versions) == sorted(PATHS)
    identities = set()
    for version in versions:
        assets = listed(client, version)
        assert sorted(assets) == sorted(PATHS[version])
        _, lines = locked(version)
        assert list(lines) == [as_line(assets[path]) for path in sorted(assets)]
        identities |= {asset.identifier for asset in assets.values()}
    assert len(identities) == sum(map(len, PATHS.values()))


def test_the_version_the_client_takes_unasked_is_the_latest_published(open_client, locked):
    dandiset = open_client().get_dandiset(DANDISET, lazy=False)
    assert dandiset.version_id == PUBLISHED
    assert dandiset.draft_version.identifier == "draft"
    assert sorted(as_line(one).url for one in dandiset.get_assets()) == sorted(
        line.url for line in locked(dandiset.version_id)[1]
    )


def test_a_version_unknown_to_one_is_unknown_to_the_other(open_client, make_layout, capsys):
    with pytest.raises(NotFoundError, match=r"0\.240123\.1860"):
        open_client().get_dandiset(DANDISET, "0.240123.1860", lazy=False)
    layout = make_layout(SPEC | {"version": "0.240123.1860"})
    assert main(["lock", "--study", str(layout.study.path)]) != 0
    assert f'no version "0.240123.1860", did you mean "{PUBLISHED}"?' in capsys.readouterr().err
    assert not lock_file(layout.study, "objects").exists()


@pytest.mark.parametrize("version", ["draft", PUBLISHED])
def test_what_is_fetched_is_byte_for_byte_what_the_client_downloads(
    open_client, fetched, tmp_path, version
):
    folder, lines = fetched(version)
    assets = listed(open_client(), version)
    assert {line.path for line in lines} == set(assets)
    for number, (path, asset) in enumerate(assets.items()):
        theirs = tmp_path / f"{number}.nwb"
        asset.download(theirs)
        assert (folder / path).read_bytes() == theirs.read_bytes()
        assert DandiETag.from_file(folder / path).as_str() == asset.get_digest().value


@pytest.mark.parametrize("have", [1, SIZE // 2, SIZE + len(ONE) - 1])
def test_a_download_broken_off_goes_on_where_the_client_would(archive, open_client, fetched, have):
    blob = archive.asset(f"{DANDISET}/{PUBLISHED}/{ONE}").blob_path
    archive.fail(blob, Fault(truncate=have))
    folder, _ = fetched()
    assert [one.range for one in archive.asked(blob)] == [None, f"bytes={have}-"]
    asset = open_client().get_dandiset(DANDISET, PUBLISHED).get_asset_by_path(ONE)
    rest = b"".join(asset.get_download_file_iter(chunk_size=10_000)(have))
    assert archive.asked(blob)[-1] == archive.asked(blob)[-2]
    assert (folder / ONE).read_bytes()[have:] == rest


def test_a_path_leads_both_to_one_asset(open_client):
    dandiset = open_client().get_dandiset(DANDISET, PUBLISHED)
    for path in PATHS[PUBLISHED]:
        asset = dandiset.get_asset_by_path(path)
        line = LockedFile(
            path, asset.size, "sha256", as_line(asset).hash, f"{ARCHIVE}/api/assets/?path={path}"
        )
        with session() as http:
            assert find_asset(http, DandiArchive(**SPEC), line, "").id == asset.identifier


def test_an_asset_no_version_lists_any_more_is_still_had_by_its_id(
    archive, open_client, locked, tmp_path
):
    layout, lines = locked()
    client = open_client()
    identity = listed(client)[ONE].identifier
    archive.unlisted.add(identity)
    assert ONE not in listed(client)
    client.get_asset(identity).download(tmp_path / "theirs.nwb")
    bring(layout, "objects", lines, tmp_path / "ours")
    assert (tmp_path / "ours" / ONE).read_bytes() == (tmp_path / "theirs.nwb").read_bytes()


def test_an_asset_replaced_in_the_draft_is_gone_for_both(archive, open_client, locked, tmp_path):
    layout, lines = locked("draft")
    client = open_client()
    before = listed(client, "draft")[ONE].identifier
    archive.asset(f"{DANDISET}/draft/{ONE}").file.write_bytes(b"another recording")
    now = listed(client, "draft")[ONE]
    assert now.identifier != before
    with pytest.raises(NotFoundError, match=before):
        client.get_asset(before)
    refused(
        lambda: bring(layout, "objects", lines, tmp_path / "files"),
        *(ONE, "the draft has moved on", now.get_raw_digest("dandi:sha2-256")),
    )


def test_an_embargoed_dandiset_opens_to_both_with_one_key(
    archive, open_client, make_layout, fetched, monkeypatch, capsys
):
    archive.embargo = KEY
    layout = make_layout(SPEC)

    def refused_lock():
        assert main(["lock", "--study", str(layout.study.path)]) != 0
        return capsys.readouterr().err

    with pytest.raises(requests.HTTPError, match="401"):
        listed(open_client())
    assert "set DANDI_API_KEY to your key" in refused_lock()
    with pytest.raises(requests.HTTPError, match="401"):
        open_client("another")
    monkeypatch.setenv("DANDI_API_KEY", "another")
    assert "the present one is refused" in refused_lock()

    monkeypatch.setenv("DANDI_API_KEY", KEY)
    folder, lines = fetched()
    client = open_client(KEY)
    assert client.get_dandiset(DANDISET).embargo_status.value == "EMBARGOED"
    assets = listed(client)
    assert list(lines) == [as_line(assets[path]) for path in sorted(assets)]
    theirs = b"".join(assets[ONE].get_download_file_iter()(0))
    assert (folder / ONE).read_bytes() == theirs


def test_the_stand_in_gives_etags_as_the_archive_does(tmp_path):
    for size in (1, SIZE, PART + 1):
        file = tmp_path / "sparse"
        with open(file, "wb") as opened:
            opened.truncate(size)
        assert dandi_etag(file.read_bytes()) == DandiETag.from_file(file).as_str()
