"""The trials of one run."""

import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.responses.bids.events import read_events, refuse_some_impulses
from isomorph.study.bids import BidsEvents


@pytest.fixture
def table(tmp_path):
    def write(text: str):
        file = tmp_path / "sub-1_task-x_events.tsv"
        file.write_text(text)
        return file

    return write


def spec(**settings):
    return BidsEvents.model_validate({"files": "*_events.tsv", **settings})


def test_ids_stay_the_text_they_are(table):
    file = table("onset\tduration\tstimulus_id\n9\t1\t2766534.015976\n0\t1\t1943899.024130\n")
    trials, _ = read_events(file, spec(stimulus="stimulus_id"))
    assert trials["name"].tolist() == ["1943899.024130", "2766534.015976"]
    assert trials["onset"].tolist() == [0.0, 9.0]


def test_rows_that_are_no_trial_are_counted(table):
    file = table(
        "onset\tduration\tkind\tstim_file\n"
        "n/a\t1\trest\tn/a\n"
        "1\t.5\tstimulus\tfunc\\f013.bmp \n"
        "2\t1\tstimulus\tn/a\n"
        "3\t1\tstimulus\trest\n"
    )
    trials, dropped = read_events(
        file,
        spec(
            stimulus="stim_file", name="{stem}", where={"kind": ["stimulus"]},
            without=["n/a", "rest"],
        ),
    )  # fmt: skip
    assert trials.to_dict("records") == [{"onset": 1.0, "duration": 0.5, "name": "f013"}]
    assert dropped == {"events left out by where": 1, "events without a stimulus": 2}


def test_clocks_and_shifts_make_seconds(table):
    file = table("onset\tduration\ttrial_type\n1500\t500\ta\n")
    trials, _ = read_events(file, spec(clock=1000, shift=-2.5))
    assert trials[["onset", "duration"]].iloc[0].tolist() == [-1.0, 0.5]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("n/a\t1\ta\n", 'line 2: onset is "n/a", expected a number'),
        ("1\tnan\ta\n", 'line 2: duration is "nan"'),
        ("0\t1\tb\n1\t-2\ta\n", "line 3: duration is -2, expected 0 or more"),
        ("1\t1\ta\n1.0\t2\ta\n", "line 3: a begins at 1 s twice"),
        ("1\t1\ta\n1.0004\t2\ta\n", "line 3: a begins at 1.0004 s twice"),
        ("1\t1\tn/a\n", "none of its 1 events has a stimulus"),
    ],
)
def test_a_wrong_row_is_refused(table, rows, said):
    with pytest.raises(IsomorphError, match=said) as refusal:
        read_events(table("onset\tduration\ttrial_type\n" + rows), spec())
    assert "\n" not in str(refusal.value)


def test_a_missing_column_is_named(table):
    with pytest.raises(IsomorphError, match='no column "trial_type", did you mean "trialtype"'):
        read_events(table("onset\tduration\ttrialtype\n1\t1\ta\n"), spec())


def test_a_duration_may_be_stated_for_all(table):
    file = table("onset\tduration\ttrial_type\n1\tn/a\ta\n2\t0\tb\n")
    trials, _ = read_events(file, spec(duration=0.5))
    assert trials["duration"].tolist() == [0.5, 0.5]
    with pytest.raises(IsomorphError, match=r'duration is "n/a", .* responses\.events\.duration'):
        read_events(file, spec())


def test_some_impulses_among_others_are_refused(tmp_path):
    one, other = tmp_path / "run-1_events.tsv", tmp_path / "run-2_events.tsv"
    refuse_some_impulses({one: np.zeros(3), other: np.zeros(2)})
    refuse_some_impulses({one: np.ones(3), other: np.full(2, 0.1)})
    with pytest.raises(
        IsomorphError, match=r"run-1_events\.tsv: some .* of 0, others last up to 2"
    ):
        refuse_some_impulses({one: np.array([0.0, 2.0])})
    with pytest.raises(IsomorphError, match=r"of 0, those of run-2_events\.tsv last up to 1 s"):
        refuse_some_impulses({one: np.zeros(3), other: np.ones(2)})
