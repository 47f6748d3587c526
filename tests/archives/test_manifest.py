"""The manifest, and finding files through it."""

import shutil
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isomorph import archives
from isomorph.archives.patterns import matches, nearest
from isomorph.errors import IsomorphError
from isomorph.stages import fetch

TREE = [
    "a.nwb",
    "a.txt",
    "deep/a.nwb",
    "deep/er/b.nwb",
    "deep/er/sub-01_x.nwb",
    "deep/sub-02_x.nwb",
]


@pytest.mark.parametrize(
    "pattern",
    [
        *("*", "*.nwb", "**/*.nwb", "deep/*.nwb", "deep/**/*.nwb", "**/sub-0?_*.nwb"),
        *("deep/er/b.nwb", "**/sub-0[12]_x.nwb", "**/sub-0[!1]_x.nwb", "none/*", "d*/*"),
    ],
)
def test_patterns_mean_what_they_mean_to_glob(tmp_path, pattern):
    for name in TREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    expected = {p.relative_to(tmp_path).as_posix() for p in tmp_path.glob(pattern) if p.is_file()}
    assert matches(pattern, TREE) == sorted(expected)


NAMES = st.text(string.ascii_letters + "0123456789._-()[]{}+^$ é", min_size=1)


@settings(max_examples=50, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=4))
def test_every_path_matches_itself_and_the_deep_star(parts):
    path = "/".join(parts)
    assert matches(path, [path, "other"]) == [path]
    assert matches("**/*", [path]) == [path]
    assert matches("*", [path]) == ([path] if len(parts) == 1 else [])


def test_nearest_looks_at_the_name_first():
    known = ["demos/92imageData/92_brainRDMs.mat", "demos/other/brain.mat", "setup.py"]
    assert nearest("92_brainRDMs.mat", known) == f'did you mean "{known[0]}"?'
    assert nearest("zzz", known) == "there are " + ", ".join(known)
    assert nearest("zzz", []) == "there is no file at all"


@pytest.fixture
def fetched(tmp_path, make_layout):
    folder = tmp_path / "data"
    for name in TREE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    layout = make_layout({"kind": "local", "path": str(folder)})
    fetch.run(layout, "objects")
    return layout


def test_files_are_found_sorted(fetched):
    found = archives.find_files(fetched, "objects", "**/*.nwb")
    assert [path.name for path in found] == [
        *("a.nwb", "a.nwb", "b.nwb", "sub-01_x.nwb", "sub-02_x.nwb")
    ]


def test_nothing_found_names_pattern_and_nearest_file(fetched):
    with pytest.raises(IsomorphError) as caught:
        archives.find_files(fetched, "objects", "deep/b.nwb")
    assert 'no file matches "deep/b.nwb" among the 6' in str(caught.value)
    assert 'did you mean "deep/er/b.nwb"?' in str(caught.value)


def test_file_gone_since_is_named(fetched, tmp_path):
    (tmp_path / "data/a.txt").unlink()
    with pytest.raises(IsomorphError, match=r"a\.txt: no such file, though it was there"):
        archives.find_files(fetched, "objects", "*.txt")


def test_dataset_not_fetched_yet_is_said(make_layout):
    layout = make_layout({"kind": "local", "path": "."})
    with pytest.raises(
        IsomorphError, match=r'manifest\.json: no such file; fetch the dataset "objects"'
    ):
        archives.find_files(layout, "objects", "*")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"dataset": 3}', "\udc80"])
def test_damaged_manifest_is_refused_when_read_and_replaced_when_run(fetched, text):
    file = fetched.manifest("objects")
    whole = file.read_text()
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(IsomorphError, match=r"manifest\.json: is not a manifest"):
        archives.read_manifest(fetched, "objects")
    fetch.run(fetched, "objects")
    assert file.read_text() == whole


def test_a_file_in_place_of_a_folder_is_not_the_fault_of_the_manifest(fetched):
    folder = fetched.manifest("objects").parent
    shutil.rmtree(folder)
    folder.write_text("in the way")
    with pytest.raises(IsomorphError, match=r"manifest\.json: cannot be read, ") as caught:
        archives.read_manifest(fetched, "objects")
    assert "delete" not in str(caught.value)


def test_every_kind_of_archive_has_its_fetch():
    from typing import get_args

    from isomorph.study.archive import ArchiveSpec

    union = get_args(get_args(ArchiveSpec)[0])
    kinds = {get_args(spec.model_fields["kind"].annotation)[0] for spec in union}
    assert set(archives.ARCHIVES) == kinds


def test_unknown_kind_is_suggested():
    with pytest.raises(IsomorphError, match='unknown archive "pakage": did you mean "package"'):
        archives.ARCHIVES["pakage"]
