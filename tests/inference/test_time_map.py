"""The map of time and layers: how often it is wrong, and what it finds."""

import numpy as np
import pytest

from isomorph.inference.permutation import make_orders, permutation_null
from isomorph.inference.time_map import map_p
from isomorph.measures import MEASURES

N_BINS, N_LAYERS, N_STIMULI = 8, 5, 14
N_PAIRS = N_STIMULI * (N_STIMULI - 1) // 2
NET = {"net": np.arange(N_LAYERS)}


def nulls(rng, signal=0.0, n_draws=99):
    """One region over time in noise that lasts; layer 3 is in bins 4 and 5."""
    layers = rng.standard_normal((N_LAYERS, N_PAIRS))
    layers = layers + np.roll(layers, 1, axis=0)  # neighbouring layers are alike
    noise = rng.standard_normal((N_BINS + 2, 2, N_PAIRS))
    noise = noise[:-2] + noise[1:-1] + noise[2:]
    orders = make_orders(N_STIMULI, n_draws, rng)
    rdms = [noise[at] + signal * layers[3] * (at in (4, 5)) for at in range(N_BINS)]
    each = [permutation_null(rdm, layers, MEASURES["pearson"], orders) for rdm in rdms]
    observed, shuffled = zip(*(one.standardised() for one in each), strict=True)
    return np.stack(observed), shuffled


@pytest.mark.parametrize("sides", ["one", "two"])
def test_any_false_cell_of_a_map_is_as_rare_as_its_level_says(sides):
    false, one_by_one = [], []
    for seed in range(150):
        observed, shuffled = nulls(np.random.default_rng(seed))
        p = map_p(observed, shuffled, NET, sides=sides)
        false.append((p <= 0.1).any())
        one_by_one.append(any(map_p(observed[at : at + 1], shuffled[at : at + 1],
                                    {"one": np.array([layer])}, sides=sides)[0, layer] <= 0.1
                              for at in range(N_BINS) for layer in range(N_LAYERS)))  # fmt: skip
    assert 0.04 < np.mean(false) < 0.16
    assert np.mean(one_by_one) > 0.5  # without a correction


def test_a_layer_at_a_time_is_found_there_and_nowhere_far_from_it():
    elsewhere = []
    for seed in range(40):
        observed, shuffled = nulls(np.random.default_rng(seed), signal=2.0)
        p = map_p(observed, shuffled, NET)
        assert p[4:6, 3].tolist() == [1 / 100, 1 / 100]
        elsewhere.append((p[[0, 1, 2, 3, 6, 7]] <= 0.05).any())
    assert np.mean(elsewhere) < 0.15


def test_models_have_maps_of_their_own_and_what_has_no_value_has_no_part():
    observed, shuffled = nulls(np.random.default_rng(2), signal=1.0)
    split = {"a": np.array([0, 1]), "b": np.array([2, 3, 4])}
    p = map_p(observed, shuffled, split)
    np.testing.assert_array_equal(p[:, :2], map_p(observed, shuffled, {"a": split["a"]})[:, :2])
    assert (p <= map_p(observed, shuffled, NET)).all()
    gone = observed.copy()
    gone[:, 4] = np.nan
    found = map_p(gone, shuffled, split)
    assert np.isnan(found[:, 4]).all()
    np.testing.assert_array_equal(found, map_p(gone, [one.copy() for one in shuffled], split))
    assert (found[:, 2:4] <= p[:, 2:4]).all()


def test_without_shuffles_nothing_is_tested():
    observed, _ = nulls(np.random.default_rng(3))
    assert np.isnan(map_p(observed, [np.empty((0, N_LAYERS))] * N_BINS, NET)).all()
