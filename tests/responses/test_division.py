"""What of a recording was recorded apart: runs, sessions, or repetitions."""

import numpy as np
import pytest
import xarray as xr

from isomorph.responses.division import divide, recordings, runs_of


def session(stimulus, **coords):
    """A session of one unit, its repetitions counted."""
    stimulus = np.array(list(stimulus))
    counted = [int((stimulus[:place] == name).sum()) for place, name in enumerate(stimulus)]
    return xr.Dataset(
        {"response": (("presentation", "unit"), np.arange(len(stimulus), dtype=float)[:, None])},
        coords={
            "stimulus": ("presentation", stimulus.astype(object)),
            "repetition": ("presentation", counted),
            "unit": ("unit", ["u"]),
            "region": ("unit", ["IT"]),
            **{name: ("presentation", list(values)) for name, values in coords.items()},
        },
        attrs={"session": "1"},
    )


def folds(data, stimuli="abcd"):
    found = divide(data, list(stimuli))
    return found.kind, found.fold.tolist(), found.count


def test_folds_are_runs_where_stimuli_come_again_in_others():
    shown = session("aabbccddabcd", run="111111112222")
    assert folds(shown) == ("run", [0] * 8 + [1] * 4, 2)
    assert divide(shown, list("abcd")).note == ""


def test_folds_are_repetitions_where_no_runs_are_known_or_there_is_one():
    expected = ("repetition", [0, 1, 0, 1, 0, 1, 0, 1], 2)
    assert folds(session("aabbccdd")) == expected
    one = session("aabbccdd", run="1" * 8)
    assert folds(one) == expected
    assert divide(one, list("abcd")).note == ""


def test_stimuli_that_stand_in_one_run_alone_make_repetitions_the_folds_and_that_is_said():
    shown = session("aabbccdd", run="11112222")
    assert folds(shown) == ("repetition", [0, 1, 0, 1, 0, 1, 0, 1], 2)
    assert divide(shown, list("abcd")).note.startswith("stimuli come again within one run alone")
    once = divide(session("abcd", run="1122"), list("abcd"))
    assert (once.kind, once.note) == ("repetition", "")


def test_one_stimulus_in_one_run_alone_does_not_make_repetitions_of_runs():
    assert folds(session("abcddabc", run="11111222"))[0] == "run"
    assert folds(session("aabbccddd", run="111111112"))[0] == "repetition"  # d alone comes again


def test_other_presentations_do_not_count():
    shown = session("axbaxb", run="111222")
    found = divide(shown, ["a", "b"])
    assert found.fold.tolist() == [0, -1, 0, 1, -1, 1]
    assert folds(session("xxyyab", run="121212"), "ab")[0] == "repetition"


def test_runs_of_one_name_in_two_sessions_are_two():
    shown = session("abcdabcd", run="1" * 8, session="11112222")
    assert folds(shown) == ("run", [0] * 4 + [1] * 4, 2)


def test_folds_are_sessions_where_these_alone_are_known():
    shown = session("aabbccddabcd", session="111111112222")
    assert folds(shown) == ("session", [0] * 8 + [1] * 4, 2)
    assert runs_of(shown).tolist() == list("111111112222")
    assert runs_of(session("ab")) is None


def test_sessions_say_nothing_where_runs_are_known():
    """Sessions of blocks, each of stimuli of its own: no stimulus comes again in another run."""
    blocks = session("aabbccdd", run="11221122", session="11112222")
    assert folds(blocks) == ("repetition", [0, 1] * 4, 2)
    assert divide(blocks, list("abcd")).unlike == "run"
    again = session("abcdabcd", run="11221122", session="11112222")
    assert folds(again)[0] == "run"
    assert runs_of(again).tolist() == ["1|1", "1|1", "1|2", "1|2", "2|1", "2|1", "2|2", "2|2"]


def test_runs_that_show_other_stimuli_in_turn_make_rounds():
    """a and b in odd runs, c and d in even ones."""
    shown = session("abcdabcdabcd", run="112233445566")
    assert folds(shown) == ("run", np.repeat([0, 1, 2], 4).tolist(), 6)
    assert divide(shown, list("abcd")).note == (
        "4 of 6 pairs of stimuli share fewer than two runs, so that what sets runs apart does not "
        "cancel in their distances"
    )


def test_runs_with_a_stimulus_in_common_never_make_one_fold():
    rng = np.random.default_rng(0)
    for _ in range(20):
        seen = rng.random((12, 10)) < 0.25
        run, stimulus = np.nonzero(seen)
        shown = session(stimulus.astype(str), run=run)
        found = divide(shown, [str(k) for k in range(10)])
        if found.kind != "run":
            continue
        for fold in range(len(found)):
            runs = np.unique(run[found.fold == fold])
            assert (seen[runs].sum(axis=0) <= 1).all() or len(runs) == 1


def test_sessions_of_the_same_units_are_one_recording_unless_their_runs_repeat_the_stimuli():
    two = {name: session("aabbccdd") for name in ("d1", "d2")}
    (whole,) = recordings(two).values()
    assert folds(whole) == ("session", [0] * 8 + [1] * 8, 2)
    assert whole["repetition"].values.max() == 3
    assert whole.attrs["session"] == "2 together"
    of_runs = {name: session("abcdabcd", run="11112222") for name in ("d1", "d2")}
    assert list(recordings(of_runs)) == ["d1", "d2"]
    of_one_run = {name: session("abcd", run="1111") for name in ("d1", "d2")}
    (whole,) = recordings(of_one_run).values()
    assert folds(whole) == ("run", [0] * 4 + [1] * 4, 2)
    assert list(recordings({"d1": session("abcd")})) == ["d1"]


@pytest.mark.parametrize("names", [("1", "2"), ("a", "longer")])
def test_what_is_joined_keeps_its_responses(names):
    parts = {name: session("abcd") + place for place, name in enumerate(names)}
    parts = {name: one.assign_attrs(session=name) for name, one in parts.items()}
    (whole,) = recordings(parts).values()
    for place, name in enumerate(names):
        rows = whole["session"].values == name
        np.testing.assert_array_equal(whole["response"].values[rows, 0], np.arange(4) + place)
