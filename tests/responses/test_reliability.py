"""Split-half reliability as theorems and against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from isomorph.responses.halves import _half_means, spearman_brown, split_half
from isomorph.responses.reliability import unit_rows


def rng():
    return np.random.default_rng(5)


def test_halves_are_disjoint_and_equal_and_random():
    """Presentations as unit vectors: the means then show who is in which half."""
    code = np.array([0, 1, 0, 1, 0, 1, 0, 1, 1])  # stimulus 0 four times, stimulus 1 five times
    first, second = _half_means(np.eye(9), code, 50, rng())
    assert first.shape == second.shape == (50, 2, 9)
    np.testing.assert_allclose(first.sum(axis=2), 1)
    np.testing.assert_allclose(second.sum(axis=2), 1)
    assert not np.any((first > 0) & (second > 0))
    for stimulus in (0, 1):
        assert not first[:, stimulus, code != stimulus].any()
        assert np.all(np.sum(first[:, stimulus] > 0, axis=1) == 2)
    assert np.all(np.any(first + second > 0, axis=0).sum(axis=1) == [4, 5])  # the odd one varies
    assert len(np.unique(first.reshape(50, -1), axis=0)) > 10


def test_equals_a_loop_over_splits_and_units():
    """All the ways to halve two showings of each of three stimuli, enumerated."""
    response = rng().normal(size=(6, 2))
    stimulus = np.array(list("abcabc"))
    expected = []
    for choice in np.ndindex(2, 2, 2):
        a = np.array([response[i + 3 * c] for i, c in enumerate(choice)])
        b = np.array([response[i + 3 * (1 - c)] for i, c in enumerate(choice)])
        expected.append([np.corrcoef(a[:, u], b[:, u])[0, 1] for u in range(2)])
    found = split_half(response, stimulus, rng(), splits=20_000)
    np.testing.assert_allclose(found.correlation, np.mean(expected, axis=0), atol=0.02)


def test_a_unit_without_noise_is_perfectly_reliable():
    response = np.tile([[1.0, -3.0], [2.0, 0.5], [4.0, 1.0]], (4, 1))
    found = split_half(response, np.array(list("abc") * 4), rng())
    np.testing.assert_allclose(found.correlation, 1)
    assert found.status == ["ok", "ok"]
    assert (found.n_stimuli, found.n_repetitions) == (3, 4)


def test_noise_alone_is_not_reliable():
    response = rng().normal(size=(600, 30))
    found = split_half(response, np.tile(np.arange(60), 10).astype(str), rng())
    assert abs(found.correlation.mean()) < 0.1


def test_known_signal_to_noise_is_recovered():
    """Halves of `n` repetitions correlate by ``s² / (s² + 1/n)``; Spearman-Brown gives 2 n."""
    draw = rng()
    signal = draw.normal(size=(400, 20))
    response = np.tile(signal, (8, 1)) + 2.0 * draw.normal(size=(3200, 20))
    found = split_half(response, np.tile(np.arange(400), 8).astype(str), rng())
    np.testing.assert_allclose(found.correlation.mean(), 1 / (1 + 4 / 4), atol=0.02)
    np.testing.assert_allclose(spearman_brown(found.correlation).mean(), 1 / (1 + 4 / 8), atol=0.02)


def test_same_seed_same_numbers():
    response, stimulus = rng().normal(size=(12, 3)), np.array(list("abcd") * 3)
    one, two = (split_half(response, stimulus, rng()).correlation for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_what_has_no_reliability_says_why():
    stimulus = np.array(list("abcdabcd"))
    response = rng().normal(size=(8, 3))
    response[:, 1] = 1 / 3  # constant, though a mean of thirds need not be exactly so
    response[1:, 2] = 0.0  # one spike in all, so one half never sees it
    response[0, 2] = 1.0
    found = split_half(response, stimulus, rng(), splits=10)
    assert np.isfinite(found.correlation).tolist() == [True, False, False]
    assert found.status[0] == "ok"
    assert found.status[1] == (
        "undefined: the same response to every stimulus in a half of 10 of 10 splits"
    )
    assert found.status[2] == found.status[1]


@pytest.mark.parametrize(
    ("stimulus", "words"),
    [("abcd", "0 of 4 stimuli"), ("abcdab", "2 of 4 stimuli"), ("aaaa", "1 of 1 stimuli")],
)
def test_too_few_repeated_stimuli(stimulus, words):
    response = rng().normal(size=(len(stimulus), 2))
    found = split_half(response, np.array(list(stimulus)), rng())
    assert np.isnan(found.correlation).all()
    assert words in found.status[0]


def test_stimuli_shown_once_are_left_out():
    stimulus = np.array(list("abcabcz"))
    response = rng().normal(size=(7, 2))
    found = split_half(response, stimulus, rng())
    np.testing.assert_array_equal(
        found.correlation, split_half(response[:6], stimulus[:6], rng()).correlation
    )
    assert found.n_stimuli == 3


@given(st.floats(-0.99, 1.0), st.integers(1, 10))
def test_spearman_brown(r, parts):
    whole = spearman_brown(r, parts)
    if 1 + (parts - 1) * r <= 0:
        assert np.isnan(whole)
    else:
        np.testing.assert_allclose(whole * (1 + (parts - 1) * r), parts * r, atol=1e-9)
    assert spearman_brown(1.0, parts) == 1.0
    assert spearman_brown(0.0, parts) == 0.0


def test_rows_of_a_session():
    draw = rng()
    response = draw.normal(size=(12, 4))
    response[:, 3] = 0.0
    data = xr.Dataset(
        {"response": (("presentation", "unit"), response)},
        coords={
            "stimulus": ("presentation", list("abcd") * 3),
            "unit": ("unit", list("wxyz")),
            "region": ("unit", ["IT", "V4", "IT", "MT"]),
        },
    )
    rows = unit_rows(data, "s1", "d1", rng())
    assert [row["unit"] for row in rows] == ["w", "x", "y", "z", "", "", ""]
    it, mt, v4 = rows[4:]
    assert [it["region"], mt["region"], v4["region"]] == ["IT", "MT", "V4"]
    np.testing.assert_allclose(
        it["split_half"], (rows[0]["split_half"] + rows[2]["split_half"]) / 2
    )
    assert it["n_units"] == 2
    assert v4["split_half"] == rows[1]["split_half"]
    assert np.isnan(mt["split_half"])
    assert mt["status"] == "undefined: no unit of the region has a value"
