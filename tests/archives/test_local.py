"""The local archive: a folder read in place."""

import hashlib
from pathlib import Path

import pytest

from isomorph import archives
from isomorph.errors import IsomorphError
from isomorph.stages import fetch


@pytest.fixture
def data(tmp_path):
    """A folder of files as a user keeps them."""
    folder = tmp_path / "data folder"
    for name, content in {
        "images/b.png": b"b",
        "images/a.png": b"a",
        "rdms.npz": b"rdms",
        "notes.txt": b"notes",
        ".DS_Store": b"hidden",
        ".git/config": b"hidden",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def local(path, *patterns):
    return {"kind": "local", "path": str(path), **({"files": list(patterns)} if patterns else {})}


def listed(layout):
    return [record.path for record in archives.read_manifest(layout, "objects").files]


def test_all_files_but_hidden_ones_belong_unless_patterns_say(data, make_layout):
    layout = make_layout(local(data))
    fetch.run(layout, "objects")
    assert listed(layout) == ["images/a.png", "images/b.png", "notes.txt", "rdms.npz"]


def test_manifest_holds_size_and_hash_and_nothing_is_copied(data, make_layout):
    layout = make_layout(local(data, "images/*.png", "*.npz"))
    fetch.run(layout, "objects")
    manifest = archives.read_manifest(layout, "objects")
    assert {record.path: (record.size, record.sha256) for record in manifest.files} == {
        "images/a.png": (1, hashlib.sha256(b"a").hexdigest()),
        "images/b.png": (1, hashlib.sha256(b"b").hexdigest()),
        "rdms.npz": (4, hashlib.sha256(b"rdms").hexdigest()),
    }
    assert manifest.root == data
    assert [path.name for path in layout.archive("objects").iterdir()] == ["manifest.json"]
    assert archives.find_files(layout, "objects", "*.npz") == [data / "rdms.npz"]


def test_relative_path_counts_from_the_datasets_file(data, make_layout, monkeypatch, tmp_path):
    layout = make_layout(local("../data folder", "*.npz"))
    monkeypatch.chdir(data)  # where one stands does not matter
    fetch.run(layout, "objects")
    assert archives.find_files(layout, "objects", "rdms.npz")[0].resolve() == data / "rdms.npz"


def test_home_and_variables_are_expanded(data, make_layout, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KIND", "data")
    layout = make_layout(local("~/${KIND} folder", "*.npz"))
    fetch.run(layout, "objects")
    assert archives.find_files(layout, "objects", "*") == [data / "rdms.npz"]


def test_unset_variable_is_named(make_layout, monkeypatch):
    monkeypatch.delenv("NOWHERE", raising=False)
    with pytest.raises(IsomorphError, match="environment variable NOWHERE, which is not set"):
        fetch.run(make_layout(local("$NOWHERE/data")), "objects")


def test_change_of_the_same_size_is_noticed(data, make_layout):
    layout = make_layout(local(data, "*.npz"))
    fetch.run(layout, "objects")
    (data / "rdms.npz").write_bytes(b"RDMS")
    fetch.run(layout, "objects")
    record = archives.read_manifest(layout, "objects").files[0]
    assert record.sha256 == hashlib.sha256(b"RDMS").hexdigest()


def test_no_change_leaves_the_manifest_untouched(data, make_layout):
    layout = make_layout(local(data))
    fetch.run(layout, "objects")
    before = layout.manifest("objects").stat().st_mtime_ns
    fetch.run(layout, "objects")
    assert layout.manifest("objects").stat().st_mtime_ns == before


def test_changed_patterns_change_the_manifest(data, make_layout):
    fetch.run(make_layout(local(data)), "objects")
    layout = make_layout(local(data, "notes.*"))
    fetch.run(layout, "objects")
    assert listed(layout) == ["notes.txt"]


def test_missing_folder_is_one_sentence(make_layout, tmp_path):
    with pytest.raises(IsomorphError) as caught:
        fetch.run(make_layout(local("../nothing")), "objects")
    message = str(caught.value)
    assert str(tmp_path / "config" / "objects.yaml") in message
    assert f"archive.path: {tmp_path / 'nothing'} does not exist" in message
    assert "\n" not in message


def test_file_in_place_of_the_folder_is_said(data, make_layout):
    with pytest.raises(IsomorphError, match="is a file, not a folder"):
        fetch.run(make_layout(local(data / "rdms.npz")), "objects")


def test_pattern_without_a_match_suggests_a_file(data, make_layout):
    layout = make_layout(local(data, "images/*.png", "rdm.npz"))
    with pytest.raises(IsomorphError) as caught:
        fetch.run(layout, "objects")
    assert 'archive.files.1: "rdm.npz" matches none of the 4 files' in str(caught.value)
    assert 'did you mean "rdms.npz"?' in str(caught.value)
    assert not layout.manifest("objects").exists()


@pytest.mark.parametrize("pattern", ["../*", "/etc/*", "images/../../*"])
def test_pattern_that_leads_out_is_refused(data, make_layout, pattern):
    with pytest.raises(IsomorphError, match="leads out of"):
        fetch.run(make_layout(local(data, pattern)), "objects")


def test_no_pattern_is_refused(data, make_layout):
    with pytest.raises(IsomorphError, match=r"archive\.files: give at least one pattern"):
        fetch.run(make_layout({**local(data), "files": []}), "objects")


def test_linked_folders_are_followed_once(data, make_layout, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "c.png").write_bytes(b"c")
    (data / "linked").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(data)  # a circle
    layout = make_layout(local(data, "**/*.png"))
    fetch.run(layout, "objects")
    assert listed(layout) == ["images/a.png", "images/b.png", "linked/c.png"]


def test_link_to_nothing_is_passed_over_only_where_nothing_asks_for_it(data, make_layout, capsys):
    (data / "gone.txt").symlink_to(data / "not there")
    layout = make_layout(local(data, "**/*.png", "*.txt"))  # the study asks for images
    fetch.run(layout, "objects")
    assert listed(layout) == ["images/a.png", "images/b.png", "notes.txt"]
    assert "1 file has no content here, and nothing of the study asks for it" in (
        capsys.readouterr().err
    )
    assert list(archives.read_manifest(layout, "objects").absent) == ["gone.txt"]
    (data / "gone.png").symlink_to(data / "not there")
    with pytest.raises(IsomorphError, match=r'stimuli\.files: "\*\.png" asks for .*gone\.png'):
        fetch.run(layout, "objects")


def test_what_isomorph_writes_is_no_data_of_the_user(data, make_layout, tmp_path):
    layout = make_layout(local(tmp_path, "**/*"))  # the study's own folder
    fetch.run(layout, "objects")
    for written in (layout.stimuli("objects"), layout.results / "objects" / "rdms" / "brain.nc"):
        written.parent.mkdir(parents=True)
        written.write_text("written")
    before = listed(layout)
    assert "data folder/rdms.npz" in before
    fetch.run(layout, "objects")
    assert listed(layout) == before


def test_folder_isomorph_wrote_may_be_named_itself(make_layout, tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    (results / "rdms.npy").write_bytes(b"rdms")
    layout = make_layout(local(results))
    fetch.run(layout, "objects")
    assert listed(layout) == ["rdms.npy"]


def test_watched_files_are_those_of_the_manifest(data, make_layout):
    layout = make_layout(local(data, "images/*"))
    assert archives.watched_files(layout, "objects") == [
        data / "images/a.png",
        data / "images/b.png",
    ]


def test_pinned_archives_watch_nothing(make_layout):
    layout = make_layout(
        {"kind": "package", "project": "a", "version": "1", "sha256": "0" * 64, "members": ["b"]}
    )
    assert archives.watched_files(layout, "objects") == []


REAL = Path(__file__).parents[3] / "shared" / "data" / "algonauts78"


@pytest.mark.skipif(not REAL.is_dir(), reason="the Algonauts photographs are not here")
def test_real_folder_of_photographs(make_layout):
    layout = make_layout(local(REAL, "stimuli/*.jpg", "fmri_*.npz"))
    fetch.run(layout, "objects")
    assert len(listed(layout)) == 80
    assert len(archives.find_files(layout, "objects", "stimuli/image_0?.jpg")) == 9
