"""Poisson divergences against rsatoolbox, fold by fold, and against the formula."""

import numpy as np
import pytest
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import calc_rdm

from isomorph.geometry import UndefinedDistanceError, joined
from isomorph.rdms import DISTANCES, Folds, geometry_of_folds
from isomorph.study.dataset import NoiseSpec

# rsatoolbox casts NaN into integer descriptors when it merges folds.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")


def counts_of(seed, n_folds=4, n_stimuli=6, n_units=15):
    rng = np.random.default_rng(seed)
    rates = rng.gamma(2, 3, (n_stimuli, n_units))
    values = rng.poisson(rates, (n_folds, n_stimuli, n_units)).astype(float)
    return Folds(values, np.ones((n_folds, n_stimuli), dtype=bool))


def distances(name, folds, **noise):
    return DISTANCES[name].compute(geometry_of_folds(folds, [name], NoiseSpec(**noise)))


def theirs(folds, method, order=None, **options):
    fold, stimulus = np.nonzero(folds.seen)
    number = fold if order is None else np.asarray(order)[fold]
    data = Dataset(folds.values[folds.seen], obs_descriptors={"stimulus": stimulus, "fold": number})
    if method == "poisson_cv":
        options["cv_descriptor"] = "fold"
    return calc_rdm(data, method, descriptor="stimulus", **options).get_vectors()[0]


@pytest.mark.parametrize("prior", [(1.0, 0.1), (4.0, 0.5)])
def test_divergences_are_those_of_rsatoolbox(prior):
    folds = counts_of(0)
    expected = theirs(folds, "poisson", prior_lambda=prior[0], prior_weight=prior[1])
    found = distances("poisson_kl", folds, prior_rate=prior[0], prior_weight=prior[1])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_cross_validated_divergences_are_the_mean_of_folds_of_which_rsatoolbox_gives_the_last():
    folds = counts_of(1)
    # Each fold in turn is given the highest number, which is the one rsatoolbox returns.
    last = [[*range(one), 3, *range(one, 3)] for one in range(4)]
    each = np.array([theirs(folds, "poisson_cv", order) for order in last])
    assert np.ptp(each, axis=0).min() > 1e-3
    found = distances("crossvalidated_poisson_kl", folds)
    np.testing.assert_allclose(found, each.mean(axis=0), rtol=0, atol=1e-10)


def test_a_single_test_fold_equals_rsatoolbox():
    """Where only one fold shows all stimuli and the other has none, that fold is all there is."""
    from isomorph.rdms.poisson import divergences, with_prior

    folds = counts_of(2)
    settings = NoiseSpec()
    train = with_prior(folds.values[:3].mean(axis=0), settings)
    one = divergences(train, with_prior(folds.values[3], settings))[np.triu_indices(6, 1)] / 15
    np.testing.assert_allclose(one, theirs(folds, "poisson_cv"), rtol=0, atol=1e-10)


def test_unbalanced_folds_are_a_plain_loop():
    full = counts_of(3, n_folds=5)
    seen = full.seen.copy()
    seen[0, 1] = seen[3, 1] = seen[4, 2] = False
    folds = Folds(np.where(seen[:, :, None], full.values, 0.0), seen)
    expected = []
    for i, j in zip(*np.triu_indices(6, 1), strict=True):
        found = []
        for r in range(5):
            if not (seen[r, i] and seen[r, j]):
                continue
            a, b = (
                (
                    np.mean([full.values[f, s] for f in range(5) if f != r and seen[f, s]], axis=0)
                    + 0.1
                )
                / 1.1
                for s in (i, j)
            )
            log = np.log((full.values[r, [i, j]] + 0.1) / 1.1)
            found.append(((a - b) * (log[0] - log[1])).mean())
        expected.append(np.mean(found))
    np.testing.assert_allclose(distances("crossvalidated_poisson_kl", folds), expected, rtol=1e-10)


def test_divergences_of_equal_rates_are_0_on_average_only_when_cross_validated():
    rng = np.random.default_rng(4)
    found = {"poisson_kl": [], "crossvalidated_poisson_kl": []}
    for _ in range(150):
        folds = Folds(rng.poisson(8.0, (4, 5, 20)).astype(float), np.ones((4, 5), bool))
        for name, means in found.items():
            means.append(distances(name, folds).mean())
    crossed = np.array(found["crossvalidated_poisson_kl"])
    assert abs(crossed.mean()) < 3 * crossed.std() / np.sqrt(len(crossed))
    assert np.mean(found["poisson_kl"]) > 30 * abs(crossed.mean())


def test_sessions_add_their_units():
    one, two = counts_of(5), counts_of(6, n_folds=7, n_units=4)
    both = Folds(np.concatenate([one.values, two.values[:4]], axis=2), one.seen)
    name = "crossvalidated_poisson_kl"
    parts = [geometry_of_folds(f, [name]) for f in (one, two.of(slice(0, 4)))]
    np.testing.assert_allclose(DISTANCES[name].compute(joined(parts)), distances(name, both))


def test_negative_responses_are_no_counts():
    folds = counts_of(7)
    with pytest.raises(UndefinedDistanceError, match="some responses are negative"):
        distances("poisson_kl", Folds(folds.values - 5, folds.seen))
