"""Relative representations: literal definitions, exact invariances, chance and influences."""

from itertools import permutations

import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.measures import MEASURES, Stack
from isomorph.measures.anchored import drawn_anchors, likenesses, relative, standardised
from isomorph.measures.pairs import pair_indices

NAMES = ["relative_cosine", "relative_l2", "relative_l1", "relative_linf", "relative_product"]


def stack_of(*features):
    i, j = pair_indices(len(features[0]))
    rdms = [((x[i] - x[j]) ** 2).mean(axis=1) for x in features]
    return Stack(np.stack(rdms), None, {"features": list(features)})


def two(seed, n=14, p=9, noise=0.7):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 4))
    return [z @ rng.standard_normal((4, p)) + noise * rng.standard_normal((n, p)) for _ in range(2)]


def rotation(size, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((size, size)))[0]


def by_hand(x, anchors, kind):
    likeness = {
        "cosine": lambda u, v: u @ v / np.sqrt((u @ u) * (v @ v)),
        "l2": lambda u, v: np.sqrt(((u - v) ** 2).sum()),
        "l1": lambda u, v: np.abs(u - v).sum(),
        "linf": lambda u, v: np.abs(u - v).max(),
    }[kind]
    return np.array([[likeness(u, v) for v in anchors] for u in x])


def weighted_by_hand(x, y, kinds, weights, draws):
    """The measure with a weight on each stimulus, the origin of cosines being kept."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    values = []
    for anchors, others in draws:
        w, alike = weights[anchors], []
        for i in others:
            each = []
            for kind in kinds:
                u, v = (by_hand(z[[i]], z[anchors], kind)[0] for z in (x, y))
                u, v = (one - (w @ one) / w.sum() for one in (u, v))
                each.append((w @ (u * v)) / np.sqrt((w @ u**2) * (w @ v**2)))
            alike.append(np.mean(each))
        values.append(np.average(alike, weights=weights[others]))
    return np.mean(values)


@pytest.mark.parametrize("kind", ["cosine", "l2", "l1", "linf"])
def test_relative_representations_are_likeness_to_anchors(kind):
    x = two(0)[0]
    found = relative(x, x[:5], kind)
    np.testing.assert_allclose(found, by_hand(x, x[:5], kind), atol=1e-12)
    assert found.shape == (14, 5)


def test_a_pattern_of_zeros_is_orthogonal_to_all():
    np.testing.assert_array_equal(relative(np.zeros((1, 3)), np.ones((2, 3)), "cosine"), 0)


def test_another_kind_is_refused():
    with pytest.raises(IsomorphError, match='"cosinus", did you mean "cosine"'):
        relative(np.ones((2, 2)), np.ones((1, 2)), "cosinus")


@pytest.mark.parametrize("kind", ["cosine", "l2", "l1", "linf"])
def test_plain_relative_representations_are_invariant_to_1e_12(kind):
    x = two(1)[0]
    plain = relative(x, x[:6], kind)
    turned = x @ rotation(9)
    moved = x + np.random.default_rng(2).standard_normal(9)
    same = {
        "rotation": np.abs(relative(turned, turned[:6], kind) - plain).max() < 1e-12,
        "scale": np.abs(relative(3 * x, 3 * x[:6], kind) - plain).max() < 1e-12,
        "translation": np.abs(relative(moved, moved[:6], kind) - plain).max() < 1e-12,
    }
    expected = {
        "cosine": {"rotation": True, "scale": True, "translation": False},
        "l2": {"rotation": True, "scale": False, "translation": True},
        "l1": {"rotation": False, "scale": False, "translation": True},
        "linf": {"rotation": False, "scale": False, "translation": True},
    }
    assert same == expected[kind]
    # Standardised, the scale is gone from all of them.
    after = standardised(relative(3 * x, 3 * x[:6], kind))
    np.testing.assert_allclose(after, standardised(plain), atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_measures_are_invariant_to_1e_12(name):
    measure = MEASURES[name]
    x, y = two(3)
    plain = measure.pair(stack_of(x), stack_of(y))
    moved = 2.5 * x + np.random.default_rng(4).standard_normal(9)
    assert measure.pair(stack_of(moved), stack_of(y)) == pytest.approx(plain, abs=1e-12)
    turned = measure.pair(stack_of(moved @ rotation(9)), stack_of(y))
    assert (abs(turned - plain) < 1e-12) == (name in {"relative_cosine", "relative_l2"})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0.5, 0.3])
def test_measures_are_the_mean_correlation_over_anchors(name, share):
    measure = MEASURES[name if share == 0.5 else f"{name}({share})"]
    x, y = two(5)
    draws = drawn_anchors(14, share)
    assert {len(anchors) for anchors, _ in draws} == {7 if share == 0.5 else 5}
    expected = weighted_by_hand(x, y, measure.form.kinds, np.ones(14), draws)
    assert measure.pair(stack_of(x), stack_of(y)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_influences_are_derivatives_of_the_weighted_measure(name):
    measure, n = MEASURES[name], 12
    x, y = two(6, n)
    found = measure.form.influence(stack_of(x, y), stack_of(y, x))
    assert found.shape == (2, 2, n)
    np.testing.assert_allclose(found.mean(axis=2), 0, atol=1e-12)
    draws, step = drawn_anchors(n, 0.5), 1e-5
    for at in range(n):
        ends = [np.ones(n), np.ones(n)]
        ends[0][at] += step
        ends[1][at] -= step
        up, down = (weighted_by_hand(x, y, measure.form.kinds, one, draws) for one in ends)
        assert found[0, 0, at] == pytest.approx(n * (up - down) / (2 * step), abs=1e-6)


@pytest.mark.parametrize("name", ["relative_cosine", "relative_l1", "relative_product"])
def test_chance_over_all_orders_is_exactly_0(name):
    measure, n = MEASURES[name], 5
    x, y = (np.exp(one) for one in two(7, n))  # skewed, so that eccentric stimuli are shared
    first, second = stack_of(x), stack_of(y)
    values = [measure.pair(first.chosen(np.array(o)), second) for o in permutations(range(n))]
    assert np.std(values) > 0.1
    assert np.mean(values) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_other_orders_draw_other_anchors_and_change_little(name):
    measure = MEASURES[name]
    x, y = two(8, 60)
    rng = np.random.default_rng(9)
    orders = [np.arange(60)] + [rng.permutation(60) for _ in range(8)]
    values = [measure.pair(stack_of(x[o]), stack_of(y[o])) for o in orders]
    assert np.std(values) < 0.03
    assert measure.pair(stack_of(x), stack_of(y)) == values[0]


def test_too_few_anchors_or_stimuli_have_no_value():
    x, y = two(10, 10)
    first, second = stack_of(x), stack_of(y)
    assert np.isnan(MEASURES["relative_cosine(0.2)"].compare(first, second)).all()
    assert np.isnan(MEASURES["relative_cosine(0.2)"].form.influence(first, second)).all()
    assert np.isfinite(MEASURES["relative_cosine(0.3)"].compare(first, second)).all()
    assert "half if none is named" in MEASURES.suggestion("relative_cosine(1)")


def test_a_stimulus_the_same_to_all_anchors_counts_as_0():
    """Three clusters of distance 1: most stimuli tell little, and none is a value out of range."""
    labels = np.array([0, 1, 2, 3, 4, 5, 0, 1])
    i, j = pair_indices(8)
    model = Stack((labels[i] != labels[j]).astype(float)[None])
    own = MEASURES["relative_l2"].pair(model, model)
    draws = drawn_anchors(8, 0.5)
    some = [np.mean([labels[o] in labels[a] for o in others]) for a, others in draws]
    assert own == pytest.approx(np.mean(some), abs=1e-12)
    flat = Stack(np.ones((1, 28)))
    assert np.isnan(MEASURES["relative_l2"].pair(flat, flat))


def test_distances_that_none_can_have_have_no_value():
    x = two(11, 8)[0]
    rdm = stack_of(x).rdms.copy()
    rdm[0, 3] = -1
    wrong, right = Stack(rdm), stack_of(x)
    assert np.isnan(MEASURES["relative_l2"].pair(wrong, right))


def test_what_stimuli_are_to_each_other_is_kept_for_those_chosen():
    x, _ = two(12, 10)
    stack, some = stack_of(x), np.array([7, 1, 4, 2])
    likenesses(stack, "l1", features=True)
    kept = likenesses(stack.chosen(some), "l1", features=True)
    np.testing.assert_array_equal(kept, likenesses(stack_of(x[some]), "l1", features=True))
    for name in ("cosine", "l2"):
        from_rdms = likenesses(stack.chosen(some), name, features=False)
        from_features = likenesses(stack.chosen(some), name, features=True)
        scale = np.sqrt(x.shape[1]) if name == "l2" else 1
        np.testing.assert_allclose(from_rdms * scale, from_features, atol=1e-9)


def test_networks_of_one_task_are_alike_relative_to_anchors_and_others_not():
    """Two rotated and noisy views of the same points, and a third of others."""
    rng = np.random.default_rng(13)
    z = rng.standard_normal((60, 20))
    view = [z @ rotation(20, k) + 0.1 * rng.standard_normal((60, 20)) for k in (1, 2)]
    other = rng.standard_normal((60, 20))
    for name in NAMES[:2]:
        alike = MEASURES[name].pair(stack_of(view[0]), stack_of(view[1]))
        unlike = MEASURES[name].pair(stack_of(view[0]), stack_of(other))
        assert alike > 0.95
        assert abs(unlike) < 0.15
