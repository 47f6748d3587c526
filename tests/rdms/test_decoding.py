"""Decoding accuracy against scikit-learn's discriminants, against theory, and its gaps."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from isomorph.geometry import UndefinedDistanceError
from isomorph.rdms import DISTANCES, Folds, geometry_of_folds
from isomorph.rdms.precision import SessionNoise, groups
from isomorph.study.dataset import NoiseSpec


def folds_of(seed, n_folds=6, n_stimuli=5, n_units=8, signal=0.6):
    rng = np.random.default_rng(seed)
    values = signal * rng.standard_normal((n_stimuli, n_units))
    values = values + rng.standard_normal((n_folds, n_stimuli, n_units))
    return Folds(values, np.ones((n_folds, n_stimuli), dtype=bool))


def accuracies(folds, **noise):
    name = "lda_accuracy"
    return DISTANCES[name].compute(geometry_of_folds(folds, [name], NoiseSpec(**noise)))


class Given:
    """An estimator of covariance that was told it."""

    def __init__(self, covariance_):
        self.covariance_ = covariance_

    def fit(self, _):
        return self


@pytest.mark.parametrize("n_folds", [6, 13])
def test_accuracy_is_that_of_scikit_learn_under_the_same_covariance(n_folds):
    folds = folds_of(1, n_folds=n_folds)
    expected = []
    for i, j in zip(*np.triu_indices(5, 1), strict=True):
        right = []
        for group in groups(n_folds):
            train = folds.of(~group)
            covariance = SessionNoise(train, "diagonal").covariance.matrix()
            pair = train.values[:, [i, j]].reshape(-1, 8)
            labels = np.tile([0, 1], len(train))
            fitted = LinearDiscriminantAnalysis(
                solver="lsqr", priors=[0.5, 0.5], covariance_estimator=Given(covariance)
            ).fit(pair, labels)
            tests = folds.values[group][:, [i, j]].reshape(-1, 8)
            right += (fitted.predict(tests) == np.tile([0, 1], group.sum())).tolist()
        expected.append(np.mean(right))
    np.testing.assert_allclose(accuracies(folds), expected, atol=1e-12)
    assert 0.5 < np.mean(expected) < 1


def test_accuracy_of_noise_is_chance():
    means = [accuracies(folds_of(seed, signal=0.0)).mean() for seed in range(80)]
    assert abs(np.mean(means) - 0.5) < 3 * np.std(means) / np.sqrt(80)


def test_accuracy_with_much_data_is_that_of_the_distance_between_means():
    """Stimuli some standard deviations apart: the normal integral of half of that."""
    rng = np.random.default_rng(2)
    means = np.zeros((4, 6))
    means[:, 0] = [0.0, 1.0, 2.0, 3.0]
    values = means + rng.standard_normal((3000, 4, 6))
    found = accuracies(Folds(values, np.ones((3000, 4), bool)))
    expected = norm.cdf(
        np.abs(np.subtract.outer(means[:, 0], means[:, 0]))[np.triu_indices(4, 1)] / 2
    )
    np.testing.assert_allclose(found, expected, atol=0.015)


def test_folds_without_a_stimulus_do_not_count_for_it():
    folds = folds_of(3)
    seen = folds.seen.copy()
    seen[4:, 2] = False
    fewer = Folds(np.where(seen[:, :, None], folds.values, 0.0), seen)
    part = geometry_of_folds(fewer, ["lda_accuracy"]).parts["lda_accuracy"].values
    assert np.isnan(part[4:, 2]).all()
    assert np.isfinite(np.delete(part[4:], 2, axis=1)).all()
    assert np.isfinite(accuracies(fewer)).all()


def chance_of(seen_of, n=60, n_units=20):
    """Accuracies of nothing but noise, of folds that show some stimuli each: mean and error."""
    means = []
    for seed in range(n):
        rng = np.random.default_rng(seed)
        seen = seen_of(rng)
        values = rng.standard_normal((*seen.shape, n_units))
        means.append(accuracies(Folds(np.where(seen[:, :, None], values, 0.0), seen)).mean())
    return np.mean(means), np.std(means) / np.sqrt(n)


@pytest.mark.parametrize(
    "seen_of",
    [
        lambda rng: np.arange(6)[:, None] < rng.permutation([3, 3, 3, 3, 6, 6, 6, 6]),
        lambda rng: np.tile(np.eye(6, dtype=bool), (5, 1)),  # stimuli of a group, one at a time
        lambda rng: np.tile(np.eye(6, dtype=bool), (6, 1))[:-3],
    ],
)
def test_noise_is_decoded_by_chance_where_folds_lack_stimuli(seen_of):
    """A mean of fewer presentations is farther from any response; that favours neither stimulus."""
    mean, error = chance_of(seen_of)
    assert abs(mean - 0.5) < 3 * error
    assert error < 0.012


def test_groups_without_runs_are_decoded_fold_by_fold():
    """Every fold is one stimulus of a group, or the same ones side by side."""
    folds = folds_of(5, signal=1.0)
    apart = np.zeros((6, 5, 5, 8))
    apart[:, np.arange(5), np.arange(5)] = folds.values
    seen = np.tile(np.eye(5, dtype=bool), (6, 1))
    np.testing.assert_array_equal(
        accuracies(Folds(apart.reshape(30, 5, 8), seen)), accuracies(folds)
    )


def test_two_stimuli_that_no_fold_shows_both_are_not_decoded():
    seen = np.ones((6, 4), dtype=bool)
    seen[:3, 0] = seen[3:, 1] = False
    values = np.where(seen[:, :, None], folds_of(6, n_stimuli=4).values, 0.0)
    with pytest.raises(UndefinedDistanceError, match="a fold, for every two stimuli"):
        accuracies(Folds(values, seen))


def test_two_repetitions_are_too_few():
    with pytest.raises(UndefinedDistanceError, match="at least three repetitions"):
        accuracies(folds_of(4, n_folds=2))
