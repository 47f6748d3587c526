from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isomorph.archives.lock import Lock, LockedFile
from isomorph.archives.patterns import matches
from isomorph.archives.resolve.resolution import Resolution, difference, join
from isomorph.archives.resolve.selection import choose
from isomorph.errors import IsomorphError

TREE = [
    "README",
    "dataset_description.json",
    "stimuli/a [1].jpg",
    "stimuli/b.jpg",
    "sub-01/func/sub-01_run-1_bold.nii.gz",
    "sub-01/func/sub-01_run-1_events.tsv",
    "sub-01/func/sub-01_run-2_events.tsv",
    "sub-02/func/sub-02_run-1_events.tsv",
]


def refusal(call, *parts):
    with pytest.raises(IsomorphError) as caught:
        call()
    sentence = str(caught.value)
    assert "\n" not in sentence
    for part in parts:
        assert part in sentence


def test_a_file_belongs_to_the_subject_whose_pattern_asks_for_it():
    chosen = choose(
        reversed(TREE), ["*.json", "sub-{subject}/**/*_events.tsv"], [], ["02", "01"], "x"
    )
    assert list(chosen.subjects.items()) == [
        ("dataset_description.json", ""),
        ("sub-01/func/sub-01_run-1_events.tsv", "01"),
        ("sub-01/func/sub-01_run-2_events.tsv", "01"),
        ("sub-02/func/sub-02_run-1_events.tsv", "02"),
    ]
    assert chosen.remarks == ()


def test_what_is_excluded_is_left_out_for_every_subject():
    chosen = choose(TREE, ["sub-{subject}/**"], ["**/*{subject}_run-2*"], ["01"], "x")
    assert [path.rpartition("_")[2] for path in chosen.subjects] == ["bold.nii.gz", "events.tsv"]


def test_a_pattern_that_matches_nothing_names_the_nearest_file():
    refusal(
        lambda: choose(
            TREE, ["sub-{subject}/func/*run-1_event.tsv"], [], ["01"], "f.yaml: archive"
        ),
        'f.yaml: archive.include: no file matches "sub-{subject}/func/*run-1_event.tsv" among the',
        'did you mean "sub-01/func/sub-01_run-1_events.tsv"?',
    )


def test_a_subject_without_a_file_is_a_mistake():
    refusal(
        lambda: choose(TREE, ["README", "sub-{subject}/**"], [], ["01", "03"], "x"),
        'no file of subject "03"',
        "sub-03/**",
    )


def test_a_pattern_that_some_subject_lacks_is_said():
    chosen = choose(
        TREE, ["sub-{subject}/**/*.tsv", "sub-{subject}/**/*.gz"], [], ["01", "02"], "x"
    )
    assert chosen.remarks == ('x.include: "sub-{subject}/**/*.gz" matches no file of 02',)


def test_excluding_everything_a_pattern_matches_is_a_mistake():
    refusal(lambda: choose(TREE, ["README"], ["READ*"], ["01"], "x"), "left out again by exclude")


def test_an_exclusion_of_nothing_is_said():
    assert choose(TREE, ["README"], ["*.txt"], ["01"], "x").remarks == (
        'x.exclude: "*.txt" matches no file',
    )


@given(
    st.lists(st.text("ab/.", min_size=1, max_size=6), unique=True, max_size=12),
    st.text("ab/.*?", min_size=1, max_size=6),
)
def test_looking_only_where_it_can_be_finds_all_a_pattern_matches(paths, pattern):
    expected = matches(pattern, paths)
    if expected:
        assert list(choose(paths, [pattern], [], ["s"], "x").subjects) == expected
    else:
        refusal(lambda: choose(paths, [pattern], [], ["s"], "x"), "no file matches")


def test_brackets_in_a_file_name_are_taken_as_they_are():
    assert list(choose(TREE, ["stimuli/a [1].jpg"], [], ["s"], "x").subjects) == [
        "stimuli/a [1].jpg"
    ]


# ---------------------------------------------------------------- put together, compared


def locked(path, size=1, digest="0" * 64, url="https://x.org"):
    return LockedFile(path, size, "sha256", digest, url)


def test_two_sources_may_not_bring_one_file():
    parts = [Resolution((locked("b"), locked("a")), ("one",)), Resolution((locked("c"),), ("two",))]
    joined = join(parts, "x")
    assert [file.path for file in joined.files] == ["a", "b", "c"]
    assert joined.notes == ("one", "two")
    refusal(lambda: join([*parts, parts[0]], "x"), "two sources bring a")


@pytest.mark.parametrize("path", ["a\tb", "a\nb", "#a", "../a", "/a"])
def test_a_path_that_cannot_stand_in_a_lock_is_refused(path):
    refusal(lambda: join([Resolution((locked(path),), ())], "x"), "cannot stand in a lock")


def test_a_summary_adds_up():
    files = [locked(f"{subject}/{n}", size=10**n) for subject, n in product("ab", (1, 3))]
    found = Resolution(
        (*files, locked("x", 7)), (), {f"{one}/{n}": one for one, n in product("ab", (1, 3))}
    )
    assert found.summary() == [
        "5 files, 2,027 bytes",
        "  a: 2 files, 1,010 bytes",
        "  b: 2 files, 1,010 bytes",
        "  shared: 1 file, 7 bytes",
    ]


def test_a_difference_says_what_came_went_changed_and_moved():
    old = Lock((locked("a"), locked("b"), locked("c"), locked("d")))
    new = Resolution(
        (locked("b", digest="1" * 64), locked("c", url="https://y.org"), locked("d"), locked("e")),
        (),
    )
    differs = difference(old, new)
    assert (differs.added, differs.removed) == (("e",), ("a",))
    assert (differs.changed, differs.moved) == (("b",), ("c",))
    assert differs.words() == (
        "1 added (e), 1 removed (a), 1 changed (b), 1 at another address (c)"
    )
    assert not difference(Lock(new.files), new)
