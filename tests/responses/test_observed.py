"""Time that was not observed is left out, and does not count as silence."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isomorph.artefacts import read_responses
from isomorph.errors import IsomorphError
from isomorph.responses.nwb.observed import covered, meeting, merged
from isomorph.stages.responses import run

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from recordings import create, table

ONSETS = np.arange(60) + 1.0
IMAGES = np.array([f"s{place % 6}" for place in range(60)])


def write(file, observed=None, invalid=None, n_units=3):
    """Write a recording of units that fire ten spikes in every window of half a second."""
    with create(file, file.stem, "test") as nwb:
        columns = {"start_time": ONSETS, "stop_time": ONSETS + 0.5, "image": IMAGES}
        table(nwb, "intervals/trials", np.arange(60), columns, kind="TimeIntervals")
        train = (ONSETS[:, None] + np.linspace(0.01, 0.48, 10)).ravel()
        columns = {"location": ["V1"] * n_units, "spike_times": [train] * n_units}
        ragged = ["spike_times"]
        if observed is not None:
            columns["obs_intervals"] = [np.reshape(one, (-1, 2)) for one in observed]
            ragged.append("obs_intervals")
        table(nwb, "units", np.arange(n_units), columns, kind="Units", ragged=ragged)
        if invalid is not None:
            start, stop = np.transpose(invalid)
            columns = {"start_time": start, "stop_time": stop}
            table(nwb, "intervals/invalid_times", np.arange(len(start)), columns)


@pytest.fixture
def read(make_study, files):
    """Return a reader of a recording: its session and what was left out."""

    def read(**settings):
        responses = {
            "kind": "nwb",
            "files": "{subject}.nwb",
            "presentations": {"stimulus": "image"},
            "window": [0.0, 0.5],
            **settings,
        }
        layout = make_study(responses, sorted(set(IMAGES.tolist())))
        run(layout, "toy", "s1")
        (data,) = read_responses(layout.responses("toy", "s1")).values()
        dropped = json.loads(data.attrs["dropped"])
        return data, {reason: count for reason, count in dropped.items() if count}

    return read


def test_a_unit_lost_half_way_is_left_out(files, read):
    """Unit 0 was observed for half the time, the others for all of it, unit 2 in two pieces."""
    write(files / "s1.nwb", [[0, 30], [0, 62], [0, 30.7, 30.7, 62]])
    data, dropped = read()
    assert data["unit"].values.tolist() == ["1", "2"]
    assert data.sizes["presentation"] == 60
    assert (data["response"].values == 10).all()
    assert dropped == {"units whose obs_intervals lack some presentation": 1}


def test_presentations_in_which_nothing_was_observed_are_left_out(files, read):
    """The recording stopped from 20 to 25.3 s, in all units."""
    write(files / "s1.nwb", [[0, 20, 25.3, 62]] * 3)
    data, dropped = read()
    assert data["unit"].values.tolist() == ["0", "1", "2"]
    assert set(data["onset"].values) == set(ONSETS) - {20, 21, 22, 23, 24, 25}
    assert dropped == {"presentations outside the obs_intervals of all units": 6}


def test_presentations_that_meet_invalid_times_are_left_out(files, read):
    """From 10.4 s, in the window of one, to 13 s, where the next begins; a baseline counts too."""
    write(files / "s1.nwb", invalid=[[10.4, 12], [11, 13], [40.6, 40.9]])
    data, dropped = read()
    assert set(data["onset"].values) == set(ONSETS) - {10, 11, 12}
    assert dropped == {"presentations in invalid_times": 3}
    assert data["repetition"].values.max() == 9
    _, dropped = read(baseline=[-0.2, 0.0])
    assert dropped == {"presentations in invalid_times": 5}


def test_intervals_on_another_clock_are_refused(files, read):
    write(files / "s1.nwb", [[0, 0.06]] * 3)
    with pytest.raises(IsomorphError, match=re.escape(
        "s1.nwb: units: obs_intervals: leaves none of the 60 presentations, whose onsets lie "
        "between 1 and 60 s"
    )):  # fmt: skip
        read()


def test_no_intervals_at_all_say_nothing(files, read):
    write(files / "s1.nwb", [[], [], []])
    data, dropped = read()
    assert data.sizes == {"presentation": 60, "unit": 3}
    assert dropped == {}


INTERVALS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 10)).map(lambda one: (one[0], one[0] + one[1])),
    min_size=1, max_size=6,
)  # fmt: skip
WINDOWS = st.lists(st.sampled_from([(-2, 0), (0, 1), (1, 4), (5, 6)]), min_size=1, max_size=3)


@settings(max_examples=40)
@given(INTERVALS, WINDOWS)
def test_what_is_covered_and_met_is_what_it_is_by_the_tick(intervals, windows):
    """Time in whole ticks, one by one."""
    intervals = np.array(intervals, dtype=float)
    onset = np.arange(45.0)
    ticks = {t for start, stop in intervals.astype(int) for t in range(start, stop)}
    wanted = [{int(o) + t for a, b in windows for t in range(a, b)} for o in onset]
    found = covered(intervals, np.array([len(intervals)]), onset, windows)
    assert found[:, 0].tolist() == [one <= ticks for one in wanted]
    start, stop = merged(intervals)
    assert (start[1:] > stop[:-1]).all()
    assert meeting(intervals, onset, windows).tolist() == [bool(one & ticks) for one in wanted]
