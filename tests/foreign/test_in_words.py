"""Sizes and errors in words."""

import pytest

from isomorph.foreign import first_line, in_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (1_549_000, "1.5 MB"),
        (999_960_000, "1.0 GB"),
        (1_234_500_000_000, "1,234.5 GB"),
    ],
)
def test_a_size_has_the_unit_that_fits(size, words):
    assert in_words(size) == words


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (ValueError("one:\ntwo"), "one"),
        (KeyError(), "KeyError"),
        (" \nsecond", "second"),
        (ValueError("x" * 300), "x" * 200),
    ],
)
def test_the_first_line_of_what_is_said(said, line):
    assert first_line(said) == line
