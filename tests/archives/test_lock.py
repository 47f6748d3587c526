"""Lock files: what is written is read back whole, and what is not whole is refused."""

import hashlib
import subprocess
from dataclasses import replace

import pytest
from dandi_study import refused
from hypothesis import given
from hypothesis import strategies as st

from isomorph.archives.lock import Lock, LockedFile, clash, read_lock_file, write_lock

LINE = LockedFile("a.nwb", 5, "md5", "0" * 32, "https://a.org/a")
FILES = tuple(replace(LINE, path=f"sub-{n}/a.nwb", size=n) for n in range(20))


@pytest.fixture
def lock(tmp_path):
    """A lock of twenty files."""
    file = tmp_path / "objects.lock.tsv"
    write_lock(file, Lock(FILES, ("resolved from somewhere", "resolved on 2026-01-01")))
    return file


def read(file):
    return read_lock_file(file, "isomorph lock")


def test_what_is_written_is_read_back(lock):
    found = read(lock)
    assert found.files == tuple(sorted(FILES, key=lambda one: one.path))
    assert found.notes == ("resolved from somewhere", "resolved on 2026-01-01")


def test_the_note_says_lines_and_the_sha256_of_the_table(lock):
    table = subprocess.run(["grep", "-v", "^#", lock], capture_output=True, check=True).stdout
    said = lock.read_text().splitlines()[2]
    assert said == f"# 20 lines, sha256 of the table {hashlib.sha256(table).hexdigest()}"


def test_a_lock_that_lost_lines_is_refused(lock):
    lines = lock.read_text().splitlines(keepends=True)
    lock.write_text("".join(lines[:9]))
    refused(lambda: read(lock), "has 5 lines", "of 20", "`isomorph lock`")


def test_a_lock_of_which_a_line_was_changed_is_refused(lock):
    lock.write_text(lock.read_text().replace("sub-7/", "sub-77/"))
    refused(lambda: read(lock), "lost or changed")


def test_a_lock_without_the_note_is_read(lock):
    lines = lock.read_text().splitlines(keepends=True)
    lock.write_text("".join(line for line in lines[:9] if "sha256 of the table" not in line))
    assert len(read(lock).files) == 5


@pytest.mark.parametrize(
    "edit", [lambda b: b.replace(b"\n", b"\r\n"), lambda b: b"\xef\xbb\xbf" + b]
)
def test_what_an_editor_does_to_a_file_harms_no_lock(lock, edit):
    before = read(lock)
    lock.write_bytes(edit(lock.read_bytes()))
    assert read(lock) == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hash": "abc"}, "hash"),
        ({"hash": "zz\tq"}, "columns"),
        ({"size": -5}, "size"),
        ({"size": True}, "size"),
        ({"size": int("9" * 20)}, "size"),
        ({"path": "../a"}, "inside the archive's folder"),
        ({"path": "#a"}, "inside the archive's folder"),
        ({"path": "a\x1b[2Jb"}, "cannot be seen"),
        ({"path": "caf\udce9.txt"}, "cannot be seen"),
        ({"url": "http://[bad/x"}, "is not an address"),
        ({"url": "http://a.org:x/"}, "is not an address"),
        ({"url": ""}, "is not an address"),
    ],
)
def test_no_lock_is_written_that_could_not_be_read(tmp_path, changes, said):
    file = tmp_path / "objects.lock.tsv"
    sentence = refused(lambda: write_lock(file, Lock((replace(LINE, **changes),))), said)
    assert "\x1b" not in sentence
    assert not list(tmp_path.iterdir())


def test_a_lock_of_nothing_is_not_written(tmp_path):
    refused(lambda: write_lock(tmp_path / "a.lock.tsv", Lock(())), "no file to lock")


@pytest.mark.parametrize("cell", ["9" * 5000, "²", "٣", "1e3"])
def test_a_size_that_is_no_number_is_refused(lock, cell):
    head, *rows = [line for line in lock.read_text().splitlines() if line[0] != "#"]
    lock.write_text(f"{head}\n" + rows[0].replace("\t0\t", f"\t{cell}\t", 1) + "\n")
    refused(lambda: read(lock), "line 2: size")


def test_a_quotation_mark_is_a_character_like_others(tmp_path):
    file = tmp_path / "a.lock.tsv"
    one = replace(LINE, path='say "a", it\'s.nwb')
    write_lock(file, Lock((one,)))
    assert read(file).files == (one,)


@pytest.mark.parametrize(
    "paths",
    [
        ("Sub/a.txt", "sub/a.txt"),
        ("\u00e9.txt", "e\u0301.txt"),
        ("x", "x/y"),
        ("x/y/z", "X"),
        ("STRASSE", "straße"),
    ],
)
def test_paths_of_one_place_on_some_disk_are_refused(tmp_path, paths):
    files = tuple(replace(LINE, path=path) for path in paths)
    refused(lambda: write_lock(tmp_path / "a.lock.tsv", Lock(files)), *paths, "side by side")
    table = ["path\tsize\talgorithm\thash\turl"]
    table += [f"{path}\t5\tmd5\t{'0' * 32}\thttps://a.org/a" for path in paths]
    (tmp_path / "b.lock.tsv").write_text("\n".join(table) + "\n")
    refused(lambda: read(tmp_path / "b.lock.tsv"), *paths, "side by side")


@given(st.lists(st.text("ab/", min_size=1, max_size=4), unique=True, max_size=6))
def test_a_file_and_a_folder_clash_in_any_order(names):
    paths = [name for name in names if "//" not in name and name.strip("/") == name]
    one_in_another = any(b.startswith(f"{a}/") for a in paths for b in paths)
    assert (clash(paths) is not None) == one_in_another
