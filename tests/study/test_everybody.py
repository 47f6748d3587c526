"""`subjects: all`, and what data of one's own need not say."""

import json

import pytest
import yaml

from isomorph.study import StudyError, read_spec
from isomorph.study._subjects import subjects_in
from isomorph.study.dataset import DatasetSpec
from isomorph.study.schema import schema_text

OWN = {
    "name": "mine",
    "title": "Mine",
    "subjects": "all",
    "archive": {"kind": "local", "path": "files"},
    "stimuli": {"kind": "folder", "files": "images/*.png"},
    "responses": {
        "kind": "arrays",
        "responses": "sub-{subject}/{subject}.npy",
        "presentations": "sub-{subject}/presentations.csv",
        "units": "units.csv",
    },
}


@pytest.fixture
def read(tmp_path):
    """Read a dataset that stands beside some files."""
    for name in ("sub-10/10.npy", "sub-2/2.npy", "sub-3/4.npy", "sub-05/notes.txt"):
        (tmp_path / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "files" / name).write_bytes(b"data")
    (tmp_path / "files/sub-7").mkdir()
    (tmp_path / "files/sub-7/7.npy").symlink_to("../.git/annex/objects/gone")  # announced

    def run(**changes):
        file = tmp_path / "mine.yaml"
        file.write_text(yaml.safe_dump({**OWN, **changes}))
        return read_spec(file, DatasetSpec)

    return run


def refusal(read, **changes):
    with pytest.raises(StudyError) as caught:
        read(**changes)
    return str(caught.value)


def test_everybody_of_a_local_folder(read):
    assert read().subjects == ("10", "2", "7")


def test_expected_figures_are_of_those_found(read):
    assert read(expected={"sessions": {"2": 1}}).expected.sessions == {"2": 1}
    assert 'no subject "3"' in refusal(read, expected={"sessions": {"3": 1}})


def test_everybody_of_a_lock(read, tmp_path):
    responses = {
        "kind": "nwb", "files": "sub-{subject}/*.nwb", "window": [0, 0.1],
        "presentations": {"stimulus": "image"},
    }  # fmt: skip
    changes = {
        "archive": {"kind": "dandi", "dandiset": "000469", "version": "0.240123.1806",
                    "include": ["sub-{subject}/*.nwb"]},
        "responses": responses, "citation": "A", "licence": "B", "species": "C",
    }  # fmt: skip
    assert "mine.lock.tsv is not there, so the subjects are not known" in refusal(read, **changes)
    rows = ["path\tsize", "sub-b/1.nwb\t1", "sub-a/1.nwb\t1", "sub-a/2.nwb\t1"]
    (tmp_path / "mine.lock.tsv").write_text("# note\n" + "\n".join(rows) + "\n")
    assert read(**changes).subjects == ("a", "b")


def test_everybody_whose_recording_is_a_folder(read, tmp_path):
    for subject in ("01", "02"):
        folder = tmp_path / f"files/sub-{subject}/meg/sub-{subject}_task-x_meg.ds"
        folder.mkdir(parents=True)
        for name in ("x.meg4", "x.res4"):
            (folder / name).write_bytes(b"data")
    responses = {
        "kind": "epochs", "files": "sub-{subject}/meg/*_meg.ds",
        "presentations": {"stimulus": "value"}, "windows": {"early": [0, 0.1]},
    }  # fmt: skip
    assert read(responses=responses).subjects == ("01", "02")
    within = {**responses, "files": "sub-{subject}/meg/*_meg.ds/*.meg4"}
    assert "finds nobody" in refusal(read, responses=within)  # nor would the stages find any


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("# note\nsize\tpath\n1\tsub-a/1.nwb\n\n2\tsub-b/1.nwb\n", None),
        ("# note\nfile\tsize\nsub-a/1.nwb\t1\n", 'no column "path"'),
        ("path\tsize\nsub-a/1.nwb\n", "line 2 has 1 cell"),
        ("", "is empty"),
        (b"path\tsize\nsub-\xff/1.nwb\t1\n", "cannot be read as a table"),
    ],
)
def test_a_lock_is_read_as_a_table(read, tmp_path, content, said):
    changes = {
        "archive": {"kind": "dandi", "dandiset": "000469", "version": "0.240123.1806",
                    "include": ["sub-{subject}/*.nwb"]},
        "responses": {"kind": "nwb", "files": "sub-{subject}/*.nwb", "window": [0, 0.1],
                      "presentations": {"stimulus": "image"}},
        "citation": "A", "licence": "B", "species": "C",
    }  # fmt: skip
    written = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "mine.lock.tsv").write_bytes(written)
    if said is None:
        assert read(**changes).subjects == ("a", "b")
    else:
        lock = tmp_path / "mine.lock.tsv"
        assert f"subjects: all: {lock}: {said}" in refusal(read, **changes)


def test_everybody_of_ready_rdms(read):
    source = {"region": "IT", "file": "r.npy", "distance": "correlation"}
    sources = [{**source, "subjects": ["b", "a"]}, {**source, "subjects": ["c", "a"]}]
    assert read(responses={"kind": "rdms", "sources": sources}).subjects == ("a", "b", "c")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"responses": {**OWN["responses"], "responses": "all.npy"}}, "needs {subject} in the pat"),
        ({"responses": {**OWN["responses"], "responses": "s-{subject}.npy"}}, "finds nobody: resp"),
        ({"archive": {"kind": "local", "path": "nowhere"}}, "nowhere is not a folder here"),
        (
            {"archive": {"kind": "package", "project": "x", "version": "1", "sha256": "0" * 64,
                         "members": ["a"]}, "citation": "A", "licence": "B", "species": "C"},
            "nobody can know who there is of kind package; name them",
        ),
        ({"archive": {"kind": "loca", "path": "."}}, 'archive.kind: unknown "loca"'),
        ({"subjects": "everybody"}, "subjects: "),
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_refused(read, changes, message):
    assert message in refusal(read, **changes)


@pytest.mark.parametrize(
    ("pattern", "paths", "found"),
    [
        ("{subject}.npy", ["a.npy", "b-1.npy", "x/c.npy"], ("a", "b-1")),
        ("{subject}_*.nwb", ["a_b_c.nwb", "d_1.nwb"], ("a", "d")),
        ("**/sub-{subject}_*_bold.nii*", ["x/sub-1_task-a_bold.nii.gz", "sub-2_x_bold.nii"],
         ("1", "2")),
        ("sub-{subject}/ses-*/sub-{subject}_*.tsv", ["sub-1/ses-1/sub-1_a.tsv",
                                                     "sub-1/ses-1/sub-2_a.tsv"], ("1",)),
        ("sub-{subject}/[ab]?.npy", ["sub-1/a1.npy", "sub-2/c1.npy"], ("1",)),
    ],
)  # fmt: skip
def test_what_stands_for_the_subject(pattern, paths, found):
    assert subjects_in(pattern, paths) == found


def test_editors_know_all():
    subjects = json.loads(schema_text(DatasetSpec))["properties"]["subjects"]
    assert {"const": "all", "type": "string"} in subjects["anyOf"]
    assert "Their names, or `all`" in subjects["description"]


def test_own_data_need_no_citation_licence_or_species(read):
    spec = read()
    assert (spec.citation, spec.licence) == (
        "own data, no publication stated",
        "own data, none stated",
    )
    assert spec.species == "species not stated"
    assert read(species="Mus musculus").species == "Mus musculus"


def test_data_of_others_need_all_three(read):
    archive = {"kind": "package", "project": "x", "version": "1", "sha256": "0" * 64,
               "members": ["a"]}  # fmt: skip
    others = {"archive": archive, "subjects": ["1"]}
    message = "citation, licence, species: are required"
    assert message in refusal(read, **others)
    assert "licence: is required" in refusal(read, **others, citation="A", species="C")
