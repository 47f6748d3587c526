"""Spike counts against a plain loop over trials and units."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isomorph.errors import IsomorphError
from isomorph.responses.nwb.bins import binned_counts
from isomorph.responses.nwb.counts import Edges, check_spikes, window_counts

# Multiples of 0.1 meet each other on edges all the time, and are not exact in binary.
TENTHS = st.integers(0, 60).map(lambda n: n * 0.1)


def plain(units: list[list[float]], onsets: list[float], window: tuple[float, float]) -> np.ndarray:
    """Count as the definition reads."""
    start, stop = window
    return np.array(
        [[sum(o + start <= t < o + stop for t in unit) for unit in units] for o in onsets]
    ).reshape(len(onsets), len(units))


@settings(max_examples=150, deadline=None)
@given(
    units=st.lists(st.lists(TENTHS, max_size=25).map(sorted), max_size=5),
    onsets=st.lists(TENTHS, max_size=8),
    window=st.tuples(st.integers(-5, 5), st.integers(1, 20)).map(
        lambda pair: (pair[0] * 0.1, (pair[0] + pair[1]) * 0.1)
    ),
)
def test_equals_a_loop_over_trials_and_units(units, onsets, window):
    flat = np.array([t for unit in units for t in unit])
    ends = np.cumsum([len(unit) for unit in units], dtype=np.int64)
    counts = window_counts(flat, ends, np.array(onsets, dtype=float), [window])[0]
    np.testing.assert_array_equal(counts, plain(units, onsets, window))


def test_window_is_half_open():
    counts = window_counts(np.array([1.0, 1.25, 1.5]), np.array([3]), np.array([1.0]), [(0.0, 0.5)])
    assert counts[0].tolist() == [[2]]


def test_an_edge_far_from_the_origin_is_exact():
    """An offset per unit, the usual trick, rounds away the last bits of a late spike."""
    late = 5000.0
    spikes = np.array([np.nextafter(late, 0.0), late, np.nextafter(late, 1e9)])
    flat, ends = np.tile(spikes, 200), 3 * np.arange(1, 201)
    counts = window_counts(flat, ends, np.array([late - 1.0, late]), [(0.0, 1.0)])[0]
    np.testing.assert_array_equal(counts, np.tile([[1], [2]], (1, 200)))


def test_total_is_kept_when_windows_tile_the_recording():
    rng = np.random.default_rng(1)
    flat = np.concatenate([np.sort(rng.uniform(0, 10, n)) for n in (50, 0, 80)])
    ends = np.array([50, 50, 130])
    onsets = rng.permutation(np.arange(10.0))
    counts = window_counts(flat, ends, onsets, [(0.0, 1.0)])[0]
    assert counts.sum(axis=0).tolist() == [50, 0, 80]


@settings(max_examples=150, deadline=None)
@given(
    units=st.lists(st.lists(TENTHS, max_size=25).map(sorted), max_size=5),
    onsets=st.lists(TENTHS, max_size=8),
    start=st.integers(-5, 5),
    widths=st.lists(st.integers(1, 6), min_size=1, max_size=6),
    even=st.booleans(),
)
def test_bins_equal_a_loop_over_trials_units_and_bins(units, onsets, start, widths, even):
    widths = [widths[0]] * len(widths) if even else widths
    edges = 0.1 * (start + np.concatenate([[0], np.cumsum(widths)]))
    flat = np.array([t for unit in units for t in unit])
    ends = np.cumsum([len(unit) for unit in units], dtype=np.int64)
    counts = binned_counts(flat, ends, np.array(onsets, dtype=float), edges)
    expected = [
        plain(units, onsets, (edges[b], edges[b + 1])) for b in range(len(edges) - 1)
    ]  # as `plain` adds them: onset + edge
    np.testing.assert_array_equal(counts, np.moveaxis(expected, 0, 2))
    assert counts.dtype == np.uint8
    whole = window_counts(flat, ends, np.array(onsets, dtype=float), [(edges[0], edges[-1])])[0]
    np.testing.assert_array_equal(counts.sum(axis=2), whole)
    pairs = list(pairwise(edges))
    windows = window_counts(flat, ends, np.array(onsets, dtype=float), pairs)
    np.testing.assert_array_equal(windows, expected)


@pytest.mark.parametrize(
    ("most", "dtype"), [(255, np.uint8), (256, np.uint16), (70_000, np.uint32)]
)
def test_bins_hold_any_number_of_spikes(most, dtype):
    """A count is never wrapped around, whatever units were counted before."""
    many = np.full(most, 2.05)
    flat = np.concatenate([[2.01], many, [2.02, 2.11]])
    counts = binned_counts(flat, np.array([1, 1 + most, 3 + most]), np.array([2.0]), [0, 0.1, 0.2])
    assert counts.tolist() == [[[1, 0], [most, 0], [1, 1]]]
    assert counts.dtype == dtype


def test_counts_of_more_units_than_are_gathered_together():
    rng = np.random.default_rng(3)
    units = [np.sort(rng.uniform(0, 20, rng.integers(0, 60))) for _ in range(37)]
    ends = np.cumsum([len(unit) for unit in units])
    onsets, edges = rng.uniform(0, 18, 30), np.arange(6) * 0.4
    counts = binned_counts(np.concatenate(units), ends, onsets, edges)
    for unit, train in enumerate(units):
        for trial, onset in enumerate(onsets):
            found, _ = np.histogram(train, bins=onset + edges)
            # np.histogram closes the last bin; no spike stands there.
            assert counts[trial, unit].tolist() == found.tolist()


def test_shifting_all_times_and_permuting_trials():
    rng = np.random.default_rng(4)
    flat = np.sort(rng.integers(0, 4000, 300) / 64)  # exact in binary, so a shift is too
    onsets = rng.integers(0, 3000, 50) / 64
    edges, ends = np.arange(5) / 8, np.array([300])
    once = binned_counts(flat, ends, onsets, edges)
    np.testing.assert_array_equal(binned_counts(flat + 512, ends, onsets + 512, edges), once)
    order = rng.permutation(50)
    np.testing.assert_array_equal(binned_counts(flat, ends, onsets[order], edges), once[order])


@pytest.mark.parametrize("edges", [[0.1], [0.1, 0.1], [0.2, 0.1], []])
def test_edges_that_do_not_ascend(edges):
    with pytest.raises(IsomorphError, match="expected two or more that ascend"):
        binned_counts(np.array([1.0]), np.array([1]), np.array([1.0]), np.array(edges))


UNITS = np.array(["a", "b"])


@pytest.mark.parametrize(
    ("spikes", "ends", "message"),
    [
        ([1.0, 2.0, 4.0, 3.0], [2, 4], "f.nwb: the spike_times of unit b are not in ascending"),
        ([1.0, np.nan, 4.0], [2, 3], "f.nwb: unit a has spike_times that are not finite (1 in"),
        ([1.0, 2.0, np.inf], [2, 3], "f.nwb: unit b has spike_times that are not finite"),
        ([1.0, 2.0], [1, 3], "f.nwb: spike_times_index ends at 3, expected an ascending index"),
        ([1.0, 2.0], [3, 2], "f.nwb: spike_times_index ends at 2, expected an ascending index"),
    ],
)
def test_spikes_that_cannot_be_counted(spikes, ends, message):
    with pytest.raises(IsomorphError, match=re.escape(message)):
        check_spikes(np.array(spikes), np.array(ends), UNITS, "f.nwb")


def test_a_fall_between_units_is_no_fall():
    check_spikes(np.array([5.0, 6.0, 1.0, 2.0]), np.array([2, 4]), UNITS, "f.nwb")


def test_an_empty_unit_does_not_take_the_blame():
    with pytest.raises(IsomorphError, match="unit c"):
        check_spikes(np.array([2.0, 1.0]), np.array([0, 0, 2]), np.array(["a", "b", "c"]), "f")


@pytest.mark.parametrize("n_spikes", [0, 1, 2, 40, 100_000])
def test_spikes_before_edges_are_those_a_search_finds(n_spikes):
    """Few spikes per edge are walked along, many are searched: ties, edges beyond both ends."""
    rng = np.random.default_rng(n_spikes)
    train = np.sort(rng.integers(0, max(n_spikes // 2, 4), n_spikes) / 8)
    times = rng.permutation(np.concatenate([train[::7], rng.uniform(-2, train.size + 2, 300)]))
    found = Edges(times).before(train)
    np.testing.assert_array_equal(found, np.searchsorted(train, times, side="left"))


def test_bins_so_late_that_rounding_moves_their_edges():
    """Division finds the bin but for rounding; what comes out near an edge is compared with it."""
    onsets = 1e6 + np.arange(20) / 3
    edges = np.arange(11) * 1e-3
    exact = (onsets[:, None] + edges).ravel()
    flat = np.sort(np.concatenate([exact, np.nextafter(exact, 0), np.nextafter(exact, 2e6)]))
    counts = binned_counts(flat, np.array([len(flat)]), onsets, edges)
    expected = [plain([list(flat)], list(onsets), (a, b)) for a, b in pairwise(edges)]
    np.testing.assert_array_equal(counts, np.moveaxis(expected, 0, 2))


@pytest.mark.parametrize("bad", [-np.inf, np.nan])
def test_a_unit_of_one_spike_that_is_no_number(bad):
    with pytest.raises(IsomorphError, match="unit b has spike_times that are not finite"):
        check_spikes(np.array([1.0, bad]), np.array([1, 2]), UNITS, "f")
