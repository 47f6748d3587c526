"""Records of Zenodo, figshare and OSF: locked by their APIs, fetched, resumed, refused."""

import hashlib

import pytest
from canned import patch_answers
from dandi_study import refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from objects import Fault
from pinned_set import noise
from records import STORE, Figshare, Osf, Repositories, Zenodo

from isomorph import archives
from isomorph.archives.lock import Lock, lock_file, read_lock, write_lock
from isomorph.archives.resolve import RESOLVERS
from isomorph.errors import IsomorphError
from isomorph.stages import fetch
from isomorph.study.archive import OWN
from isomorph.study.pinned import OsfFiles

FILES = {
    "Subject1.h5": noise(500, 1),
    "Subject2.h5": noise(600, 2),
    "sub/list (1).txt": b"a list",
    "notes.pdf": b"left out",
}
INCLUDE = {"include": ["{subject}.h5", "**/list*"], "exclude": ["**/*.pdf"]}
SUBJECTS = ["Subject1", "Subject2"]
ARCHIVES = {
    "zenodo": {"kind": "zenodo", "record": 4924875},
    "figshare": {"kind": "figshare", "record": 14763051, "version": 2},
    "osf": {"kind": "osf", "record": "sde8m"},
}
KINDS = tuple(ARCHIVES)


@pytest.fixture
def repositories(objects, monkeypatch):
    """The three repositories, each with the same files, and the storage behind them."""
    with Repositories(objects) as server:
        server.zenodo[4924875] = Zenodo(dict(FILES), concept=4924874)
        flat = [(name.rpartition("/")[2], content) for name, content in FILES.items()]
        server.figshare[14763051, 1] = Figshare([("old.txt", b"old")])
        server.figshare[14763051, 2] = Figshare(flat, folders={"14763051002": "sub"})
        server.osf["sde8m"] = Osf(dict(FILES))
        monkeypatch.setenv("ISOMORPH_MIRRORS", server.mirrors)
        yield server


def spec(kind, **changes):
    content = {**ARCHIVES[kind], **INCLUDE, **changes}
    return OWN[kind].spec(**content)


def resolved(kind, **changes):
    return RESOLVERS[kind](spec(kind, **changes), SUBJECTS, "f.yaml: archive")


def locked(make_layout, kind):
    layout = make_layout({**ARCHIVES[kind], **INCLUDE}, subjects=SUBJECTS)
    found = RESOLVERS[kind](layout.study.dataset("objects").archive, SUBJECTS, "f.yaml: archive")
    write_lock(lock_file(layout.study, "objects"), Lock(found.files, found.notes))
    return layout, found


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_is_locked_and_fetched(repositories, make_layout, kind):
    layout, found = locked(make_layout, kind)
    kept = [name for name in FILES if name != "notes.pdf"]
    algorithm = "sha256" if kind == "osf" else "md5"
    assert {file.path: file.hash for file in found.files} == {
        name: hashlib.new(algorithm, FILES[name]).hexdigest() for name in kept
    }
    assert found.subjects["Subject1.h5"] == "Subject1"
    fetch.run(layout, "objects")
    manifest = archives.read_manifest(layout, "objects")
    assert {one.path: one.sha256 for one in manifest.files} == {
        name: hashlib.sha256(FILES[name]).hexdigest() for name in kept
    }
    assert manifest.provenance.source.endswith("3 files, 1.1 kB")
    repositories.asked.clear()
    fetch.run(layout, "objects")
    assert repositories.asked == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_download_that_broke_off_is_resumed_behind_the_redirect(repositories, make_layout, kind):
    layout, _ = locked(make_layout, kind)
    stored = f"/{STORE}/{hashlib.sha256(FILES['Subject2.h5']).hexdigest()}"
    repositories.store.fail(stored, Fault(truncate=200))
    fetch.run(layout, "objects")
    assert [one.range for one in repositories.store.asked(stored)] == [None, "bytes=200-"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [202, 403])
def test_a_gate_before_a_repository_is_told_as_what_it_is(repositories, make_layout, kind, status):
    layout, _ = locked(make_layout, kind)
    repositories.gate = status
    refused(lambda: resolved(kind), f"the server says {status}")
    refused(lambda: fetch.run(layout, "objects"), f"the server says {status}")
    (agent,) = repositories.agents
    assert agent.startswith("isomorph/")


@pytest.mark.parametrize("kind", KINDS)
def test_a_lock_of_another_record_is_refused(repositories, make_layout, kind):
    locked(make_layout, kind)
    other = {"version": 1} if kind == "figshare" else {"record": "abcde" if kind == "osf" else 7}
    layout = make_layout({**ARCHIVES[kind], **INCLUDE, **other}, subjects=SUBJECTS)
    refused(lambda: read_lock(layout.study, "objects"), "asks for", "locks it again")


@pytest.mark.parametrize("kind", KINDS)
def test_a_pattern_that_matches_nothing_names_the_nearest(repositories, kind):
    said = 'did you mean "Subject1.h5"?'
    refused(lambda: resolved(kind, include=["subject1.h5"]), "f.yaml: archive.include", said)


def test_a_record_of_zenodo_that_is_none(repositories):
    refused(lambda: resolved("zenodo", record=5), "archive.record: Zenodo has no record 5")


@pytest.mark.parametrize("sends_on", [True, False])
def test_the_number_of_all_versions_names_the_newest(repositories, sends_on):
    repositories.concepts = sends_on
    repositories.zenodo[5000000] = Zenodo(concept=4924874)
    refused(lambda: resolved("zenodo", record=4924874), "all versions", "newest is 5000000")


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (Zenodo(status=410), "was withdrawn"),
        (Zenodo(status=403), "not open to everyone"),
        (Zenodo(access={"access_right": "restricted"}), "(restricted)"),
        (
            Zenodo(access={"access_right": "embargoed", "embargo_date": "2030-01-01"}),
            "(embargoed until 2030-01-01)",
        ),
        (Zenodo(), "the record has no files"),
    ],
)
def test_a_closed_record_of_zenodo_is_refused(repositories, record, said):
    repositories.zenodo[4924875] = record
    refused(lambda: resolved("zenodo"), "f.yaml: archive.record", said)


def test_an_absent_item_of_figshare_and_an_absent_version_differ(repositories):
    refused(lambda: resolved("figshare", record=5), "archive.record: figshare has no item 5")
    refused(
        lambda: resolved("figshare", version=3), "archive.version", "no version 3; there is 1, 2"
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"is_embargoed": True, "embargo_date": "2030-01-01"}, "under embargo until 2030-01-01"),
        ({"is_confidential": True}, "confidential"),
        ({"is_metadata_record": True}, "the item describes them alone"),
    ],
)
def test_a_closed_item_of_figshare_is_refused(repositories, said, words):
    repositories.figshare[14763051, 2].said = said
    refused(lambda: resolved("figshare"), "f.yaml: archive.record", words, "kind: local")


def test_an_item_of_many_pages_is_read_to_its_end(repositories, monkeypatch):
    monkeypatch.setattr("isomorph.archives.resolve.figshare.PAGE", 2)
    assert len(resolved("figshare").files) == 3


def test_files_of_figshare_without_an_md5_count_only_where_they_are_asked_for(repositories):
    item = repositories.figshare[14763051, 2]
    item.links, item.unhashed = {"notes.pdf"}, {"Subject2.h5"}
    refused(lambda: resolved("figshare"), "md5 of Subject2.h5 yet")
    item.unhashed = set()
    assert len(resolved("figshare").files) == 3
    every = {"include": ["**"], "exclude": []}
    refused(lambda: resolved("figshare", **every), "notes.pdf is a link", "example.org/elsewhere")


def test_two_files_of_one_name_are_refused_where_they_are_asked_for(repositories):
    item = repositories.figshare[14763051, 2]
    item.files += [("notes.pdf", b"another")]
    assert len(resolved("figshare").files) == 3
    refused(lambda: resolved("figshare", include=["*"], exclude=[]), "2 files called notes.pdf")


def test_folders_of_osf_are_walked_page_by_page_and_no_more_than_asked(repositories):
    repositories.page = 1
    many = {f"images/{n % 3}/{n:02}.png": bytes([n]) for n in range(9)}
    repositories.osf["sde8m"].files |= many | {"other/deep/x.png": b"x"}
    found = resolved("osf", include=["images/[01]/*.png"], exclude=[])
    assert [file.path for file in found.files] == sorted(
        path for path in many if path.split("/")[1] in "01"
    )
    assert not [one for one in repositories.asked if "other" in one or "images/2" in one]


@pytest.mark.parametrize(
    ("project", "said"),
    [
        (Osf(status=401), "is private"),
        (Osf(status=403), "is private"),
        (Osf(status=410), "was deleted"),
        (Osf(kind="registrations", withdrawn=True), "was withdrawn"),
        (Osf(kind="users"), "OSF has no project or registration sde8m"),
        (Osf(), "the record has no files"),
    ],
)
def test_a_closed_project_of_osf_is_refused(repositories, project, said):
    repositories.osf["sde8m"] = project
    refused(lambda: resolved("osf"), "f.yaml: archive.record", said)


def test_a_registration_of_osf_is_read_as_a_project_is(repositories):
    repositories.osf["sde8m"].kind = "registrations"
    assert len(resolved("osf").files) == 3


@pytest.mark.parametrize(("hashes", "algorithm"), [(("md5",), "md5"), ((), None)])
def test_a_file_of_osf_is_pinned_by_what_hash_there_is(repositories, hashes, algorithm):
    repositories.osf["sde8m"].hashes = hashes
    if algorithm is None:
        refused(lambda: resolved("osf"), "OSF states no hash of Subject1.h5")
    else:
        assert {file.algorithm for file in resolved("osf").files} == {algorithm}


def test_files_of_a_record_may_stand_beside_those_of_another_archive(repositories):
    side = OsfFiles(kind="osf", record="sde8m", include=["sub/*"], into="stimuli")
    (file,) = RESOLVERS["osf"](side, (), "f.yaml: also.0").files
    assert file.path == "stimuli/sub/list (1).txt"


@pytest.mark.parametrize("record", ["10.5281/zenodo.4924875", "https://zenodo.org/records/4924875"])
def test_a_doi_is_no_number_of_a_record(record):
    with pytest.raises(ValueError, match="number alone"):
        spec("zenodo", record=record)


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_never_answers_right_is_given_up(repositories, monkeypatch, waits, kind):
    monkeypatch.setattr(Repositories, "answer", lambda *_: (503, {}))
    refused(lambda: resolved(kind), "503", "run again later")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "files", "items", "data", "links", "next", "hits", "attributes"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", KINDS)
@given(JSON)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_json_a_server_sends_is_a_sentence(kind, content):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ISOMORPH_MIRRORS", raising=False)
        patch_answers(patch, lambda path, query: content)
        with pytest.raises(IsomorphError) as caught:
            resolved(kind)
        assert "\n" not in str(caught.value)
