"""Split-half reliability as theorems and against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from isomorph.responses import split_halves
from isomorph.responses.reliability import unit_rows
from isomorph.responses.split_halves import parts_needed, spearman_brown, split_half
from isomorph.responses.splits import draw_run_splits, draw_splits, half_means
from isomorph.responses.variance import divide_variance


def rng():
    return np.random.default_rng(5)


def test_halves_are_disjoint_and_equal_and_random():
    """Presentations as unit vectors: the means then show who is in which half."""
    code = np.array([0, 1, 0, 1, 0, 1, 0, 1, 1])  # stimulus 0 four times, stimulus 1 five times
    first, second = half_means(np.eye(9), draw_splits(code.astype(str), 50, rng()))
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
    """All the ways to halve two presentations of each of three stimuli, enumerated."""
    response = rng().normal(size=(6, 2))
    stimulus = np.array(list("abcabc"))
    expected = []
    for choice in np.ndindex(2, 2, 2):
        a = np.array([response[i + 3 * c] for i, c in enumerate(choice)])
        b = np.array([response[i + 3 * (1 - c)] for i, c in enumerate(choice)])
        expected.append([np.corrcoef(a[:, u], b[:, u])[0, 1] for u in range(2)])
    found = split_half(response, stimulus, rng(), splits=20_000)
    np.testing.assert_allclose(found.correlation, np.mean(expected, axis=0), atol=0.02)


def test_the_products_equal_a_plain_loop_over_the_same_splits(monkeypatch):
    """Stimuli shown 2, 3, 4 and 5 times; blocks of one unit give the same numbers."""
    stimulus = rng().permutation(np.repeat(list("abcdef"), [2, 3, 4, 5, 4, 1]))
    response = rng().normal(size=(len(stimulus), 3))
    groups = draw_splits(stimulus, 7, rng())
    expected = np.zeros((7, 3))
    for split, unit in np.ndindex(7, 3):
        sides = []
        for sign in (1, -1):
            means = []
            for group in groups:
                for rows, signs in zip(group.rows, group.signs[:, split], strict=True):
                    means.append(np.mean(response[rows[signs == sign], unit]))
            sides.append(means)
        expected[split, unit] = np.corrcoef(*sides)[0, 1]
    found = split_half(response, stimulus, rng(), splits=7)
    np.testing.assert_allclose(found.correlation, expected.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.spread, expected.std(axis=0), rtol=1e-10)
    assert (found.n_stimuli, found.n_repetitions, found.n_splits) == (5, 2, 7)
    monkeypatch.setattr(split_halves, "LARGEST", 1)
    again = split_half(response, stimulus, rng(), splits=7)
    np.testing.assert_allclose(again.correlation, found.correlation, rtol=1e-12)


def test_planted_signal_and_noise_variance_are_recovered():
    """Signal variance 2, noise variance 9, stimuli shown 3, 5 and 8 times."""
    draw = rng()
    shown = np.tile([3, 5, 8], 400)
    signal = np.sqrt(2) * draw.normal(size=(1200, 10))
    response = 50 + np.repeat(signal, shown, axis=0) + 3 * draw.normal(size=(shown.sum(), 10))
    found = divide_variance(response, np.repeat(np.arange(1200), shown).astype(str))
    np.testing.assert_allclose(found.signal.mean(), 2, rtol=0.05)
    np.testing.assert_allclose(found.noise.mean(), 9, rtol=0.03)
    np.testing.assert_allclose(found.ratio.mean(), np.sqrt(2) / 3, rtol=0.03)
    np.testing.assert_allclose(found.ceiling(4).mean(), 2 / (2 + 9 / 4), rtol=0.03)


def test_variances_are_those_of_a_textbook_analysis():
    response = rng().normal(size=(9, 2)) + 3
    stimulus = np.array(list("aabbbcccc"))
    counts = np.array([2, 3, 4])
    groups = [response[stimulus == s] for s in "abc"]
    within = sum(((g - g.mean(axis=0)) ** 2).sum(axis=0) for g in groups) / (9 - 3)
    between = sum(
        len(g) * (g.mean(axis=0) - response.mean(axis=0)) ** 2 for g in groups
    ) / (3 - 1)  # fmt: skip
    n0 = (9 - (counts**2).sum() / 9) / 2
    found = divide_variance(response, stimulus)
    np.testing.assert_allclose(found.noise, within)
    np.testing.assert_allclose(found.signal, (between - within) / n0)


def test_no_signal_has_no_snr_and_no_ceiling_above_zero():
    """Presentations that cancel: every stimulus has the same mean, so the signal falls below 0."""
    response = np.array([[1.0, 7.0], [-1.0, 7.0]] * 4)
    found = divide_variance(response, np.repeat(list("abcd"), 2))
    assert found.signal[0] < 0
    assert found.ratio[0] == found.ceiling(2)[0] == 0
    assert np.isnan(found.ratio[1])
    assert np.isnan(found.ceiling(2)[1])


@given(st.floats(0.01, 0.99), st.floats(0.05, 0.95))
def test_the_parts_needed_give_the_target(r, target):
    np.testing.assert_allclose(spearman_brown(r, float(parts_needed(r, target))), target)
    assert np.isnan(parts_needed(-r, target))


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
    np.testing.assert_allclose(
        found.correlation, split_half(response[:6], stimulus[:6], rng()).correlation, rtol=1e-12
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
    assert mt["n_units"] == 0
    assert {row["n_splits"] for row in rows} == {100}


def test_the_curve_of_reliability_comes_true():
    """What 4 presentations predict of 16 is what 16 presentations give, and 16 of 4."""
    draw = rng()
    signal = draw.normal(size=(300, 25))
    truth = {n: 1 / (1 + 6 / n) for n in (1, 4, 16)}
    predicted = {}
    for n in (4, 16):
        response = np.tile(signal, (n, 1)) + np.sqrt(6) * draw.normal(size=(300 * n, 25))
        data = xr.Dataset(
            {"response": (("presentation", "unit"), response)},
            coords={
                "stimulus": ("presentation", np.tile(np.arange(300), n).astype(str)),
                "unit": ("unit", np.arange(25).astype(str)),
                "region": ("unit", np.full(25, "IT")),
            },
        )
        (region,) = [row for row in unit_rows(data, "s", "d", rng()) if row["unit"] == ""]
        predicted[n] = region
    for region in predicted.values():
        for number, expected in truth.items():
            assert region[f"reliability_at_{number}"] == pytest.approx(expected, abs=0.02)
        assert region["repetitions_for_0.8"] == pytest.approx(24, rel=0.1)
        assert region["noise_ceiling"] == pytest.approx(region["spearman_brown"], abs=0.02)


def runs_of_noise(n, runs, units, baseline=0.0, centred=False, signal=0.0, presentations=1):
    """Return a session of so many stimuli in each run, their responses noise of variance 1."""
    draw = np.random.default_rng(3)
    response = draw.normal(size=(runs, presentations, n, units))
    response += signal * draw.normal(size=(n, units))
    response += baseline * draw.normal(size=(runs, 1, 1, units))
    if centred:
        response -= response.mean(axis=(1, 2), keepdims=True)
    stimulus = np.tile(np.arange(n).astype(str), runs * presentations)
    run = np.repeat(np.arange(runs).astype(str), n * presentations)
    return xr.Dataset(
        {"response": (("presentation", "unit"), response.reshape(-1, units))},
        coords={
            "stimulus": ("presentation", stimulus.astype(object)),
            "run": ("presentation", run.astype(object)),
            "unit": ("unit", np.arange(units).astype(str)),
            "region": ("unit", np.full(units, "V1")),
        },
    )


def region_row(data):
    (region,) = [row for row in unit_rows(data, "s", "1", rng()) if row["unit"] == ""]
    return region


@pytest.mark.parametrize("presentations", [1, 3])
@pytest.mark.parametrize(("baseline", "centred"), [(0, False), (3, False), (3, True)])
def test_noise_in_runs_is_not_reliable(baseline, centred, presentations):
    """Neither the baseline of a run nor taking its mean off makes noise look like signal."""
    region = region_row(runs_of_noise(8, 12, 1000, baseline, centred, presentations=presentations))
    for name in ("split_half", "spearman_brown", "reliability_at_1"):
        assert region[name] == pytest.approx(0, abs=0.03), name
    assert region["signal_variance"] == pytest.approx(0, abs=0.01)
    assert region["noise_variance"] == pytest.approx(1, abs=0.01)
    assert region["noise_ceiling"] < 0.05


@pytest.mark.parametrize("centred", [False, True])
def test_signal_in_runs_is_as_reliable_as_planted(centred):
    region = region_row(runs_of_noise(60, 8, 300, 2.0, centred, signal=0.5))
    assert region["signal_variance"] == pytest.approx(0.25, rel=0.05)
    assert region["noise_variance"] == pytest.approx(1, rel=0.02)
    assert region["split_half"] == pytest.approx(0.25 / (0.25 + 1 / 4), abs=0.03)
    assert region["noise_ceiling"] == pytest.approx(0.25 / (0.25 + 1 / 8), abs=0.02)
    assert region["snr"] == pytest.approx(0.5, rel=0.05)
    assert region["reliability_at_8"] == pytest.approx(region["spearman_brown"])


def test_a_region_of_noise_has_no_ceiling_and_what_is_foretold_agrees():
    """Without runs: four presentations of eight stimuli, five hundred units."""
    region = region_row(runs_of_noise(8, 4, 500).drop_vars("run"))
    assert region["noise_ceiling"] < 0.03
    assert region["snr"] < 0.1
    assert region["spearman_brown"] == pytest.approx(region["reliability_at_4"])
    assert abs(region["spearman_brown"]) < 0.05


def test_a_half_is_of_whole_runs():
    """Presentations as unit vectors: who is in a half is who was in its runs."""
    run, stimulus = np.repeat(np.arange(5), 3), np.tile(list("abc"), 5)
    run, stimulus = run[:-1], stimulus[:-1]  # the last run lacks c
    groups = draw_run_splits(stimulus, run.astype(str), 60, rng())
    first, second = half_means(np.eye(14), groups)
    assert not np.any((first > 0) & (second > 0))
    for half in (first, second):
        runs = [set(run[np.any(one > 0, axis=0)]) for one in half]
        assert {len(one) for one in runs} == {2}
        for one, means in zip(runs, half, strict=True):
            np.testing.assert_array_equal(np.any(means > 0, axis=0), np.isin(run, list(one)))


def test_stimuli_missing_from_a_half_are_left_out_of_that_split():
    """Each of 40 stimuli in three of six runs with a baseline each: against a plain loop."""
    draw = rng()
    run = np.concatenate([draw.permutation(6)[:3] for _ in range(40)])
    stimulus = np.repeat(np.arange(40), 3).astype(str)
    response = draw.normal(size=(120, 3)) + 5 * draw.normal(size=(6, 3))[run]
    signs = draw_run_splits(stimulus, run.astype(str), 20, rng())[0].signs  # (stimulus, split, 3)
    expected = np.zeros((20, 3))
    for split, unit in np.ndindex(20, 3):
        pairs = []
        for place in range(40):
            values = response[np.unique(stimulus, return_inverse=True)[1] == place, unit]
            sides = [values[signs[place, split] == sign] for sign in (1, -1)]
            if len(sides[0]) and len(sides[1]):
                pairs.append([side.mean() for side in sides])
        expected[split, unit] = np.corrcoef(np.transpose(pairs))[0, 1]
    found = split_half(response, stimulus, rng(), splits=20, run=run.astype(str))
    np.testing.assert_allclose(found.correlation, expected.mean(axis=0), rtol=1e-10)
    assert found.presentations == pytest.approx(2 / (1 + 1 / 2))  # one presentation against two
    assert (found.n_stimuli, found.n_repetitions, found.n_splits) == (40, 3, 20)


def test_stimuli_repeated_within_one_run_alone_are_halved_within_it():
    response, stimulus = rng().normal(size=(16, 2)), np.array(list("aabbccddeeffgghh"))
    run = np.repeat(["1", "2"], 8)
    np.testing.assert_allclose(
        split_half(response, stimulus, rng(), run=run).correlation,
        split_half(response, stimulus, rng()).correlation,
        rtol=1e-12,
    )


def test_variances_with_runs_are_those_of_least_squares():
    """An unbalanced design, against residuals of both models and the trace of the projection.

    No stimulus comes twice in a run; where it does, its mean in the run takes their place.
    """
    draw = rng()
    stimulus = np.array(list("aabbbccccdde"))
    run = np.array(list("121231234233"))
    response = draw.normal(size=(12, 2)) + 4 * (run == "2")[:, None]
    kept = stimulus != "e"
    z = (stimulus[kept, None] == np.unique(stimulus[kept])).astype(float)
    x = (run[kept, None] == np.unique(run)).astype(float)
    y = response[kept]

    def left(design):
        return y - design @ np.linalg.lstsq(design, y, rcond=None)[0]

    both = np.hstack([x, z])
    rank = np.linalg.matrix_rank(both)
    noise = np.sum(left(both) ** 2, axis=0) / (len(y) - rank)
    outside = np.eye(len(y)) - x @ np.linalg.pinv(x)
    explained = np.sum(left(x) ** 2, axis=0) - np.sum(left(both) ** 2, axis=0)
    found = divide_variance(response, stimulus, run)
    np.testing.assert_allclose(found.noise, noise)
    np.testing.assert_allclose(
        found.signal, (explained - (rank - x.shape[1]) * noise) / np.trace(z.T @ outside @ z)
    )
    twice = divide_variance(np.repeat(response, 2, axis=0), stimulus.repeat(2), run.repeat(2))
    np.testing.assert_allclose(twice.signal, found.signal)
    np.testing.assert_allclose(twice.noise, 2 * found.noise)


def test_noise_that_presentations_of_a_run_share_is_no_signal():
    """Eight stimuli twice in each of six runs, where either presentation meets the same noise."""
    draw = np.random.default_rng(4)
    shared = draw.normal(size=(6, 1, 8, 2000)) + 0.5 * draw.normal(size=(6, 2, 8, 2000))
    stimulus, run = np.tile(np.arange(8).astype(str), 12), np.repeat(list("abcdef"), 16)
    response = shared.reshape(-1, 2000)
    found = divide_variance(response, stimulus, run)
    assert found.signal.mean() == pytest.approx(0, abs=0.01)
    # What noise does to the mean over twelve presentations is that of six runs.
    assert found.noise.mean() / 12 == pytest.approx((1 + 0.25 / 2) / 6, rel=0.05)
    apart = divide_variance(response, stimulus)
    assert apart.signal.mean() > 0.05
    halves = split_half(response, stimulus, rng(), run=run)
    assert halves.correlation.mean() == pytest.approx(0, abs=0.03)
    assert split_half(response, stimulus, rng()).correlation.mean() > 0.1


def test_halves_of_runs_without_enough_stimuli_in_common_are_none():
    """Each stimulus stands in two of many runs, and hardly ever in both halves."""
    stimulus = np.repeat(list("abcd"), 2)
    run = np.array(list("12345678"))
    none = split_half(rng().normal(size=(8, 2)), stimulus, rng(), splits=1, run=run)
    assert none.status[0] == "undefined: no halves of 8 runs have 3 stimuli in common"
    assert none.n_splits == 0
    assert np.isnan(none.correlation).all()
