import csv
import hashlib
import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import repositories
from hypothesis import given
from hypothesis import strategies as st
from repositories import Annexed

from isomorph.archives.lock import LockedFile
from isomorph.archives.resolve import annex
from isomorph.archives.resolve.openneuro import resolve
from isomorph.errors import IsomorphError
from isomorph.study.pinned import OpenNeuroArchive

FILES = {
    "dataset_description.json": b'{"Name": "small"}',
    "sub-1/func/sub-1_task-x_run-01_bold.nii.gz": b"volumes of person 1",
    "sub-1/func/sub-1_task-x_run-01_events.tsv": b"onset\tduration\n",
    "sub-2/func/sub-2_task-x_run-01_bold.nii.gz": b"volumes of person 2",
    "stimuli/a face.bmp": b"a face",
    "stimuli/large.tsv": b"x" * repositories.LARGE,
}
PREPROCESSED = {"sub-1/func/sub-1_desc-preproc_bold.nii.gz": b"volumes, preprocessed"}
COMMIT = re.compile(r"commit ([0-9a-f]{40}), ")


@pytest.fixture
def root(tmp_path):
    """Two versions of a dataset, derivatives of it, and what belongs to other archives."""
    older = FILES | {"dataset_description.json": b"{}"}
    for name, files in (
        ("ds000105/1.0.0", older),
        ("ds000105/1.0.1", FILES),
        ("ds000105-fmriprep/main", PREPROCESSED),
        ("000469/draft", {"sub-1.nwb": b"NWB"}),
    ):
        for path, content in files.items():
            place = tmp_path / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    return tmp_path


@pytest.fixture
def github(monkeypatch, no_proxy):
    """Make isomorph ask a server of repositories in place of GitHub."""

    def use(server):
        monkeypatch.setenv("ISOMORPH_MIRRORS", server.mirrors)
        return server

    return use


def source(**changes):
    return {"dataset": "ds000105", "version": "1.0.1", "include": ["**"]} | changes


def resolved(*sources, subjects=("1",)):
    return resolve(OpenNeuroArchive(kind="openneuro", sources=sources), subjects, "f.yaml: archive")


def refusal(call, *parts):
    with pytest.raises(IsomorphError) as caught:
        call()
    sentence = str(caught.value)
    assert "\n" not in sentence
    for part in parts:
        assert part in sentence


def git_hash(content):
    head = f"blob {len(content)}\0".encode()
    return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()


# ---------------------------------------------------------------- what is found


@pytest.mark.parametrize("backend", ["MD5E", "SHA256E"])
def test_every_file_gets_the_hash_of_its_bytes(root, github, backend):
    with repositories.serve(root, backend=backend) as server:
        github(server)
        found = {file.path: file for file in resolved(source()).files}
    assert set(found) == set(FILES)
    for path, content in FILES.items():
        plain = path.endswith((".json", "events.tsv"))
        algorithm = "git" if plain else backend.rstrip("E").lower()
        digest = git_hash(content) if plain else hashlib.new(algorithm, content).hexdigest()
        assert found[path].size == len(content)
        assert (found[path].algorithm, found[path].hash) == (algorithm, digest)


def test_an_address_has_the_version_that_holds_the_bytes(root, github):
    with repositories.serve(root, version_of=lambda stored, key: f"V.{len(stored)}_") as server:
        github(server)
        urls = {file.path: file.url for file in resolved(source()).files}
        old = {file.path: file.url for file in resolved(source(version="1.0.0")).files}
    assert urls["stimuli/a face.bmp"] == (
        "https://s3.amazonaws.com/openneuro.org/ds000105/stimuli/a%20face.bmp?versionId=V.27_"
    )
    assert urls.keys() == old.keys()
    assert not any("gone" in url for url in urls.values())  # what the dead remote has


def test_without_records_an_address_has_no_version(root, github):
    with repositories.serve(root, version_of=repositories.unversioned) as server:
        github(server)
        urls = [file.url for file in resolved(source(include=["sub-{subject}/**"])).files]
    assert urls == [
        "https://s3.amazonaws.com/openneuro.org/ds000105/sub-1/func/sub-1_task-x_run-01_bold.nii.gz",
        "https://s3.amazonaws.com/openneuro.org/ds000105/sub-1/func/sub-1_task-x_run-01_events.tsv",
    ]


def test_derivatives_come_into_their_folder_and_the_commit_is_noted(root, github):
    into = "derivatives/fmriprep"
    prepared = source(dataset="ds000105-fmriprep", version="main", into=into)
    with repositories.serve(root, version_of=repositories.unversioned) as server:
        github(server)
        found = resolved(source(include=["*.json"]), prepared)
        commit = COMMIT.search(found.notes[1])[1]
        pinned = resolved(prepared | {"version": commit})
    [path] = PREPROCESSED
    by_path = {file.path: file for file in found.files}
    assert set(by_path) == {"dataset_description.json", f"{into}/{path}"}
    assert by_path[f"{into}/{path}"].url == (
        f"https://openneuro-derivatives.s3.amazonaws.com/fmriprep/ds000105-fmriprep/{path}"
    )
    assert pinned.files == (by_path[f"{into}/{path}"],)
    assert found.subjects[f"{into}/{path}"] == ""


def test_of_two_versions_the_one_asked_for_counts(root, github):
    with repositories.serve(root) as server:
        github(server)
        sizes = {
            version: resolved(source(version=version, include=["*.json"])).files[0].size
            for version in ("1.0.0", "1.0.1")
        }
    assert sizes == {"1.0.0": 2, "1.0.1": len(FILES["dataset_description.json"])}


def test_links_within_a_repository_are_left_out_and_said(github):
    with repositories.serve() as server:
        repositories.build(
            server.place("ds000105"),
            "ds000105",
            {"1.0.1": {"a.txt": b"text"}},
            links={"b.txt": "a.txt"},
        )
        github(server)
        found = resolved(source())
    assert [file.path for file in found.files] == ["a.txt"]
    assert "1 symbolic links lead to no annexed file" in found.remarks[0]


def test_an_unlocked_annexed_file_is_pinned_by_its_key(github):
    key = repositories.annex_key("b.bin", b"bytes", "SHA256E")
    with repositories.serve() as server:
        pointer = f"/annex/objects/{key}\n".encode()
        repositories.build(server.place("ds000105"), "ds000105", {"1.0.1": {"b.bin": pointer}})
        github(server)
        [file] = resolved(source()).files
    assert (file.algorithm, file.size) == ("sha256", 5)
    assert file.hash == hashlib.sha256(b"bytes").hexdigest()


def test_a_key_without_a_hash_is_refused(github):
    with repositories.serve() as server:
        files = {"a.bin": Annexed("URL--http&c%%example.org%a.bin")}
        repositories.build(server.place("ds000105"), "ds000105", {"1.0.1": files})
        github(server)
        refusal(lambda: resolved(source()), "a.bin is stored as URL--", "sources.0")


# ---------------------------------------------------------------- what is asked


def test_only_what_is_chosen_is_brought(root, github, monkeypatch):
    """Two trees in one request, then blobs many at a time: of the files asked for, no others."""
    brought = []
    monkeypatch.setattr(
        "isomorph.archives.resolve.repository.tempfile",
        SimpleNamespace(TemporaryDirectory=lambda **_: Kept(brought, root)),
    )
    with repositories.serve(root) as server:
        github(server)
        resolved(source(include=["sub-1/**"]))
        packs = [line for line in server.log if line.startswith("POST")]
    # ls-remote; the trees (two rounds, for the depth); links and texts; records of versions
    assert len(packs) == 5
    [folder] = brought
    listed = subprocess.run(
        ["git", "--git-dir", folder, "cat-file", "--batch-all-objects", "--batch-check"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    blobs = {line.split()[0] for line in listed.splitlines() if " blob " in line}
    # the link and the text of person 1, remote.log, trust.log, and two records
    assert len(blobs) == 6
    assert git_hash(FILES["sub-1/func/sub-1_task-x_run-01_events.tsv"]) in blobs
    assert git_hash(FILES["dataset_description.json"]) not in blobs


class Kept:
    """A folder that outlives its block."""

    def __init__(self, brought, root):
        self.name = str(root / f"kept{len(brought)}")
        brought.append(self.name)

    def __enter__(self):
        Path(self.name).mkdir()
        return self.name

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize("kind", ["dumb", "no filter"])
def test_a_server_that_knows_no_filter_is_read_whole(root, github, kind):
    with repositories.serve(root) as server:
        github(server)
        expected = resolved(source())
    with repositories.serve(root, dumb=kind == "dumb") as server:
        server.configure("ds000105", allowFilter="false")
        github(server)
        assert resolved(source()) == expected


def test_thousands_of_files_are_asked_for_in_few_requests(github, monkeypatch):
    monkeypatch.setattr("isomorph.archives.resolve.repository.BATCH", 200)
    hashes = {n: hashlib.sha256(str(n).encode()).hexdigest() for n in range(500)}
    with repositories.serve() as server:
        files = {
            f"stimuli/n{n % 100:08d}/n{n:08d}.JPEG": Annexed(f"SHA256E-s{n}--{digest}.JPEG")
            for n, digest in hashes.items()
        }
        repositories.build(server.place("ds004496"), "ds004496", {"1.0.1": files})
        github(server)
        found = resolved(source(dataset="ds004496")).files
        packs = [line for line in server.log if line.startswith("POST")]
    assert {(file.path[-13:], file.size, file.hash) for file in found} == {
        (f"n{n:08d}.JPEG"[-13:], n, digest) for n, digest in hashes.items()
    }
    assert all("?versionId=" in file.url for file in found)
    assert len(packs) == 3 + 3 + 3  # the trees; links; records


# ---------------------------------------------------------------- real records


REAL = sorted((Path(__file__).parents[2] / "config" / "datasets").glob("ds*.lock.tsv"))


def rows_of(file):
    with open(file, encoding="utf-8", newline="") as text:
        lines = (line for line in text if not line.startswith("#"))
        table = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            LockedFile(
                row["path"],
                int(row["size"]),
                row.get("algorithm") or row["algo"],
                row["hash"],
                row["url"],
            )
            for row in table
        ]


def rebuilt(github, rows):
    """Build repositories that hold rows as OpenNeuro's do, and resolve them again."""
    where = re.compile(
        r"https://(?:s3\.amazonaws\.com/openneuro\.org|"
        r"openneuro-derivatives\.s3\.amazonaws\.com/\w+)/(?P<name>[^/]+)/(?P<path>[^?]+)"
        r"(?:\?versionId=(?P<version>.+))?"
    )
    files, versions, places = {}, {}, {}
    for row in rows:
        if row.algorithm == "git":
            continue  # whose bytes are not known here
        found = where.fullmatch(row.url)
        name, path = found["name"], found["path"]
        ending = repositories.ENDINGS.search(path)[0]
        key = f"{row.algorithm.upper()}E-s{row.size}--{row.hash}{ending}"
        files.setdefault(name, {})[path] = Annexed(key)
        versions[f"{repositories._prefix(name)}{path}"] = found["version"]
        places[name] = row.path.removesuffix(path).strip("/")
    with repositories.serve() as server:
        github(server)
        for name, tree in files.items():
            repositories.build(
                server.place(name), name, {"1.0.1": tree}, lambda stored, _: versions[stored]
            )
        return resolved(*(source(dataset=name, into=into) for name, into in places.items())).files


@pytest.mark.parametrize("file", REAL, ids=lambda file: file.name.split(".")[0])
def test_real_records_give_the_addresses_that_are_known(github, file):
    rows = rows_of(file)
    expected = [row for row in rows if row.algorithm != "git"]
    assert list(rebuilt(github, rows)) == sorted(expected, key=lambda row: row.path)


SHARED = Path(__file__).parents[3] / "shared" / "data" / "locks"


@pytest.mark.parametrize("name", ["ds001499_1.3.1_sub-CSI1_ses-01", "ds004212_3.0.0_betas_roi"])
def test_real_records_with_stale_versions_give_the_addresses_that_are_known(github, name):
    file = SHARED / f"{name}.tsv"
    if not file.is_file():
        pytest.skip(f"{file.name}: real lock files are not here")
    rows = rows_of(file)
    expected = [row for row in rows if row.algorithm != "git"]
    assert list(rebuilt(github, rows)) == sorted(expected, key=lambda row: row.path)


# ---------------------------------------------------------------- mistakes and bad weather


def test_an_unknown_version_names_the_nearest(root, github):
    with repositories.serve(root) as server:
        github(server)
        refusal(
            lambda: resolved(source(version="1.0.2")),
            "f.yaml: archive.sources.0.version: ds000105 has no tag, branch or whole commit",
            'did you mean "1.0.',
        )


def test_an_unknown_commit_is_refused(root, github):
    with repositories.serve(root) as server:
        github(server)
        refusal(lambda: resolved(source(version="0" * 40)), "no such public repository or commit")


def test_an_unknown_repository_is_refused_without_asking_for_a_password(root, github):
    with repositories.serve(root) as server:
        github(server)
        refusal(
            lambda: resolved(source(dataset="ds999999")),
            "OpenNeuroDatasets/ds999999.git",
            "no such public repository",
        )


def test_a_repository_that_asks_for_a_password_is_no_public_one(root, github):
    with repositories.serve(root) as server:
        github(server)
        server.statuses = [401]  # and no second attempt with made-up credentials
        refusal(lambda: resolved(source()), "no such public repository")


def test_a_server_out_of_order_is_waited_for(root, github, waits):
    with repositories.serve(root) as server:
        github(server)
        server.statuses = [503, 503]
        assert len(resolved(source()).files) == len(FILES)
        assert waits == [1.0, 2.0]
        server.statuses = [503] * 20
        refusal(lambda: resolved(source()), "503", "run again later")


def test_without_git_a_sentence_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "")
    refusal(lambda: resolved(source()), "git, which is not installed here")


def test_variables_of_a_hook_do_not_lead_git_elsewhere(root, github, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "nowhere"))
    with repositories.serve(root) as server:
        github(server)
        assert len(resolved(source(include=["*.json"])).files) == 1
    assert not (tmp_path / "nowhere").exists()


# ---------------------------------------------------------------- records of git-annex


def test_a_dead_remote_and_one_of_a_private_bucket_are_left_out():
    log = (
        "aa bucket=openneuro.org publicurl=http://openneuro.org.s3.amazonaws.com/ type=S3 "
        "timestamp=2s\n"
        "bb bucket=openneuro-private type=S3 publicurl=no timestamp=2s\n"
        "cc bucket=openneuro-derivatives publicurl=https://x type=S3 timestamp=2s\n"
        "dd type=web timestamp=2s\n"
    )
    assert annex.public_remotes(log, "") == {
        "aa": "openneuro.org",
        "cc": "openneuro-derivatives",
    }
    assert set(annex.public_remotes(log, "aa X timestamp=2s\n")) == {"cc"}
    revived = "aa X timestamp=2s\naa 1 timestamp=3s\ncc 1 timestamp=1s\ncc X timestamp=2.5s\n"
    assert set(annex.public_remotes(log, revived)) == {"aa"}


REMOTES = {"aa": "openneuro.org"}


def test_a_version_that_was_taken_back_is_none():
    log = "1s aa:V +v1#ds1/a +v2#ds1/a\n2s aa:V -v2#ds1/a\n3s bb:V +v3#ds1/a\n"
    assert [one.version for one in annex.stored_versions(log, REMOTES)] == ["v1"]
    again = annex.stored_versions(log + "4s aa:V +v2#ds1/a\n", REMOTES)
    assert {one.version for one in again} == {"v1", "v2"}


def test_the_own_object_goes_before_a_newer_one_of_the_same_bytes():
    log = "1s aa:V +v1#ds1/sub/a\n9s aa:V +v9#ds1/copy/of/b\n"
    versions = annex.stored_versions(log, REMOTES)
    base = "https://s3.amazonaws.com/openneuro.org/ds1"
    assert annex.address("ds1", "sub/a", versions) == f"{base}/sub/a?versionId=v1"
    assert annex.address("ds1", "c", versions) == f"{base}/copy/of/b?versionId=v9"
    newer = annex.stored_versions(log + "8s aa:V +v8#ds1/sub/a\n", REMOTES)
    assert annex.address("ds1", "sub/a", newer) == f"{base}/sub/a?versionId=v8"


def test_a_value_with_blanks_comes_in_base64():
    # base64 of "v1#ds1/a b"
    [found] = annex.stored_versions("1s aa:V +!djEjZHMxL2EgYg==\n", REMOTES)
    assert (found.version, found.object) == ("v1", "ds1/a b")
    assert annex.stored_versions("1s aa:V +!no,base64\n", REMOTES) == []


@given(
    st.sampled_from(["MD5", "MD5E", "SHA256", "SHA256E"]),
    st.binary(max_size=20),
    st.sampled_from(["", ".nii.gz", ".JPEG"]),
)
def test_a_key_holds_size_and_hash(backend, content, ending):
    digest = hashlib.new(annex.ALGORITHMS[backend], content).hexdigest()
    name = f"{backend}-s{len(content)}--{digest}{ending}"
    for key in (
        annex.key_of_link(f"../../.git/annex/objects/Xx/Yy/{name}/{name}".encode()),
        annex.key_of_pointer(f"/annex/objects/{name}\n".encode()),
    ):
        assert (key.name, key.size, key.hash) == (name, len(content), digest)
        assert key.algorithm == annex.ALGORITHMS[backend]


def test_versions_stand_where_git_annex_puts_them():
    key = "MD5E-s3--900150983cd24fb0d6963f7d28e17f72.txt"
    digest = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    assert annex.versions_file(key) == f"{digest[:3]}/{digest[3:6]}/{key}.log.rmet"


# ---------------------------------------------------------------- names no lock can hold


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """A repository as another program may write it: names that are not UTF-8, or isomorph's own."""
    folder = tmp_path / "odd"
    names = [b"caf\xe9.txt", b"a.txt", b'q"uote.txt', b"tab\there.txt", b"manifest.json"]
    names += [b"Sub/a.tsv", b"sub/a.tsv"]
    for name in names:
        file = folder / os.fsdecode(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")

    def git(*arguments):
        named = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.hooksPath=/dev/null")
        command = ["git", "-C", str(folder), *named, *arguments]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode().strip()

    git("init", "--quiet", "--initial-branch=main")
    git("add", "--all")
    git("commit", "--quiet", "--message=all")
    git("tag", "1.0.1")
    with open(folder / ".git" / "packed-refs", "ab") as refs:
        refs.write(git("rev-parse", "HEAD").encode() + b" refs/heads/caf\xe9\n")
    address = "https://github.com/OpenNeuroDatasets/ds000105.git"
    monkeypatch.setenv("ISOMORPH_MIRRORS", f"{address}=file://{folder}")


@pytest.mark.parametrize(
    ("include", "said"),
    [
        ("caf*.txt", r"'caf\udce9.txt', which cannot stand in a lock; leave it out with exclude"),
        ("tab*.txt", r"'tab\there.txt'"),
        ("manifest.json", "'manifest.json', which cannot stand in a lock"),
        ("?ub/a.tsv", "Sub/a.tsv and sub/a.tsv cannot stand side by side on every disk"),
    ],
)
def test_names_that_cannot_stand_in_a_lock_are_refused(odd, include, said):
    refusal(lambda: resolved(source(include=[include])), "f.yaml: archive.sources", said)


def test_names_that_are_odd_but_can_stand_in_a_lock_are_pinned(odd):
    found = resolved(source(include=["q*.txt", "a.txt"]))
    assert [file.path for file in found.files] == ["a.txt", 'q"uote.txt']
    assert found.files[1].url.endswith("/ds000105/q%22uote.txt")


def test_a_file_in_the_folder_of_another_source_is_refused(root, github):
    place = root / "ds000105" / "1.0.1" / "derivatives" / "fmriprep" / "x.json"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"{}")
    raw = source(include=["derivatives/fmriprep/x.json", "*.json"])
    prepared = source(dataset="ds000105-fmriprep", version="main", into="derivatives/fmriprep")
    with repositories.serve(root) as server:
        github(server)
        assert len(resolved(raw).files) == 2
        refusal(
            lambda: resolved(raw, prepared),
            "derivatives/fmriprep/x.json is of another source than those put into derivatives/fm",
            "another `into`",
        )
