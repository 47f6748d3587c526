import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isomorph.numerals import interval, listed, number, p_said, p_value
from isomorph.saying import count


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.456, ".46"), (-0.034, "−.03"), (1.0, "1.00"), (0.0, ".00"), (-0.001, ".00"),
     (0.999, "1.00"), (-1.25, "−1.25"), (math.nan, "–"), (math.inf, "–")],
)  # fmt: skip
def test_numbers_as_the_field_prints_them(value, text):
    assert number(value) == text


@given(st.floats(-5, 5))
def test_a_printed_number_is_the_number_to_two_digits(value):
    assert float(number(value).replace("−", "-")) == pytest.approx(value, abs=0.00501)


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0009, "< .001"), (0.001, ".001"), (0.0344, ".034"), (0.0498, ".0498"), (0.05, ".050"),
     (1.0, "1"), (math.nan, "–")],
)  # fmt: skip
def test_p_is_never_zero(p, text):
    assert p_value(p) == text


def test_words():
    assert p_said(0.0001) == "corrected p < .001"
    assert p_said(0.05) == "corrected p = .050"
    assert interval(0.38, -0.53) == "[.38, −.53]"
    assert interval(0.38, math.nan) == "–"
    assert [count(n, "layer") for n in (1, 2)] == ["1 layer", "2 layers"]
    assert [listed(list(words)) for words in ("", "a", "ab", "abc")] == [
        "", "a", "a and b", "a, b and c",
    ]  # fmt: skip
