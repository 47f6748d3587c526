"""Inversions against their definition, and Kendall's tau against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from isomorph.measures import MEASURES
from isomorph.measures.inversions import inversions


@pytest.mark.parametrize("size", [0, 1, 2, 63, 64, 65, 127, 128, 129, 700, 3000])
def test_inversions_are_couples_out_of_order(size):
    ranks = np.random.default_rng(size).permutation(size)
    by_definition = sum(int((ranks[:place] > ranks[place]).sum()) for place in range(size))
    assert inversions(ranks) == by_definition
    assert inversions(np.arange(size)) == 0
    assert inversions(np.arange(size)[::-1]) == size * (size - 1) // 2


def test_inversions_of_three_digits():
    """Of 40,000 places in blocks turned round, each has its own couples and no others."""
    ranks = np.arange(40_000).reshape(-1, 500)[:, ::-1].ravel()
    assert inversions(ranks) == 80 * 500 * 499 // 2


@pytest.mark.parametrize("levels", [2, 5, 60, None])
def test_tau_is_that_of_scipy_whatever_ties(levels):
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((5, 21 * 20 // 2))
    if levels is not None:
        rows = np.floor(levels * (rows - rows.min()) / np.ptp(rows))
    rows[4, :50] = rows[4, 0]
    found = MEASURES["tau_b"].compare(rows[:2], rows[2:])
    expected = [[kendalltau(x, y).statistic for y in rows[2:]] for x in rows[:2]]
    np.testing.assert_allclose(found, expected, atol=1e-14)
    same = np.diag(MEASURES["tau_b"].compare(rows, rows))
    np.testing.assert_array_equal(same, 1.0)


def test_tau_of_constant_distances_and_of_no_numbers():
    rows = np.random.default_rng(1).standard_normal((3, 45))
    rows[1], rows[2, 7] = 2.0, np.nan
    for name in ("tau_a", "tau_b"):
        found = MEASURES[name].compare(rows[:1], rows)[0]
        assert found[0] == 1.0
        assert found[1] == 0.0
        assert np.isnan(found[2])
