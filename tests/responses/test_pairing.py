"""A series beside a table: only the rows it belongs to are its rows."""

import re

import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.responses.nwb.pairing import refuse_unpaired

EVEN = 100 + 2.0 * np.arange(20)
UNEVEN = 100 + np.cumsum(np.random.default_rng(0).uniform(1, 3, 20))


@pytest.mark.parametrize("onset", [EVEN, UNEVEN, UNEVEN[::-1]])
@pytest.mark.parametrize("late", [-0.4, 0.0, 0.033, 0.45])
def test_samples_a_little_beside_their_rows_belong_to_them(onset, late):
    refuse_unpaired(onset + late, onset, "here", "trials")


def test_a_row_without_an_onset_says_nothing():
    onset = EVEN.copy()
    onset[3] = np.nan
    refuse_unpaired(EVEN, onset, "here", "trials")


def test_clocks_that_start_apart_are_told_by_uneven_onsets():
    jitter = np.random.default_rng(1).uniform(0, 0.004, 20)
    refuse_unpaired(UNEVEN + 1000 + jitter, UNEVEN, "here", "trials")


@pytest.mark.parametrize(
    ("times", "onset"),
    [
        (EVEN[:-1], EVEN[1:]),  # one row late, evenly spaced
        (UNEVEN[:-1], UNEVEN[1:]),
        (EVEN + 1000, EVEN),  # may be any number of rows late
        (EVEN * 1000, EVEN),  # milliseconds
        (UNEVEN * 1000, UNEVEN),
        (np.sort(np.random.default_rng(2).uniform(0, 1e4, 20)), EVEN),
        (UNEVEN[np.random.default_rng(3).permutation(20)], UNEVEN),
    ],
)
def test_other_times_are_refused_with_both_numbers(times, onset):
    said = r"here: its times are not those of the rows of trials: value \d+ is at (\S+) s, row "
    with pytest.raises(IsomorphError, match=said) as caught:
        refuse_unpaired(times, onset, "here", "trials")
    found = re.search(r"value (\d+) is at (\S+) s, row (\d+) at (\S+) s", str(caught.value))
    row, value, same, start = (float(one) for one in found.groups())
    assert row == same
    assert value == pytest.approx(times[int(row)], rel=1e-4)
    assert start == pytest.approx(onset[int(row)], rel=1e-4)


def test_another_number_of_rows_is_refused():
    with pytest.raises(IsomorphError, match="its 19 values are not the 20 rows of trials"):
        refuse_unpaired(EVEN[1:], EVEN, "here", "trials")
