"""Couples counted by blocks of the order are couples counted one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isomorph.measures import concordance as blocks
from isomorph.measures.concordance import concordance, order_of


def one_by_one(x, y, weights):
    signs = np.sign(x[:, None] - x) * np.sign(y[:, None] - y)
    return np.einsum("rp,pq,rq->r", weights, signs, weights, optimize=True)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    n_pairs=st.integers(1, 90),
    levels=st.sampled_from([1, 2, 5, 1000]),
    heaviest=st.sampled_from([1, 4, 3000]),
)
def test_blocks_count_every_couple(seed, n_pairs, levels, heaviest):
    rng = np.random.default_rng(seed)
    first = rng.integers(levels, size=(2, n_pairs)).astype(float)
    second = rng.standard_normal((3, n_pairs))
    second[0, : n_pairs // 2] = 0.0  # half of them tied
    weights = rng.integers(0, heaviest + 1, size=(4, n_pairs))
    found = concordance([order_of(x) for x in first], [order_of(y) for y in second], weights)
    expected = [[one_by_one(x, y, weights) for y in second] for x in first]
    np.testing.assert_array_equal(found, np.transpose(expected, (2, 0, 1)))


@pytest.mark.parametrize(("heaviest", "precision"), [(3, np.float32), (200, np.float64)])
def test_what_float32_cannot_hold_is_held_in_float64(heaviest, precision):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 600))
    weights = rng.integers(0, heaviest + 1, size=(300, 600))
    orders = [order_of(x), order_of(y)]
    assert blocks._chunks(weights, orders).dtype == precision
    found = concordance(orders[:1], orders[1:], weights)[:, 0, 0]
    np.testing.assert_array_equal(found, one_by_one(x, y, weights.astype(float)))


def test_blocks_do_not_part_what_is_tied():
    distances = np.repeat([0.0, 1.0, 2.0, 3.0], [3, 40, 2, 55])
    order = order_of(distances)
    for value in np.unique(distances):
        assert len(np.unique(order.block[distances == value])) == 1
    assert (np.diff(order.block) >= 0).all()
