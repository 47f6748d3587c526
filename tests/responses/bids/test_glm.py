"""Models of many voxels at once, against nilearn and against loops of fits."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from nilearn.glm.first_level import run_glm

from isomorph.responses.bids.design import Design, make_design
from isomorph.responses.bids.glm import ar1, estimable, lss, ols, present, rank, ridge
from isomorph.study.bids import BidsResponses


def settings(**keys):
    return BidsResponses.model_validate(
        {
            "kind": "bids", "bold": "x", "events": {"files": "x"},
            "regions": {"kind": "whole", "file": "m", "region": "r"}, **keys,
        }
    )  # fmt: skip


def a_design(seed=0, n_scans=120, n_trials=30, per_trial=True):
    rng = np.random.default_rng(seed)
    trials = pd.DataFrame({"onset": np.sort(rng.uniform(0, 220, n_trials)), "duration": 1.0})
    which = np.arange(n_trials) if per_trial else np.arange(n_trials) % 6
    confounds = rng.standard_normal((n_scans, 3))
    return make_design(trials, which, 2.0 * np.arange(n_scans), settings(), confounds)


def noise(n_scans, n_voxels, rho=0.4, seed=1):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((n_scans, n_voxels))
    for scan in range(1, n_scans):
        values[scan] += rho * values[scan - 1]
    return values


def test_ols_is_that_of_nilearn():
    design, volumes = a_design(per_trial=False), noise(120, 40)
    fit = ols(design, volumes)
    _, results = run_glm(volumes, design.matrix, noise_model="ols")
    (theirs,) = results.values()
    np.testing.assert_allclose(fit.amplitudes, theirs.theta[:6], atol=1e-10)
    np.testing.assert_allclose(fit.residuals, theirs.residuals, atol=1e-10)
    assert fit.freedom == theirs.df_residuals


def test_ar1_is_that_of_nilearn():
    design, volumes = a_design(per_trial=False), noise(120, 60)
    fit = ar1(design, volumes)
    labels, results = run_glm(volumes, design.matrix, noise_model="ar1")
    amplitudes, residuals = np.empty_like(fit.amplitudes), np.empty_like(fit.residuals)
    for label, theirs in results.items():
        amplitudes[:, labels == label] = theirs.theta[:6]
        residuals[:, labels == label] = theirs.whitened_residuals
    assert len(results) > 5
    np.testing.assert_allclose(fit.amplitudes, amplitudes, atol=1e-8)
    np.testing.assert_allclose(fit.residuals, residuals, atol=1e-8)
    assert fit.freedom == next(iter(results.values())).df_residuals


@examples(max_examples=12)
@given(seed=st.integers(0, 1000), n_trials=st.integers(1, 14), n_scans=st.integers(60, 110))
def test_lss_is_a_model_per_trial(seed, n_trials, n_scans):
    design = a_design(seed, n_scans, n_trials)
    volumes = noise(n_scans, 5, seed=seed)
    fit = lss(design, volumes)
    for trial in np.flatnonzero(present(design)):
        own = design.interest[:, [trial]]
        others = design.interest.sum(axis=1, keepdims=True) - own
        model = np.column_stack([own, others, design.nuisance])
        scale = np.linalg.norm(model, axis=0)
        scale[scale == 0] = 1
        alone = np.linalg.pinv(model / scale, rcond=1e-10)[0] @ volumes / scale[0]
        np.testing.assert_allclose(fit.amplitudes[trial], alone, rtol=1e-6, atol=1e-8)


def test_ridge_is_least_squares_with_rows_that_pull_to_zero():
    design, volumes = a_design(), noise(120, 4)
    left = design.interest - design.nuisance @ np.linalg.lstsq(design.nuisance, design.interest)[0]
    root = np.sqrt(0.3 * np.trace(left.T @ left) / 30)
    pulled = np.zeros((30, design.matrix.shape[1]))
    pulled[:, :30] = root * np.eye(30)
    target = np.vstack([volumes, np.zeros((30, 4))])
    theirs = np.linalg.lstsq(np.vstack([design.matrix, pulled]), target)[0][:30]
    np.testing.assert_allclose(ridge(design, volumes, 0.3).amplitudes, theirs, atol=1e-8)


def test_amplitudes_are_those_that_were_put_in():
    design = a_design(per_trial=False)
    planted = np.random.default_rng(3).standard_normal((6, 10))
    nuisance = design.nuisance @ np.ones((design.nuisance.shape[1], 10))
    volumes = design.interest @ planted + nuisance
    for fit in (ols(design, volumes), ar1(design, volumes + 1e-9 * noise(120, 10))):
        np.testing.assert_allclose(fit.amplitudes, planted, atol=1e-6)


def test_what_the_design_confounds_is_found():
    rng = np.random.default_rng(0)
    one, other = rng.standard_normal((2, 50))
    constant = np.ones(50)
    design = Design(
        np.column_stack([one, other, other * 3, np.zeros(50), constant, one * 1e-3]),
        constant[:, None],
    )
    assert not estimable(design).any()
    assert estimable(Design(design.interest[:, :5], design.nuisance)).tolist() == [True] + 4 * [
        False
    ]
    assert present(design).tolist() == [True, True, True, False, False, False]
    assert rank(design.matrix) == 3
    assert ols(design, rng.standard_normal((50, 2))).freedom == 47


def test_volumes_taken_later_see_the_response_earlier():
    trials = pd.DataFrame({"onset": [20.0], "duration": [1.0]})
    frames = np.arange(40.0)
    at_once, later = (
        make_design(trials, np.zeros(1, int), frames + start, settings(drift="none")).interest[:, 0]
        for start in (0.0, 1.0)
    )
    assert at_once.argmax() == later.argmax() + 1 == 26


@pytest.mark.parametrize(("drift", "columns"), [("cosine", 3 + 3), ("none", 3 + 1)])
def test_drifts_follow_the_cut_off(drift, columns):
    trials = pd.DataFrame({"onset": [20.0], "duration": [1.0]})
    made = make_design(
        trials, np.zeros(1, int), 2.0 * np.arange(100), settings(drift=drift, high_pass=1 / 150),
        np.random.default_rng(0).standard_normal((100, 3)),
    )  # fmt: skip
    assert made.nuisance.shape[1] == columns


def test_trials_of_no_interest_are_one_regressor():
    trials = pd.DataFrame({"onset": [5.0, 20.0, 20.0, 50.0], "duration": 1.0})
    made = make_design(trials, np.array([0, -1, -1, 1]), np.arange(80.0), settings(drift="none"))
    assert made.interest.shape[1] == 2
    assert made.nuisance.shape[1] == 2
    assert made.nuisance[:, 0].argmax() == 26


@pytest.mark.parametrize("duration", [0.0, 0.017, 0.05, 0.11, 0.53, 3.0])
@pytest.mark.parametrize(("repetition", "start"), [(2.0, 0.0), (0.8, 0.3)])
def test_a_trial_is_as_strong_as_it_is_long_whenever_it_begins(duration, repetition, start):
    onset = np.sort(np.random.default_rng(0).uniform(0, 120, 30))
    trials = pd.DataFrame({"onset": np.append(onset, 40.0), "duration": duration})
    frames = start + repetition * np.arange(int(200 / repetition))
    design = make_design(trials, np.arange(31), frames, settings(drift="none"))
    # a response function of area 1; that of an impulse is as of one second
    areas = design.interest.sum(axis=0) * repetition
    np.testing.assert_allclose(areas, duration or 1.0, rtol=5e-3)
