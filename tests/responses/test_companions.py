"""A session in two files: found by session, compared, refused where it is another's."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from isomorph.artefacts import read_responses
from isomorph.errors import IsomorphError
from isomorph.stages.responses import run

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from recordings import TEXT, create, table

RNG = np.random.default_rng(0)
SHOWN = {name: RNG.permutation(np.repeat(list("abc"), 4)).tolist() for name in "xy"}
ONSETS = np.arange(12) + 1.0


def trials(nwb, session):
    columns = {"start_time": ONSETS, "stop_time": ONSETS + 0.4, "image": SHOWN[session]}
    table(nwb, "intervals/trials", np.arange(12), columns, kind="TimeIntervals")


def units(nwb, session):
    """One unit that fires once for a, twice for b, three times for c, and fills the pauses."""
    spikes = [
        onset + 0.01 * np.arange("abc".index(name) + 1)
        for onset, name in zip(ONSETS, SHOWN[session], strict=True)
    ]
    train = np.sort(np.concatenate([*spikes, ONSETS + 0.7]))
    columns = {"location": ["IT"], "spike_times": [train]}
    table(nwb, "units", np.arange(1), columns, kind="Units", ragged=("spike_times",))


def write(folder, name, fill, session, said=None, subject=None):
    with create(folder / name, "", "test") as nwb:
        del nwb["general/session_id"]
        if said != "":
            nwb.create_dataset("general/session_id", data=said or session, dtype=TEXT)
        if subject is not None:
            nwb.create_dataset("general/subject/subject_id", data=subject, dtype=TEXT)
        fill(nwb, session)


@pytest.fixture
def read(make_study):
    """Return a reader of all sessions: whether each fits its own trials, by session."""

    def read(companion, pattern="*_ecephys.nwb"):
        responses = {
            "kind": "nwb",
            "files": pattern,
            "companion": companion,
            "presentations": {"stimulus": "image"},
            "window": [0.0, 0.5],
        }
        layout = make_study(responses, ["a", "b", "c"])
        run(layout, "toy", "s1")
        return {
            name: data["response"].values[:, 0].tolist()
            == ["abc".index(one) + 1 for one in data["stimulus"].values]
            for name, data in read_responses(layout.responses("toy", "s1")).items()
        }

    return read


@pytest.mark.parametrize(
    "companion",
    ["*_behavior.nwb", "sub-1_ses-{session}_behavior.nwb", "sub-{subject}_ses-{session}_*.nwb"],
)
def test_each_session_finds_its_own(files, read, companion):
    for one in "xy":
        write(files, f"sub-1_ses-{one}_ecephys.nwb", units, one)
        write(files, f"sub-1_ses-{one}_behavior.nwb", trials, one)
    assert read(companion) == {"x": True, "y": True}


def test_sessions_are_told_apart_by_their_ids_where_names_say_nothing(files, read):
    for number, one in enumerate("xy"):
        write(files, f"rec{number}_ecephys.nwb", units, one)
        write(files, f"beh{1 - number}.nwb", trials, one)
    assert read("beh?.nwb") == {"x": True, "y": True}


def test_names_are_taken_as_they_are(files, read):
    write(files, "x[1]*_ecephys.nwb", units, "x")
    write(files, "x[1]*_ecephys_image.nwb", trials, "x")
    write(files, "x1y_ecephys_image.nwb", trials, "x")  # what the recording's name would match
    assert read("{stem}_image.nwb") == {"x": True}


@pytest.mark.parametrize("companion", ["{session}_b.nwb", "behavior/{stem}.nwb"])
def test_companion_in_another_folder_is_none(files, read, companion):
    write(files, "x_ecephys.nwb", units, "x", said="2020/01/02")
    with pytest.raises(IsomorphError, match=r"files/(2020|behavior)/.*\.nwb: no such file, which"):
        read(companion)


def test_the_companion_of_another_session_is_refused(files, read):
    for one in "xy":
        write(files, f"{one}_ecephys.nwb", units, one)
    write(files, "x_behavior.nwb", trials, "x")
    message = 'x_behavior.nwb: is not a companion of y_ecephys.nwb: session_id "x" is not "y"'
    with pytest.raises(IsomorphError, match=re.escape(message)):
        read("x_behavior.nwb")


@pytest.mark.parametrize(
    ("names", "own", "theirs", "message"),
    [
        (("a_ecephys.nwb", "a_b.nwb"), ("1", "m1"), ("1", "m2"), 'subject_id "m2" is not "m1"'),
        (("ses-1_ecephys.nwb", "ses-2_b.nwb"), ("", None), ("", None),
         'ses- in its name "2" is not "1"'),
    ],
)  # fmt: skip
def test_whatever_both_say_is_compared(files, read, names, own, theirs, message):
    write(files, names[0], units, "x", *own)
    write(files, names[1], trials, "x", *theirs)
    with pytest.raises(IsomorphError, match=re.escape(message)):
        read("*_b.nwb")


def test_more_than_one_is_refused(files, read):
    write(files, "x_ecephys.nwb", units, "x")
    for part in ("1", "2"):
        write(files, f"x_behavior{part}.nwb", trials, "x")
    with pytest.raises(IsomorphError, match=r"2 files match .* and their session does"):
        read("x_behavior*.nwb")


def test_one_file_is_not_taken_for_two_sessions_that_say_nothing(files, read):
    for one in "xy":
        write(files, f"{one}_ecephys.nwb", units, one, said="")
    write(files, "behavior.nwb", trials, "x", said="")
    with pytest.raises(
        IsomorphError, match=r"behavior\.nwb: would hold the presentations of x_ece"
    ):
        read("behavior.nwb")


def test_what_is_not_there_is_said_with_the_nearest(files, read):
    write(files, "sub-1_ses-x_ecephys.nwb", units, "x")
    write(files, "sub-1_ses-x_behavior.nwb", trials, "x")
    with pytest.raises(IsomorphError, match=r'no such file, .* did you mean "sub-1_ses-x_b'):
        read("{stem}_behavior.nwb")
    write(files, "none_ecephys.nwb", units, "x", said="")
    with pytest.raises(IsomorphError, match="which neither its name nor the file says"):
        read("{session}_behavior.nwb", "none_ecephys.nwb")


def counting_from(file, **moments):
    """Say from when the times of a file count; None takes the moment out."""
    with h5py.File(file, "a") as nwb:
        for name in ("timestamps_reference_time", "session_start_time"):
            if name in moments:
                del nwb[name]
                if moments[name] is not None:
                    nwb.create_dataset(name, data=moments[name], dtype=TEXT)


@pytest.mark.parametrize(
    ("moments", "said"),
    [
        ({"timestamps_reference_time": "2019-01-19T01:00:00-08:00"}, "342 s earlier"),
        ({"timestamps_reference_time": "2019-01-19T00:54:17.5-08:00"}, "0.5 s later"),
        ({"timestamps_reference_time": None, "session_start_time": "2019-01-19T01:00:00-08:00"},
         "342 s earlier"),
        ({"timestamps_reference_time": "2019-01-19T01:00:00"}, "342 s earlier"),
    ],
)  # fmt: skip
def test_a_companion_whose_times_count_from_another_moment_is_refused(files, read, moments, said):
    write(files, "x_ecephys.nwb", units, "x")
    write(files, "x_behavior.nwb", trials, "x")
    counting_from(files / "x_behavior.nwb", **moments)
    with pytest.raises(
        IsomorphError,
        match=rf"x_behavior\.nwb: its times count from .*, those of x_ecephys\.nwb from .*{said}",
    ):
        read("x_behavior.nwb")


@pytest.mark.parametrize(
    "moments",
    [
        {"timestamps_reference_time": "2019-01-19T08:54:18+00:00"},  # in another time zone
        {"timestamps_reference_time": "2019-01-19T00:54:18"},  # in none
        {"session_start_time": "2019-01-19T01:00:00-08:00"},  # which times do not count from
        {"timestamps_reference_time": None, "session_start_time": None},
        {"timestamps_reference_time": "once"},
    ],
)
def test_one_moment_may_be_said_in_several_ways(files, read, moments):
    write(files, "x_ecephys.nwb", units, "x")
    write(files, "x_behavior.nwb", trials, "x")
    counting_from(files / "x_behavior.nwb", **moments)
    assert read("x_behavior.nwb") == {"x": True}


def test_invalid_times_of_both_files_count(files, make_study):
    write(files, "x_ecephys.nwb", units, "x")
    write(files, "x_behavior.nwb", trials, "x")
    for name, start in (("x_ecephys.nwb", 1.9), ("x_behavior.nwb", 7.9)):
        columns = {"start_time": [start], "stop_time": [start + 0.2]}
        with h5py.File(files / name, "a") as nwb:
            table(nwb, "intervals/invalid_times", [0], columns, kind="TimeIntervals")
    responses = {
        "kind": "nwb", "files": "*_ecephys.nwb", "companion": "x_behavior.nwb",
        "presentations": {"stimulus": "image"}, "window": [0.0, 0.5],
    }  # fmt: skip
    layout = make_study(responses, ["a", "b", "c"])
    run(layout, "toy", "s1")
    (data,) = read_responses(layout.responses("toy", "s1")).values()
    assert sorted({*ONSETS} - {*data["onset"].values}) == [2.0, 8.0]
    assert json.loads(data.attrs["dropped"])["presentations in invalid_times"] == 2
