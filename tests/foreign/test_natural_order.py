"""Names with numbers in them, in the order people count."""

import itertools

import pytest

from isomorph.foreign.natural import by_number


@pytest.mark.parametrize(
    "names",
    [
        ["im1", "im2", "im10"],
        ["7", "a", "a2", "a10", "b"],  # numbers before words, as where characters are compared
        ["2_b", "10_a", "x_2_9", "x_2_11"],
    ],
)
def test_numbers_count_and_stand_before_words(names):
    for others in itertools.permutations(names):
        assert sorted(others, key=by_number) == names
