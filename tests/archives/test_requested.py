"""Files by request: what must be in the user's folder, and how they come into the archive."""

import hashlib
import os

import pytest
from pinned_set import files_below, put, write_locked

from isomorph import archives
from isomorph.archives import requested
from isomorph.errors import IsomorphError
from isomorph.stages import fetch

IMAGES = {f"{n}.jpg": f"image {n}".encode() for n in range(6)}
HOW = "Ask the lab for the images."
SOURCE = {"dataset": "ds000001", "version": "1.0.0", "include": ["**"]}


def by_sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def ask(objects, make_layout):
    """Write a dataset of one pinned file and some by request; return its layout."""

    def asked(table=None, **spec):
        side = {"kind": "requested", "how": HOW, "into": "stimuli", **spec}
        layout = write_locked(make_layout, [put(objects, "README", b"read me")], also=[side])
        if table is not None:
            file = layout.study.dataset_files["objects"].parent / spec["names"]
            file.write_text(table)
        return layout

    return asked


def give(layout, files=IMAGES, below=""):
    """Put files where the user would."""
    for name, content in files.items():
        file = layout.requested("objects") / below / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return layout.requested("objects")


def table_of(files=IMAGES, digest=by_sha256):
    rows = "".join(f"{name},{digest(content)}\n" for name, content in files.items())
    return "path,sha256\n" + rows


def test_they_come_to_stand_beside_what_the_lock_names(ask):
    layout = ask(table_of(), names="names.csv")
    give(layout, {**IMAGES, "of another study.jpg": b"?"})
    fetch.run(layout, "objects")
    manifest = archives.read_manifest(layout, "objects")
    assert {one.path: one.sha256 for one in manifest.files} == {
        "README": by_sha256(b"read me"),
        **{f"stimuli/{name}": by_sha256(content) for name, content in IMAGES.items()},
    }
    assert "6 files" not in manifest.provenance.source.partition("; ")[0]
    assert manifest.provenance.source.endswith("; files by request, 6 files, 42 bytes")
    assert any(path.endswith("names.csv") for path in manifest.provenance.inputs)
    found = archives.find_files(layout, "objects", "stimuli/*.jpg")
    assert [file.read_bytes() for file in found] == list(IMAGES.values())


def test_second_run_touches_nothing(ask):
    layout = ask()
    give(layout)
    fetch.run(layout, "objects")
    before = layout.manifest("objects").stat().st_mtime_ns
    fetch.run(layout, "objects")
    assert layout.manifest("objects").stat().st_mtime_ns == before


def test_a_file_edited_in_place_does_not_change_the_archive(ask):
    layout = ask()
    mine = give(layout) / "0.jpg"
    ours = layout.archive("objects") / "stimuli" / "0.jpg"
    ours.parent.mkdir(parents=True)
    ours.hardlink_to(mine)
    fetch.run(layout, "objects")
    mine.write_bytes(b"painted over")
    assert ours.read_bytes() == IMAGES["0.jpg"]
    assert archives.watched_files(layout, "objects") == sorted(mine.parent.iterdir())
    fetch.run(layout, "objects")
    assert ours.read_bytes() == b"painted over"


def test_files_that_are_not_there_yet_are_not_watched(ask):
    assert archives.watched_files(ask(files=["0.jpg"]), "objects") == []


def test_a_file_the_user_replaced_replaces_ours(ask):
    layout = ask()
    folder = give(layout)
    fetch.run(layout, "objects")
    (folder / "new").write_bytes(b"a better one")
    (folder / "new").replace(folder / "0.jpg")
    fetch.run(layout, "objects")
    (ours,) = archives.find_files(layout, "objects", "stimuli/0.jpg")
    assert ours.read_bytes() == b"a better one"
    assert files_below(ours.parent) == sorted(IMAGES)


def test_a_link_to_the_file_will_do(ask, tmp_path):
    layout = ask()
    folder = give(layout, {})
    folder.mkdir(parents=True)
    (tmp_path / "elsewhere.jpg").write_bytes(b"linked")
    (folder / "0.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    fetch.run(layout, "objects")
    (ours,) = archives.find_files(layout, "objects", "stimuli/0.jpg")
    assert not ours.is_symlink()
    assert ours.read_bytes() == b"linked"


def test_a_folder_of_ones_own(ask, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.jpg").write_bytes(b"a")
    monkeypatch.setenv("MINE", str(tmp_path / "mine"))
    layout = ask(folder="$MINE")
    fetch.run(layout, "objects")
    assert len(archives.find_files(layout, "objects", "stimuli/a.jpg")) == 1


# ---------------------------------------------------------------- before any download


def refusal(layout, objects):
    """Return the sentence of a fetch that is refused before anybody is asked anything."""
    with pytest.raises(IsomorphError) as caught:
        fetch.run(layout, "objects")
    assert objects.log == []
    assert not layout.manifest("objects").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_folder_says_where_and_how(ask, objects):
    layout = ask()
    message = refusal(layout, objects)
    assert message.startswith(
        f"{layout.study.dataset_files['objects']}: also.0: there is no folder "
    )
    assert f"{layout.requested('objects')} with" in message
    assert message.endswith("; Ask the lab for the images")


def test_missing_files_are_counted_and_the_first_few_named(ask, objects):
    layout = ask(table_of(), names="names.csv")
    give(layout, {"2.jpg": IMAGES["2.jpg"]})
    message = refusal(layout, objects)
    assert "5 of 6 files are not in" in message
    assert "(0.jpg, 1.jpg, 3.jpg, and 2 more)" in message
    assert message.endswith(HOW.rstrip("."))


def test_a_folder_deeper_is_pointed_out(ask, objects):
    layout = ask(table_of(), names="names.csv")
    give(layout, below="Stimuli")
    assert "), though there is Stimuli/0.jpg; Ask" in refusal(layout, objects)


def test_wrong_files_are_counted_with_both_hashes(ask, objects):
    layout = ask(table_of(), names="names.csv")
    give(layout, {**IMAGES, "1.jpg": b"other"})
    message = refusal(layout, objects)
    assert "1 of 6 files in" in message
    expected = by_sha256(IMAGES["1.jpg"])
    assert f"(1.jpg has sha256 {by_sha256(b'other')}, expected {expected})" in message


def test_a_name_may_be_the_md5(ask, objects):
    named = {f"{hashlib.md5(one).hexdigest()}.jpg": one for one in IMAGES.values()}
    layout = ask(md5_in_name=True)
    folder = give(layout, named)
    fetch.run(layout, "objects")
    assert len(archives.find_files(layout, "objects", "stimuli/*.jpg")) == 6
    first = sorted(named)[0]
    (folder / first).unlink()
    (folder / first).write_bytes(b"altered")
    with pytest.raises(IsomorphError) as caught:
        fetch.run(layout, "objects")
    assert f"{first} has md5 {hashlib.md5(b'altered').hexdigest()}, its name says {first[:32]}" in (
        str(caught.value)
    )


def test_pattern_that_matches_nothing(ask, objects):
    layout = ask(files=["*.png"])
    give(layout)
    assert '"*.png" matches none of the 6 files' in refusal(layout, objects)


def test_patterns_choose_among_the_names(ask):
    layout = ask(table_of(), names="names.csv", files=["[0-2].jpg"])
    give(layout, {name: IMAGES[name] for name in ("0.jpg", "1.jpg", "2.jpg")})
    fetch.run(layout, "objects")
    assert len(archives.find_files(layout, "objects", "stimuli/*")) == 3


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("file\n0.jpg\n", 'no column "path", known: file'),
        ("", "is empty, expected a table"),
        ("path\n../0.jpg\n", 'line 2: "../0.jpg" is not a path below the folder'),
        ("path\n0.jpg\n0.jpg\n", 'line 3: "0.jpg" stands there twice'),
        ("path,sha256\n0.jpg,abc\n", 'line 2: sha256: "abc" is not 64 lower-case'),
        ("path\n", "names no file that matches the patterns of `files`"),
    ],
)
def test_table_that_is_not_right(ask, objects, table, said):
    layout = ask(table, names="names.csv")
    give(layout)
    assert said in refusal(layout, objects)


def test_table_that_is_not_there(ask, objects):
    layout = ask(names="nmaes.csv")
    give(layout)
    assert "nmaes.csv: no such file" in refusal(layout, objects)


@pytest.mark.parametrize(
    "into", ["/tmp", "..", "a/../..", "a//b", "a\\b", "a/./b", "a\nb", "/", "a\x1b[2J"]
)
def test_they_never_leave_the_archive(make_layout, into):
    for side in (
        {"kind": "requested", "how": HOW, "into": into},
        {"kind": "bucket", "bucket": "b", "prefix": "p", "into": into},
    ):
        with pytest.raises(IsomorphError, match=r"also\.0\..*into: .* must be a folder inside the"):
            make_layout({"kind": "openneuro", "sources": [SOURCE]}, also=[side])
    with pytest.raises(IsomorphError, match=r"sources\.0\.into: .* must be a folder inside the"):
        make_layout({"kind": "openneuro", "sources": [{**SOURCE, "into": into}]})


def test_a_name_no_archive_can_hold_is_refused(ask, objects):
    layout = ask()
    give(layout, {"a\\b.jpg": b"a"})
    assert "a name that cannot stand in an archive; rename it" in refusal(layout, objects)


def test_they_may_not_stand_where_the_lock_puts_another_file(ask, objects):
    layout = ask(into=".")
    give(layout, {"README": b"mine"})
    assert "README, where the lock puts another file; give it another `into`" in refusal(
        layout, objects
    )


def test_a_file_that_changes_while_it_is_copied_is_refused(ask, monkeypatch):
    layout = ask()
    give(layout)
    given = requested.check(layout, "objects")
    (layout.requested("objects") / "0.jpg").write_bytes(b"meanwhile")
    with pytest.raises(IsomorphError, match=r"0\.jpg: changed while it was copied; run again"):
        requested.bring(given, layout.archive("objects"))
    assert not any(os.scandir(layout.archive("objects") / "stimuli"))


def test_none_may_have_the_name_of_the_manifest(ask, objects):
    layout = ask(into=".")
    give(layout, {"manifest.json": b"mine"})
    assert "also: manifest.json is a name isomorph itself writes" in refusal(layout, objects)
