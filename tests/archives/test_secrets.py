"""API keys, passwords and signatures go to nobody they are not for, and into no message."""

import json
import re

import pytest
import requests
from canned import answer, patch_answers
from dandi_archive import Fault, serve
from dandi_study import locked, refused
from test_dandi_answers import LINE, SPEC

from isomorph.archives import local
from isomorph.archives.dandi import bring
from isomorph.archives.dandi_api import api_key, key_variable
from isomorph.archives.manifest import read_manifest
from isomorph.archives.mirrors import mirrored
from isomorph.archives.patience import (
    ATTEMPTS,
    TryAgainError,
    patience,
    without_password,
    without_secrets,
)
from isomorph.study.pinned import DandiArchive

SIGNED = "https://b.s3.amazonaws.com/blobs/x?versionId=v1&X-Amz-Signature=5ec4e7&X-Amz-Date=2026"


def archive(instance):
    return DandiArchive(**(SPEC | {"instance": instance}))


@pytest.fixture(autouse=True)
def no_mirrors(monkeypatch):
    monkeypatch.delenv("ISOMORPH_MIRRORS", raising=False)


@pytest.mark.parametrize("key", ["abc\ndef", "abc\u200bdef", "abc def", "käse"])
def test_a_key_no_header_can_carry_is_refused_unsaid(
    monkeypatch, make_layout, tmp_path, capfd, key
):
    monkeypatch.setenv("DANDI_API_KEY", key)
    patch_answers(monkeypatch, lambda path, query: answer(b"", 401))
    said = refused(
        lambda: bring(make_layout(SPEC), "objects", [LINE], tmp_path / "files"), "DANDI_API_KEY"
    )
    assert "abc" not in said + "".join(capfd.readouterr())
    assert "käse" not in said


@pytest.mark.parametrize(
    ("instance", "variable"),
    [
        ("https://api.dandiarchive.org/api", "DANDI_API_KEY"),
        ("https://api.dandiarchive.org.evil.org/api", "ISOMORPH_KEY_API_DANDIARCHIVE_ORG_EVIL_ORG"),
        ("https://api.dandiarchive.org:443/api", "DANDI_API_KEY"),
        ("https://api.dandiarchive.org:8443/api", "ISOMORPH_KEY_API_DANDIARCHIVE_ORG___8443"),
        ("http://openai/api", "ISOMORPH_KEY_OPENAI___80"),
        ("https://dandi/api", "ISOMORPH_KEY_DANDI"),
        ("https://archive-mylab.org/api", "ISOMORPH_KEY_ARCHIVE__MYLAB_ORG"),
        ("https://[::1]/api", "ISOMORPH_KEY_____3A3A31"),
        ("http://[x/api", "ISOMORPH_KEY_____" + b"http://[x/api".hex().upper()),
    ],
)
def test_no_dataset_can_ask_for_another_programs_key(instance, variable):
    assert key_variable(archive(instance)) == variable


def test_no_two_servers_share_a_variable():
    hosts = [
        *("archive.mylab.org", "archive-mylab.org", "archive--mylab.org", "archive.mylab-org"),
        *("archive..mylab.org", "archive.-mylab.org", "archive-.mylab.org", "archive_mylab.org"),
        *("archive.mylab.org.", "archivexmylab.org", "archive.mylab.org.8443", "xn--mylab.org"),
        *("mylab.org", "-mylab.org", ".mylab.org", "port.8443", "[::1]", "3a3a31", "mylåb.org"),
    ]
    servers = [f"https://{host}{port}" for host in hosts for port in ("", ":80", ":8443", ":84")]
    variables = {key_variable(archive(f"{one}/api")) for one in servers}
    assert len(variables) == len(servers)
    assert all(re.fullmatch(r"[A-Z0-9_]+", one) for one in variables)


def test_a_key_goes_over_no_open_line_but_that_of_this_machine(monkeypatch):
    monkeypatch.setenv("DANDI_API_KEY", "secret")
    monkeypatch.setenv("ISOMORPH_KEY_127_0_0_1___9", "own")
    assert api_key(archive("https://api.dandiarchive.org/api")) == "secret"
    assert api_key(archive("http://127.0.0.1:9/api")) == "own"
    in_clear = archive("http://api.dandiarchive.org/api")
    assert "secret" not in refused(lambda: api_key(in_clear), "DANDI_API_KEY", "in clear", "https")
    monkeypatch.setenv("ISOMORPH_MIRRORS", "https://api.dandiarchive.org=http://mirror.org")
    refused(lambda: api_key(archive("https://api.dandiarchive.org/api")), "http://mirror.org")


# ------------------------------------------------------------------------- in messages


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (SIGNED, "https://b.s3.amazonaws.com/blobs/x?versionId=v1"),
        ("https://me:p@ss@a.org/x?path=b#c", "https://a.org/x?path=b"),
        ("me:hunter2@a.org/x", "a.org/x"),
        ("https://me:hunter2@[a/x", "https://[a/x"),
        ("https://a.org/x@y.nwb", "https://a.org/x@y.nwb"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(address, shown):
    assert without_password(address).removeprefix("me:") == shown
    assert "hunter2" not in without_password(address)


def test_what_others_say_is_shown_without_secrets():
    said = f"Max retries for http://me:hunter2@a.org/x, then {SIGNED}' and Signature=abc&b=1"
    shown = without_secrets(said)
    for secret in ("hunter2", "5ec4e7", "Signature=abc"):
        assert secret not in shown
    assert "a.org/x, then https://b.s3.amazonaws.com/blobs/x?versionId=v1&" in shown
    assert shown.endswith("b=1")


@pytest.mark.parametrize(
    "failure",
    [TryAgainError(SIGNED), requests.ConnectionError(SIGNED), requests.URLRequired(SIGNED)],
)
def test_patience_says_no_secret(capfd, failure):
    def run():
        for attempt in patience("x: cannot be read", lambda seconds: None):
            with attempt:
                raise failure

    assert "5ec4e7" not in refused(run, "x: cannot be read") + "".join(capfd.readouterr())


def test_the_password_of_a_mirror_is_not_said(monkeypatch, make_layout, tmp_path, capfd):
    monkeypatch.setattr("isomorph.archives.patience.FIRST_WAIT", 0.0)
    file = tmp_path / "served" / "000469" / "0.1" / "a.nwb"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"hello")
    with serve(tmp_path / "served") as server:
        with_password = server.url.replace("http://", "http://me:hunter2@")
        monkeypatch.setenv("ISOMORPH_MIRRORS", f"https://api.dandiarchive.org={with_password}")
        asset = server.asset("000469/0.1/a.nwb")
        server.fail(asset.download_path, *[Fault(500)] * ATTEMPTS * 2)
        said = refused(
            lambda: bring(make_layout(SPEC), "objects", [locked(asset)], tmp_path / "files")
        )
    assert "hunter2" not in said + "".join(capfd.readouterr())


@pytest.mark.parametrize("mirror", ["me:hunter2@b.org", "//me:hunter2@b.org", ""])
def test_a_mirror_without_a_scheme_is_refused_without_its_password(monkeypatch, mirror):
    monkeypatch.setenv("ISOMORPH_MIRRORS", f"https://a.org={mirror}")
    assert "hunter2" not in refused(lambda: mirrored("https://a.org/x"), "ISOMORPH_MIRRORS")


def test_a_mirror_is_asked_for_what_stands_below_its_address_alone(monkeypatch):
    monkeypatch.setenv(
        "ISOMORPH_MIRRORS", "https://a.org=https://m.org https://b.org/x/=https://n/"
    )
    assert mirrored("https://a.org") == "https://m.org"
    assert mirrored("https://a.org/x?y") == "https://m.org/x?y"
    assert mirrored("https://a.org?y") == "https://m.org?y"
    assert mirrored("https://a.org.evil.org/x") == "https://a.org.evil.org/x"
    assert mirrored("https://b.org/x/y") == "https://n/y"


# ------------------------------------------------------------------------- in paths


@pytest.mark.parametrize("path", ["$DANDI_API_KEY", "../$DANDI_API_KEY/x", "~/${DANDI_API_KEY}"])
def test_a_key_in_a_path_is_said_by_its_name(monkeypatch, make_layout, path):
    """A dataset's file may come from anybody, and its path may name any variable."""
    monkeypatch.setenv("DANDI_API_KEY", "5ec4e7")
    layout = make_layout({"kind": "local", "path": path, "files": ["*"]})
    said = refused(lambda: local.fetch(layout, "objects"), path.rpartition("/")[2])
    assert "5ec4e7" not in said


@pytest.mark.parametrize("value", ["abc$KEY", "x" * 300])
def test_a_variable_is_never_quoted(monkeypatch, make_layout, value):
    monkeypatch.setenv("HELD", value)
    layout = make_layout({"kind": "local", "path": "$HELD", "files": ["*"]})
    said = refused(lambda: local.fetch(layout, "objects"), "$HELD", "does not exist")
    assert value not in said


def test_a_folder_named_by_a_variable_is_kept_by_its_name(monkeypatch, make_layout, tmp_path):
    """The manifest then also serves where the variable stands for another folder."""
    for place in ("one", "other"):
        (tmp_path / place / "lab").mkdir(parents=True)
        (tmp_path / place / "lab" / "a.txt").write_text("a")
    monkeypatch.setenv("LAB_DISK", str(tmp_path / "one"))
    layout = make_layout({"kind": "local", "path": "$LAB_DISK/lab", "files": ["*.txt"]})
    local.fetch(layout, "objects")
    text = layout.manifest("objects").read_text()
    assert str(tmp_path / "one") not in text
    assert json.loads(text)["root"] == "$LAB_DISK/lab"
    assert read_manifest(layout, "objects").root == tmp_path / "one" / "lab"
    monkeypatch.setenv("LAB_DISK", str(tmp_path / "other"))
    assert read_manifest(layout, "objects").root == tmp_path / "other" / "lab"
