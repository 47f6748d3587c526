"""Bytes are on the disk before they have their name, and the name before anything goes on."""

import os
import stat

import pytest

from isomorph.artefacts import replace_synced, replacing


@pytest.fixture
def done(monkeypatch):
    """What reached the disk, in order: files and folders by number, and renames."""
    told = []
    fsync, replace = os.fsync, os.replace

    def synced(handle):
        told.append(("sync", os.fstat(handle).st_ino))
        fsync(handle)

    def renamed(old, new):
        told.append(("rename", os.fspath(new)))
        replace(old, new)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "sync", lambda: told.append(("sync", "all disks")))
    monkeypatch.setattr(os, "replace", renamed)
    return told


def test_a_file_is_synced_before_it_is_renamed_and_its_folder_after(tmp_path, done):
    with replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("a")
    file = tmp_path / "a.txt"
    assert done == [
        ("sync", file.stat().st_ino), ("rename", str(file)), ("sync", tmp_path.stat().st_ino),
    ]  # fmt: skip
    assert (tmp_path / "a.txt").read_text() == "a"


def test_a_folder_of_many_files_is_synced_at_once(tmp_path, done):
    (tmp_path / "new").mkdir()
    for name in "abc":
        (tmp_path / "new" / name).write_text(name)
    replace_synced(tmp_path / "new", tmp_path / "images")
    assert done[0] == ("sync", "all disks")
    assert [kind for kind, _ in done] == ["sync", "rename", "sync"]
    assert sorted(file.name for file in (tmp_path / "images").iterdir()) == ["a", "b", "c"]


def test_a_disk_that_cannot_sync_a_folder_is_no_matter(tmp_path, monkeypatch):
    fsync = os.fsync

    def refuses(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(22, "Invalid argument")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", refuses)
    with replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("a")
    assert (tmp_path / "a.txt").read_text() == "a"
