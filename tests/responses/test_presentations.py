"""What was shown when, read from tables and series: blanks, filters, clocks, names, duplicates."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import open_nwb, text
from isomorph.responses.nwb.shown_stimuli import read_shown
from isomorph.responses.nwb.values import called
from isomorph.responses.presentations import repetitions
from isomorph.stimuli.names import names_from
from isomorph.study.responses import Presentations

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from recordings import create, series, table

STIMULI = np.array(["image_1", "image_2", "image_3"])


def names(stimuli=STIMULI):
    return names_from(stimuli, "stimuli.csv")


@pytest.fixture
def recording(tmp_path):
    """An empty recording, open for writing."""
    with create(tmp_path / "r.nwb", "r", "test") as file:
        yield file


def read(file, stimuli=STIMULI, **settings):
    """Read what was written so far."""
    path = Path(file.filename) if file else file.path
    file.path = path
    file.close()
    with open_nwb(path) as nwb:
        return read_shown(nwb, Presentations(**settings), names(stimuli))


def trials(file, **columns):
    size = len(next(iter(columns.values())))
    own = {"start_time": np.arange(size) + 1.0, "stop_time": np.arange(size) + 1.5, **columns}
    table(file, "intervals/trials", np.arange(size), own, kind="TimeIntervals")


def test_floats_and_blanks_in_a_table(recording):
    trials(recording, frame=np.array([0.0, -1.0, 2.0, np.nan, 7.0, 1.0]))
    shown = read(recording, stimulus="frame", name="image_{}", offset=1, blank=["-1"])
    assert shown.stimulus.tolist() == ["image_1", "image_3", "image_2"]
    assert shown.onset.tolist() == [1.0, 3.0, 6.0]
    assert {reason: count for reason, count in shown.dropped.items() if count} == {
        "blank presentations": 1,
        "presentations without a stimulus": 1,
        "presentations of a stimulus that is not in the set": 1,
    }


@pytest.mark.parametrize("written", ["-1", "-1.0", "-1e0"])
def test_a_blank_is_a_number_however_it_is_written(recording, written):
    trials(recording, frame=np.array([1, -1], dtype=np.int32))
    shown = read(recording, stimulus="frame", name="image_{}", blank=[written])
    assert shown.stimulus.tolist() == ["image_1"]


def test_text_is_compared_as_it_stands(recording):
    trials(recording, image=["01", "1", "omitted"])
    shown = read(recording, ["im01"], stimulus="image", name="im{}", blank=["omitted", "1.0"])
    assert shown.stimulus.tolist() == ["im01"]
    assert shown.dropped["presentations of a stimulus that is not in the set"] == 1


def test_a_series_says_what_and_when(recording):
    series(recording, "stimulus/presentation/shown", np.array([2, 0, 1], dtype=np.uint32),
           "IndexSeries", timestamps=[5.0, 1.0, 3.0])  # fmt: skip
    shown = read(recording, series="stimulus/presentation/shown", name="image_{}", offset=1)
    assert shown.stimulus.tolist() == ["image_3", "image_1", "image_2"]
    assert shown.onset.tolist() == [5.0, 1.0, 3.0]


def test_places_in_a_list_of_paths(recording):
    """An index into external files; the onsets are the table's, row by row."""
    series(recording, "stimulus/presentation/shown", np.array([1, 0]), "IndexSeries",
           timestamps=[0.9, 1.9])  # fmt: skip
    trials(recording, other=[0, 0])
    recording["files"] = [r"C:\Stimuli\image_2.jpg", "Stimuli/image_1.jpg"]
    shown = read(
        recording, table="trials", series="stimulus/presentation/shown", names="files",
        name="{stem}",
    )  # fmt: skip
    assert shown.stimulus.tolist() == ["image_1", "image_2"]
    assert shown.onset.tolist() == [1.0, 2.0]


def test_a_fraction_is_no_ending(recording):
    """As in any other table: what follows a dot without a letter belongs to the name."""
    trials(recording, image=["shown/2766534.015976", "shown/2766534.015977.png"])
    stimuli = np.array(["2766534.015976", "2766534.015977"])
    shown = read(recording, stimuli, stimulus="image", name="{stem}")
    assert shown.stimulus.tolist() == stimuli.tolist()


def test_samples_become_seconds(recording):
    trials(recording, image=["image_1", "image_2"], sample=[1500, 2500])
    shown = read(recording, stimulus="image", onset="sample", clock=1000)
    assert shown.onset.tolist() == [1.5, 2.5]


def test_catch_trials_are_left_out(recording):
    trials(
        recording,
        image=["image_1", "image_2", "image_3", "image_1"],
        omitted=np.array([False, True, False, False]),
        active=np.array([1.0, 1.0, 1.0, 0.0]),  # a truth value kept as a number
        phase=["learn", "learn", "recog", "learn"],
    )
    shown = read(
        recording,
        stimulus="image",
        where={"omitted": ["False"], "active": ["True"], "phase": ["learn"]},
    )
    assert shown.stimulus.tolist() == ["image_1"]
    assert shown.dropped["presentations left out by omitted"] == 1
    assert shown.dropped["presentations left out by active"] == 1
    assert shown.dropped["presentations left out by phase"] == 1


@pytest.mark.parametrize(("zeros", "kept"), [(8, False), (6, False), (5, True), (4, True)])
def test_a_suspect_value_counts_unless_shown_too_often(recording, zeros, kept):
    values = np.array([0] * zeros + [1] * 4 + [2] * 4)
    trials(recording, index=values)
    stimuli = ["NaturalScene0", "NaturalScene1", "NaturalScene2"]
    shown = read(recording, stimuli, stimulus="index", name="NaturalScene{}", suspect="0")
    assert ("NaturalScene0" in shown.stimulus) is kept
    said = [reason for reason in shown.dropped if reason.startswith("presentations of 0, shown")]
    assert len(said) == (not kept)
    assert len(shown.stimulus) == 8 + zeros * kept


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2**63), min_size=1, max_size=20, unique=True))
def test_large_ids_stay_exact(ids):
    """Neighbours above 2^24 are one number in single precision, above 2^53 in double."""
    values = np.array(ids, dtype=np.uint64)
    spec = Presentations(stimulus="id_shown")
    shown = called(None, text(values), values, spec, "here")
    assert shown.tolist() == [str(one) for one in ids]


def test_repetitions_of_permuted_trials_follow_their_onsets():
    rng = np.random.default_rng(0)
    stimulus, onset = rng.choice(["a", "b", "c"], 40), rng.permutation(np.arange(40.0))
    order = rng.permutation(40)
    once = repetitions(stimulus, onset)
    np.testing.assert_array_equal(repetitions(stimulus[order], onset[order]), once[order])
    np.testing.assert_array_equal(repetitions(stimulus, onset + 1e4), once)


def test_overlapping_and_unsorted_intervals_are_fine(recording):
    trials(
        recording,
        image=["image_1", "image_1", "image_2"],
        start_time=[9.0, 1.0, 1.0],
        stop_time=[9.5, 20.0, 1.2],
    )
    assert read(recording, stimulus="image").onset.tolist() == [9.0, 1.0, 1.0]


MARKS = {"events": "acquisition/events", "codes": {"1": "onset", "2": "offset"}}


def marks(file, codes, times):
    series(file, "acquisition/events", codes, "TimeSeries", timestamps=np.asarray(times, float))


def test_pulses_say_when_and_a_series_what(recording):
    """The experiment starts (55) and ends (66), a question comes on (3); the times are TTLs'."""
    marks(recording, np.array([55, 1, 2, 3, 1, 2, 66]), [0.1, 1.0, 1.5, 1.7, 3.0, 3.5, 9.0])
    series(recording, "stimulus/presentation/shown", np.array([2, 0]), "IndexSeries",
           timestamps=[100.0, 102.0])  # fmt: skip
    shown = read(
        recording, series="stimulus/presentation/shown", name="image_{}", offset=1, **MARKS
    )
    assert shown.stimulus.tolist() == ["image_3", "image_1"]
    assert shown.onset.tolist() == [1.0, 3.0]


def test_pulses_go_with_the_rows_of_a_table_and_its_filters(recording):
    marks(recording, ["on", "off", "on", "off", "on", "off"], [1000, 1500, 3000, 3500, 7000, 7500])
    trials(recording, image=["image_1", "image_2", "image_3"], phase=["learn", "test", "learn"])
    codes = {"codes": {"on": "onset", "off": "offset"}, "events": "acquisition/events"}
    shown = read(recording, stimulus="image", where={"phase": ["learn"]}, clock=1000, **codes)
    assert shown.stimulus.tolist() == ["image_1", "image_3"]
    assert shown.onset.tolist() == [1.0, 7.0]
    assert shown.dropped["presentations left out by phase"] == 1


def test_a_series_of_values_and_a_table_of_filters_both_follow_the_pulses(recording):
    marks(recording, np.array([1.0, 1.0]), [5.0, 6.0])
    series(recording, "shown", np.array([2, 1]), "IndexSeries", timestamps=[0.0, 0.0])
    trials(recording, good=[False, True])
    marked = {"events": "acquisition/events", "codes": {"1": "onset"}}
    shown = read(recording, series="shown", table="trials", where={"good": ["True"]},
                 name="image_{}", **marked)  # fmt: skip
    assert (shown.stimulus.tolist(), shown.onset.tolist()) == (["image_1"], [6.0])


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("codes", "times", "message"),
    [
        ([1, 2, 1, 2, 1, 2], [1, 2, 3, 4, 5, 6],
         'r.nwb: trials: column "image" has 2 rows, acquisition/events marks 3 onsets'),
        ([1, 2], [1, 2],
         'r.nwb: trials: column "image" has 2 rows, acquisition/events marks 1 onsets'),
        ([1, 1, 2], [1, 3, 4],
         "r.nwb: acquisition/events: holds 2 onsets and 1 offsets, and the onset at 3 s does not "
         "follow an offset; expected an offset after each onset"),
        ([2, 1, 1, 2], [1, 2, 3, 4],
         "holds 2 onsets and 2 offsets, and the offset at 1 s does not follow an onset"),
        ([1, 2, 1], [1, 2, 4],
         "holds 2 onsets and 1 offsets, and the onset at 4 s is followed by none"),
        ([1, 2, 1, 2], [1, 5, 3, 4],
         "acquisition/events: the event at 3 s does not come after the one before it"),
        ([1, 2, 1, 2], [1, np.nan, 3, 4],
         "acquisition/events: the event at nan s does not come after the one before it"),
        ([7, 8], [1, 2], 'none of the 2 events has code 1, they have "7", "8"'),
    ],
)  # fmt: skip
def test_pulses_that_do_not_fit_are_refused_with_both_numbers(recording, codes, times, message):
    marks(recording, np.array(codes), times)
    trials(recording, image=["image_1", "image_2"])
    with pytest.raises(IsomorphError, match=re.escape(message)) as caught:
        read(recording, stimulus="image", **MARKS)
    assert "\n" not in str(caught.value)


def test_a_series_of_other_length_than_the_pulses_is_refused(recording):
    marks(recording, np.array([1, 2]), [1, 2])
    series(recording, "shown", np.array([2, 1]), "IndexSeries", timestamps=[0.0, 1.0])
    message = "r.nwb: shown has 2 rows, acquisition/events marks 1 onsets; expected one row per"
    with pytest.raises(IsomorphError, match=re.escape(message)):
        read(recording, series="shown", name="image_{}", **MARKS)
    with pytest.raises(IsomorphError, match=re.escape('no "acquisition/lost"')):
        read(recording, series="shown", **{**MARKS, "events": "acquisition/lost"})


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        ({"image": ["image_1", "image_1"], "start_time": [1.0, 1.0]}, {},
         '"image_1" at 1 s is listed twice (1 presentations are)'),
        ({"image": ["image_1"], "start_time": [2.0], "stop_time": [1.0]}, {},
         "r.nwb: trials: row 0 ends at 1, before it starts at 2"),
        ({"image": np.array([2.0**24 + 2], dtype=np.float32)}, {},
         'column "image": holds 1 numbers above 16777216 as float32, which rounds them'),
        ({"image": ["image_1"], "active": [True]}, {"where": {"active": ["False"]}},
         'r.nwb: trials: column "active" is nowhere False, it holds "True"'),
        ({"image": ["image_1"]}, {"where": {"activ": ["False"]}},
         'r.nwb: trials: no column "activ"'),
        ({"image": [-1, -1]}, {"blank": ["-1"]},
         "none of the 2 presentations is left (2 blank presentations)"),
        ({"image": [5]}, {"names": "list"}, "5 is not a place in list, which lists 2 names"),
        ({"image": [0]}, {"names": "lost"}, 'r.nwb: no "lost", nothing called "lost" in /'),
        ({"image": ["dog"]}, {}, 'names "dog" and 0 others, none of them a stimulus'),
    ],
)  # fmt: skip
def test_presentations_that_cannot_be_used(recording, columns, settings, message):
    trials(recording, **columns)
    recording["list"] = ["image_1", "image_2"]
    with pytest.raises(IsomorphError, match=re.escape(message)) as caught:
        read(recording, stimulus="image", **settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([1.0], "has 1 timestamps for 2 samples"),
        ([2.0, 1.0], "value 0 is at 2 s, row 0 at 1 s, and another row is nearer (2 of 2 are so)"),
        (
            None,
            "cannot be read as NWB 2.2.2 (Could not construct IndexSeries object due to: "
            "either 'timestamps' or 'rate' must be specified)",
        ),
    ],
)
def test_series_that_do_not_fit_their_table(recording, times, message):
    trials(recording, other=[0, 0])
    series(recording, "shown", np.array([1, 2]), "IndexSeries", timestamps=times)
    with pytest.raises(IsomorphError, match=re.escape(message)):
        read(recording, table="trials", series="shown", name="image_{}")


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        ({"series": "a", "where": {"b": ["c"]}}, "where: names columns"),
        ({"series": "a", "onset": "b"}, "onset: names columns"),
        ({"table": "a"}, "stimulus: is required with a table"),
        ({"series": "a", "name": "image"}, 'must hold "{}"'),
        ({"series": "a", "clock": 0}, "greater than 0"),
        ({"series": "a", "events": "b"}, "events: goes with codes"),
        ({"series": "a", "codes": {"1": "onset"}}, "events: goes with codes"),
        ({"series": "a", "events": "b", "codes": {"1": "offset"}}, "codes: none means onset"),
        (
            {"stimulus": "a", "onset": "c", "events": "b", "codes": {"1": "onset"}},
            "onset: names a column of onsets, which events mark",
        ),
    ],
)
def test_settings_that_contradict_themselves(given_settings, message):
    with pytest.raises(ValidationError, match=re.escape(message)):
        Presentations(**given_settings)
