"""Noise normalisation, against rsatoolbox and against matrices that are formed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rsatoolbox.data import Dataset
from rsatoolbox.data.noise import cov_from_residuals
from rsatoolbox.rdm import calc_rdm
from sklearn.covariance import ledoit_wolf

from isomorph.errors import IsomorphError
from isomorph.geometry.covariance import SHRINKAGE
from isomorph.rdms import DISTANCES, fold_gram, geometry_of_features
from isomorph.responses.bids.design import Design
from isomorph.responses.bids.glm import ols
from isomorph.responses.bids.voxel_noise import normaliser

THEIRS = {"identity": "shrinkage_eye", "diagonal": "shrinkage_diag"}


def correlated(n_scans, n_voxels, seed):
    """Return residuals with means of 0 whose voxels covary, of unlike variances."""
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((n_voxels, n_voxels)) / np.sqrt(n_voxels) + np.eye(n_voxels)
    values = rng.standard_normal((n_scans, n_voxels)) @ mixing * rng.uniform(0.5, 3, n_voxels)
    return values - values.mean(axis=0)


@pytest.mark.parametrize("shrinkage", THEIRS)
@given(
    n_scans=st.integers(10, 60), n_voxels=st.integers(2, 80), lost=st.integers(1, 8),
    seed=st.integers(0, 1000),
)  # fmt: skip
def test_covariance_is_that_of_rsatoolbox(shrinkage, n_scans, n_voxels, lost, seed):
    residuals = correlated(n_scans, n_voxels, seed)
    freedom = n_scans - lost
    theirs = cov_from_residuals(residuals, dof=freedom, method=THEIRS[shrinkage])
    ours = SHRINKAGE[shrinkage](residuals, freedom).matrix()
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10)


def test_shrinking_to_equal_variances_is_ledoit_and_wolf():
    residuals = correlated(40, 25, seed=1)
    theirs, _ = ledoit_wolf(residuals, assume_centered=True)
    ours = SHRINKAGE["identity"](residuals, freedom=40).matrix()
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize("shrinkage", THEIRS)
@pytest.mark.parametrize("n_voxels", [12, 90], ids=["fewer voxels", "more voxels"])
def test_inner_products_after_whitening_are_those_under_the_inverse(shrinkage, n_voxels):
    covariance = SHRINKAGE[shrinkage](correlated(30, n_voxels, seed=2), freedom=25)
    amplitudes = np.random.default_rng(3).standard_normal((7, n_voxels))
    white = covariance.whiten(amplitudes)
    wanted = amplitudes @ np.linalg.inv(covariance.matrix()) @ amplitudes.T
    np.testing.assert_allclose(white @ white.T, wanted, rtol=1e-9)


# rsatoolbox casts NaN into integer descriptors when it merges folds.
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("shrinkage", THEIRS)
@pytest.mark.parametrize("n_voxels", [8, 50])
def test_crossvalidated_distances_of_whitened_amplitudes_are_crossnobis(shrinkage, n_voxels):
    rng = np.random.default_rng(4)
    amplitudes = rng.standard_normal((5, 6, n_voxels))  # (run, stimulus, voxel)
    residuals = [correlated(40, n_voxels, seed=run) for run in range(5)]
    covariance = normaliser(residuals, [31] * 5, "multivariate", shrinkage, "region")
    white = np.stack([covariance.whiten(run) for run in amplitudes])
    crossed = fold_gram(white, np.ones((5, 6), dtype=bool))
    ours = DISTANCES["crossvalidated_euclidean"].compute(
        geometry_of_features(white.mean(axis=0), crossed)
    )
    data = Dataset(
        amplitudes.reshape(-1, n_voxels),
        obs_descriptors={
            "stimulus": np.tile(np.arange(6), 5), "run": np.repeat(np.arange(5), 6)
        },
    )  # fmt: skip
    theirs = calc_rdm(
        data, method="crossnobis", descriptor="stimulus", cv_descriptor="run",
        noise=np.linalg.inv(covariance.matrix()),
    )  # fmt: skip
    np.testing.assert_allclose(ours, theirs.dissimilarities[0], rtol=0, atol=1e-10)


def test_degrees_of_freedom_are_scans_less_rank_and_not_less_columns():
    """Where columns repeat, columns overstate what the design explains."""
    rng = np.random.default_rng(5)
    columns = rng.standard_normal((100, 20))
    interest = np.column_stack([columns] * 4)  # 80 columns of rank 20
    volumes = rng.standard_normal((100, 400))
    fit = ols(Design(interest, np.ones((100, 1))), volumes)
    assert fit.freedom == 79
    variance = normaliser([fit.residuals], [fit.freedom], "univariate", "diagonal", "r").matrix()
    assert np.diag(variance).mean() == pytest.approx(1, rel=0.02)


def test_the_number_of_columns_in_place_of_degrees_of_freedom_inflates_variance():
    """100 scans and 18 columns: variances 4.5 times too large, all covariance shrunk away."""
    rng = np.random.default_rng(6)
    mixing = np.eye(30) + 0.2
    design = Design(rng.standard_normal((100, 17)), np.ones((100, 1)))
    fit = ols(design, rng.standard_normal((100, 30)) @ mixing)
    right = normaliser([fit.residuals], [fit.freedom], "multivariate", "diagonal", "r").matrix()
    wrong = normaliser([fit.residuals], [18], "multivariate", "diagonal", "r").matrix()
    off = ~np.eye(30, dtype=bool)
    assert np.diag(wrong).mean() / np.diag(right).mean() == pytest.approx(82 / 18)
    assert not wrong[off].any()
    assert right[off].mean() > 0.5 * (mixing @ mixing)[off].mean()


def test_univariate_noise_has_standard_deviation_one():
    residuals = correlated(50, 9, seed=7)
    covariance = normaliser([residuals], [50], "univariate", "diagonal", "r")
    np.testing.assert_allclose(covariance.whiten(residuals).std(axis=0), 1)


def test_no_freedom_left_is_said():
    with pytest.raises(IsomorphError, match="V1: the design has as many independent columns"):
        normaliser([np.ones((5, 3))], [0], "univariate", "diagonal", "V1")
