import sys
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))

import objects
import repositories

from isomorph.archives.lock import COLUMNS, read_lock_file
from isomorph.cli import main

EVENTS = b"onset\tduration\n0\t1\n"
DATASET = {
    "title": "small",
    "citation": "none",
    "licence": "CC0",
    "species": "Homo sapiens",
    "subjects": ["1", "2"],
    "stimuli": {"kind": "folder", "files": "pictures/*.png"},
    "responses": {
        "kind": "nwb",
        "files": "sub-{subject}.nwb",
        "presentations": {"stimulus": "stimulus"},
        "window": [0.0, 0.1],
    },
}
SOURCE = {
    "dataset": "ds000105",
    "version": "1.0.0",
    "include": ["dataset_description.json", "sub-{subject}/*"],
}
PICTURES = {"kind": "bucket", "bucket": "pictures", "prefix": "set", "into": "pictures"}
MODEL = {
    "name": "pixels",
    "title": "pixels",
    "source": "baseline/pixels",
    "preprocessing": {"size": 8},
}


class Archive:
    """A study of one dataset, and the tree its loopback archive serves."""

    def __init__(self, folder):
        self.folder, self.tree = folder, folder / "tree"
        self.yaml = folder / "config" / "objects.yaml"
        self.lock = self.yaml.with_name("objects.lock.tsv")
        self.study = self.yaml.with_name("study.yaml")
        self.put("dataset_description.json", b"{}")
        for subject in "12":
            self.put(f"sub-{subject}/events.tsv", EVENTS + subject.encode())
            self.put(f"sub-{subject}/bold.nii.gz", b"volumes of " + subject.encode())
        self.dataset()

    def put(self, path, content):
        """Write a file of the one version."""
        place = self.tree / "ds000105" / "1.0.0" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def dataset(self, archive=None, **changes):
        """Write the dataset with an archive, and a study of it."""
        archive = archive or {"kind": "openneuro", "sources": [SOURCE]}
        content = DATASET | {"name": "objects", "archive": archive} | changes
        study = {"name": "s", "title": "s", "datasets": ["objects.yaml"], "models": ["pixels.yaml"]}
        self.yaml.parent.mkdir(exist_ok=True)
        for file, what in ((self.yaml, content), (self.study, study)):
            file.write_text(yaml.safe_dump(what))
        (self.yaml.with_name("pixels.yaml")).write_text(yaml.safe_dump(MODEL))


@pytest.fixture
def archive(tmp_path, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return Archive(tmp_path)


@pytest.fixture
def lock(archive, monkeypatch, capsys):
    """Run the command against the archive as it stands now; return status and what it said."""

    def run(*arguments, study=True):
        named = ("--study", str(archive.study)) if study else ()
        with (
            repositories.serve(archive.tree) as git,
            objects.serve(archive.folder / "buckets") as buckets,
        ):
            monkeypatch.setenv("ISOMORPH_MIRRORS", f"{git.mirrors} {buckets.mirrors('pictures')}")
            status = main(["lock", *named, *arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return status, said.out if status == 0 else said.err

    return run


def test_it_writes_the_lock_and_says_what_it_holds(archive, lock):
    status, said = lock()
    assert status == 0
    found = read_lock_file(archive.lock, "")
    assert [file.path for file in found.files] == [
        "dataset_description.json",
        "sub-1/bold.nii.gz", "sub-1/events.tsv", "sub-2/bold.nii.gz", "sub-2/events.tsv",
    ]  # fmt: skip
    assert said.splitlines()[:4] == [
        f"objects: 5 files, {found.size} bytes",
        f"  1: 2 files, {len(EVENTS) + 1 + 12} bytes",
        f"  2: 2 files, {len(EVENTS) + 1 + 12} bytes",
        "  shared: 1 file, 2 bytes",
    ]
    assert said.splitlines()[-1] == f"  {archive.lock}: written"
    repository, day = found.notes
    assert "ds000105 1.0.0: https://github.com/OpenNeuroDatasets/ds000105.git, commit" in repository
    assert repository.endswith("5 files")
    assert day.startswith("resolved on 20")


def test_what_says_the_same_is_left_as_it_is(archive, lock):
    lock()
    text = archive.lock.read_text().replace("resolved on 20", "resolved on 19")
    archive.lock.write_text(text)
    status, said = lock()
    assert status == 0
    assert said.endswith(
        f"  against {archive.lock}: no difference\n  {archive.lock}: left as it is\n"
    )
    assert archive.lock.read_text() == text


def test_what_changed_is_said_and_written(archive, lock):
    lock()
    archive.put("sub-1/events.tsv", b"onset\n")
    archive.put("sub-1/more.tsv", b"more\n")
    (archive.tree / "ds000105/1.0.0/sub-2/bold.nii.gz").unlink()
    _, said = lock()
    assert "1 added (sub-1/more.tsv), 1 removed (sub-2/bold.nii.gz), 1 changed (sub-1/ev" in said
    sizes = {file.path: file.size for file in read_lock_file(archive.lock, "").files}
    assert sizes["sub-1/events.tsv"] == len(b"onset\n")


def test_check_writes_nothing_and_fails_on_a_difference(archive, lock):
    lock()
    text = archive.lock.read_text()
    status, said = lock("--check")
    assert status == 0
    assert "says what the archive says" in said
    archive.put("sub-1/events.tsv", b"onset\n")
    status, said = lock("--check")
    assert status == 1
    assert "differs from the archive as it is now, 1 changed (sub-1/events.tsv)" in said
    assert f"`isomorph lock --study {archive.study} --dataset objects` writes it again" in said
    assert archive.lock.read_text() == text


def test_check_needs_a_lock(archive, lock):
    status, said = lock("--check")
    assert status == 1
    assert f"{archive.lock}: no such file" in said
    assert not archive.lock.exists()


def test_a_lock_nobody_can_read_is_replaced(archive, lock):
    archive.lock.write_text("path\tsize\n")
    status, said = lock()
    assert status == 0
    assert "the old lock is replaced" in said
    assert archive.lock.read_text().splitlines()[3].split("\t") == COLUMNS
    archive.lock.write_text("path\tsize\n")
    assert lock("--check")[0] == 1


def test_nothing_is_written_when_something_is_missing(archive, lock):
    source = SOURCE | {"include": ["sub-{subject}/*", "participants.tsv"]}
    archive.dataset({"kind": "openneuro", "sources": [source]})
    status, said = lock()
    assert status == 1
    assert f"{archive.yaml}: archive.sources.0.include: no file matches" in said
    assert said.count("\n") == 1
    assert not archive.lock.exists()


def test_files_of_a_bucket_are_locked_with_the_others(archive, lock):
    picture = archive.folder / "buckets" / "pictures" / "set" / "one.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a picture")
    requested = {"kind": "requested", "how": "ask", "into": "asked"}
    archive.dataset(also=[PICTURES, requested])
    assert lock()[0] == 0
    found = {file.path: file for file in read_lock_file(archive.lock, "").files}
    assert len(found) == 6
    assert found["pictures/one.png"].url == "https://pictures.s3.amazonaws.com/set/one.png"
    assert any(
        "whose md5 the bucket lists" in note for note in read_lock_file(archive.lock, "").notes
    )


def test_a_datasets_file_is_locked_without_a_study(archive, lock):
    status, said = lock("--file", str(archive.yaml), study=False)
    assert (status, archive.lock.exists()) == (0, True)
    archive.put("sub-1/events.tsv", b"onset\n")
    status, said = lock("--file", str(archive.yaml), "--check", study=False)
    assert status == 1
    assert f"`isomorph lock --file {archive.yaml}` writes it again" in said
    status, said = lock("--file", str(archive.yaml), "--dataset", "objects", study=False)
    assert status == 1
    assert "--dataset: names datasets of a study" in said


def test_an_archive_that_takes_no_lock_is_passed_over_or_refused(archive, lock):
    archive.dataset({"kind": "local", "path": "."})
    status, said = lock()
    assert status == 1
    assert "none of its datasets takes a lock" in said
    status, said = lock("--dataset", "objects")
    assert status == 1
    assert "an archive of kind local takes no lock" in said


def test_an_unknown_dataset_names_the_nearest(lock):
    status, said = lock("--dataset", "object")
    assert status == 1
    assert 'did you mean "objects"?' in said


def test_two_sources_of_one_path_are_a_mistake(archive, lock):
    archive.dataset({"kind": "openneuro", "sources": [SOURCE, SOURCE]})
    status, said = lock()
    assert status == 1
    assert "two sources bring dataset_description.json" in said
