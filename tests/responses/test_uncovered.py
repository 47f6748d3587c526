"""Time that spikes do not cover, and clocks that differ: said, never silence."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from isomorph.artefacts import read_responses
from isomorph.errors import IsomorphError
from isomorph.responses.clocks import clock_hint, refuse_anew, refuse_windows
from isomorph.responses.nwb.uncovered import REASON, beyond_chance, spans_of
from isomorph.stages.responses import run

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from recordings import create, table

IMAGES = np.array([f"s{place % 6}" for place in range(120)])
ONSETS = 10 + 5.0 * np.arange(120)
WINDOWS = [(0.05, 0.25)]


def poisson(rates, stop=620.0, seed=0):
    """Return spikes of units of some rates, all along."""
    rng = np.random.default_rng(seed)
    return [np.sort(rng.uniform(0, stop, rng.poisson(rate * stop))) for rate in rates]


@pytest.fixture
def read(make_study, files):
    """Return a reader of a recording of some spikes and onsets: it, and what was left out."""

    def read(trains, onsets=ONSETS, **settings):
        with create(files / "s1.nwb", "s1", "test") as nwb:
            columns = {"start_time": onsets, "stop_time": np.asarray(onsets) + 0.3, "image": IMAGES}
            table(nwb, "intervals/trials", np.arange(120), columns, kind="TimeIntervals")
            columns = {"location": ["V4"] * len(trains), "spike_times": trains}
            table(nwb, "units", np.arange(len(trains)), columns, "Units", ["spike_times"])
        responses = {
            "kind": "nwb",
            "files": "{subject}.nwb",
            "presentations": {"stimulus": "image"},
            "window": [0.05, 0.25],
            **settings,
        }
        layout = make_study(responses, sorted(set(IMAGES.tolist())))
        run(layout, "toy", "s1")
        (data,) = read_responses(layout.responses("toy", "s1")).values()
        return data, json.loads(data.attrs["dropped"]).get(REASON)

    return read


def test_presentations_after_the_recording_stopped_are_left_out_and_counted(read):
    whole, none = read(poisson([20] * 5))
    assert (whole.sizes["presentation"], none) == (120, 0)
    cut, dropped = read([train[train < 563] for train in poisson([20] * 5)])
    assert (cut.sizes["presentation"], dropped) == (111, 9)
    assert cut["onset"].values.max() == 560
    np.testing.assert_array_equal(cut["response"], whole["response"][:111])
    late, dropped = read([train[train > 28] for train in poisson([20] * 5)])
    assert (late["onset"].values.min(), dropped) == (30, 4)


def test_many_are_refused_unless_the_study_allows_them(read):
    trains = [train[train < 463] for train in poisson([20] * 5)]
    with pytest.raises(IsomorphError, match="covers 91 of the 120 presentations: it lasts"):
        read(trains)
    data, dropped = read(trains, uncovered=0.25)
    assert (data.sizes["presentation"], dropped) == (91, 29)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda trains: [1e3 * one for one in trains], "is the recording in milliseconds? both"),
        (lambda trains: [1e6 * one for one in trains], "is the recording in microseconds? both"),
        (lambda trains: [3e4 * one for one in trains], "is the recording in samples? both"),
        (lambda trains: [one / 1e3 for one in trains], "are the onsets in milliseconds (present"),
        (lambda trains: [one + 1e4 for one in trains], "do the clocks have origins some 9"),
        (lambda trains: [0.3 * one for one in trains], "are its trials stitched, without the time"),
        (lambda trains: [one - 400 for one in trains], "covers 42 of the 120 presentations"),
        (lambda trains: [np.sort(one % 5) for one in trains], "begin again with each trial? both"),
        (lambda trains: [one % 5 for one in trains],
         "they fall back 123 times by 4.92 s, as times do that begin again with each trial; add"),
        (lambda trains: [one[::-1] for one in trains], "sort them, if all are seconds on the one"),
    ],
)  # fmt: skip
def test_clocks_that_differ_are_named(read, change, message):
    with pytest.raises(IsomorphError, match=re.escape(message)) as caught:
        read(change(poisson([20] * 5)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("onsets", [np.zeros(120), np.tile([0.5, 1.5, 2.5], 40), ONSETS % 100])
def test_onsets_that_begin_anew_are_refused(read, onsets):
    with pytest.raises(IsomorphError, match="as do onsets that begin again with each trial"):
        read(poisson([20] * 5), onsets)


@pytest.mark.parametrize("window", [[50.0, 250.0], [-200.0, 0.0]])
def test_a_window_in_milliseconds_is_refused(read, window):
    with pytest.raises(IsomorphError, match=r"windows are in seconds: \[-?0\."):
        read(poisson([20] * 5), window=window)


@pytest.mark.parametrize("rates", [[0.02], [0.1], [0.05] * 3, [1.0] * 2, [0.0, 0.3]])
def test_sparse_units_are_never_taken_for_a_recording_that_stopped(rates):
    """Of 300 recordings that cover all presentations, none loses one."""
    spans = spans_of(ONSETS, WINDOWS)
    for seed in range(300):
        spikes = np.sort(np.concatenate(poisson(rates, seed=seed)))
        if not len(spikes):
            continue
        first, stop = np.searchsorted(spikes, spans.T)
        between = spikes[0], spikes[-1]
        assert not beyond_chance(ONSETS, WINDOWS, stop - first, between).any()


def test_silence_that_comes_and_goes_is_none_of_the_clock_s():
    """A unit that fires for one stimulus of twenty, and a population of up and down states."""
    rng = np.random.default_rng(1)
    spans = spans_of(ONSETS, WINDOWS)
    for _ in range(200):
        counts = np.zeros(120, dtype=int)
        counts[rng.permutation(120)[:6]] = rng.poisson(10, 6)
        states = np.repeat(rng.random(40) < 0.5, 3) * rng.poisson(30, 120)
        for found in (counts, states):
            active = np.flatnonzero(found)
            if len(active):
                between = spans[active[0], 0] + 0.1, spans[active[-1], 0] + 0.1
                assert not beyond_chance(ONSETS, WINDOWS, found, between).any()


def alarms(trains, n=60, stop=605.4):
    """How many recordings of all presentations lose any; `trains` gives spikes of all units."""
    spans, many = spans_of(ONSETS, WINDOWS), 0
    for seed in range(n):
        spikes = np.sort(trains(np.random.default_rng(seed), stop))
        first, last = np.searchsorted(spikes, spans.T)
        many += beyond_chance(ONSETS, WINDOWS, last - first, (spikes[0], spikes[-1])).any()
    return many


def test_a_recording_may_end_with_the_last_window():
    """Of the last presentation no more than the window belongs to it, often without a burst."""

    def bursts(rng, stop):
        begin = rng.uniform(0, stop, rng.poisson(1.9 * stop))
        return (begin[:, None] + rng.exponential(0.02, (len(begin), 8)).cumsum(axis=1)).ravel()

    def states(rng, stop):
        rate = np.repeat(rng.random(int(stop) + 1) < 0.5, 100)
        return np.repeat(np.arange(len(rate)) / 100, rng.poisson(rate))

    assert alarms(bursts) == alarms(states) == 0


def test_units_that_adapt_or_are_lost_one_by_one_are_no_end_of_the_recording():
    def adapting(rng, stop):
        spikes = rng.uniform(0, stop, rng.poisson(3 * stop))
        return spikes[rng.random(len(spikes)) < np.exp(-6 * spikes / stop)]

    assert alarms(adapting) <= 2


def test_a_pause_between_blocks_belongs_to_no_presentation():
    onset = np.concatenate([np.arange(10.0), 1000 + np.arange(10.0)])
    spans = spans_of(onset, [(-0.2, 0.0), (0.1, 0.5)])
    assert (spans[:, 1] - spans[:, 0]).max() < 3
    assert spans[9].tolist() == pytest.approx([8.8, 11.5])
    np.testing.assert_array_equal(spans_of(onset[::-1], [(-0.2, 0.0), (0.1, 0.5)]), spans[::-1])


def test_legitimate_schedules_pass():
    rng = np.random.default_rng(0)
    refuse_anew(rng.permutation(ONSETS), None, "here")  # rows out of order
    refuse_anew(np.repeat(ONSETS, 2), np.repeat(ONSETS, 2) + 0.3, "here")  # two at a time
    refuse_anew(0.05 * np.arange(500), 0.05 * np.arange(500) + 0.05, "here")  # a rapid stream
    refuse_windows([(0.05, 0.5)], 0.05 * np.arange(500), "here")
    refuse_windows([(-5.0, 20.0)], 30.0 * np.arange(20), "here")  # slow calcium responses
    assert clock_hint((0.0, 700.0), ONSETS) == "both must be in seconds on one clock"
