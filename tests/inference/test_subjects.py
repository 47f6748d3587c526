"""Subjects one by one, tests over them, and the chance level they are set against."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import permutation_test, ttest_1samp

from isomorph.inference.gather import Candidates, Region
from isomorph.inference.setting import Setting
from isomorph.inference.subjects import (
    EXACT,
    chance_of,
    over_subjects,
    sign_flip,
    subject_rows,
    t_test,
)
from isomorph.measures import MEASURES
from isomorph.study import Inference

RNG = np.random.default_rng


def setting(measure="pearson", **settings):
    return Setting("d", False, "euclidean", MEASURES[measure], Inference(**settings))


def positive_rdms(rng, n, n_stimuli):
    """Squared distances between random patterns: `(rdm, pair)`."""
    patterns = rng.standard_normal((n, n_stimuli, 4))
    i, j = np.triu_indices(n_stimuli, 1)
    return ((patterns[:, i] - patterns[:, j]) ** 2).sum(axis=2)


def test_nothing_is_tested_where_chance_is_not_known():
    rdms = positive_rdms(RNG(1), 6, 6)
    unknown = replace(MEASURES["cosine"], known_chance=False)
    by_chance = chance_of(Region("IT", rdms, tuple("abcdef"), None, None), rdms[:2], unknown)
    assert np.isnan(by_chance).all()
    found = over_subjects(np.full((6, 2), 0.5), by_chance, setting())
    assert all(np.isnan(values).all() for values in found.values())


def test_t_is_that_of_scipy():
    values = RNG(3).standard_normal((7, 4)) + 0.4
    t, p = t_test(values)
    expected = ttest_1samp(values, 0, alternative="greater")
    np.testing.assert_allclose(t, expected.statistic)
    np.testing.assert_allclose(p, expected.pvalue)
    assert np.isnan(t_test(np.ones((7, 1)))[1]).all()


def test_sign_flips_are_those_of_scipy_and_no_p_is_below_the_floor():
    values = RNG(4).standard_normal((6, 3)) + 0.3
    for column, found in zip(values.T, sign_flip(values, RNG(0)), strict=True):
        expected = permutation_test(
            (column,), np.mean, permutation_type="samples", alternative="greater", n_resamples=1000
        )
        assert found == pytest.approx(expected.pvalue)
    assert sign_flip(np.full((4, 1), 0.9), RNG(0))[0] == 1 / 16
    assert np.isnan(sign_flip(np.array([[1.0], [np.nan]]), RNG(0))[0])


def test_drawn_signs_agree_with_all_signs_and_with_their_seed():
    values = RNG(5).standard_normal((EXACT + 1, 5)) + 0.2
    exact = sign_flip(np.concatenate([values[:EXACT]]), RNG(0))
    assert (exact * 2**EXACT % 1 == 0).all()
    drawn = sign_flip(values, RNG(0))
    np.testing.assert_array_equal(drawn, sign_flip(values, RNG(0)))
    np.testing.assert_allclose(drawn, t_test(values)[1], atol=0.03)
    assert (drawn >= 2.0**-EXACT).all()


@pytest.mark.parametrize("name", ["pearson", "whitened_cosine"])
def test_both_tests_hold_their_level(name):
    """Subjects of noise, each with a geometry of its own, against candidates of noise."""
    rng, claims = RNG(6), []
    for _ in range(60):
        rdms, candidates = positive_rdms(rng, 8, 15), positive_rdms(rng, 10, 15)
        given = setting(name)
        estimate = given.measure.compare(rdms, candidates)
        found = over_subjects(estimate, given.measure.chance(rdms, candidates), given)
        claims.append([found["p_subjects_t"] <= 0.05, found["p_subjects_sign_flip"] <= 0.05])
    assert (np.mean(claims, axis=(0, 2)) <= 0.07).all()
    assert (np.mean(claims, axis=(0, 2)) >= 0.03).all()


def test_the_truth_is_found_with_enough_subjects_and_too_few_are_not_tested():
    rng = RNG(7)
    truth = positive_rdms(rng, 1, 15)
    estimate = MEASURES["pearson"].compare(truth + rng.standard_normal((6, 105)), truth)
    found = over_subjects(estimate, np.zeros_like(estimate), setting())
    assert found["p_subjects_t"][0] < 0.001
    assert found["p_subjects_sign_flip"][0] == 1 / 64
    few = over_subjects(estimate[:4], np.zeros((4, 1)), setting())
    assert all(np.isnan(values).all() for values in few.values())


def test_every_subject_has_a_row_for_every_candidate():
    table = pd.DataFrame({"model": ["m", "m"], "layer": ["a", "b"], "depth": [0, 1]})
    region = Region("IT", np.zeros((2, 6)), ("s1", "s2"), None, None, subject_units=(12, None))
    estimate = np.array([[0.1, 0.2], [0.3, np.nan]])
    rows = subject_rows(
        region, Candidates(table, np.zeros((2, 6))), estimate, np.zeros((2, 2)), setting()
    )
    assert rows["subject"].tolist() == ["s1", "s1", "s2", "s2"]
    assert rows["layer"].tolist() == ["a", "b", "a", "b"]
    assert rows["estimate"].tolist()[:3] == [0.1, 0.2, 0.3]
    assert rows["n_units"].fillna(-1).tolist() == [12, 12, -1, -1]
    assert rows["reason"].tolist() == [""] * 3 + ["the measure is undefined here"]
