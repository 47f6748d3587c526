"""Tracks of continuous variables: time that samples stand for, bins, blocks, periods."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isomorph.errors import IsomorphError
from isomorph.stimuli.variable import Track, bins_of, dwell, repetitions_of, stretches
from isomorph.stimuli.variable.bins import closed, edges_of, grid
from isomorph.stimuli.variable.derived import speed
from isomorph.stimuli.variable.found import FOUND
from isomorph.stimuli.variable.signal import Signal, clean
from isomorph.stimuli.variable.wrap import refuse_unfit, wrapped
from isomorph.study.variable import FORMS, Variable

ANGLE = Variable(series="heading", bins=36, period=360)


def track(times, values, names=("x",), counts=None):
    times, values = np.asarray(times, float), np.asarray(values, float).reshape(len(times), -1)
    starts, lasts = stretches(times)
    lasts = np.where(np.isfinite(values).any(axis=1), lasts, 0)
    counts = np.ones(len(times), bool) if counts is None else counts
    return Track(tuple(names), times, values, starts, lasts, counts, ("",) * len(names), "here")


def table_of(**variables):
    edges = {name: edges_of(one, (0, 1)) for name, one in variables.items()}
    return grid(edges, {name: one.period for name, one in variables.items()})


runs = st.lists(
    st.tuples(st.integers(2, 30), st.floats(1, 100)), min_size=1, max_size=5
)  # samples of a stretch, and the gap before it


@settings(max_examples=40, deadline=None)
@given(runs, st.floats(0.01, 0.2))
def test_samples_stand_for_the_time_that_was_covered_and_no_other(found, step):
    times = np.concatenate(
        [
            start + step * np.arange(n)
            for (n, _), start in zip(
                found,
                np.cumsum([gap for _, gap in found])
                + step * np.cumsum([0, *(n for n, _ in found[:-1])]),
                strict=True,
            )
        ]
    )
    starts, lasts = stretches(times)
    assert lasts.sum() == pytest.approx(step * len(times))
    assert (starts[1:] >= starts[:-1] + lasts[:-1] - 1e-9).all()
    one = track(times, np.zeros(len(times)))
    assert one.segments().max() + 1 == len(found)
    assert (one.at(times) == np.arange(len(times))).all()
    moments = np.linspace(times[0] - 1, times[-1] + 1, 500)
    place = one.at(moments)
    nearest = np.abs(moments[:, None] - times).argmin(axis=1)
    clear = np.abs(np.abs(moments - times[nearest]) - step / 2) > 1e-6
    expected = np.where(np.abs(moments - times[nearest]) <= step / 2, nearest, -1)
    assert (place == expected)[clear].all()


def test_a_missing_sample_stands_for_nothing_and_its_neighbours_do_not_reach_into_it():
    one = track([0, 1, 2, 3], [5, np.nan, 5, 5])
    assert one.lasts.tolist() == [1, 0, 1, 1]
    assert one.at(np.array([0.4, 0.6, 1.0, 1.4, 1.6])).tolist() == [0, -1, -1, -1, 2]
    assert one.segments().tolist() == [0, 0, 1, 1]


def test_stretches_are_one_however_late_the_clock_is():
    assert track(1.7e9 + np.arange(500) * 0.02, np.zeros(500)).segments().max() == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 7), st.integers(2, 5), st.integers(0, 2**31))
def test_the_centre_of_a_bin_is_in_it_whatever_others_are_left_out(n, m, seed):
    rng = np.random.default_rng(seed)
    table = table_of(
        x=Variable(series="x", bins=n, range=(-1, 2)), a=Variable(series="a", bins=m, period=180)
    )
    assert len(table) == n * m
    assert table["stimulus"].is_unique
    rows = table[rng.random(len(table)) < 0.6].reset_index(drop=True)
    one = track(np.arange(len(table)), table[["x", "a"]], ("x", "a"))
    expected = [rows.index[rows["stimulus"] == name] for name in table["stimulus"]]
    assert bins_of(one, rows).tolist() == [int(at[0]) if len(at) else -1 for at in expected]
    lower = track(np.arange(len(table)), table[["x_start", "a_start"]], ("x", "a"))
    assert (bins_of(lower, table) == np.arange(len(table))).all()


def test_what_is_outside_unknown_or_does_not_count_is_in_no_bin():
    table = table_of(x=Variable(series="x", bins=4, range=(0, 1)))
    values = [-0.01, 0, 0.999, 1.01, np.nan, 0.5]
    one = track(range(6), values, counts=np.array([True] * 5 + [False]))
    assert bins_of(one, table).tolist() == [-1, 0, 3, -1, -1, -1]


def test_a_wall_at_the_end_of_a_range_is_in_the_last_bin():
    of = Variable(series="x", bins=4, range=(0, 1))
    values = closed(np.array([0, 0.5, 1, 1 - 1e-12, 1.001]), of)
    assert bins_of(track(range(5), values), table_of(x=of)).tolist() == [0, 2, 3, 3, -1]
    angle = Variable(series="x", bins=4, range=(0, 1), period=1)
    assert closed(wrapped(np.array([1.0]), angle), angle).tolist() == [0]


def test_the_greatest_value_found_is_in_the_last_bin():
    table = table_of(x=Variable(series="x", bins=7))
    assert bins_of(track([0, 1], [0, 1]), table).tolist() == [0, 6]


def test_numbers_of_bins_are_wide_enough():
    assert table_of(h=ANGLE)["stimulus"][5] == "h_005"
    both = table_of(x=Variable(series="x", bins=20), y=Variable(series="y", bins=120))
    assert both["stimulus"][3 * 120 + 11] == "x_03_y_011"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 359.99), min_size=3, max_size=40), st.integers(-3, 3))
def test_bins_do_not_depend_on_the_turn(angles, turns):
    values = np.array(angles)
    table = table_of(h=ANGLE)
    shift = wrapped(values + 360 * turns, ANGLE)
    assert ((shift >= 0) & (shift < 360)).all()
    near = np.abs(values / 10 - np.rint(values / 10)) < 1e-6
    bins = [bins_of(track(range(len(v)), v, ("h",)), table) for v in (values, shift)]
    assert (bins[0] == bins[1])[~near].all()


def test_a_period_may_begin_elsewhere():
    spec = Variable(series="a", bins=6, period=180, range=(-15, 165))
    values = wrapped(np.array([0.0, 170, 179.9, 15, 164.9]), spec)
    assert values.tolist() == pytest.approx([0, -10, -0.1, 15, 164.9])
    assert bins_of(track(range(5), values, ("a",)), table_of(a=spec)).tolist() == [0, 0, 0, 1, 5]


@pytest.mark.parametrize(
    ("values", "period", "unit", "said"),
    [
        ([0, 359], 2 * np.pi, "", r"further apart than period: 6\.28319; are they degrees"),
        ([0, 6.2], np.pi, "", r"are they radians \(period: 6\.283185\)"),
        ([0, 6.2], 360, "radians", "of which a full turn has 6.28319, so period: 360 does not fit"),
        ([0, 180], np.pi, "deg", "of which a full turn has 360"),
        ([-40, 120], 100, "", "unwrapped: true"),
    ],
)
def test_periods_that_do_not_fit(values, period, unit, said):
    spec = Variable(series="h", period=period)
    with pytest.raises(IsomorphError, match=said):
        refuse_unfit(np.array(values, float), spec, unit, "here")


def test_parts_of_a_turn_fit_a_unit():
    for period in (360, 180, 120, 90):
        refuse_unfit(np.array([0.0]), Variable(series="h", period=period), "degrees", "here")


def test_between_samples_a_circle_is_gone_the_shorter_way_round():
    heading = Signal(np.array([0.0, 1, 2]), np.array([[350.0], [10], [200]]), "here")
    got = heading.at(np.array([0.25, 0.5, 0.75, 1.5]), period=360)[:, 0]
    assert wrapped(got, ANGLE) == pytest.approx([355, 0, 5, 285])
    assert heading.at(np.array([0.5]))[0, 0] == 180  # a place has no shorter way


def test_nothing_is_known_in_gaps():
    times = np.array([0.0, 1, 2, 3, 20, 21, 22])
    values = np.array([0.0, 1, 2, 3, 20, np.nan, 22])[:, None]
    got = Signal(times, values, "here").at(np.array([2.5, 3.4, 3.6, 10, 19.6, 20.4, 21, 21.6, 30]))
    expected = [2.5, 3, np.nan, np.nan, 20, 20, np.nan, 22, np.nan]
    np.testing.assert_equal(got[:, 0], expected)
    held = Signal(np.array([0.0, 5]), np.array([[1.0], [2]]), "here", stops=np.array([2.0, 6]))
    np.testing.assert_equal(held.at(np.array([-1, 0, 1.9, 2, 5.5, 6]))[:, 0],
                            [np.nan, 1, 1, np.nan, 2, np.nan])  # fmt: skip


def test_dwell_does_not_depend_on_the_rate_of_sampling():
    table = table_of(h=ANGLE)
    found = []
    for rate in (25, 200):
        times = np.arange(0, 300, 1 / rate)
        one = track(times, (37 * times + 60 * np.sin(times / 5)) % 360, ("h",))
        found.append(dwell(bins_of(one, table), repetitions_of(one, 10, 2), one.lasts, 36, 2))
    assert found[1].sum() == pytest.approx(300)
    assert np.abs(found[0] - found[1]).max() < 0.15
    assert np.abs(found[0].sum(axis=0) - 150).max() < 0.1


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 5), st.floats(0.5, 20), st.integers(0, 2**31))
def test_blocks_are_dealt_in_turn_and_gaps_shift_none(repetitions, block, seed):
    times = np.arange(0, 200, 0.05) + 3
    every = repetitions_of(track(times, times), block, repetitions)
    kept = np.random.default_rng(seed).random(len(times)) < 0.5
    some = repetitions_of(track(times[kept], times[kept]), block, repetitions)
    assert (every[kept] == some).all()
    change = np.flatnonzero(np.diff(every))
    assert (np.diff(change) * 0.05 >= block - 0.1).all()
    assert ((every[change + 1] - every[change]) % repetitions == 1).all()


def test_speed_is_the_displacement_over_a_while():
    times = np.arange(0, 10, 0.02)
    place = np.column_stack([3 * times, 4 * times]) + 0.5
    moved = speed(Signal(times, place, "here", "m"), 0.5)
    assert moved.unit == "m/s"
    assert moved.values == pytest.approx(5)


@pytest.mark.parametrize("rate", [50, 8, 4, 1])
def test_speed_beside_lost_samples_is_no_slower_than_elsewhere(rate):
    times = np.arange(10 * rate) / rate
    place = np.column_stack([times, 0 * times])
    place[5 * rate : 5 * rate + 3] = np.nan
    found = speed(Signal(times, place, "here", "m"), 0.25).values[:, 0]
    assert found[np.isfinite(found)] == pytest.approx(1)
    assert np.isfinite(found[np.isfinite(place[:, 0])]).all()


@pytest.mark.parametrize(
    ("times", "values", "said"),
    [
        ([0, 2, 1, 3], [0, 1, 2, 3], "sample 2 is at 1 s, before sample 1 at 2 s"),
        ([0, 1, 1, 3], [0, 1, 2, 3], "samples 1 and 2 are both at 1 s and differ"),
        ([np.nan] * 3, [0, 1, 2], "has 0 samples"),
        ([0, 1, 2], [np.nan] * 3, "0 values that are known"),
        ([0], [1], "has 1 samples"),
        (
            np.arange(300),
            np.where(np.arange(300) % 50, np.linspace(5, 6, 300), -1),
            r"6 samples are exactly -1 and all others between .*missing: \[-1\], or",
        ),
    ],
)
def test_times_and_values_that_cannot_be_used(times, values, said):
    one = Signal(np.array(times, float), np.array(values, float)[:, None], "here")
    with pytest.raises(IsomorphError, match=said):
        clean(one, None)


def test_what_is_left_out_is_said(capsys):
    times = [0, 1, np.nan, 2, 2, 3]
    one = Signal(np.array(times), np.array([0, 1, 9, 2, 2, -1.0])[:, None], "here")
    kept = clean(one, (-1,))
    assert kept.times.tolist() == [0, 1, 2, 3]
    np.testing.assert_equal(kept.values[:, 0], [0, 1, 2, np.nan])
    said = capsys.readouterr().err
    assert "1 of 6 samples have no time" in said
    assert "1 samples stand there twice" in said


def test_no_stimulus_at_all():
    assert bins_of(track([0, 1], [0, 1]), pd.DataFrame({"x_start": [], "x_stop": []})).tolist() == [
        -1,
        -1,
    ]


def test_every_form_has_a_reader():
    assert set(FOUND) == set(FORMS)
