"""Ranks with shared ties against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from isomorph.measures.ranks import _places, midranks

RNG = np.random.default_rng(0)
ROWS = {
    "no ties": RNG.standard_normal((3, 500)),
    "one tie": np.concatenate([RNG.standard_normal((3, 499)), np.zeros((3, 1))], axis=1),
    "runs of ties": RNG.integers(0, 40, (4, 500)).astype(float),
    "ties at both ends": np.clip(RNG.standard_normal((4, 500)), -1, 1),
    "constant": np.full((2, 60), 3.5),
    "infinite": np.array([[np.inf, 1.0, -np.inf, np.inf, 1.0], [0.0, -0.0, 2.0, 1.0, 2.0]]),
    "not a number": np.array([[2.0, np.nan, 2.0], [np.nan] * 3, [2.0, 1.0, 2.0]]),
    "one value": np.array([[4.0], [np.nan]]),
    "none": np.empty((2, 0)),
    "no row": np.empty((0, 6)),
}
ROWS["one tie"][:, 7] = 0


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_midranks_are_those_of_scipy(rows, dtype):
    values = ROWS[rows].astype(dtype)
    before = values.copy()
    ranks = midranks(values)
    expected = rankdata(values, axis=1) if values.size else np.empty(values.shape)
    np.testing.assert_array_equal(ranks, expected)
    assert ranks.dtype == np.float64
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("rows", ["no ties", "runs of ties", "ties at both ends", "constant"])
def test_places_group_what_ties(rows):
    for values in ROWS[rows]:
        places = _places(values)
        levels, group = np.unique(values, return_inverse=True)
        np.testing.assert_array_equal(places.group, group)
        np.testing.assert_array_equal(values[places.order], np.sort(values))
        if not isinstance(places.starts, slice):
            np.testing.assert_array_equal(values[places.order[places.starts]], levels)
