import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import squareform
from scipy.stats import zscore
from synthetic_study import rdm_file

from isomorph.errors import IsomorphError
from isomorph.figures.geometry import layer_rdms, region_means, reordered, square
from isomorph.figures.map import classical_mds, second_order
from isomorph.rdms import indexed

NAMES = ["a", "b", "c", "d", "e"]


@given(st.integers(2, 9), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_square_is_that_of_scipy(n, seed):
    pairs = np.random.default_rng(seed).random(n * (n - 1) // 2)
    np.testing.assert_array_equal(square(pairs), squareform(pairs))


def test_square_refuses_a_number_of_pairs_that_no_stimuli_have():
    with pytest.raises(IsomorphError, match="4 pairs are those of no number of stimuli"):
        square(np.zeros(4))


def brain():
    rng = np.random.default_rng(0)
    rows = [
        {"rdm": rng.random(10), "region": "IT", "subject": s, "session": t}
        for s, t in (("x", "1"), ("x", "2"), ("x", "3"), ("y", "1"))
    ]
    rows.append({**rows[0], "rdm": rng.random(10), "distance": "euclidean"})
    return indexed(rdm_file(NAMES, rows))


def test_every_subject_weighs_the_same_whatever_its_number_of_sessions():
    data = brain()
    mean, n = region_means(data, "correlation", NAMES)["IT"]
    rdms = data["correlation"].values
    np.testing.assert_allclose(mean, (rdms[:3].mean(axis=0) + rdms[3]) / 2)
    assert n == 2


def test_reordering_moves_each_pair_with_its_stimuli():
    pairs = np.random.default_rng(0).random((3, 10))
    order = ["d", "a", "e", "c", "b"]
    moved = square(reordered(pairs, NAMES, order))
    there = square(pairs)
    for i, first in enumerate(order):
        for j, second in enumerate(order):
            np.testing.assert_array_equal(
                moved[:, i, j], there[:, NAMES.index(first), NAMES.index(second)]
            )


def test_a_stimulus_the_rdm_lacks_is_named():
    with pytest.raises(IsomorphError, match='lacks the stimulus "z"'):
        reordered(np.zeros(10), NAMES, ["a", "z"])


def test_layers_come_in_depth_order_under_the_distance_that_models_have():
    rows = [
        {"rdm": np.full(10, depth), "model": "net", "layer": f"l{depth}", "depth": depth,
         "distance": "squared_euclidean"}
        for depth in (2, 0, 1)
    ]  # fmt: skip
    for distance in ("crossvalidated_euclidean", "correlation~squared_euclidean"):
        found = layer_rdms(indexed(rdm_file(NAMES, rows)), distance, NAMES)
        assert list(found) == ["l0", "l1", "l2"]
        np.testing.assert_array_equal(found["l2"], np.full(10, 2.0))


@given(st.integers(3, 12), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_classical_mds_gives_back_points_of_a_plane(n, seed):
    points = np.random.default_rng(seed).standard_normal((n, 2))
    squared = ((points[:, None] - points) ** 2).sum(axis=-1)
    found, share = classical_mds(squared)
    np.testing.assert_allclose(((found[:, None] - found) ** 2).sum(axis=-1), squared, atol=1e-9)
    assert share.sum() == pytest.approx(1)
    assert share[0] >= share[1]


def test_second_order_distance_is_a_squared_euclidean_one():
    rdms = np.random.default_rng(5).random((4, 45))
    z = zscore(rdms, axis=1) / np.sqrt(2 * 45)
    expected = ((z[:, None] - z) ** 2).sum(axis=-1)
    np.testing.assert_allclose(second_order(rdms), expected, atol=1e-12)
