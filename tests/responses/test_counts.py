"""Spike counts against a plain loop over trials and units."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isomorph.errors import IsomorphError
from isomorph.responses.counts import check_spikes, spike_counts

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
    counts = spike_counts(flat, ends, np.array(onsets, dtype=float), window)
    np.testing.assert_array_equal(counts, plain(units, onsets, window))


def test_window_is_half_open():
    counts = spike_counts(
        np.array([1.0, 1.25, 1.5]), np.array([3]), np.array([1.0]), window=(0.0, 0.5)
    )
    assert counts.tolist() == [[2]]


def test_an_edge_far_from_the_origin_is_exact():
    """An offset per unit, the usual trick, rounds away the last bits of a late spike."""
    late = 5000.0
    spikes = np.array([np.nextafter(late, 0.0), late, np.nextafter(late, 1e9)])
    flat, ends = np.tile(spikes, 200), 3 * np.arange(1, 201)
    counts = spike_counts(flat, ends, np.array([late - 1.0, late]), window=(0.0, 1.0))
    np.testing.assert_array_equal(counts, np.tile([[1], [2]], (1, 200)))


def test_total_is_kept_when_windows_tile_the_recording():
    rng = np.random.default_rng(1)
    flat = np.concatenate([np.sort(rng.uniform(0, 10, n)) for n in (50, 0, 80)])
    ends = np.array([50, 50, 130])
    onsets = rng.permutation(np.arange(10.0))
    counts = spike_counts(flat, ends, onsets, window=(0.0, 1.0))
    assert counts.sum(axis=0).tolist() == [50, 0, 80]


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
