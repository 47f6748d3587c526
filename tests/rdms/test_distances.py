"""Distances against scipy and rsatoolbox, and as theorems."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from isomorph.errors import IsomorphError
from isomorph.geometry import UndefinedDistanceError
from isomorph.rdms import DISTANCES, TRANSFORMS, RdmRow, brain_rdms, fold_gram, geometry_of_features


def folds_of(rng, n_repetitions=4, n_stimuli=7, n_units=30):
    truth = rng.standard_normal((n_stimuli, n_units))
    return truth + rng.standard_normal((n_repetitions, n_stimuli, n_units))


def crossvalidated(folds, seen=None):
    seen = np.ones(folds.shape[:2], dtype=bool) if seen is None else seen
    geometry = geometry_of_features(folds.mean(axis=0), fold_gram(folds, seen))
    return DISTANCES["crossvalidated_euclidean"].compute(geometry)


@pytest.mark.parametrize(
    ("name", "metric", "per_feature"),
    [
        ("correlation", "correlation", 1),
        ("euclidean", "euclidean", np.sqrt(40)),
        ("euclidean_norm", "euclidean", 1),
        ("squared_euclidean", "sqeuclidean", 40),
    ],
)
def test_equals_scipy(name, metric, per_feature):
    features = np.random.default_rng(0).standard_normal((12, 40)) + 3
    expected = pdist(features, metric) / per_feature
    np.testing.assert_allclose(
        DISTANCES[name].compute(geometry_of_features(features)), expected, atol=1e-12
    )


def test_a_file_says_what_its_distances_are():
    """`euclidean` is a root mean square, `euclidean_norm` is the norm; both say so."""
    row = RdmRow("IT", "a", "euclidean", np.arange(3.0))
    data = brain_rdms([row, replace(row, distance="euclidean_norm")], list("xyz"))
    said = {name: f"{data[name].attrs['title']}, in {data[name].attrs['units']}"
            for name in ("euclidean", "euclidean_norm")}  # fmt: skip
    assert "root mean square over units" in said["euclidean"]
    assert "norm of the difference" in said["euclidean_norm"]


@pytest.mark.parametrize(
    ("name", "method"), [("correlation", "correlation"), ("squared_euclidean", "euclidean")]
)
def test_equals_rsatoolbox(name, method):
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm

    features = np.random.default_rng(1).standard_normal((9, 25))
    expected = calc_rdm(Dataset(features), method=method).get_vectors()[0]
    np.testing.assert_allclose(
        DISTANCES[name].compute(geometry_of_features(features)), expected, atol=1e-12
    )


# rsatoolbox casts NaN into integer descriptors when it merges folds.
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
def test_crossvalidated_equals_rsatoolbox():
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm

    folds = folds_of(np.random.default_rng(2))
    n_repetitions, n_stimuli, n_units = folds.shape
    data = Dataset(
        folds.reshape(-1, n_units),
        obs_descriptors={
            "stimulus": np.tile(np.arange(n_stimuli), n_repetitions),
            "repetition": np.repeat(np.arange(n_repetitions), n_stimuli),
        },
    )
    expected = calc_rdm(
        data, method="crossnobis", descriptor="stimulus", cv_descriptor="repetition"
    ).get_vectors()[0]
    np.testing.assert_allclose(crossvalidated(folds), expected, atol=1e-12)


def test_crossvalidated_is_unbiased_where_the_plain_distance_is_not():
    rng = np.random.default_rng(3)
    truth = np.zeros((6, 20))
    noise = truth + rng.standard_normal((2000, 3, 6, 20))
    values = np.array([crossvalidated(folds) for folds in noise])
    error = values.std() / np.sqrt(len(values))
    assert abs(values.mean()) < 4 * error
    assert (values < 0).mean() == pytest.approx(0.5, abs=0.1)
    plain = DISTANCES["squared_euclidean"].compute(geometry_of_features(noise[0].mean(axis=0)))
    assert plain.min() > 0


def test_unbalanced_repetitions_use_the_couples_there_are():
    rng = np.random.default_rng(4)
    folds = folds_of(rng, n_repetitions=3, n_stimuli=5, n_units=8)
    seen = np.ones((3, 5), dtype=bool)
    seen[2, 1] = False
    gram = fold_gram(np.where(seen[:, :, None], folds, np.inf), seen)
    products = [folds[r, 1] @ folds[s, 3] for r in (0, 1) for s in range(3) if r != s]
    assert gram[1, 3] == pytest.approx(np.mean(products))
    own = [folds[0, 1] @ folds[1, 1]]
    assert gram[1, 1] == pytest.approx(np.mean(own))


def test_crossvalidated_needs_two_repetitions_of_every_stimulus():
    folds = folds_of(np.random.default_rng(5))
    seen = np.ones(folds.shape[:2], dtype=bool)
    seen[1:, 2] = False
    with pytest.raises(UndefinedDistanceError, match="at least two repetitions of every stimulus"):
        crossvalidated(folds, seen)
    with pytest.raises(UndefinedDistanceError, match="at least two repetitions"):
        DISTANCES["crossvalidated_euclidean"].compute(geometry_of_features(folds[0]))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_invariances(seed):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((6, 15))
    rotation, _ = np.linalg.qr(rng.standard_normal((15, 15)))
    shift = rng.standard_normal(15)
    for name in ("euclidean", "squared_euclidean"):
        before = DISTANCES[name].compute(geometry_of_features(features))
        after = DISTANCES[name].compute(geometry_of_features(features @ rotation + shift))
        np.testing.assert_allclose(after, before, atol=1e-10)
    scale, level = rng.uniform(0.5, 2, (6, 1)), rng.standard_normal((6, 1))
    before = DISTANCES["correlation"].compute(geometry_of_features(features))
    after = DISTANCES["correlation"].compute(geometry_of_features(features * scale + level))
    np.testing.assert_allclose(after, before, atol=1e-10)


def test_a_flat_stimulus_has_no_correlation_distance():
    features = np.random.default_rng(6).standard_normal((5, 8))
    features[3] = 2.5
    with pytest.raises(UndefinedDistanceError, match="1 of 5 stimuli"):
        DISTANCES["correlation"].compute(geometry_of_features(features))


def test_transforms():
    rng = np.random.default_rng(7)
    counts = rng.poisson(4, size=(500, 6)).astype(float)
    counts[:, 2] = 1
    scored = TRANSFORMS["z_score"](counts)
    np.testing.assert_allclose(scored[:, 2], 0)
    np.testing.assert_allclose(np.delete(scored, 2, axis=1).std(axis=0), 1)
    np.testing.assert_allclose(TRANSFORMS["square_root"](counts) ** 2, counts)
    rates = np.array([2.0, 20.0])
    spread = TRANSFORMS["square_root"](rng.poisson(rates, size=(20000, 2)).astype(float)).var(
        axis=0
    )
    assert spread[0] / spread[1] == pytest.approx(1, abs=0.6)
    with pytest.raises(IsomorphError, match="needs counts or rates"):
        TRANSFORMS["square_root"](-counts)


@pytest.mark.parametrize("offset", [0.0, 100.1, 1000.1])
def test_distances_that_should_tie_do(offset):
    labels = np.random.default_rng(8).integers(0, 7, size=40)
    features = 1.7 * (labels[:, None] == np.arange(7)) + offset
    for name in ("correlation", "euclidean", "squared_euclidean"):
        values = DISTANCES[name].compute(geometry_of_features(features))
        same = labels[:, None] == labels
        assert len(np.unique(values[same[np.triu_indices(40, 1)]])) == 1
        assert len(np.unique(values)) == 2


def test_a_mean_pattern_that_dwarfs_the_differences_costs_no_digits():
    rng = np.random.default_rng(9)
    features = rng.standard_normal((8, 30))
    for name, offset in (
        ("squared_euclidean", 1e6 * rng.standard_normal(30)),
        ("correlation", 1e6),
    ):
        before = DISTANCES[name].compute(geometry_of_features(features))
        after = DISTANCES[name].compute(geometry_of_features(features + offset))
        np.testing.assert_allclose(after, before, atol=1e-8)


def test_a_representation_that_tells_nothing_apart_has_no_rdm():
    with pytest.raises(UndefinedDistanceError, match="all distances are equal"):
        DISTANCES["euclidean"].compute(geometry_of_features(np.ones((5, 3))))
